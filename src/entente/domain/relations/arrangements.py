"""Arrangements: linked steps that can be taken back, "we hold X while you hold Y" (docs/spec/relations.md, section 6).

Each party writes its own undertakings in its own words, and its own view of whether any is kept. Nothing follows from a
term that is not kept: what a party does then is another step, its own. A common wording of the whole is a joint text.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from entente.domain.relations import fields
from entente.domain.relations.joint import Wordings, version, versions
from entente.domain.relations.steps import Refusal, Step, some
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("standing", "ended")
KEPT = ("kept", "not_kept", "disputed")
"""What a party may say of an undertaking, its own or another's."""


@dataclass
class Undertaking:
    """One party's term as it last worded it; ``reversed`` is the step by which it took it back.

    ``reports`` has each party's own newest view. A term that is worded anew begins without any: nobody has said of the
    new words that they are kept.
    """

    step: Step
    reports: dict[str, Step] = field(default_factory=dict)
    reversed: Step | None = None


@dataclass
class ArrangementView:
    """What each party undertakes, by party and term; ``review`` is the next local day on which they look at it.

    ``standing`` has by party the terms that it has not taken back: no refusal looks through the others to name them.
    """

    title: dict[str, str]
    review: date | None
    wordings: Wordings
    terms: dict[str, dict[str, Undertaking]] = field(default_factory=dict)
    standing: dict[str, dict[str, None]] = field(default_factory=dict)


def _begin(step: Step) -> ArrangementView:
    return ArrangementView(step.get("title"), step.get("review"), Wordings(step.audience))


def _undertaken(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    view.terms.setdefault(step.by, {})[step.get("term")] = Undertaking(step)
    view.standing.setdefault(step.by, {})[step.get("term")] = None
    return None


def _no_such_term(matter: Matter, party: str, term: str) -> Refusal:
    known = some(matter.view.standing.get(party, {})) or "none"
    return refuse("NO_SUCH_TERM", f"{party} has no term {term} in {matter.id}", f"It stands by: {known}.")


def _reversed(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    found = view.terms.get(step.by, {}).get(step.get("term"))
    if found is None or found.reversed is not None:
        return _no_such_term(matter, step.by, step.get("term"))
    found.reversed = step
    del view.standing[step.by][step.get("term")]
    return None


def _reported(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    found = view.terms.get(step.get("of"), {}).get(step.get("term"))
    if found is None:
        return _no_such_term(matter, step.get("of"), step.get("term"))
    found.reports[step.by] = step
    return None


def _proposed(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    return view.wordings.propose(step)


def _adopted(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    return view.wordings.adopt(step, step.get("wording"))


def _reviewed(matter: Matter, step: Step) -> Refusal | None:
    view: ArrangementView = matter.view
    view.review = step.get("on")
    return None


def _term(found: Undertaking) -> dict[str, Any]:
    step = found.step
    return version(step) | {
        "while": list(step.get("while", ())),
        "asks": step.get("asks", {}),
        "reserves": step.get("reserves", {}),
        "reversed": version(found.reversed) if found.reversed else None,
        "reports": {
            party: words | {"kept": found.reports[party].get("kept")}
            for party, words in versions(found.reports).items()
        },
    }


def _show(matter: Matter) -> dict[str, Any]:
    view: ArrangementView = matter.view
    return {
        "title": view.title,
        "review": view.review.isoformat() if view.review else None,
        "terms": {party: {name: _term(found) for name, found in terms.items()} for party, terms in view.terms.items()},
        "wordings": view.wordings.show(),
    }


_SUMMARY = fields.worded("In one line.")
_TERM = fields.ident("The term, by a name of this party's own.").must()
ARRANGEMENTS = Table(
    kind="arrangement",
    help='Linked steps that can be taken back: "we hold X while you hold Y". Each party in its own words.',
    states=STATES,
    begin=_begin,
    show=_show,
    verbs={
        "open": Verb(
            "Open an arrangement.",
            to="standing",
            fields={
                "title": fields.worded("What it is called.").must(),
                "review": fields.day("When the parties first look at it again."),
            },
        ),
        "undertake": Verb(
            "State an undertaking of this party in its own words; one of the same name takes its place.",
            ("standing",),
            who="party",
            texts="may",
            fields={
                "term": _TERM,
                "summary": fields.worded("What this party does or holds, in one line.").must(),
                "while": fields.several(fields.matter("What it is tied to; nothing follows from it by itself.")),
                "asks": fields.worded("What this party asks for."),
                "reserves": fields.worded("What this party reserves."),
            },
            do=_undertaken,
        ),
        "reverse": Verb(
            "Take an undertaking of this party back.",
            ("standing",),
            who="party",
            fields={"term": _TERM, "summary": _SUMMARY},
            do=_reversed,
        ),
        "report": Verb(
            "State this party's own view of whether an undertaking is kept.",
            ("standing",),
            who="party",
            fields={
                "term": fields.ident("The term.").must(),
                "of": fields.party("The party whose term it is.").must(),
                "kept": fields.choice("Whether it is kept, as this party sees it.", *KEPT).must(),
                "summary": _SUMMARY,
            },
            do=_reported,
        ),
        "propose": Verb(
            "Propose a common wording of the whole; who proposes it has signed it.",
            ("standing",),
            who="party",
            texts="must",
            fields={"summary": _SUMMARY},
            do=_proposed,
        ),
        "adopt": Verb(
            "Sign a proposed common wording; it is agreed once every party has signed the same bytes.",
            ("standing",),
            who="party",
            fields={"wording": fields.digest("The digest of the wording.").must()},
            do=_adopted,
        ),
        "review": Verb(
            "Set the next day on which the parties look at it.",
            ("standing",),
            who="party",
            fields={"on": fields.day("The day.").must(), "summary": _SUMMARY},
            do=_reviewed,
        ),
        "end": Verb("End it.", ("standing",), "ended", who="party", fields={"summary": _SUMMARY}),
    },
)
