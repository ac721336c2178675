"""The one way to write: instant, gate, append, second look at the clock, COMMIT (docs/spec/clock.md).

Everything that changes a log runs here, on one thread, inside one transaction. The instant is read once, under the
write lock, as the maximum of the clock, the persisted high-water mark and every instant seen from peers. Whatever was
decided in the transaction holds until a known instant (:meth:`Work.holds_until`); if the clock has reached it just
before COMMIT the transaction is rolled back and done again at the new instant. Only the disk's own latency lies after.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar

from entente.link.session import place
from entente.node.errors import NodeError, NotReadyError, RefusedError
from entente.node.ledger import HeldLog, Ledger, Saved
from entente.record.envelope import MAX_BODY, MAX_ENVELOPE, SALT, BodyRef, Envelope, commitment
from entente.record.merkle import leaf_hash
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.randomness import random_bytes
from entente.sealing.suites import SUITE
from entente.store.errors import StoreError
from entente.store.rows import LogRow, NewEntry
from entente.store.sqlite import Store
from entente.store.transaction import Transaction

logger = logging.getLogger("entente.node.commit")
T = TypeVar("T")
ATTEMPTS = 3
"""How often a transaction is done again because its answer changed under it, before it is refused."""


class Clockwork(Protocol):
    """What commits need of the node: instants that never go back."""

    def instant(self) -> int:
        """The maximum of the clock and everything seen so far, in ms since the epoch."""
        ...

    def saw(self, instant: int) -> None:
        """Note an instant that has become part of the record: nothing is decided at an earlier one any more."""
        ...


@dataclass(slots=True)
class SaltedBody:
    """A body to append: salted, in clear for a kind that goes to all, or with its sealed form for a transfer."""

    salt: bytes
    body: bytes = field(repr=False)
    sealed: bytes | None = None

    @property
    def ref(self) -> BodyRef:
        """What the envelope says of it."""
        return BodyRef(len(self.body), commitment(self.salt, self.body))

    @property
    def stored(self) -> tuple[bool, bytes]:
        """What the store keeps: ``(sealed, bytes)``."""
        return (False, self.salt + self.body) if self.sealed is None else (True, self.sealed)


def salted(body: bytes) -> SaltedBody:
    """A body with a fresh salt."""
    return SaltedBody(random_bytes(SALT), body)


class Fresh(NamedTuple):
    """An entry about to be written to this party's own log; ``payload`` as in :class:`Envelope`."""

    kind: str
    bodies: Sequence[SaltedBody]
    precedence: str | None = None
    reality: str | None = None
    payload: int = 0


@dataclass
class Work:
    """One transaction in progress, at one instant."""

    tx: Transaction
    at: int
    touched: "dict[bytes, tuple[Ledger, Saved | None]]" = field(default_factory=dict)
    """Ledgers changed so far as they were before; None for one that did not exist."""
    national: LogRow | None = None
    """The head of this party's national log, where this transaction has added to it."""
    _until: int | None = None
    after: list[Callable[[], object]] = field(default_factory=list)
    before: list[Callable[[], object]] = field(default_factory=list)
    """What must have ended before COMMIT, such as the sync of another file that was begun meanwhile."""
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What takes back the work's doings outside the transaction, once that is known to be rolled back."""

    def touch(self, ledger: Ledger, *, new: bool = False) -> None:
        """Note that a ledger is about to change: it comes back as it is now if the transaction is rolled back."""
        if ledger.agreement not in self.touched:
            self.touched[ledger.agreement] = (ledger, None if new else ledger.save())

    def saw(self, instant: int) -> None:
        """Go on at ``instant`` if it is later: one that stands in entries taken from a peer, or given to one's own."""
        self.at = max(self.at, instant)

    def holds_until(self, until: int | None) -> None:
        """Note that something decided here holds only before ``until``."""
        if until is not None and (self._until is None or until < self._until):
            self._until = until

    def overtaken(self, now: int) -> bool:
        """Whether the clock has reached an instant at which something decided here may be otherwise."""
        return self._until is not None and max(now, self.at) >= self._until

    def append(
        self,
        ledger: Ledger,
        log: HeldLog,
        kind: str,
        bodies: Sequence[SaltedBody],
        *,
        precedence: str | None = None,
        reality: str | None = None,
        payload: int = 0,
    ) -> Position:
        """Append one entry to this party's own log and feed it to the ledger; returns where it stands."""
        first = self.append_all(ledger, log, [Fresh(kind, bodies, precedence, reality, payload)])[0]
        return Position(*log.name, first)

    def append_all(self, ledger: Ledger, log: HeldLog, entries: Sequence[Fresh]) -> tuple[int, list[bytes]]:
        """Append entries to this party's own log and feed them to the ledger: (number of the first, their envelopes).

        Raises:
            RefusedError: every party would refuse one of them, so none is written.
        """
        self.touch(ledger)
        row, first, seen = log.row, log.row.size, ledger.seen()
        envelopes, data, rows = [], [], []
        at = -1
        for seq, entry in enumerate(entries, first):
            kind = entry.kind
            if at < 0 or kind == "act":
                at = self._dated(ledger, log, kind)
            envelope = Envelope(
                version=1,
                suite=SUITE,
                agreement=ledger.agreement,
                writer=row.writer,
                incarnation=row.incarnation,
                seq=seq,
                kind=kind,
                instant=at,
                precedence=entry.precedence,
                reality=entry.reality,
                seen=seen,
                bodies=tuple([body.ref for body in entry.bodies]),
                payload=entry.payload,
            )
            encoded = encode(envelope)
            if len(encoded) > MAX_ENVELOPE or any(len(body.body) > MAX_BODY for body in entry.bodies):
                # No party could take it, nor anything after it: the log would be paused everywhere for good.
                text = f"an entry of kind {kind} carries at most {MAX_BODY} bytes in a body"
                raise RefusedError("TOO_LARGE", text, "Shorten it, or carry it as an item's payload.")
            envelopes.append(envelope)
            data.append(encoded)
            fact = kind != "transfer" and ledger.is_fact(kind, entry.bodies[0].body)
            rows.append(NewEntry(kind, at, encoded, [body.stored for body in entry.bodies], fact))
            seen = ()
        log.frontier = log.frontier.extend(map(leaf_hash, data))
        log.row = self.tx.append(row, rows, root=log.frontier.root(), frontier=log.frontier.to_bytes(), checkpoint="")
        for envelope, entry in zip(envelopes, entries, strict=True):
            if entry.kind == "transfer":
                ledger.pass_item(log, envelope.seq)
                continue
            code = ledger.take(log, envelope, [body.body for body in entry.bodies])
            if code is not None:
                text = f"every party would refuse this {entry.kind}, so it is not written"
                raise RefusedError(code, text, "Prepare it again.")
        return first, data

    def _dated(self, ledger: Ledger, log: HeldLog, kind: str) -> int:
        """The instant of the next entry of this party's own log."""
        at = max(self.at, log.row.last_instant)
        if kind == "act":
            # `dispatched` is strictly increasing for one writer (lifecycle 1), over all incarnations of its log
            at = max(at, *(held.last_act + 1 for held in ledger.logs.values() if held.row.writer == log.row.writer))
        self.saw(at)
        return at


class Committer:
    """Runs work in transactions; after a roll-back whatever it touched in memory is as it was before."""

    def __init__(self, store: Store, clockwork: Clockwork, forget: Callable[[Ledger], None]) -> None:
        self._store = store
        self._clockwork = clockwork
        self._forget = forget
        self.committed: Callable[[Collection[bytes]], object] = lambda _: None
        """Called after every commit with the agreements that it touched, on the writer's thread."""
        self.undone: Callable[[], object] = lambda: None
        """Called when a transaction failed: what was remembered of the store outside ledgers is read anew."""
        self.aside: list[Callable[[Transaction], None]] = []
        """What is written with the next transaction, whatever that is: worth keeping, not worth a sync of its own."""
        self.commits = 0

    def run(self, work: Callable[[Work], T]) -> T:
        """Do the work in one transaction and return its result once that is durable.

        Raises:
            NodeError: refused, or the store could not; nothing of it stands.
        """
        for _ in range(ATTEMPTS):
            unit = None
            try:
                with self._store.write() as tx:
                    unit = Work(tx, self._clockwork.instant())
                    aside = len(self.aside)
                    result = self._decide(unit, work)
            except _OvertakenError:
                self._take_back(unit)
                continue
            except NodeError:
                self._take_back(unit)
                raise
            except StoreError as error:
                # COMMIT may stand after a crash, so what was done outside the transaction is left as it is.
                self._restore(unit)
                raise NotReadyError(error.code, str(error), error.remedy) from error
            except BaseException:
                self._restore(unit)
                raise
            self.commits += 1
            del self.aside[:aside]
            self._clockwork.saw(unit.at)
            for step in unit.after:
                _after(step)
            self.committed(unit.touched)
            return result
        raise NotReadyError(
            "OVERTAKEN",
            "the agreement's status kept changing while this was being committed",
            "Look at the status and decide again.",
        )

    def _decide(self, unit: Work, work: Callable[[Work], T]) -> T:
        for write in self.aside:
            write(unit.tx)
        result = work(unit)
        for wait in unit.before:
            wait()
        if unit.overtaken(self._clockwork.instant()):
            raise _OvertakenError
        return result

    def settle(self) -> None:
        """Write what waits for the next transaction now."""
        if self.aside:
            self.run(lambda _: None)

    def _take_back(self, unit: Work | None) -> None:
        try:
            for step in reversed(unit.undo if unit else ()):
                step()
        finally:
            self._restore(unit)

    def _restore(self, unit: Work | None) -> None:
        self.undone()
        for ledger, saved in (unit.touched if unit else {}).values():
            if saved is None:
                self._forget(ledger)
            else:
                ledger.restore(saved)


def _after(step: Callable[[], object]) -> None:
    """What follows a commit: it stands, so nothing that fails now makes it look undone."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - each step is tried, whatever became of the one before
        logger.error("something after a commit failed: %s", place(error))


class _OvertakenError(Exception):
    """Rolls back a transaction whose answer the clock has overtaken."""
