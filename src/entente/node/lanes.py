"""How far each peer has been fed, and in what order: the lanes of the four precedences (docs/spec/link.md, section 8).

A feed belongs to one session, or to one bundle. It holds positions and ranges, never bytes; how much may be on its way
at once is bounded by what the peer says it has dealt with.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from entente.domain.precedence import PRECEDENCES, ROUTINE
from entente.record.envelope import DeliveredBody, Delivery, Wrap
from entente.record.merkle import Frontier

if TYPE_CHECKING:
    from entente.node.releases import Draft

WINDOW = 2
"""Frames with entries or bodies on their way to a peer at once; one of them is being dealt with, the others wait."""
URGENT_WINDOW = WINDOW + 2
"""What is urgent does not wait for room behind bulk."""
SEGMENTS = 2
"""Segments of one payload on their way at once: what a cut costs again."""
LogKey: TypeAlias = tuple[bytes, str, str]
"""(agreement, writer, incarnation)"""


@dataclass
class Feed:
    """How far a peer's copy of each log reaches, over one connection, and what is on its way or owed to it."""

    peer: str
    channel: str = "link"
    sent: dict[LogKey, int] = field(default_factory=dict)
    returning: set[LogKey] = field(default_factory=set)
    """Logs of the peer's own of which it greeted with less than is held here: it has lost their end."""
    dirty: dict[bytes, None] = field(default_factory=dict)
    """Agreements in which the peer may lack something, in the order in which they changed."""
    urgent: dict[bytes, None] = field(default_factory=dict)
    """Those in which something that is not ROUTINE was released."""
    recalled: set[LogKey] = field(default_factory=set)
    """Logs of which everything that the peer may lack is owed since it greeted."""
    frontiers: dict[LogKey, Frontier] = field(default_factory=dict)
    segments: dict[tuple[LogKey, int], int] = field(default_factory=dict)
    """Per payload the number of segments sent over this connection."""
    flown: int = 0
    """Frames with entries or bodies sent over this connection."""
    landed: int = 0
    """How many of them the peer has dealt with."""
    took: int = 0
    """Frames with entries or bodies that this side has dealt with."""
    _owed: "tuple[deque[tuple[LogKey, int, int]], ...]" = field(
        default_factory=lambda: tuple(deque() for _ in PRECEDENCES)
    )

    @property
    def live(self) -> bool:
        """Whether the peer is there to be asked and answered: not when a bundle is written."""
        return self.channel == "link"

    @property
    def room(self) -> int:
        """How many more frames may go; what is urgent has a little more."""
        if not self.live:
            return 1
        return (URGENT_WINDOW if self.urgent else WINDOW) - (self.flown - self.landed)

    def note(self, agreement: bytes, *, urgent: bool) -> None:
        """Something was committed under an agreement."""
        (self.urgent if urgent else self.dirty)[agreement] = None

    def clean(self, agreement: bytes) -> None:
        """The peer lacks nothing under an agreement."""
        self.dirty.pop(agreement, None)
        self.urgent.pop(agreement, None)

    def owe(self, key: LogKey, later: dict[int, int]) -> tuple[tuple[int, int], ...]:
        """Note bodies that are owed, sequence number -> rank; returns them as ranges, whatever their rank."""
        for rank in set(later.values()):
            for low, high in ranges(seq for seq, held in sorted(later.items()) if held == rank):
                self._owed[rank].append((key, low, high))
        return tuple(ranges(sorted(later)))

    def owe_again(self, rank: int, key: LogKey, low: int, high: int) -> None:
        """Put back what did not fit."""
        if low <= high:
            self._owed[rank].appendleft((key, low, high))

    def take_owed(self, rank: int, most: int) -> tuple[LogKey, int, int] | None:
        """The next range that is owed in a lane, of at most ``most`` entries; None where nothing is."""
        if not self._owed[rank]:
            return None
        key, low, high = self._owed[rank].popleft()
        if high - low >= most:
            self._owed[rank].appendleft((key, low + most, high))
            high = low + most - 1
        return key, low, high


def ranges(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Rising numbers as inclusive ranges."""
    found: list[tuple[int, int]] = []
    for seq in seqs:
        if found and found[-1][1] + 1 == seq:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found


def rising(spans: Iterable[tuple[int, int]], first: int, end: int) -> bool:
    """Whether inclusive ranges rise, lie apart and within ``first`` to ``end`` - 1: no entry is named over and over."""
    for low, high in spans:
        if not first <= low <= high < end:
            return False
        first = high + 1
    return True


class Urgency:
    """Where the newest item of each urgent precedence stands, so that nothing need be looked up where there is none."""

    def __init__(self) -> None:
        self._newest: dict[tuple[int, str], list[int]] = {}
        self._answers: dict[int, tuple[int, int]] = {}

    def note(self, log: int, recipient: str, rank: int, seq: int) -> None:
        """An item of a precedence was released to a recipient."""
        if rank < ROUTINE:
            newest = self._newest.setdefault((log, recipient), [-1] * ROUTINE)
            newest[rank] = max(newest[rank], seq)

    def answered(self, log: int, rank: int, seq: int) -> None:
        """An entry of this party's own log answers an item of a precedence: it hurries as the item did."""
        if rank < ROUTINE:
            self._answers[log] = (rank, seq)

    def answer(self, log: int, first: int) -> tuple[int, int] | None:
        """(rank, entry) of the newest answer that hurries, from entry ``first`` on."""
        newest = self._answers.get(log)
        return newest if newest is not None and newest[1] >= first else None

    def first_rank(self, log: int, recipient: str, first: int) -> int | None:
        """The most urgent precedence, not ROUTINE, of which there may be items from entry ``first`` on."""
        newest = self._newest.get((log, recipient), ())
        return next((rank for rank, seq in enumerate(newest) if seq >= first), None)


class Leaving(NamedTuple):
    """An item just released, as it lies in memory until its recipients have it."""

    envelope: bytes
    bodies: tuple[DeliveredBody, ...]
    wraps: dict[str, Wrap]
    draft: "Draft"
    """What was released, with what the gate was told of it and answered."""
    rank: int
    """Of its precedence."""
    size: int
    """Bytes, about."""


MOST_SAID = 32
"""Answers kept in memory until they have left: more than wait at once, of a few hundred bytes each."""
MANY = 1024
"""A receipt's range beyond which what lies in memory is gone through, not the range."""


class Fresh:
    """The items released last, so that what is sent at once need not be read back and opened."""

    def __init__(self, most_bytes: int = 8 * 1024 * 1024) -> None:
        self._most = most_bytes
        self._held: dict[tuple[int, int], Leaving] = {}
        self._size = 0
        self._said: dict[tuple[int, int], Delivery] = {}

    def keep(self, log: int, first: int, items: Iterable[Leaving]) -> None:
        """Keep items of consecutive entries; the oldest fall out."""
        for seq, leaving in enumerate(items, first):
            self._held[log, seq] = leaving
            self._size += leaving.size
        while self._size > self._most:
            oldest = next(iter(self._held))
            self._size -= self._held.pop(oldest).size

    def get(self, log: int, seq: int) -> Leaving | None:
        """An item, if it is still here."""
        return self._held.get((log, seq))

    def say(self, log: int, seq: int, said: Delivery) -> None:
        """Keep an answer, which goes to every party in clear; of many the newest."""
        self._said[log, seq] = said
        if len(self._said) > MOST_SAID:
            del self._said[next(iter(self._said))]

    def said(self, log: int, seq: int) -> Delivery | None:
        """An answer, if it is still here."""
        return self._said.get((log, seq))

    def drop(self, log: int, first: int, last: int) -> None:
        """Forget items that need not be sent any more."""
        within = range(first, last + 1)
        keys = [(log, seq) for seq in within] if last - first < MANY else self._within(log, within)
        for key in keys:
            leaving = self._held.pop(key, None)
            if leaving is not None:
                self._size -= leaving.size

    def _within(self, log: int, seqs: range) -> list[tuple[int, int]]:
        return [key for key in self._held if key[0] == log and key[1] in seqs]
