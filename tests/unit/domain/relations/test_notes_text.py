"""Notes in words: every act in every language, from data, and what a page is not."""

import re
from pathlib import Path
from typing import get_args

import pytest

from entente.domain.agreement.acts import Act, ActKind, parse_acts
from entente.domain.agreement.document import parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.notes_text import LANGUAGES, TOPICS, Language, article_in, render, rest_in
from entente.domain.relations.notes_words import DAY, DOES, LINES, READINGS, RECORDS, SENTENCES, TITLE, UNKNOWN

EXAMPLES = Path(__file__).parents[4] / "examples" / "agreements"
DOCUMENT = (EXAMPLES / "jp-kr-2016.toml").read_bytes()
AGREEMENT = parse_agreement(DOCUMENT)
ELECTRONIC = parse_agreement(DOCUMENT + b'\n[notices]\nform = "electronic"\n')
ACTS = {act.id: act for act in parse_acts((EXAMPLES / "acts-2019.toml").read_bytes())}
SUSPENSION = next(act for act in ACTS.values() if act.kind == "suspend_notice")


def act(kind: ActKind, **more: object) -> Act:
    return Act(id="kr-9", by="kr", kind=kind, dispatched=parse_instant("2019-11-22T15:00:00Z"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(ActKind))
def test_every_act_has_a_sentence_a_name_and_a_topic(language: Language, kind: ActKind) -> None:
    text = render(language, act(kind), AGREEMENT, to=["jp"])
    assert text.startswith(TITLE[language] + "\n")
    assert SENTENCES[language][kind] in text.splitlines()
    assert DOES[language][kind] in text
    assert kind in TOPICS
    assert text.endswith("\n")


def test_no_language_says_less_than_another_and_no_two_acts_the_same() -> None:
    for words in (LINES, READINGS, DOES, SENTENCES):
        assert set(words) == set(LANGUAGES)
        assert len({frozenset(each) for each in words.values()}) == 1
        assert all(len(set(each.values())) == len(each) for each in words.values())
    assert set(TITLE) == set(RECORDS) == set(UNKNOWN) == set(DAY) == set(LANGUAGES)
    assert set(SENTENCES["en"]) == set(DOES["en"]) == set(TOPICS) == set(get_args(ActKind))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_records_a_note_says_that_it_is_not_the_note(language: Language) -> None:
    assert render(language, SUSPENSION, AGREEMENT, to=["jp"]).endswith(f"\n\n{RECORDS[language]}\n")
    assert RECORDS[language] not in render(language, SUSPENSION, ELECTRONIC, to=["jp"])


def test_the_note_of_the_night_in_english() -> None:
    text = render("en", SUSPENSION, AGREEMENT, to=["jp"], earlier=ACTS, office="treaty", authority="Full powers")
    assert text == (
        "NOTE\n\n"
        "From: Republic of Korea\n"
        "To: Japan\n"
        "Agreement: Agreement on the Protection of Classified Military Information (exercise)\n"
        "Act: kr-4 (suspension of the effect of a notice)\n"
        "Rests on: Article 21(3)\n"
        "Day: 22 November 2019 (Asia/Seoul)\n"
        "Office: treaty\n"
        "Authority: Full powers\n\n"
        "The sending Party suspends the effect of the following notice of its own:\n"
        "- kr-3: notice of termination, Republic of Korea, 23 August 2019\n\n"
        "This page records a note. It is not the note.\n"
    )


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("ja", ["発：大韓民国", "宛：日本国", "根拠：第21条3", "日付：2019年11月22日（Asia/Seoul）",
                "- kr-3：終了の通告、大韓民国、2019年8月23日"]),
        ("ko", ["발신: 대한민국", "수신: 일본국", "근거: 제21조 제3항", "날짜: 2019년 11월 22일(Asia/Seoul)",
                "- kr-3: 종료 통보, 대한민국, 2019년 8월 23일"]),
    ],
)  # fmt: skip
def test_names_articles_and_days_are_in_the_notes_language(language: Language, lines: list[str]) -> None:
    text = render(language, SUSPENSION, AGREEMENT, to=["jp"], earlier=ACTS)
    assert set(lines) <= set(text.splitlines())
    assert not re.search(r"\b(From|Republic|November)\b", text)


def test_the_day_is_the_local_one_in_the_agreements_zone() -> None:
    """15:00 UTC on the 22nd is the 23rd in Seoul: the day decides whether a notice was in time."""
    assert "Day: 23 November 2019 (Asia/Seoul)" in render("en", act("sign"), AGREEMENT, to=["jp"])


def test_what_an_act_carries_stands_in_lines_of_its_own() -> None:
    at = parse_instant("2020-01-01T00:00:00+09:00")
    lines = render("en", act("amend", digest="ab" * 32, effective=at), AGREEMENT, to=["jp"]).splitlines()
    assert f"Document (SHA-256): {'ab' * 32}" in lines
    assert "In effect from: 1 January 2020 (Asia/Seoul), 2019-12-31T15:00:00.000Z" in lines
    lines = render("en", act("agree_termination", instant=at), AGREEMENT, to=["jp"]).splitlines()
    assert "Ends at: 1 January 2020 (Asia/Seoul), 2019-12-31T15:00:00.000Z" in lines
    lines = render("en", act("declare_reading", reading="spent"), AGREEMENT, to=["jp"]).splitlines()
    assert "Reading: a suspended notice is spent and cannot be woken" in lines


def test_what_there_is_nothing_of_has_no_line() -> None:
    text = render("en", act("declare_reading", reading="asleep"), AGREEMENT, to=["jp"])
    assert AGREEMENT.articles.get("reading") is None
    assert not any(line.startswith(("Rests on", "Document", "Office", "Authority")) for line in text.splitlines())


def test_an_earlier_act_that_is_not_known_is_named_and_said_to_be_unknown() -> None:
    assert "- kr-3 (an act that is not known here)" in render("en", SUSPENSION, AGREEMENT, to=["jp"])


def test_a_party_that_the_document_does_not_name_stands_by_its_id() -> None:
    assert "To: Japan, us" in render("en", SUSPENSION, AGREEMENT, to=["jp", "us"])


@pytest.mark.parametrize(
    ("article", "en", "ja", "ko"),
    [
        ("21(3)", "Article 21(3)", "第21条3", "제21조 제3항"),
        ("6", "Article 6", "第6条", "제6조"),
        ("6(h)", "Article 6(h)", "第6条(h)", "제6조 (h)"),
        ("16(1)(i)", "Article 16(1)(i)", "第16条1(i)", "제16조 제1항 (i)"),
        ("IV", "Article IV", "IV", "IV"),
    ],
)
def test_an_article_is_named_as_each_language_does(article: str, en: str, ja: str, ko: str) -> None:
    assert (article_in("en", article), article_in("ja", article), article_in("ko", article)) == (en, ja, ko)
    assert [rest_in(lang, f"Art. {article}") for lang in LANGUAGES] == [f"Art. {article}", ja, ko]


def test_what_is_no_article_is_named_by_its_id_in_every_language() -> None:
    assert [rest_in(lang, rest) for lang in LANGUAGES for rest in ("kr-4", "lifecycle 7")] == [
        "kr-4",
        "lifecycle 7",
    ] * 3
