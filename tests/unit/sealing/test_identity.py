"""docs/spec/keys.md: root cards, their succession, their words, and key statements."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from entente.sealing.canonical import encode, encode_json
from entente.sealing.certificates import ed25519_spki_digest
from entente.sealing.errors import BadCardError, BadSignatureError, BadStatementError, UnknownSuiteError
from entente.sealing.identity import (
    MAX_OFFICES,
    MAX_STATEMENT,
    OfficeKey,
    check_replaces,
    check_statement,
    check_successor,
    fingerprint_words,
    make_root,
    parse_root,
    root_digest,
    sign_statement,
    words_match,
)
from entente.sealing.signing import HybridKey

# -- root cards


def test_a_root_card_comes_back_and_its_digest_is_that_of_the_file(kr: SimpleNamespace) -> None:
    card = parse_root(kr.card)
    assert encode_json(card) == kr.card
    assert card.digest == root_digest(kr.card)
    assert card.public == kr.root_key.public


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("party", ""),
        ("party", "KR"),
        ("party", "kr\n"),
        ("party", "k" * 65),
        ("ed25519", b"\0" * 31),
        ("mldsa65", b"\0" * 1953),
        ("successor", "0" * 63),
        ("successor", "A" * 64),
        ("schema", "entente/root/2"),
    ],
)
def test_a_root_card_with_a_field_out_of_its_range_is_refused(kr: SimpleNamespace, field: str, value: Any) -> None:
    with pytest.raises(BadCardError):
        parse_root(encode_json(replace(kr.root, **{field: value})))


def test_a_root_card_of_an_unknown_suite_is_refused(kr: SimpleNamespace) -> None:
    with pytest.raises(UnknownSuiteError):
        parse_root(encode_json(replace(kr.root, suite="E2")))


def test_a_root_card_with_a_member_twice_is_refused(kr: SimpleNamespace) -> None:
    twice = kr.card.replace(b'"simulated": true', b'"simulated": false,\n  "simulated": true')
    with pytest.raises(BadCardError):
        parse_root(twice)


def test_a_root_card_too_large_is_not_even_parsed(kr: SimpleNamespace) -> None:
    with pytest.raises(BadCardError, match="at most"):
        parse_root(kr.card + b" " * 128 * 1024)


def test_no_root_card_is_made_that_would_be_refused(kr: SimpleNamespace) -> None:
    with pytest.raises(BadCardError):
        make_root("KR", kr.root_key.public, simulated=True, successor=None)


# -- succession


def test_the_card_that_was_committed_to_follows(kr: SimpleNamespace) -> None:
    assert check_successor(kr.root, kr.successor) == parse_root(kr.successor)


def test_no_other_card_follows(kr: SimpleNamespace, jp: SimpleNamespace) -> None:
    for other in (kr.card, jp.successor, kr.successor.replace(b"true", b"false")):
        with pytest.raises(BadCardError, match="committed"):
            check_successor(kr.root, other)


def test_nothing_follows_the_last_root(kr: SimpleNamespace) -> None:
    with pytest.raises(BadCardError, match="committed"):
        check_successor(parse_root(kr.successor), kr.card)


@pytest.mark.parametrize(
    ("party", "simulated", "same"),
    [("jp", True, ""), ("kr", False, ""), ("kr", True, "ed25519"), ("kr", True, "mldsa65")],
)
def test_a_successor_is_of_the_same_party_and_kind_with_new_keys(
    kr: SimpleNamespace, party: str, simulated: bool, same: str
) -> None:
    public = HybridKey.generate().public
    if same:
        public = replace(public, **{same: getattr(kr.root, same)})
    following = make_root(party, public, simulated=simulated, successor=None)
    old = replace(kr.root, successor=root_digest(following).hex())
    with pytest.raises(BadCardError, match="successor"):
        check_successor(old, following)


# -- words


@pytest.mark.parametrize(
    ("entropy", "words"),
    [  # the 128-bit English vectors of BIP-39
        ("00" * 16, "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"),
        ("7f" * 16, "legal winner thank year wave sausage worth useful legal winner thank yellow"),
        ("80" * 16, "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"),
        ("ff" * 16, "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"),
        (
            "9e885d952ad362caeb4efe34a8e91bd2",
            "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
        ),
    ],
)
def test_words_are_bip_39_over_the_first_128_bits(entropy: str, words: str) -> None:
    digest = bytes.fromhex(entropy) + b"\x5a" * 16
    assert fingerprint_words(digest) == tuple(words.split())
    assert words_match(digest, words)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 127))
def test_another_root_has_other_words(digest: bytes, bit: int) -> None:
    other = bytearray(digest)
    other[bit // 8] ^= 1 << bit % 8
    assert not words_match(bytes(other), " ".join(fingerprint_words(digest)))


def test_words_are_compared_as_people_type_them() -> None:
    digest = b"\x7f" * 32
    assert words_match(digest, "  Legal WINNER, thank year; wave\nsausage worth useful\tlegal winner thank yellow. ")
    assert words_match(
        digest, "1 legal 2 winner 3 thank 4 year 5 wave 6 sausage 7 worth 8 useful 9 legal 10 winner 11 thank 12 yellow"
    )
    for wrong in (
        "",
        "legal",
        "legal winner thank year wave sausage worth useful legal winner thank",
        "일본 대한민국 é",
    ):
        assert not words_match(digest, wrong)
    assert not words_match(digest, "winner legal thank year wave sausage worth useful legal winner thank yellow")
    assert not words_match(digest, "legal winner thank year wave sausage worth useful legal winner thank yellow zoo")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_words_stand_for_a_whole_digest(size: int) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        fingerprint_words(bytes(size))


# -- key statements


def resigned(party: SimpleNamespace, statement: Any) -> tuple[bytes, Any]:
    """A statement under the root's signature without the checks that keep an honest root from making it."""
    data = encode(statement)
    return data, party.root_key.sign("keys", data)


def test_a_statement_comes_back(kr: SimpleNamespace) -> None:
    assert check_statement(kr.root, kr.root.digest, kr.statement_bytes, kr.signature) == kr.statement


def test_a_statement_of_another_root_is_refused(kr: SimpleNamespace, jp: SimpleNamespace) -> None:
    with pytest.raises(BadSignatureError):
        check_statement(jp.root, jp.root.digest, kr.statement_bytes, kr.signature)


def test_a_statement_is_refused_where_the_digest_is_not_the_cards(kr: SimpleNamespace, jp: SimpleNamespace) -> None:
    with pytest.raises(BadStatementError, match="another root"):
        check_statement(kr.root, jp.root.digest, kr.statement_bytes, kr.signature)
    data, signature = resigned(kr, replace(kr.statement, root=jp.root.digest))
    with pytest.raises(BadStatementError, match="another root"):
        check_statement(kr.root, kr.root.digest, data, signature)
    with pytest.raises(BadStatementError, match="another root"):
        check_statement(kr.root, jp.root.digest, data, signature)


@settings(max_examples=40)
@given(bit=st.integers(0, 2**20))
def test_no_bit_of_a_statement_may_change(kr: SimpleNamespace, bit: int) -> None:
    data = bytearray(kr.statement_bytes)
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(BadSignatureError):
        check_statement(kr.root, kr.root.digest, bytes(data), kr.signature)


def test_an_act_of_the_root_is_not_a_statement(kr: SimpleNamespace) -> None:
    with pytest.raises(BadSignatureError):
        check_statement(kr.root, kr.root.digest, kr.statement_bytes, kr.root_key.sign("act", kr.statement_bytes))


OFFICE = HybridKey.from_secret(bytes(range(64))).public
OTHER = HybridKey.from_secret(bytes(range(1, 65))).public
DESK = OfficeKey("desk", ("bind",), OFFICE.ed25519, OFFICE.mldsa65)
SECOND = OfficeKey("second", ("release",), OTHER.ed25519, OTHER.mldsa65)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"party": "jp"}, "another party"),
        ({"party": "K"}, "not an id"),
        ({"simulated": False}, "simulated"),
        ({"number": 0}, "numbered from 1"),
        ({"checkpoint": b"short"}, "not of its length"),
        ({"cosign": bytes(33)}, "not of its length"),
        ({"tls": b""}, "not of its length"),
        ({"schema": "entente/keys/2"}, "not a KeyStatement"),
        ({"offices": (replace(DESK, id="Desk"),)}, "not an id"),
        ({"offices": (replace(DESK, roles=("king",)),)}, "roles"),
        ({"offices": (replace(DESK, roles=("bind", "bind")),)}, "roles"),
        ({"offices": (replace(DESK, ed25519=b""),)}, "not of its length"),
        ({"offices": (replace(DESK, mldsa65=b""),)}, "not of its length"),
        ({"offices": (DESK, replace(SECOND, id="desk"))}, "same id"),
        ({"offices": (DESK, replace(SECOND, ed25519=DESK.ed25519))}, "keys are the same"),
        ({"offices": (DESK, replace(SECOND, mldsa65=DESK.mldsa65))}, "keys are the same"),
        ({"offices": (DESK,) * (MAX_OFFICES + 1)}, "at most"),
    ],
)
def test_a_root_may_not_state_it_though_it_signed(kr: SimpleNamespace, changes: dict[str, Any], why: str) -> None:
    data, signature = resigned(kr, replace(kr.statement, **changes))
    with pytest.raises(BadStatementError, match=why):
        check_statement(kr.root, kr.root.digest, data, signature)


def test_one_key_has_one_use(kr: SimpleNamespace) -> None:
    root, statement = kr.root, kr.statement
    for changes in (
        {"cosign": statement.checkpoint},
        {"checkpoint": root.ed25519},
        {"offices": (replace(DESK, ed25519=root.ed25519),)},
        {"offices": (replace(DESK, mldsa65=root.mldsa65),)},
        {"offices": (replace(DESK, ed25519=statement.cosign),)},
        {"tls": ed25519_spki_digest(statement.checkpoint)},
    ):
        with pytest.raises(BadStatementError, match="keys are the same"):
            check_statement(root, root.digest, *resigned(kr, replace(statement, **changes)))


def test_a_statement_of_an_unknown_suite_is_refused(kr: SimpleNamespace) -> None:
    with pytest.raises(UnknownSuiteError):
        check_statement(kr.root, kr.root.digest, *resigned(kr, replace(kr.statement, suite="E2")))


def test_a_statement_too_large_is_not_even_verified(kr: SimpleNamespace) -> None:
    with pytest.raises(BadStatementError, match="at most"):
        check_statement(kr.root, kr.root.digest, bytes(MAX_STATEMENT + 1), kr.signature)


def test_a_root_does_not_sign_what_would_be_refused(kr: SimpleNamespace) -> None:
    with pytest.raises(BadStatementError, match="numbered"):
        sign_statement(kr.root_key, replace(kr.statement, number=0))
    with pytest.raises(BadStatementError, match="length"):
        sign_statement(kr.root_key, replace(kr.statement, root=b""))


def test_an_office_has_the_roles_it_was_given_and_no_others(kr: SimpleNamespace) -> None:
    assert kr.statement.office("treaty-desk", "bind") == kr.office_key.public
    assert kr.statement.office("treaty-desk", "release") is None
    assert kr.statement.office("nobody", "bind") is None
    assert replace(kr.statement, offices=(replace(DESK, roles=()),)).office("desk", "bind") is None


@pytest.mark.parametrize(
    "changes", [{"number": 7}, {"number": 6}, {"number": 8, "party": "jp"}, {"number": 8, "simulated": False}]
)
def test_only_a_later_statement_of_the_same_party_replaces(kr: SimpleNamespace, changes: dict[str, Any]) -> None:
    held = replace(kr.statement, number=7)
    check_replaces(held, replace(held, number=8))
    with pytest.raises(BadStatementError):
        check_replaces(held, replace(held, **changes))
