"""Press pages and their feed: whose, when, in which language, and what stands in every block (docs/spec/press.md)."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from entente.cli import press_words
from entente.cli.press import Masthead, Release, Reply, Version, Withdrawal, read
from entente.cli.press_feed import ATOM, XHTML
from entente.cli.press_pages import render, when
from entente.domain.agreement.document import parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.statements import ATTRIBUTIONS

TERMS = parse_agreement((Path(__file__).parents[3] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes())
NAMES = {party: TERMS.party[party].name for party in TERMS.parties}
FIRST, THEN, LAST = "2019-11-22T09:00:00.000Z", "2019-11-22T16:30:20.500Z", "2019-11-23T00:10:00.000Z"
SAID = Version(FIRST, {"en": "Suspension", "ko": "정지"}, {"en": "It is suspended.\n\nFor now.", "ko": "정지한다."}, {})
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
VOID = {"meta", "link", "br"}


def release(**changes: Any) -> Release:
    plain = Release("kr-statement-1", "kr", (), "on_record", "", "", {}, (SAID,), (), None)
    return plain._replace(**changes)


def masthead(**changes: Any) -> Masthead:
    return Masthead("kr", NAMES, "Asia/Seoul", "a" * 64, simulated=False, base="https://example.org/")._replace(
        **changes
    )


def page(each: Release, **changes: Any) -> str:
    return render([each], masthead(**changes))[f"{each.id}.html"].decode()


def index(*releases: Release, **changes: Any) -> str:
    return render(releases, masthead(**changes))["index.html"].decode()


def feed(*releases: Release, **changes: Any) -> ET.Element:
    return ET.fromstring(render(releases, masthead(**changes))["feed.xml"])  # noqa: S314 - our own


class Texts(HTMLParser):
    """Every text that is shown, with the language that it is in and the block that it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._open: list[tuple[str, str, str]] = []
        self.found: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        _, lang, block = self._open[-1] if self._open else ("", "", "")
        given = dict(attrs)
        self._open.append((tag, given.get("lang") or lang, (given["id"] or "") if tag == "article" else block))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, lang, block = self._open[-1] if self._open else ("", "", "")
        if data.strip() and tag != "style":
            self.found.append((block, lang, data.strip()))


def texts(html: str, block: str) -> list[str]:
    return [text for of, _, text in Texts(html).found if of == block]


def full() -> Release:
    """A statement with everything: a claim, an answer, a correction, a withdrawal, a joint name, a fourth language."""
    later = Version(THEN, {"ko": "정정문"}, {"ko": "다시 말한다.", "fr": "Encore."}, {"en": "The hour was wrong."})
    answer = Reply(LAST, "jp", "contest", {"ja": "そのような発言はない。"}, {"en": "Nothing of the kind."})
    return release(
        about="jp",
        claim={"en": "Japan expressed understanding."},
        versions=(later, SAID),
        replies=(answer,),
        withdrawn=Withdrawal(LAST, {"ko": "철회한다."}),
    )


# Whose


def test_parties_are_named_in_the_language_of_the_block_and_never_by_id_alone() -> None:
    joint = release(joint=("jp", "kr"))
    assert {"Japan", "Republic of Korea", "Joint statement"} <= set(texts(page(joint), "en"))
    assert {"일본국", "대한민국", "공동성명"} <= set(texts(page(joint), "ko"))
    html = page(full()) + index(full())
    shown = " ".join(text for _, _, text in Texts(html).found).replace("kr-statement-1", "")
    assert not re.search(r"\b(kr|jp|KR|JP)\b", shown)
    authors = [name.text for name in feed(joint).iterfind(f".//{{{ATOM}}}entry/{{{ATOM}}}author/{{{ATOM}}}name")]
    assert authors == ["Japan", "Republic of Korea"]


def test_a_party_that_no_document_names_is_shown_by_its_id_in_capitals() -> None:
    assert "KR" in texts(page(release(), names={}), "en")


# In which language


def test_every_text_is_marked_with_the_language_that_it_is_in() -> None:
    for html in (page(full(), simulated=True), index(full(), simulated=True)):
        for _, lang, text in Texts(html).found:
            assert not (re.search("[가-힣]", text) and lang != "ko"), text
            assert not (re.search("[ぁ-ん]", text) and lang != "ja"), text
            assert not (re.search("[a-z]{4}", re.sub("kr-statement|Asia/Seoul", "", text)) and lang in ("ja", "ko")), (
                text
            )


def test_each_block_has_its_furniture_in_its_own_language() -> None:
    html = page(full())
    assert {"Published", "Corrected", "Withdrawn", "On the record", "All statements"} <= set(texts(html, "en"))
    assert {"발표", "정정", "철회", "성명 목록", "정정 전 문안"} <= set(texts(html, "ko"))
    listed = index(full())
    for lang in ("en", "ja", "ko"):
        assert press_words.STATEMENTS[lang] in texts(listed, lang)
        assert press_words.FEED[lang] in texts(listed, lang)


def test_where_there_are_no_words_in_a_language_they_are_english_and_marked_so() -> None:
    assert ("fr", "en", "Published") in Texts(page(full())).found


def test_a_block_stands_for_each_language_that_it_was_said_in_the_one_asked_for_first() -> None:
    def blocks(html: str) -> list[str]:
        return re.findall('<article id="([a-z]+)"', html)

    assert blocks(page(full())) == ["en", "ko", "fr"]
    assert blocks(page(full(), lang="ko")) == ["ko", "en", "fr"]
    assert blocks(page(release(), lang="ja")) == ["en", "ko"]
    assert blocks(index(lang="ja")) == ["ja", "en", "ko"]
    assert re.findall('<a href="#([a-z]+)"', page(full())) == ["en", "ko", "fr"]


def test_a_title_or_text_that_is_missing_in_a_language_is_the_one_there_is_and_said_so() -> None:
    html = page(full())
    assert ("en", "ko", "정정문") in Texts(html).found
    assert ("en", "ko", "다시 말한다.") in Texts(html).found
    assert press_words.NOT_IN["en"] in texts(html, "en")
    assert press_words.NOT_IN["ko"] not in texts(html, "ko")
    assert ('<a href="kr-statement-1.html#en" lang="ko">정정문</a>') in index(full())


def test_the_words_are_there_in_three_languages_for_every_attribution_and_answer() -> None:
    assert tuple(press_words.ATTRIBUTIONS) == ATTRIBUTIONS
    kept = [words for name, words in vars(press_words).items() if name.isupper() and name != "LANGUAGES"]
    for words in kept:
        for each in [words] if "en" in words else words.values():
            assert set(each) == {"en", "ja", "ko"}
            assert all(each.values())


# When


@pytest.mark.parametrize(
    ("instant", "zone", "lang", "shown"),
    [
        (FIRST, "Asia/Seoul", "en", "22 November 2019, 18:00 KST (09:00 UTC)"),
        (FIRST, "Asia/Seoul", "ja", "2019年11月22日 18:00 KST (09:00 UTC)"),
        (THEN, "Asia/Seoul", "ko", "2019년 11월 23일 01:30:20 KST (2019년 11월 22일 16:30:20 UTC)"),
        (FIRST, "UTC", "en", "22 November 2019, 09:00 UTC"),
        (FIRST, "Asia/Kathmandu", "en", "22 November 2019, 14:45 UTC+0545 (09:00 UTC)"),
    ],
)
def test_an_instant_is_shown_in_the_agreements_zone_and_in_utc(instant: str, zone: str, lang: str, shown: str) -> None:
    assert when(instant, zone, lang).replace("\u00a0", " ") == shown


def test_every_instant_is_for_people_and_for_programs_and_none_is_raw() -> None:
    html = page(full()) + index(full())
    times = re.findall('<time datetime="([^"]+)">([^<]+)</time>', html)
    assert {FIRST, THEN, LAST} == {instant for instant, _ in times}
    assert all("UTC" in text and "Z" not in text for _, text in times)
    assert not re.search(r">[^<]*\d{4}-\d\d-\d\dT[^<]*<", html)
    assert "Asia/Seoul" in html


# What


def test_a_correction_says_why_and_keeps_the_earlier_title_and_text() -> None:
    shown = texts(page(full()), "en")
    assert shown.index("The hour was wrong.") < shown.index("Text before the correction")
    assert shown.index("Text before the correction") < shown.index("Suspension") < shown.index("It is suspended.")


def test_what_was_withdrawn_is_marked_wherever_it_is_named_and_stays() -> None:
    gone = release(withdrawn=Withdrawal(LAST, {"en": "It was not so."}))
    assert {"Withdrawn.", "It was not so.", "It is suspended."} <= set(texts(page(gone), "en"))
    assert "Withdrawn" in texts(index(gone), "en")
    assert [title.text for title in feed(gone).iter(f"{{{ATOM}}}title")][1] == "Withdrawn: Suspension"


def test_a_claim_stands_beside_its_answer_or_that_there_is_none() -> None:
    assert any("Answer: Contested" in text for text in texts(page(full()), "en"))
    asked = full()._replace(replies=())
    assert any("Neither confirmed nor contested" in text for text in texts(page(asked), "en"))
    assert "What it says of another party" not in texts(page(release()), "en")


def test_on_background_the_source_is_the_registrys_reference() -> None:
    quoted = page(release(attribution="background", source="kr-r-<114>"))
    assert "On background; reference: kr-r-&lt;114&gt;" in quoted
    assert "배경 설명(발언자 비공개, 참조 번호: kr-r-&lt;114&gt;)" in quoted


def test_an_exercise_says_so_on_every_page_and_in_the_feed_in_three_languages_and_nothing_else_does() -> None:
    for html in (page(release(), simulated=True), index(simulated=True)):
        assert all(words in html for words in press_words.SIMULATED.values())
    assert [title.text for title in feed(release(), simulated=True).iter(f"{{{ATOM}}}title")] == [
        "[EXERCISE] Republic of Korea: Statements", "[EXERCISE] Suspension",
    ]  # fmt: skip
    real = b"".join(render([release()], masthead()).values()).decode()
    assert not any(words in real for words in (*press_words.SIMULATED.values(), *press_words.EXERCISE.values()))


def test_without_statements_the_index_says_so_and_the_feed_is_one() -> None:
    assert "None yet." in texts(index(), "en")
    assert feed().find(f"{{{ATOM}}}updated") is not None


def test_the_newest_stand_first_and_what_is_no_text_is_on_no_page() -> None:
    late = release(id="kr-statement-2", versions=(SAID._replace(at=LAST),))
    found = re.findall('href="(kr-statement-[0-9]+).html#en"', index(release(), late))
    assert found[:2] == ["kr-statement-2", "kr-statement-1"]
    step = {"verb": "issue", "at": FIRST, "by": "kr", "refused": None, "say": {"title": {"en": "T"}}}
    step["texts"] = [{"lang": "en", "media_type": "application/pdf", "text": "%PDF"},
                     {"lang": "ko", "media_type": "text/plain", "text": None}]  # fmt: skip
    shown = {"id": "kr-statement-1", "owner": "kr", "between": ["jp", "kr"], "state": "issued", "out": FIRST}
    read_back = read(shown | {"steps": [step]})
    assert read_back is not None
    assert read_back.versions[0].texts == {}


def test_pages_fetch_nothing_and_run_nothing() -> None:
    for html in (page(full()), index(full())):
        assert "default-src 'none'" in html
        assert not re.search(r"<script|\bon[a-z]+=|\bsrc=|url\(|@import|https?:", html)


# The feed (RFC 4287)


def entries(root: ET.Element) -> Iterator[ET.Element]:
    return root.iterfind(f"{{{ATOM}}}entry")


def test_the_feed_has_what_rfc_4287_asks_for() -> None:
    root = feed(full(), release(id="jp-statement-48201993", joint=("jp", "kr")), simulated=True)
    for element in (root, *entries(root)):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{{{ATOM}}}{name}")) == 1
        assert element.find(f"{{{ATOM}}}author/{{{ATOM}}}name") is not None
        links = [
            (link.get("type"), link.get("hreflang"))
            for link in element.iterfind(f"{{{ATOM}}}link")
            if link.get("rel") == "alternate"
        ]
        assert links
        assert len(links) == len(set(links))
    ids = [each.text for each in root.iter(f"{{{ATOM}}}id")]
    assert len(ids) == len(set(ids))
    for name in ("updated", "published"):
        assert all(parse_instant(each.text or "") for each in root.iter(f"{{{ATOM}}}{name}"))
    assert all(not name.attrib for name in root.iter(f"{{{ATOM}}}name"))
    assert root.get(LANG) == "en"
    for content in root.iter(f"{{{ATOM}}}content"):
        assert [child.tag for child in content] == [f"{{{XHTML}}}div"]


def test_the_feed_says_a_statement_in_every_language_it_was_said_in_each_marked() -> None:
    (entry,) = entries(feed(release()))
    blocks = {
        block.get(LANG): "".join(block.itertext()) for block in entry.iterfind(f".//{{{XHTML}}}div/{{{XHTML}}}div")
    }
    assert blocks == {"en": "SuspensionIt is suspended.For now.", "ko": "정지정지한다."}
    assert [link.get("href") for link in entry.iterfind(f"{{{ATOM}}}link")] == [
        "https://example.org/kr-statement-1.html#en", "https://example.org/kr-statement-1.html#ko",
    ]  # fmt: skip


def test_an_entry_is_updated_with_the_last_thing_that_happened_to_the_statement() -> None:
    (entry,) = entries(feed(full()))
    assert entry.findtext(f"{{{ATOM}}}updated") == LAST
    assert entry.findtext(f"{{{ATOM}}}published") == FIRST


# The page that specifies them


def test_the_specification_has_every_word() -> None:
    page = (Path(__file__).parents[3] / "docs" / "spec" / "press.md").read_text()
    for name, words in vars(press_words).items():
        if name.isupper() and name not in ("LANGUAGES", "COLON", "BEFORE_TIME"):
            for each in [words] if "en" in words else words.values():
                assert f"| {each['en']} | {each['ja']} | {each['ko']} |" in page
