"""The parts of a drawn timeline: room for text, places for labels, ticks of a calendar, colours."""

from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entente.cli.timeline_axis import DAY_MS, HOUR_MS, Scale, clock, short_day, short_time, ticks
from entente.cli.timeline_curve import _round_up, curve
from entente.cli.timeline_ink import Ink, clean
from entente.cli.timeline_panel import Place
from entente.cli.timeline_place import AIR, HALF, NEAR, REACH, SEARCHED, Flag, Placed, place
from entente.cli.timeline_style import BAND_OF, BANDS, COLOURS, TEXT_ON, band, contrast
from entente.cli.timeline_text import fit, width, wrap
from entente.domain.agreement.calendar import first_instant
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.chronicle_words import PHASES, STATES
from entente.domain.relations.lanes import Curve, Value

SEOUL = "Asia/Seoul"
words = st.text(st.sampled_from("abc ,.ABC終了通告종료 통보01"), max_size=60)

# Text


def test_east_asian_characters_take_a_full_square_and_latin_its_share() -> None:
    assert width("終了", 10) >= 20
    assert width("종료", 10) >= 20
    assert width("①", 10) >= 10
    assert width("ill", 10) < width("mmm", 10) < 40
    assert width("abc", 10, bold=True) > width("abc", 10)
    assert width("e\u0301", 10) == width("e", 10)


@given(words, st.floats(20, 300))
def test_what_fits_is_left_and_what_does_not_ends_with_an_ellipsis_in_its_room(text: str, room: float) -> None:
    fitted = fit(text, 12, room)
    assert width(fitted, 12) <= max(room, width(text, 12))
    assert fitted == text if width(text, 12) <= room else fitted.endswith("…")
    assert fitted == text or width(fitted, 12) <= room


@given(words, st.floats(40, 300), st.integers(1, 4))
def test_lines_keep_to_their_room_and_number_and_lose_nothing_without_an_ellipsis(
    text: str, room: float, lines: int
) -> None:
    wrapped = wrap(text, 12, room, lines)
    assert len(wrapped) <= lines
    assert all(width(line, 12) <= room for line in wrapped)
    if not any("…" in line for line in wrapped):
        assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")


def test_japanese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    assert wrap("終了通告の効力停止。", 10, 93, 2) == ["終了通告の効力停", "止。"]
    assert wrap("종료 통보의 효력", 10, 55, 2) == ["종료 통보의", "효력"]


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert clean('a\x0b<b>&"') == "a\ufffd&lt;b&gt;&amp;&quot;"


# Places

flags = st.lists(st.builds(Flag, st.floats(0, 1000), st.floats(10, 260), st.booleans()), max_size=24)


def box(flag: Flag, placed: Placed) -> tuple[float, float]:
    if placed.left:
        return placed.pole - REACH - flag.width, placed.pole + HALF
    return placed.pole - HALF, placed.pole + REACH + flag.width


@given(flags, st.integers(1, 6))
@example([Flag(500, 100), Flag(500, 100), Flag(503, 100), Flag(509, 120)], 3)
def test_no_flag_lies_over_another_and_no_pole_goes_through_one(given_flags: list[Flag], rows: int) -> None:
    placed, over = place(given_flags, 0, 1000, rows)
    assert sorted([each.flag for each in placed] + over) == list(range(len(given_flags)))
    for each in placed:
        begins, ends = box(given_flags[each.flag], each)
        assert begins >= 0
        assert ends <= 1000
        assert each.row < rows
        assert abs(given_flags[each.flag].x - each.pole) < NEAR
    for one, other in combinations(placed, 2):
        (a, b), (c, d) = box(given_flags[one.flag], one), box(given_flags[other.flag], other)
        assert one.row != other.row or b + AIR <= c or d + AIR <= a
        for (begins, ends), mine, theirs in (((a, b), one, other), ((c, d), other, one)):
            if theirs.pole != mine.pole and theirs.row > mine.row:
                assert not begins < theirs.pole < ends


def test_flags_of_one_pole_hang_in_order_of_time() -> None:
    placed, over = place([Flag(100, 50), Flag(102, 50), Flag(104, 50)], 0, 1000, 5)
    assert not over
    assert [each.flag for each in sorted(placed, key=lambda each: each.row)] == [0, 1, 2]
    assert len({each.pole for each in placed}) == 1


def test_a_crowd_makes_two_staircases_instead_of_one() -> None:
    placed, over = place([Flag(400 + 12 * index, 150) for index in range(8)], 0, 1000, 5)
    assert not over
    assert {each.left for each in placed} == {True, False}


def test_what_matters_less_gives_way() -> None:
    contested = [Flag(300, 650, minor=True), Flag(400, 580)]
    assert place(contested, 0, 1000, 1)[1] == [0]
    many = [Flag(-2000 + 30 * index, 1) for index in range(SEARCHED)]
    assert place([*contested, *many], -3000, 1000, 1)[1] == [0]


def test_a_flag_turns_to_the_side_where_it_crosses_no_line() -> None:
    (placed,), _ = place([Flag(500, 100)], 0, 1000, 3, lines=[550])
    assert placed.left
    (placed,), _ = place([Flag(500, 100)], 0, 1000, 3)
    assert not placed.left


# Time


def at(text: str) -> int:
    return parse_instant(text)


def test_hours_are_ticked_with_their_days_on_the_clocks_of_the_zone() -> None:
    scale = Scale(at("2019-11-21T15:00:00Z"), at("2019-11-22T21:00:00Z"), 0, 1000)
    found = ticks(scale, SEOUL, "en", 11)
    assert [tick.text for tick in found] == [f"{hour:02}:00" for hour in (*range(0, 24, 3), 0, 3, 6)]
    assert [tick.head for tick in found if tick.head] == ["22 November 2019", "23 November 2019"]
    assert scale.x(at("2019-11-22T06:00:00Z")) == 500


@given(
    st.integers(at("1950-01-01T00:00:00Z"), at("2090-01-01T00:00:00Z")),
    st.integers(10 * 60_000, 120 * 365 * DAY_MS),
    st.sampled_from([SEOUL, "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.sampled_from(["en", "ja", "ko"]),
)
def test_ticks_are_in_order_and_no_closer_than_their_words(begins: int, span: int, zone: str, lang: str) -> None:
    scale = Scale(begins, begins + span, 0, 1000)
    found = ticks(scale, zone, lang, 11)
    assert all(scale.has(tick.at) for tick in found)
    for one, other in pairwise(found):
        near = scale.x(one.at) + (width(one.text, 11, bold=True) + width(other.text, 11, bold=True)) / 2
        assert near < scale.x(other.at)


def test_a_day_that_a_change_of_clocks_shortens_is_ticked_at_real_hours() -> None:
    begins = first_instant(date(2024, 3, 31), "Europe/Vienna")
    texts = [tick.text for tick in ticks(Scale(begins, begins + 6 * HOUR_MS, 0, 500), "Europe/Vienna", "en", 11)]
    assert texts == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00"]


def test_a_quarter_of_an_hour_is_ticked_by_minutes() -> None:
    begins = at("2019-11-22T08:55:00Z")
    found = ticks(Scale(begins, begins + HOUR_MS // 4, 0, 400), SEOUL, "en", 11)
    assert [tick.text for tick in found] == ["17:55", "18:00", "18:05", "18:10"]


def test_times_are_told_no_finer_than_the_axis_shows() -> None:
    instant = at("2019-11-22T09:00:00Z")
    assert short_time(instant, SEOUL, "en", DAY_MS) == "18:00"
    assert short_time(instant, SEOUL, "ja", 30 * DAY_MS) == "11/22"
    assert short_time(instant, SEOUL, "ko", 900 * DAY_MS) == "2019.11.22."
    assert short_day(instant, SEOUL, "en", year=True) == "22 Nov 2019"
    assert clock(instant + 5000, SEOUL) == "18:00:05"
    assert short_time(instant + 5000, SEOUL, "en", DAY_MS) == "18:00"
    assert short_time(instant + 5000, SEOUL, "en", HOUR_MS) == "18:00:05"


# Looks


@pytest.mark.parametrize(("text", "grounds"), TEXT_ON)
def test_every_text_has_the_contrast_of_wcag_aa_by_day_and_by_night(text: str, grounds: tuple[str, ...]) -> None:
    for ground in grounds:
        assert contrast(COLOURS[text].day, COLOURS[ground].day) >= 4.5
        assert contrast(COLOURS[text].night, COLOURS[ground].night) >= 4.5


@pytest.mark.parametrize("name", BANDS)
def test_words_on_a_band_have_it_too_on_its_ground_and_on_its_pattern(name: str) -> None:
    ground, drawn, _ = BANDS[name]
    for tone in (ground, drawn):
        assert contrast(COLOURS["ink"].day, tone.day) >= 4.5
        assert contrast(COLOURS["ink"].night, tone.night) >= 4.5


def test_contrast_is_what_wcag_counts() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_phases_that_matter_differ_by_pattern_and_not_by_colour_alone() -> None:
    kinds = [
        BANDS[band("status", phase)][2]
        for phase in ("in_force", "notice_running", "notice_suspended", "suspended", "ended")
    ]
    assert len(set(kinds)) == len(kinds)


def test_every_phase_and_state_has_a_band() -> None:
    assert {f"status {phase}" for phase in PHASES} | set(STATES) <= set(BAND_OF)
    assert set(BAND_OF.values()) <= set(BANDS)


def test_a_line_of_figures_breaks_where_a_period_is_missing() -> None:
    months = [at(f"2019-{month:02}-01T00:00:00Z") for month in range(1, 8)]
    values = tuple(Value(months[i], months[i + 1], Decimal(i + 1)) for i in (0, 1, 3, 4, 5))
    ink = Ink()
    scale = Scale(months[0], months[6], 100, 500)
    curve(ink, scale, Curve(unit="t", source="", values=values), 0, Place(0, 500, 0))
    assert len([each for each in ink.front if "l-party0" in each]) == 2


def test_a_curves_scale_ends_at_a_round_number() -> None:
    for value, round_ in (("3", "5"), ("0.07", "0.1"), ("10", "10"), ("2300", "2500"), ("0", "1")):
        assert _round_up(Decimal(value), Decimal(0)) == Decimal(round_)
