"""The per-item key store: its own file, left out of ordinary backups (docs/spec/store.md).

An item's content key is locked under a random key of its own, and that key is here, locked under the node's storage
key. Destroying the row makes every copy of the item's bytes unreadable, in the main store, in its write-ahead log and
in every backup. The file keeps no write-ahead log and zeroes what it deletes.
"""

from pathlib import Path

from entente.store.sqlite import connect, translated


class ItemKeys:
    """Per-item keys by (log, seq); the bytes are locked by the caller before they come here."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, journal="TRUNCATE")
        with translated():
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS item_key (log INTEGER NOT NULL, seq INTEGER NOT NULL,"
                " data BLOB NOT NULL, PRIMARY KEY (log, seq)) WITHOUT ROWID"
            )

    def put(self, keys: list[tuple[int, int, bytes]]) -> None:
        """Keep keys durably, before the transaction that needs them commits; a key without an item is harmless."""
        with translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR REPLACE INTO item_key VALUES (?, ?, ?)", keys)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def get(self, log: int, seq: int) -> bytes | None:
        """The locked key of an item, None where it was destroyed."""
        with translated():
            row = self._db.execute("SELECT data FROM item_key WHERE log = ? AND seq = ?", (log, seq)).fetchone()
        return row[0] if row else None

    def all(self) -> list[tuple[int, int]]:
        """(log, seq) of every key held."""
        with translated():
            return [(log, seq) for log, seq in self._db.execute("SELECT log, seq FROM item_key").fetchall()]

    def destroy(self, log: int, seq: int) -> None:
        """Shred an item."""
        with translated():
            self._db.execute("DELETE FROM item_key WHERE log = ? AND seq = ?", (log, seq))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
