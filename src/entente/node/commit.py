"""The one way to write: instant, gate, append, second look at the clock, COMMIT (docs/spec/clock.md).

Everything that changes a log runs here, on one thread, inside one transaction. The instant is read once, under the
write lock, as the maximum of the clock, the persisted high-water mark and every instant seen from peers. Whatever was
decided in the transaction holds until a known instant (:meth:`Work.holds_until`); if the clock has reached it just
before COMMIT the transaction is rolled back and done again at the new instant. Only the disk's own latency lies after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import urandom
from typing import Protocol, TypeVar

from entente.node.errors import NodeError, NotReadyError, RefusedError
from entente.node.ledger import HeldLog, Ledger
from entente.record.envelope import MAX_BODY, MAX_ENVELOPE, SALT, BodyRef, Envelope, commitment
from entente.record.merkle import leaf_hash
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.suites import SUITE
from entente.store.errors import StoreError
from entente.store.rows import NewEntry
from entente.store.sqlite import Store, Transaction

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


@dataclass
class SaltedBody:
    """A body to append: salted, in clear for a kind that goes to all, or with its sealed form for a transfer."""

    salt: bytes
    body: bytes
    sealed: bytes | None = None

    @property
    def stored(self) -> tuple[bool, bytes]:
        """What the store keeps: ``(sealed, bytes)``."""
        return (False, self.salt + self.body) if self.sealed is None else (True, self.sealed)


def salted(body: bytes) -> SaltedBody:
    """A body with a fresh salt."""
    return SaltedBody(urandom(SALT), body)


@dataclass
class Work:
    """One transaction in progress, at one instant."""

    tx: Transaction
    at: int
    touched: set[bytes]
    _until: int | None = None
    after: list[Callable[[], None]] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What takes back the work's doings outside the transaction, once that is known to be rolled back."""

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
        self.touched.add(ledger.agreement)
        at = max(self.at, log.row.last_instant)
        if kind == "act":
            # `dispatched` is strictly increasing for one writer (lifecycle 1), over all incarnations of its log
            at = max(at, *(held.last_act + 1 for held in ledger.logs.values() if held.row.writer == log.row.writer))
        self.saw(at)
        envelope = Envelope(
            version=1,
            suite=SUITE,
            agreement=ledger.agreement,
            writer=log.row.writer,
            incarnation=log.row.incarnation,
            seq=log.row.size,
            kind=kind,
            instant=at,
            precedence=precedence,
            reality=reality,
            seen=ledger.seen(),
            bodies=tuple(BodyRef(len(body.body), commitment(body.salt, body.body)) for body in bodies),
            payload=payload,
        )
        data = encode(envelope)
        if len(data) > MAX_ENVELOPE or any(len(body.body) > MAX_BODY for body in bodies):
            # No party could take it, nor anything after it: the log would be paused everywhere for good.
            text = f"an entry of kind {kind} carries at most {MAX_BODY} bytes in a body"
            raise RefusedError("TOO_LARGE", text, "Shorten it, or carry it as an item's payload.")
        frontier = log.frontier.append(leaf_hash(data))
        entry = NewEntry(kind, at, data, [body.stored for body in bodies])
        log.row = self.tx.append(log.row, [entry], root=frontier.root(), frontier=frontier.to_bytes(), checkpoint="")
        log.frontier = frontier
        code = ledger.take(log, envelope, [body.body for body in bodies])
        if code is not None:
            raise RefusedError(code, f"every party would refuse this {kind}, so it is not written", "Prepare it again.")
        return Position(envelope.writer, envelope.incarnation, envelope.seq)


class Committer:
    """Runs work in transactions; after a roll-back whatever it touched in memory is rebuilt from the store."""

    def __init__(self, store: Store, clockwork: Clockwork, rebuild: Callable[[set[bytes]], None]) -> None:
        self._store = store
        self._clockwork = clockwork
        self._rebuild = rebuild
        self.committed: Callable[[], object] = lambda: None
        """Called after every commit, on the writer's thread."""

    def run(self, work: Callable[[Work], T]) -> T:
        """Do the work in one transaction and return its result once that is durable.

        Raises:
            NodeError: refused, or the store could not; nothing of it stands.
        """
        for _ in range(ATTEMPTS):
            touched: set[bytes] = set()
            undo: list[Callable[[], None]] = []
            try:
                result, unit = self._once(work, touched, undo)
            except _OvertakenError:
                self._take_back(touched, undo)
                continue
            except NodeError:
                self._take_back(touched, undo)
                raise
            except StoreError as error:
                self._rebuild(touched)
                raise NotReadyError(error.code, str(error), error.remedy) from error
            except BaseException:
                self._rebuild(touched)
                raise
            try:
                for step in unit.after:
                    step()
            finally:
                self.committed()
            return result
        raise NotReadyError(
            "OVERTAKEN",
            "the agreement's status kept changing while this was being committed",
            "Look at the status and decide again.",
        )

    def _take_back(self, touched: set[bytes], undo: list[Callable[[], None]]) -> None:
        """After a certain roll-back; after an error of the store nothing is taken back, since COMMIT may stand."""
        for step in reversed(undo):
            step()
        self._rebuild(touched)

    def _once(self, work: Callable[[Work], T], touched: set[bytes], undo: list[Callable[[], None]]) -> tuple[T, Work]:
        with self._store.write() as tx:
            unit = Work(tx, self._clockwork.instant(), touched, undo=undo)
            result = work(unit)
            if unit.overtaken(self._clockwork.instant()):
                raise _OvertakenError
        self._clockwork.saw(unit.at)
        return result, unit


class _OvertakenError(Exception):
    """Rolls back a transaction whose answer the clock has overtaken."""
