"""The words of notes and chronicles: Korean particles fit, punctuation is each language's own, places have names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from korean import misfits

from entente.cli import timeline_words
from entente.domain.relations import chronicle_words, notes_words
from entente.domain.relations.chronicle_words import LANGUAGES, PLACES, bracketed, placed


def texts(lang: str) -> list[str]:
    """Every text of a language in the modules of words."""
    modules = (chronicle_words, notes_words, timeline_words)
    return [text for module in modules for name, value in vars(module).items() if name.isupper()
            for text in _under(value, lang, said=False)]  # fmt: skip


def _under(value: Any, lang: str, *, said: bool) -> Iterator[str]:
    """The texts under a language's code, however deep it and they lie."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key not in LANGUAGES or key == lang:
                yield from _under(each, lang, said=said or key == lang)
    elif said:
        yield value


def test_korean_particles_fit_what_stands_before_them() -> None:
    assert len(texts("ko")) > 150
    assert misfits(" ".join(texts("ko"))) == []


@pytest.mark.parametrize("wrong", ["당사자은", "통보을", "협정를"])
def test_a_particle_of_the_other_kind_is_found(wrong: str) -> None:
    assert misfits(f"이 {wrong} 표명한다.") == [wrong]


def test_japanese_has_no_punctuation_of_latin_breadth_behind_its_characters() -> None:
    assert len(texts("ja")) > 150
    assert [each for each in texts("ja") if re.search(r"[\u3040-\u9fff][,:;()?!]", each)] == []


def test_brackets_are_those_of_the_language() -> None:
    assert [bracketed("A", "b", lang) for lang in LANGUAGES] == ["A (b)", "A（b）", "A(b)"]


def test_a_place_that_is_known_has_its_name_in_each_language_and_any_other_stands_as_it_was_written() -> None:
    assert placed("Chengdu") == {"en": "Chengdu", "ja": "成都", "ko": "청두"}
    assert set(placed("Busan, room 2").values()) == {"Busan, room 2"}
    assert all(name == words["en"] and len(set(words.values())) == 3 for name, words in PLACES.items())
