"""Length-prefixed frames over one asyncio transport, with bounded memory both ways (docs/spec/link.md section 3).

Bytes in, frames out: nothing here knows who the peer is or what a frame means.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import cast

from entente.link.errors import LinkDown, PeerFault
from entente.link.limits import Limits
from entente.record.frames import MAX_FRAME, AnyFrame, decode_frame, encode_frame, with_length
from entente.sealing.canonical import NotCanonicalError

_LENGTH = struct.Struct(">I")


class FrameStream(asyncio.Protocol):
    """Frames on a byte stream.

    Reading pauses while ``read_buffer`` bytes wait and nobody waits for a frame; writing waits while ``write_buffer``
    bytes wait to leave. The length is judged before a byte of the frame is kept.
    """

    def __init__(self, limits: Limits, on_connect: "Callable[[FrameStream], None] | None" = None) -> None:
        self._limits = limits
        self._on_connect = on_connect
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._order = asyncio.Lock()
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._attached = False
        self._pulse = asyncio.Event()
        self.lost = asyncio.Event()
        self.reading = False
        self.heard_at = self.sent_at = self._loop.time()

    @property
    def transport(self) -> asyncio.Transport:
        """The transport below; present from ``connection_made`` on."""
        if self._transport is None:
            raise LinkDown("not connected")
        return self._transport

    def attach(self, transport: asyncio.Transport) -> None:
        """Go on over ``transport``, as after the TLS handshake."""
        self._transport = transport
        self._attached = True
        transport.set_write_buffer_limits(high=self._limits.write_buffer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hold what arrives until someone has said over which layer it is to be read."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.pause_reading()
        if self._on_connect is not None:
            self._on_connect(self)

    def data_received(self, data: bytes) -> None:
        """Keep the bytes and wake the reader, who reads on if its frame is not whole."""
        self.heard_at = self._loop.time()
        self._buffer += data
        if (
            len(self._buffer) >= self._limits.read_buffer and self._attached
        ):  # until attached, the transport is the one below TLS
            self.transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> bool:
        """Half-open connections are not kept."""
        self._ended = True
        self._wake_reader()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it broke is of no use to the reader
        """Wake everyone who waits."""
        self.lost.set()
        self.end()

    def pause_writing(self) -> None:
        """The write buffer is full."""
        if self._room is None and not self._ended:
            self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """The write buffer has room again."""
        if self._room is not None:
            if not self._room.done():
                self._room.set_result(None)
            self._room = None

    @property
    def ended(self) -> bool:
        """Whether no more frames can be sent."""
        return self._ended

    @property
    def full(self) -> bool:
        """Whether a send would have to wait."""
        return self._room is not None

    @property
    def unsent(self) -> int:
        """Bytes in the write buffer."""
        return self.transport.get_write_buffer_size()

    def end(self) -> None:
        """Take no more frames; what is written already still leaves."""
        self._ended = True
        self._wake_reader()
        self.resume_writing()

    async def next_frame(self) -> AnyFrame:
        """The next frame, in order.

        Raises:
            LinkDown: the stream ended, between frames or inside one.
            PeerFault: a frame too large, too slow or malformed.
        """
        data = self._take()
        if data is None:
            # Silence counts from here: while a handler ran, nobody was listening.
            self.heard_at, self.reading = self._loop.time(), True
            try:
                data = await self._wait_for_frame()
            finally:
                self.reading = False
        try:
            return decode_frame(data)
        except NotCanonicalError as error:
            raise PeerFault("a frame is malformed") from error

    async def send(self, frame: AnyFrame) -> None:
        """Write one frame once there is room for it; frames leave in the order of the calls.

        A call that raises, or is cancelled, has written nothing.

        Raises:
            LinkDown: the stream has ended.
        """
        data = with_length(encode_frame(frame))
        async with self._order:
            while self._room is not None:
                await asyncio.shield(self._room)
            self._write(data)

    def post(self, frame: AnyFrame) -> None:
        """Write one frame now, whatever waits already.

        Raises:
            LinkDown: the stream has ended.
        """
        self._write(with_length(encode_frame(frame)))

    async def room(self) -> None:
        """Wait while the write buffer is full."""
        while self._room is not None:
            await asyncio.shield(self._room)

    def send_if_room(self, frame: AnyFrame) -> bool:
        """Write one frame now or not at all, for frames that nobody should wait for."""
        if self._ended or self._room is not None or self._order.locked():
            return False
        self._write(with_length(encode_frame(frame)))
        return True

    async def heartbeat(self, within: float) -> bool:
        """Whether any byte arrives within so many seconds from now."""
        self._pulse.clear()
        try:
            await asyncio.wait_for(self._pulse.wait(), within)
        except TimeoutError:
            return False
        return not self._ended

    def _write(self, data: bytes) -> None:
        if self._ended or self.transport.is_closing():
            raise LinkDown("the session is closed")
        self.sent_at = self._loop.time()
        self.transport.write(data)

    async def _wait_for_frame(self) -> bytes:
        if not self._buffer:
            await self._more()
        data = self._take()
        if data is not None:
            return data
        try:
            async with asyncio.timeout(self._limits.frame):
                while (data := self._take()) is None:
                    await self._more()
        except TimeoutError:
            raise PeerFault("a frame was begun and not finished in time", code="slow") from None
        return data

    def _take(self) -> bytes | None:
        held = len(self._buffer)
        if held < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_FRAME:
            raise PeerFault(f"a frame of {length} bytes; at most {MAX_FRAME}", code="too-large")
        end = _LENGTH.size + length
        if held < end:
            return None
        with memoryview(self._buffer) as view:  # one copy, not two
            data = bytes(view[_LENGTH.size : end])
        del self._buffer[:end]
        return data

    async def _more(self) -> None:
        if self._ended:
            raise LinkDown(
                "the peer closed the connection" if not self._buffer else "the connection was cut in a frame"
            )
        self.transport.resume_reading()
        self._arrival = self._loop.create_future()
        await self._arrival

    def _wake_reader(self) -> None:
        self._pulse.set()
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
