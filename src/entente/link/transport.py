"""The link: long-lived sessions with the paired parties over mutual TLS 1.3 (docs/spec/link.md).

Transport only. It decides who is at the other end, that frames are whole, in order and bounded, and that there is at
most one session with each party; what a frame means and whether anything may flow is the node's to say. Its timers are
the event loop's and TLS certificates live in real time: no domain instant comes from here.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from entente.link.admission import Door
from entente.link.errors import LinkDown, LinkError, PeerFault, Refuse
from entente.link.limits import Limits
from entente.link.session import LinkHandler, Session, place
from entente.link.tls import Contexts, Peer, TlsIdentity, dials, identify, make_contexts
from entente.link.ways import Way
from entente.link.wire import FrameStream
from entente.record.frames import Hello

__all__ = ["Limits", "Link", "LinkDown", "LinkHandler", "Peer", "Refuse", "Session", "TlsIdentity", "dials"]

log = logging.getLogger(__name__)


class Link:
    """This node's end of every link. All methods are called on the event loop's own thread.

    ``peers`` is asked again at every connection, so a party that is no longer paired is refused at once; a party newly
    paired, or with a new certificate, is known from :meth:`reload` on.
    """

    def __init__(
        self,
        identity: TlsIdentity,
        peers: Callable[[], Mapping[str, Peer]],
        handler: LinkHandler,
        *,
        party: str,
        limits: Limits | None = None,
    ) -> None:
        self._identity = identity
        self._peers = peers
        self._handler = handler
        self._party = party
        self._limits = limits if limits is not None else Limits()
        self._ways: dict[str, Way] = {}
        self._door = Door(self._limits)
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: set[FrameStream] = set()
        self._contexts: Contexts | None = None
        self._server: asyncio.Server | None = None
        self._stopping = False

    async def start(self, host: str | None, port: int) -> int:
        """Listen on ``host`` and ``port`` (0: any free one), begin to dial, and return the port bound.

        With ``host`` None the node dials only, and 0 is returned.

        Raises:
            IdentityError: this node's certificate or key cannot be used.
            OSError: the address cannot be bound.
        """
        self._contexts = make_contexts(self._identity, self._peers())
        self._stopping = False
        bound = 0
        if host is not None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: FrameStream(self._limits, self._knock), host, port)
            bound = self._server.sockets[0].getsockname()[1]
        self.reload()
        return bound

    def turned_away(self) -> set[str]:
        """Parties that turn this node away since they talk to its party already, on another connection."""
        return {party for party, way in tuple(self._ways.items()) if way.duplicate}

    async def stop(self) -> None:
        """Stop in order: no new connections, no dialling, then every session: its handler returns, then ``on_down``."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        for way in self._ways.values():
            self._stop_dialling(way)
        self._door.cut_all()
        for session in self.sessions():
            await session.close("this node stops")
            await session.finished.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hang_up()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        self._ways.clear()

    async def _hang_up(self) -> None:
        """Wait until what was said last has left on every connection, then cut."""
        try:
            async with asyncio.timeout(self._limits.shutdown + 1.0):
                for stream in self._streams:
                    await stream.lost.wait()
        except TimeoutError:
            for stream in self._streams:
                stream.transport.abort()

    def reload(self) -> None:
        """Take note that peers, addresses or certificates changed, this node's own included.

        Sessions with a party that is no longer paired, or whose key is no longer trusted, are closed.

        Raises:
            IdentityError: this node's certificate or key cannot be used; nothing was changed.
        """
        peers = self._peers()
        self._contexts = make_contexts(self._identity, peers)
        for party, way in list(self._ways.items()):
            current = way.current
            if current is not None and not self._trusted(current):
                self._spawn(current.close("no longer paired"))
            if party not in peers or not _to_dial(peers[party]):
                self._stop_dialling(way)
                if current is None and party not in peers:
                    del self._ways[party]
        for peer in peers.values():
            if _to_dial(peer) and not self._stopping:
                self._start_dialling(self._way(peer.party))

    def kick(self, peer: str) -> None:
        """Something urgent waits for ``peer``: dial now whatever the back-off, and at least every second from now on.

        Does nothing where a session stands, or where the other side dials: its back-off never exceeds 5 s.
        """
        way = self._ways.get(peer)
        if way is not None and way.dialler is not None:
            way.kick()

    def session(self, peer: str) -> Session | None:
        """The open session with ``peer``, if there is one."""
        way = self._ways.get(peer)
        return way.current if way is not None and way.current is not None and way.current.is_open else None

    def sessions(self) -> tuple[Session, ...]:
        """Every session that is not over."""
        return tuple(way.current for way in self._ways.values() if way.current is not None)

    def _way(self, party: str) -> Way:
        return self._ways.setdefault(party, Way(party))

    def _trusted(self, session: Session) -> bool:
        peer = self._peers().get(session.peer)
        return peer is not None and session.spki in peer.spki

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the other side dials

    def _knock(self, stream: FrameStream) -> None:
        if self._stopping:
            stream.transport.abort()
            return
        address = stream.transport.get_extra_info("peername")
        self._door.enter(stream.transport, str(address[0]) if address else "")
        self._spawn(self._accept(stream))

    async def _accept(self, stream: FrameStream) -> None:
        knocking = stream.transport
        session: Session | None = None
        try:
            session = await self._authenticate(stream, accepting=True)
            hello = await session.receive_hello()
            way = self._way(session.peer)
            await way.give_way(to_inbound=self._party > session.peer)
            async with way.turn:
                await way.displace()
                if not self._trusted(session) or self._stopping:
                    raise Refuse("unpaired", "the parties are no longer paired")
                await session.send(await self._handler.hello(session.peer))
                self._up(way, session, hello)
        except BaseException as error:
            self._dismiss(session, stream, error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._door.leave(knocking)

    # -- this side dials

    def _start_dialling(self, way: Way) -> None:
        if way.dialler is None or way.dialler.done():
            way.dialler = self._spawn(way.keep_dialling(lambda: self._dial(way), self._limits))
        elif way.current is None:
            way.kicked.set()  # its address or key may be another now

    @staticmethod
    def _stop_dialling(way: Way) -> None:
        if way.dialler is not None:
            way.dialler.cancel()
            way.dialler = None

    async def _dial(self, way: Way) -> None:
        """One attempt; returns when a session is up."""
        peer = self._peers().get(way.party)
        if peer is None or peer.address is None:
            raise LinkDown(f"{way.party} has no address")
        host, port = peer.address
        loop = asyncio.get_running_loop()
        way.connecting = True
        try:
            async with asyncio.timeout(self._limits.connect):
                _, stream = await loop.create_connection(lambda: FrameStream(self._limits), host, port)
        finally:
            way.connecting = False
        session: Session | None = None
        try:
            session = await self._authenticate(stream, accepting=False)
            if session.peer != way.party:
                raise PeerFault("another party answers at this address", code="wrong-party")
            await self._greet(way, session)
        except BaseException as error:
            self._dismiss(session, stream, error)
            raise

    async def _greet(self, way: Way, session: Session) -> None:
        """Say hello first, hear the answer, and let the session stand."""
        way.greeting = greeting = asyncio.get_running_loop().create_future()
        try:
            await session.send(await self._handler.hello(way.party))
            hello = await session.receive_hello()
            async with way.turn:
                await way.displace()
                self._up(way, session, hello)
        finally:
            way.greeting = None
            greeting.set_result(None)

    # -- either side

    async def _authenticate(self, stream: FrameStream, *, accepting: bool) -> Session:
        """The TLS handshake, then who it was with; no frame is read before both are done."""
        contexts = self._contexts
        if contexts is None:
            raise LinkDown("the link is not started")
        tls = await asyncio.get_running_loop().start_tls(
            stream.transport,
            stream,
            contexts.accepting if accepting else contexts.dialling,
            server_side=accepting,
            ssl_handshake_timeout=self._limits.handshake,
            ssl_shutdown_timeout=self._limits.shutdown,
        )
        if tls is None:  # asyncio's answer when the connection was cut during the handshake
            raise LinkDown("cut during the handshake")
        try:
            party, spki = identify(tls, self._peers())
        except PeerFault:
            tls.abort()
            raise
        stream.attach(tls)
        self._streams = {other for other in self._streams if not other.lost.is_set()} | {stream}
        return Session(stream, self._limits, peer=party, spki=spki)

    @staticmethod
    def _dismiss(session: Session | None, stream: FrameStream, error: BaseException) -> None:
        """End a connection that did not become a session: a peer is told a coarse word, a stranger nothing."""
        if session is None:
            log.info("connection ended: %s", error if isinstance(error, OSError | LinkError) else place(error))
            stream.transport.abort()
        elif isinstance(error, PeerFault | Refuse):
            session.farewell(error)
        elif isinstance(error, OSError | LinkError | asyncio.CancelledError):
            session.end(str(error) or "given up")
        else:
            log.error("session with %s: the handler failed: %s", session.peer, place(error))
            session.farewell(LinkError("the node could not answer", code="internal"))

    def _up(self, way: Way, session: Session, hello: Hello) -> None:
        way.up(session)
        self._spawn(session.run(self._handler, hello)).add_done_callback(lambda _: way.down(session))


def _to_dial(peer: Peer) -> bool:
    return peer.dial and peer.address is not None
