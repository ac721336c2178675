"""Figures on a timeline: an indicator's line, and many exchanges counted by columns."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from entente.cli.timeline_axis import Scale
from entente.cli.timeline_ink import Ink, Span
from entente.domain.relations.lanes import Curve, Mark, Value

HIGH = 46.0
COLUMN = 6.0


class Edges(Protocol):
    """Where a panel's time begins and ends, in user units."""

    @property
    def plot(self) -> float:
        """Its left edge."""

    @property
    def right(self) -> float:
        """Its right edge."""


def curve(ink: Ink, scale: Scale, shown: Curve, top: float, where: Edges) -> float:
    """An indicator's values as a line from zero up, broken where a period is missing; where it ends below."""
    seen = [value for value in shown.values if value.ends > scale.begins and value.begins < scale.ends]
    low = min(Decimal(0), *(value.value for value in seen))
    high = _round_up(max(value.value for value in seen), low)

    def y(value: Decimal) -> float:
        return top + 4 + HIGH * (1 - float((value - low) / (high - low)))

    for value in (low, high):
        ink.line([(where.plot, y(value)), (where.right, y(value))], "l-grid", back=True)
        ink.text(where.plot - 8, y(value) + 4, [Span(_figure(value), "t4", "soft")], anchor="e")
    for run in _runs(seen):
        points = [(scale.clip((value.begins + value.ends) // 2), y(value.value)) for value in run]
        ink.area([(points[0][0], y(low)), *points, (points[-1][0], y(low))], "f-grid", back=True)
        ink.line(points, "l-party0 w15")
        if len(points) == 1:
            ink.glyph(*points[0], 0, "party0", "done")
    return top + HIGH + 10


def _runs(values: Sequence[Value]) -> list[list[Value]]:
    runs: list[list[Value]] = []
    for value in values:
        if not runs or runs[-1][-1].ends != value.begins:
            runs.append([])
        runs[-1].append(value)
    return runs


def _round_up(value: Decimal, low: Decimal) -> Decimal:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if value <= low:
        return low + 1
    step = Decimal(1).scaleb(value.adjusted()) if value > 0 else Decimal(1)
    return next(
        step * each
        for each in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
        if step * each >= value
    )


def _figure(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def histogram(ink: Ink, scale: Scale, marks: Sequence[Mark], top: float, where: Edges) -> float:
    """How many marks lie in each column of a few pixels; where it ends below."""
    counts: dict[int, int] = {}
    for mark in marks:
        if scale.has(mark.at):
            column = int((scale.x(mark.at) - where.plot) // COLUMN)
            counts[column] = counts.get(column, 0) + 1
    most = max(counts.values())
    for column, count in sorted(counts.items()):
        high = max(HIGH * 0.75 * count / most, 1.5)
        x = where.plot + column * COLUMN
        ink.rect(x, top + 4 + HIGH * 0.75 - high, COLUMN - 1, high, "f-party0")
    base = top + 4 + HIGH * 0.75
    ink.line([(where.plot, base), (where.right, base)], "l-line")
    ink.text(where.plot - 8, top + 12, [Span(str(most), "t4", "soft")], anchor="e")
    return base + 4
