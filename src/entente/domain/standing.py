"""Standing releases: a class of items that a release authority approved in advance (docs/spec/gate.md, section 6).

There is no duty to share and no synchronising: each item is still a decision, taken beforehand for exactly the class
that is written here, for a time, and revocable at once. Whatever the class does not name it does not allow.
"""

from entente.domain.agreement.instants import format_instant
from entente.domain.marking.equivalence import EquivalenceTable, UnknownMarkingError
from entente.domain.release_facts import ItemFacts, StandingRelease


def lacks(standing: StandingRelease, item: ItemFacts, table: EquivalenceTable | None, at: int) -> str | None:
    """What of an item this standing release does not cover at ``at`` (ms), or ``None`` where it covers it.

    ``table`` is the table of levels that the item goes by; ``None``, unknown, covers nothing. Asked ten thousand
    times a second: nothing is built here unless the answer is a refusal.
    """
    if (
        standing.begins <= at < standing.expires
        and item.sender == standing.party
        and item.media_type in standing.media_types
        and item.purpose in standing.purposes
        and item.precedence in standing.precedences
        and item.reality in standing.realities
        and item.size is not None
        and item.size <= standing.max_size
        and bool(item.recipients)
        and standing.recipients.issuperset(item.recipients)
        and _allows_marking(standing, item, table)
    ):
        return None
    return _why(standing, item, table, at)


def _allows_marking(standing: StandingRelease, item: ItemFacts, table: EquivalenceTable | None) -> bool:
    """At or below the ceiling in the party's own column, and with no caveat that is not listed."""
    marking = item.marking
    if marking is None or table is None or marking.originator != standing.party:
        return False
    try:
        low_enough = table.rank(marking.level, standing.party) >= table.rank(standing.level, standing.party)
    except UnknownMarkingError:
        return False
    return low_enough and standing.caveats.issuperset(marking.caveats)


def _why(standing: StandingRelease, item: ItemFacts, table: EquivalenceTable | None, at: int) -> str:
    """The first thing that does not fit, in words."""
    who = f"The standing release {standing.id}"
    if at < standing.begins:
        return f"{who} begins at {format_instant(standing.begins)}."
    if at >= standing.expires:
        return f"{who} expired at {format_instant(standing.expires)}."
    if item.sender != standing.party:
        return f"{who} is one of {standing.party}, not of {item.sender or 'nobody'}."
    for what, value, allowed in (
        ("the media type", item.media_type, standing.media_types),
        ("the purpose", item.purpose, standing.purposes),
        ("the precedence", item.precedence, standing.precedences),
        ("the reality", item.reality, standing.realities),
    ):
        if value not in allowed:
            return f"{who} does not cover {what} {value!r}: {_listed(allowed)}."
    if item.size is None or item.size > standing.max_size:
        size = "not stated" if item.size is None else f"{item.size} bytes"
        return f"{who} covers at most {standing.max_size} bytes; the item's size is {size}."
    others = [party for party in item.recipients if party not in standing.recipients]
    if others or not item.recipients:
        return f"{who} names {_names(standing.recipients)} as recipients, not {', '.join(others) or 'nobody'}."
    return _why_marking(standing, who, item, table)


def _why_marking(standing: StandingRelease, who: str, item: ItemFacts, table: EquivalenceTable | None) -> str:
    marking = item.marking
    if marking is None or table is None:
        return f"{who} has a ceiling of {standing.level!r}; the item's level is not known."
    unlisted = [caveat for caveat in marking.caveats if caveat not in standing.caveats]
    if unlisted:
        return f"{who} does not cover the caveat {unlisted[0]!r}: {_listed(standing.caveats)}."
    if marking.originator != standing.party:
        return f"{who} covers what {standing.party} originated, not what {marking.originator} did."
    return f"{who} covers at most {standing.level!r}; the item is marked {marking.level!r}."


def _listed(allowed: frozenset[str]) -> str:
    return f"only {', '.join(sorted(allowed))}" if allowed else "it names none"


def _names(parties: frozenset[str]) -> str:
    return ", ".join(sorted(parties)) or "nobody"
