"""The lifecycle of an agreement: which act is allowed when, and what it does (docs/spec/lifecycle.md).

Two rules keep this file honest. Everything that decides whether an act is allowed, and what it changes, is here. And
this file does not know whose act it judges or on whose node it runs: the same rules hold for our conduct and theirs.

Theory of operation. A party's view is at one *stage*: draft, signed, in force, ended. The view applies acts one at a
time, in the order in which they count (:mod:`.course`); between two acts time passes (:func:`.view.advance`).
``STAGES`` says which acts a stage has a use for and where they lead; the words in capitals are events that no single
act is: ``SIGNED`` when every party has signed, ``FORCE`` and ``END`` when time has brought entry into force or the end.
Every notice of termination has a small life of its own inside a view, ``NOTICES``; what a suspension does there depends
on how the view's party reads a suspended notice.

An act is put to ``CHECKS`` in order; the first that applies is the code of its refusal, and a refused act changes
nothing except that it has been seen. An act that passes them all is done by the function that ``EFFECTS`` names for its
kind.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec.structs import replace

from entente.domain.agreement.acts import Act, ActKind
from entente.domain.agreement.calendar import local_day
from entente.domain.agreement.instants import MAX_INSTANT
from entente.domain.agreement.view import (
    Amendment,
    Notice,
    NoticeState,
    Stage,
    Stance,
    View,
    advance,
    notice_end,
    spend_suspended,
)

Code = Literal[
    "NOT_A_PARTY",
    "UNKNOWN_REF",
    "NOT_OWN_ACT",
    "WRONG_KIND_OF_REF",
    "MISMATCH",
    "NOT_SIGNED",
    "NOT_IN_FORCE",
    "ALREADY_ENDED",
    "TOO_LATE",
    "NOT_REVOCABLE",
    "NOT_SUSPENDED",
    "WOULD_LAPSE",
    "ALREADY_DONE",
]

Step = Literal["suspend_asleep", "suspend_spent", "resume", "withdraw", "withdraw_suspension", "declare_spent"]

DRAFT, SIGNED, IN_FORCE, ENDED = Stage
RUNNING, SUSPENDED, WITHDRAWN = NoticeState

STAGES: Mapping[Stage, Mapping[str, Stage]] = {
    DRAFT: {
        "sign": DRAFT,
        "notify_completion": DRAFT,
        "amend": DRAFT,
        "declare_reading": DRAFT,
        "SIGNED": SIGNED,
    },
    SIGNED: {
        "sign": SIGNED,
        "notify_completion": SIGNED,
        "amend": SIGNED,
        "declare_reading": SIGNED,
        "FORCE": IN_FORCE,
    },
    IN_FORCE: {
        "sign": IN_FORCE,
        "notify_completion": IN_FORCE,
        "notice_of_termination": IN_FORCE,
        "suspend_notice": IN_FORCE,
        "resume_notice": IN_FORCE,
        "withdraw": IN_FORCE,
        "agree_termination": IN_FORCE,
        "suspend_operation": IN_FORCE,
        "resume_operation": IN_FORCE,
        "amend": IN_FORCE,
        "declare_reading": IN_FORCE,
        "END": ENDED,
    },
    ENDED: {},
}

NOTICES: Mapping[NoticeState, Mapping[Step, NoticeState]] = {
    RUNNING: {"suspend_asleep": SUSPENDED, "suspend_spent": WITHDRAWN, "withdraw": WITHDRAWN},
    SUSPENDED: {
        "resume": RUNNING,
        "withdraw": WITHDRAWN,
        "withdraw_suspension": RUNNING,
        "declare_spent": WITHDRAWN,
    },
    WITHDRAWN: {},
}

REFERS_TO: Mapping[ActKind, frozenset[ActKind]] = {
    "suspend_notice": frozenset({"notice_of_termination"}),
    "resume_notice": frozenset({"notice_of_termination"}),
    "withdraw": frozenset({"notice_of_termination", "suspend_notice"}),
}
"""The kinds that act on earlier acts of their own writer, and what those must be."""


def apply(view: View, act: Act, counts: int) -> tuple[View, Code | None]:
    """Let time pass to ``counts``, judge ``act`` and do it: the view after it, and the code if it is refused."""
    view = advance(view, counts)
    code = refusal(view, act)
    if code is None:
        view = EFFECTS[act.kind](view, act)
    return advance(replace(view, seen={**view.seen, act.id: act}), counts), code


def refusal(view: View, act: Act) -> Code | None:
    """Why the view does not allow ``act`` at ``view.now``, by the first check that applies; ``None`` if it does."""
    return next((code for code, applies in CHECKS if applies(view, act)), None)


def _not_a_party(view: View, act: Act) -> bool:
    return act.by not in view.frame.parties


def _unknown_ref(view: View, act: Act) -> bool:
    wrong_count = {"withdraw": not act.refs, "suspend_notice": len(act.refs) != 1, "resume_notice": len(act.refs) != 1}
    return wrong_count.get(act.kind, False) or any(ref not in view.seen for ref in act.refs)


def _not_own_act(view: View, act: Act) -> bool:
    return act.kind in REFERS_TO and any(view.seen[ref].by != act.by for ref in act.refs)


def _wrong_kind_of_ref(view: View, act: Act) -> bool:
    return act.kind in REFERS_TO and any(view.seen[ref].kind not in REFERS_TO[act.kind] for ref in act.refs)


def _mismatch(view: View, act: Act) -> bool:
    if act.kind == "sign":
        return act.digest not in (None, view.frame.first)
    if act.kind != "amend" or view.stage is ENDED:
        return False
    amendment = _amendment(act)
    adopted = replace(view, now=min(view.now, amendment.effective), pending=(*view.pending, amendment))
    return advance(adopted, amendment.effective).stage is ENDED


def _not_signed(view: View, act: Act) -> bool:
    return act.kind == "notify_completion" and act.by not in view.signed


def _not_in_force(view: View, act: Act) -> bool:
    return view.stage in (DRAFT, SIGNED) and act.kind not in STAGES[view.stage]


def _already_ended(view: View, act: Act) -> bool:
    return view.stage is ENDED and not _too_late(view, act)


def _too_late(view: View, act: Act) -> bool:
    if act.kind == "suspend_notice":
        notice = view.notices.get(act.refs[0])
        return notice is not None and notice.state is RUNNING and view.now >= notice.end
    if act.kind == "agree_termination":
        return view.stage is ENDED or _instant(act) <= view.now
    if act.kind == "amend":
        return view.stage is ENDED or _amendment(act).effective <= view.now
    return act.kind == "notice_of_termination" and view.terms is not None and _notice(view, act) is None


def _not_revocable(view: View, act: Act) -> bool:
    if act.kind == "suspend_notice" and view.reading == "spent":
        notice = view.notices.get(act.refs[0])
        return notice is not None and notice.state is RUNNING and not notice.terms.termination.revocable
    if act.kind == "withdraw":
        live = [view.notices[ref] for ref in act.refs if _live_notice(view, ref)]
        return any(not notice.terms.termination.revocable for notice in live)
    return False


def _not_suspended(view: View, act: Act) -> bool:
    if act.kind == "resume_notice":
        return not _can(view, act.refs[0], "resume")
    if act.kind == "resume_operation":
        own = view.stances.get(act.by)
        return not view.jointly_suspended and (own is None or not own.suspends)
    return False


def _would_lapse(view: View, act: Act) -> bool:
    held = [view.notices[name] for name in _released(view, act)] if act.kind == "withdraw" else []
    return any(view.now >= notice.end for notice in held)


def _already_done(view: View, act: Act) -> bool:
    if act.kind == "sign":
        return act.by in view.signed
    if act.kind == "notify_completion":
        return act.by in view.completed
    if act.kind == "suspend_notice":
        return not _can(view, act.refs[0], "suspend_asleep")
    if act.kind == "withdraw":
        return not _released(view, act) and not any(_live_notice(view, ref) for ref in act.refs)
    return False


CHECKS: tuple[tuple[Code, Callable[[View, Act], bool]], ...] = (
    ("NOT_A_PARTY", _not_a_party),
    ("UNKNOWN_REF", _unknown_ref),
    ("NOT_OWN_ACT", _not_own_act),
    ("WRONG_KIND_OF_REF", _wrong_kind_of_ref),
    ("MISMATCH", _mismatch),
    ("NOT_SIGNED", _not_signed),
    ("NOT_IN_FORCE", _not_in_force),
    ("ALREADY_ENDED", _already_ended),
    ("TOO_LATE", _too_late),
    ("NOT_REVOCABLE", _not_revocable),
    ("NOT_SUSPENDED", _not_suspended),
    ("WOULD_LAPSE", _would_lapse),
    ("ALREADY_DONE", _already_done),
)
"""The checks in their order (lifecycle 1): a later one may rely on the earlier ones having passed."""


def _sign(view: View, act: Act) -> View:
    view = replace(view, signed={**view.signed, act.by: view.now})
    return replace(view, stage=STAGES[DRAFT]["SIGNED"]) if len(view.signed) == len(view.frame.parties) else view


def _notify_completion(view: View, act: Act) -> View:
    return replace(view, completed={**view.completed, act.by: view.now})


def _give_notice(view: View, act: Act) -> View:
    notice = _notice(view, act)
    return replace(view, lost=True) if notice is None else _with_notice(view, act.id, notice)


def _suspend_notice(view: View, act: Act) -> View:
    notice = view.notices[act.refs[0]]
    state = NOTICES[notice.state]["suspend_spent" if view.reading == "spent" else "suspend_asleep"]
    held_by = act.id if state is SUSPENDED else None
    suspended = replace(notice, state=state, held_by=held_by, held_at=view.now, ever_suspended=True)
    return _with_notice(view, act.refs[0], suspended)


def _resume_notice(view: View, act: Act) -> View:
    notice = view.notices[act.refs[0]]
    held_at = view.now if notice.held_at is None else notice.held_at
    left = 0 if notice.terms.termination.resume == "immediate" else notice.end - held_at
    woken = replace(notice, state=NOTICES[notice.state]["resume"], held_by=None, end=min(view.now + left, MAX_INSTANT))
    return _with_notice(view, act.refs[0], woken)


def _withdraw(view: View, act: Act) -> View:
    released = _released(view, act)
    for ref in act.refs:
        if _live_notice(view, ref):
            notice = view.notices[ref]
            view = _with_notice(view, ref, replace(notice, state=NOTICES[notice.state]["withdraw"], held_by=None))
    for name in released:
        notice = view.notices[name]
        state = NOTICES[notice.state]["withdraw_suspension"]
        view = _with_notice(view, name, replace(notice, state=state, held_by=None))
    return view


def _agree_termination(view: View, act: Act) -> View:
    named = {**view.named_ends, act.by: _instant(act)}
    agreed = len(named) == len(view.frame.parties) and len(set(named.values())) == 1
    return replace(view, named_ends=named, agreed_end=_instant(act) if agreed else view.agreed_end)


def _suspend_operation(view: View, act: Act) -> View:
    alone = view.terms is None or view.terms.operation.unilateral
    stances = {**view.stances, act.by: Stance(suspends=True, alone=alone)}
    everyone = len(stances) == len(view.frame.parties) and all(s.suspends and not s.alone for s in stances.values())
    return replace(view, stances=stances, jointly_suspended=view.jointly_suspended or everyone)


def _resume_operation(view: View, act: Act) -> View:
    stances = {**view.stances, act.by: Stance(suspends=False, alone=False)}
    still = any(stance.suspends for stance in stances.values())
    return replace(view, stances=stances, jointly_suspended=view.jointly_suspended and still)


def _amend(view: View, act: Act) -> View:
    amendment = _amendment(act)
    adopters = view.adopters.get(amendment, frozenset()) | {act.by}
    adopted = len(adopters) == len(view.frame.parties) and act.by not in view.adopters.get(amendment, frozenset())
    pending = (*view.pending, amendment) if adopted else view.pending
    return replace(view, adopters={**view.adopters, amendment: adopters}, pending=pending)


def _declare_reading(view: View, act: Act) -> View:
    return spend_suspended(replace(view, declared=act.reading)) if act.by == view.party else view


EFFECTS: Mapping[ActKind, Callable[[View, Act], View]] = {
    "sign": _sign,
    "notify_completion": _notify_completion,
    "notice_of_termination": _give_notice,
    "suspend_notice": _suspend_notice,
    "resume_notice": _resume_notice,
    "withdraw": _withdraw,
    "agree_termination": _agree_termination,
    "suspend_operation": _suspend_operation,
    "resume_operation": _resume_operation,
    "amend": _amend,
    "declare_reading": _declare_reading,
}


def _can(view: View, name: str, step: Step) -> bool:
    notice = view.notices.get(name)
    return notice is not None and step in NOTICES[notice.state]


def _live_notice(view: View, name: str) -> bool:
    return _can(view, name, "withdraw")


def _released(view: View, act: Act) -> list[str]:
    """The suspended notices that withdrawing the suspensions in ``act.refs``, and not the notices, lets run on."""
    return [name for name, notice in view.notices.items() if notice.held_by in act.refs and name not in act.refs]


def _with_notice(view: View, name: str, notice: Notice) -> View:
    return replace(view, notices={**view.notices, name: notice})


def _notice(view: View, act: Act) -> Notice | None:
    """The notice as it would run under the terms in effect; ``None`` if it can end nothing, or they are missing."""
    terms = view.terms
    if terms is None:
        return None
    clause = terms.termination
    given = local_day(view.now if clause.clock_starts == "receipt" else act.dispatched, clause.zone)
    other = "boundary_day" if clause.counting == "last_day" else "last_day"
    end = notice_end(view, terms, given, view.now, clause.counting)
    if end is None:
        return None
    other_end = notice_end(view, terms, given, view.now, other)
    return Notice(state=RUNNING, terms=terms, end=end, other_end=other_end)


def _amendment(act: Act) -> Amendment:
    if act.digest is None or act.effective is None:
        raise ValueError(f"{act.id}: an amend names a digest and an effective instant")
    return Amendment(act.effective, act.digest)


def _instant(act: Act) -> int:
    if act.instant is None:
        raise ValueError(f"{act.id}: an agree_termination names an instant")
    return act.instant
