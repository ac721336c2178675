"""The writer's thread: everything that reads or changes a node's state runs here, one after the other, by urgency.

What is urgent goes next; where ordinary work waits, the others have one turn after every few. Ordinary work, which is
frames and commands in the order in which they came, and bulk take turns, so that neither a fast peer nor a long feed
starves the other (docs/decisions/0015).
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from entente.link.session import place

logger = logging.getLogger("entente.node.writer")
T = TypeVar("T")
Job = Callable[[], object]
URGENT, ORDINARY, BULK = range(3)


URGENT_IN_A_ROW = 4
"""After so many the others have a turn, where ordinary work waits: whoever sends FLASH without end can be revoked."""
QUIET_S = 0.02
"""Seconds without work after which what need not hurry is done."""


class Writer:
    """One thread with three lanes; jobs of one lane run in the order in which they were given."""

    def __init__(self) -> None:
        self._lanes: tuple[deque[Job], ...] = (deque(), deque(), deque())
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._bulk_next = False
        self._in_a_row = 0
        self._idle: Job = lambda: None
        self._thread = threading.Thread(target=self._run, name="entente-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job, lane: int = ORDINARY) -> None:
        """Have a job run; it deals with its own outcome, and raises nothing."""
        self._lanes[lane].append(job)
        self._bell.put(True)

    async def do(self, work: Callable[[], T], lane: int = ORDINARY) -> T:
        """Run something and return its result, or raise what it raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_resolve, future, result)

        self.submit(job, lane)
        return await future

    def when_idle(self, job: Job) -> None:
        """What is done whenever nothing waits: work that need not hurry and is cheaper in one go."""
        self._idle = job

    @property
    def urgent_waits(self) -> bool:
        """Whether something urgent waits: whoever does bulk stops at the next item."""
        return bool(self._lanes[URGENT])

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return sum(map(len, self._lanes))

    def stop(self) -> None:
        """Finish what was given, and end the thread."""
        self._bell.put(False)
        self._thread.join()

    def _run(self) -> None:
        quiet, over = True, False
        while not over or self.waiting:
            try:
                going = self._bell.get(timeout=None if quiet and not over else QUIET_S)
            except Empty:
                self._do(self._idle)  # not sooner: what was just committed is on its way out of this process first
                quiet = True
                continue
            quiet, over = False, over or not going
            if self.waiting:
                self._do(self._next())

    @staticmethod
    def _do(job: Job) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 - a job that breaks its promise does not end every other
            logger.error("something failed on the writer's thread: %s", place(error))

    def _next(self) -> Job:
        urgent, ordinary, bulk = self._lanes
        if urgent and not (self._in_a_row >= URGENT_IN_A_ROW and ordinary):
            self._in_a_row += 1
            return urgent.popleft()
        self._in_a_row = 0
        if bulk and (self._bulk_next or not ordinary):
            self._bulk_next = False
            return bulk.popleft()
        self._bulk_next = True
        return ordinary.popleft()


def _resolve(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[T]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
