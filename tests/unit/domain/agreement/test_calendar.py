"""Periods, local days and boundaries (lifecycle 3)."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.domain.agreement.calendar import (
    TZDATA_VERSION,
    Period,
    Schedule,
    Series,
    add,
    first_instant,
    last_day_before,
    local_day,
    parse_duration,
    parse_period,
    zone,
)
from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT, format_instant, parse_day, parse_instant

DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))
PERIODS = st.builds(Period, st.integers(0, 30), st.integers(0, 100)).filter(lambda period: period != Period(0, 0))
OVERFLOWS = st.sampled_from(["clamp", "next_day"])


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("P90D", 0, 90),
        ("P6M", 6, 0),
        ("P1Y", 12, 0),
        ("P1Y6M", 18, 0),
        ("P2W", 0, 14),
        ("P0Y1M", 1, 0),
        ("P1W1D", 0, 8),
    ],
)
def test_a_period_has_months_and_days(text: str, months: int, days: int) -> None:
    assert parse_period(text) == Period(months, days)


@pytest.mark.parametrize(
    "text",
    ["", "P", "P0D", "-P1D", "P-1D", "P1.5D", "PT1H", "P1DT1H", "p1d", "1D", "P1D ", "P1D\n", "P1M1Y", "P１D", "P1H"],
)
def test_a_period_that_is_not_positive_days_and_months_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="period"):
        parse_period(text)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("PT0S", 0), ("PT10M", 600_000), ("PT3H", 10_800_000), ("P7D", 604_800_000), ("P1W", 604_800_000),
     ("PT0.5S", 500), ("PT1,25S", 1250), ("P1DT1M", 86_460_000), ("P1M", 2_592_000_000)],
)  # fmt: skip
def test_a_duration_is_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "PT1D", "10M", "-PT1S", "PT1.2345S", "PT1M "])
def test_a_duration_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2019-11-23T00:00:00+09:00", "2019-11-22T15:00:00.000Z"),
        ("2019-11-22t15:00:00z", "2019-11-22T15:00:00.000Z"),
        ("2019-11-22T15:00:00.1Z", "2019-11-22T15:00:00.100Z"),
        ("1969-12-31T23:59:59.999-00:00", "1969-12-31T23:59:59.999Z"),
        ("2020-02-29T23:30:00-00:30", "2020-03-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_three_digits(text: str, canonical: str) -> None:
    assert format_instant(parse_instant(text)) == canonical
    assert parse_instant(canonical) == parse_instant(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2019-11-22T15:00:00", "no offset"),
        ("2019-11-22T15:00:00.1234Z", "more than three"),
        ("2019-11-22 15:00:00Z", "RFC 3339"),
        ("2019-11-22T15:00Z", "RFC 3339"),
        ("2019-11-22", "RFC 3339"),
        ("2019-02-29T00:00:00Z", "not an instant"),
        ("2019-11-22T24:00:00Z", "not an instant"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("2019-11-22T15:00:00+24:00", "offset that does not exist"),
        ("0001-01-01T00:00:00+09:00", "outside the years"),
        ("9999-12-31T23:59:59-09:00", "outside the years"),
        ("２019-11-22T15:00:00Z", "RFC 3339"),
    ],
)
def test_an_instant_otherwise_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2019-1-1", "2019-02-29", "20190101", "2019-W01-1", "0000-01-01"])
def test_a_date_that_does_not_exist_or_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        parse_day(text)


def test_zone_rules_come_from_the_package_even_when_the_host_has_others(tmp_path, monkeypatch) -> None:
    lying = tmp_path / "Asia" / "Tashkent"
    lying.parent.mkdir()
    package = zoneinfo.ZoneInfo.no_cache("Asia/Kathmandu")
    assert package is not None
    import importlib.resources

    lying.write_bytes(importlib.resources.files("tzdata.zoneinfo.Asia").joinpath("Kathmandu").read_bytes())
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        assert zoneinfo.ZoneInfo("Asia/Tashkent").utcoffset(datetime(2020, 1, 1)) == timedelta(hours=5, minutes=45)  # noqa: DTZ001
        assert zone("Asia/Tashkent").utcoffset(datetime(2020, 1, 1)) == timedelta(hours=5)  # noqa: DTZ001
    finally:
        zoneinfo.reset_tzpath([])
    assert TZDATA_VERSION[:2] == "20"


@pytest.mark.parametrize("name", ["", "Asia", "Asia/Nowhere", "../UTC", "/etc/localtime", "asia/seoul", "tzdata.zi"])
def test_a_zone_that_the_package_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        zone(name)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(DAYS, st.sampled_from(["America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Asia/Gaza", "Africa/Cairo",
                              "Asia/Amman", "Atlantic/Azores", "Asia/Seoul"]))  # fmt: skip
def test_a_day_begins_at_the_first_instant_that_has_its_date(day: date, name: str) -> None:
    begins = first_instant(day, name)
    assert local_day(begins, name) == day
    assert local_day(begins - 1, name) < day


@settings(max_examples=400, deadline=None, derandomize=True)
@given(DAYS, PERIODS, OVERFLOWS)
def test_the_notice_deadline_is_the_last_day_from_which_the_lead_reaches(day: date, lead: Period, overflow) -> None:
    last = last_day_before(day, lead, overflow)
    assert add(last, lead, overflow) <= day
    assert all(add(last + timedelta(days=n), lead, overflow) > day for n in range(1, 40))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(DAYS, PERIODS, PERIODS, OVERFLOWS, st.integers(0, 3000))
def test_the_first_boundary_found_is_the_first(
    day: date, length: Period, extension: Period, overflow, after: int
) -> None:
    series = Series(day, length, extension, overflow)
    target = day + timedelta(days=after)
    found = series.first_where(lambda boundary: boundary > target)
    walked = next(b for k in range(4000) if (b := series.boundary(k)) > target)
    assert found == walked


def test_an_amended_schedule_keeps_its_past() -> None:
    yearly = Schedule(Series(date(2016, 11, 23), parse_period("P1Y"), parse_period("P1Y"), "clamp"))
    amended = yearly.amended(date(2018, 11, 23), parse_period("P2Y"), "clamp")
    found = [
        amended.first_where(lambda b, d=d: b > d) for d in (date(2016, 12, 1), date(2017, 12, 1), date(2018, 12, 1))
    ]
    assert found == [date(2017, 11, 23), date(2018, 11, 23), date(2020, 11, 23)]


def test_arithmetic_stays_within_the_calendar() -> None:
    assert add(date(9999, 1, 1), Period(12, 0), "clamp") == date.max
    assert add(date(9999, 12, 31), Period(0, 1), "next_day") == date.max
    assert local_day(MAX_INSTANT, "Asia/Seoul") == date.max
    endless = Series(date(2000, 1, 1), Period(12, 0), Period(12, 0), "clamp")
    assert endless.first_where(lambda _: False) is None
    assert first_instant(date.max, "Asia/Seoul") < MAX_INSTANT
    assert first_instant(date.min, "Asia/Seoul") == MIN_INSTANT
    assert first_instant(date(2020, 1, 1), "UTC") == datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000
    assert last_day_before(date(3, 1, 1), Period(12 * 50, 0), "clamp") == date.min


def test_a_gap_that_began_before_midnight_ends_at_its_first_valid_instant() -> None:
    assert format_instant(first_instant(date(1919, 3, 31), "America/Toronto")) == "1919-03-31T04:30:00.000Z"
