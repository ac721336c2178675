"""Every door of a node, in or out, in one place: what is not registered here does not exist.

Frames come in over the link or out of a bundle through the same doors; commands come in over the control socket. A test
enumerates both registries and tries every door with forged, foreign, replayed and malformed input.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from entente.node.errors import RefusedError
from entente.node.greeting import Returned
from entente.node.intake import take_bodies, take_entries
from entente.node.lanes import Feed
from entente.node.outgoing import shared_with
from entente.node.payloads import take_in_segment, take_lack, take_want
from entente.node.receipts import keep_cosigned
from entente.record.frames import (
    AnyFrame,
    Bodies,
    Cosigned,
    Entries,
    Hello,
    Lack,
    Ping,
    Pong,
    Segment,
    Taken,
    Trouble,
    Want,
)
from entente.store.transaction import Transaction

if TYPE_CHECKING:
    from entente.node.node import Node

_CODE = re.compile(r"[A-Za-z_-]{1,40}")
FrameDoor: TypeAlias = Callable[["Node", Feed, Returned, Any, str], list[AnyFrame]]
"""(node, feed of the peer, its returned entries, frame, channel) -> frames to answer with."""


def _entries(node: "Node", feed: Feed, returned: Returned, frame: Entries, channel: str) -> list[AnyFrame]:
    if frame.writer == node.party:
        if returned.take(node, feed.peer, frame, channel):
            feed.sent[frame.agreement, frame.writer, frame.incarnation] = frame.first + len(frame.deliveries)
        return []
    return take_entries(node, feed.peer, frame, channel)


def _cosigned(node: "Node", feed: Feed, _returned: Returned, frame: Cosigned, _channel: str) -> list[AnyFrame]:
    keep_cosigned(node, feed.peer, frame)
    if f"trouble/{feed.peer}" in node.alarms:
        held = [log.row for ledger in shared_with(node, feed.peer) for log in ledger.logs.values()]
        ends = {row.id: row.size for row in held if row.writer == node.party}
        node.committer.aside.append(partial(_end_trouble, node, feed.peer, ends))  # the cosignature is kept there too
    return []


def _end_trouble(node: "Node", peer: str, ends: dict[int, int], tx: Transaction) -> None:
    """Clear a peer's reported trouble where it has cosigned every log to its end: local id of each -> its size.

    Whatever it could not take, it has taken since.
    """
    if all(tx.cosigned(log).get(peer, (0, ""))[0] >= size for log, size in ends.items()):
        node.clear_alarm(f"trouble/{peer}")


def _bodies(node: "Node", feed: Feed, _returned: Returned, frame: Bodies, channel: str) -> list[AnyFrame]:
    return take_bodies(node, feed.peer, frame, channel)


def _lack(node: "Node", feed: Feed, _returned: Returned, frame: Lack, _channel: str) -> list[AnyFrame]:
    return take_lack(node, feed, frame)


def _taken(_node: "Node", feed: Feed, _returned: Returned, frame: Taken, _channel: str) -> list[AnyFrame]:
    if not feed.landed <= frame.count <= feed.flown:
        raise RefusedError("MALFORMED", "the peer has taken frames that were not sent", "Nothing was kept.")
    feed.landed = frame.count
    return []


def _want(node: "Node", feed: Feed, _returned: Returned, frame: Want, _channel: str) -> list[AnyFrame]:
    return take_want(node, feed, frame)


def _segment(node: "Node", feed: Feed, _returned: Returned, frame: Segment, channel: str) -> list[AnyFrame]:
    return take_in_segment(node, feed.peer, frame, channel)


def _trouble(node: "Node", feed: Feed, _returned: Returned, frame: Trouble, _channel: str) -> list[AnyFrame]:
    code = frame.code if _CODE.fullmatch(frame.code) else "something unreadable"  # it is shown on screens
    node.alarm(f"trouble/{feed.peer}", f"{feed.peer} reports {code}")
    return []


def _unexpected(_node: "Node", _feed: Feed, _returned: Returned, _frame: AnyFrame, _channel: str) -> list[AnyFrame]:
    raise RefusedError("OUT_OF_SEQUENCE", "a frame came that has no place here", "Nothing was kept.")


FRAME_DOORS: Mapping[type, FrameDoor] = {
    Hello: _unexpected,
    Entries: _entries,
    Bodies: _bodies,
    Lack: _lack,
    Taken: _taken,
    Cosigned: _cosigned,
    Want: _want,
    Segment: _segment,
    Trouble: _trouble,
    Ping: _unexpected,
    Pong: _unexpected,
}
