"""Marking what was received, and what was made from it (docs/spec/marking.md, sections 4 and 5).

Release asks the table and is refused where it has no row. Receipt never is: an item lawfully released is held, at the
stricter reading, and its originator is asked.
"""

from collections.abc import Sequence

from entente.domain.marking.equivalence import Correspondence, EquivalenceTable, NoEquivalentLevelError
from entente.domain.marking.marking import DerivedMarking, HeldMarking, Marking


def on_receipt(
    marking: Marking, holder: str, *, at_release: EquivalenceTable | None, now: EquivalenceTable
) -> HeldMarking:
    """How ``holder`` marks an item released under ``at_release`` (``None``: not known) and received under ``now``.

    Both tables know it: held at the stricter of the two. Only one does: held as that one says. Neither: held at the
    holder's highest level. The originator is asked unless both tables answered. Never refused, never lower than a table
    that answered says.
    """
    then = _find(at_release, marking, holder)
    current = _find(now, marking, holder)
    if then is not None and current is not None:
        corresponding, handling, ask = _stricter(then, current, holder, (now, at_release or now))
    elif known := then or current:
        corresponding, handling, ask = known.marking, known.handling, True
    else:
        corresponding, handling, ask = *now.highest(holder), True
    return HeldMarking(
        native=marking,
        holder=holder,
        corresponding=corresponding,
        handling=handling,
        released_under=None if at_release is None else at_release.version,
        table=now.version,
        ask_originator=ask,
    )


def derive(table: EquivalenceTable, holder: str, sources: Sequence[HeldMarking]) -> DerivedMarking:
    """The marking of a document that ``holder`` makes from what it holds (its own information included, if any).

    The level is the strictest of the holder's own markings on the parts; a part whose marking the table does not rank
    takes the document to the highest level. Origins and caveats are united, in order of first appearance; REL TO is
    what every part that has one allows.

    Raises:
        ValueError: there are no sources, or one is held by another party.
    """
    if not sources or any(source.holder != holder for source in sources):
        raise ValueError("a derived marking needs sources, all held by the party that derives")
    ranks = [table.held_rank(source.corresponding, holder) for source in sources]
    known = [rank for rank in ranks if rank is not None]
    level = table.highest(holder)[0] if len(known) < len(ranks) else sources[ranks.index(min(known))].corresponding
    natives = tuple(dict.fromkeys(source.native for source in sources))
    lists = [native.rel_to for native in natives if native.rel_to is not None]
    return DerivedMarking(
        holder=holder,
        level=level,
        origins=tuple(dict.fromkeys(native.originator for native in natives)),
        natives=natives,
        caveats=tuple(dict.fromkeys(caveat for native in natives for caveat in native.caveats)),
        rel_to=tuple(name for name in lists[0] if all(name in other for other in lists)) if lists else None,
    )


def _find(table: EquivalenceTable | None, marking: Marking, holder: str) -> Correspondence | None:
    if table is None:
        return None
    try:
        return table.correspond(marking.level, marking.originator, holder)
    except NoEquivalentLevelError:
        return None


def _stricter(
    then: Correspondence, current: Correspondence, holder: str, tables: tuple[EquivalenceTable, EquivalenceTable]
) -> tuple[str, bool, bool]:
    """(marking, handling, ask) of the stricter; markings compare only inside one table, the present one first."""
    for table in tables:
        before, after = table.held_rank(then.marking, holder), table.held_rank(current.marking, holder)
        if before is not None and after is not None:
            stricter = then if before < after else current
            return stricter.marking, stricter.handling, False
    return *tables[0].highest(holder), True
