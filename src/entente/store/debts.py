"""What the store is asked for tracers, debts and counters (docs/spec/health.md): few rows out of many, by an index."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

_OPEN = "FROM register r INDEXED BY register_unanswered WHERE r.direction = 'given' AND r.answered IS NULL"


class UnansweredRow(NamedTuple):
    """A line of the register given and not answered, and its entry; ``instant`` in ms since the epoch."""

    number: int
    log: int
    seq: int
    item: str
    instant: int
    envelope: bytes


class EnteredRow(NamedTuple):
    """A line of the register as it was entered: ``given``, ``held`` or ``refused``, and its entry's envelope."""

    number: int
    party: str
    direction: str
    state: str
    envelope: bytes


class DebtReader(ABC):
    """Questions beside those of the record; a reader of the store answers them too."""

    @abstractmethod
    def _rows(self, sql: str, *values: Any) -> list[Any]: ...

    def unanswered_marks(self) -> dict[str, tuple[int, int]]:
        """By party, of the lines given to it and not answered: how many there are, and the newest one's number.

        While both stay the same, so do the lines: an answer makes them fewer, and a new line has a higher number.
        """
        sql = f"SELECT r.party, COUNT(*), MAX(r.number) {_OPEN} GROUP BY r.party"
        return {party: (count, newest) for party, count, newest in self._rows(sql)}

    def unanswered_numbers(self, party: str, up_to: int) -> list[int]:
        """The numbers of the lines given to a party and not answered, up to a number, in order."""
        sql = f"SELECT r.number {_OPEN} AND r.party = ? AND r.number <= ? ORDER BY r.number"
        return [row[0] for row in self._rows(sql, party, up_to)]

    def unanswered(self, party: str, after: int, limit: int) -> list[UnansweredRow]:
        """Up to ``limit`` lines given to a party and not answered, after a number, in order."""
        sql = (
            "SELECT r.number, r.log, r.seq, r.item, r.instant, (SELECT envelope FROM entry e"  # noqa: S608
            f" WHERE e.log = r.log AND e.seq = r.seq) {_OPEN} AND r.party = ? AND r.number > ?"
            " ORDER BY r.number LIMIT ?"
        )
        return [UnansweredRow(*row) for row in self._rows(sql, party, after, limit)]

    def noted_tracers(self, numbers: list[int]) -> set[int]:
        """Which of the register's lines were noted as overdue before."""
        marks = ", ".join("?" * len(numbers))
        sql = f"SELECT number FROM tracer WHERE number IN ({marks})"  # noqa: S608 - question marks and nothing else
        return {row[0] for row in self._rows(sql, *numbers)}

    def newest_line(self) -> int:
        """The number of the register's newest line, 0 where there is none."""
        return int(self._rows("SELECT COALESCE(MAX(number), 0) FROM register")[0][0])

    def entered(self, after: int, limit: int) -> list[EnteredRow]:
        """Up to ``limit`` lines of the register after a number, in order."""
        sql = (
            "SELECT r.number, r.party, r.direction, r.state, e.envelope FROM register r"
            " JOIN entry e ON e.log = r.log AND e.seq = r.seq WHERE r.number > ? ORDER BY r.number LIMIT ?"
        )
        return [EnteredRow(*row) for row in self._rows(sql, after, limit)]
