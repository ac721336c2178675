"""Verified bytes are the used bytes: any bit flipped on the way or at rest is found, and named.

On the way: every byte of a frame that carries a key statement, an act, an item or a cosignature. At rest: rows of the
store, payload files, cards and the agreement document. Which bit of a byte is flipped changes from place to place.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from support_pair import every_bit, nothing_kept, outcome, standing
from support_stop import AGREEMENT, OCTOBER, Pair, Party, copy_template, open_pair

from entente.node import agreements
from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.items import open_item
from entente.record.frames import Cosigned, Entries, Segment, decode_frame, encode_frame
from entente.sealing.canonical import NotCanonicalError
from entente.sealing.errors import SealingError
from entente.store.errors import StoreError
from entente.store.itemkeys import SLOT
from entente.store.reader import body_id

BIG = bytes(range(256)) * 4096 * 2
"""Exactly two segments."""


@pytest.fixture(scope="module")
def shared(ending: Path) -> Iterator[Pair]:
    with TemporaryDirectory() as folder:
        pair = open_pair(
            copy_template(ending, Path(folder) / "nodes"), SimulatedClock(OCTOBER), SimulatedClock(OCTOBER)
        )
        yield pair
        pair.close()


def test_no_flipped_bit_of_a_frame_is_taken_for_what_was_sent(shared: Pair) -> None:
    """An item's frame, one byte after another, until the flip lies in what is sealed: that is no part of the tree."""
    position = shared.jp.release(title="to be tampered with")
    (data,) = shared.jp.leaving()
    before = standing(shared.kr.node)
    for _, flipped in every_bit(data):
        if outcome(lambda flipped=flipped: shared.kr.arriving([flipped])) == "TAKEN":  # type: ignore[misc]
            break
        assert standing(shared.kr.node) == before
    sent, changed = decode_frame(data), decode_frame(flipped)
    assert isinstance(sent, Entries)
    assert isinstance(changed, Entries)
    assert [item.envelope for item in sent.deliveries] == [item.envelope for item in changed.deliveries]
    assert nothing_kept(shared.kr, position)  # the envelope stands in the record, and the item was refused


def flips(data: bytes, step: int = 1) -> Iterator[bytes]:
    return (flipped for _, flipped in every_bit(data, step))


def test_a_flipped_bit_of_an_envelope_or_checkpoint_is_named_and_nothing_is_kept(shared: Pair) -> None:
    shared.carry()
    shared.jp.act("declare_reading", reading="spent")
    (data,) = shared.jp.leaving()
    frame = decode_frame(data)
    assert isinstance(frame, Entries)
    (act,) = frame.deliveries
    (body,) = act.bodies
    assert body is not None
    before = standing(shared.kr.node)

    def tampered() -> Iterator[tuple[str, Entries]]:
        for envelope in flips(act.envelope):
            yield (
                "envelope",
                msgspec.structs.replace(frame, deliveries=(msgspec.structs.replace(act, envelope=envelope),)),
            )
        for other in flips(body.data, 13):
            changed = msgspec.structs.replace(act, bodies=(msgspec.structs.replace(body, data=other),))
            yield "body", msgspec.structs.replace(frame, deliveries=(changed,))
        for note in flips(frame.checkpoint.encode()):
            text = note.decode(errors="replace")
            yield "checkpoint", msgspec.structs.replace(frame, checkpoint=text)

    allowed = {
        "envelope": {"MALFORMED", "UNKNOWN_SUITE", "WRONG_LOG", "OUT_OF_ORDER", "FUTURE", "BODY_MISMATCH", "BAD_ROOT",
                     "BODY_MISSING"},
        "body": {"BODY_MISMATCH"},
        "checkpoint": {"MALFORMED", "WRONG_LOG", "BAD_SIGNATURE"},
    }  # fmt: skip
    for part, changed in tampered():
        code = outcome(lambda changed=changed: shared.kr.arriving([encode_frame(changed)]))  # type: ignore[misc]
        assert code in allowed[part], part
    assert standing(shared.kr.node) == before
    shared.exchange(shared.jp, [data])
    shared.carry()


@pytest.mark.parametrize("part", ["wrap", "header", "payload"])
def test_a_flipped_bit_of_what_is_sealed_refuses_the_item_by_name_and_keeps_nothing(october: Pair, part: str) -> None:
    position = october.jp.release(october.jp.compose(b"exactly these bytes"))
    (data,) = october.jp.leaving()
    frame = decode_frame(data)
    assert isinstance(frame, Entries)
    item, place = frame.deliveries[-1], {"header": 0, "payload": 1}.get(part)
    if place is None:
        assert item.wrap is not None
        changed = msgspec.structs.replace(item, wrap=msgspec.structs.replace(item.wrap, key=next(flips(item.wrap.key))))
    else:
        bodies = list(item.bodies)
        body = bodies[place]
        assert body is not None
        bodies[place] = msgspec.structs.replace(body, data=next(flips(body.data)))
        changed = msgspec.structs.replace(item, bodies=tuple(bodies))
    tampered = msgspec.structs.replace(frame, deliveries=(*frame.deliveries[:-1], changed))
    october.exchange(october.jp, [encode_frame(tampered)])
    october.carry()
    assert nothing_kept(october.kr, position)
    assert october.jp.node.store.register("given")[-1].state == "refused: SEAL"


def test_no_flipped_bit_of_a_wrap_or_sealed_body_opens(shared: Pair) -> None:
    from entente.node.transfers import open_transfer

    shared.carry()
    shared.jp.release(shared.jp.compose(b"exactly these bytes"))
    (data,) = shared.jp.leaving()
    frame = decode_frame(data)
    assert isinstance(frame, Entries)
    item, kr = frame.deliveries[-1], shared.kr
    assert item.wrap is not None
    from entente.record.envelope import parse_envelope

    envelope = parse_envelope(item.envelope)
    shared.exchange(shared.jp, [data])  # the epoch it is sealed under is in the record

    def refuses(bodies: tuple[object, ...], wrap: object) -> None:
        delivery = msgspec.structs.replace(item, bodies=bodies, wrap=wrap)
        with pytest.raises((SealingError, NotCanonicalError)):
            open_transfer(kr.node, kr.ledger, envelope, delivery, wrap)  # type: ignore[arg-type]

    for name in ("epoch", "terms", "header", "nonce", "key"):
        for flipped in flips(getattr(item.wrap, name)):
            refuses(item.bodies, msgspec.structs.replace(item.wrap, **{name: flipped}))
    for place, body in enumerate(item.bodies):
        assert body is not None
        for flipped in flips(body.data, 11):
            bodies = list(item.bodies)
            bodies[place] = msgspec.structs.replace(body, data=flipped)
            refuses(tuple(bodies), item.wrap)
    assert open_transfer(kr.node, kr.ledger, envelope, item, item.wrap).inline == b"exactly these bytes"


def test_no_flipped_bit_of_a_cosignature_is_kept(shared: Pair) -> None:
    shared.carry()
    shared.jp.release()
    (data,) = shared.jp.leaving()
    replies = shared.kr.arriving([data])
    cosigned = next(frame for frame in map(decode_frame, replies) if isinstance(frame, Cosigned))
    before = standing(shared.jp.node)
    for flipped in flips(cosigned.checkpoint.encode()):
        frame = msgspec.structs.replace(cosigned, checkpoint=flipped.decode(errors="replace"))
        assert outcome(lambda frame=frame: shared.jp.arriving([encode_frame(frame)])) in {  # type: ignore[misc]
            "BAD_SIGNATURE"
        }
    assert standing(shared.jp.node) == before
    shared.jp.arriving(replies)
    shared.carry()


@pytest.mark.parametrize("index", [0, 1])
def test_a_flipped_bit_of_a_payloads_segment_refuses_the_item_and_keeps_nothing(october: Pair, index: int) -> None:
    position = october.jp.release(october.jp.compose(BIG))
    wants = october.kr.arriving(october.jp.leaving())
    segments = [frame for frame in map(decode_frame, october.jp.arriving(wants)) if isinstance(frame, Segment)]
    assert len(segments) == 2
    flipped = next(data for place, data in every_bit(segments[index].data, 4099) if place > 100_000)
    segments[index] = msgspec.structs.replace(segments[index], data=flipped)
    for segment in segments:
        october.kr.arriving([encode_frame(segment)])
    october.carry()
    assert nothing_kept(october.kr, position)
    assert october.jp.node.store.register("given")[-1].state == "refused: SEAL"


def test_a_payload_whose_judgement_failed_is_asked_for_again_and_judged(october: Pair) -> None:
    """All of its segments lay here when the commit failed: the last one comes again, and with it the answer."""
    october.jp.release(october.jp.compose(BIG))
    wants = october.kr.arriving(october.jp.leaving())
    segments = october.jp.arriving(wants)
    october.kr.arriving(segments[:1])
    blocker = sqlite3.connect(october.kr.home.path / "store.db", isolation_level=None)
    october.kr.node.store._writer.execute("PRAGMA busy_timeout=0")
    blocker.execute("BEGIN IMMEDIATE")
    assert outcome(lambda: october.kr.arriving(segments[1:])) == "STORE_LOCKED"
    blocker.execute("ROLLBACK")
    blocker.close()
    october.connect()
    assert october.jp.node.store.register("given")[-1].state == "received"
    line = october.kr.node.store.register("held")[-1]
    assert b"".join(open_item(october.kr.node, line.number)[1]) == BIG


# At rest


def damage(path: Path, table: str, column: str, where: str, place: int) -> None:
    """Flip a bit of a stored value, as a failing disk or a hand on the file would."""
    with sqlite3.connect(path) as database:
        (value,) = database.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()  # noqa: S608
        data = bytearray(value if isinstance(value, bytes) else value.encode())
        data[place % len(data)] ^= 0x10
        stored = bytes(data) if isinstance(value, bytes) else data.decode(errors="replace")
        sql = f"UPDATE {table} SET {column} = ? WHERE {where} AND {column} = ?"  # noqa: S608
        assert database.execute(sql, (stored, value)).rowcount == 1
    database.close()


def named(party: Party) -> tuple[str, str]:
    """(code, text) of what a damaged directory is refused with when its node is started."""
    try:
        party.open()
    except (NodeError, StoreError, SealingError) as error:
        return error.code, str(error)
    party.node.close()
    return "", ""


@pytest.fixture(scope="module")
def stopped(ending: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two closed nodes; kr holds a small item and a large one."""
    base = copy_template(ending, tmp_path_factory.mktemp("stopped") / "nodes")
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    pair.jp.release(pair.jp.compose(b"small"))
    pair.jp.release(pair.jp.compose(BIG, title="Large"))
    pair.carry()
    pair.close()
    return base


@pytest.fixture
def kr(stopped: Path, tmp_path: Path) -> Iterator[Party]:
    """kr's node on a copy, open; a test that opens it again does so after close."""
    from entente.node.home import Home

    shutil.copytree(stopped / "kr", tmp_path / "kr")
    party = Party(Home(tmp_path / "kr"), SimulatedClock(OCTOBER))
    yield party
    party.node.close()


PEERS = "log IN (SELECT id FROM log WHERE writer = 'jp')"
BODY_OF = "id IN (SELECT (e.log << 44) | (e.seq << 4) FROM entry e JOIN log l ON l.id = e.log WHERE l.writer = 'jp'"
REST: dict[str, tuple[str, str, str, str]] = {
    "an envelope of a peer": ("entry", "envelope", f"{PEERS} AND kind = 'act'", "jp's log"),
    "an envelope of one's own": (
        "entry",
        "envelope",
        "log IN (SELECT id FROM log WHERE writer = 'kr' AND agreement != zeroblob(32)) AND kind = 'act'",
        "kr's log",
    ),
    "an envelope of an item": ("entry", "envelope", f"{PEERS} AND kind = 'transfer'", "jp's log"),
    "the body of an act": (
        "body",
        "data",
        f"{BODY_OF} AND e.kind = 'act')",
        "jp's log",
    ),
    "the agreement document": (
        "body",
        "data",
        f"{BODY_OF} AND e.kind = 'document')",
        "jp's log",
    ),
    "the root of a log": ("log", "root", "writer = 'jp'", "jp's log"),
    "a peer's checkpoint": ("log", "checkpoint", "writer = 'jp'", "jp's log"),
    "a frontier": ("log", "frontier", "writer = 'jp'", "jp's log"),
    "a cosignature": ("cosigned", "note", "party = 'jp'", "kr's log"),
}


@pytest.mark.parametrize("place", [3, 40, 77, -5])
@pytest.mark.parametrize("what", REST)
def test_damage_in_the_store_is_named_and_the_node_does_not_start(kr: Party, what: str, place: int) -> None:
    table, column, where, name = REST[what]
    kr.node.close()
    damage(kr.home.path / "store.db", table, column, where, place)
    code, text = named(kr)
    assert code == "STORE_DAMAGED", what
    assert name in text


@pytest.mark.parametrize("name", ["root.json", "card.json", "peers/jp.json"])
def test_a_flipped_bit_of_a_card_is_named_by_its_file(kr: Party, name: str) -> None:
    kr.node.close()
    path = kr.home.path / name
    data = path.read_bytes()
    for _, flipped in every_bit(data, len(data) // 12):
        path.write_bytes(flipped)
        code, text = named(kr)
        assert code == "BAD_CARD"
        assert name in text


SEALED = {"a sealed header": 0, "a sealed payload": 1}
"""The place of its body."""
KEY = {"a key's nonce": 3, "a key": 30, "a key's tag": 50}
"""Bytes of its slot."""


@pytest.mark.parametrize("what", [*SEALED, *KEY])
def test_an_item_damaged_at_rest_does_not_open_and_is_named(kr: Party, what: str) -> None:
    held = kr.node.store.register("held")[-2]
    kr.node.close()
    if what in SEALED:
        where = f"sealed = 1 AND id = {body_id(held.log, held.seq, SEALED[what])}"
        damage(kr.home.path / "store.db", "body", "data", where, 30)
    else:
        path = kr.home.item_keys / str(held.log)
        data = bytearray(path.read_bytes())
        data[held.seq * SLOT + KEY[what]] ^= 0x10
        path.write_bytes(data)
    kr.open()
    with pytest.raises(NodeError) as refused:
        open_item(kr.node, held.number)
    assert refused.value.code == "DAMAGED"
    assert f"item {held.number}" in refused.value.message


@pytest.mark.parametrize("change", ["a bit of the first segment", "a bit of the last", "cut short", "gone"])
def test_a_payload_file_damaged_at_rest_does_not_open_and_is_named(kr: Party, change: str) -> None:
    held = kr.node.store.register("held")[-1]
    (path,) = [file for file in (kr.home.path / "payloads").iterdir() if file.name.startswith("jp-")]
    data = bytearray(path.read_bytes())
    if change == "gone":
        path.unlink()
    elif change == "cut short":
        path.write_bytes(data[:-1])
    else:
        data[5 if "first" in change else -5] ^= 1
        path.write_bytes(data)
    with pytest.raises(NodeError) as refused:
        for _ in open_item(kr.node, held.number)[1]:
            pass
    assert refused.value.code == "DAMAGED"
    assert f"item {held.number}" in refused.value.message


def test_a_flipped_bit_of_an_agreement_file_is_another_agreement_or_none(kr: Party) -> None:
    """The signed bytes are the file's: no flipped copy is taken for the agreement that is in force."""
    data = AGREEMENT.read_bytes()
    known = kr.ledger.agreement
    for _, flipped in every_bit(data, 37):
        try:
            identity, _ = agreements.read_document(kr.node, flipped)
        except NodeError as error:
            assert error.code in {"BAD_DOCUMENT", "NOT_A_PARTY", "NOT_PAIRED"}
        else:
            assert identity != known
