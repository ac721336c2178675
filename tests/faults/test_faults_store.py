"""The store fails under a running node: disk full, database locked. It says so, loses nothing, and goes on."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support_disk import Disk, can_mount, small_disk
from support_faults import FILE, SMALL, FaultNode, World, until, world

from entente.node.errors import NodeError

MEGABYTES = 16
FULL_CODES = {"DISK_FULL", "STORE_DOUBTFUL"}
"""The second where a commit failed of which the disk has to say first whether it stands."""


@contextmanager
def on_a_small_disk(two: Path, party: str) -> Iterator[tuple[World, FaultNode, Disk]]:
    """Both nodes; the store of one lies on a disk of its own."""
    with tempfile.TemporaryDirectory(prefix="entente-") as name:
        base = Path(name)
        mounted = can_mount(base / "probe")
        if not mounted:
            with world(two, folder=base) as both:
                node = both.jp if party == "jp" else both.kr
                yield both, node, Disk(node, mounted=False)
            return
        with small_disk(base / party, MEGABYTES), world(two, folder=base) as both:
            node = both.jp if party == "jp" else both.kr
            yield both, node, Disk(node, mounted=True)


def refused_release(both: World, node: FaultNode, codes: set[str], size: int = SMALL) -> None:
    """A release that has to be refused for one of these reasons, and is never found again."""
    with pytest.raises(NodeError) as refused:
        both.give(node, bytes(size))
    assert refused.value.code in codes
    assert refused.value.remedy


def lines(node: FaultNode) -> int:
    return len(node.lines("given", "held", "refused"))


@pytest.mark.parametrize("size", [SMALL, FILE], ids=["item", "file"])
def test_a_sender_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(two: Path, size: int) -> None:
    with on_a_small_disk(two, "jp") as (both, jp, disk):
        both.give(jp, bytes(SMALL))
        both.settle()
        before = lines(jp)
        disk.fill()
        until_full(both, jp, size)
        assert lines(jp) >= before
        disk.free()
        both.give(jp, bytes(size))
        both.settle_and_check()


def until_full(both: World, node: FaultNode, size: int) -> None:
    """Release until the disk, which may have had room for a little more, is full."""
    for _ in range(400):
        try:
            both.give(node, bytes(size))
        except NodeError as error:
            assert error.code in FULL_CODES
            assert error.remedy
            break
    else:
        raise AssertionError("the disk took everything")
    refused_release(both, node, FULL_CODES, size)


@pytest.mark.parametrize("size", [SMALL, FILE], ids=["item", "file"])
def test_a_recipient_whose_disk_is_full_owes_an_answer_and_gives_it_when_there_is_room(two: Path, size: int) -> None:
    with on_a_small_disk(two, "kr") as (both, kr, disk):
        both.give(both.jp, bytes(SMALL))
        both.settle()
        disk.fill(leave=1_200_000 if size == FILE else 0)
        items = [both.give(both.jp, bytes(size)) for _ in range(40 if size == SMALL else 4)]
        until(lambda: "full" in kr.log.read_text() or "DISK_FULL" in kr.log.read_text(), "it says so in its log")
        open_debts = [item for item in items if both.jp.state(item) is None]
        assert open_debts, "what was not written cannot have been receipted"
        both.check_registers(debts=open_debts)
        disk.free()
        both.settle_and_check()


@contextmanager
def locked(node: FaultNode) -> Iterator[None]:
    """Another process, this one, holds the node's database for writing."""
    with closing(sqlite3.connect(node.home.path / "store.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def test_a_sender_whose_database_is_locked_says_so_and_goes_on(pair: World) -> None:
    with locked(pair.jp):
        refused_release(pair, pair.jp, {"STORE_LOCKED"})
    pair.give(pair.jp, bytes(SMALL))
    pair.settle_and_check()


def test_a_recipient_whose_database_is_locked_owes_an_answer_and_gives_it_afterwards(pair: World) -> None:
    with locked(pair.kr):
        items = [pair.give(pair.jp, bytes(SMALL)) for _ in range(5)]
        until(lambda: "locked" in pair.kr.log.read_text(), "it says so in its log")
        assert all(pair.jp.state(item) is None for item in items)
        pair.check_registers(debts=items)
    pair.settle_and_check()
    assert all(pair.jp.state(item) == "received" for item in items)
