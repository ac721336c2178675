"""Payloads carried beside the log: asking for their segments, sending them, taking them in (docs/spec/transfer.md)."""

from typing import TYPE_CHECKING

from entente.node.agreements import usable
from entente.node.authority import flowing
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError
from entente.node.ledger import HeldLog, Ledger
from entente.node.outgoing import may_leave
from entente.node.releases import disk_room
from entente.node.transfers import SEALED_SEGMENT, abandon, finish_payload, segments_held, take_segment
from entente.record.bodies import Received, ReceivedOf, Refused
from entente.record.envelope import parse_envelope
from entente.record.frames import AnyFrame, Segment, Want
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.seal import SEGMENT
from entente.store.rows import LogRow

if TYPE_CHECKING:
    from entente.node.node import Node

WINDOW = 8
"""Segments sent for one request; the recipient asks again, so a slow one is never flooded."""


def lapse(node: "Node") -> None:
    """Answer what is awaited and can no longer come: once nothing may flow it is refused, and nothing of it is kept."""
    for log_id, seq in node.store.awaiting():
        row = node.store.log(log_id)
        ledger = node.ledgers[row.agreement]
        if ledger.ready and not flowing(ledger, node.instant()):
            _give_up(node, ledger, row, seq)


def _give_up(node: "Node", ledger: Ledger, row: LogRow, seq: int) -> None:
    def work(unit: Work) -> None:
        log = ledger.logs[row.writer, row.incarnation]
        code = abandon(node, unit, ledger, log, seq)
        if code is not None:
            receipt = Received((ReceivedOf(*log.name, (), (Refused(seq, code),)),))
            unit.append(ledger, usable(ledger), "received", [salted(encode(receipt))])

    node.committer.run(work)


def sweep(node: "Node") -> None:
    """Destroy what a crash left: drafts, whose key is gone, and keys and payloads of items that were refused.

    Only where the record shows the entry: beside an older copy of the store, newer items are let alone.
    """
    lines = node.store.register("given") + node.store.register("held")
    kept = {(line.log, line.seq) for line in lines} | set(node.store.awaiting())
    for row in node.store.logs():
        for log, seq in node.item_keys.all():
            if log == row.id and seq < row.size and node.store.content_key(log, seq) is None:
                node.item_keys.destroy(log, seq)
        prefix = node.payload_path(node.position_of(row, 0)).name.removesuffix("0")
        for path in (node.home.path / "payloads").glob(f"{prefix}*"):
            seq = int(path.name.removeprefix(prefix))
            if seq < row.size and (row.id, seq) not in kept:
                path.unlink()
    for path in (node.home.path / "payloads").glob("staged-*"):
        path.unlink()


def wanted(node: "Node", peer: str) -> list[Want]:
    """What is still missing of payloads on their way from a peer: how a transfer resumes after a cut."""
    lapse(node)
    wants = []
    for log_id, seq in node.store.awaiting():
        row = node.store.log(log_id)
        if row.writer == peer:
            have = segments_held(node, Position(row.writer, row.incarnation, seq))
            # All of them are here where the commit failed that was to judge them: the last is asked for once more.
            missing = min(have, _segments(node, log_id, seq) - 1)
            wants.append(Want(row.agreement, row.writer, row.incarnation, seq, missing))
    return wants


def _segments(node: "Node", log: int, seq: int) -> int:
    """How many segments the payload of a transfer has."""
    total = parse_envelope(node.store.entries(log, seq, 1)[0].envelope).payload
    return max(1, -(-total // SEGMENT))


def take_want(node: "Node", peer: str, frame: Want, channel: str) -> list[AnyFrame]:
    """The next segments of an item's payload, for its recipient and only while the gate lets it flow by this channel.

    Raises:
        RefusedError: not an item of this party addressed to the peer and still unanswered.
    """
    ledger, log = _own(node, frame)
    if not 0 <= frame.seq < log.row.size or node.store.wrap(log.row.id, frame.seq, peer) is None:
        raise RefusedError("NOT_A_PARTY", "a payload was asked for that is not the peer's to have", "Nothing was sent.")
    if not may_leave(node, ledger, node.store.entries(log.row.id, frame.seq, 1)[0], peer, channel):
        return []
    path = node.payload_path(Position(*log.name, frame.seq))
    if not path.exists() or not 0 <= frame.index * SEALED_SEGMENT < path.stat().st_size:
        return []
    frames: list[AnyFrame] = []
    with path.open("rb") as file:
        file.seek(frame.index * SEALED_SEGMENT)
        for index in range(frame.index, frame.index + WINDOW):
            data = file.read(SEALED_SEGMENT)
            if not data:
                break
            frames.append(Segment(frame.agreement, frame.writer, frame.incarnation, frame.seq, index, data))
    return frames


def _own(node: "Node", frame: Want) -> tuple[Ledger, HeldLog]:
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None or frame.writer != node.party:
        raise RefusedError("WRONG_LOG", "a payload was asked for that is not of this party", "Nothing was sent.")
    return ledger, log


def take_in_segment(node: "Node", peer: str, frame: Segment, channel: str) -> list[AnyFrame]:
    """Keep a sealed segment; with the last one the item is judged and answered.

    Raises:
        RefusedError: not a payload that this party is waiting for from that peer.
    """
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None or frame.writer != peer or (log.row.id, frame.seq) not in node.store.awaiting():
        raise RefusedError("WRONG_LOG", "a segment came of a payload that is not awaited", "Nothing was kept.")
    position = Position(*log.name, frame.seq)
    expected = _segments(node, log.row.id, frame.seq)
    with disk_room():
        have = take_segment(node, log, frame.seq, frame.index, frame.data, expected)
    if have < expected:
        asked = frame.index + 1 == have and have % WINDOW == 0
        return [Want(frame.agreement, frame.writer, frame.incarnation, frame.seq, have)] if asked else []

    def work(unit: Work) -> None:
        own = usable(ledger)
        outcome = finish_payload(node, unit, ledger, log, position.seq, channel)
        accepted = ((position.seq, position.seq),) if outcome.refused is None else ()
        refused = () if outcome.refused is None else (Refused(position.seq, outcome.refused),)
        unit.append(ledger, own, "received", [salted(encode(Received((ReceivedOf(*log.name, accepted, refused),))))])

    node.committer.run(work)
    return []
