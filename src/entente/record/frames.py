"""Frames: what is carried between nodes, on the wire and in a courier's bag alike (docs/spec/frames.md).

A frame is a canonical MessagePack array whose first element is its tag. On the link each frame is preceded by its
length as four bytes, big-endian; a bundle or an evidence file is a magic line and the same length-prefixed frames.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Union

import msgspec

from entente.record.envelope import DeliveredBody, Delivery, Wrap
from entente.sealing.canonical import NotCanonicalError

MAX_FRAME = 4 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="frame"):
    """Base of all frames."""


class Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A log's size and newest signed checkpoint as held by the sender of the frame ("" where it holds none)."""

    agreement: bytes
    writer: str
    incarnation: str
    size: int
    checkpoint: str


class Hello(Frame, frozen=True, tag="hello"):
    """First frame both ways: who, what versions, and every log head held of agreements shared with the other."""

    protocol: int
    party: str
    software: str
    tzdata: str
    simulated: bool
    heads: tuple[Head, ...]


class Entries(Frame, frozen=True, tag="entries"):
    """Consecutive entries of one log from ``first`` on, and the checkpoint that covers them.

    ``deferred`` are ranges (first and last sequence number) of items for the receiver whose bodies and wraps come
    later, in :class:`Bodies`: envelopes run ahead so that something more urgent need not wait.
    """

    agreement: bytes
    writer: str
    incarnation: str
    first: int
    deliveries: tuple[Delivery, ...]
    checkpoint: str
    deferred: tuple[tuple[int, int], ...]


class Later(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was deferred of one item: its bodies and its wrap, or the wrap without a key where they are withheld."""

    seq: int
    bodies: tuple[DeliveredBody | None, ...]
    wrap: Wrap


class Bodies(Frame, frozen=True, tag="bodies"):
    """Deferred bodies of items whose envelopes the receiver holds already."""

    agreement: bytes
    writer: str
    incarnation: str
    items: tuple[Later, ...]


class Lack(Frame, frozen=True, tag="lack"):
    """Asks for deferred bodies that have not come: ranges of sequence numbers, after a new session has begun."""

    agreement: bytes
    writer: str
    incarnation: str
    ranges: tuple[tuple[int, int], ...]


class Taken(Frame, frozen=True, tag="taken"):
    """How many frames with entries or bodies of this session have been dealt with: there is room for as many more."""

    count: int


class Cosigned(Frame, frozen=True, tag="cosigned"):
    """A checkpoint of the receiver's log with the sender's cosignature: proof that the sender holds its entries."""

    agreement: bytes
    writer: str
    incarnation: str
    checkpoint: str


class Segment(Frame, frozen=True, tag="segment"):
    """One sealed segment of a payload carried outside the log."""

    agreement: bytes
    writer: str
    incarnation: str
    seq: int
    index: int
    data: bytes


class Want(Frame, frozen=True, tag="want"):
    """Asks for a payload's segments from ``index`` on: how a transfer resumes after a cut."""

    agreement: bytes
    writer: str
    incarnation: str
    seq: int
    index: int


class Trouble(Frame, frozen=True, tag="trouble"):
    """Says coarsely why a log is paused or the connection closes; never why an item was refused."""

    code: str
    text: str


class Ping(Frame, frozen=True, tag="ping"):
    """Asks on a live link whether the other end is there; never in a bundle and never shown to a node's use cases."""

    count: int


class Pong(Frame, frozen=True, tag="pong"):
    """Answers the ping of the same count."""

    count: int


AnyFrame = Union[Hello, Entries, Bodies, Lack, Taken, Cosigned, Segment, Want, Trouble, Ping, Pong]  # noqa: UP007 - msgspec reads the union at run time

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyFrame] = msgspec.msgpack.Decoder(AnyFrame)


def encode_frame(frame: AnyFrame) -> bytes:
    """The frame's canonical bytes without the length."""
    return _encoder.encode(frame)


def decode_frame(data: bytes) -> AnyFrame:
    """Parse one frame once.

    Raises:
        NotCanonicalError: too large, of an unknown kind, or not canonical.
    """
    if len(data) > MAX_FRAME:
        raise NotCanonicalError(f"frame of {len(data)} bytes; at most {MAX_FRAME}")
    try:
        frame = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotCanonicalError(f"not a frame: {error}") from error
    if _encoder.encode(frame) != data:
        raise NotCanonicalError("not the canonical encoding of a frame")
    return frame


def with_length(data: bytes) -> bytes:
    """A frame's bytes behind their length."""
    return _LENGTH.pack(len(data)) + data


def write_frames(magic: bytes, frames: Iterable[AnyFrame]) -> Iterator[bytes]:
    """The bytes of a bundle or evidence file, piece by piece: the magic line, then length-prefixed frames."""
    yield magic
    for frame in frames:
        yield with_length(encode_frame(frame))


def read_frames(magic: bytes, data: bytes) -> Iterator[AnyFrame]:
    """The frames of a bundle or evidence file.

    Raises:
        NotCanonicalError: another magic line, a truncated file, or a frame that is not canonical.
    """
    if not data.startswith(magic):
        raise NotCanonicalError(f"the file does not begin with {magic.decode().strip()!r}")
    at = len(magic)
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise NotCanonicalError("the file ends inside a length")
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if length > MAX_FRAME or at + length > len(data):
            raise NotCanonicalError(f"the file ends inside a frame, or a frame of {length} bytes is too large")
        yield decode_frame(data[at : at + length])
        at += length
