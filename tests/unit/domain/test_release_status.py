from typing import Any

import pytest
from gate_world import ALL_ACTS, ITEM, OCTOBER, SAMPLE, VERSION, acts, changed, codes

from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.status import status
from entente.domain.agreement.terms import Operation, ThirdParty
from entente.domain.release import Gate, compile_gate
from entente.domain.release_status import HORIZON, own_act_pending, situation, standing_consent

DOCUMENTS = {VERSION: SAMPLE}
STOP = parse_instant("2019-11-22T15:00:00Z")
WOKEN = parse_instant("2020-09-01T00:00:00Z")
SUSPENDED = ("kr-3", "kr-4", "jp-3")


def unreceived(name: str, by: str, kind: Any, at: int, **fields: Any) -> Act:
    return Act(id=name, by=by, kind=kind, dispatched=at, **fields)


def gate_at(known: list[Act], at: int, party: str, documents: Any = DOCUMENTS) -> Gate:
    found = situation(documents, known, at, party)
    return compile_gate(
        agreement=documents[found.terms_version],
        terms_version=found.terms_version,
        status=found.status,
        interval=(found.since, found.until),
        sender=party,
        recipient={"jp": "kr", "kr": "jp"}[party],
        direction="release",
        own_pending=None if found.own_pending is None else found.own_pending.text,
        steady=found.steady,
    )


def kr_item() -> Any:
    marking = changed(ITEM.marking, level="군사Ⅱ급비밀", originator="kr")
    approval = changed(ITEM.release_authority, party="kr")
    return changed(
        ITEM,
        sender="kr",
        recipients=("jp",),
        originator="kr",
        marking=marking,
        release_authority=approval,
        uncertainty=0,
    )


def test_an_own_act_that_ends_at_once_binds_from_its_commitment_received_or_not() -> None:
    known = [*acts(*SUSPENDED), unreceived("kr-9", "kr", "resume_notice", WOKEN, refs=("kr-3",))]
    before = gate_at(known, WOKEN - 1, "kr")
    assert before.decide(kr_item(), WOKEN - 1).allowed
    assert before.until == WOKEN
    decision = gate_at(known, WOKEN, "kr").decide(kr_item(), WOKEN)
    assert codes(decision) == ["OWN_ACT_PENDING"]
    assert "kr-9" in decision.reasons[0].text


def test_the_other_party_is_not_bound_by_what_it_has_not_received() -> None:
    known = [*acts(*SUSPENDED), unreceived("kr-9", "kr", "resume_notice", WOKEN, refs=("kr-3",))]
    assert own_act_pending(DOCUMENTS, known, WOKEN, "jp")[0] is None


def test_an_own_suspension_of_operation_binds_where_it_would_suspend() -> None:
    alone = changed(SAMPLE, operation=Operation(unilateral=True))
    known = [*acts(), unreceived("jp-9", "jp", "suspend_operation", OCTOBER)]
    pending, _ = own_act_pending({VERSION: alone}, known, OCTOBER, "jp")
    assert pending is not None
    assert pending.acts == ("jp-9",)
    assert own_act_pending(DOCUMENTS, known, OCTOBER, "jp") == (None, _until(known))


def _until(known: list[Act]) -> int | None:
    return situation(DOCUMENTS, known, OCTOBER, "jp").until


def test_an_own_suspension_binds_where_the_others_already_counts() -> None:
    theirs = Act(id="kr-9", by="kr", kind="suspend_operation", dispatched=OCTOBER - 5, received={"jp": OCTOBER - 5})
    known = [*acts(), theirs, unreceived("jp-9", "jp", "suspend_operation", OCTOBER)]
    pending, _ = own_act_pending(DOCUMENTS, known, OCTOBER, "jp")
    assert pending is not None


def test_an_own_notice_that_is_running_is_no_stop_until_its_end() -> None:
    notice = unreceived("kr-3", "kr", "notice_of_termination", ALL_ACTS["kr-3"].dispatched)
    known = [*acts(), notice]
    assert gate_at(known, OCTOBER, "kr").decide(kr_item(), OCTOBER).allowed
    last = gate_at(known, STOP - 1, "kr")
    assert (last.until, last.decide(kr_item(), STOP - 1).allowed) == (STOP, True)
    assert codes(gate_at(known, STOP, "kr").decide(kr_item(), STOP)) == ["OWN_ACT_PENDING"]


def test_an_own_act_that_prolongs_counts_only_when_received() -> None:
    saved = unreceived("kr-4", "kr", "suspend_notice", STOP - 3600_000, refs=("kr-3",))
    known = [*acts("kr-3"), saved]
    assert own_act_pending(DOCUMENTS, known, STOP, "kr")[0] is None
    assert codes(gate_at(known, STOP, "kr").decide(kr_item(), STOP)) == ["AGREEMENT_NOT_IN_FORCE"]


def test_an_act_received_later_binds_from_its_dispatch_to_its_receipt_and_then_counts() -> None:
    late = Act(id="kr-9", by="kr", kind="resume_notice", dispatched=WOKEN, received={"jp": WOKEN + 10}, refs=("kr-3",))
    known = [*acts(*SUSPENDED), late]
    assert codes(gate_at(known, WOKEN + 9, "kr").decide(kr_item(), WOKEN + 9)) == ["OWN_ACT_PENDING"]
    assert codes(gate_at(known, WOKEN + 10, "kr").decide(kr_item(), WOKEN + 10)) == ["STATUS_DISPUTED"]


def test_an_agreed_end_proposed_by_oneself_binds_when_the_other_side_has_agreed() -> None:
    end = OCTOBER + 1000
    theirs = Act(
        id="jp-9", by="jp", kind="agree_termination", dispatched=OCTOBER - 5, received={"kr": OCTOBER - 5}, instant=end
    )
    known = [*acts(), theirs, unreceived("kr-9", "kr", "agree_termination", OCTOBER, instant=end)]
    assert gate_at(known, end - 1, "kr").decide(kr_item(), end - 1).allowed
    assert codes(gate_at(known, end, "kr").decide(kr_item(), end)) == ["OWN_ACT_PENDING"]


def test_the_situation_holds_the_instant_asked_for_and_the_status_of_it() -> None:
    found = situation(DOCUMENTS, acts("kr-3"), OCTOBER, "jp")
    assert found.since <= OCTOBER < (found.until or 0)
    assert found.status == status(DOCUMENTS, acts("kr-3"), OCTOBER)
    assert found.terms_version == VERSION


def test_the_steady_stretch_ends_where_release_changes_and_not_where_a_phase_does() -> None:
    suspension = ALL_ACTS["kr-4"].dispatched
    found = situation(DOCUMENTS, acts("kr-3", "kr-4"), suspension - 1, "jp")
    assert found.until == suspension
    assert found.steady[0] == suspension - 1 - HORIZON
    assert found.steady[1] is None or found.steady[1] > suspension + HORIZON
    ended = situation(DOCUMENTS, acts("kr-3"), STOP + 5, "jp")
    assert (ended.since, ended.steady[0]) == (STOP, STOP)
    assert situation(DOCUMENTS, acts("kr-3"), STOP - 5, "jp").steady[1] == STOP


def test_a_clock_more_uncertain_than_the_horizon_is_not_trusted() -> None:
    gate = gate_at(acts("kr-3"), OCTOBER, "kr")
    assert gate.decide(changed(kr_item(), uncertainty=HORIZON - 1000), OCTOBER).allowed
    assert codes(gate.decide(changed(kr_item(), uncertainty=HORIZON + 1000), OCTOBER)) == ["CLOCK_UNCERTAIN"]


def test_a_stranger_has_no_situation() -> None:
    with pytest.raises(ValueError, match="no party"):
        situation(DOCUMENTS, acts(), OCTOBER, "us")


def test_consent_in_advance_is_for_the_listed_and_ends_with_the_agreement() -> None:
    terms = changed(SAMPLE, third_party=ThirdParty(consent="prior_written", standing=("us",)))
    fields = {"originator": "jp", "releasing": "kr", "third_party": "us", "item": "item-1", "purpose": "exercise"}
    given = standing_consent(terms, STOP, **fields)
    assert given is not None
    assert (given.expires, given.standing) == (STOP, True)
    assert standing_consent(terms, STOP, **{**fields, "third_party": "au"}) is None
    assert standing_consent(terms, STOP, **{**fields, "originator": "us"}) is None
