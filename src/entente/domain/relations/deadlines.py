"""Deadlines: what comes due around an agreement, and when to say so (docs/spec/relations.md, section 12).

Nothing here ends, extends or releases anything; the lifecycle alone does. It makes sure that nothing ends silently:
whatever the views and the matters say is to come has alarms before it, and stays due afterwards until an officer has
acknowledged it. Whether anybody has is the caller's to keep, by the alarm's id.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from entente.domain.agreement.calendar import day_after, days_before, first_instant
from entente.domain.agreement.instants import MIN_INSTANT, format_instant
from entente.domain.agreement.status import ViewStatus
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.arrangements import ArrangementView
from entente.domain.relations.dialogues import DialogueView
from entente.domain.relations.measures import MeasureView
from entente.domain.relations.table import Matter

DeadlineKind = Literal["end", "notice", "review", "due"]
T = TypeVar("T")
HOUR = 3_600_000
DAYS: Mapping[str, int] = {"P30D": 30, "P7D": 7, "P1D": 1}
"""Alarms that come local days before a deadline, by the same as an ISO 8601 duration: at the same time of that day."""
HOURS: Mapping[str, int] = {"PT6H": 6 * HOUR, "PT1H": HOUR}
"""Alarms that come a length of time before it, in ms: whatever the clocks do meanwhile."""
DIGEST = 16
"""Hex digits by which a deadline's id names the step that assigned an action."""
_OVER = ("ended", "withdrawn")
"""States in which nobody looks at a measure or an arrangement again."""


class Deadline(NamedTuple):
    """Something that comes due at ``at`` (ms).

    ``id`` is the same for the same thing at the same time, and another once the time has changed: what an officer
    acknowledged before is no answer to a new date. ``rests_on`` is an article, a section of our specification, or a
    matter's id. ``zone`` is that of the agreement's termination clause: its days are counted there. ``what`` says what
    is to come, ``past`` the same once it has passed. ``day`` is the local day at whose end it is due, where it is due
    by a day and not at an instant.
    """

    id: str
    at: int
    kind: DeadlineKind
    what: str
    rests_on: str
    zone: str
    past: str = ""
    day: date | None = None

    def said(self, at: int) -> str:
        """What it is, in the words for a reader at ``at`` (ms): from its very instant on it has passed."""
        return self.past if at >= self.at and self.past else self.what


class Alarm(NamedTuple):
    """An alarm at ``at`` (ms), ``before`` its deadline as an ISO 8601 duration; acknowledged by its ``id``."""

    id: str
    at: int
    before: str
    deadline: Deadline


def deadlines(
    agreement: Agreement, views: Mapping[str, ViewStatus], matters: Mapping[str, Matter]
) -> tuple[Deadline, ...]:
    """All deadlines, the earliest first; what is due by a day is due at the end of that day in the agreement's zone.

    ``views`` are a status's, whose instant bounds what is known. Where views differ, each says its own. An end is a
    deadline whatever was sent, delivered or acknowledged, and also after it has come.
    """
    zone = agreement.termination.zone
    rests_on = agreement.article("termination", "lifecycle 4")
    found = [*_of_views(views, zone, rests_on), *_of_matters(matters.values(), zone)]
    return tuple(sorted(found, key=lambda deadline: (deadline.at, deadline.id)))


@lru_cache(maxsize=4096)
def _instants(at: int, zone: str) -> tuple[tuple[str, int], ...]:
    """When the alarms of a deadline ring, the earliest first."""
    days = [(before, days_before(at, days, zone)) for before, days in DAYS.items()]
    return *days, *((before, max(MIN_INSTANT, at - length)) for before, length in HOURS.items())


def alarms(deadline: Deadline) -> tuple[Alarm, ...]:
    """The alarms before a deadline, the earliest first."""
    return tuple(_alarm(deadline, *each) for each in _instants(deadline.at, deadline.zone))


def _alarm(deadline: Deadline, before: str, at: int) -> Alarm:
    return Alarm(f"{deadline.id}/{before}", at, before, deadline)


def due(found: Iterable[Deadline], at: int) -> tuple[Alarm, ...]:
    """The newest alarm of every deadline that has one at or before ``at`` (ms), those of the nearest deadlines first.

    A deadline that has passed still has its last one: what nobody acknowledged does not go away by itself.
    """
    rung = []
    for deadline in found:
        come = [each for each in _instants(deadline.at, deadline.zone) if each[1] <= at]
        if come:
            rung.append(_alarm(deadline, *come[-1]))
    return tuple(sorted(rung, key=lambda alarm: (alarm.deadline.at, alarm.id)))


def next_alarm(found: Iterable[Deadline], at: int) -> int | None:
    """The first instant (ms) after ``at`` at which an alarm rings; None where none is to come."""
    places = {(deadline.at, deadline.zone) for deadline in found}
    return min((when for place in places for _, when in _instants(*place) if when > at), default=None)


def _of_views(views: Mapping[str, ViewStatus], zone: str, rests_on: str) -> Iterator[Deadline]:
    """One deadline for each instant and day, naming the parties in whose views it stands: one event, one alarm."""
    for at, parties in _by_value((party, view.ends_at) for party, view in views.items()):
        whose = f"in the view of {', '.join(parties)}"
        yield Deadline(
            id=f"end-{format_instant(at)}",
            at=at,
            kind="end",
            what=f"The agreement ends, {whose}",
            rests_on=rests_on,
            zone=zone,
            past=f"The agreement has ended, {whose}",
        )
    for day, parties in _by_value((party, view.notice_deadline) for party, view in views.items()):
        last = "The last day for a notice that ends the running term"
        whose = f"in the view of {', '.join(parties)}"
        yield _by_day("notice", day, "notice", (f"{last}, {whose}", f"{last} has passed, {whose}"), rests_on, zone)


def _by_value(pairs: Iterable[tuple[str, T | None]]) -> Iterable[tuple[T, Sequence[str]]]:
    found: dict[T, list[str]] = {}
    for party, value in pairs:
        if value is not None:
            found.setdefault(value, []).append(party)
    return found.items()


def _of_matters(matters: Iterable[Matter], zone: str) -> Iterator[Deadline]:
    for matter in matters:
        if matter.kind in ("measure", "arrangement") and matter.state not in _OVER:
            yield from _review(matter, zone)
        elif matter.kind == "dialogue":
            yield from _actions(matter, zone)


def _review(matter: Matter, zone: str) -> Iterator[Deadline]:
    view: MeasureView | ArrangementView = matter.view
    if view.review is not None:
        title = _words(view.title)
        words = (
            f"The {matter.kind} is to be looked at again: {title}",
            f"The {matter.kind} was to be looked at again: {title}",
        )
        yield _by_day(f"{matter.id}-review", view.review, "review", words, matter.id, zone)


def _actions(matter: Matter, zone: str) -> Iterator[Deadline]:
    """What a party was to do, also after the talks have closed: it is still to be done."""
    view: DialogueView = matter.view
    for action in view.actions.values():
        day = action.step.get("due")
        if day is not None and action.done is None:
            who, what = action.step.get("to"), _words(action.step.get("summary"))
            words = f"{who} is to have done: {what}", f"{who} was to have done: {what}"
            # Not by its name, which is somebody's words and may name what not everybody may know of (section 8).
            name = f"{matter.id}-due-{action.step.digest[:DIGEST]}"
            yield _by_day(name, day, "due", words, matter.id, zone)


def _by_day(name: str, day: date, kind: DeadlineKind, words: tuple[str, str], rests_on: str, zone: str) -> Deadline:
    """What is due by a local day, hence at its end; ``words`` before and after."""
    at = first_instant(day_after(day), zone)
    return Deadline(f"{name}-{day.isoformat()}", at, kind, words[0], rests_on, zone, words[1], day)


def _words(texts: Mapping[str, str]) -> str:
    return texts.get("en") or next(iter(texts.values()), "")
