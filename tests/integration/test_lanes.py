"""What is urgent overtakes: envelopes run ahead, bodies follow by precedence, and neither a cut nor the end loses one.

Frames are carried by hand, so that each test says where the cut, the restart or the end falls.
"""

from pathlib import Path

import msgspec
import pytest
from support_standing import approve, item_at, under
from support_stop import END, LAST, Pair, Party, open_pair, verified
from test_secrecy import Table, table  # noqa: F401 - the fixture of three parties

from entente.node.clock import SimulatedClock
from entente.node.doors import FRAME_DOORS
from entente.node.greeting import Returned
from entente.node.lanes import PRECEDENCES, Feed
from entente.node.outgoing import CHUNK_ENTRIES, frames_for, hello, next_frame
from entente.record.frames import AnyFrame, Bodies, Entries, Lack, decode_frame, encode_frame
from entente.record.projection import Position

MANY = 2 * CHUNK_ENTRIES + 10
EVERY = {"precedences": PRECEDENCES}


def waiting(pair: Pair, routine: int = MANY) -> tuple[list[Position], Position]:
    """jp's ROUTINE items that kr, who is away, has not had, and the FLASH after them."""
    name = approve(pair.jp, **EVERY)
    return [under(pair.jp, name, precedence="ROUTINE") for _ in range(routine)], under(pair.jp, name)


def frames_of(party: Party) -> list[AnyFrame]:
    return [decode_frame(data) for data in party.leaving()]


def given(pair: Pair, frames: list[AnyFrame]) -> None:
    """kr takes frames of jp's, and jp what kr answers to them."""
    pair.exchange(pair.jp, [encode_frame(frame) for frame in frames])


def state(pair: Pair, position: Position) -> str:
    return next(line.state for line in pair.jp.node.store.register("given") if line.seq == position.seq)


def all_arrived(pair: Pair, base: Path, positions: list[Position]) -> None:
    """Both registers say the same, nothing is awaited any more, and an outsider finds it so."""
    assert {state(pair, position) for position in positions} == {"received"}
    given_items = {line.item for line in pair.jp.node.store.register("given")}
    held = [line.item for line in pair.kr.held()]
    assert set(held) == given_items
    assert len(held) == len(given_items)
    assert pair.kr.node.store.awaiting() == []
    for party in pair:
        report = verified(base, party)
        assert (report.ok, report.differences) == (True, ())


def test_a_flash_is_received_and_receipted_before_the_bodies_of_what_waited_before_it(
    october: Pair, base: Path
) -> None:
    routine, flash = waiting(october)
    first, *rest = frames_of(october.jp)
    assert isinstance(first, Entries)
    assert [frame for frame in rest if not isinstance(frame, Bodies)] == []
    given(october, [first])
    october.exchange(october.kr, october.kr.leaving())
    assert state(october, flash) == "received"
    assert {state(october, position) for position in routine} == {"sent"}
    given(october, rest)
    october.carry()
    all_arrived(october, base, [*routine, flash])


def test_bodies_follow_by_precedence_and_within_one_in_order(october: Pair, base: Path) -> None:
    name = approve(october.jp, **EVERY)
    ranks = [3, 1, 2] * (MANY // 3)
    positions = [under(october.jp, name, precedence=PRECEDENCES[rank]) for rank in ranks]
    positions.append(under(october.jp, name))
    frames = frames_of(october.jp)
    assert isinstance(frames[0], Entries)
    ranked = {position.seq: rank for position, rank in zip(positions, [*ranks, 0], strict=True)}
    came = [later.seq for frame in frames if isinstance(frame, Bodies) for later in frame.items]
    assert came == sorted(came, key=lambda seq: (ranked[seq], seq))
    given(october, frames)
    october.carry()
    all_arrived(october, base, positions)


def test_few_items_before_a_flash_go_with_it_in_one_frame(october: Pair, base: Path) -> None:
    routine, flash = waiting(october, routine=5)
    (frame,) = frames_of(october.jp)
    assert isinstance(frame, Entries)
    assert frame.deferred == ()
    given(october, [frame])
    october.carry()
    all_arrived(october, base, [*routine, flash])


@pytest.mark.parametrize(
    ("restarts", "after"),
    [("", 1), ("", 2), ("jp", 2), ("kr", 2), ("jp kr", 1)],
    ids=["a cut", "a later cut", "the sender starts again", "the recipient starts again", "both start again"],
)
def test_bodies_that_a_cut_kept_back_are_asked_for_and_come(
    october: Pair, base: Path, restarts: str, after: int
) -> None:
    routine, flash = waiting(october)
    given(october, frames_of(october.jp)[:after])
    for party in october:
        if party.party in restarts.split():
            party.node.close()
            party.open()
    october.connect()
    all_arrived(october, base, [*routine, flash])


def test_what_is_asked_for_is_what_is_missing_and_nothing_else(october: Pair) -> None:
    routine, _ = waiting(october)
    first, some, *_ = frames_of(october.jp)
    given(october, [first, some])
    assert isinstance(some, Bodies)
    asked = [decode_frame(data) for data in october.kr.greeted(encode_frame(hello(october.jp.node, "kr")))]
    (lack,) = [frame for frame in asked if isinstance(frame, Lack)]
    missing = {position.seq for position in routine} - {later.seq for later in some.items}
    assert {seq for low, high in lack.ranges for seq in range(low, high + 1)} == missing


def test_bodies_that_come_twice_are_taken_once(october: Pair, base: Path) -> None:
    routine, flash = waiting(october, routine=2 * CHUNK_ENTRIES)
    frames = frames_of(october.jp)
    given(october, [*frames, *frames[1:]])
    october.carry()
    all_arrived(october, base, [*routine, flash])


def test_a_deferred_item_that_opens_as_nothing_is_refused_alone(october: Pair, base: Path) -> None:
    routine, flash = waiting(october)
    first, some, *rest = frames_of(october.jp)
    assert isinstance(some, Bodies)
    bad = some.items[3]
    wrap = msgspec.structs.replace(bad.wrap, key=bytes(len(bad.wrap.key)))
    items = (*some.items[:3], msgspec.structs.replace(bad, wrap=wrap), *some.items[4:])
    given(october, [first, msgspec.structs.replace(some, items=items), *rest])
    october.carry()
    refused = Position(*flash[:2], bad.seq)
    assert state(october, refused) == "refused: SEAL"
    assert october.kr.keeps(refused) == {}
    assert {state(october, position) for position in [*routine, flash] if position != refused} == {"received"}
    assert [verified(base, party).ok for party in october] == [True, True]


# Exactly stop, by this route too


@pytest.fixture
def last(base: Path) -> Pair:
    """Both nodes at the last millisecond in which anything may flow."""
    return open_pair(base, SimulatedClock(LAST), SimulatedClock(LAST))


def refused_and_gone(pair: Pair, base: Path, routine: list[Position], flash: Position) -> None:
    assert state(pair, flash) == "received"
    assert {state(pair, position) for position in routine} == {"refused: AGREEMENT"}
    assert all(pair.kr.keeps(position) == {} for position in routine)
    assert pair.kr.node.store.awaiting() == []
    assert all(line.instant < END for line in pair.kr.held())
    for party in pair:
        report = verified(base, party)
        assert (report.ok, report.differences) == (True, ())
    pair.close()


def test_a_deferred_body_does_not_leave_after_the_end(last: Pair, base: Path) -> None:
    routine, flash = waiting(last)
    first = next(iter(_one_by_one(last.jp)))
    given(last, [first])
    last.turn(END)
    rest = frames_of(last.jp)
    assert rest
    for frame in rest:
        for later in frame.items if isinstance(frame, Bodies) else ():
            assert set(later.bodies) <= {None}
            assert (later.wrap.nonce, later.wrap.key) == (b"", b"")
    given(last, rest)
    last.carry()
    refused_and_gone(last, base, routine, flash)


def test_a_deferred_body_that_arrives_after_the_end_is_refused_and_not_kept(last: Pair, base: Path) -> None:
    """It left in time, with its key; kr's clock has passed the end when it comes."""
    routine, flash = waiting(last)
    first, *rest = frames_of(last.jp)
    given(last, [first])
    last.turn(END)
    given(last, rest)
    last.carry()
    refused_and_gone(last, base, routine, flash)


@pytest.mark.parametrize("restarts", ["", "jp kr"])
def test_a_deferred_body_that_never_came_is_answered_when_the_end_has_come(
    last: Pair, base: Path, restarts: str
) -> None:
    routine, flash = waiting(last)
    first, *late = frames_of(last.jp)
    given(last, [first])
    last.turn(END)
    for party in last:
        if party.party in restarts.split():
            party.node.close()
            party.open()
    last.connect()
    given(last, late)  # what was on its way all the time is nothing to anybody now
    last.carry()
    refused_and_gone(last, base, routine, flash)


def _one_by_one(party: Party) -> list[AnyFrame]:
    """The next frame alone; what follows is made when it is asked for."""
    party.feed.note(party.ledger.agreement, urgent=True)
    frame = next_frame(party.node, party.feed)
    assert frame is not None
    return [frame]


# Two recipients, of whom one is away


def test_what_one_recipient_has_answered_is_still_owed_to_the_other(table: Table) -> None:  # noqa: F811
    """One item of many is not complete there yet: those around it are forgotten in memory, and not here."""
    jp, us = table.parties["jp"], table.parties["us"]
    name = approve(jp, recipients=("kr", "us"), precedences=PRECEDENCES)
    both = {"recipients": ("kr", "us")}
    for _ in range(CHUNK_ENTRIES):
        under(jp, name, precedence="ROUTINE", **both)
    jp.release(payload=bytes(200_000), precedence="ROUTINE", **both)
    for _ in range(CHUNK_ENTRIES):
        under(jp, name, precedence="ROUTINE", **both)
    feed = table.feeds["jp", "us"]
    del table.feeds["jp", "us"]  # us is away
    for frame in _frames(table, "jp", "kr"):
        if isinstance(frame, Entries):  # and no segment is asked for: the large item stays open at kr
            _through(table, "jp", "kr", frame)
    for frame in _frames(table, "kr", "jp"):
        _through(table, "kr", "jp", frame)
    table.feeds["jp", "us"] = feed
    flash = under(jp, name, **both)
    table.carry()
    items = {line.item for line in jp.node.store.register("given") if line.party == "us"}
    assert {line.item for line in us.held()} == items
    assert item_at(jp, flash) in items
    assert {line.state for line in jp.node.store.register("given") if line.party == "us"} == {"received"}


def _frames(three: Table, sender: str, receiver: str) -> list[AnyFrame]:
    return list(frames_for(three.parties[sender].node, three.feeds[sender, receiver]))


def _through(three: Table, sender: str, receiver: str, frame: AnyFrame) -> None:
    feed = three.feeds.get((receiver, sender), Feed(sender))
    FRAME_DOORS[type(frame)](three.parties[receiver].node, feed, Returned(), frame, "link")


def test_a_stream_that_a_flash_overtakes_arrives_in_its_order(october: Pair, base: Path) -> None:
    """What comes after the FLASH goes on only when what was deferred before it has come."""
    name = approve(october.jp, **EVERY)
    points = [under(october.jp, name, precedence="ROUTINE", stream="track") for _ in range(MANY)]
    flash = under(october.jp, name)
    points += [under(october.jp, name, precedence="ROUTINE", stream="track") for _ in range(MANY)]
    given(october, frames_of(october.jp))
    october.carry()
    all_arrived(october, base, [*points, flash])


def test_a_stream_whose_bodies_a_cut_kept_back_goes_on_after_them(october: Pair, base: Path) -> None:
    """What was added while the peer was away does not come before what it still lacks."""
    name = approve(october.jp, **EVERY)
    points = [under(october.jp, name, precedence="ROUTINE", stream="track") for _ in range(MANY)]
    flash = under(october.jp, name)
    given(october, frames_of(october.jp)[:2])
    points += [under(october.jp, name, precedence="ROUTINE", stream="track") for _ in range(3)]
    asked = october.kr.greeted(encode_frame(hello(october.jp.node, "kr")))
    october.jp.greeted(encode_frame(hello(october.kr.node, "jp")))
    given(october, frames_of(october.jp))  # on their way before it is heard what kr asks for
    october.exchange(october.kr, asked)
    october.carry()
    all_arrived(october, base, [*points, flash])


def test_an_order_within_a_precedence_holds_where_several_overtake(october: Pair, base: Path) -> None:
    """A second item of a stream hurries past ROUTINE ones, and not past the first, which a FLASH has overtaken."""
    name = approve(october.jp, **EVERY)
    first = [under(october.jp, name, precedence="PRIORITY", stream="track")]
    waiting = [under(october.jp, name, precedence="ROUTINE") for _ in range(CHUNK_ENTRIES)]
    flash = under(october.jp, name)
    waiting += [under(october.jp, name, precedence="ROUTINE") for _ in range(CHUNK_ENTRIES)]
    second = under(october.jp, name, precedence="PRIORITY", stream="track")
    given(october, frames_of(october.jp))
    october.carry()
    all_arrived(october, base, [*first, *waiting, flash, second])
