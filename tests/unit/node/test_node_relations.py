"""Updates and cancels come from the originator alone, at the original's precedence, to everyone who has it.

Streams are numbered from 1 without gaps, under one standing release.
"""

from typing import Any

import msgspec
import pytest
from support_pair import outcome, second_agreement
from support_standing import HOUR, approve, cancel, item_at, revoke, under, update
from support_stop import AGREEMENT, OCTOBER, Pair, verified
from test_node_entries import item as forged

from entente.node import releases
from entente.node.items import lines
from entente.node.views import line_view
from entente.record.bodies import Relation, StreamPlace, TransferHeader


def given(pair: Pair) -> str:
    """An item of jp that kr holds; its id."""
    item = item_at(pair.jp, pair.jp.release())
    pair.carry()
    return item


def held(pair: Pair, item: str) -> dict[str, Any]:
    """kr's register's line of an item."""
    return next(
        line_view(pair.kr.node, line) for line in lines(pair.kr.node, "held", pair.kr.ledger) if line.row.item == item
    )


def last(pair: Pair) -> str:
    """How jp's newest item stands after everything was carried."""
    pair.carry()
    return pair.jp.node.store.register("given")[-1].state


def test_an_update_and_then_a_cancel_are_received_and_shown_on_both_registers(pair: Pair, tmp_path: Any) -> None:
    item = given(pair)
    newer = item_at(pair.jp, update(pair.jp, item))
    assert last(pair) == "received"
    ended = item_at(pair.jp, cancel(pair.jp, item))
    assert last(pair) == "received"
    assert held(pair, newer)["relation"] == {"kind": "update", "item": item}
    assert held(pair, ended)["title"] == "A false alarm"
    assert held(pair, ended)["size"] == 0
    for party in pair:
        line = next(line for line in lines(party.node, None, party.ledger) if line.row.item == item)
        shown = line_view(party.node, line)
        assert (shown["updated_by"], shown["cancelled_by"]) == ([newer], ended)
    assert verified(tmp_path / "nodes", pair.kr).ok


def test_an_update_whose_payload_comes_beside_the_log_is_shown_once_it_is_whole(pair: Pair) -> None:
    item = given(pair)
    newer = item_at(pair.jp, update(pair.jp, item, payload=b"x" * 3_000_000))
    assert last(pair) == "received"
    assert held(pair, newer)["relation"] == {"kind": "update", "item": item}
    assert held(pair, item)["updated_by"] == [newer]


def test_a_cancel_destroys_nothing(pair: Pair) -> None:
    item = given(pair)
    cancel(pair.jp, item)
    assert last(pair) == "received"
    assert held(pair, item)["held"]


def test_an_item_and_its_cancel_may_cross_in_one_frame(pair: Pair) -> None:
    cancel(pair.jp, item_at(pair.jp, pair.jp.release()))
    assert last(pair) == "received"


def test_a_cancel_reaches_an_item_whose_payload_is_still_on_its_way(pair: Pair) -> None:
    item = item_at(pair.jp, pair.jp.release(pair.jp.compose(b"x" * 3_000_000)))
    pair.kr.arriving(pair.jp.leaving())  # and kr's wish for the payload is lost
    cancel(pair.jp, item)
    assert last(pair) == "received"
    pair.connect()
    assert held(pair, item)["cancelled_by"]


def test_an_update_of_an_update_is_one(pair: Pair) -> None:
    newer = item_at(pair.jp, update(pair.jp, given(pair)))
    update(pair.jp, newer)
    assert last(pair) == "received"


def test_what_the_sender_may_not_say_of_an_item_is_not_composed(pair: Pair) -> None:
    item, jp = given(pair), pair.jp
    theirs = item_at(pair.kr, pair.kr.release())
    pair.carry()
    size = jp.size()
    for relation, fields in (
        (Relation("update", theirs), {}),
        (Relation("cancel", "0" * 32), {"payload": b""}),
        (Relation("cancel", "no such: item"), {"payload": b""}),
        (Relation("update", item), {"precedence": "ROUTINE"}),
        (Relation("cancel", item), {"payload": b"not empty"}),
    ):
        code = outcome(lambda relation=relation, fields=fields: jp.compose(relation=relation, **fields))  # type: ignore[misc]
        assert code in ("RELATION", "STREAM_ORDER"), relation
    ended = item_at(jp, cancel(jp, item))
    for relation, payload in (
        (Relation("update", item), b"again"),
        (Relation("cancel", item), b""),
        (Relation("update", ended), b"back"),
    ):
        code = outcome(lambda relation=relation, payload=payload: jp.compose(payload, relation=relation))  # type: ignore[misc]
        assert code == "RELATION"
    assert jp.size() == size + 1
    assert not list((jp.home.path / "payloads").glob("staged-*"))


def test_an_item_of_another_agreement_is_not_updated_under_this_one(pair: Pair) -> None:
    item, jp = given(pair), pair.jp
    document = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "jp-kr-second"')
    other = jp.node.ledgers[second_agreement(pair, document)]
    asked = releases.Request(
        "Two", "two.txt", "text/plain", "秘", "missile-warning", ("kr",), "FLASH", "exercise",
        relation=Relation("update", item),
    )  # fmt: skip
    sealed = releases.seal_inline(jp.node.instant(), b"two")
    assert outcome(lambda: releases.compose_checked(jp.node, other, asked, sealed)) == "RELATION"


def test_a_cancel_committed_meanwhile_refuses_an_update_that_was_composed_before(pair: Pair) -> None:
    item, jp = given(pair), pair.jp
    draft = jp.compose(b"two objects", relation=Relation("update", item))
    cancel(jp, item)
    assert jp.refused(lambda: jp.release(draft)) == {"RELATION"}


def related(kind: str, item: str, **changes: Any) -> Any:
    """A change of a header: it says that it updates or cancels an item."""
    relation = Relation(kind, item)  # type: ignore[arg-type]

    def change(header: TransferHeader) -> TransferHeader:
        return msgspec.structs.replace(header, relation=relation, **changes)

    return change


@pytest.mark.parametrize("whose", ["its own recipient's", "nobody's"])
def test_a_recipient_refuses_an_update_of_what_this_sender_did_not_give(pair: Pair, whose: str) -> None:
    theirs = item_at(pair.kr, pair.kr.release())
    pair.carry()
    assert forged(pair, related("update", theirs if whose != "nobody's" else "0" * 32)) == ["RELATION"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"precedence": "ROUTINE"}, "RELATION"),
        ({"recipients": ("kr", "us")}, "RELATION"),
        ({"stream": StreamPlace("track", 1), "standing": "jp-s1"}, "SEAL"),
    ],
)
def test_a_recipient_refuses_an_update_at_another_precedence_or_to_others(pair: Pair, changes: Any, code: str) -> None:
    assert forged(pair, related("update", given(pair), **changes)) == [code]


def test_a_recipient_refuses_a_cancel_with_a_payload(pair: Pair) -> None:
    assert forged(pair, related("cancel", given(pair))) == ["RELATION"]


@pytest.mark.parametrize("what", ["the item", "the cancel"])
def test_a_recipient_refuses_what_is_said_of_a_cancelled_item(pair: Pair, what: str) -> None:
    item = given(pair)
    ended = item_at(pair.jp, cancel(pair.jp, item))
    pair.carry()
    assert forged(pair, related("update", item if what == "the item" else ended)) == ["RELATION"]
    assert held(pair, item)["updated_by"] == []


def test_an_item_that_the_recipient_refused_is_with_nobody(pair: Pair) -> None:
    jp = pair.jp
    name = approve(jp)
    item = item_at(jp, under(jp, name))
    revoke(jp, name)
    assert last(pair).startswith("refused")
    assert outcome(lambda: jp.compose(relation=Relation("update", item))) == "RELATION"


# Streams


def point(pair: Pair, name: str, stream: str = "track-4711", **fields: Any) -> releases.Draft:
    return pair.jp.compose(b"34.5N 129.1E 045", standing=name, stream=stream, **fields)


def send(pair: Pair, draft: releases.Draft) -> None:
    releases.release(pair.jp.node, pair.jp.ledger, draft)


def test_a_stream_is_numbered_from_one_without_gaps(pair: Pair) -> None:
    name = approve(pair.jp)
    for number in (1, 2, 3):
        draft = point(pair, name)
        assert draft.header.stream == StreamPlace("track-4711", number)
        send(pair, draft)
    other = point(pair, name, "track-2")
    assert other.header.stream == StreamPlace("track-2", 1)
    send(pair, other)
    pair.carry()
    assert [row.state for row in pair.jp.node.store.register("given")][1:] == ["received"] * 4


def test_of_two_composed_for_one_place_the_second_is_refused(pair: Pair) -> None:
    name = approve(pair.jp)
    first, second = point(pair, name), point(pair, name)
    send(pair, first)
    assert pair.jp.refused(lambda: send(pair, second)) == {"STREAM_ORDER"}


@pytest.mark.parametrize("stream", ["", "Track", "a b", "x" * 65])
def test_a_stream_has_an_id(pair: Pair, stream: str) -> None:
    name = approve(pair.jp)
    assert outcome(lambda: point(pair, name, stream)) == "BAD_STREAM"


def test_a_stream_is_small_and_under_the_one_standing_release_that_it_began_with(pair: Pair) -> None:
    jp, one, other = pair.jp, approve(pair.jp), approve(pair.jp)
    send(pair, point(pair, one))
    assert outcome(lambda: point(pair, other)) == "STREAM_ORDER"
    assert outcome(lambda: jp.compose(stream="track-4711")) == "STANDING_MISSING"
    assert outcome(lambda: jp.compose(b"x" * 70_000, standing=one, stream="track-4711")) == "STREAM_ORDER"
    assert not list((jp.home.path / "payloads").glob("staged-*"))


@pytest.mark.parametrize(("number", "code"), [(1, "STREAM_ORDER"), (3, None), (4, "STREAM_ORDER"), (0, "SEAL")])
def test_a_recipient_refuses_an_item_that_is_not_the_next(pair: Pair, number: int, code: str | None) -> None:
    name = approve(pair.jp)
    for _ in range(2):
        send(pair, point(pair, name))
    pair.carry()
    place = StreamPlace("track-4711", number)

    def change(header: TransferHeader) -> TransferHeader:
        return msgspec.structs.replace(header, stream=place, standing=name)

    (answer,) = forged(pair, change)
    assert answer == code if code is not None else answer.startswith("taken")


def test_a_recipient_refuses_a_number_that_no_store_can_hold(pair: Pair) -> None:
    name = approve(pair.jp)
    pair.carry()

    def change(header: TransferHeader) -> TransferHeader:
        return msgspec.structs.replace(header, stream=StreamPlace("t", 2**64 - 1), standing=name)

    assert forged(pair, change) == ["STREAM_ORDER"]


def test_an_item_refused_by_the_gate_does_not_end_its_stream(pair: Pair) -> None:
    name = approve(pair.jp, expires=OCTOBER + HOUR)
    send(pair, point(pair, name))
    frames = pair.jp.leaving()
    uncertain, pair.kr.node.clock = pair.kr.node.clock, Uncertain(pair.kr.node.clock)
    pair.exchange(pair.jp, frames)
    pair.kr.node.clock = uncertain
    pair.turn(pair.jp.node.instant() + 1)  # a clock is asked how sure it is once for each instant
    assert last(pair) == "refused: OTHER"
    send(pair, point(pair, name))
    assert last(pair) == "received"


class Uncertain:
    """A clock of which nothing is known."""

    simulated = True

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def now(self) -> int:
        now: int = self._clock.now()
        return now

    def uncertainty(self) -> int | None:
        return None


def test_streams_and_relations_survive_a_start(pair: Pair) -> None:
    name, item = approve(pair.jp), given(pair)
    send(pair, point(pair, name))
    ended = item_at(pair.jp, cancel(pair.jp, item))
    pair.carry()
    for party in pair:
        party.node.close()
        party.open()
    pair.connect()
    assert held(pair, item)["cancelled_by"] == ended
    draft = point(pair, name)
    assert draft.header.stream == StreamPlace("track-4711", 2)
    send(pair, draft)
    assert last(pair) == "received"
