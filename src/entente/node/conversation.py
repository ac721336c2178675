"""One open session with a peer, as the writer's thread sees it: frames in, frames out, and what may be on its way.

The event loop hands frames over and writes what lies in :attr:`Conversation.out`; everything between is decided here,
right after the commit that made it possible, so that nothing urgent waits for a thread to be woken twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from entente.link.errors import LinkDown
from entente.link.session import Session, place
from entente.node.doors import FRAME_DOORS
from entente.node.errors import NodeError
from entente.node.greeting import Returned, greet
from entente.node.intake import trouble
from entente.node.lanes import Feed
from entente.node.outgoing import next_frame
from entente.node.payloads import wanted
from entente.node.receipts import new_cosignatures, owed_cosignatures
from entente.node.renewal import enter_statement
from entente.record.frames import AnyFrame, Bodies, Entries, Hello, Taken
from entente.store.errors import StoreError

if TYPE_CHECKING:
    from entente.node.node import Node

logger = logging.getLogger("entente.node.conversation")
MAX_WAITING = 8
"""Frames of one peer that wait for the writer; no more are read until one was dealt with."""


class Conversation:
    """A session, how far it has been fed, and what is to be said next."""

    def __init__(self, node: "Node", session: Session, loop: asyncio.AbstractEventLoop) -> None:
        self.node = node
        self.session = session
        self.feed = Feed(session.peer)
        self.returned = Returned()
        self.slots = asyncio.Semaphore(MAX_WAITING)
        self.out: deque[AnyFrame] = deque()
        self._loop = loop
        self._flushing = False
        self._over = False

    # On the event loop's thread

    def flush(self) -> None:
        """Write what lies ready."""
        self._flushing = False
        try:
            while self.out:
                self.session.post(self.out.popleft())
        except LinkDown as error:
            logger.info("nothing more is sent to %s: %s", self.session.peer, error)
            self.out.clear()

    def end(self) -> None:
        """The session is over."""
        self._over = True

    # On the writer's thread

    def say(self, frames: Iterable[AnyFrame]) -> None:
        """Have frames sent; the event loop is woken once for all that lies ready."""
        self.out.extend(frames)
        if self.out and not self._flushing:
            self._flushing = True
            self._loop.call_soon_threadsafe(self.flush)

    def begin(self, hello: Hello) -> bool:
        """Take the peer's greeting and begin to feed it; False where it is refused."""
        node, peer = self.node, self.session.peer
        try:
            greet(node, self.feed, hello)
            enter_statement(node)
            node.owed = {key for key in node.owed if key[1] != peer}
            frames = [*owed_cosignatures(node, self.feed), *wanted(node, peer)]
        except (NodeError, StoreError) as error:
            self.refuse(error)
            return False
        self.note_all()
        self.say(frames)
        return True

    def note_all(self) -> None:
        """Look at every agreement shared with the peer for what it may lack."""
        for ledger in self.node.ledgers.values():
            if self.session.peer in ledger.parties:
                self.feed.note(ledger.agreement, urgent=False)

    def take(self, frame: AnyFrame) -> None:
        """One frame, through the door registered for its kind; where that refuses, the session ends."""
        if self._over:
            return
        try:
            frames = FRAME_DOORS[type(frame)](self.node, self.feed, self.returned, frame, self.feed.channel)
        except (NodeError, StoreError) as error:
            self.refuse(error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this session and no other
            logger.error("a frame from %s failed: %s", self.session.peer, place(error))
            self._hang_up("internal")
            return
        if isinstance(frame, Entries | Bodies):
            self.feed.took += 1
            frames = [*frames, Taken(self.feed.took)]
        self.pump()
        self.say(frames)

    def pump(self) -> None:
        """Send what the peer lacks, as far as there is room."""
        if self._over:
            return
        frames: list[AnyFrame] = []
        try:
            while self.feed.room > 0 and (frame := next_frame(self.node, self.feed)) is not None:
                self.feed.flown += 1
                frames.append(frame)
        except Exception as error:  # noqa: BLE001 - a session that nobody feeds is not left standing
            logger.error("feeding %s failed: %s", self.session.peer, place(error))
            self._hang_up("the feed failed")
        self.say(frames)

    def cosign(self) -> None:
        """Send the cosignatures that are owed: one each, over everything that has come so far."""
        if self._over:
            return
        try:
            self.say(new_cosignatures(self.node, self.session.peer))
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this session and no other's work
            logger.error("cosigning for %s failed: %s", self.session.peer, place(error))
            self._hang_up("internal")

    def refuse(self, error: NodeError | StoreError) -> None:
        """The peer is told coarsely and the session ends."""
        if isinstance(error, StoreError):
            logger.warning("a frame from %s met a store in trouble: %s", self.session.peer, error)
            self._hang_up("the store is in trouble")
            return
        if self._over:
            return
        logger.warning("a frame from %s was not kept: %s", self.session.peer, error.message)
        self.node.save_evidence()
        self.say([trouble(error)])
        self._hang_up(error.code)

    def _hang_up(self, reason: str) -> None:
        self._over = True
        self._loop.call_soon_threadsafe(self.session.end, reason)
