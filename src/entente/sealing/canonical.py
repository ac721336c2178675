"""Bytes are canonical or refused (docs/spec/encoding.md).

Everything that is signed, hashed or sent is a MessagePack array in its shortest form. A decoder here accepts exactly
the bytes its encoder would have produced: it decodes strictly, encodes again and compares, so duplicate keys, unknown
fields, longer-than-needed integers and trailing bytes have no way in. Identity cards and pairing cards, which people
look at, are JSON under the same rule.
"""

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class NotCanonicalError(ValueError):
    """The bytes are not the one encoding of what they mean; nothing of them may be used."""


class Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Base of everything that travels: immutable, a MessagePack array, unknown fields refused.

    The garbage collector need not look at them: whatever is immutable holds only what is older, and forms no cycle.
    """


_encoder = msgspec.msgpack.Encoder()
_decoders: dict[type, msgspec.msgpack.Decoder] = {}  # type: ignore[type-arg]  # one decoder per type, built on first use


def encode(value: msgspec.Struct | int) -> bytes:
    """The canonical bytes of a wire structure, or of a number as it stands in one."""
    return _encoder.encode(value)


def decode(kind: type[T], data: bytes) -> T:
    """Parse canonical bytes once.

    Raises:
        NotCanonicalError: the bytes do not parse as ``kind`` or are not its canonical encoding.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    try:
        value = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotCanonicalError(f"not a {kind.__name__}: {error}") from error
    if _encoder.encode(value) != data:
        raise NotCanonicalError(f"not the canonical encoding of a {kind.__name__}")
    return value  # type: ignore[no-any-return]


def encode_json(value: msgspec.Struct) -> bytes:
    """The canonical JSON of a card: members in the order of the fields, two spaces, one trailing newline."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def decode_json(kind: type[T], data: bytes) -> T:
    """Parse a canonical JSON card once.

    Raises:
        NotCanonicalError: as for :func:`decode`; duplicate members are caught by the comparison.
    """
    try:
        value = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotCanonicalError(f"not a {kind.__name__}: {error}") from error
    if encode_json(value) != data:
        raise NotCanonicalError(f"not the canonical encoding of a {kind.__name__}")
    return value
