"""Linked measures: something outside the agreement that a party ties to it (docs/spec/relations.md, section 5).

A complaint before a forum, export licensing, a place on a list. It triggers nothing by itself: neither the lifecycle
nor the gate ever reads one. Its owner alone writes its steps; each has the instant from which it holds, if it says one.
"""

from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import fields
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter, Table, Verb

STATES = ("announced", "in_force", "suspended", "eased", "withdrawn", "ended")
SUBJECTS = ("complaint", "export_licensing", "list_status", "other")
_HOLDS = ("in_force", "eased")
_OPEN = ("announced", "in_force", "eased", "suspended")


@dataclass
class MeasureView:
    """What a measure is, and since when (ms) it is in its state: as its last step says, else since that step."""

    subject: str
    title: dict[str, str]
    forum: str
    reference: str
    since: int
    condition: dict[str, str] = field(default_factory=dict)
    review: Any = None


def _begin(step: Step) -> MeasureView:
    get = step.get
    return MeasureView(
        get("subject"), get("title"), get("forum", ""), get("reference", ""), get("effective", step.at),
        get("condition", {}), get("review"),
    )  # fmt: skip


def _moved(matter: Matter, step: Step) -> Refusal | None:
    view: MeasureView = matter.view
    view.since = step.get("effective", step.at)
    view.condition = step.get("condition", {})
    view.review = step.get("review")
    return None


def _noted(matter: Matter, step: Step) -> Refusal | None:
    view: MeasureView = matter.view
    view.reference = step.get("reference", view.reference)
    return None


def _show(matter: Matter) -> dict[str, Any]:
    view: MeasureView = matter.view
    return {
        "subject": view.subject,
        "title": view.title,
        "forum": view.forum,
        "reference": view.reference,
        "since": format_instant(view.since),
        "condition": view.condition,
        "review": view.review.isoformat() if view.review else None,
    }


_MOVE = {
    "summary": fields.worded("What happened, in one line."),
    "effective": fields.instant("From when it holds, where that is not now."),
    "condition": fields.worded("On what it depends, in words; nothing follows from it by itself."),
    "review": fields.day("When it is to be looked at again."),
    "evidence": fields.several(fields.digest("SHA-256 of a file that shows it.")),
}
MEASURES = Table(
    kind="measure",
    help="Something outside the agreement that a party ties to it: it triggers nothing by itself.",
    states=STATES,
    begin=_begin,
    show=_show,
    verbs={
        "announce": Verb(
            "Announce a measure.",
            to="announced",
            texts="may",
            fields={
                "subject": fields.choice("What it is.", *SUBJECTS).must(),
                "title": fields.worded("What it is called.").must(),
                "forum": fields.text("Before whom, such as a court or an organisation."),
                "reference": fields.text("Its number there."),
            }
            | _MOVE,
        ),
        "enforce": Verb("It is in force.", ("announced",), "in_force", fields=_MOVE, texts="may", do=_moved),
        "suspend": Verb("It is suspended.", ("announced", *_HOLDS), "suspended", fields=_MOVE, texts="may", do=_moved),
        "ease": Verb("It holds in part only.", _HOLDS, "eased", fields=_MOVE, texts="may", do=_moved),
        "resume": Verb(
            "It holds whole again.", ("suspended", "eased"), "in_force", fields=_MOVE, texts="may", do=_moved
        ),
        "withdraw": Verb("It is taken back.", _OPEN, "withdrawn", fields=_MOVE, texts="may", do=_moved),
        "end": Verb(
            "It has run its course.", ("in_force", "eased", "suspended"), "ended", fields=_MOVE, texts="may", do=_moved
        ),
        "record": Verb(
            "Something happened in it that changes no state, such as a panel being established.",
            _OPEN,
            fields={
                "summary": fields.worded("What happened, in one line.").must(),
                "on": fields.day("On which day, where that is not today."),
                "reference": fields.text("Its number from now on."),
                "evidence": fields.several(fields.digest("SHA-256 of a file that shows it.")),
            },
            texts="may",
            do=_noted,
        ),
    },
)
