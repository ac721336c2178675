"""Meeting a peer: where does each one's copy of the logs end, and has this node's own past been lost?

After a start a node writes nothing under an agreement until a peer has said where this party's own log ends, as that
peer cosigned it, and the end has been merged and checked (docs/decisions/0005-every-start-is-checked.md). So an older
copy of a node, however it came to run, never signs a second version of what it signed before.
"""

from functools import partial
from typing import TYPE_CHECKING

from entente.node.commit import Work
from entente.node.copies import note_other_history
from entente.node.errors import RefusedError
from entente.node.lanes import Feed, LogKey
from entente.node.ledger import HeldLog, Ledger
from entente.node.transfers import item_id
from entente.record.bodies import Received
from entente.record.checkpoint import CheckpointError, origin, parse_note, verify_checkpoint
from entente.record.envelope import Delivery
from entente.record.errors import LogError
from entente.record.frames import Entries, Head, Hello
from entente.record.log import CheckedEntry, LogHead, check_entries
from entente.sealing.canonical import decode
from entente.store.rows import NewEntry

if TYPE_CHECKING:
    from entente.node.node import Node

OLDEST = 2
"""The oldest protocol that this node still speaks: a peer's hello names its newest, and the older of both is spoken."""
MAX_RETURNED = 64 * 1024 * 1024
"""Bytes of one's own lost entries held in memory until the frame with their checkpoint comes."""


def greet(node: "Node", feed: Feed, hello: Hello) -> None:
    """Take a peer's greeting: note how far its copies reach and whether it confirms the end of this party's own logs.

    Raises:
        RefusedError: another protocol, or a simulated node meeting a real one.
    """
    if hello.protocol < OLDEST:
        raise RefusedError("PROTOCOL", f"{hello.party} speaks protocol {hello.protocol}", "Upgrade the older node.")
    if hello.simulated != node.clock.simulated:
        raise RefusedError("SIMULATED", "a simulated node never meets a real one", "Pair nodes of the same kind.")
    if hello.tzdata != node.tzdata:
        node.alarm(
            f"tzdata/{hello.party}",
            f"{hello.party} computes with tzdata {hello.tzdata[:20]!r}, this node with {node.tzdata}",
        )
    else:
        node.clear_alarm(f"tzdata/{hello.party}")
    if any(head.size < 0 for head in hello.heads):
        raise RefusedError("MALFORMED", f"{hello.party} shows a log of a negative size", "Nothing was kept.")
    named = {(head.agreement, head.writer, head.incarnation): head for head in hello.heads}
    feed.sent = {key: head.size for key, head in named.items()}
    for ledger in node.ledgers.values():
        if hello.party not in ledger.parties:
            continue
        for log in ledger.logs.values():
            key = (ledger.agreement, *log.name)
            if log.row.writer == hello.party and feed.sent.get(key, 0) < log.row.size:
                feed.returning.add(key)
            if log.row.writer == node.party and feed.live:
                _recall(node, feed, key, log)
        _confirm(node, ledger, hello.party, named)


def _recall(node: "Node", feed: Feed, key: LogKey, log: HeldLog) -> None:
    """Owe anew the bodies of entries that the peer holds and has not answered: they may have been cut off.

    At once and not when it asks, or what was written since would come before them, and out of its stream's order.
    """
    feed.recalled.add(key)
    if (held := feed.sent.get(key, 0)) > 0:
        feed.owe(key, node.store.ranks(log.row.id, feed.peer, 0, min(held, log.row.size) - 1))


def _confirm(node: "Node", ledger: Ledger, peer: str, named: dict[tuple[bytes, str, str], Head]) -> None:
    """Weigh what a peer shows of this party's own logs. What this party did not sign proves nothing either way."""
    alarm = f"restored/{ledger.agreement.hex()}"
    own = {key[2]: head for key, head in named.items() if key[:2] == (ledger.agreement, node.party)}
    for head in own.values():
        log = ledger.logs.get((node.party, head.incarnation))
        if not _signed(node, ledger, head):
            node.alarm(f"heads/{peer}", f"{peer} shows a head of this node's own log that this node did not sign")
            return
        if log is None or head.size > log.row.size:
            node.alarm(alarm, f"{peer} holds entries of this node's own log that are not here; fetching them")
            ledger.ready = False
            return
        if not _passed(node, log, head):
            node.keep_evidence(node.party, head.checkpoint)
            node.save_evidence()
            note_other_history(node, ledger, peer)
            ledger.ready = False
            return
    for log in ledger.logs.values():
        cosigned = node.store.cosigned(log.row.id).get(peer) if log.row.writer == node.party else None
        shown = own.get(log.row.incarnation)
        if cosigned is not None and (shown is None or shown.size < cosigned[0]):
            # It held more once: it has lost its past too, or hides it, and knows no end to confirm.
            node.alarm(f"heads/{peer}", f"{peer} shows less of this node's own log than it has cosigned")
            return
    node.clear_alarm(f"heads/{peer}")
    if ledger.confirm(peer):
        node.clear_alarm(alarm)


def _signed(node: "Node", ledger: Ledger, head: Head) -> bool:
    """Whether this party itself signed the head that a peer shows."""
    log = ledger.logs.get((node.party, head.incarnation))
    statement = log.keys.at(head.size - 1) if log is not None else node.card.key_statement
    if statement is None:
        return False
    expected = origin(ledger.agreement, node.party, head.incarnation)
    try:
        return verify_checkpoint(head.checkpoint, statement.checkpoint, expected).size == head.size
    except CheckpointError:
        return False


def _passed(node: "Node", log: HeldLog, head: Head) -> bool:
    """Whether this copy of the log passed through a head that this party signed."""
    return node.root_at(log, head.size) == parse_note(head.checkpoint).checkpoint.root


class Returned:
    """This party's own lost entries as a peer sends them back, until their checkpoint has come."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[bytes, str], list[Delivery]] = {}
        self._first: dict[tuple[bytes, str], int] = {}
        self._size = 0

    def take(self, node: "Node", peer: str, frame: Entries, channel: str) -> bool:
        """Take a frame of this party's own log; True when its end has been merged and checked.

        Over the link the end is confirmed with it. A bundle is as old as it is and sealed by anybody: it brings entries
        back, and cannot say that there are no more.

        Raises:
            RefusedError: too much, nothing, or not what this party signed.
        """
        if not frame.deliveries:
            raise RefusedError("MALFORMED", "a frame of this node's own log brings no entry back", "Nothing was kept.")
        key = (frame.agreement, frame.incarnation)
        self._first.setdefault(key, frame.first)
        self._deliveries.setdefault(key, []).extend(frame.deliveries)
        self._size += sum(
            len(delivery.envelope) + sum(len(body.data) for body in delivery.bodies if body)
            for delivery in frame.deliveries
        )
        if self._size > MAX_RETURNED:
            raise RefusedError(
                "TOO_LARGE", "more entries came back than can be held at once", "Restore a newer backup."
            )
        if not frame.checkpoint:
            return False
        deliveries, first = tuple(self._deliveries.pop(key)), self._first.pop(key)
        whole = Entries(frame.agreement, frame.writer, frame.incarnation, first, deliveries, frame.checkpoint, ())
        node.committer.run(lambda unit: _merge(node, unit, peer, whole))
        if channel == "link" and node.ledgers[frame.agreement].confirm(peer):
            node.clear_alarm(f"restored/{frame.agreement.hex()}")
        return True


def _merge(node: "Node", unit: Work, peer: str, frame: Entries) -> None:
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None:
        raise RefusedError("WRONG_LOG", "entries came back of a log that is not here", "Restore from a newer backup.")
    head = LogHead(ledger.agreement, *log.name, log.frontier, log.row.last_instant, log.last_act, log.row.checkpoint)

    try:
        extension = check_entries(head, frame, log.keys, now_max=2**62)
    except LogError as error:
        note_other_history(node, ledger, peer)
        raise RefusedError(error.code, f"this node's own entries came back wrong: {error}", error.remedy) from error
    unit.touch(ledger)
    entries = [_returned(ledger, entry) for entry in extension.parsed]
    frontier = extension.head.frontier
    log.row = unit.tx.append(log.row, entries, root=frontier.root(), frontier=frontier.to_bytes(), checkpoint="")
    log.frontier = frontier
    unit.saw(extension.head.last_instant)
    for entry in extension.parsed:
        code = ledger.take(log, entry.envelope, entry.bodies)
        if code is None and entry.envelope.kind == "received" and entry.bodies[0] is not None:
            for of in decode(Received, entry.bodies[0]).of:
                unit.after.append(partial(ledger.regained.note, of))
        wrap = entry.delivery.wrap
        if entry.envelope.kind == "transfer" and wrap is not None and wrap.recipient == peer:
            line = (
                log.row.id,
                entry.envelope.seq,
                peer,
                "given",
                item_id(wrap),
                "sent (title lost)",
                entry.envelope.instant,
            )
            unit.tx.enter([line])


def _returned(ledger: Ledger, entry: CheckedEntry) -> NewEntry:
    """A returned entry for the store; a receipt may answer an act that has not come again yet."""
    bodies = [(body.sealed, body.data) if body is not None else None for body in entry.delivery.bodies]
    kind = entry.envelope.kind
    fact = kind == "received" or ledger.is_fact(kind, entry.bodies[0])
    return NewEntry(kind, entry.envelope.instant, entry.delivery.envelope, bodies, fact)
