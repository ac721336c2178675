"""A cut at every message boundary of a whole exchange, and inside every message: nothing is lost, nothing doubled.

The exchange begins with a connection, so its messages are the handshake, both hellos, entries, receipts, cosignatures,
a file's segments and a formal act. How many there are is counted in a run without a cut.
"""

from pathlib import Path

import pytest
from support_faults import FILE, SMALL, FaultNode, World, until, world
from support_proxy import FULL, Fault, Reader, each_cut

SHARES = 4
"""Worlds over which the cuts are dealt out; each is used again for all of its cuts."""


def exchange(both: World) -> None:
    """A warning each way, a file, and a formal act: each answered before the next, unless the link is cut meanwhile."""
    warn(both)
    give(both, both.jp, FILE, "ROUTINE")
    both.jp.act("declare_reading", reading="asleep")
    until(lambda: both.proxy.fired.is_set() or not both.jp.pending(), "it is answered")


def warn(both: World) -> None:
    """A warning each way."""
    for node in both:
        give(both, node, SMALL, "FLASH")


def give(both: World, node: FaultNode, size: int, precedence: str) -> None:
    """An item, answered unless the link is cut meanwhile."""
    item = both.give(node, bytes(size), precedence)
    until(lambda: both.proxy.fired.is_set() or node.state(item), "it is answered")


@pytest.fixture(scope="module")
def records(two: Path) -> dict[Reader, list[int]]:
    """The records of the exchange, either way, where nothing is cut."""
    with world(two) as both:
        both.proxy.arm(Fault("kr", 1_000_000))
        until(lambda: not both.jp.up, "the link is down")
        exchange(both)
        both.settle_and_check()
        return both.proxy.connections[-1].records


def suffer(both: World, fault: Fault) -> None:
    """An exchange that meets a fault. Messages batch a little otherwise each time, so it goes on until it is met."""
    both.proxy.arm(fault)
    until(lambda: not both.jp.up, "the link is down")  # so that the first warning makes it dial at once
    exchange(both)
    while not both.proxy.fired.is_set():
        warn(both)
    both.heal()
    both.settle()
    both.check_registers()


def suffer_all(two: Path, faults: list[Fault]) -> None:
    """One world through many faults."""
    with world(two) as both:
        for fault in faults:
            suffer(both, fault)
        both.settle_and_check()


@pytest.mark.parametrize("share", range(SHARES))
def test_a_cut_at_any_message_boundary_loses_and_doubles_nothing(
    two: Path, records: dict[Reader, list[int]], share: int
) -> None:
    suffer_all(two, list(each_cut(records, "cut"))[share::SHARES])


def tears(records: dict[Reader, list[int]]) -> list[Fault]:
    """A cut inside every message, and of a segment's some records in between."""
    full = [place for place, size in enumerate(records["kr"], 1) if size >= FULL]
    return [*each_cut(records, "tear"), *(Fault("kr", place, "tear") for place in full[:: len(full) // 4])]


@pytest.mark.parametrize("share", range(SHARES // 2))
def test_a_cut_inside_a_message_loses_and_doubles_nothing(
    two: Path, records: dict[Reader, list[int]], share: int
) -> None:
    """Of every second message; of the others in the long run."""
    suffer_all(two, tears(records)[2 * share :: SHARES])


@pytest.mark.long
@pytest.mark.parametrize("share", range(SHARES // 2))
def test_a_cut_inside_any_other_message_loses_and_doubles_nothing(
    two: Path, records: dict[Reader, list[int]], share: int
) -> None:
    suffer_all(two, tears(records)[2 * share + 1 :: SHARES])


@pytest.mark.long
@pytest.mark.parametrize("share", range(2 * SHARES))
def test_a_cut_at_any_record_of_a_file_loses_and_doubles_nothing(
    two: Path, records: dict[Reader, list[int]], share: int
) -> None:
    full = [place for place, size in enumerate(records["kr"], 1) if size >= FULL]
    suffer_all(two, [Fault("kr", place) for place in full[share :: 2 * SHARES]])
