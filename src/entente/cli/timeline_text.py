"""How much room a line of text takes at most, without asking a font.

A drawing is laid out before anybody knows which fonts its reader has, so that every character is taken as wide as in
the widest of the usual ones: Latin as in DejaVu Sans, everything East Asian as a full square.
"""

import unicodedata
from collections.abc import Iterator

_WIDE = {"W", "F", "A"}
_LATIN: tuple[tuple[float, str], ...] = (
    (0.33, "ijl,.'|:; "),
    (0.42, 'ftrI-()[]!/\\"`'),
    (0.57, "cskzxyvJ?"),
    (0.70, "ABCEFKLPSTVXYZR&"),
    (0.80, "DGHNOQUw+<>=~#"),
    (1.00, "mMW@%→←"),
)
_WIDTHS = {character: share for share, characters in _LATIN for character in characters}
_OTHER = 0.66
"""Of whatever is neither: digits, most small letters, and letters with accents."""
BOLD = 1.12
"""How much wider a bold line may be."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The most that a line of text takes at a font size, in the same unit."""
    share = sum(_share(character) for character in text)
    return share * size * (BOLD if bold else 1.0)


def _share(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in _WIDE or character > "\u2fff":
        return 1.02
    return _OTHER


def fit(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text, or as much of it as there is room for, with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(kept.rstrip() + "…", size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip(" ,;:·-–(（「") + "…"


def wrap(text: str, size: float, room: float, lines: int, *, bold: bool = False) -> list[str]:
    """The text in at most so many lines; the last one ends with an ellipsis where that is too few."""
    found: list[str] = []
    line = ""
    pieces = list(_pieces(text))
    for index, piece in enumerate(pieces):
        if not line or width((line + piece).rstrip(), size, bold=bold) <= room:
            line += piece
        elif len(found) + 1 == lines:
            found.append((line + "".join(pieces[index:])).strip())
            line = ""
            break
        else:
            found.append(line.strip())
            line = piece
    rest = [*found, line.strip()] if line.strip() else found
    return [fit(each, size, room, bold=bold) for each in rest]


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: after a blank, and around every Chinese character or kana, not before punctuation."""
    piece = ""
    for character in text:
        if piece and _breaks(piece[-1], character):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _breaks(before: str, after: str) -> bool:
    if before == " ":
        return True
    if after in " 、。，．・）」』】：；！？ー)]}.,:;!?…" or before in "（「『【([{":
        return False
    return _ideographic(before) or _ideographic(after)


def _ideographic(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"
