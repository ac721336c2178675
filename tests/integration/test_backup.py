"""Backup and restore as an administrator does them: real nodes, processes of their own, the command line.

What a restored node may do follows docs/decisions/0005-every-start-is-checked.md; here it is tried with backups.
"""

import json
import resource
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from support_backup import (
    SECRET,
    back_up,
    in_force,
    own_log,
    ready,
    recorded,
    release,
    restored,
    root_of,
    spawned_backup,
    status,
    stop,
    wait_ready,
)
from support_nodes import CliNode, Nodes, done, entente, spawn

from entente.cli.stage import wait_for
from entente.node.backup_file import Opening, Reader, open_regular
from entente.store.sqlite import Store


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with in_force(tmp_path / "n") as both:
        yield both


@pytest.fixture
def started() -> Iterator[list[CliNode]]:
    """Restored nodes that a test has started; stopped at its end."""
    more: list[CliNode] = []
    yield more
    for node in more:
        node.stop()


def begin(started: list[CliNode], node: CliNode) -> CliNode:
    started.append(node)
    node.start()
    node.ready()
    return node


def given(node: CliNode, title: str) -> str:
    """Release an item; its id."""
    item: str = done(release(node, title)).json["lines"][0]["item"]
    return item


def held(node: CliNode, item: str) -> int:
    """The register number of an item, once it has come."""
    found: list[int] = []

    def come() -> bool:
        found[:] = [line["number"] for line in node.ask("item.register", direction="held") if line["item"] == item]
        return bool(found)

    wait_for(f"{item} comes", come)
    return found[0]


def opening_of(file: Path) -> Opening:
    with open_regular(file) as opened:
        first = Reader(opened, SECRET).record()
    assert isinstance(first, Opening)
    return first


def test_yesterdays_copy_takes_back_what_went_on_without_it(nodes: Nodes, started: list[CliNode]) -> None:
    before = held(nodes.jp, given(nodes.kr, "before the backup"))
    file = back_up(nodes.jp)
    assert not list(nodes.jp.path.glob("backup-*"))
    after = [given(nodes.jp, title) for title in ("after the backup", "and another")]
    given(nodes.kr, "to the node that was lost")  # its key was destroyed on receipt: its envelope alone comes again
    nodes.settle()
    stop(nodes.jp)
    lost = own_log(nodes.jp)
    jp = begin(started, restored(nodes.jp, file, "jp-restored"))
    wait_ready(jp)
    new = given(jp, "goes on")
    held(nodes.kr, new)
    assert {line["item"] for line in jp.ask("item.register", direction="given")} == {*after, new}
    wait_for("what was lost is on the register", lambda: len(jp.ask("item.register", direction="held")) == 2)
    lines = jp.ask("item.register", direction="held")
    assert [(line["state"], line["held"]) for line in lines[1:]] == [("held (lost in a restore)", False)]
    # Without the item keys what was held before is on the register, and does not open; what comes now does.
    ran = entente("open", jp.path, str(before), "-o", jp.path.parent / "old")
    assert (ran.code, "restored without the keys of items" in ran.err) == (1, True)
    assert "node backup --with-item-keys" in ran.err
    number = held(jp, given(nodes.kr, "new to the restored node"))
    done(entente("open", jp.path, str(number), "-o", jp.path.parent / "new"))
    assert (jp.path.parent / "new").read_text() == "new to the restored node"
    assert not status(jp)["evidence"]
    assert not status(nodes.kr)["evidence"]
    wait_for("both record the same", lambda: recorded(jp) == recorded(nodes.kr))
    stop(jp)
    with Store(jp.path / "store.db") as store:
        log = next(row for row in store.logs() if row.writer == "jp" and any(row.agreement))
    assert root_of(jp.path, log.id, lost[0]) == lost[1]


def test_with_item_keys_what_was_held_and_given_opens(nodes: Nodes, started: list[CliNode]) -> None:
    number = held(nodes.jp, given(nodes.kr, "held before"))
    nodes.settle()
    file = back_up(nodes.jp, "--with-item-keys")
    stop(nodes.jp)
    jp = begin(started, restored(nodes.jp, file, "jp-restored"))
    wait_ready(jp)
    done(entente("open", jp.path, str(number), "-o", jp.path.parent / "out"))
    assert (jp.path.parent / "out").read_text() == "held before"


def test_with_no_peer_reachable_an_office_restarts_the_log(nodes: Nodes, started: list[CliNode]) -> None:
    stop(nodes.jp)
    file = back_up(nodes.jp)  # of a stopped node
    stop(nodes.kr)
    jp = begin(started, restored(nodes.jp, file, "jp-restored"))
    ran = release(jp, "too early")
    assert (ran.code, ran.json["error"]["code"]) == (1, "START_UNCHECKED")
    check = entente("node", "check", jp.path)
    assert check.code == 1
    assert "START_UNCHECKED" in check.out
    assert "entente node restart" in check.out
    done(entente("node", "restart", jp.path, "--office", "treaty", "--yes"))
    item = given(jp, "from the new incarnation")
    nodes.kr.start()
    nodes.kr.ready()
    held(nodes.kr, item)
    assert not status(nodes.kr)["evidence"]


def test_a_backup_of_a_running_node_holds_it_up_for_nothing_and_of_a_stopped_one_holds_it(nodes: Nodes) -> None:
    back_up(nodes.jp, name="running.backup")
    assert ready(nodes.jp)
    assert done(release(nodes.jp, "still alive")).json["lines"]
    stop(nodes.jp)
    back_up(nodes.jp, name="stopped.backup")
    assert opening_of(nodes.jp.path.parent / "stopped.backup").heads[-1].size >= 0
    again = entente(
        "node", "backup", nodes.jp.path, nodes.jp.path.parent / "stopped.backup", "--json", passphrase=SECRET
    )
    assert (again.code, again.json["error"]["code"]) == (2, "EXISTS")


def test_a_backup_taken_while_items_are_released_is_consistent(nodes: Nodes, started: list[CliNode]) -> None:
    stopping, counted = Event(), [0]

    def releasing() -> None:
        while not stopping.is_set():
            done(release(nodes.kr, f"item {counted[0]}"))
            counted[0] += 1

    releaser = Thread(target=releasing)
    releaser.start()
    try:
        files = []
        for number in range(3):
            seen = counted[0]
            wait_for("an item is released", lambda seen=seen: counted[0] > seen)  # type: ignore[misc]
            files.append(spawned_backup(nodes.jp, number))
    finally:
        stopping.set()
        releaser.join()
    nodes.settle()
    stop(nodes.jp)
    with Store(nodes.jp.path / "store.db") as store:
        ids = {(row.agreement, row.writer, row.incarnation): row.id for row in store.logs()}
    for file in files:
        for head in opening_of(file).heads:
            log = ids[head.agreement, head.writer, head.incarnation]
            assert root_of(nodes.jp.path, log, head.size) == head.root
    jp = begin(started, restored(nodes.jp, files[1], "jp-restored"))
    wait_ready(jp)
    wait_for("all of it is here again", lambda: recorded(jp) == recorded(nodes.kr))
    assert not status(jp)["evidence"]


def limited() -> None:
    """No file may grow over 200 kB: what a full disk says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_full_disk_refuses_a_backup_and_a_restore_and_nothing_is_left(nodes: Nodes) -> None:
    (nodes.jp.path / "payloads" / "jp-0123456789abcdef-9").write_bytes(bytes(1_000_000))
    file = back_up(nodes.jp)
    before = sorted(nodes.jp.path.parent.iterdir())
    inside = {path.name for path in nodes.jp.path.iterdir()}
    for line in (
        ("node", "backup", nodes.jp.path, file.with_name("full"), "--json"),
        ("node", "restore", file, file.with_name("full"), "--json"),
    ):
        with spawn(*line, passphrase=SECRET, preexec_fn=limited) as process:
            out, _ = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "DISK_FULL")
        assert sorted(nodes.jp.path.parent.iterdir()) == before
        assert {path.name for path in nodes.jp.path.iterdir()} == inside


def test_what_a_killed_backup_left_is_gone_after_the_next_start(nodes: Nodes) -> None:
    left = nodes.jp.path / str(nodes.jp.ask("node.backup", item_keys=True)["folder"])  # and nobody seals it
    assert (left / "store.db").exists()
    stop(nodes.jp)
    nodes.jp.start()
    nodes.jp.ready()
    assert not left.exists()
