"""The one way out: what a peer is entitled to, from where its copy of the logs ends (docs/spec/link.md).

A feed goes to one peer over one connection or into one bundle. It carries this party's own logs, and the peer's own log
back to it where it has lost its end; never a third party's. What is urgent goes first: the envelopes before it run
ahead, since a recipient accepts only over a gap-free prefix, and their bodies follow by precedence (node/lanes.py).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from entente.domain.precedence import ROUTINE
from entente.domain.release_facts import StandingRelease
from entente.node.authority import facts_at, gate_for
from entente.node.lanes import Feed, Leaving, LogKey
from entente.node.ledger import HeldLog, Ledger
from entente.node.standing import may_have
from entente.record.envelope import DeliveredBody, Delivery, Wrap, parse_envelope
from entente.record.frames import AnyFrame, Bodies, Entries, Head, Hello, Later
from entente.record.merkle import leaf_hash
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import SealingError
from entente.store.rows import EntryRow

if TYPE_CHECKING:
    from entente.node.node import Node

CHUNK_ENTRIES = 128
"""Entries in a frame: a few milliseconds of the recipient's work, so that what is urgent waits no longer."""
CHUNK_BYTES = 512 * 1024
AHEAD_BYTES = 2 * 1024 * 1024
"""Bytes that run ahead in a frame: with one entry more still far from the most that a frame may have."""
AHEAD_ENTRIES = 2048
"""Envelopes that run ahead of something urgent in one frame."""


def shared_with(node: "Node", peer: str) -> list[Ledger]:
    """The agreements that both this party and the peer are parties to; no other is ever named to it."""
    return [ledger for ledger in node.ledgers.values() if peer in ledger.parties]


def hello(node: "Node", peer: str) -> Hello:
    """The greeting to a peer: the heads of its logs and of one's own, of shared agreements only."""
    heads = []
    for ledger in shared_with(node, peer):
        for log in ledger.logs.values():
            if log.row.writer in (node.party, peer) and log.row.size:
                # One's own head goes unsigned: another copy of this node may have written, as the peer will show.
                checkpoint = log.row.checkpoint if log.row.writer != node.party else ""
                heads.append(Head(ledger.agreement, *log.name, log.row.size, checkpoint))
    return Hello(
        protocol=PROTOCOL,
        party=node.party,
        software=node.software,
        tzdata=node.tzdata,
        simulated=node.clock.simulated,
        heads=tuple(heads),
    )


PROTOCOL = 2
"""The newest protocol that this node speaks; a session speaks the older of both sides' (docs/spec/link.md)."""


def frames_for(node: "Node", feed: Feed) -> Iterator[AnyFrame]:
    """Everything the peer lacks, as frames; advances the feed as they are taken. Payloads pass the gate once more."""
    for ledger in shared_with(node, feed.peer):
        feed.dirty[ledger.agreement] = None
    while (frame := next_frame(node, feed)) is not None:
        yield frame


def next_frame(node: "Node", feed: Feed) -> AnyFrame | None:
    """The next thing the peer lacks, the most urgent first; None where it lacks nothing, or has no room."""
    for agreement in [*feed.urgent, *feed.dirty]:
        ledger = node.ledgers.get(agreement)
        if ledger is not None and feed.peer in ledger.parties:
            frame = _of_ledger(node, feed, ledger)
            if frame is not None:
                return frame
        feed.clean(agreement)
    return _owed(node, feed, ROUTINE)


def _of_ledger(node: "Node", feed: Feed, ledger: Ledger) -> AnyFrame | None:
    logs = list(ledger.logs.values())
    # A peer's lost entries first: until it has them back it can answer nothing.
    for log in logs:
        if log.row.writer == feed.peer:
            returned = _theirs(node, feed, ledger, log)
            if returned is not None:
                return returned
    for log in logs:
        if log.row.writer == node.party and ledger.ready:
            frame = _own(node, feed, ledger, log)
            if frame is not None:
                return frame
    return None


def _own(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog) -> AnyFrame | None:
    """The next frame of one of this party's logs: what is urgent, then what was deferred, then what comes next."""
    key: LogKey = (ledger.agreement, *log.name)
    first, size = feed.sent.get(key, 0), log.row.size
    target = _hurries(node, feed, log, first) if feed.live and size - first > CHUNK_ENTRIES else None
    if target is not None and target[1] >= first + CHUNK_ENTRIES:
        # First what is owed of its own precedence: an order within a precedence, of a stream say, is kept.
        owed = _owed(node, feed, target[0])
        return owed or _ahead(node, feed, ledger, log, first, min(target[1], first + AHEAD_ENTRIES - 1), target[0])
    owed = _owed(node, feed, ROUTINE)
    if owed is not None:
        return owed
    if first >= size:
        return None
    return _entries(node, feed, ledger, log, first)


def _hurries(node: "Node", feed: Feed, log: HeldLog, first: int) -> tuple[int, int] | None:
    """(rank, entry) of what is most urgent from entry ``first`` on: an item for the peer, or an answer to one."""
    rank = node.urgency.first_rank(log.row.id, feed.peer, first)
    seq = node.store.waits(log.row.id, feed.peer, rank, first) if rank is not None else None
    item = (rank, seq) if rank is not None and seq is not None else None
    answer = node.urgency.answer(log.row.id, first)
    return min(filter(None, (item, answer)), default=None)


def _entries(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog, first: int) -> Entries:
    """The next entries with what belongs to them."""
    deliveries, size = [], 0
    for _, delivery in _deliveries(node, feed, ledger, log, first, CHUNK_ENTRIES):
        deliveries.append(delivery)
        size += _size(delivery)
        if size > CHUNK_BYTES:
            break
    return _framed(node, feed, ledger, log, first, deliveries, ())


def _ahead(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog, first: int, last: int, rank: int) -> Entries:
    """Envelopes up to something urgent, with the bodies of what is at least as urgent; the others are owed."""
    wraps = node.store.wraps(log.row.id, feed.peer, first, last)
    later = {seq: held for seq, (_, held) in wraps.items() if held > rank}
    deliveries, size = [], 0
    for row in node.store.entries(log.row.id, first, last - first + 1):
        delivery = _bare(row) if row.seq in later else deliver(node, ledger, row, feed.peer, feed.channel)
        deliveries.append(delivery)
        size += _size(delivery)
        if size > AHEAD_BYTES:
            break
    end = first + len(deliveries)
    ranges = feed.owe((ledger.agreement, *log.name), {seq: held for seq, held in later.items() if seq < end})
    return _framed(node, feed, ledger, log, first, deliveries, ranges)


def _size(delivery: Delivery) -> int:
    return len(delivery.envelope) + sum([len(body.data) for body in delivery.bodies if body])


def _bare(row: EntryRow) -> Delivery:
    return Delivery(row.envelope, (None,) * len(parse_envelope(row.envelope).bodies), None)


def _framed(
    node: "Node",
    feed: Feed,
    ledger: Ledger,
    log: HeldLog,
    first: int,
    deliveries: list[Delivery],
    deferred: tuple[tuple[int, int], ...],
) -> Entries:
    """The frame of these entries under a checkpoint that covers exactly them, and the feed advanced."""
    key: LogKey = (ledger.agreement, *log.name)
    end = first + len(deliveries)
    if end == log.row.size:
        feed.frontiers.pop(key, None)
        checkpoint = ledger.checkpoint(log, node.signer(log, end))
    else:
        frontier = feed.frontiers.get(key)
        if frontier is None or frontier.size != first:
            frontier = node.frontier_at(log, first)
        frontier = feed.frontiers[key] = frontier.extend(leaf_hash(delivery.envelope) for delivery in deliveries)
        checkpoint = ledger.sign(log, end, frontier.root(), node.signer(log, end))
    feed.sent[key] = end
    return Entries(ledger.agreement, *log.name, first, tuple(deliveries), checkpoint, deferred)


def _theirs(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog) -> Entries | None:
    """The peer's own entries back to it, which has lost their end; only the last frame can carry its checkpoint."""
    key: LogKey = (ledger.agreement, *log.name)
    first, size = feed.sent.get(key, 0), log.row.size
    if key not in feed.returning or first >= size:
        feed.returning.discard(key)
        return None
    deliveries: list[Delivery] = []
    taken = 0
    for row in node.store.entries(log.row.id, first, CHUNK_ENTRIES):
        deliveries.append(deliver(node, ledger, row, feed.peer, None))
        taken += _size(deliveries[-1])
        if taken > CHUNK_BYTES:
            break
    end = feed.sent[key] = first + len(deliveries)
    if end == size:
        node.owed.add(key)  # the cosignature over it follows, now that it can be kept
    return Entries(ledger.agreement, *log.name, first, tuple(deliveries), log.row.checkpoint if end == size else "", ())


def _owed(node: "Node", feed: Feed, up_to: int) -> Bodies | None:
    """Deferred bodies of the most urgent precedence that is owed, as many as a frame takes."""
    for rank in range(up_to + 1):
        while (due := feed.take_owed(rank, CHUNK_ENTRIES)) is not None:
            key, first, last = due
            frame = _bodies(node, feed, rank, key, first, last)
            if frame is not None:
                return frame
    return None


def _bodies(node: "Node", feed: Feed, rank: int, key: LogKey, first: int, last: int) -> Bodies | None:
    ledger = node.ledgers.get(key[0])
    log = ledger.logs.get(key[1:]) if ledger is not None else None
    if ledger is None or log is None:
        return None
    items, size, rest = [], 0, first
    for seq, delivery in _deliveries(node, feed, ledger, log, first, last - first + 1):
        rest = seq + 1
        if delivery.wrap is None:
            continue  # answered meanwhile, or not the peer's
        items.append(Later(seq, delivery.bodies, delivery.wrap))
        size += sum(len(body.data) for body in delivery.bodies if body)
        if size > CHUNK_BYTES:
            break
    feed.owe_again(rank, key, rest, last)
    return Bodies(*key, tuple(items)) if items else None


def _deliveries(
    node: "Node", feed: Feed, ledger: Ledger, log: HeldLog, first: int, count: int
) -> Iterator[tuple[int, Delivery]]:
    """Entries from ``first`` on as the peer may have them: out of memory where they were just released."""
    number, last = log.row.id, min(first + count, log.row.size) - 1
    departure: Departure | None = None
    for seq in range(first, last + 1):
        if (leaving := node.fresh.get(number, seq)) is not None:
            departure = departure or Departure(node, ledger, log, feed.peer, feed.channel)
            yield seq, departure.delivery(seq, leaving)
        elif (said := node.fresh.said(number, seq)) is not None:
            yield seq, said
        elif seq > first:
            return  # the rest follows in a frame of its own
        else:
            break
    else:
        return
    held = node.store.bodies_between(number, first, last)
    wraps = node.store.wraps(number, feed.peer, first, last)
    for row in node.store.entries(number, first, last - first + 1):
        bodies, wrap = held.get(row.seq, {}), wraps.get(row.seq)
        yield row.seq, _delivery(node, ledger, row, feed.peer, feed.channel, bodies, wrap[0] if wrap else None)


def deliver(node: "Node", ledger: Ledger, row: EntryRow, peer: str, channel: str | None) -> Delivery:
    """An entry as one peer may have it, by itself; see :func:`_delivery`."""
    wrap = node.store.wrap(row.log, row.seq, peer)
    return _delivery(node, ledger, row, peer, channel, node.store.bodies(row.log, row.seq), wrap)


def _delivery(
    node: "Node",
    ledger: Ledger,
    row: EntryRow,
    peer: str,
    channel: str | None,
    held: Mapping[int, tuple[bool, bytes]],
    data: bytes | None,
) -> Delivery:
    """An entry as one peer may have it.

    Bodies that go to all are in clear; an item's are sealed, for its recipient alone, and only while the gate lets this
    item flow by this channel: after that the envelope goes with a wrap that holds no key, so that the recipient knows
    what to refuse. ``channel`` None returns a peer's own entries to it, without bodies: only for its register.
    """
    envelope = parse_envelope(row.envelope)
    withheld: tuple[DeliveredBody | None, ...] = (None,) * len(envelope.bodies)
    if row.kind != "transfer":
        if not may_have(ledger, row, envelope.writer, held, peer):
            held = {}
        bodies = tuple(DeliveredBody(*held[place]) if place in held else None for place in range(len(envelope.bodies)))
        return Delivery(row.envelope, bodies, None)
    if channel is None:
        return Delivery(row.envelope, withheld, _lost(node, row))
    if data is None:
        return Delivery(row.envelope, withheld, _answered(node, row, peer))
    wrap = decode(Wrap, data)
    log = node.log_of(ledger, row.log)
    if not may_leave(node, ledger, log, row.seq, peer, channel):
        return Delivery(row.envelope, withheld, without_key(wrap))
    return Delivery(row.envelope, tuple(DeliveredBody(*held[place]) for place in sorted(held)), wrap)


def without_key(wrap: Wrap) -> Wrap:
    """What a recipient is told of an item that is withheld: which one to refuse."""
    return msgspec.structs.replace(wrap, nonce=b"", key=b"")


def _lost(node: "Node", row: EntryRow) -> Wrap | None:
    """What a peer that has lost its record needs for its register: to whom it gave which item; no key."""
    line = node.store.register_line(row.log, row.seq, "held") or node.store.register_line(row.log, row.seq, "refused")
    return Wrap(node.party, b"", line.item, b"", b"", b"", b"") if line is not None else None


def _answered(node: "Node", row: EntryRow, peer: str) -> Wrap | None:
    """What a peer is told of an item that it has answered, where it asks for it again: which one it was; no key."""
    lines = node.store.register_of(row.log, row.seq, "given")
    line = next((line for line in lines if line.party == peer), None)
    return Wrap(peer, b"", line.item, b"", b"", b"", b"") if line is not None else None


def may_leave(node: "Node", ledger: Ledger, log: HeldLog, seq: int, peer: str, channel: str) -> bool:
    """Whether an item released before may leave now; see :class:`Departure`."""
    return Departure(node, ledger, log, peer, channel).allows(seq, node.fresh.get(log.row.id, seq))


class Departure:
    """Whether items released before may leave for a peer by a channel: the gate again, at one instant.

    Made for what leaves together, while nothing is written; asked of each item, in their order. A standing release that
    was revoked since stops it too.
    """

    def __init__(self, node: "Node", ledger: Ledger, log: HeldLog, peer: str, channel: str) -> None:
        self._node = node
        self._ledger = ledger
        self._log = log
        self._peer = peer
        self._channel = channel
        self._at = node.instant()
        self._uncertainty = node.uncertainty()
        self._gate = gate_for(ledger, self._at, sender=node.party, recipient=peer, direction="release")
        self._standings: dict[str, StandingRelease] = {}

    def delivery(self, seq: int, leaving: Leaving) -> Delivery:
        """An item just released, as the peer may have it."""
        wrap = leaving.wraps.get(self._peer)
        if wrap is not None and self.allows(seq, leaving):
            return Delivery(leaving.envelope, leaving.bodies, wrap)
        withheld = (None,) * len(leaving.bodies)
        return Delivery(leaving.envelope, withheld, None if wrap is None else without_key(wrap))

    def allows(self, seq: int, leaving: Leaving | None) -> bool:
        """Whether the item of an entry may leave; ``leaving``: as it lies in memory, if it does."""
        if leaving is None or not self._unchanged(seq, leaving):
            return self._judged_anew(seq, leaving)
        facts, (gate, until) = leaving.draft.facts, leaving.draft.gates.get(self._peer, (None, None))
        if gate is self._gate and (until is None or self._at < until):
            return True  # it has said so, and says so still
        return facts is not None and self._gate.decide(facts, self._at).allowed

    def _unchanged(self, seq: int, leaving: Leaving) -> bool:
        """Whether what the gate was told of an item at its release is what it would be told now."""
        facts, name = leaving.draft.facts, leaving.draft.header.standing
        if facts is None or facts.channel != self._channel or facts.uncertainty != self._uncertainty:
            return False
        return name is None or self._standing(seq, name) is facts.standing

    def _standing(self, seq: int, name: str) -> StandingRelease | str:
        """The standing release that an entry cites, or why it cannot be relied on.

        One that stands before an entry stands before all that follow, so that it is looked for once.
        """
        held = self._standings.get(name)
        if held is not None:
            return held
        log = self._log
        found = self._ledger.projection.standings.at(Position(*log.name, seq), name, log.row.size)
        if isinstance(found, StandingRelease):
            self._standings[name] = found
        return found

    def _judged_anew(self, seq: int, leaving: Leaving | None) -> bool:
        node, ledger, log = self._node, self._ledger, self._log
        try:
            opened = leaving.draft.opened() if leaving else node.open_held(ledger, node.position_of(log.row, seq))
        except (SealingError, NotCanonicalError):
            return False  # what cannot be judged any more does not leave
        theirs = ledger.current(self._peer)
        trusted = theirs is not None and theirs.keys.newest is not None
        item = facts_at(node, ledger, log, seq, opened, channel=self._channel, trusted=trusted, revoked_by=log.row.size)
        return self._gate.decide(item, self._at).allowed
