"""Formal notes: to whom, by what way, with what evidence, and acknowledged by each."""

from typing import Any

import pytest
from relation_world import EN, FIRST, THREE, World, texts_of

from entente.domain.relations.fields import FormError
from entente.domain.relations.steps import wording

N = "kr-note-1"
NOTE: dict[str, Any] = {"act": "kr-3", "to": ["jp"], "article": "21(3)", "form": "record", "authority": "Full powers"}
STAMP = "a" * 64
HAND: dict[str, Any] = {"to": "jp", "channel": "hand", "on": "2019-08-23T15:30:00+09:00", "evidence": STAMP}
LINK: dict[str, Any] = {"to": "jp", "channel": "link", "on": "2019-08-23T15:30:00+09:00"}


def sent(audience: tuple[str, ...] = ("jp", "kr"), **more: Any) -> World:
    world = World(audience)
    world.do("kr", N, "send", FIRST, **NOTE | more)
    return world


def test_a_note_says_which_act_it_records_on_what_it_rests_and_who_signs_it() -> None:
    shown = sent().show(N)
    assert {name: shown[name] for name in NOTE} == NOTE
    assert shown["office"] == ["treaty"]
    assert shown["text"]["wording"] == wording(texts_of(FIRST))


def test_a_note_carries_its_text() -> None:
    with pytest.raises(FormError, match="texts"):
        World().take("kr", N, "send", **NOTE)


@pytest.mark.parametrize("to", [["kr"], ["jp", "kr"], ["us"], ["jp", "jp"]])
def test_a_note_goes_to_other_parties_each_once_or_is_no_matter(to: list[str]) -> None:
    world = World()
    refusal = world.take("kr", N, "send", FIRST, **NOTE | {"to": to})
    assert refusal is not None
    assert (refusal.code, refusal.remedy) == ("BAD_ADDRESS", "Each once, of: jp.")
    assert world.matters == {}


def test_it_is_delivered_by_hand_with_evidence() -> None:
    world = sent()
    world.do("kr", N, "deliver", **HAND)
    (shown,) = world.show(N)["deliveries"]["jp"]
    assert world.state(N) == "delivered"
    assert (shown["channel"], shown["on"], shown["evidence"]) == ("hand", "2019-08-23T06:30:00.000Z", STAMP)


@pytest.mark.parametrize("channel", ["hand", "courier", "post"])
def test_what_did_not_go_by_the_link_needs_evidence(channel: str) -> None:
    world = sent()
    assert world.code("kr", N, "deliver", **LINK | {"channel": channel}) == "EVIDENCE_MISSING"
    assert world.state(N) == "sent"


def test_the_link_is_its_own_evidence() -> None:
    world = sent()
    world.do("kr", N, "deliver", **LINK)
    assert world.show(N)["deliveries"]["jp"][0]["evidence"] is None


def test_a_delivery_is_claimed_to_whom_the_note_is_to() -> None:
    world = sent(THREE)
    assert world.code("kr", N, "deliver", **HAND | {"to": "us"}) == "NOT_ADDRESSED"


def test_a_delivery_is_claimed_once_it_was_made() -> None:
    world = sent()
    at = world.at + 60_000
    assert world.code("kr", N, "deliver", at=at, **LINK | {"on": "2019-11-22T00:01:01.001Z"}) == "NOT_YET"
    world.do("kr", N, "deliver", at=at, **LINK | {"on": "2019-11-22T00:01:01.000Z"})


def test_a_delivery_is_claimed_once_by_each_channel() -> None:
    world = sent()
    world.do("kr", N, "deliver", **LINK)
    assert world.code("kr", N, "deliver", **LINK) == "ALREADY_DELIVERED"
    world.do("kr", N, "deliver", **HAND)
    assert [each["channel"] for each in world.show(N)["deliveries"]["jp"]] == ["link", "hand"]


def test_only_whom_it_is_to_acknowledges_it_and_once() -> None:
    world = sent(THREE)
    assert world.code("us", N, "acknowledge") == "NOT_ADDRESSED"
    assert world.code("kr", N, "acknowledge") == "NOT_YOURS"
    world.do("jp", N, "acknowledge", summary=EN)
    assert world.state(N) == "acknowledged"
    assert world.show(N)["acknowledged"]["jp"]["summary"] == EN


def test_each_acknowledges_for_itself_and_the_state_says_when_all_have() -> None:
    world = sent(THREE, to=["jp", "us"])
    world.do("kr", N, "deliver", **HAND)
    assert world.state(N) == "sent"
    world.do("us", N, "acknowledge")
    assert world.state(N) == "delivered"
    assert world.code("us", N, "acknowledge") == "ALREADY_ACKNOWLEDGED"
    world.do("jp", N, "acknowledge")
    assert world.state(N) == "acknowledged"
    assert world.code("kr", N, "deliver", **LINK) == "NOT_NOW"
