"""A store whose COMMIT stalls across the end: the instant is what it was, and what arrives too late is refused.

The kernel holds the sync of the write-ahead log, by strace, for as long as the test wants; nothing else is slowed down.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from support_kill import NodeProcess, running, until
from support_stop import END, LAST, Pair, open_pair, verified

from entente.node.clock import SimulatedClock
from entente.node.errors import UsageError

HELD = "fdatasync:delay_enter=600000000:when=1"
"""Ten minutes, for the first sync alone; the test lets go of it long before."""


@contextmanager
def stalled(node: NodeProcess) -> Iterator[Callable[[], bool]]:
    """While the block runs, the node's next COMMIT does not come back; yields whether it has come to that.

    What copies the log into the database syncs the log too, in a thread of its own: a COMMIT has written to it first.
    """
    log = node.home.path / "store.db-wal"
    with node.traced("-P", str(log), "-e", f"inject={HELD}", names="fdatasync"):
        before = log.stat().st_mtime_ns
        yield lambda: log.stat().st_mtime_ns != before and node.held_in("fdatasync", "store.db-wal")


def turn(node: NodeProcess, instant: int) -> Thread:
    """Turn the clock of a node whose writer is held: it turns at once, and is answered when the writer is free."""
    turning = Thread(target=node.turn, args=(instant,))
    turning.start()
    for _ in range(3):  # answered by the same loop, in order, without the writer
        with pytest.raises(UsageError):
            node.call("no such command")
    return turning


def settled(nodes: dict[str, NodeProcess], item: str, sender: str) -> str:
    """How the item was answered, both nodes stopped."""
    state = nodes[sender].answered(item)["state"]
    for node in nodes.values():
        node.stop()
    return str(state)


def judge(nodes: dict[str, NodeProcess]) -> Iterator[tuple[Pair, Path]]:
    """Both nodes' directories, opened here, their evidence verified."""
    base = nodes["jp"].home.path.parent
    pair = open_pair(base, SimulatedClock(END), SimulatedClock(END))
    assert [verified(base, party).ok for party in pair] == [True, True]
    yield pair
    pair.close()


def test_a_release_whose_commit_stalls_across_the_end_has_its_instant_before_it_and_is_refused(
    ending: Path, tmp_path: Path
) -> None:
    (tmp_path / "item").write_bytes(b"launch detected")
    with running(ending, LAST) as nodes:
        item = nodes["jp"].compose(tmp_path / "item")
        with stalled(nodes["jp"]) as stalls:
            releasing = Thread(target=nodes["jp"].release, args=(item,))
            releasing.start()
            until(stalls, "COMMIT stalls")
            turning = turn(nodes["jp"], END)
            nodes["kr"].turn(END)
        releasing.join()
        turning.join()
        assert settled(nodes, item, "jp") == "refused: AGREEMENT"
        for pair in judge(nodes):
            assert pair.jp.transfers()[-1] == LAST
            assert pair.kr.line("held", item) is None


def test_an_acceptance_whose_commit_stalls_across_the_end_stands_at_its_instant(ending: Path, tmp_path: Path) -> None:
    (tmp_path / "item").write_bytes(b"launch detected")
    with running(ending, LAST) as nodes:
        item = nodes["jp"].compose(tmp_path / "item")
        with stalled(nodes["kr"]) as stalls:
            nodes["jp"].release(item)
            until(stalls, "COMMIT stalls")
            turning = turn(nodes["kr"], END)
            nodes["jp"].turn(END)
        turning.join()
        assert settled(nodes, item, "jp") == "received"
        for pair in judge(nodes):
            held, given = pair.kr.line("held", item), pair.jp.line("given", item)
            assert held is not None
            assert given is not None
            assert (held.instant, given.answered) == (LAST, LAST)


def test_a_release_that_waits_for_a_stalled_commit_is_judged_after_it(ending: Path, tmp_path: Path) -> None:
    (tmp_path / "item").write_bytes(b"launch detected")
    with running(ending, LAST) as nodes:
        jp = nodes["jp"]
        first, second = (jp.compose(tmp_path / "item") for _ in range(2))
        with stalled(jp) as stalls:
            releasing = Thread(target=jp.release, args=(first,))
            releasing.start()
            until(stalls, "COMMIT stalls")
            turning = turn(jp, END)
        releasing.join()
        turning.join()
        with pytest.raises(Exception, match="ended"):
            jp.release(second)
        assert jp.line(second) is None
