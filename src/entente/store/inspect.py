"""Looking into a store that no node has open: its version, and whether the database is whole (docs/spec/store.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entente.store.connection import connect, newest, translated, version
from entente.store.errors import BrokenError
from entente.store.reader import Reader


@contextmanager
def looked_into(path: Path) -> Iterator[tuple[Reader, int]]:
    """A reader of the store and the version it has; nothing is written, and no migration is made.

    Raises:
        BrokenError: it is not a store, is damaged, or is of a newer version.
        StoreError: it cannot be read.
    """
    connection = connect(path, read_only=True)
    try:
        found = version(connection)
        if found > newest():
            raise BrokenError(f"the store is of version {found}, newer than this software's {newest()}")
        with translated():
            damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise BrokenError(f"the database is damaged: {damage}")
        yield Reader(connection), found
    finally:
        connection.close()
