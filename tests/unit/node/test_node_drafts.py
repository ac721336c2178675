"""Drafts at a node: filed, approved by every office that is to sign, sent once, and nobody else's business before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_matters import DS590, matter_at, prepare, step
from support_pair import outcome, pair_under
from support_stop import AGREEMENT, Pair, Party

from entente.node import agreements, drafting, drafts
from entente.node.drafting import Paper
from entente.node.drafts import Draft, Due
from entente.node.errors import RefusedError, UsageError
from entente.record.bodies import Signer
from entente.sealing.canonical import encode

NOTE = "The note, in words."


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    """A pair whose terms ask for two persons."""
    document = AGREEMENT.read_bytes() + b"\n[notices]\ntwo_persons = true\n"
    pair = pair_under(tmp_path, document, {"treaty": ("bind",), "minister": ("bind",), "release": ("release",)})
    yield pair
    pair.close()


def filed(party: Party, kind: str = "declare_reading", offices: tuple[str, ...] = ("treaty",), **fields: Any) -> Draft:
    fields = fields or {"reading": "asleep"}
    data = agreements.prepare_act(party.node, party.ledger, kind, **fields).data
    return drafting.file(party.node, party.ledger, Paper("act", data, (), offices), "d1")


def approve(party: Party, draft: Draft, office: str = "treaty", person: str = "t1", signer: str | None = None) -> Draft:
    signature = party.office(signer or office).sign(draft.kind, draft.statement)
    return drafting.approve(party.node, drafts.one(party.node, draft.id), Due(office, person), signature)


def code(work: Any) -> str:
    with pytest.raises((RefusedError, UsageError)) as refused:
        work()
    assert refused.value.remedy
    return refused.value.code


def test_an_act_is_sent_once_every_office_named_has_approved_it(two: Pair) -> None:
    draft, size = filed(two.kr, offices=("treaty", "minister")), two.kr.size()
    assert code(lambda: drafting.send(two.kr.node, draft, "d1")) == "NOT_APPROVED"
    approve(two.kr, draft)
    assert code(lambda: drafting.send(two.kr.node, drafts.one(two.kr.node, draft.id), "d1")) == "NOT_APPROVED"
    assert two.kr.size() == size
    sent = drafting.send(two.kr.node, approve(two.kr, draft, "minister", "m1"), "d1")
    two.carry()
    record = two.jp.ledger.projection.acts[sent.name]
    assert (record.statement.kind, record.office, record.second) == ("declare_reading", "treaty", "minister")
    assert drafts.held(two.kr.node) == []


def test_an_act_for_two_persons_cannot_be_filed_for_one(two: Pair) -> None:
    assert code(lambda: filed(two.kr)) == "SECOND_PERSON_MISSING"
    assert code(lambda: filed(two.kr, offices=("treaty", "treaty"))) == "BAD_DRAFT"
    assert code(lambda: filed(two.kr, offices=("treaty", "release"))) == "OFFICE_MAY_NOT_BIND"
    assert drafts.held(two.kr.node) == []


def test_one_person_does_not_approve_twice(two: Pair) -> None:
    draft = filed(two.kr, offices=("treaty", "minister"))
    approve(two.kr, draft)
    assert code(lambda: approve(two.kr, draft, "minister", "t1")) == "SECOND_PERSON_MISSING"
    assert code(lambda: approve(two.kr, draft, "treaty", "t2")) == "NOT_ASKED"


def test_a_formal_note_is_drafted_approved_and_sent_with_its_text(two: Pair) -> None:
    act = drafting.send(
        two.kr.node, approve(two.kr, approve_first(two.kr, filed(two.kr, offices=("treaty", "minister"))), "minister",
                             "m1"), "d1"
    ).name  # fmt: skip
    signers = (Signer("treaty", "t1"), Signer("minister", "m1"))
    statement = prepare(two.kr, "note", "send", act=act, to=("jp",), form="record", texts={"en": NOTE}, signers=signers)
    draft = drafting.file(two.kr.node, two.kr.ledger, Paper("step", encode(statement), (NOTE.encode(),)), "d1")
    approve(two.kr, draft, "minister", "m1")
    sent = drafting.send(two.kr.node, approve(two.kr, draft), "d1")
    two.carry()
    assert matter_at(two.jp, sent.name).state == "sent"
    (record,) = two.jp.ledger.projection.steps.positions(sent.name)
    assert [each.person for each in record.statement.signers] == ["t1", "m1"]


def approve_first(party: Party, draft: Draft) -> Draft:
    approve(party, draft)
    return draft


def test_an_approval_is_by_the_office_named_over_these_bytes(pair: Pair) -> None:
    draft = filed(pair.kr)
    assert code(lambda: approve(pair.kr, draft, signer="release")) == "BAD_SIGNATURE"
    assert code(lambda: approve(pair.kr, draft, "release")) == "NOT_ASKED"
    other = filed(pair.jp)
    signature = pair.kr.office("treaty").sign("act", other.statement)
    assert code(lambda: drafting.approve(pair.kr.node, draft, Due("treaty", "t1"), signature)) == "BAD_SIGNATURE"
    assert drafts.one(pair.kr.node, draft.id).approvals == ()


def test_a_step_waits_for_the_person_whom_it_names(pair: Pair) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590)
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement)), "d1")
    assert code(lambda: approve(pair.kr, draft, person="p2")) == "NOT_ASKED"
    assert drafting.send(pair.kr.node, approve(pair.kr, draft, person="p1"), "d1").name == statement.matter


def test_nothing_of_a_draft_reaches_the_other_party_or_a_log_before_it_is_sent(pair: Pair) -> None:
    size = pair.kr.size()
    approve(pair.kr, filed(pair.kr))
    pair.carry()
    assert (pair.kr.size(), len(pair.jp.ledger.projection.acts)) == (size, len(pair.kr.ledger.projection.acts))


def test_a_draft_outlives_a_restart_and_lies_locked(pair: Pair) -> None:
    secret = "What nobody outside may read yet."
    said = {"title": {"en": secret}, "attribution": "on_record"}
    statement = prepare(pair.kr, "statement", "issue", **said, texts={"en": secret})
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement), (secret.encode(),)), "d1")
    stored = pair.kr.node.store.named("draft/")
    assert list(stored) == [f"draft/{draft.id}"]
    assert not any(secret.encode() in value for value in stored.values())
    pair.kr.node.close()
    pair.kr.open()
    assert drafts.held(pair.kr.node) == [draft]


def test_an_id_is_kept_for_the_matter_that_a_draft_is_to_open(pair: Pair) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590)
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement)), "d1")
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-2"
    drafting.drop(pair.kr.node, draft, "d1")
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-1"
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-3"


def test_two_drafts_are_not_to_be_the_same_act(pair: Pair) -> None:
    draft = filed(pair.kr)
    assert code(lambda: filed(pair.kr)) == "ALREADY_DRAFTED"
    drafting.drop(pair.kr.node, draft, "d1")
    assert filed(pair.kr).id == "draft-2"


def test_a_draft_that_the_record_has_overtaken_says_so_and_is_not_sent(pair: Pair) -> None:
    draft = approve(pair.kr, filed(pair.kr))
    pair.kr.act("declare_reading", reading="asleep")
    hindrance = drafting.hindrance(pair.kr.node, draft)
    assert hindrance is not None
    assert hindrance.code == "WRONG_ACT"
    assert code(lambda: drafting.send(pair.kr.node, draft, "d1")) == "WRONG_ACT"
    assert drafts.held(pair.kr.node) == [draft]


def test_what_is_sent_is_no_draft_any_more(pair: Pair) -> None:
    name = step(pair.kr, "measure", "announce", **DS590)
    statement = prepare(pair.kr, "measure", "record", name, summary={"en": "Consultations were held."})
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement)), "d1")
    drafting.send(pair.kr.node, approve(pair.kr, draft, person="p1"), "d1")
    assert code(lambda: drafts.one(pair.kr.node, draft.id)) == "NO_SUCH_DRAFT"


def test_a_step_that_stands_in_the_record_is_not_written_again(pair: Pair) -> None:
    """A draft that came back with an older copy of the node would do it, or a node that keeps what was signed."""
    name = step(pair.kr, "measure", "announce", **DS590)
    statement = prepare(pair.kr, "measure", "record", name, summary={"en": "Consultations were held."})
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement)), "d1")
    approved = approve(pair.kr, draft, person="p1")
    drafting.send(pair.kr.node, approved, "d1")
    assert code(lambda: drafting.send(pair.kr.node, approved, "d1")) == "ALREADY_WRITTEN"


def test_the_texts_of_a_draft_are_those_that_its_statement_names(pair: Pair) -> None:
    statement = encode(prepare(pair.kr, "measure", "announce", **DS590, texts={"en": NOTE}))
    assert hashlib.sha256(NOTE.encode()).digest() in statement
    for texts in ((), (b"Other words.",), (NOTE.encode(), b"More.")):
        paper = Paper("step", statement, texts)
        assert code(lambda paper=paper: drafting.file(pair.kr.node, pair.kr.ledger, paper, "d1")) == "OTHER_TEXTS"


def test_too_many_drafts_are_refused_by_name(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MAX_DRAFTS", 1)
    filed(pair.kr)
    statement = encode(prepare(pair.kr, "measure", "announce", **DS590))
    assert outcome(lambda: drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", statement), "d1")) == "TOO_MANY"
