"""One agreement as this node holds it: every party's log, what they say together, and what the gate may answer.

A ledger lives in memory and is rebuilt from the store by replaying the entries in the order in which this node
committed them. Only the writer thread changes it, and after a rolled-back transaction it is rebuilt.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from entente.domain.agreement.status import AgreementStatus, interval
from entente.domain.agreement.terms import Agreement
from entente.domain.release import Gate
from entente.domain.release_status import Situation
from entente.node.errors import NotReadyError
from entente.node.regained import Regained
from entente.record.bodies import EpochSetup, SealingAnnouncement, SignedKeys
from entente.record.checkpoint import Checkpoint, origin, sign_checkpoint
from entente.record.envelope import KINDS_IN_CLEAR, Envelope, Seen, open_body
from entente.record.merkle import Frontier, leaf_hash
from entente.record.projection import Position, Projection
from entente.record.trust import KeyHistory
from entente.sealing.canonical import decode
from entente.sealing.errors import SealingError
from entente.sealing.identity import RootCard
from entente.sealing.seal import SealingPublic
from entente.sealing.signing import HybridPublic, NodeKey
from entente.store.rows import LogRow

NO_FACTS = ("transfer", "received")
"""Kinds of entries that a ledger is not rebuilt from; of receipts it is from those that answer an act."""
MAX_ISSUED = 64
"""Signed checkpoints remembered of one log, for their cosignatures to come back."""


@dataclass
class HeldLog:
    """One log as held: its row in the store, the tree's frontier, and which keys are valid where."""

    row: LogRow
    frontier: Frontier
    keys: KeyHistory
    last_act: int = -1

    @property
    def name(self) -> tuple[str, str]:
        """(writer, incarnation)."""
        return self.row.writer, self.row.incarnation


@dataclass(frozen=True)
class Root:
    """A party's root card and the digest of its bytes, as confirmed by the administrator."""

    card: RootCard
    digest: bytes


class Saved(NamedTuple):
    """A ledger as it was before a transaction."""

    ledger: dict[str, Any]
    projection: dict[str, Any]
    standings: dict[str, Any]
    steps: int
    logs: list[tuple[HeldLog, dict[str, Any]]]


class Ledger:
    """The state of one agreement at this node; a pure function of the entries fed to it."""

    def __init__(self, agreement: bytes, party: str, roots: Mapping[str, Root]) -> None:
        self.agreement = agreement
        self.party = party
        self.roots = roots
        self.ready = False
        self.confirmed: set[str] = set()
        self.regained = Regained()
        self.clear()

    def clear(self) -> None:
        """Forget what the entries said, to be fed again; whoever holds this ledger goes on holding the right one."""
        self.logs: dict[tuple[str, str], HeldLog] = {}
        self.sealing: dict[str, SealingPublic] = {}
        self.sealing_since: dict[str, int] = {}
        self.replaced: dict[bytes, int | None] = {}
        """When each of this party's sealing keys was followed by the next; None for the one that stands."""
        self.epochs: dict[tuple[str, str], EpochSetup] = {}
        self.setups: dict[tuple[str, bytes], EpochSetup] = {}
        self.epoch_since: dict[tuple[str, str], int] = {}
        self.national_since = 0
        self.own_seen: dict[tuple[str, str], int] = {}
        digests = {name: root.digest for name, root in self.roots.items()}
        self.projection = Projection(self.agreement, self._office, digests, keep_items=False, own=self.party)
        self.situation: Situation | None = None
        self.gates: dict[tuple[str, str, str], Gate] = {}
        self._status: tuple[AgreementStatus, int | None] | None = None
        self._signed: dict[tuple[str, str], dict[int, str]] = {}

    def save(self) -> Saved:
        """The state as it stands; a few dictionaries that do not grow with the items exchanged."""
        logs = [(log, dict(vars(log))) for log in self.logs.values()]
        projection = self.projection
        return Saved(
            _copied(vars(self)),
            _copied(vars(projection)),
            _copied(vars(projection.standings)),
            len(projection.steps),
            logs,
        )

    def restore(self, saved: Saved) -> None:
        """Go back to a saved state; whoever holds this ledger, or a log of it, goes on holding the right one."""
        vars(self).update(saved.ledger)
        vars(self.projection).update(saved.projection)
        vars(self.projection.standings).update(saved.standings)
        self.projection.steps.cut(saved.steps)
        for log, state in saved.logs:
            vars(log).update(state)

    def renewed(self) -> None:
        """This party's keys are others now: what the old ones signed is signed again."""
        self._signed.clear()

    def _office(self, at: Position, office: str, role: str) -> HybridPublic | None:
        log = self.logs.get((at.writer, at.incarnation))
        return log.keys.office(at.seq, office, role) if log else None

    @property
    def document(self) -> Agreement | None:
        """The document first signed, once it is held."""
        return self.projection.documents.get(self.projection.first)

    @property
    def parties(self) -> tuple[str, ...]:
        """The agreement's parties in the document's order; empty until the document is held."""
        document = self.document
        return document.parties if document is not None else ()

    @property
    def peers(self) -> tuple[str, ...]:
        """The other parties."""
        return tuple(party for party in self.parties if party != self.party)

    def current(self, writer: str) -> HeldLog | None:
        """The newest incarnation held of a party's log."""
        logs = [log for (name, _), log in self.logs.items() if name == writer]
        return max(logs, key=lambda log: log.row.id, default=None)

    @property
    def own(self) -> HeldLog | None:
        """This party's own log as written now."""
        return self.current(self.party)

    def signed(self) -> bool:
        """Whether this party has signed the agreement."""
        acts = self.projection.acts.values()
        return any(act.statement.kind == "sign" and act.position.writer == self.party for act in acts)

    def add_log(self, row: LogRow) -> HeldLog:
        """Begin to hold a log; a party without a root is nobody (KeyError)."""
        root = self.roots[row.writer]
        held = HeldLog(row, Frontier.from_bytes(row.frontier), KeyHistory.start(root.card, root.digest))
        self.logs[held.name] = held
        return held

    def status(self, at: int) -> AgreementStatus:
        """The agreement's status at an instant, in ms since the epoch; computed once per interval without change."""
        return self.interval(at)[0]

    def interval(self, at: int) -> tuple[AgreementStatus, int | None]:
        """The status and the first later instant at which it can change with the acts known (None: never)."""
        cached = self._status
        if cached is not None and cached[0].at <= at and (cached[1] is None or at < cached[1]):
            return cached
        projection = self.projection
        self._status = interval(projection.documents, projection.domain_acts(), at, first=projection.first)
        return self._status

    def take(
        self, held: HeldLog, envelope: Envelope, bodies: Sequence[bytes | None], *, replayed: bool = False
    ) -> str | None:
        """Feed one entry, with its bodies opened or None; returns the code it is to be refused with, if any.

        A ``replayed`` one was in its place when it was committed; the entries between that are no facts are left out.
        """
        if envelope.kind == "keys" and bodies[0] is not None:
            signed = decode(SignedKeys, bodies[0])
            held.keys = held.keys.apply(envelope.seq, signed.statement, signed.signature)
        if envelope.kind == "act":
            held.last_act = envelope.instant
        feed = self.projection.learn if replayed else self.projection.feed
        code = feed(envelope, bodies)
        if code is None and envelope.kind == "sealing" and bodies[0] is not None:
            key = decode(SealingAnnouncement, bodies[0])
            self.sealing[envelope.writer] = SealingPublic(key.mlkem768, key.x25519)
            self.sealing_since[envelope.writer] = envelope.instant
            if envelope.writer == self.party:
                ended = {each: envelope.instant for each, at in self.replaced.items() if at is None}
                self.replaced |= ended | {key.key: None}
        if code is None and envelope.kind == "epoch" and bodies[0] is not None:
            setup = decode(EpochSetup, bodies[0])
            self.epochs[envelope.writer, setup.recipient] = setup
            self.setups[envelope.writer, setup.epoch] = setup
            self.epoch_since[envelope.writer, setup.recipient] = envelope.instant
        if envelope.writer == self.party:
            if envelope.kind == "national":
                self.national_since = envelope.instant
            for seen in envelope.seen:
                self.own_seen[seen.party, seen.incarnation] = seen.size
        if envelope.kind not in ("sealing", "epoch", "national", "step") and self.is_fact(envelope.kind, bodies[0]):
            self._status = None
            self.situation = None
            self.gates.clear()
        return code

    def pass_item(self, held: HeldLog, seq: int) -> None:
        """Feed an item whose bodies say nothing to a ledger: its place in the log, and nothing else."""
        self.projection.pass_over(held.name, seq)

    def is_fact(self, kind: str, body: bytes | None) -> bool:
        """Whether the ledger is rebuilt from such an entry at a start: of receipts those that answer an act."""
        if kind == "received":
            return body is not None and self.projection.answers_act(body)
        return kind not in NO_FACTS

    def seen(self) -> tuple[Seen, ...]:
        """The other parties' heads that changed since this party's last entry."""
        return tuple(
            Seen(log.row.writer, log.row.incarnation, log.row.size, log.row.root)
            for name, log in self.logs.items()
            if name[0] != self.party and log.row.size > self.own_seen.get(name, 0)
        )

    def checkpoint(self, log: HeldLog, key: NodeKey) -> str:
        """This party's signed checkpoint over a log it wrote, as it stands; ask only for what is durable."""
        issued = self.issued(log, log.row.size)
        return issued if issued is not None else self.sign(log, log.row.size, log.row.root, key)

    def sign(self, log: HeldLog, size: int, root: bytes, key: NodeKey) -> str:
        """A signed checkpoint over the first entries of a log this party wrote; ask only for what is durable."""
        note = sign_checkpoint(Checkpoint(origin(self.agreement, *log.name), size, root), key)
        signed = self._signed.setdefault(log.name, {})
        signed[size] = note
        if len(signed) > MAX_ISSUED:
            del signed[next(iter(signed))]
        return note

    def issued(self, log: HeldLog, size: int) -> str | None:
        """A checkpoint of a size that this party has just signed."""
        return self._signed.get(log.name, {}).get(size)

    def confirm(self, peer: str) -> bool:
        """A peer has confirmed where this party's own log ends; ready when every other party has (docs/decisions/)."""
        self.confirmed.add(peer)
        if not self.ready and self.confirmed.issuperset(self.peers):
            self.ready = True
        return self.ready

    def unanswered_act(self, log: HeldLog, seq: int) -> bool:
        """Whether an entry is an act that this party has not acknowledged in the record yet."""
        position = Position(*log.name, seq)
        acts = {act.position for act in self.projection.acts.values()}
        return position in acts and self.party not in self.projection.answers.get(position, {})

    def own_pending(self) -> list[str]:
        """Ids of this party's acts that not every peer has acknowledged yet."""
        projection = self.projection
        return [
            act.statement.id
            for act in projection.acts.values()
            if act.position.writer == self.party
            and any(peer not in projection.answers.get(act.position, {}) for peer in self.peers)
        ]


def _copied(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, dict | set | list) else value for name, value in state.items()}


def clear_bodies(envelope: Envelope, salted: Mapping[int, tuple[bool, bytes]]) -> list[bytes | None]:
    """The bodies of an entry of a kind that goes in clear, after checking each against its commitment."""
    if envelope.kind not in KINDS_IN_CLEAR:
        return [None] * len(envelope.bodies)
    return [
        open_body(ref, salted[place][1]) if place in salted and not salted[place][0] else None
        for place, ref in enumerate(envelope.bodies)
    ]


DAMAGED_REMEDY = "Restore the node from its backup; the peers hold copies of its logs."


def damaged(text: str) -> NotReadyError:
    """The error for a store that was changed under the node, or by its disk."""
    return NotReadyError("STORE_DAMAGED", text, DAMAGED_REMEDY)


class Replayed(NamedTuple):
    """A fact out of the store: the local id of its log, its bytes, and what they say."""

    log: int
    data: bytes
    envelope: Envelope
    bodies: list[bytes | None]


def replay(
    ledger: Ledger,
    logs: Iterable[LogRow],
    facts: Iterable[Replayed],
    leaves: Callable[[LogRow], Iterable[tuple[bytes, bool]]],
) -> None:
    """Rebuild a ledger from the store: its logs, then what it is made of, in the order in which this node committed it.

    Every tree is computed anew from ``leaves(log)``, the bytes of all its envelopes and whether each is to be among the
    facts: a store that was changed under the node is noticed before it is used. Items cost a hash and nothing else.

    Raises:
        NotReadyError: the entries of a log do not give the root that it had, or a fact is not among the facts.
    """
    rows = list(logs)
    by_id = {}
    for row in rows:
        with _found(f"the head of {row.writer}'s log"):
            by_id[row.id] = ledger.add_log(row)
    due = 0

    def hashed(row: LogRow) -> Iterator[bytes]:
        nonlocal due
        for data, is_fact in leaves(row):
            due += is_fact
            yield leaf_hash(data)

    for row in rows:
        frontier = Frontier().extend(hashed(row))
        if (frontier.size, frontier.root(), frontier.to_bytes()) != (row.size, row.root, row.frontier):
            raise damaged(f"{row.writer}'s log in this node's store does not give the root that it had")
    with ledger.projection.replaying({(row.writer, row.incarnation): row.size for row in rows}):
        for fact in facts:
            held = by_id[fact.log]
            due -= fact.envelope.kind not in NO_FACTS
            with _found(f"entry {fact.envelope.seq} of {held.row.writer}'s log"):
                ledger.take(held, fact.envelope, fact.bodies, replayed=True)
    if due:
        raise damaged(f"{due} entries are missing among the facts in this node's store")


@contextmanager
def _found(what: str) -> Iterator[None]:
    """Names what of the store is damaged, where reading it raises."""
    try:
        yield
    except (ValueError, SealingError) as error:
        raise damaged(f"{what} is damaged in this node's store: {error}") from error


def frontier_at(
    log: HeldLog, size: int, stored: tuple[int, bytes] | None, leaves: Callable[[int, int], Iterable[bytes]]
) -> Frontier:
    """The frontier of an earlier size, from the nearest stored one; ``leaves(first, count)`` yields envelope bytes."""
    if size == log.row.size:
        return log.frontier
    start, frontier = (stored[0], Frontier.from_bytes(stored[1])) if stored else (0, Frontier())
    return frontier.extend(leaf_hash(data) for data in leaves(start, size - start))
