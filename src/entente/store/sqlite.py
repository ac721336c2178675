"""The embedded store: SQLite in WAL mode, synchronous FULL, one writer (docs/spec/store.md).

The port is :class:`Store` for reading and :class:`Transaction` for writing; what crosses it is bytes, integers and the
rows below. Every append is compare-and-set on (size, root). A node's databases are opened exclusively by one process.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from entente.store.debts import DebtReader
from entente.store.errors import (
    BrokenError,
    BusyError,
    ConflictError,
    DoubtfulError,
    FullError,
    OutdatedError,
    StoreError,
)
from entente.store.rows import AwaitedRow, EntryRow, LogRow, NewEntry, RegisterRow, RelationRow, StreamRow

FRONTIER_EVERY = 512
"""Entries between two stored frontiers: the most hashes an earlier root costs."""
PLACES = 16
"""Places of bodies that a body's key has room for; an envelope has fewer."""
SPENT = 4
"""Rank of a wrapped key that is answered and kept for this party alone (docs/spec/store.md)."""
PAGE = 8192
"""Bytes of a page of a store that is made here: a sealed body of 2 KiB leaves half a page of 4 KiB unused."""
WAL_PAGES = 4000
"""Pages in the write-ahead log from which on the writer helps to begin it again."""
AT_ONCE = (32, 8, 1)
"""Rows that one statement inserts: SQLite begins and ends each statement, and writes the register's last number."""


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


def connect(path: Path, *, journal: str = "WAL", timeout_s: float = 2.0, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the guarantees asserted, not assumed; with ``read_only`` one that can write nothing.

    Raises:
        StoreError: the file cannot be opened, or does not give synchronous FULL and the journal mode asked for.
    """
    with translated():
        name = f"{path.absolute().as_uri()}?mode=ro" if read_only else str(path)
        connection = sqlite3.connect(
            name, uri=read_only, timeout=timeout_s, isolation_level=None, check_same_thread=False
        )
        if read_only:
            return connection
        connection.execute(f"PRAGMA page_size={PAGE}")  # before the first page is written; of no effect afterwards
        mode = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")  # a commit never copies pages: :meth:`Store.checkpoint`
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        full = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode.upper() != journal or full != 2:
        raise BrokenError(f"durability is not given: journal_mode={mode}, synchronous={full}")
    return connection


def body_id(log: int, seq: int, place: int) -> int:
    """The one integer that a body is found by: rows of one log lie together, in order."""
    return log << 44 | seq << 4 | place


def _scripts(folder: str) -> list[tuple[int, Traversable]]:
    found = (resources.files("entente.store") / folder).iterdir()
    return sorted((int(file.name[:4]), file) for file in found if file.name.endswith(".sql"))


def newest(folder: str = "migrations") -> int:
    """The version of the stores that this software makes."""
    return _scripts(folder)[-1][0]


def version(connection: sqlite3.Connection) -> int:
    """The version of a database, 0 where nothing is in it yet."""
    with translated():
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, folder: str = "migrations") -> None:
    """Bring a database forward, one numbered migration per transaction.

    Raises:
        BrokenError: the database is of a newer version than this software.
    """
    found = version(connection)
    if found > newest(folder):
        raise BrokenError(f"the store is of version {found}, newer than this software's {newest(folder)}")
    with translated():
        for number, script in _scripts(folder):
            if number > found:
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script.read_text()}\nPRAGMA user_version={number};\nCOMMIT;"
                )


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
        """Destroy the wrapped keys of entries ``seqs`` (first, last): the recipient has answered."""
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


def _check_heads(connection: sqlite3.Connection) -> None:
    """Check the one table that everything hangs on against its index: both are a few pages.

    Where a disk lost what it had synced, pages copied from the write-ahead log stand beside older ones.

    Raises:
        BrokenError: they do not belong together.
    """
    with translated():
        found = connection.execute("PRAGMA integrity_check(log)").fetchone()[0]
    if found != "ok":
        raise BrokenError(f"the database is damaged: {found}")


class Store(Reader):
    """The store of one node, opened by one process."""

    def __init__(self, path: Path) -> None:
        writer = connect(path)
        try:
            if 0 < version(writer) < newest():  # never silently: a backup is taken first (docs/spec/backup.md)
                raise OutdatedError(f"the store is of version {version(writer)}, older than this software's {newest()}")
            migrate(writer)
            _check_heads(writer)
            super().__init__(connect(path))
        except BaseException:
            writer.close()
            raise
        self._writer = writer
        self._copier = connect(path)
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

    def checkpoint(self) -> int:
        """Copy what the write-ahead log holds into the database, beside the writer; returns the log's length in pages.

        On a connection of its own, so that it may be called from a thread of its own. The log begins again only where
        the writer finds all of it copied, which it does not while it goes on writing: :meth:`restart_log`.

        Raises:
            StoreError: it could not; the log holds everything still.
        """
        return self._copied(self._copier)

    def restart_log(self) -> int:
        """Copy the rest on the writer's own time, so that the write-ahead log begins again from its start; as above.

        Raises:
            StoreError: as :meth:`checkpoint`.
        """
        return self._copied(self._writer)

    @staticmethod
    def _copied(connection: sqlite3.Connection) -> int:
        with translated():
            return int(connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])

    def close(self) -> None:
        """Close every connection."""
        self._copier.close()
        self._db.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
