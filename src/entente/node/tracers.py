"""Tracers: which answers are overdue by the objectives of the terms, and who is told (docs/spec/health.md).

An item given has an objective by its precedence (``[precedence]`` of the terms). Released at an instant and not
answered when the objective has passed, it is overdue: an alarm is raised, and it is noted once in the national log.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from entente.domain.agreement.calendar import parse_duration
from entente.domain.agreement.terms import Agreement
from entente.node.commit import Work
from entente.node.ledger import Ledger
from entente.node.national import note
from entente.record.envelope import Envelope

if TYPE_CHECKING:
    from entente.node.node import Node

DEFAULT: Final[Mapping[str, str]] = {"FLASH": "PT10M", "IMMEDIATE": "PT30M", "PRIORITY": "PT3H", "ROUTINE": "PT6H"}
"""Objectives where the terms name none."""
MAX_WATCHED: Final = 100_000
"""Unanswered items of one party watched at a time, the oldest first: a bound on memory, about 20 MB."""
MAX_READ: Final = 2_000
"""Items begun to be watched in one look: a bound on how long the writer is kept."""
NEVER: Final = 2**62
MAX_NOTED: Final = 200
"""Items noted in one entry of the national log; the next look notes the next ones."""

envelope_of: Callable[[bytes], Envelope] = msgspec.msgpack.Decoder(Envelope).decode
"""An envelope out of this node's own store, where it was checked before it was kept."""
_duration = cache(parse_duration)


class Watched(NamedTuple):
    """An item given and not answered: where it stands, and since when (ms)."""

    number: int
    agreement: bytes
    incarnation: str
    seq: int
    item: str
    precedence: str
    since: int


class Overdue(NamedTuple):
    """An item overdue: its objective passed at ``due``, in ms."""

    party: str
    watched: Watched
    due: int


def terms_at(ledger: Ledger, at: int) -> Agreement | None:
    """The terms that stand at an instant as this party sees them; None until the document is held."""
    if ledger.document is None:
        return None
    version = ledger.status(at).views[ledger.party].terms_version
    return ledger.projection.documents.get(version, ledger.document)


def objective(ledger: Ledger, precedence: str, at: int) -> int:
    """The objective of a precedence in ms, by the terms that stand at an instant as this party sees them."""
    terms = terms_at(ledger, at)
    named: Mapping[str, str] = {} if terms is None else {str(name): text for name, text in terms.precedence.items()}
    known = precedence if precedence in DEFAULT else "ROUTINE"
    return _duration(named.get(known, DEFAULT[known]))


def watched(node: "Node", party: str, after: int, limit: int) -> list[Watched]:
    """Items given to a party and not answered, after a line of the register, in its order."""
    found = []
    for row in node.store.unanswered(party, after, limit):
        envelope = envelope_of(row.envelope)
        found.append(
            Watched(
                row.number,
                envelope.agreement,
                envelope.incarnation,
                row.seq,
                row.item,
                envelope.precedence or "ROUTINE",
                row.instant,
            )
        )
    return found


class Tracers:
    """What this party waits for, looked at again and again on the writer's thread; each look reads what is new."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._watched: dict[str, dict[int, Watched]] = {}
        self._marks: dict[str, tuple[int, int]] = {}
        self._alarmed: set[str] = set()
        self._noted: set[int] = set()
        self._lengths: dict[tuple[bytes, str], int] = {}
        self._found: list[Overdue] = []
        self._next = 0
        """The instant at which something may be overdue that is not yet; 0 where what is watched has changed."""

    @property
    def waiting(self) -> Mapping[str, int]:
        """How many items each party has not answered."""
        return {party: count for party, (count, _) in self._marks.items()}

    def look(self) -> list[Overdue]:
        """What is overdue now, the longest first; raises and clears the alarms.

        Raises:
            StoreError: the store cannot be read.
        """
        marks = self._node.store.unanswered_marks()
        for party in self._watched.keys() - marks.keys():
            del self._watched[party]
            self._next = 0
        for party, mark in marks.items():
            self._follow(party, mark)
        self._marks = marks
        now = self._node.instant()
        lengths = {key: objective(self._node.ledgers[key[0]], key[1], now) for key in self._lengths}
        if now >= self._next or lengths != self._lengths:
            self._overdue(now)
            self._alarm(self._found)
        return self._found

    def _follow(self, party: str, mark: tuple[int, int]) -> None:
        held = self._watched.setdefault(party, {})
        newest = max(held, default=0)
        if mark == self._marks.get(party) and (newest == mark[1] or len(held) >= MAX_WATCHED):
            return
        self._next = 0
        if held and mark != self._marks.get(party):
            still = set(self._node.store.unanswered_numbers(party, newest))
            held = self._watched[party] = {number: each for number, each in held.items() if number in still}
        room = min(MAX_READ, MAX_WATCHED - len(held))
        held.update((each.number, each) for each in watched(self._node, party, newest, room))

    def _overdue(self, now: int) -> None:
        lengths: dict[tuple[bytes, str], int] = {}
        found, following = [], NEVER
        for party, held in self._watched.items():
            for each in held.values():
                key = (each.agreement, each.precedence)
                if key not in lengths:
                    lengths[key] = objective(self._node.ledgers[each.agreement], each.precedence, now)
                due = each.since + lengths[key]
                if due <= now:
                    found.append(Overdue(party, each, due))
                elif due < following:
                    following = due
        self._found = sorted(found, key=lambda overdue: overdue.due)
        self._lengths, self._next = lengths, following

    def _alarm(self, found: list[Overdue]) -> None:
        by_party: dict[str, list[Overdue]] = {}
        for each in found:
            by_party.setdefault(each.party, []).append(each)
        for party, late in by_party.items():
            oldest = late[0].watched  # no count: an alarm whose text changes is logged again
            text = f"{party} has not answered in time; the longest overdue is {oldest.precedence}"
            self._node.alarm(f"tracer/{party}", f"{text}, line {oldest.number} of the register")
        for party in self._alarmed - by_party.keys():
            self._node.clear_alarm(f"tracer/{party}")
        self._alarmed = set(by_party)

    def note(self, found: list[Overdue]) -> None:
        """Note what is newly overdue in the national log, each item once; at most :data:`MAX_NOTED` of them a call.

        Only under agreements whose start is checked: until then this node writes nothing.

        Raises:
            NodeError: the store refused; it is noted at the next call.
        """
        new = (each for each in found if each.watched.number not in self._noted)
        ready = (each for each in new if self._node.ledgers[each.watched.agreement].ready)
        fresh = list(islice(ready, MAX_NOTED))
        if not fresh:
            return

        def work(unit: Work) -> None:
            before = unit.tx.noted_tracers([each.watched.number for each in fresh])
            new = [each for each in fresh if each.watched.number not in before]
            for each in new:
                unit.tx.put_tracer(each.watched.number, each.due)
            if new:
                note(self._node, unit, "tracer", {"overdue": [_fact(each) for each in new]})

        self._node.committer.run(work)
        self._noted.update(each.watched.number for each in fresh)
        self._noted &= {each.watched.number for each in found}


def _fact(overdue: Overdue) -> dict[str, object]:
    one = overdue.watched
    return {
        "register": one.number,
        "item": one.item,
        "party": overdue.party,
        "precedence": one.precedence,
        "since": one.since,
        "due": overdue.due,
    }
