"""Kill -9 of either node amid a busy exchange with a large file in flight: nothing lost, nothing doubled.

``test_crash`` kills at every system call of one item's way. Here it is dense traffic, and the place is drawn by the
seed from the messages on the wire.
"""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from support_faults import SMALL, World, until, world
from support_proxy import DIRECTIONS, Fault
from support_stop import OCTOBER

from entente.node.errors import NodeError

ROUNDS, MANY = 20, 200
SHARES = 4
"""Worlds over which the rounds are dealt out."""
LARGE = 3 * 1024 * 1024 + 1
RECORDS = 230
"""About how many records travel either way in a round."""


def bulk(both: World) -> None:
    """A large file each way and warnings beside it, as far as both live to release them."""
    for node in both:
        with suppress(NodeError, OSError):
            both.give(node, bytes(LARGE), "ROUTINE")
    for number in range(8):
        for node in both:
            with suppress(NodeError, OSError):
                both.give(node, number.to_bytes(4, "big") * (SMALL // 4))


def kill_amid_traffic(both: World, seed: int) -> None:
    """One round."""
    choose = Random(seed)  # noqa: S311 - a place, not a secret
    victim, reader = (both.jp, both.kr)[seed % 2], DIRECTIONS[seed // 2 % 2]
    both.proxy.arm(Fault(reader, choose.randrange(1, RECORDS), "pass"), then=victim.shoot)
    until(lambda: not both.jp.up, "the link is down")
    bulk(both)
    if not both.proxy.fired.is_set():
        both.proxy.disarm()
        victim.shoot()
    victim.died()
    victim.start(OCTOBER)
    both.settle_and_check()


def play(two: Path, seeds: range) -> None:
    with world(two) as both:
        for seed in seeds:
            kill_amid_traffic(both, seed)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_node_killed_amid_traffic_loses_and_doubles_nothing(two: Path, share: int) -> None:
    play(two, range(share * ROUNDS // SHARES, (share + 1) * ROUNDS // SHARES))


@pytest.mark.long
@pytest.mark.parametrize("share", range(8 * SHARES))
def test_a_node_killed_amid_traffic_many_more_times_loses_and_doubles_nothing(two: Path, share: int) -> None:
    first, count = ROUNDS, MANY // SHARES // 8 + 1
    play(two, range(first + share * count, first + (share + 1) * count))
