"""The one way out: what a peer is entitled to, from where its copy of the logs ends (docs/spec/link.md).

A feed goes to one peer over one connection or into one bundle. It carries this party's own logs, and the peer's own log
back to it where it has lost its end; never a third party's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from entente.node.authority import facts_at, gate_for
from entente.node.ledger import HeldLog, Ledger
from entente.record.checkpoint import Checkpoint, origin, sign_checkpoint
from entente.record.envelope import DeliveredBody, Delivery, Wrap, parse_envelope
from entente.record.frames import AnyFrame, Entries, Head, Hello
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import SealingError
from entente.store.rows import EntryRow

if TYPE_CHECKING:
    from entente.node.node import Node

CHUNK_ENTRIES = 256
CHUNK_BYTES = 1024 * 1024


@dataclass
class Feed:
    """How far a peer's copy of each log reaches, over one connection: (agreement, writer, incarnation) -> size."""

    peer: str
    sent: dict[tuple[bytes, str, str], int] = field(default_factory=dict)
    returning: set[tuple[bytes, str, str]] = field(default_factory=set)
    """Logs of the peer's own of which it greeted with less than is held here: it has lost their end."""


def shared_with(node: "Node", peer: str) -> list[Ledger]:
    """The agreements that both this party and the peer are parties to; no other is ever named to it."""
    return [ledger for ledger in node.ledgers.values() if peer in ledger.parties]


def hello(node: "Node", peer: str) -> Hello:
    """The greeting to a peer: the heads of its logs and of one's own, of shared agreements only."""
    heads = []
    for ledger in shared_with(node, peer):
        for log in ledger.logs.values():
            if log.row.writer in (node.party, peer) and log.row.size:
                checkpoint = log.row.checkpoint
                if log.row.writer == node.party:
                    checkpoint = ledger.checkpoint(log, node.signer(log, log.row.size)) if ledger.ready else ""
                heads.append(Head(ledger.agreement, *log.name, log.row.size, checkpoint))
    return Hello(
        protocol=1,
        party=node.party,
        software=node.software,
        tzdata=node.tzdata,
        simulated=node.clock.simulated,
        heads=tuple(heads),
    )


def frames_for(node: "Node", feed: Feed, channel: str = "link") -> Iterator[AnyFrame]:
    """Everything the peer lacks, as frames; advances the feed as they are taken. Payloads pass the gate once more."""
    for ledger in shared_with(node, feed.peer):
        logs = list(ledger.logs.values())
        # A peer's lost entries first: until it has them back it can answer nothing.
        for log in logs:
            if log.row.writer == feed.peer:
                yield from _theirs(node, feed, ledger, log)
        for log in logs:
            if log.row.writer == node.party and ledger.ready:
                yield from _own(node, feed, ledger, log, channel)


def first_frame(node: "Node", feed: Feed) -> AnyFrame | None:
    """The next thing the peer lacks, None where it lacks nothing."""
    return next(frames_for(node, feed), None)


def _own(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog, channel: str) -> Iterator[Entries]:
    key = (ledger.agreement, *log.name)
    while (first := feed.sent.get(key, 0)) < (size := log.row.size):
        rows, deliveries = _chunk(node, ledger, log, first, feed.peer, channel)
        end = first + len(rows)
        if end == size:
            checkpoint = ledger.checkpoint(log, node.signer(log, log.row.size))
        else:
            checkpoint = _earlier_checkpoint(node, ledger, log, end)
        feed.sent[key] = end
        yield Entries(ledger.agreement, *log.name, first, tuple(deliveries), checkpoint)


def _theirs(node: "Node", feed: Feed, ledger: Ledger, log: HeldLog) -> Iterator[Entries]:
    """The peer's own entries back to it, which has lost their end; only the last frame can carry its checkpoint."""
    key = (ledger.agreement, *log.name)
    while key in feed.returning and (first := feed.sent.get(key, 0)) < (size := log.row.size):
        rows, deliveries = _chunk(node, ledger, log, first, feed.peer, None)
        end = first + len(rows)
        feed.sent[key] = end
        yield Entries(ledger.agreement, *log.name, first, tuple(deliveries), log.row.checkpoint if end == size else "")
    feed.returning.discard(key)


def _chunk(
    node: "Node", ledger: Ledger, log: HeldLog, first: int, peer: str, channel: str | None
) -> tuple[list[EntryRow], list[Delivery]]:
    rows, deliveries, size = [], [], 0
    for row in node.store.entries(log.row.id, first, CHUNK_ENTRIES):
        delivery = deliver(node, ledger, row, peer, channel)
        size += len(row.envelope) + sum(len(body.data) for body in delivery.bodies if body)
        rows.append(row)
        deliveries.append(delivery)
        if size > CHUNK_BYTES:
            break
    return rows, deliveries


def deliver(node: "Node", ledger: Ledger, row: EntryRow, peer: str, channel: str | None) -> Delivery:
    """An entry as one peer may have it.

    Bodies that go to all are in clear; an item's are sealed, for its recipient alone, and only while the gate lets this
    item flow by this channel: after that the envelope goes with a wrap that holds no key, so that the recipient knows
    what to refuse. ``channel`` None returns a peer's own entries to it, without bodies: only for its register.
    """
    envelope = parse_envelope(row.envelope)
    held = node.store.bodies(row.log, row.seq)
    if row.kind != "transfer":
        bodies = tuple(DeliveredBody(*held[place]) if place in held else None for place in range(len(envelope.bodies)))
        return Delivery(row.envelope, bodies, None)
    withheld: tuple[DeliveredBody | None, ...] = (None,) * len(envelope.bodies)
    if channel is None:
        return Delivery(row.envelope, withheld, _lost(node, row))
    data = node.store.wrap(row.log, row.seq, peer)
    if data is None:
        return Delivery(row.envelope, withheld, None)
    wrap = decode(Wrap, data)
    if not may_leave(node, ledger, row, peer, channel):
        return Delivery(row.envelope, withheld, msgspec.structs.replace(wrap, nonce=b"", key=b""))
    return Delivery(row.envelope, tuple(DeliveredBody(*held[place]) for place in sorted(held)), wrap)


def _lost(node: "Node", row: EntryRow) -> Wrap | None:
    """What a peer that has lost its record needs for its register: to whom it gave which item; no key."""
    line = node.store.register_line(row.log, row.seq, "held") or node.store.register_line(row.log, row.seq, "refused")
    return Wrap(node.party, b"", line.item, b"", b"", b"", b"") if line is not None else None


def may_leave(node: "Node", ledger: Ledger, row: EntryRow, peer: str, channel: str) -> bool:
    """Whether an item released before may leave now: the gate again, at this instant, for this channel."""
    log = node.store.log(row.log)
    held = ledger.logs[log.writer, log.incarnation]
    try:
        opened = node.open_held(ledger, node.position_of(log, row.seq))
    except (SealingError, NotCanonicalError):
        return False  # what cannot be judged any more does not leave
    theirs = ledger.current(peer)
    trusted = theirs is not None and theirs.keys.newest is not None
    item = facts_at(node, held, row.seq, opened.transfer, channel=channel, trusted=trusted)
    at = node.instant()
    return gate_for(ledger, at, sender=node.party, recipient=peer, direction="release").decide(item, at).allowed


def _earlier_checkpoint(node: "Node", ledger: Ledger, log: HeldLog, size: int) -> str:
    head = Checkpoint(origin(ledger.agreement, *log.name), size, node.root_at(log, size))
    return sign_checkpoint(head, node.signer(log, size))
