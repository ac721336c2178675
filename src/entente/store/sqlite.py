"""The embedded store: SQLite in WAL mode, synchronous FULL, one writer (docs/spec/store.md).

The port is :class:`Store` for reading and :class:`~.transaction.Transaction` for writing; what crosses it is bytes,
integers and :mod:`.rows`. A node's databases are opened exclusively by one process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from entente.store.connection import connect, migrate, newest, translate, translated, version
from entente.store.errors import BrokenError, DoubtfulError, FullError, OutdatedError
from entente.store.reader import Reader
from entente.store.transaction import Transaction

WAL_PAGES = 4000
"""Pages in the write-ahead log from which on the writer helps to begin it again."""


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
