"""Why: the sentences that go with a status and with a refused act, for people who were not there.

Each names what happened, with its instant, and what the rule rests on: the article of the treaty that the terms name
for the topic, else the section of docs/spec/lifecycle.md ("lifecycle 4"). A sentence is for reading; programs read the
code.
"""

from collections.abc import Mapping

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import local_day
from entente.domain.agreement.course import Verdict
from entente.domain.agreement.instants import format_instant
from entente.domain.agreement.lifecycle import Code
from entente.domain.agreement.terms import Agreement
from entente.domain.agreement.view import NoticeState, Stage, View


class StatusReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why release is refused (``blocks``), or what a reader should know; ``rests_on`` names an article or a section."""

    code: str
    blocks: bool
    rests_on: str
    text: str
    remedy: str


class RefusedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that counts in its writer's view and that no view has allowed (lifecycle 1)."""

    act: str
    code: Code
    text: str


def status_reasons(views: Mapping[str, View], phases: Mapping[str, str]) -> tuple[StatusReason, ...]:
    """The reason that blocks release, if one does, then what informs (lifecycle 7)."""
    operating = {"notice_running", "notice_suspended", "in_force"}
    found = set(phases.values())
    blocking = []
    if "unknown" in found:
        blocking.append(_terms_missing(views))
    elif not found <= operating and found & operating:
        blocking.append(_disputed(views, phases))
    elif "suspended" in found:
        blocking.append(_suspended(views))
    elif found - operating:
        blocking.append(_not_in_force(views))
    return (*blocking, *_other_countings(views))


def _terms(views: Mapping[str, View]) -> Agreement:
    view = next(iter(views.values()))
    return view.terms or view.frame.documents[view.frame.first]


def _day(instant: int, terms: Agreement) -> str:
    zone = terms.termination.zone
    return f"{local_day(instant - 1, zone)} in {zone}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _terms_missing(views: Mapping[str, View]) -> StatusReason:
    view = next(view for view in views.values() if view.unknown)
    if view.terms is None:
        text = (
            f"The document {view.digest} is in effect since {format_instant(view.since)} and is not at hand, "
            "so nobody can say what the terms allow."
        )
        remedy = "Provide the document with that digest."
    else:
        text = "Something happened under an amended document that is not at hand, so what followed cannot be known."
        remedy = "Provide every document that was ever in effect."
    return StatusReason(
        code="TERMS_MISSING",
        blocks=True,
        rests_on=_terms(views).article("amendment", "lifecycle 6"),
        text=text,
        remedy=remedy,
    )


def _disputed(views: Mapping[str, View], phases: Mapping[str, str]) -> StatusReason:
    sides = []
    for party, view in views.items():
        ended = f" since {format_instant(view.ended_at)}" if view.ended_at is not None else ""
        sides.append(f"for {party} it is {phases[party].replace('_', ' ')}{ended}")
    return StatusReason(
        code="STATUS_DISPUTED",
        blocks=True,
        rests_on=_terms(views).article("disputes", "lifecycle 7"),
        text=f"The parties' views differ: {_and(sides)}. Release needs every view to say yes.",
        remedy="Settle the difference by consultation and a formal act; what was provided stays protected meanwhile.",
    )


def _suspended(views: Mapping[str, View]) -> StatusReason:
    parties = next(iter(views.values())).frame.parties
    who = {party for view in views.values() for party, stance in view.stances.items() if stance.suspends}
    by = f" by {_and([party for party in parties if party in who])}" if who else ""
    return StatusReason(
        code="OPERATION_SUSPENDED",
        blocks=True,
        rests_on=_terms(views).article("operation", "lifecycle 6"),
        text=f"The operation of the agreement is suspended{by}; every clock runs on.",
        remedy="Resume operation by resume_operation of whoever suspended it; what was provided stays protected.",
    )


def _not_in_force(views: Mapping[str, View]) -> StatusReason:
    terms = _terms(views)
    ended = [view for view in views.values() if view.ended_at is not None]
    if ended:
        instants = sorted({view.ended_at for view in ended if view.ended_at is not None})
        when = _and([f"{format_instant(instant)} (its last day was {_day(instant, terms)})" for instant in instants])
        text, topic, otherwise = f"The agreement ended at {when}.", "termination", "lifecycle 4"
        remedy = "Conclude a new agreement. What was provided stays protected for as long as it is held."
    else:
        text, topic, otherwise = _before_force(views), "force", "lifecycle 2"
        remedy = "Complete what is missing; entry into force follows from the acts."
    return StatusReason(
        code="AGREEMENT_NOT_IN_FORCE",
        blocks=True,
        rests_on=terms.article(topic, otherwise),
        text=text,
        remedy=remedy,
    )


def _before_force(views: Mapping[str, View]) -> str:
    parties = next(iter(views.values())).frame.parties
    unsigned = [party for party in parties if any(party not in view.signed for view in views.values())]
    if unsigned:
        return f"The agreement is not in force: no signature of {_and(unsigned)} counts in every view yet."
    open_ = [party for party in parties if any(party not in view.completed for view in views.values())]
    rules = {view.terms.force.rule for view in views.values() if view.terms is not None}
    if open_ and rules != {"signature"}:
        return f"The agreement is signed and not in force: no notification by {_and(open_)} counts in every view yet."
    return "The agreement is signed and not yet in force."


def _other_countings(views: Mapping[str, View]) -> list[StatusReason]:
    found: dict[str, StatusReason] = {}
    for view in views.values():
        if view.stage is not Stage.IN_FORCE or view.unknown:
            continue
        for name, notice in view.notices.items():
            awake = notice.state is NoticeState.RUNNING and not notice.ever_suspended
            if not awake or notice.other_end is None or notice.other_end == notice.end:
                continue
            counting = notice.terms.termination.counting
            other = "boundary_day" if counting == "last_day" else "last_day"
            text = (
                f"The terms count by {counting}, and notice {name} ends the agreement at {format_instant(notice.end)}; "
                f"counted by {other} it would end at {format_instant(notice.other_end)}, "
                f"its last day {_day(notice.other_end, notice.terms)}."
            )
            found[text] = StatusReason(
                code="OTHER_COUNTING",
                blocks=False,
                rests_on=notice.terms.article("termination", "lifecycle 4"),
                text=text,
                remedy="Nothing to do: the counting in the terms decides. A notice given earlier satisfies both.",
            )
    return list(found.values())


_REFUSALS: Mapping[Code, str] = {
    "NOT_A_PARTY": "{by} is not a party to the agreement (lifecycle 1).",
    "UNKNOWN_REF": "{kind} has to refer to acts that counted before it, {wanted} (lifecycle 1).",
    "NOT_OWN_ACT": "{kind} acts on the writer's own acts, and {refs} is not by {by} (lifecycle 1).",
    "WRONG_KIND_OF_REF": "{kind} cannot act on {refs}, which is an act of another kind (lifecycle 1).",
    "MISMATCH": "{mismatch} (lifecycle 1).",
    "NOT_SIGNED": "{by} has to sign before it notifies completion (lifecycle 1).",
    "NOT_IN_FORCE": "{kind} has no effect before the agreement enters into force (lifecycle 1).",
    "ALREADY_ENDED": "It counts from {at}, and the agreement ended at {end} (lifecycle 1).",
    "TOO_LATE": "{late} (lifecycle 1).",
    "NOT_REVOCABLE": "The terms make a notice irrevocable, so it cannot be taken back (lifecycle 4).",
    "NOT_SUSPENDED": "There is nothing suspended that {kind} by {by} could wake or lift (lifecycle 5 and 6).",
    "WOULD_LAPSE": (
        "The notice would have ended the agreement at {held}; to take back the suspension alone at {at} would end it "
        "in the past. Withdraw the notice too (lifecycle 5)."
    ),
    "ALREADY_DONE": "{done} (lifecycle 1).",
}


def refused_act(verdict: Verdict | None, act: Act) -> RefusedAct:
    """The refusal of ``act`` by its writer's view, in a sentence; without a verdict its writer is no party."""
    code: Code = "NOT_A_PARTY" if verdict is None or verdict.code is None else verdict.code
    words = {"by": act.by, "kind": act.kind, "refs": ", ".join(act.refs) or "nothing", "wanted": _wanted(act)}
    words |= {"mismatch": _mismatch(act), "done": _done(act)}
    if verdict is not None:
        words |= {"at": format_instant(verdict.at), "late": _late(verdict), "held": _held(verdict)}
        words["end"] = _end(verdict.view)
    return RefusedAct(act=act.id, code=code, text=_REFUSALS[code].format_map(words))


def _wanted(act: Act) -> str:
    if act.kind in ("suspend_notice", "resume_notice"):
        return f"exactly one; it names {len(act.refs)}"
    return f"all of them known; it names {', '.join(act.refs) or 'none'}"


def _mismatch(act: Act) -> str:
    if act.kind == "sign":
        return f"It signs {act.digest}, which is not the document of this agreement"
    effective = "" if act.effective is None else f" {format_instant(act.effective)}"
    return f"With it the agreement would have ended before it takes effect at{effective}"


def _done(act: Act) -> str:
    if act.kind in ("sign", "notify_completion"):
        return f"{act.by} has done this before"
    if act.kind == "suspend_notice":
        return f"{', '.join(act.refs)} is not running"
    return f"Nothing of {', '.join(act.refs) or 'what it names'} is live any more"


def _end(view: View) -> str:
    return "no instant" if view.ended_at is None else format_instant(view.ended_at)


def _held(verdict: Verdict) -> str:
    refs = verdict.act.refs
    ends = [notice.end for notice in verdict.view.notices.values() if notice.held_by in refs]
    return format_instant(min(ends)) if ends else "its end"


def _late(verdict: Verdict) -> str:
    act, at = verdict.act, format_instant(verdict.at)
    if verdict.view.stage is Stage.ENDED and act.kind != "notice_of_termination":
        return f"It counts from {at}, and the agreement ended at {_end(verdict.view)}"
    named = act.instant if act.kind == "agree_termination" else act.effective
    if named is not None:
        return f"It names {format_instant(named)}, which is not later than {at}, from which it counts"
    return f"It counts from {at}, too late for any end of term that is left"
