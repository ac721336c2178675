"""A network that delays, throttles, refuses, stalls, garbles, reorders and repeats: nothing lost, nothing doubled."""

from pathlib import Path
from random import Random

import pytest
from support_faults import FILE, SMALL, World, until, world
from support_proxy import Fault, Reader


def burst(both: World) -> None:
    """Warnings and a file each way."""
    for node in both:
        both.give(node, bytes(FILE), "ROUTINE")
        for _ in range(3):
            both.give(node, bytes(SMALL))


def test_over_a_slow_and_narrow_line_everything_arrives(pair: World) -> None:
    pair.proxy.delay, pair.proxy.rate = 0.005, 4_000_000.0
    burst(pair)
    pair.settle_and_check()


def test_while_connections_are_refused_items_wait_and_then_they_go(pair: World) -> None:
    pair.proxy.refuse()
    until(lambda: not any(node.up for node in pair), "both have seen it")
    burst(pair)
    pair.check_registers(debts=pair.released)
    pair.heal()
    pair.settle_and_check()


def test_a_line_that_swallows_everything_is_given_up_and_what_it_swallowed_is_sent_again(pair: World) -> None:
    """The connection stands and nothing arrives: the silence is noticed, and what is not receipted goes again."""
    pair.proxy.stall()
    burst(pair)
    until(lambda: len(pair.proxy.connections) > 1, "it is dialled again")
    pair.settle_and_check()


@pytest.mark.parametrize("kind", ["garble", "swap", "double", "swallow"])
def test_a_message_altered_moved_repeated_or_lost_on_the_way_ends_the_session_and_nothing_else(
    two: Path, kind: str
) -> None:
    """TLS numbers its records, so none of it reaches the node; after a swallowed one the line is cut."""
    choose = Random(kind)  # noqa: S311 - places, not secrets
    with world(two) as both:
        for reader in ("kr", "jp") * 2:
            suffer(both, reader, choose.randrange(1, 16), kind)  # type: ignore[arg-type]
        both.settle_and_check()


def suffer(both: World, reader: Reader, at: int, kind: str) -> None:
    both.proxy.arm(Fault(reader, at, kind))  # type: ignore[arg-type]
    until(lambda: not both.jp.up, "the link is down")
    for _ in range(8):
        for node in both:
            both.give(node, bytes(SMALL))
    until(both.proxy.fired.is_set, "it came to that")
    if kind == "swallow":
        both.proxy.cut()
    both.settle()
    both.check_registers()


def test_a_recorded_connection_that_is_said_again_opens_nothing(pair: World) -> None:
    """Each handshake has its own keys: of what a dialler once said not one byte is taken a second time."""
    burst(pair)
    pair.settle()
    before = [node.heads() for node in pair]
    for connection in list(pair.proxy.connections):
        pair.proxy.replay(connection)
    assert [node.heads() for node in pair] == before
    assert pair.up
    pair.settle_and_check()
