"""Standing releases: what goes out under one lies inside its class at its instant; the reason says what does not."""

from typing import Any

import msgspec
import pytest
from gate_world import ITEM, OCTOBER, SAMPLE, STRICT, VERSION, approval, changed, codes, gate, standing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.domain.agreement.terms import Level
from entente.domain.marking.equivalence import compile_table
from entente.domain.marking.marking import Marking
from entente.domain.release import ItemFacts
from entente.domain.standing import lacks

UNSIGNED = changed(ITEM, release_authority=None, second_person=None)
COVERED = changed(UNSIGNED, standing=standing())
TABLE = compile_table(SAMPLE, VERSION)


@pytest.mark.parametrize("direction", ["release", "accept"])
@pytest.mark.parametrize("terms", [SAMPLE, STRICT])
def test_an_item_of_the_class_needs_no_approval_of_its_own(terms: Any, direction: Any) -> None:
    assert gate(terms=terms, direction=direction).decide(COVERED, OCTOBER).allowed


def test_without_it_the_same_item_is_refused() -> None:
    assert codes(gate().decide(UNSIGNED, OCTOBER)) == ["RELEASE_AUTHORITY_MISSING"]


OUTSIDE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("not begun", {"begins": OCTOBER + 1}, {}, "begins at 2019-10-02T00:00:00.001Z"),
    ("expired to the millisecond", {"expires": OCTOBER}, {}, "expired at 2019-10-02T00:00:00.000Z"),
    ("another media type", {}, {"media_type": "text/plain"}, "the media type 'text/plain'"),
    ("no media type", {}, {"media_type": None}, "the media type None"),
    ("another purpose", {"purposes": frozenset({"exercise"})}, {}, "the purpose 'missile-warning': only exercise"),
    ("another precedence", {}, {"precedence": "ROUTINE"}, "the precedence 'ROUTINE'"),
    ("an actual item under an exercise's", {}, {"reality": "actual"}, "the reality 'actual': only exercise"),
    ("one byte too many", {}, {"size": 4097}, "at most 4096 bytes; the item's size is 4097 bytes"),
    ("one recipient too many", {}, {"recipients": ("kr", "us")}, "names kr as recipients, not us"),
    ("a caveat not listed", {}, {"marking": Marking("極秘", "jp", ("NOFORN",))}, "the caveat 'NOFORN': only ORCON"),
    ("a level above the ceiling", {"level": "秘"}, {}, "at most '秘'; the item is marked '極秘'"),
    ("a ceiling that the terms do not know", {"level": "社外秘"}, {}, "at most '社外秘'"),
    (
        "what another originated",
        {},
        {"marking": Marking("군사Ⅲ급비밀", "kr"), "originator": "kr"},
        "what jp originated",
    ),
    *(
        (f"empty {name}", {name: frozenset()}, {}, says)
        for name, says in (
            ("media_types", "it names none"),
            ("purposes", "it names none"),
            ("precedences", "it names none"),
            ("realities", "it names none"),
            ("recipients", "names nobody as recipients"),
        )
    ),
]


@pytest.mark.parametrize(("what", "limits", "facts", "says"), OUTSIDE, ids=[each[0] for each in OUTSIDE])
def test_what_lies_outside_the_class_is_refused_and_the_reason_says_which(
    what: str, limits: dict[str, Any], facts: dict[str, Any], says: str
) -> None:
    item = changed(COVERED, standing=standing(**limits), **facts)
    [reason] = [each for each in gate().decide(item, OCTOBER).reasons if each.code == "RELEASE_AUTHORITY_MISSING"]
    assert says in reason.text
    assert reason.text.startswith("The standing release jp-s1 ")
    assert "approve exactly this item" in reason.remedy


@pytest.mark.parametrize(
    ("ceiling", "level", "covered"),
    [
        ("極秘", "極秘", True),
        ("極秘", "特定秘密", True),
        ("極秘", "秘", True),
        ("秘", "特定秘密", False),
        ("秘", "秘", True),
    ],
)
def test_the_ceiling_covers_its_own_row_and_what_is_below_it(ceiling: str, level: str, covered: bool) -> None:
    item = changed(COVERED, marking=Marking(level, "jp"))
    assert (lacks(standing(level=ceiling), item, TABLE, OCTOBER) is None) == covered


def test_an_unknown_table_covers_nothing() -> None:
    assert "level is not known" in (lacks(standing(), COVERED, None, OCTOBER) or "")
    assert "RELEASE_AUTHORITY_MISSING" in codes(gate(terms=None).decide(COVERED, OCTOBER))


def test_a_standing_release_of_another_party_covers_nothing() -> None:
    item = changed(UNSIGNED, standing=standing(party="kr"))
    assert "is one of kr, not of jp" in gate().decide(item, OCTOBER).reasons[0].text


@pytest.mark.parametrize(
    "approvals",
    [(), (approval(party="kr"),), (approval(role="bind"),), (approval(person=""),), (approval(expires=OCTOBER),)],
)
def test_a_standing_release_that_no_release_authority_signed_covers_nothing(approvals: Any) -> None:
    item = changed(UNSIGNED, standing=standing(approvals=approvals))
    assert codes(gate().decide(item, OCTOBER)) == ["RELEASE_AUTHORITY_MISSING"]


@pytest.mark.parametrize(
    "second", [(), (approval("second", person="person-first"),), (approval("first", person="another"),)]
)
def test_where_the_terms_ask_for_two_persons_a_standing_release_has_two_with_two_keys(second: Any) -> None:
    item = changed(UNSIGNED, standing=standing(approvals=(approval("first"), *second)))
    assert codes(gate(terms=STRICT).decide(item, OCTOBER)) == ["SECOND_PERSON_MISSING"]
    assert gate().decide(item, OCTOBER).allowed


def test_a_second_approval_of_the_item_does_not_complete_a_standing_release_of_one_person() -> None:
    item = changed(UNSIGNED, standing=standing(approvals=(approval("first"),)), second_person=approval("second"))
    assert codes(gate(terms=STRICT).decide(item, OCTOBER)) == ["SECOND_PERSON_MISSING"]


def test_what_another_originated_is_not_covered_although_it_bears_a_marking_of_the_sender() -> None:
    item = changed(COVERED, marking=Marking("極秘", "us"), originator="us")
    assert "what jp originated, not what us did" in (lacks(standing(), item, TABLE, OCTOBER) or "")


def test_an_approval_that_is_none_does_not_stand_in_the_way_of_a_standing_release() -> None:
    item = changed(COVERED, release_authority=approval(role="bind"))
    assert gate(terms=STRICT).decide(item, OCTOBER).allowed


def test_an_approval_of_exactly_this_item_holds_whatever_the_standing_release_says() -> None:
    item = changed(ITEM, standing=standing(expires=OCTOBER), standing_missing=None)
    assert gate(terms=STRICT).decide(item, OCTOBER).allowed


def test_one_that_cannot_be_relied_on_is_named() -> None:
    item = changed(UNSIGNED, standing_missing="The standing release jp-s1 was revoked.")
    assert gate().decide(item, OCTOBER).reasons[0].text == "The standing release jp-s1 was revoked."


def test_an_acceptance_reads_the_ceiling_by_the_terms_at_release() -> None:
    row = Level(common="SECRET", native={"jp": ("防衛秘密", "極秘"), "kr": ("군사Ⅱ급비밀",)})
    earlier = {"old": changed(SAMPLE, levels=(row, SAMPLE.levels[1]))}
    item = changed(COVERED, standing=standing(level="防衛秘密"), released_under="old")
    assert gate(direction="accept", earlier=earlier).decide(item, OCTOBER).allowed
    assert codes(gate(direction="accept").decide(item, OCTOBER)) == ["RELEASE_AUTHORITY_MISSING"]
    assert codes(gate(earlier=earlier).decide(item, OCTOBER)) == ["RELEASE_AUTHORITY_MISSING"]


SETS = {
    "media_types": (["application/json", "text/plain"], "media_type"),
    "purposes": (["missile-warning", "exercise"], "purpose"),
    "precedences": (["FLASH", "ROUTINE"], "precedence"),
    "realities": (["actual", "exercise", "test"], "reality"),
}
LEVELS = ["極秘", "特定秘密", "秘"]


def some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


releases = st.builds(
    standing,
    **{name: some(values) for name, (values, _) in SETS.items()},
    recipients=some(["kr", "us"]),
    caveats=some(["ORCON"]),
    level=st.sampled_from([*LEVELS, "社外秘"]),
    max_size=st.integers(0, 3),
    begins=st.integers(OCTOBER - 2, OCTOBER + 1),
    expires=st.integers(OCTOBER, OCTOBER + 2),
)


@st.composite
def items(draw: st.DrawFn) -> ItemFacts:
    chosen = {field: draw(st.sampled_from(values)) for values, field in SETS.values()}
    marking = Marking(draw(st.sampled_from(LEVELS)), "jp", draw(st.sampled_from([(), ("ORCON",)])))
    recipients = draw(st.sampled_from([("kr",), ("us",), ("kr", "us"), ()]))
    return changed(UNSIGNED, **chosen, marking=marking, recipients=recipients, size=draw(st.integers(0, 4)))  # type: ignore[no-any-return]


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=400)
@given(releases, items(), st.integers(OCTOBER - 2, OCTOBER + 2))
def test_what_is_covered_lies_inside_the_class_at_its_instant_and_nothing_else_does(
    release: Any, item: ItemFacts, at: int
) -> None:
    assert item.marking is not None
    inside = (
        release.begins <= at < release.expires
        and all(getattr(item, field) in getattr(release, name) for name, (_, field) in SETS.items())
        and item.recipients != ()
        and set(item.recipients) <= release.recipients
        and set(item.marking.caveats) <= release.caveats
        and item.size <= release.max_size  # type: ignore[operator]
        and release.level != "社外秘"
        and TABLE.rank(item.marking.level, "jp") >= TABLE.rank(release.level, "jp")
    )
    assert (lacks(release, item, TABLE, at) is None) == inside


@settings(deadline=None, derandomize=True)
@given(releases, items(), st.sampled_from([field.name for field in msgspec.structs.fields(type(standing()))]))
def test_a_set_made_smaller_never_covers_more(release: Any, item: ItemFacts, name: str) -> None:
    less = changed(release, **{name: frozenset()}) if isinstance(getattr(release, name), frozenset) else release
    assert lacks(release, item, TABLE, OCTOBER) is None or lacks(less, item, TABLE, OCTOBER) is not None
