"""A store is copied as it stands at one instant, beside its writer."""

import hashlib
import sqlite3
from pathlib import Path
from threading import Event, Thread

import pytest

from entente.store.connection import newest
from entente.store.errors import StoreError
from entente.store.rows import NewEntry
from entente.store.snapshot import Head, copy, facts, forget_received
from entente.store.sqlite import Store

AGREEMENT = bytes(range(32))
BODY = 100_000
BEFORE = 300
"""Entries of 100 kB before the copies begin: enough that a copy takes longer than a commit."""


def root(size: int) -> bytes:
    return hashlib.sha256(b"%d" % size).digest()


def append(store: Store, size: int) -> None:
    with store.write() as tx:
        (log,) = store.logs()
        entry = NewEntry("act", 1000 + size, b"envelope %d" % size, [(True, bytes([size % 256]) * BODY)])
        tx.append(log, [entry], root=root(size + 1), frontier=b"", checkpoint="")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Store(tmp_path / "store.db") as store:
        with store.write() as tx:
            tx.create_log(AGREEMENT, "jp", "0" * 16, root=root(0), frontier=b"")
        for size in range(BEFORE):
            append(store, size)
    return tmp_path / "store.db"


def test_keys_of_items_just_received_are_taken_out_of_a_copy_and_those_still_to_leave_stay(
    path: Path, tmp_path: Path
) -> None:
    with Store(path) as store:
        with store.write() as tx:
            tx.put_wraps([(1, 0, "jp", b"held by this very party", 3), (1, 1, "kr", b"on its way to another", 3)])
        copy(path, tmp_path / "copy.db")
        assert len(list(store.all_wraps())) == 2
    forget_received(tmp_path / "copy.db", "jp")
    assert b"held by this very party" not in (tmp_path / "copy.db").read_bytes()
    with Store(tmp_path / "copy.db") as left:
        assert [recipient for _, _, recipient, _ in left.all_wraps()] == ["kr"]


def test_a_copy_taken_beside_a_busy_writer_is_of_one_instant(path: Path, tmp_path: Path) -> None:
    stop, begun = Event(), Event()
    with Store(path) as store:

        def writing() -> None:
            size = BEFORE
            while not stop.is_set():
                append(store, size)
                size += 1
                begun.set()

        writer = Thread(target=writing)
        writer.start()
        try:
            assert begun.wait(20)
            for number in range(3):
                copy(path, tmp_path / f"copy-{number}")
        finally:
            stop.set()
            writer.join()
        (log,) = store.logs()
    sizes = []
    for number in range(3):
        found = facts(tmp_path / f"copy-{number}")
        (head,) = found.heads
        assert head == Head(AGREEMENT, "jp", "0" * 16, head.size, root(head.size))
        assert (found.version, found.instant) == (newest(), 1000 + head.size - 1)
        with Store(tmp_path / f"copy-{number}") as copied:
            rows = copied.entries(1, 0, head.size + 99)
            assert [row.envelope for row in rows] == [b"envelope %d" % seq for seq in range(head.size)]
            assert all(copied.bodies(1, row.seq)[0][1] == bytes([row.seq % 256]) * BODY for row in rows)
        sizes.append(head.size)
    assert BEFORE < sizes[0] <= sizes[1] <= sizes[2] <= log.size


def test_a_copy_has_what_lies_in_the_write_ahead_log_alone(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        append(store, BEFORE)
        assert path.with_name("store.db-wal").stat().st_size > 0
        copy(path, tmp_path / "copy")
    assert facts(tmp_path / "copy").heads[0].size == BEFORE + 1


def test_facts_change_nothing_and_leave_nothing(path: Path, tmp_path: Path) -> None:
    copy(path, tmp_path / "copy")
    before = (tmp_path / "copy").read_bytes()
    facts(tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == before
    assert not [*tmp_path.glob("copy-wal"), *tmp_path.glob("copy-shm")]


def test_what_is_no_store_is_refused_and_a_missing_one_has_nothing(tmp_path: Path) -> None:
    assert facts(tmp_path / "absent") == (0, 0, ())
    (tmp_path / "text").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        facts(tmp_path / "text")
    with pytest.raises(StoreError):
        copy(tmp_path / "text", tmp_path / "copy")
    sqlite3.connect(tmp_path / "other").close()
    assert facts(tmp_path / "other").version == 0
