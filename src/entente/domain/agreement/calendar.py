"""Calendar arithmetic: periods, local days and the boundaries of terms (lifecycle 3).

Days are :class:`datetime.date`, instants are milliseconds (:mod:`.instants`). Time zones come from the locked
``tzdata`` package only, never from the host, whose data differs from machine to machine. Arithmetic that would leave
the calendar stays on its last day: 9999-12-31 stands for "later than anyone counts".
"""

import re
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec
import tzdata  # type: ignore[import-untyped]

from entente.domain.agreement.instants import EPOCH, MILLISECOND, MIN_INSTANT

TZDATA_VERSION: str = tzdata.IANA_VERSION
"""The IANA release whose rules this process counts with, such as ``2026a``; nodes exchange it when they connect."""

Overflow = Literal["clamp", "next_day"]

DAY = timedelta(days=1)

_PERIOD = re.compile(r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?")
_DURATION = re.compile(
    r"P(?:(?P<Y>[0-9]{1,9})Y)?(?:(?P<MO>[0-9]{1,9})M)?(?:(?P<W>[0-9]{1,9})W)?(?:(?P<D>[0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:(?P<H>[0-9]{1,9})H)?(?:(?P<MI>[0-9]{1,9})M)?(?:(?P<S>[0-9]{1,9}(?:[.,][0-9]{1,3})?)S)?)?"
)
_SECONDS = {"Y": 31_536_000, "MO": 2_592_000, "W": 604_800, "D": 86_400, "H": 3_600, "MI": 60}


class Period(msgspec.Struct, frozen=True):
    """A positive length of time in whole months and days; weeks count as seven days."""

    months: int
    days: int

    def times(self, count: int) -> "Period":
        """``count`` of these periods, months and days summed apart."""
        return Period(self.months * count, self.days * count)

    def plus(self, other: "Period") -> "Period":
        """Both periods together, months and days summed apart."""
        return Period(self.months + other.months, self.days + other.days)


NOTHING = Period(0, 0)


@lru_cache(maxsize=256)
def parse_period(text: str) -> Period:
    """Read an ISO 8601 period of days, such as ``P90D``, ``P6M``, ``P1Y6M``, ``P2W`` (lifecycle 3).

    Raises:
        ValueError: it is no such period, has a time of day, or is not positive.
    """
    match = _PERIOD.fullmatch(text)
    if match is None or text == "P":
        raise ValueError(f"{text!r} is not an ISO 8601 period of days such as P90D, P6M or P1Y")
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    period = Period(years * 12 + months, weeks * 7 + days)
    if period == NOTHING:
        raise ValueError(f"{text!r} is not a positive period")
    return period


def parse_duration(text: str) -> int:
    """Read an ISO 8601 duration, such as ``PT10M``, ``P7D``, ``PT0.5S``, in milliseconds.

    Durations are bounds and objectives, not dates: a day is 24 hours, a month 30 days, a year 365.

    Raises:
        ValueError: it is no such duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text == "P":
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT10M or P7D")
    parts = match.groupdict(default="0")
    whole, _, fraction = parts["S"].replace(",", ".").partition(".")
    seconds = sum(int(parts[unit]) * length for unit, length in _SECONDS.items()) + int(whole)
    return seconds * 1000 + int(fraction.ljust(3, "0"))


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    listing = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listing.split())


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The time zone of that IANA name, from the locked ``tzdata`` package and nowhere else.

    Raises:
        ValueError: the locked data has no such zone.
    """
    if name not in _zone_names():
        raise ValueError(f"{name!r} is not a time zone of the IANA data {TZDATA_VERSION}")
    zoneinfo.reset_tzpath([])
    return zoneinfo.ZoneInfo.no_cache(name)


def local_day(instant: int, zone_name: str) -> date:
    """The local date of an instant; at the calendar's edges the calendar's own first or last day."""
    try:
        return (EPOCH + timedelta(milliseconds=instant)).astimezone(zone(zone_name)).date()
    except OverflowError:
        return date.max if instant > 0 else date.min


def _utc(local: datetime, fold: int) -> int:
    shifted = local.replace(fold=fold)
    offset = shifted.utcoffset() or timedelta()
    return (shifted.replace(tzinfo=EPOCH.tzinfo, fold=0) - EPOCH - offset) // MILLISECOND


@lru_cache(maxsize=4096)
def first_instant(day: date, zone_name: str) -> int:
    """The first instant of a local day: after a gap the first valid one, in an overlap the earlier (lifecycle 3).

    The first day of the calendar begins no earlier than instants do.
    """
    return max(_valid(datetime.combine(day, time.min), zone(zone_name)), MIN_INSTANT)


def _valid(local: datetime, rules: tzinfo) -> int:
    """The instant of a local time: after a gap the first valid one, in an overlap the earlier (lifecycle 3)."""
    aware = local.replace(tzinfo=rules)
    early, late = _utc(aware, 0), _utc(aware, 1)
    if early <= late:
        return early
    before_gap, after_gap = late, early
    old = _offset(before_gap, rules)
    while after_gap - before_gap > 1:
        middle = (before_gap + after_gap) // 2
        if _offset(middle, rules) == old:
            before_gap = middle
        else:
            after_gap = middle
    return after_gap


def days_before(instant: int, days: int, zone_name: str) -> int:
    """The same time of the local day that is ``days`` earlier, whatever the clocks did meanwhile (relations 12).

    A day's first instant stays a day's first instant. A time that the day lacks is the first valid one after it, one
    that it has twice the earlier; a day that the zone left out counts as the day before it. Where the calendar ends,
    days are 24 hours.
    """
    try:
        local = (EPOCH + timedelta(milliseconds=instant)).astimezone(zone(zone_name)).replace(tzinfo=None, fold=0)
        is_first = instant == first_instant(local.date(), zone_name)
        moved = datetime.combine(local.date(), time.min if is_first else local.time()) - days * DAY
        found = _valid(moved, zone(zone_name))
        while local_day(found, zone_name) != moved.date():
            moved -= DAY
            found = _valid(moved, zone(zone_name))
    except OverflowError:
        found = instant - days * (DAY // MILLISECOND)
    return max(found, MIN_INSTANT)


def _offset(instant: int, rules: tzinfo) -> timedelta | None:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(rules).utcoffset()


def add(day: date, period: Period, overflow: Overflow) -> date:
    """``day`` plus the period's months, then its days; ``overflow`` settles a day that the month does not have."""
    month_index = day.year * 12 + day.month - 1 + period.months
    year, month = month_index // 12, month_index % 12 + 1
    if year > date.max.year:
        return date.max
    try:
        moved = date(year, month, day.day)
    except ValueError:
        last = _last_of_month(year, month)
        moved = last if overflow == "clamp" else last + DAY
    try:
        return moved + timedelta(days=period.days)
    except OverflowError:
        return date.max


def day_after(day: date) -> date:
    """The following day, within the calendar."""
    return add(day, Period(0, 1), "clamp")


def _last_of_month(year: int, month: int) -> date:
    if month == 12:
        return date(year, 12, 31)
    return date(year, month + 1, 1) - DAY


def month_start(day: date, months: int) -> date:
    """The first day of the month that lies ``months`` after the month of ``day``."""
    return add(day.replace(day=1), Period(months, 0), "clamp")


def last_day_before(latest: date, lead: Period, overflow: Overflow) -> date:
    """The last day ``d`` with ``d + lead <= latest`` (lifecycle 4, the notice deadline)."""
    target = date.fromordinal(max(latest.toordinal() - lead.days, 1))
    month_index = target.year * 12 + target.month - 1 - lead.months
    if month_index < 12:
        return date.min
    candidate = _last_of_month(month_index // 12, month_index % 12 + 1)
    while candidate > date.min and add(candidate, lead, overflow) > latest:
        candidate -= DAY
    return candidate


class Series(msgspec.Struct, frozen=True):
    """Boundaries counted from one day: ``anchor + first + k * extension``; without an extension only ``k = 0``."""

    anchor: date
    first: Period
    extension: Period | None
    overflow: Overflow

    def boundary(self, index: int) -> date:
        """The ``index``-th boundary, computed from the anchor at once so that 29 February does not drift."""
        if self.extension is None:
            return add(self.anchor, self.first, self.overflow)
        return add(self.anchor, self.first.plus(self.extension.times(index)), self.overflow)

    def first_where(self, reached: Callable[[date], bool]) -> date | None:
        """The first boundary for which ``reached`` holds; it must hold for every later one too."""
        if reached(self.boundary(0)):
            return self.boundary(0)
        if self.extension is None:
            return None
        low, high = 0, 1
        while not reached(self.boundary(high)):
            if self.boundary(high) == date.max:
                return None
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(self.boundary(middle)) else (middle, high)
        return self.boundary(high)


class Schedule(msgspec.Struct, frozen=True):
    """The boundaries of an agreement's terms: ``past`` series, each up to its last boundary, then the one that holds.

    An amendment keeps the current term's boundary and counts on from it (lifecycle 6), which closes a series and opens
    another at that boundary.
    """

    current: Series
    past: tuple[tuple[Series, date], ...] = ()

    def first_where(self, reached: Callable[[date], bool]) -> date | None:
        """The first boundary for which ``reached`` holds; it must hold for every later one too."""
        for series, last in self.past:
            found = series.first_where(reached)
            if found is not None and found <= last:
                return found
        return self.current.first_where(reached)

    def amended(self, boundary: date, extension: Period | None, overflow: Overflow) -> "Schedule":
        """This schedule up to ``boundary``, counted on from there by the new ``extension``."""
        return Schedule(Series(boundary, NOTHING, extension, overflow), (*self.past, (self.current, boundary)))
