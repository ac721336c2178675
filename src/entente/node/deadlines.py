"""What comes due around an agreement at a node: alarms until an officer has acknowledged them, and a calendar.

Which alarm was acknowledged by whom is this party's own affair: it is noted in the national log, and never leaves.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
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


def entries(agreement: str, due: Iterable[deadlines.Deadline], matters: Iterable[Matter], veil: Veil) -> list[Entry]:
    """What belongs in a calendar: deadlines with their alarms, meetings on the table or agreed, and rounds.

    ``agreement`` is its digest in hex. Touches nothing of the node. The ``veil`` is laid here, before lines are folded:
    a name that is cut in two is found by nobody who looks for it, and by everybody who reads the file.
    """
    every = [
        Entry(
            uid=f"{deadline.id}@{agreement}",
            begins=deadline.at,
            ends=None,
            summary=deadline.what,
            description=f"Rests on {deadline.rests_on}.",
            alarms=tuple(deadline.at - alarm.at for alarm in deadlines.alarms(deadline)),
            day=deadline.day,
        )
        for deadline in due
    ]
    for matter in matters:
        every += _arranged(agreement, matter)
    return [
        each._replace(
            summary=veil.text(each.summary), description=veil.text(each.description), place=veil.text(each.place)
        )
        for each in every
    ]


def _arranged(agreement: str, matter: Matter) -> Iterator[Entry]:
    """A meeting's windows, or a dialogue's rounds."""
    view: MeetingView | DialogueView = matter.view
    title = view.title.get("en") or next(iter(view.title.values()), matter.id)
    if isinstance(view, MeetingView):
        windows = (view.agreed,) if view.agreed is not None else view.windows
        states: dict[str, Status] = {"proposed": "TENTATIVE", "cancelled": "CANCELLED"}
        for number, (begins, ends) in enumerate(windows, 1):
            uid = f"{matter.id}-{number}@{agreement}"
            status = states.get(matter.state, "CONFIRMED")
            yield Entry(uid, begins, ends, title, f"{matter.id}, {matter.state}", view.place, status)
        return
    for number, held in view.rounds.items():
        uid = f"{matter.id}-round-{number}@{agreement}"
        held_status: Status = "CANCELLED" if held.state == "cancelled" else "CONFIRMED"
        place, what = "by video" if held.video else held.place, f"{matter.id}, {held.state}"
        yield Entry(uid, *held.window, f"{title}: round {number}", what, place, held_status)
