"""The course of events: when each act counts in each view, in which order, and what a view has become by an instant.

See docs/spec/lifecycle.md, section 1. The state after the acts that count by an instant never depends on later ones, so
a :class:`Course` folds each view once and answers for any instant.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import MIN_INSTANT
from entente.domain.agreement.lifecycle import Code, apply
from entente.domain.agreement.terms import Agreement
from entente.domain.agreement.view import Frame, View, advance, opening


def counting_instant(act: Act, party: str, parties: Iterable[str]) -> int | None:
    """c(act) in the view of ``party`` (lifecycle 1), or ``None`` while a receipt is missing.

    In the writer's own view its evidenced claim of delivery counts too. The act of somebody who is not a party counts
    when every party has received it.
    """
    members = tuple(parties)
    if act.kind == "declare_reading" and act.by in members:
        return act.dispatched
    latest: int | None = None
    for other in members:
        if other == act.by:
            continue
        known = [act.received.get(other)]
        if party == act.by and party in members:
            known.append(act.delivered.get(other))
        instant = min((one for one in known if one is not None), default=None)
        if instant is None:
            return None
        latest = instant if latest is None else max(latest, instant)
    return latest


class Counted(msgspec.Struct, frozen=True):
    """An act at the instant from which it counts in a view."""

    at: int
    act: Act


def in_order(counted: Iterable[Counted]) -> list[Counted]:
    """The order in which a view applies acts (lifecycle 1).

    By counting instant; at one instant an act after those it refers to, then by dispatch, then by id. Acts that refer
    to each other in a circle follow by dispatch and id: none of them can refer to an earlier one.
    """
    groups: dict[int, list[Act]] = {}
    for one in counted:
        groups.setdefault(one.at, []).append(one.act)
    return [Counted(at, act) for at in sorted(groups) for act in _same_instant(groups[at])]


def _same_instant(acts: list[Act]) -> list[Act]:
    by_id = {act.id: act for act in acts}
    waits = {act.id: {ref for ref in act.refs if ref in by_id and ref != act.id} for act in acts}
    ready = [(act.dispatched, act.id) for act in acts if not waits[act.id]]
    heapq.heapify(ready)
    result: list[Act] = []
    while waits:
        if not ready:
            heapq.heappush(ready, min((by_id[name].dispatched, name) for name in waits))
        _, name = heapq.heappop(ready)
        del waits[name]
        result.append(by_id[name])
        for waiting, refs in waits.items():
            if name in refs:
                refs.discard(name)
                if not refs:
                    heapq.heappush(ready, (by_id[waiting].dispatched, waiting))
    return result


class Verdict(msgspec.Struct, frozen=True):
    """What a view said of an act when it counted there: a code, or ``None`` when it was allowed."""

    at: int
    act: Act
    code: Code | None
    view: View


class Course:
    """Every view of one agreement under one set of acts, folded as far as anybody has asked."""

    def __init__(self, documents: Mapping[str, Agreement], acts: Iterable[Act], first: str | None = None) -> None:
        """Put the acts in order for each view.

        Raises:
            ValueError: there is no first document, or two acts that differ have the same id.
        """
        first = next(iter(documents), None) if first is None else first
        if first is None or first not in documents:
            raise ValueError("the document first signed must be among the documents")
        self.frame = Frame(documents[first].parties, first, dict(documents))
        self.acts = _distinct(acts)
        self._orders = {
            party: in_order(
                Counted(at, act)
                for act in self.acts.values()
                if (at := counting_instant(act, party, self.frame.parties)) is not None
            )
            for party in self.frame.parties
        }
        self._folds = {party: [opening(self.frame, party, MIN_INSTANT)] for party in self.frame.parties}
        self._verdicts: dict[str, list[Verdict]] = {party: [] for party in self.frame.parties}

    def view(self, party: str, at: int) -> View:
        """The view of ``party`` at ``at``."""
        count = self._fold(party, at)
        return advance(self._folds[party][count], at)

    def verdicts(self, party: str, at: int) -> list[Verdict]:
        """What the view of ``party`` has said of each act that counts there by ``at``."""
        return self._verdicts[party][: self._fold(party, at)]

    def next_act(self, at: int) -> int | None:
        """The first instant after ``at`` from which a further act counts in some view."""
        following = []
        for order in self._orders.values():
            index = bisect_right(order, at, key=lambda one: one.at)
            following += [order[index].at] if index < len(order) else []
        return min(following, default=None)

    def _fold(self, party: str, at: int) -> int:
        order, folds, verdicts = self._orders[party], self._folds[party], self._verdicts[party]
        count = bisect_right(order, at, key=lambda one: one.at)
        for one in order[len(verdicts) : count]:
            view, code = apply(folds[-1], one.act, one.at)
            folds.append(view)
            verdicts.append(Verdict(one.at, one.act, code, view))
        return count


def _distinct(acts: Iterable[Act]) -> dict[str, Act]:
    result: dict[str, Act] = {}
    for act in acts:
        if result.setdefault(act.id, act) != act:
            raise ValueError(f"two acts have the id {act.id!r}")
    return result
