"""The terms as the gate reads them for one pair of parties: look-ups, compiled once (docs/spec/gate.md, section 2)."""

from collections.abc import Mapping
from typing import get_args

import msgspec

from entente.domain.agreement.calendar import parse_duration
from entente.domain.agreement.terms import Agreement, Channel
from entente.domain.marking.caveats import known_caveats
from entente.domain.marking.equivalence import Correspondence, EquivalenceTable, compile_table
from entente.domain.release_facts import ItemFacts
from entente.domain.release_reasons import Direction, Reason

MAX_ITEM = 1 << 30
"""Bytes: the software's own limit on an item (1 GiB), which terms may lower and never raise."""

ALL_CHANNELS: frozenset[str] = frozenset(get_args(Channel))


class LevelRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one version of the terms says about levels, towards one recipient.

    ``channels`` maps a common level to the channels allowed at it; a level that is not in it allows none.
    """

    table: EquivalenceTable
    columns: frozenset[str]
    pairs: Mapping[tuple[str, str], Correspondence]
    ranks: Mapping[str, int]
    channels: Mapping[str, frozenset[str]]

    def of(self, item: ItemFacts) -> Correspondence | None:
        """The recipient's correspondence of the item's marking, or of the sender's own marking on a relayed item."""
        marking = item.marking
        if marking is None:
            return None
        if marking.originator in self.columns:
            return self.pairs.get((marking.originator, marking.level))
        if item.held_as is None or item.sender is None:
            return None
        return self.pairs.get((item.sender, item.held_as))


class Levels(msgspec.Struct, frozen=True, gc=False):
    """The item's level under the terms in force and, where an acceptance goes by earlier terms, under those."""

    now: Correspondence | None
    then: Correspondence | None
    then_rules: LevelRules | None


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision looks up.

    ``fixed`` holds the reasons that hold for every item in this interval; ``earlier`` the level rules of terms that
    were in force before, by version; ``steady`` the bounds (ms, first inclusive, last exclusive, ``None``: without
    bound) within which release is allowed, or not, as now. ``agreement`` is ``None`` where the terms are missing.
    """

    agreement: Agreement | None
    direction: Direction
    sender: str
    recipient: str
    fixed: Mapping[str, Reason]
    steady_from: int | None
    steady_until: int | None
    max_uncertainty: int
    levels: LevelRules | None
    earlier: Mapping[str, LevelRules]
    caveats: frozenset[str]
    purposes: frozenset[str]
    standing: frozenset[str]
    parties: frozenset[str]
    max_item: int
    two_persons: bool
    assurance: bool
    facility: bool

    def levels_of(self, item: ItemFacts) -> Levels:
        """The item's level, looked up once for all steps that ask for it."""
        now = None if self.levels is None else self.levels.of(item)
        if not self.earlier or item.released_under is None:
            return Levels(now, None, None)
        rules = self.earlier.get(item.released_under)
        return Levels(now, None if rules is None else rules.of(item), rules)


def compile_levels(agreement: Agreement, version: str, recipient: str) -> LevelRules:
    """The level rules of one version of the terms, towards ``recipient``.

    No ``[[channel]]`` table at all: the terms do not speak of channels and every one is allowed. With a table, a level
    without a row allows none: terms that list are read as complete.
    """
    table = compile_table(agreement, version)
    if agreement.channel:
        channels = {row.level: frozenset[str](row.allow) for row in agreement.channel}
    else:
        channels = dict.fromkeys(table.commons, ALL_CHANNELS)
    return LevelRules(
        table=table,
        columns=table.parties(),
        pairs=table.all_for(recipient),
        ranks={common: rank for rank, common in enumerate(table.commons)},
        channels=channels,
    )


def compile_rules(
    agreement: Agreement | None,
    version: str,
    *,
    direction: Direction,
    sender: str,
    recipient: str,
    fixed: Mapping[str, Reason],
    steady: tuple[int | None, int | None],
    earlier: Mapping[str, Agreement],
) -> Rules:
    """The rules of the terms in force between ``sender`` and ``recipient``; ``None`` for terms that are missing.

    Raises:
        TableError: the table of levels contradicts itself.
        ValueError: a duration of the terms is none.
    """
    accepting = agreement is not None and direction == "accept"
    return Rules(
        agreement=agreement,
        direction=direction,
        sender=sender,
        recipient=recipient,
        fixed=fixed,
        steady_from=steady[0],
        steady_until=steady[1],
        max_uncertainty=0 if agreement is None else parse_duration(agreement.limits.max_uncertainty),
        levels=None if agreement is None else compile_levels(agreement, version, recipient),
        earlier={
            digest: compile_levels(terms, digest, recipient)
            for digest, terms in earlier.items()
            if accepting and digest != version
        },
        caveats=frozenset() if agreement is None else known_caveats(agreement),
        purposes=frozenset() if agreement is None else frozenset(agreement.purposes.allowed),
        standing=frozenset() if agreement is None else frozenset(agreement.third_party.standing),
        parties=frozenset() if agreement is None else frozenset(agreement.parties),
        max_item=_max_item(agreement),
        two_persons=agreement is None or agreement.release.two_persons,
        assurance=agreement is None or agreement.release.assurance,
        facility=agreement is None or agreement.release.facility,
    )


def _max_item(agreement: Agreement | None) -> int:
    limit = None if agreement is None else agreement.limits.max_item
    return MAX_ITEM if limit is None else min(limit, MAX_ITEM)
