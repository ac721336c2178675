"""Meeting a peer: where does each one's copy of the logs end, and has this node's own past been lost?

After a start a node writes nothing under an agreement until a peer has said where this party's own log ends, as that
peer cosigned it, and the end has been merged and checked (DESIGN section 5, "Crash, restore, fail-over"). So an older
copy of a node, however it came to run, never signs a second version of what it signed before.
"""

from typing import TYPE_CHECKING

from entente.node.commit import Work
from entente.node.errors import RefusedError
from entente.node.ledger import HeldLog, Ledger
from entente.node.outgoing import Feed
from entente.record.checkpoint import CheckpointError, verify_checkpoint
from entente.record.envelope import Delivery
from entente.record.errors import LogError
from entente.record.frames import Entries, Head, Hello
from entente.record.log import LogHead, check_entries
from entente.store.sqlite import NewEntry

if TYPE_CHECKING:
    from entente.node.node import Node

PROTOCOL = 1
MAX_RETURNED = 64 * 1024 * 1024
"""Bytes of one's own lost entries held in memory until the frame with their checkpoint comes."""


def greet(node: "Node", feed: Feed, hello: Hello) -> None:
    """Take a peer's greeting: note how far its copies reach and whether it confirms the end of this party's own logs.

    Raises:
        RefusedError: another protocol, or a simulated node meeting a real one.
    """
    if hello.protocol != PROTOCOL:
        raise RefusedError("PROTOCOL", f"{hello.party} speaks protocol {hello.protocol}", "Upgrade the older node.")
    if hello.simulated != node.clock.simulated:
        raise RefusedError("SIMULATED", "a simulated node never meets a real one", "Pair nodes of the same kind.")
    if hello.tzdata != node.tzdata:
        node.alarm(
            f"tzdata/{hello.party}", f"{hello.party} computes with tzdata {hello.tzdata}, this node with {node.tzdata}"
        )
    else:
        node.clear_alarm(f"tzdata/{hello.party}")
    named = {(head.agreement, head.writer, head.incarnation): head for head in hello.heads}
    feed.sent = {key: head.size for key, head in named.items()}
    for ledger in node.ledgers.values():
        if hello.party not in ledger.parties:
            continue
        for log in ledger.logs.values():
            key = (ledger.agreement, *log.name)
            if log.row.writer == hello.party and feed.sent.get(key, 0) < log.row.size:
                feed.returning.add(key)
        _confirm(node, ledger, hello.party, named)


def _confirm(node: "Node", ledger: Ledger, peer: str, named: dict[tuple[bytes, str, str], Head]) -> None:
    own = [head for key, head in named.items() if key[:2] == (ledger.agreement, node.party)]
    for head in own:
        log = ledger.logs.get((node.party, head.incarnation))
        if log is None or head.size > log.row.size:
            node.alarm(
                f"restored/{ledger.agreement.hex()}",
                f"{peer} holds entries of this node's own log that are not here; fetching them",
            )
            ledger.ready = False
            return
        if not _agrees(node, ledger, log, head):
            node.keep_evidence(node.party, head.checkpoint)
            node.save_evidence()
            ledger.ready = False
            return
    if ledger.confirm(peer):
        node.clear_alarm(f"restored/{ledger.agreement.hex()}")


def _agrees(node: "Node", ledger: Ledger, log: HeldLog, head: Head) -> bool:
    """Whether a head that a peer shows of this party's own log is one that this copy of it passed through."""
    statement = log.keys.at(head.size - 1) if head.size else None
    if statement is None:
        return False
    try:
        checkpoint = verify_checkpoint(head.checkpoint, statement.checkpoint, node.origin(ledger, log))
    except CheckpointError:
        return False  # not signed by this party: it proves nothing, and nothing is confirmed by it
    return checkpoint.size == head.size and node.root_at(log, head.size) == checkpoint.root


class Returned:
    """This party's own lost entries as a peer sends them back, until their checkpoint has come."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[bytes, str], list[Delivery]] = {}
        self._first: dict[tuple[bytes, str], int] = {}
        self._size = 0

    def take(self, node: "Node", peer: str, frame: Entries) -> bool:
        """Take a frame of this party's own log; True when its end has been merged and checked.

        Raises:
            RefusedError: too much, or not what this party signed.
        """
        key = (frame.agreement, frame.incarnation)
        self._first.setdefault(key, frame.first)
        self._deliveries.setdefault(key, []).extend(frame.deliveries)
        self._size += sum(len(delivery.envelope) for delivery in frame.deliveries)
        if self._size > MAX_RETURNED:
            raise RefusedError(
                "TOO_LARGE", "more entries came back than can be held at once", "Restore a newer backup."
            )
        if not frame.checkpoint:
            return False
        deliveries, first = tuple(self._deliveries.pop(key)), self._first.pop(key)
        whole = Entries(frame.agreement, frame.writer, frame.incarnation, first, deliveries, frame.checkpoint)
        node.committer.run(lambda unit: _merge(node, unit, whole))
        if node.ledgers[frame.agreement].confirm(peer):
            node.clear_alarm(f"restored/{frame.agreement.hex()}")
        return True


def _merge(node: "Node", unit: Work, frame: Entries) -> None:
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None:
        raise RefusedError("WRONG_LOG", "entries came back of a log that is not here", "Restore from a newer backup.")
    head = LogHead(ledger.agreement, *log.name, log.frontier, log.row.last_instant, log.last_act, log.row.checkpoint)

    try:
        extension = check_entries(head, frame, log.keys, now_max=2**62)
    except LogError as error:
        raise RefusedError(error.code, f"this node's own entries came back wrong: {error}", error.remedy) from error
    entries = [
        NewEntry(
            entry.envelope.kind,
            entry.envelope.instant,
            entry.delivery.envelope,
            [(body.sealed, body.data) if body is not None else None for body in entry.delivery.bodies],
        )
        for entry in extension.parsed
    ]
    unit.touched.add(ledger.agreement)
    frontier = extension.head.frontier
    log.row = unit.tx.append(log.row, entries, root=frontier.root(), frontier=frontier.to_bytes(), checkpoint="")
    log.frontier = frontier
    unit.saw(extension.head.last_instant)
    for entry in extension.parsed:
        ledger.take(log, entry.envelope, entry.bodies)
        if entry.envelope.kind == "transfer" and entry.delivery.wrap is not None:
            wrap = entry.delivery.wrap
            unit.tx.enter(
                log.row.id,
                entry.envelope.seq,
                wrap.recipient,
                "given",
                wrap.item,
                "sent (title lost)",
                entry.envelope.instant,
            )
