from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from entente.domain.agreement.terms import Level
from entente.domain.marking.equivalence import (
    EquivalenceTable,
    NoEquivalentLevelError,
    TableError,
    UnknownMarkingError,
)
from entente.domain.marking.holding import derive, on_receipt
from entente.domain.marking.marking import HeldMarking, Marking

unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Machines are busy: how long an example takes says nothing of the rule."""

PARTIES = ("aa", "bb", "cc")


@st.composite
def tables(draw: st.DrawFn) -> EquivalenceTable:
    """Up to four rows of up to two markings per party; a party left out promises handling or nothing."""
    numbers = count()
    rows = []
    for index in range(draw(st.integers(1, 4))):
        native, handling = {}, {}
        for party in PARTIES:
            markings = draw(st.integers(0, 2))
            if markings:
                native[party] = tuple(f"{party}-{next(numbers)}" for _ in range(markings))
            elif draw(st.booleans()):
                handling[party] = f"{party}-promised-{index}"
        rows.append(Level(common=f"level-{index}", native=native, handling=handling))
    return EquivalenceTable(rows, draw(st.sampled_from(["v1", "v2"])))


native_texts = st.sampled_from([f"{party}-{number}" for party in PARTIES for number in range(12)])
markings = st.builds(Marking, native_texts, st.sampled_from(PARTIES))


def found(table: EquivalenceTable, native: str, originator: str, recipient: str) -> Any:
    try:
        return table.correspond(native, originator, recipient)
    except NoEquivalentLevelError:
        return None


@unhurried
@given(tables(), markings, st.sampled_from(PARTIES))
def test_mapping_never_rounds(table: EquivalenceTable, marking: Marking, recipient: str) -> None:
    there = found(table, marking.level, marking.originator, recipient)
    assume(there is not None)
    assert there.rank == table.rank(marking.level, marking.originator)
    assert there.common == table.commons[there.rank]
    assert there.native == marking.level
    assert table.held_rank(there.marking, recipient) == there.rank


@unhurried
@given(tables(), markings, st.sampled_from(PARTIES))
def test_the_way_back_comes_to_the_same_row_and_not_always_to_the_same_marking(
    table: EquivalenceTable, marking: Marking, recipient: str
) -> None:
    there = found(table, marking.level, marking.originator, recipient)
    assume(there is not None and not there.handling)
    back = table.correspond(there.marking, recipient, marking.originator)
    assert back.rank == there.rank


@unhurried
@given(tables())
def test_all_that_can_be_released_is_what_corresponds(table: EquivalenceTable) -> None:
    for recipient in PARTIES:
        pairs = table.all_for(recipient)
        for number in range(12):
            for originator in PARTIES:
                native = f"{originator}-{number}"
                assert pairs.get((originator, native)) == found(table, native, originator, recipient)


@unhurried
@given(tables(), tables(), markings, st.sampled_from(PARTIES), st.booleans())
def test_receipt_is_never_refused_and_keeps_the_native_marking(
    then: EquivalenceTable, now: EquivalenceTable, marking: Marking, holder: str, known: bool
) -> None:
    held = on_receipt(marking, holder, at_release=then if known else None, now=now)
    assert held.native == marking
    assert held.corresponding
    before = found(then, marking.level, marking.originator, holder) if known else None
    current = found(now, marking.level, marking.originator, holder)
    assert held.ask_originator or (before is not None and current is not None)
    rank = now.held_rank(held.corresponding, holder)
    if current is not None and rank is not None:
        assert rank <= current.rank
    if before is None and current is None:
        assert (held.corresponding, held.handling) == now.highest(holder)


@unhurried
@given(tables(), st.lists(markings, min_size=1, max_size=4))
def test_a_derived_marking_is_never_lower_than_any_part_and_names_every_origin(
    table: EquivalenceTable, parts: list[Marking]
) -> None:
    held = [on_receipt(part, "aa", at_release=table, now=table) for part in parts]
    derived = derive(table, "aa", held)
    level = table.held_rank(derived.level, "aa")
    for one in held:
        rank = table.held_rank(one.corresponding, "aa")
        assert rank is None or level is None or level <= rank
    assert set(derived.origins) == {part.originator for part in parts}
    assert set(derived.natives) == set(parts)


names = st.lists(st.sampled_from(PARTIES), max_size=3, unique=True).map(tuple)


@unhurried
@given(st.lists(st.builds(Marking, st.just("aa-0"), st.just("aa"), st.just(()), st.none() | names), min_size=1))
def test_a_derived_rel_to_allows_only_whom_every_part_allows(parts: list[Marking]) -> None:
    table = EquivalenceTable([Level(common="S", native={"aa": ("aa-0",)})], "v1")
    derived = derive(table, "aa", [on_receipt(part, "aa", at_release=table, now=table) for part in parts])
    limits = [set(part.rel_to) for part in parts if part.rel_to is not None]
    assert (derived.rel_to is None) == (not limits)
    assert set(derived.rel_to or ()) == (set.intersection(*limits) if limits else set())


def test_a_derived_marking_needs_parts_that_its_maker_holds() -> None:
    table = EquivalenceTable([Level(common="S", native={"aa": ("A",)})], "v1")
    held = HeldMarking(
        native=Marking("A", "aa"), holder="aa", corresponding="A", handling=False, released_under=None, table="v1"
    )
    with pytest.raises(ValueError, match="needs sources"):
        derive(table, "aa", [])
    with pytest.raises(ValueError, match="held by the party"):
        derive(table, "bb", [held])


def test_the_strictest_of_several_markings_is_in_the_highest_row() -> None:
    rows = [Level(common="S", native={"aa": ("A1",), "bb": ("B1",)}), Level(common="C", native={"aa": ("A2",)})]
    table = EquivalenceTable(rows, "v1")
    assert table.strictest([("A2", "aa"), ("B1", "bb"), ("A1", "aa")]) == ("B1", "bb")
    with pytest.raises(UnknownMarkingError):
        table.strictest([("A2", "aa"), ("A2", "bb")])


@pytest.mark.parametrize(
    "rows",
    [
        [Level(common="S", native={"aa": ("A",)}), Level(common="C", native={"aa": ("A",)})],
        [Level(common="S", native={"aa": ("A", "A")})],
        [Level(common="S", native={"aa": ("A",)}, handling={"aa": "X"})],
        [Level(common="S", native={"aa": ("A",)}), Level(common="S", native={"bb": ("B",)})],
    ],
)
def test_a_table_that_contradicts_itself_is_not_compiled(rows: list[Level]) -> None:
    with pytest.raises(TableError):
        EquivalenceTable(rows, "v1")
