"""docs/spec/sealing.md: bodies, payload segments, what lies at rest, and the payload's digest."""

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from entente.sealing.errors import NotOpenedError
from entente.sealing.seal import (
    SEGMENT,
    ItemSeal,
    PayloadDigest,
    RestSeal,
    at_rest_open,
    at_rest_seal,
    new_content_key,
    payload_digest,
    payload_key,
    seal_segment,
    unseal_segment,
)

AGREEMENT = bytes(range(32))
ITEM: dict[str, Any] = {"agreement": AGREEMENT, "writer": "jp", "item": "jp-0001"}
CONTENT_KEY = bytes(range(100, 132))
SEAL = ItemSeal(CONTENT_KEY, **ITEM)


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


# -- bodies


@given(st.binary(max_size=300), st.integers(0, 255))
def test_a_body_comes_back(data: bytes, index: int) -> None:
    sealed = SEAL.seal(index, data)
    assert len(sealed) == len(data) + 16
    assert SEAL.open(index, sealed) == data


def test_a_body_is_aes_gcm_with_its_place_as_the_nonce() -> None:
    sealed = SEAL.seal(1, b"title")
    context = b"entente/body-seal/1\0" + msgpack.encode(["E1", AGREEMENT, "jp", "jp-0001", 1])
    assert AESGCM(CONTENT_KEY).decrypt(bytes(11) + b"\x01", sealed, context) == b"title"


@pytest.mark.parametrize(
    "moved",
    [{"agreement": b"x" * 32}, {"writer": "kr"}, {"item": "jp-0002"}, {"index": 1}],
    ids=lambda moved: next(iter(moved)),
)
def test_a_body_opens_in_its_place_only(moved: dict[str, Any]) -> None:
    sealed = SEAL.seal(0, b"body")
    with pytest.raises(NotOpenedError):
        ItemSeal(CONTENT_KEY, **ITEM | {key: value for key, value in moved.items() if key != "index"}).open(
            moved.get("index", 0), sealed
        )


def test_the_place_of_a_body_is_bound_apart_from_the_nonce() -> None:
    nonce = bytes(12)
    context = b"entente/body-seal/1\0" + msgpack.encode(["E1", AGREEMENT, "jp", "jp-0001", 1])
    with pytest.raises(NotOpenedError):
        SEAL.open(0, AESGCM(CONTENT_KEY).encrypt(nonce, b"body", context))


def test_every_bit_of_a_sealed_body_counts() -> None:
    sealed = SEAL.seal(0, b"body")
    for bit in range(len(sealed) * 8):
        with pytest.raises(NotOpenedError):
            SEAL.open(0, flipped(sealed, bit))


@pytest.mark.parametrize("index", [-1, 256])
def test_a_body_has_a_place(index: int) -> None:
    with pytest.raises(ValueError, match="a body has a place"):
        SEAL.seal(index, b"")
    with pytest.raises(ValueError, match="a body has a place"):
        SEAL.open(index, b"")


# -- segments

FULL = bytes(SEGMENT)
PAYLOAD_KEY = payload_key(CONTENT_KEY)
SEALED = (
    seal_segment(PAYLOAD_KEY, 0, False, FULL),
    seal_segment(PAYLOAD_KEY, 1, False, FULL),
    seal_segment(PAYLOAD_KEY, 2, True, b"rest"),
)


def open_payload(pieces: tuple[bytes, ...], count: int) -> bytes:
    if len(pieces) != count:
        raise NotOpenedError("segments are missing")
    return b"".join(unseal_segment(PAYLOAD_KEY, at, at == count - 1, piece) for at, piece in enumerate(pieces))


def test_the_payload_key_is_hkdf_of_the_content_key() -> None:
    prk = hmac.digest(bytes(32), CONTENT_KEY, "sha256")  # RFC 5869 section 2.2, no salt
    assert hmac.digest(prk, b"entente/payload-key/1\0E1\x01", "sha256") == PAYLOAD_KEY


def test_a_payload_comes_back() -> None:
    assert open_payload(SEALED, 3) == FULL + FULL + b"rest"


def test_a_segment_is_aes_gcm_with_place_and_end_as_the_nonce() -> None:
    assert AESGCM(PAYLOAD_KEY).decrypt(bytes(10) + b"\x02\x01", SEALED[2], b"entente/segment/1\0E1") == b"rest"
    assert AESGCM(PAYLOAD_KEY).decrypt(bytes(10) + b"\x01\x00", SEALED[1], b"entente/segment/1\0E1") == FULL


@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        (SEALED[:2], 2),
        (SEALED[:1], 1),
        ((SEALED[0], SEALED[2]), 2),
        ((SEALED[1], SEALED[0], SEALED[2]), 3),
        ((SEALED[0], SEALED[0], SEALED[2]), 3),
        ((*SEALED, SEALED[2]), 4),
        (SEALED[1:], 2),
    ],
    ids=["end cut", "end cut to one", "middle cut", "reordered", "repeated", "prolonged", "start cut"],
)
def test_a_payload_cut_or_reordered_is_found(pieces: tuple[bytes, ...], count: int) -> None:
    with pytest.raises(NotOpenedError):
        open_payload(pieces, count)


def test_segments_of_another_payload_do_not_open() -> None:
    with pytest.raises(NotOpenedError):
        unseal_segment(payload_key(new_content_key()), 2, True, SEALED[2])


def test_bodies_and_segments_have_different_keys() -> None:
    assert PAYLOAD_KEY != CONTENT_KEY
    with pytest.raises(NotOpenedError):
        ItemSeal(PAYLOAD_KEY, **ITEM).open(0, SEALED[2])


@pytest.mark.parametrize(
    ("index", "last", "size"),
    [(0, False, SEGMENT - 1), (0, False, SEGMENT + 1), (0, True, SEGMENT + 1), (1, True, 0), (-1, True, 1)],
)
def test_segments_have_their_length(index: int, last: bool, size: int) -> None:
    with pytest.raises(ValueError, match="all but the last"):
        seal_segment(PAYLOAD_KEY, index, last, bytes(size))
    with pytest.raises(NotOpenedError, match="its length"):
        unseal_segment(PAYLOAD_KEY, index, last, bytes(size + 16))


def test_an_empty_payload_is_one_empty_segment() -> None:
    assert unseal_segment(PAYLOAD_KEY, 0, True, seal_segment(PAYLOAD_KEY, 0, True, b"")) == b""


# -- at rest, and digests


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_what_is_at_rest_comes_back(data: bytes, context: bytes) -> None:
    assert at_rest_open(CONTENT_KEY, context, at_rest_seal(CONTENT_KEY, context, data)) == data


def test_rows_at_rest_cannot_be_swapped_or_altered() -> None:
    sealed = at_rest_seal(CONTENT_KEY, b"row 1", b"data")
    with pytest.raises(NotOpenedError):
        at_rest_open(CONTENT_KEY, b"row 2", sealed)
    with pytest.raises(NotOpenedError):
        at_rest_open(new_content_key(), b"row 1", sealed)
    for bit in range(len(sealed) * 8):
        with pytest.raises(NotOpenedError):
            at_rest_open(CONTENT_KEY, b"row 1", flipped(sealed, bit))


@given(st.binary(max_size=30))
def test_bytes_that_were_never_sealed_are_refused(data: bytes) -> None:
    with pytest.raises(NotOpenedError):
        at_rest_open(CONTENT_KEY, b"row 1", data)


def test_equal_rows_look_different_at_rest() -> None:
    assert at_rest_seal(CONTENT_KEY, b"", b"data") != at_rest_seal(CONTENT_KEY, b"", b"data")


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_a_key_at_rest_comes_back(data: bytes, context: bytes) -> None:
    seal = RestSeal(CONTENT_KEY, b"kind")
    assert RestSeal(CONTENT_KEY, b"kind").open(context, seal.seal(context, data)) == data


def test_keys_at_rest_cannot_be_moved_or_altered() -> None:
    seal = RestSeal(CONTENT_KEY, b"kind")
    locked = seal.seal(b"place 1", b"data")
    for other, place in (
        (seal, b"place 2"),
        (RestSeal(CONTENT_KEY, b"another kind"), b"place 1"),
        (RestSeal(new_content_key(), b"kind"), b"place 1"),
    ):
        with pytest.raises(NotOpenedError):
            other.open(place, locked)
    for bit in range(len(locked) * 8):
        with pytest.raises(NotOpenedError):
            seal.open(b"place 1", flipped(locked, bit))


@given(st.binary(max_size=40))
def test_bytes_that_never_were_a_key_at_rest_are_refused(data: bytes) -> None:
    with pytest.raises(NotOpenedError):
        RestSeal(CONTENT_KEY, b"kind").open(b"place 1", data)


@given(st.lists(st.binary(max_size=50), max_size=5), st.binary(min_size=32, max_size=32))
def test_a_payloads_digest_does_not_depend_on_the_pieces(chunks: list[bytes], salt: bytes) -> None:
    whole = hashlib.sha256(b"entente/payload/1\0" + salt + b"".join(chunks)).digest()
    assert payload_digest(salt, chunks) == payload_digest(salt, [b"".join(chunks)]) == whole


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_salt_has_its_length_so_that_it_never_runs_into_the_payload(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PayloadDigest(bytes(size))
