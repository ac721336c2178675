"""Reading the embedded store: what can be asked of it, inside a transaction or beside it (docs/spec/store.md)."""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from entente.store.connection import translated
from entente.store.debts import DebtReader
from entente.store.rows import AwaitedRow, EntryRow, LogRow, RegisterRow, RelationRow, StreamRow

FRONTIER_EVERY = 512
"""Entries between two stored frontiers: the most hashes an earlier root costs."""
PLACES = 16
"""Places of bodies that a body's key has room for; an envelope has fewer."""
SPENT = 4
"""Rank of a wrapped key that is answered and kept for this party alone (docs/spec/store.md)."""


def body_id(log: int, seq: int, place: int) -> int:
    """The one integer that a body is found by: rows of one log lie together, in order."""
    return log << 44 | seq << 4 | place


class Reader(DebtReader):
    """What can be asked of the store, inside a transaction or beside it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with translated():
            return self._db.execute(sql, values).fetchall()

    def get(self, key: str) -> bytes | None:
        """A value of the node's own table."""
        rows = self._rows("SELECT value FROM node WHERE key = ?", key)
        return rows[0][0] if rows else None

    def named(self, prefix: str) -> dict[str, bytes]:
        """The values of the node's own table whose keys begin so, by key; ``prefix`` has no wildcard of SQL in it."""
        return dict(self._rows("SELECT key, value FROM node WHERE key LIKE ? || '%' ORDER BY key", prefix))

    def logs(self) -> list[LogRow]:
        """All logs, oldest first."""
        return [LogRow(*row) for row in self._rows("SELECT * FROM log ORDER BY id")]

    def log(self, log: int) -> LogRow:
        """One log by its local id."""
        return LogRow(*self._rows("SELECT * FROM log WHERE id = ?", log)[0])

    def entries(self, log: int, first: int, limit: int) -> list[EntryRow]:
        """Up to ``limit`` entries of a log from sequence number ``first`` on."""
        sql = "SELECT log, seq, kind, instant, envelope FROM entry WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?"
        return [EntryRow(*row) for row in self._rows(sql, log, first, limit)]

    def history(self, agreement: bytes, *, facts: bool = False) -> Iterator[EntryRow]:
        """The entries of an agreement in the order in which this node committed them; all, or those noted as facts."""
        which = "fact f JOIN entry e ON e.at_order = f.at_order" if facts else "entry e"
        sql = (
            f"SELECT e.log, e.seq, e.kind, e.instant, e.envelope FROM {which} JOIN log l ON l.id = e.log"  # noqa: S608
            " WHERE l.agreement = ? ORDER BY e.at_order"
        )
        with translated():
            for row in self._db.execute(sql, (agreement,)):
                yield EntryRow(*row)

    def envelopes(self, log: int, unless: Sequence[str]) -> Iterator[tuple[bytes, bool]]:
        """(envelope, whether it has to be among the facts) of a log, all of them, in order.

        Not one of a kind among ``unless``, as far as the envelope itself bears the name of its kind.
        """
        marks = ",".join("?" * len(unless))
        kind = f"kind NOT IN ({marks}) OR instr(envelope, CAST(kind AS BLOB)) = 0"
        sql = f"SELECT envelope, {kind} FROM entry WHERE log = ? ORDER BY seq"  # noqa: S608 - marks alone
        with translated():
            for data, due in self._db.execute(sql, (*unless, log)):
                yield data, bool(due)

    def bodies(self, log: int, seq: int) -> dict[int, tuple[bool, bytes]]:
        """The bodies held of an entry, by their place; missing ones were withheld or destroyed."""
        first = body_id(log, seq, 0)
        rows = self._rows("SELECT id, sealed, data FROM body WHERE id BETWEEN ? AND ?", first, first + PLACES - 1)
        return {place & (PLACES - 1): (bool(sealed), data) for place, sealed, data in rows}

    def frontier_before(self, log: int, size: int) -> tuple[int, bytes] | None:
        """The nearest stored frontier at or before ``size`` entries."""
        sql = "SELECT size, data FROM frontier WHERE log = ? AND size <= ? ORDER BY size DESC LIMIT 1"
        rows = self._rows(sql, log, size)
        return (rows[0][0], rows[0][1]) if rows else None

    def wrap(self, log: int, seq: int, recipient: str) -> bytes | None:
        """The content key wrapped for a recipient, until it has receipted."""
        rows = self._rows(
            "SELECT data FROM wrap WHERE log = ? AND seq = ? AND recipient = ? AND rank < ?", log, seq, recipient, SPENT
        )
        return rows[0][0] if rows else None

    def cosigned(self, log: int) -> dict[str, tuple[int, str]]:
        """Per party the newest checkpoint of this log that it cosigned: (size, note)."""
        return {
            party: (size, note)
            for party, size, note in self._rows("SELECT party, size, note FROM cosigned WHERE log = ?", log)
        }

    def awaited(self, log: int, seq: int) -> AwaitedRow | None:
        """What is still on its way of a transfer, None where nothing is."""
        rows = self._rows("SELECT * FROM awaited WHERE log = ? AND seq = ?", log, seq)
        return AwaitedRow(*rows[0]) if rows else None

    def awaiting(self, log: int | None = None, limit: int = -1) -> list[AwaitedRow]:
        """Transfers that are not complete, of one log or of all."""
        sql = "SELECT * FROM awaited WHERE ?1 IS NULL OR log = ?1 ORDER BY log, seq LIMIT ?2"
        return [AwaitedRow(*row) for row in self._rows(sql, log, limit)]

    def waits(self, log: int, recipient: str, rank: int, first: int) -> int | None:
        """The first entry from ``first`` on of an unanswered item of precedence ``rank`` (0 to 2, not ROUTINE)."""
        sql = (
            "SELECT seq FROM wrap WHERE log = ? AND recipient = ? AND rank = ? AND rank < 3 AND seq >= ?"
            " ORDER BY seq LIMIT 1"
        )
        rows = self._rows(sql, log, recipient, rank, first)
        return rows[0][0] if rows else None

    def ranks(self, log: int, recipient: str, first: int, last: int) -> dict[int, int]:
        """The rank of each item of entries ``first`` to ``last`` that a recipient has not answered."""
        sql = "SELECT seq, rank FROM wrap WHERE log = ? AND seq BETWEEN ? AND ? AND recipient = ? AND rank < ?"
        return dict(self._rows(sql, log, first, last, recipient, SPENT))

    def kept(self) -> Generator[tuple[int, int], None, None]:
        """(log, seq) of every item that the register shows as given or held, or that is on its way, in order."""
        sql = (
            "SELECT log, seq FROM register WHERE direction != 'refused' UNION ALL SELECT log, seq FROM awaited"
            " ORDER BY log, seq"
        )
        with translated():
            yield from self._db.execute(sql)

    def urgent(self) -> list[tuple[int, str, int, int]]:
        """(log, recipient, rank, newest sequence number) of what is unanswered and not ROUTINE."""
        return self._rows(
            "SELECT log, recipient, rank, MAX(seq) FROM wrap WHERE rank < 3 GROUP BY log, recipient, rank"
        )

    def all_wraps(self) -> Iterator[tuple[int, int, str, bytes]]:
        """(log, seq, recipient, wrap) of every wrapped key that is kept."""
        with translated():
            yield from self._db.execute("SELECT log, seq, recipient, data FROM wrap ORDER BY log, seq")

    def wraps(self, log: int, recipient: str, first: int, last: int) -> dict[int, tuple[bytes, int]]:
        """The wrapped keys that a recipient has not answered, of entries ``first`` to ``last``: seq -> (wrap, rank)."""
        sql = "SELECT seq, data, rank FROM wrap WHERE log = ? AND seq BETWEEN ? AND ? AND recipient = ? AND rank < ?"
        return {seq: (data, rank) for seq, data, rank in self._rows(sql, log, first, last, recipient, SPENT)}

    def bodies_between(self, log: int, first: int, last: int) -> dict[int, dict[int, tuple[bool, bytes]]]:
        """The bodies held of entries ``first`` to ``last``: seq -> place -> (sealed, bytes)."""
        sql = "SELECT id, sealed, data FROM body WHERE id BETWEEN ? AND ?"
        found: dict[int, dict[int, tuple[bool, bytes]]] = {}
        base = body_id(log, 0, 0)
        for number, sealed, data in self._rows(sql, body_id(log, first, 0), body_id(log, last, PLACES - 1)):
            seq, place = divmod(number - base, PLACES)
            found.setdefault(seq, {})[place] = (bool(sealed), data)
        return found

    def register(self, direction: str | None = None) -> list[RegisterRow]:
        """The register's lines in their order, of one direction (``given``, ``held``, ``refused``) or all."""
        sql = "SELECT * FROM register WHERE ?1 IS NULL OR direction = ?1 ORDER BY number"
        return [RegisterRow(*row) for row in self._rows(sql, direction)]

    def register_line(self, log: int, seq: int, direction: str | None = None) -> RegisterRow | None:
        """The register's line of one entry, of one direction or the first."""
        sql = "SELECT * FROM register WHERE log = ?1 AND seq = ?2 AND (?3 IS NULL OR direction = ?3) ORDER BY number"
        rows = self._rows(sql, log, seq, direction)
        return RegisterRow(*rows[0]) if rows else None

    def register_of(self, log: int, seq: int, direction: str) -> list[RegisterRow]:
        """The register's lines of one entry, one for each recipient."""
        sql = "SELECT * FROM register WHERE log = ? AND seq = ? AND direction = ? ORDER BY number"
        return [RegisterRow(*row) for row in self._rows(sql, log, seq, direction)]

    def register_between(self, log: int, first: int, last: int) -> dict[int, list[RegisterRow]]:
        """The register's lines of entries ``first`` to ``last``: seq -> its lines in their order, of any direction."""
        found: dict[int, list[RegisterRow]] = {}
        for row in self._rows("SELECT * FROM register WHERE log = ? AND seq BETWEEN ? AND ?", log, first, last):
            line = RegisterRow(*row)
            found.setdefault(line.seq, []).append(line)
        return {seq: sorted(lines) for seq, lines in found.items()}

    def register_number(self, number: int) -> RegisterRow | None:
        """A line of the register by its number."""
        rows = self._rows("SELECT * FROM register WHERE number = ?", number)
        return RegisterRow(*rows[0]) if rows else None

    def held_from(self, party: str, items: Sequence[str]) -> set[str]:
        """Which of these item ids the register shows as held from a party, of any of its logs."""
        found: set[str] = set()
        for at in range(0, len(items), 500):
            some = items[at : at + 500]
            marks = ",".join("?" * len(some))
            sql = f"SELECT item FROM register WHERE item IN ({marks}) AND party = ? AND direction = 'held'"  # noqa: S608
            found.update(row[0] for row in self._rows(sql, *some, party))
        return found

    def register_items(self, item: str) -> list[RegisterRow]:
        """The register's lines of an item id."""
        return [RegisterRow(*row) for row in self._rows("SELECT * FROM register WHERE item = ?", item)]

    def awaiting_item(self, item: str) -> list[tuple[int, int]]:
        """(log, seq) of transfers of an item id whose payload is not complete."""
        return [(log, seq) for log, seq in self._rows("SELECT log, seq FROM awaited WHERE item = ?", item)]

    def relations(self, item: str) -> list[RelationRow]:
        """Updates and cancels of an item id, in the order of their logs."""
        return [
            RelationRow(*row) for row in self._rows("SELECT * FROM relation WHERE item = ? ORDER BY log, seq", item)
        ]

    def stream(self, log: int, stream: str) -> StreamRow | None:
        """How far a stream of a log has come, None before its first item."""
        sql = "SELECT number, standing, recipients FROM stream WHERE log = ? AND stream = ?"
        rows = self._rows(sql, log, stream)
        return StreamRow(*rows[0]) if rows else None

    def secrets(self, kind: str) -> list[tuple[bytes, int, bytes]]:
        """(id, created, locked bytes) of the node's keys of a kind, oldest first."""
        return [
            tuple(row)
            for row in self._rows("SELECT id, created, data FROM secret WHERE kind = ? ORDER BY created", kind)
        ]

    def evidence(self) -> list[tuple[str, str, int]]:
        """(party, text, instant) of every contradiction kept."""
        return [tuple(row) for row in self._rows("SELECT party, text, instant FROM evidence ORDER BY id")]
