"""Envelopes that run ahead, bodies that follow, and what a peer may say of what it has taken (docs/spec/frames.md)."""

from typing import Any

import msgspec
import pytest
from support_stop import END, Pair

from entente.node.doors import FRAME_DOORS
from entente.node.errors import RefusedError
from entente.node.lanes import URGENT_WINDOW, WINDOW, Feed
from entente.node.outgoing import CHUNK_ENTRIES
from entente.node.payloads import MAX_RANGES, lapse
from entente.record.frames import Bodies, Entries, Lack, Taken, decode_frame, encode_frame

MANY = CHUNK_ENTRIES + 6
"""ROUTINE items before something urgent, more than a frame takes."""


def run_ahead(pair: Pair) -> list[bytes]:
    """What jp has for kr: many ROUTINE items, then one IMMEDIATE, then one FLASH."""
    for number in range(MANY):
        pair.jp.release(title=f"Routine {number}", precedence="ROUTINE")
    pair.jp.release(title="Immediate", precedence="IMMEDIATE")
    pair.jp.release(title="Flash")
    return pair.jp.leaving()


def first_of(frames: list[bytes]) -> Entries:
    frame = decode_frame(frames[0])
    assert isinstance(frame, Entries)
    return frame


def titles(pair: Pair) -> list[str]:
    node, ledger = pair.kr.node, pair.kr.ledger
    found = []
    for row in pair.kr.held()[1:]:  # the first was there before
        log = node.store.log(row.log)
        found.append(node.open_held(ledger, node.position_of(log, row.seq)).header.title)
    return found


def code_of(pair: Pair, frame: Any) -> str:
    """The code with which kr refuses a frame."""
    with pytest.raises(RefusedError) as refused:
        pair.kr.arriving([encode_frame(frame)])
    return refused.value.code


def test_envelopes_run_ahead_of_something_urgent_and_bodies_follow_by_precedence(pair: Pair) -> None:
    frames = run_ahead(pair)
    first = first_of(frames)
    ((low, high),) = first.deferred
    assert high - low + 1 == MANY + 1, "everything less urgent than the FLASH is deferred"
    pair.kr.arriving(frames[:1])
    assert titles(pair) == ["Flash"]
    second = decode_frame(frames[1])
    assert isinstance(second, Bodies)
    pair.kr.arriving(frames[1:2])
    assert titles(pair) == ["Flash", "Immediate"]
    pair.kr.arriving(frames[2:])
    assert titles(pair) == ["Flash", "Immediate", *(f"Routine {number}" for number in range(MANY))]
    assert not pair.kr.node.store.awaiting()


def test_what_was_deferred_when_the_link_broke_is_asked_for_and_comes(pair: Pair) -> None:
    frames = run_ahead(pair)
    pair.kr.arriving(frames[:1])
    assert len(pair.kr.node.store.awaiting()) == MANY + 1
    pair.connect()
    assert sorted(titles(pair)) == sorted(["Flash", "Immediate", *(f"Routine {number}" for number in range(MANY))])


def test_what_is_deferred_and_never_comes_is_refused_once_nothing_may_flow(pair: Pair) -> None:
    pair.kr.arriving(run_ahead(pair)[:1])
    pair.turn(END)
    lapse(pair.kr.node)
    assert not pair.kr.node.store.awaiting()
    refused = [row.state for row in pair.kr.node.store.register("refused")]
    assert refused == ["refused: AGREEMENT"] * (MANY + 1)
    assert titles(pair) == ["Flash"]


def test_bodies_that_come_after_the_end_are_refused_and_not_kept(pair: Pair) -> None:
    frames = run_ahead(pair)
    pair.kr.arriving(frames[:1])
    pair.turn(END)
    pair.kr.arriving(frames[1:])
    assert titles(pair) == ["Flash"]
    log = pair.kr.ledger.logs[first_of(frames).writer, first_of(frames).incarnation].row.id
    low, high = first_of(frames).deferred[0]
    assert not any(
        pair.kr.node.store.bodies(log, seq) or pair.kr.node.vault.holds(log, seq) for seq in range(low, high + 1)
    )


@pytest.mark.parametrize("wrong", [(-1, 1), (1, 10**6), (2, 1)])
def test_a_frame_that_defers_what_it_does_not_bring_is_refused_and_not_kept(pair: Pair, wrong: tuple[int, int]) -> None:
    first = first_of(run_ahead(pair))
    size = pair.kr.node.store.log(pair.kr.ledger.logs[first.writer, first.incarnation].row.id).size
    low, high = (first.first + bound if 0 <= bound < 10 else bound for bound in wrong)
    assert code_of(pair, msgspec.structs.replace(first, deferred=((low, high),))) == "MALFORMED"
    assert pair.kr.ledger.logs[first.writer, first.incarnation].row.size == size


def test_bodies_that_nobody_awaits_change_nothing(pair: Pair) -> None:
    frames = run_ahead(pair)
    pair.kr.arriving(frames)
    before = pair.kr.node.store.register(), pair.kr.size()
    pair.kr.arriving(frames[1:])
    assert (pair.kr.node.store.register(), pair.kr.size()) == before


def test_bodies_of_another_partys_log_are_refused(pair: Pair) -> None:
    frame = decode_frame(run_ahead(pair)[1])
    assert isinstance(frame, Bodies)
    own = pair.kr.ledger.own
    assert own is not None
    for changes in ({"writer": "kr", "incarnation": own.row.incarnation}, {"agreement": bytes(32)}):
        assert code_of(pair, msgspec.structs.replace(frame, **changes)) == "WRONG_LOG"


def lack(pair: Pair, *ranges: tuple[int, int], **changes: Any) -> Lack:
    """kr asks jp for deferred bodies."""
    own = pair.jp.ledger.own
    assert own is not None
    return msgspec.structs.replace(Lack(pair.jp.ledger.agreement, *own.name, ranges), **changes)


def test_bodies_are_owed_only_while_the_askers_item_is_unanswered(pair: Pair) -> None:
    pair.jp.release(title="Answered")
    pair.carry()
    assert pair.jp.arriving([encode_frame(lack(pair, (0, pair.jp.size() - 1)))]) == []
    assert pair.jp.leaving() == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"ranges": ((0, 10**6),)}, "MALFORMED"),
        ({"ranges": ((-1, 0),)}, "MALFORMED"),
        ({"ranges": ((1, 0),)}, "MALFORMED"),
        ({"ranges": ((0, 0),) * (MAX_RANGES + 1)}, "MALFORMED"),
        ({"writer": "kr"}, "WRONG_LOG"),
        ({"agreement": bytes(32)}, "WRONG_LOG"),
    ],
)
def test_a_peer_cannot_ask_for_bodies_that_are_not_there(pair: Pair, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        pair.jp.arriving([encode_frame(lack(pair, (0, 0), **asked))])
    assert refused.value.code == code


@pytest.mark.parametrize("count", [-1, 1, 4, 2**40])
def test_a_peer_cannot_say_that_it_has_taken_what_was_not_sent(pair: Pair, count: int) -> None:
    feed = pair.jp.feed
    feed.flown, feed.landed = 3, 2
    with pytest.raises(RefusedError) as refused:
        FRAME_DOORS[Taken](pair.jp.node, feed, pair.jp.returned, Taken(count), "link")
    assert refused.value.code == "MALFORMED"
    assert feed.landed == 2


def test_no_more_than_the_window_is_on_its_way_and_what_is_urgent_has_a_little_more() -> None:
    feed = Feed("kr")
    feed.flown = WINDOW
    assert feed.room == 0
    feed.note(b"a", urgent=True)
    assert feed.room == URGENT_WINDOW - WINDOW
    feed.landed = WINDOW
    assert feed.room == URGENT_WINDOW
    feed.clean(b"a")
    assert feed.room == WINDOW
