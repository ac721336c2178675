"""What peers answer: machine receipts for what this party gave, and cosignatures over its log."""

from typing import TYPE_CHECKING

from entente.node.commit import Work
from entente.node.errors import RefusedError
from entente.node.ledger import HeldLog, Ledger
from entente.node.transfers import REFUSED
from entente.record.bodies import Received
from entente.record.checkpoint import CheckpointError, parse_note, verify_checkpoint
from entente.record.frames import AnyFrame, Cosigned
from entente.record.log import CheckedEntry
from entente.sealing.canonical import decode

if TYPE_CHECKING:
    from entente.node.node import Node


def note_answers(node: "Node", unit: Work, ledger: Ledger, entry: CheckedEntry) -> None:
    """Bring the register up to a peer's receipt and destroy the wrapped keys it makes unnecessary."""
    body = entry.bodies[0]
    if body is None:
        return
    party, instant = entry.envelope.writer, entry.envelope.instant
    for of in decode(Received, body).of:
        log = ledger.logs.get((of.writer, of.incarnation))
        if log is None or log.row.writer != node.party:
            continue
        for low, high in of.accepted:
            _answered(unit, log, (low, high), party, "received", instant)
        for refused in of.refused:
            _answered(unit, log, (refused.seq, refused.seq), party, REFUSED + refused.code, instant)


def _answered(unit: Work, log: HeldLog, seqs: tuple[int, int], party: str, state: str, instant: int) -> None:
    unit.tx.drop_wraps(log.row.id, seqs, party)
    unit.tx.answer(log.row.id, seqs, party, "given", state, instant)


def cosigned(node: "Node", ledger: Ledger, log: HeldLog, checkpoint: str) -> Cosigned:
    """A peer's checkpoint with this party's cosignature; made only when its entries are durable here."""
    return Cosigned(ledger.agreement, *log.name, node.cosign(ledger, checkpoint, log.row.writer))


def owed_cosignatures(node: "Node", peer: str) -> list[AnyFrame]:
    """The newest cosignature over each log held of a peer: one lost on the way is not lost for good."""
    return [
        cosigned(node, ledger, log, log.row.checkpoint)
        for ledger in node.ledgers.values()
        for log in ledger.logs.values()
        if log.row.writer == peer and log.row.checkpoint
    ]


def keep_cosigned(node: "Node", peer: str, frame: Cosigned) -> None:
    """Keep a peer's cosignature over this party's own log: proof that it holds those entries.

    Raises:
        RefusedError: not a checkpoint this node signed, or not the peer's cosignature.
    """
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None or log.row.writer != node.party or peer not in ledger.parties:
        raise RefusedError(
            "WRONG_LOG", "a cosignature over a log that is not ours to have cosigned", "Nothing was kept."
        )
    try:
        size = parse_note(frame.checkpoint).checkpoint.size
        own = log.keys.at(size - 1)  # the key valid at the last entry that the checkpoint covers
        if own is None:
            raise RefusedError("WRONG_LOG", "a cosignature over an empty log", "Nothing was kept.")
        checkpoint = verify_checkpoint(frame.checkpoint, own.checkpoint, node.origin(ledger, log))
        node.check_cosigned(ledger, peer, frame.checkpoint)
    except CheckpointError as error:
        raise RefusedError("BAD_SIGNATURE", str(error), "Nothing was kept.") from error
    if checkpoint.size > log.row.size or node.root_at(log, checkpoint.size) != checkpoint.root:
        raise RefusedError("FORK", "a cosignature over a head that this log never had", "Nothing was kept.")
    with node.store.write() as tx:
        tx.put_cosigned(log.row.id, peer, checkpoint.size, frame.checkpoint)
