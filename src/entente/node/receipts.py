"""What peers answer: machine receipts for what this party gave, and cosignatures over its log."""

from typing import TYPE_CHECKING

from entente.node.commit import Work
from entente.node.cosigning import check_arriving, cosign_for
from entente.node.errors import RefusedError
from entente.node.lanes import Feed
from entente.node.ledger import HeldLog, Ledger
from entente.node.shedding import drop_wraps
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
            _answered(node, unit, log, (low, high), party, "received", instant)
        for refused in of.refused:
            _answered(node, unit, log, (refused.seq, refused.seq), party, REFUSED + refused.code, instant)


def _answered(
    node: "Node", unit: Work, log: HeldLog, seqs: tuple[int, int], party: str, state: str, instant: int
) -> None:
    unit.tx.spend_wraps(log.row.id, seqs, party)
    drop_wraps(node, unit, log.row.id, seqs, party)
    unit.tx.answer(log.row.id, seqs, party, "given", state, instant)

    def tell() -> None:
        node.fresh.drop(log.row.id, *seqs)
        node.answered(log.row.id, *seqs, state == "received")

    unit.after.append(tell)


def cosigned(node: "Node", ledger: Ledger, log: HeldLog) -> Cosigned:
    """A peer's newest checkpoint with this party's cosignature; made only when its entries are durable here."""
    return Cosigned(ledger.agreement, *log.name, cosign_for(node, ledger, log.row.checkpoint, log.row.writer))


def owed_cosignatures(node: "Node", feed: Feed) -> list[AnyFrame]:
    """The newest cosignature over each log held of a peer: one lost on the way is not lost for good.

    None over a log of which the peer has lost the end: it would be one over entries that it has not got back yet.
    """
    return [
        cosigned(node, ledger, log)
        for ledger in node.ledgers.values()
        for log in ledger.logs.values()
        if log.row.writer == feed.peer and log.row.checkpoint and (ledger.agreement, *log.name) not in feed.returning
    ]


def new_cosignatures(node: "Node", peer: str) -> list[AnyFrame]:
    """Those over logs that have grown since: one covers everything that came before it, so they need not hurry."""
    due = [key for key in node.owed if key[1] == peer]
    node.owed.difference_update(due)
    frames: list[AnyFrame] = []
    for agreement, *name in due:
        ledger = node.ledgers.get(agreement)
        log = ledger.logs.get((name[0], name[1])) if ledger is not None else None
        if ledger is not None and log is not None and log.row.checkpoint:
            frames.append(cosigned(node, ledger, log))
    return frames


def keep_cosigned(node: "Node", peer: str, frame: Cosigned) -> None:
    """Keep a peer's cosignature over this party's own log: proof that it holds those entries.

    It is written with the next transaction: a crash before that loses a proof which the peer repeats when it is met.

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
        issued = ledger.issued(log, size)  # what was signed a moment ago and comes back as it was needs no second look
        unproven = None
        if issued is None or not frame.checkpoint.startswith(issued):
            unproven = verify_checkpoint(frame.checkpoint, own.checkpoint, node.origin(ledger, log)).root
        note = check_arriving(node, ledger, peer, frame.checkpoint, own.checkpoint)
    except CheckpointError as error:
        raise RefusedError("BAD_SIGNATURE", str(error), "Nothing was kept.") from error
    if unproven is not None:
        if size > log.row.size and not ledger.ready:
            return  # signed by this node and lost since: its entries come back first, and their head is cosigned again
        if size > log.row.size or node.root_at(log, size) != unproven:
            raise RefusedError("FORK", "a cosignature over a head that this log never had", "Nothing was kept.")
    row = log.row.id
    node.committer.aside.append(lambda tx: tx.put_cosigned(row, peer, size, note))
