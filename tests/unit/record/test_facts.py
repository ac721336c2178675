"""Which approvals are facts: of exactly this item, by an office that may release, at that position."""

import hashlib

import msgspec
import pytest
from builder import AGREEMENT, Party, in_force_history, lived_world

from entente.domain.release_facts import ApprovalFact
from entente.record.bodies import Approval, ApprovalStatement, Transfer, TransferHeader
from entente.record.envelope import SALT
from entente.record.facts import approval_facts, item_facts, second_person
from entente.record.projection import Position
from entente.sealing.canonical import decode, encode
from entente.sealing.signing import HybridKey, HybridPublic

KR = Party("kr")
AT = Position("kr", "0123456789abcdef", 4)
TRANSFER = decode(Transfer, lived_world().logs["kr"].deliveries[4].bodies[0].data[SALT:])  # type: ignore[union-attr]
HEADER = decode(TransferHeader, TRANSFER.header)


def offices(at: Position, office: str, role: str) -> HybridPublic | None:
    return in_force_history(KR).office(at.seq, office, role)


def approval(key: HybridKey = KR.office, **changes: object) -> Approval:
    digest = hashlib.sha256(TRANSFER.header).digest()
    statement = ApprovalStatement("entente/approval/1", AGREEMENT, HEADER.item, digest, "office", "p1", 0)
    data = encode(msgspec.structs.replace(statement, **changes))
    return Approval(data, key.sign("approval", data))


def facts(*approvals: Approval) -> tuple[ApprovalFact, ...]:
    return approval_facts(AT, TRANSFER.header, HEADER, approvals, offices)


def test_an_approval_of_exactly_this_item_is_a_fact() -> None:
    [fact] = facts(approval())
    assert (fact.party, fact.office, fact.role, fact.person) == ("kr", "office", "release", "p1")
    assert fact.key == KR.office.public.ed25519.hex()


@pytest.mark.parametrize(
    "changes",
    [{"item": "item-2"}, {"header": bytes(32)}, {"agreement": bytes(32)}, {"office": "another"}],
    ids=lambda changes: next(iter(changes)),
)
def test_an_approval_of_anything_else_is_none(changes: dict[str, object]) -> None:
    assert facts(approval(**changes)) == ()


def test_an_approval_that_is_not_the_offices_is_none() -> None:
    assert facts(approval(Party("jp").office)) == ()
    assert facts(Approval(b"\x90", KR.office.sign("approval", b"\x90"))) == ()


def test_an_approval_signed_as_something_else_is_none() -> None:
    good = approval()
    assert facts(Approval(good.statement, KR.office.sign("act", good.statement))) == ()


@pytest.mark.parametrize(
    ("person", "key", "found"), [("p2", "k2", True), ("p1", "k2", False), ("p2", "k1", False), ("p1", "k1", False)]
)
def test_a_second_person_is_another_with_another_key(person: str, key: str, found: bool) -> None:
    first = ApprovalFact(party="kr", office="office", role="release", person="p1", key="k1")
    other = msgspec.structs.replace(first, person=person, key=key)
    assert second_person((first, first, other)) == (other if found else None)
    assert second_person(()) is None


def test_an_items_facts_are_its_headers_and_what_is_known_at_home() -> None:
    item = item_facts(HEADER, facts(approval()), channel="bundle", key_trusted=True, uncertainty=7, on_hold=False)
    assert (item.item, item.sender, item.recipients, item.originator) == ("item-1", "kr", ("jp",), "kr")
    assert (item.channel, item.key_trusted, item.uncertainty, item.on_hold) == ("bundle", True, 7, False)
    assert item.released_under == AGREEMENT.hex()
    assert item.release_authority == facts(approval())[0]
    assert (
        item_facts(HEADER, (), channel="link", key_trusted=False, uncertainty=None, on_hold=None).release_authority
        is None
    )
