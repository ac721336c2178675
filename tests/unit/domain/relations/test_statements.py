"""Statements: claims that only their subject answers, corrections that keep what was said, and the embargo."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_world import EN, FIRST, SECOND, START, THREE, World, texts_of

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.domain.relations.fields import FormError
from entente.domain.relations.matters import TABLES
from entente.domain.relations.statements import apart, out, published, visible
from entente.domain.relations.steps import APART, MATTER, numbered_apart, wording

S = "kr-statement-1"
DIGEST = wording(texts_of(FIRST))
EMBARGO = "2019-11-22T18:00:00+09:00"
AT = parse_instant(EMBARGO)
TITLE: dict[str, Any] = {"title": {"en": "On the notice", "ko": "통보에 관하여"}}
PLAIN: dict[str, Any] = TITLE | {"attribution": "on_record"}
CLAIM: dict[str, Any] = PLAIN | {
    "about": "jp",
    "claim": {"en": "Japan expressed understanding.", "ko": "일본의 이해 표명"},
}


def issued(audience: tuple[str, ...] = ("jp", "kr"), **said: Any) -> World:
    world = World(audience)
    world.do("kr", S, "issue", FIRST, **(said or PLAIN))
    return world


def test_a_statement_is_issued_whole() -> None:
    world = issued(**CLAIM)
    shown = world.show(S)
    assert (world.state(S), shown["title"], shown["attribution"]) == ("issued", TITLE["title"], "on_record")
    assert (shown["about"], shown["claim"], shown["answer"]) == ("jp", CLAIM["claim"], "unanswered")
    assert shown["wordings"] is None
    assert [each["wording"] for each in shown["versions"]] == [DIGEST]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"attribution": "background"}, "BAD_SOURCE"),
        ({"attribution": "on_record", "source": "REG-7"}, "BAD_SOURCE"),
        ({"attribution": "none", "source": "REG-7"}, "BAD_SOURCE"),
        ({"attribution": "none", "about": "jp"}, "HALF_A_CLAIM"),
        ({"attribution": "none", "claim": EN}, "HALF_A_CLAIM"),
        ({"attribution": "none", "about": "kr", "claim": EN}, "NOT_ANOTHER_PARTY"),
        ({"attribution": "none", "about": "us", "claim": EN}, "NOT_ANOTHER_PARTY"),
    ],
)
def test_a_statement_that_its_kind_refuses_is_no_matter(said: dict[str, Any], code: str) -> None:
    world = World()
    assert world.code("kr", S, "issue", FIRST, **TITLE, **said) == code
    assert world.matters == {}


def test_a_source_stands_with_background_and_is_a_reference() -> None:
    world = issued(**TITLE, attribution="background", source="REG-2019-7")
    assert world.show(S)["source"] == "REG-2019-7"
    for name in ("Kim You-geun", "registry 7", "source"):
        with pytest.raises(FormError, match="is no reference"):
            issued(**TITLE, attribution="background", source=name)


def test_only_the_party_that_a_claim_is_about_answers_it_and_its_newest_word_counts() -> None:
    world = issued(THREE, **CLAIM)
    assert world.code("us", S, "confirm") == "NOT_YOURS"
    assert world.code("kr", S, "confirm") == "NOT_YOURS"
    world.do("jp", S, "confirm")
    assert world.show(S)["answer"] == "confirmed"
    world.do("jp", S, "contest", SECOND, summary={"ja": "そのような事実はない"})
    shown = world.show(S)
    assert (shown["answer"], shown["reply"]["summary"], shown["reply"]["by"]) == (
        "contested", {"ja": "そのような事実はない"}, "jp",
    )  # fmt: skip
    assert shown["claim"] == CLAIM["claim"]


@pytest.mark.parametrize("verb", ["confirm", "contest"])
def test_what_claims_nothing_is_not_answered(verb: str) -> None:
    world = issued()
    assert world.code("jp", S, verb) == "NO_CLAIM"
    assert world.show(S)["answer"] is None


def test_a_correction_keeps_the_earlier_text_and_its_instant() -> None:
    world = issued()
    world.do("kr", S, "correct", SECOND, title={"en": "Corrected"})
    world.do("kr", S, "correct", FIRST)
    shown = world.show(S)
    assert shown["title"] == {"en": "Corrected"}
    assert [each["title"] for each in shown["versions"]] == [TITLE["title"], {"en": "Corrected"}, {"en": "Corrected"}]
    assert [(each["wording"], each["at"]) for each in shown["versions"]] == [
        (DIGEST, "2019-11-22T00:00:01.000Z"),
        (wording(texts_of(SECOND)), "2019-11-22T00:00:02.000Z"),
        (DIGEST, "2019-11-22T00:00:03.000Z"),
    ]
    assert world.code("jp", S, "correct", SECOND) == "NOT_YOURS"


def test_what_was_withdrawn_stays_and_is_marked() -> None:
    world = issued()
    world.do("kr", S, "withdraw", summary=EN)
    assert (world.state(S), world.show(S)["withdrawn"]) == ("withdrawn", "2019-11-22T00:00:02.000Z")
    assert published(world.matters, world.at) == [world[S]]


def test_a_joint_statement_is_one_once_every_party_signed_the_same_bytes() -> None:
    world = World(THREE)
    world.do("kr", S, "propose", FIRST, **TITLE)
    assert world.code("kr", S, "adopt", wording=DIGEST) == "NOT_YOURS"
    assert world.code("jp", S, "adopt", wording="0" * 64) == "NO_SUCH_WORDING"
    world.do("jp", S, "adopt", wording=DIGEST)
    assert world.code("jp", S, "adopt", wording=DIGEST) == "ALREADY_SIGNED"
    assert (world.state(S), out(world[S])) == ("proposed", None)
    world.do("us", S, "adopt", wording=DIGEST)
    assert (world.state(S), out(world[S])) == ("joint", world.at)
    assert world.show(S)["wordings"]["agreed"] == DIGEST
    assert world.code("kr", S, "withdraw") == "NOT_NOW"


@pytest.mark.parametrize("joint", [False, True])
def test_a_common_text_is_neither_corrected_nor_answered(joint: bool) -> None:
    world = World()
    world.do("kr", S, "propose", FIRST, **TITLE)
    if joint:
        world.do("jp", S, "adopt", wording=DIGEST)
    assert world.code("kr", S, "correct", SECOND) == "NOT_NOW"
    assert world.code("jp", S, "confirm") == "NOT_NOW"
    assert world.code("jp", S, "contest") == "NOT_NOW"


def test_a_common_text_that_not_all_signed_is_never_out() -> None:
    world = World()
    world.do("kr", S, "propose", FIRST, **TITLE)
    assert published(world.matters, world.at) == []
    world.do("kr", S, "withdraw")
    assert published(world.matters, world.at) == []


@pytest.mark.parametrize("verb", ["issue", "propose"])
def test_one_millisecond_before_its_embargo_nothing_is_visible_and_at_the_instant_all_of_it(verb: str) -> None:
    world = World()
    world.do("kr", S, verb, FIRST, **(CLAIM if verb == "issue" else TITLE), embargo=EMBARGO)
    if verb == "issue":
        world.do("jp", S, "contest", SECOND)
        world.do("kr", S, "correct", SECOND)
    else:
        world.do("jp", S, "adopt", wording=DIGEST)
    assert (visible(world[S], AT - 1), visible(world[S], AT)) == (False, True)
    assert (published(world.matters, AT - 1), published(world.matters, AT)) == ([], [world[S]])
    assert TABLES["statement"].visible is visible
    assert world.show(S)["embargo"] == world.show(S)["out"] == "2019-11-22T09:00:00.000Z"


def test_without_an_embargo_it_is_visible_at_once() -> None:
    world = issued()
    assert visible(world[S], START)
    assert out(world[S]) == world.at


def test_an_embargo_that_has_passed_does_not_date_a_statement_back() -> None:
    world = issued(**PLAIN, embargo="2019-01-01T00:00:00Z")
    assert out(world[S]) == world.at


def test_a_joint_text_signed_after_its_embargo_is_out_with_the_last_signature() -> None:
    world = World()
    world.do("kr", S, "propose", FIRST, **TITLE, embargo=EMBARGO)
    world.do("jp", S, "adopt", wording=DIGEST, at=AT + 5)
    assert (out(world[S]), visible(world[S], AT)) == (AT + 5, True)
    assert published(world.matters, AT + 4) == []


def test_what_was_withdrawn_before_it_was_out_was_never_said() -> None:
    world = issued(**PLAIN, embargo=EMBARGO)
    world.do("kr", S, "withdraw", at=AT - 1)
    assert published(world.matters, AT) == []
    later = issued(**PLAIN, embargo=EMBARGO)
    later.do("kr", S, "withdraw", at=AT)
    assert published(later.matters, AT) == [later[S]]


def test_what_is_out_comes_in_the_order_in_which_it_came_out() -> None:
    world = World()
    for number, embargo in ((1, AT), (2, AT - 5), (3, AT), (4, AT + 1)):
        world.do("kr", f"kr-statement-{number}", "issue", FIRST, **PLAIN, embargo=format_instant(embargo))
    world.do("kr", "kr-measure-1", "announce", subject="other", title=EN)
    assert [each.id for each in published(world.matters, AT)] == [
        "kr-statement-2", "kr-statement-1", "kr-statement-3",
    ]  # fmt: skip


@given(st.integers(-10, 10), st.booleans(), st.booleans())
def test_what_is_published_is_always_visible(after: int, corrected: bool, withdrawn: bool) -> None:
    world = issued(**CLAIM, embargo=EMBARGO)
    if corrected:
        world.do("kr", S, "correct", SECOND, at=AT - 3)
    if withdrawn:
        world.do("kr", S, "withdraw", at=AT + 3)
    at = AT + after
    assert visible(world[S], at) is (after >= 0)
    assert published(world.matters, at) == ([world[S]] if after >= 0 else [])


# Numbers


@pytest.mark.parametrize(
    ("verb", "given", "expected"),
    [("issue", ("title",), False), ("issue", ("title", "embargo"), True), ("propose", ("title",), True)],
)
def test_what_is_not_said_as_soon_as_it_is_opened_is_numbered_apart(
    verb: str, given: tuple[str, ...], expected: bool
) -> None:
    assert apart(verb, given) is expected
    assert TABLES["statement"].apart(verb, given) is expected
    assert not TABLES["measure"].apart("announce", ("title", "embargo"))


def test_numbers_apart_are_none_that_counting_or_a_restart_reaches() -> None:
    after_a_restart = 100_000_000
    assert 10_000 < APART[0] <= APART[-1] < after_a_restart
    assert all(MATTER.fullmatch(f"kr-statement-{number}") for number in (APART[0], APART[-1]))
    for number, expected in ((APART[0], True), (APART[-1], True), (APART[0] - 1, False), (after_a_restart, False)):
        assert numbered_apart(f"kr-statement-{number}") is expected
