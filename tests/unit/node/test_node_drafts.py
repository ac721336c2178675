"""Drafts at a node: filed, approved by every office that is to sign, sent once, and nobody else's business before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_matters import DS590, matter_at, prepare, step
from support_pair import outcome, pair_under
from support_stop import AGREEMENT, Pair, Party

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.node import agreements, drafting, drafts
from entente.node.commit import Work
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
    stored = pair.kr.node.store.named("draft")
    assert set(stored) == {f"draft/{draft.id}", f"draft-texts/{draft.id}"}
    assert not any(secret.encode() in value for value in stored.values())
    pair.kr.node.close()
    pair.kr.open()
    assert drafts.held(pair.kr.node) == [draft]


def test_an_id_is_kept_for_the_matter_that_a_draft_is_to_open(pair: Pair) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590)
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", encode(statement)), "d1")
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-2"
    drafting.drop(pair.kr.node, draft.id, "d1")
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-1"
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-3"


def test_two_drafts_are_not_to_be_the_same_act(pair: Pair) -> None:
    draft = filed(pair.kr)
    assert code(lambda: filed(pair.kr)) == "ALREADY_DRAFTED"
    drafting.drop(pair.kr.node, draft.id, "d1")
    assert filed(pair.kr).id != draft.id


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

    def back(unit: Work) -> None:
        drafts.keep(pair.kr.node, unit.tx, approved, ())

    pair.kr.node.committer.run(back)
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


def test_what_is_filed_under_embargo_is_neither_counted_nor_named_by_what_is_not(pair: Pair) -> None:
    """Numbers are drawn; and a draft that only refers to what is held back is not shown either."""
    until = format_instant(pair.kr.node.instant() + 86_400_000)
    said = {"title": {"en": "Held back"}, "attribution": "on_record", "embargo": until}
    held = step(pair.kr, "statement", "issue", **said, texts={"en": "Not before."})
    by = {}
    for name, refs, words in (("open", (), "Words."), ("refers", (held,), "Words."), ("says", (), f"See {held}.")):
        statement = encode(prepare(pair.kr, "measure", "announce", **DS590, refs=refs, texts={"en": words}))
        by[name] = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", statement, (words.encode(),)), "d1")
    said["title"] = {"en": "Another"}
    statement = encode(prepare(pair.kr, "statement", "issue", **said, texts={"en": "Nor this."}))
    by["issues"] = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", statement, (b"Nor this.",)), "d1")
    assert {name for name, draft in by.items() if drafting.concealed(pair.kr.node, draft)} == {
        "refers",
        "says",
        "issues",
    }
    assert all(int(draft.id.removeprefix("draft-")) in drafts.NUMBERS for draft in by.values())
    pair.turn(parse_instant(until))
    assert not any(drafting.concealed(pair.kr.node, draft) for draft in by.values())


def test_a_draft_that_cannot_be_read_any_more_hinders_no_other_and_can_be_dropped(pair: Pair) -> None:
    statement = encode(prepare(pair.kr, "measure", "announce", **DS590))
    broken, whole = filed(pair.kr), drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", statement), "d1")

    def damage(unit: Work) -> None:
        unit.tx.put(f"draft/{broken.id}", b"\0" * 80)

    pair.kr.node.committer.run(damage)
    assert drafts.held(pair.kr.node) == [whole]
    assert list(drafts.damaged(pair.kr.node)) == [broken.id]
    assert code(lambda: drafts.one(pair.kr.node, broken.id)) == "DAMAGED"
    assert step(pair.kr, "measure", "announce", **DS590) == "kr-measure-2"
    drafting.drop(pair.kr.node, broken.id, "d1")
    assert list(drafts.damaged(pair.kr.node)) == []


def test_a_draft_whose_text_may_not_go_beside_a_step_any_more_says_so(pair: Pair) -> None:
    """Terms that came into force since have another table of levels."""
    text = "RESTRICTED\nWords."
    statement = encode(prepare(pair.kr, "measure", "announce", **DS590, texts={"en": text}))
    draft = drafting.file(pair.kr.node, pair.kr.ledger, Paper("step", statement, (text.encode(),)), "d1")
    assert drafting.hindrance(pair.kr.node, draft) is None
    levels = 'kr = ["군사Ⅲ급비밀"]', 'kr = ["군사Ⅲ급비밀", "RESTRICTED"]'
    amended = AGREEMENT.read_text().replace(*levels).encode()
    assert amended != AGREEMENT.read_bytes()
    digest = agreements.add_document(pair.jp.node, pair.jp.ledger, amended)
    pair.carry()
    assert drafting.hindrance(pair.kr.node, draft) is None
    at = pair.kr.node.instant() + 60_000
    for party in pair:
        party.act("amend", document=digest, effective=at)
        pair.carry()
    pair.turn(at)
    hindrance = drafting.hindrance(pair.kr.node, draft)
    assert hindrance is not None
    assert hindrance.code == "MARKED"


def test_a_note_is_drafted_beside_its_act_and_sent_after_it(pair: Pair) -> None:
    """Both are approved at noon; act and note go at six."""
    act = approve(pair.kr, filed(pair.kr))
    name = agreements.next_act_id(pair.kr.node, pair.kr.ledger)
    statement = prepare(pair.kr, "note", "send", act=name, to=("jp",), form="record", texts={"en": NOTE})
    paper = Paper("step", encode(statement), (NOTE.encode(),))
    draft = approve(pair.kr, drafting.file(pair.kr.node, pair.kr.ledger, paper, "d1"), person="p1")
    hindrance = drafting.hindrance(pair.kr.node, draft)
    assert hindrance is not None
    assert hindrance.code == "NO_SUCH_ACT"
    assert code(lambda: drafting.send(pair.kr.node, draft, "d1")) == "NO_SUCH_ACT"
    assert drafting.send(pair.kr.node, act, "d1").name == name
    assert drafting.send(pair.kr.node, draft, "d1").name == "kr-note-1"
