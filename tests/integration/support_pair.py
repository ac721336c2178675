"""A hostile counterparty in memory: two real nodes, frames carried by hand, and a forger with the real keys of one.

It stands on the pair of :mod:`support_stop`. The forger writes as its party could if its software or its keys were in
bad hands: whatever the test asks for, signed with the party's own keys or with others', while the party's own node
knows nothing of it. ``standing`` is everything that a node holds, so that a test can say: bad input changed nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from os import urandom
from pathlib import Path
from typing import Any

from support_stop import OCTOBER, PARTIES, PASSPHRASE, Pair, Party, free_port, open_pair

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.node import agreements, setup
from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.home import write_durably
from entente.node.ledger import Ledger
from entente.node.node import Node
from entente.record.bodies import Received, SealingAnnouncement, SignedKeys
from entente.record.checkpoint import Checkpoint, origin, sign_checkpoint
from entente.record.envelope import SALT, BodyRef, DeliveredBody, Delivery, Envelope, Wrap, commitment
from entente.record.frames import Entries
from entente.record.merkle import Frontier, leaf_hash
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import SealingError
from entente.sealing.seal import SealingKey
from entente.sealing.signing import NodeKey
from entente.sealing.suites import SUITE
from entente.store.rows import RegisterRow

_UNSETTLED = frozenset({"node", "sqlite_sequence"})
"""Tables that time alone changes: the high-water mark, and the counter of the register."""


def outcome(work: Callable[[], object]) -> str:
    """What a door answers: a code, ``NOT_CANONICAL`` where the bytes were not parsed, ``TAKEN`` where it took them.

    Anything else that is raised fails the test: a stranger's bytes must never end in an accident.
    """
    try:
        work()
    except NodeError as error:
        return error.code
    except NotCanonicalError:
        return "NOT_CANONICAL"
    return "TAKEN"


def tables(node: Node) -> dict[str, list[Any]]:
    """Every row of a node's store."""
    reader = node.store
    names = [row[0] for row in reader._rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        name: sorted(reader._rows(f"SELECT * FROM {name}"), key=repr)  # noqa: S608 - the store's own names
        for name in names
        if name not in _UNSETTLED
    }


def item_keys(node: Node) -> dict[str, bytes]:
    """What lies in the files of the item keys, whole slots and anything else that is not empty."""
    files = {path.name: path.read_bytes().rstrip(b"\0") for path in node.home.item_keys.iterdir()}
    return {name: data for name, data in files.items() if data}


def standing(node: Node) -> dict[str, Any]:
    """Everything a node holds, at rest and in memory, but its alarms: equal before and after what changes nothing."""
    at = node.instant()
    files = {
        str(path.relative_to(node.home.path)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("payloads", "peers", "keys", "tls")
        for path in sorted((node.home.path / folder).iterdir())
    }
    ledgers = {
        key.hex()[:8]: (
            {log.name: (log.row, log.frontier.root()) for log in ledger.logs.values()},
            ledger.ready,
            sorted(ledger.confirmed),
            sorted(ledger.projection.acts),
            ledger.status(at).to_json() if ledger.document else None,
        )
        for key, ledger in node.ledgers.items()
    }
    return {
        **tables(node),
        "item keys": item_keys(node),
        "files": files,
        "ledgers": ledgers,
        "instant": format_instant(at),
        "peers": sorted(node.cards),
    }


def refusals(party: Party) -> dict[tuple[str, str, int], str]:
    """What a party's own receipts refuse by name: (writer, incarnation, entry) -> code."""
    own, found = party.ledger.own, {}
    assert own is not None
    for row in party.node.store.entries(own.row.id, 0, 1_000_000):
        if row.kind == "received":
            receipt = decode(Received, party.node.store.bodies(own.row.id, row.seq)[0][1][SALT:])
            for of in receipt.of:
                found |= {(of.writer, of.incarnation, refused.seq): refused.code for refused in of.refused}
    return found


def nothing_kept(party: Party, position: Position) -> bool:
    """Whether nothing is left of a peer's item but, at most, that it was refused."""
    kept = party.keeps(position)
    line = kept.pop("line", None)
    return not kept and (not isinstance(line, RegisterRow) or line.state.startswith("refused: "))


def second_agreement(pair: Pair, data: bytes) -> bytes:
    """A second agreement between the two, signed by both; returns its digest."""
    ledger = agreements.propose(pair.jp.node, data)
    pair.carry()
    for party in pair:
        act(party, party.node.ledgers[ledger.agreement], "sign")
        pair.carry()
    return ledger.agreement


def act(party: Party, ledger: Ledger, kind: str, **fields: Any) -> Any:
    """A formal act of a party under the agreement meant."""
    draft = agreements.prepare_act(party.node, ledger, kind, **fields)
    return agreements.commit_act(
        party.node, ledger, draft.data, "treaty", party.office("treaty").sign("act", draft.data)
    )


@dataclass
class Forger:
    """Writes entries after the end of a party's log, or a log of its own, with keys that the test chooses."""

    party: Party
    agreement: bytes
    incarnation: str = ""
    key: NodeKey = field(init=False)
    frontier: Frontier = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.party.node.keyring.checkpoint
        self.frontier = Frontier()
        own = self.party.node.ledgers.get(self.agreement)
        if not self.incarnation and own is not None and own.own is not None:
            self.incarnation, self.frontier = own.own.row.incarnation, own.own.frontier
        self.incarnation = self.incarnation or urandom(8).hex()
        self.first = self.frontier.size

    @property
    def writer(self) -> str:
        return self.party.party

    def entry(self, kind: str, *bodies: bytes, sealed: Sequence[bytes] | None = None, wrap: Wrap | None = None,
              **changes: Any) -> Delivery:  # fmt: skip
        """The next entry: its bodies in clear, or their sealed forms beside what the envelope commits to."""
        salts = [urandom(SALT) for _ in bodies]
        fields: dict[str, Any] = {
            "version": 1, "suite": SUITE, "agreement": self.agreement, "writer": self.writer,
            "incarnation": self.incarnation, "seq": self.frontier.size, "kind": kind,
            "instant": self.party.node.instant(), "precedence": None, "reality": None, "seen": (), "payload": 0,
            "bodies": tuple(
                BodyRef(len(body), commitment(salt, body)) for salt, body in zip(salts, bodies, strict=True)
            ),
        }  # fmt: skip
        data = encode(Envelope(**(fields | changes)))
        self.frontier = self.frontier.append(leaf_hash(data))
        clear = [DeliveredBody(False, salt + body) for salt, body in zip(salts, bodies, strict=True)]
        carried = clear if sealed is None else [DeliveredBody(True, body) for body in sealed]
        return Delivery(data, tuple(carried), wrap)

    def beginning(self) -> list[Delivery]:
        """The first two entries of a new log: the party's key statement and a sealing key."""
        card = self.party.node.card
        key = SealingKey.generate().public
        announced = SealingAnnouncement(SUITE, key.id, key.mlkem768, key.x25519)
        return [
            self.entry("keys", encode(SignedKeys(card.statement, card.signature))),
            self.entry("sealing", encode(announced)),
        ]

    def checkpoint(self, *, key: NodeKey | None = None, agreement: bytes | None = None) -> str:
        name = origin(agreement or self.agreement, self.writer, self.incarnation)
        return sign_checkpoint(Checkpoint(name, self.frontier.size, self.frontier.root()), key or self.key)

    def frame(self, *deliveries: Delivery, first: int | None = None, checkpoint: str | None = None) -> Entries:
        """The entries forged, with the checkpoint over them."""
        at = self.first if first is None else first
        note = self.checkpoint() if checkpoint is None else checkpoint
        return Entries(self.agreement, self.writer, self.incarnation, at, tuple(deliveries), note, ())


def every_bit(data: bytes, step: int = 1) -> Iterator[tuple[int, bytes]]:
    """(place, the bytes with one bit of that byte flipped), every ``step`` bytes; the bit walks from place to place."""
    for place in range(0, len(data), step):
        flipped = bytearray(data)
        flipped[place] ^= 1 << ((place // step) % 8)
        yield place, bytes(flipped)


def found(work: Callable[[], object]) -> bool:
    """Whether damage is found, by one of the errors that name it."""
    try:
        work()
    except (NodeError, NotCanonicalError, SealingError):
        return True
    return False


def new_pair(base: Path, offices: dict[str, tuple[str, ...]] | None = None) -> Pair:
    """Two new nodes, paired, with nothing between them yet, on the day of the signature."""
    start = parse_instant("2016-11-23T10:00:00+09:00")
    for name in PARTIES:
        setup.init(base / name, name, PASSPHRASE, simulated=True, offices=offices, listen=f"127.0.0.1:{free_port()}")
    for name, other in (PARTIES, PARTIES[::-1]):
        write_durably(base / name / "peers" / f"{other}.json", (base / other / "card.json").read_bytes())
    return open_pair(base, SimulatedClock(start), SimulatedClock(start), connect=False)


def pair_under(base: Path, document: bytes, offices: dict[str, tuple[str, ...]] | None = None) -> Pair:
    """Two new nodes under another document, in force and in October."""
    pair = new_pair(base, offices)
    agreements.propose(pair.jp.node, document)
    pair.connect()
    for kind in ("sign", "notify_completion"):
        for party in pair:
            party.act(kind)
            pair.carry()
    pair.turn(OCTOBER)
    return pair
