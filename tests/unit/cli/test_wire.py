"""The demo's wire carries bytes both ways, and nothing once it is cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from entente.cli.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A wire to an echo server."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo() -> None:
        while True:
            try:
                end, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(end,), daemon=True).start()

    threading.Thread(target=echo, daemon=True).start()
    wire = Wire()
    wire.target = server.getsockname()[1]
    yield wire
    wire.close()
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _echo(end: socket.socket) -> None:
    with end:
        while piece := end.recv(100):
            end.sendall(piece)


def said(wire: Wire) -> bytes:
    """What comes back of a word sent through the wire; nothing where the connection ends first."""
    try:
        with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as end:
            end.sendall(b"word")
            return end.recv(100)
    except ConnectionError:
        return b""


def test_bytes_go_both_ways(wire: Wire) -> None:
    assert said(wire) == b"word"


def test_nothing_passes_a_cut_wire_until_it_is_joined(wire: Wire) -> None:
    wire.cut()
    assert said(wire) == b""
    wire.join()
    assert said(wire) == b"word"


def test_a_cut_ends_the_connections_that_stand(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as end:
        end.sendall(b"word")
        assert end.recv(100) == b"word"
        wire.cut()
        with suppress(ConnectionError):
            assert end.recv(100) == b""


def test_nothing_passes_before_the_target_is_known(wire: Wire) -> None:
    wire.target = None
    assert said(wire) == b""
