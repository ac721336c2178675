"""What a party accepted as an update, a cancel or the next of a stream is checked again from the logs."""

from typing import Any

import pytest
from builder import World

from entente.record.bodies import Relation, StreamPlace
from entente.record.verify import verify


def found(world: World) -> set[str]:
    """The codes of what an outsider finds bad."""
    world.receive("jp")
    return {bad.code for bad in verify(world.evidence(), world.roots).bad}


@pytest.fixture
def world() -> World:
    world = World()
    world.bring_into_force()
    world.transfer("kr", "item-1")
    return world


def test_an_update_and_a_cancel_of_an_item_given_before_are_lawful(world: World) -> None:
    world.transfer("kr", "item-2", relation=Relation("update", "item-1"))
    world.transfer("kr", "item-3", b"", relation=Relation("cancel", "item-1"))
    assert found(world) == set()


@pytest.mark.parametrize(
    "second",
    [
        {"relation": Relation("update", "item-9")},
        {"relation": Relation("update", "item-1"), "recipients": ("jp", "us")},
    ],
)
def test_one_of_what_was_not_given_so_is_found(world: World, second: dict[str, Any]) -> None:
    world.transfer("kr", "item-2", **second)
    assert "RELATION" in found(world)


def test_another_partys_item_is_not_its_recipients_to_cancel(world: World) -> None:
    world.receive("jp")
    world.transfer("jp", "item-2", b"", relation=Relation("cancel", "item-1"))
    world.receive("kr")
    assert "RELATION" in found(world)


@pytest.mark.parametrize("item", ["item-1", "item-2"])
def test_an_update_after_a_cancel_is_found(world: World, item: str) -> None:
    world.transfer("kr", "item-2", b"", relation=Relation("cancel", "item-1"))
    world.transfer("kr", "item-3", relation=Relation("update", item))
    assert found(world) == {"RELATION"}


def test_an_update_of_what_the_recipient_refused_is_found(world: World) -> None:
    world.receive("jp", {world.logs["kr"].size - 1: "OTHER"})
    world.transfer("kr", "item-2", relation=Relation("update", "item-1"))
    assert found(world) == {"RELATION"}


def test_what_was_refused_is_held_against_nobody(world: World) -> None:
    seq = world.transfer("kr", "item-2", relation=Relation("update", "item-9"))
    world.receive("jp", {seq: "RELATION"})
    assert found(world) == set()


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [((1, 2, 3), set()), ((1, 3), set()), ((1, 1), {"STREAM_ORDER"}), ((2, 1), {"STREAM_ORDER"})],
)
def test_numbers_of_a_stream_that_do_not_rise_are_found(world: World, numbers: Any, codes: set[str]) -> None:
    """A gap is not: the item between may be withheld, or refused."""
    for place, number in enumerate(numbers, 2):
        world.transfer("kr", f"item-{place}", stream=StreamPlace("track", number))
    assert found(world) == codes
