"""A marking that stands in a text as markings do is found; a word in a sentence is none."""

from pathlib import Path

import pytest

from entente.domain.agreement.document import parse_agreement
from entente.domain.marking.banner import banner
from entente.domain.marking.found import marked
from entente.domain.marking.marking import Marking

SAMPLE = parse_agreement((Path(__file__).parents[4] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes())


@pytest.mark.parametrize(
    "text",
    [
        "秘\n本文",
        "Text.\n\n【極秘】\n",
        "  ** 特定秘密 **  ",
        "군사Ⅱ급비밀",
        "EXERCISE // 군사Ⅲ급비밀 (from the ROK)",
        "[秘]　",
    ],
)
def test_a_marking_in_a_line_of_its_own_or_in_a_banner_is_found(text: str) -> None:
    found = marked(text, SAMPLE)
    assert found is not None
    assert found in text


@pytest.mark.parametrize("language", ["en", "ja", "ko"])
def test_our_own_banner_is_found(language: str) -> None:
    line = banner(Marking("極秘", "jp", (), None), "exercise", language=language, agreement=SAMPLE)
    assert marked(f"{line}\nWords.\n", SAMPLE) == "極秘"


@pytest.mark.parametrize(
    "text", ["", "The notice is suspended.", "秘密保護に関する協定である。", "군사Ⅱ급비밀에 관한 규정", "SECRETARIAT"]
)
def test_a_word_in_a_sentence_is_no_marking(text: str) -> None:
    assert marked(text, SAMPLE) is None
