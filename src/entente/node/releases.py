"""Releasing an item: compose, gate, approval, seal, commit (docs/spec/transfer.md, "An item's way").

Nothing here is a default that opens: a field left out is missing, and the gate refuses what is missing.
"""

import errno
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from msgspec import structs

from entente.domain.precedence import PRECEDENCES
from entente.domain.release import Decision, Gate
from entente.domain.release_facts import ItemFacts
from entente.node.agreements import usable
from entente.node.authority import facts_at, gate_for, standing_until
from entente.node.commit import SaltedBody, Work
from entente.node.errors import NotReadyError, RefusedError, UsageError
from entente.node.giving import give
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.node.relations import RELATION, misrelated
from entente.node.relations import REMEDY as RELATION_REMEDY
from entente.node.streams import REMEDY as STREAM_REMEDY
from entente.node.streams import STREAM_ORDER, misplaced, next_place, of_one_form
from entente.node.transfers import Opened
from entente.record.bodies import (
    Approval,
    ApprovalStatement,
    MarkingBody,
    PayloadRef,
    Relation,
    StreamPlace,
    Transfer,
    TransferHeader,
)
from entente.record.envelope import SALT
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.randomness import random_bytes
from entente.sealing.seal import (
    SEGMENT,
    PayloadDigest,
    new_content_key,
    payload_digest,
    payload_key,
    seal_segment,
)
from entente.store.reader import Reader

if TYPE_CHECKING:
    from entente.node.node import Node

INLINE = 64 * 1024
"""Bytes; larger payloads travel in sealed segments beside the log."""
RELEASE = "release"


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
    standing: str | None = None
    relation: Relation | None = None
    stream: str | None = None


class Sealed(NamedTuple):
    """A payload read once: the item's id and key, what the header says of it, its bytes or the file of its segments."""

    item: str
    content_key: bytes
    reference: PayloadRef
    inline: bytes | None
    staged: Path | None = None

    def __repr__(self) -> str:
        return f"<Sealed {self.item}>"


@dataclass(slots=True)
class Draft:
    """A composed item: its header's exact bytes, what approvals sign, and the sealed payload; lives until committed."""

    header_bytes: bytes
    header: TransferHeader
    content_key: bytes = field(repr=False)
    inline: bytes | None = field(repr=False)
    staged: Path | None = None
    approvals: tuple[Approval, ...] = ()
    facts: ItemFacts | None = None
    """What the gate was told when it was asked last."""
    bodies: list[SaltedBody] = field(default_factory=list, repr=False)
    gates: dict[str, tuple[Gate, int | None]] = field(default_factory=dict)
    """Per recipient the gate that allowed it, and until when (ms) its answer stands."""
    digest: bytes = field(init=False)
    """SHA-256 of the header's bytes: what an approval names."""

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256(self.header_bytes).digest()

    def opened(self) -> Opened:
        """The item as whoever holds it sees it."""
        transfer = Transfer(self.header_bytes, self.approvals)
        return Opened(self.content_key, transfer, self.header, self.digest, self.inline)

    def discard(self) -> None:
        """Remove the sealed payload that was staged for it."""
        if self.staged is not None:
            self.staged.unlink(missing_ok=True)


class Alike:
    """Items that differ from a first one in nothing but id, payload and place in a stream.

    What the gate is told of them differs in nothing else either, so it is put together once; each is judged by itself.
    For one transaction: gates and facts are those of its instant.
    """

    def __init__(self, node: "Node", ledger: Ledger, first: Draft, at: int) -> None:
        if first.facts is None or first.approvals or first.header.relation is not None:
            raise ValueError("the first item was not judged yet, or is none that others can be like")
        self._header = first.header
        self._facts = first.facts
        self._stand = first.gates
        self._gates = [
            gate_for(ledger, at, sender=node.party, recipient=recipient, direction="release")
            for recipient in first.header.recipients
        ]

    def compose(self, sealed: Sealed, place: StreamPlace | None) -> Draft:
        """Another item."""
        header = structs.replace(self._header, item=sealed.item, payload=sealed.reference, stream=place)
        facts = structs.replace(self._facts, item=sealed.item, size=sealed.reference.size)
        return Draft(encode(header), header, sealed.content_key, sealed.inline, facts=facts, gates=self._stand)

    def judge(self, draft: Draft, at: int) -> Decision:
        """The gate's answer for all recipients at ``at``: the first refusal, else an allowance."""
        decision = None
        for gate in self._gates:
            decision = gate.decide(draft.facts or self._facts, at)
            if not decision.allowed:
                break
        assert decision is not None  # noqa: S101 - the first item had a recipient, or it would have been refused
        return decision


def check_request(ledger: Ledger, request: Request) -> None:
    """Return if something can be composed as asked.

    Raises:
        UsageError: no recipient, an unknown precedence, an empty title, an earlier item that it cannot update or
            cancel, or a stream that it cannot be part of.
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


def compose(
    node: "Node", ledger: Ledger, request: Request, sealed: Sealed, *, place: StreamPlace | None = None
) -> Draft:
    """Build the header that approvals sign, around a payload that was read and sealed."""
    at = node.instant()
    header = TransferHeader(
        schema="entente/transfer/2",
        item=sealed.item,
        agreement=ledger.agreement,
        terms=bytes.fromhex(ledger.status(at).views[node.party].terms_version),
        sender=node.party,
        recipients=request.recipients,
        title=request.title,
        filename=request.filename,
        media_type=request.media_type,
        marking=MarkingBody(request.level, node.party, request.caveats, request.rel_to),
        purpose=request.purpose,
        precedence=request.precedence,
        reality=request.reality,
        composed=at,
        payload=sealed.reference,
        standing=request.standing,
        relation=request.relation,
        stream=place,
    )
    return Draft(encode(header), header, sealed.content_key, sealed.inline, sealed.staged)


def compose_checked(node: "Node", ledger: Ledger, request: Request, sealed: Sealed) -> Draft:
    """Compose an item, and refuse at once what could not be committed; what was staged is removed then.

    Raises:
        UsageError: as :func:`check_request`, or an earlier item that it cannot update or cancel, or a stream that it
            cannot be part of.
    """
    check_request(ledger, request)
    place = None
    if request.stream is not None:
        place = next_place(node.store, usable(ledger), request.stream, request.standing)
    draft = compose(node, ledger, request, sealed, place=place)
    try:
        check_place(node, ledger, draft)
    except UsageError:
        draft.discard()
        raise
    return draft


def check_place(node: "Node", ledger: Ledger, draft: Draft) -> None:
    """Refuse early what could not be committed as an update, a cancel or an item of a stream.

    Raises:
        UsageError: it could not.
    """
    header = draft.header
    if not of_one_form(header):
        text = "an item of a stream is small, under a standing release, and no update or cancel"
        raise UsageError(STREAM_ORDER, text, "Release it outside the stream.")
    found = out_of_place(node, node.store, ledger, usable(ledger), header)
    if found is not None:
        raise UsageError(*found)


def out_of_place(
    node: "Node", reader: Reader, ledger: Ledger, log: HeldLog, header: TransferHeader
) -> tuple[str, str, str] | None:
    """(code, text, remedy) where this party's item is not the next of its stream, or relates to what it may not."""
    text = misplaced(reader, log.row.id, header)
    if text is not None:
        return STREAM_ORDER, text, STREAM_REMEDY
    text = misrelated(node, reader, ledger, header)
    return None if text is None else (RELATION, text, RELATION_REMEDY)


def new_item(at: int) -> str:
    """An item's id: the instant (ms) in 12 hex digits, then 80 random bits, so that ids of a time lie together."""
    return f"{at:012x}{random_bytes(10).hex()}"


def seal_inline(at: int, data: bytes) -> Sealed:
    """A payload of at most 64 KiB, which travels beside its envelope; ``at`` (ms) dates its id."""
    salt = random_bytes(SALT)
    return Sealed(
        new_item(at), new_content_key(), PayloadRef(len(data), salt, payload_digest(salt, (data,)), b"", 0), data
    )


def seal_payload(folder: Path, at: int, payload: BinaryIO, sync: Callable[[BinaryIO], None]) -> Sealed:
    """Read a payload once and seal it: inline, or into a file of segments in ``folder`` if it is larger than 64 KiB.

    Takes as long as the payload is large, and touches nothing of the node: not for the writer's thread.

    Raises:
        NotReadyError: the disk is full.
    """
    first = payload.read(INLINE + 1)
    if len(first) <= INLINE:
        return seal_inline(at, first)
    item, key, salt = new_item(at), new_content_key(), random_bytes(SALT)
    staged = folder / f"staged-{item}"
    try:
        with disk_room(), staged.open("xb") as file:
            plain, sealed, size, index, segment_key = PayloadDigest(salt), hashlib.sha256(), 0, 0, payload_key(key)
            for index, (segment, last) in enumerate(
                _segments(chain([first], iter(lambda: payload.read(SEGMENT), b"")))
            ):
                plain.update(segment)
                data = seal_segment(segment_key, index, last, segment)
                sealed.update(data)
                size += len(segment)
                file.write(data)
            file.flush()
            sync(file)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return Sealed(item, key, PayloadRef(size, salt, plain.digest(), sealed.digest(), index + 1), None, staged)


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


def judge(node: "Node", ledger: Ledger, draft: Draft, at: int, *, channel: str = "link") -> tuple[Decision, int | None]:
    """The gate's answer for all recipients at ``at``: the first refusal, else an allowance; until when it holds."""
    log = usable(ledger)
    opened = draft.opened()
    until: int | None = None
    decision = None
    for recipient in draft.header.recipients:
        peer = ledger.current(recipient)
        trusted = peer is not None and peer.keys.newest is not None
        item = facts_at(node, ledger, log, log.row.size, opened, channel=channel, trusted=trusted)
        gate = gate_for(ledger, at, sender=node.party, recipient=recipient, direction="release")
        decision, draft.facts = gate.decide(item, at), item
        node.note_warnings(decision)
        ends = until, gate.until, standing_until(item, at)
        until = min((end for end in ends if end is not None), default=None)
        if not decision.allowed:
            break
        draft.gates[recipient] = (gate, gate.stands_until(item))
    if decision is None:
        raise UsageError("UNKNOWN_RECIPIENT", "the item is addressed to nobody", "Name a recipient.")
    return decision, until


def refused(decision: Decision) -> RefusedError:
    """The error that tells every step of the gate that failed."""
    first = decision.reasons[0]
    return RefusedError(first.code, first.text, first.remedy, decision.reasons)


def release(node: "Node", ledger: Ledger, draft: Draft) -> Position:
    """Commit the release: instant, gate, append in one transaction. Cannot be undone; what is given stays protected.

    Raises:
        RefusedError: with every step of the gate that failed; the refusal is noted in the national log alone.
    """

    def work(unit: Work) -> Position | Decision | RefusedError:
        log = usable(ledger)
        decision, until = judge(node, ledger, draft, unit.at)
        unit.holds_until(until)
        header = draft.header
        found = out_of_place(
            node, unit.tx, ledger, log, header
        )  # another may have been committed since it was composed
        facts = {"item": header.item, "title": header.title, "standing": header.standing, "decision": decision}
        note(node, unit, "gate", facts | ({"refused": found[1]} if found is not None else {}))
        if not decision.allowed:
            return decision
        return RefusedError(*found) if found is not None else give(node, unit, ledger, log, [draft])[0]

    try:
        result = node.committer.run(work)
    finally:
        draft.discard()
    if isinstance(result, RefusedError):
        raise result
    if isinstance(result, Decision):
        raise refused(result)
    return result
