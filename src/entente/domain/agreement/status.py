"""The status of an agreement: ``status(documents, acts, at)`` (docs/spec/lifecycle.md, sections 1 and 7).

The same documents, acts and instant give the same answer on every node, in any time zone, in whatever order the acts
arrived. Protection of what was provided is no part of it: that never depends on status.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import DAY, first_instant, last_day_before, local_day, parse_period
from entente.domain.agreement.course import Course, counting_instant
from entente.domain.agreement.instants import format_instant
from entente.domain.agreement.reasons import RefusedAct, StatusReason, refused_act, status_reasons
from entente.domain.agreement.terms import Agreement, Reading
from entente.domain.agreement.view import NoticeState, Stage, View, next_event

Phase = Literal["unknown", "draft", "signed", "ended", "suspended", "notice_running", "notice_suspended", "in_force"]

OPERATING: frozenset[Phase] = frozenset({"notice_running", "notice_suspended", "in_force"})
"""The phases in which a view says yes to release (lifecycle 7)."""


class ViewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What one party's view says at an instant (lifecycle 7).

    ``ends_at`` is an instant in milliseconds, the days are local dates in ``termination.zone``, ``terms_version`` is
    the digest of the document in effect.
    """

    phase: Phase
    ends_at: int | None
    last_day: date | None
    notice_deadline: date | None
    next_boundary: date | None
    terms_version: str
    reading: Reading | None


class AgreementStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole status at ``at``: one view per party, in the document's order of parties."""

    at: int
    views: Mapping[str, ViewStatus]
    left: Mapping[str, int]
    disputed: bool
    release_allowed: bool
    reasons: tuple[StatusReason, ...]
    refused: tuple[RefusedAct, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON form: instants as UTC text with three fractional digits, days as dates, absent values ``None``."""
        raw: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        raw["at"] = format_instant(self.at)
        raw["left"] = {party: format_instant(instant) for party, instant in self.left.items()}
        for party, view in self.views.items():
            raw["views"][party]["ends_at"] = None if view.ends_at is None else format_instant(view.ends_at)
        return raw

    def facts(self) -> tuple[object, ...]:
        """All that a change is measured by: everything except ``at`` and the wording of reasons and refusals."""
        codes = [reason.code for reason in self.reasons]
        refused = [(refused.act, refused.code) for refused in self.refused]
        return self.views, self.left, self.disputed, self.release_allowed, codes, refused


def status(
    documents: Mapping[str, Agreement], acts: Iterable[Act], at: int, *, first: str | None = None
) -> AgreementStatus:
    """The status of the agreement at ``at`` (lifecycle 7).

    ``documents`` maps SHA-256 (lower-case hex) to documents: the one first signed, which ``first`` names (else the
    first key is it), and those that amend it. ``acts`` may come in any order.

    Raises:
        ValueError: the document first signed is not among the documents, or two different acts have the same id.
    """
    return _status(Course(documents, acts, first), at)


def interval(
    documents: Mapping[str, Agreement], acts: Iterable[Act], at: int, *, first: str | None = None
) -> tuple[AgreementStatus, int | None]:
    """The status at ``at``, and the first instant after it at which it can change with the same acts.

    Until that instant (``None``: for ever) the status says the same. It may be early, never late: an exact stop rests
    on it. Raises as :func:`status` does.
    """
    course = Course(documents, acts, first)
    return _status(course, at), _until(course, at)


def timeline(
    documents: Mapping[str, Agreement], acts: Iterable[Act], start: int, end: int, *, first: str | None = None
) -> Iterator[tuple[int, AgreementStatus]]:
    """The status at ``start``, then at each instant before ``end`` at which its facts change.

    Raises as :func:`status` does.
    """
    course = Course(documents, acts, first)
    at: int | None = start
    last: AgreementStatus | None = None
    while at is not None and at < end:
        current = _status(course, at)
        if last is None or current.facts() != last.facts():
            yield at, current
            last = current
        at = _until(course, at)


def _status(course: Course, at: int) -> AgreementStatus:
    views = {party: course.view(party, at) for party in course.frame.parties}
    shown = {party: _view_status(view) for party, view in views.items()}
    phases = {party: view.phase for party, view in shown.items()}
    return AgreementStatus(
        at=at,
        views=shown,
        left={},
        disputed=len({(view.phase, view.ends_at) for view in shown.values()}) > 1,
        release_allowed=all(phase in OPERATING for phase in phases.values()),
        reasons=status_reasons(views, phases),
        refused=_refused(course, at),
    )


def _until(course: Course, at: int) -> int | None:
    instants = [course.next_act(at)]
    for party in course.frame.parties:
        view = course.view(party, at)
        instants.append(next_event(view))
        if view.terms is not None and view.stage is Stage.IN_FORCE and (boundary := view.next_boundary()) is not None:
            instants.append(first_instant(boundary, view.terms.termination.zone))
    return min((instant for instant in instants if instant is not None and instant > at), default=None)


def _phase(view: View) -> Phase:
    if view.unknown:
        return "unknown"
    if view.stage is Stage.DRAFT:
        return "draft"
    if view.stage is Stage.SIGNED:
        return "signed"
    if view.stage is Stage.ENDED:
        return "ended"
    if view.operation_suspended:
        return "suspended"
    states = {notice.state for notice in view.notices.values()}
    if NoticeState.RUNNING in states:
        return "notice_running"
    return "notice_suspended" if NoticeState.SUSPENDED in states else "in_force"


def _view_status(view: View) -> ViewStatus:
    phase, terms = _phase(view), view.terms
    end = boundary = deadline = last_day = None
    if terms is not None and phase not in ("unknown", "draft", "signed"):
        end = view.end
        boundary = None if phase == "ended" else view.next_boundary()
        deadline = None if boundary is None else _notice_deadline(terms, boundary)
        last_day = None if end is None else local_day(end - 1, terms.termination.zone)
    return ViewStatus(
        phase=phase,
        ends_at=end,
        last_day=last_day,
        notice_deadline=deadline,
        next_boundary=boundary,
        terms_version=view.digest,
        reading=view.reading,
    )


def _notice_deadline(terms: Agreement, boundary: date) -> date | None:
    """The last local day on which a notice ends the term that ``boundary`` closes (lifecycle 4)."""
    clause = terms.termination
    if clause.rule != "end_of_term":
        return None
    latest = boundary - DAY if clause.counting == "last_day" else boundary
    return last_day_before(latest, parse_period(clause.lead), terms.term.overflow if terms.term else "clamp")


def _refused(course: Course, at: int) -> tuple[RefusedAct, ...]:
    """The acts that count in their writer's view and that no view has allowed by ``at`` (lifecycle 1)."""
    parties = course.frame.parties
    verdicts = {party: course.verdicts(party, at) for party in parties}
    allowed = {verdict.act.id for party in parties for verdict in verdicts[party] if verdict.code is None}
    found = [
        (verdict.at, verdict.act.dispatched, verdict.act.id, refused_act(verdict, verdict.act))
        for party in parties
        for verdict in verdicts[party]
        if verdict.act.by == party and verdict.act.id not in allowed
    ]
    for act in course.acts.values():
        counts = None if act.by in parties else counting_instant(act, act.by, parties)
        if counts is not None and counts <= at:
            found.append((counts, act.dispatched, act.id, refused_act(None, act)))
    return tuple(entry[3] for entry in sorted(found, key=lambda entry: entry[:3]))
