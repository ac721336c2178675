"""docs/spec/encoding.md: bytes are canonical or refused."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.sealing.canonical import NotCanonicalError, Wire, decode, decode_json, encode, encode_json


class Leaf(Wire, frozen=True):
    name: str
    data: bytes


class Tree(Wire, frozen=True):
    number: int
    maybe: int | None
    leaves: tuple[Leaf, ...]


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    number: int
    data: bytes


leaves = st.builds(Leaf, st.text(max_size=8), st.binary(max_size=8))
trees = st.builds(
    Tree,
    st.integers(-(2**63), 2**64 - 1),
    st.none() | st.integers(0, 300),
    st.lists(leaves, max_size=3).map(tuple),
)


@given(trees)
def test_what_is_encoded_decodes_to_itself(tree: Tree) -> None:
    assert decode(Tree, encode(tree)) == tree


@given(st.binary(max_size=48))
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        tree = decode(Tree, data)
    except NotCanonicalError:
        return
    assert encode(tree) == data


@given(trees, st.data())
def test_no_two_encodings_mean_the_same(tree: Tree, data: st.DataObject) -> None:
    wire = bytearray(encode(tree))
    at = data.draw(st.integers(0, len(wire) * 8 - 1))
    wire[at // 8] ^= 1 << at % 8
    with contextlib.suppress(NotCanonicalError):
        assert decode(Tree, bytes(wire)) != tree


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x93\x01\xc0\x90\x00", "trailing byte"),
        (b"\x93\x01\xc0", "cut short"),
        (b"\x94\x01\xc0\x90\xc0", "a field too many"),
        (b"\x92\x01\xc0", "a field too few"),
        (b"\x93\xcc\x01\xc0\x90", "integer longer than needed"),
        (b"\xdc\x00\x03\x01\xc0\x90", "array header longer than needed"),
        (b"\x93\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\xc0\x90", "a float for an integer"),
        (b"\x93\x01\xc0\x91\x92\xa2\xff\xfe\xc4\x00", "a string that is not UTF-8"),
        (b"\x93\x01\xc0\x91\x92\xd9\x01a\xc4\x00", "string header longer than needed"),
        (b"", "nothing"),
    ],
)
def test_other_bytes_of_the_same_meaning_are_refused(data: bytes, why: str) -> None:
    assert decode(Tree, b"\x93\x01\xc0\x90") == Tree(1, None, ())
    with pytest.raises(NotCanonicalError):
        decode(Tree, data)


CARD = b'{\n  "schema": "x",\n  "number": 1,\n  "data": "AQ=="\n}\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"number": 1', b'"number": 2,\n  "number": 1'),
        (b'"number": 1', b'"number":1'),
        (b'"number": 1', b'"number": 1,\n  "other": 1'),
        (b'"schema": "x",\n  "number": 1', b'"number": 1,\n  "schema": "x"'),
        (b'"x"', b'"\\u0078"'),
        (b'"AQ=="', b'"AR=="'),
        (b'"AQ=="', b'"AQ"'),
        (b"}\n", b"}"),
        (b"}\n", b"}\n\n"),
        (b"{", b"\xef\xbb\xbf{"),
    ],
    ids=[
        "duplicate",
        "spacing",
        "unknown",
        "order",
        "escape",
        "base64 bits",
        "base64 padding",
        "no newline",
        "two",
        "bom",
    ],
)
def test_a_card_has_one_spelling(old: bytes, new: bytes) -> None:
    assert encode_json(decode_json(Card, CARD)) == CARD
    with pytest.raises(NotCanonicalError):
        decode_json(Card, CARD.replace(old, new))
