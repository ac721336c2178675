from typing import Any

import pytest
from gate_world import (
    ALL_ACTS,
    IN_FORCE,
    ITEM,
    LATER,
    OCTOBER,
    RELAYED,
    SAMPLE,
    STRICT,
    VERSION,
    acts,
    approval,
    changed,
    codes,
    consent,
    gate,
)

from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.status import status
from entente.domain.agreement.terms import CaveatTerms, ChannelTerms, Level, Limits, ThirdParty
from entente.domain.marking.marking import Marking
from entente.domain.release import CODES, MAX_ITEM, STEPS, Gate, GateExpiredError, ItemFacts, compile_gate

STOP = parse_instant("2019-11-22T15:00:00Z")


def act(name: str, by: str, kind: Any, at: int, **fields: Any) -> Act:
    other = {"jp": "kr", "kr": "jp"}[by]
    return Act(id=name, by=by, kind=kind, dispatched=at, received={other: at}, **fields)


def gate_with(*more: Act, at: int = OCTOBER, terms: Any = SAMPLE) -> Gate:
    found = status({VERSION: SAMPLE}, [*acts(), *more], at)
    return gate(at, terms=terms, status=found, interval=(at, at + 1000), steady=(None, None))


def before_force() -> Gate:
    found = status({VERSION: SAMPLE}, [], OCTOBER)
    return gate(status=found)


def suspended() -> Gate:
    return gate_with(*(act(f"{by}-stop", by, "suspend_operation", OCTOBER) for by in ("jp", "kr")))


def disputed() -> Gate:
    woken = parse_instant("2020-09-01T00:00:00Z")
    names = ("kr-3", "kr-4", "jp-3")
    found = status({VERSION: SAMPLE}, [*acts(*names), act("kr-9", "kr", "resume_notice", woken, refs=("kr-3",))], woken)
    moved = changed(found, at=OCTOBER)
    return gate(status=moved)


def terms_missing() -> Gate:
    return gate(terms=None)


FAILURES: list[tuple[str, Gate, ItemFacts]] = [
    ("NOT_A_PARTY", gate(), changed(ITEM, recipients=("us",))),
    ("TERMS_MISSING", terms_missing(), ITEM),
    ("AGREEMENT_NOT_IN_FORCE", before_force(), ITEM),
    ("OPERATION_SUSPENDED", suspended(), ITEM),
    ("STATUS_DISPUTED", disputed(), ITEM),
    ("OWN_ACT_PENDING", gate(own_pending="An act of jp binds jp."), ITEM),
    ("KEY_NOT_TRUSTED", gate(), changed(ITEM, key_trusted=False)),
    ("CLOCK_UNCERTAIN", gate(steady=(OCTOBER - 49, None)), ITEM),
    ("REALITY_MISSING", gate(), changed(ITEM, reality=None)),
    ("LABEL_MISSING", gate(), changed(ITEM, marking=None)),
    ("NO_EQUIVALENT_LEVEL", gate(), changed(ITEM, marking=Marking("機密", "jp"))),
    ("CAVEAT_EXCLUDES_RECIPIENT", gate(), changed(ITEM, marking=Marking("極秘", "jp", rel_to=("us",)))),
    ("PURPOSE_MISSING", gate(), changed(ITEM, purpose=None)),
    ("PURPOSE_NOT_ALLOWED", gate(), changed(ITEM, purpose="trade")),
    ("CHANNEL_NOT_ALLOWED", gate(), changed(ITEM, channel="telephone")),
    ("FACILITY_NOT_CLEARED", gate(terms=STRICT), changed(ITEM, facility=None)),
    ("ASSURANCE_MISSING", gate(terms=STRICT), changed(ITEM, assurance=None)),
    ("ORIGINATOR_CONSENT_MISSING", gate(), changed(RELAYED, consents=())),
    ("CONSENT_EXPIRED", gate(), changed(RELAYED, consents=(consent(expires=OCTOBER),))),
    ("RELEASE_AUTHORITY_MISSING", gate(), changed(ITEM, release_authority=None)),
    ("SECOND_PERSON_MISSING", gate(terms=STRICT), changed(ITEM, second_person=None)),
    ("TOO_LARGE", gate(), changed(ITEM, size=MAX_ITEM + 1)),
    ("ON_HOLD", gate(), changed(ITEM, on_hold=True)),
]
each_failure = pytest.mark.parametrize(("code", "closed", "item"), FAILURES, ids=[row[0] for row in FAILURES])


@pytest.mark.parametrize("terms", [SAMPLE, STRICT])
@pytest.mark.parametrize("direction", ["release", "accept"])
def test_an_item_that_meets_every_rule_is_allowed_in_both_directions(terms: Any, direction: Any) -> None:
    decision = gate(terms=terms, direction=direction).decide(ITEM, OCTOBER)
    assert (decision.allowed, decision.reasons, decision.warnings) == (True, (), ())


def test_a_relayed_item_with_its_originators_consent_is_allowed() -> None:
    assert gate().decide(RELAYED, OCTOBER).allowed


@each_failure
def test_one_thing_missing_refuses_with_exactly_its_code(code: str, closed: Gate, item: ItemFacts) -> None:
    decision = closed.decide(item, OCTOBER)
    assert not decision.allowed
    assert codes(decision) == [code]


@each_failure
def test_each_step_alone_keeps_what_it_keeps(code: str, closed: Gate, item: ItemFacts) -> None:
    closed_without = Gate(closed.rules, closed.since, closed.until, ())
    closed_without._steps = tuple(step for step in closed._steps if step[0] != code)
    assert closed_without.decide(item, OCTOBER).allowed


def test_the_steps_are_the_codes_in_their_order() -> None:
    assert [step.code for step in STEPS] == list(CODES) == [row[0] for row in FAILURES]
    assert [step.number for step in STEPS] == list(range(1, 24))


def test_every_step_that_fails_is_named_in_order() -> None:
    item = ItemFacts(item="item-1", originator="us", marking=Marking("機密", "us", ("SECRET-SAUCE",)))
    found = status({VERSION: SAMPLE}, [], OCTOBER)
    decision = gate(status=found, terms=STRICT, own_pending="bound").decide(item, OCTOBER)
    absent = {"TERMS_MISSING", "OPERATION_SUSPENDED", "STATUS_DISPUTED", "LABEL_MISSING", "PURPOSE_NOT_ALLOWED"}
    assert codes(decision) == [code for code in CODES if code not in {*absent, "CONSENT_EXPIRED"}]


def test_nothing_said_is_nothing_allowed() -> None:
    assert not gate().decide(ItemFacts(), OCTOBER).allowed
    assert not gate(terms=None).decide(ItemFacts(), OCTOBER).allowed


@each_failure
def test_every_refusal_says_why_and_what_stays_lawful(code: str, closed: Gate, item: ItemFacts) -> None:
    decision = closed.decide(item, OCTOBER)
    reason = decision.reasons[0]
    assert reason.blocks and reason.text.endswith(".") and reason.remedy.endswith(".")
    assert reason.rests_on in SAMPLE.articles.values() or reason.rests_on.startswith(("gate ", "lifecycle "))
    assert "What was provided stays protected" in decision.stays_lawful


def test_a_reason_rests_on_the_article_the_terms_name_else_on_the_step() -> None:
    decision = gate().decide(changed(ITEM, purpose="trade", size=None), OCTOBER)
    assert [(reason.code, reason.rests_on) for reason in decision.reasons] == [
        ("PURPOSE_NOT_ALLOWED", "6"),
        ("TOO_LARGE", "gate 22"),
    ]
    assert "(Art. 21(4))" in decision.stays_lawful


# Status and time


def test_the_stop_is_exact_to_the_millisecond() -> None:
    last = gate(STOP - 1)
    quiet = changed(ITEM, uncertainty=0)
    assert last.decide(quiet, STOP - 1).allowed
    assert last.until == STOP
    with pytest.raises(GateExpiredError):
        last.decide(quiet, STOP)
    assert codes(gate(STOP).decide(quiet, STOP)) == ["AGREEMENT_NOT_IN_FORCE"]


def test_a_gate_does_not_answer_for_an_instant_before_its_interval() -> None:
    with pytest.raises(GateExpiredError):
        gate(interval=(OCTOBER, None)).decide(ITEM, OCTOBER - 1)


def test_a_suspended_notice_lets_exchange_go_on_past_the_end() -> None:
    assert gate(STOP, names=("kr-3", "kr-4")).decide(ITEM, STOP).allowed


@pytest.mark.parametrize(
    ("uncertainty", "expected"), [(499, []), (500, ["CLOCK_UNCERTAIN"]), (None, ["CLOCK_UNCERTAIN"])]
)
def test_an_uncertain_clock_refuses_only_where_the_status_differs(uncertainty: Any, expected: list[str]) -> None:
    at = STOP - 500
    assert codes(gate(at).decide(changed(ITEM, uncertainty=uncertainty), at)) == expected


def test_an_uncertain_clock_far_from_any_change_goes_on_and_is_marked() -> None:
    decision = gate().decide(changed(ITEM, uncertainty=60_000), OCTOBER)
    assert decision.allowed
    assert [(mark.code, mark.blocks) for mark in decision.warnings] == [("CLOCK_UNCERTAIN", False)]


def test_a_clock_just_after_an_end_is_uncertain_too() -> None:
    assert codes(gate(STOP).decide(changed(ITEM, uncertainty=1), STOP)) == ["AGREEMENT_NOT_IN_FORCE", "CLOCK_UNCERTAIN"]


def test_what_a_reader_of_the_status_should_know_is_a_warning_and_no_refusal() -> None:
    late = act("kr-3", "kr", "notice_of_termination", parse_instant("2019-08-24T15:00:00Z"))
    found = status({VERSION: SAMPLE}, [*acts(), late], OCTOBER)
    decision = gate(status=found, names=()).decide(ITEM, OCTOBER)
    assert decision.allowed
    assert [mark.code for mark in decision.warnings] == ["OTHER_COUNTING"]


def test_views_that_differ_on_the_terms_refuse() -> None:
    found = gate_status()
    views = {**found.views, "kr": changed(found.views["kr"], terms_version="0" * 64)}
    assert codes(gate(status=changed(found, views=views)).decide(ITEM, OCTOBER)) == ["STATUS_DISPUTED"]


def gate_status() -> Any:
    return status({VERSION: SAMPLE}, [ALL_ACTS[name] for name in IN_FORCE], OCTOBER)


def test_a_refused_status_refuses_whatever_its_reasons_say() -> None:
    closed = changed(gate_status(), release_allowed=False, reasons=())
    assert codes(gate(status=closed).decide(ITEM, OCTOBER)) == ["AGREEMENT_NOT_IN_FORCE"]


def test_a_gate_is_not_compiled_from_another_interval_or_other_terms() -> None:
    with pytest.raises(ValueError, match="not of the interval"):
        gate(interval=(OCTOBER + 1, None))
    with pytest.raises(ValueError, match="not those in force"):
        gate(terms_version="0" * 64)


# Parties


@pytest.mark.parametrize("changes", [{"recipient": "us"}, {"sender": "us"}, {"sender": "kr"}, {"recipient": ""}])
def test_only_two_different_parties_of_the_agreement_exchange(changes: dict[str, str]) -> None:
    item = changed(ITEM, recipients=("kr", "us", ""))
    assert "NOT_A_PARTY" in codes(gate(**changes).decide(item, OCTOBER))


def test_who_has_left_is_no_longer_released_to() -> None:
    left = changed(gate_status(), left={"kr": OCTOBER})
    assert codes(gate(status=left).decide(ITEM, OCTOBER)) == ["NOT_A_PARTY"]


@pytest.mark.parametrize("changes", [{"recipients": ()}, {"sender": "kr"}, {"sender": None}])
def test_an_item_of_another_address_is_refused(changes: dict[str, Any]) -> None:
    assert "NOT_A_PARTY" in codes(gate().decide(changed(ITEM, **changes), OCTOBER))


# Label, level, caveats, purpose


@pytest.mark.parametrize("marking", [None, Marking("", "jp"), Marking("極秘", ""), Marking("極秘", "kr")])
def test_a_label_is_a_level_of_the_items_own_originator(marking: Marking | None) -> None:
    assert "LABEL_MISSING" in codes(gate().decide(changed(ITEM, marking=marking), OCTOBER))


@pytest.mark.parametrize("word", [None, "", "Actual", "real"])
def test_reality_is_one_of_three_words(word: str | None) -> None:
    assert codes(gate().decide(changed(ITEM, reality=word), OCTOBER)) == ["REALITY_MISSING"]


def test_the_level_of_a_relayed_item_is_the_one_its_sender_holds_it_at() -> None:
    assert codes(gate().decide(changed(RELAYED, held_as=None), OCTOBER)) == ["NO_EQUIVALENT_LEVEL"]
    assert codes(gate().decide(changed(ITEM, marking=Marking("機密", "jp"), held_as="極秘"), OCTOBER)) == [
        "NO_EQUIVALENT_LEVEL"
    ]


@pytest.mark.parametrize(
    "marking",
    [
        Marking("極秘", "jp", rel_to=()),
        Marking("極秘", "jp", ("NOFORN",)),
        Marking("極秘", "jp", ("RELIDO",)),
        Marking("極秘", "jp", ("",)),
        Marking("極秘", "jp", ("REL TO kr",), ("kr",)),
    ],
)
def test_an_empty_rel_to_and_an_unknown_caveat_mean_nobody(marking: Marking) -> None:
    assert codes(gate().decide(changed(ITEM, marking=marking), OCTOBER)) == ["CAVEAT_EXCLUDES_RECIPIENT"]


def test_a_declared_caveat_and_orcon_let_the_originator_release() -> None:
    terms = changed(SAMPLE, caveats=(CaveatTerms(code="SPECIAL", meaning={"en": "nationals only"}),))
    item = changed(ITEM, marking=Marking("極秘", "jp", ("SPECIAL", "ORCON"), ("kr", "us")))
    assert gate(terms=terms).decide(item, OCTOBER).allowed


# Channel, facility, assurance


def test_without_a_channel_table_every_channel_is_allowed() -> None:
    for channel in ("link", "bundle", "courier", "hand", "oral"):
        assert gate().decide(changed(ITEM, channel=channel), OCTOBER).allowed


def test_with_a_channel_table_a_level_without_a_row_is_refused() -> None:
    terms = changed(SAMPLE, channel=(ChannelTerms(level="CONFIDENTIAL", allow=("link",)),))
    closed = gate(terms=terms)
    assert codes(closed.decide(ITEM, OCTOBER)) == ["CHANNEL_NOT_ALLOWED"]
    low = changed(ITEM, marking=Marking("秘", "jp"))
    assert closed.decide(low, OCTOBER).allowed
    assert codes(closed.decide(changed(low, channel="bundle"), OCTOBER)) == ["CHANNEL_NOT_ALLOWED"]


@pytest.mark.parametrize(
    "changes", [{"party": "jp"}, {"level": "CONFIDENTIAL"}, {"level": "?"}, {"valid_until": OCTOBER}]
)
def test_a_clearance_is_the_recipients_valid_and_high_enough(changes: dict[str, Any]) -> None:
    item = changed(ITEM, facility=changed(ITEM.facility, **changes))
    assert codes(gate(terms=STRICT).decide(item, OCTOBER)) == ["FACILITY_NOT_CLEARED"]


@pytest.mark.parametrize(
    "changes", [{"by": "jp"}, {"purpose": "exercise"}, {"given": OCTOBER + 1}, {"expires": OCTOBER}]
)
def test_an_assurance_is_the_recipients_for_this_purpose_and_prior(changes: dict[str, Any]) -> None:
    item = changed(ITEM, assurance=changed(ITEM.assurance, **changes))
    assert codes(gate(terms=STRICT).decide(item, OCTOBER)) == ["ASSURANCE_MISSING"]


# Consent


@pytest.mark.parametrize(
    "changes",
    [{"originator": "jp"}, {"releasing": "kr"}, {"third_party": "us"}, {"item": "item-2"}, {"purpose": "exercise"}],
)
def test_a_consent_is_for_this_item_these_parties_and_this_purpose(changes: dict[str, str]) -> None:
    item = changed(RELAYED, consents=(consent(**changes),))
    assert codes(gate().decide(item, OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]


def test_a_consent_holds_until_the_instant_of_its_expiry() -> None:
    assert gate().decide(changed(RELAYED, consents=(consent(expires=OCTOBER + 1),)), OCTOBER).allowed
    both = (consent(expires=OCTOBER), consent(expires=LATER))
    assert gate().decide(changed(RELAYED, consents=both), OCTOBER).allowed


def test_what_contains_information_of_others_needs_the_consent_of_each() -> None:
    item = changed(RELAYED, contains=("au", "jp", "kr"))
    assert codes(gate().decide(item, OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]
    item = changed(item, consents=(consent(), consent(originator="au", expires=OCTOBER)))
    assert codes(gate().decide(item, OCTOBER)) == ["CONSENT_EXPIRED"]


def test_information_goes_back_to_its_originator_without_asking_it() -> None:
    item = changed(ITEM, originator="kr", marking=Marking("군사Ⅱ급비밀", "kr"))
    assert gate().decide(item, OCTOBER).allowed


def three_parties() -> dict[str, Any]:
    party = {**SAMPLE.party, "us": changed(SAMPLE.party["kr"], name={"en": "United States"})}
    levels = tuple(changed(row, native={**row.native, "us": (row.common,)}) for row in SAMPLE.levels)
    terms = changed(SAMPLE, parties=("jp", "kr", "us"), party=party, levels=levels)
    found = gate_status()
    return {"terms": terms, "status": changed(found, views={**found.views, "us": found.views["kr"]})}


def test_a_party_on_the_standing_list_is_released_to_without_asking_unless_orcon() -> None:
    arguments = three_parties()
    item = changed(ITEM, originator="us", marking=Marking("SECRET", "us"))
    assert codes(gate(**arguments).decide(item, OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]
    standing = changed(arguments["terms"], third_party=ThirdParty(consent="prior_written", standing=("kr",)))
    arguments["terms"] = standing
    assert gate(**arguments).decide(item, OCTOBER).allowed
    controlled = changed(item, marking=Marking("SECRET", "us", ("ORCON",)))
    assert codes(gate(**arguments).decide(controlled, OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]
    assert gate(**arguments).decide(changed(controlled, consents=(consent(),)), OCTOBER).allowed


def test_a_standing_list_does_not_bind_who_has_not_signed_it() -> None:
    terms = changed(SAMPLE, third_party=ThirdParty(consent="prior_written", standing=("kr",)))
    assert codes(gate(terms=terms).decide(changed(RELAYED, consents=()), OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]


def test_a_standing_consent_does_not_reach_what_is_orcon() -> None:
    marking = Marking("SECRET", "us", ("ORCON",))
    item = changed(RELAYED, marking=marking, consents=(consent(standing=True),))
    assert codes(gate().decide(item, OCTOBER)) == ["ORIGINATOR_CONSENT_MISSING"]


# Authority, size, incident


@pytest.mark.parametrize(
    "changes",
    [{"party": "kr"}, {"role": "bind"}, {"office": ""}, {"person": ""}, {"key": ""}, {"expires": OCTOBER}],
)
def test_a_release_authority_is_an_office_of_the_sender_for_releases(changes: dict[str, Any]) -> None:
    item = changed(ITEM, release_authority=approval(**changes))
    assert codes(gate().decide(item, OCTOBER)) == ["RELEASE_AUTHORITY_MISSING"]


@pytest.mark.parametrize(
    "second", [approval("first"), approval("second", key="first"), approval("second", person="person-first")]
)
def test_a_second_person_is_another_person_with_another_key(second: Any) -> None:
    assert codes(gate(terms=STRICT).decide(changed(ITEM, second_person=second), OCTOBER)) == ["SECOND_PERSON_MISSING"]


@pytest.mark.parametrize(
    ("limit", "size", "allowed"), [(10, 10, True), (10, 11, False), (1 << 40, MAX_ITEM + 1, False)]
)
def test_the_terms_may_lower_the_limit_and_never_raise_it(limit: int, size: int, allowed: bool) -> None:
    terms = changed(SAMPLE, limits=Limits(max_item=limit))
    assert gate(terms=terms).decide(changed(ITEM, size=size), OCTOBER).allowed is allowed


@pytest.mark.parametrize("size", [None, -1])
def test_a_size_not_stated_is_too_large(size: int | None) -> None:
    assert codes(gate().decide(changed(ITEM, size=size), OCTOBER)) == ["TOO_LARGE"]


def test_an_incident_that_cannot_be_excluded_holds_the_item() -> None:
    assert codes(gate().decide(changed(ITEM, on_hold=None), OCTOBER)) == ["ON_HOLD"]


# Acceptance


def earlier_terms() -> Any:
    row = Level(common="SECRET", native={"jp": ("極秘", "防衛秘密"), "kr": ("군사Ⅱ급비밀",)})
    return changed(SAMPLE, levels=(row, SAMPLE.levels[1]))


def test_an_item_lawfully_released_under_earlier_terms_is_accepted_and_marked() -> None:
    item = changed(ITEM, marking=Marking("防衛秘密", "jp"), released_under="old")
    decision = gate(direction="accept", earlier={"old": earlier_terms()}).decide(item, OCTOBER)
    assert decision.allowed
    assert [(mark.code, mark.blocks) for mark in decision.warnings] == [("NO_EQUIVALENT_LEVEL", False)]


@pytest.mark.parametrize(
    "changes", [{"released_under": None}, {"released_under": "unheard of"}, {"marking": Marking("?", "jp")}]
)
def test_what_was_not_lawfully_released_under_earlier_terms_is_not_accepted(changes: dict[str, Any]) -> None:
    item = changed(changed(ITEM, marking=Marking("防衛秘密", "jp"), released_under="old"), **changes)
    decision = gate(direction="accept", earlier={"old": earlier_terms()}).decide(item, OCTOBER)
    assert codes(decision) == ["NO_EQUIVALENT_LEVEL"]


def test_earlier_terms_release_nothing() -> None:
    item = changed(ITEM, marking=Marking("防衛秘密", "jp"), released_under="old")
    assert codes(gate(earlier={"old": earlier_terms()}).decide(item, OCTOBER)) == ["NO_EQUIVALENT_LEVEL"]


def test_channel_and_clearance_of_such_an_item_go_by_the_terms_at_release() -> None:
    old = changed(earlier_terms(), channel=(ChannelTerms(level="SECRET", allow=("courier",)),))
    closed = gate(direction="accept", terms=STRICT, earlier={"old": old})
    item = changed(ITEM, marking=Marking("防衛秘密", "jp"), released_under="old", channel="courier")
    assert closed.decide(item, OCTOBER).allowed
    assert codes(closed.decide(changed(item, channel="link"), OCTOBER)) == ["CHANNEL_NOT_ALLOWED"]
    low = changed(item, facility=changed(ITEM.facility, level="CONFIDENTIAL"))
    assert codes(closed.decide(low, OCTOBER)) == ["FACILITY_NOT_CLEARED"]


# What the counterparty learns


@each_failure
def test_a_senders_own_refusal_is_never_shared(code: str, closed: Gate, item: ItemFacts) -> None:
    assert closed.decide(item, OCTOBER).shared_code() is None


def test_a_recipients_refusal_is_shared_as_the_class_of_its_first_reason() -> None:
    closed = gate(direction="accept")
    assert closed.party == "kr"
    assert closed.decide(ITEM, OCTOBER).shared_code() is None
    assert closed.decide(changed(ITEM, purpose="trade", size=None), OCTOBER).shared_code() == "LABEL"
    assert closed.decide(changed(ITEM, size=None), OCTOBER).shared_code() == "SIZE"
    assert closed.decide(changed(ITEM, on_hold=True), OCTOBER).shared_code() == "OTHER"


def test_a_gate_compiled_without_a_steady_stretch_knows_nothing_beyond_its_interval() -> None:
    closed = compile_gate(
        agreement=SAMPLE,
        terms_version=VERSION,
        status=gate_status(),
        interval=(OCTOBER, None),
        sender="jp",
        recipient="kr",
        direction="release",
    )
    assert codes(closed.decide(ITEM, OCTOBER)) == ["CLOCK_UNCERTAIN"]
    assert closed.decide(ITEM, OCTOBER + 50).allowed
