"""Every door of a node, in or out, in one place: what is not registered here does not exist.

Frames come in over the link or out of a bundle through the same doors; commands come in over the control socket. A test
enumerates both registries and tries every door with forged, foreign, replayed and malformed input.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from entente.node.errors import RefusedError
from entente.node.greeting import Returned
from entente.node.intake import take_entries
from entente.node.outgoing import Feed
from entente.node.payloads import take_in_segment, take_want
from entente.node.receipts import keep_cosigned
from entente.record.frames import AnyFrame, Cosigned, Entries, Hello, Ping, Pong, Segment, Trouble, Want

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
    return []


def _want(node: "Node", feed: Feed, _returned: Returned, frame: Want, channel: str) -> list[AnyFrame]:
    return take_want(node, feed.peer, frame, channel)


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
    Cosigned: _cosigned,
    Want: _want,
    Segment: _segment,
    Trouble: _trouble,
    Ping: _unexpected,
    Pong: _unexpected,
}
