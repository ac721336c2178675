"""The control socket: how commands reach the running node (docs/spec/control.md).

A Unix socket in the node's directory, mode 0600, open to the node's own user only (SO_PEERCRED is checked). One request
is one line of JSON, ``{"command": ..., "args": {...}}``; the answer is one line, ``{"ok": ...}`` or ``{"error": ...}``
with code, message, remedy and reasons. Duplicate members, unknown arguments and lines over 8 MiB are refused.
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from entente.node.errors import NodeError, NotReadyError, UsageError
from entente.store.errors import StoreError

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.registry import Command

A = TypeVar("A", bound=msgspec.Struct)
logger = logging.getLogger("entente.node.control")
MAX_LINE = 8 * 1024 * 1024
_CREDENTIALS = struct.Struct("3i")


class ControlServer:
    """Listens for commands and hands them to the registered handlers."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the socket; a stale one of a node that was killed is replaced."""
        path = self._daemon.node.home.control
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_LINE)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Close the socket."""
        if self._server is not None:
            self._server.close()
        self._daemon.node.home.control.unlink(missing_ok=True)

    async def _told(self, command: "Command", args: Any) -> bytes:
        try:
            return msgspec.json.encode({"ok": await command.run(self._daemon, args)})
        except NodeError as error:
            return msgspec.json.encode(error_of(error))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _caller(writer.get_extra_info("socket")) not in (os.geteuid(), 0):
                return
            line = await reader.readline()
            answer = await self._stream(line, reader, writer)
            writer.write(await self.answer(line) + b"\n" if answer is None else answer)
            await writer.drain()
        except ValueError:  # asyncio's word for a line over the limit
            text = f"a command has at most {MAX_LINE} bytes"
            writer.write(_error("TOO_LARGE", text, "Give large input as a file.", (), 2) + b"\n")
            logger.info("a command was too large")
        except (ConnectionError, asyncio.CancelledError):
            logger.info("a command was cut off")  # also by this node's end; what it committed stands
        finally:
            writer.close()

    async def _stream(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes | None:
        """Hand the connection to a command that keeps it; None where the request is of another kind.

        What it says is not waited for: a caller that does not read is cut off when too much lies unread.
        """
        from entente.node.commands import STREAMS

        def say(value: Any) -> None:
            if writer.transport.get_write_buffer_size() > MAX_LINE:
                writer.transport.abort()
            if not writer.is_closing():
                writer.write(msgspec.json.encode(value) + b"\n")

        try:
            request = parse_request(line)
            command = STREAMS.get(request.command)
            if command is None:
                return None
            await command.run(self._daemon, convert(request, command.args), reader, say)
        except NodeError as error:
            return msgspec.json.encode(error_of(error)) + b"\n"
        return b""

    async def answer(self, line: bytes) -> bytes:
        """The answer to one request, never an exception."""
        from entente.node.commands import COMMANDS
        from entente.node.veiling import veiled

        try:
            request = parse_request(line)
            command = COMMANDS.get(request.command)
            if command is None:
                raise UsageError(
                    "UNKNOWN_COMMAND", f"there is no command {request.command!r}", "Upgrade the node or the command."
                )
            args = convert(request, command.args)
            told = await self._told(command, args)
            return await veiled(self._daemon, args, told, line) if command.veiled else told
        except NodeError as error:
            return msgspec.json.encode(error_of(error))
        except StoreError as error:
            return _error(error.code, str(error), error.remedy, (), 1)
        except Exception:
            logger.exception("a command failed")
            return _error(
                "INTERNAL", "the node failed on this command; nothing was committed", "See the node's log.", (), 1
            )


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """One request on the control socket."""

    command: str
    args: dict[str, Any] = {}


def parse_request(line: bytes) -> Request:
    """Parse a request strictly.

    Raises:
        UsageError: not JSON, a duplicate or unknown member.
    """
    try:
        return msgspec.convert(json.loads(line, object_pairs_hook=_no_duplicates), Request)
    except (ValueError, RecursionError) as error:
        raise UsageError("BAD_REQUEST", f"not a request: {error}", "Use the entente command.") from error


def convert(request: Request, kind: type[A]) -> A:
    """The request's arguments as its command takes them.

    Raises:
        UsageError: an unknown argument, one missing, or of another type.
    """
    try:
        return msgspec.convert(request.args, kind)
    except msgspec.ValidationError as error:
        raise UsageError("BAD_ARGUMENTS", f"{request.command}: {error}", "See the command's help.") from error


def error_of(error: NodeError) -> dict[str, Any]:
    """A refusal as the caller is told it."""
    return _error_body(error.code, error.message, error.remedy, error.reasons, error.exit_code)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _error(code: str, message: str, remedy: str, reasons: tuple[Any, ...], exit_code: int) -> bytes:
    return msgspec.json.encode(_error_body(code, message, remedy, reasons, exit_code))


def _error_body(code: str, message: str, remedy: str, reasons: tuple[Any, ...], exit_code: int) -> dict[str, Any]:
    body = {"code": code, "message": message, "remedy": remedy, "reasons": reasons, "exit": exit_code}
    return {"error": body}


def _caller(connection: socket.socket) -> int:
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(data)[1])


def call(control: Path, command: str, *, patience: float | None = None, **args: Any) -> Any:
    """Ask a running node; for the command line. ``patience``: seconds without a byte to wait, None for ever.

    Raises:
        NotReadyError: no node is running in the directory (``NOT_RUNNING``), or it does not answer (``NO_ANSWER``).
        NodeError: the node's refusal, with its code, remedy and reasons.
    """
    try:
        with ask(control, command, args, patience=patience) as connection:
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    except TimeoutError as error:
        raise _no_answer() from error
    except ConnectionError:  # it ended with the request unread
        answer = b""
    if not answer:
        raise NotReadyError("NO_ANSWER", "the node closed without an answer", "See the node's log.")
    return told(msgspec.json.decode(answer))["ok"]


def ask(control: Path, command: str, args: Mapping[str, Any], *, patience: float | None = None) -> socket.socket:
    """A connection on which a command has been asked, to be read from and, where it is a feed, written to.

    Raises:
        NotReadyError: no node is running in the directory.
        OSError: it did not take the request, or not in time (TimeoutError).
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(patience)
    try:
        connection.connect(str(control))
    except TimeoutError:
        connection.close()
        raise
    except OSError as error:
        connection.close()
        raise NotReadyError(
            "NOT_RUNNING", f"no node is running in {control.parent}", f"Start it: entente node run {control.parent}"
        ) from error
    try:
        connection.sendall(msgspec.json.encode({"command": command, "args": args}) + b"\n")
    except OSError:
        connection.close()
        raise
    return connection


def told(line: dict[str, Any]) -> dict[str, Any]:
    """A line that the node said, which is no refusal.

    Raises:
        NodeError: it is one.
    """
    if "error" in line:
        refusal = line["error"]
        kind = UsageError if refusal["exit"] == 2 else NodeError
        raise kind(refusal["code"], refusal["message"], refusal["remedy"], refusal["reasons"])
    return line


def _no_answer() -> NotReadyError:
    return NotReadyError("NO_ANSWER", "the process of the node does not answer", "See the node's log.")
