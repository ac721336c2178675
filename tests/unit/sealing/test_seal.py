"""docs/spec/sealing.md: what is sealed opens in its own place and nowhere else."""

import hashlib
import hmac
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import asdict, replace

from entente.sealing.canonical import encode
from entente.sealing.errors import BadKeyError, NotOpenedError
from entente.sealing.seal import (
    EpochSeal,
    SealingKey,
    SealingPublic,
    WrapBinding,
    accept_epoch,
    new_content_key,
    set_up_epoch,
)

AGREEMENT = bytes(range(32))
PLACE: dict[str, Any] = {"agreement": AGREEMENT, "writer": "jp", "recipient_party": "kr"}
ITEM: dict[str, Any] = {"agreement": AGREEMENT, "writer": "jp", "item": "jp-0001"}
KR = SealingKey.from_secret(bytes(range(96)))
EPOCH = set_up_epoch(KR.public, **PLACE)
BINDING = WrapBinding(AGREEMENT, b"t" * 32, "jp", "kr", "jp-0001", b"h" * 32, EPOCH.epoch)
CONTENT_KEY = bytes(range(100, 132))


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


# -- sealing keys and epochs


def test_a_sealing_key_comes_back_from_its_secret() -> None:
    key = SealingKey.generate()
    again = SealingKey.from_secret(key.secret())
    assert again.public == key.public
    assert len(key.secret()) == 96
    assert (
        accept_epoch(again, (new := set_up_epoch(key.public, **PLACE)).sealed, epoch=new.epoch, **PLACE) == new.secret
    )


@pytest.mark.parametrize("size", [0, 64, 95, 97])
def test_a_sealing_keys_secret_has_its_length(size: int) -> None:
    with pytest.raises(ValueError, match="96 bytes"):
        SealingKey.from_secret(bytes(size))


def test_a_sealing_keys_id_is_the_digest_of_both_halves() -> None:
    assert KR.public.id == hashlib.sha256(KR.public.mlkem768 + KR.public.x25519).digest()[:8]


def test_every_epoch_is_new() -> None:
    other = set_up_epoch(KR.public, **PLACE)
    assert other.epoch != EPOCH.epoch
    assert other.secret != EPOCH.secret
    assert (len(other.epoch), len(other.secret), len(other.sealed)) == (8, 32, 1120 + 48)


def _labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labeled + b"\x01", "sha256")[:length]


def open_by_the_book(secret: bytes, sealed: bytes, info: bytes) -> bytes:
    """X-Wing (draft-connolly-cfrg-xwing-kem) and HPKE base mode (RFC 9180 section 5.1), from their texts."""
    x25519 = X25519PrivateKey.from_private_bytes(secret[64:])
    ct_m, ct_x, box = sealed[:1088], sealed[1088:1120], sealed[1120:]
    ss_m = MLKEM768PrivateKey.from_seed_bytes(secret[:64]).decapsulate(ct_m)
    ss_x = x25519.exchange(X25519PublicKey.from_public_bytes(ct_x))
    shared = hashlib.sha3_256(ss_m + ss_x + ct_x + x25519.public_key().public_bytes_raw() + b"\\.//^\\").digest()
    suite = b"HPKE" + bytes.fromhex("647a00010002")
    context = (
        b"\0" + _labeled_extract(suite, b"", b"psk_id_hash", b"") + _labeled_extract(suite, b"", b"info_hash", info)
    )
    prk = _labeled_extract(suite, shared, b"secret", b"")
    key = _labeled_expand(suite, prk, b"key", context, 32)
    nonce = _labeled_expand(suite, prk, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, box, b"")


def test_an_epoch_is_hpke_with_x_wing_over_the_documented_info() -> None:
    context = ["E1", AGREEMENT, "jp", "kr", EPOCH.epoch, KR.public.id]
    info = b"entente/epoch/1\0" + msgpack.encode(context)
    assert open_by_the_book(KR.secret(), EPOCH.sealed, info) == EPOCH.secret


@pytest.mark.parametrize(
    "moved",
    [
        {"epoch": b"another!"},
        {"agreement": b"x" * 32},
        {"writer": "kr"},
        {"recipient_party": "us"},
        {"writer": "jpk", "recipient_party": "r"},
    ],
    ids=lambda moved: "+".join(moved),
)
def test_an_epoch_opens_in_its_place_only(moved: dict[str, Any]) -> None:
    place = {"epoch": EPOCH.epoch, **PLACE}
    assert accept_epoch(KR, EPOCH.sealed, **place) == EPOCH.secret
    with pytest.raises(NotOpenedError):
        accept_epoch(KR, EPOCH.sealed, **{**place, **moved})


def test_an_epoch_opens_for_its_recipient_only() -> None:
    with pytest.raises(NotOpenedError):
        accept_epoch(SealingKey.generate(), EPOCH.sealed, epoch=EPOCH.epoch, **PLACE)


@settings(max_examples=60)
@given(st.integers(0, 8 * 1168 - 1))
def test_no_bit_of_a_sealed_epoch_may_change(bit: int) -> None:
    with pytest.raises(NotOpenedError):
        accept_epoch(KR, flipped(EPOCH.sealed, bit), epoch=EPOCH.epoch, **PLACE)


@given(st.binary(max_size=1200))
def test_bytes_that_are_no_epoch_are_refused(sealed: bytes) -> None:
    with pytest.raises(NotOpenedError):
        accept_epoch(KR, sealed, epoch=EPOCH.epoch, **PLACE)


def test_a_hostile_point_in_an_epoch_is_refused() -> None:
    hostile = EPOCH.sealed[:1088] + bytes(32) + EPOCH.sealed[1120:]
    with pytest.raises(NotOpenedError):
        accept_epoch(KR, hostile, epoch=EPOCH.epoch, **PLACE)


def test_an_epoch_that_carries_something_else_than_a_key_is_refused() -> None:
    info = b"entente/epoch/1\0" + msgpack.encode(["E1", AGREEMENT, "jp", "kr", EPOCH.epoch, KR.public.id])
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    sealed = suite.encrypt(b"short", KR.public.to_hpke(), info)
    with pytest.raises(NotOpenedError, match="32 bytes"):
        accept_epoch(KR, sealed, epoch=EPOCH.epoch, **PLACE)


@pytest.mark.parametrize(
    "public",
    [
        SealingPublic(b"", b""),
        SealingPublic(KR.public.mlkem768, b"short"),
        SealingPublic(KR.public.mlkem768[:-1], KR.public.x25519),
        SealingPublic(b"\xff" * 1184, KR.public.x25519),  # coefficients at or above q: FIPS 203 section 7.2
    ],
    ids=["empty", "x25519", "short", "modulus"],
)
def test_nothing_is_sealed_to_what_is_no_key(public: SealingPublic) -> None:
    with pytest.raises(BadKeyError):
        public.check()
    with pytest.raises(BadKeyError):
        set_up_epoch(public, **PLACE)


def test_nothing_is_sealed_to_a_point_of_small_order() -> None:
    with pytest.raises(BadKeyError):
        set_up_epoch(SealingPublic(KR.public.mlkem768, bytes(32)), **PLACE)


# -- wrapped keys


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_wrapped_key_comes_back(secret: bytes, content_key: bytes) -> None:
    nonce, sealed = EpochSeal(secret).wrap(content_key, BINDING)
    assert (len(nonce), len(sealed)) == (12, 48)
    assert EpochSeal(secret).unwrap(nonce, sealed, BINDING) == content_key


def test_a_wrap_is_aes_gcm_over_the_documented_binding() -> None:
    nonce, sealed = EpochSeal(EPOCH.secret).wrap(CONTENT_KEY, BINDING)
    binding = [AGREEMENT, b"t" * 32, "jp", "kr", "jp-0001", b"h" * 32, EPOCH.epoch]
    assert AESGCM(EPOCH.secret).decrypt(nonce, sealed, b"entente/wrap/1\0" + msgpack.encode(binding)) == CONTENT_KEY


@pytest.mark.parametrize("field", list(asdict(BINDING)))
def test_a_wrapped_key_is_bound_to_every_field(field: str) -> None:
    nonce, sealed = EpochSeal(EPOCH.secret).wrap(CONTENT_KEY, BINDING)
    value = getattr(BINDING, field)
    with pytest.raises(NotOpenedError):
        EpochSeal(EPOCH.secret).unwrap(nonce, sealed, replace(BINDING, **{field: value + value[:1]}))


def test_fields_of_a_binding_do_not_run_into_one_another() -> None:
    nonce, sealed = EpochSeal(EPOCH.secret).wrap(CONTENT_KEY, replace(BINDING, writer="jp", recipient="kr"))
    with pytest.raises(NotOpenedError):
        EpochSeal(EPOCH.secret).unwrap(nonce, sealed, replace(BINDING, writer="jpk", recipient="r"))


def test_every_bit_of_a_wrapped_key_counts() -> None:
    nonce, sealed = EpochSeal(EPOCH.secret).wrap(CONTENT_KEY, BINDING)
    for bit in range(len(sealed) * 8):
        with pytest.raises(NotOpenedError):
            EpochSeal(EPOCH.secret).unwrap(nonce, flipped(sealed, bit), BINDING)
    for bit in range(len(nonce) * 8):
        with pytest.raises(NotOpenedError):
            EpochSeal(EPOCH.secret).unwrap(flipped(nonce, bit), sealed, BINDING)


@given(st.binary(max_size=64), st.binary(max_size=40))
def test_bytes_that_are_no_wrap_are_refused(sealed: bytes, nonce: bytes) -> None:
    with pytest.raises(NotOpenedError):
        EpochSeal(EPOCH.secret).unwrap(nonce, sealed, BINDING)


def test_a_wrap_of_something_else_than_a_key_is_refused() -> None:
    nonce = os.urandom(12)
    sealed = AESGCM(EPOCH.secret).encrypt(nonce, b"short", b"entente/wrap/1\0" + encode(BINDING))
    with pytest.raises(NotOpenedError, match="32 bytes"):
        EpochSeal(EPOCH.secret).unwrap(nonce, sealed, BINDING)


def test_each_wrap_has_a_nonce_of_its_own() -> None:
    assert len({EpochSeal(EPOCH.secret).wrap(CONTENT_KEY, BINDING)[0] for _ in range(64)}) == 64


def test_each_content_key_is_new() -> None:
    assert len({new_content_key() for _ in range(64)}) == 64
    assert len(new_content_key()) == 32
