"""A marking that stands in a text as markings do is found; a word in a sentence is none."""

from pathlib import Path

import pytest

from entente.domain.agreement.document import parse_agreement
from entente.domain.marking.banner import banner
from entente.domain.marking.found import marked
from entente.domain.marking.marking import Marking

SAMPLE = parse_agreement((Path(__file__).parents[4] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes())


@pytest.mark.parametrize(
    ("text", "marking"),
    [
        ("秘\n本文", "秘"), ("Text.\n\n【極秘】\n", "極秘"), ("  ** 特定秘密 **  ", "特定秘密"), ("(秘)", "秘"),
        ("EXERCISE // 군사Ⅲ급비밀 (from the ROK)", "군사Ⅲ급비밀"), ("［秘］\u3000", "秘"), ("|秘|", "秘"),
        ("■秘■", "秘"), ("区分：秘", "秘"), ("秘 Minutes of the talks", "秘"), ("取扱注意 極秘 文書", "極秘"),
        ("The portion (秘) is.", "秘"), ("등급: 군사Ⅱ급비밀", "군사Ⅱ급비밀"),
        ("CONFIDENTIAL\nWords.", "CONFIDENTIAL"), ("SECRET//REL TO JP", "SECRET"),
    ],
)  # fmt: skip
def test_a_marking_that_stands_as_a_word_of_its_own_is_found(text: str, marking: str) -> None:
    assert marked(text, SAMPLE) == marking


def test_characters_of_one_meaning_are_the_same_to_the_guard() -> None:
    assert marked("군사III급비밀", SAMPLE) == "군사Ⅲ급비밀"


def test_a_text_made_to_take_long_holds_no_marking() -> None:
    """What a pattern with two ways to read a blank would take minutes for."""
    for text in (" " * 65_536, "(" * 65_536, "a(" + " " * 65_000, "秘" * 65_000 + "(", ("x" + " " * 99) * 600):
        assert marked(text, SAMPLE) is None


@pytest.mark.parametrize("language", ["en", "ja", "ko"])
def test_our_own_banner_is_found(language: str) -> None:
    line = banner(Marking("極秘", "jp", (), None), "exercise", language=language, agreement=SAMPLE)
    assert marked(f"{line}\nWords.\n", SAMPLE) == "極秘"


@pytest.mark.parametrize(
    "text", ["", "The notice is suspended.", "秘密保護に関する協定である。", "군사Ⅱ급비밀에 관한 규정", "SECRETARIAT"]
)
def test_a_word_in_a_sentence_is_no_marking(text: str) -> None:
    assert marked(text, SAMPLE) is None
