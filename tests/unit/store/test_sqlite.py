"""What the embedded store promises beyond the contract: durability asserted, and clear words when it cannot."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from entente.store import sqlite as module
from entente.store.errors import BrokenError, BusyError, FullError, StoreError
from entente.store.itemkeys import ItemKeys
from entente.store.rows import NewEntry
from entente.store.sqlite import Store, connect, migrate, translate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


def test_every_connection_is_synchronous_full_and_zeroes_what_it_deletes(store: Store, tmp_path: Path) -> None:
    keys = ItemKeys(tmp_path / "items.db")
    for connection, journal in ((store._db, "wal"), (store._writer, "wal"), (keys._db, "truncate")):
        asked = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "secure_delete")]
        assert asked == [2, 1]
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == journal
        assert connection.execute("PRAGMA trusted_schema").fetchone()[0] == 0
    keys.close()


def test_a_store_without_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match="durability"):
        connect(Path(":memory:"))


def test_every_connection_of_the_package_is_made_where_durability_is_asserted() -> None:
    for file in resources.files("entente").joinpath(".").iterdir():
        sources = Path(str(file)).rglob("*.py") if file.is_dir() else []
        for source in sources:
            made = len(re.findall(r"sqlite3\.connect\(", source.read_text()))
            assert made == (1 if source == Path(module.__file__) else 0), source


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=9999")
    database.close()
    with pytest.raises(BrokenError, match="9999, newer"):
        Store(path)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == 9999
    database.close()


def test_migrations_go_forward_one_by_one_and_keep_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE kept (value TEXT); INSERT INTO kept VALUES ('old');")
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    connection = connect(tmp_path / "store.db")
    migrate(connection, "migrations")
    (folder / "0002_second.sql").write_text("ALTER TABLE kept ADD COLUMN more TEXT;")
    migrate(connection, "migrations")
    migrate(connection, "migrations")
    assert connection.execute("SELECT * FROM kept").fetchall() == [("old", None)]
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
    connection.close()


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE kept (value TEXT);")
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    path = tmp_path / "store.db"
    connection = connect(path)
    migrate(connection, "migrations")
    (folder / "0002_second.sql").write_text("CREATE TABLE half (value TEXT); CREATE TABLE kept (value TEXT);")
    with pytest.raises(StoreError):
        migrate(connection, "migrations")
    connection.close()
    again = sqlite3.connect(path)
    assert again.execute("PRAGMA user_version").fetchone()[0] == 1
    assert again.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []
    again.close()


def test_a_file_that_is_no_database_is_named_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(BrokenError):
        Store(path)


LOCKER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_database_locked_by_another_process_refuses_and_says_so(store: Store, tmp_path: Path) -> None:
    store._writer.execute("PRAGMA busy_timeout=0")
    command = [sys.executable, "-c", LOCKER, str(tmp_path / "store.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(BusyError) as refused, store.write() as tx:
            tx.put("key", b"value")
        other.communicate()
    assert refused.value.code == "STORE_LOCKED"
    assert "locked by another process" in str(refused.value)
    assert "stop the other process" in refused.value.remedy
    with store.write() as tx:
        tx.put("key", b"value")
    assert store.get("key") == b"value"


def full(connection: sqlite3.Connection, full: bool = True) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages if full else 1_000_000}")


def test_a_full_disk_refuses_and_says_so_and_the_store_goes_on(store: Store) -> None:
    with store.write() as tx:
        head = tx.create_log(bytes(32), "jp", "0" * 16, root=b"r", frontier=b"f")
    full(store._writer)
    big = NewEntry("act", 1, bytes(200_000), ())
    with pytest.raises(FullError) as refused, store.write() as tx:
        tx.append(head, [big], root=b"r1", frontier=b"f1", checkpoint="")
    assert refused.value.code == "DISK_FULL"
    assert "disk is full" in str(refused.value)
    assert store.log(head.id) == head
    full(store._writer, False)
    with store.write() as tx:
        tx.append(head, [big], root=b"r1", frontier=b"f1", checkpoint="")
    assert store.log(head.id).size == 1


def test_the_key_store_goes_on_after_a_full_disk(tmp_path: Path) -> None:
    keys = ItemKeys(tmp_path / "items.db")
    keys.put([(1, 1, b"first")])
    full(keys._db)
    with pytest.raises(FullError):
        keys.put([(1, number, bytes(3000)) for number in range(2, 50)])
    full(keys._db, False)
    keys.put([(1, 2, b"second")])
    assert (keys.get(1, 1), keys.get(1, 2), keys.get(1, 3)) == (b"first", b"second", None)
    keys.destroy(1, 1)
    assert keys.get(1, 1) is None
    keys.close()


def test_a_destroyed_key_is_not_in_the_file_any_more(tmp_path: Path) -> None:
    keys = ItemKeys(tmp_path / "items.db")
    keys.put([(1, 1, b"the very bytes of the key")])
    keys.destroy(1, 1)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"the very bytes of the key" not in files
    keys.close()


def test_no_driver_error_crosses_the_port(store: Store) -> None:
    with pytest.raises(StoreError):
        store._rows("SELECT * FROM no_such_table")
    store._db.close()
    with pytest.raises(StoreError):
        store.get("key")
    assert isinstance(translate(sqlite3.OperationalError("database or disk is full")), FullError)
