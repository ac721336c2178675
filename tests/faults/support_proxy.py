"""A hostile network between two nodes: a relay that counts TLS records and does to the n-th what a test asks.

TLS 1.3 hides everything but the headers of its records (RFC 8446 section 5.1: type, version, length), and those are
where one message ends and the next begins. The relay runs an event loop of its own beside the test; connections are
``jp`` dialling ``kr``, so the two directions are named by who reads: ``kr`` and ``jp``.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")
HEADER = 5
FULL = 16384 + 17
"""Bytes of a record that was filled: another one of the same message follows it."""
PATIENCE = 30.0
NO_LINGER = struct.pack("ii", 1, 0)
Reader = Literal["jp", "kr"]
DIRECTIONS: tuple[Reader, Reader] = ("kr", "jp")


@dataclass(frozen=True)
class Fault:
    """What is done to the ``at``-th record (from 1) that travels to ``reader``.

    ``cut``: delivered, then both ends are reset; ``tear``: half of it is delivered first; ``garble``: a bit of it is
    flipped; ``swap``: it changes places with the next; ``double``: it is delivered twice; ``swallow``: from it on
    nothing is delivered either way, and nothing is closed; ``pass``: delivered, and whoever waits for it is told.
    """

    reader: Reader
    at: int
    kind: Literal["cut", "tear", "garble", "swap", "double", "swallow", "pass"] = "cut"


@dataclass(eq=False)
class Connection:
    """One connection through the relay."""

    ends: dict[Reader, asyncio.StreamWriter]
    fault: Fault | None
    records: dict[Reader, list[int]] = field(default_factory=lambda: {"jp": [], "kr": []})
    said: bytearray = field(default_factory=bytearray)
    """What the dialler has said, to be replayed."""
    held_back: bytes = b""
    deaf: bool = False

    def reset(self) -> None:
        for writer in self.ends.values():
            raw = writer.get_extra_info("socket")
            if raw is not None and not writer.is_closing():
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()


class Proxy:
    """The relay; every method may be called from the test's own thread."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.connections: list[Connection] = []
        """Every connection there was, oldest first."""
        self.fired = threading.Event()
        """Set once the fault that was armed last has happened."""
        self.delay = 0.0
        """Seconds that every record is held."""
        self.rate: float | None = None
        """Bytes a second in each direction."""
        self.attempts = 0
        """Connections that came, hung up on or not."""
        self.hanging_up = False
        """Whether every new connection is reset at once."""
        self._then: Callable[[], object] = lambda: None
        self._armed: Fault | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.listen()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def listen(self) -> None:
        """Take connections (again)."""

        async def work() -> None:
            if self._server is None:
                self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

        self._do(work())

    def refuse(self) -> None:
        """Let the kernel refuse every connection from now on, and cut those there are."""

        async def work() -> None:
            if self._server is not None:
                self._server.close()
                self._server = None
            self._cut()

        self._do(work())

    def cut(self) -> None:
        """Reset every connection."""

        async def work() -> None:
            self._cut()

        self._do(work())

    def arm(self, fault: Fault, then: Callable[[], object] = lambda: None) -> None:
        """Reset every connection; the next one suffers the fault, those after it do not; ``then`` is called with it."""

        async def work() -> None:
            self._cut()
            self.fired.clear()
            self._armed, self._then = fault, then

        self._do(work())

    def disarm(self) -> None:
        """Spare the next connection, and the one there is."""

        async def work() -> None:
            self._armed = None
            for connection in self.connections:
                connection.fault = None

        self._do(work())

    def stall(self) -> None:
        """Swallow whatever is said on the connections there are, and close none."""

        async def work() -> None:
            for connection in self.connections:
                connection.deaf = True

        self._do(work())

    def replay(self, connection: Connection) -> bytes:
        """Say to the acceptor, on a new connection, all that a dialler once said; what it answers until it closes."""

        async def work() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
            writer.write(bytes(connection.said))
            answer = b""
            with contextlib.suppress(ConnectionError):
                answer = await asyncio.wait_for(reader.read(-1), PATIENCE)
            writer.transport.abort()
            return answer

        return self._do(work())

    def close(self) -> None:
        """Cut everything and end the loop."""
        self.refuse()

        async def work() -> None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._do(work())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _cut(self) -> None:
        for connection in self.connections:
            connection.reset()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.attempts += 1
        try:
            if self.hanging_up:
                raise ConnectionRefusedError
            far, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection({"kr": onward, "jp": writer}, self._armed)
        self._armed = None
        self.connections.append(connection)
        try:
            pumps = (self._pump(connection, reader, "kr"), self._pump(connection, far, "jp"))
            await asyncio.gather(*pumps)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for each in connection.ends.values():
                each.close()

    async def _pump(self, connection: Connection, source: asyncio.StreamReader, to: Reader) -> None:
        seen, sink = connection.records[to], connection.ends[to]
        while True:
            header = await source.readexactly(HEADER)
            record = header + await source.readexactly(int.from_bytes(header[3:], "big"))
            seen.append(len(record))
            if to == "kr":
                connection.said += record
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.rate is not None:
                await asyncio.sleep(len(record) / self.rate)
            fault = connection.fault
            if fault is not None and fault.reader == to and len(seen) >= fault.at:
                record = self._suffer(connection, fault, record, sink)
            if not connection.deaf:
                sink.write(record)
                await sink.drain()
            if fault is not None and fault.kind in ("cut", "pass") and fault.reader == to and len(seen) == fault.at:
                self._fire()
                if fault.kind == "cut":
                    connection.reset()

    def _fire(self) -> None:
        self._then()
        self.fired.set()

    def _suffer(self, connection: Connection, fault: Fault, record: bytes, sink: asyncio.StreamWriter) -> bytes:
        """What is delivered in place of the record."""
        if fault.kind == "swap":
            if not connection.held_back:
                connection.held_back = record
                return b""
            record, connection.fault = record + connection.held_back, None
        elif fault.kind == "garble":
            record, connection.fault = record[:-1] + bytes([record[-1] ^ 1]), None
        elif fault.kind == "double":
            record, connection.fault = record * 2, None
        elif fault.kind == "tear":
            sink.write(record[: len(record) // 2])
            connection.reset()
        elif fault.kind == "swallow":
            connection.deaf, connection.fault = True, None
        else:
            return record
        self._fire()
        return record


def boundaries(records: list[int]) -> list[int]:
    """After which records (from 1) a message has ended: all but those that are full, whose message goes on."""
    return [place for place, size in enumerate(records, 1) if size < FULL]


@contextmanager
def between(port: int, target: int) -> Iterator[Proxy]:
    """A relay that is closed at the end."""
    proxy = Proxy(port, target)
    try:
        yield proxy
    finally:
        proxy.close()


def each_cut(records: dict[Reader, list[int]], kind: Literal["cut", "tear"]) -> Iterator[Fault]:
    """A cut at every message boundary of a connection as it went, either way; a tear inside the message before it."""
    for reader in DIRECTIONS:
        for place in boundaries(records[reader]):
            yield Fault(reader, place, kind)
