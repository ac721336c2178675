"""The running node: the link, the control socket and the writer's thread around one :class:`Node`.

The event loop carries bytes; everything that reads or changes the node's state runs on one thread, in order, so that
there is one writer and no lock. What a commit adds is pushed to every open session at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from entente.link.errors import LinkError
from entente.link.session import Session, place
from entente.link.tls import Peer, TlsIdentity
from entente.link.transport import Link
from entente.node.control import ControlServer
from entente.node.doors import FRAME_DOORS
from entente.node.errors import NodeError
from entente.node.greeting import Returned, greet
from entente.node.intake import trouble
from entente.node.national import commit_heads
from entente.node.node import Node
from entente.node.outgoing import Feed, first_frame, hello
from entente.node.payloads import lapse, sweep, wanted
from entente.node.receipts import owed_cosignatures
from entente.node.releases import Draft
from entente.node.renewal import enter_statement
from entente.record.frames import AnyFrame, Hello, Want
from entente.sealing.certificates import spki_digest
from entente.store.errors import StoreError

logger = logging.getLogger("entente.node.daemon")
T = TypeVar("T")
NOWHERE = ":0"
"""Stands for the address of a party whose card names none: it dials, or is met by bundles."""
MAX_REQUESTS = 1024
"""Requests for segments kept of one peer."""
TICK = 0.2
"""Seconds between looks at the clock: how soon a screen and the high-water mark follow a change of status."""


class Conversation:
    """One open session with a peer: how far it has been fed, and what wakes its feeding."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.feed = Feed(session.peer)
        self.returned = Returned()
        self.replies: deque[AnyFrame] = deque()
        self.requests: deque[AnyFrame] = deque(maxlen=MAX_REQUESTS)
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Daemon:
    """A node that runs until it is stopped."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.drafts: dict[str, Draft] = {}
        self.conversations: dict[str, Conversation] = {}
        self.last_heard: dict[str, int] = {}
        self.stopping = asyncio.Event()
        self._writer = ThreadPoolExecutor(1, "entente-writer")
        tls = node.home.path / "tls"
        identity = TlsIdentity(tls / "cert.pem", tls / "key.pem", node.keyring.tls_password)
        self.link = Link(identity, self.peers, self, party=node.party)
        self.control = ControlServer(self)
        self.port = 0

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until stopped; ``started`` is called when both doors are open."""
        loop = asyncio.get_running_loop()
        self.node.committer.committed = lambda: loop.call_soon_threadsafe(self._wake)
        await self.do(lambda: sweep(self.node))
        host, _, port = self.node.home.settings.listen.rpartition(":")
        self.port = await self.link.start(host, int(port))
        await self.control.start()
        ticking = asyncio.create_task(self._tick())
        started()
        try:
            await self.stopping.wait()
        finally:
            ticking.cancel()
            await self.control.stop()
            await self.link.stop()
            await self.do(self.node.keep_time)
            self._writer.shutdown()

    async def do(self, work: Callable[[], T]) -> T:
        """Run something on the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def peers(self) -> Mapping[str, Peer]:
        """The paired parties as the link knows them."""
        found = {}
        for party, card in self.node.cards.items():
            host, _, port = (card.addresses or (NOWHERE,))[0].rpartition(":")
            digest = spki_digest(card.tls_certificate.encode())
            address = (host.strip("[]"), int(port)) if int(port) else None
            dial = self.node.party < party and address is not None
            found[party] = Peer(party, card.tls_certificate, frozenset({digest}), address, dial)
        return found

    def _wake(self) -> None:
        for conversation in self.conversations.values():
            conversation.wake.set()

    async def _tick(self) -> None:
        """Keep the high-water mark durable across every change of status, and each minute."""
        kept = 0
        boundaries: dict[bytes, int | None] = {}
        while True:
            await asyncio.sleep(TICK)
            try:
                now, untils = await self.do(self._boundaries)
                if untils != boundaries or now - kept > 60_000:
                    await self.do(self.node.keep_time)
                    await self.do(lambda: enter_statement(self.node))
                    await self.do(lambda: lapse(self.node))
                    await self.do(lambda: commit_heads(self.node))
                    kept, boundaries = now, untils
            except (StoreError, NodeError) as error:
                # A store in trouble refuses every write by itself; what must not happen is that nobody is told.
                self.node.alarm("store", f"the store is in trouble: {error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look has to come
                logger.error("a look at the clock failed: %s", place(error))
                self.node.alarm("store", "the node fails at looking after its clock; see its log")
            else:
                self.node.clear_alarm("store")

    def _boundaries(self) -> tuple[int, dict[bytes, int | None]]:
        now = self.node.instant()
        return now, {key: ledger.interval(now)[1] for key, ledger in self.node.ledgers.items() if ledger.document}

    # LinkHandler

    async def hello(self, peer: str) -> Hello:
        """The greeting to a peer."""
        return await self.do(lambda: hello(self.node, peer))

    async def on_up(self, session: Session, hello: Hello) -> None:
        """Both greetings are exchanged: begin to feed the peer."""
        conversation = Conversation(session)
        try:
            await self.do(lambda: greet(self.node, conversation.feed, hello))
        except NodeError as error:
            await session.send(trouble(error))
            await session.close(error.message)
            return
        await self.do(lambda: enter_statement(self.node))
        self.conversations[session.peer] = conversation
        self.last_heard[session.peer] = await self.do(self.node.instant)
        conversation.replies.extend(await self.do(lambda: owed_cosignatures(self.node, session.peer)))
        conversation.replies.extend(await self.do(lambda: wanted(self.node, session.peer)))
        conversation.task = asyncio.create_task(self._feed(conversation))
        conversation.wake.set()

    async def on_frame(self, session: Session, frame: AnyFrame) -> None:
        """One frame, through the door registered for its kind."""
        conversation = self.conversations.get(session.peer)
        if conversation is None or conversation.session is not session:
            return
        self.last_heard[session.peer] = await self.do(self.node.instant)
        if isinstance(frame, Want):
            # Met by the feed when it is their turn: sending megabytes from here would stop this side reading, and two
            # nodes that answer one another like that would both wait for ever. What falls off the end is asked again.
            conversation.requests.append(frame)
        else:
            conversation.replies.extend(await self._through_door(conversation, frame))
        conversation.wake.set()

    async def _through_door(self, conversation: Conversation, frame: AnyFrame) -> list[AnyFrame]:
        """A frame through the door of its kind; where that refuses, the peer is told coarsely and the session ends."""
        session, door = conversation.session, FRAME_DOORS[type(frame)]
        try:
            return await self.do(lambda: door(self.node, conversation.feed, conversation.returned, frame, "link"))
        except NodeError as error:
            logger.warning("a frame from %s was not kept: %s", session.peer, error.message)
            await self.do(self.node.save_evidence)
            await session.send(trouble(error))
            await session.close(error.code)
            return []

    async def on_down(self, session: Session, reason: str) -> None:
        """The session is gone; the link dials again by itself."""
        conversation = self.conversations.get(session.peer)
        if conversation is not None and conversation.session is session:
            del self.conversations[session.peer]
            if conversation.task is not None:
                conversation.task.cancel()
        logger.info("the link to %s is down: %s", session.peer, reason)

    async def _feed(self, conversation: Conversation) -> None:
        try:
            while conversation.session.is_open:
                await conversation.wake.wait()
                conversation.wake.clear()
                while conversation.replies:
                    await conversation.session.send(conversation.replies.popleft())
                # One at a time: the gate is asked for each frame when there is room for it on the wire, not before.
                while (frame := await self.do(lambda: first_frame(self.node, conversation.feed))) is not None:
                    await conversation.session.send(frame)
                if conversation.requests:
                    for segment in await self._through_door(conversation, conversation.requests.popleft()):
                        await conversation.session.send(segment)
                    conversation.wake.set()
        except (StoreError, LinkError) as error:
            logger.warning("feeding %s stopped: %s", conversation.session.peer, error)
            await conversation.session.close("the feed stopped")
        except Exception as error:  # noqa: BLE001 - a session that nobody feeds is not left standing
            logger.error("feeding %s failed: %s", conversation.session.peer, place(error))
            await conversation.session.close("the feed failed")
