"""Bars and curves on logarithmic scales as SVG: nothing but text, lines and rectangles."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

INK, QUIET, GRID = "#1f2933", "#616e7c", "#e4e7eb"
ACCENT, PLAIN, BASE = "#0b6e99", "#b8c2cc", "#7b8794"
FONT = "font-family='system-ui, Helvetica, Arial, sans-serif'"


class Bar(NamedTuple):
    """One bar: its name, value, what is written at its end, and its colour."""

    name: str
    value: float
    said: str
    colour: str


class Curve(NamedTuple):
    """One curve: points with x and y above zero."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str


def text(
    x: float, y: float, said: str, *, size: int = 12, colour: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """A line of text."""
    weight = " font-weight='600'" if bold else ""
    where = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'"
    return f"<text {where} font-size='{size}' fill='{colour}'{weight}>{escape(said)}</text>"


def short(value: float) -> str:
    """A value for an axis: 250, 1k, 10M."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{letter}"
    return f"{value:.3g}"


def bars(x: float, y: float, width: float, title: str, under: str, found: Sequence[Bar]) -> tuple[str, float]:
    """Bars on a logarithmic scale, one under the other; the picture and the height that it takes."""
    names, row, said = 280, 24, 150
    low, high = _decades([bar.value for bar in found])
    span, left = width - names - said, x + names
    parts = [text(x, y + 14, title, size=15, bold=True), text(x, y + 32, under, colour=QUIET)]
    top, bottom = y + 46, y + 46 + row * len(found)
    for power in range(low, high + 1):
        at = left + span * (power - low) / (high - low)
        parts.append(f"<line x1='{at:.1f}' y1='{top}' x2='{at:.1f}' y2='{bottom}' stroke='{GRID}'/>")
        parts.append(text(at, bottom + 16, short(10.0**power), size=11, colour=QUIET, anchor="middle"))
    for place, bar in enumerate(found):
        long = span * (math.log10(bar.value) - low) / (high - low)
        line = top + row * place
        parts.append(
            f"<rect x='{left:.1f}' y='{line + 4}' width='{long:.1f}' height='{row - 8}' fill='{bar.colour}' rx='2'/>"
        )
        strong = bar.colour == ACCENT
        parts.append(text(left - 8, line + 16, bar.name, anchor="end", bold=strong))
        parts.append(text(left + long + 6, line + 16, bar.said, bold=strong))
    return "".join(parts), bottom + 24 - y


def curves(x: float, y: float, width: float, height: float, title: str, under: str, found: Sequence[Curve]) -> str:
    """Curves on two logarithmic scales, each named at its end."""
    left, right, top, bottom = x + 44, x + width - 78, y + 44, y + height - 26
    low_x, high_x = _decades([point[0] for curve in found for point in curve.points])
    low_y, high_y = _decades([point[1] for curve in found for point in curve.points])

    def place(point: tuple[float, float]) -> tuple[float, float]:
        across = (math.log10(point[0]) - low_x) / (high_x - low_x)
        up = (math.log10(point[1]) - low_y) / (high_y - low_y)
        return left + across * (right - left), bottom - up * (bottom - top)

    parts = [text(x, y + 14, title, size=13, bold=True), text(x, y + 30, under, size=11, colour=QUIET)]
    for power in range(low_y, high_y + 1):
        _, at = place((10.0**low_x, 10.0**power))
        parts.append(f"<line x1='{left}' y1='{at:.1f}' x2='{right:.1f}' y2='{at:.1f}' stroke='{GRID}'/>")
        parts.append(text(left - 6, at + 4, short(10.0**power), size=11, colour=QUIET, anchor="end"))
    step = max(1, math.ceil((high_x - low_x) / 4))
    for power in range(low_x, high_x + 1, step):
        at, _ = place((10.0**power, 10.0**low_y))
        parts.append(text(at, bottom + 16, short(10.0**power), size=11, colour=QUIET, anchor="middle"))
    ends: list[float] = []
    for curve in sorted(found, key=lambda curve: -curve.points[-1][1]):
        drawn = [place(point) for point in curve.points]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in drawn)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{curve.colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3' fill='{curve.colour}'/>" for px, py in drawn]
        named = max(drawn[-1][1] + 4, ends[-1] + 14 if ends else 0)  # names do not lie upon one another
        ends.append(named)
        parts.append(
            text(drawn[-1][0] + 7, named, f"{curve.name} {short(curve.points[-1][1])}", size=11, colour=curve.colour)
        )
    return "".join(parts)


def page(width: float, height: float, parts: Sequence[str]) -> str:
    """The whole picture on white."""
    size = f"width='{width:.0f}' height='{height:.0f}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' {size} {FONT}>"
    return head + f"<rect {size} fill='#ffffff'/>" + "\n".join(parts) + "</svg>\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around the values, two at least."""
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))
