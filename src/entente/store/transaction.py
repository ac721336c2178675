"""Writing the embedded store, from BEGIN to COMMIT; every append is compare-and-set on (size, root)."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from entente.store.connection import translated
from entente.store.errors import ConflictError
from entente.store.reader import FRONTIER_EVERY, PLACES, SPENT, Reader, body_id
from entente.store.rows import AwaitedRow, LogRow, NewEntry

AT_ONCE = (32, 8, 1)
"""Rows that one statement inserts: SQLite begins and ends each statement, and writes the register's last number."""


class Transaction(Reader):
    """One write transaction; every method raises StoreError and then nothing of the transaction stands."""

    def _run(self, sql: str, *values: Any) -> int:
        with translated():
            return self._db.execute(sql, values).rowcount

    def _many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            with translated():
                self._db.executemany(sql, rows)

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]], columns: str = "") -> None:
        """Insert rows in their order, each of the table's columns or of those named.

        One that cannot stand takes the transaction with it, as any failure does: so SQLite keeps no copy of the pages
        that a statement changes, to take back this statement alone.
        """
        at, held = 0, len(rows)
        for count in AT_ONCE:
            end = at + (held - at) // count * count
            if at < end:
                self._many(_inserting(table, columns, len(rows[0]), count), _joined(rows, at, end, count))
                at = end

    def put(self, key: str, value: bytes) -> None:
        """Set a value of the node's own table."""
        self._run("INSERT INTO node VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)

    def drop(self, key: str) -> None:
        """Remove a value of the node's own table; one that is not there stays so."""
        self._run("DELETE FROM node WHERE key = ?", key)

    def create_log(self, agreement: bytes, writer: str, incarnation: str, *, root: bytes, frontier: bytes) -> LogRow:
        """An empty log."""
        columns = "agreement, writer, incarnation, size, root, frontier, last_instant, checkpoint"
        sql = f"INSERT INTO log ({columns}) VALUES (?, ?, ?, 0, ?, ?, 0, '')"  # noqa: S608 - the names stand above
        self._run(sql, agreement, writer, incarnation, root, frontier)
        return self.log(self._rows("SELECT last_insert_rowid()")[0][0])

    def append(
        self, head: LogRow, entries: Sequence[NewEntry], *, root: bytes, frontier: bytes, checkpoint: str
    ) -> LogRow:
        """Append entries to the log that stands at ``head``; ``root`` and ``frontier`` are those after them.

        Raises:
            ConflictError: the log no longer stands there.
        """
        size = head.size + len(entries)
        last = entries[-1].instant if entries else head.last_instant
        sql = (
            "UPDATE log SET size = ?, root = ?, frontier = ?, last_instant = ?, checkpoint = ?"
            " WHERE id = ? AND size = ? AND root = ?"
        )
        # The guard is in the write itself: one changed row, or somebody else was here.
        if self._run(sql, size, root, frontier, last, checkpoint, head.id, head.size, head.root) != 1:
            raise ConflictError(f"the log of {head.writer} is no longer at {head.size} entries")
        order = self._rows("SELECT COALESCE(MAX(at_order), 0) FROM entry")[0][0]
        rows, bodies, facts = [], [], []
        for seq, (kind, instant, envelope, held, fact) in enumerate(entries, head.size):
            order += 1
            rows.append((head.id, seq, order, kind, instant, envelope))
            if fact:
                facts.append((order,))
            first = body_id(head.id, seq, 0)
            for place, body in enumerate(held):
                if body is not None:
                    bodies.append((first + place, body[0], body[1]))
        self._many("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)  # each refers to a log, which has its cost
        self._insert("body", bodies)
        self._insert("fact", facts)
        if head.size // FRONTIER_EVERY != size // FRONTIER_EVERY:
            self._run("INSERT OR REPLACE INTO frontier VALUES (?, ?, ?)", head.id, size, frontier)
        return head._replace(size=size, root=root, frontier=frontier, last_instant=last, checkpoint=checkpoint)

    def put_bodies(self, bodies: Sequence[tuple[int, bool, bytes]]) -> None:
        """Keep bodies of entries that were appended without them: (:func:`body_id`, sealed, bytes) each."""
        self._insert("body", bodies)

    def put_wraps(self, wraps: Sequence[tuple[int, int, str, bytes, int]]) -> None:
        """Keep content keys wrapped for recipients: (log, seq, recipient, wrap, rank of the precedence) each."""
        self._insert("wrap", wraps)

    def drop_wraps(self, log: int, seqs: tuple[int, int], recipient: str) -> None:
        """Destroy the wrapped keys of entries ``seqs`` (first, last): nobody needs them any more."""
        sql = "DELETE FROM wrap WHERE log = ? AND seq BETWEEN ? AND ? AND recipient = ?"
        self._run(sql, log, *seqs, recipient)

    def spend_wraps(self, log: int, seqs: tuple[int, int], recipient: str) -> None:
        """As :meth:`drop_wraps`, but keep them for this party alone, which may need one to recover a key by."""
        sql = "UPDATE wrap SET rank = ? WHERE log = ? AND seq BETWEEN ? AND ? AND recipient = ?"
        self._run(sql, SPENT, log, *seqs, recipient)

    def drop_spent_wraps(self) -> None:
        """Destroy all that :meth:`spend_wraps` kept."""
        self._run("DELETE FROM wrap WHERE rank = ?", SPENT)

    def drop_bodies(self, log: int, seq: int) -> None:
        """Destroy an entry's bodies; its envelope stays."""
        self._run("DELETE FROM body WHERE id BETWEEN ? AND ?", body_id(log, seq, 0), body_id(log, seq, PLACES - 1))

    def put_cosigned(self, log: int, party: str, size: int, note: str) -> None:
        """Keep the newest cosigned checkpoint of a party; an older one never replaces a newer."""
        sql = (
            "INSERT INTO cosigned VALUES (?, ?, ?, ?) ON CONFLICT (log, party) DO UPDATE"
            " SET size = excluded.size, note = excluded.note WHERE excluded.size >= cosigned.size"
        )
        self._run(sql, log, party, size, note)

    def await_parts(self, awaited: Sequence[AwaitedRow]) -> None:
        """Remember what of transfers is still on its way."""
        self._many("INSERT OR REPLACE INTO awaited VALUES (?, ?, ?, ?)", awaited)

    def end_awaiting(self, log: int, seqs: Sequence[int]) -> None:
        """Nothing more is on its way, or will be waited for."""
        self._many("DELETE FROM awaited WHERE log = ? AND seq = ?", [(log, seq) for seq in seqs])

    def enter(self, lines: Sequence[tuple[int, int, str, str, str, str, int]]) -> None:
        """New lines of the register: (log, seq, party, direction, item, state, instant) each."""
        self._insert("register", lines, "(log, seq, party, direction, item, state, instant)")

    def answer(self, log: int, seqs: tuple[int, int], party: str, direction: str, state: str, instant: int) -> None:
        """Note the answer to the items of entries ``seqs`` (first, last) on their lines; the first one stands."""
        sql = (
            "UPDATE register SET state = ?, answered = ?"
            " WHERE log = ? AND seq BETWEEN ? AND ? AND party = ? AND direction = ? AND answered IS NULL"
        )
        self._run(sql, state, instant, log, *seqs, party, direction)

    def relate(self, log: int, seq: int, kind: str, item: str, by_item: str) -> None:
        """Note that the item of an entry updates or cancels an earlier one."""
        self._run("INSERT INTO relation VALUES (?, ?, ?, ?, ?)", log, seq, kind, item, by_item)

    def put_stream(self, log: int, stream: str, number: int, standing: str, recipients: str) -> None:
        """Note how far a stream has come; what it is bound to is kept from its first item."""
        sql = (
            "INSERT INTO stream VALUES (?, ?, ?, ?, ?) ON CONFLICT (log, stream) DO UPDATE SET number = excluded.number"
        )
        self._run(sql, log, stream, number, standing, recipients)

    def mark_opened(self, number: int, instant: int) -> None:
        """Note when an item was first opened."""
        self._run("UPDATE register SET opened = COALESCE(opened, ?) WHERE number = ?", instant, number)

    def put_tracer(self, number: int, due: int) -> None:
        """Remember that the register's line ``number`` was noted as overdue since ``due``; once and for good."""
        self._run("INSERT OR IGNORE INTO tracer VALUES (?, ?)", number, due)

    def put_secret(self, kind: str, key_id: bytes, created: int, data: bytes) -> None:
        """Keep one of the node's keys, locked."""
        self._run("INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?)", kind, key_id, created, data)

    def drop_secret(self, kind: str, key_id: bytes) -> None:
        """Destroy one of the node's keys."""
        self._run("DELETE FROM secret WHERE kind = ? AND id = ?", kind, key_id)

    def put_evidence(self, party: str, text: str, instant: int) -> None:
        """Keep evidence of a contradiction."""
        self._run("INSERT INTO evidence (party, text, instant) VALUES (?, ?, ?)", party, text, instant)


@lru_cache(maxsize=64)
def _inserting(table: str, columns: str, width: int, count: int) -> str:
    """The statement that inserts ``count`` rows of ``width`` values."""
    row = f"({', '.join('?' * width)})"
    return f"INSERT OR ROLLBACK INTO {table} {columns} VALUES {', '.join([row] * count)}"  # noqa: S608 - names of this module's own


def _joined(rows: Sequence[tuple[Any, ...]], first: int, end: int, count: int) -> list[tuple[Any, ...]]:
    """Rows ``first`` to ``end`` as the values of statements that take ``count`` of them each."""
    return [tuple(chain.from_iterable(rows[at : at + count])) for at in range(first, end, count)]
