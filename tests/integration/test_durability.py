"""What is receipted is on the disk first: by the kernel's own account, in the order in which it saw the calls."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support_kill import Call, NodeProcess, calls, running
from support_stop import LAST

NAMES = "pwrite64,ftruncate,fallocate,write,fsync,fdatasync,sendto,recvfrom,link"
BIG = b"\x00\xff" * 1_250_000


@pytest.fixture(scope="module")
def nodes(ending: Path) -> Iterator[dict[str, NodeProcess]]:
    """One pair for all: what is looked at is one item's way each time."""
    with running(ending, LAST) as found:
        yield found


def unsynced(seen: list[Call], before: Call) -> set[str]:
    """Files written before a call began whose sync had not ended then."""
    dirty = set()
    for one in seen:
        if one.began >= before.began:
            break
        if one.name in ("pwrite64", "ftruncate", "fallocate", "write") and one.on.startswith("/"):
            dirty.add(one.on)
        if one.name in ("fsync", "fdatasync") and one.ended < before.began:
            dirty.discard(one.on)
    return {path for path in dirty if not path.endswith("-shm")}


def synced(seen: list[Call], first: Call, last: Call) -> set[str]:
    """Names of the files, or of the item keys folder, whose sync began after one call and ended before another."""
    return {
        Path(one.on).name if "/itemkeys/" not in one.on else "itemkeys"
        for one in seen
        if one.name in ("fsync", "fdatasync") and one.began > first.began and one.ended < last.began
    }


def on_link(one: Call, name: str) -> bool:
    return one.name == name and one.on.startswith("TCP:")


QUIET_S = 0.7
"""Seconds after which nothing that was put off in an earlier round is sent or written any more."""


def trade(nodes: dict[str, NodeProcess], traced: str, payload: bytes, path: Path) -> list[Call]:
    """Japan gives Korea an item; what one of them did meanwhile."""

    def once() -> list[Call]:
        item = nodes["jp"].compose(path)
        time.sleep(QUIET_S)
        with nodes[traced].traced(names=NAMES) as trace:
            nodes["jp"].release(item)
            nodes["jp"].answered(item)
        return calls(trace)

    path.write_bytes(payload)
    return without_checkpoint(once)


def without_checkpoint(once: Callable[[], list[Call]]) -> list[Call]:
    """What was done in a round in which no checkpoint moved pages into the store's file, off the writer."""
    for _ in range(5):
        seen = once()
        if not any(one.name == "pwrite64" and one.on.endswith("/store.db") for one in seen):
            return seen
    raise AssertionError("the store's own file is written in every round")


def test_the_recipient_syncs_its_log_before_its_receipt_leaves(nodes: dict[str, NodeProcess], tmp_path: Path) -> None:
    seen = trade(nodes, "kr", b"launch detected", tmp_path / "item")
    came = next(one for one in seen if on_link(one, "recvfrom"))
    left = next(one for one in seen if on_link(one, "sendto") and one.began > came.began)
    assert synced(seen, came, left) >= {"store.db-wal"}
    assert unsynced(seen, left) == set()


def test_the_sender_syncs_its_log_before_the_entries_leave(nodes: dict[str, NodeProcess], tmp_path: Path) -> None:
    seen = trade(nodes, "jp", b"launch detected", tmp_path / "item")
    left = next(one for one in seen if on_link(one, "sendto"))
    assert synced(seen, seen[0], left) >= {"store.db-wal"}
    assert unsynced(seen, left) == set()


def test_the_recipient_syncs_a_large_payload_and_its_name_before_its_receipt_leaves(
    nodes: dict[str, NodeProcess], tmp_path: Path
) -> None:
    seen = trade(nodes, "kr", BIG, tmp_path / "item")
    written = [one for one in seen if one.name == "pwrite64" and "/payloads/" in one.on][-1]
    # While the segments come the writer is quiet, and may cosign; the receipt is in the log before it leaves.
    entered = next(one for one in seen if one.on.endswith("store.db-wal") and one.began > written.began)
    left = next(one for one in seen if on_link(one, "sendto") and one.began > entered.began)
    # The keys' own thread may sync theirs meanwhile: nothing waits for it.
    assert synced(seen, written, left) - {"itemkeys"} == {Path(written.on).name, "payloads", "store.db-wal"}
    assert unsynced(seen, left) == set()


def test_the_sender_syncs_a_large_payload_and_its_name_before_the_entries_leave(
    nodes: dict[str, NodeProcess], tmp_path: Path
) -> None:
    (tmp_path / "item").write_bytes(BIG)
    items = []

    def once() -> list[Call]:
        time.sleep(QUIET_S)
        with nodes["jp"].traced(names=NAMES) as trace:
            items.append(item := nodes["jp"].compose(tmp_path / "item"))
            nodes["jp"].release(item)
            nodes["jp"].answered(item)
        return calls(trace)

    seen = without_checkpoint(once)
    left = next(one for one in seen if on_link(one, "sendto"))
    assert synced(seen, seen[0], left) >= {f"staged-{items[-1]}", "payloads", "store.db-wal"}
    assert unsynced(seen, left) == set()
