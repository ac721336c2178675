"""A store is looked into without being changed."""

from pathlib import Path

import pytest

from entente.store.connection import newest
from entente.store.errors import BrokenError, StoreError
from entente.store.inspect import looked_into
from entente.store.sqlite import Store


def made(path: Path) -> Path:
    with Store(path / "store.db") as store, store.write() as tx:
        tx.put("high-water", b"1")
    return path / "store.db"


def test_a_store_is_read_and_says_its_version(tmp_path: Path) -> None:
    with looked_into(made(tmp_path)) as (reader, version):
        assert version == newest()
        assert reader.get("high-water") == b"1"


def test_nothing_can_be_written_through_a_look(tmp_path: Path) -> None:
    with looked_into(made(tmp_path)) as (reader, _), pytest.raises(StoreError):
        reader._rows("DELETE FROM node")


def test_what_a_killed_process_left_in_the_write_ahead_log_is_seen(tmp_path: Path) -> None:
    path = made(tmp_path)
    with Store(path) as store:
        with store.write() as tx:
            tx.put("high-water", b"2")
        copy = tmp_path / "copy"
        copy.mkdir()
        for file in (path, path.with_name("store.db-wal")):
            (copy / file.name).write_bytes(file.read_bytes())
    with looked_into(copy / "store.db") as (reader, _):
        assert reader.get("high-water") == b"2"


def test_no_store_is_made_by_looking_for_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError), looked_into(tmp_path / "store.db"):
        pass
    assert not (tmp_path / "store.db").exists()


def test_damage_is_named(tmp_path: Path) -> None:
    path = made(tmp_path)
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 12] = bytes(4096 * 9)
    path.write_bytes(data)
    with pytest.raises(BrokenError), looked_into(path):
        pass
