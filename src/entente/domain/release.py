"""THE GATE: whether one item may be released, or accepted, at one instant (docs/spec/gate.md).

No code path releases, accepts, relays, exports or lists a payload without asking it. Rules:

1. The gate does not know which party runs it. The same steps judge our conduct and theirs; only the direction differs.
2. Steps are numbered, and their order is the order of the reason codes. Every step that fails is named, not the first.
3. Default deny: what is empty, unknown or missing allows nobody.
4. Time is an argument. A gate is compiled for one interval of the agreement's status and answers inside it only.

What the caller still owes: facts that are verified (:mod:`.release_facts`), an instant read under the log's write lock,
and a fresh gate when the status, the terms or an act of its own has changed (:mod:`.release_status`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from entente.domain import release_steps as steps
from entente.domain.agreement.instants import format_instant
from entente.domain.agreement.status import AgreementStatus
from entente.domain.agreement.terms import Agreement
from entente.domain.release_facts import (
    RELEASE_ROLE,
    ApprovalFact,
    AssuranceFact,
    ConsentFact,
    FacilityFact,
    ItemFacts,
    StandingRelease,
)
from entente.domain.release_reasons import (
    CODES,
    Decision,
    Direction,
    Reason,
    SharedCode,
    gate_reason,
    what_stays_lawful,
)
from entente.domain.release_rules import MAX_ITEM, Levels, Rules, compile_rules

__all__ = [
    "CODES",
    "MAX_ITEM",
    "RELEASE_ROLE",
    "STEPS",
    "ApprovalFact",
    "AssuranceFact",
    "ConsentFact",
    "Decision",
    "Direction",
    "FacilityFact",
    "Gate",
    "GateExpiredError",
    "ItemFacts",
    "Reason",
    "SharedCode",
    "StandingRelease",
    "Step",
    "compile_gate",
]

Judge: TypeAlias = Callable[[Rules, ItemFacts, Levels, int], Reason | str | None]
"""(rules, item, its levels, instant in ms) -> what is wrong, or ``None`` where the step passes."""


class GateExpiredError(RuntimeError):
    """A gate was asked about an instant outside its interval, which is an error of the program: compile another."""


class Step(NamedTuple):
    """One numbered step.

    What ``needs_terms`` is judged only where the terms in force are known; what is ``by_status`` is the same for every
    item of the interval and is decided when the gate is compiled; what is ``asked`` for by the terms passes every item
    where they do not ask for it.
    """

    number: int
    code: str
    judge: Judge
    needs_terms: bool = False
    by_status: bool = False
    asked: Callable[[Rules], bool] = lambda _: True


STEPS: tuple[Step, ...] = (
    Step(1, "NOT_A_PARTY", steps.judge_party),
    Step(2, "TERMS_MISSING", steps.fixed("TERMS_MISSING"), by_status=True),
    Step(3, "AGREEMENT_NOT_IN_FORCE", steps.fixed("AGREEMENT_NOT_IN_FORCE"), by_status=True),
    Step(4, "OPERATION_SUSPENDED", steps.fixed("OPERATION_SUSPENDED"), by_status=True),
    Step(5, "STATUS_DISPUTED", steps.fixed("STATUS_DISPUTED"), by_status=True),
    Step(6, "OWN_ACT_PENDING", steps.fixed("OWN_ACT_PENDING"), by_status=True),
    Step(7, "KEY_NOT_TRUSTED", steps.judge_key),
    Step(8, "CLOCK_UNCERTAIN", steps.judge_clock),
    Step(9, "REALITY_MISSING", steps.judge_reality),
    Step(10, "LABEL_MISSING", steps.judge_label),
    Step(11, "NO_EQUIVALENT_LEVEL", steps.judge_level, needs_terms=True),
    Step(12, "CAVEAT_EXCLUDES_RECIPIENT", steps.judge_caveat, needs_terms=True),
    Step(13, "PURPOSE_MISSING", steps.judge_purpose),
    Step(14, "PURPOSE_NOT_ALLOWED", steps.judge_purpose_allowed, needs_terms=True),
    Step(15, "CHANNEL_NOT_ALLOWED", steps.judge_channel, needs_terms=True),
    Step(16, "FACILITY_NOT_CLEARED", steps.judge_facility, needs_terms=True, asked=lambda rules: rules.facility),
    Step(17, "ASSURANCE_MISSING", steps.judge_assurance, needs_terms=True, asked=lambda rules: rules.assurance),
    Step(18, "ORIGINATOR_CONSENT_MISSING", steps.judge_consent),
    Step(19, "CONSENT_EXPIRED", steps.judge_consent_expired),
    Step(20, "RELEASE_AUTHORITY_MISSING", steps.judge_authority),
    Step(
        21, "SECOND_PERSON_MISSING", steps.judge_second_person, needs_terms=True, asked=lambda rules: rules.two_persons
    ),
    Step(22, "TOO_LARGE", steps.judge_size),
    Step(23, "ON_HOLD", steps.judge_hold),
)
"""The gate: every step, in order. The order is that of the reason codes and never changes."""


class Gate:
    """The gate between two parties for one interval of status; made by :func:`compile_gate`.

    ``since`` (inclusive) and ``until`` (exclusive, ``None``: for ever) are instants in milliseconds.
    """

    __slots__ = ("_allowed", "_steps", "_warnings", "rules", "since", "until")

    def __init__(self, rules: Rules, since: int, until: int | None, warnings: tuple[Reason, ...]) -> None:
        self.rules = rules
        self.since = since
        self.until = until
        self._steps = tuple(
            (step.code, step.judge)
            for step in STEPS
            if (rules.agreement is not None or not step.needs_terms)
            and (step.code in rules.fixed or not step.by_status)
            and step.asked(rules)
        )
        self._warnings = warnings
        self._allowed = Decision(allowed=True, direction=rules.direction, warnings=warnings)

    @property
    def party(self) -> str:
        """The party whose decision this is: the sender of a release, the recipient of an acceptance."""
        return self.rules.sender if self.rules.direction == "release" else self.rules.recipient

    def decide(self, item: ItemFacts, at: int) -> Decision:
        """Whether ``item`` may pass at the instant ``at`` (ms); every step that fails is named.

        Raises:
            GateExpiredError: ``at`` lies outside [since, until). The gate never answers for another interval.
        """
        if at < self.since or (self.until is not None and at >= self.until):
            raise GateExpiredError(f"{format_instant(at)} is outside the interval this gate was compiled for")
        rules = self.rules
        levels = rules.levels_of(item)
        failed: list[Reason] | None = None
        for code, judge in self._steps:
            found = judge(rules, item, levels, at)
            if found is not None:
                reason = gate_reason(rules.agreement, code, found) if isinstance(found, str) else found
                failed = [reason] if failed is None else [*failed, reason]
        if failed is not None:
            return Decision(
                allowed=False,
                direction=rules.direction,
                reasons=tuple(failed),
                warnings=self._warnings + _marks(rules, item, levels),
                stays_lawful=what_stays_lawful(rules.agreement),
            )
        marks = _marks(rules, item, levels)
        if not marks:
            return self._allowed
        return Decision(allowed=True, direction=rules.direction, warnings=self._warnings + marks)

    def stands_until(self, item: ItemFacts) -> int | None:
        """The first instant (ms) at which this gate may answer otherwise about ``item`` than before, None: never.

        For who asks again and again about facts that stay as they are: until then the answer given stands.
        """
        rules, uncertainty = self.rules, item.uncertainty or 0
        bounds = [self.until, None if rules.steady_until is None else rules.steady_until - uncertainty]
        bounds += [consent.expires for consent in item.consents]
        bounds += [
            approval.expires for approval in (item.release_authority, item.second_person) if approval is not None
        ]
        if item.standing is not None:
            bounds.append(item.standing.expires)
        if item.assurance is not None:
            bounds.append(item.assurance.expires)
        if item.facility is not None:
            bounds.append(item.facility.valid_until)
        return min((bound for bound in bounds if bound is not None), default=None)


def _marks(rules: Rules, item: ItemFacts, levels: Levels) -> tuple[Reason, ...]:
    """What does not refuse and has to be seen: a clock beyond its limit, a level that only earlier terms know."""
    if levels.now is not None and item.uncertainty is not None and item.uncertainty <= rules.max_uncertainty:
        return ()
    marks = []
    if item.uncertainty is not None and item.uncertainty > rules.max_uncertainty:
        text = f"The clock is uncertain by ±{item.uncertainty} ms; the terms allow ±{rules.max_uncertainty} ms."
        marks.append(gate_reason(rules.agreement, "CLOCK_UNCERTAIN", text, blocks=False))
    if levels.now is None and levels.then is not None:
        text = "The level has no row in the table in force: held as the table at release says; ask the originator."
        marks.append(gate_reason(rules.agreement, "NO_EQUIVALENT_LEVEL", text, blocks=False))
    return tuple(marks)


def compile_gate(
    *,
    agreement: Agreement | None,
    terms_version: str,
    status: AgreementStatus,
    interval: tuple[int, int | None],
    sender: str,
    recipient: str,
    direction: Direction,
    own_pending: str | None = None,
    steady: tuple[int | None, int | None] | None = None,
    earlier: Mapping[str, Agreement] | None = None,
) -> Gate:
    """Compile the gate for items from ``sender`` to ``recipient`` under the terms in force and one status.

    ``agreement`` and ``terms_version`` are the terms in force in the deciding party's view and their digest; ``None``
    where the document is missing. ``interval`` is [since, until) in ms, in which ``status`` holds and no act of the
    deciding party begins to bind; ``own_pending`` says which act of its own binds it already. ``steady`` bounds the
    stretch around the interval in which release is allowed, or not, as inside it, for clock uncertainty; unknown, it is
    the interval itself. ``earlier`` are terms that were in force before, by digest: an acceptance goes by them where
    the item was released under them. :func:`.release_status.situation` provides all of these.

    Raises:
        ValueError: the status is not of this interval or of these terms, or the terms contradict themselves.
    """
    since, until = interval
    if not since <= status.at or (until is not None and status.at >= until):
        raise ValueError(f"the status of {format_instant(status.at)} is not of the interval given")
    view = status.views.get(sender if direction == "release" else recipient)
    if view is not None and agreement is not None and view.terms_version != terms_version:
        raise ValueError(f"the terms {terms_version} are not those in force, {view.terms_version}")
    rules = compile_rules(
        agreement,
        terms_version,
        direction=direction,
        sender=sender,
        recipient=recipient,
        fixed=_fixed_reasons(agreement, terms_version, status, sender, recipient, own_pending),
        steady=interval if steady is None else steady,
        earlier=earlier or {},
    )
    return Gate(rules, since, until, tuple(reason for reason in status.reasons if not reason.blocks))


def _fixed_reasons(
    agreement: Agreement | None,
    terms_version: str,
    status: AgreementStatus,
    sender: str,
    recipient: str,
    own_pending: str | None,
) -> dict[str, Reason]:
    """Steps 1 to 6 as far as they hold for every item of the interval, by code."""
    fixed: dict[str, Reason] = {}

    def fail(code: str, text: str) -> None:
        fixed.setdefault(code, gate_reason(agreement, code, text))

    for party in (sender, recipient):
        if party not in status.views or (agreement is not None and party not in agreement.parties):
            fail("NOT_A_PARTY", f"{party or 'Nobody'} is no party of this agreement.")
        elif status.left.get(party, status.at + 1) <= status.at:
            fail("NOT_A_PARTY", f"{party} has left this agreement.")
    if sender == recipient:
        fail("NOT_A_PARTY", f"{sender} cannot release to itself.")
    fixed |= {reason.code: reason for reason in status.reasons if reason.blocks and reason.code in CODES}
    if agreement is None:
        fail("TERMS_MISSING", f"The document {terms_version} is in effect and missing here.")
    if not status.release_allowed and not fixed.keys() - {"NOT_A_PARTY"}:
        fail("AGREEMENT_NOT_IN_FORCE", "The status does not allow release.")
    if any(view.terms_version != terms_version for view in status.views.values()) and agreement is not None:
        fail("STATUS_DISPUTED", "The parties' views differ on which terms are in force.")
    if own_pending is not None:
        fail("OWN_ACT_PENDING", own_pending)
    return fixed
