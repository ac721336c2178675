"""What comes due around an agreement at a node: alarms until an officer has acknowledged them, and a calendar.

Which alarm was acknowledged by whom is this party's own affair: it is noted in the national log, and never leaves.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from entente.domain.agreement.calendar import zone as known_zone
from entente.domain.agreement.instants import EPOCH, format_instant
from entente.domain.relations import deadlines
from entente.domain.relations.dialogues import DialogueView
from entente.domain.relations.meetings import MeetingView
from entente.domain.relations.table import Matter
from entente.formats.ical import Entry, Status
from entente.node.commit import Work
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.matters import shown
from entente.node.national import note
from entente.node.ringing import Due, grounds, key_of, line_of
from entente.node.tracers import terms_at
from entente.node.veil import Veil

if TYPE_CHECKING:
    from entente.node.node import Node

MOST_NAMED = 20
"""Alarms that a refusal names."""


def listed(due: Due, now: int) -> list[dict[str, Any]]:
    """Every deadline in words for ``now`` (ms), its newest alarm that has rung, and who has acknowledged that one."""
    rung = {alarm.deadline.id: alarm for alarm in due.rung}
    return [line_of(deadline, rung.get(deadline.id), due.seen, now) for deadline in due.deadlines]


def acknowledge(node: "Node", ledger: Ledger, alarm: str, person: str) -> dict[str, Any]:
    """An officer has seen an alarm: it rings no more, and the national log says who and when. Cannot be undone.

    Raises:
        UsageError: no such alarm has rung, or somebody has acknowledged it.
    """
    due = node.ringing.due(ledger)
    rung = [each.id for each in due.rung]
    if alarm not in rung:
        text, known = f"no alarm {alarm[:80]!r} has rung", ", ".join(rung[:MOST_NAMED]) or "none"
        raise UsageError("NO_SUCH_ALARM", text, f"One of: {known}.")
    on = next(grounds(ledger, each.deadline) for each in due.rung if each.id == alarm)
    if alarm in due.seen:
        raise UsageError("ACKNOWLEDGED", f"{alarm} is acknowledged already", "Nothing is to be done.")

    def work(unit: Work) -> dict[str, Any]:
        said = {"person": person, "at": format_instant(unit.at)}
        unit.tx.put(key_of(ledger, alarm), json.dumps(said | {"grounds": on}).encode())
        note(node, unit, "deadline", {"alarm": alarm, "agreement": ledger.agreement.hex(), **said})
        unit.after.append(lambda: node.ringing.acknowledged(ledger, alarm, said))
        return {"alarm": alarm, **said}

    return node.committer.run(work)


def arranged(node: "Node", ledger: Ledger) -> list[Matter]:
    """The matters that have a place in a calendar: meetings and dialogues."""
    return [matter for matter in shown(node, ledger).values() if matter.kind in ("meeting", "dialogue")]


class About(NamedTuple):
    """What a calendar is of: an agreement, by its digest in hex and whole name, and the zones of those concerned."""

    agreement: str
    name: str
    zones: tuple[str, ...] = ("UTC",)


def about(node: "Node", ledger: Ledger) -> About:
    """An agreement as its calendar names it, by the terms that stand at this node's instant."""
    terms = terms_at(ledger, node.instant())
    if terms is None:
        return About(ledger.agreement.hex(), "")
    zones = [terms.party[party].zone for party in terms.parties if party in terms.party]
    title = terms.title.get("en") or next(iter(terms.title.values()), "")
    return About(ledger.agreement.hex(), f"{terms.name}, {title}", tuple(dict.fromkeys((*zones, "UTC"))))


def entries(of: About, due: Iterable[deadlines.Deadline], matters: Iterable[Matter], veil: Veil) -> list[Entry]:
    """What belongs in a calendar: deadlines with their alarms, meetings on the table or agreed, and rounds.

    Touches nothing of the node. The ``veil`` is laid here, before lines are folded: a name that is cut in two is found
    by nobody who looks for it, and by everybody who reads the file.
    """
    every = [
        Entry(
            uid=f"{deadline.id}@{of.agreement}",
            begins=deadline.at,
            ends=None,
            summary=deadline.what,
            description=f"Rests on {deadline.rests_on}.\n{of.name}",
            alarms=tuple(deadline.at - alarm.at for alarm in deadlines.alarms(deadline)),
            day=deadline.day,
        )
        for deadline in due
    ]
    for matter in matters:
        every += _meeting(of, matter) if isinstance(matter.view, MeetingView) else _rounds(of, matter)
    return [
        each._replace(
            summary=veil.text(each.summary), description=veil.text(each.description), place=veil.text(each.place)
        )
        for each in every
    ]


def _meeting(of: About, matter: Matter) -> Iterator[Entry]:
    """Every window that was ever on the table: what is no more to come is cancelled in the calendars that have it."""
    view: MeetingView = matter.view
    sequence, modified = _version(matter)
    offers = [step.get("window") for step in matter.steps if step.verb in ("propose", "counter")]
    for begins, ends in dict.fromkeys(window for offer in offers for window in offer):
        yield Entry(
            uid=f"{matter.id}-{begins}-{ends}@{of.agreement}",
            begins=begins,
            ends=ends,
            summary=_words(view.title) or matter.id,
            description=_told(
                [f"{matter.id}, {matter.state}", f"Between {', '.join(matter.audience)}", f"Level: {view.level}"],
                _several("On the margins of", (_words(view.host_event), view.host_place)),
                _several("Principals", view.principals),
                _several("Also there", view.attendees),
                _clocks(of, view.zone, (begins, ends)),
                [of.name],
            ),
            place=view.place,
            status=_status(view, matter.state, (begins, ends)),
            sequence=sequence,
            modified=modified,
        )


def _status(view: MeetingView, state: str, window: tuple[int, int]) -> Status:
    if state == "cancelled" or window not in ((view.agreed,) if view.agreed is not None else view.windows):
        return "CANCELLED"
    return "TENTATIVE" if state == "proposed" else "CONFIRMED"


def _rounds(of: About, matter: Matter) -> Iterator[Entry]:
    view: DialogueView = matter.view
    sequence, modified = _version(matter)
    for number, held in view.rounds.items():
        yield Entry(
            uid=f"{matter.id}-round-{number}@{of.agreement}",
            begins=held.window[0],
            ends=held.window[1],
            summary=f"{_words(view.title) or matter.id}: round {number}",
            description=_told(
                [f"{matter.id}, {held.state}", f"Between {', '.join(matter.audience)}", f"Level: {view.level}"],
                _several("Participants", held.participants),
                _several("Agenda", view.agenda),
                _clocks(of, held.zone, held.window),
                [of.name],
            ),
            place="by video" if held.video else held.place,
            status="CANCELLED" if held.state == "cancelled" else "CONFIRMED",
            sequence=sequence,
            modified=modified,
        )


def _version(matter: Matter) -> tuple[int, int]:
    """How many steps followed the first, and the instant of the last: the newer of two files has more of them."""
    steps = list(matter.steps)
    return len(steps) - 1, steps[-1].at


def _words(texts: Mapping[str, str]) -> str:
    return texts.get("en") or next(iter(texts.values()), "")


def _told(*parts: Iterable[str]) -> str:
    return "\n".join(line for part in parts for line in part if line)


def _several(what: str, names: Iterable[str]) -> list[str]:
    found = "; ".join(filter(None, names)).replace("_", " ")
    return [f"{what}: {found}"] if found else []


def _clocks(of: About, zone: str, window: tuple[int, int]) -> Iterator[str]:
    """The hours in the zone of the place, and in all of those who are concerned."""
    for each in dict.fromkeys(filter(None, (zone, *of.zones))):
        local = [(EPOCH + timedelta(milliseconds=at)).astimezone(known_zone(each)) for at in window]
        yield f"{each}: {local[0]:%Y-%m-%d %H:%M} to {local[1]:%Y-%m-%d %H:%M}"
