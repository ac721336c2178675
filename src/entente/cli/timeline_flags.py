"""The flags of a lane: what each mark says in a panel, how long it may be, and where it hangs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from entente.cli.timeline_axis import DAY_MS, Scale, short_time
from entente.cli.timeline_ink import JOINT, TIME, Span, breadth
from entente.cli.timeline_place import Flag, place
from entente.cli.timeline_text import fit, width
from entente.cli.timeline_words import became, told
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import COLON, COMMA, bracketed, said
from entente.domain.relations.chronicle_words import JOINT as JOINT_WORD
from entente.domain.relations.lanes import Lane, Mark, Stretch

ROWS = 7
"""Rows of flags below a lane, at most."""
LABELS = (0.4, 0.28, 0.18)
"""How much of the time's breadth a label may take: the first with which the most find room."""
LONG = 300 * DAY_MS
"""A panel of more time than this shows last days for notice without words."""


class Hung(NamedTuple):
    """A flag where it hangs: ``x`` is the instant's place, ``pole`` that of its pole, its text left or right of it."""

    what: Mark | Stretch
    x: float
    pole: float
    row: int
    left: bool
    spans: list[Span]


@dataclass(frozen=True)
class Flags:
    """The flags of one panel, in one language; none passes the edges of its scale."""

    chronicle: Chronicle
    lang: str
    scale: Scale

    @property
    def span(self) -> int:
        """How much time the panel shows, in ms."""
        return self.scale.ends - self.scale.begins

    def hang(self, lane: Lane) -> tuple[list[Hung], list[Mark]]:
        """The lane's flags, and the marks that must be numbered: with shorter labels, if so more find room."""
        found: list[tuple[list[Hung], list[Mark]]] = []
        for share in LABELS:
            found.append(self._try(lane, share * (self.scale.right - self.scale.left)))
            if not found[-1][1]:
                break
        return min(found, key=lambda each: len(each[1]))

    def _try(self, lane: Lane, room: float) -> tuple[list[Hung], list[Mark]]:
        shown = sorted(self._shown(lane), key=lambda each: each[0])
        spans = [self._spans(what, room) for _, what in shown]
        flags = [
            Flag(x, breadth(words), isinstance(what, Mark) and what.minor)
            for (x, what), words in zip(shown, spans, strict=True)
        ]
        placed, over = place(flags, self.scale.left - 2, self.scale.right, ROWS, self.lines())
        hung = [
            Hung(shown[each.flag][1], shown[each.flag][0], each.pole, each.row, each.left, spans[each.flag])
            for each in placed
        ]
        left_over = [what for what in (shown[index][1] for index in over) if isinstance(what, Mark) and not what.minor]
        return hung, left_over

    def _shown(self, lane: Lane) -> Iterator[tuple[float, Mark | Stretch]]:
        """What is to be hung: every mark in sight, and phases whose names do not fit into their stretches."""
        for mark in lane.marks:
            if self.scale.has(mark.at) and not self.wordless(mark):
                yield self.scale.x(mark.at), mark
        for stretch in lane.stretches if lane.group == "status" else ():
            begins, ends = self.scale.clip(stretch.begins), self.scale.clip(stretch.ends)
            if ends - begins >= 3 and self.gap(lane, stretch) is None:
                yield begins, stretch

    def wordless(self, mark: Mark) -> bool:
        """Whether a mark is shown by its glyph alone, which the key explains."""
        return self.span > LONG and mark.form == "limit"

    def gap(self, lane: Lane, stretch: Stretch) -> float | None:
        """Where in a band its name stands clear of every tick; None where nowhere."""
        begins, ends = self.scale.clip(stretch.begins), self.scale.clip(stretch.ends)
        ticks = {self.scale.x(mark.at) for mark in lane.marks if mark.form != "limit"}
        edges = [begins, *sorted(x for x in {*ticks, *self.lines()} if begins + 1 < x < ends - 1), ends]
        wide = width(said(stretch.label, self.lang), 12)
        return next((a + 8 for a, b in pairwise(edges) if b - a >= wide + 16), None)

    def lines(self) -> list[float]:
        """Where lines stand through the whole panel: ends that a view had before it, and now."""
        return sorted([*self.ends(), *([self.scale.x(self.chronicle.at)] if self.foresees() else [])])

    def foresees(self) -> bool:
        """Whether the panel shows what follows after the instant of what is known."""
        at = self.chronicle.at
        return self.scale.begins < at < min(self.scale.ends, self.chronicle.ends)

    def ends(self) -> list[float]:
        """Where the ends stand that a view had before it."""
        lanes = (lane for lane in self.chronicle.lanes if lane.group == "status")
        found = {mark.at for lane in lanes for mark in lane.marks if not mark.minor and self.scale.has(mark.at)}
        return [self.scale.x(at) for at in sorted(found)]

    def _spans(self, what: Mark | Stretch, room: float) -> list[Span]:
        spans = self.who(what) if isinstance(what, Mark) else []
        at = what.at if isinstance(what, Mark) else what.begins
        label = self.label(what, room)
        when = short_time(at, self.chronicle.zone, self.lang, self.span)
        return [*spans, Span(label, gap=6.0 if spans else 0.0), Span(when, "t4", "soft", 7.0)]

    def label(self, what: Mark | Stretch, room: float, *, always: bool = False) -> str:
        """A label as long as there is room; what was called off says so, ``always`` whatever became of a mark.

        Beside a glyph that shows what else became of it that much is enough; where none stands, it is said in words.
        """
        label = said(what.label, self.lang)
        ending = became(what, self.lang) if isinstance(what, Mark) and (always or what.called_off) else ""
        if not ending or ending in label:
            return fit(label, 12, room)
        bare = bracketed("", ending, self.lang)
        return bracketed(fit(label, 12, room - width(bare, 12)), ending, self.lang)

    def who(self, mark: Mark, gap: float = 0.0) -> list[Span]:
        """A mark's party, or that there are several; nothing where time alone did it."""
        if not mark.who:
            return []
        name = mark.who[0].upper() if len(mark.who) == 1 else said(JOINT_WORD, self.lang)
        return [Span(name, "t6", self.colour(mark), gap)]

    def title(self, mark: Mark) -> str:
        """All that there is to say of a mark in one line."""
        names = (said(self.chronicle.names.get(party, {}), self.lang) or party.upper() for party in mark.who)
        return COLON[self.lang].join(filter(None, (COMMA[self.lang].join(names), told(mark, self.lang))))

    def colour(self, mark: Mark) -> str:
        """The colour of a mark: its party's, or one for what several did or time did."""
        if len(mark.who) != 1 or mark.who[0] not in self.chronicle.parties:
            return "ink" if mark.who else "accent"
        return f"party{self.shape(mark)}"

    def shape(self, mark: Mark) -> int:
        """The shape of a mark, by the same."""
        if not mark.who:
            return TIME
        if len(mark.who) > 1 or mark.who[0] not in self.chronicle.parties:
            return JOINT
        return self.chronicle.parties.index(mark.who[0]) % 4
