"""The drawn timeline in a real browser: no text over another, none cut off, at two widths and in three languages."""

import re
from html import escape
from itertools import combinations
from pathlib import Path

import pytest
from chronicle_case import AFTERWARDS, Hand, acts, case, exchanges, kst, series, steps, terms
from support_browser import TEXTS, Box, Seen, ask, seen

from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import record_of
from entente.cli.timeline_html import page
from entente.cli.timeline_source import scenario_source
from entente.cli.timeline_svg import Look, draw
from entente.cli.timeline_withheld import Missing, withheld
from entente.cli.timeline_words import CLOSER, COLUMNS, OF_EVIDENCE, SIMULATED
from entente.domain.relations.chronicle import Chronicle, build, told_by
from entente.domain.relations.chronicle_words import LANGUAGES, each, said
from entente.domain.relations.matters import fold

WIDTHS = (1280, 1920)
SCENARIO = Path(__file__).parents[2] / "examples" / "scenarios" / "jp-kr-2016-2023"
LOOK = "({texts, poles, signs})"
PAGE = (
    "({texts, poles, signs, wide: document.documentElement.scrollWidth,"
    " shown: [...document.querySelectorAll('main section')].filter(each => each.offsetHeight).map(each => each.lang)})"
)


def crowded() -> Chronicle:
    """The same case with forty more things in one winter and more items than can be shown one by one."""
    hand = Hand()
    title = {"en": "A longer statement about the course of the talks", "ja": "対話の経過についての長めの声明文その一"}
    for number in range(40):
        day = f"2019-12-{number // 2 + 1:02} {8 + number % 2:02}:{number:02}"
        hand(f"jp-statement-{number + 20}", "issue", day, attribution="on_record", title=title)
    many = [
        each._replace(at=kst("2019-11-22 00:00") + index * 600_000)
        for index in range(200)
        for each in [next(exchanges())]
    ]
    return build(terms(), acts(), fold([*steps(), *hand.steps]), many, series(), at=AFTERWARDS)


def shipped() -> Chronicle:
    """The case that comes with Entente."""
    scenario = load_scenario(SCENARIO)
    return record_of(scenario).chronicle(scenario.parts[0].steps[-1].at, scenario_source())


def clashes(texts: list[Seen]) -> list[tuple[str, str]]:
    return [(one.text, other.text) for one, other in combinations(texts, 2) if one.box.over(other.box)]


def cut_off(texts: list[Seen]) -> list[str]:
    return [
        each.text
        for each in texts
        if each.box.left < each.drawing.left
        or each.box.right > each.drawing.right
        or each.box.bottom > each.drawing.bottom
    ]


def crossed(texts: list[Seen], poles: list[Box]) -> list[str]:
    return [each.text for each in texts for pole in poles if each.box.over(pole, 0.2)]


def marked(texts: list[Seen], signs: list[Box]) -> list[str]:
    """Texts over which a mark's shape lies: a glyph, a triangle, a line in a band."""
    return [each.text for each in texts for sign in signs if each.box.over(sign)]


def looked_at(
    chronicle: Chronicle, lang: str, folder: Path, look: Look, font: str = ""
) -> tuple[list[Seen], list[Box], list[Box]]:
    """The drawing as a file of its own, opened in a window as wide as it."""
    drawn = draw(chronicle, lang, look)
    if font:
        drawn = re.sub(r"font-family:[^;}]*", f"font-family:{font}", drawn)
    file = folder / "timeline.svg"
    file.write_text(drawn, encoding="utf-8")
    return seen(ask(file, look.width, TEXTS, LOOK, folder / "profile"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("shown", [case(), shipped()], ids=["dense", "shipped"])
def test_no_label_lies_over_another(shown: Chronicle, lang: str, width: int, tmp_path: Path) -> None:
    texts, poles, signs = looked_at(shown, lang, tmp_path, Look(width=width))
    assert len(texts) > 120
    assert len(poles) > 60
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


def test_the_widest_of_the_usual_fonts_has_room_too(tmp_path: Path) -> None:
    texts, poles, signs = looked_at(case(), "en", tmp_path, Look(), "'DejaVu Sans'")
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_there_is_no_room_numbers_stand_and_lie_over_nothing(lang: str, tmp_path: Path) -> None:
    texts, poles, signs = looked_at(crowded(), lang, tmp_path, Look())
    assert len([each for each in texts if re.fullmatch(r"\d+–\d+", each.text)]) >= 1
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_closer_looks_of_any_length_keep_their_labels_apart(lang: str, tmp_path: Path) -> None:
    windows = [("2019-11-22 17:55", "2019-11-22 18:10"), ("2019-11-20 00:00", "2019-12-25 00:00")]
    windows += [("2019-07-01 00:00", "2020-08-01 00:00"), ("2023-03-14 00:00", "2023-03-18 00:00")]
    look = Look(closer=tuple((kst(begins), kst(ends)) for begins, ends in windows))
    texts, poles, signs = looked_at(case(), lang, tmp_path, look)
    assert len([each for each in texts if each.text.startswith(CLOSER[lang])]) == len(windows)
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_long_heading_lies_over_nothing(lang: str, tmp_path: Path) -> None:
    missing = [Missing(kind, party, 1234) for kind in ("steps", "items", "log") for party in ("jp", "kr")]
    told = OF_EVIDENCE[lang].format("JP, KR", "2023-12-19 01:10 UTC")
    source = each(lambda _: " – ".join((SIMULATED, told, withheld(missing, lang))))
    texts, poles, signs = looked_at(told_by(case(), source, "kr"), lang, tmp_path, Look())
    assert len([one for one in texts if "SIMULATED" in one.text]) == 1
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


def test_what_is_only_foreseen_is_apart_too(tmp_path: Path) -> None:
    texts, poles, signs = looked_at(case(at=kst("2019-11-22 17:50")), "en", tmp_path, Look())
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_one_language_without_overlaps_or_scrolling_sideways(
    lang: str, width: int, tmp_path: Path
) -> None:
    file = tmp_path / "timeline.html"
    file.write_text(without_policy(page(case(), lang)), encoding="utf-8")
    answer = ask(file, width, TEXTS, PAGE, tmp_path / "profile")
    texts, poles, signs = seen(answer)
    assert answer["shown"] == [lang]
    assert answer["wide"] <= width
    assert len(texts) > 120
    assert clashes(texts) == []
    assert cut_off(texts) == []
    assert crossed(texts, poles) == []
    assert marked(texts, signs) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_phone_the_picture_scrolls_at_its_own_size_and_each_cell_of_the_table_has_the_whole_width(
    lang: str, tmp_path: Path
) -> None:
    frame = f'<iframe style="width:400px;height:900px" srcdoc="{escape(without_policy(page(case(), lang)))}"></iframe>'
    file = tmp_path / "timeline.html"
    file.write_text(f'<meta charset="utf-8"><body>{frame}</body>', encoding="utf-8")
    script = (
        "const seen = document.querySelector('iframe').contentDocument, shown = each => each.offsetHeight;"
        "const figure = [...seen.querySelectorAll('figure')].find(shown), root = seen.documentElement;"
        "const cells = [...seen.querySelectorAll('td')].filter(shown);"
        "const head = each => seen.defaultView.getComputedStyle(each, '::before').content;"
        "const row = cells[0].parentElement.children;"
    )
    answer = (
        "({root: root.scrollWidth, figure: [figure.clientWidth, figure.scrollWidth],"
        " picture: figure.querySelector('svg').getBoundingClientRect().width,"
        " right: Math.max(...cells.map(each => each.getBoundingClientRect().right)),"
        " narrow: Math.min(...cells.map(each => each.clientWidth)),"
        " tops: [...row].filter(shown).map(each => each.offsetTop), heads: [...row].map(head)})"
    )
    told = ask(file, 1280, script, answer, tmp_path / "profile")
    assert told["root"] == 400
    assert told["picture"] == told["figure"][1] == 1280
    assert told["figure"][0] == 400
    assert told["right"] <= 400
    assert told["narrow"] > 350
    assert told["tops"] == sorted(set(told["tops"]))
    assert told["heads"] == [f'"{said(words, lang).format("Asia/Seoul")}"' for words in COLUMNS.values()]


def test_a_language_is_chosen_by_its_label_without_a_script(tmp_path: Path) -> None:
    file = tmp_path / "timeline.html"
    file.write_text(without_policy(page(case(), "en")), encoding="utf-8")
    script = (
        "const shown = [], all = [...document.querySelectorAll('main section')];"
        "for (const label of document.querySelectorAll('nav label')) {"
        " label.click(); shown.push(all.filter(each => each.offsetHeight).map(each => each.lang)) }"
    )
    assert ask(file, 1280, script, "shown", tmp_path / "profile") == [["en"], ["ja"], ["ko"]]


def without_policy(html: str) -> str:
    """The page as it is but for the policy that would stop the test's own script."""
    found, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    assert count == 1
    return found
