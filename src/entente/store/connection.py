"""A connection to the embedded store with its guarantees asserted, and the store's versions (docs/spec/store.md)."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from entente.store.errors import BrokenError, BusyError, FullError, StoreError

PAGE = 8192
"""Bytes of a page of a store that is made here: a sealed body of 2 KiB leaves half a page of 4 KiB unused."""


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
