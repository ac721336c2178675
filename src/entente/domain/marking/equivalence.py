"""The table of corresponding levels, compiled from an agreement's ``[[levels]]`` (docs/spec/marking.md, section 2).

The table is directional and no bijection: several native markings may share a row, and a party may have none in it.
What it does not name it does not map: nothing is ever rounded up or down.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from entente.domain.agreement.terms import Agreement, Level


class TableError(ValueError):
    """The rows contradict each other; an agreement that says so cannot be compiled."""


class NoEquivalentLevelError(ValueError):
    """A marking has no counterpart under this table, so an item that bears it cannot be released to that party."""


class UnknownMarkingError(NoEquivalentLevelError):
    """The text is no marking of that party under this table; it is never guessed at."""


class Correspondence(msgspec.Struct, frozen=True):
    """What a native marking is for a recipient.

    ``rank`` counts rows from 0, the highest. ``marking`` is the recipient's own marking; with ``handling`` it is the
    marking whose handling the recipient promises, the level itself having no counterpart.
    """

    native: str
    common: str
    rank: int
    marking: str
    handling: bool = False


class EquivalenceTable:
    """One version of the table; ``version`` is the digest of the terms that contain it."""

    __slots__ = ("_handling", "_natives", "_ranks", "commons", "version")

    def __init__(self, levels: Sequence[Level], version: str) -> None:
        self.version = version
        self.commons: tuple[str, ...] = tuple(level.common for level in levels)
        self._natives: tuple[Mapping[str, tuple[str, ...]], ...] = tuple(dict(level.native) for level in levels)
        self._handling: tuple[Mapping[str, str], ...] = tuple(dict(level.handling) for level in levels)
        self._ranks: dict[tuple[str, str], int] = {}
        for rank, level in enumerate(levels):
            self._add(rank, level)

    def _add(self, rank: int, level: Level) -> None:
        if self.commons.index(level.common) != rank:
            raise TableError(f"two rows are called {level.common!r}")
        for party, natives in level.native.items():
            if natives and level.handling.get(party):
                raise TableError(f"{party} has both a counterpart and a handling promise at {level.common!r}")
            for native in natives:
                if self._ranks.setdefault((party, native), rank) != rank or natives.count(native) > 1:
                    raise TableError(f"{party} uses {native!r} twice; a marking means one level")

    def parties(self) -> frozenset[str]:
        """The parties that have a marking in some row."""
        return frozenset(party for party, _ in self._ranks)

    def rank(self, native: str, party: str) -> int:
        """The row of ``party``'s own marking, 0 the highest.

        Raises:
            UnknownMarkingError: the table does not know it.
        """
        rank = self._ranks.get((party, native))
        if rank is None:
            raise UnknownMarkingError(f"{native!r} is no marking of {party!r} in the table of the terms in force")
        return rank

    def correspond(self, native: str, originator: str, recipient: str) -> Correspondence:
        """What ``native``, a marking of ``originator``, is for ``recipient``.

        Of several markings that the recipient has in the row the first listed corresponds: the parties wrote the order,
        every node reads the same one, and the native marking stays beside it, so nothing is lost by the choice.
        To its own originator a marking is itself.

        Raises:
            UnknownMarkingError: the table does not know the marking.
            NoEquivalentLevelError: the recipient has no counterpart and promised no handling.
        """
        rank = self.rank(native, originator)
        common = self.commons[rank]
        if recipient == originator:
            return Correspondence(native, common, rank, native)
        if own := self._natives[rank].get(recipient):
            return Correspondence(native, common, rank, own[0])
        if promised := self._handling[rank].get(recipient):
            return Correspondence(native, common, rank, promised, handling=True)
        raise NoEquivalentLevelError(f"{native!r} ({common}) has no counterpart with {recipient!r}")

    def all_for(self, recipient: str) -> dict[tuple[str, str], Correspondence]:
        """Every marking that can be released to ``recipient``: (originator, native marking) -> correspondence."""
        found = {}
        for originator, native in self._ranks:
            try:
                found[originator, native] = self.correspond(native, originator, recipient)
            except NoEquivalentLevelError:
                continue
        return found

    def held_rank(self, marking: str, holder: str) -> int | None:
        """The row of a marking that ``holder`` put on what it holds: its own, else one whose handling it promised."""
        rank = self._ranks.get((holder, marking))
        if rank is not None:
            return rank
        return next((row for row, promised in enumerate(self._handling) if promised.get(holder) == marking), None)

    def highest(self, holder: str) -> tuple[str, bool]:
        """The highest marking ``holder`` has, or promised the handling of (then ``True``); else the top row's name."""
        for natives, promises in zip(self._natives, self._handling, strict=True):
            if natives.get(holder):
                return natives[holder][0], False
            if promises.get(holder):
                return promises[holder], True
        return self.commons[0], False

    def strictest(self, markings: Iterable[tuple[str, str]]) -> tuple[str, str]:
        """Of (native marking, party) pairs the one in the highest row; of equals the first.

        Raises:
            UnknownMarkingError: the table does not know one of them.
            ValueError: there are none.
        """
        return min(markings, key=lambda pair: self.rank(*pair))


def compile_table(agreement: Agreement, version: str) -> EquivalenceTable:
    """The table of an agreement; ``version`` is the digest of its document.

    Raises:
        TableError: a marking stands in two rows, or a party has a counterpart and a handling promise in one.
    """
    return EquivalenceTable(agreement.levels, version)
