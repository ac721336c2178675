"""Dialogues: rounds by number, minutes agreed or side by side, actions that only their doer calls done."""

from typing import Any

import pytest
from relation_world import EN, FIRST, LATER, ROUND, SECOND, THREE, World, texts_of, window

from entente.domain.relations.steps import wording

D = "kr-dialogue-1"
DIGEST = wording(texts_of(FIRST))
OPENING = {
    "title": {"en": "Export control policy dialogue"},
    "level": "director_general",
    "agenda": ["Licensing", "Lists"],
}


def opened(audience: tuple[str, ...] = ("jp", "kr")) -> World:
    world = World(audience)
    world.do("kr", D, "propose", **OPENING)
    world.do("jp", D, "accept", summary=EN)
    return world


@pytest.fixture
def world() -> World:
    return opened()


@pytest.fixture
def held() -> World:
    world = opened()
    world.do("jp", D, "convene", round=7, window=ROUND)
    world.do("kr", D, "hold", round=7)
    return world


def test_the_first_other_that_accepts_opens_it() -> None:
    world = World(THREE)
    world.do("kr", D, "propose", **OPENING)
    assert world.state(D) == "proposed"
    assert world.code("kr", D, "accept") == "NOT_YOURS"
    world.do("us", D, "accept")
    assert world.state(D) == "open"
    assert {name: world.show(D)[name] for name in OPENING} == OPENING


def test_a_round_is_convened_with_its_place_and_who_takes_part(world: World) -> None:
    who = ["jp: Director-General for Trade Control", "kr: Director-General for Trade"]
    world.do("jp", D, "convene", round=7, window=ROUND, place="Tokyo", zone="Asia/Tokyo", participant=who)
    world.do("kr", D, "convene", round=8, window=LATER, video="yes")
    shown = world.show(D)["rounds"]
    assert (shown["7"]["place"], shown["7"]["zone"], shown["7"]["participants"]) == ("Tokyo", "Asia/Tokyo", who)
    assert (shown["7"]["state"], shown["7"]["video"], shown["8"]["video"]) == ("convened", False, True)
    assert shown["7"]["window"] == ["2019-12-16T01:00:00.000Z", "2019-12-16T10:00:00.000Z"]


def test_a_round_is_put_off_and_keeps_where_it_was_before(world: World) -> None:
    world.do("jp", D, "convene", round=7, window=ROUND, place="Tokyo", zone="Asia/Tokyo", participant=["jp: DG"])
    world.do("kr", D, "postpone", round=7, window=LATER, reason=EN)
    each = world[D].view.rounds[7]
    assert (each.window, each.earlier, each.place, each.zone) == (
        window(LATER), [window(ROUND)], "Tokyo", "Asia/Tokyo",
    )  # fmt: skip
    assert each.participants == ("jp: DG",)
    world.do("kr", D, "postpone", round=7, window=ROUND, place="Vienna", zone="Europe/Vienna")
    shown = world.show(D)["rounds"]["7"]
    assert (shown["place"], shown["zone"], len(shown["earlier"])) == ("Vienna", "Europe/Vienna", 2)


def test_a_number_is_convened_once_unless_it_was_cancelled(world: World) -> None:
    world.do("jp", D, "convene", round=7, window=ROUND)
    assert world.code("kr", D, "convene", round=7, window=LATER) == "ALREADY_CONVENED"
    world.do("kr", D, "cancel", round=7, reason=EN)
    assert world[D].view.rounds[7].state == "cancelled"
    world.do("kr", D, "convene", round=7, window=LATER)
    assert world[D].view.rounds[7].state == "convened"
    world.do("kr", D, "hold", round=7)
    assert world.code("jp", D, "convene", round=7, window=LATER) == "ALREADY_CONVENED"


@pytest.mark.parametrize("verb", ["postpone", "cancel", "hold"])
def test_only_a_round_that_is_to_come_is_put_off_cancelled_or_held(world: World, verb: str) -> None:
    more: dict[str, Any] = {"window": LATER} if verb == "postpone" else {}
    assert world.code("jp", D, verb, round=7, **more) == "NO_SUCH_ROUND"
    world.do("jp", D, "convene", round=7, window=ROUND)
    world.do("jp", D, "cancel", round=7)
    assert world.code("jp", D, verb, round=7, **more) == "CANCELLED"
    world.do("jp", D, "convene", round=8, window=ROUND)
    world.do("jp", D, "hold", round=8, summary=EN)
    assert world[D].view.rounds[8].state == "held"
    assert world.code("jp", D, verb, round=8, **more) == "ALREADY_HELD"


def test_no_round_is_held_before_its_window_begins_as_it_was_last_arranged(world: World) -> None:
    world.do("jp", D, "convene", round=7, window=ROUND)
    world.do("jp", D, "postpone", round=7, window=LATER)
    begins = window(LATER)[0]
    for at in (window(ROUND)[0], begins - 1):
        assert world.code("jp", D, "hold", round=7, at=at) == "NOT_YET"
    assert world.remedy("jp", D, "hold", round=7, at=begins - 1) == "Say it once it has begun."
    world.do("jp", D, "hold", round=7, at=begins)


@pytest.mark.parametrize(
    ("verb", "words", "more"),
    [("minute", FIRST, {}), ("propose_minutes", FIRST, {}), ("adopt_minutes", None, {"wording": DIGEST})],
)
def test_there_is_no_record_of_what_has_not_taken_place(
    world: World, verb: str, words: dict[str, str] | None, more: dict[str, Any]
) -> None:
    assert world.code("jp", D, verb, words, round=7, **more) == "NO_SUCH_ROUND"
    world.do("jp", D, "convene", round=7, window=ROUND)
    assert world.code("jp", D, verb, words, round=7, **more) == "NOT_HELD"


def test_two_records_of_one_round_stand_side_by_side(held: World) -> None:
    held.do("jp", D, "minute", FIRST, round=7)
    held.do("kr", D, "minute", SECOND, round=7)
    held.do("kr", D, "minute", FIRST, round=7)
    own = held.show(D)["rounds"]["7"]["minutes"]["own"]
    assert {party: each["by"] for party, each in own.items()} == {"jp": "jp", "kr": "kr"}
    assert held.show(D)["rounds"]["7"]["minutes"]["agreed"] is None


def test_minutes_are_agreed_once_all_signed_the_same_bytes(held: World) -> None:
    held.do("kr", D, "propose_minutes", FIRST, round=7)
    assert held.code("jp", D, "propose_minutes", FIRST, round=7) == "ALREADY_PROPOSED"
    assert held.code("jp", D, "adopt_minutes", round=7, wording="0" * 64) == "NO_SUCH_WORDING"
    assert held.code("kr", D, "adopt_minutes", round=7, wording=DIGEST) == "ALREADY_SIGNED"
    assert held.show(D)["rounds"]["7"]["minutes"]["agreed"] is None
    held.do("jp", D, "adopt_minutes", round=7, wording=DIGEST)
    assert held.show(D)["rounds"]["7"]["minutes"]["agreed"] == DIGEST


def test_minutes_are_of_one_round_only(held: World) -> None:
    held.do("jp", D, "convene", round=8, window=LATER)
    held.do("jp", D, "hold", round=8)
    held.do("kr", D, "propose_minutes", FIRST, round=7)
    assert held.code("jp", D, "adopt_minutes", round=8, wording=DIGEST) == "NO_SUCH_WORDING"


@pytest.mark.parametrize("state", ["adjourn", "close"])
def test_the_last_round_is_written_up_after_the_talks(held: World, state: str) -> None:
    held.do("jp", D, state)
    held.do("jp", D, "minute", FIRST, round=7)
    held.do("jp", D, "propose_minutes", FIRST, round=7)
    held.do("kr", D, "adopt_minutes", round=7, wording=DIGEST)
    held.do("jp", D, "assign", action="lists", to="kr", summary=EN)
    held.do("kr", D, "done", action="lists")
    assert held.code("jp", D, "convene", round=8, window=LATER) == "NOT_NOW"


def test_a_round_is_cancelled_or_put_off_while_talks_are_adjourned_and_held_only_while_they_run(world: World) -> None:
    world.do("jp", D, "convene", round=7, window=ROUND)
    world.do("jp", D, "adjourn")
    world.do("jp", D, "postpone", round=7, window=LATER)
    assert world.code("jp", D, "hold", round=7) == "NOT_NOW"
    world.do("kr", D, "cancel", round=7)


def test_an_action_is_assigned_to_a_party_once_and_done_by_it_once(world: World) -> None:
    assert world.code("jp", D, "assign", action="lists", to="us", summary=EN) == "NOT_BETWEEN_THEM"
    world.do("jp", D, "assign", action="lists", to="kr", due="2020-03-10", summary=EN)
    assert world.code("kr", D, "assign", action="lists", to="jp", summary=EN) == "ALREADY_ASSIGNED"
    assert world.code("kr", D, "done", action="other") == "NO_SUCH_ACTION"
    assert world.code("jp", D, "done", action="lists") == "NOT_YOURS"
    assert world.show(D)["actions"]["lists"]["done"] is None
    world.do("kr", D, "done", action="lists", summary=EN)
    assert world.code("kr", D, "done", action="lists") == "ALREADY_DONE"
    shown = world.show(D)["actions"]["lists"]
    assert (shown["to"], shown["due"], shown["by"], shown["done"]["by"]) == ("kr", "2020-03-10", "jp", "kr")


def test_a_refusal_names_the_rounds_and_actions_that_there_are(world: World) -> None:
    assert world.remedy("jp", D, "hold", round=1) == "Convened were: none yet."
    assert world.remedy("jp", D, "done", action="a") == "Assigned were: none yet."
    for number in (8, 7):
        world.do("jp", D, "convene", round=number, window=ROUND)
        world.do("jp", D, "assign", action=f"a-{number}", to="kr", summary=EN)
    assert world.remedy("jp", D, "hold", round=1) == "Convened were: 8, 7."
    assert world.remedy("jp", D, "done", action="a") == "Assigned were: a-8, a-7."


def test_an_action_may_be_due_on_no_day(world: World) -> None:
    world.do("jp", D, "assign", action="lists", to="kr", summary=EN)
    assert world.show(D)["actions"]["lists"]["due"] is None


def test_talks_are_adjourned_taken_up_again_and_closed(world: World) -> None:
    for verb, state in (("adjourn", "adjourned"), ("reopen", "open"), ("adjourn", "adjourned"), ("close", "closed")):
        world.do("jp", D, verb, summary=EN)
        assert world.state(D) == state
