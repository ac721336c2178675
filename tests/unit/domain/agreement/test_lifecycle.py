"""The table says what the machine does, and an act that is not allowed changes nothing."""

import importlib.util
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from entente.domain.agreement.acts import Act, ActKind
from entente.domain.agreement.course import Counted, Course, counting_instant, in_order
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.lifecycle import CHECKS, EFFECTS, NOTICES, STAGES, Code, apply, refusal
from entente.domain.agreement.status import interval, status
from entente.domain.agreement.view import NoticeState, Stage, View, advance

ROOT = Path(__file__).parents[4]
DATA = (ROOT / "conformance" / "lifecycle" / "documents" / "jk-undeclared.toml").read_bytes()
DOCUMENTS = {digest(DATA): parse_agreement(DATA)}
DAY = 86_400_000
T0 = parse_instant("2018-01-01T00:00:00Z")


def act(name: str, kind: str, day: int, *refs: str, **rest) -> Act:
    by = name.split("-")[0]
    other = "kr" if by == "jp" else "jp"
    at = T0 + day * DAY
    return Act(id=name, by=by, kind=kind, dispatched=at, refs=refs, received={other: at}, **rest)


SIGNED = [act("jp-sign", "sign", 0), act("kr-sign", "sign", 0)]
IN_FORCE = [*SIGNED, act("jp-done", "notify_completion", 1), act("kr-done", "notify_completion", 1)]
NOTICE = act("kr-notice", "notice_of_termination", 10)
STAGED = {Stage.DRAFT: [], Stage.SIGNED: SIGNED, Stage.IN_FORCE: [*IN_FORCE, NOTICE], Stage.ENDED: [*IN_FORCE, NOTICE]}


def view_at(stage: Stage) -> View:
    return Course(DOCUMENTS, STAGED[stage]).view("kr", T0 + (500 if stage is Stage.ENDED else 20) * DAY)


def trial(kind: str, day: int) -> Act:
    extra = {
        "agree_termination": {"instant": T0 + 600 * DAY},
        "amend": {"digest": next(iter(DOCUMENTS)), "effective": T0 + 100 * DAY},
        "declare_reading": {"reading": "spent"},
    }.get(kind, {})
    refs = ("kr-notice",) if kind in ("suspend_notice", "resume_notice", "withdraw") else ()
    return act("kr-trial", kind, day, *refs, **extra)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("kind", get_args(ActKind))
def test_the_table_of_stages_is_what_the_machine_does(stage: Stage, kind: str) -> None:
    view = view_at(stage)
    assert view.stage is stage
    refs_known = stage in (Stage.IN_FORCE, Stage.ENDED) or kind not in ("suspend_notice", "resume_notice", "withdraw")
    code = refusal(view, trial(kind, 20))
    if not refs_known:
        assert code == "UNKNOWN_REF"
    elif kind in STAGES[stage]:
        assert code not in ("NOT_IN_FORCE", "ALREADY_ENDED")
    else:
        assert code in (("ALREADY_ENDED", "TOO_LATE") if stage is Stage.ENDED else ("NOT_IN_FORCE",))


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("kind", get_args(ActKind))
def test_a_refused_act_changes_nothing_but_that_it_was_seen(stage: Stage, kind: str) -> None:
    view = view_at(stage)
    one = trial(kind, 500 if stage is Stage.ENDED else 20)
    after, code = apply(view, one, view.now)
    if code is not None:
        assert replace(after, seen=view.seen) == view
    assert after.seen == {**view.seen, one.id: one}


def test_events_lead_where_the_table_says() -> None:
    assert STAGES[Stage.DRAFT]["SIGNED"] is Course(DOCUMENTS, SIGNED).view("jp", T0).stage
    assert STAGES[Stage.SIGNED]["FORCE"] is Course(DOCUMENTS, IN_FORCE).view("jp", T0 + DAY).stage
    assert STAGES[Stage.IN_FORCE]["END"] is view_at(Stage.ENDED).stage
    assert STAGES[Stage.ENDED] == {}
    assert NOTICES[NoticeState.WITHDRAWN] == {}


def test_every_code_has_one_check_and_every_kind_one_effect() -> None:
    assert [code for code, _ in CHECKS] == list(get_args(Code))
    assert set(EFFECTS) == set(get_args(ActKind)) == {kind for kind in STAGES[Stage.IN_FORCE] if kind.islower()}


def test_the_drawing_is_not_stale() -> None:
    spec = importlib.util.spec_from_file_location("states", ROOT / "docs" / "spec" / "make_lifecycle_states.py")
    assert spec is not None
    assert spec.loader is not None
    states = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(states)
    assert states.OUTPUT.read_text(encoding="utf-8") == states.text()


def test_delivery_counts_for_the_writer_and_receipt_for_everybody() -> None:
    one = replace(act("kr-x", "sign", 5), delivered={"jp": T0})
    assert counting_instant(one, "kr", ("jp", "kr")) == T0
    assert counting_instant(one, "jp", ("jp", "kr")) == T0 + 5 * DAY
    assert counting_instant(replace(one, received={}), "jp", ("jp", "kr")) is None
    assert counting_instant(replace(one, by="us"), "us", ("jp", "kr")) is None
    assert counting_instant(replace(one, received={"jp": T0, "fr": T0}), "kr", ("jp", "kr", "de")) is None


def test_at_one_instant_references_come_first_then_dispatch_then_id() -> None:
    acts = [act("kr-b", "withdraw", 3, "kr-c"), act("kr-c", "sign", 9), act("jp-a", "sign", 3), act("kr-a", "sign", 3)]
    assert [one.act.id for one in in_order(Counted(T0, a) for a in acts)] == ["jp-a", "kr-a", "kr-c", "kr-b"]


def test_documents_and_acts_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="first signed"):
        status({}, [], T0)
    with pytest.raises(ValueError, match="first signed"):
        status(DOCUMENTS, [], T0, first="0" * 64)
    with pytest.raises(ValueError, match="two acts have the id"):
        status(DOCUMENTS, [NOTICE, replace(NOTICE, by="jp")], T0)
    assert status(DOCUMENTS, [*SIGNED, *SIGNED], T0).views["jp"].phase == "signed"


@pytest.mark.parametrize("kind", ["amend", "agree_termination"])
def test_an_act_without_its_content_is_a_fault_of_the_caller(kind: str) -> None:
    with pytest.raises(ValueError, match="names"):
        status(DOCUMENTS, [*IN_FORCE, act("kr-x", kind, 5)], T0 + 10 * DAY)


def test_an_interval_ends_at_the_instant_of_change() -> None:
    acts = [*IN_FORCE, NOTICE]
    answer, until = interval(DOCUMENTS, acts, T0 + 20 * DAY)
    assert answer.views["kr"].ends_at == until == parse_instant("2019-01-01T15:00:00Z")
    assert interval(DOCUMENTS, acts, until)[1] is None
    assert interval(DOCUMENTS, acts, until - 1) == (status(DOCUMENTS, acts, until - 1), until)


def test_every_act_is_told_why_it_is_refused_in_a_sentence() -> None:
    acts = [*IN_FORCE, NOTICE, act("kr-early", "resume_notice", 11, "kr-notice"), act("jp-sign2", "sign", 12)]
    texts = [refused.text for refused in status(DOCUMENTS, acts, T0 + 30 * DAY).refused]
    assert len(texts) == 2
    assert all(text.endswith(").") and "{" not in text and "(lifecycle" in text for text in texts)


def test_time_passes_without_acts() -> None:
    view = Course(DOCUMENTS, IN_FORCE).view("jp", T0 + DAY)
    assert advance(view, T0 + 5000 * DAY).stage is Stage.IN_FORCE
