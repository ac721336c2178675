"""The node that a command is about: its directory, and the running process behind its control socket."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, TypeVar

import click

from entente.cli.output import InputError, plain

F = TypeVar("F", bound=Callable[..., Any])
MAX_SOCKET_PATH = 107
"""Bytes of a Unix socket's path (unix(7))."""
PATIENCE = 1.0
"""Seconds after which somebody at a terminal is told that something is still going on."""

directory = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
agreement_argument = click.argument("agreement", metavar="[AGREEMENT]", required=False)
agreement_option = click.option(
    "--agreement", metavar="A", help="Name or digest of the agreement; not needed where there is one."
)


class Target:
    """A node's directory, opened.

    Raises:
        UsageError: it is not a node's directory.
    """

    def __init__(self, path: Path) -> None:
        from entente.node.home import Home

        private()
        self.path = path.absolute()
        self.home = Home(self.path)
        self.party = self.home.party
        self.simulated = self.home.settings.simulated
        check_path(self.path)
        context = click.get_current_context(silent=True)
        self._for_people = context is not None and not context.params.get("as_json")

    def call(self, command: str, *, exact: bool = False, **args: Any) -> Any:
        """Ask the running node. Where people read, what others wrote into the record cannot steer their terminal.

        With ``exact`` the answer stays as it is even then.

        Raises:
            NodeError: its refusal, or that it is not running.
        """
        from entente.node.control import call

        answer = call(self.home.control, command, **args)
        return _plain(answer) if self._for_people and not exact else answer

    def answer(self, **facts: Any) -> dict[str, Any]:
        """What a command answers a program: always whose node it is, and whether its time is simulated."""
        return {"party": self.party, "simulated": self.simulated, **facts}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def private() -> None:
    """What a command writes about a node is for the node's own user alone."""
    os.umask(0o077)


def check_path(path: Path) -> None:
    """Refuse a directory whose control socket could not be opened for the length of its path.

    Raises:
        InputError: it is too long.
    """
    length = len(os.fsencode(path.absolute() / "control.sock"))
    if length > MAX_SOCKET_PATH:
        raise InputError(
            "PATH_TOO_LONG",
            f"the path of {path.name}/control.sock has {length} bytes; a socket's has at most {MAX_SOCKET_PATH}",
            "Use a directory with a shorter path.",
        )


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say what is going on, to somebody at a terminal and only where it takes longer than a second."""
    from rich.console import Console

    console = Console(stderr=True)
    status = console.status(f"{what} ...")
    timer = Timer(PATIENCE, status.start)
    if console.is_terminal:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if console.is_terminal:
            timer.join()
            status.stop()


def mebibytes(done: int) -> str:
    """Bytes as somebody who waits is told them."""
    return f"{done // (1024 * 1024):,} MiB"


@contextmanager
def counting(what: str, told: Callable[[int], str] = mebibytes) -> Iterator[Callable[[int], None]]:
    """As :func:`waiting`, and how much is done by now: call what this gives with every count."""
    from rich.console import Console

    console, begun, done = Console(stderr=True), time.monotonic(), 0
    status = console.status(f"{what} ...")

    def count(size: int) -> None:
        nonlocal done
        done += size
        if console.is_terminal and time.monotonic() - begun > PATIENCE:
            status.update(f"{what}: {told(done)}")
            status.start()

    try:
        yield count
    finally:
        status.stop()


def output_path(path: Path) -> str:
    """A path as the node is told it: absolute, since the node runs in another directory."""
    return str(path.absolute())
