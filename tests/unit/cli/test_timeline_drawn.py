"""The drawn timeline and its page: whole by themselves, in three languages, saying no more than the chronicle."""

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from chronicle_case import AFTERWARDS, Hand, acts, case, exchanges, kst, matters, steps, terms
from click.testing import CliRunner

from entente.cli.main import main
from entente.cli.timeline_axis import DAY_MS, HOUR_MS
from entente.cli.timeline_html import page
from entente.cli.timeline_rows import SINGLE, rows
from entente.cli.timeline_style import BANDS
from entente.cli.timeline_svg import Look, around_the_end, draw, leaves
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.chronicle import Chronicle, build
from entente.domain.relations.chronicle_words import LANGUAGES
from entente.domain.relations.lanes import Exchange
from entente.domain.relations.matters import fold

SVG = "{http://www.w3.org/2000/svg}"
CASE = case()
SCENARIO = Path(__file__).parents[3] / "examples" / "scenarios" / "jp-kr-2016-2023"
LAPSE = parse_instant("2019-11-22T15:00:00Z")


def texts(drawn: str) -> list[str]:
    root = ET.fromstring(drawn)  # noqa: S314  # we have just written it
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_drawing_is_one_image_with_a_title_and_a_description(lang: str) -> None:
    root = ET.fromstring(draw(CASE, lang))  # noqa: S314
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    named = {each.get("id"): each for each in root if each.get("id")}
    assert [named[each].tag for each in ids] == [f"{SVG}title", f"{SVG}desc"]
    assert named[ids[0]].text == CASE.title[lang]
    assert str(len(CASE.marks)) in (named[ids[1]].text or "")


@pytest.mark.parametrize("made", [draw(CASE, "en"), page(CASE)])
def test_nothing_is_fetched_and_nothing_runs(made: str) -> None:
    assert "<script" not in made
    assert not re.search(r"\son\w+=", made)
    assert not re.search(r"(href=|src=|@import|<image|<use|<foreignObject)", made)
    outside = set(re.findall(r"https?://[^\"'\s<]*", made))
    assert outside <= {"http://www.w3.org/2000/svg"}
    assert {each[1:] for each in re.findall(r"url\((#[^)]*)\)", made)} <= set(re.findall(r'id="([^"]*)"', made))
    assert not re.search(r"url\((?!#)", made)


def test_the_page_forbids_itself_to_run_or_fetch_anything() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in page(CASE)


def test_the_same_chronicle_draws_the_same_bytes() -> None:
    assert draw(CASE, "ja") == draw(case(), "ja")
    assert page(CASE) == page(case())


def test_words_from_outside_stay_words() -> None:
    hand = Hand()
    evil = "<script>alert('1')</script> & \"x\""
    hand("kr-measure-9", "announce", "2019-11-22 12:00", subject="other", title={"en": evil})
    hostile = build(terms(), acts(), fold([*steps(), *hand.steps]), at=AFTERWARDS)
    drawn, shown = draw(hostile, "en"), page(hostile)
    assert any("<script>" in text for text in texts(drawn))
    assert "<script" not in drawn
    assert "<script" not in shown


def test_what_is_under_embargo_is_neither_drawn_nor_listed_a_millisecond_before() -> None:
    hand = Hand()
    until = "2023-05-10T09:00:00+09:00"
    hand("kr-statement-9", "issue", "2023-05-09 12:00", attribution="none", title={"en": "Held back"}, embargo=until)
    both = fold([*steps(), *hand.steps])
    before, after = (build(terms(), acts(), both, at=kst("2023-05-10 09:00") - early) for early in (1, 0))
    for made in (draw(before, "en"), page(before)):
        assert "Held back" not in made
        assert "kr-statement-9" not in made
    assert "Held back" in draw(after, "en")
    assert "kr-statement-9" in page(after)


def test_the_closer_look_is_at_the_last_day_before_the_end_that_did_not_come() -> None:
    assert around_the_end(CASE) == ((kst("2019-11-22 00:00"), kst("2019-11-23 06:00")),)
    assert "22 November 2019 00:00 – 23 November 2019 06:00" in " ".join(texts(draw(CASE, "en")))


def test_without_an_end_there_is_no_closer_look_unless_asked_for() -> None:
    quiet = case(at=kst("2019-01-01 00:00"))
    assert around_the_end(quiet) == ()
    assert "Closer" not in " ".join(texts(draw(quiet, "en")))
    window = (kst("2018-06-01 00:00"), kst("2018-07-01 00:00"))
    assert "1 June 2018 00:00 – 1 July 2018 00:00" in " ".join(texts(draw(quiet, "en", Look(closer=(window,)))))


def test_closer_looks_are_asked_for_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "case.svg"
    window = "2020-06-01T00:00:00+09:00/2020-08-01T00:00:00+09:00"
    done = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--svg", str(file), "--closer", window])
    assert done.exit_code == 0, done.output
    assert "1 June 2020 00:00 – 1 August 2020 00:00" in " ".join(texts(file.read_text(encoding="utf-8")))
    backwards = "/".join(reversed(window.split("/")))
    refused = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--closer", backwards])
    assert (refused.exit_code, "ends before it begins" in refused.output) == (2, True)


def test_the_key_says_whose_letters_stand_at_the_marks() -> None:
    for lang, japan in (("en", "JP Japan"), ("ja", "JP 日本国"), ("ko", "JP 일본국")):
        assert japan in texts(draw(CASE, lang))


def test_the_table_names_articles_parties_and_brackets_as_each_language_does() -> None:
    table = [row for row in rows(CASE, "ja") if "本来の終了時刻" in row.what]
    assert {row.what for row in table} == {
        f"{name}：本来の終了時刻（Asia/Seoul）（実現せず）" for name in ("日本国", "大韓民国")
    }
    assert {row.rests for row in table} == {"kr-4, 第21条3"}
    assert any(row.who == "日本国、大韓民国" for row in rows(CASE, "ja"))


def test_every_phase_in_sight_is_named_in_words() -> None:
    for lang in LANGUAGES:
        shown = " ".join(texts(draw(CASE, lang)))
        for lane in CASE.lanes:
            for stretch in lane.stretches if lane.group == "status" else ():
                if stretch.ends - stretch.begins > 30 * DAY_MS:
                    assert stretch.label[lang] in shown


def test_each_mark_of_the_closer_look_is_there_with_its_time() -> None:
    shown = " ".join(texts(draw(CASE, "en")))
    for words in (
        "Proceeding halted18:00",
        "Talks accepted18:04",
        "Would have ended00:00",
        "No change in policy on licensing19:10",
    ):
        assert words in shown


def test_marks_without_room_are_numbered_and_the_numbers_explained() -> None:
    hand = Hand()
    for number in range(30):
        title = {"en": f"A statement about the course of all the talks, number {number}"}
        hand(f"jp-statement-{number + 20}", "issue", f"2019-12-01 10:{number:02}", attribution="on_record", title=title)
    crowded = build(terms(), acts(), fold(hand.steps), at=AFTERWARDS)
    shown = texts(draw(crowded, "en", Look(closer=())))
    badge = next(text for text in shown if re.fullmatch(r"\d+–\d+", text))
    first, last = (int(part) for part in badge.split("–"))
    explained = {int(match.group(1)) for text in shown if (match := re.match(r"(\d+)\d{1,2} Dec 2019JP", text))}
    assert last - first > 10
    assert any("A statement about the course of all the talks, number 1" in text for text in shown)
    assert len(explained) >= last - first


def test_labels_are_shortened_before_a_mark_is_left_over_for_a_number() -> None:
    hand = Hand()
    for number in range(10):
        title = {"en": f"{number} is the number of this statement about the course of all the talks"}
        day = f"{('2019-01', '2021-06')[number % 2]}-01 10:{number:02}"
        hand(f"jp-statement-{number + 20}", "issue", day, attribution="on_record", title=title)
    shown = texts(draw(build(terms(), acts(), fold(hand.steps), at=AFTERWARDS), "en", Look(closer=())))
    labels = [text for text in shown if "is the number" in text]
    assert len(labels) == 10
    assert any("…" in text for text in labels)
    assert not [text for text in shown if re.fullmatch(r"\d+–\d+|\d", text)]


def test_a_band_is_filled_by_a_pattern_that_is_defined() -> None:
    drawn = draw(CASE, "en", Look(prefix="p"))
    assert {f"p-{name}" for name in BANDS} <= set(re.findall(r'<pattern id="([^"]*)"', drawn))


def test_drawings_on_one_page_share_no_ids() -> None:
    ids = re.findall(r'\sid="([^"]*)"', page(CASE))
    assert len(ids) == len(set(ids))


def test_leaves_are_the_whole_and_each_closer_look() -> None:
    windows = ((LAPSE - DAY_MS, LAPSE), (LAPSE - HOUR_MS, LAPSE + HOUR_MS))
    found = leaves(CASE, "en", Look(closer=windows))
    assert len(found) == 3
    assert "The whole course" in " ".join(texts(found[0]))
    assert all("Closer" in " ".join(texts(leaf)) for leaf in found[1:])


# The table


def cells(chronicle: Chronicle, lang: str = "en") -> list[list[str]]:
    section = page(chronicle).split(f'<section class="of-{lang}"')[1].split("</section>")[0]
    table = section.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [unescape(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in re.findall(r"<td>(.*?)</td>", row)]
        for row in table.split("</tr>")
        if row
    ]


def test_the_table_has_every_mark_in_order_with_both_times_who_and_what_it_rests_on() -> None:
    table = cells(CASE)
    assert [row[1] for row in table] == sorted(row[1] for row in table)
    assert ["2019-11-22 18:00", "2019-11-22 09:00", "Formal acts", "Republic of Korea",
            "Effect of the notice suspended (kr-4)", "kr-4, kr-3, Art. 21(3)"] in table  # fmt: skip
    listed = [row[4] for row in table]
    for mark in CASE.marks:
        assert any(mark.title["en"] in what for what in listed)


def test_the_table_says_what_did_not_come_about() -> None:
    averted = next(row for row in cells(CASE) if "Would have ended" in row[4])
    assert averted[0] == "2019-11-23 00:00"
    assert averted[4].endswith("(did not come about)")


def test_the_table_has_each_phase_with_both_its_ends() -> None:
    running = [row for row in cells(CASE) if row[4] == "Japan: Notice running"]
    assert running[0][0].split() == ["2019-08-23", "17:30", "–", "2019-11-22", "18:00"]


def test_what_is_the_same_in_every_view_stands_once() -> None:
    assert len([row for row in rows(CASE, "ja") if "2019年8月24日" in row.what]) == 1


def test_very_many_exchanges_are_counted_by_day_sender_and_precedence() -> None:
    flash = next(exchanges())
    many = [flash._replace(at=kst("2019-11-22 00:00") + index * 60_000) for index in range(SINGLE + 1)]
    other = Exchange(kst("2019-11-23 01:00"), "kr", ("jp",), 1, "ROUTINE", "actual")
    told = build(terms(), acts(), matters(), [*many, other], at=AFTERWARDS)
    counted = [(row.who, row.what) for row in rows(told, "en") if row.group == "Exchanges"]
    assert counted == [("Japan", f"EXERCISE FLASH × {SINGLE + 1}"), ("Republic of Korea", "ACTUAL ROUTINE × 1")]
    assert str(SINGLE + 2) in texts(draw(told, "en"))
    few = build(terms(), acts(), matters(), [flash], at=AFTERWARDS)
    told = [row.what for row in rows(few, "en") if row.group == "Exchanges"]
    assert told == ["EXERCISE → Republic of Korea no. 1 · FLASH"]
