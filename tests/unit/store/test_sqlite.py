"""What the embedded store promises beyond the contract: durability asserted, and clear words when it cannot."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from entente.store import connection as module
from entente.store.connection import connect, migrate, newest, translate
from entente.store.errors import BrokenError, BusyError, FullError, OutdatedError, StoreError
from entente.store.rows import NewEntry
from entente.store.sqlite import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


def test_every_connection_is_synchronous_full_and_zeroes_what_it_deletes(store: Store) -> None:
    for connection in (store._db, store._writer):
        asked = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "secure_delete")]
        assert asked == [2, 1]
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA trusted_schema").fetchone()[0] == 0


def test_a_new_store_has_pages_of_8_kib_and_one_made_before_keeps_its_own(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "before.db") as database:
        database.execute("PRAGMA page_size=4096")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE any (value)")
    database.close()
    for name, size in (("before.db", 4096), ("new.db", 8192)):
        with Store(tmp_path / name) as opened, opened.write() as tx:
            tx.put("any", b"thing")
            assert opened._writer.execute("PRAGMA page_size").fetchone()[0] == size


def test_the_write_ahead_log_begins_again_once_the_writer_has_found_it_copied(store: Store) -> None:
    def put(*names: str) -> None:
        for name in names:
            with store.write() as tx:
                tx.put(name, name.encode() * 20_000)

    put("a", "b", "c")
    pages = store.checkpoint()
    assert pages == store.restart_log() == store.checkpoint() > 6
    put("d")
    assert store.checkpoint() < pages
    assert {name: store.get(name) for name in "abcd"} == {name: name.encode() * 20_000 for name in "abcd"}


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


def test_no_driver_error_crosses_the_port(store: Store) -> None:
    with pytest.raises(StoreError):
        store._rows("SELECT * FROM no_such_table")
    store._db.close()
    with pytest.raises(StoreError):
        store.get("key")
    assert isinstance(translate(sqlite3.OperationalError("database or disk is full")), FullError)


def made_by(path: Path, folder: Path, count: int) -> None:
    """A store as the software had it that knew the first ``count`` migrations, applied by hand."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for script in sorted(folder.glob("*.sql"))[:count]:
        connection.executescript(script.read_text() + f"\nPRAGMA user_version={int(script.name[:4])};")
    connection.close()


def schema(path: Path) -> set[tuple[str, str]]:
    with sqlite3.connect(path) as database:
        found = {(name, sql) for name, sql in database.execute("SELECT name, sql FROM sqlite_master")}
    database.close()
    return found


def test_a_store_of_the_first_version_comes_forward_to_what_a_new_one_is(tmp_path: Path) -> None:
    made_by(tmp_path / "old.db", Path(module.__file__).parent / "migrations", 1)
    connection = connect(tmp_path / "old.db")
    migrate(connection)
    connection.close()
    Store(tmp_path / "new.db").close()
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


def test_an_older_store_is_neither_migrated_silently_nor_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(Path(module.__file__).parent / "migrations", folder)
    last = newest()
    (folder / f"{last + 1:04}_next.sql").write_text("CREATE TABLE later (value TEXT);")
    path = tmp_path / "store.db"
    Store(path).close()
    before = schema(path)
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    with pytest.raises(OutdatedError, match=f"{last}, older than this software's {last + 1}") as refused:
        Store(path)
    assert "entente node upgrade" in refused.value.remedy
    assert schema(path) == before
    Store(tmp_path / "new.db").close()
    assert ("later", "CREATE TABLE later (value TEXT)") in schema(tmp_path / "new.db")
