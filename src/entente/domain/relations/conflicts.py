"""Conflicts: the same people expected at two places at once (docs/spec/relations.md, section 9).

Meetings that are agreed or on the table, and rounds of talks that are convened. People are offices here: a principal or
a participant as written, or a level of a party. Nothing is moved by it; somebody looks.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from entente.domain.relations.dialogues import DialogueView
from entente.domain.relations.meetings import MeetingView
from entente.domain.relations.table import Matter


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


def conflicts(matters: Mapping[str, Matter]) -> tuple[Conflict, ...]:
    """Every pair of engagements that overlap for somebody, the earliest first.

    Windows of one meeting on the table are a choice, and no conflict with each other.
    """
    expected = sorted((each for matter in matters.values() for each in engagements(matter)), key=lambda each: each[:3])
    return tuple(
        Conflict(first, second, tuple(sorted(first.who & second.who)))
        for first, second in _overlapping(expected)
        if first.who & second.who and first[1:3] != second[1:3]
    )


def _overlapping(expected: list[Engagement]) -> Iterator[tuple[Engagement, Engagement]]:
    """The pairs that overlap in time, from engagements in the order in which they begin."""
    for place, first in enumerate(expected):
        for second in islice(expected, place + 1, None):
            if second.window[0] >= first.window[1]:
                break
            yield first, second


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
