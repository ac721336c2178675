"""Formal notes that record an act (docs/spec/relations.md, section 10).

The act itself is an entry of its own and is judged by the lifecycle alone. Unless the terms make notices electronic, a
note here records a note that was handed over elsewhere (:mod:`.notes_text` says so on its face).
"""

from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import fields
from entente.domain.relations.joint import version
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("sent", "delivered", "acknowledged")
CHANNELS = ("link", "hand", "courier", "post")


@dataclass
class NoteView:
    """The note and what is known of its way to each of ``to``: deliveries as claimed, acknowledgements as signed."""

    act: str
    to: tuple[str, ...]
    article: str
    form: str
    authority: str
    deliveries: dict[str, list[Step]] = field(default_factory=dict)
    acknowledged: dict[str, Step] = field(default_factory=dict)


def _begin(step: Step) -> NoteView:
    get = step.get
    return NoteView(get("act"), get("to"), get("article", ""), get("form"), get("authority", ""))


def _sent(matter: Matter, step: Step) -> Refusal | None:
    to = matter.view.to
    if step.by in to or not set(to) <= set(matter.audience) or len(set(to)) != len(to):
        others = ", ".join(party for party in matter.audience if party != matter.owner)
        return refuse("BAD_ADDRESS", f"{', '.join(to)} is not who this note can go to", f"Each once, of: {others}.")
    return None


def _not_addressed(matter: Matter, party: str) -> Refusal | None:
    if party in matter.view.to:
        return None
    return refuse("NOT_ADDRESSED", f"{matter.id} is not to {party}", f"It is to {', '.join(matter.view.to)}.")


def _delivered(matter: Matter, step: Step) -> Refusal | None:
    view: NoteView = matter.view
    party, channel = step.get("to"), step.get("channel")
    refusal = _not_addressed(matter, party)
    if refusal is not None:
        return refusal
    if channel != "link" and "evidence" not in step.values:
        text = f"delivery by {channel} is claimed without anything that shows it"
        return refuse("EVIDENCE_MISSING", text, "Give the SHA-256 of the stamped copy or the certificate.")
    if step.get("on") > step.at:
        text = f"{format_instant(step.get('on'))} is later than the claim itself"
        return refuse("NOT_YET", text, "Claim a delivery once it was made.")
    earlier = view.deliveries.get(party, [])
    if any(each.get("channel") == channel for each in earlier):
        return refuse("ALREADY_DELIVERED", f"delivery to {party} by {channel} is claimed", "Nothing is to be done.")
    view.deliveries[party] = [*earlier, step]
    return None


def _acknowledged(matter: Matter, step: Step) -> Refusal | None:
    view: NoteView = matter.view
    refusal = _not_addressed(matter, step.by)
    if refusal is not None:
        return refusal
    if step.by in view.acknowledged:
        return refuse("ALREADY_ACKNOWLEDGED", f"{step.by} has acknowledged it", "Nothing is to be done.")
    view.acknowledged[step.by] = step
    return None


def _settle(matter: Matter) -> str:
    """``acknowledged`` once all have; ``delivered`` once it reached all, as claimed or as acknowledged."""
    view: NoteView = matter.view
    if set(view.to) == set(view.acknowledged):
        return "acknowledged"
    return "delivered" if set(view.to) <= {*view.deliveries, *view.acknowledged} else "sent"


def _delivery(step: Step) -> dict[str, Any]:
    return version(step) | {
        "channel": step.get("channel"),
        "on": format_instant(step.get("on")),
        "evidence": step.get("evidence"),
    }


def _show(matter: Matter) -> dict[str, Any]:
    view: NoteView = matter.view
    return {
        "act": view.act,
        "to": list(view.to),
        "article": view.article,
        "form": view.form,
        "authority": view.authority,
        "office": list(matter.opened.offices),
        "text": version(matter.opened),
        "deliveries": {party: [_delivery(step) for step in steps] for party, steps in view.deliveries.items()},
        "acknowledged": {party: version(step) for party, step in view.acknowledged.items()},
    }


NOTES = Table(
    kind="note",
    help="A formal note that records an act, its delivery and its acknowledgement.",
    states=STATES,
    begin=_begin,
    show=_show,
    settle=_settle,
    verbs={
        "send": Verb(
            "Send a note that records an act of this party.",
            to="sent",
            texts="must",
            fields={
                "act": fields.ident("The act that it records.").must(),
                "to": fields.several(fields.party("The party that it is to.")).must(),
                "article": fields.text("The article that the act rests on."),
                "form": fields.choice("As the terms say: it records a note, or is one.", "record", "electronic").must(),
                "authority": fields.text("By what authority the office binds its party."),
            },
            do=_sent,
        ),
        "deliver": Verb(
            "Claim that it was delivered to a party; what the lifecycle counts is `entente act delivered`.",
            ("sent", "delivered"),
            fields={
                "to": fields.party("The party.").must(),
                "channel": fields.choice("By what way.", *CHANNELS).must(),
                "on": fields.instant("When, as on the stamped copy.").must(),
                "evidence": fields.digest("SHA-256 of the stamped copy or the certificate; not needed for the link."),
            },
            do=_delivered,
            settles=("delivered",),
        ),
        "acknowledge": Verb(
            "Acknowledge it; the note is acknowledged once every party that it is addressed to has done so.",
            ("sent", "delivered"),
            who="other",
            fields={"summary": fields.worded("In one line.")},
            do=_acknowledged,
            settles=("delivered", "acknowledged"),
        ),
    },
)
