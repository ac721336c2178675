"""Rounds that were meetings: what became of a meeting, seen from the dialogue (docs/spec/relations.md, section 9).

A meeting is made of steps of its own, and a dialogue too: neither is judged by the other. Here both are read together.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.meetings import MeetingView
from entente.domain.relations.table import Matter


class Met(NamedTuple):
    """A meeting that was held and became round ``number``; ``window`` in ms as agreed, the second exclusive."""

    number: int
    meeting: str
    window: tuple[int, int]
    place: str
    principals: tuple[str, ...]

    def show(self) -> dict[str, Any]:
        """As commands answer it; instants in UTC."""
        return {
            "number": self.number,
            "meeting": self.meeting,
            "window": [format_instant(instant) for instant in self.window],
            "place": self.place,
            "principals": list(self.principals),
        }


def met(matters: Mapping[str, Matter], dialogue: str) -> tuple[Met, ...]:
    """The meetings that became rounds of a dialogue, by number, then by time; see :func:`by_dialogue`."""
    return by_dialogue(matters).get(dialogue, ())


def by_dialogue(matters: Mapping[str, Matter]) -> dict[str, tuple[Met, ...]]:
    """For each dialogue that has some, the meetings that were held and became rounds of it, by number, then by time.

    Only a meeting of all parties of the dialogue is one: nobody makes a round of talks that others hold.
    """
    found: dict[str, list[Met]] = {}
    for matter in matters.values():
        talks = matters.get(matter.view.dialogue) if matter.kind == "meeting" else None
        if talks is not None and talks.kind == "dialogue" and set(talks.audience) <= set(matter.audience):
            found.setdefault(talks.id, []).append(_met(matter))
    return {name: tuple(sorted(each, key=_order)) for name, each in found.items()}


def _met(matter: Matter) -> Met:
    view: MeetingView = matter.view
    return Met(view.round, matter.id, view.agreed or view.windows[0], view.place, view.principals)


def _order(one: Met) -> tuple[int, tuple[int, int], str]:
    return one.number, one.window, one.meeting
