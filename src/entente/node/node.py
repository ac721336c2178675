"""The node: one party's store, keys, clock and ledgers put together (the composition root of everything but sockets).

A :class:`Node` decides and writes; it opens no connection and reads no socket. All of its methods that change anything
are called on one thread, the writer's. The daemon beside it carries frames and commands.
"""

import importlib.metadata
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from entente import __version__
from entente.domain.release import Decision
from entente.node.clock import Clock
from entente.node.commit import Committer
from entente.node.cosigning import check_kept
from entente.node.errors import NodeError, UsageError
from entente.node.home import Home
from entente.node.keyring import Keyring
from entente.node.lanes import Fresh, LogKey, Urgency
from entente.node.ledger import NO_FACTS, HeldLog, Ledger, Replayed, Root, clear_bodies, damaged, frontier_at, replay
from entente.node.national import NATIONAL
from entente.node.ringing import Ringing
from entente.node.shedding import Shed, shed
from entente.node.transfers import Opened, check_item, epoch_secret
from entente.node.vault import Vault
from entente.record.checkpoint import origin
from entente.record.envelope import Envelope, open_body, parse_envelope
from entente.record.merkle import Frontier
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError
from entente.sealing.errors import NotOpenedError, SealingError
from entente.sealing.identity import PairingCard, parse_card, parse_root, root_digest
from entente.sealing.seal import EpochSeal, ItemSeal, at_rest_open, at_rest_seal
from entente.sealing.signing import NodeKey
from entente.store.errors import StoreError
from entente.store.itemkeys import ItemKeys
from entente.store.reader import Reader
from entente.store.rows import EntryRow, LogRow
from entente.store.sqlite import Store

if TYPE_CHECKING:
    from entente.node.payloads import Incoming

logger = logging.getLogger("entente.node")
MAX_EVIDENCE = 16
"""Contradictions kept of one party: one convicts it, and it could sign more without end."""
Card = TypeVar("Card")


class Node:
    """One party's node over an open directory."""

    software = f"entente/{__version__}"
    tzdata = importlib.metadata.version("tzdata")

    def __init__(self, home: Home, keyring: Keyring, clock: Clock) -> None:
        self.home = home
        self.payloads = home.path / "payloads"
        self.party = home.party
        self.keyring = keyring
        self.clock = clock
        self.card = _read(home.path / "card.json", parse_card)
        root = self.card.root_card
        if (root.party, root.simulated) != (home.party, clock.simulated):
            raise UsageError(
                "BAD_SETTINGS",
                f"{home.path}/node.toml is not that of {root.party}, whose clock is "
                f"{'simulated' if root.simulated else 'real'} by its root card",
                "Put back the settings that the node was made with; neither ever changes.",
            )
        self.store = Store(home.path / "store.db")
        self.vault = Vault(ItemKeys(home.item_keys), keyring.storage)
        self.committer = Committer(self.store, self, self._forget)
        self.roots: dict[str, Root] = {}
        self.cards: dict[str, PairingCard] = {}
        self.ledgers: dict[bytes, Ledger] = {}
        self.committer.undone = self._forget_national
        self.national: LogRow | None = None
        """The head of the national log, once something was noted since the start."""
        self.alarms: dict[str, str] = {}
        self.ringing = Ringing(self)
        self.shedding: deque[Shed] = deque()
        """Wrapped keys that nobody needs any more once the key store holds what is in them."""
        self.fresh = Fresh()
        self.urgency = Urgency()
        self.urgent: dict[bytes, int] = {}
        """Agreements under which the transaction just committed released what is not ROUTINE, and the lowest rank."""
        self.incoming: dict[tuple[int, int], Incoming] = {}
        """(log, seq) -> payload on its way, as far as anybody has asked for it since the start."""
        self.answered: Callable[[int, int, int, bool], None] = lambda _log, _low, _high, _accepted: None
        """Told of each answer to items given: local id of the log, first and last entry, whether accepted."""
        self.arrived: Callable[[int, list[int]], None] = lambda _log, _seqs: None
        """Told of items that this party holds from now on: local id of the log, their entries in rising order."""
        self.owed: set[LogKey] = set()
        """Logs of peers that have grown since this party last cosigned them."""
        self._epochs: dict[tuple[bytes, str, bytes], EpochSeal] = {}
        self._contradictions: list[tuple[str, str]] = []
        self._high_water = max((row.last_instant for row in self.store.logs()), default=0)
        self._high_water = max(self._high_water, int(self.store.get("high-water") or b"0"))
        self._own_time = int(self.store.get("own-time") or b"0")
        self._load_roots()
        for agreement in dict.fromkeys(row.agreement for row in self.store.logs()):
            if agreement != NATIONAL:
                self._load(agreement)
        for ledger in self.ledgers.values():
            for held in ledger.logs.values():
                check_kept(self, ledger, held)
        for log, recipient, rank, seq in self.store.urgent():
            self.urgency.note(log, recipient, rank, seq)

    def close(self) -> None:
        """Write what was put off, and close the stores; what cannot be written is recovered at the next start."""
        for step in (self.vault.settle, partial(shed, self), self.committer.settle, self.vault.close):
            try:
                step()
            except (StoreError, NodeError) as error:
                logger.warning("closed with something not written: %s", error)
        self.store.close()

    # Time

    def instant(self) -> int:
        """The present instant in ms: never before one that this node, its record or a peer has seen."""
        self.saw(self.own_time())
        return self._high_water

    def saw(self, instant: int) -> None:
        """Never again answer with an earlier instant than this one: a peer wrote it, or this node did."""
        self._high_water = max(self._high_water, instant)

    def own_time(self) -> int:
        """The latest that this node's own clock has shown, in ms: what future-dated is measured from.

        Not from :meth:`instant`, or a peer could walk this node's time away in steps that the skew allows.
        """
        self._own_time = max(self._own_time, self.clock.now())
        return self._own_time

    def uncertainty(self) -> int | None:
        """How far the clock may be off, in ms; None where nothing is known."""
        return self.clock.uncertainty()

    def keep_time(self) -> None:
        """Persist the high-water mark, so that a clock stepped back over a stop does not reopen what was closed."""
        instant = self.instant()
        with self.store.write() as tx:
            tx.put("high-water", str(instant).encode())
            tx.put("own-time", str(self._own_time).encode())

    # Parties

    def _load_roots(self) -> None:
        own = (self.home.path / "root.json").read_bytes()
        self.roots[self.party] = Root(_read(self.home.path / "root.json", parse_root), root_digest(own))
        if self.card.root != own:
            raise UsageError("BAD_CARD", "root.json is not the root of card.json", "Restore both from the backup.")
        for path in self.home.peer_cards():
            self.add_peer(_read(path, parse_card))

    def add_peer(self, card: PairingCard) -> None:
        """Trust a peer's root card; the administrator has compared its words."""
        root = parse_root(card.root)
        self.roots[root.party] = Root(root, root_digest(card.root))
        self.cards[root.party] = card

    # Ledgers

    def _load(self, agreement: bytes) -> Ledger:
        ledger = self.ledgers[agreement] = Ledger(agreement, self.party, self.roots)
        self._replay(ledger)
        ledger.ready = ledger.own is None or ledger.own.row.size == 0
        return ledger

    def _replay(self, ledger: Ledger) -> None:
        rows = [row for row in self.store.logs() if row.agreement == ledger.agreement]
        facts = (self._opened(row) for row in self.store.history(ledger.agreement, facts=True))
        replay(ledger, rows, facts, lambda row: self.store.envelopes(row.id, NO_FACTS))

    def _opened(self, row: EntryRow) -> Replayed:
        try:
            envelope = parse_envelope(row.envelope)
            if envelope.kind != row.kind:
                raise NotCanonicalError(f"it is of kind {envelope.kind}, and kept as one of kind {row.kind}")
            held = self.store.bodies(row.log, row.seq) if row.kind != "transfer" else {}
            return Replayed(row.log, row.envelope, envelope, clear_bodies(envelope, held))
        except NotCanonicalError as error:
            log = self.store.log(row.log)
            text = f"entry {row.seq} of {log.writer}'s log is damaged in this node's store: {error}"
            raise damaged(text) from error

    def _forget_national(self) -> None:
        self.national = None

    def _forget(self, ledger: Ledger) -> None:
        """A ledger that was begun in a transaction that was rolled back."""
        self.ledgers.pop(ledger.agreement, None)

    def ledger(self, name: str) -> Ledger:
        """The ledger of an agreement by its name, its digest, or the beginning of its digest.

        Raises:
            KeyError: none or several answer to it.
        """
        found = [
            ledger
            for ledger in self.ledgers.values()
            if ledger.agreement.hex().startswith(name) or (ledger.document and ledger.document.name == name)
        ]
        if len(found) != 1:
            raise KeyError(name)
        return found[0]

    def envelope(self, row: EntryRow) -> Envelope:
        """The envelope of a stored entry."""
        return parse_envelope(row.envelope)

    @staticmethod
    def position_of(log: LogRow, seq: int) -> Position:
        """Where an entry of a stored log stands."""
        return Position(log.writer, log.incarnation, seq)

    # Signatures and locked keys

    def signer(self, log: HeldLog, size: int) -> NodeKey:
        """The key that signs this party's checkpoint of ``size`` entries: the one valid at the last of them."""
        statement = log.keys.at(size - 1)
        return self.keyring.checkpoint if statement is None else self.keyring.signer(statement.checkpoint)

    def lock(self, context: str, data: bytes) -> bytes:
        """Lock bytes under the node's storage key."""
        return at_rest_seal(self.keyring.storage, context.encode(), data)

    def unlock(self, context: str, data: bytes) -> bytes:
        """Open bytes locked under the node's storage key."""
        return at_rest_open(self.keyring.storage, context.encode(), data)

    def secret(self, kind: str, key_id: bytes) -> bytes | None:
        """One of the node's keys of the day, by its id; None where it is not held (any more)."""
        for held, _, data in self.store.secrets(kind):
            if held == key_id:
                return self.unlock(f"{kind}/{key_id.hex()}", data)
        return None

    def own_epoch(self, epoch: bytes) -> EpochSeal | None:
        """What wraps content keys under a link epoch that this party set up; None where its secret is destroyed."""
        key = (b"", self.party, epoch)
        if key not in self._epochs:
            secret = self.secret("epoch", epoch)
            if secret is None:
                return None
            self._epochs[key] = EpochSeal(secret)
        return self._epochs[key]

    def epoch_seal(self, ledger: Ledger, writer: str, epoch: bytes) -> EpochSeal:
        """What unwraps content keys under a link epoch that a peer set up for this party, or this party itself.

        Raises:
            SealingError: the epoch is unknown, or the sealing key it was set up for has been destroyed.
        """
        key = (ledger.agreement, writer, epoch)
        if key not in self._epochs:
            self._epochs[key] = EpochSeal(epoch_secret(self, ledger, writer, epoch))
        return self._epochs[key]

    def forget_epochs(self) -> None:
        """Keys of the day were destroyed: none is kept in memory either."""
        self._epochs.clear()

    def log_of(self, ledger: Ledger, log: int) -> HeldLog:
        """A ledger's log by its local id."""
        return next(held for held in ledger.logs.values() if held.row.id == log)

    def holds(self, log: int, seq: int) -> bool:
        """Whether everything that an item is opened with lies here, whole or damaged."""
        return self.vault.holds(log, seq) and bool(self.store.bodies(log, seq))

    def open_held(self, ledger: Ledger, position: Position, reader: Reader | None = None) -> Opened:
        """An item held or given, opened from what lies at rest, or in a transaction, and checked like on arrival.

        Raises:
            SealingError: its key or bytes are gone or damaged.
            NotCanonicalError: the bytes are not those that the record commits to.
        """
        envelope, key, salted = self._unsealed(ledger, position, reader)
        bodies = [open_body(ref, body) for ref, body in zip(envelope.bodies, salted, strict=True)]
        return check_item(ledger, envelope, None, key, bodies)

    def salted_bodies(self, ledger: Ledger, position: Position) -> list[bytes]:
        """An item's bodies with their salts, to be disclosed; raises as :meth:`open_held`."""
        return self._unsealed(ledger, position)[2]

    def _unsealed(
        self, ledger: Ledger, position: Position, reader: Reader | None = None
    ) -> tuple[Envelope, bytes, list[bytes]]:
        log, source = ledger.logs[position.writer, position.incarnation].row.id, reader or self.store
        envelope = parse_envelope(source.entries(log, position.seq, 1)[0].envelope)
        key = self.vault.get(log, position.seq)
        held = source.bodies(log, position.seq)
        if len(held) != len(envelope.bodies):
            raise NotOpenedError("a body of the item is not held (any more)")
        item = item_at(source, log, position.seq)
        seal = ItemSeal(key, ledger.agreement, envelope.writer, item)
        return envelope, key, [seal.open(place, held[place][1]) for place in range(len(held))]

    def shred(self, log: int, position: Position) -> None:
        """Destroy an item's key and sealed payload; its envelope stays in the record."""
        self.vault.destroy(log, position.seq)
        self.incoming.pop((log, position.seq), None)
        self.payload_path(position).unlink(missing_ok=True)

    # What went wrong

    def alarm(self, name: str, text: str) -> None:
        """Raise an alarm: shown until it is cleared, and logged once."""
        if self.alarms.get(name) != text:
            logger.warning("%s: %s", name, text)
        self.alarms[name] = text

    def note_warnings(self, decision: Decision) -> None:
        """What the gate let pass but marked, such as an uncertain clock, is raised as an alarm."""
        if not decision.warnings or all(warning.code != "CLOCK_UNCERTAIN" for warning in decision.warnings):
            self.clear_alarm("gate/CLOCK_UNCERTAIN")
        for warning in decision.warnings:
            self.alarm(f"gate/{warning.code}", warning.text)

    def clear_alarm(self, name: str) -> None:
        """The trouble is over."""
        self.alarms.pop(name, None)

    def keep_evidence(self, party: str, text: str) -> None:
        """Keep evidence that a party contradicted its own signature; written after the present roll-back."""
        self._contradictions.append((party, text))
        self.alarm(f"evidence/{party}", f"{party} has signed two versions of its log; both are kept as evidence")

    def save_evidence(self) -> None:
        """Write down the evidence found since, in a transaction of its own."""
        if self._contradictions:
            with self.store.write() as tx:
                for party, text in self._contradictions:
                    if sum(held[0] == party for held in tx.evidence()) < MAX_EVIDENCE:
                        tx.put_evidence(party, text, self.instant())
            self._contradictions.clear()

    # Heads

    def origin(self, ledger: Ledger, log: HeldLog) -> str:
        """The origin of a log's checkpoints."""
        return origin(ledger.agreement, *log.name)

    def frontier_at(self, log: HeldLog, size: int) -> Frontier:
        """The frontier of a log at an earlier size."""

        def leaves(first: int, count: int) -> Iterator[bytes]:
            for row in self.store.entries(log.row.id, first, count):
                yield row.envelope

        return frontier_at(log, size, self.store.frontier_before(log.row.id, size), leaves)

    def root_at(self, log: HeldLog, size: int) -> bytes:
        """The root of a log at an earlier size."""
        return self.frontier_at(log, size).root()

    @staticmethod
    def sync(file: BinaryIO) -> None:
        """Make a file's bytes durable."""
        os.fsync(file.fileno())

    def sync_payloads(self) -> None:
        """Make the names in ``payloads/`` durable: a file's own sync does not."""
        folder = os.open(self.payloads, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def payload_path(self, position: Position) -> Path:
        """Where the sealed payload of an item is kept."""
        return self.payloads / f"{position.writer}-{position.incarnation}-{position.seq}"


def item_at(reader: Reader, log: int, seq: int) -> str:
    """The id of the item that an entry gave to this party, or to another; "" where neither list says."""
    line = reader.register_line(log, seq)
    if line is not None:
        return line.item
    awaited = reader.awaited(log, seq)
    return awaited.item if awaited is not None else ""


def _read(path: Path, parse: Callable[[bytes], Card]) -> Card:
    """A card of the node's directory; UsageError ``BAD_CARD`` names the file that cannot be used."""
    try:
        return parse(path.read_bytes())
    except (SealingError, OSError) as error:
        name = f"{path.parent.name}/{path.name}" if path.parent.name == "peers" else path.name
        raise UsageError("BAD_CARD", f"{name} cannot be used: {error}", "Restore it from the backup.") from error
