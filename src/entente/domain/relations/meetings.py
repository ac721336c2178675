"""Meetings: proposed, countered, agreed to the millisecond, cancelled or held (docs/spec/relations.md, section 9).

Times are windows in UTC; ``zone`` says where the place is, so that each reader sees it in its own. A meeting on the
margins of somebody else's event may have attendees that are no parties.
"""

from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import fields
from entente.domain.relations.dialogues import LEVELS as TALKS
from entente.domain.relations.joint import Wordings
from entente.domain.relations.steps import MATTER, Refusal, Step, some
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("proposed", "agreed", "cancelled", "held")
LEVELS = ("leader", *TALKS)


@dataclass
class MeetingView:
    """What is on the table, by whom, and what was agreed; windows in ms, the second instant exclusive.

    ``consents`` has the window that each party has agreed to; a counter-proposal clears them. ``round`` is the
    number of the round that it became, of ``dialogue``, if it did; 0 and "" if not.
    """

    title: dict[str, str]
    level: str
    host_event: dict[str, str]
    host_place: str
    attendees: tuple[str, ...]
    principals: tuple[str, ...]
    record: Wordings
    by: str
    windows: tuple[tuple[int, int], ...]
    place: str
    zone: str
    consents: dict[str, tuple[int, int]] = field(default_factory=dict)
    agreed: tuple[int, int] | None = None
    dialogue: str = ""
    round: int = 0


def _begin(step: Step) -> MeetingView:
    get = step.get
    return MeetingView(
        get("title"), get("level"), get("host_event", {}), get("host_place", ""), get("attendee", ()),
        get("principal", ()), Wordings(step.audience), step.by, get("window"), get("place", ""), get("zone", ""),
    )  # fmt: skip


def _countered(matter: Matter, step: Step) -> Refusal | None:
    view: MeetingView = matter.view
    view.by, view.windows, view.consents = step.by, step.get("window"), {}
    view.place, view.zone = step.get("place", view.place), step.get("zone", view.zone)
    return None


def _agreed(matter: Matter, step: Step) -> Refusal | None:
    """One party agrees; the meeting is agreed once all but the one that made the offer have, to the same window."""
    view: MeetingView = matter.view
    window = step.get("window")
    if step.by == view.by:
        return refuse("OWN_OFFER", f"what is on the table is {step.by}'s own", "Wait for another party to agree to it.")
    if window not in view.windows:
        known = some(view.windows, lambda each: "/".join(map(format_instant, each)))
        return refuse("NOT_ON_THE_TABLE", f"this window is not on the table of {matter.id}", f"One of: {known}.")
    if view.consents.get(step.by) == window:
        return refuse("ALREADY_AGREED", f"{step.by} has agreed to this window", "Nothing is to be done.")
    view.consents[step.by] = window
    if all(view.consents.get(party) == window for party in matter.audience if party != view.by):
        view.agreed = window
    return None


def _settle(matter: Matter) -> str:
    view: MeetingView = matter.view
    return "agreed" if matter.state == "proposed" and view.agreed is not None else matter.state


def _held(matter: Matter, step: Step) -> Refusal | None:
    view: MeetingView = matter.view
    if view.agreed is not None and step.at < view.agreed[0]:
        text = f"{matter.id} begins at {format_instant(view.agreed[0])}: it has not taken place"
        return refuse("NOT_YET", text, "Say it once it has begun.")
    name, number = step.get("dialogue", ""), step.get("round", 0)
    if bool(name) != bool(number):
        text = "a round is one of a dialogue, and has a number there"
        return refuse("HALF_A_ROUND", text, "Say both the dialogue and the number of the round, or neither.")
    found = MATTER.fullmatch(name)
    if found is not None and found.group(2) != "dialogue":
        # It is not told what else: whoever reads this may not know of that matter.
        return refuse("NO_DIALOGUE", "what it names is no dialogue", "Name the dialogue that it became a round of.")
    view.dialogue, view.round = name, number
    return None


def _recorded(matter: Matter, step: Step) -> Refusal | None:
    view: MeetingView = matter.view
    view.record.word(step)
    return None


def _record_proposed(matter: Matter, step: Step) -> Refusal | None:
    view: MeetingView = matter.view
    return view.record.propose(step)


def _record_adopted(matter: Matter, step: Step) -> Refusal | None:
    view: MeetingView = matter.view
    return view.record.adopt(step, step.get("wording"))


def _window(window: tuple[int, int]) -> list[str]:
    return [format_instant(instant) for instant in window]


def _show(matter: Matter) -> dict[str, Any]:
    view: MeetingView = matter.view
    return {
        "title": view.title,
        "level": view.level,
        "host_event": view.host_event,
        "host_place": view.host_place,
        "attendees": list(view.attendees),
        "principals": list(view.principals),
        "offered_by": view.by,
        "windows": [_window(window) for window in view.windows],
        "consents": {party: _window(window) for party, window in view.consents.items()},
        "agreed": _window(view.agreed) if view.agreed else None,
        "place": view.place,
        "zone": view.zone,
        "dialogue": view.dialogue,
        "round": view.round or None,
        "record": view.record.show(),
    }


_SUMMARY = {"summary": fields.worded("In one line.")}
_REASON = {"reason": fields.worded("Why.")}
_WINDOWS = {"window": fields.several(fields.window("From when to when; several to choose from.")).must()}
_PLACE = {
    "place": fields.text("Where."),
    "zone": fields.zone("The time zone of the place."),
}
MEETINGS = Table(
    kind="meeting",
    help="A meeting: proposed, countered, agreed, cancelled or held; also on the margins of another event.",
    states=STATES,
    begin=_begin,
    show=_show,
    settle=_settle,
    verbs={
        "propose": Verb(
            "Propose a meeting.",
            to="proposed",
            fields={
                "title": fields.worded("What it is called.").must(),
                "level": fields.choice("At which level.", *LEVELS).must(),
            }
            | _WINDOWS
            | _PLACE
            | {
                "host_event": fields.worded("On the margins of what."),
                "host_place": fields.text("Where that takes place."),
                "attendee": fields.several(fields.text("Who attends that, party or not: 'China: Premier'.")),
                "principal": fields.several(fields.text("Who meets, by office: 'jp: Prime Minister'.")),
            },
        ),
        "counter": Verb(
            "Put other windows on the table instead.",
            ("proposed",),
            who="party",
            fields=_WINDOWS | _PLACE | _REASON,
            do=_countered,
        ),
        "agree": Verb(
            "Agree to a window on the table that another party put there.",
            ("proposed",),
            who="party",
            fields={"window": fields.window("The window, exactly as it is on the table.").must()} | _SUMMARY,
            do=_agreed,
            settles=("agreed",),
        ),
        "cancel": Verb("Cancel it.", ("proposed", "agreed"), "cancelled", who="party", fields=_REASON),
        "hold": Verb(
            "It took place.",
            ("agreed",),
            "held",
            who="party",
            fields=_SUMMARY
            | {
                "dialogue": fields.matter("The dialogue that it became a round of."),
                "round": fields.count("The number of that round."),
            },
            do=_held,
        ),
        "record": Verb(
            "This party's own record of it.", ("held",), who="party", texts="must", fields=_SUMMARY, do=_recorded
        ),
        "propose_record": Verb(
            "Propose a joint record; who proposes it has signed it.",
            ("held",),
            who="party",
            texts="must",
            fields=_SUMMARY,
            do=_record_proposed,
        ),
        "adopt_record": Verb(
            "Sign a proposed joint record; it is agreed once every party has signed the same bytes.",
            ("held",),
            who="party",
            fields={"wording": fields.digest("The digest of the record.").must()},
            do=_record_adopted,
        ),
    },
)
