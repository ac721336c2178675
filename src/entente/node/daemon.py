"""The running node: the link, the control socket and the writer's thread around one :class:`Node`.

The event loop carries bytes; everything that reads or changes the node's state runs on one thread, by urgency, so that
there is one writer and no lock. What a commit adds is on its way to every open session before anything else is done.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeVar

from entente.domain.relations.deadlines import Alarm
from entente.link.session import Session, place
from entente.link.tls import Peer, TlsIdentity
from entente.link.transport import Link
from entente.node.checkpointing import Checkpointer
from entente.node.control import ControlServer
from entente.node.conversation import Conversation
from entente.node.copies import note_turned_away
from entente.node.errors import NodeError
from entente.node.feeding import Feeding
from entente.node.following import Following
from entente.node.health import Ear, Health
from entente.node.ledger import Ledger
from entente.node.national import commit_heads
from entente.node.node import Node
from entente.node.outgoing import hello
from entente.node.payloads import finish_segment, hold_segment, lapse, passed, sweep
from entente.node.releases import Draft
from entente.node.renewal import enter_statement
from entente.node.scrape import Watch
from entente.node.shedding import shed
from entente.node.writer import ORDINARY, Writer
from entente.record.frames import AnyFrame, Entries, Hello, Segment, Taken
from entente.sealing.certificates import spki_digest
from entente.store.errors import StoreError

logger = logging.getLogger("entente.node.daemon")
T = TypeVar("T")
NOWHERE = ":0"
"""Stands for the address of a party whose card names none: it dials, or is met by bundles."""
TICK = 0.2
"""Seconds between looks at the clock: how soon a screen and the high-water mark follow a change of status."""


class Daemon:
    """A node that runs until it is stopped."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.drafts: dict[str, Draft] = {}
        self.conversations: dict[str, Conversation] = {}
        self.last_heard: dict[str, int] = {}
        self.feeds: set[Feeding] = set()
        self.follows: set[Following] = set()
        self.stopping = asyncio.Event()
        self.writer = Writer()
        self.checkpointer = Checkpointer(node.store, self.writer)
        self.files = ThreadPoolExecutor(1, "entente-files")
        """Large payloads are read, sealed, hashed and written here."""
        tls = node.home.path / "tls"
        identity = TlsIdentity(tls / "cert.pem", tls / "key.pem", node.keyring.tls_password)
        self.link = Link(identity, self.peers, self, party=node.party)
        self.control = ControlServer(self)
        self.health = Health(self)
        self.watch = Watch(self)
        self.port = 0

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until stopped; ``started`` is called when both doors are open."""
        loop = asyncio.get_running_loop()
        self._loop = loop
        self.node.committer.committed = self._committed
        self.writer.when_idle(self._idle)
        self.node.answered = self._answered
        self.node.arrived = self._arrived
        self.node.ringing.rang = self._rang
        async with AsyncExitStack() as doors:  # whatever fails at the start, what was started before it is ended
            self.checkpointer.start()
            doors.push_async_callback(self._end_threads)
            await self.do(lambda: sweep(self.node))
            await self.watch.start()
            doors.push_async_callback(self.watch.stop)
            host, _, port = self.node.home.settings.listen.rpartition(":")
            doors.push_async_callback(self.link.stop)
            self.port = await self.link.start(host, int(port))
            doors.push_async_callback(self.control.stop)
            await self.control.start()
            ticking = asyncio.create_task(self._tick())
            doors.callback(ticking.cancel)
            started()
            await self.stopping.wait()

    async def _end_threads(self) -> None:
        """Nothing uses the store when this returns, so that it may be closed."""
        self.files.shutdown(cancel_futures=True)
        self.checkpointer.stop()
        try:
            await self.do(self.node.committer.settle)
            await self.do(self.node.keep_time)
        finally:
            self.writer.stop()

    async def do(self, work: Callable[[], T], lane: int = ORDINARY) -> T:
        """Run something on the writer's thread."""
        return await self.writer.do(work, lane)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run something that takes as long as a payload is large, and touches nothing of the node's state."""
        return await asyncio.get_running_loop().run_in_executor(self.files, work)

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

    def ears(self) -> dict[str, Ear]:
        """What is heard of each peer that has a session, and how many frames wait for it."""
        return {
            party: Ear(conversation.session.silent_for, len(conversation.out))
            for party, conversation in self.conversations.items()
        }

    def _committed(self, touched: Collection[bytes]) -> None:
        """On the writer's thread, after a commit: feed every session that it concerns, and wake up absent peers."""
        urgent, self.node.urgent = self.node.urgent, {}
        conversations = list(self.conversations.values())
        for conversation in conversations:
            for agreement in touched:
                conversation.feed.note(agreement, urgent=agreement in urgent)
            conversation.pump()
        for agreement, rank in urgent.items():
            ledger = self.node.ledgers.get(agreement)
            for peer in ledger.peers if ledger is not None and rank == 0 else ():
                if peer not in self.conversations:
                    self._loop.call_soon_threadsafe(self.link.kick, peer)

    def _answered(self, log: int, low: int, high: int, accepted: bool) -> None:
        for feeding in list(self.feeds):
            feeding.answered(log, low, high, accepted=accepted)

    def _arrived(self, log: int, seqs: list[int]) -> None:
        for following in list(self.follows):
            following.arrived(log, seqs)

    def _rang(self, ledger: Ledger, alarm: Alarm) -> None:
        for following in list(self.follows):
            following.rang(ledger, alarm)

    def congested(self, recipients: Iterable[str]) -> bool:
        """Whether as much is on its way to one of the recipients that are there as may be at once."""
        feeds = [self.conversations[peer].feed for peer in recipients if peer in self.conversations]
        return any(feed.room <= 0 for feed in feeds)

    def _go_on(self) -> None:
        for feeding in list(self.feeds):
            feeding.go_on()

    def _idle(self) -> None:
        """On the writer's thread, when nothing waits for it: what is cheaper in one go."""
        self.node.vault.flush()
        for conversation in list(self.conversations.values()):
            conversation.cosign()

    def _settle(self) -> None:
        """On the writer's thread, now and then: what waits for quiet is not put off for ever."""
        shed(self.node)
        self.node.committer.settle()
        self._idle()

    async def _tick(self) -> None:
        """Keep the high-water mark durable across every change of status, and each minute; say what comes due."""
        kept = 0
        boundaries: dict[bytes, int | None] = {}
        while True:
            await asyncio.sleep(TICK)
            try:
                await self.do(self._settle)
                now, untils = await self.do(self._boundaries)
                if untils != boundaries or now - kept > 60_000:
                    await self.do(self.node.keep_time)
                    await self.do(lambda: enter_statement(self.node))
                    await self.do(lambda: lapse(self.node))
                    await self.do(lambda: commit_heads(self.node))
                    kept, boundaries = now, untils
                await self.do(self.node.ringing.look)
            except (StoreError, NodeError) as error:
                # A store in trouble refuses every write by itself; what must not happen is that nobody is told.
                self.node.alarm("store", f"the store is in trouble: {error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look has to come
                logger.error("a look at the clock failed: %s", place(error))
                self.node.alarm("store", "the node fails at looking after its clock; see its log")
            else:
                self.node.clear_alarm("store")

    def _boundaries(self) -> tuple[int, dict[bytes, int | None]]:
        note_turned_away(self.node, self.link.turned_away())
        now = self.node.instant()
        return now, {key: ledger.interval(now)[1] for key, ledger in self.node.ledgers.items() if ledger.document}

    # LinkHandler

    async def hello(self, peer: str) -> Hello:
        """The greeting to a peer."""
        return await self.do(lambda: hello(self.node, peer))

    async def on_up(self, session: Session, hello: Hello) -> None:
        """Both greetings are exchanged: begin to feed the peer."""
        conversation = Conversation(self.node, session, asyncio.get_running_loop())

        def begin() -> None:
            if session.is_open and conversation.begin(hello):
                self.conversations[session.peer] = conversation
                self.health.began(session.peer)
                self.last_heard[session.peer] = self.node.instant()
                self._look_again()  # what one peer confirms may be shown to the others

        await self.do(begin)

    async def on_frame(self, session: Session, frame: AnyFrame) -> None:
        """One frame, handed to the thread that deals with its kind; returns when the next one may be read."""
        conversation = self.conversations.get(session.peer)
        if conversation is None or conversation.session is not session:
            return
        await session.room()  # a peer that does not read what it is answered is not read either
        await conversation.slots.acquire()
        if isinstance(frame, Segment):
            self.files.submit(self._hold, conversation, frame)
        else:
            self.writer.submit(partial(self._take, conversation, frame))

    def _look_again(self) -> None:
        """On the writer's thread: feed every session anew, since a log that might not be shown before may be now."""
        for conversation in list(self.conversations.values()):
            conversation.note_all()
            conversation.pump()

    def _take(self, conversation: Conversation, frame: AnyFrame) -> None:
        self.last_heard[conversation.session.peer] = self.node.instant()
        try:
            conversation.take(frame)
            if isinstance(frame, Taken):
                self._go_on()
            if isinstance(frame, Entries) and frame.writer == self.node.party:
                self._look_again()  # a log of this party's own may have been confirmed by it
        finally:
            self._loop.call_soon_threadsafe(conversation.slots.release)

    def _hold(self, conversation: Conversation, frame: Segment) -> None:
        """On the files' thread: keep a segment, ask for the next, and have the whole judged by the writer."""
        peer = conversation.session.peer
        try:
            frames, whole = hold_segment(self.node, peer, frame)
        except NodeError as error:
            if error.code != "WRONG_LOG" or not passed(self.node, peer, frame):
                self.writer.submit(partial(conversation.refuse, error))
        except OSError as error:
            logger.error("a segment from %s could not be kept: %s", peer, place(error))
            self._loop.call_soon_threadsafe(conversation.session.end, "the disk is in trouble")
        else:
            conversation.say(frames)
            if whole:
                self.writer.submit(partial(self._finish, conversation, frame))
        finally:
            self._loop.call_soon_threadsafe(conversation.slots.release)

    def _finish(self, conversation: Conversation, frame: Segment) -> None:
        self.last_heard[conversation.session.peer] = self.node.instant()
        try:
            finish_segment(self.node, frame, "link")
        except (NodeError, StoreError) as error:
            conversation.refuse(error)

    async def on_down(self, session: Session, reason: str) -> None:
        """The session is gone; the link dials again by itself."""
        conversation = self.conversations.get(session.peer)
        if conversation is not None and conversation.session is session:
            conversation.end()
            del self.conversations[session.peer]
            self.writer.submit(self._go_on)
        logger.info("the link to %s is down: %s", session.peer, reason)
