"""A consistent copy of a database beside its writer, and what such a copy says of itself (docs/spec/backup.md)."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from entente.store.connection import connect, migrate, newest, translated, version
from entente.store.reader import SPENT


class Head(NamedTuple):
    """Where a log ends."""

    agreement: bytes
    writer: str
    incarnation: str
    size: int
    root: bytes


class Facts(NamedTuple):
    """The schema's version (0: no store yet), the latest instant that the store knows in ms, and every log's head."""

    version: int
    instant: int
    heads: tuple[Head, ...]


def copy(source: Path, target: Path) -> None:
    """Copy a database as it stands at this instant, on a connection of its own; others read and write meanwhile.

    Raises:
        StoreError: it cannot be read, or the disk is full.
    """
    with (
        closing(connect(source)) as held,
        closing(connect(target, journal="TRUNCATE")) as made,
        translated(),
    ):
        held.backup(made)  # in one step: in several, SQLite would begin anew at every commit beside it


def forget_received(path: Path, party: str) -> None:
    """Take out of a copy, which nobody else has open, every wrapped key that is kept only until the key store has it.

    Those of items that the party whose node this is received, and those of items given that are answered.

    Raises:
        StoreError: it is no store, or the disk is full.
    """
    with closing(connect(path, journal="TRUNCATE")) as copied:
        if version(copied) == newest():  # older ones kept none
            with translated():
                copied.execute("DELETE FROM wrap WHERE recipient = ? OR rank = ?", (party, SPENT))


def facts(path: Path) -> Facts:
    """What a copied store, which nobody else has open, says of itself.

    Raises:
        StoreError: it is no store.
    """
    if not path.exists():
        return Facts(0, 0, ())
    with closing(connect(path)) as copied, translated():
        if (found := version(copied)) == 0:
            return Facts(0, 0, ())
        columns = "agreement, writer, incarnation, size, root"
        heads = tuple(Head(*row) for row in copied.execute(f"SELECT {columns} FROM log ORDER BY id"))  # noqa: S608 - the names stand above
        last = copied.execute("SELECT COALESCE(MAX(last_instant), 0) FROM log").fetchone()[0]
        kept = copied.execute("SELECT value FROM node WHERE key = 'high-water'").fetchone()
    return Facts(found, max(int(last), int(kept[0]) if kept else 0), heads)


def versions_of(path: Path) -> tuple[int, int]:
    """(version of a store that nobody else has open, version that this software makes).

    Raises:
        StoreError: it cannot be read.
    """
    if not path.exists():
        return 0, newest()
    with closing(connect(path)) as opened:
        return version(opened), newest()


def bring_forward(path: Path) -> None:
    """Migrate a store that nobody else has open to the version of this software.

    Raises:
        StoreError: it is newer, or a migration failed and left the version before it.
    """
    with closing(connect(path)) as opened:
        migrate(opened)
