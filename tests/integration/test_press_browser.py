"""Press pages in a real browser: one language at a time without a script, and nothing wider than a telephone."""

from pathlib import Path

import pytest
from support_browser import ask
from test_timeline_svg import without_policy

from entente.cli.press import Masthead, Release, Reply, Version
from entente.cli.press_pages import render

AT = "2019-11-22T16:30:20.000Z"
NAMES = {"kr": {"en": "Republic of Korea", "ja": "大韓民国", "ko": "대한민국"}, "jp": {"en": "Japan", "ja": "日本国"}}
LONG = "https://example.org/" + "a" * 200
TEXT = {"en": f"It is suspended.\n\n{LONG}", "ko": "정지한다."}
STATEMENT = Release(
    id="kr-statement-48201993",
    by="kr",
    joint=("jp", "kr"),
    attribution="background",
    source="kr-r-2019-114",
    about="jp",
    claim={"en": "Japan expressed understanding."},
    versions=(Version(AT, {"en": "Suspension of the notice"}, TEXT, {}), Version(AT, {"ko": "정지"}, TEXT, {})),
    replies=(Reply(AT, "jp", "contest", {"ja": "そのような発言はない。"}, {}),),
    withdrawn=None,
)
SHOWN = "[...document.querySelectorAll('article')].filter(each => each.offsetHeight).map(each => each.id)"
WIDE = "[...document.querySelectorAll('body *')].map(each => each.getBoundingClientRect().right)"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    masthead = Masthead("kr", NAMES, "Asia/Seoul", "a" * 64, simulated=True, base="")
    for name, data in render([STATEMENT], masthead).items():
        (tmp_path / name).write_text(without_policy(data.decode()) if name.endswith("html") else data.decode())
    return tmp_path


def test_one_language_is_shown_the_first_or_the_one_that_the_address_names(written: Path) -> None:
    script = (
        f"const shown = [{SHOWN}]; for (const each of document.querySelectorAll('nav a'))"
        f" {{ location.hash = each.getAttribute('href'); shown.push({SHOWN}); }}"
    )
    for name, langs in ((f"{STATEMENT.id}.html", ["en", "ko"]), ("index.html", ["en", "ja", "ko"])):
        found = ask(written / name, 1280, script, "shown", written / "profile")
        assert found == [[langs[0]], *([lang] for lang in langs)]


@pytest.mark.parametrize("name", [f"{STATEMENT.id}.html", "index.html"])
def test_nothing_is_wider_than_a_telephone(written: Path, name: str) -> None:
    script = "document.documentElement.style.width = '360px'"
    assert max(ask(written / name, 500, script, WIDE, written / "profile")) <= 360
