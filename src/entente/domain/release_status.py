"""What the agreement's status adds to the gate: the interval, our own pending acts, the stretch for uncertain clocks.

A party's own act that ends or suspends binds its own gate from the instant at which it is committed, received or not;
an act that prolongs or revives counts only when received (lifecycle 7, "On a node"). Here the status is computed once
as it is, and once as if the party's own ending and suspending acts had been received when they were dispatched; where
that leaves the party's own view not operating, the act binds.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.course import counting_instant
from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT, format_instant
from entente.domain.agreement.status import OPERATING, AgreementStatus, interval
from entente.domain.agreement.terms import Agreement
from entente.domain.release_facts import ConsentFact

BINDING_KINDS = frozenset({"notice_of_termination", "resume_notice", "agree_termination", "suspend_operation"})
"""Kinds of acts that can end or suspend."""

HORIZON = 7 * 24 * 3600 * 1000
"""Milliseconds on either side of an interval that are looked through for a change; a clock that is more uncertain than
that is not trusted."""


class OwnPending(msgspec.Struct, frozen=True, kw_only=True):
    """The party's own acts that bind its gate although not every party has received them yet."""

    acts: tuple[str, ...]
    text: str


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about the agreement that a gate is compiled from, for ``party`` and [``since``, ``until``), in ms.

    ``steady`` bounds the stretch in which release is allowed, or not, and under the same terms, as in the interval.
    """

    party: str
    status: AgreementStatus
    since: int
    until: int | None
    own_pending: OwnPending | None
    steady: tuple[int | None, int | None]

    @property
    def terms_version(self) -> str:
        """The digest of the terms in force in the party's own view."""
        return self.status.views[self.party].terms_version


def own_act_pending(
    documents: Mapping[str, Agreement], acts: Sequence[Act], at: int, party: str, *, first: str | None = None
) -> tuple[OwnPending | None, int | None]:
    """Which acts of ``party`` that do not count yet bind its gate at ``at``, and until when this answer holds.

    ``acts`` are all acts the party knows, its own unreceived ones included. The second value is an instant in ms, first
    excluded, or ``None``: for ever.

    Raises:
        ValueError: as :func:`.agreement.status.status` does.
    """
    now, until = interval(documents, acts, at, first=first)
    pending, own_until = _pending(documents, acts, at, party, now, first)
    return pending, _earlier(until, own_until)


def situation(
    documents: Mapping[str, Agreement],
    acts: Sequence[Act],
    at: int,
    party: str,
    *,
    first: str | None = None,
    horizon: int = HORIZON,
) -> Situation:
    """The situation of ``party`` at ``at`` (ms); its interval contains ``at`` and may begin before it.

    Raises:
        ValueError: as :func:`.agreement.status.status` does, or ``party`` is no party.
    """

    def look(instant: int) -> _Stretch:
        return _stretch(documents, acts, instant, party, first)

    since = run_since = instant = max(at - horizon, MIN_INSTANT)
    current = look(instant)
    while current.until is not None and current.until <= at:
        following = look(current.until)
        since = current.until
        run_since = run_since if following.key == current.key else since
        current = following
    steady_until = until = current.until
    end = min(at if until is None else until, MAX_INSTANT - horizon) + horizon
    while steady_until is not None and steady_until < end:
        following = look(steady_until)
        if following.key != current.key:
            break
        steady_until = following.until
    status = current.status if current.status.at == at else look(at).status
    return Situation(
        party=party,
        status=status,
        since=since,
        until=until,
        own_pending=current.pending,
        steady=(run_since, steady_until),
    )


def standing_consent(
    terms: Agreement, allowed_until: int, *, originator: str, releasing: str, third_party: str, item: str, purpose: str
) -> ConsentFact | None:
    """The consent that the agreement of origin gives in advance for an onward release, or ``None``.

    ``terms`` are those in force between originator and holder and ``allowed_until`` the first instant (ms) at which
    release under them is no longer allowed: consent in advance ends with the agreement, a written one does not.
    """
    if third_party not in terms.third_party.standing or not {originator, releasing} <= set(terms.parties):
        return None
    return ConsentFact(
        originator=originator,
        releasing=releasing,
        third_party=third_party,
        item=item,
        purpose=purpose,
        expires=allowed_until,
        standing=True,
    )


class _Stretch(msgspec.Struct, frozen=True):
    """One interval: its status, its end, what binds in it, and by what two stretches are alike for a gate."""

    status: AgreementStatus
    until: int | None
    pending: OwnPending | None

    @property
    def key(self) -> tuple[object, ...]:
        allowed = self.status.release_allowed and self.pending is None
        return allowed, tuple(view.terms_version for view in self.status.views.values())


def _stretch(
    documents: Mapping[str, Agreement], acts: Sequence[Act], at: int, party: str, first: str | None
) -> _Stretch:
    now, until = interval(documents, acts, at, first=first)
    pending, own_until = _pending(documents, acts, at, party, now, first)
    return _Stretch(now, _earlier(until, own_until), pending)


def _pending(
    documents: Mapping[str, Agreement],
    acts: Sequence[Act],
    at: int,
    party: str,
    now: AgreementStatus,
    first: str | None,
) -> tuple[OwnPending | None, int | None]:
    if party not in now.views:
        raise ValueError(f"{party!r} is no party of this agreement")
    others = [other for other in now.views if other != party]
    uncounted = {act.id for act in acts if act.by == party and not _counts(act, at, now.views)}
    binding = {act.id for act in acts if act.id in uncounted and act.kind in BINDING_KINDS}
    if not binding:
        return None, None
    supposed = [_as_received(act, others) if act.id in binding else act for act in acts]
    then, until = interval(documents, supposed, at, first=first)
    if now.views[party].phase not in OPERATING or then.views[party].phase in OPERATING:
        return None, until
    written = sorted(
        (act for act in acts if act.id in binding and act.dispatched <= at), key=lambda act: act.dispatched
    )
    named = ", ".join(f"{act.id} ({act.kind}, written {format_instant(act.dispatched)})" for act in written)
    text = f"An act of {party} binds {party} although it does not count everywhere yet: {named}."
    return OwnPending(acts=tuple(act.id for act in written), text=text), until


def _counts(act: Act, at: int, parties: Iterable[str]) -> bool:
    counts = counting_instant(act, act.by, parties)
    return counts is not None and counts <= at


def _as_received(act: Act, others: Iterable[str]) -> Act:
    """The act as if delivered to everybody when it was dispatched, which its writer's own view alone goes by."""
    return msgspec.structs.replace(act, delivered=dict.fromkeys(others, act.dispatched))


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((instant for instant in (one, other) if instant is not None), default=None)
