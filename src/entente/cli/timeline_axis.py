"""A time axis: where an instant lies, and which ticks of the calendar stand on it, in a time zone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from entente.cli.timeline_text import width
from entente.domain.agreement.calendar import DAY, first_instant, local_day, month_start
from entente.domain.agreement.calendar import zone as zone_of
from entente.domain.agreement.instants import EPOCH
from entente.domain.relations.chronicle_words import day_in_words

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
Unit = Literal["hour", "day", "month", "year"]
_STEPS: tuple[tuple[Unit, int, int], ...] = (
    ("hour", 0, 60_000), ("hour", 0, 300_000), ("hour", 0, 900_000), ("hour", 0, 1_800_000),
    ("hour", 1, HOUR_MS), ("hour", 3, 3 * HOUR_MS), ("hour", 6, 6 * HOUR_MS), ("hour", 12, 12 * HOUR_MS),
    ("day", 1, DAY_MS), ("day", 7, 7 * DAY_MS), ("month", 1, 30 * DAY_MS), ("month", 3, 91 * DAY_MS),
    ("month", 6, 182 * DAY_MS), ("year", 1, 365 * DAY_MS), ("year", 2, 730 * DAY_MS), ("year", 5, 1826 * DAY_MS),
    ("year", 10, 3652 * DAY_MS), ("year", 50, 18262 * DAY_MS), ("year", 200, 73048 * DAY_MS),
)  # fmt: skip


class Scale(NamedTuple):
    """From instants (ms) to places along a line."""

    begins: int
    ends: int
    left: float
    right: float

    def x(self, at: int) -> float:
        """Where an instant lies; outside the line for one outside the time."""
        return self.left + (at - self.begins) / max(self.ends - self.begins, 1) * (self.right - self.left)

    def clip(self, at: int) -> float:
        """The same, at an end of the line for one outside the time."""
        return min(max(self.x(at), self.left), self.right)

    def has(self, at: int) -> bool:
        """Whether an instant is on the line."""
        return self.begins <= at <= self.ends


class Tick(NamedTuple):
    """A tick with its words; ``heads`` begins a greater unit, whose name it then has in ``head``."""

    at: int
    text: str
    heads: bool
    head: str


def local(at: int, zone: str) -> datetime:
    """An instant on the clocks of a zone."""
    return (EPOCH + timedelta(milliseconds=at)).astimezone(zone_of(zone))


def clock(at: int, zone: str, *, seconds: bool = True) -> str:
    """The time of day: ``18:00``, with seconds where there are any and they are wanted."""
    moment = local(at, zone)
    return f"{moment:%H:%M:%S}" if seconds and moment.second else f"{moment:%H:%M}"


def short_day(at: int, zone: str, lang: str, *, year: bool) -> str:
    """A date in few characters: ``23 Aug 2019``, ``2019/8/23``, ``2019.8.23.``."""
    day = local_day(at, zone)
    if lang == "ja":
        return f"{day.year}/{day.month}/{day.day}" if year else f"{day.month}/{day.day}"
    if lang == "ko":
        return f"{day.year}.{day.month}.{day.day}." if year else f"{day.month}.{day.day}."
    return day_in_words(day, lang, year=year, short=True)


def short_time(at: int, zone: str, lang: str, span: int) -> str:
    """An instant as it is told beside a mark, no finer than a time of that length (ms) shows."""
    if span <= 3 * DAY_MS:
        return clock(at, zone, seconds=span <= 2 * HOUR_MS)
    return short_day(at, zone, lang, year=span > 300 * DAY_MS)


def ticks(scale: Scale, zone: str, lang: str, size: float) -> list[Tick]:
    """The ticks of an axis, as close as their words allow at a font size."""
    step = next((step for step in _STEPS if _roomy(scale, step, size)), _STEPS[-1])
    found = [at for at in _instants(scale, zone, step) if scale.begins <= at <= scale.ends]
    return [_tick(at, zone, lang, step[0], first=index == 0) for index, at in enumerate(found)]


def _roomy(scale: Scale, step: tuple[Unit, int, int], size: float) -> bool:
    unit, _, length = step
    pixels = length / (scale.ends - scale.begins) * (scale.right - scale.left)
    widest = {"hour": "00:00", "day": "00", "month": "00월", "year": "0000"}[unit]
    return pixels >= width(widest, size) + 14


def _instants(scale: Scale, zone: str, step: tuple[Unit, int, int]) -> Iterator[int]:
    unit, count, length = step
    day = local_day(scale.begins, zone)
    if unit == "hour":
        while (at := first_instant(day, zone)) <= scale.ends:
            yield from range(at, first_instant(day + DAY, zone), length)
            day += DAY
        return
    if unit == "day":
        while (at := first_instant(day, zone)) <= scale.ends:
            yield at
            day += count * DAY
        return
    months = count if unit == "month" else 12 * count
    start = date(day.year - day.year % count if unit == "year" and day.year > count else day.year, 1, 1)
    while (at := first_instant(start, zone)) <= scale.ends and start < date.max:
        yield at
        start = month_start(start, months)


def _tick(at: int, zone: str, lang: str, unit: Unit, *, first: bool) -> Tick:
    moment = local(at, zone)
    day = moment.date()
    if unit == "hour":
        heads = (moment.hour, moment.minute) == (0, 0)
        return Tick(at, clock(at, zone), heads, day_in_words(day, lang) if heads or first else "")
    if unit == "day":
        heads = first or day.day <= 1
        return Tick(at, str(day.day), day.day == 1, _month(day, lang, year=True) if heads else "")
    if unit == "month":
        heads = day.month == 1
        return Tick(at, _month(day, lang, year=False), heads, _year(day, lang) if heads or first else "")
    return Tick(at, str(day.year), True, "")


def _month(day: date, lang: str, *, year: bool) -> str:
    if lang == "ja":
        return f"{day.year}年{day.month}月" if year else f"{day.month}月"
    if lang == "ko":
        return f"{day.year}년 {day.month}월" if year else f"{day.month}월"
    name = day_in_words(day, lang, year=False, short=not year).split(" ")[1]
    return f"{name} {day.year}" if year else name


def _year(day: date, lang: str) -> str:
    return {"ja": f"{day.year}年", "ko": f"{day.year}년"}.get(lang, str(day.year))
