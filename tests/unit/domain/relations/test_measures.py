"""Linked measures: states with the instants from which they hold; only their owner speaks, and nothing follows."""

from typing import Any

import pytest
from relation_world import EN, World

from entente.domain.agreement.instants import parse_instant

M = "jp-measure-1"
ANNOUNCE: dict[str, Any] = {
    "subject": "export_licensing",
    "title": {"en": "Individual licences for three materials", "ja": "三品目の個別許可"},
    "forum": "METI",
    "reference": "2019-07",
}


@pytest.fixture
def world() -> World:
    world = World()
    world.do("jp", M, "announce", **ANNOUNCE, effective="2019-07-04T00:00:00+09:00", review="2020-03-10", condition=EN)
    return world


def test_a_measure_says_what_it_is_before_whom_and_from_when(world: World) -> None:
    assert world.show(M) == ANNOUNCE | {"since": "2019-07-03T15:00:00.000Z", "condition": EN, "review": "2020-03-10"}


def test_each_step_says_from_when_it_holds_else_from_its_own_instant(world: World) -> None:
    step = world.do("jp", M, "enforce")
    assert world[M].view.since == step.at
    world.do("jp", M, "ease", effective="2019-12-20T00:00:00+09:00", condition={"en": "Fixed pairs of companies"})
    assert world[M].view.since == parse_instant("2019-12-20T00:00:00+09:00")
    assert (world.show(M)["condition"], world.show(M)["review"]) == ({"en": "Fixed pairs of companies"}, None)


def test_a_condition_and_a_review_day_are_those_of_the_last_move(world: World) -> None:
    world.do("jp", M, "enforce")
    assert (world.show(M)["condition"], world.show(M)["review"]) == ({}, None)


def test_what_happens_in_it_changes_no_state_and_may_give_it_another_number(world: World) -> None:
    since = world[M].view.since
    world.do("jp", M, "record", summary={"en": "Panel established"}, on="2020-07-29", reference="DS590")
    assert (world.state(M), world.show(M)["reference"], world[M].view.since) == ("announced", "DS590", since)
    world.do("jp", M, "record", summary=EN)
    assert world.show(M)["reference"] == "DS590"


@pytest.mark.parametrize(
    ("path", "state"),
    [
        (["enforce"], "in_force"),
        (["enforce", "suspend"], "suspended"),
        (["enforce", "suspend", "resume"], "in_force"),
        (["enforce", "ease"], "eased"),
        (["enforce", "ease", "resume"], "in_force"),
        (["withdraw"], "withdrawn"),
        (["enforce", "end"], "ended"),
    ],
)
def test_a_measure_moves_as_its_table_says(world: World, path: list[str], state: str) -> None:
    for verb in path:
        world.do("jp", M, verb)
    assert world.state(M) == state


def test_its_title_and_subject_are_required_and_its_evidence_is_kept_with_the_step(world: World) -> None:
    step = world.do("jp", M, "enforce", evidence=["a" * 64, "b" * 64])
    assert step.get("evidence") == ("a" * 64, "b" * 64)
