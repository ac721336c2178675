"""docs/spec/cards.md: the parts of a pairing card belong together, or the card is refused."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from entente.sealing.canonical import encode_json
from entente.sealing.certificates import make_tls_identity
from entente.sealing.errors import BadCardError, BadSignatureError, BadStatementError, SealingError, UnknownSuiteError
from entente.sealing.identity import make_card, parse_card, sign_statement
from entente.sealing.seal import SealingKey, SealingPublic

NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
ADDRESSES = ("kr.example:7411", "[2001:db8::1]:7411", "192.0.2.1:1")


def card_of(party: SimpleNamespace, **changes: Any) -> bytes:
    parts = {
        "root": party.card,
        "statement": party.statement_bytes,
        "signature": party.signature,
        "sealing": party.sealing.public,
        "tls_certificate": party.tls.certificate.decode(),
        "addresses": ADDRESSES,
    }
    return make_card(party.checkpoint, **{**parts, **changes})


def test_a_card_comes_back(kr: SimpleNamespace) -> None:
    card = parse_card(card_of(kr))
    assert card.addresses == ADDRESSES
    assert card.sealing == kr.sealing.public
    assert card.root_card == kr.root
    assert card.key_statement == kr.statement


def test_a_sealing_key_put_in_on_the_way_is_found(kr: SimpleNamespace) -> None:
    card = parse_card(card_of(kr))
    with pytest.raises(BadSignatureError, match="vouched"):
        parse_card(encode_json(replace(card, sealing=SealingKey.generate().public)))


def test_everything_beside_root_and_statement_is_vouched_for(kr: SimpleNamespace) -> None:
    card = parse_card(card_of(kr))
    other = make_tls_identity("kr", not_before=NOT_BEFORE).certificate.decode()
    for changes in (
        {"addresses": ("evil.example:7411",)},
        {"tls_certificate": other},
        {"voucher": b""},
        {"voucher": bytes(64)},
        {"voucher": kr.root_key.sign("act", b"").ed25519},
    ):
        with pytest.raises(BadSignatureError, match="vouched"):
            parse_card(encode_json(replace(card, **changes)))


def test_a_voucher_belongs_to_its_root_and_statement(kr: SimpleNamespace, other_kr: SimpleNamespace) -> None:
    card = parse_card(card_of(kr))
    other = {"root": other_kr.card, "statement": other_kr.statement_bytes, "signature": other_kr.signature}
    with pytest.raises(BadSignatureError, match="vouched"):
        parse_card(encode_json(replace(card, **other)))


def test_a_voucher_is_not_carried_over_to_another_statement_of_the_same_keys(kr: SimpleNamespace) -> None:
    data, signature = sign_statement(kr.root_key, replace(kr.statement, number=2))
    with pytest.raises(BadSignatureError, match="vouched"):
        parse_card(encode_json(replace(parse_card(card_of(kr)), statement=data, signature=signature)))


def test_root_and_statement_of_different_parties_make_no_card(kr: SimpleNamespace, jp: SimpleNamespace) -> None:
    with pytest.raises(BadSignatureError):
        card_of(kr, statement=jp.statement_bytes, signature=jp.signature)
    with pytest.raises(BadSignatureError):
        card_of(kr, root=jp.card)


def test_simulated_and_real_never_share_a_card(kr: SimpleNamespace) -> None:
    statement = replace(kr.statement, simulated=False)
    data, signature = sign_statement(kr.root_key, statement)
    with pytest.raises(BadStatementError, match="simulated"):
        card_of(kr, statement=data, signature=signature)


def test_a_certificate_over_another_key_is_refused(kr: SimpleNamespace) -> None:
    other = make_tls_identity("kr", not_before=NOT_BEFORE).certificate.decode()
    with pytest.raises(BadCardError, match="key statement names"):
        card_of(kr, tls_certificate=other)


@pytest.mark.parametrize(
    "pem", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_refused(kr: SimpleNamespace, pem: str) -> None:
    with pytest.raises(BadCardError):
        card_of(kr, tls_certificate=pem)


def test_nothing_rides_along_with_the_certificate(kr: SimpleNamespace, jp: SimpleNamespace) -> None:
    pem = kr.tls.certificate.decode()
    for extra in (pem + "x", pem + jp.tls.certificate.decode(), pem + "\n", pem.replace("\n", "\r\n")):
        with pytest.raises(BadCardError):
            card_of(kr, tls_certificate=extra)


def test_a_sealing_key_that_is_none_is_refused(kr: SimpleNamespace) -> None:
    for sealing in (SealingPublic(b"", b""), SealingPublic(b"\xff" * 1184, kr.sealing.public.x25519)):
        with pytest.raises(BadCardError, match="X-Wing"):
            card_of(kr, sealing=sealing)


@pytest.mark.parametrize(
    "address",
    [
        *("", "kr.example", "kr.example:", ":7411", "kr.example:0", "kr.example:65536", "kr.example:07411"),
        *("kr.example:1\n", "kr example:1", "user@kr.example:1", "http://kr.example:1", "::1:7411", "[::1]", "-kr:1"),
        "한국:1",
    ],
)
def test_addresses_are_host_and_port(kr: SimpleNamespace, address: str) -> None:
    with pytest.raises(BadCardError, match="host:port"):
        card_of(kr, addresses=(address,))


def test_a_party_without_a_network_has_a_card_too_and_none_has_twenty_addresses(kr: SimpleNamespace) -> None:
    assert parse_card(card_of(kr, addresses=())).addresses == ()
    with pytest.raises(BadCardError, match="at most"):
        card_of(kr, addresses=("kr.example:1",) * 20)


def test_a_signature_of_an_unknown_suite_is_refused(kr: SimpleNamespace) -> None:
    with pytest.raises(UnknownSuiteError):
        card_of(kr, signature=replace(kr.signature, suite="E2"))


def test_a_member_twice_is_refused(kr: SimpleNamespace) -> None:
    card = card_of(kr)
    twice = card.replace(b'  "addresses"', b'  "addresses": [],\n  "addresses"')
    assert twice != card
    with pytest.raises(BadCardError):
        parse_card(twice)


@settings(max_examples=80)
@given(bit=st.integers(0, 2**20))
def test_no_bit_of_a_card_may_change(kr: SimpleNamespace, bit: int) -> None:
    data = bytearray(card_of(kr))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(SealingError):
        parse_card(bytes(data))
