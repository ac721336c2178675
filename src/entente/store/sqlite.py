"""The embedded store: SQLite in WAL mode, synchronous FULL, one writer (docs/spec/store.md).

The port is :class:`Store` for reading and :class:`Transaction` for writing; what crosses it is bytes, integers and the
rows below. Every append is compare-and-set on (size, root). A node's databases are opened exclusively by one process.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from entente.store.errors import BrokenError, BusyError, ConflictError, DoubtfulError, FullError, StoreError
from entente.store.rows import EntryRow, LogRow, NewEntry, RegisterRow

FRONTIER_EVERY = 512
"""Entries between two stored frontiers: the most hashes an earlier root costs."""


def translate(error: sqlite3.Error) -> StoreError:
    """The port's error for a driver's."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL") or "disk is full" in str(error) or name == "SQLITE_IOERR_WRITE":
        return FullError("the disk is full")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BusyError("the database is locked by another process")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return BrokenError(f"the database is damaged: {error}")
    return StoreError(f"the database refused: {error}")


@contextmanager
def translated() -> Iterator[None]:
    """Turns any driver error inside into the port's."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error


def connect(path: Path, *, journal: str = "WAL", timeout_s: float = 2.0) -> sqlite3.Connection:
    """A connection with the guarantees asserted, not assumed.

    Raises:
        StoreError: the file cannot be opened, or does not give synchronous FULL and the journal mode asked for.
    """
    with translated():
        connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
        mode = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        full = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode.upper() != journal or full != 2:
        raise BrokenError(f"durability is not given: journal_mode={mode}, synchronous={full}")
    return connection


def migrate(connection: sqlite3.Connection, folder: str) -> None:
    """Bring a database forward, one numbered migration per transaction.

    Raises:
        BrokenError: the database is of a newer version than this software.
    """
    scripts = sorted(
        (int(file.name[:4]), file)
        for file in (resources.files("entente.store") / folder).iterdir()
        if file.name.endswith(".sql")
    )
    with translated():
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > scripts[-1][0]:
            raise BrokenError(f"the store is of version {version}, newer than this software's {scripts[-1][0]}")
        for number, script in scripts:
            if number > version:
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script.read_text()}\nPRAGMA user_version={number};\nCOMMIT;"
                )


class Reader:
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

    def history(self, agreement: bytes) -> Iterator[EntryRow]:
        """All entries of an agreement in the order in which this node committed them."""
        sql = (
            "SELECT e.log, e.seq, e.kind, e.instant, e.envelope FROM entry e JOIN log l ON l.id = e.log"
            " WHERE l.agreement = ? ORDER BY e.at_order"
        )
        with translated():
            for row in self._db.execute(sql, (agreement,)):
                yield EntryRow(*row)

    def bodies(self, log: int, seq: int) -> dict[int, tuple[bool, bytes]]:
        """The bodies held of an entry, by their place; missing ones were withheld or destroyed."""
        rows = self._rows("SELECT place, sealed, data FROM body WHERE log = ? AND seq = ?", log, seq)
        return {place: (bool(sealed), data) for place, sealed, data in rows}

    def frontier_before(self, log: int, size: int) -> tuple[int, bytes] | None:
        """The nearest stored frontier at or before ``size`` entries."""
        sql = "SELECT size, data FROM frontier WHERE log = ? AND size <= ? ORDER BY size DESC LIMIT 1"
        rows = self._rows(sql, log, size)
        return (rows[0][0], rows[0][1]) if rows else None

    def wrap(self, log: int, seq: int, recipient: str) -> bytes | None:
        """The content key wrapped for a recipient, until it has receipted."""
        rows = self._rows("SELECT data FROM wrap WHERE log = ? AND seq = ? AND recipient = ?", log, seq, recipient)
        return rows[0][0] if rows else None

    def content_key(self, log: int, seq: int) -> tuple[str, bytes] | None:
        """(item id, the item's content key locked under its per-item key)."""
        rows = self._rows("SELECT item, data FROM content_key WHERE log = ? AND seq = ?", log, seq)
        return (rows[0][0], rows[0][1]) if rows else None

    def cosigned(self, log: int) -> dict[str, tuple[int, str]]:
        """Per party the newest checkpoint of this log that it cosigned: (size, note)."""
        return {
            party: (size, note)
            for party, size, note in self._rows("SELECT party, size, note FROM cosigned WHERE log = ?", log)
        }

    def awaiting(self) -> list[tuple[int, int]]:
        """(log, seq) of transfers whose payload is not complete."""
        return [(log, seq) for log, seq in self._rows("SELECT log, seq FROM awaiting ORDER BY log, seq")]

    def register(self, direction: str | None = None) -> list[RegisterRow]:
        """The register's lines in their order, of one direction (``given``, ``held``, ``refused``) or all."""
        sql = "SELECT * FROM register WHERE ?1 IS NULL OR direction = ?1 ORDER BY number"
        return [RegisterRow(*row) for row in self._rows(sql, direction)]

    def register_line(self, log: int, seq: int, direction: str) -> RegisterRow | None:
        """The register's line of one entry."""
        sql = "SELECT * FROM register WHERE log = ? AND seq = ? AND direction = ?"
        rows = self._rows(sql, log, seq, direction)
        return RegisterRow(*rows[0]) if rows else None

    def register_items(self, item: str) -> list[RegisterRow]:
        """The register's lines of an item id."""
        return [RegisterRow(*row) for row in self._rows("SELECT * FROM register WHERE item = ?", item)]

    def secrets(self, kind: str) -> list[tuple[bytes, int, bytes]]:
        """(id, created, locked bytes) of the node's keys of a kind, oldest first."""
        return [
            tuple(row)
            for row in self._rows("SELECT id, created, data FROM secret WHERE kind = ? ORDER BY created", kind)
        ]

    def evidence(self) -> list[tuple[str, str, int]]:
        """(party, text, instant) of every contradiction kept."""
        return [tuple(row) for row in self._rows("SELECT party, text, instant FROM evidence ORDER BY id")]


class Transaction(Reader):
    """One write transaction; every method raises StoreError and then nothing of the transaction stands."""

    def _run(self, sql: str, *values: Any) -> int:
        with translated():
            return self._db.execute(sql, values).rowcount

    def put(self, key: str, value: bytes) -> None:
        """Set a value of the node's own table."""
        self._run("INSERT INTO node VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)

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
        for offset, entry in enumerate(entries):
            seq = head.size + offset
            row = (head.id, seq, order + 1 + offset, entry.kind, entry.instant, entry.envelope)
            self._run("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", *row)
            for place, body in enumerate(entry.bodies):
                if body is not None:
                    self._run("INSERT INTO body VALUES (?, ?, ?, ?, ?)", head.id, seq, place, int(body[0]), body[1])
        if head.size // FRONTIER_EVERY != size // FRONTIER_EVERY:
            self._run("INSERT OR REPLACE INTO frontier VALUES (?, ?, ?)", head.id, size, frontier)
        return head._replace(size=size, root=root, frontier=frontier, last_instant=last, checkpoint=checkpoint)

    def put_body(self, log: int, seq: int, place: int, sealed: bool, data: bytes) -> None:
        """Keep a body of an entry that was appended without it."""
        self._run("INSERT INTO body VALUES (?, ?, ?, ?, ?)", log, seq, place, int(sealed), data)

    def put_wrap(self, log: int, seq: int, recipient: str, data: bytes) -> None:
        """Keep the content key wrapped for a recipient."""
        self._run("INSERT INTO wrap VALUES (?, ?, ?, ?)", log, seq, recipient, data)

    def drop_wraps(self, log: int, seqs: tuple[int, int], recipient: str) -> None:
        """Destroy the wrapped keys of entries ``seqs`` (first, last): the recipient has answered."""
        sql = "DELETE FROM wrap WHERE log = ? AND seq BETWEEN ? AND ? AND recipient = ?"
        self._run(sql, log, *seqs, recipient)

    def put_content_key(self, log: int, seq: int, item: str, data: bytes) -> None:
        """Keep an item's content key, locked under its per-item key."""
        self._run("INSERT OR REPLACE INTO content_key VALUES (?, ?, ?, ?)", log, seq, item, data)

    def drop_bodies(self, log: int, seq: int) -> None:
        """Destroy an entry's bodies and content key; its envelope stays."""
        self._run("DELETE FROM body WHERE log = ? AND seq = ?", log, seq)
        self._run("DELETE FROM content_key WHERE log = ? AND seq = ?", log, seq)

    def put_cosigned(self, log: int, party: str, size: int, note: str) -> None:
        """Keep the newest cosigned checkpoint of a party; an older one never replaces a newer."""
        sql = (
            "INSERT INTO cosigned VALUES (?, ?, ?, ?) ON CONFLICT (log, party) DO UPDATE"
            " SET size = excluded.size, note = excluded.note WHERE excluded.size >= cosigned.size"
        )
        self._run(sql, log, party, size, note)

    def await_payload(self, log: int, seq: int) -> None:
        """Remember a transfer whose payload is still on its way."""
        self._run("INSERT OR IGNORE INTO awaiting VALUES (?, ?)", log, seq)

    def end_awaiting(self, log: int, seq: int) -> None:
        """The payload is complete, or will not be waited for."""
        self._run("DELETE FROM awaiting WHERE log = ? AND seq = ?", log, seq)

    def enter(self, log: int, seq: int, party: str, direction: str, item: str, state: str, instant: int) -> int:
        """A new line of the register; returns its number."""
        sql = "INSERT INTO register (log, seq, party, direction, item, state, instant) VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._run(sql, log, seq, party, direction, item, state, instant)
        return int(self._rows("SELECT last_insert_rowid()")[0][0])

    def answer(self, log: int, seqs: tuple[int, int], party: str, direction: str, state: str, instant: int) -> None:
        """Note the answer to the items of entries ``seqs`` (first, last) on their lines; the first one stands."""
        sql = (
            "UPDATE register SET state = ?, answered = ?"
            " WHERE log = ? AND seq BETWEEN ? AND ? AND party = ? AND direction = ? AND answered IS NULL"
        )
        self._run(sql, state, instant, log, *seqs, party, direction)

    def mark_opened(self, number: int, instant: int) -> None:
        """Note when an item was first opened."""
        self._run("UPDATE register SET opened = COALESCE(opened, ?) WHERE number = ?", instant, number)

    def put_secret(self, kind: str, key_id: bytes, created: int, data: bytes) -> None:
        """Keep one of the node's keys, locked."""
        self._run("INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?)", kind, key_id, created, data)

    def drop_secret(self, kind: str, key_id: bytes) -> None:
        """Destroy one of the node's keys."""
        self._run("DELETE FROM secret WHERE kind = ? AND id = ?", kind, key_id)

    def put_evidence(self, party: str, text: str, instant: int) -> None:
        """Keep evidence of a contradiction."""
        self._run("INSERT INTO evidence (party, text, instant) VALUES (?, ?, ?)", party, text, instant)


class Store(Reader):
    """The store of one node, opened by one process."""

    def __init__(self, path: Path) -> None:
        writer = connect(path)
        try:
            migrate(writer, "migrations")
            super().__init__(connect(path))
        except BaseException:
            writer.close()
            raise
        self._writer = writer
        self._buried = True

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises:
            DoubtfulError: COMMIT failed, and what it left on the disk could not be overwritten.
            StoreError: nothing of the transaction stands, now or after a crash.
        """
        self._bury()
        with translated():
            self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(self._writer)
            with translated():
                self._commit()
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            self._bury()
            raise

    def _commit(self) -> None:
        try:
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            # A frame that could not be written leaves no commit in the write-ahead log; a sync that failed may.
            self._buried = isinstance(translate(error), FullError)
            raise

    def _bury(self) -> None:
        """Overwrite a commit whose sync failed.

        Its frames may lie whole in the write-ahead log, where recovery after a crash takes them for committed, although
        they were refused. They are overwritten by the next commit, so one is made at once.
        """
        if self._buried:
            return
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.execute("INSERT OR REPLACE INTO node VALUES ('buried', randomblob(16))")
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise DoubtfulError(f"a commit failed and could not be taken back yet: {translate(error)}") from error
        self._buried = True

    def close(self) -> None:
        """Close both connections."""
        self._db.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
