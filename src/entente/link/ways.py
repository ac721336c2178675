"""The way to one party: which session stands, and the dialling that restores it (docs/spec/link.md section 7)."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from entente.link.errors import LinkError, Refuse
from entente.link.limits import Limits
from entente.link.session import Session, place

log = logging.getLogger(__name__)
_uniform = secrets.SystemRandom().uniform


JITTER = (0.5, 0.9)
"""A step is multiplied by a random number in this range, so that many nodes do not dial as one after an outage, and so
that even the longest leaves room for the handshake within the 5 s of docs/spec/link.md section 7."""


def back_off(failures: int, limits: Limits, *, urgent: bool, jitter: float) -> float:
    """Seconds from the beginning of an attempt to the beginning of the next, after so many failures in a row."""
    cap = limits.backoff_urgent if urgent else limits.backoff_cap
    return min(cap, limits.backoff_first * 2.0 ** min(failures - 1, 32)) * jitter


class Way:
    """What this node knows of the way to one party.

    ``turn`` is held while it is decided which of two sessions stands. ``greeting`` is open while this node has said
    hello on a connection it dialled and waits for the answer.
    """

    def __init__(self, party: str) -> None:
        self.party = party
        self.current: Session | None = None
        self.turn = asyncio.Lock()
        self.greeting: asyncio.Future[None] | None = None
        self.attempt: asyncio.Task[None] | None = None
        self.connecting = False
        self.dialler: asyncio.Task[None] | None = None
        self.kicked = asyncio.Event()
        self.urgent = False
        self.duplicate = False
        """Whether the party has turned the last attempt away since it talks to this party already."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._up_at = 0.0
        self._lasted: float | None = None

    def up(self, session: Session) -> None:
        """``session`` stands from now on."""
        self.current = session
        self.urgent = self.duplicate = False
        self.kicked.clear()
        self._idle.clear()
        self._up_at = asyncio.get_running_loop().time()

    def down(self, session: Session) -> None:
        """``session`` is over."""
        if self.current is session:
            self.current = None
            self._lasted = asyncio.get_running_loop().time() - self._up_at
            self._idle.set()

    def kick(self) -> None:
        """Dial now, and dial often until the party answers."""
        if self.current is None:
            self.urgent = True
            self.kicked.set()
            if self.connecting and self.attempt is not None:
                self.attempt.cancel()  # its packet may have been lost while the peer was away

    async def displace(self) -> None:
        """Make room for a new session, unless the one that stands is alive.

        An existing session that answers wins, so that two connections do not push each other out for ever; one whose
        other end is gone gives way within the time of a probe. Hold ``turn``.

        Raises:
            Refuse: the session that stands is alive.
        """
        current = self.current
        if current is None:
            return
        if await current.shows_life():
            raise Refuse("duplicate", "a session between the two nodes is alive")
        await current.close("superseded by a new connection")
        await current.finished.wait()
        self.down(current)

    async def give_way(self, *, to_inbound: bool) -> None:
        """Settle an inbound connection against one that this node is dialling at the same moment.

        Both nodes come to the same answer: the connection dialled by the smaller id stands. Once the smaller has said
        hello, it holds the inbound one until its own is answered or fails; in every other case dialling stops.
        """
        if self.greeting is not None and not to_inbound:
            await asyncio.wait({self.greeting})
        elif self.attempt is not None:
            self.attempt.cancel()

    async def keep_dialling(self, dial: Callable[[], Coroutine[Any, Any, None]], limits: Limits) -> None:
        """Dial whenever no session stands, with back-off, until cancelled."""
        loop = asyncio.get_running_loop()
        failures, started = 0, loop.time()
        while True:
            await self._idle.wait()
            if self._lasted is not None:
                failures = 0 if self._lasted >= limits.settled else max(failures, 1)
                self._lasted = None
            if failures:
                await self._back_off(failures, started, limits)
            if not self._idle.is_set():
                continue
            started = loop.time()
            failures += 1
            await self._try(dial, failures)

    async def _try(self, dial: Callable[[], Coroutine[Any, Any, None]], failures: int) -> None:
        self.kicked.clear()
        self.attempt = attempt = asyncio.create_task(dial(), name=f"dial {self.party}")
        try:
            await asyncio.wait({attempt})
        finally:
            self.attempt = None
            if attempt.cancel():
                await asyncio.wait({attempt})
        error = None if attempt.cancelled() else attempt.exception()
        if error is None:
            return
        self.duplicate = getattr(error, "code", "") == "duplicate"
        if isinstance(error, OSError | LinkError):
            log.log(logging.INFO if failures == 1 else logging.DEBUG, "cannot reach %s: %s", self.party, error)
        else:
            log.error("cannot reach %s: %s", self.party, place(error))

    async def _back_off(self, failures: int, started: float, limits: Limits) -> None:
        """Wait for the next attempt, counted from the beginning of the last, or for a kick."""
        step = back_off(failures, limits, urgent=self.urgent, jitter=_uniform(*JITTER))
        remaining = started + step - asyncio.get_running_loop().time()
        if remaining > 0:
            try:
                await asyncio.wait_for(self.kicked.wait(), remaining)
            except TimeoutError:
                return
