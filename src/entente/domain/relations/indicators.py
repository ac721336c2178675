"""Indicators: a series that a party follows beside the agreement (docs/spec/relations.md, section 11).

Trade in the listed materials, visitors. Files of values come in as they are published; a later file's value for a
period takes the place of the earlier one, and both are kept. The steps carry digests: values are read from the files.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from entente.domain.agreement.instants import parse_day
from entente.domain.relations import fields
from entente.domain.relations.joint import version
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter, Table, Verb, refuse

STATES = ("followed", "closed")
MEDIA_TYPE = "text/csv"
HEADER = "period,value"
MAX_DIGITS = 40
"""Characters of a value: nothing that a party follows is longer."""
_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class SeriesError(ValueError):
    """A file of values is not written as it must be; ``line`` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}")
        self.line = line
        self.text = text


class Point(NamedTuple):
    """One value: ``period`` is a date or a month, ``value`` a decimal as written."""

    period: str
    value: str


class Revision(NamedTuple):
    """A period whose value a later file changed, at the instant (ms) of that file's step."""

    period: str
    old: str
    new: str
    at: int


class Series(NamedTuple):
    """What the files say together: the newest value of every period, by period; what was changed, in order.

    ``missing`` are digests of files that are not at hand, ``faults`` the files that cannot be read, with why.
    """

    points: tuple[Point, ...]
    revisions: tuple[Revision, ...]
    missing: tuple[str, ...]
    faults: Mapping[str, str]


@dataclass
class IndicatorView:
    """What is followed, in which unit, as published by whom; ``observations`` are the steps with its files."""

    title: dict[str, str]
    unit: str
    source: str
    observations: list[Step] = field(default_factory=list)


def parse_series(data: bytes) -> tuple[Point, ...]:
    """The rows of a file ``period,value``, in its order: UTF-8, that header, lines ended by LF or CR LF.

    A period is a date such as ``2019-07-04`` or a month such as ``2019-07``, a value a decimal such as ``-12.5``,
    without blanks, quotes, signs of thousands or exponents; each period stands once.

    Raises:
        SeriesError: it is written otherwise, or has no rows.
    """
    lines = _lines(data)
    if lines[0] != HEADER:
        raise SeriesError(1, f"{lines[0][:40]!r} is not the header {HEADER!r}")
    seen: dict[str, int] = {}
    points: list[Point] = []
    for number, line in enumerate(lines[1:], start=2):
        point = _point(number, line)
        if point.period in seen:
            raise SeriesError(number, f"{point.period} stands on line {seen[point.period]} too")
        seen[point.period] = number
        points.append(point)
    if not points:
        raise SeriesError(1, "there are no rows after the header")
    return tuple(points)


def faults(data: bytes) -> str | None:
    """Why a file would not be counted: its first fault, with the line; None where it can be read.

    What :func:`series` says of a file that it leaves out, to be asked before the file is signed for.
    """
    try:
        parse_series(data)
    except SeriesError as error:
        return str(error)
    return None


def _lines(data: bytes) -> list[str]:
    if data.startswith(b"\xef\xbb\xbf"):
        raise SeriesError(1, "a byte order mark; save it as UTF-8 without one")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SeriesError(data.count(b"\n", 0, error.start) + 1, "this is not UTF-8") from error
    *lines, last = text.split("\n")
    ended = [line.removesuffix("\r") for line in lines]
    return [*ended, last] if last or not ended else ended


def _point(number: int, line: str) -> Point:
    period, comma, value = line.partition(",")
    if not comma:
        raise SeriesError(number, f"{line[:40]!r} is no period and value with a comma between them")
    if _MONTH.fullmatch(period) is None:
        try:
            parse_day(period)
        except ValueError as error:
            raise SeriesError(number, f"{period[:40]!r} is no date such as 2019-07-04, nor a month") from error
    if len(value) > MAX_DIGITS or _DECIMAL.fullmatch(value) is None:
        raise SeriesError(number, f"{value[:MAX_DIGITS]!r} is no decimal such as -12.5")
    return Point(period, value)


def series(matter: Matter, files: Mapping[str, bytes]) -> Series:
    """The series of an indicator from the files at hand, by the SHA-256 of their bytes (lower-case hex)."""
    view: IndicatorView = matter.view
    points: dict[str, str] = {}
    revisions: list[Revision] = []
    missing: list[str] = []
    faults: dict[str, str] = {}
    for step in view.observations:
        digest = step.texts[0].sha256
        if digest not in files:
            missing.append(digest)
            continue
        try:
            rows = parse_series(files[digest])
        except SeriesError as error:
            faults[digest] = str(error)
            continue
        for period, value in rows:
            old = points.get(period, value)
            if old != value:
                revisions.append(Revision(period, old, value, step.at))
            points[period] = value
    ordered = tuple(Point(period, points[period]) for period in sorted(points))
    return Series(ordered, tuple(revisions), tuple(missing), faults)


def _begin(step: Step) -> IndicatorView:
    return IndicatorView(step.get("title"), step.get("unit"), step.get("source"))


def _observed(matter: Matter, step: Step) -> Refusal | None:
    view: IndicatorView = matter.view
    if [text.media_type for text in step.texts] != [MEDIA_TYPE]:
        text = "an observation is one file of values"
        return refuse("NOT_ONE_CSV", text, f"Give one file of media type {MEDIA_TYPE}, with the header {HEADER}.")
    view.observations.append(step)
    return None


def _show(matter: Matter) -> dict[str, Any]:
    view: IndicatorView = matter.view
    return {
        "title": view.title,
        "unit": view.unit,
        "source": view.source,
        "observations": [version(step) | {"period": step.get("period", "")} for step in view.observations],
    }


INDICATORS = Table(
    kind="indicator",
    help="A series that a party follows beside the agreement, with its unit, its source and every revision.",
    states=STATES,
    begin=_begin,
    show=_show,
    verbs={
        "follow": Verb(
            "Follow a series.",
            to="followed",
            fields={
                "title": fields.worded("What it is called.").must(),
                "unit": fields.text("In which unit.").must(),
                "source": fields.text("Who publishes it.").must(),
            },
        ),
        "observe": Verb(
            "Take in a file of values, --text en=figures.csv: UTF-8, the first line 'period,value', then one line for "
            "each period, a month or date and its decimal: '2019-07,10.5'. No blanks, quotes or signs of thousands.",
            ("followed",),
            texts="must",
            fields={
                "period": fields.text("The period that it is about."),
                "summary": fields.worded("In one line."),
            },
            do=_observed,
        ),
        "close": Verb("Follow it no more.", ("followed",), "closed", fields={"summary": fields.worded("In one line.")}),
    },
)
