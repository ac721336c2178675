"""Formal acts and proposals: who may write what, and what is never written."""

from pathlib import Path

import msgspec
import pytest
from support_pair import Forger, outcome, pair_under, refusals, standing
from support_stop import AGREEMENT, Pair, Party

from entente.node import agreements, delivery, intake
from entente.node.authority import own_prudence
from entente.record.bodies import ActStatement, DeliveredClaim, SecondSignature, SignedAct
from entente.record.frames import encode_frame
from entente.sealing.canonical import decode, encode
from entente.sealing.signing import Signature


def commit(party: Party, data: bytes, office: str = "treaty", signer: str = "treaty") -> str:
    signature = party.office(signer).sign("act", data)
    return outcome(lambda: agreements.commit_act(party.node, party.ledger, data, office, signature))


def test_acts_are_numbered_per_party(pair: Pair) -> None:
    for party in pair:
        party.act("declare_reading", reading="spent")
        pair.carry()
    ids = sorted(pair.jp.ledger.projection.acts)
    assert ids == ["jp-1", "jp-2", "jp-3", "kr-1", "kr-2", "kr-3", "kr-4"]
    assert sorted(pair.kr.ledger.projection.acts) == ids


CHANGES = {
    "a number that is taken": ({"id": "jp-1"}, "WRONG_ACT"),
    "a number that is not due": ({"id": "jp-99"}, "WRONG_ACT"),
    "another party's number": ({"id": "kr-9"}, "WRONG_ACT"),
    "another party": ({"by": "kr"}, "WRONG_ACT"),
    "another agreement": ({"agreement": bytes(32)}, "WRONG_ACT"),
    "an unknown kind": ({"kind": "annex"}, "MALFORMED"),
    "an unknown reading": ({"reading": "dormant"}, "MALFORMED"),
    "a note too long to carry": ({"note": "x" * 80_000}, "TOO_LARGE"),
    "roots that are not the parties'": ({"kind": "sign", "roots": (("jp", bytes(32)),)}, "WRONG_ROOTS"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_act_that_a_party_would_refuse_is_not_written(pair: Pair, what: str) -> None:
    changes, code = CHANGES[what]
    draft = agreements.prepare_act(pair.jp.node, pair.jp.ledger, "declare_reading", reading="spent")
    data = encode(msgspec.structs.replace(decode(ActStatement, draft.data), **changes))
    before = standing(pair.jp.node)
    assert commit(pair.jp, data) == code
    assert standing(pair.jp.node) == before


def test_only_an_office_that_binds_may_sign_an_act(pair: Pair) -> None:
    data = agreements.prepare_act(pair.jp.node, pair.jp.ledger, "declare_reading", reading="spent").data
    before = standing(pair.jp.node)
    assert commit(pair.jp, data, "release", "release") == "OFFICE_MAY_NOT_BIND"
    assert commit(pair.jp, data, "nobody", "release") == "OFFICE_MAY_NOT_BIND"
    assert commit(pair.jp, data, "treaty", "release") == "BAD_SIGNATURE"
    signature = pair.kr.office("treaty").sign("act", data)
    half = msgspec.structs.replace(pair.jp.office("treaty").sign("act", data), mldsa65=signature.mldsa65)
    for forged in (signature, half, Signature("E9", signature.ed25519, signature.mldsa65), Signature("E1", b"", b"")):
        taken = outcome(
            lambda forged=forged: agreements.commit_act(pair.jp.node, pair.jp.ledger, data, "treaty", forged)
        )  # type: ignore[misc]
        assert taken == "BAD_SIGNATURE"
    assert standing(pair.jp.node) == before


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("annex", {}, "UNKNOWN_KIND"),
        ("amend", {}, "FIELD_MISSING"),
        ("amend", {"document": "00" * 32}, "FIELD_MISSING"),
        ("agree_termination", {}, "FIELD_MISSING"),
        ("declare_reading", {}, "FIELD_MISSING"),
        ("withdraw", {"refs": ("jp-1", "jp-99")}, "UNKNOWN_REF"),
    ],
)
def test_an_act_without_what_its_kind_needs_is_not_prepared(pair: Pair, kind: str, fields: dict, code: str) -> None:
    assert outcome(lambda: agreements.prepare_act(pair.jp.node, pair.jp.ledger, kind, **fields)) == code


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("sign", {}, "ALREADY_DONE"),
        ("withdraw", {"refs": ("jp-1",)}, "WRONG_KIND_OF_REF"),
        ("notice_of_termination", {}, None),
    ],
)
def test_what_the_lifecycle_would_refuse_is_said_before_it_is_signed(
    pair: Pair, kind: str, fields: dict, code: str | None
) -> None:
    draft = agreements.prepare_act(pair.jp.node, pair.jp.ledger, kind, **fields)
    refusal = agreements.foreseen_refusal(pair.jp.node, pair.jp.ledger, draft.statement)
    assert (refusal.code if refusal else None) == code


def test_an_act_on_one_that_is_still_on_its_way_is_not_taken_for_refused(pair: Pair) -> None:
    notice = pair.jp.act("notice_of_termination")
    draft = agreements.prepare_act(pair.jp.node, pair.jp.ledger, "suspend_notice", refs=("jp-3",))
    assert agreements.foreseen_refusal(pair.jp.node, pair.jp.ledger, draft.statement) is None, notice


def test_a_document_too_long_to_carry_is_not_put_into_the_record(pair: Pair) -> None:
    """Or no party could take the log any further."""
    document = AGREEMENT.read_bytes() + b"# " + b"x" * 80_000 + b"\n"
    before = standing(pair.jp.node)
    assert outcome(lambda: agreements.propose(pair.jp.node, document)) == "TOO_LARGE"
    assert outcome(lambda: agreements.add_document(pair.jp.node, pair.jp.ledger, document)) == "TOO_LARGE"
    assert standing(pair.jp.node) == before


def test_a_document_known_already_is_not_proposed_twice(pair: Pair) -> None:
    assert outcome(lambda: agreements.propose(pair.jp.node, AGREEMENT.read_bytes())) == "ALREADY_KNOWN"


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ((b'"jp", "kr"]', b'"kr", "us"]'), "BAD_DOCUMENT", "party.us: missing"),
        ((b'zone = "Asia/Tokyo"', b'zone = "Asia/Edo"'), "BAD_DOCUMENT", "party.jp.zone"),
        ((b"[force]", b"[force]\nsurprise = 1"), "BAD_DOCUMENT", "force.surprise"),
        ((b"[force]", b"[force\n"), "BAD_DOCUMENT", "line 29, column 7"),
        ((b"schema =", b"schema = 'x'\nschema ="), "BAD_DOCUMENT", "line 3, column"),
        ((b"entente/agreement/1", b"entente/agreement/2"), "BAD_DOCUMENT", "schema"),
    ],
)
def test_a_bad_document_is_refused_by_its_place(pair: Pair, change: tuple, code: str, said: str) -> None:
    data = AGREEMENT.read_bytes().replace(*change, 1)
    before = standing(pair.jp.node)
    assert outcome(lambda: agreements.propose(pair.jp.node, data)) == code
    with pytest.raises(Exception, match=said):
        agreements.propose(pair.jp.node, data)
    assert standing(pair.jp.node) == before


def test_a_peer_may_put_only_so_many_proposals_before_us(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_PROPOSALS", 2)
    for number in range(3):
        name = b'name = "proposal-%d"' % number
        agreements.propose(pair.jp.node, AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', name))
    frames = pair.jp.leaving()
    for data in frames[:2]:
        pair.kr.arriving([data])
    before = standing(pair.kr.node)
    assert outcome(lambda: pair.kr.arriving(frames[2:])) == "TOO_MANY_PROPOSALS"
    assert standing(pair.kr.node) == before
    assert len(pair.kr.node.ledgers) == 3


def test_a_proposal_whose_bytes_are_no_document_entry_begins_nothing(pair: Pair) -> None:
    """Nobody could say who its parties are, and everybody would have to be let in."""
    data = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "sideways"')
    identity, _ = agreements.read_document(pair.kr.node, data)
    forger = Forger(pair.jp, identity)
    keys, sealing = forger.beginning()
    frame = forger.frame(keys, sealing, forger.entry("received", data))
    before = standing(pair.kr.node)
    assert outcome(lambda: pair.kr.arriving([encode_frame(frame)])) == "UNKNOWN_AGREEMENT"
    assert standing(pair.kr.node) == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"act": "kr-1"}, "WRONG_ACT"),
        ({"act": "jp-77"}, "WRONG_ACT"),
        ({"party": "jp"}, "WRONG_PARTY"),
        ({"party": "us"}, "WRONG_PARTY"),
        ({"instant": 0}, "WRONG_INSTANT"),
        ({"instant": 4_000_000_000_000}, "WRONG_INSTANT"),
        ({"evidence": b"short"}, "MALFORMED"),
        ({}, "TAKEN"),
    ],
)
def test_a_claim_of_delivery_is_of_ones_own_act_and_of_the_past(pair: Pair, changes: dict, code: str) -> None:
    assert deliver(pair.jp, **changes) == code


def deliver(who: Party, office: str = "treaty", signer: str = "treaty", **changes: object) -> str:
    ledger, now = who.ledger, who.node.instant()
    claim = DeliveredClaim(
        "entente/delivered/1", ledger.agreement, who.party, f"{who.party}-1", who.peer, now, "courier", bytes(32)
    )
    data = encode(msgspec.structs.replace(claim, **changes))
    signature = who.office(signer).sign("delivered", data)
    return outcome(lambda: delivery.commit(who.node, ledger, data, office, signature))


def test_a_delivery_is_claimed_by_an_office_that_binds_and_once(pair: Pair) -> None:
    """It moves the day on which an act counts."""
    assert deliver(pair.jp, "release", "release") == "OFFICE_MAY_NOT_BIND"
    assert deliver(pair.jp, "treaty", "release") == "BAD_SIGNATURE"
    assert deliver(pair.jp, agreement=bytes(32)) == "WRONG_CLAIM"
    assert pair.jp.ledger.projection.claims == []
    assert deliver(pair.jp) == "TAKEN"
    assert deliver(pair.jp) == "ALREADY_CLAIMED"
    pair.carry()
    assert [claim.act for _, _, claim in pair.kr.ledger.projection.claims] == ["jp-1"]


def test_an_own_act_that_ends_binds_at_once_and_says_so_and_one_that_prolongs_does_not(pair: Pair) -> None:
    notice = next(act for act in pair.kr.ledger.projection.acts.values() if act.statement.kind.startswith("notice"))
    pair.kr.act("suspend_notice", refs=(notice.statement.id,))
    assert own_prudence(pair.kr.node, pair.kr.ledger, pair.kr.node.instant()) is None
    pair.carry()
    pair.turn(pair.kr.node.instant() + 90 * 24 * 3600 * 1000)
    pair.kr.act("resume_notice", refs=(notice.statement.id,))
    assert own_prudence(pair.kr.node, pair.kr.ledger, pair.kr.node.instant())
    assert pair.kr.refused(pair.kr.release) == {"OWN_ACT_PENDING"}
    assert own_prudence(pair.jp.node, pair.jp.ledger, pair.jp.node.instant()) is None
    pair.jp.release()


def test_a_forged_act_of_a_peer_is_kept_answered_and_without_effect(pair: Pair) -> None:
    """It is in jp's log under jp's checkpoint key; the office that binds jp did not sign it."""
    forger = Forger(pair.jp, pair.jp.ledger.agreement)
    draft = agreements.prepare_act(pair.jp.node, pair.jp.ledger, "notice_of_termination")
    signature = pair.jp.office("release").sign("act", draft.data)
    entry = forger.entry("act", encode(SignedAct(draft.data, "treaty", signature, None)))
    pair.kr.arriving([encode_frame(forger.frame(entry))])
    assert "jp-3" not in pair.kr.ledger.projection.acts
    (code,) = [code for at, code in refusals(pair.kr).items() if at[0] == "jp"]
    assert code == "BAD_SIGNATURE"
    assert pair.kr.release()


def test_an_act_is_signed_by_two_offices_where_the_terms_ask(tmp_path: Path) -> None:
    """By the node that writes it, and by the one that receives it: there it is refused by name and has no effect."""
    document = AGREEMENT.read_bytes() + b"\n[notices]\ntwo_persons = true\n"
    pair = pair_under(tmp_path, document, {"treaty": ("bind",), "minister": ("bind",), "release": ("release",)})
    jp, kr = pair.jp, pair.kr

    def written(*offices: str) -> str:
        data = agreements.prepare_act(jp.node, jp.ledger, "declare_reading", reading="asleep").data
        first, *rest = [SecondSignature(name, jp.office(name).sign("act", data)) for name in offices]
        return outcome(lambda: agreements.commit_act(jp.node, jp.ledger, data, first.office, first.signature, *rest))

    assert written("treaty") == written("treaty", "treaty") == "SECOND_PERSON_MISSING"
    assert written("treaty", "release") == "OFFICE_MAY_NOT_BIND"
    assert written("treaty", "minister") == "TAKEN"
    pair.carry()
    record = list(kr.ledger.projection.acts.values())[-1]
    assert (record.statement.kind, record.office, record.second) == ("declare_reading", "treaty", "minister")

    forger = Forger(jp, jp.ledger.agreement)
    data = agreements.prepare_act(jp.node, jp.ledger, "declare_reading", reading="spent").data
    treaty, minister = (SecondSignature(name, jp.office(name).sign("act", data)) for name in ("treaty", "minister"))
    false = (
        None,
        treaty,
        SecondSignature("minister", treaty.signature),
        SecondSignature("release", minister.signature),
    )
    forged = [
        forger.entry(
            "act", encode(SignedAct(data, "treaty", treaty.signature, second)), instant=jp.node.instant() + each
        )
        for each, second in enumerate(false, 1)
    ]
    kr.arriving([encode_frame(forger.frame(*forged))])
    assert list(refusals(kr).values()) == ["SECOND_PERSON_MISSING"] * 2 + ["BAD_SIGNATURE"] * 2
    assert list(kr.ledger.projection.acts.values())[-1] == record
    pair.close()
