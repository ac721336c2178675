"""A command that the node does not answer says so, whatever the process on the other side does."""

import socket
import threading
from pathlib import Path

import pytest

from entente.node.control import call
from entente.node.errors import NotReadyError


def listening(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    return server


def test_a_node_that_ends_with_the_request_unread_has_not_answered(tmp_path: Path) -> None:
    with listening(tmp_path / "s") as server:
        asking = threading.Thread(target=lambda: server.accept()[0].close())  # unread: the kernel resets
        asking.start()
        with pytest.raises(NotReadyError) as refused:
            call(tmp_path / "s", "item.compose", path="x" * 1_000_000)
        asking.join()
    assert refused.value.code == "NO_ANSWER"


def test_whoever_has_patience_for_so_long_is_told_that_nothing_came(tmp_path: Path) -> None:
    with listening(tmp_path / "s"):
        with pytest.raises(NotReadyError) as refused:
            call(tmp_path / "s", "node.health", patience=0.05)
        assert refused.value.code == "NO_ANSWER"


def test_a_socket_that_nobody_listens_at_is_a_node_that_does_not_run(tmp_path: Path) -> None:
    listening(tmp_path / "s").close()
    with pytest.raises(NotReadyError) as refused:
        call(tmp_path / "s", "node.health", patience=0.05)
    assert refused.value.code == "NOT_RUNNING"
