"""Matters between two nodes: signed steps in both logs, the same to both, refused where their table says so."""

from pathlib import Path

import pytest
from support_matters import DS590, commit, matter_at, prepare, step
from support_pair import Forger, refusals
from support_stop import Pair, verified

from entente.domain.agreement.instants import format_instant
from entente.node import matters
from entente.node.errors import NodeError, RefusedError, UsageError
from entente.record.bodies import StepStatement
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode


def test_a_step_reaches_the_other_node_and_both_say_the_same(pair: Pair) -> None:
    name = step(pair.kr, "measure", "announce", **DS590, texts={"en": "What is complained of.", "ko": "제소 내용"})
    assert name == "kr-measure-1"
    step(pair.kr, "measure", "enforce", name)
    pair.carry()
    assert [matter_at(party, name).state for party in pair] == ["in_force", "in_force"]
    record = next(pair.jp.ledger.projection.steps.positions(name))
    assert matters.texts_of(pair.jp.node, pair.jp.ledger, record) == [b"What is complained of.", "제소 내용".encode()]


def test_a_step_that_the_table_does_not_allow_is_not_written(pair: Pair) -> None:
    name = step(pair.kr, "measure", "announce", **DS590)
    pair.carry()
    before = pair.kr.size()
    for party, verb, code in ((pair.kr, "resume", "NOT_NOW"), (pair.jp, "withdraw", "NOT_YOURS")):
        with pytest.raises(RefusedError) as refused:
            step(party, "measure", verb, name)
        assert (refused.value.code, refused.value.remedy != "") == (code, True)
    assert pair.kr.size() == before


def test_a_step_that_became_impossible_since_it_was_prepared_is_not_written(pair: Pair) -> None:
    name = step(pair.kr, "measure", "announce", **DS590)
    late = prepare(pair.kr, "measure", "enforce", name)
    step(pair.kr, "measure", "withdraw", name)
    with pytest.raises(RefusedError) as refused:
        commit(pair.kr, late)
    assert refused.value.code == "NOT_NOW"


def test_a_step_that_its_table_refuses_is_kept_and_shown_as_refused(pair: Pair) -> None:
    """A node that writes what it should not: the other keeps it, gives it no effect, and says why."""
    name = step(pair.kr, "measure", "announce", **DS590)
    pair.carry()
    statement = prepare(pair.kr, "measure", "enforce", name)
    forged = encode(
        StepStatement(**{each: getattr(statement, each) for each in statement.__struct_fields__} | {"verb": "resume"})
    )
    forger = Forger(pair.kr, pair.kr.ledger.agreement)
    body = encode(matters.SignedStep(forged, (pair.kr.office("treaty").sign("step", forged),)))
    pair.jp.arriving([encode_frame(forger.frame(forger.entry("step", body)))])
    assert refusals(pair.jp) == {}
    records = list(pair.jp.ledger.projection.steps.positions(name))
    found = [pair.jp.ledger.projection.steps.refusal(record) for record in records]
    assert [each.code if each else None for each in found] == [None, "NOT_NOW"]
    assert matter_at(pair.jp, name).state == "announced"


def test_whoever_has_seen_a_step_writes_the_next_at_a_later_instant(pair: Pair) -> None:
    name = step(pair.kr, "measure", "announce", **DS590)
    pair.carry()
    step(pair.kr, "measure", "enforce", name)
    step(pair.jp, "measure", "announce", subject="list_status", title={"en": "List status"})
    instants = [record.step.at for record in pair.kr.ledger.projection.steps.records]
    assert instants == sorted(set(instants))
    assert pair.jp.ledger.projection.steps.latest() > instants[0]


def test_a_step_is_receipted_like_an_act(pair: Pair) -> None:
    """It then stands in its recipient's log that it had the step, and nothing there can be dated before it."""
    before = pair.jp.size()
    name = step(pair.kr, "measure", "announce", **DS590)
    pair.carry()
    (record,) = pair.kr.ledger.projection.steps.positions(name)
    own = pair.jp.ledger.own
    assert own is not None
    assert (pair.jp.size(), own.row.last_instant >= record.step.at) == (before + 1, True)


def test_an_office_that_may_not_bind_its_party_writes_no_step(pair: Pair) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590, office="release")
    with pytest.raises(RefusedError) as refused:
        commit(pair.kr, statement, office="release")
    assert refused.value.code == "OFFICE_MAY_NOT_BIND"


def test_a_signature_over_other_bytes_writes_no_step(pair: Pair) -> None:
    data, other = (
        encode(prepare(pair.kr, "measure", "announce", **DS590)),
        encode(prepare(pair.kr, "measure", "announce", **DS590 | {"reference": "DS591"})),
    )
    with pytest.raises(RefusedError) as refused:
        matters.commit(pair.kr.node, pair.kr.ledger, data, (pair.kr.office("treaty").sign("step", other),), ())
    assert refused.value.code == "BAD_SIGNATURE"


@pytest.mark.parametrize("texts", [(), (b"another",), (b"What is complained of.", b"more")])
def test_a_step_goes_with_the_very_texts_that_it_names(pair: Pair, texts: tuple[bytes, ...]) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590, texts={"en": "What is complained of."})
    with pytest.raises(UsageError) as refused:
        commit(pair.kr, statement, texts)
    assert refused.value.code == "OTHER_TEXTS"


def test_texts_other_than_those_that_a_step_names_make_it_malformed(pair: Pair) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590, texts={"en": "What is complained of."})
    data = encode(statement)
    body = encode(matters.SignedStep(data, (pair.kr.office("treaty").sign("step", data),)))
    forger = Forger(pair.kr, pair.kr.ledger.agreement)
    pair.jp.arriving([encode_frame(forger.frame(forger.entry("step", body, b"Something else was said.")))])
    assert set(refusals(pair.jp).values()) == {"MALFORMED"}
    assert not pair.jp.ledger.projection.steps.matters


def test_a_matter_is_there_again_after_a_start_and_verifies_offline(pair: Pair, base: Path) -> None:
    name = step(pair.kr, "measure", "announce", **DS590, texts={"en": "What is complained of."})
    pair.carry()
    for party in pair:
        party.node.close()
        party.open()
        assert matter_at(party, name).view.reference == "DS590"
    for party in pair:
        report = verified(base, party)
        assert report.ok
        assert [(each.id, each.state, len(each.steps)) for each in report.matters] == [(name, "announced", 1)]


def test_a_step_rolled_back_with_its_transaction_leaves_no_trace(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = prepare(pair.kr, "measure", "announce", **DS590)
    with monkeypatch.context() as patched:
        patched.setattr(matters, "note", fails)
        with pytest.raises(NodeError):
            commit(pair.kr, statement)
    assert not pair.kr.ledger.projection.steps.matters
    assert commit(pair.kr, statement).step.matter == "kr-measure-1"


def fails(*_given: object) -> None:
    raise RefusedError("NO", "the disk said no", "None.")


def test_a_note_records_an_act_of_its_writer_in_the_form_that_the_terms_give(pair: Pair) -> None:
    said = {"to": ("jp",), "texts": {"en": "The note."}}
    for wrong, code in (
        ({"act": "kr-99", "form": "record"}, "NO_SUCH_ACT"),
        ({"act": "jp-1", "form": "record"}, "NO_SUCH_ACT"),
        ({"act": "kr-3", "form": "electronic"}, "WRONG_FORM"),
    ):
        with pytest.raises(UsageError) as refused:
            step(pair.kr, "note", "send", **wrong, **said)
        assert refused.value.code == code
    assert step(pair.kr, "note", "send", act="kr-3", form="record", **said) == "kr-note-1"


def test_a_text_that_is_marked_as_classified_does_not_go_beside_a_step(pair: Pair) -> None:
    size = pair.kr.size()
    with pytest.raises(UsageError) as refused:
        step(pair.kr, "measure", "announce", **DS590, texts={"ko": "군사Ⅱ급비밀\n내용\n"})
    assert (refused.value.code, "item" in refused.value.remedy, pair.kr.size()) == ("MARKED", True, size)
    with pytest.raises(UsageError) as refused:
        step(pair.kr, "measure", "announce", **(DS590 | {"title": {"ja": "秘//国外秘"}}))
    assert (refused.value.code, pair.kr.size()) == ("MARKED", size)
    assert step(pair.kr, "measure", "announce", **DS590, texts={"ko": "군사Ⅱ급비밀에 관한 설명"})


def test_a_day_or_a_window_that_a_desk_sets_lies_ahead(pair: Pair) -> None:
    past = ((pair.kr.node.instant() - 7_200_000, pair.kr.node.instant() - 3_600_000),)
    window = tuple("/".join(map(format_instant, each)) for each in past)
    measure = step(pair.kr, "measure", "announce", **DS590)
    for given in (
        ("measure", "enforce", measure, {"review": "2010-01-01"}),
        ("meeting", "propose", "", {"title": {"en": "It"}, "level": "leader", "window": window}),
    ):
        kind, verb, matter, said = given
        with pytest.raises(RefusedError) as refused:
            step(pair.kr, kind, verb, matter, **said)
        assert refused.value.code == "PAST"


def test_a_note_was_not_delivered_before_the_act_that_it_records(pair: Pair) -> None:
    note = step(pair.kr, "note", "send", act="kr-3", to=("jp",), form="record", texts={"en": "The note."})
    sent = pair.kr.ledger.projection.acts["kr-3"].instant
    said = {"to": "jp", "channel": "hand", "evidence": "ab" * 32}
    with pytest.raises(RefusedError) as refused:
        step(pair.kr, "note", "deliver", note, on=format_instant(sent - 1), **said)
    assert refused.value.code == "WRONG_INSTANT"
    step(pair.kr, "note", "deliver", note, on=format_instant(sent), **said)
