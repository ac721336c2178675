"""Releasing an item: compose, gate, approval, seal, commit (docs/spec/transfer.md, "An item's way").

Nothing here is a default that opens: a field left out is missing, and the gate refuses what is missing.
"""

import errno
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from os import urandom
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from entente.domain.release import Decision
from entente.node.agreements import epoch_for, usable
from entente.node.authority import facts_at, gate_for
from entente.node.commit import SaltedBody, Work
from entente.node.errors import NotReadyError, RefusedError, UsageError
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.record.bodies import Approval, ApprovalStatement, MarkingBody, PayloadRef, Transfer, TransferHeader
from entente.record.envelope import SALT, Wrap
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.seal import (
    SEGMENT,
    PayloadDigest,
    WrapBinding,
    new_content_key,
    payload_key,
    seal_body,
    seal_segment,
    wrap,
)

if TYPE_CHECKING:
    from entente.node.node import Node

INLINE = 64 * 1024
"""Bytes; larger payloads travel in sealed segments beside the log."""
RELEASE = "release"
PRECEDENCES = ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE")
"""The order on the wire, not secrecy (ACP 121)."""


@dataclass(frozen=True)
class Request:
    """What a release authority is asked to approve, before it has been given an id, sealed and hashed."""

    title: str
    filename: str
    media_type: str
    level: str
    purpose: str
    recipients: tuple[str, ...]
    precedence: str
    reality: str
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None


@dataclass
class Draft:
    """A composed item: its header's exact bytes, what approvals sign, and the sealed payload; lives until committed."""

    header_bytes: bytes
    header: TransferHeader
    content_key: bytes = field(repr=False)
    inline: bytes | None = field(repr=False)
    staged: Path | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the header's bytes: what an approval names."""
        return hashlib.sha256(self.header_bytes).digest()


def compose(node: "Node", ledger: Ledger, request: Request, payload: BinaryIO) -> Draft:
    """Read the payload once, seal it, and build the header that approvals sign.

    Raises:
        UsageError: no recipient, an unknown precedence, or an empty title.
    """
    if not request.recipients or not set(request.recipients) <= set(ledger.peers):
        raise UsageError(
            "UNKNOWN_RECIPIENT",
            "the item is addressed to nobody who is another party",
            f"One of: {', '.join(ledger.peers)}",
        )
    if request.precedence not in PRECEDENCES:
        raise UsageError(
            "UNKNOWN_PRECEDENCE", f"{request.precedence!r} is no precedence", f"One of: {', '.join(PRECEDENCES)}"
        )
    if not request.title:
        raise UsageError("TITLE_MISSING", "the item has no title", "Add --title.")
    item, key = urandom(16).hex(), new_content_key()
    reference, inline, staged = _seal_payload(node, key, item, payload)
    terms = ledger.status(node.instant()).views[node.party].terms_version
    header = TransferHeader(
        schema="entente/transfer/1",
        item=item,
        agreement=ledger.agreement,
        terms=bytes.fromhex(terms),
        sender=node.party,
        recipients=request.recipients,
        title=request.title,
        filename=request.filename,
        media_type=request.media_type,
        marking=MarkingBody(request.level, node.party, request.caveats, request.rel_to),
        purpose=request.purpose,
        precedence=request.precedence,
        reality=request.reality,
        composed=node.instant(),
        payload=reference,
    )
    return Draft(encode(header), header, key, inline, staged)


def _seal_payload(
    node: "Node", key: bytes, item: str, payload: BinaryIO
) -> tuple[PayloadRef, bytes | None, Path | None]:
    """The payload's reference, and its bytes if it goes inline or the file of its sealed segments if not."""
    salt = urandom(SALT)
    first = payload.read(INLINE + 1)
    if len(first) <= INLINE:
        plain = PayloadDigest(salt)
        plain.update(first)
        return PayloadRef(len(first), salt, plain.digest(), b"", 0), first, None
    staged = node.home.path / "payloads" / f"staged-{item}"
    with disk_room(), staged.open("xb") as file:
        plain, sealed, size, index = PayloadDigest(salt), hashlib.sha256(), 0, 0
        for index, (segment, last) in enumerate(_segments(chain([first], iter(lambda: payload.read(SEGMENT), b"")))):
            plain.update(segment)
            data = seal_segment(payload_key(key), index, last, segment)
            sealed.update(data)
            size += len(segment)
            file.write(data)
        file.flush()
        node.sync(file)
    return PayloadRef(size, salt, plain.digest(), sealed.digest(), index + 1), None, staged


@contextmanager
def disk_room() -> Iterator[None]:
    """Turns the error of a full disk into what a user is told.

    Raises:
        NotReadyError: ``DISK_FULL``.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise NotReadyError("DISK_FULL", "the disk is full", "Free space where the node's directory is.") from error


def _segments(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The chunks cut into segments of exactly 1 MiB, the last one shorter or equal and flagged."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > SEGMENT:
            yield bytes(held[:SEGMENT]), False
            del held[:SEGMENT]
    yield bytes(held), True


def approval_statement(node: "Node", draft: Draft, office: str, person: str) -> bytes:
    """What the release authority signs (prefix kind ``approval``)."""
    return encode(
        ApprovalStatement(
            schema="entente/approval/1",
            agreement=draft.header.agreement,
            item=draft.header.item,
            header=draft.digest,
            office=office,
            person=person,
            at=node.instant(),
        )
    )


def judge(
    node: "Node", ledger: Ledger, draft: Draft, approvals: tuple[Approval, ...], at: int, *, channel: str = "link"
) -> tuple[Decision, int | None]:
    """The gate's answer for all recipients at ``at``: the first refusal, else an allowance; until when it holds."""
    log = usable(ledger)
    transfer = Transfer(draft.header_bytes, approvals)
    until: int | None = None
    decision = None
    for recipient in draft.header.recipients:
        peer = ledger.current(recipient)
        trusted = peer is not None and peer.keys.newest is not None
        item = facts_at(node, log, log.row.size, transfer, channel=channel, trusted=trusted)
        gate = gate_for(ledger, at, sender=node.party, recipient=recipient, direction="release")
        decision = gate.decide(item, at)
        node.note_warnings(decision)
        until = min(filter(None, (until, gate.until)), default=None)
        if not decision.allowed:
            break
    if decision is None:
        raise UsageError("UNKNOWN_RECIPIENT", "the item is addressed to nobody", "Name a recipient.")
    return decision, until


def release(node: "Node", ledger: Ledger, draft: Draft, approvals: tuple[Approval, ...]) -> Position:
    """Commit the release: instant, gate, append in one transaction. Cannot be undone; what is given stays protected.

    Raises:
        RefusedError: with every step of the gate that failed; the refusal is noted in the national log alone.
    """

    def work(unit: Work) -> Position | Decision:
        log = usable(ledger)
        decision, until = judge(node, ledger, draft, approvals, unit.at)
        unit.holds_until(until)
        note(node, unit, "gate", {"item": draft.header.item, "title": draft.header.title, "decision": decision})
        if not decision.allowed:
            return decision
        return _append(node, unit, ledger, log, draft, approvals)

    try:
        result = node.committer.run(work)
    finally:
        if draft.staged is not None:
            draft.staged.unlink(missing_ok=True)
    if isinstance(result, Decision):
        raise RefusedError(result.reasons[0].code, result.reasons[0].text, result.reasons[0].remedy, result.reasons)
    return result


def _append(
    node: "Node", unit: Work, ledger: Ledger, log: HeldLog, draft: Draft, approvals: tuple[Approval, ...]
) -> Position:
    header = draft.header
    epochs = {party: epoch_for(node, unit, ledger, log, party) for party in header.recipients}
    bodies = [SaltedBody(urandom(SALT), encode(Transfer(draft.header_bytes, approvals)))]
    if draft.inline is not None:
        bodies.append(SaltedBody(urandom(SALT), draft.inline))
    for place, body in enumerate(bodies):
        body.sealed = seal_body(
            draft.content_key,
            place,
            agreement=ledger.agreement,
            writer=node.party,
            item=header.item,
            data=body.salt + body.body,
        )
    external = header.payload.size if draft.staged is not None else 0
    position = unit.append(
        ledger, log, "transfer", bodies, precedence=header.precedence, reality=header.reality, payload=external
    )
    if draft.staged is not None:
        target = node.payload_path(position)
        target.unlink(missing_ok=True)
        target.hardlink_to(draft.staged)  # not a rename: the transaction may be done again
        unit.undo.append(lambda: target.unlink(missing_ok=True))
        node.sync_payloads()
    for party, (epoch, secret) in epochs.items():
        binding = WrapBinding(ledger.agreement, header.terms, node.party, party, header.item, draft.digest, epoch)
        nonce, sealed = wrap(secret, draft.content_key, binding)
        data = encode(Wrap(party, epoch, header.item, header.terms, draft.digest, nonce, sealed))
        unit.tx.put_wrap(log.row.id, position.seq, party, data)
        unit.tx.enter(log.row.id, position.seq, party, "given", header.item, "sent", unit.at)
    unit.undo.append(lambda: node.item_keys.destroy(log.row.id, position.seq))
    node.keep_content_key(unit.tx, log.row.id, position.seq, header.item, draft.content_key)
    return position
