"""``entente feed``: many items one after the other under a standing release (docs/spec/control.md, "Feeds")."""

import contextlib
import io
import json
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click

from entente.cli.client import Target, agreement_option, directory
from entente.cli.output import CommandError, InputError, as_json, from_below, plain, show_json

LENGTH = struct.Struct(">I")
MOST = 65_536
"""Bytes of a payload that a feed takes."""
STAY = "What was released cannot be undone and stays protected."


@click.command("feed")
@directory
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--standing", required=True, metavar="ID", help="The standing release that every item cites.")
@click.option("--title", required=True, metavar="TEXT", help="What each item is called in both registers.")
@click.option("--media-type", required=True, metavar="TYPE", help="Of each payload, such as application/json.")
@click.option("--level", required=True, metavar="MARKING", help="The originator's own marking, such as 秘.")
@click.option("--purpose", required=True, metavar="ID", help="One of the purposes that the terms allow.")
@click.option("--to", "recipients", required=True, multiple=True, metavar="PARTY", help="Who is to have them.")
@click.option(
    "--precedence",
    required=True,
    type=click.Choice(["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"], case_sensitive=False),
    metavar="FLASH|IMMEDIATE|PRIORITY|ROUTINE",
    help="The order on the wire.",
)
@click.option(
    "--reality", required=True, type=click.Choice(["actual", "exercise", "test"]), help="Never left in doubt."
)
@click.option("--caveat", "caveats", multiple=True, metavar="CODE", help="A caveat, such as ORCON.")
@click.option("--rel-to", "rel_to", multiple=True, metavar="PARTY", help="REL TO: nobody but these may have them.")
@click.option("--stream", metavar="NAME", help="Number the items as the next ones of this stream.")
@click.option("--framed", is_flag=True, help="Standard input is 4-byte big-endian lengths and bytes, not lines.")
@agreement_option
@as_json
def feed(directory: Path, files: tuple[Path, ...], framed: bool, as_json: bool, **item: Any) -> None:
    """Release many items under a standing release: each line of standard input is one, or each FILE.

    The gate is asked for each. Where it refuses one, those before it are released and those after it are not.
    Ctrl-C ends the feed after the item at hand; what was released stays released. A line without bytes is no item.

    \b
    Example: entente feed /var/lib/entente --standing jp-s1 --title "Track 4711" --level 秘 \\
             --media-type application/json --purpose missile-warning --to kr \\
             --precedence FLASH --reality exercise --stream track-4711
    """
    if framed and files:
        raise click.UsageError("--framed is about standard input; FILEs are one item each")
    check(files)
    target = Target(directory)
    asked = {**item, "to": list(item["recipients"]), "caveats": list(item["caveats"])}
    asked["rel_to"] = list(item["rel_to"]) or None
    del asked["recipients"]
    payloads = of_files(files) if files else of_frames(_input()) if framed else of_lines(_input())
    fed = run(target, asked, payloads, shown=not as_json)
    _end(target, asked, fed, as_json=as_json)


def check(files: Iterable[Path]) -> None:
    """Refuse before anything is released what cannot be fed.

    Raises:
        InputError: a file that is none, is empty, or is too large.
    """
    for file in files:
        if not file.is_file():
            raise InputError("CANNOT_READ", f"{file} is not a file that can be read", "Name the files to release.")
        fitting(file.stat().st_size, str(file))


def fitting(size: int, what: str) -> None:
    """Return if a payload of that size can be fed.

    Raises:
        InputError: it is empty or too large.
    """
    if not size:
        raise InputError("EMPTY", f"{what} has no bytes", "Leave it out; an item without a payload is no item.")
    if size > MOST:
        remedy = "Release it by itself: entente release."
        raise InputError("TOO_LARGE", f"{what} has {size} bytes; a feed takes at most {MOST}", remedy)


def _input() -> IO[bytes]:
    """Standard input behind a buffer of one's own: the interpreter, on its way out, waits for whoever reads its own."""
    try:
        return open(sys.stdin.fileno() if sys.stdin is not None else 0, "rb", closefd=False)
    except io.UnsupportedOperation:
        return sys.stdin.buffer
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> InputError:
    text = f"standard input cannot be read: {error.strerror}"
    return InputError("CANNOT_READ", text, "Give the items as lines, or name files.")


def of_files(files: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of each file."""
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            text = f"{file} cannot be read: {error.strerror}"
            raise InputError("CANNOT_READ", text, "Name the files to release.") from None
        fitting(len(data), str(file))
        yield data


def of_lines(source: IO[bytes]) -> Iterator[bytes]:
    """Each line without its line feed, as it comes; lines without bytes are left out."""
    number = 0
    while line := source.readline(MOST + 2):
        number += 1
        data = line.removesuffix(b"\n")
        if data:
            if len(data) > MOST:
                raise InputError(
                    "TOO_LARGE",
                    f"line {number} has more than {MOST} bytes",
                    "Release it by itself: entente release.",
                )
            yield data


def of_frames(source: IO[bytes]) -> Iterator[bytes]:
    """Payloads behind their lengths, up to one of length zero or the end."""
    number = 0
    while head := _exactly(source, LENGTH.size, number + 1):
        number += 1
        (length,) = LENGTH.unpack(head)
        if not length:
            return
        fitting(length, f"payload {number}")
        yield _exactly(source, length, number, begun=True)


def _exactly(source: IO[bytes], size: int, number: int, *, begun: bool = False) -> bytes:
    data = source.read(size)
    if len(data) == size or (not data and not begun):
        return data
    raise InputError("MALFORMED", f"standard input ends inside payload {number}", "Send it again.")


class Fed:
    """How far a feed has come: what the node has said of it, and how it ended."""

    def __init__(self) -> None:
        self.agreement = ""
        self.sent = self.released = self.received = self.refused = 0
        self.stopped = False
        """Whether it was told to stop by Ctrl-C."""
        self.ended = False
        """Whether nothing more will be sent, since it was told to stop."""
        self.error: Exception | None = None

    @property
    def settled(self) -> bool:
        """Whether the node has released all that was sent."""
        return self.released >= self.sent

    def take(self, line: dict[str, Any]) -> bool:
        """Take a line that the node said; True where it was the last."""
        from entente.node.control import told
        from entente.node.errors import NodeError

        if "ok" in line:
            self.agreement = line["ok"]["agreement"]
            return False
        self.released = line.get("released", self.released)
        try:
            counts = told(line).get("done", line)
        except NodeError as error:
            self.error = error
            return True
        self.released, self.received, self.refused = counts["released"], counts["received"], counts["refused"]
        return "done" in line

    @property
    def counts(self) -> dict[str, Any]:
        """What a program is told."""
        return {"released": self.released, "received": self.received, "refused": self.refused, "stopped": self.stopped}

    @property
    def words(self) -> str:
        """What a person is told."""
        return f"released {self.released:,}, received {self.received:,}, refused {self.refused:,}"


class _Sender(threading.Thread):
    """Writes payloads to the node; what is waited for here, input or room, holds up nobody who reads answers."""

    def __init__(self, connection: socket.socket, payloads: Iterator[bytes], fed: Fed) -> None:
        super().__init__(daemon=True)
        self._connection = connection
        self._payloads = payloads
        self._fed = fed
        self._sending = threading.Lock()
        self._over = False
        self.error: Exception | None = None

    def run(self) -> None:
        """Send all there is, and say that it was all: whoever says so waits for the answers."""
        with contextlib.suppress(OSError):  # the node has closed: what it said is read by the other thread
            while (payload := self._next()) and self._send(payload):
                pass
            if not payload:
                self._send(b"")

    def _next(self) -> bytes:
        """The next payload; nothing at the end, and where what comes next is none."""
        try:
            return next(self._payloads, b"")
        except InputError as error:
            self.error = error
        except OSError as error:
            self.error = _unreadable(error)
        return b""

    def _send(self, payload: bytes) -> bool:
        """Write a payload, whole; False where the feed was told to stop."""
        with self._sending:
            if self._over:
                return False
            self._connection.sendall(LENGTH.pack(len(payload)) + payload)
            self._fed.sent += bool(payload)
            return True

    def stop(self) -> None:
        """End the feed after the payload at hand; what was sent is still released, and nothing else waited for."""
        self._over = True
        with self._sending:
            self._close(socket.SHUT_WR)
        self._fed.ended = True
        if self._fed.settled:
            self._close(socket.SHUT_RDWR)  # whoever reads may be waiting for answers

    def _close(self, how: int) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(how)


def run(target: Target, asked: dict[str, Any], payloads: Iterator[bytes], *, shown: bool) -> Fed:
    """Feed a node until the input ends, the node refuses, or Ctrl-C; a second Ctrl-C waits for nothing more."""
    from entente.node.control import ask

    fed = Fed()
    with ask(target.home.control, "item.feed", asked) as connection:
        sender = _Sender(connection, payloads, fed)

        def interrupted(_number: int, _frame: object) -> None:
            if fed.stopped:
                raise KeyboardInterrupt
            fed.stopped = True
            threading.Thread(target=sender.stop, daemon=True).start()

        before = signal.signal(signal.SIGINT, interrupted)
        try:
            with _progress(shown=shown) as show, contextlib.suppress(KeyboardInterrupt):
                sender.start()
                _listen(fed, connection.makefile("rb"), show)
        finally:
            signal.signal(signal.SIGINT, before)
    fed.error = fed.error or sender.error
    return fed


def _listen(fed: Fed, lines: IO[bytes], show: Callable[[str], object]) -> None:
    """Take what the node says until its last word, or until nothing more is waited for."""
    with contextlib.suppress(ConnectionError):
        for line in lines:
            last = fed.take(json.loads(line))
            show(fed.words)
            if last or (fed.ended and fed.settled):
                return
    if not fed.stopped:
        remedy = "See the node's log, and: entente register --given"
        fed.error = CommandError("NO_ANSWER", "the node closed before the feed was done", remedy)


@contextlib.contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str], object]]:
    """How far it has come, to somebody at a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield str
        return
    with console.status("waiting for items ...") as status:
        yield status.update


def _end(target: Target, asked: dict[str, Any], fed: Fed, *, as_json: bool) -> None:
    """Tell how it ended; what was released is said, whatever else happened."""
    if not as_json:
        _show(target, asked, fed)
    if fed.error is not None:
        raise _refusal(fed, fed.error)
    if as_json:
        show_json(
            target.answer(agreement=fed.agreement, standing=asked["standing"], stream=asked["stream"], **fed.counts)
        )
    if fed.stopped or fed.refused:
        click.get_current_context().exit(1)


def _refusal(fed: Fed, error: Exception) -> Exception:
    """What ended the feed, with what was released before it."""
    found = error if isinstance(error, CommandError) else from_below(error)
    if found is None:
        return error
    first = f"the first {fed.released} of the items were released" if fed.released else "no item was released"
    if found.code == "NO_ANSWER":
        first = "as far as it said, " + first
    return type(found)(found.code, f"{found.message} ({first})", found.remedy, reasons=found.reasons, facts=fed.counts)


def _show(target: Target, asked: dict[str, Any], fed: Fed) -> None:
    from rich.text import Text

    from entente.cli import screens

    screens.heading(target, f"a feed to {plain(', '.join(asked['to']))}")
    words = Text.assemble(screens.reality(asked["reality"]), f", {asked['precedence']}, {fed.words}")
    rows: list[tuple[str, str | Text]] = [("title", plain(asked["title"])), ("standing release", asked["standing"])]
    if asked["stream"]:
        rows.append(("stream", asked["stream"]))
    screens.facts([*rows, ("items", words)])
    if fed.stopped:
        click.echo("Stopped; nothing more was sent.")
    waiting = fed.released * len(asked["to"]) - fed.received - fed.refused
    if waiting > 0:
        click.echo(f"{waiting} answers had not come: entente register {target.path} --given")
    if fed.refused:
        click.echo(f"A recipient refused some: entente register {target.path} --given")
    if fed.released:
        click.echo(STAY)
