"""The looks of a timeline: its colours by day and by night, its patterns, its type.

Data, so that a test can hold every pair of text and ground against the contrast that WCAG AA asks for. No colour says
anything alone: bands have patterns and words, parties have shapes and letters.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

FONTS = (
    "'Source Sans 3','Noto Sans',-apple-system,'Segoe UI','Helvetica Neue','Noto Sans CJK JP','Hiragino Sans',"
    "'Yu Gothic UI',Arial,sans-serif"
)
FONTS_BY_LANGUAGE: Mapping[str, str] = {
    "ja": "'Noto Sans CJK JP','Noto Sans JP','Hiragino Sans','Yu Gothic UI',sans-serif",
    "ko": "'Noto Sans CJK KR','Noto Sans KR','Apple SD Gothic Neo','Malgun Gothic',sans-serif",
    "en": "'Source Sans 3','Noto Sans','Noto Sans CJK JP',-apple-system,'Segoe UI','Helvetica Neue',Arial,sans-serif",
}
"""Fonts that systems have; nothing is fetched. Noto Sans CJK has one Latin for all three, so that pages look alike."""


class Tone(NamedTuple):
    """A colour by day and by night."""

    day: str
    night: str


COLOURS: Mapping[str, Tone] = {
    "paper": Tone("#ffffff", "#12181f"),
    "ink": Tone("#18222d", "#e8edf2"),
    "soft": Tone("#566270", "#a3b0bd"),
    "line": Tone("#c9d1d9", "#3a4754"),
    "grid": Tone("#e9edf1", "#222c36"),
    "accent": Tone("#8a4b08", "#e8b266"),
    "wedge": Tone("#f7f1e8", "#1d2126"),
    "party0": Tone("#1c4f91", "#8ab8f2"),
    "party1": Tone("#9b3324", "#f0a08f"),
    "party2": Tone("#2a6a4c", "#86cfa8"),
    "party3": Tone("#6b4691", "#c5a6ea"),
}
BANDS: Mapping[str, tuple[Tone, Tone, str]] = {
    "calm": (Tone("#dcebe3", "#1f3a2f"), Tone("#dcebe3", "#1f3a2f"), ""),
    "warn": (Tone("#f8e7c1", "#4a3712"), Tone("#eed398", "#5c4619"), "diagonal"),
    "hold": (Tone("#e4e7f5", "#2a3156"), Tone("#cbd1ec", "#3a4372"), "dots"),
    "work": (Tone("#d8e4ef", "#20374d"), Tone("#d8e4ef", "#20374d"), ""),
    "rest": (Tone("#eef2f6", "#1d2732"), Tone("#cfdae5", "#33424f"), "dots"),
    "part": (Tone("#e6eef5", "#20303f"), Tone("#c8d9e8", "#2f4962"), "lines"),
    "plan": (Tone("#ffffff", "#12181f"), Tone("#dfe5eb", "#2a3540"), "back"),
    "stop": (Tone("#efe3dc", "#40302a"), Tone("#dfc9be", "#543f36"), "columns"),
    "gone": (Tone("#e6e8eb", "#262d34"), Tone("#d0d5da", "#37404a"), "cross"),
    "apart": (Tone("#f7e0da", "#4b2620"), Tone("#eec6bc", "#603329"), "cross"),
}
"""By the name of a band: its ground, the lines of its pattern, and which pattern."""
BAND_OF: Mapping[str, str] = {
    "status in_force": "calm",
    "status notice_running": "warn",
    "status notice_suspended": "hold",
    "status suspended": "stop",
    "status ended": "gone",
    "status draft": "plan",
    "status signed": "plan",
    "status unknown": "gone",
    "status differ": "apart",
    "announced": "plan",
    "proposed": "plan",
    "in_force": "work",
    "standing": "work",
    "open": "work",
    "eased": "part",
    "suspended": "rest",
    "adjourned": "rest",
}
TEXT_ON: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ink", ("paper", "wedge", "grid")),
    ("soft", ("paper", "wedge", "grid")),
    ("accent", ("paper", "wedge", "grid")),
    *((f"party{index}", ("paper", "wedge", "grid")) for index in range(4)),
)
"""Every colour of text with the grounds that it stands on; on bands it is ink."""
_PATTERNS: Mapping[str, tuple[int, str]] = {
    "": (8, ""),
    "diagonal": (8, "M-2 2L2 -2M-2 10L10 -2M6 10L10 6"),
    "back": (8, "M-2 6L2 10M-2 -2L10 10M6 -2L10 2"),
    "dots": (7, "M2 2.5h1.6v1.6h-1.6zM5.5 6h1.6v1.6h-1.6z"),
    "lines": (6, "M0 3h6"),
    "columns": (6, "M3 0v6"),
    "cross": (8, "M0 0L8 8M8 0L0 8"),
}


def band(group: str, state: str) -> str:
    """The band of a state; what is not known is drawn as ``gone``."""
    return BAND_OF.get(f"{group} {state}" if group == "status" else state, "gone")


def patterns(prefix: str) -> str:
    """The definitions of all bands' fills; ``prefix`` keeps ids apart where a page has several drawings."""
    found = []
    for name, (_, _, kind) in BANDS.items():
        size, path = _PATTERNS[kind]
        drawn = f'<path d="{path}" class="{"" if kind == "dots" else "pt "}d-{name}"/>' if path else ""
        found.append(
            f'<pattern id="{prefix}-{name}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
            f'<rect width="{size}" height="{size}" class="g-{name}"/>{drawn}</pattern>'
        )
    return "".join(found)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 counts it, from 1 to 21."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def style() -> str:
    """The style sheet of a drawing: everything under ``.tl``, so that it touches nothing else on a page."""
    fonts = "".join(f".tl:lang({lang}) text{{font-family:{names}}}" for lang, names in FONTS_BY_LANGUAGE.items())
    day = "".join(_coloured(night=False))
    night = "".join(_coloured(night=True))
    return f"{_TYPE}{fonts}{day}@media screen and (prefers-color-scheme:dark){{{night}}}"


_TYPE = (
    f".tl text{{font-family:{FONTS};font-size:12px;font-variant-numeric:tabular-nums;white-space:pre}}"
    ".tl .t0{font-size:25px;font-weight:600}.tl .t1{font-size:14px}.tl .t2{font-size:17px;font-weight:600}"
    ".tl .t3{font-size:12.5px;font-weight:600}.tl .t4{font-size:11px}.tl .t5{font-size:11px;font-weight:600}"
    ".tl .t6{font-size:10.5px;font-weight:700}"
    ".tl .e{text-anchor:end}.tl .m{text-anchor:middle}"
    ".tl .ln{fill:none;stroke-width:1}.tl .w15{stroke-width:1.5}.tl .w2{stroke-width:2}"
    ".tl .dash{stroke-dasharray:4 3}.tl .pt{fill:none;stroke-width:1.2}"
    ".tl .h{paint-order:stroke;stroke-width:3.5px;stroke-linejoin:round}"
)
"""Type and lines; sizes are those that :mod:`.timeline_text` is asked with (:data:`SIZES`)."""
SIZES: Mapping[str, float] = {"": 12, "t0": 25, "t1": 14, "t2": 17, "t3": 12.5, "t4": 11, "t5": 11, "t6": 10.5}
BOLD = frozenset({"t0", "t2", "t3", "t5", "t6"})


def _coloured(*, night: bool) -> Iterator[str]:
    """A class for each colour and use: ``f`` fills, ``l`` draws; of a band ``g`` is ground, ``e`` edge, ``d`` drawn."""

    def pick(tone: Tone) -> str:
        return tone.night if night else tone.day

    for name, tone in COLOURS.items():
        yield f".tl .f-{name}{{fill:{pick(tone)}}}.tl .l-{name}{{stroke:{pick(tone)}}}"
    for name, (ground, drawn, kind) in BANDS.items():
        yield f".tl .g-{name}{{fill:{pick(ground)}}}.tl .e-{name}{{stroke:{pick(drawn)}}}"
        yield f".tl .d-{name}{{{'fill' if kind == 'dots' else 'stroke'}:{pick(drawn)}}}" if kind else ""
    yield f".tl .h{{stroke:{pick(COLOURS['paper'])}}}"
