"""Properties of the gate: what is not said opens nothing, and what limits never opens."""

from typing import Any

import msgspec
from gate_world import ITEM, OCTOBER, RELAYED, SAMPLE, STRICT, approval, changed, codes, consent, gate, standing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.domain.agreement.terms import ChannelTerms, Limits, Purposes
from entente.domain.marking.marking import Marking
from entente.domain.release import CODES, STEPS, ItemFacts

unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Machines are busy: how long an example takes says nothing of the rule."""

GATES = [
    gate(terms=terms, direction=direction, **changes)
    for terms in (SAMPLE, STRICT)
    for direction in ("release", "accept")
    for changes in ({}, {"own_pending": "An act binds."}, {"steady": (OCTOBER - 10, OCTOBER + 10)})
]
LEVELS = ["極秘", "特定秘密", "秘", "군사Ⅱ급비밀", "機密", ""]
PARTIES = ["jp", "kr", "us", ""]
markings = st.builds(
    Marking,
    st.sampled_from(LEVELS),
    st.sampled_from(PARTIES),
    st.lists(st.sampled_from(["ORCON", "NOFORN"]), max_size=2).map(tuple),
    st.none() | st.lists(st.sampled_from(PARTIES), max_size=3).map(tuple),
)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "item": st.sampled_from(["item-1", "item-2", None]),
    "sender": st.sampled_from([*PARTIES, None]),
    "recipients": st.lists(st.sampled_from(PARTIES), max_size=3).map(tuple),
    "originator": st.sampled_from([*PARTIES, None]),
    "contains": st.lists(st.sampled_from(PARTIES), max_size=2).map(tuple),
    "reality": st.sampled_from(["actual", "test", "", None]),
    "marking": st.none() | markings,
    "held_as": st.none() | st.sampled_from(LEVELS),
    "purpose": st.sampled_from(["missile-warning", "exercise", "trade", "", None]),
    "channel": st.sampled_from(["link", "oral", "telephone", None]),
    "size": st.none() | st.integers(-1, 1 << 31),
    "key_trusted": st.booleans(),
    "uncertainty": st.none() | st.integers(-1, 20),
    "released_under": st.none() | st.just("old"),
    "consents": st.lists(st.builds(consent, expires=st.integers(OCTOBER - 1, OCTOBER + 1)), max_size=2).map(tuple),
    "assurance": st.none() | st.just(ITEM.assurance),
    "facility": st.none() | st.just(ITEM.facility),
    "release_authority": st.none() | st.builds(approval, st.sampled_from(["first", "second"])),
    "media_type": st.sampled_from(["text/plain", "image/png", None]),
    "standing": st.none() | st.builds(standing, expires=st.integers(OCTOBER - 1, OCTOBER + 1)),
    "standing_missing": st.none() | st.just("It is not known."),
    "second_person": st.none() | st.builds(approval, st.sampled_from(["first", "second"])),
    "on_hold": st.none() | st.booleans(),
}


@st.composite
def items(draw: st.DrawFn) -> ItemFacts:
    """An item that passes, with a few facts changed: near the line between allowed and refused."""
    base = draw(st.sampled_from([ITEM, RELAYED]))
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=3, unique=True))
    return changed(base, **{name: draw(CHANGES[name]) for name in names})


LIMITS_NOT_FACTS = {"contains"}
"""A field that states a limit: leaving it out cannot refuse, and the register is where it comes from."""
FACTS = [field for field in msgspec.structs.fields(ItemFacts) if field.name not in LIMITS_NOT_FACTS]


@unhurried
@given(items(), st.sampled_from(GATES), st.sampled_from(FACTS))
def test_a_fact_left_out_never_opens(item: ItemFacts, closed: Any, field: Any) -> None:
    less = changed(item, **{field.name: field.default})
    assert closed.decide(item, OCTOBER).allowed or not closed.decide(less, OCTOBER).allowed


@unhurried
@given(items(), st.sampled_from(GATES))
def test_allowed_means_no_reason_and_refused_means_reasons_in_the_order_of_the_steps(
    item: ItemFacts, closed: Any
) -> None:
    decision = closed.decide(item, OCTOBER)
    assert decision.allowed is (decision.reasons == ())
    order = list(CODES)
    assert codes(decision) == sorted(set(codes(decision)), key=order.index)


@unhurried
@given(items(), st.sampled_from(GATES))
def test_a_step_left_out_when_a_gate_is_compiled_would_have_passed_every_item(item: ItemFacts, closed: Any) -> None:
    rules, asked = closed.rules, {code for code, _ in closed._steps}
    levels = rules.levels_of(item)
    left_out = [step for step in STEPS if step.code not in asked]
    assert left_out
    assert [step.judge(rules, item, levels, OCTOBER) for step in left_out] == [None] * len(left_out)


@st.composite
def stricter_items(draw: st.DrawFn) -> tuple[ItemFacts, ItemFacts]:
    item = draw(items())
    marking = item.marking or ITEM.marking
    item = changed(item, marking=marking)
    limited = draw(
        st.sampled_from(
            [
                {"marking": changed(marking, caveats=(*marking.caveats, "ORCON"))},
                {"marking": changed(marking, caveats=(*marking.caveats, "UNKNOWN"))},
                {"marking": changed(marking, rel_to=("kr",) if marking.rel_to is None else marking.rel_to[1:])},
                {"contains": (*item.contains, "au")},
                {"size": (item.size or 0) + 1},
                {"uncertainty": None if item.uncertainty is None else item.uncertainty + 1},
                {"on_hold": True},
                {"recipients": item.recipients[1:]},
                {"consents": item.consents[1:]},
            ]
        )
    )
    return item, changed(item, **limited)


@unhurried
@given(stricter_items(), st.sampled_from(GATES))
def test_a_limit_added_to_an_item_never_opens(pair: tuple[ItemFacts, ItemFacts], closed: Any) -> None:
    item, limited = pair
    assert closed.decide(item, OCTOBER).allowed or not closed.decide(limited, OCTOBER).allowed


STRICTER_TERMS = [
    STRICT,
    changed(SAMPLE, purposes=Purposes(allowed=("exercise",))),
    changed(SAMPLE, purposes=Purposes(allowed=())),
    changed(SAMPLE, channel=(ChannelTerms(level="SECRET", allow=("courier",)),)),
    changed(SAMPLE, limits=Limits(max_item=100)),
    changed(SAMPLE, levels=SAMPLE.levels[1:]),
    changed(SAMPLE, levels=tuple(changed(row, native={"jp": row.native["jp"]}) for row in SAMPLE.levels)),
]
OPEN = gate()
STRICTER = [gate(terms=terms) for terms in STRICTER_TERMS]


@unhurried
@given(items(), st.sampled_from(STRICTER))
def test_terms_that_say_less_or_ask_more_never_open(item: ItemFacts, closed: Any) -> None:
    assert OPEN.decide(item, OCTOBER).allowed or not closed.decide(item, OCTOBER).allowed


@unhurried
@given(items(), st.sampled_from(GATES))
def test_the_same_question_has_the_same_answer(item: ItemFacts, closed: Any) -> None:
    assert closed.decide(item, OCTOBER) == closed.decide(item, OCTOBER)
