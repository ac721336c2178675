"""What comes due around an agreement at a node: alarms until an officer has acknowledged them, and a calendar.

Which alarm was acknowledged by whom is this party's own affair: it is noted in the national log, and never leaves.
"""

import json
from collections.abc import Iterator
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

if TYPE_CHECKING:
    from entente.node.node import Node


def found(node: "Node", ledger: Ledger) -> tuple[deadlines.Deadline, ...]:
    """All deadlines at this node's instant, the earliest first; none before the document is held."""
    terms = ledger.document
    if terms is None:
        return ()
    return deadlines.deadlines(terms, ledger.status(node.instant()).views, shown(node, ledger))


def listed(node: "Node", ledger: Ledger) -> list[dict[str, Any]]:
    """Every deadline with its newest alarm that has rung, and who has acknowledged that one."""
    every = found(node, ledger)
    rung = {alarm.deadline.id: alarm for alarm in deadlines.due(every, node.instant())}
    return [_view(node, ledger, deadline, rung.get(deadline.id)) for deadline in every]


def _view(node: "Node", ledger: Ledger, deadline: deadlines.Deadline, alarm: deadlines.Alarm | None) -> dict[str, Any]:
    ringing = None
    if alarm is not None:
        acknowledged = _acknowledged(node, ledger, alarm.id)
        ringing = {"id": alarm.id, "at": format_instant(alarm.at), "before": alarm.before, "acknowledged": acknowledged}
    return {
        "id": deadline.id,
        "at": format_instant(deadline.at),
        "kind": deadline.kind,
        "what": deadline.what,
        "rests_on": deadline.rests_on,
        "alarm": ringing,
    }


def _key(ledger: Ledger, alarm: str) -> str:
    return f"acknowledged/{ledger.agreement.hex()}/{alarm}"


def _acknowledged(node: "Node", ledger: Ledger, alarm: str) -> dict[str, str] | None:
    held = node.store.get(_key(ledger, alarm))
    return json.loads(held) if held is not None else None


def acknowledge(node: "Node", ledger: Ledger, alarm: str, person: str) -> dict[str, Any]:
    """An officer has seen an alarm: it rings no more, and the national log says who and when. Cannot be undone.

    Raises:
        UsageError: no such alarm has rung, or somebody has acknowledged it.
    """
    rung = {each.id: each for each in deadlines.due(found(node, ledger), node.instant())}
    if alarm not in rung:
        text, known = f"no alarm {alarm[:80]!r} has rung", ", ".join(rung) or "none"
        raise UsageError("NO_SUCH_ALARM", text, f"One of: {known}.")
    if _acknowledged(node, ledger, alarm) is not None:
        raise UsageError("ACKNOWLEDGED", f"{alarm} is acknowledged already", "Nothing is to be done.")

    def work(unit: Work) -> dict[str, Any]:
        said = {"person": person, "at": format_instant(unit.at)}
        unit.tx.put(_key(ledger, alarm), json.dumps(said).encode())
        note(node, unit, "deadline", {"alarm": alarm, "agreement": ledger.agreement.hex(), **said})
        return {"alarm": alarm, **said}

    return node.committer.run(work)


def entries(node: "Node", ledger: Ledger) -> list[Entry]:
    """What belongs in a calendar: deadlines with their alarms, meetings on the table or agreed, and rounds."""
    every = [
        Entry(
            uid=f"{deadline.id}@{ledger.agreement.hex()}",
            begins=deadline.at,
            ends=None,
            summary=deadline.what,
            description=f"Rests on {deadline.rests_on}.",
            alarms=tuple(deadlines.BEFORE.values()),
        )
        for deadline in found(node, ledger)
    ]
    for matter in shown(node, ledger).values():
        if matter.kind in ("meeting", "dialogue"):
            every += _arranged(ledger, matter)
    return every


def _arranged(ledger: Ledger, matter: Matter) -> Iterator[Entry]:
    """A meeting's windows, or a dialogue's rounds."""
    view: MeetingView | DialogueView = matter.view
    title = view.title.get("en") or next(iter(view.title.values()), matter.id)
    if isinstance(view, MeetingView):
        windows = (view.agreed,) if view.agreed is not None else view.windows
        states: dict[str, Status] = {"proposed": "TENTATIVE", "cancelled": "CANCELLED"}
        for number, (begins, ends) in enumerate(windows, 1):
            uid = f"{matter.id}-{number}@{ledger.agreement.hex()}"
            status = states.get(matter.state, "CONFIRMED")
            yield Entry(uid, begins, ends, title, f"{matter.id}, {matter.state}", view.place, status)
        return
    for number, held in view.rounds.items():
        uid = f"{matter.id}-round-{number}@{ledger.agreement.hex()}"
        held_status: Status = "CANCELLED" if held.state == "cancelled" else "CONFIRMED"
        place, what = "by video" if held.video else held.place, f"{matter.id}, {held.state}"
        yield Entry(uid, *held.window, f"{title}: round {number}", what, place, held_status)
