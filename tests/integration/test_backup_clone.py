"""Two copies of one node running at once: what is signed is never signed a second time, and somebody is told.

jp is restored from its backup while the node that the backup is of goes on running. Both find kr at the same address;
the links of both go through one wire.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_backup import back_up, in_force, ready, release, restored, status, stop, wait_ready
from support_nodes import CliNode, Nodes, done, entente

from entente.cli.stage import wait_for
from entente.store.sqlite import Store


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with in_force(tmp_path / "n") as both:
        yield both


@pytest.fixture
def clone(nodes: Nodes) -> Iterator[CliNode]:
    """A copy of jp, restored and not started."""
    copy = restored(nodes.jp, back_up(nodes.jp), "jp-clone")
    yield copy
    copy.stop()


def copied(node: CliNode) -> bool:
    """Whether the node says that another copy of it runs."""
    return any(name.startswith("copy/") and "another copy" in text for name, text in status(node)["alarms"].items())


def link(node: CliNode, peer: str) -> str:
    return str(status(node)["peers"][peer]["link"])


def refused(node: CliNode, title: str) -> str:
    ran = release(node, title)
    assert ran.code == 1, ran.out
    return str(ran.json["error"]["code"])


def test_beside_the_node_it_is_a_copy_of_a_clone_writes_nothing_and_says_why(nodes: Nodes, clone: CliNode) -> None:
    clone.start()
    clone.ready()
    wait_for("kr has turned the clone away", lambda: copied(clone))
    assert refused(clone, "from the clone") == "START_UNCHECKED"
    check = entente("node", "check", clone.path).out
    assert "another copy of this node" in check
    assert not ready(clone)
    done(release(nodes.jp, "from the one that may"))
    nodes.settle()
    # The other way round: once the first has stopped, the clone is the node, and the first is the copy.
    stop(nodes.jp)
    wait_ready(clone)
    done(release(clone, "from the clone"))
    nodes.jp.start()
    nodes.jp.ready()
    wait_for("kr has turned the first away", lambda: copied(nodes.jp))
    assert refused(nodes.jp, "from the first") == "START_UNCHECKED"
    assert not any(status(node)["evidence"] for node in (nodes.kr, nodes.jp, clone))


@pytest.mark.parametrize(("ours", "theirs"), [(4, 1), (1, 4)])
def test_a_copy_that_wrote_while_it_was_cut_off_never_shows_a_second_version(
    nodes: Nodes, clone: CliNode, ours: int, theirs: int
) -> None:
    """Either log may be the longer one when the peer sees both."""
    first = nodes.jp
    nodes.wires[0].cut()
    wait_for("the first is cut off", lambda: link(first, "kr") == "down")
    assert first.process is not None
    os.kill(first.process.pid, signal.SIGSTOP)  # so that it is the clone that kr takes for jp
    nodes.wires[0].join()
    clone.start()
    clone.ready()
    wait_ready(clone)
    os.kill(first.process.pid, signal.SIGCONT)
    for number in range(ours):
        done(release(first, f"a second version, never shown {number}"))
    for number in range(theirs):
        done(release(clone, f"the version that kr knows {number}"))
    wait_for("kr has it", lambda: len(nodes.kr.ask("item.register", direction="held")) == theirs)
    stop(clone)
    agreement = status(first)["agreements"][0]["agreement"]
    wait_for("the first sees that another has written", lambda: f"copy/{agreement}" in status(first)["alarms"])
    assert not ready(first)
    assert refused(first, "one more") == "START_UNCHECKED"
    assert "another copy of this node" in entente("node", "check", first.path).out
    assert not status(nodes.kr)["evidence"]
    assert len(nodes.kr.ask("item.register", direction="held")) == theirs
    stop(nodes.kr)
    with Store(nodes.kr.path / "store.db") as kr, Store(clone.path / "store.db") as written:
        known = next(row for row in kr.logs() if row.writer == "jp")
        shown = [entry.envelope for entry in kr.entries(known.id, 0, known.size)]
        # Entry by entry: the clone may have written its daily head as it was stopped, which nobody has seen yet.
        assert shown in [[entry.envelope for entry in written.entries(row.id, 0, known.size)] for row in written.logs()]
