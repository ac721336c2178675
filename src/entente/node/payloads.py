"""Payloads carried beside the log: asking for their segments, sending them, taking them in (docs/spec/transfer.md).

Segments are taken in beside the writer: :class:`Incoming` hashes and opens each as it comes, so that when the last one
is here the verdict is, too, and the writer has only to commit it.
"""

import hashlib
import logging
import os
from typing import TYPE_CHECKING

from entente.node.agreements import usable
from entente.node.authority import flowing
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError
from entente.node.lanes import SEGMENTS, Feed, ranges, rising
from entente.node.ledger import HeldLog, Ledger
from entente.node.outgoing import may_leave
from entente.node.releases import disk_room
from entente.node.transfers import SEALED_SEGMENT, abandon, finish_payload
from entente.record.bodies import PayloadRef, Received, ReceivedOf, Refused
from entente.record.envelope import Wrap
from entente.record.frames import AnyFrame, Lack, Segment, Want
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import NotOpenedError, SealingError
from entente.sealing.seal import PayloadDigest, WrapBinding, payload_key, unseal_segment
from entente.store.itemkeys import write_at
from entente.store.rows import LogRow

if TYPE_CHECKING:
    from pathlib import Path

    from entente.node.node import Node


logger = logging.getLogger("entente.node.payloads")


class Incoming:
    """A payload on its way, for the one thread that takes its segments in."""

    def __init__(self, path: "Path", payload: PayloadRef, content_key: bytes) -> None:
        self._path = path
        self._payload = payload
        self._key = payload_key(content_key)
        self._begin()
        self.have = min(path.stat().st_size // SEALED_SEGMENT if path.exists() else 0, max(0, payload.segments - 1))

    def _begin(self) -> None:
        self._plain, self._sealed, self._size, self._judged = PayloadDigest(self._payload.salt), hashlib.sha256(), 0, 0
        self.wrong: str | None = None

    @property
    def whole(self) -> bool:
        """Whether every segment is here."""
        return self.have == self._payload.segments

    def take(self, index: int, data: bytes) -> int:
        """Append a sealed segment to the payload's file if it is the next; returns how many are held then."""
        if index != self.have or self.whole or len(data) > SEALED_SEGMENT:
            return self.have
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while self._judged < self.have:  # what was here before this node started
                self._judge(os.pread(handle, SEALED_SEGMENT, self._judged * SEALED_SEGMENT))
            os.ftruncate(handle, index * SEALED_SEGMENT)  # a torn segment from before a crash is written again
            write_at(handle, data, index * SEALED_SEGMENT)
            if index + 1 == self._payload.segments:
                os.fsync(handle)
        finally:
            os.close(handle)
        self._judge(data)  # after the disk has it: what it refuses comes again, and is judged once
        self.have += 1
        return self.have

    def _judge(self, data: bytes) -> None:
        """Hash and open a segment; what is wrong with it is said when the payload is whole."""
        index = self._judged
        self._judged += 1
        if self.wrong is not None:
            return
        self._sealed.update(data)
        try:
            clear = unseal_segment(self._key, index, self._judged == self._payload.segments, data)
        except SealingError as error:
            self.wrong = str(error)
            return
        self._plain.update(clear)
        self._size += len(clear)

    def verdict(self) -> str | None:
        """What is wrong with the whole payload; None where it is the one that was approved."""
        payload = self._payload
        said = (self._sealed.digest(), self._plain.digest(), self._size)
        if self.wrong is None and said != (payload.sealed, payload.digest, payload.size):
            return "the payload is not the one that was approved"
        return self.wrong


def incoming(node: "Node", ledger: Ledger, log: HeldLog, seq: int) -> Incoming | None:
    """The payload that is awaited for an entry; None where none is, or its item cannot be opened any more."""
    key = (log.row.id, seq)
    if key not in node.incoming:
        if not 0 <= seq < log.row.size:
            return None
        awaited = node.store.awaited(*key)
        if awaited is None or awaited.part != "payload":
            return None
        position = Position(*log.name, seq)
        try:
            opened = node.open_held(ledger, position)
        except (SealingError, NotCanonicalError):
            return None
        node.incoming[key] = Incoming(node.payload_path(position), opened.header.payload, opened.content_key)
    return node.incoming[key]


def lapse(node: "Node") -> None:
    """Answer what is awaited and can no longer come: once nothing may flow it is refused, and nothing of it is kept."""
    closed = {
        row.id: (ledger, row)
        for row in node.store.logs()
        if (ledger := node.ledgers.get(row.agreement)) is not None
        and ledger.ready
        and node.store.awaiting(row.id, 1)
        and not flowing(ledger, node.instant())
    }
    for log, (ledger, row) in closed.items():
        while seqs := [awaited.seq for awaited in node.store.awaiting(log, 256)]:
            if not _give_up(node, ledger, row, seqs):
                break


def _give_up(node: "Node", ledger: Ledger, row: LogRow, seqs: list[int]) -> bool:
    """Refuse what will not come; False where something may flow again at the instant of the transaction."""

    def work(unit: Work) -> bool:
        log = ledger.logs[row.writer, row.incarnation]
        code = abandon(node, unit, ledger, log, seqs)
        if code is None:
            return False
        receipt = Received((ReceivedOf(*log.name, (), tuple(Refused(seq, code) for seq in seqs)),))
        unit.append(ledger, usable(ledger), "received", [salted(encode(receipt))])
        return True

    return node.committer.run(work)


def sweep(node: "Node") -> None:
    """Destroy what a crash left: drafts, whose key is gone, and keys and payloads of items that were refused.

    Only where the record shows the entry: beside an older copy of the store, newer items are let alone.
    """
    _recover(node)
    kept, sizes = node.store.kept(), {row.id: row.size for row in node.store.logs()}
    reached = next(kept, None)
    for key in node.vault.all():  # both are in order, and neither is held in memory
        while reached is not None and reached < key:
            reached = next(kept, None)
        if key != reached and key[1] < sizes.get(key[0], 0):
            node.vault.destroy(*key)
    kept.close()
    for row in node.store.logs():
        prefix = node.payload_path(node.position_of(row, 0)).name.removesuffix("0")
        for path in (node.home.path / "payloads").glob(f"{prefix}*"):
            seq = int(path.name.removeprefix(prefix))
            line = node.store.register_line(row.id, seq)
            shown = line is not None and line.direction != "refused"
            if seq < row.size and not shown and node.store.awaited(row.id, seq) is None:
                path.unlink()
    for path in (node.home.path / "payloads").glob("staged-*"):
        path.unlink()


def _recover(node: "Node") -> None:
    """Put into the key store what a crash kept from it: the keys in the wraps that were kept until it was there."""
    for log, seq, recipient, data in node.store.all_wraps():
        row = node.store.log(log)
        ledger, wrap = node.ledgers.get(row.agreement), decode(Wrap, data)
        if ledger is None:
            continue
        own = row.writer == node.party
        binding = WrapBinding(row.agreement, wrap.terms, row.writer, recipient, wrap.item, wrap.header, wrap.epoch)
        try:
            seal = node.own_epoch(wrap.epoch) if own else node.epoch_seal(ledger, row.writer, wrap.epoch)
            key = seal.unwrap(wrap.nonce, wrap.key, binding) if seal is not None else None
            if key is not None and _key_of(node, log, seq) != key:  # never written, torn, or of a release that failed
                node.vault.keep(log, [(seq, key)])
        except SealingError as error:
            logger.warning("the key of entry %s of %s's log is not recovered: %s", seq, row.writer, error)
    node.vault.settle()
    with node.store.write() as tx:
        tx.drop_spent_wraps()
        for row in node.store.logs():
            if row.writer != node.party:
                tx.drop_wraps(row.id, (0, row.size), node.party)


def _key_of(node: "Node", log: int, seq: int) -> bytes | None:
    try:
        return node.vault.get(log, seq)
    except NotOpenedError:
        return None


def wanted(node: "Node", peer: str) -> list[AnyFrame]:
    """What is still missing of items on their way from a peer: how a transfer resumes after a cut."""
    lapse(node)
    frames: list[AnyFrame] = []
    for ledger in node.ledgers.values():
        for log in [held for held in ledger.logs.values() if held.row.writer == peer]:
            missing = []
            for awaited in node.store.awaiting(log.row.id):
                if awaited.part == "body":
                    missing.append(awaited.seq)
                elif (payload := incoming(node, ledger, log, awaited.seq)) is not None:
                    frames.append(Want(ledger.agreement, *log.name, awaited.seq, payload.have))
            found = ranges(missing)
            frames += [
                Lack(ledger.agreement, *log.name, tuple(found[at : at + MAX_RANGES]))
                for at in range(0, len(found), MAX_RANGES)
            ]
    return frames


MAX_RANGES = 4096
"""Ranges in one request for deferred bodies."""


def take_lack(node: "Node", feed: Feed, frame: Lack) -> list[AnyFrame]:
    """Note which deferred bodies a peer lacks: those of items addressed to it that it has not answered.

    Raises:
        RefusedError: not of this party's log, or more than a peer has to ask at once.
    """
    _, log = _own(node, frame)
    if len(frame.ranges) > MAX_RANGES:
        raise RefusedError("MALFORMED", "too much is asked for at once", "Nothing was sent.")
    if not rising(frame.ranges, 0, log.row.size):
        text = "bodies were asked for of entries that there are not, or twice"
        raise RefusedError("MALFORMED", text, "Nothing was sent.")
    key = (frame.agreement, *log.name)
    for low, high in frame.ranges if key not in feed.recalled else ():
        feed.owe(key, node.store.ranks(log.row.id, feed.peer, low, high))
    return []


def take_want(node: "Node", feed: Feed, frame: Want) -> list[AnyFrame]:
    """The next segments of an item's payload, for its recipient and only while the gate lets it flow by this channel.

    Raises:
        RefusedError: not an item of this party addressed to the peer and still unanswered.
    """
    ledger, log = _own(node, frame)
    if not 0 <= frame.seq < log.row.size or node.store.wrap(log.row.id, frame.seq, feed.peer) is None:
        raise RefusedError("NOT_A_PARTY", "a payload was asked for that is not the peer's to have", "Nothing was sent.")
    if not may_leave(node, ledger, log, frame.seq, feed.peer, feed.channel):
        return []
    path = node.payload_path(Position(*log.name, frame.seq))
    if not path.exists() or not 0 <= frame.index * SEALED_SEGMENT < path.stat().st_size:
        return []
    frames: list[AnyFrame] = []
    key = ((frame.agreement, *log.name), frame.seq)
    first = max(frame.index, feed.segments.get(key, 0))  # those before are on their way
    with path.open("rb") as file:
        file.seek(first * SEALED_SEGMENT)
        for index in range(first, frame.index + SEGMENTS):
            data = file.read(SEALED_SEGMENT)
            if not data:
                break
            frames.append(Segment(frame.agreement, frame.writer, frame.incarnation, frame.seq, index, data))
    feed.segments[key] = first + len(frames)
    return frames


def _own(node: "Node", frame: Want | Lack) -> tuple[Ledger, HeldLog]:
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None or frame.writer != node.party:
        raise RefusedError("WRONG_LOG", "a payload was asked for that is not of this party", "Nothing was sent.")
    return ledger, log


def hold_segment(node: "Node", peer: str, frame: Segment) -> tuple[list[AnyFrame], bool]:
    """Keep a sealed segment: what is asked for next, and whether the payload is whole now. Beside the writer.

    Raises:
        RefusedError: not a payload that this party is waiting for from that peer.
    """
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    payload = node.incoming.get((log.row.id, frame.seq)) if log is not None and frame.writer == peer else None
    if payload is None:
        raise RefusedError("WRONG_LOG", "a segment came of a payload that is not awaited", "Nothing was kept.")
    before = payload.have
    with disk_room():
        have = payload.take(frame.index, frame.data)
    if payload.whole:
        return [], True
    return [Want(frame.agreement, frame.writer, frame.incarnation, frame.seq, have)] if have > before else [], False


def passed(node: "Node", peer: str, frame: Segment) -> bool:
    """Whether a segment is of an item of the peer's that was answered or given up while it was on its way."""
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    return log is not None and frame.writer == peer and 0 <= frame.seq < log.row.size


def finish_segment(node: "Node", frame: Segment, channel: str) -> None:
    """Judge and answer the item whose last segment this was."""
    ledger = node.ledgers[frame.agreement]
    log = ledger.logs[frame.writer, frame.incarnation]
    payload = node.incoming.get((log.row.id, frame.seq))
    if payload is None or not payload.whole:
        return  # the same last segment came twice, or it is asked for again since
    node.sync_payloads()
    wrong = payload.verdict()

    def work(unit: Work) -> None:
        own = usable(ledger)
        outcome = finish_payload(node, unit, ledger, log, frame.seq, wrong, channel)
        accepted = ((frame.seq, frame.seq),) if outcome.refused is None else ()
        refused = () if outcome.refused is None else (Refused(frame.seq, outcome.refused),)
        unit.append(ledger, own, "received", [salted(encode(Received((ReceivedOf(*log.name, accepted, refused),))))])

    try:
        node.committer.run(work)
    finally:  # where it was not committed, the last segment is asked for again, and judged with the rest
        node.incoming.pop((log.row.id, frame.seq), None)


def take_in_segment(node: "Node", peer: str, frame: Segment, channel: str) -> list[AnyFrame]:
    """Keep a segment and, with the last, answer the item: :func:`hold_segment` and :func:`finish_segment` in turn."""
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is not None and log is not None and frame.writer == peer:
        incoming(node, ledger, log, frame.seq)
    replies, whole = hold_segment(node, peer, frame)
    if whole:
        finish_segment(node, frame, channel)
    return replies
