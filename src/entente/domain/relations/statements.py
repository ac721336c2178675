"""Statements: what a party says to the public, or what all say together (docs/spec/relations.md, section 8).

A statement is never an act. It may carry a claim about another party, which only that party confirms or contests. Under
an embargo it cannot be seen before its instant, whole, with every correction and reply; carriers hold it all the same.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import fields
from entente.domain.relations.joint import Wordings, version
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("issued", "proposed", "joint", "withdrawn")
ATTRIBUTIONS = ("on_record", "background", "none")
_ANSWERS = {"confirm": "confirmed", "contest": "contested"}


@dataclass
class StatementView:
    """What is said, by whom it may be quoted, and about whom; ``embargo`` in ms.

    ``versions`` are the steps that carry the texts, the newest last; the earlier ones stay. ``joint`` is the instant in
    ms of the last signature under a common text. ``reply`` is the newest answer to the claim.
    """

    title: dict[str, str]
    attribution: str
    source: str
    embargo: int | None
    about: str
    claim: dict[str, str]
    wordings: Wordings
    versions: list[Step] = field(default_factory=list)
    reply: Step | None = None
    joint: int | None = None
    withdrawn: int | None = None

    @property
    def answer(self) -> str:
        """What the party that the claim is about says of it: ``unanswered``, ``confirmed`` or ``contested``."""
        return _ANSWERS[self.reply.verb] if self.reply is not None else "unanswered"


def visible(matter: Matter, at: int) -> bool:
    """Whether anything of a statement may be shown at ``at`` (ms): everything from its embargo on, nothing before."""
    view: StatementView = matter.view
    return view.embargo is None or at >= view.embargo


def out(matter: Matter) -> int | None:
    """The instant (ms) from which a statement is said to the public; None where it is not, or never will be.

    A common text is said once every party has signed it. What was withdrawn before it was out was never said.
    """
    view: StatementView = matter.view
    said = view.joint if matter.opened.verb == "propose" else matter.opened.at
    if said is None:
        return None
    said = max(said, view.embargo or said)
    return None if view.withdrawn is not None and view.withdrawn < said else said


def published(matters: Mapping[str, Matter], at: int) -> list[Matter]:
    """The statements that are out at ``at`` (ms), the earliest first; what was withdrawn after it was out stays.

    A common text that some party has not signed is not among them: nobody has said it yet.
    """
    found = [(out(matter), matter.id) for matter in matters.values() if matter.kind == "statement"]
    return [
        matters[name] for said, name in sorted((said, name) for said, name in found if said is not None) if said <= at
    ]


def apart(verb: str, given: Collection[str]) -> bool:
    """Whether a statement is numbered apart: what is not said as soon as it is opened would leave a gap in what is."""
    return verb == "propose" or "embargo" in given


def _begin(step: Step) -> StatementView:
    get = step.get
    return StatementView(
        get("title"), get("attribution", "on_record"), get("source", ""), get("embargo"), get("about", ""),
        get("claim", {}), Wordings(step.audience), [step],
    )  # fmt: skip


def _issued(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    if (view.attribution == "background") != bool(view.source):
        text = f"a source with attribution {view.attribution.replace('_', ' ')}, or background without one"
        return refuse("BAD_SOURCE", text, "Name the registry's reference with background, and only then.")
    if bool(view.about) != bool(view.claim):
        text = "a claim is about a party, and says something of it"
        return refuse("HALF_A_CLAIM", text, "Say both what is claimed and about whom, or neither.")
    if view.about and (view.about == step.by or view.about not in matter.audience):
        text = f"{view.about} is not another party of this statement"
        return refuse("NOT_ANOTHER_PARTY", text, "Claim something of a party that can answer it.")
    return None


def _proposed(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    return view.wordings.propose(step)


def _adopted(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    refusal = view.wordings.adopt(step, step.get("wording"))
    if refusal is None and view.wordings.agreed is not None:
        view.joint = step.at
    return refusal


def _settle(matter: Matter) -> str:
    view: StatementView = matter.view
    return "joint" if matter.state == "proposed" and view.wordings.agreed is not None else matter.state


def _answered(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    if not view.about:
        return refuse("NO_CLAIM", f"{matter.id} claims nothing of anybody", "Say your own view by a statement.")
    if view.about != step.by:
        return refuse("NOT_YOURS", f"the claim is about {view.about}", f"This is for {view.about} to say.")
    view.reply = step
    return None


def _corrected(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    view.title = step.get("title", view.title)
    view.versions.append(step)
    return None


def _withdrawn(matter: Matter, step: Step) -> Refusal | None:
    view: StatementView = matter.view
    view.withdrawn = step.at
    return None


def _moment(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _versions(view: StatementView) -> list[dict[str, Any]]:
    """What it said, the newest last, each under the title that it had then."""
    shown: list[dict[str, Any]] = []
    title: dict[str, str] = {}
    for step in view.versions:
        title = step.get("title", title)
        shown.append(version(step) | {"title": title})
    return shown


def _show(matter: Matter) -> dict[str, Any]:
    view: StatementView = matter.view
    common = matter.opened.verb == "propose"
    return {
        "title": view.title,
        "attribution": view.attribution,
        "source": view.source,
        "embargo": _moment(view.embargo),
        "out": _moment(out(matter)),
        "withdrawn": _moment(view.withdrawn),
        "about": view.about,
        "claim": view.claim,
        "answer": view.answer if view.claim else None,
        "reply": version(view.reply) if view.reply else None,
        "versions": _versions(view),
        "wordings": view.wordings.show() if common else None,
    }


_TITLE = fields.worded("Its heading.")
_EMBARGO = fields.instant("Before this instant nothing of it may be seen.")
_SUMMARY = {"summary": fields.worded("In one line.")}
STATEMENTS = Table(
    kind="statement",
    help="What a party says to the public, or what all say together; never an act.",
    states=STATES,
    begin=_begin,
    show=_show,
    settle=_settle,
    visible=visible,
    apart=apart,
    verbs={
        "issue": Verb(
            "Issue a statement of this party.",
            to="issued",
            texts="must",
            fields={
                "title": _TITLE.must(),
                "attribution": fields.choice("How it may be quoted.", *ATTRIBUTIONS).must(),
                "source": fields.reference("With background, the registry's reference, such as 2019/11/22-7; no name."),
                "embargo": _EMBARGO,
                "about": fields.party("The party that the claim is about."),
                "claim": fields.worded("What it claims of that party, such as that it expressed understanding."),
            },
            do=_issued,
        ),
        "propose": Verb(
            "Propose a joint statement; who proposes it has signed it.",
            to="proposed",
            texts="must",
            fields={"title": _TITLE.must(), "embargo": _EMBARGO},
            do=_proposed,
        ),
        "adopt": Verb(
            "Sign a proposed joint statement; it is joint once every party has signed the same bytes.",
            ("proposed",),
            who="other",
            fields={"wording": fields.digest("The digest of the wording.").must()},
            do=_adopted,
            settles=("joint",),
        ),
        "confirm": Verb(
            "Confirm what it claims of this party.", ("issued",), who="other", fields=_SUMMARY, texts="may",
            do=_answered,
        ),
        "contest": Verb(
            "Contest what it claims of this party.", ("issued",), who="other", fields=_SUMMARY, texts="may",
            do=_answered,
        ),
        "correct": Verb(
            "Correct it; the earlier text stays.",
            ("issued",),
            texts="must",
            fields={"title": _TITLE} | _SUMMARY,
            do=_corrected,
        ),
        "withdraw": Verb(
            "Take it back; what was said stays, and is marked.", ("issued", "proposed"), "withdrawn", fields=_SUMMARY,
            do=_withdrawn,
        ),
    },
)  # fmt: skip
