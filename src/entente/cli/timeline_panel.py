"""One panel of a timeline: an axis and the lanes below it, over a stretch of time.

Bands with their names, marks as flags (:mod:`.timeline_place`); what finds no room gets a number, explained below.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from entente.cli.timeline_axis import DAY_MS, Scale, short_time, ticks
from entente.cli.timeline_curve import curve, histogram
from entente.cli.timeline_flags import Flags, Hung
from entente.cli.timeline_ink import Ink, Span, breadth
from entente.cli.timeline_place import REACH
from entente.cli.timeline_style import band
from entente.cli.timeline_text import fit, width, wrap
from entente.cli.timeline_words import NOTHING_IN, NUMBERED, UNLABELLED
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import COMMA, GROUP_WORDS, Words, said
from entente.domain.relations.lanes import Lane, Mark

BAND = 22.0
ROW = 19.0
GUTTER = 208.0
MANY = 40
"""With more exchanges than this in a panel they are counted by columns."""


class Place(NamedTuple):
    """Where a panel stands: its outer edges, the left edge of its time, and its top."""

    left: float
    right: float
    top: float

    @property
    def plot(self) -> float:
        """Where time begins, right of the lanes' names."""
        return self.left + GUTTER


class Numbered(NamedTuple):
    """A mark that found no room: its number, and the mark."""

    number: int
    mark: Mark


@dataclass
class Panel:
    """Draws lanes over a stretch of time, from the top down; ``bottom`` is where it has come to.

    ``listed`` says where every mark is listed, for the line that counts those without a label.
    """

    chronicle: Chronicle
    lang: str
    scale: Scale
    where: Place
    ink: Ink
    prefix: str
    listed: Words
    numbered: list[Numbered] = field(default_factory=list)
    unlabelled: int = 0
    bottom: float = 0.0
    time_top: float = 0.0
    lanes_end: float = 0.0

    @property
    def flags(self) -> Flags:
        """What the panel's lanes say."""
        return Flags(self.chronicle, self.lang, self.scale)

    def draw(self, title: Sequence[Span]) -> None:
        """The heading, the axis, every lane that has something here, and what the numbers mean."""
        y = self.where.top + 20
        self.ink.text(self.where.left, y, title)
        self.bottom = y + 16
        self._axis()
        empty: list[Lane] = []
        group = ""
        for lane in self.chronicle.lanes:
            if not _shows(lane, self.scale):
                empty.append(lane)
                continue
            if lane.group != group:
                group = lane.group
                self._group(lane)
            self._lane(lane)
        self._grid()
        self._moments()
        self._second_axis()
        self._numbers()
        if self.unlabelled:
            self._remark(said(UNLABELLED, self.lang).format(self.unlabelled, said(self.listed, self.lang)))
        if empty:
            names = COMMA[self.lang].join(dict.fromkeys(said(lane.title, self.lang) for lane in empty))
            self._remark(said(NOTHING_IN, self.lang).format(names))

    def _remark(self, text: str) -> None:
        """A line or three below the lanes."""
        for line in wrap(text, 11, self.where.right - self.where.plot, 3):
            self.bottom += 16
            self.ink.text(self.where.plot, self.bottom, [Span(line, "t4", "soft")])
        self.bottom += 6

    # Time

    def _axis(self) -> None:
        """Ticks with their words, and above them the greater units."""
        zone, found = self.chronicle.zone, ticks(self.scale, self.chronicle.zone, self.lang, 11)
        heads = [tick for tick in found if tick.head]
        y = self.bottom
        if heads:
            y += 16
            free = self.where.plot
            for tick in heads:
                x = self.scale.x(tick.at) + 4
                if x >= free and x + width(tick.head, 11, bold=True) <= self.where.right:
                    self.ink.text(x, y, [Span(tick.head, "t5", "ink")])
                    free = x + width(tick.head, 11, bold=True) + 14
        y += 16
        self.ink.text(self.where.left, y, [Span(fit(zone, 11, GUTTER - 16), "t4", "soft")])
        for tick in found:
            x = self.scale.x(tick.at)
            half = width(tick.text, 11) / 2
            if self.where.plot - 12 <= x - half and x + half <= self.where.right + 12:
                self.ink.text(
                    x, y, [Span(tick.text, "t5" if tick.heads else "t4", "ink" if tick.heads else "soft")], anchor="m"
                )
            self.ink.line([(x, y + 5), (x, y + 10)], "l-soft")
        self.time_top = y + 10
        self.ink.line([(self.where.plot, self.time_top), (self.where.right, self.time_top)], "l-soft")
        self.bottom = self.time_top + 4

    def _grid(self) -> None:
        for tick in ticks(self.scale, self.chronicle.zone, self.lang, 11):
            x = self.scale.x(tick.at)
            self.ink.line([(x, self.time_top), (x, self.bottom)], "l-line" if tick.heads else "l-grid", back=True)
        self.lanes_end = self.bottom
        edge = [(self.where.left, self.bottom), (self.where.right, self.bottom)]
        self.ink.line(edge, "l-soft")

    def _moments(self) -> None:
        """Lines through all lanes: an end that a view had before it, and the instant of what is known."""
        for x in self.flags.ends():
            self.ink.line([(x, self.time_top), (x, self.bottom)], "l-accent w15 dash", back=True)
        if self.flags.foresees():
            x = self.scale.x(self.chronicle.at)
            top, right = self.time_top, self.where.right
            self.ink.area([(x, top), (right, top), (right, self.bottom), (x, self.bottom)], "f-grid", first=True)
            self.ink.line([(x, self.time_top), (x, self.bottom)], "l-ink w15", back=True)

    def _second_axis(self) -> None:
        """Below a panel of hours the same hours in UTC."""
        if self.flags.span > 4 * DAY_MS:
            return
        y = self.bottom + 16
        self.ink.text(self.where.left, y, [Span("UTC", "t4", "soft")])
        for tick in ticks(self.scale, "UTC", self.lang, 11):
            x, half = self.scale.x(tick.at), width(tick.text, 11) / 2
            self.ink.line([(x, self.bottom), (x, self.bottom + 5)], "l-soft")
            if self.where.plot - 12 <= x - half and x + half <= self.where.right + 12:
                self.ink.text(x, y, [Span(tick.text, "t4", "soft")], anchor="m")
        self.bottom = y + 8

    # Lanes

    def _group(self, lane: Lane) -> None:
        self.bottom += 7
        self.ink.line([(self.where.left, self.bottom), (self.where.right, self.bottom)], "l-line", back=True)
        self.bottom += 6
        words = said(GROUP_WORDS[lane.group], self.lang)
        if words != said(lane.title, self.lang):
            self.ink.text(self.where.left, self.bottom + 10, [Span(words, "t5", "accent")])
            self.bottom += 17

    def _lane(self, lane: Lane) -> None:
        top = self.bottom
        names = self._name(lane, top)
        if lane.curve is not None:
            content = curve(self.ink, self.scale, lane.curve, top, self.where)
        elif lane.group == "exchanges" and sum(self.scale.has(mark.at) for mark in lane.marks) > MANY:
            content = histogram(self.ink, self.scale, lane.marks, top, self.where)
        else:
            content = self._content(lane, top)
        self.bottom = max(names, content) + 8

    def _name(self, lane: Lane, top: float) -> float:
        """The lane's name and whose it is, left of the time."""
        room = GUTTER - 14 - (46 if lane.curve is not None else 0)
        single = said(lane.title, self.lang) == said(GROUP_WORDS[lane.group], self.lang)
        y = top + 4
        for line in wrap(said(lane.title, self.lang), 12.5, room, 3, bold=True):
            y += 15 if y > top + 4 else 11
            self.ink.text(self.where.left, y, [Span(line, "t3", "accent" if single else "ink")])
        owner = self.chronicle.names.get(lane.owner, {}) if lane.group != "status" else {}
        unit = lane.curve.unit if lane.curve is not None else ""
        note = " · ".join(filter(None, (said(owner, self.lang), unit, said(lane.note, self.lang))))
        x = self.where.left
        if owner:
            party = self.chronicle.parties.index(lane.owner) % 4
            self.ink.glyph(x + 4.5, y + 10, party, f"party{party}", "done")
            x += 14
        for line in wrap(note, 11, room - (x - self.where.left), 4):
            y += 14
            self.ink.text(x, y, [Span(line, "t4", "soft")])
        return y + 4

    def _content(self, lane: Lane, top: float) -> float:
        """Bands or a line, with flags below; numbers above, where some found no room."""
        hung, over = self.flags.hang(lane)
        top = self._badges(over, top)
        base = top + BAND if lane.stretches else top + 7
        self._bands(lane, top)
        if not lane.stretches:
            self.ink.line([(self.where.plot, base), (self.where.right, base)], "l-line")
        named = [each.what for each in hung]
        for mark in lane.marks:
            if self.scale.has(mark.at):
                has = any(mark is each for each in (*named, *over))
                self._tick(lane, mark, top, base, named=has)
                self.unlabelled += not has
        for each in hung:
            self._flag(each, base, lane)
        deepest = max((each.row + 1 for each in hung), default=0)
        return base + (12 + (deepest - 1) * ROW + 9 if deepest else 4)

    def _bands(self, lane: Lane, top: float) -> None:
        for stretch in lane.stretches:
            begins, ends = self.scale.clip(stretch.begins), self.scale.clip(stretch.ends)
            if ends - begins < 0.5:
                continue
            name = band(lane.group, stretch.state)
            fill = f"{self.prefix}-{name}"
            title = f"{said(lane.title, self.lang)}: {said(stretch.label, self.lang)}"
            self.ink.rect(begins, top, ends - begins, BAND, f"e-{name}", fill=fill, title=title)
            x = self.flags.gap(lane, stretch)
            if x is not None:
                self.ink.text(x, top + 15.5, [Span(said(stretch.label, self.lang))])

    def _tick(self, lane: Lane, mark: Mark, top: float, base: float, *, named: bool) -> None:
        x = self.scale.x(mark.at)
        if mark.form == "limit":
            self.ink.area([(x - 3.5, top - 6), (x + 3.5, top - 6), (x, top)], "f-soft")
        elif lane.stretches:
            self.ink.line([(x, top), (x, base)], "l-paper w2")
            self.ink.line([(x, top), (x, base)], "l-ink")
        elif lane.group == "exchanges" and not named:
            self._glyph(mark, x, base)
        else:
            self.ink.line([(x, base - 4), (x, base)], "l-ink")
        if mark.until is not None and (end := self.scale.clip(mark.until)) - x > 2:
            self.ink.line([(x, base), (end, base)], "l-ink w2")

    # Flags

    def _flag(self, hung: Hung, base: float, lane: Lane) -> None:
        y = base + 13 + hung.row * ROW
        bent = [(hung.x, base), (hung.pole, base + 5), (hung.pole, y)]
        self.ink.line(bent if hung.x != hung.pole else [(hung.x, base), (hung.x, y)], "l-soft pole", back=True)
        if isinstance(hung.what, Mark):
            self._glyph(hung.what, hung.pole, y)
        else:
            fill = f"{self.prefix}-{band(lane.group, hung.what.state)}"
            self.ink.rect(hung.pole - 4.5, y - 4.5, 9, 9, "l-soft", fill=fill)
        x = hung.pole - REACH if hung.left else hung.pole + REACH
        self.ink.text(x, y + 4, hung.spans, anchor="e" if hung.left else "", halo=True)

    def _glyph(self, mark: Mark, x: float, y: float) -> None:
        self.ink.glyph(x, y, self.flags.shape(mark), self.flags.colour(mark), mark.form, self.flags.title(mark))

    def _badges(self, marks: list[Mark], top: float) -> float:
        """Numbers above the lane for what found no room; marks close together share one."""
        if not marks:
            return top
        heaps: list[list[Mark]] = []
        for mark in marks:
            if heaps and self.scale.x(mark.at) - self.scale.x(heaps[-1][0].at) < 62:
                heaps[-1].append(mark)
            else:
                heaps.append([mark])
        for heap in heaps:
            first = len(self.numbered) + 1
            self.numbered += [Numbered(first + index, mark) for index, mark in enumerate(heap)]
            text = str(first) if len(heap) == 1 else f"{first}–{first + len(heap) - 1}"
            wide = width(text, 11, bold=True) + 10
            x = min(self.scale.x(heap[0].at), self.where.right - wide)
            self.ink.rect(x, top, wide, 15, "f-paper l-soft", round_=7.5)
            self.ink.text(x + wide / 2, top + 11.2, [Span(text, "t5")], anchor="m")
        return top + 22

    def _numbers(self) -> None:
        """What each number stands for, in columns."""
        if not self.numbered:
            return
        y = self.bottom + 18
        self.ink.text(self.where.plot, y, [Span(said(NUMBERED, self.lang), "t5")])
        room = self.where.right - self.where.plot
        columns = max(int(room // 330), 1)
        each = room / columns
        high = -(-len(self.numbered) // columns)
        for index, (number, mark) in enumerate(self.numbered):
            x = self.where.plot + index // high * each
            when = short_time(mark.at, self.chronicle.zone, self.lang, self.flags.span)
            head = [Span(str(number), "t5"), Span(when, "t4", "soft", 7), *self.flags.who(mark, 7)]
            label = self.flags.label(mark, each - breadth(head) - 24, always=True)
            self.ink.text(x, y + 18 + index % high * 18, [*head, Span(label, gap=6)])
        self.bottom = y + 12 + high * 18


def _shows(lane: Lane, scale: Scale) -> bool:
    """Whether a lane has anything in a stretch of time; a curve needs two values there."""
    if lane.curve is not None:
        return sum(scale.has(value.begins) for value in lane.curve.values) > 1
    stretched = any(stretch.begins < scale.ends and scale.begins < stretch.ends for stretch in lane.stretches)
    return stretched or any(scale.has(mark.at) for mark in lane.marks)
