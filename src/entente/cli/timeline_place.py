"""Where labels go: flags on poles below a line, in rows, none over another, no pole through one.

A pole stands at each mark; marks too close together share one. A flag hangs to the right of its pole or to its left. To
the right the last pole's flag gets the first row and those before it pass under; to the left the other way round: so a
crowd makes two staircases, and which pole belongs to which is searched for. What finds no row is left over, to be
numbered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NEAR = 7.0
"""Marks closer than this share a pole."""
HALF = 3.0
"""What a flag takes on the other side of its pole; with half of :data:`AIR` more than half a glyph."""
REACH = 9.0
"""From the pole to where a flag's text begins."""
AIR = 8.0
"""Between two flags in a row, and between a flag and somebody else's pole."""
SEARCHED = 48
"""With more poles than this the sides are not searched for."""
FEW = 14
"""With more than this only neighbours are turned together."""


class Flag(NamedTuple):
    """What a label needs: its mark's place and its text's width; ``minor`` ones yield to others."""

    x: float
    width: float
    minor: bool = False


class Placed(NamedTuple):
    """Where it went: ``flag`` by its index, its pole, its row from 0, and on which side its text is."""

    flag: int
    pole: float
    row: int
    left: bool


@dataclass
class _Pole:
    x: float
    flags: list[int] = field(default_factory=list)


class _Edges(NamedTuple):
    left: float
    right: float
    rows: int
    lines: tuple[float, ...]

    def crossed(self, begins: float, ends: float) -> int:
        """How many lines stand behind a flag's text."""
        return sum(begins + 3 * HALF < line < ends for line in self.lines)


@dataclass
class _Board:
    """The rows as they fill: in each the stretches taken with the pole they belong to, and how deep poles go."""

    edges: _Edges
    taken: list[list[tuple[float, float, float]]] = field(default_factory=list)
    depths: dict[float, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken = [[] for _ in range(self.edges.rows)]

    def hang(self, pole: float, width: float, *, left: bool, below: int) -> int | None:
        """The first row from ``below`` on in which a flag has room, taken; None where there is none."""
        begins, ends = _box(pole, width, left=left)
        if begins < self.edges.left or ends > self.edges.right:
            return None
        for row in range(self.edges.rows):
            if row > 0 and self._crossed(row - 1, pole):
                return None
            if row >= below and self._free(row, pole, begins, ends):
                self.taken[row].append((begins, ends, pole))
                self.depths[pole] = max(row, self.depths.get(pole, 0))
                return row
        return None

    def _crossed(self, row: int, pole: float) -> bool:
        return any(a - AIR / 2 < pole < b + AIR / 2 for a, b, owner in self.taken[row] if owner != pole)

    def _free(self, row: int, pole: float, begins: float, ends: float) -> bool:
        if any(begins < b + AIR and a - AIR < ends for a, b, _ in self.taken[row]):
            return False
        return not any(
            begins - AIR / 2 < x < ends + AIR / 2 for x, depth in self.depths.items() if x != pole and depth > row
        )


def place(
    flags: Sequence[Flag], left: float, right: float, rows: int, lines: Sequence[float] = ()
) -> tuple[list[Placed], list[int]]:
    """Hang flags between two edges in at most so many rows; also the indices of those left over, by place.

    Flags of one pole hang in the order given, which is that of time. ``lines`` stand upright behind everything: a flag
    crosses one only where it would else take more rows.
    """
    edges = _Edges(left, right, rows, tuple(lines))
    poles = _poles(flags)
    sides = [pole.x + REACH + max(flags[i].width for i in pole.flags) > right for pole in poles]
    best = _hang(flags, poles, sides, edges)
    if len(poles) <= SEARCHED and best[0] > 0:
        for start in (sides, [True] * len(poles)):
            found = _search(flags, poles, start, edges)
            best = min(best, found, key=lambda each: each[0])
    hung = {placed.flag for placed in best[1]}
    over = [index for pole in poles for index in pole.flags if index not in hung]
    return best[1], over


_Result = tuple[float, list[Placed]]


def _search(flags: Sequence[Flag], poles: list[_Pole], sides: list[bool], edges: _Edges) -> _Result:
    """Turn one pole's side at a time, then two neighbours' or any two of a few, as long as that makes it better."""
    sides = list(sides)
    best = _hang(flags, poles, sides, edges)
    apart = len(poles) if len(poles) <= FEW else 2
    turns: list[tuple[int, ...]] = [(one,) for one in range(len(poles))]
    turns += [(one, two) for one in range(len(poles)) for two in range(one + 1, min(one + apart, len(poles)))]
    better = True
    while better:
        better = False
        for turn in turns:
            for index in turn:
                sides[index] = not sides[index]
            found = _hang(flags, poles, sides, edges)
            if found[0] < best[0]:
                best, better = found, True
            else:
                for index in turn:
                    sides[index] = not sides[index]
    return best


def _box(pole: float, width: float, *, left: bool) -> tuple[float, float]:
    """What a flag takes of its row, its half of the pole's glyph included."""
    return (pole - REACH - width, pole + HALF) if left else (pole - HALF, pole + REACH + width)


def _poles(flags: Sequence[Flag]) -> list[_Pole]:
    poles: list[_Pole] = []
    for index in sorted(range(len(flags)), key=lambda index: flags[index].x):
        if not poles or flags[index].x - poles[-1].x >= NEAR:
            poles.append(_Pole(flags[index].x))
        poles[-1].flags.append(index)
    return poles


def _hang(flags: Sequence[Flag], poles: list[_Pole], sides: list[bool], edges: "_Edges") -> _Result:
    """Hang all with given sides: great ones first; a cost with it, less being better."""
    board = _Board(edges)
    placed: list[Placed] = []
    cost = 0.0
    lefts = [(pole, True) for pole, side in zip(poles, sides, strict=True) if side]
    rights = [(pole, False) for pole, side in zip(poles, sides, strict=True) if not side]
    for minor in (False, True):
        for pole, left in [*lefts, *reversed(rights)]:
            below = 0
            for index in pole.flags:
                if flags[index].minor is not minor:
                    continue
                row = board.hang(pole.x, flags[index].width, left=left, below=below)
                if row is None:
                    cost += 40 if minor else 1000
                    continue
                placed.append(Placed(index, pole.x, row, left))
                below = row + 1
                begins, ends = _box(pole.x, flags[index].width, left=left)
                cost += row + (0.2 if left else 0.0) + 6 * edges.crossed(begins, ends)
    deepest = max((each.row for each in placed), default=0)
    return cost + 2 * deepest, placed
