"""Receiving an item: unwrap, verify every digest, ask the gate at one's own instant, keep or refuse.

A recipient that refuses keeps neither bytes nor key. What is verified here is what is kept: the sealed bytes whose
opening was checked, under a content key locked anew at rest.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from entente.domain.precedence import ROUTINE
from entente.node.authority import facts_at, gate_for, standing_until
from entente.node.commit import Work
from entente.node.lanes import ranges
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.node.regained import line_regained
from entente.node.relations import RELATION, misrelated
from entente.node.shedding import drop_wraps, keep_keys
from entente.node.streams import STREAM_ORDER, advance, misplaced, of_one_form
from entente.record.bodies import Transfer, TransferHeader
from entente.record.envelope import SALT, Delivery, Envelope, Wrap, open_body
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import SealingError
from entente.sealing.seal import (
    SEGMENT,
    ItemSeal,
    SealingKey,
    WrapBinding,
    accept_epoch,
    payload_digest,
)
from entente.store.reader import body_id
from entente.store.rows import AwaitedRow

if TYPE_CHECKING:
    from entente.node.node import Node

REFUSED = "refused: "
"""How the state of a refused item begins in both registers."""
SEALED_SEGMENT = 1024 * 1024 + 16
ITEM = re.compile(r"[a-z0-9-]{1,64}")
"""An item's id; it stands in registers, whatever else becomes of the item."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of a transfer: accepted (``refused`` None), refused with a coarse code, or awaiting a part."""

    seq: int
    refused: str | None = None
    awaiting: bool = False


class Opened(msgspec.Struct, frozen=True, gc=False):
    """An item opened and checked against everything that commits to it."""

    content_key: bytes
    transfer: Transfer
    header: TransferHeader
    digest: bytes
    inline: bytes | None

    def __repr__(self) -> str:
        return f"<Opened {self.header.item}>"


class Arrivals:
    """Items of one log as they arrive in one frame: each is judged by itself, all are written at once."""

    def __init__(self, node: "Node", unit: Work, ledger: Ledger, log: HeldLog, channel: str) -> None:
        self.node = node
        self.unit = unit
        self.ledger = ledger
        self.log = log
        self.channel = channel
        self._id, self._writer = log.row.id, log.row.writer
        self.outcomes: list[Outcome] = []
        self._bodies: list[tuple[int, bool, bytes]] = []
        self._lines: list[tuple[int, int, str, str, str, str, int]] = []
        self._keys: list[tuple[int, bytes]] = []
        self._wraps: list[tuple[int, int, str, bytes, int]] = []
        self._awaited: list[AwaitedRow] = []
        self._items: set[str] = set()

    def expect(self, wraps: Iterable[Wrap | None]) -> None:
        """Look up at once which of the items that a frame brings are held already."""
        items = [item_id(wrap) for wrap in wraps if wrap is not None and wrap.recipient == self.node.party]
        self._items |= self.unit.tx.held_from(self.log.row.writer, items)

    def defer(self, seq: int) -> None:
        """An item for this party whose bodies come later."""
        self._awaited.append(AwaitedRow(self.log.row.id, seq, "body", ""))

    def take(self, envelope: Envelope, delivery: Delivery) -> Outcome | None:
        """Decide on a transfer; None where it is not addressed to this party."""
        wrap, seq = delivery.wrap, envelope.seq
        if wrap is None or not wrap.key:  # answered long ago, perhaps by a copy of this node that is lost
            code = self.ledger.regained.answer(self.log.name, seq)
            if code is not None:
                item = item_id(wrap) if wrap is not None else ""
                self._lines.append(line_regained(self.log, seq, item, code, self.unit.at))
                return None
        if wrap is None or wrap.recipient != self.node.party:
            return None
        outcome = self._decide(envelope, delivery, wrap)
        self.outcomes.append(outcome)
        return outcome

    def _decide(self, envelope: Envelope, delivery: Delivery, wrap: Wrap) -> Outcome:
        node, ledger, log, seq, row = self.node, self.ledger, self.log, envelope.seq, self._id
        try:
            opened = open_transfer(node, ledger, envelope, delivery, wrap)
        except (SealingError, NotCanonicalError) as error:
            code = _closed(ledger, self.unit) or "SEAL"
            note(node, self.unit, "refused", {"from": log.row.writer, "entry": seq, "code": code, "text": str(error)})
            return self._refuse(seq, item_id(wrap), code)
        header = opened.header
        item = header.item
        if item in self._items:
            return self._refuse(seq, item, "DUPLICATE")
        if header.relation is not None:
            self.write()  # what it refers to may have come in this very frame
        refused = _decide(node, self.unit, ledger, log, seq, opened, self.channel)
        if refused is not None:
            return self._refuse(seq, item, refused)
        self._items.add(item)
        for number, body in enumerate(delivery.bodies, body_id(row, seq, 0)):
            if body is not None:
                self._bodies.append((number, body.sealed, body.data))
        self._keys.append((seq, opened.content_key))
        self._wraps.append((row, seq, node.party, encode(wrap), ROUTINE))
        if header.payload.segments:
            self._awaited.append(AwaitedRow(row, seq, "payload", item))
            return Outcome(seq, awaiting=True)
        self._lines.append((row, seq, self._writer, "held", item, "held", self.unit.at))
        if header.relation is not None:
            _relate(self.unit, log, seq, header)
        return Outcome(seq)

    def _refuse(self, seq: int, item: str, code: str) -> Outcome:
        self._lines.append(refusal(self.node, self.unit, self.log, seq, item, code))
        return Outcome(seq, code)

    def write(self) -> None:
        """Write what was taken; its keys wait for their own store, and its wraps for them."""
        tx, log = self.unit.tx, self.log.row.id
        if self._keys:
            keep_keys(self.node, self.unit, log, self._keys)
            tx.put_wraps(self._wraps)
            # Range by range: what lies between may come later, and its key is not durable when these are.
            for seqs in ranges(sorted(seq for seq, _ in self._keys)):
                drop_wraps(self.node, self.unit, log, seqs, self.node.party)
        tx.put_bodies(self._bodies)
        tx.enter(self._lines)
        tx.await_parts(self._awaited)
        held = [line[1] for line in self._lines if line[3] == "held"]
        if held:
            self.unit.after.append(lambda: self.node.arrived(log, held))
        self._bodies, self._lines, self._keys, self._wraps, self._awaited = [], [], [], [], []


def _relate(unit: Work, log: HeldLog, seq: int, header: TransferHeader) -> None:
    """Note what an accepted item says of an earlier one, beside the register's line."""
    if header.relation is not None:
        unit.tx.relate(log.row.id, seq, header.relation.kind, header.relation.item, header.item)


def _decide(
    node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seq: int, opened: Opened, channel: str
) -> str | None:
    """The coarse code to refuse with, or None: the gate, then its place in a stream and what it says of another."""
    header = opened.header
    if header.stream is None and header.relation is None:
        return _judge(node, unit, ledger, log, seq, opened, channel)
    code, wrong = STREAM_ORDER, misplaced(unit.tx, log.row.id, header)
    if wrong is None:
        advance(unit.tx, log.row.id, header)  # seen, whatever the gate says: one refusal does not end the stream
        code, wrong = RELATION, misrelated(node, unit.tx, ledger, header)
    refused = _judge(node, unit, ledger, log, seq, opened, channel)
    if refused is not None or wrong is None:
        return refused
    facts = {"from": log.row.writer, "entry": seq, "item": header.item, "code": code, "text": wrong}
    note(node, unit, "refused", facts)
    return code


def item_id(wrap: Wrap) -> str:
    """The id that a wrap names, before anything signed has confirmed it; "" where it is none."""
    return wrap.item if ITEM.fullmatch(wrap.item) else ""


def refusal(
    node: "Node", unit: Work, log: HeldLog, seq: int, item: str, code: str
) -> tuple[int, int, str, str, str, str, int]:
    """The register's line of a refused item: from whom and when it came, and the code; nothing of what it was.

    Its key is destroyed even though none was kept: a crash may have left one when the entry came for the first time.
    """
    unit.after.append(lambda: node.shred(log.row.id, Position(*log.name, seq)))
    return (log.row.id, seq, log.row.writer, "refused", item, REFUSED + code, unit.at)


def _refuse_awaited(node: "Node", unit: Work, log: HeldLog, seq: int, code: str) -> Outcome:
    """Refuse an item that was taken in while its payload was on its way; bytes and key go."""
    awaited = unit.tx.awaited(log.row.id, seq)
    unit.tx.end_awaiting(log.row.id, [seq])
    unit.tx.drop_bodies(log.row.id, seq)
    unit.tx.drop_wraps(log.row.id, (seq, seq), node.party)
    unit.tx.enter([refusal(node, unit, log, seq, awaited.item if awaited else "", code)])
    return Outcome(seq, code)


def _closed(ledger: Ledger, unit: Work) -> str | None:
    """``AGREEMENT`` where nothing may be accepted now anyway: what is withheld after the end is no bad seal."""
    status, until = ledger.interval(unit.at)
    unit.holds_until(until)
    return None if status.release_allowed else "AGREEMENT"


def open_transfer(node: "Node", ledger: Ledger, envelope: Envelope, delivery: Delivery, wrap: Wrap) -> Opened:
    """Open an item for this party, checking wrap, seal, commitments, header and payload digest against one another.

    Raises:
        SealingError: a key that is not held, or bytes that do not open.
        NotCanonicalError: bytes that are not what something signed commits to.
    """
    seal = node.epoch_seal(ledger, envelope.writer, wrap.epoch)
    binding = WrapBinding(ledger.agreement, wrap.terms, envelope.writer, node.party, wrap.item, wrap.header, wrap.epoch)
    key = seal.unwrap(wrap.nonce, wrap.key, binding)
    item = ItemSeal(key, ledger.agreement, envelope.writer, wrap.item)
    bodies = []
    for place, (ref, body) in enumerate(zip(envelope.bodies, delivery.bodies, strict=True)):
        if body is None or not body.sealed:
            raise NotCanonicalError("a body of the item is missing or not sealed")
        bodies.append(open_body(ref, item.open(place, body.data)))
    return check_item(ledger, envelope, wrap, key, bodies)


def check_item(ledger: Ledger, envelope: Envelope, wrap: Wrap | None, key: bytes, bodies: list[bytes]) -> Opened:
    """An opened item whose header, wrap, envelope and inline payload agree with one another.

    Raises:
        NotCanonicalError: they do not.
    """
    transfer = decode(Transfer, bodies[0])
    header, digest = decode(TransferHeader, transfer.header), hashlib.sha256(transfer.header).digest()
    payload = header.payload
    of_an_item = len(bodies) <= 2 and ITEM.fullmatch(header.item) is not None and of_one_form(header)
    if not of_an_item or len(payload.salt) != SALT or payload.size < 0 or payload.segments < 0:
        raise NotCanonicalError("the header is not one of an item")
    inline = bodies[1] if len(bodies) == 2 else None
    outside = (header.agreement, header.sender, header.precedence, header.reality)
    if outside != (ledger.agreement, envelope.writer, envelope.precedence, envelope.reality):
        raise NotCanonicalError("header and envelope do not say the same")
    if wrap is not None and (wrap.header, wrap.item, wrap.terms) != (digest, header.item, header.terms):
        raise NotCanonicalError("header and wrap do not say the same")
    if payload.segments and payload.segments != max(1, -(-payload.size // SEGMENT)):
        raise NotCanonicalError("the payload has more segments than its size, or fewer")
    if (inline is None) != (payload.segments > 0) or envelope.payload != (payload.size if payload.segments else 0):
        raise NotCanonicalError("header and envelope do not agree on where the payload is")
    if inline is not None and (len(inline) != payload.size or payload_digest(payload.salt, [inline]) != payload.digest):
        raise NotCanonicalError("the payload is not the one that was approved")
    return Opened(key, transfer, header, digest, inline)


def epoch_secret(node: "Node", ledger: Ledger, writer: str, epoch: bytes) -> bytes:
    """The secret of a link epoch that a peer set up for this party.

    Raises:
        SealingError: the epoch is unknown, or the sealing key it was set up for has been destroyed.
    """
    held = node.secret("epoch", epoch)
    if held is not None:
        return held
    setup = ledger.setups.get((writer, epoch))
    secret = node.secret("sealing", setup.key) if setup else None
    if setup is None or secret is None:
        raise SealingError("the link epoch is unknown here, or its key has been destroyed")
    key = SealingKey.from_secret(secret)
    return accept_epoch(
        key, setup.sealed, epoch=epoch, agreement=ledger.agreement, writer=writer, recipient_party=node.party
    )


def _judge(
    node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seq: int, opened: Opened, channel: str
) -> str | None:
    """The coarse code to refuse with, or None. Every refusal is explained in the national log."""
    trusted = log.keys.at(seq) is not None
    item = facts_at(node, ledger, log, seq, opened, channel=channel, trusted=trusted)
    gate = gate_for(ledger, unit.at, sender=log.row.writer, recipient=node.party, direction="accept")
    unit.holds_until(gate.until)
    unit.holds_until(standing_until(item, unit.at))
    decision = gate.decide(item, unit.at)
    node.note_warnings(decision)
    if decision.allowed:
        if decision.warnings and any(warning.code == "CLOCK_UNCERTAIN" for warning in decision.warnings):
            marked = {"from": log.row.writer, "entry": seq, "item": opened.header.item, "decision": decision}
            note(node, unit, "marked", marked)
        return None
    note(
        node, unit, "refused", {"from": log.row.writer, "entry": seq, "item": opened.header.item, "decision": decision}
    )
    return decision.shared_code() or "OTHER"


def finish_payload(
    node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seq: int, wrong: str | None, channel: str
) -> Outcome:
    """Judge a transfer whose last segment has come: ``wrong`` says what its digests showed, then the gate is asked."""
    position = Position(*log.name, seq)
    try:
        opened = node.open_held(ledger, position)
        if wrong is not None:
            raise NotCanonicalError(wrong)
    except (SealingError, NotCanonicalError) as error:
        code = _closed(ledger, unit) or "SEAL"
        note(node, unit, "refused", {"from": log.row.writer, "entry": seq, "code": code, "text": str(error)})
        return _refuse_awaited(node, unit, log, seq, code)
    if unit.tx.held_from(log.row.writer, [opened.header.item]):  # two of one id may have been on their way at once
        return _refuse_awaited(node, unit, log, seq, "DUPLICATE")
    refused = _decide(node, unit, ledger, log, seq, opened, channel)
    if refused is not None:
        return _refuse_awaited(node, unit, log, seq, refused)
    unit.tx.enter([(log.row.id, seq, log.row.writer, "held", opened.header.item, "held", unit.at)])
    _relate(unit, log, seq, opened.header)
    unit.tx.end_awaiting(log.row.id, [seq])
    unit.after.append(lambda: node.arrived(log.row.id, [seq]))
    return Outcome(seq)


def abandon(node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seqs: list[int]) -> str | None:
    """Give up transfers of which a part can no longer come, since nothing may flow: the code to refuse them with.

    None where something may flow at this instant: then they are still awaited.
    """
    closed = _closed(ledger, unit)
    if closed is not None:
        facts = {"from": log.row.writer, "entries": seqs, "code": closed, "text": "never complete"}
        note(node, unit, "refused", facts)
        for seq in seqs:
            _refuse_awaited(node, unit, log, seq, closed)
    return closed
