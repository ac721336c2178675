"""The item keys' files: a slot for each, durable before they are needed, and gone when they are destroyed."""

import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.cli.stage import wait_for
from entente.node.vault import Vault
from entente.sealing.errors import NotOpenedError
from entente.store.errors import FullError, StoreError
from entente.store.itemkeys import GROW, LOCKED, SLOT, ItemKeys


def full(*_given: object) -> None:
    raise FullError("the disk is full")


def locked(number: int) -> bytes:
    return bytes([number % 255 + 1]) * LOCKED


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[ItemKeys]:
    opened = ItemKeys(tmp_path / "itemkeys")
    yield opened
    opened.close()


def test_a_key_lies_in_the_slot_of_its_entry_and_nowhere_else(keys: ItemKeys, tmp_path: Path) -> None:
    keys.put(7, [(3, locked(1)), (4, locked(2)), (9, locked(3))])
    data = (tmp_path / "itemkeys" / "7").read_bytes()
    for seq, key in ((3, locked(1)), (4, locked(2)), (9, locked(3))):
        assert data[seq * SLOT :][:LOCKED] == key
        assert keys.get(7, seq) == key
        assert data.count(key) == 1
    assert [keys.get(7, seq) for seq in (0, 2, 5, 8, 10)] == [None] * 5
    assert list(keys.all()) == [(7, 3), (7, 4), (7, 9)]


def test_keys_stand_after_the_files_are_opened_again(keys: ItemKeys, tmp_path: Path) -> None:
    far = 2 * GROW // SLOT + 5
    keys.put(1, [(0, locked(1)), (far, locked(2))])
    keys.put(12, [(6, locked(3))])
    again = ItemKeys(tmp_path / "itemkeys")
    assert [again.get(1, 0), again.get(1, far), again.get(12, 6)] == [locked(1), locked(2), locked(3)]
    assert list(again.all()) == [(1, 0), (1, far), (12, 6)]
    again.close()


def test_the_files_are_the_nodes_own(keys: ItemKeys, tmp_path: Path) -> None:
    keys.put(1, [(0, locked(1))])
    assert (tmp_path / "itemkeys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "itemkeys" / "1").stat().st_mode & 0o777 == 0o600


def test_a_destroyed_key_is_not_in_the_file_any_more_and_its_neighbours_are(keys: ItemKeys, tmp_path: Path) -> None:
    keys.put(1, [(seq, locked(seq)) for seq in range(3)])
    keys.destroy(1, 1)
    files = b"".join(path.read_bytes() for path in (tmp_path / "itemkeys").iterdir())
    assert locked(1) not in files
    assert [keys.get(1, seq) for seq in range(3)] == [locked(0), None, locked(2)]
    keys.destroy(1, 1)
    keys.destroy(2, 0)
    assert [path.name for path in (tmp_path / "itemkeys").iterdir()] == ["1"]


@pytest.mark.parametrize("torn", [1, LOCKED - 1, LOCKED, SLOT - 1])
def test_a_torn_key_opens_nothing_and_harms_no_other(tmp_path: Path, torn: int) -> None:
    """The power went while a key was written: the transaction that needs it was not committed either."""
    vault = Vault(ItemKeys(tmp_path / "itemkeys"), bytes(32))
    vault.keep(1, [(seq, bytes([seq]) * 32) for seq in range(3)])
    vault.settle()
    path = tmp_path / "itemkeys" / "1"
    data = bytearray(path.read_bytes())
    data[SLOT + torn : 2 * SLOT] = bytes(SLOT - torn)
    path.write_bytes(data)
    assert [vault.get(1, seq) for seq in (0, 2)] == [bytes(32), b"\2" * 32]
    if torn < LOCKED:
        with pytest.raises(NotOpenedError):
            vault.get(1, 1)
    assert list(vault.all()) == [(1, 0), (1, 1), (1, 2)]
    vault.destroy(1, 1)
    assert not any(path.read_bytes()[SLOT : 2 * SLOT])
    vault.keep(1, [(1, b"n" * 32)])
    vault.settle()
    assert vault.get(1, 1) == b"n" * 32
    vault.close()


def test_a_file_that_ends_inside_a_slot_is_written_on(keys: ItemKeys, tmp_path: Path) -> None:
    keys.put(1, [(0, locked(1)), (1, locked(2))])
    os.truncate(tmp_path / "itemkeys" / "1", SLOT + 10)
    again = ItemKeys(tmp_path / "itemkeys")
    assert (again.get(1, 0), again.get(1, 2)) == (locked(1), None)
    again.put(1, [(1, locked(3)), (2, locked(4))])
    assert [again.get(1, seq) for seq in (1, 2)] == [locked(3), locked(4)]
    again.close()


def test_a_key_opens_in_its_own_slot_and_file_only(tmp_path: Path) -> None:
    vault = Vault(ItemKeys(tmp_path / "itemkeys"), bytes(32))
    vault.keep(1, [(0, b"0" * 32), (1, b"1" * 32)])
    vault.keep(2, [(0, b"2" * 32)])
    vault.settle()
    one, two = (tmp_path / "itemkeys" / name for name in ("1", "2"))
    moved = bytearray(one.read_bytes())
    moved[:SLOT], moved[SLOT : 2 * SLOT] = moved[SLOT : 2 * SLOT], moved[:SLOT]
    one.write_bytes(moved)
    two.write_bytes(bytes(moved[SLOT : 2 * SLOT]))
    for place in ((1, 0), (1, 1), (2, 0)):
        with pytest.raises(NotOpenedError):
            vault.get(*place)
    vault.close()


def test_a_full_disk_refuses_and_says_so_and_the_keys_go_on(keys: ItemKeys) -> None:
    keys.put(1, [(0, locked(1))])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    held = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (GROW, before[1]))
    try:
        with pytest.raises(FullError):
            keys.put(1, [(GROW // SLOT, locked(2))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, held)
    assert (keys.get(1, 0), keys.get(1, GROW // SLOT)) == (locked(1), None)
    keys.put(1, [(GROW // SLOT, locked(2))])
    assert keys.get(1, GROW // SLOT) == locked(2)


def test_no_error_of_the_file_crosses_the_port(keys: ItemKeys) -> None:
    keys.put(1, [(0, locked(1))])
    os.close(keys._files[1])
    try:
        with pytest.raises(StoreError):
            keys.put(1, [(0, locked(2))])
    finally:
        keys._files.clear()


SEQS = st.sets(st.integers(0, 40), min_size=1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("put", "destroy", "open")), SEQS), max_size=8))
def test_whatever_is_put_and_destroyed_what_is_held_is_what_was_put_last(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, set[int]]]
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    keys, model = ItemKeys(folder), {}
    for number, (what, seqs) in enumerate(steps):
        if what == "put":
            keys.put(1, [(seq, locked(number)) for seq in sorted(seqs)])
            model |= dict.fromkeys(seqs, locked(number))
        elif what == "destroy":
            for seq in seqs:
                keys.destroy(1, seq)
                model.pop(seq, None)
        else:
            keys.close()
            keys = ItemKeys(folder)
    assert {seq: keys.get(1, seq) for seq in range(42)} == {seq: model.get(seq) for seq in range(42)}
    assert list(keys.all()) == [(1, seq) for seq in sorted(model)]
    keys.close()


def test_a_mark_is_reached_once_all_that_was_kept_before_it_is_durable_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(ItemKeys(tmp_path / "itemkeys"), bytes(32))
    assert vault.reached(vault.mark())
    vault.keep(1, [(0, b"0" * 32)])
    first = vault.mark()
    assert not vault.reached(first)
    going = threading.Event()
    put = ItemKeys.put
    monkeypatch.setattr(ItemKeys, "put", lambda *given: going.wait(10) and put(*given))
    vault.flush()
    vault.keep(1, [(1, b"1" * 32)])
    second = vault.mark()
    assert not vault.reached(first)
    going.set()
    wait_for("the first batch is written", lambda: vault.reached(first))
    assert not vault.reached(second)
    vault.settle()
    assert vault.reached(second)
    vault.close()


def test_what_could_not_be_written_is_not_reached_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault(ItemKeys(tmp_path / "itemkeys"), bytes(32))
    vault.keep(1, [(0, b"0" * 32)])
    mark = vault.mark()
    with monkeypatch.context() as patched:
        patched.setattr(ItemKeys, "put", full)
        vault.flush()
        wait_for("it has failed", lambda: vault.reached(mark) or vault.failed)
        assert isinstance(vault.failed, FullError)
        assert not vault.reached(mark)
    vault.keep(1, [(1, b"1" * 32)])
    vault.flush()
    wait_for("both are written", lambda: vault.reached(mark))
    assert vault.failed is None
    vault.close()
    again = Vault(ItemKeys(tmp_path / "itemkeys"), bytes(32))
    assert [again.get(1, seq) for seq in (0, 1)] == [b"0" * 32, b"1" * 32]
    again.close()
