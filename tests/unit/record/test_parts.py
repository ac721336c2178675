"""The number of an item: what everybody who holds the logs counts alike."""

from entente.record.parts import numbered
from entente.record.position import Position


def test_an_item_has_the_number_of_its_place_among_all_that_its_writer_gave() -> None:
    jp = [Position("jp", "a" * 16, seq) for seq in (4, 9)]
    kr = [Position("kr", "b" * 16, seq) for seq in (2, 3)]
    assert numbered([(30, jp[1]), (10, kr[0]), (20, jp[0]), (20, kr[1])]) == {jp[0]: 1, jp[1]: 2, kr[0]: 1, kr[1]: 2}


def test_after_a_restart_the_numbers_go_on_over_both_logs_of_a_party() -> None:
    before, after = Position("jp", "b" * 16, 7), Position("jp", "a" * 16, 1)
    assert numbered([(20, after), (10, before)]) == {before: 1, after: 2}


def test_of_two_items_of_one_instant_the_earlier_entry_has_the_smaller_number() -> None:
    first, second = (Position("jp", "a" * 16, seq) for seq in (2, 10))
    assert numbered([(10, second), (10, first)]) == {first: 1, second: 2}
