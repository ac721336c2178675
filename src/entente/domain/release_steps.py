"""The judges of the gate's steps: one function each, ``None`` where the step passes (docs/spec/gate.md, section 4).

Each takes (rules, item, the item's levels, instant in ms) and returns the text of what is wrong. :mod:`.release` gives
them their numbers, order and codes.
"""

from collections.abc import Callable

from entente.domain.agreement.instants import format_instant
from entente.domain.marking.caveats import ORCON, exclusion
from entente.domain.marking.equivalence import EquivalenceTable
from entente.domain.release_facts import RELEASE_ROLE, ApprovalFact, ConsentFact, ItemFacts
from entente.domain.release_reasons import Reason
from entente.domain.release_rules import ALL_CHANNELS, Levels, Rules
from entente.domain.standing import lacks

REALITIES = frozenset({"actual", "exercise", "test"})


def fixed(code: str) -> Callable[[Rules, ItemFacts, Levels, int], Reason | None]:
    """The judge of a step that the status decides for every item alike, when the gate is compiled."""
    return lambda rules, _item, _levels, _at: rules.fixed.get(code)


def judge_party(rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> Reason | str | None:
    """1. Sender and recipient are parties, and the item goes from the one to the other."""
    if "NOT_A_PARTY" in rules.fixed:
        return rules.fixed["NOT_A_PARTY"]
    if item.sender != rules.sender:
        return f"The item is sent by {item.sender or 'nobody'}, not by {rules.sender}."
    if rules.recipient not in item.recipients:
        return f"The item is not addressed to {rules.recipient}."
    return None


def judge_key(_rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """7. The counterparty's key was trusted at this instant."""
    return None if item.key_trusted is True else "The counterparty's key is not trusted for this instant."


def judge_clock(rules: Rules, item: ItemFacts, _levels: Levels, at: int) -> str | None:
    """8. The status is the same within the uncertainty of the clock."""
    uncertainty = item.uncertainty
    if uncertainty is None or uncertainty < 0:
        return "The uncertainty of the clock is not known."
    if rules.steady_from is not None and at - uncertainty < rules.steady_from:
        edge = rules.steady_from
    elif rules.steady_until is not None and at + uncertainty >= rules.steady_until:
        edge = rules.steady_until
    else:
        return None
    return f"The clock is uncertain by ±{uncertainty} ms and the status is another beyond {format_instant(edge)}."


def judge_reality(_rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """9. The item says whether it is actual, exercise or test."""
    return None if item.reality in REALITIES else "The item does not say whether it is actual, exercise or test."


def judge_label(_rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """10. The item bears a marking, and it is that of its originator."""
    marking = item.marking
    if marking is None or not marking.level or not marking.originator:
        return "The item bears no marking."
    if marking.originator != item.originator:
        return f"The marking names {marking.originator} as originator, the item {item.originator or 'nobody'}."
    return None


def judge_level(rules: Rules, item: ItemFacts, levels: Levels, _at: int) -> str | None:
    """11. The marking has a counterpart with the recipient, now or, for an acceptance, in the terms at release."""
    if item.marking is None or levels.now is not None or levels.then is not None:
        return None
    return f"{item.marking.level!r} has no counterpart with {rules.recipient}; it is never rounded up or down."


def judge_caveat(rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """12. No caveat excludes the recipient; an unknown one excludes everybody."""
    return None if item.marking is None else exclusion(item.marking, rules.recipient, rules.caveats)


def judge_purpose(_rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """13. A purpose is stated."""
    return None if item.purpose else "No purpose is stated."


def judge_purpose_allowed(rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """14. The purpose is one of those allowed."""
    if not item.purpose or item.purpose in rules.purposes:
        return None
    allowed = ", ".join(sorted(rules.purposes)) or "none"
    return f"The purpose {item.purpose!r} is not among those allowed: {allowed}."


def judge_channel(rules: Rules, item: ItemFacts, levels: Levels, _at: int) -> str | None:
    """15. The terms allow the channel at this level."""
    level, level_rules = (levels.now, rules.levels) if levels.now is not None else (levels.then, levels.then_rules)
    if level is None or level_rules is None:
        return None if item.channel in ALL_CHANNELS else f"{item.channel!r} is no channel."
    allowed = level_rules.channels.get(level.common, frozenset())
    if item.channel in allowed:
        return None
    return f"At {level.common} the terms allow {', '.join(sorted(allowed)) or 'no channel'}, not {item.channel!r}."


def judge_facility(rules: Rules, item: ItemFacts, levels: Levels, at: int) -> str | None:
    """16. Where the terms ask for it, the recipient's facility is cleared up to this level."""
    if not rules.facility:
        return None
    fact = item.facility
    if fact is None or fact.party != rules.recipient or at >= fact.valid_until:
        return f"No valid clearance of a facility of {rules.recipient} is known."
    for level, level_rules in ((levels.now, rules.levels), (levels.then, levels.then_rules)):
        if level is not None and level_rules is not None:
            cleared = level_rules.ranks.get(fact.level)
            if cleared is None or cleared > level.rank:
                return f"The facility is cleared for {fact.level!r}, not for {level.common}."
    return None


def judge_assurance(rules: Rules, item: ItemFacts, _levels: Levels, at: int) -> str | None:
    """17. Where the terms ask for it, the recipient has given its assurance for this purpose beforehand."""
    if not rules.assurance:
        return None
    fact = item.assurance
    if (
        fact is None
        or fact.by != rules.recipient
        or fact.purpose != item.purpose
        or not fact.given <= at < fact.expires
    ):
        return f"{rules.recipient} has given no assurance for this purpose that holds now."
    return None


def judge_consent(rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """18. Every originator but sender and recipient has consented, unless the terms did so in advance."""
    for origin in _asked(rules, item):
        if not any(_matches(rules, item, origin, consent) for consent in item.consents):
            return (
                f"{origin or 'The originator'} has not consented to a release by {rules.sender} to {rules.recipient}."
            )
    return None


def judge_consent_expired(rules: Rules, item: ItemFacts, _levels: Levels, at: int) -> str | None:
    """19. Each consent needed still holds at this instant."""
    if not item.consents:
        return None
    for origin in _asked(rules, item):
        expiries = [consent.expires for consent in item.consents if _matches(rules, item, origin, consent)]
        if expiries and at >= max(expiries):
            return f"The consent of {origin} expired at {format_instant(max(expiries))}."
    return None


def _asked(rules: Rules, item: ItemFacts) -> tuple[str, ...]:
    """Whose consent this release needs: all originators but the sender, and the recipient, to whom its own returns."""
    if not item.contains and (item.originator == rules.sender or item.originator == rules.recipient):
        return ()
    asked = []
    for origin in (item.originator or "", *item.contains):
        pre_authorised = rules.recipient in rules.standing and origin in rules.parties and not _is_orcon(item)
        if origin not in (rules.sender, rules.recipient) and not pre_authorised:
            asked.append(origin)
    return tuple(asked)


def _matches(rules: Rules, item: ItemFacts, origin: str, consent: ConsentFact) -> bool:
    return (
        consent.originator == origin
        and consent.releasing == rules.sender
        and consent.third_party == rules.recipient
        and consent.item == item.item
        and consent.purpose == item.purpose
        and not (consent.standing and _is_orcon(item))
    )


def _is_orcon(item: ItemFacts) -> bool:
    return item.marking is None or ORCON in item.marking.caveats


def judge_authority(rules: Rules, item: ItemFacts, _levels: Levels, at: int) -> str | None:
    """20. The sender's release authority has approved exactly this item, or in advance the class that it lies in."""
    if _approves(rules, item.release_authority, at):
        return None
    standing = item.standing
    if standing is None:
        return item.standing_missing or f"No release authority of {rules.sender} has approved this item."
    wrong = lacks(standing, item, _table(rules, item), at)
    if wrong is not None or _approves(rules, _nth(standing.approvals, 0), at):
        return wrong
    return f"The standing release {standing.id} is not one of a release authority of {rules.sender}."


def _table(rules: Rules, item: ItemFacts) -> EquivalenceTable | None:
    """The table of levels that a ceiling is read by: as for the level itself, that of the terms at release."""
    then = rules.earlier.get(item.released_under) if item.released_under is not None else None
    held = rules.levels if then is None else then
    return None if held is None else held.table


def judge_second_person(rules: Rules, item: ItemFacts, _levels: Levels, at: int) -> str | None:
    """21. Where the terms ask for it, a second person with another key has approved it, or its class, too."""
    if not rules.two_persons:
        return None
    first, second, what = item.release_authority, item.second_person, "this item"
    if item.standing is not None and not _approves(rules, first, at):
        approvals, what = item.standing.approvals, f"the standing release {item.standing.id}"
        first, second = _nth(approvals, 0), _nth(approvals, 1)
    if first is None or second is None or not _approves(rules, second, at):
        return f"A second person has not approved {what}."
    if first.person == second.person or first.key == second.key:
        return "Both approvals come from one person or one key."
    return None


def _nth(approvals: tuple[ApprovalFact, ...], place: int) -> ApprovalFact | None:
    return approvals[place] if place < len(approvals) else None


def _approves(rules: Rules, approval: ApprovalFact | None, at: int) -> bool:
    return (
        approval is not None
        and approval.party == rules.sender
        and approval.role == RELEASE_ROLE
        and bool(approval.office and approval.person and approval.key)
        and (approval.expires is None or at < approval.expires)
    )


def judge_size(rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """22. The size is stated and within the limit, in bytes."""
    if item.size is None or item.size < 0:
        return "The size of the item is not stated."
    return None if item.size <= rules.max_item else f"{item.size} bytes; at most {rules.max_item} are allowed."


def judge_hold(_rules: Rules, item: ItemFacts, _levels: Levels, _at: int) -> str | None:
    """23. No open incident holds the item."""
    return None if item.on_hold is False else "An open incident holds the item, or none can be excluded."
