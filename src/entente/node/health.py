"""A running node's look at itself, once a second (docs/spec/health.md).

The facts are gathered on the writer's thread, so that a writer that is stuck is found by what it does not say: a look
that failed, or one older than :data:`STALE`, is a failure itself. ``/health`` and ``/metrics`` show the newest look and
never keep the writer waiting; ``node check`` asks for a fresh one.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from entente.domain.agreement.calendar import parse_duration
from entente.node import outside
from entente.node.clock import real_time
from entente.node.errors import NodeError, NotReadyError
from entente.node.findings import (
    AgreementFacts,
    Facts,
    Finding,
    OverdueFacts,
    PeerFacts,
    PendingAct,
    RingingFacts,
    RunningFacts,
    Uncosigned,
    findings,
    ordered,
)
from entente.node.ledger import Ledger
from entente.node.matters import veil_of
from entente.node.ringing import DIGEST, name_of
from entente.node.tracers import Overdue, Tracers, objective, terms_at
from entente.store.errors import StoreError

if TYPE_CHECKING:
    from entente.node.node import Node

logger = logging.getLogger("entente.node.health")
T = TypeVar("T")
EVERY = 1.0
"""Seconds between looks."""
STALE = 10.0
"""Seconds after which the newest look says nothing any more."""
PATIENCE = 3.0
"""Seconds that a command waits for a fresh look."""
MAX_UNCERTAINTY = 1000
"""Milliseconds: the default of the terms' ``limits.max_uncertainty``, where there are no terms yet."""
MAX_SLICES = 20
"""Pieces of counting after one look: each is its own turn on the writer's thread, so that an item may go between."""
MAX_RINGING = 50
"""Alarms of one agreement's deadlines that are findings of their own; one more says how many there are beside."""


class Ear(NamedTuple):
    """What the event loop knows of a peer: seconds since its last byte (None: no session), and frames waiting."""

    silent: float | None
    waiting: int


class Body(Protocol):
    """What a look asks of the running node."""

    @property
    def node(self) -> "Node":
        """The node."""
        ...

    def ears(self) -> Mapping[str, Ear]:
        """What is heard of each paired party now; called on the event loop."""
        ...

    async def do(self, work: Callable[[], T]) -> T:
        """Run something on the writer's thread."""
        ...


class Look(NamedTuple):
    """One look: when (the machine's monotonic clock, s), what was seen, and what follows."""

    at: float
    facts: Facts
    running: RunningFacts
    findings: tuple[Finding, ...]
    waiting: Mapping[str, int]
    """Items that each party has not answered."""
    frames: Mapping[str, int]
    """Frames waiting to leave for each party."""


class _ProbeError(Exception):
    """Rolls back the transaction that only asked whether there can be one."""


class Health:
    """The looks of one running node, and the newest of them."""

    def __init__(self, body: Body, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._body = body
        self._monotonic = monotonic
        self._started = monotonic()
        self._heard: dict[str, float] = {}
        self._alarms: dict[str, tuple[str, int]] = {}
        self._failed: Finding | None = None
        self.tracers = Tracers(body.node)
        self.sessions: Counter[str] = Counter()
        """How often a session with each party has begun since the start."""
        self.commits = 0
        self.newest: Look | None = None
        self.more: Callable[[], bool] = lambda: False
        """Called on the writer's thread after each look, and again while it says that there is more to count."""

    async def run(self) -> None:
        """Look for ever; whatever happens in one look, the next one comes."""
        self._count_commits()
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    def _count_commits(self) -> None:
        committer = self._body.node.committer
        told = committer.committed

        def committed(touched: Collection[bytes]) -> None:
            self.commits += 1
            told(touched)

        committer.committed = committed

    def began(self, party: str) -> None:
        """A session with a party has begun; it may be over before the next look."""
        self.sessions[party] += 1
        self._heard[party] = self._monotonic()

    def parties(self) -> list[str]:
        """The parties that findings may be about."""
        return [self._body.node.party, *self._body.node.cards]

    async def look(self) -> None:
        """One look; what fails in it becomes a finding."""
        ears = dict(self._body.ears())
        try:
            await self._body.do(lambda: self._look(ears))
            slices = 0
            while slices < MAX_SLICES and await self._body.do(self.more):
                slices += 1
        except (StoreError, NodeError) as error:
            self._failed = Finding("store", "fail", f"{error.code}: {error}", error.remedy)
        except Exception as error:
            if self._failed is None:
                logger.exception("a look at the node's health failed")
            text = f"the node fails at looking after itself ({type(error).__name__})"
            self._failed = Finding("look", "fail", text, "See the node's log; then stop and start it.")
        else:
            self._failed = None

    async def fresh(self) -> list[Finding]:
        """The findings of a look made now; where the writer is too busy for one, what is known without it."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.look()
        except TimeoutError:
            return self._with(Finding("writer", "fail", f"nothing was done for {PATIENCE:g} s", _WRITER))
        return self.verdict()

    def verdict(self) -> list[Finding]:
        """The findings of the newest look, and what is wrong with the looks themselves."""
        if self._failed is not None:
            return self._with(self._failed)
        if self.newest is None:
            return [Finding("look", "fail", "the node has not looked after itself yet", "Wait a second.")]
        age = self._monotonic() - self.newest.at
        if age > STALE:
            return self._with(Finding("writer", "fail", "the last look is too old", _WRITER, seconds=age))
        return list(self.newest.findings)

    def _with(self, failed: Finding) -> list[Finding]:
        known = self.newest.findings if self.newest is not None else ()
        return ordered([failed, *(each for each in known if each.id != failed.id)])

    # On the writer's thread

    def _look(self, ears: Mapping[str, Ear]) -> None:
        node, at = self._body.node, self._monotonic()
        overdue = self.tracers.look()
        store = self._store_trouble()
        if store is None:
            try:
                self.tracers.note(overdue)
            except NotReadyError as error:
                store = error.code, error.message, error.remedy
        running = self._running(ears, at, overdue)
        now = real_time()
        facts = Facts(
            directory=str(node.home.path),
            party=node.party,
            opened=outside.opened_to_others(node.home.path),
            disk=outside.disk(node.home.path),
            certificate=outside.own_certificate(node.home.path, now),
            process="running",
            store=store,
            running=running,
        )
        frames = {party: ear.waiting for party, ear in ears.items()}
        self.newest = Look(at, facts, running, tuple(findings(facts)), self.tracers.waiting, frames)

    def _store_trouble(self) -> tuple[str, str, str] | None:
        """Whether a transaction can begin: one is begun and taken back, which syncs nothing."""
        try:
            with self._body.node.store.write():
                raise _ProbeError
        except _ProbeError:
            alarm = self._body.node.alarms.get("store")
            return None if alarm is None else ("STORE", alarm, StoreError.remedy)
        except StoreError as error:
            return error.code, str(error), error.remedy

    def _running(self, ears: Mapping[str, Ear], at: float, overdue: list[Overdue]) -> RunningFacts:
        node = self._body.node
        now = node.instant()
        ledgers = [ledger for ledger in node.ledgers.values() if ledger.document is not None]
        terms = [found for ledger in ledgers if (found := terms_at(ledger, now)) is not None]
        self._alarms = {
            name: (text, self._alarms[name][1] if name in self._alarms else now)
            for name, text in list(node.alarms.items())
        }
        return RunningFacts(
            now=now,
            software=node.software,
            uncertainty=node.clock.uncertainty(),
            max_uncertainty=min(
                (parse_duration(each.limits.max_uncertainty) for each in terms), default=MAX_UNCERTAINTY
            ),
            peers=tuple(self._peer(party, ears.get(party, Ear(None, 0)), at) for party in list(node.cards)),
            agreements=tuple(agreement_facts(node, ledger, now) for ledger in ledgers),
            alarms=dict(self._alarms),
            evidence=tuple((party, instant) for party, _, instant in node.store.evidence()),
            overdue=_by_party(overdue),
            awaited=len(node.store.awaiting()),
        )

    def _peer(self, party: str, ear: Ear, at: float) -> PeerFacts:
        card = self._body.node.cards[party]
        if ear.silent is not None:
            self._heard[party] = at - ear.silent
        silent = at - self._heard.get(party, self._started)
        return PeerFacts(
            party=party,
            up=ear.silent is not None,
            heard=party in self._heard,
            silent=max(0.0, silent),
            address=card.addresses[0] if card.addresses else None,
            certificate=outside.seconds_left(card.tls_certificate.encode(), real_time()),
        )


_WRITER = "See what keeps the node's disk or its machine; then stop and start it."


def agreement_facts(node: "Node", ledger: Ledger, now: int) -> AgreementFacts:
    """What stands open under an agreement, and what comes due."""
    due = node.ringing.due(ledger)
    unseen, to_come = due.unseen, [deadline for deadline in due.deadlines if deadline.at > now]
    veil = veil_of(node, ledger)
    return AgreementFacts(
        digest=ledger.agreement.hex()[:DIGEST],
        name=ledger.document.name if ledger.document else "",
        ready=ledger.ready,
        urgent=objective(ledger, "FLASH", now),
        acts=tuple(pending_acts(ledger)),
        uncosigned=tuple(uncosigned(node, ledger)),
        ringing=tuple(
            RingingFacts(name_of(alarm), alarm.id, veil.text(alarm.deadline.said(now)), alarm.deadline.at, alarm.at)
            for alarm in unseen[:MAX_RINGING]
        ),
        rings=len(unseen),
        end=next((deadline.at for deadline in to_come if deadline.kind == "end"), None),
        notice=next((deadline.at for deadline in to_come if deadline.kind == "notice"), None),
    )


def pending_acts(ledger: Ledger) -> list[PendingAct]:
    """This party's acts that not every peer has answered, in the record's order."""
    projection, found = ledger.projection, []
    for act in projection.acts.values():
        if act.position.writer == ledger.party:
            answers = projection.answers.get(act.position, {})
            peers = tuple(peer for peer in ledger.peers if peer not in answers)
            if peers:
                found.append(PendingAct(act.statement.id, act.instant, peers))
    return found


def uncosigned(node: "Node", ledger: Ledger) -> list[Uncosigned]:
    """What of this party's own log each peer has not cosigned."""
    own, found = ledger.own, []
    if own is None or not own.row.size:
        return []
    held = node.store.cosigned(own.row.id)
    for peer in ledger.peers:
        size = held[peer][0] if peer in held else 0
        if size < own.row.size:
            since = node.store.entries(own.row.id, size, 1)[0].instant
            found.append(Uncosigned(peer, size, own.row.size - 1, since))
    return found


def _by_party(overdue: list[Overdue]) -> tuple[OverdueFacts, ...]:
    counts = Counter(each.party for each in overdue)
    oldest: dict[str, Overdue] = {}
    for each in overdue:
        oldest.setdefault(each.party, each)
    return tuple(
        OverdueFacts(party, counts[party], first.watched.precedence, first.due) for party, first in oldest.items()
    )
