"""The control socket: requests are parsed strictly, and nobody but the node's own user is answered."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from support_commands import EXAMPLES, World, command_world
from support_pair import standing

from entente.node import control
from entente.node.control import MAX_LINE, ControlServer


@pytest.fixture(scope="module")
def world(ending: Path) -> Iterator[World]:
    with command_world(ending) as made:
        yield made


@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_a_request_is_parsed_strictly(world: World, command: str) -> None:
    before = standing(world.pair.kr.node)
    args = EXAMPLES[command]
    assert world.code(command, **args, surprise=1) == "BAD_ARGUMENTS"
    body = json.dumps({"command": command, "args": args})
    repeated = body[:-1] + f', "command": {json.dumps(command)}}}'
    inside = json.dumps({"command": command, "args": {}})[:-2] + '"x": 1, "x": 2}}'
    for line in (repeated, inside, body + "]", "", "{", "null", '{"command": 1}', body[:-1] + ', "more": 1}'):
        answer = world.line(line.encode())
        assert answer["error"]["code"] == "BAD_REQUEST", line
        assert answer["error"]["exit"] == 2
    for name in args:
        wrong = {**args, name: {"not": {"it": 1}}}
        assert world.code(command, **wrong) == "BAD_ARGUMENTS"
    assert standing(world.pair.kr.node) == before


def test_a_command_that_is_not_registered_does_not_exist(world: World) -> None:
    assert world.code("node.eval") == "UNKNOWN_COMMAND"
    assert world.code("__init__") == "UNKNOWN_COMMAND"


@pytest.mark.parametrize(
    ("command", "args", "said"),
    [
        ("clock.set", {"instant": "yesterday"}, "BAD_INSTANT"),
        ("agreement.status", {"agreement": "nowhere"}, "WHICH_AGREEMENT"),
        ("agreement.propose", {"path": "/nowhere"}, "UNREADABLE"),
        ("item.open", {"number": 10**6, "path": "/nowhere/x"}, "NO_SUCH_ITEM"),
        ("bundle.export", {"peer": "us", "path": "/nowhere/x"}, "NOT_PAIRED"),
    ],
)
def test_bad_input_says_what_is_allowed(world: World, command: str, args: dict[str, Any], said: str) -> None:
    before = standing(world.pair.kr.node)
    assert world.code(command, **{"agreement": "jp-kr-2016"} | args if command == "item.compose" else args) == said
    assert standing(world.pair.kr.node) == before


def test_a_command_about_one_of_several_agreements_names_them(world: World) -> None:
    error = world.ask("agreement.status")["error"]
    assert (error["code"], error["exit"]) == ("WHICH_AGREEMENT", 2)
    assert "jp-kr-2016, jp-kr-second" in error["remedy"]


# The socket itself


@pytest.fixture
def served(world: World) -> Iterator[Path]:
    """The control socket, open."""
    loop = asyncio.new_event_loop()
    server = ControlServer(world.daemon)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield world.pair.kr.home.control
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def said(path: Path, data: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        with suppress(BrokenPipeError):
            connection.sendall(data)
        answer: dict[str, Any] = msgspec.json.decode(b"".join(iter(lambda: connection.recv(1 << 16), b"")))
    return answer


def test_a_line_that_is_too_long_is_refused_by_name(served: Path) -> None:
    assert said(served, b"x" * (MAX_LINE + 2))["error"]["code"] == "TOO_LARGE"
    assert said(served, b'{"command": "node.status"}\n')["ok"]["party"] == "kr"


KNOCK = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
with socket.socket(socket.AF_UNIX) as knock:
    try:
        knock.connect(sys.argv[1])
        knock.sendall(b'{"command": "node.status"}\\n')
        print(len(knock.recv(100)))
    except OSError as error:
        print(0)
"""


@pytest.mark.parametrize("open_to_all", [False, True])
def test_another_user_of_the_machine_is_not_answered(
    served: Path, open_to_all: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's mode keeps him out; were it opened by mistake, he would be asked who he is."""
    assert served.stat().st_mode & 0o777 == 0o600
    if os.geteuid() != 0:  # only root can become another user; another user's node is the same question
        monkeypatch.setattr(control.os, "geteuid", lambda: 4711)
        with pytest.raises((msgspec.DecodeError, ConnectionError)):
            said(served, b'{"command": "node.status"}\n')
        return
    with TemporaryDirectory() as folder:
        place = served
        if open_to_all:
            Path(folder).chmod(0o755)
            place = Path(folder) / "s"
            os.link(served, place)
            served.chmod(0o666)
        knocked = subprocess.run([sys.executable, "-c", KNOCK, str(place)], capture_output=True, check=True, cwd="/")
        served.chmod(0o600)
    assert knocked.stdout.strip() == b"0"
