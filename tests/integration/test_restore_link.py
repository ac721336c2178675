"""An older copy of a node, met over a real link by a peer that holds and has cosigned more than the copy knows."""

import shutil
from pathlib import Path

from support_kill import NodeProcess, running, until
from support_stop import OCTOBER, open_pair, verified

from entente.node.clock import SimulatedClock


def gave(node: NodeProcess, path: Path, title: bytes) -> str:
    path.write_bytes(title)
    item = node.compose(path)
    node.release(item)
    assert node.answered(item)["state"] == "received"
    return item


def started(node: NodeProcess) -> None:
    node.start(OCTOBER)
    until(lambda: node.call("agreement.status")["ready"], "the node has its own entries, all of them")


def test_a_restored_copy_takes_back_what_its_peer_has_cosigned_and_goes_on(ending: Path, tmp_path: Path) -> None:
    """The peer's cosignature over what was lost is no fork, and does not end the session that brings it back."""
    with running(ending, OCTOBER) as nodes:
        jp, kr = nodes["jp"], nodes["kr"]
        jp.stop()
        shutil.copytree(jp.home.path, tmp_path / "backup")
        started(jp)
        lost = [gave(jp, tmp_path / "item", b"lost %d" % number) for number in range(3)]
        gave(kr, tmp_path / "item", b"from kr")
        jp.stop()
        shutil.rmtree(jp.home.path)
        shutil.copytree(tmp_path / "backup", jp.home.path)
        started(jp)
        after = gave(jp, tmp_path / "item", b"after the restore")
        until(lambda: all((line := jp.line(item)) and line["answered"] for item in [*lost, after]), "all are answered")
        for node in nodes.values():
            node.stop()
        base = jp.home.path.parent
        pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
        assert not pair.jp.node.store.evidence()
        assert not pair.kr.node.store.evidence()
        assert [verified(base, party).ok for party in pair] == [True, True]
        pair.close()
