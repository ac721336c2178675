from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.domain.agreement.document import parse_agreement
from entente.domain.agreement.terms import Level
from entente.domain.marking.banner import banner, in_language
from entente.domain.marking.equivalence import EquivalenceTable, compile_table
from entente.domain.marking.holding import derive, on_receipt
from entente.domain.marking.marking import Marking

unhurried = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Machines are busy: how long an example takes says nothing of the rule."""

SAMPLE = parse_agreement((Path(__file__).parents[4] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes())
TABLE = compile_table(SAMPLE, "v1")
KOREAN = Marking("군사Ⅱ급비밀", "kr", ("ORCON",), ("jp", "us"))
HELD = on_receipt(KOREAN, "jp", at_release=TABLE, now=TABLE)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "ACTUAL // 極秘 // 군사Ⅱ급비밀 (from Republic of Korea) // REL TO Japan, us // ORCON"),
        ("ja", "実際 // 極秘 // 군사Ⅱ급비밀 (大韓民国提供) // REL TO 日本国, us // ORCON"),
        ("ko", "실제 // 極秘 // 군사Ⅱ급비밀 (대한민국 제공) // REL TO 일본국, us // ORCON"),
    ],
)
def test_the_reader_sees_reality_its_own_level_the_native_marking_and_the_originators_name(
    language: str, line: str
) -> None:
    assert banner(HELD, "actual", language=language, agreement=SAMPLE) == line


@pytest.mark.parametrize("language", ["en", "ja", "ko", "fr"])
@pytest.mark.parametrize(("reality", "words"), [("exercise", "EXERCISE / 演習 / 연습"), ("test", "TEST / 試験 / 시험")])
def test_an_exercise_and_a_test_say_so_first_in_three_languages(language: str, reality: str, words: str) -> None:
    assert banner(HELD, reality, language=language, agreement=SAMPLE).startswith(f"{words} // ")


@pytest.mark.parametrize("reality", [None, "", "real"])
def test_a_reality_that_is_not_stated_is_said_to_be_missing(reality: str | None) -> None:
    assert banner(HELD, reality, language="en").startswith("ACTUAL OR EXERCISE NOT STATED // ")


@pytest.mark.parametrize("language", ["en", "ja", "ko"])
def test_a_missing_marking_is_a_banner_in_upper_case_and_never_empty(language: str) -> None:
    assert "NO MARKING" in banner(None, None, language=language)
    assert "NO MARKING" in banner(Marking("", "jp"), "actual", language=language)


def test_a_handling_promise_is_told_apart_from_a_level() -> None:
    rows = [Level(common="R", native={"kr": ("대외비",)}, handling={"jp": "取扱注意"})]
    table = EquivalenceTable(rows, "v1")
    held = on_receipt(Marking("대외비", "kr"), "jp", at_release=table, now=table)
    assert banner(held, "actual", language="en") == "ACTUAL // HANDLE AS 取扱注意 // 대외비 (from kr)"


def test_a_level_to_confirm_is_told_apart_from_a_level() -> None:
    unknown = on_receipt(Marking("군사Ⅰ급비밀", "kr"), "jp", at_release=None, now=TABLE)
    assert banner(unknown, "actual", language="en").endswith("// LEVEL TO BE CONFIRMED BY THE ORIGINATOR")


def test_a_rel_to_without_names_says_nobody() -> None:
    assert "REL TO NOBODY" in banner(Marking("極秘", "jp", (), ()), "actual", language="en")


def test_a_derived_document_shows_its_level_and_every_origin() -> None:
    own = on_receipt(Marking("秘", "jp"), "jp", at_release=TABLE, now=TABLE)
    line = banner(derive(TABLE, "jp", [own, HELD]), "exercise", language="en", agreement=SAMPLE)
    assert line == (
        "EXERCISE / 演習 / 연습 // 極秘 // 秘 (from Japan) // 군사Ⅱ급비밀 (from Republic of Korea) "
        "// REL TO Japan, us // ORCON"
    )


def test_names_fall_back_in_the_order_declared() -> None:
    assert in_language({"ko": "k", "ja": "j"}, "fr") == "j"
    assert in_language({"ko": "k", "ja": "j"}, "fr", ("ko",)) == "k"
    assert in_language({"de": "d"}, "fr") == "d"
    with pytest.raises(ValueError, match="no language"):
        in_language({}, "en")


@unhurried
@given(st.text(), st.text(), st.lists(st.text()).map(tuple), st.sampled_from(["en", "ja", "ko", "xx"]))
def test_a_banner_is_one_printable_line_whatever_a_marking_says(
    level: str, originator: str, caveats: tuple[str, ...], language: str
) -> None:
    line = banner(Marking(level, originator, caveats), "actual", language=language)
    assert line.isprintable()
    assert line
