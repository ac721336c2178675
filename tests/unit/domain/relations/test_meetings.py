"""Meetings: what is on the table, who may agree to it, and what else the same people have at that time."""

from typing import Any

import pytest
from relation_world import EN, FIRST, LATER, ROUND, SECOND, THREE, World, make, texts_of, window

from entente.domain.relations import conflicts as module
from entente.domain.relations.conflicts import MOST, Conflict, Conflicts, conflicts
from entente.domain.relations.matters import fold
from entente.domain.relations.rounds import Met, by_dialogue, met
from entente.domain.relations.steps import wording
from entente.domain.relations.table import Matter

M = "kr-meeting-1"
DIGEST = wording(texts_of(FIRST))
NOON = "2019-12-16T03:00:00Z/2019-12-16T04:00:00Z"
OFFER: dict[str, Any] = {
    "title": EN,
    "level": "leader",
    "window": [ROUND, LATER],
    "place": "Chengdu",
    "zone": "Asia/Shanghai",
}


def offered(audience: tuple[str, ...] = ("jp", "kr"), **more: Any) -> World:
    world = World(audience)
    world.do("kr", M, "propose", **OFFER | more)
    return world


@pytest.fixture
def world() -> World:
    return offered()


@pytest.fixture
def held() -> World:
    world = offered()
    world.do("jp", M, "agree", window=ROUND)
    world.do("kr", M, "hold", summary=EN)
    return world


def test_a_meeting_on_the_margins_names_its_host_and_who_is_no_party() -> None:
    who = ["China: Premier", "jp: Prime Minister"]
    world = offered(
        host_event={"en": "Trilateral summit"}, host_place="Chengdu", attendee=who, principal=["jp: Prime Minister"]
    )
    shown = world.show(M)
    assert (shown["host_event"], shown["host_place"], shown["attendees"], shown["principals"]) == (
        {"en": "Trilateral summit"}, "Chengdu", who, ["jp: Prime Minister"],
    )  # fmt: skip
    assert (shown["level"], shown["title"], shown["offered_by"]) == ("leader", EN, "kr")
    assert shown["windows"] == [
        ["2019-12-16T01:00:00.000Z", "2019-12-16T10:00:00.000Z"],
        ["2019-12-17T01:00:00.000Z", "2019-12-17T10:00:00.000Z"],
    ]


def test_another_party_agrees_to_exactly_a_window_on_the_table(world: World) -> None:
    assert world.code("jp", M, "agree", window=NOON) == "NOT_ON_THE_TABLE"
    world.do("jp", M, "agree", window=LATER)
    assert (world.state(M), world[M].view.agreed) == ("agreed", window(LATER))
    assert world.show(M)["agreed"] == ["2019-12-17T01:00:00.000Z", "2019-12-17T10:00:00.000Z"]


def test_who_put_it_on_the_table_does_not_agree_to_it(world: World) -> None:
    assert world.code("kr", M, "agree", window=ROUND) == "OWN_OFFER"
    world.do("jp", M, "counter", window=[NOON], reason=EN)
    assert world.code("jp", M, "agree", window=NOON) == "OWN_OFFER"
    world.do("kr", M, "agree", window=NOON)
    assert world.state(M) == "agreed"


def test_a_counter_proposal_takes_the_place_of_what_was_on_the_table(world: World) -> None:
    world.do("jp", M, "counter", window=[NOON])
    assert world.code("kr", M, "agree", window=ROUND) == "NOT_ON_THE_TABLE"
    shown = world.show(M)
    assert (shown["offered_by"], shown["place"], shown["zone"]) == ("jp", "Chengdu", "Asia/Shanghai")
    world.do("kr", M, "counter", window=[ROUND], place="Nagoya", zone="Asia/Tokyo")
    shown = world.show(M)
    assert (shown["offered_by"], shown["place"], shown["zone"]) == ("kr", "Nagoya", "Asia/Tokyo")


def test_among_three_all_others_agree_to_the_same_window() -> None:
    world = offered(THREE)
    world.do("jp", M, "agree", window=ROUND)
    assert world.code("jp", M, "agree", window=ROUND) == "ALREADY_AGREED"
    world.do("us", M, "agree", window=LATER)
    assert (world.state(M), world[M].view.agreed) == ("proposed", None)
    assert world.show(M)["consents"]["us"] == ["2019-12-17T01:00:00.000Z", "2019-12-17T10:00:00.000Z"]
    world.do("us", M, "agree", window=ROUND)
    assert (world.state(M), world[M].view.agreed) == ("agreed", window(ROUND))


def test_a_counter_proposal_clears_what_others_agreed_to() -> None:
    world = offered(THREE)
    world.do("jp", M, "agree", window=ROUND)
    world.do("us", M, "counter", window=[ROUND])
    world.do("kr", M, "agree", window=ROUND)
    assert (world.state(M), world.show(M)["consents"].keys()) == ("proposed", {"kr"})


@pytest.mark.parametrize("agreed", [False, True])
def test_any_party_cancels_it_before_it_was_held(world: World, agreed: bool) -> None:
    if agreed:
        world.do("jp", M, "agree", window=ROUND)
    world.do("jp", M, "cancel", reason=EN)
    assert world.state(M) == "cancelled"


def test_a_meeting_becomes_a_round_of_a_dialogue_and_of_nothing_else(world: World) -> None:
    world.do("jp", M, "agree", window=ROUND)
    refusal = world.take("jp", M, "hold", dialogue="kr-meeting-2", round=1)
    assert refusal is not None
    assert (refusal.code, refusal.text) == ("NO_DIALOGUE", "what it names is no dialogue")
    assert "kr-meeting-2" not in " ".join(refusal), "who reads this may not know of it"
    world.do("jp", M, "hold", dialogue="kr-dialogue-1", round=2)
    shown = world.show(M)
    assert (shown["dialogue"], shown["round"], world.state(M)) == ("kr-dialogue-1", 2, "held")


@pytest.mark.parametrize("half", [{"dialogue": "kr-dialogue-1"}, {"round": 2}])
def test_a_round_is_named_by_its_dialogue_and_its_number_both(world: World, half: dict[str, Any]) -> None:
    world.do("jp", M, "agree", window=ROUND)
    assert world.code("jp", M, "hold", **half) == "HALF_A_ROUND"
    assert world.state(M) == "agreed"


def test_nothing_is_held_before_its_agreed_window_begins(world: World) -> None:
    world.do("jp", M, "agree", window=LATER)
    begins = window(LATER)[0]
    assert world.code("jp", M, "hold", at=begins - 1) == "NOT_YET"
    assert world.remedy("jp", M, "hold", at=begins - 1) == "Say it once it has begun."
    world.do("jp", M, "hold", at=begins)


def became(world: World, number: int, **more: Any) -> str:
    """A meeting of jp and another that was held."""
    name = f"kr-meeting-{number}"
    world.do("kr", name, "propose", **OFFER | {"window": [ROUND], "principal": PM})
    for party in world.audience:
        if party != "kr":
            world.do(party, name, "agree", window=ROUND)
    world.do("jp", name, "hold", **more)
    return name


def test_a_dialogue_has_met_in_the_meetings_that_became_its_rounds() -> None:
    world = World()
    name = talks(world)
    second, first = (became(world, number, dialogue=name, round=3 - number) for number in (1, 2))
    became(world, 3)
    became(world, 4, dialogue="kr-dialogue-9", round=1)
    place = ("Chengdu", tuple(PM))
    assert met(world.matters, name) == (
        Met(1, first, window(ROUND), *place), Met(2, second, window(ROUND), *place),
    )  # fmt: skip
    assert by_dialogue(world.matters).keys() == {name}
    assert met(world.matters, first) == met(world.matters, "kr-dialogue-9") == ()
    assert met(world.matters, name)[0].show() == {
        "number": 1, "meeting": first, "window": ["2019-12-16T01:00:00.000Z", "2019-12-16T10:00:00.000Z"],
        "place": "Chengdu", "principals": PM,
    }  # fmt: skip


def test_a_meeting_that_is_not_of_all_parties_of_the_talks_is_no_round_of_them() -> None:
    world = World(THREE)
    name = talks(world)
    world.audience = ("jp", "kr")
    became(world, 1, dialogue=name, round=1)
    assert met(world.matters, name) == ()
    world.audience = THREE
    became(world, 2, dialogue=name, round=1)
    assert [one.meeting for one in met(world.matters, name)] == ["kr-meeting-2"]


def test_each_party_records_it_in_its_own_words(held: World) -> None:
    held.do("jp", M, "record", FIRST)
    held.do("kr", M, "record", SECOND)
    shown = held.show(M)["record"]
    assert {party: each["by"] for party, each in shown["own"].items()} == {"jp": "jp", "kr": "kr"}
    assert shown["agreed"] is None


def test_a_joint_record_is_one_once_all_signed_the_same_bytes(held: World) -> None:
    held.do("jp", M, "propose_record", FIRST)
    assert held.code("kr", M, "propose_record", FIRST) == "ALREADY_PROPOSED"
    assert held.code("jp", M, "adopt_record", wording=DIGEST) == "ALREADY_SIGNED"
    assert held.code("kr", M, "adopt_record", wording="0" * 64) == "NO_SUCH_WORDING"
    assert held.show(M)["record"]["agreed"] is None
    held.do("kr", M, "adopt_record", wording=DIGEST)
    assert held.show(M)["record"]["agreed"] == DIGEST


PM = ["jp: Prime Minister"]
OTHER = "us-meeting-1"


def beside(first: dict[str, Any], second: dict[str, Any], with_: tuple[str, ...] = ("jp", "us")) -> list[Conflict]:
    world = World()
    world.do("kr", M, "propose", **OFFER | {"level": "minister"} | first)
    world.do("us", OTHER, "propose", audience=with_, **OFFER | {"level": "working"} | second)
    return list(conflicts(world.matters).told)


def test_the_same_principal_at_two_places_at_once_is_a_conflict() -> None:
    (found,) = beside({"window": [ROUND], "principal": PM}, {"window": [NOON], "principal": PM})
    assert ((found.first.matter, found.second.matter), found.who) == ((M, OTHER), ("jp: Prime Minister",))
    assert (found.first.window, found.second.window) == (window(ROUND), window(NOON))


def test_the_same_level_of_the_same_party_is_a_conflict() -> None:
    (found,) = beside({"window": [ROUND]}, {"window": [NOON], "level": "minister"})
    assert found.who == ("minister of jp",)
    assert beside({"window": [ROUND]}, {"window": [NOON], "level": "minister"}, ("us", "fr")) == []


def test_others_at_the_same_time_or_the_same_at_other_times_are_none() -> None:
    assert beside({"window": [ROUND], "principal": PM}, {"window": [NOON], "principal": ["jp: Minister"]}) == []
    assert beside({"window": [ROUND], "principal": PM}, {"window": [LATER], "principal": PM}) == []


def test_what_begins_as_the_other_ends_does_not_overlap() -> None:
    before = "2019-12-16T00:00:00Z/2019-12-16T01:00:00Z"
    after = "2019-12-16T10:00:00Z/2019-12-16T11:00:00Z"
    assert beside({"window": [ROUND], "principal": PM}, {"window": [before, after], "principal": PM}) == []
    longer = "2019-12-16T00:00:00Z/2019-12-16T01:00:00.001Z"
    assert len(beside({"window": [ROUND], "principal": PM}, {"window": [longer], "principal": PM})) == 1


def test_windows_of_one_offer_are_a_choice_and_no_conflict() -> None:
    world = offered(window=[ROUND, NOON], principal=PM)
    assert conflicts(world.matters).told == ()


def test_once_agreed_only_the_agreed_window_counts_and_what_is_cancelled_or_held_does_not() -> None:
    world = offered(principal=PM)
    world.do(
        "us", OTHER, "propose", audience=("jp", "us"), **OFFER | {"level": "working", "window": [NOON], "principal": PM}
    )
    assert len(conflicts(world.matters).told) == 1
    world.do("jp", M, "agree", window=LATER)
    assert conflicts(world.matters).told == ()
    world = offered(principal=PM, window=[ROUND])
    world.do(
        "us", OTHER, "propose", audience=("jp", "us"), **OFFER | {"level": "working", "window": [NOON], "principal": PM}
    )
    world.do("jp", M, "agree", window=ROUND)
    assert len(conflicts(world.matters).told) == 1
    world.do("jp", M, "hold")
    assert conflicts(world.matters).told == ()


def talks(world: World, number: int = 1, level: str = "minister") -> str:
    name = f"kr-dialogue-{number}"
    world.do("kr", name, "propose", title=EN, level=level)
    world.do("jp", name, "accept")
    return name


def test_rounds_and_meetings_conflict_and_rounds_of_one_dialogue_too() -> None:
    world = offered(window=[ROUND], principal=PM)
    name = talks(world, level="working")
    world.do("jp", name, "convene", round=1, window=NOON, participant=PM)
    (found,) = conflicts(world.matters).told
    assert ((found.first.matter, found.first.round), (found.second.matter, found.second.round)) == ((M, 0), (name, 1))
    world.do("jp", M, "cancel")
    world.do("jp", name, "convene", round=2, window=ROUND)
    (found,) = conflicts(world.matters).told
    assert found.who == ("working of jp", "working of kr")


@pytest.mark.parametrize("verb", ["cancel", "hold"])
def test_only_a_convened_round_conflicts(verb: str) -> None:
    world = offered(window=[ROUND], principal=PM)
    name = talks(world)
    world.do("jp", name, "convene", round=1, window=NOON, participant=PM)
    world.do("jp", name, verb, round=1)
    assert conflicts(world.matters).told == ()


def test_a_closed_dialogue_has_no_rounds_to_come_and_an_adjourned_one_has() -> None:
    world = offered(window=[ROUND], principal=PM)
    name = talks(world)
    world.do("jp", name, "convene", round=1, window=NOON, participant=PM)
    world.do("jp", name, "adjourn")
    assert len(conflicts(world.matters).told) == 1
    world.do("jp", name, "close")
    assert conflicts(world.matters).told == ()


def crowd(count: int) -> dict[str, Matter]:
    """So many meetings of the same level at the same time."""
    names = (f"kr-meeting-{number}" for number in range(1, count + 1))
    one = OFFER | {"window": [ROUND]}
    return fold(make("kr", name, "propose", at=place, seq=place, **one) for place, name in enumerate(names))


def test_of_many_conflicts_the_earliest_are_told_and_the_rest_are_counted_without_being_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(module, "Conflict", lambda *each: made.append(each) or Conflict(*each))
    found = conflicts(crowd(300))
    assert (len(found.told), found.more, found.uncounted) == (MOST, 300 * 299 // 2 - MOST, False)
    assert len(made) == MOST


def test_counting_conflicts_ends_at_a_bound_and_says_so() -> None:
    matters = crowd(300)
    bounded = conflicts(matters, work=2000)
    assert bounded.uncounted
    assert 0 < len(bounded.told) + bounded.more <= 2000
    assert bounded.told == conflicts(matters).told[: len(bounded.told)]


def test_people_who_are_never_at_two_places_cost_nothing_however_many_meetings_there_are() -> None:
    world = World()
    for number, level in enumerate(("leader", "minister", "working"), 1):
        world.do("kr", f"kr-meeting-{number}", "propose", **OFFER | {"level": level, "window": [ROUND, NOON]})
    assert conflicts(world.matters, work=6) == Conflicts(()), "only windows of one offer were looked at"
