"""A chronicle as one SVG: the whole course, and below it a closer look at the hours that mattered.

Self-contained: no script, no font, no link, nothing fetched; light and dark as its reader's system is. Laid out for a
width in pixels, in one language, so that no text can lie over another (:mod:`.timeline_place`).
"""

from typing import NamedTuple

from entente.cli.timeline_axis import DAY_MS, HOUR_MS, Scale, clock, local
from entente.cli.timeline_ink import JOINT, Ink, Span, breadth, clean, number
from entente.cli.timeline_panel import Panel, Place
from entente.cli.timeline_style import band, patterns, style
from entente.cli.timeline_text import wrap
from entente.cli.timeline_words import AS_KNOWN, CLOSER, DESCRIPTION, FORMS, IN_PAGE, IN_TABLE, NOW, TIMES_IN, WHOLE
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import COMMA, PHASES, Words, day_in_words, said
from entente.domain.relations.chronicle_words import JOINT as JOINT_WORD

WIDTHS = (1280, 1920)
WIDE = 1600
MARGIN = 32.0
AIR = 46.0
"""Between two panels."""
Window = tuple[int, int]


class Look(NamedTuple):
    """How it is drawn: for which width in pixels, with which closer looks (ms; None: around the end), on what page.

    ``prefix`` begins the ids of a drawing that stands on a page with others; a drawing by itself brings its ``style``.
    """

    width: int = WIDTHS[0]
    closer: tuple[Window, ...] | None = None
    prefix: str = "tl"
    style: bool = True

    @property
    def scale(self) -> float:
        """How many pixels a unit of the drawing is: on a wide one everything is a little larger."""
        return 1.15 if self.width >= WIDE else 1.0

    @property
    def listed(self) -> Words:
        """Where every mark is listed: below it on its page, or for a drawing by itself on the page that can be had."""
        return IN_PAGE if self.style else IN_TABLE

    @property
    def room(self) -> int:
        """The drawing's width in its own units."""
        return int(self.width / self.scale)


def around_the_end(chronicle: Chronicle) -> tuple[Window, ...]:
    """The last day before an end that a view had before it, and six hours more; the latest one that did not come first.

    Nothing where no view ever had one.
    """
    ends = [mark for lane in chronicle.lanes if lane.group == "status" for mark in lane.marks if not mark.minor]
    for form in ("averted", "done", "expected"):
        instants = [mark.at for mark in ends if mark.form == form]
        if instants:
            return ((max(instants) - DAY_MS, max(instants) + 6 * HOUR_MS),)
    return ()


def draw(chronicle: Chronicle, lang: str, look: Look | None = None) -> str:
    """The SVG in one of :data:`~entente.domain.relations.chronicle_words.LANGUAGES`."""
    look = look or Look()
    ink = Ink()
    whole = _whole(chronicle, lang, look, ink)
    y = whole.bottom
    for index, window in enumerate(_windows(chronicle, look)):
        below = _closer(chronicle, lang, look, ink, window, y + AIR)
        _connect(ink, whole, below, wedge=index == 0)
        y = below.bottom
    return _document(chronicle, lang, look, ink, y + 24)


def leaves(chronicle: Chronicle, lang: str, look: Look | None = None) -> list[str]:
    """The same as one SVG for the whole and one for each closer look, to stand one below another, or on pages."""
    look = look or Look()
    ink = Ink()
    whole = _whole(chronicle, lang, look, ink)
    windows = _windows(chronicle, look)
    if windows:
        _open(ink, whole, windows[0], whole.bottom + AIR)
    found = [_document(chronicle, lang, look, ink, whole.bottom + AIR)]
    for index, window in enumerate(windows):
        ink = Ink()
        part = look._replace(prefix=f"{look.prefix}-{index}")
        below = _closer(chronicle, lang, part, ink, window, 0.0)
        if index == 0:
            left, right = below.where.plot, below.where.right
            head = [(left, 0.0), (right, 0.0), (right, below.time_top), (left, below.time_top)]
            ink.area(head, "f-wedge", first=True)
        found.append(_document(chronicle, lang, part, ink, below.bottom + 24))
    return found


def _windows(chronicle: Chronicle, look: Look) -> tuple[Window, ...]:
    return around_the_end(chronicle) if look.closer is None else look.closer


def _whole(chronicle: Chronicle, lang: str, look: Look, ink: Ink) -> Panel:
    """Header and the whole course, with a little room at both ends."""
    y = _header(chronicle, lang, look, ink)
    air = max((chronicle.ends - chronicle.begins) // 60, HOUR_MS)
    panel = _panel(chronicle, lang, look, ink, (chronicle.begins - air, chronicle.ends + air), y)
    panel.draw([Span(said(WHOLE, lang), "t2"), Span(_days(chronicle, lang), "t1", "soft", 12)])
    return panel


def _closer(chronicle: Chronicle, lang: str, look: Look, ink: Ink, window: Window, top: float) -> Panel:
    panel = _panel(chronicle, lang, look, ink, window, top)
    panel.draw([Span(said(CLOSER, lang), "t2"), Span(_hours(chronicle, window, lang), "t1", "soft", 12)])
    return panel


def _panel(chronicle: Chronicle, lang: str, look: Look, ink: Ink, window: Window, top: float) -> Panel:
    where = Place(MARGIN, look.room - MARGIN, top)
    return Panel(
        chronicle=chronicle,
        lang=lang,
        scale=Scale(*window, where.plot, where.right),
        where=where,
        ink=ink,
        prefix=look.prefix,
        listed=look.listed,
    )


def _days(chronicle: Chronicle, lang: str) -> str:
    first, last = (local(at, chronicle.zone).date() for at in (chronicle.begins, chronicle.ends))
    return f"{day_in_words(first, lang)} – {day_in_words(last, lang)}"


def _hours(chronicle: Chronicle, window: Window, lang: str) -> str:
    first, last = (
        f"{day_in_words(local(at, chronicle.zone).date(), lang)} {clock(at, chronicle.zone)}" for at in window
    )
    return f"{first} – {last}"


def _connect(ink: Ink, whole: Panel, below: Panel, *, wedge: bool) -> None:
    """Shows in the whole which stretch a closer look is of, and opens it to that look's axis."""
    _open(ink, whole, (below.scale.begins, below.scale.ends), below.time_top if wedge else None)


def _open(ink: Ink, whole: Panel, window: Window, foot: float | None) -> None:
    left, right = whole.scale.clip(window[0]), whole.scale.clip(window[1])
    right = max(right, left + 2)
    shape = [(left, whole.time_top), (right, whole.time_top), (right, whole.lanes_end)]
    if foot is not None:
        shape += [(whole.where.right, foot), (whole.where.plot, foot)]
    ink.area([*shape, (left, whole.lanes_end)], "f-wedge", first=True)


def _header(chronicle: Chronicle, lang: str, look: Look, ink: Ink) -> float:
    """Where it comes from, title, parties, and the key to what the shapes and bands mean."""
    room = look.room - 2 * MARGIN
    y = MARGIN - 4
    for line in wrap(said(chronicle.source, lang), 14, room, 4):
        ink.text(MARGIN, y + 8, [Span(line, "t1", "accent")])
        y += 20
    y += 4
    for line in wrap(said(chronicle.title, lang), 25, room, 2, bold=True):
        y += 28
        ink.text(MARGIN, y, [Span(line, "t0")])
    y += 24
    names = " · ".join(said(chronicle.names[party], lang) for party in chronicle.in_order)
    known = f"{local(chronicle.at, chronicle.zone):%Y-%m-%d %H:%M}"
    facts = [said(TIMES_IN, lang).format(chronicle.zone), said(AS_KNOWN, lang).format(known)]
    for line in wrap(" – ".join([names, *facts]), 14, room, 2):
        ink.text(MARGIN, y, [Span(line, "t1", "soft")])
        y += 20
    return _key(chronicle, lang, look, ink, y + 6) + 22


class _Entry(NamedTuple):
    """An entry of the key: a glyph (shape, colour, form) or a band, and its words."""

    words: str
    shape: int = 0
    colour: str = ""
    form: str = ""
    band: str = ""


def _key(chronicle: Chronicle, lang: str, look: Look, ink: Ink, y: float) -> float:
    entries = [
        _Entry(f"{party.upper()} {said(chronicle.names[party], lang)}", index % 4, f"party{index % 4}", "done")
        for party in chronicle.in_order
        for index in [chronicle.parties.index(party)]
    ]
    entries.append(_Entry(said(JOINT_WORD, lang), JOINT, "ink", "done"))
    forms = {mark.form for mark in chronicle.marks}
    entries += [_Entry(said(FORMS[form], lang), 0, "soft", form) for form in FORMS if form in forms]
    if chronicle.at < chronicle.ends:
        entries.append(_Entry(said(NOW, lang), form="now"))
    least = (chronicle.ends - chronicle.begins) // 200
    status = [stretch for lane in chronicle.lanes if lane.group == "status" for stretch in lane.stretches]
    states = {stretch.state for stretch in status if stretch.ends - stretch.begins > least}
    entries += [
        _Entry(said(words, lang), band=band("status", state)) for state, words in PHASES.items() if state in states
    ]
    x = MARGIN
    for entry in entries:
        wide = 20 + breadth([Span(entry.words)])
        if x > MARGIN and x + wide > look.room - MARGIN:
            x, y = MARGIN, y + 20
        _entry(ink, entry, x, y, look.prefix)
        x += wide + 20
    return y


def _entry(ink: Ink, entry: _Entry, x: float, y: float, prefix: str) -> None:
    if entry.band:
        ink.rect(x, y - 10, 14, 12, "l-soft", fill=f"{prefix}-{entry.band}")
    elif entry.form == "now":
        ink.rect(x + 5, y - 10, 9, 12, "f-grid")
        ink.line([(x + 5, y - 10), (x + 5, y + 2)], "l-ink w15")
    elif entry.form == "limit":
        ink.area([(x + 2, y - 8), (x + 10, y - 8), (x + 6, y - 1)], "f-soft")
    else:
        ink.glyph(x + 6, y - 4, entry.shape, entry.colour, entry.form)
    ink.text(x + 20, y, [Span(entry.words)])


def _document(chronicle: Chronicle, lang: str, look: Look, ink: Ink, high: float) -> str:
    names = COMMA[lang].join(said(chronicle.names[party], lang) for party in chronicle.in_order)
    begins, ends = (day_in_words(local(at, chronicle.zone).date(), lang) for at in (chronicle.begins, chronicle.ends))
    about = said(DESCRIPTION, lang).format(
        parties=names,
        begins=begins,
        ends=ends,
        lanes=len(chronicle.lanes),
        marks=len(chronicle.marks),
        listed=said(look.listed, lang),
    )
    ids = f"{look.prefix}-title {look.prefix}-desc"
    tall = number(high * look.scale)
    rules = f"<style>{style()}</style>" if look.style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl" xml:lang="{lang}" lang="{lang}" role="img" '
        f'aria-labelledby="{ids}" width="{look.width}" height="{tall}" viewBox="0 0 {look.room} {number(high)}">'
        f'<title id="{look.prefix}-title">{clean(said(chronicle.title, lang))}</title>'
        f'<desc id="{look.prefix}-desc">{clean(" – ".join(filter(None, (about, said(chronicle.source, lang)))))}</desc>'
        f"{rules}<defs>{patterns(look.prefix)}</defs>"
        f'<rect width="100%" height="100%" class="f-paper"/>{"".join(ink.back)}{"".join(ink.front)}</svg>\n'
    )
