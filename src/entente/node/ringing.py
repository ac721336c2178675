"""What rings at a node: alarms of deadlines that have come and that no officer has acknowledged (relations.md, 12).

Deadlines are computed from an agreement's status and its matters, and only when one of them has become another; then
nothing is done until the next alarm's instant. Nothing is kept of an alarm that rings but who has acknowledged it: what
nobody acknowledged rings after a start as it did before.
"""

import json
import logging
from collections.abc import Callable, Mapping
from time import thread_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from entente.domain.agreement.instants import format_instant
from entente.domain.relations import deadlines
from entente.domain.relations.deadlines import Alarm, Deadline
from entente.node.matters import shown
from entente.node.tracers import terms_at

if TYPE_CHECKING:
    from entente.node.ledger import Ledger
    from entente.node.node import Node

logger = logging.getLogger("entente.node.ringing")
DIGEST: Final = 16
"""Hex digits that name an agreement."""
MAX_TOLD: Final = 200
"""Alarms that begin to ring told in one look, some 10 ms of the writer's; the next look tells the next."""
WORK: Final = 0.02
"""Seconds of computing for each look: after a longer one so many looks are left out that it is no more."""


class Due(NamedTuple):
    """What comes due under an agreement, computed from ``views`` and ``matters``, until ``following`` (ms).

    ``rung`` holds the newest alarm of each deadline that has one, those of the nearest deadlines first; ``seen`` who
    has acknowledged which of them, and when.
    """

    views: object
    matters: object
    deadlines: tuple[Deadline, ...]
    rung: tuple[Alarm, ...]
    seen: Mapping[str, Mapping[str, str]]
    following: int | None

    @property
    def unseen(self) -> tuple[Alarm, ...]:
        """The alarms that ring: nobody has acknowledged them."""
        return tuple(alarm for alarm in self.rung if alarm.id not in self.seen)


NOTHING: Final = Due(None, None, (), (), {}, None)


class Ringing:
    """The deadlines of every agreement of a node and their alarms; used on the writer's thread."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._due: dict[bytes, Due] = {}
        self._told: dict[bytes, tuple[Due, frozenset[str]]] = {}
        self._rest = 0
        self.rang: Callable[[Ledger, Alarm], object] = lambda _ledger, _alarm: None
        """Told of each alarm as it begins to ring, and after a start of what rings then."""

    def look(self) -> None:
        """Log and tell what has begun to ring; a comparison or two where nothing has.

        Raises:
            StoreError: the store cannot be read.
        """
        if self._rest:
            self._rest -= 1
            return
        began = thread_time()
        for ledger in list(self._node.ledgers.values()):
            self._tell(ledger, self.due(ledger))
        self._rest = int((thread_time() - began) / WORK)

    def due(self, ledger: "Ledger") -> Due:
        """What comes due under an agreement at this node's instant; nothing before its document is held.

        Raises:
            StoreError: the store cannot be read.
        """
        now = self._node.instant()
        terms = terms_at(ledger, now)
        if terms is None:
            return NOTHING
        views, matters = ledger.status(now).views, ledger.projection.steps.matters
        held = self._due.get(ledger.agreement, NOTHING)
        found = held.deadlines
        if held.views is not views or held.matters is not matters:
            found = deadlines.deadlines(terms, views, shown(self._node, ledger))
        elif held.following is None or now < held.following:
            return held
        rung = deadlines.due(found, now)
        seen = self._seen(ledger, rung, held)
        made = Due(views, matters, found, rung, seen, deadlines.next_alarm(found, now))
        self._due[ledger.agreement] = made
        return made

    def _seen(self, ledger: "Ledger", rung: tuple[Alarm, ...], held: Due) -> dict[str, Mapping[str, str]]:
        """Who has acknowledged which alarm; the store is asked of those that did not ring unseen before."""
        unseen = {alarm.id for alarm in held.unseen}
        asked = ((alarm.id, self._acknowledged(ledger, alarm)) for alarm in rung if alarm.id not in unseen)
        return {name: said for name, said in asked if said is not None}

    def _acknowledged(self, ledger: "Ledger", alarm: Alarm) -> Mapping[str, str] | None:
        """Who acknowledged an alarm, and when, if that was on the same grounds as it rings on now."""
        held = self._node.store.get(key_of(ledger, alarm.id))
        said = json.loads(held) if held is not None else {}
        return said if said.pop("grounds", None) == grounds(ledger, alarm.deadline) else None

    def acknowledged(self, ledger: "Ledger", alarm: str, said: Mapping[str, str]) -> None:
        """An officer has acknowledged an alarm, and that is durable."""
        held = self._due.get(ledger.agreement)
        if held is not None:
            self._due[ledger.agreement] = held._replace(seen={**held.seen, alarm: said})

    def _tell(self, ledger: "Ledger", due: Due) -> None:
        before, told = self._told.get(ledger.agreement, (None, frozenset[str]()))
        if before is due:
            return
        unseen = due.unseen
        fresh = [alarm for alarm in unseen if alarm.id not in told]
        for alarm in fresh[:MAX_TOLD]:
            name, at = name_of(alarm), format_instant(alarm.deadline.at)
            place = f"deadline/{ledger.agreement.hex()[:DIGEST]}/{name}"
            logger.warning("%s: its alarm rings, and nobody has acknowledged it; the deadline is at %s", place, at)
            self.rang(ledger, alarm)
        rings = frozenset(alarm.id for alarm in unseen)
        told = told & rings | {alarm.id for alarm in fresh[:MAX_TOLD]}
        # With more to tell, the next look does not take this for what it has told already.
        self._told[ledger.agreement] = (due if len(fresh) <= MAX_TOLD else NOTHING, told)


def grounds(ledger: "Ledger", deadline: Deadline) -> int:
    """On what an end stands: how many acts there are; 0 for every other deadline.

    An end that was stopped and comes back is another one, at the same instant: who acknowledged its alarms before has
    not seen that it is back. Any further act makes them ring again, rather once too often.
    """
    return len(ledger.projection.acts) if deadline.kind == "end" else 0


def key_of(ledger: "Ledger", alarm: str) -> str:
    """Where the store keeps who has acknowledged an alarm."""
    return f"acknowledged/{ledger.agreement.hex()}/{alarm}"


def name_of(alarm: Alarm) -> str:
    """An alarm's id for those who may not read what people wrote: an action is named by its dialogue and its day."""
    deadline = alarm.deadline
    return alarm.id if deadline.kind != "due" else f"{deadline.rests_on}-due-{deadline.id[-10:]}/{alarm.before}"


def line_of(deadline: Deadline, alarm: Alarm | None, seen: Mapping[str, Mapping[str, str]], now: int) -> dict[str, Any]:
    """A deadline as commands answer it, in words for ``now`` (ms), with its newest alarm that rang and who saw it."""
    ringing = None
    if alarm is not None:
        at = format_instant(alarm.at)
        ringing = {"id": alarm.id, "at": at, "before": alarm.before, "acknowledged": seen.get(alarm.id)}
    return {
        "id": deadline.id,
        "at": format_instant(deadline.at),
        "kind": deadline.kind,
        "day": deadline.day.isoformat() if deadline.day is not None else None,
        "what": deadline.said(now),
        "rests_on": deadline.rests_on,
        "alarm": ringing,
    }
