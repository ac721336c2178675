"""Arrangements: each party's own words, its own view of what is kept, and a joint text only over the same bytes."""

from datetime import date
from typing import Any

import pytest
from relation_world import EN, FIRST, SECOND, START, THREE, World, make, texts_of

from entente.domain.relations.steps import wording

A = "kr-arrangement-1"
DIGEST = wording(texts_of(FIRST))
HALT = {"term": "wto-halt", "summary": {"en": "We hold the complaint while talks run.", "ko": "대화 중 제소 절차 정지"}}


@pytest.fixture
def world() -> World:
    world = World()
    world.do("kr", A, "open", title={"en": "November 2019", "ja": "2019年11月"}, review="2020-08-24")
    return world


def test_it_stands_from_its_first_step_with_its_review_day(world: World) -> None:
    assert (world.state(A), world[A].owner, world.show(A)["review"]) == ("standing", "kr", "2020-08-24")
    assert world.show(A)["title"] == {"en": "November 2019", "ja": "2019年11月"}


def test_each_party_undertakes_in_its_own_words_side_by_side(world: World) -> None:
    world.do(
        "kr", A, "undertake", FIRST, **HALT, asks=EN, reserves={"ko": "언제든지 종료"}, **{"while": ["jp-dialogue-1"]}
    )
    world.do("jp", A, "undertake", term="wto-halt", summary={"ja": "局長級の対話を再開する"})
    terms = world.show(A)["terms"]
    assert (terms["kr"]["wto-halt"]["summary"], terms["jp"]["wto-halt"]["summary"]) == (
        HALT["summary"],
        {"ja": "局長級の対話を再開する"},
    )
    assert terms["kr"]["wto-halt"]["asks"] == EN
    assert terms["kr"]["wto-halt"]["reserves"] == {"ko": "언제든지 종료"}
    assert terms["kr"]["wto-halt"]["while"] == ["jp-dialogue-1"]
    assert terms["kr"]["wto-halt"]["wording"] == DIGEST
    assert terms["jp"]["wto-halt"]["texts"] == []


def test_a_later_undertaking_of_the_same_term_takes_its_place_and_the_earlier_stays_among_the_events(
    world: World,
) -> None:
    world.do("kr", A, "undertake", **HALT)
    world.do("kr", A, "undertake", term="wto-halt", summary={"en": "Narrower."})
    world.do("kr", A, "undertake", term="list", summary=EN)
    assert {name: each.step.get("summary") for name, each in world[A].view.terms["kr"].items()} == {
        "wto-halt": {"en": "Narrower."},
        "list": EN,
    }
    assert next(step.get("summary") for step in world[A].steps if step.verb == "undertake") == HALT["summary"]


def test_what_was_said_of_a_term_is_not_said_of_its_new_words(world: World) -> None:
    world.do("kr", A, "undertake", **HALT)
    world.do("jp", A, "report", term="wto-halt", of="kr", kept="kept")
    world.do("kr", A, "undertake", term="wto-halt", summary={"en": "Narrower."})
    assert world.show(A)["terms"]["kr"]["wto-halt"]["reports"] == {}


def test_each_party_reports_its_own_view_and_the_newest_counts(world: World) -> None:
    world.do("kr", A, "undertake", **HALT)
    world.do("jp", A, "report", term="wto-halt", of="kr", kept="kept")
    world.do("kr", A, "report", term="wto-halt", of="kr", kept="kept", summary=EN)
    world.do("jp", A, "report", term="wto-halt", of="kr", kept="disputed")
    reports = world.show(A)["terms"]["kr"]["wto-halt"]["reports"]
    assert {party: each["kept"] for party, each in reports.items()} == {"jp": "disputed", "kr": "kept"}
    assert reports["kr"]["summary"] == EN


def test_a_party_takes_back_its_own_term_and_no_other(world: World) -> None:
    world.do("kr", A, "undertake", **HALT)
    assert world.code("jp", A, "reverse", term="wto-halt") == "NO_SUCH_TERM"
    world.do("kr", A, "reverse", term="wto-halt", summary=EN)
    assert world.show(A)["terms"]["kr"]["wto-halt"]["reversed"]["summary"] == EN
    assert world.code("kr", A, "reverse", term="wto-halt") == "NO_SUCH_TERM"
    world.do("kr", A, "undertake", **HALT)
    assert world.show(A)["terms"]["kr"]["wto-halt"]["reversed"] is None


def test_a_report_is_of_a_term_that_there_is_also_once_it_was_taken_back(world: World) -> None:
    assert world.code("jp", A, "report", term="wto-halt", of="kr", kept="kept") == "NO_SUCH_TERM"
    world.do("kr", A, "undertake", **HALT)
    assert world.code("jp", A, "report", term="wto-halt", of="jp", kept="kept") == "NO_SUCH_TERM"
    world.do("kr", A, "reverse", term="wto-halt")
    world.do("jp", A, "report", term="wto-halt", of="kr", kept="not_kept")


def test_the_refusal_names_the_terms_that_stand(world: World) -> None:
    world.do("kr", A, "undertake", **HALT)
    world.do("kr", A, "undertake", term="list", summary=EN)
    world.do("kr", A, "reverse", term="list")
    assert world.remedy("kr", A, "reverse", term="nothing") == "It stands by: wto-halt."
    assert world.remedy("jp", A, "reverse", term="nothing") == "It stands by: none."


def test_a_common_wording_is_agreed_once_every_party_signed_the_same_bytes() -> None:
    world = World(THREE)
    world.do("kr", A, "open", title=EN)
    world.do("kr", A, "propose", FIRST)
    world.do("jp", A, "adopt", wording=DIGEST)
    assert world.show(A)["wordings"]["agreed"] is None
    assert world.show(A)["wordings"]["proposed"][0]["signed"] == ["kr", "jp"]
    world.do("us", A, "adopt", wording=DIGEST)
    assert world.show(A)["wordings"]["agreed"] == DIGEST
    assert world[A].view.wordings.joint is world.steps[1]


@pytest.mark.parametrize(
    ("by", "verb", "words", "more", "code"),
    [
        ("jp", "adopt", None, {"wording": "0" * 64}, "NO_SUCH_WORDING"),
        ("jp", "adopt", None, {"wording": wording(texts_of(SECOND))}, "NO_SUCH_WORDING"),
        ("kr", "adopt", None, {"wording": DIGEST}, "ALREADY_SIGNED"),
        ("jp", "propose", FIRST, {}, "ALREADY_PROPOSED"),
        ("jp", "propose", dict(reversed(FIRST.items())), {}, "ALREADY_PROPOSED"),
    ],
)
def test_a_signature_that_means_nothing_is_refused(
    world: World, by: str, verb: str, words: dict[str, str] | None, more: dict[str, Any], code: str
) -> None:
    world.do("kr", A, "propose", FIRST)
    assert world.code(by, A, verb, words, **more) == code
    assert world.show(A)["wordings"]["agreed"] is None


def test_the_refusal_names_the_wordings_that_are_proposed(world: World) -> None:
    assert world.remedy("jp", A, "adopt", wording="0" * 64) == "One of: none yet."
    world.do("kr", A, "propose", FIRST)
    assert world.remedy("jp", A, "adopt", wording="0" * 64) == f"One of: {DIGEST}."


def test_a_later_agreed_wording_takes_the_place_of_the_earlier_and_both_are_kept(world: World) -> None:
    second = wording(texts_of(SECOND))
    world.do("kr", A, "propose", FIRST)
    world.do("jp", A, "propose", SECOND)
    world.do("jp", A, "adopt", wording=DIGEST)
    assert world.show(A)["wordings"]["agreed"] == DIGEST
    world.do("kr", A, "adopt", wording=second)
    shown = world.show(A)["wordings"]
    assert (shown["agreed"], [each["wording"] for each in shown["proposed"]]) == (second, [DIGEST, second])


def test_any_party_sets_the_next_review_and_ends_it(world: World) -> None:
    world.do("jp", A, "review", on="2020-11-22")
    assert world[A].view.review == date(2020, 11, 22)
    world.do("jp", A, "end")
    assert world.state(A) == "ended"


def test_an_arrangement_needs_no_review_day() -> None:
    world = World()
    world.do("jp", "jp-arrangement-1", "open", title=EN)
    assert world.show("jp-arrangement-1")["review"] is None


def test_every_step_of_the_view_says_who_wrote_it_and_when(world: World) -> None:
    step = world.do("kr", A, "undertake", FIRST, **HALT)
    shown = world.show(A)["terms"]["kr"]["wto-halt"]
    assert (shown["by"], shown["at"], shown["entry"]) == ("kr", "2019-11-22T00:00:02.000Z", step.seq)
    assert shown["texts"] == [text._asdict() for text in step.texts]
    assert make("kr", A, "end", at=START).wording != DIGEST
