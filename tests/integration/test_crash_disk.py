"""A disk that fails: what was refused is not there, neither now nor after the next start."""

from pathlib import Path

import pytest
from support_kill import NodeProcess, running, until
from support_stop import END, LAST, open_pair, verified

from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError

FAILING = "inject=fdatasync:error=EIO:when=1"


def refused_by_the_disk(node: NodeProcess, item: str) -> None:
    """Release an item while the sync of COMMIT fails."""
    log = node.home.path / "store.db-wal"
    with node.traced("-P", str(log), "-e", FAILING, names="fdatasync"), pytest.raises(NodeError) as refused:
        node.release(item)
    assert refused.value.code.startswith("STORE") or refused.value.code == "DISK_FULL"


@pytest.mark.parametrize("killed", [False, True], ids=["lives", "killed"])
def test_a_release_whose_commit_failed_is_not_there_and_never_comes_back(
    ending: Path, tmp_path: Path, killed: bool
) -> None:
    (tmp_path / "item").write_bytes(b"launch detected")
    with running(ending, LAST) as nodes:
        jp, kr = nodes["jp"], nodes["kr"]
        lost = jp.compose(tmp_path / "item")
        refused_by_the_disk(jp, lost)
        if killed:
            jp.kill()
            jp.start(LAST)
            until(lambda: jp.call("agreement.status")["ready"], "the peer has confirmed")
        item = jp.compose(tmp_path / "item")
        jp.release(item)
        assert jp.answered(item)["state"] == "received"
        assert (jp.line(lost), kr.line(lost)) == (None, None)
        for node in nodes.values():
            node.stop()
        base = jp.home.path.parent
        pair = open_pair(base, SimulatedClock(END), SimulatedClock(END))
        assert [verified(base, party).ok for party in pair] == [True, True]
        pair.close()


def test_while_a_failed_commit_cannot_be_taken_back_nothing_is_written_and_then_it_is(
    ending: Path, tmp_path: Path
) -> None:
    (tmp_path / "item").write_bytes(b"launch detected")
    with running(ending, LAST) as nodes:
        jp = nodes["jp"]
        lost, second, third = (jp.compose(tmp_path / "item") for _ in range(3))
        log = jp.home.path / "store.db-wal"
        with jp.traced("-P", str(log), "-e", "inject=fdatasync:error=EIO", names="fdatasync"):
            for item in (lost, second):
                with pytest.raises(NodeError) as refused:
                    jp.release(item)
                assert refused.value.code == "STORE_DOUBTFUL"
        jp.release(third)
        assert jp.answered(third)["state"] == "received"
        jp.kill()
        jp.start(LAST)
        assert [jp.line(item) for item in (lost, second)] == [None, None]
