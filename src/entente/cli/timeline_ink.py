"""What a drawing is made of: SVG elements, escaped, collected in layers; glyphs, and lines of text of several kinds."""

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from entente.cli.timeline_style import BOLD, SIZES
from entente.cli.timeline_text import width

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def legal(text: str) -> str:
    """A text without the characters that no XML document may hold, escaped or not."""
    return _FORBIDDEN.sub("\ufffd", text)


def clean(text: str) -> str:
    """A text as it may stand in XML."""
    return escape(legal(text))


def number(value: float) -> str:
    """A coordinate in tenths."""
    return f"{value:.1f}".removesuffix(".0")


class Span(NamedTuple):
    """A piece of a line of text: its type (of :data:`.timeline_style.SIZES`), its colour, the gap before it."""

    text: str
    kind: str = ""
    colour: str = "ink"
    gap: float = 0.0

    @property
    def width(self) -> float:
        """The most that it takes, its gap included."""
        return self.gap + width(self.text, SIZES[self.kind], bold=self.kind in BOLD)


def breadth(spans: Sequence[Span]) -> float:
    """The most that a line of spans takes."""
    return sum(span.width for span in spans)


class Ink:
    """Collects the elements of a drawing: what lies behind, and what stands before it."""

    def __init__(self) -> None:
        self.back: list[str] = []
        self.front: list[str] = []

    def text(self, x: float, y: float, spans: Sequence[Span], *, anchor: str = "", halo: bool = False) -> None:
        """A line of text with its baseline at ``y``; ``anchor`` is "", "m" or "e"."""
        classes = " ".join(filter(None, (anchor, "h" if halo else "")))
        inner = "".join(_tspan(span, first=index == 0) for index, span in enumerate(spans) if span.text)
        kind = f' class="{classes}"' if classes else ""
        self.front.append(f'<text x="{number(x)}" y="{number(y)}"{kind}>{inner}</text>')

    def line(self, points: Sequence[tuple[float, float]], classes: str, *, back: bool = False) -> None:
        """A line through points."""
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self._add(f'<path d="{path}" class="ln {classes}"/>', back=back)

    def area(
        self, points: Sequence[tuple[float, float]], classes: str, *, back: bool = False, first: bool = False
    ) -> None:
        """A filled shape; ``first`` puts it behind all that is there."""
        path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"
        shape = f'<path d="{path}" class="{classes}"/>'
        if first:
            self.back.insert(0, shape)
        else:
            self._add(shape, back=back)

    def rect(
        self, x: float, y: float, wide: float, high: float, classes: str, *, fill: str = "", round_: float = 0.0,
        title: str = "", back: bool = False,
    ) -> None:  # fmt: skip
        """A rectangle, filled by its class or by the pattern ``fill`` names."""
        kind = f' fill="url(#{fill})"' if fill else ""
        corner = f' rx="{number(round_)}"' if round_ else ""
        shape = f'<rect x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"{corner}'
        inner = f"><title>{clean(title)}</title></rect>" if title else "/>"
        self._add(f'{shape}{kind} class="{classes}"{inner}', back=back)

    def glyph(self, x: float, y: float, shape: int, colour: str, form: str, title: str = "") -> None:
        """A mark's glyph: a shape of its party, filled where it came about, hollow where it did not or not yet."""
        outline = _SHAPES[shape % len(_SHAPES)]
        path = "M" + "L".join(f"{number(x + dx)} {number(y + dy)}" for dx, dy in outline) + "Z"
        paint = f"f-{colour} l-{colour}" if form == "done" else f"f-paper l-{colour} w15"
        inner = f"<title>{clean(title)}</title>" if title else ""
        self.front.append(f'<path d="{path}" class="{paint}">{inner}</path>')
        if form in ("averted", "refused"):
            self.line([(x - 5.5, y + 5.5), (x + 5.5, y - 5.5)], f"l-{colour} w15")

    def _add(self, element: str, *, back: bool) -> None:
        (self.back if back else self.front).append(element)


def _tspan(span: Span, *, first: bool) -> str:
    kind = " ".join(filter(None, (span.kind, f"f-{span.colour}")))
    gap = f' dx="{number(span.gap)}"' if span.gap and not first else ""
    return f'<tspan class="{kind}"{gap}>{clean(span.text)}</tspan>'


def _circle(radius: float) -> tuple[tuple[float, float], ...]:
    half = radius * 0.7071
    twelfth, sixth = radius * 0.3827, radius * 0.9239
    quarter = [(0.0, -radius), (twelfth, -sixth), (half, -half), (sixth, -twelfth)]
    points: list[tuple[float, float]] = []
    for _ in range(4):
        points += quarter
        quarter = [(-y, x) for x, y in quarter]
    return tuple(points)


TIME, JOINT = 5, 4
"""The shapes of what time alone did, and of what several parties did together."""
_SHAPES: tuple[tuple[tuple[float, float], ...], ...] = (
    _circle(4.3),
    ((-3.8, -3.8), (3.8, -3.8), (3.8, 3.8), (-3.8, 3.8)),
    ((0, -5), (4.6, 3.6), (-4.6, 3.6)),
    ((-4.6, -3.6), (4.6, -3.6), (0, 5)),
    ((0, -5.4), (5.4, 0), (0, 5.4), (-5.4, 0)),
    _circle(4.8),
)
