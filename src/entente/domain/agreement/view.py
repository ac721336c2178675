"""One party's view of the agreement: what has happened in it so far, and what time alone makes of that.

A :class:`View` is a value. Acts change it through :mod:`.lifecycle`; here is what needs no act: entry into force,
amendments that take effect, and the end. :func:`advance` lets time pass up to an instant, event by event; at one
instant an end comes before an amendment and an amendment before entry into force, because terms hold from their
effective instant on and end nothing before it (lifecycle 2, 6).
"""

import enum
from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import (
    Schedule,
    Series,
    add,
    day_after,
    first_instant,
    local_day,
    month_start,
    parse_period,
)
from entente.domain.agreement.terms import Agreement, Reading


class Stage(enum.Enum):
    """How far a view has come; it never goes back."""

    DRAFT = "draft"
    SIGNED = "signed"
    IN_FORCE = "in force"
    ENDED = "ended"


class NoticeState(enum.Enum):
    """What has become of a notice of termination in a view."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as a view holds it, under the terms in force when it counted (lifecycle 4, 6).

    ``end`` is the instant at which it ends the agreement while it runs; ``other_end`` the one under the other counting.
    ``held_by`` is the suspension that holds it and ``held_at`` that suspension's counting instant.
    """

    state: NoticeState
    terms: Agreement
    end: int
    other_end: int | None
    held_by: str | None = None
    held_at: int | None = None
    ever_suspended: bool = False

    @property
    def live(self) -> bool:
        """Whether it can still end the agreement: awake, or asleep."""
        return self.state is not NoticeState.WITHDRAWN


class Stance(msgspec.Struct, frozen=True):
    """A party's latest word on the operation; ``alone`` when it suspends without the others (lifecycle 6)."""

    suspends: bool
    alone: bool


class Amendment(msgspec.Struct, frozen=True):
    """An adopted document that has not taken effect yet."""

    effective: int
    digest: str


class Frame(msgspec.Struct, frozen=True):
    """What all views share: the parties, the document first signed, and the documents at hand by digest."""

    parties: tuple[str, ...]
    first: str
    documents: Mapping[str, Agreement]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one party's view at ``now``, everything before it taken into account.

    ``digest`` names the document in effect ``since`` an instant. ``day_zero`` is D0. ``lost`` says that something
    happened under terms that are not at hand, so that what follows cannot be known. ``seen`` holds every act that the
    view has judged, allowed or not.
    """

    frame: Frame
    party: str
    digest: str
    stage: Stage = Stage.DRAFT
    now: int
    since: int
    signed: Mapping[str, int] = {}
    completed: Mapping[str, int] = {}
    day_zero: date | None = None
    schedule: Schedule | None = None
    notices: Mapping[str, Notice] = {}
    named_ends: Mapping[str, int] = {}
    agreed_end: int | None = None
    stances: Mapping[str, Stance] = {}
    jointly_suspended: bool = False
    adopters: Mapping[Amendment, frozenset[str]] = {}
    pending: tuple[Amendment, ...] = ()
    declared: Reading | None = None
    ended_at: int | None = None
    lost: bool = False
    seen: Mapping[str, Act] = {}

    @property
    def terms(self) -> Agreement | None:
        """The document in effect, or ``None`` when it is missing."""
        return self.frame.documents.get(self.digest)

    @property
    def unknown(self) -> bool:
        """Whether the view cannot say where the agreement stands (lifecycle 6)."""
        return self.lost or self.terms is None

    @property
    def reading(self) -> Reading | None:
        """How this party reads a suspended notice: its latest declaration, else the terms, else undeclared."""
        if self.declared is not None or self.terms is None:
            return self.declared
        stated = self.terms.reading.get(self.party)
        return None if stated is None else stated.suspended_notice

    @property
    def operation_suspended(self) -> bool:
        """Whether the operation of the agreement is suspended (lifecycle 6)."""
        return self.jointly_suspended or any(stance.suspends and stance.alone for stance in self.stances.values())

    @property
    def end(self) -> int | None:
        """The instant at which the agreement ends as things stand: the earliest live end, or ``None``."""
        if self.stage is Stage.ENDED:
            return self.ended_at
        ends = [notice.end for notice in self.notices.values() if notice.state is NoticeState.RUNNING]
        ends += [end for end in (self.agreed_end, self._term_end()) if end is not None]
        return min(ends, default=None)

    def _term_end(self) -> int | None:
        if self.terms is None or self.schedule is None or self.schedule.current.extension is not None:
            return None
        return first_instant(self.schedule.current.boundary(0), self.terms.termination.zone)

    def next_boundary(self) -> date | None:
        """The first boundary of a term after ``now``; ``None`` without a term.

        A boundary that passed under earlier terms has passed, in whatever zone the present terms count.
        """
        if self.terms is None or self.schedule is None:
            return None
        zone = self.terms.termination.zone
        return self.schedule.current.first_where(lambda day: first_instant(day, zone) > self.now)


def opening(frame: Frame, party: str, now: int) -> View:
    """The view of ``party`` before any act."""
    return View(frame=frame, party=party, digest=frame.first, now=now, since=now)


def next_event(view: View) -> int | None:
    """The next instant at which time alone changes the view's stage or terms, not before ``view.now``."""
    found = _next(view)
    return None if found is None else found[0]


def advance(view: View, until: int) -> View:
    """The view at ``until``: every event up to and including that instant has happened."""
    while (event := _next(view)) is not None and event[0] <= until:
        at, rank = event
        view = replace(_EVENTS[rank](view, at), now=at)
    return replace(view, now=max(view.now, until))


def _next(view: View) -> tuple[int, int] | None:
    if view.stage is Stage.ENDED:
        return None
    candidates = (
        view.end if view.stage is Stage.IN_FORCE else None,
        min((amendment.effective for amendment in view.pending), default=None),
        _force_instant(view) if view.stage is Stage.SIGNED else None,
    )
    return min(((max(at, view.now), rank) for rank, at in enumerate(candidates) if at is not None), default=None)


def _force_instant(view: View) -> int | None:
    """When the agreement enters into force under the document in effect (lifecycle 2), or ``None`` if that is open."""
    if view.terms is None:
        return None
    force = view.terms.force
    signature = max(view.signed.values())
    notified = len(view.completed) == len(view.frame.parties)
    notification = max(signature, *view.completed.values()) if notified else None
    if force.rule == "signature":
        return signature
    if force.rule == "later_notification":
        return notification
    event = signature if force.after == "signature" else notification
    if event is None or force.months is None:
        return None
    zone = view.terms.termination.zone
    return first_instant(month_start(local_day(event, zone), force.months), zone)


def _end(view: View, at: int) -> View:
    return replace(view, stage=Stage.ENDED, ended_at=at)


def _amend(view: View, at: int) -> View:
    amendment = min(view.pending, key=lambda pending: pending.effective)
    pending = tuple(other for other in view.pending if other is not amendment)
    amended = replace(view, digest=amendment.digest, since=at, pending=pending)
    if view.stage is Stage.IN_FORCE:
        lost = view.lost or _boundary_passed_unseen(view, amended.terms, at)
        amended = replace(amended, schedule=_reschedule(replace(view, now=at), amended.terms), lost=lost)
    return spend_suspended(amended)


def _enter_into_force(view: View, at: int) -> View:
    if view.terms is None:
        return view
    day_zero = local_day(at, view.terms.termination.zone)
    entered = replace(view, stage=Stage.IN_FORCE, since=at, day_zero=day_zero)
    return replace(entered, schedule=_reschedule(entered, view.terms))


_EVENTS = (_end, _amend, _enter_into_force)


def _reschedule(view: View, terms: Agreement | None) -> Schedule | None:
    """The boundaries when ``terms`` take effect at ``view.now`` (lifecycle 3 and 6).

    A document that is not at hand keeps the current boundary, with whatever comes after it unknown.
    """
    old, term = view.schedule, None if terms is None else terms.term
    if terms is not None and (term is None or term.length is None):
        return None
    extension = None if term is None or term.extension is None else parse_period(term.extension)
    overflow = "clamp" if term is None else term.overflow
    if old is not None:
        boundary = view.next_boundary() or old.current.boundary(0)
        return old.amended(boundary, extension, overflow)
    if term is None or term.length is None or view.day_zero is None:
        return None
    return Schedule(Series(view.day_zero, parse_period(term.length), extension, overflow))


def _boundary_passed_unseen(view: View, terms: Agreement | None, at: int) -> bool:
    if view.terms is not None or view.schedule is None or terms is None:
        return False
    return first_instant(view.schedule.current.boundary(0), terms.termination.zone) <= at


def spend_suspended(view: View) -> View:
    """The view with every suspended notice withdrawn, if its party reads a suspended notice as spent (lifecycle 5)."""
    if view.reading != "spent":
        return view
    notices = {
        name: replace(notice, state=NoticeState.WITHDRAWN, held_by=None)
        if notice.state is NoticeState.SUSPENDED
        else notice
        for name, notice in view.notices.items()
    }
    return replace(view, notices=notices)


def notice_end(view: View, terms: Agreement, given: date, counts: int, counting: str) -> int | None:
    """When a notice given on the local day ``given`` ends the agreement (lifecycle 4); never before it ``counts``.

    ``None``: there is no boundary that it can still reach. A boundary that it can reach lies after ``given``, because a
    lead is at least a day.
    """
    clause = terms.termination
    overflow = "clamp" if terms.term is None else terms.term.overflow
    reached = add(given, parse_period(clause.lead), overflow)
    day: date | None
    if clause.rule == "after_notice":
        day = day_after(reached) if clause.ends == "end_of_day" else reached
    else:
        needed = day_after(reached) if counting == "last_day" else reached
        day = None if view.schedule is None else view.schedule.first_where(lambda boundary: boundary >= needed)
    return None if day is None else max(first_instant(day, clause.zone), counts)
