"""Clocks that are apart and clocks that step (DESIGN rule 3), between two nodes that go on talking."""

from contextlib import suppress
from pathlib import Path

import pytest
from support_faults import SMALL, FaultNode, World, shown, until, world
from support_stop import END, OCTOBER

from entente.domain.agreement.instants import parse_instant
from entente.node.errors import NodeError

SKEW = 5 * 60 * 1000
"""``max_skew`` where the terms name none (DESIGN section 8)."""
SECOND, DAY = 1000, 24 * 3600 * 1000


def warn(both: World) -> None:
    for node in both:
        both.give(node, bytes(SMALL))


@pytest.mark.parametrize("ahead", ["jp", "kr"])
def test_clocks_as_far_apart_as_the_terms_allow_do_not_hinder(pair: World, ahead: str) -> None:
    node = pair.jp if ahead == "jp" else pair.kr
    node.turn(OCTOBER + SKEW)
    warn(pair)
    pair.settle_and_check()
    node.turn(OCTOBER)
    pair.other(node).turn(OCTOBER + 2 * SKEW)  # behind before, ahead now, by no more than what both have seen
    warn(pair)
    pair.settle_and_check()


def test_steps_back_and_forward_amid_traffic_lose_nothing_and_no_instant_goes_back(pair: World) -> None:
    for step in (60 * SECOND, -DAY, SKEW - SECOND, -SECOND, 0, 2 * SECOND):
        for node in pair:
            node.turn(OCTOBER + step)
            warn(pair)
    pair.settle_and_check()
    for node in pair:
        for writer in ("jp", "kr"):
            seen = instants(node, writer)
            assert seen == sorted(seen)


def instants(node: FaultNode, writer: str, kind: str | None = None) -> list[int]:
    """The instants of a party's log as a node holds it."""
    entries = node.call("log.show", agreement=node.agreement)["entries"]
    return [
        parse_instant(each["instant"]) for each in entries if each["writer"] == writer and kind in (None, each["kind"])
    ]


@pytest.mark.parametrize("ahead", ["jp", "kr"])
def test_a_clock_beyond_the_skew_pauses_its_log_by_name_until_the_clocks_agree(pair: World, ahead: str) -> None:
    """What it has written in the future waits; nothing of it is lost, and nothing else has to be done by hand."""
    node = pair.jp if ahead == "jp" else pair.kr
    other = pair.other(node)
    node.turn(OCTOBER + SKEW + SECOND)
    item = pair.give(node, bytes(SMALL))
    until(lambda: "is paused" in other.status()["alarms"].get(f"log/{ahead}", ""), "the reader says that it is paused")
    until(lambda: "FUTURE" in node.status()["alarms"].get(f"trouble/{other.party}", ""), "the writer is told why")
    assert node.state(item) is None
    assert not [line for line in other.lines("held", "refused") if line["item"] == item]
    other.turn(OCTOBER + 2 * SECOND)  # now no more than the skew behind
    pair.settle_and_check()
    assert node.state(item) == "received"


@pytest.mark.parametrize("back", [SECOND, DAY])
def test_nothing_flows_at_or_after_the_end_however_the_clocks_step(two: Path, back: int) -> None:
    """Forward over the end and back before it again, one node after the other, items on their way meanwhile."""
    with world(two, END - 60 * SECOND) as both:
        warn(both)
        both.settle()
        both.jp.turn(END - 1)
        warn(both)
        both.refusable |= both.released  # the end may come before they do
        both.jp.turn(END)
        both.jp.turn(END - back)
        with pytest.raises(NodeError) as refused:
            both.give(both.jp, bytes(SMALL))
        assert "AGREEMENT_NOT_IN_FORCE" in {reason["code"] for reason in refused.value.reasons}
        with suppress(NodeError):  # unless it has seen an entry of jp's at the end, it may, and jp has to refuse it
            both.refusable.add(both.give(both.kr, bytes(SMALL)))
        both.kr.turn(END)
        both.kr.turn(END - back)
        with pytest.raises(NodeError):
            both.give(both.kr, bytes(SMALL))
        both.settle_and_check()
        for node in both:
            assert max(instants(node, "jp", "transfer") + instants(node, "kr", "transfer")) < END
            assert all(line["instant"] < shown(END) for line in node.lines("held"))
        for node in both:
            node.kill()
        for node in both:
            node.start(END - back)
        both.settle()
        for node in both:
            with pytest.raises(NodeError):
                both.give(node, bytes(SMALL))
