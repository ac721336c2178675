"""A chronicle as rows in order of time, in one language: what the page's table and the printed timeline both show."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from entente.cli.timeline_axis import DAY_MS, clock, local
from entente.cli.timeline_words import FIGURES, NO_FIGURES, STATUS, told
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import COLON, COMMA, GROUP_WORDS, REALITIES, said
from entente.domain.relations.lanes import Curve, Lane, Mark, Value
from entente.domain.relations.notes_text import rest_in

SINGLE = 200
"""With more exchanges than this the page's table counts those of a day instead of listing them."""
_OF_A_MATTER = ("measures", "arrangements", "talks", "indicators")
"""Groups in which every lane is one matter's."""


class Row(NamedTuple):
    """A row: when (ms), until when if it has an end, of which group, by whom, what, and what it rests on.

    ``matter`` is the id of the matter whose lane it is of, where a lane is one's; ``register`` the numbers of an item
    in the register of whose node tells of it.
    """

    at: int
    until: int | None
    group: str
    who: str
    what: str
    rests: str
    matter: str = ""
    register: str = ""


def rows(chronicle: Chronicle, lang: str, *, single: int | None = SINGLE) -> list[Row]:
    """Everything in order of time: marks, states, differences of views, indicators; once what is the same.

    With more exchanges than ``single`` those of a day are counted; None lists every one.
    """
    found: list[Row] = []
    for lane in chronicle.lanes:
        found += _stretches(chronicle, lane, lang)
        if lane.curve is not None:
            found.append(_figures(chronicle, lane, lane.curve, lang))
        if lane.group == "exchanges" and single is not None and len(lane.marks) > single:
            found += _counted(chronicle, lane, lang)
        else:
            found += [_mark(chronicle, mark, lane, lang) for mark in lane.marks]
    return sorted(dict.fromkeys(found), key=lambda row: row.at)


def moment(at: int, zone: str, *, after: int | None = None) -> str:
    """An instant in a zone; only its time where it is on the same day as another."""
    here = local(at, zone)
    time = clock(at, zone)
    if after is not None and local(after, zone).date() == here.date():
        return time
    return f"{here:%Y-%m-%d} {time}"


def period(value: Value, zone: str) -> str:
    """The month or day of an indicator's value: ``2019-07``, ``2019-07-04``."""
    month = value.ends - value.begins > 2 * DAY_MS
    return f"{local(value.begins, zone):{'%Y-%m' if month else '%Y-%m-%d'}}"


def _group(lane: Lane, lang: str) -> str:
    return said(STATUS if lane.group == "status" else GROUP_WORDS[lane.group], lang)


def _matter(lane: Lane) -> str:
    return lane.id if lane.group in _OF_A_MATTER else ""


def _stretches(chronicle: Chronicle, lane: Lane, lang: str) -> Iterator[Row]:
    """Each state with its two ends; one that goes on to the edge of the time has no end that anybody knows."""
    group, title = _group(lane, lang), said(lane.title, lang)
    for stretch in lane.stretches:
        label = said(stretch.label, lang)
        what = label if label == title else title + COLON[lang] + label
        until = stretch.ends if stretch.ends < chronicle.ends else None
        yield Row(stretch.begins, until, group, "", what, _rests(stretch.rests, lang), _matter(lane))


def _mark(chronicle: Chronicle, mark: Mark, lane: Lane, lang: str) -> Row:
    return Row(
        at=mark.at,
        until=mark.until,
        group=_group(lane, lang),
        who=_names(chronicle, mark.who, lang),
        what=told(mark, lang),
        rests=_rests(mark.rests, lang),
        matter=_matter(lane),
        register=", ".join(mark.rests) if lane.group == "exchanges" else "",
    )


def _figures(chronicle: Chronicle, lane: Lane, curve: Curve, lang: str) -> Row:
    """An indicator in one line: its unit, from when to when, and what the first, last, least and most were."""
    named = {"title": said(lane.title, lang), "unit": curve.unit}
    what = said(NO_FIGURES, lang).format(**named)
    if curve.values:
        first, last = curve.values[0], curve.values[-1]
        low, high = (best(curve.values, key=lambda value: value.value) for best in (min, max))
        what = said(FIGURES, lang).format(
            **named,
            first=period(first, chronicle.zone), last=period(last, chronicle.zone),
            opening=_figure(first.value), closing=_figure(last.value),
            low=_figure(low.value), low_at=period(low, chronicle.zone),
            high=_figure(high.value), high_at=period(high, chronicle.zone),
        )  # fmt: skip
    at = curve.values[0].begins if curve.values else chronicle.begins
    return Row(at, None, _group(lane, lang), _names(chronicle, (lane.owner,), lang), what, curve.source, lane.id)


def _figure(value: Decimal) -> str:
    return f"{value:,f}"


def _names(chronicle: Chronicle, who: Sequence[str], lang: str) -> str:
    return COMMA[lang].join(said(chronicle.names.get(party, {}), lang) or party.upper() for party in who)


def _rests(rests: Sequence[str], lang: str) -> str:
    return ", ".join(rest_in(lang, each) for each in rests)


def _counted(chronicle: Chronicle, lane: Lane, lang: str) -> Iterator[Row]:
    """A row for each local day, sender, precedence, and real or exercise."""

    def key(mark: Mark) -> tuple[str, tuple[str, ...], str, str]:
        return f"{local(mark.at, chronicle.zone):%Y-%m-%d}", mark.who, mark.code, mark.reality

    for (_, who, precedence, reality), marks in groupby(sorted(lane.marks, key=key), key=key):
        each = list(marks)
        what = f"{said(REALITIES[reality], lang)} {precedence} × {len(each)}"
        yield Row(each[0].at, each[-1].at, _group(lane, lang), _names(chronicle, who, lang), what, "")
