"""The printed timeline: states, indicators and what became of each mark, in three languages; files all or none."""

import re
from pathlib import Path

import pytest
from chronicle_case import AFTERWARDS, Hand, acts, case, kst, series, steps, terms, window
from click.testing import CliRunner

from entente.cli.main import main
from entente.cli.timeline import marks
from entente.cli.timeline_html import page
from entente.cli.timeline_rows import rows
from entente.cli.timeline_svg import Look, draw
from entente.cli.timeline_words import IN_PAGE, IN_TABLE, UNLABELLED
from entente.domain.relations.chronicle import Chronicle, build
from entente.domain.relations.chronicle_words import GROUP_WORDS, LANGUAGES
from entente.domain.relations.matters import fold

SCENARIO = Path(__file__).parents[3] / "examples" / "scenarios" / "jp-kr-2016-2023"
CALLED_OFF = {"en": "(called off)", "ja": "（取りやめ）", "ko": "(취소)"}


def printed(lang: str) -> str:
    done = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--lang", lang])
    assert done.exit_code == 0, done.output
    return done.output


def line(output: str, *words: str) -> str:
    """The row that has these words, however it is broken into lines, without its blanks."""
    rows_ = ["".join(each.split()) for each in re.split(r"\n(?= \d{4}-\d\d-\d\d )", output)]
    return next(each for each in rows_ if all(word.replace(" ", "") in each for word in words))


def troubled() -> Chronicle:
    """The case with a round and a meeting called off, a step refused, and a meeting yet to come."""
    hand = Hand()
    talk = "kr-dialogue-1"
    hand(
        talk,
        "convene",
        "2023-04-01 10:00",
        round="10",
        place="Seoul",
        window=window("2023-05-01 10:00", "2023-05-01 18:00"),
    )
    hand(talk, "cancel", "2023-04-20 10:00", round="10")
    hand(talk, "accept", "2023-04-21 10:00", by="jp")
    for number, held in (("8", "2023-06-01"), ("9", "2024-02-01")):
        at = window(f"{held} 10:00", f"{held} 11:00")
        title = {"en": f"Meeting {number}", "ja": f"会合{number}", "ko": f"회의{number}"}
        hand(
            f"jp-meeting-{number}",
            "propose",
            "2023-05-02 10:00",
            level="minister",
            window=[at],
            place="Tokyo",
            title=title,
        )
        hand(f"jp-meeting-{number}", "agree", "2023-05-03 10:00", by="kr", window=at)
    hand("jp-meeting-8", "cancel", "2023-05-20 10:00")
    return build(terms(), acts(), fold([*steps(), *hand.steps]), series=series(), at=AFTERWARDS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_round_or_meeting_called_off_is_never_told_as_if_it_took_place(lang: str) -> None:
    chronicle = troubled()
    listed = [row.what for row in rows(chronicle, lang) if row.at in (kst("2023-05-01 10:00"), kst("2023-06-01 10:00"))]
    assert len(listed) == 2
    assert all(what.endswith(CALLED_OFF[lang]) for what in listed)
    for made in (draw(chronicle, lang), page(chronicle, lang)):
        assert CALLED_OFF[lang] in made
    held = [row.what for row in rows(chronicle, lang) if row.at == kst("2020-03-10 10:00")]
    assert not any(CALLED_OFF[lang] in what for what in held)


def test_every_mark_that_did_not_simply_come_about_says_so_in_the_rows_and_in_json() -> None:
    chronicle = troubled()
    words = {
        "expected": "to come",
        "averted": "did not come about",
        "refused": "refused",
        "limit": "ast day for notice",
    }
    shown = [row.what for row in rows(chronicle, "en")]
    forms = set()
    for mark in chronicle.marks:
        if mark.form == "done":
            continue
        forms.add(mark.form)
        word = "called off" if mark.called_off else words[mark.form]
        assert any(mark.title["en"] in what and word in what for what in shown)
    assert forms == set(words)
    told = [(each["form"], each["became"]) for each in marks(chronicle, "en")]
    assert {("averted", "called off"), ("expected", "to come as things stand"), ("done", "")} <= set(told)
    assert all(became for form, became in told if form != "done")


@pytest.mark.parametrize("ending", ["called off", "to come as things stand"])
def test_a_number_below_the_drawing_says_what_became_of_its_mark(ending: str) -> None:
    hand = Hand()
    title = {"en": "A meeting about the course of all the talks of these years"}
    for number in range(10, 40):
        at = window(f"2023-06-01 10:{number}", f"2023-06-01 11:{number}")
        meeting = f"jp-meeting-{number}"
        hand(meeting, "propose", f"2023-05-02 10:{number}", level="minister", window=[at], place="Tokyo", title=title)
        hand(meeting, "agree", f"2023-05-03 10:{number}", by="kr", window=at)
        if ending == "called off":
            hand(meeting, "cancel", f"2023-05-20 10:{number}")
    told = build(terms(), acts(), fold(hand.steps), at=kst("2023-05-25 10:00"))
    texts = re.findall(r"<text[^>]*>(.*?)</text>", draw(told, "en", Look(closer=())))
    key = [re.sub("<[^>]*>", "", each) for each in texts]
    numbered = [each for each in key if re.match(r"\d+1 Jun 2023", each)]
    assert len(numbered) > 5
    assert all(each.endswith(f"({ending})") for each in numbered)


@pytest.mark.parametrize(
    ("lang", "heads", "running", "eased"),
    [
        (
            "en",
            ("Time, Asia/Seoul", "Of", "Who", "What"),
            "Japan: Notice running (until 2019-11-22 18:00)",
            "Eased (until",
        ),
        (
            "ja",
            ("時刻（Asia/Seoul）", "区分", "主体", "内容"),
            "日本国：終了通告期間中（2019-11-22 18:00まで）",
            "緩和（",
        ),
        (
            "ko",
            ("시각(Asia/Seoul)", "구분", "주체", "내용"),
            "일본국: 종료 통보 기간 중(2019-11-22 18:00까지)",
            "완화(",
        ),
    ],
)
def test_print_has_states_and_differences_of_views_and_its_headings_in_the_language(
    lang: str, heads: tuple[str, ...], running: str, eased: str
) -> None:
    output = printed(lang)
    assert line(output, *heads)
    assert line(output, "2019-08-23 17:30:00", running)
    assert line(output, GROUP_WORDS["measures"][lang], "2019-12-20 17:00:00", eased)
    differ = {"en": "Views differ (until", "ja": "見解の相違（", "ko": "견해 차이("}[lang]
    assert line(output, "2020-08-24", differ)
    assert not re.search(r"status:|\bstatements\b|  jp  |  kr  ", output)
    if lang != "en":
        assert not re.search(r"Formal acts|Meetings|Japan\b|Status", output)


def test_an_indicator_is_one_line_with_its_unit_periods_first_last_lowest_and_highest_value() -> None:
    for lang in LANGUAGES:
        said = line(printed(lang), GROUP_WORDS["indicators"][lang], "jp-indicator-1")
        figures = ("1,000/month", "2019-01", "2023-07", "760", "620", "0", "2020-05")
        assert all(each in said for each in figures)
    figures = [row for row in rows(case(), "en") if row.matter == "jp-indicator-1"]
    assert len(figures) == 1
    nothing = build(terms(), acts(), fold(steps()), at=AFTERWARDS)
    assert "Visitors to Japan [thousand]: no figures" in [row.what for row in rows(nothing, "en")]


def test_a_state_that_lasts_to_the_edge_has_no_end_that_anybody_knows() -> None:
    last = [row for row in rows(case(), "en") if row.what == "Japan: In force"][-1]
    assert last.until is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_marks_without_a_label_are_counted_in_words_with_where_they_are_listed(lang: str) -> None:
    chronicle = case()
    for made, where in ((draw(chronicle, lang, Look(closer=())), IN_PAGE), (page(chronicle, lang, ()), IN_TABLE)):
        before, after = UNLABELLED[lang].format("\0", where[lang]).split("\0")
        count = re.search(re.escape(before) + r"(\d+)" + re.escape(after), made)
        assert count is not None
        labelled = made.split("</svg>")[0]
        limits = sum(mark.form == "limit" for mark in chronicle.marks)
        assert limits <= int(count.group(1)) < len(chronicle.marks)
        if lang == "en" and where is IN_PAGE:
            notes = [mark.label["en"] for mark in chronicle.marks if mark.minor and mark.lane == "meetings"]
            missing = sum(f">{label}</tspan>" not in labelled for label in notes)
            assert int(count.group(1)) >= limits + missing


def test_a_drawing_in_which_every_mark_has_its_label_counts_nothing() -> None:
    hand = Hand()
    hand("jp-statement-1", "issue", "2019-08-22 18:20", attribution="on_record", title={"en": "One"})
    alone = build(terms(), (), fold(hand.steps), at=AFTERWARDS)
    assert UNLABELLED["en"].split("{}")[0] not in draw(alone, "en", Look(closer=()))


def test_items_have_their_labels_in_the_whole_course_where_there_is_room() -> None:
    whole = draw(case(), "en", Look(closer=()))
    assert "EXERCISE → KR no. 51 · FLASH" in whole


def test_where_one_file_is_there_already_none_is_written(tmp_path: Path) -> None:
    svg, html = tmp_path / "a.svg", tmp_path / "b.html"
    html.write_text("mine", encoding="utf-8")
    ran = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--svg", str(svg), "--html", str(html)])
    assert (ran.exit_code, "nothing was written" in ran.output) == (2, True)
    assert not svg.exists()
    assert html.read_text(encoding="utf-8") == "mine"
    ran = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--svg", str(svg), "--html", str(tmp_path / "no" / "b")])
    assert ran.exit_code == 2
    assert not svg.exists()
    ran = CliRunner().invoke(main, ["timeline", str(SCENARIO), "--svg", str(svg), "--html", str(svg)])
    assert ran.exit_code == 2
    assert not svg.exists()
