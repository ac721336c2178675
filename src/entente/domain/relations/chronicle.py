"""The chronicle of an agreement: its status in each view, and all that went on around it, on one time axis.

Pure: what is known at an instant goes in, lanes and marks come out; how they are drawn is somebody else's. Nothing
under embargo is in it before its instant, nor is its name in what refers to it.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import Period, add, first_instant, month_start
from entente.domain.agreement.instants import parse_day
from entente.domain.agreement.status import AgreementStatus, status, timeline
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.chronicle_words import COMMA, GROUP_WORDS, NUMBER, REALITIES, Words, each, plain, said
from entente.domain.relations.indicators import Series
from entente.domain.relations.lanes import GROUPS, Curve, Exchange, Group, Lane, Mark, Value
from entente.domain.relations.lanes_matters import (
    Scene,
    arrangement_lanes,
    hidden,
    measure_lanes,
    meeting_lane,
    note_marks,
    statement_lane,
    talk_lanes,
)
from entente.domain.relations.lanes_status import Ground, act_marks, status_lanes
from entente.domain.relations.table import Matter

DAY_MS = 86_400_000


class Chronicle(msgspec.Struct, frozen=True, kw_only=True):
    """All lanes from ``begins`` to ``ends`` (ms), as they are known at ``at``; ``zone`` is the agreement's.

    Lanes stand in the order of :data:`.lanes.GROUPS`. What lies after ``at`` is what follows as things stand.
    ``source`` says for its heading where all this was told, ``own`` is the party whose node told it; whoever built it
    adds that (:func:`told_by`).
    """

    title: Words
    parties: tuple[str, ...]
    names: Mapping[str, Words]
    zone: str
    begins: int
    ends: int
    at: int
    lanes: tuple[Lane, ...]
    source: Words = {}
    own: str = ""

    @property
    def in_order(self) -> tuple[str, ...]:
        """The parties as they are listed: whose node tells it first, else in the agreement's order."""
        return tuple(sorted(self.parties, key=lambda party: party != self.own))

    @property
    def marks(self) -> list[Mark]:
        """Every mark of every lane in order of time; at one instant in the lanes' order."""
        return sorted((mark for lane in self.lanes for mark in lane.marks), key=lambda mark: mark.at)


def build(
    documents: Mapping[str, Agreement],
    acts: Iterable[Act],
    matters: Mapping[str, Matter],
    exchanges: Iterable[Exchange] = (),
    series: Mapping[str, Series] | None = None,
    *,
    at: int,
    first: str | None = None,
    span: tuple[int, int] | None = None,
) -> Chronicle:
    """The chronicle as it is known at ``at`` (ms).

    ``documents`` and ``first`` are as for :func:`entente.domain.agreement.status.status`, ``matters`` as
    :func:`.matters.fold` gives them, ``series`` the figures of indicators by matter as :func:`.indicators.series` reads
    them. Without ``span`` it goes from the first thing there is to ``at``, and on to the last window that is fixed
    and to an end not too far off.

    Raises:
        ValueError: as :func:`~entente.domain.agreement.status.status` does.
    """
    first = next(iter(documents)) if first is None else first
    agreement = documents[first]
    zone = agreement.termination.zone
    known = [_known(act, at) for act in sorted(acts, key=lambda act: (act.dispatched, act.id)) if act.dispatched <= at]
    given = [_exchange(item, agreement) for item in exchanges if item.at <= at]
    unseen = hidden(matters, at)
    seen = [matter for matter in matters.values() if matter.id not in unseen and matter.opened.at <= at]
    begins, ends = span or _span(known, seen, given, at)
    if span is None:
        ends = max([ends, *_near_ends(status(documents, known, at, first=first), at + (at - begins) // 2)])
    ends = max(ends, begins + 1)
    moves = list(timeline(documents, known, begins, ends, first=first))
    ground = Ground(documents, first, known, moves, ends, at)
    scene = Scene(seen, unseen, frozenset(matter.id for matter in seen), ground.name, zone, ends, at)
    lanes = [
        *status_lanes(ground),
        _lane("acts", [*act_marks(ground), *note_marks(scene)]),
        *measure_lanes(scene),
        *arrangement_lanes(scene),
        *talk_lanes(scene),
        meeting_lane(scene),
        statement_lane(scene),
        _exchange_lane(given),
        *(_curve_lane(scene, matter, (series or {}).get(matter.id)) for matter in scene.of("indicator")),
    ]
    return Chronicle(
        title=agreement.title,
        parties=agreement.parties,
        names={party: ground.name(party) for party in agreement.parties},
        zone=zone,
        begins=begins,
        ends=ends,
        at=at,
        lanes=tuple(lane for lane in lanes if lane.stretches or lane.marks or lane.curve is not None),
    )


def told_by(chronicle: Chronicle, source: Words, own: str = "") -> Chronicle:
    """The chronicle with where it was told in its heading; a party's own view stands first in what its node tells."""
    views = {party: place for place, party in enumerate(msgspec.structs.replace(chronicle, own=own).in_order)}

    def place(lane: Lane) -> tuple[int, int]:
        return GROUPS.index(lane.group), views.get(lane.owner, len(views)) if lane.group == "status" else 0

    lanes = tuple(sorted(chronicle.lanes, key=place))
    return msgspec.structs.replace(chronicle, lanes=lanes, source=source, own=own)


def _known(act: Act, at: int) -> Act:
    """An act with what is known of its delivery by then: a later receipt is not foreseen."""
    received = {party: instant for party, instant in act.received.items() if instant <= at}
    delivered = {party: instant for party, instant in act.delivered.items() if instant <= at}
    return msgspec.structs.replace(act, received=received, delivered=delivered)


def _near_ends(status_: AgreementStatus, latest: int) -> list[int]:
    """A day after the ends that the views have before them, by an instant: a far one would leave a picture empty."""
    ends = (view.ends_at for view in status_.views.values())
    return [end + DAY_MS for end in ends if end is not None and end <= latest]


def _span(acts: list[Act], matters: list[Matter], given: list[Mark], at: int) -> tuple[int, int]:
    """From the first thing there is to ``at``, or to the last window that is fixed after it."""
    steps = [event.step for matter in matters for event in matter.events if event.step.at <= at]
    instants = [act.dispatched for act in acts] + [mark.at for mark in given]
    instants += [min(step.at, step.get("effective", step.at)) for step in steps]
    fixed = [step.get("window")[1] for step in steps if step.verb in ("convene", "postpone", "agree")]
    return min(instants, default=at), max([at, *fixed])


def _lane(group: Group, marks: Iterable[Mark]) -> Lane:
    in_order = tuple(sorted(marks, key=lambda mark: mark.at))
    return Lane(id=group, group=group, title=GROUP_WORDS[group], marks=in_order)


def _exchange_lane(given: list[Mark]) -> Lane:
    """The items, and below the lane's name what they are, since a drawing may show many of them without words."""
    found = [REALITIES[each] for each in REALITIES if any(mark.reality == each for mark in given)]
    note = each(lambda lang: ", ".join(said(words, lang) for words in found))
    return msgspec.structs.replace(_lane("exchanges", given), note=note)


def _exchange(item: Exchange, agreement: Agreement) -> Mark:
    """Given to whom: by letters where there is little room, by name in the table."""
    recipients = sorted(item.recipients, key=_place(agreement.parties))
    reality = item.reality if item.reality in REALITIES else ""

    def words(lang: str, to: str) -> str:
        number = said(NUMBER, lang).format(item.number)
        return f"{said(REALITIES[reality], lang)} → {to or '?'} {number} · {item.precedence}"

    def named(party: str, lang: str) -> str:
        terms = agreement.party.get(party)
        return party.upper() if terms is None else said(terms.name, lang)

    return Mark(
        at=item.at,
        lane="exchanges",
        who=(item.sender,),
        label=each(lambda lang: words(lang, ", ".join(party.upper() for party in recipients))),
        title=each(lambda lang: words(lang, COMMA[lang].join(named(party, lang) for party in recipients))),
        rests=tuple(f"register {line}" for line in item.lines),
        minor=True,
        code=item.precedence,
        reality=reality,
    )


def _place(parties: tuple[str, ...]) -> Callable[[str], tuple[int, str]]:
    """The agreement's order, and after its parties whoever is none."""
    return lambda party: (parties.index(party) if party in parties else len(parties), party)


def _curve_lane(scene: Scene, matter: Matter, series: Series | None) -> Lane:
    points = series.points if series is not None else ()
    values = [Value(*_period(period, scene.zone), Decimal(value)) for period, value in points]
    title, source = matter.opened.get("title"), matter.opened.get("source")
    return Lane(
        id=matter.id,
        group="indicators",
        title=each(lambda lang: said(title, lang)),
        owner=matter.owner,
        note=plain(source),
        curve=Curve(
            unit=matter.opened.get("unit"),
            source=source,
            values=tuple(value for value in values if value.begins <= scene.at),
        ),
    )


def _period(text: str, zone: str) -> tuple[int, int]:
    """The local month or day of a period's text, as instants."""
    month = text.count("-") == 1
    begins = parse_day(f"{text}-01" if month else text)
    ends = month_start(begins, 1) if month else add(begins, Period(0, 1), "clamp")
    return first_instant(begins, zone), first_instant(ends, zone)
