"""Every door for frames has the same lock, over the link and out of a bundle alike: the table below is the whole of it.

The doors come from the running registry; a kind of frame or an attack that the table does not answer fails the test. A
cell is the attack's frame and what the door answers: a code, or ``TAKEN`` where it takes the frame and nothing changes.
After every attack the node stands exactly as before. ``kr`` is attacked by ``jp``, who has all of ``jp``'s keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import msgspec
import pytest
from support_pair import Forger, outcome, second_agreement, standing
from support_standing import approve, under
from support_stop import AGREEMENT, OCTOBER, Pair, copy_template, open_pair

from entente.node.clock import SimulatedClock
from entente.node.doors import FRAME_DOORS
from entente.node.greeting import Returned
from entente.node.lanes import Feed
from entente.node.outgoing import CHUNK_ENTRIES
from entente.node.payloads import MAX_RANGES
from entente.record.bodies import NationalHead
from entente.record.checkpoint import Checkpoint, cosign, cosigner_name, origin, sign_checkpoint
from entente.record.frames import (
    MAX_FRAME,
    AnyFrame,
    Bodies,
    Cosigned,
    Entries,
    Hello,
    Lack,
    Ping,
    Pong,
    Segment,
    Taken,
    Trouble,
    Want,
    decode_frame,
    encode_frame,
)
from entente.sealing.canonical import encode
from entente.sealing.signing import NodeKey

ATTACKS = (
    "unsigned", "wrong signer", "another agreement", "replayed", "out of sequence", "unknown kind", "unknown suite",
    "duplicate keys", "oversize", "future-dated",
)  # fmt: skip
NOTHING_SIGNED = "carries nothing signed"
NO_SUITE = "names no suite"
NOTHING_DATED = "carries no instant"
OF_THE_SESSION = "is of a session, not of an agreement"
SIGNED_FIELDS = {"checkpoint", "heads", "deliveries", "signature"}
BIG = b"\x00\xff" * 1_600_000
"""Bytes that travel in four segments."""
ANOTHER_DAY = OCTOBER + 24 * 3600 * 1000


@dataclass
class World:
    """Two nodes under two agreements, a large item halfway in either direction, and bodies that kr has yet to get."""

    pair: Pair
    first: bytes
    other: bytes
    segments: list[Segment]
    wants: list[Want]
    bodies: list[Bodies]
    """Deferred bodies of jp's items; kr has taken the first frame of them."""

    def forger(self, agreement: bytes | None = None) -> Forger:
        return Forger(self.pair.jp, agreement or self.first)

    def head(self, agreement: bytes | None = None) -> tuple[str, str, int, str]:
        """(writer, incarnation, size, checkpoint) of the victim's own log."""
        ledger = self.pair.kr.node.ledgers[agreement or self.first]
        assert ledger.own is not None
        checkpoint = ledger.checkpoint(ledger.own, self.pair.kr.node.keyring.checkpoint)
        return (*ledger.own.name, ledger.own.row.size, checkpoint)

    def cosigned(self, **changes: Any) -> Cosigned:
        """A frame of a cosignature over the victim's head; changes name other parts of it."""
        agreement = changes.get("agreement", self.first)
        writer, incarnation, _, checkpoint = self.head(self.first)
        key = changes.get("key", self.pair.jp.node.keyring.cosign)
        note = changes.get("note", checkpoint)
        text = cosign(note, key, cosigner_name(agreement, "jp"), changes.get("at", OCTOBER // 1000))
        return Cosigned(self.first, writer, incarnation, text)


@pytest.fixture(scope="module")
def world(ending: Path) -> Iterator[World]:
    with TemporaryDirectory() as folder:
        base = copy_template(ending, Path(folder) / "nodes")
        pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
        first = pair.jp.ledger.agreement
        document = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "jp-kr-second"')
        other = second_agreement(pair, document)
        pair.jp.release(pair.jp.compose(BIG))
        pair.kr.release(pair.kr.compose(BIG))
        held = [frame for data in pair.segments(pair.jp) if isinstance(frame := decode_frame(data), Segment)]
        asked = [decode_frame(data) for data in pair.jp.arriving(pair.kr.leaving())]
        pair.kr.arriving([encode_frame(frame) for frame in held[:2]])
        bodies = behind_a_flash(pair)
        yield World(pair, first, other, held, [frame for frame in asked if isinstance(frame, Want)], bodies)
        pair.close()


def behind_a_flash(pair: Pair) -> list[Bodies]:
    """jp's bodies that a FLASH has overtaken; kr takes the envelopes, the FLASH and the first frame of bodies."""
    name = approve(pair.jp, precedences=("FLASH", "ROUTINE"))
    for _ in range(2 * CHUNK_ENTRIES):
        under(pair.jp, name, precedence="ROUTINE")
    under(pair.jp, name)
    frames = [decode_frame(data) for data in pair.jp.leaving()]
    bodies = [frame for frame in frames if isinstance(frame, Bodies)]
    pair.kr.arriving([encode_frame(frame) for frame in (*(f for f in frames if isinstance(f, Entries)), bodies[0])])
    assert len(bodies) > 1
    return bodies


def changed_body(world: World, **changes: Any) -> Bodies:
    """A frame that kr awaits, one of its items changed."""
    waiting = world.bodies[1]
    return msgspec.structs.replace(
        waiting, items=(*waiting.items[:-1], msgspec.structs.replace(waiting.items[-1], **changes))
    )


def lack(world: World, *ranges: tuple[int, int], **changes: Any) -> Lack:
    """jp asks for deferred bodies of kr's log."""
    return msgspec.structs.replace(Lack(world.first, *world.head()[:2], ranges), **changes)


def deferring(world: World, *ranges: tuple[int, int]) -> Entries:
    """New entries, and what they say comes later; ranges count from the first of them."""
    forged = world.forger()
    known = world.pair.kr.ledger.current("jp")
    assert known is not None
    forged.first, forged.frontier = known.row.size, known.frontier
    frame = forged.frame(*(forged.entry("national", encode(NationalHead(bytes(32)))) for _ in range(3)))
    return msgspec.structs.replace(
        frame, deferred=tuple((forged.first + low, forged.first + high) for low, high in ranges)
    )


def stranger() -> NodeKey:
    return NodeKey.generate()


def mapped(frame: AnyFrame) -> bytes:
    """The frame's kind as a map in which one key stands twice: what a lenient parser would read."""
    key, value = msgspec.msgpack.encode("frame"), encode_frame(frame)
    return b"\x82" + key + value + key + value


def oversize(frame: AnyFrame) -> bytes:
    """The frame's kind with more bytes than any frame has."""
    return encode_frame(frame) + bytes(MAX_FRAME)


def unknown(frame: AnyFrame) -> bytes:
    """The frame under a tag that is no kind of frame."""
    fields = msgspec.msgpack.decode(encode_frame(frame))
    return msgspec.msgpack.encode(["gossip", *fields[1:]])


# The attacks on entries


def entries_unsigned(world: World) -> Entries:
    forged = world.forger()
    frame = forged.frame(forged.entry("national", encode(NationalHead(bytes(32)))))
    return msgspec.structs.replace(frame, checkpoint=frame.checkpoint.split("\n\n")[0] + "\n\n")


def entries_wrong_signer(world: World) -> Entries:
    forged = world.forger()
    entry = forged.entry("national", encode(NationalHead(bytes(32))))
    return forged.frame(entry, checkpoint=forged.checkpoint(key=world.pair.jp.node.keyring.cosign))


def entries_other_agreement(world: World) -> Entries:
    forged = world.forger()
    return forged.frame(forged.entry("national", encode(NationalHead(bytes(32))), agreement=world.other))


def entries_replayed(world: World) -> Entries:
    jp = world.pair.jp
    jp.feed.sent = {}
    frames = [decode_frame(data) for data in jp.leaving()]
    return next(frame for frame in frames if isinstance(frame, Entries) and frame.agreement == world.first)


def entries_out_of_sequence(world: World) -> Entries:
    forged = world.forger()
    skipped, entry = forged.entry("national", b"-"), forged.entry("national", encode(NationalHead(bytes(32))))
    assert skipped
    return forged.frame(entry, first=forged.first + 1)


def entries_unknown_suite(world: World) -> Entries:
    forged = world.forger()
    return forged.frame(forged.entry("national", encode(NationalHead(bytes(32))), suite="E9"))


def entries_future(world: World) -> Entries:
    forged = world.forger()
    return forged.frame(forged.entry("national", encode(NationalHead(bytes(32))), instant=ANOTHER_DAY))


# The attacks on what the peer says of the victim's own log


def returned(world: World, **changes: Any) -> Entries:
    """Entries of the victim's own log, forged by its peer and sent back as if it had lost them."""
    kr = Forger(world.pair.kr, world.first)
    entry = kr.entry("national", encode(NationalHead(bytes(32))), **changes)
    return kr.frame(entry, checkpoint=kr.checkpoint(key=world.pair.jp.node.keyring.checkpoint))


def returned_replayed(world: World) -> Entries:
    ledger = world.pair.kr.ledger
    assert ledger.own is not None
    rows = world.pair.kr.node.store.entries(ledger.own.row.id, 0, 2)
    kr = Forger(world.pair.kr, world.first)
    from entente.node.outgoing import deliver

    deliveries = [deliver(world.pair.kr.node, ledger, row, "jp", "link") for row in rows]
    return kr.frame(*deliveries, first=0, checkpoint=world.head()[3])


def own_head(world: World, size: int, key: NodeKey, root: bytes = bytes(32)) -> str:
    writer, incarnation, _, _ = world.head()
    return sign_checkpoint(Checkpoint(origin(world.first, writer, incarnation), size, root), key)


Cell = tuple[Callable[[World], Any] | None, str]


def nothing(why: str) -> Cell:
    return None, why


def misplaced(frame: AnyFrame) -> dict[str, Cell]:
    """A kind that has its place elsewhere on the link and none here, whatever it says."""
    return dict.fromkeys(ATTACKS, (lambda _: frame, "OUT_OF_SEQUENCE")) | parsed(lambda _: frame)


def parsed(frame: Callable[[World], AnyFrame]) -> dict[str, Cell]:
    """The attacks that every kind of frame meets in the one parser."""
    return {
        "unknown kind": (lambda world: unknown(frame(world)), "NOT_CANONICAL"),
        "duplicate keys": (lambda world: mapped(frame(world)), "NOT_CANONICAL"),
        "oversize": (lambda world: oversize(frame(world)), "NOT_CANONICAL"),
    }


TABLE: dict[type, dict[str, Cell]] = {
    Hello: misplaced(Hello(1, "jp", "", "", True, ())),
    Ping: misplaced(Ping(1)),
    Pong: misplaced(Pong(1)),
    Entries: {
        "unsigned": (entries_unsigned, "MALFORMED"),
        "wrong signer": (entries_wrong_signer, "BAD_SIGNATURE"),
        "another agreement": (entries_other_agreement, "WRONG_LOG"),
        "replayed": (entries_replayed, "TAKEN"),
        "out of sequence": (entries_out_of_sequence, "GAP"),
        "unknown suite": (entries_unknown_suite, "UNKNOWN_SUITE"),
        "future-dated": (entries_future, "FUTURE"),
        **parsed(entries_replayed),
    },
    Cosigned: {
        "unsigned": (lambda world: Cosigned(world.first, *world.head()[:2], world.head()[3]), "BAD_SIGNATURE"),
        "wrong signer": (lambda world: world.cosigned(key=stranger()), "BAD_SIGNATURE"),
        "another agreement": (lambda world: world.cosigned(note=world.head(world.other)[3]), "BAD_SIGNATURE"),
        "replayed": (
            lambda world: Cosigned(
                world.first,
                *world.head()[:2],
                world.pair.kr.node.store.cosigned(world.pair.kr.ledger.own.row.id)["jp"][1],
            ),
            "TAKEN",
        ),
        "out of sequence": (
            lambda world: world.cosigned(
                note=own_head(world, world.head()[2] + 9, world.pair.kr.node.keyring.checkpoint)
            ),
            "FORK",
        ),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),  # its time is informative and decides nothing; instants are entries'
        **parsed(lambda world: world.cosigned()),
    },
    Want: {
        "unsigned": nothing(NOTHING_SIGNED),
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": (
            lambda world: msgspec.structs.replace(world.wants[0], agreement=world.other),
            "WRONG_LOG",
        ),
        "replayed": (lambda world: world.wants[0], "TAKEN"),
        "out of sequence": (lambda world: msgspec.structs.replace(world.wants[0], seq=2**64 - 1), "NOT_A_PARTY"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda world: world.wants[0]),
    },
    Segment: {
        "unsigned": nothing(NOTHING_SIGNED),  # the signed header names the digest of all of them
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": (
            lambda world: msgspec.structs.replace(world.segments[2], agreement=world.other),
            "WRONG_LOG",
        ),
        "replayed": (lambda world: world.segments[0], "TAKEN"),
        "out of sequence": (lambda world: world.segments[3], "TAKEN"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda world: world.segments[2]),
    },
    Bodies: {
        "unsigned": nothing(NOTHING_SIGNED),  # the envelope that is held commits to them
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": (
            lambda world: msgspec.structs.replace(world.bodies[1], agreement=world.other),
            "WRONG_LOG",
        ),
        "replayed": (lambda world: world.bodies[0], "TAKEN"),
        "out of sequence": (lambda world: changed_body(world, seq=2**64 - 1), "MALFORMED"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda world: world.bodies[1]),
    },
    Lack: {
        "unsigned": nothing(NOTHING_SIGNED),
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": (lambda world: lack(world, (0, 0), agreement=world.other), "WRONG_LOG"),
        "replayed": (lambda world: lack(world, (0, world.head()[2] - 1)), "TAKEN"),
        "out of sequence": (lambda world: lack(world, (0, world.head()[2])), "MALFORMED"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda world: lack(world, (0, 0))),
    },
    Taken: {
        "unsigned": nothing(NOTHING_SIGNED),
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": nothing(OF_THE_SESSION),
        "replayed": (lambda _: Taken(0), "TAKEN"),
        "out of sequence": (lambda _: Taken(1), "MALFORMED"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda _: Taken(0)),
    },
    Trouble: {
        "unsigned": nothing(NOTHING_SIGNED),
        "wrong signer": nothing(NOTHING_SIGNED),
        "another agreement": (lambda world: Trouble("WRONG_LOG", "another agreement's"), "TAKEN"),
        "replayed": (lambda world: Trouble("GAP", "again"), "TAKEN"),
        "out of sequence": (lambda world: Trouble("GAP", ""), "TAKEN"),
        "unknown suite": nothing(NO_SUITE),
        "future-dated": nothing(NOTHING_DATED),
        **parsed(lambda world: Trouble("GAP", "")),
    },
}

OTHERS: dict[str, Cell] = {
    "want: an index past every file": (
        lambda world: msgspec.structs.replace(world.wants[0], index=2**64 - 1),
        "TAKEN",
    ),
    "want: an index before the first": (lambda world: msgspec.structs.replace(world.wants[0], index=-1), "TAKEN"),
    "want: an entry before the first": (
        lambda world: msgspec.structs.replace(world.wants[0], seq=-(2**63)),
        "NOT_A_PARTY",
    ),
    "want: of the asker's own log": (
        lambda world: msgspec.structs.replace(
            world.wants[0], writer="jp", incarnation=world.pair.jp.ledger.own.row.incarnation
        ),
        "WRONG_LOG",
    ),
    "want: an item long answered": (lambda world: msgspec.structs.replace(world.wants[0], seq=0), "NOT_A_PARTY"),
    "segment: an entry after the last": (
        lambda world: msgspec.structs.replace(world.segments[2], seq=2**64 - 1),
        "WRONG_LOG",
    ),
    "segment: longer than one": (
        lambda world: msgspec.structs.replace(world.segments[2], data=bytes(1024 * 1024 + 17)),
        "TAKEN",
    ),
    "bodies: of the taker's own log": (
        lambda world: msgspec.structs.replace(world.bodies[1], writer="kr", incarnation=world.head()[1]),
        "WRONG_LOG",
    ),
    "bodies: of a log not begun": (
        lambda world: msgspec.structs.replace(world.bodies[1], incarnation="0123456789abcdef"),
        "WRONG_LOG",
    ),
    "bodies: an entry before the first": (lambda world: changed_body(world, seq=-1), "MALFORMED"),
    "bodies: fewer than the entry has": (
        lambda world: changed_body(world, bodies=world.bodies[1].items[-1].bodies[:1]),
        "MALFORMED",
    ),
    "bodies: more than the entry has": (
        lambda world: changed_body(world, bodies=world.bodies[1].items[-1].bodies * 3),
        "MALFORMED",
    ),
    "bodies: none": (lambda world: msgspec.structs.replace(world.bodies[1], items=()), "TAKEN"),
    "lack: of the asker's own log": (
        lambda world: lack(world, (0, 0), writer="jp", incarnation=world.pair.jp.ledger.own.row.incarnation),
        "WRONG_LOG",
    ),
    "lack: before the first": (lambda world: lack(world, (-1, 0)), "MALFORMED"),
    "lack: backwards": (lambda world: lack(world, (1, 0)), "MALFORMED"),
    "lack: one entry twice": (lambda world: lack(world, (0, 1), (1, 2)), "MALFORMED"),
    "lack: falling": (lambda world: lack(world, (2, 2), (0, 0)), "MALFORMED"),
    "lack: past every log": (lambda world: lack(world, (0, 2**64 - 1)), "MALFORMED"),
    "lack: more ranges than a peer has to ask for at once": (
        lambda world: lack(world, *((at, at) for at in range(MAX_RANGES + 1))),
        "MALFORMED",
    ),
    "taken: less than none": (lambda _: Taken(-1), "MALFORMED"),
    "taken: more than ever": (lambda _: Taken(2**64 - 1), "MALFORMED"),
    "entries: deferring what they do not bring": (lambda world: deferring(world, (2, 3)), "MALFORMED"),
    "entries: deferring what was brought before": (lambda world: deferring(world, (-1, 0)), "MALFORMED"),
    "entries: deferring backwards": (lambda world: deferring(world, (1, 0)), "MALFORMED"),
    "entries: deferring one entry twice": (lambda world: deferring(world, (0, 1), (1, 2)), "MALFORMED"),
    "cosigned: of the cosigner's own log": (
        lambda world: msgspec.structs.replace(
            world.cosigned(), writer="jp", incarnation=world.pair.jp.ledger.own.row.incarnation
        ),
        "WRONG_LOG",
    ),
    "entries: of a third party": (
        lambda world: msgspec.structs.replace(entries_replayed(world), writer="us"),
        "WRONG_LOG",
    ),
    "entries: of an agreement never proposed": (
        lambda world: (forged := Forger(world.pair.jp, bytes(32))).frame(*forged.beginning()),
        "UNKNOWN_AGREEMENT",
    ),
    "entries: a second log without a restart": (
        lambda world: (forged := Forger(world.pair.jp, world.first, "0123456789abcdef")).frame(*forged.beginning()),
        "SECOND_LOG",
    ),
    "entries: before the first": (
        lambda world: msgspec.structs.replace(entries_replayed(world), first=-1),
        "MALFORMED",
    ),
    "entries: far after the last": (
        lambda world: msgspec.structs.replace(entries_replayed(world), first=2**64 - 1),
        "GAP",
    ),
    "entries: none at all": (lambda world: world.forger().frame(), "TAKEN"),
    "entries: none, of a log not begun": (
        lambda world: Forger(world.pair.jp, world.first, "0123456789abcdef").frame(),
        "GAP",
    ),
    "returned: unsigned": (lambda world: msgspec.structs.replace(returned(world), checkpoint="x"), "MALFORMED"),
    "returned: wrong signer": (returned, "BAD_SIGNATURE"),
    "returned: another agreement": (lambda world: returned(world, agreement=world.other), "WRONG_LOG"),
    "returned: replayed": (returned_replayed, "GAP"),
    "returned: a log that is not here": (
        lambda world: msgspec.structs.replace(returned(world), incarnation="0123456789abcdef"),
        "WRONG_LOG",
    ),
}


def test_the_table_answers_every_door_and_every_attack() -> None:
    kinds = set(get_args(AnyFrame))
    assert set(FRAME_DOORS) == kinds
    assert set(TABLE) == kinds
    for kind, row in TABLE.items():
        assert set(row) == set(ATTACKS), kind


CELLS = [
    *(
        pytest.param(kind, row[attack], id=f"{kind.__name__}: {attack}")
        for kind, row in TABLE.items()
        for attack in ATTACKS
    ),
    *(pytest.param(None, cell, id=name) for name, cell in OTHERS.items()),
]
ABSENT = {
    NOTHING_SIGNED: SIGNED_FIELDS,
    NO_SUITE: {"suite"},
    NOTHING_DATED: {"instant", "deliveries"},
    OF_THE_SESSION: {"agreement"},
}


@pytest.mark.parametrize("channel", ["link", "bundle"])
@pytest.mark.parametrize(("kind", "cell"), CELLS)
def test_an_attack_is_answered_by_its_code_and_changes_nothing(
    world: World, kind: type | None, cell: Cell, channel: str
) -> None:
    attack, expected = cell
    if attack is None:  # there is nothing in this kind of frame that could be attacked so
        assert kind is not None
        assert ABSENT[expected].isdisjoint(kind.__struct_fields__)
        return
    kr = world.pair.kr
    made = attack(world)
    before = standing(kr.node)

    def through_the_door() -> None:
        frame = decode_frame(made if isinstance(made, bytes) else encode_frame(made))
        FRAME_DOORS[type(frame)](kr.node, Feed("jp"), Returned(), frame, channel)

    assert outcome(through_the_door) == expected
    kr.node.save_evidence()
    kr.node.committer.settle()
    assert standing(kr.node) == before
