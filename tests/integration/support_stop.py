"""Two parties a breath before the end: real nodes and stores, a clock in the test's hand, frames carried by hand.

The agreement is the shipped exercise of 2016; Korea's notice runs and ends it at 2019-11-22T15:00:00.000Z. ``template``
makes the two directories once; each test plays on copies. Frames cross as the bytes that the link would carry.
"""

import io
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from entente.domain.agreement.instants import parse_instant
from entente.node import agreements, releases, setup
from entente.node.clock import Clock, SimulatedClock
from entente.node.doors import FRAME_DOORS
from entente.node.errors import NodeError
from entente.node.greeting import Returned, greet
from entente.node.home import Home, write_durably
from entente.node.keyring import Keyring, unlock, unlock_office
from entente.node.lanes import Feed
from entente.node.ledger import Ledger
from entente.node.node import Node
from entente.node.outgoing import frames_for, hello
from entente.node.payloads import wanted
from entente.node.receipts import new_cosignatures
from entente.record.bodies import Approval, SecondSignature
from entente.record.evidence import MAGIC
from entente.record.frames import Hello, Want, decode_frame, encode_frame
from entente.record.projection import Position
from entente.record.report import Report
from entente.record.verify import verify
from entente.sealing.signing import HybridKey
from entente.store.rows import RegisterRow

PASSPHRASE = b"exercise only"
PARTIES = ("jp", "kr")
AGREEMENT = Path(__file__).parents[2] / "examples" / "agreements" / "jp-kr-2016.toml"
END = parse_instant("2019-11-22T15:00:00.000Z")
LAST = END - 1
"""The last millisecond in which anything may flow."""
OCTOBER = parse_instant("2019-10-02T08:00:00+09:00")
MARKING = {"jp": "秘", "kr": "군사Ⅲ급비밀"}


def free_port() -> int:
    """A port below the ephemeral range, so that no outgoing connection takes it between two uses."""
    choose = Random()  # noqa: S311 - a port, not a secret
    while True:
        port = choose.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@cache
def office(path: Path, stamp: int) -> HybridKey:
    """An office's key, unlocked once for each file."""
    return unlock_office(path, PASSPHRASE)


class Scripted:
    """A clock whose readings are listed: one for each look at it, the last one for ever."""

    simulated = True

    def __init__(self, *readings: int, uncertainty: int | None = 0) -> None:
        self.readings = list(readings)
        self.off = uncertainty

    def now(self) -> int:
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]

    def uncertainty(self) -> int | None:
        return self.off


@dataclass
class Party:
    """A party's node, opened in this process."""

    home: Home
    clock: Clock
    node: Node = field(init=False)
    feed: Feed = field(init=False)
    returned: Returned = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        keyring = Keyring.from_secrets(unlock(self.home.key_file("node"), PASSPHRASE))
        self.node = Node(self.home, keyring, self.clock)

    @property
    def party(self) -> str:
        return self.home.party

    @property
    def peer(self) -> str:
        return "kr" if self.party == "jp" else "jp"

    @property
    def ledger(self) -> Ledger:
        return next(iter(self.node.ledgers.values()))

    def turn(self, instant: int) -> None:
        assert isinstance(self.clock, SimulatedClock)
        self.clock.set(instant)

    def office(self, name: str) -> HybridKey:
        path = self.home.key_file(f"office-{name}")
        return office(path, path.stat().st_mtime_ns)

    def act(self, kind: str, **fields: Any) -> Position:
        draft = agreements.prepare_act(self.node, self.ledger, kind, **fields)
        signature, second = self.office("treaty").sign("act", draft.data), None
        if agreements.two_persons(self.node, self.ledger):
            second = SecondSignature("minister", self.office("minister").sign("act", draft.data))
        return agreements.commit_act(self.node, self.ledger, draft.data, "treaty", signature, second)

    def compose(self, payload: bytes = b"launch detected", **fields: Any) -> releases.Draft:
        request = {
            "title": "Launch", "filename": "launch.txt", "media_type": "text/plain", "level": MARKING[self.party],
            "purpose": "missile-warning", "recipients": (self.peer,), "precedence": "FLASH", "reality": "exercise",
        }  # fmt: skip
        node = self.node
        sealed = releases.seal_payload(node.payloads, node.instant(), io.BytesIO(payload), node.sync)
        return releases.compose_checked(node, self.ledger, releases.Request(**(request | fields)), sealed)

    def approve(self, draft: releases.Draft) -> tuple[Approval, ...]:
        statement = releases.approval_statement(self.node, draft, "release", "the duty officer")
        return (Approval(statement, self.office("release").sign("approval", statement)),)

    def release(self, draft: releases.Draft | None = None, **fields: Any) -> Position:
        draft = draft or self.compose(**fields)
        draft.approvals = self.approve(draft)
        return releases.release(self.node, self.ledger, draft)

    def refused(self, work: Callable[[], object]) -> set[str]:
        """The codes that work is refused with."""
        try:
            work()
        except NodeError as error:
            return {reason.code for reason in error.reasons} or {error.code}
        raise AssertionError("it was not refused")

    def size(self) -> int:
        """Entries in this party's own log."""
        assert self.ledger.own is not None
        return self.ledger.own.row.size

    def line(self, direction: str, item: str) -> RegisterRow | None:
        return next((row for row in self.node.store.register(direction) if row.item == item), None)

    def held(self) -> list[RegisterRow]:
        """The register's lines of items held."""
        return self.node.store.register("held")

    def transfers(self) -> list[int]:
        """Instants of the items in this party's own log."""
        assert self.ledger.own is not None
        rows = self.node.store.entries(self.ledger.own.row.id, 0, 1_000_000)
        return [row.instant for row in rows if row.kind == "transfer"]

    def keeps(self, position: Position) -> dict[str, object]:
        """What this node still has of an item of its peer's: nothing, where it was refused."""
        log = self.ledger.logs[position.writer, position.incarnation].row.id
        path = self.node.payload_path(position)
        kept = {
            "bodies": self.node.store.bodies(log, position.seq),
            "item key": self.node.vault.holds(log, position.seq),
            "payload": path if path.exists() else None,
            "awaited": self.node.store.awaited(log, position.seq),
            "incoming": (log, position.seq) in self.node.incoming,
            "line": [row for row in self.held() if (row.log, row.seq) == (log, position.seq)],
        }
        return {name: value for name, value in kept.items() if value}

    # What the link does

    def leaving(self) -> list[bytes]:
        """Everything that leaves for the peer now, as the link's bytes."""
        return [encode_frame(frame) for frame in frames_for(self.node, self.feed)]

    def arriving(self, frames: list[bytes]) -> list[bytes]:
        """Put frames through this node's doors; returns its replies, and the cosignatures owed at the end."""
        replies = []
        for data in frames:
            frame = decode_frame(data)
            door = FRAME_DOORS[type(frame)]
            replies += door(self.node, self.feed, self.returned, frame, "link")
        replies += new_cosignatures(self.node, self.peer)
        self.node.committer.settle()
        return [encode_frame(reply) for reply in replies]

    def greeted(self, data: bytes) -> list[bytes]:
        """A new session: take the peer's greeting; returns what is asked for at once."""
        frame = decode_frame(data)
        assert isinstance(frame, Hello)
        self.feed, self.returned = Feed(self.peer), Returned()
        greet(self.node, self.feed, frame)
        return [encode_frame(want) for want in wanted(self.node, self.peer)]


@dataclass
class Pair:
    """Both parties and what runs between them."""

    jp: Party
    kr: Party

    def __iter__(self) -> Iterator[Party]:
        return iter((self.jp, self.kr))

    def other(self, party: Party) -> Party:
        return self.kr if party is self.jp else self.jp

    def turn(self, instant: int) -> None:
        for party in self:
            party.turn(instant)

    def connect(self) -> None:
        """A new session, both greetings exchanged, and everything carried until nothing moves."""
        greetings = {party.party: encode_frame(hello(party.node, party.peer)) for party in self}
        asked = {party.party: party.greeted(greetings[party.peer]) for party in self}
        for party in self:
            self.exchange(party, asked[party.party])
        self.carry()

    def exchange(self, sender: Party, frames: list[bytes]) -> None:
        """Carry frames and the replies to them, back and forth, until there are none."""
        while frames:
            receiver = self.other(sender)
            frames, sender = receiver.arriving(frames), receiver

    def carry(self) -> None:
        """Carry what each has for the other until nothing moves."""
        while moving := [(party, frames) for party in self if (frames := party.leaving())]:
            for party, frames in moving:
                self.exchange(party, frames)

    def segments(self, giver: Party) -> list[bytes]:
        """Every segment of the large item that ``giver`` has just released, none of them taken: the entry is."""
        answers = [decode_frame(data) for data in self.other(giver).arriving(giver.leaving())]
        (want,) = [frame for frame in answers if isinstance(frame, Want)]
        found: list[bytes] = []
        while more := giver.arriving([encode_frame(msgspec.structs.replace(want, index=len(found)))]):
            found += more
        return found

    def close(self) -> None:
        for party in self:
            party.node.close()


def make_template(base: Path) -> None:
    """Two paired nodes under an agreement in force, Korea's notice received, in October 2019."""
    start = parse_instant("2016-11-23T10:00:00+09:00")
    for name in PARTIES:
        setup.init(base / name, name, PASSPHRASE, simulated=True, listen=f"127.0.0.1:{free_port()}")
    for name, other in (PARTIES, PARTIES[::-1]):
        write_durably(base / name / "peers" / f"{other}.json", (base / other / "card.json").read_bytes())
    pair = open_pair(base, SimulatedClock(start), SimulatedClock(start), connect=False)
    agreements.propose(pair.jp.node, AGREEMENT.read_bytes())
    pair.connect()
    for instant, party, kind in (
        (start, pair.jp, "sign"),
        (start, pair.kr, "sign"),
        (start + 3_600_000, pair.kr, "notify_completion"),
        (start + 3_600_000, pair.jp, "notify_completion"),
        (parse_instant("2019-08-23T17:30:00+09:00"), pair.kr, "notice_of_termination"),
    ):
        pair.turn(instant)
        party.act(kind)
        pair.carry()
    pair.turn(OCTOBER)
    for party in pair:
        party.release(title="Before")
        pair.carry()
        party.node.keep_time()
    pair.close()


def open_pair(base: Path, jp: Clock, kr: Clock, *, connect: bool = True) -> Pair:
    """Both nodes of a directory, opened in this process."""
    pair = Pair(Party(Home(base / "jp"), jp), Party(Home(base / "kr"), kr))
    if connect:
        pair.connect()
    return pair


def copy_template(template: Path, target: Path) -> Path:
    """A copy to play on; made while no node runs in the template."""
    shutil.copytree(template, target, dirs_exist_ok=True)
    return target


def verified(base: Path, party: Party) -> Report:
    """What an outsider finds in a party's evidence, given both root cards by another way."""
    from entente.node.evidence import export

    path = base / f"{party.party}-{os.urandom(4).hex()}.evidence"
    export(party.node, party.ledger, path, disclose=True)
    data = path.read_bytes()
    assert data.startswith(MAGIC)
    return verify(data, [(base / name / "root.json").read_bytes() for name in PARTIES])
