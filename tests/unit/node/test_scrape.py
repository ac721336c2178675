"""The door of the metrics takes two plain requests from this machine, and nothing else."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support_stop import free_port

from entente.node import setup
from entente.node.errors import NodeError, UsageError
from entente.node.home import Home
from entente.node.scrape import MAX_OPEN, MAX_REQUEST, Answer, ScrapeDoor, _RefusedError, parse

AT = "127.0.0.1:9464"
GOOD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:9464\r\nAccept: */*\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        GOOD,
        b"GET /health HTTP/1.0\r\nhost:localhost:9464\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:9464 \r\nUser-Agent: Prometheus/2\r\n\r\n",
    ],
)
def test_a_plain_request_is_taken(head: bytes) -> None:
    assert parse(head, AT) == "/health"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GOOD.replace(b"GET", b"POST"), 405),
        (GOOD.replace(b"GET", b"HEAD"), 405),
        (GOOD.replace(b"GET", b"get"), 400),
        (GOOD.replace(b"/health", b"/health?x=1"), 404),
        (GOOD.replace(b"/health", b"/../keys/node.key"), 404),
        (GOOD.replace(b"/health", b"http://127.0.0.1:9464/health"), 400),
        (GOOD.replace(b"HTTP/1.1", b"HTTP/2"), 400),
        (GOOD.replace(b"HTTP/1.1", b"HTTP/1.1 "), 400),
        (GOOD.replace(b"127.0.0.1:9464", b"attacker.example:9464"), 421),
        (GOOD.replace(b"127.0.0.1:9464", b"127.0.0.1"), 421),
        (GOOD.replace(b"Host: 127.0.0.1:9464\r\n", b""), 421),
        (GOOD.replace(b"Accept", b"Host"), 400),
        (GOOD.replace(b"Accept: */*", b"Host : x"), 400),
        (GOOD.replace(b"Accept: */*", b" folded"), 400),
        (GOOD.replace(b"Accept: */*", b"Content-Length: 0"), 400),
        (GOOD.replace(b"Accept: */*", b"Transfer-Encoding: chunked"), 400),
        (GOOD.replace(b"Accept: */*", b"Upgrade: h2c"), 400),
        (GOOD.replace(b"\r\nAccept", b"\nAccept"), 400),
        (GOOD.replace(b"*/*", b"a\x00b"), 400),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
    ],
)
def test_anything_else_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(_RefusedError) as refused:
        parse(head, AT)
    assert refused.value.status == status


# The door itself


def failing() -> Answer:
    raise RuntimeError("an accident with a secret in it")


@contextmanager
def opened(port: int) -> Iterator[ScrapeDoor]:
    loop = asyncio.new_event_loop()
    pages = {"/health": lambda: (200, "application/json", b"{}"), "/metrics": failing}
    door = ScrapeDoor(f"127.0.0.1:{port}", pages)
    loop.run_until_complete(door.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield door
    finally:
        asyncio.run_coroutine_threadsafe(door.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def said(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        with suppress(ConnectionError):
            connection.sendall(data)
        answer = b""
        with suppress(ConnectionError):
            while piece := connection.recv(1 << 16):
                answer += piece
    return answer


def test_the_door_answers_and_closes() -> None:
    port = free_port()
    ask = GOOD.replace(b"9464", str(port).encode())
    with opened(port):
        answer = said(port, ask + ask)  # what follows a request is not read
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\nConnection: close\r\n\r\n{}")
        assert said(port, ask.replace(b"/health", b"/keys")).startswith(b"HTTP/1.1 404 ")
        assert said(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * MAX_REQUEST).startswith((b"HTTP/1.1 400 ", b""))
        assert said(port, ask).startswith(b"HTTP/1.1 200 ")


def test_a_page_that_fails_is_not_green_and_says_nothing_of_why() -> None:
    port = free_port()
    with opened(port):
        answer = said(port, GOOD.replace(b"9464", str(port).encode()).replace(b"/health", b"/metrics"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"secret" not in answer


def test_whoever_holds_connections_open_does_not_take_the_door_for_ever() -> None:
    port = free_port()
    ask = GOOD.replace(b"9464", str(port).encode())
    with opened(port):
        held = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(MAX_OPEN)]
        for connection in held:
            connection.sendall(b"GET")
        assert said(port, ask) == b""  # one more is closed on
        for connection in held:
            connection.sendall(ask[3:])
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
            connection.close()
        assert said(port, ask).startswith(b"HTTP/1.1 200 ")


def test_an_address_in_use_is_named() -> None:
    port = free_port()
    with opened(port), pytest.raises(NodeError) as refused:
        asyncio.run(ScrapeDoor(f"127.0.0.1:{port}", {}).start())
    assert refused.value.code == "CANNOT_LISTEN"
    assert "metrics" in refused.value.remedy


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("127.0.0.1:9464", True),
        ("[::1]:9464", True),
        ("0.0.0.0:9464", False),
        ("[::]:9464", False),
        ("192.0.2.1:9464", False),
        ("localhost:9464", False),
        ("127.0.0.1", False),
        ("127.0.0.1:0", False),
        ("127.0.0.1:65536", False),
        ("127.0.0.1:9464\\n", False),
        (":9464", False),
    ],
)
def test_metrics_are_served_on_the_loopback_alone(tmp_path: Path, address: str, taken: bool) -> None:
    home = setup.init(tmp_path / "kr", "kr", b"exercise only", simulated=True, listen="127.0.0.1:7433")
    assert home.settings.metrics == ""
    path = tmp_path / "kr" / "node.toml"
    assert "metrics" not in path.read_text()
    path.write_text(path.read_text() + f'metrics = "{address}"\n')
    if taken:
        assert Home(tmp_path / "kr").settings.metrics == address
        return
    with pytest.raises(UsageError) as refused:
        Home(tmp_path / "kr")
    assert refused.value.code == "BAD_SETTINGS"
