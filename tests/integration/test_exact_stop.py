"""Exactly stop: no release and no acceptance has an instant at or after the end, on either node, by any route."""

from pathlib import Path

import pytest
from support_stop import END, LAST, Pair, verified

from entente.node import bundles, releases
from entente.node.errors import NodeError
from entente.record.frames import Entries, Segment, decode_frame

SENDERS = ("jp", "kr")
BIG = b"\x00\xff" * 1_600_000
"""Bytes that travel in four segments beside the log."""


def both(pair: Pair, sender: str) -> tuple:
    """(sender, recipient)."""
    return (pair.jp, pair.kr) if sender == "jp" else (pair.kr, pair.jp)


@pytest.mark.parametrize("sender", SENDERS)
def test_in_the_last_millisecond_an_item_is_released_and_accepted(pair: Pair, base: Path, sender: str) -> None:
    giver, taker = both(pair, sender)
    draft = giver.compose()
    giver.release(draft)
    pair.carry()
    given, held = giver.line("given", draft.header.item), taker.line("held", draft.header.item)
    assert given is not None
    assert held is not None
    assert (given.state, given.instant, held.state, held.instant) == ("received", LAST, "held", LAST)
    assert [verified(base, party).ok for party in pair] == [True, True]


@pytest.mark.parametrize("sender", SENDERS)
def test_at_the_end_nothing_is_released(pair: Pair, sender: str) -> None:
    giver, _ = both(pair, sender)
    pair.turn(END)
    before = giver.size()
    assert giver.refused(giver.release) == {"AGREEMENT_NOT_IN_FORCE"}
    assert giver.size() == before
    assert giver.leaving() == []


@pytest.mark.parametrize("sender", SENDERS)
def test_an_item_composed_and_approved_before_is_not_committed_after(pair: Pair, sender: str) -> None:
    giver, _ = both(pair, sender)
    draft = giver.compose()
    draft.approvals = giver.approve(draft)
    pair.turn(END)
    before = giver.size()
    refused = giver.refused(lambda: releases.release(giver.node, giver.ledger, draft))
    assert refused == {"AGREEMENT_NOT_IN_FORCE"}
    assert giver.size() == before
    assert giver.line("given", draft.header.item) is None


@pytest.mark.parametrize("sender", SENDERS)
def test_an_item_in_flight_across_the_instant_is_refused_and_not_kept(pair: Pair, base: Path, sender: str) -> None:
    giver, taker = both(pair, sender)
    draft = giver.compose()
    position = giver.release(draft)
    frames = giver.leaving()
    pair.turn(END)
    giver.arriving(taker.arriving(frames))
    pair.carry()
    assert taker.keeps(position) == {}
    given = giver.line("given", draft.header.item)
    assert given is not None
    assert given.state == "refused: AGREEMENT"
    assert given.answered is not None
    assert given.answered >= END
    assert [verified(base, party).ok for party in pair] == [True, True]


@pytest.mark.parametrize("theirs", [LAST, END], ids=["clock-behind", "clock-right"])
def test_an_item_for_a_peer_offline_across_the_end_leaves_without_its_key(pair: Pair, base: Path, theirs: int) -> None:
    draft = pair.jp.compose()
    position = pair.jp.release(draft)
    pair.jp.turn(END)
    pair.kr.turn(theirs)
    frames = [decode_frame(data) for data in pair.jp.leaving()]
    for frame in frames:
        assert isinstance(frame, Entries)
        for delivery in frame.deliveries:
            if delivery.wrap is not None:
                assert (delivery.wrap.key, delivery.wrap.nonce) == (b"", b"")
                assert set(delivery.bodies) == {None}
    pair.connect()
    assert pair.kr.keeps(position) == {}
    given = pair.jp.line("given", draft.header.item)
    assert given is not None
    assert given.state.startswith("refused: ")
    assert [verified(base, party).ok for party in pair] == [True, True]


def test_a_bundle_written_before_the_end_is_refused_after_it(pair: Pair, tmp_path: Path) -> None:
    position = pair.jp.release(recipients=("kr",))
    bundles.export(pair.jp.node, "kr", tmp_path / "before")
    pair.turn(END)
    assert bundles.take_in(pair.kr.node, tmp_path / "before")["refused"] == []
    assert pair.kr.keeps(position) == {}
    pair.connect()
    assert pair.jp.node.store.register("given")[-1].state == "refused: AGREEMENT"


def test_a_bundle_written_after_the_end_holds_no_key_of_an_item_released_before(pair: Pair, tmp_path: Path) -> None:
    position = pair.jp.release()
    pair.turn(END)
    bundles.export(pair.jp.node, "kr", tmp_path / "after")
    pair.kr.turn(LAST)
    bundles.take_in(pair.kr.node, tmp_path / "after")
    assert pair.kr.keeps(position) == {}


def test_no_segment_of_a_payload_leaves_after_the_end(pair: Pair) -> None:
    pair.jp.release(pair.jp.compose(BIG))
    wants = pair.kr.arriving(pair.jp.leaving())
    pair.jp.turn(END)
    segments = [frame for data in pair.jp.arriving(wants) if isinstance(frame := decode_frame(data), Segment)]
    assert segments == []


def test_a_payload_whose_last_segment_comes_after_the_end_is_refused_and_destroyed(pair: Pair, base: Path) -> None:
    position = pair.jp.release(pair.jp.compose(BIG))
    segments = pair.segments(pair.jp)
    pair.kr.arriving(segments[:-1])
    pair.kr.turn(END)
    pair.kr.arriving(segments[-1:])
    pair.carry()
    assert pair.kr.keeps(position) == {}
    assert pair.jp.node.store.register("given")[-1].state == "refused: AGREEMENT"
    assert [verified(base, party).ok for party in pair] == [True, True]


def test_a_payload_that_stopped_halfway_is_answered_and_destroyed_when_the_end_has_come(pair: Pair) -> None:
    position = pair.jp.release(pair.jp.compose(BIG))
    segments = pair.segments(pair.jp)
    pair.kr.arriving(segments[:2])
    pair.turn(END)
    pair.connect()
    assert pair.kr.keeps(position) == {}
    assert pair.jp.node.store.register("given")[-1].state == "refused: AGREEMENT"


def test_receipts_and_refusals_go_on_after_the_end(pair: Pair) -> None:
    draft = pair.jp.compose()
    pair.jp.release(draft)
    pair.kr.arriving(pair.jp.leaving())  # accepted in time; its receipt is still to leave
    pair.turn(END + 3_600_000)
    pair.connect()
    given = pair.jp.line("given", draft.header.item)
    assert given is not None
    assert (given.state, given.answered) == ("received", LAST)


def test_what_was_accepted_in_time_is_opened_after_the_end(pair: Pair) -> None:
    from entente.node.items import open_item

    pair.jp.release(pair.jp.compose(b"protected for as long as it is held"))
    pair.carry()
    pair.turn(END + 1)
    line = pair.kr.node.store.register("held")[-1]
    assert b"".join(open_item(pair.kr.node, line.number)[1]) == b"protected for as long as it is held"


def test_an_act_of_ones_own_that_prolongs_counts_only_when_received(pair: Pair) -> None:
    notice = next(act for act in pair.kr.ledger.projection.acts.values() if act.statement.kind.startswith("notice"))
    pair.turn(END - 10)
    pair.kr.act("suspend_notice", refs=(notice.statement.id,))
    pair.turn(END)
    assert "AGREEMENT_NOT_IN_FORCE" in pair.kr.refused(pair.kr.release)
    assert "AGREEMENT_NOT_IN_FORCE" in pair.jp.refused(pair.jp.release)


def test_an_act_of_ones_own_that_ends_binds_from_its_commitment(pair: Pair) -> None:
    notice = next(act for act in pair.kr.ledger.projection.acts.values() if act.statement.kind.startswith("notice"))
    pair.turn(END - 10)
    pair.kr.act("suspend_notice", refs=(notice.statement.id,))
    pair.carry()
    pair.turn(END + 1000)
    pair.kr.release()
    pair.carry()
    position = pair.jp.release()
    frames = pair.jp.leaving()
    pair.kr.act("resume_notice", refs=(notice.statement.id,))  # past the end it suspended: it ends at once
    assert "OWN_ACT_PENDING" in pair.kr.refused(pair.kr.release)
    pair.kr.arriving(frames)
    assert pair.kr.keeps(position) == {}
    pair.jp.release()  # the other party cannot know it yet
    pair.carry()
    with pytest.raises(NodeError):
        pair.jp.release()
