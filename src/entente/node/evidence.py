"""Evidence: one file with everything an offline check of an agreement needs (docs/spec/evidence.md).

Envelopes, checkpoints and cosignatures of every party's log, with the bodies that go to all; the bodies of items, of
standing releases and of steps about matters only where this party discloses what it gave or holds, and never what is
under embargo. Root keys are not in it: the checker is given them separately.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.node.cosigning import cosign_for_all, provable
from entente.node.errors import NotReadyError, UsageError
from entente.node.home import write_durably
from entente.node.ledger import HeldLog, Ledger
from entente.node.matters import embargoed
from entente.record.envelope import KINDS_TO_NAMED, DeliveredBody, Delivery
from entente.record.frames import AnyFrame, Cosigned, Entries, write_frames
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError
from entente.sealing.errors import SealingError
from entente.store.rows import EntryRow

if TYPE_CHECKING:
    from entente.node.node import Node

FRAME_ENTRIES = 1024
FRAME_BYTES = 1024 * 1024
MAGIC = b"entente/evidence/1\n"


def export(node: "Node", ledger: Ledger, path: Path, *, disclose: bool) -> dict[str, Any]:
    """Write the evidence file; with ``disclose``, items' headers and payloads that this party may show are in clear.

    Raises:
        UsageError: the file exists already.
        NotReadyError: nothing is in the record yet.
    """
    if path.exists():
        raise UsageError("EXISTS", f"{path} exists already", "Name a new file; nothing was overwritten.")
    if not any(log.row.size for log in ledger.logs.values()):
        raise NotReadyError("EMPTY", "nothing is in the record of this agreement yet", "Propose or sign it first.")
    with suppress(NotReadyError):  # a store in trouble keeps nobody from the evidence that is in it
        node.committer.settle()  # the newest cosignatures too
    data = b"".join(write_frames(MAGIC, _frames(node, ledger, disclose)))
    try:
        write_durably(path, data)
    except OSError as error:
        text = f"{path} was not written: {error.strerror}"
        raise NotReadyError("EVIDENCE_NOT_WRITTEN", text, "Name a directory that can be written, with room.") from error
    entries = sum(log.row.size for log in ledger.logs.values())
    return {"path": str(path), "bytes": len(data), "entries": entries, "logs": len(ledger.logs), "disclosed": disclose}


def _frames(node: "Node", ledger: Ledger, disclose: bool) -> Iterator[AnyFrame]:
    for log in ledger.logs.values():
        yield from _entries(node, ledger, log, disclose)
    for log in ledger.logs.values():
        if log.row.writer != node.party and log.row.size:
            yield Cosigned(ledger.agreement, *log.name, cosign_for_all(node, ledger, log.row.checkpoint))
        for party, (_, note) in node.store.cosigned(log.row.id).items():
            if provable(ledger, party, note):
                yield Cosigned(ledger.agreement, *log.name, note)


def _entries(node: "Node", ledger: Ledger, log: HeldLog, disclose: bool) -> Iterator[Entries]:
    """A log in frames of bounded size; the last one carries the checkpoint that covers them all."""
    checkpoint = log.row.checkpoint
    if log.row.writer == node.party:
        checkpoint = ledger.checkpoint(log, node.signer(log, log.row.size))
    hidden = embargoed(node, ledger) if disclose else frozenset()
    first = 0
    while first < log.row.size:
        deliveries: list[Delivery] = []
        size = 0
        for row in node.store.entries(log.row.id, first, FRAME_ENTRIES):
            deliveries.append(_delivery(node, ledger, log, row, disclose, hidden))
            size += len(row.envelope) + sum(len(body.data) for body in deliveries[-1].bodies if body)
            if size > FRAME_BYTES:
                break
        end = first + len(deliveries)
        note = checkpoint if end == log.row.size else ""
        yield Entries(ledger.agreement, *log.name, first, tuple(deliveries), note, ())
        first = end


def _delivery(
    node: "Node", ledger: Ledger, log: HeldLog, row: EntryRow, disclose: bool, hidden: frozenset[Position]
) -> Delivery:
    envelope = node.envelope(row)
    if row.kind != "transfer":
        shown = row.kind not in KINDS_TO_NAMED or (disclose and Position(*log.name, row.seq) not in hidden)
        held = node.store.bodies(row.log, row.seq) if shown else {}
        bodies = tuple(DeliveredBody(*held[place]) if place in held else None for place in range(len(envelope.bodies)))
        return Delivery(row.envelope, bodies, None)
    clear: tuple[DeliveredBody | None, ...] = (None,) * len(envelope.bodies)
    if disclose:
        try:
            salted = node.salted_bodies(ledger, Position(*log.name, row.seq))
            clear = tuple(DeliveredBody(False, body) for body in salted)
        except (SealingError, NotCanonicalError):
            pass  # destroyed, refused or another's: it stays withheld, and the check says so
    return Delivery(row.envelope, clear, None)
