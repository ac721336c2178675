"""Receiving an item: unwrap, verify every digest, ask the gate at one's own instant, keep or refuse.

A recipient that refuses keeps neither bytes nor key. What is verified here is what is kept: the sealed bytes whose
opening was checked, under a content key locked anew at rest.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entente.node.authority import facts_at, gate_for
from entente.node.commit import Work
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.record.bodies import Transfer, TransferHeader
from entente.record.envelope import SALT, Delivery, Envelope, Wrap, open_body
from entente.record.log import CheckedEntry
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import SealingError
from entente.sealing.seal import (
    PayloadDigest,
    SealingKey,
    WrapBinding,
    accept_epoch,
    payload_digest,
    payload_key,
    unseal_body,
    unseal_segment,
    unwrap,
)

if TYPE_CHECKING:
    from entente.node.node import Node

REFUSED = "refused: "
"""How the state of a refused item begins in both registers."""
SEALED_SEGMENT = 1024 * 1024 + 16
ITEM = re.compile(r"[a-z0-9-]{1,64}")
"""An item's id; it stands in registers, whatever else becomes of the item."""


@dataclass(frozen=True)
class Outcome:
    """What became of a transfer: accepted (``refused`` None), refused with a coarse code, or awaiting its payload."""

    seq: int
    refused: str | None = None
    awaiting: bool = False
    have: int = 0


@dataclass(frozen=True)
class Opened:
    """An item opened and checked against everything that commits to it."""

    content_key: bytes
    transfer: Transfer
    header: TransferHeader
    digest: bytes
    inline: bytes | None


def take_transfer(
    node: "Node", unit: Work, ledger: Ledger, log: HeldLog, entry: CheckedEntry, channel: str
) -> Outcome | None:
    """Decide on a transfer; None where it is not addressed to this party."""
    wrap, seq = entry.delivery.wrap, entry.envelope.seq
    if wrap is None or wrap.recipient != node.party:
        return None
    try:
        opened = open_transfer(node, ledger, entry.envelope, entry.delivery, wrap)
    except (SealingError, NotCanonicalError) as error:
        code = _closed(ledger, unit) or "SEAL"
        note(node, unit, "refused", {"from": log.row.writer, "entry": seq, "code": code, "text": str(error)})
        return _refuse(node, unit, log, seq, item_id(wrap), code)
    if _given_before(unit, log, opened.header.item):
        return _refuse(node, unit, log, seq, item_id(wrap), "DUPLICATE")
    refused = _judge(node, unit, ledger, log, seq, opened, channel)
    if refused is not None:
        return _refuse(node, unit, log, seq, item_id(wrap), refused)
    _keep(node, unit, log, entry, opened)
    if opened.header.payload.segments:
        unit.tx.await_payload(log.row.id, seq)
        return Outcome(seq, awaiting=True, have=segments_held(node, Position(*log.name, seq)))
    unit.tx.enter(log.row.id, seq, log.row.writer, "held", opened.header.item, "held", unit.at)
    return Outcome(seq)


def item_id(wrap: Wrap) -> str:
    """The id that a wrap names, before anything signed has confirmed it; "" where it is none."""
    return wrap.item if ITEM.fullmatch(wrap.item) else ""


def _given_before(unit: Work, log: HeldLog, item: str) -> bool:
    lines = unit.tx.register_items(item)
    return any(line.party == log.row.writer and line.direction == "held" for line in lines)


def _refuse(node: "Node", unit: Work, log: HeldLog, seq: int, item: str, code: str) -> Outcome:
    """Enter a refused item into the register: from whom and when it came, and the code; nothing of what it was.

    Its key is destroyed even though none was kept: a crash may have left one when the entry came for the first time.
    """
    unit.after.append(lambda: node.shred(log.row.id, Position(*log.name, seq)))
    unit.tx.enter(log.row.id, seq, log.row.writer, "refused", item, REFUSED + code, unit.at)
    return Outcome(seq, code)


def _refuse_awaited(node: "Node", unit: Work, log: HeldLog, seq: int, code: str) -> Outcome:
    """Refuse an item that was taken in while its payload was on its way; bytes and key go."""
    key = unit.tx.content_key(log.row.id, seq)
    unit.tx.end_awaiting(log.row.id, seq)
    unit.tx.drop_bodies(log.row.id, seq)
    return _refuse(node, unit, log, seq, key[0] if key else "", code)


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
    secret = epoch_secret(node, ledger, envelope.writer, wrap.epoch)
    binding = WrapBinding(ledger.agreement, wrap.terms, envelope.writer, node.party, wrap.item, wrap.header, wrap.epoch)
    key = unwrap(secret, wrap.nonce, wrap.key, binding)
    bodies = []
    for place, (ref, body) in enumerate(zip(envelope.bodies, delivery.bodies, strict=True)):
        if body is None or not body.sealed:
            raise NotCanonicalError("a body of the item is missing or not sealed")
        salted = unseal_body(
            key, place, agreement=ledger.agreement, writer=envelope.writer, item=wrap.item, data=body.data
        )
        bodies.append(open_body(ref, salted))
    return check_item(ledger, envelope, wrap, key, bodies)


def check_item(ledger: Ledger, envelope: Envelope, wrap: Wrap | None, key: bytes, bodies: list[bytes]) -> Opened:
    """An opened item whose header, wrap, envelope and inline payload agree with one another.

    Raises:
        NotCanonicalError: they do not.
    """
    transfer = decode(Transfer, bodies[0])
    header, digest = decode(TransferHeader, transfer.header), hashlib.sha256(transfer.header).digest()
    payload = header.payload
    of_an_item = len(bodies) <= 2 and ITEM.fullmatch(header.item) is not None
    if not of_an_item or len(payload.salt) != SALT or min(payload.size, payload.segments) < 0:
        raise NotCanonicalError("the header is not one of an item")
    inline = bodies[1] if len(bodies) == 2 else None
    outside = (header.agreement, header.sender, header.precedence, header.reality)
    if outside != (ledger.agreement, envelope.writer, envelope.precedence, envelope.reality):
        raise NotCanonicalError("header and envelope do not say the same")
    if wrap is not None and (wrap.header, wrap.item, wrap.terms) != (digest, header.item, header.terms):
        raise NotCanonicalError("header and wrap do not say the same")
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
    item = facts_at(node, log, seq, opened.transfer, channel=channel, trusted=trusted)
    gate = gate_for(ledger, unit.at, sender=log.row.writer, recipient=node.party, direction="accept")
    unit.holds_until(gate.until)
    decision = gate.decide(item, unit.at)
    node.note_warnings(decision)
    if decision.allowed:
        if any(warning.code == "CLOCK_UNCERTAIN" for warning in decision.warnings):
            marked = {"from": log.row.writer, "entry": seq, "item": opened.header.item, "decision": decision}
            note(node, unit, "marked", marked)
        return None
    note(
        node, unit, "refused", {"from": log.row.writer, "entry": seq, "item": opened.header.item, "decision": decision}
    )
    return decision.shared_code() or "OTHER"


def _keep(node: "Node", unit: Work, log: HeldLog, entry: CheckedEntry, opened: Opened) -> None:
    for place, body in enumerate(entry.delivery.bodies):
        if body is not None:
            unit.tx.put_body(log.row.id, entry.envelope.seq, place, body.sealed, body.data)
    unit.undo.append(lambda: node.item_keys.destroy(log.row.id, entry.envelope.seq))
    node.keep_content_key(unit.tx, log.row.id, entry.envelope.seq, opened.header.item, opened.content_key)


def segments_held(node: "Node", position: Position) -> int:
    """How many whole sealed segments of a payload are held."""
    path = node.payload_path(position)
    return path.stat().st_size // SEALED_SEGMENT if path.exists() else 0


def take_segment(node: "Node", log: HeldLog, seq: int, index: int, data: bytes, expected: int) -> int:
    """Append one sealed segment to the payload's file if it is the next; returns how many are held then."""
    path = node.payload_path(Position(*log.name, seq))
    have = min(segments_held(node, Position(*log.name, seq)), expected - 1)  # the last may come again, to be judged
    if index != have or index >= expected or len(data) > SEALED_SEGMENT:
        return have
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(handle, have * SEALED_SEGMENT)  # a torn segment from before a crash is written again
        os.pwrite(handle, data, have * SEALED_SEGMENT)
        if index + 1 == expected:
            os.fsync(handle)
            node.sync_payloads()
    finally:
        os.close(handle)
    return have + 1


def finish_payload(node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seq: int, channel: str) -> Outcome:
    """Judge a transfer whose last segment has come: digests first, then the gate at this instant."""
    position = Position(*log.name, seq)
    try:
        opened = node.open_held(ledger, position)
        _check_payload(node, position, opened)
    except (SealingError, NotCanonicalError) as error:
        code = _closed(ledger, unit) or "SEAL"
        note(node, unit, "refused", {"from": log.row.writer, "entry": seq, "code": code, "text": str(error)})
        return _refuse_awaited(node, unit, log, seq, code)
    if _given_before(unit, log, opened.header.item):  # two of one id may have been on their way at once
        return _refuse_awaited(node, unit, log, seq, "DUPLICATE")
    refused = _judge(node, unit, ledger, log, seq, opened, channel)
    if refused is not None:
        return _refuse_awaited(node, unit, log, seq, refused)
    unit.tx.enter(log.row.id, seq, log.row.writer, "held", opened.header.item, "held", unit.at)
    unit.tx.end_awaiting(log.row.id, seq)
    return Outcome(seq)


def abandon(node: "Node", unit: Work, ledger: Ledger, log: HeldLog, seq: int) -> str | None:
    """Give up a transfer whose payload can no longer come, since nothing may flow: the code to refuse it with.

    None where something may flow at this instant: then it is still awaited.
    """
    closed = _closed(ledger, unit)
    if closed is not None:
        note(node, unit, "refused", {"from": log.row.writer, "entry": seq, "code": closed, "text": "never complete"})
        _refuse_awaited(node, unit, log, seq, closed)
    return closed


def _check_payload(node: "Node", position: Position, opened: Opened) -> None:
    payload = opened.header.payload
    plain, sealed, key = PayloadDigest(payload.salt), hashlib.sha256(), payload_key(opened.content_key)
    size = 0
    with node.payload_path(position).open("rb") as file:
        for index in range(payload.segments):
            data = file.read(SEALED_SEGMENT)
            sealed.update(data)
            clear = unseal_segment(key, index, index + 1 == payload.segments, data)
            plain.update(clear)
            size += len(clear)
    if (sealed.digest(), plain.digest(), size) != (payload.sealed, payload.digest, payload.size):
        raise NotCanonicalError("the payload is not the one that was approved")
