"""Exactly stop when clocks are wrong: stepped back, ahead, uncertain, or moving while a transaction runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_stop import END, LAST, Pair, Party, Scripted, open_pair, verified

from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.national import commit_heads
from entente.node.releases import release

DAY = 24 * 3600 * 1000


def test_a_clock_that_steps_back_after_the_end_reopens_nothing(pair: Pair) -> None:
    frames_position = pair.jp.release()
    frames = pair.jp.leaving()
    pair.turn(END)
    assert pair.jp.refused(pair.jp.release) == {"AGREEMENT_NOT_IN_FORCE"}
    assert pair.kr.refused(pair.kr.release) == {"AGREEMENT_NOT_IN_FORCE"}
    pair.turn(LAST - DAY)
    assert pair.jp.refused(pair.jp.release) == {"AGREEMENT_NOT_IN_FORCE"}
    pair.kr.arriving(frames)
    assert pair.kr.keeps(frames_position) == {}


@pytest.mark.parametrize("how", ["refused", "kept"])
def test_a_clock_that_steps_back_over_a_restart_reopens_nothing(base: Path, how: str) -> None:
    pair = open_pair(base, SimulatedClock(END), SimulatedClock(END))
    for party in pair:
        if how == "refused":  # the refusal itself is in the national log
            party.refused(party.release)
        else:
            party.node.keep_time()
    pair.close()
    pair = open_pair(base, SimulatedClock(LAST - DAY), SimulatedClock(LAST - DAY))
    for party in pair:
        assert party.refused(party.release) == {"AGREEMENT_NOT_IN_FORCE"}
    pair.close()


def test_an_instant_seen_from_a_peer_moves_this_nodes_own(pair: Pair) -> None:
    pair.jp.turn(END)
    pair.jp.act("declare_reading", reading="spent")
    pair.carry()
    assert pair.kr.clock.now() == LAST
    assert pair.kr.refused(pair.kr.release) == {"AGREEMENT_NOT_IN_FORCE"}


def test_a_peer_cannot_walk_this_nodes_instant_away(pair: Pair) -> None:
    ahead = 4 * 60 * 1000
    pair.turn(LAST - DAY)
    for step in range(1, 4):
        pair.jp.turn(LAST - DAY + step * ahead)
        pair.jp.act("declare_reading", reading="spent")
        if step == 1:
            pair.carry()
        else:
            with pytest.raises(NodeError, match="dated"):
                pair.connect()
    assert pair.kr.node.instant() <= LAST - DAY + ahead


def test_an_item_is_dated_at_the_instant_at_which_the_gate_was_asked(pair: Pair) -> None:
    """An act is dated after the entry before it, which may be the end: what follows is judged at no earlier instant."""
    pair.jp.act("declare_reading", reading="spent")
    pair.jp.act("declare_reading", reading="asleep")  # dated END: acts of one writer strictly increase
    try:
        pair.jp.release()
    except NodeError as error:
        assert error.code == "AGREEMENT_NOT_IN_FORCE"
    assert all(instant < END for instant in pair.jp.transfers())


def test_a_receipt_is_dated_at_the_instant_at_which_the_gate_was_asked(pair: Pair) -> None:
    position = pair.jp.release()
    frames = pair.jp.leaving()
    pair.kr.act("declare_reading", reading="spent")
    pair.kr.act("declare_reading", reading="asleep")  # dated END
    pair.kr.arriving(frames)
    assert pair.kr.keeps(position) == {}


@pytest.fixture
def scripted(base: Path) -> Iterator[tuple[Pair, Scripted, Scripted]]:
    """Both nodes, with clocks whose every reading is written down."""
    jp, kr = Scripted(LAST - 10), Scripted(LAST - 10)
    pair = open_pair(base, jp, kr)
    yield pair, jp, kr
    pair.close()


def test_a_release_overtaken_just_before_commit_is_rolled_back_and_refused(
    scripted: tuple[Pair, Scripted, Scripted], tmp_path: Path
) -> None:
    pair, clock, _ = scripted
    draft = pair.jp.compose(b"x" * 100_000)
    draft.approvals = pair.jp.approve(draft)
    before, files = pair.jp.size(), set((pair.jp.home.path / "payloads").iterdir())
    clock.readings = [LAST, END]  # the gate's reading, and the look just before COMMIT
    assert pair.jp.refused(lambda: release(pair.jp.node, pair.jp.ledger, draft)) == {"AGREEMENT_NOT_IN_FORCE"}
    assert pair.jp.size() == before
    assert max(pair.jp.transfers()) < LAST
    assert set((pair.jp.home.path / "payloads").iterdir()) == files - {draft.staged}
    assert pair.jp.leaving() == []


def test_a_release_overtaken_by_a_change_that_still_allows_it_is_dated_after_the_change(
    scripted: tuple[Pair, Scripted, Scripted], base: Path
) -> None:
    pair, clock, _ = scripted
    notice = next(act for act in pair.kr.ledger.projection.acts.values() if act.statement.kind.startswith("notice"))
    pair.kr.act("suspend_notice", refs=(notice.statement.id,))  # what ends there now is one term; the next begins
    pair.carry()
    draft = pair.jp.compose(b"x" * 100_000)
    draft.approvals = pair.jp.approve(draft)
    clock.readings = [LAST, END]
    release(pair.jp.node, pair.jp.ledger, draft)
    assert pair.jp.transfers()[-1] == END
    pair.carry()
    assert pair.kr.line("held", draft.header.item) is not None
    assert [verified(base, party).ok for party in pair] == [True, True]


def test_a_release_whose_second_look_is_in_time_is_committed(scripted: tuple[Pair, Scripted, Scripted]) -> None:
    pair, clock, _ = scripted
    draft = pair.jp.compose()
    draft.approvals = pair.jp.approve(draft)
    clock.readings = [LAST - 1, LAST]
    release(pair.jp.node, pair.jp.ledger, draft)
    assert pair.jp.transfers()[-1] == LAST - 1


def test_an_acceptance_overtaken_just_before_commit_is_rolled_back_and_refused(
    scripted: tuple[Pair, Scripted, Scripted],
) -> None:
    pair, _, clock = scripted
    position = pair.jp.release()
    frames = pair.jp.leaving()
    clock.readings = [LAST, END]
    pair.jp.arriving(pair.kr.arriving(frames))
    pair.carry()
    assert pair.kr.keeps(position) == {}
    assert pair.jp.node.store.register("given")[-1].state == "refused: AGREEMENT"


@pytest.mark.parametrize(
    ("uncertainty", "before", "allowed"),
    [(0, 1, True), (5, 5, False), (5, 6, True), (200, 200, False), (200, 201, True), (None, 1000, False)],
)
def test_an_uncertain_clock_refuses_only_where_the_status_differs_within_it(
    scripted: tuple[Pair, Scripted, Scripted], uncertainty: int | None, before: int, allowed: bool
) -> None:
    pair, jp, kr = scripted
    for clock in (jp, kr):
        clock.readings = [END - before]
        clock.off = uncertainty
    if not allowed:
        assert pair.jp.refused(pair.jp.release) == {"CLOCK_UNCERTAIN"}
        return
    position = pair.jp.release()
    pair.carry()
    assert pair.kr.keeps(position) != {}


def test_an_acceptance_within_the_uncertainty_of_the_end_is_refused(
    scripted: tuple[Pair, Scripted, Scripted],
) -> None:
    pair, jp, kr = scripted
    jp.readings = kr.readings = [END - 100]
    kr.off = 100
    position = pair.jp.release()
    pair.carry()
    assert pair.kr.keeps(position) == {}


def test_a_clock_beyond_the_limit_of_the_terms_goes_on_marked_and_raises_an_alarm(
    scripted: tuple[Pair, Scripted, Scripted],
) -> None:
    pair, jp, _ = scripted
    jp.readings, jp.off = [END - DAY], 5_000
    pair.jp.release()
    assert any("uncertain" in text for text in pair.jp.node.alarms.values())
    jp.off = 0
    pair.jp.release()
    assert not any("uncertain" in text for text in pair.jp.node.alarms.values())


@pytest.mark.parametrize("whose", ["peer", "own"])
def test_an_older_copy_of_the_directory_does_not_reopen_what_was_closed(base: Path, tmp_path: Path, whose: str) -> None:
    """The high-water mark is lost with what came after the backup; what the peer holds brings it back first."""
    shutil.copytree(base, tmp_path / "backup")
    pair = open_pair(base, SimulatedClock(END), SimulatedClock(END))
    if whose == "peer":
        pair.kr.act("declare_reading", reading="spent")
    else:
        commit_heads(pair.jp.node)  # an entry that nobody answers, so that only this party's own log bears the instant
    pair.carry()
    pair.jp.node.close()
    shutil.rmtree(base / "jp")
    shutil.copytree(tmp_path / "backup" / "jp", base / "jp")
    restored = Pair(Party(pair.jp.home, SimulatedClock(LAST)), pair.kr)
    restored.connect()
    assert restored.jp.refused(restored.jp.release) == {"AGREEMENT_NOT_IN_FORCE"}
    restored.close()
