"""Conflicts: the same people expected at two places at once (docs/spec/relations.md, section 9).

Meetings that are agreed or on the table, and rounds of talks that are convened. People are offices here: a principal or
a participant as written, or a level of a party. Nothing is moved by it; somebody looks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from entente.domain.relations.dialogues import DialogueView
from entente.domain.relations.meetings import MeetingView
from entente.domain.relations.table import Matter

MOST = 1000
"""Conflicts that are told one by one."""
ENGAGED = 20_000
"""Engagements that are compared, the earliest."""
WORK = 4_000_000
"""Places that are looked at to count the rest: about a second."""


class Engagement(NamedTuple):
    """A time at which people are expected: a meeting, or a round (from 1 on) of a dialogue; ``window`` in ms."""

    window: tuple[int, int]
    matter: str
    round: int
    who: frozenset[str]


class Conflict(NamedTuple):
    """Two engagements that overlap, the earlier first, and who is expected at both."""

    first: Engagement
    second: Engagement
    who: tuple[str, ...]


class Conflicts(NamedTuple):
    """The earliest conflicts, and how many ``more`` there are; ``uncounted`` where there may be still more than those.

    What some party writes makes thousands of meetings overlap, and millions of pairs: these are counted up to a bound.
    """

    told: tuple[Conflict, ...]
    more: int = 0
    uncounted: bool = False


def conflicts(matters: Mapping[str, Matter], *, most: int = MOST, work: int = WORK) -> Conflicts:
    """The pairs of engagements that overlap for somebody, the earliest ``most`` of them whole.

    Windows of one meeting on the table are a choice, and no conflict with each other. Only those are compared that
    have somebody in common, of the earliest :data:`ENGAGED`; it ends once ``work`` of them were looked at.
    """
    every = sorted((each for matter in matters.values() for each in engagements(matter)), key=lambda each: each[:3])
    expected = every[:ENGAGED]
    begins = [each.window[0] for each in expected]
    told: list[Conflict] = []
    more = looked = 0
    for place, agendas in enumerate(_agendas(expected)):
        first = expected[place]
        end = bisect_left(begins, first.window[1])
        meanwhile = [each[bisect_right(each, place) : bisect_left(each, end)] for each in agendas]
        looked += sum(map(len, meanwhile))
        if looked > work:
            return Conflicts(tuple(told), more, uncounted=True)
        seconds = [each for each in set[int]().union(*meanwhile) if expected[each][1:3] != first[1:3]]
        room = most - len(told)
        more += max(0, len(seconds) - room)
        told += [_conflict(first, expected[each]) for each in sorted(seconds)[:room]] if room else []
    return Conflicts(tuple(told), more, uncounted=len(every) > ENGAGED)


def _agendas(expected: Sequence[Engagement]) -> list[list[tuple[int, ...]]]:
    """For each engagement the places in ``expected`` of everybody who is at it; alike for several, they stand once."""
    places: dict[str, list[int]] = {}
    for place, each in enumerate(expected):
        for somebody in each.who:
            places.setdefault(somebody, []).append(place)
    found: list[list[tuple[int, ...]]] = [[] for _ in expected]
    for agenda in {tuple(each) for each in places.values() if len(each) > 1}:
        for place in agenda:
            found[place].append(agenda)
    return found


def _conflict(first: Engagement, second: Engagement) -> Conflict:
    return Conflict(first, second, tuple(sorted(first.who & second.who)))


def engagements(matter: Matter) -> Iterator[Engagement]:
    """When people are still expected for a matter; nothing for one that is neither a meeting nor a dialogue."""
    if matter.kind == "meeting" and matter.state in ("proposed", "agreed"):
        meeting: MeetingView = matter.view
        who = frozenset({*meeting.principals, *_levels(matter, meeting.level)})
        for window in [meeting.agreed] if meeting.agreed else meeting.windows:
            yield Engagement(window, matter.id, 0, who)
    elif matter.kind == "dialogue" and matter.state in ("open", "adjourned"):
        talks: DialogueView = matter.view
        for number, each in talks.rounds.items():
            if each.state == "convened":
                who = frozenset({*each.participants, *_levels(matter, talks.level)})
                yield Engagement(each.window, matter.id, number, who)


def _levels(matter: Matter, level: str) -> Iterator[str]:
    return (f"{level.replace('_', '-')} of {party}" for party in matter.audience)
