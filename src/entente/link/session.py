"""One live session with one party: hello, then frames strictly in order (docs/spec/link.md sections 4 and 6)."""

import asyncio
import logging
import traceback
from typing import Protocol

from entente.link.errors import LinkDown, LinkError, PeerFault, Refuse
from entente.link.limits import Limits
from entente.link.wire import FrameStream
from entente.record.frames import AnyFrame, Hello, Ping, Pong, Trouble

log = logging.getLogger(__name__)
_SHOWN = 64


class LinkHandler(Protocol):
    """What the node does with sessions and frames; the link itself gives frames no meaning.

    For one party, calls never overlap: ``on_down`` of a session has returned before ``on_up`` of the next begins, and
    each ``on_frame`` has returned before the next frame is read, which is what slows a fast sender down. A handler that
    answers at length does so from a task of its own: two nodes that both wait inside ``on_frame`` for room to write
    wait for each other, until the link ends the session as stalled.

    An exception other than :class:`Refuse` ends its session with the code ``internal`` and is logged by type and place,
    never by its text, which may hold what the peer sent.
    """

    async def hello(self, peer: str) -> Hello:
        """This node's hello for ``peer``, made when it is about to be sent."""
        ...

    async def on_up(self, session: "Session", hello: Hello) -> None:
        """A session is up and both hellos have been exchanged; frames may be sent from here on.

        Raises:
            Refuse: the node declines the session; the peer is told code and text.
        """
        ...

    async def on_frame(self, session: "Session", frame: AnyFrame) -> None:
        """The next frame: anything but a hello, a ping or a pong.

        Raises:
            Refuse: the node ends the session; the peer is told code and text.
        """
        ...

    async def on_down(self, session: "Session", reason: str) -> None:
        """The session is over; called once for every ``on_up`` that was begun."""
        ...


class Session:
    """A session with ``peer``, authenticated by the key whose digest is ``spki``; made by the link alone."""

    def __init__(self, stream: FrameStream, limits: Limits, *, peer: str, spki: bytes) -> None:
        self.peer = peer
        self.spki = spki
        self.reason = ""
        self.finished = asyncio.Event()
        self._stream = stream
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._pings = 0
        self._unsent = 0
        self._moved_at = self._loop.time()

    @property
    def is_open(self) -> bool:
        """Whether a frame can still be sent."""
        return not self.reason and not self._stream.ended

    @property
    def silent_for(self) -> float:
        """Seconds since the last byte of the peer, whatever it was part of."""
        return self._loop.time() - self._stream.heard_at

    async def send(self, frame: AnyFrame) -> None:
        """Send one frame, waiting while the write buffer is full; frames leave in the order of the calls.

        That it has left says nothing of its arrival: only a cosignature or a receipt does.

        Raises:
            LinkDown: the session is closed; this frame has not left.
        """
        if not self.is_open:
            raise LinkDown(f"the session with {self.peer} is closed: {self.reason or 'the connection is gone'}")
        await self._stream.send(frame)

    def post(self, frame: AnyFrame) -> None:
        """Send one frame without waiting, for a caller that bounds by itself what is on its way.

        Raises:
            LinkDown: the session is closed; this frame has not left.
        """
        if not self.is_open:
            raise LinkDown(f"the session with {self.peer} is closed: {self.reason or 'the connection is gone'}")
        self._stream.post(frame)

    async def room(self) -> None:
        """Wait while the write buffer is full: whoever does not read is not answered."""
        await self._stream.room()

    async def close(self, reason: str) -> None:
        """Begin to close: what is written still leaves, nothing more is read. ``on_down`` follows by itself."""
        self.end(reason)

    async def receive_hello(self) -> Hello:
        """The peer's first frame.

        Raises:
            LinkDown: the connection ended, or the peer declined the session.
            PeerFault: no hello, too late, or one that names another party than the key does.
        """
        try:
            async with asyncio.timeout(self._limits.hello):
                frame = await self._stream.next_frame()
        except TimeoutError:
            raise PeerFault("no hello in time", code="slow") from None
        if isinstance(frame, Trouble):
            raise LinkDown(f"the peer declined: {frame.code[:_SHOWN]!r}", code=frame.code[:_SHOWN])
        if not isinstance(frame, Hello):
            raise PeerFault("the first frame is not a hello", code="no-hello")
        if frame.party != self.peer:
            raise PeerFault("the hello names another party than the key does", code="wrong-party")
        return frame

    async def run(self, handler: LinkHandler, hello: Hello) -> None:
        """Hand frames to the handler until the session ends, then tell it so."""
        self._task = asyncio.current_task()
        self._tick()
        try:
            await handler.on_up(self, hello)
            await self._read(handler)
        except (Refuse, PeerFault) as error:
            self.farewell(error)
        except LinkDown as error:
            self.end(str(error))
        except Exception as error:  # noqa: BLE001 - whatever the handler did ends this session and no other
            log.error("session with %s: the handler failed: %s", self.peer, place(error))
            self.farewell(LinkError("the node could not go on with this session", code="internal"))
        finally:
            self.end("the handler was cancelled")
            try:
                await handler.on_down(self, self.reason)
            except Exception as error:  # noqa: BLE001 - as above
                log.error("session with %s: on_down failed: %s", self.peer, place(error))
            finally:
                for timer in self._timers:
                    timer.cancel()
                self.finished.set()

    async def _read(self, handler: LinkHandler) -> None:
        while (frame := await self._next()) is not None:
            if isinstance(frame, Ping):
                # When there is no room, what fills the buffer will show the peer that this end lives.
                self._stream.send_if_room(Pong(frame.count))
            elif isinstance(frame, Hello):
                raise PeerFault("a second hello", code="unexpected")
            elif not isinstance(frame, Pong):
                await handler.on_frame(self, frame)

    async def _next(self) -> AnyFrame | None:
        if self.reason:
            return None
        try:
            frame = await self._stream.next_frame()
        except LinkDown as error:
            self.end(str(error))
        return None if self.reason else frame

    async def shows_life(self) -> bool:
        """Whether the other end is there: asked when a second session with the same party arrives."""
        if not self.is_open:
            return False
        if not self._stream.reading:
            return True  # this end's handler is at work, so nothing can be said against the other
        self._ping()
        return await self._stream.heartbeat(self._limits.probe)

    def farewell(self, error: LinkError) -> None:
        """Tell the peer the coarse code, if that can be done without waiting, and close."""
        if self.is_open:
            self._stream.send_if_room(Trouble(error.code, str(error)))
        self.end(f"{error.code}: {error}")

    def end(self, reason: str) -> None:
        """Begin to close, once; what the first caller gives is the reason."""
        if self.reason:
            return
        self.reason = reason
        log.info("session with %s ends: %s", self.peer, reason)
        self._stream.end()
        self._stream.transport.close()
        if self._task is not None and self._task is not asyncio.current_task():
            self._timers.append(self._loop.call_later(self._limits.grace, self._task.cancel))

    def _ping(self) -> None:
        self._pings += 1
        self._stream.send_if_room(Ping(self._pings))

    def _tick(self) -> None:
        """Notice silence and stalling; ping when idle (docs/spec/link.md section 6)."""
        if self.reason:
            return
        now, limits, stream = self._loop.time(), self._limits, self._stream
        if not stream.full or stream.unsent != self._unsent:
            self._unsent, self._moved_at = stream.unsent if stream.full else 0, now
        if stream.reading and now - stream.heard_at > limits.silence:
            self._break(f"silent for {limits.silence:g} s")
        elif now - self._moved_at > limits.stall:
            self._break(f"stalled: took nothing for {limits.stall:g} s")
        else:
            if now - stream.sent_at >= limits.ping:
                self._ping()
            self._timers[:] = [self._loop.call_later(limits.ping / 2, self._tick)]

    def _break(self, reason: str) -> None:
        self.end(reason)
        self._stream.transport.abort()


def place(error: BaseException) -> str:
    """Type and place of an exception without its text, which may quote what was received."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
