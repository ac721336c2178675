"""Where ``/metrics`` and ``/health`` are read: plain HTTP on the loopback, for two paths and nothing else.

A request is one GET with one Host header that names this very address and no body; what else comes is answered with an
error and closed. Nothing can be changed through this door, and nothing it shows was written by a person. Why it is not
a web framework: docs/decisions/0021-a-tiny-door-for-metrics.md.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from entente.node.errors import NotReadyError
from entente.node.findings import sound

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.health import Health

logger = logging.getLogger("entente.node.scrape")
MAX_REQUEST: Final = 8 * 1024
MAX_OPEN: Final = 16
"""Connections at a time; one more is closed at once."""
PATIENCE: Final = 5.0
"""Seconds for a whole request, and for its answer to be taken."""
_REQUEST = re.compile(rb"GET (/[a-z]{0,32}) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_PHRASES: Final[Mapping[int, str]] = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    421: "Misdirected Request",
    503: "Service Unavailable",
}
Answer = tuple[int, str, bytes]
"""Status, media type, body."""
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_JSON: Final = "application/json"


class _RefusedError(Exception):
    """A request that is not taken, with its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def parse(head: bytes, address: str) -> str:
    """The path that a request asks for; ``head`` ends with the empty line, ``address`` is where this door is.

    Raises:
        _RefusedError: anything but a plain GET addressed to this very door.
    """
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    request = _REQUEST.fullmatch(first)
    if request is None:
        known = re.fullmatch(rb"[A-Z]{1,20} /[\x21-\x7e]* HTTP/1\.[01]", first)
        raise _RefusedError(400 if known is None else 404 if first.startswith(b"GET ") else 405)
    headers: dict[bytes, bytes] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None or header[1].lower() in headers:
            raise _RefusedError(400)
        headers[header[1].lower()] = header[2].strip()
    if headers.keys() & {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}:
        raise _RefusedError(400)
    # A page in a browser on this machine can be made to ask here under its own name (DNS rebinding).
    port = address.rpartition(":")[2]
    if headers.get(b"host") not in {address.encode(), f"localhost:{port}".encode()}:
        raise _RefusedError(421)
    return request[1].decode()


class ScrapeDoor:
    """Listens at ``address`` and answers with what ``pages`` make."""

    def __init__(self, address: str, pages: Mapping[str, Callable[[], Answer]]) -> None:
        self._address = address
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            NotReadyError: ``CANNOT_LISTEN``.
        """
        host, _, port = self._address.rpartition(":")
        try:
            self._server = await asyncio.start_server(self._serve, host.strip("[]"), int(port), limit=MAX_REQUEST)
        except OSError as error:
            text = f"{self._address}: {error.strerror or error}"
            raise NotReadyError("CANNOT_LISTEN", text, "Change metrics in node.toml.") from error

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_OPEN:
                async with asyncio.timeout(PATIENCE):
                    writer.write(_response(await self._answer(reader)))
                    await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            logger.info("a request for the metrics was cut off")
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        try:
            path = parse(await reader.readuntil(b"\r\n\r\n"), self._address)
        except asyncio.LimitOverrunError:
            return _error(400)
        except _RefusedError as error:
            return _error(error.status)
        page = self._pages.get(path)
        if page is None:
            return _error(404)
        try:
            return page()
        except Exception:
            logger.exception("a page for the metrics failed")
            return _error(503)


def _error(status: int) -> Answer:
    return status, "text/plain", f"{status} {_PHRASES[status]}\n".encode()


def _response(answer: Answer) -> bytes:
    status, media_type, body = answer
    head = (
        f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def health_page(health: "Health") -> Answer:
    """``/health``: ids and states, 200 only where nothing fails and everything is known."""
    found = health.verdict()
    body = {"ok": sound(found), "findings": [{"id": each.id, "state": each.state} for each in found]}
    return 200 if sound(found) else 503, _JSON, msgspec.json.encode(body) + b"\n"


class Watch:
    """The looks of a running node, and the door where they are read if ``metrics`` names one."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._door: ScrapeDoor | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the door and begin to look.

        Raises:
            NotReadyError: ``CANNOT_LISTEN``.
        """
        health, address = self._daemon.health, self._daemon.node.home.settings.metrics
        if address:
            # Loaded only here: a node without metrics neither loads the library nor counts.
            from entente.node.metrics import Counted, Metrics

            counted = Counted(self._daemon.node)
            metrics = Metrics(health, counted)
            health.more = counted.count
            pages: dict[str, Callable[[], Answer]] = {
                "/health": lambda: health_page(health),
                "/metrics": lambda: (200, _TEXT, metrics.text()),
            }
            self._door = ScrapeDoor(address, pages)
            await self._door.start()
        self._looking = asyncio.create_task(health.run())

    async def stop(self) -> None:
        """Look no more and close the door."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        if self._door is not None:
            await self._door.stop()
