"""A feed: many items one after the other through one connection, under one standing release (docs/spec/control.md).

The caller writes payloads as fast as it likes; the writer's thread takes as many as are a few milliseconds of work,
asks the gate for each, and commits them together. A lone payload is committed at once and waits for no company. What
cannot be taken is not read: the caller's socket fills up, and its writes wait.
"""

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Callable
from time import thread_time
from typing import TYPE_CHECKING, Any

from entente.domain.precedence import PRECEDENCES, ROUTINE
from entente.domain.release import Decision
from entente.link.session import place
from entente.node.agreements import usable
from entente.node.commit import Work
from entente.node.errors import NodeError, UsageError
from entente.node.giving import give
from entente.node.lanes import MANY
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.node.releases import INLINE, Alike, Draft, Request, check_request, compose, judge, refused, seal_inline
from entente.node.streams import next_place
from entente.node.writer import BULK, ORDINARY, URGENT
from entente.record.bodies import StreamPlace
from entente.store.errors import StoreError

if TYPE_CHECKING:
    from entente.node.daemon import Daemon

logger = logging.getLogger("entente.node.feeding")
_LENGTH = struct.Struct(">I")
PACE_S = 0.008
"""Seconds of work in one transaction of a feed; something urgent waits no longer than that."""
MOST = 128
"""Items in one transaction, however fast they are."""
WAITING_BYTES = 1024 * 1024
"""Bytes of payloads read and not yet taken."""


class Feeding:
    """One feed in progress. Its caller's side runs on the event loop, :meth:`step` on the writer's thread."""

    def __init__(self, daemon: "Daemon", ledger: Ledger, request: Request, report: Callable[[Any], None]) -> None:
        check_request(ledger, request)
        self._daemon = daemon
        self._ledger = ledger
        self._request = request
        self._report = report
        self._loop = asyncio.get_running_loop()
        rank = PRECEDENCES.index(request.precedence)
        self._lane = BULK if rank == ROUTINE else (URGENT if rank == 0 else ORDINARY)
        self._payloads: deque[bytes] = deque()
        self._batch: list[bytes] = []
        """Payloads that the writer has taken and not released yet."""
        self._read = 0
        """Bytes of payloads read, counted on the event loop's thread alone."""
        self._released = 0
        """Bytes of those released, counted on the writer's thread alone."""
        self._most = 16
        self._stepping = False
        self._told = True
        self._log: HeldLog | None = None
        self._open: dict[int, int] = {}
        self.taken = asyncio.Event()
        self.released = self.received = self.refused = 0
        self.ended = False
        self.error: NodeError | None = None

    # On the event loop's thread

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read payloads until one of length zero, or until the caller has written its last.

        Raises:
            UsageError: a payload too large for a feed, or half of one.
        """
        buffer = bytearray()
        while self.error is None:
            while self._read - self._released > WAITING_BYTES and self.error is None:
                self.taken.clear()
                await self.taken.wait()
            data = await reader.read(256 * 1024)
            if not data:
                if buffer:
                    raise UsageError("MALFORMED", "the feed ends inside a payload", "Send it again.")
                return
            buffer += data
            if self._cut(buffer):
                return

    async def finish(self) -> None:
        """Return when everything that was read is released, and answered by every recipient."""
        while self.error is None and (self._read > self._released or self._open):
            self.taken.clear()
            await self.taken.wait()

    def _cut(self, buffer: bytearray) -> bool:
        """Take the whole payloads out of the buffer; True at the end of the feed."""
        at, over = 0, False
        try:
            while not over and len(buffer) - at >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(buffer, at)
                if length > INLINE:
                    text = f"a payload of {length} bytes; a feed takes at most {INLINE}"
                    raise UsageError("TOO_LARGE", text, "Release it by itself: entente release.")
                end = at + _LENGTH.size + length
                if end > len(buffer):
                    break
                over = not length
                if length:
                    self._payloads.append(bytes(buffer[at + _LENGTH.size : end]))
                    self._read += length
                at = end
        finally:
            del buffer[:at]
            self.go_on()
        return over

    def go_on(self) -> None:
        """Have the writer take what lies ready; from either thread."""
        if not self._stepping and (self._payloads or self._batch):
            self._stepping = True
            self._daemon.writer.submit(self.step, self._lane)

    def tell(self) -> None:
        """Report the counts; more than one change may be told at once."""
        self._told = True
        self._report({"released": self.released, "received": self.received, "refused": self.refused})
        self.taken.set()

    # On the writer's thread

    def step(self) -> None:
        """Release as many of the waiting payloads as are a few milliseconds of work, in one transaction."""
        self._stepping = False
        if self.error is not None or self._held_back():
            return
        while self._payloads and len(self._batch) < self._most:
            self._batch.append(self._payloads.popleft())
        if not self._batch:
            return
        began = thread_time()
        try:
            count, decision = self._daemon.node.committer.run(self._work)
        except (NodeError, StoreError) as error:
            self._fail(error if isinstance(error, NodeError) else NodeError(error.code, str(error), error.remedy))
            return
        except Exception as error:  # noqa: BLE001 - it ends this feed and nothing else
            logger.error("a feed failed: %s", place(error))
            self._fail(NodeError("INTERNAL", "the node failed on this feed", "See the node's log."))
            return
        self._released += sum(map(len, self._batch[:count]))
        del self._batch[:count]
        took = thread_time() - began
        self._most = max(1, min(MOST, int(count * PACE_S / took) if count == self._most else self._most))
        if decision is not None:
            self._fail(refused(decision))
        self._tell()
        if self._batch or self._payloads:
            self.go_on()

    def _work(self, unit: Work) -> tuple[int, Decision | None]:
        """Judge each item by itself; those before the first that is refused are released."""
        node, ledger = self._daemon.node, self._ledger
        log, decision, stream = usable(ledger), None, self._request.stream
        drafts: list[Draft] = []
        alike: Alike | None = None
        at = next_place(unit.tx, log, stream, self._request.standing) if stream is not None else None
        for payload in self._batch:
            sealed = seal_inline(unit.at, payload)
            if alike is None:
                draft = compose(node, ledger, self._request, sealed, place=at)
                decision, until = judge(node, ledger, draft, unit.at)
                unit.holds_until(until)
                alike = Alike(node, ledger, draft, unit.at)
            else:
                draft = alike.compose(sealed, at)
                decision = alike.judge(draft, unit.at)
            if not decision.allowed:
                break
            drafts.append(draft)
            at = StreamPlace(at.stream, at.number + 1) if at is not None else None
            if self._lane == BULK and self._daemon.writer.urgent_waits:
                break
        stopped = decision if decision is not None and not decision.allowed else None
        if drafts:
            positions = give(node, unit, ledger, log, drafts)
            first, last = positions[0].seq, positions[-1].seq
            unit.after.append(lambda: self._given(log, first, last))
            facts = {"standing": self._request.standing, "entries": [first, last], "title": self._request.title}
            note(node, unit, "gate", facts)
        if stopped is not None:
            note(node, unit, "gate", {"title": self._request.title, "decision": stopped})
        return len(drafts), stopped

    def _given(self, log: HeldLog, first: int, last: int) -> None:
        self._log = log
        self.released += last - first + 1
        for seq in range(first, last + 1):
            self._open[seq] = len(self._request.recipients)

    def answered(self, log: int, low: int, high: int, *, accepted: bool) -> None:
        """A recipient has answered items of these entries; this feed's own are counted."""
        if self._log is None or self._log.row.id != log or not self._open:
            return
        mine = 0
        for seq in range(low, high + 1) if high - low < MANY else [each for each in self._open if low <= each <= high]:
            left = self._open.get(seq)
            if left is not None:
                mine += 1
                if left == 1:
                    del self._open[seq]
                else:
                    self._open[seq] = left - 1
        if mine:
            self.received += mine if accepted else 0
            self.refused += 0 if accepted else mine
            self._tell()

    def _held_back(self) -> bool:
        """Whether there is no room on the way to a recipient that is there; what is urgent never waits for that.

        So what comes meanwhile is released together, and nothing piles up between release and wire.
        """
        return self._lane == BULK and self._daemon.congested(self._request.recipients)

    def _tell(self) -> None:
        if self._told:
            self._told = False
            self._loop.call_soon_threadsafe(self.tell)

    def _fail(self, error: NodeError) -> None:
        self.error = error
        self._loop.call_soon_threadsafe(self.tell)
