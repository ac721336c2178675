"""docs/spec/keys.md: formal signatures hold only in both halves, for one kind; node signatures are RFC 8032."""

from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from entente.sealing.errors import BadSignatureError, UnknownSuiteError
from entente.sealing.signing import HybridKey, HybridPublic, NodeKey, Signature, verify_node
from entente.sealing.suites import KINDS, SIGNED

KEY = HybridKey.from_secret(bytes(range(64)))
SIGNED_ACT = KEY.sign("act", b"statement")


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [  # RFC 8032 section 7.1, tests 1 to 3
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_node_signatures_are_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    key = NodeKey.from_secret(bytes.fromhex(seed))
    assert key.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    verify_node(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))


def test_both_halves_sign_the_registered_prefix_and_the_bytes_as_carried() -> None:
    message = b"entente/act/1\0statement"
    Ed25519PublicKey.from_public_bytes(KEY.public.ed25519).verify(SIGNED_ACT.ed25519, message)
    MLDSA65PublicKey.from_public_bytes(KEY.public.mldsa65).verify(SIGNED_ACT.mldsa65, message)


def test_a_key_comes_back_from_its_secret() -> None:
    key = HybridKey.generate()
    again = HybridKey.from_secret(key.secret())
    assert again.public == key.public
    key.public.verify("act", b"x", again.sign("act", b"x"))
    assert len(key.secret()) == 64
    assert key.secret()[:32] != key.secret()[32:]


def test_a_good_half_does_not_carry_a_bad_one() -> None:
    other = HybridKey.generate().sign("act", b"statement")
    for mixed in (
        Signature("E1", SIGNED_ACT.ed25519, other.mldsa65),
        Signature("E1", other.ed25519, SIGNED_ACT.mldsa65),
        Signature("E1", SIGNED_ACT.ed25519, b""),
        Signature("E1", b"", SIGNED_ACT.mldsa65),
    ):
        with pytest.raises(BadSignatureError):
            KEY.public.verify("act", b"statement", mixed)


@pytest.mark.parametrize("signed_as", sorted(SIGNED))
def test_a_signature_of_one_kind_never_verifies_as_another(signed_as: str) -> None:
    signature = KEY.sign(signed_as, b"statement")
    KEY.public.verify(signed_as, b"statement", signature)
    for kind in SIGNED - {signed_as}:
        with pytest.raises(BadSignatureError):
            KEY.public.verify(kind, b"statement", signature)


@pytest.mark.parametrize("kind", [*sorted(KINDS - SIGNED), "unregistered"])
def test_only_statements_are_signed(kind: str) -> None:
    with pytest.raises(ValueError, match="not a kind of statement"):
        KEY.sign(kind, b"")
    with pytest.raises(ValueError, match="not a kind of statement"):
        KEY.public.verify(kind, b"", SIGNED_ACT)


def test_every_bit_of_a_node_signature_counts() -> None:
    key = NodeKey.generate()
    signature = key.sign(b"checkpoint")
    for bit in range(len(signature) * 8):
        with pytest.raises(BadSignatureError):
            verify_node(key.public, flipped(signature, bit), b"checkpoint")


@settings(max_examples=60)
@given(st.sampled_from(["ed25519", "mldsa65", "statement", "key-ed25519", "key-mldsa65"]), st.integers(0, 2**31))
def test_no_bit_of_what_is_verified_may_change(where: str, bit: int) -> None:
    public, data, signature = KEY.public, b"statement", SIGNED_ACT
    if where == "statement":
        data = flipped(data, bit % (8 * len(data)))
    elif where.startswith("key-"):
        name = where.removeprefix("key-")
        public = replace(public, **{name: flipped(getattr(public, name), bit % (8 * len(getattr(public, name))))})
    else:
        value = getattr(signature, where)
        signature = replace(signature, **{where: flipped(value, bit % (8 * len(value)))})
    with pytest.raises(BadSignatureError):
        public.verify("act", data, signature)


@given(st.binary(max_size=70), st.binary(max_size=70), st.text(max_size=3))
def test_hostile_bytes_are_refused_and_nothing_else_is_raised(one: bytes, other: bytes, suite: str) -> None:
    with pytest.raises(BadSignatureError):
        HybridPublic(one, other).verify("act", b"", Signature("E1", one, other))
    with pytest.raises(BadSignatureError):
        verify_node(one, other, b"")
    if suite != "E1":
        with pytest.raises(UnknownSuiteError):
            KEY.public.verify("act", b"statement", replace(SIGNED_ACT, suite=suite))


@pytest.mark.parametrize("size", [0, 32, 63, 65, 96])
def test_secrets_have_their_length(size: int) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        HybridKey.from_secret(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        NodeKey.from_secret(bytes(size + 1))


def test_an_office_key_is_not_its_partys_root(kr: SimpleNamespace) -> None:
    with pytest.raises(BadSignatureError):
        kr.office_key.public.verify("keys", kr.statement_bytes, kr.signature)
