"""The registry of commands, and what their handlers share (docs/spec/control.md).

A command is a name, the structure of its arguments and a handler; what is not registered does not exist.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from entente.domain.agreement.instants import parse_instant
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.releases import disk_room
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class Args(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Arguments of a command; unknown ones are refused."""


class Command(NamedTuple):
    """A registered command; ``veiled``: its answer goes through :func:`.veiling.veiled`."""

    name: str
    args: type[Args]
    run: Callable[["Daemon", Any], Awaitable[Any]]
    veiled: bool


COMMANDS: dict[str, Command] = {}
A = TypeVar("A", bound=Args)


def command(
    name: str, *, veiled: bool = True
) -> Callable[[Callable[["Daemon", A], Awaitable[Any]]], Callable[["Daemon", A], Awaitable[Any]]]:
    """Register a command; its arguments are the structure its handler is annotated with.

    Only one that must answer while the writer's thread stands still is not ``veiled``, and keeps hidden ids out itself.
    """

    def register(handler: Callable[["Daemon", A], Awaitable[Any]]) -> Callable[["Daemon", A], Awaitable[Any]]:
        COMMANDS[name] = Command(name, handler.__annotations__["args"], handler, veiled)
        return handler

    return register


Streamed = Callable[["Daemon", A, asyncio.StreamReader, Callable[[Any], None]], Awaitable[None]]


class Streaming(NamedTuple):
    """A registered command that keeps its connection: it reads on from it, and says lines as things happen."""

    name: str
    args: type[Args]
    run: Callable[["Daemon", Any, asyncio.StreamReader, Callable[[Any], None]], Awaitable[None]]


STREAMS: dict[str, Streaming] = {}


def streaming(name: str) -> Callable[["Streamed[A]"], "Streamed[A]"]:
    """Register a command that keeps its connection."""

    def register(handler: "Streamed[A]") -> "Streamed[A]":
        STREAMS[name] = Streaming(name, handler.__annotations__["args"], handler)
        return handler

    return register


def the_ledger(daemon: "Daemon", name: str | None) -> Ledger:
    """The ledger meant by a name, a digest or its beginning; the only one there is where nothing is named."""
    ledgers = daemon.node.ledgers
    if name is None and len(ledgers) == 1:
        return next(iter(ledgers.values()))
    try:
        return daemon.node.ledger(name or "")
    except KeyError as error:
        known = ", ".join(sorted(ledger.document.name for ledger in ledgers.values() if ledger.document)) or "none"
        raise UsageError(
            "WHICH_AGREEMENT", f"no single agreement is meant by {name!r}", f"Known here: {known}"
        ) from error


def read_file(path: str) -> bytes:
    """A file's bytes; UsageError where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            "UNREADABLE", f"{path} cannot be read: {error.strerror}", "Name a file that the node's user can read."
        ) from error


@contextmanager
def new_file(path: str) -> Iterator[Path]:
    """The path of a file that the command makes; UsageError where there is one already or it cannot be made."""
    try:
        with disk_room():
            yield Path(path)
    except FileExistsError as error:
        raise UsageError("EXISTS", f"{path} exists already", "Name a new file; nothing was overwritten.") from error
    except OSError as error:
        raise UsageError(
            "CANNOT_WRITE",
            f"{path} cannot be written: {error.strerror}",
            "Name a new file where the node's user may write.",
        ) from error


def instant_of(text: str | None) -> int | None:
    """The instant in ms of RFC 3339 text; UsageError where it is none."""
    try:
        return parse_instant(text) if text is not None else None
    except ValueError as error:
        raise UsageError(
            "BAD_INSTANT", f"{text!r} is no instant: {error}", "Write it as 2019-11-22T18:00:00+09:00."
        ) from error


class NoArgs(Args, kw_only=True):
    """No arguments."""


class SignatureArgs(Args, kw_only=True):
    """A signature, its parts in hex."""

    suite: str
    ed25519: str
    mldsa65: str

    def signature(self) -> Signature:
        """The signature's structure."""
        try:
            return Signature(self.suite, bytes.fromhex(self.ed25519), bytes.fromhex(self.mldsa65))
        except ValueError as error:
            raise UsageError("MALFORMED", "a signature is not hex", "Sign again.") from error


def bytes_of(text: str) -> bytes:
    """The bytes of hex text; UsageError where it is none."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UsageError("MALFORMED", "bytes are not hex", "Prepare it again.") from error
