"""A scenario is read strictly, and everything wrong with it is told by its dotted key (docs/spec/scenario.md)."""

from pathlib import Path

import pytest
from scenario_text import CLOCK, HEAD, PART, SHIPPED, problems, read

from entente.cli.scenario_parse import load_scenario


def test_the_shipped_scenario_takes_its_acts_from_the_acts_document() -> None:
    scenario = load_scenario(SHIPPED)
    first = scenario.parts[0]
    written = [step.act for step in first.steps if step.do == "act"]
    assert set(written) == set(scenario.acts)
    assert all((step.at, step.party) == (scenario.acts[step.act].dispatched, scenario.acts[step.act].by)
               for step in first.steps if step.do == "act")  # fmt: skip


def test_a_folder_and_its_file_are_the_same_scenario() -> None:
    assert load_scenario(SHIPPED) == load_scenario(SHIPPED / "scenario.toml")


def test_every_shipped_item_says_that_it_is_an_exercise_in_three_languages() -> None:
    scenario = load_scenario(SHIPPED)
    for name, item in scenario.items.items():
        assert item.reality == "exercise"
        assert all(word in item.title for word in ("EXERCISE", "演習", "연습")), name


def test_a_replaying_part_begins_with_the_steps_it_replays_and_says_them_silently(tmp_path: Path) -> None:
    shown = '[[part.step]]\nid = "a"\ntitle = "shown"\nviews = true\ndo = "clock"\nat = "2019-11-22T00:00:00+09:00"\n'
    again = '[[part]]\nid = "two"\ntitle = "Two"\nreplay = "one"\nuntil = "a"\n'
    scenario = read(tmp_path, HEAD + PART + shown + CLOCK + again + CLOCK)
    one, two = scenario.parts
    assert two.replayed == 1
    assert [step.at for step in two.steps] == [one.steps[0].at, one.steps[1].at]
    assert (two.steps[0].title, two.steps[0].views) == ("", False)
    assert (one.steps[0].title, one.steps[0].views) == ("shown", True)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (HEAD + "colour = 1\n" + PART + CLOCK, "item.note.colour"),
        (HEAD + PART + CLOCK + "when = 1\n", "part[0].step[0].when"),
        (HEAD + PART + CLOCK + 'expect = { phases = { jp = "ended" } }\n', "part[0].step[0].expect.phases"),
        (HEAD + PART, "part[0].step"),
        (HEAD + PART + CLOCK + 'party = "kr"\n', "part[0].step[0].party"),
        (HEAD + PART + '[[part.step]]\ndo = "clock"\n', "part[0].step[0].at"),
        (HEAD + PART + '[[part.step]]\ndo = "dance"\n', "part[0].step[0].do"),
        (HEAD + PART + '[[part.step]]\ndo = "clock"\nat = "2019-11-23T00:00:00"\n', "part[0].step[0].at"),
        (HEAD + PART + '[[part.step]]\ndo = "act"\nact = "kr-9"\n', "part[0].step[0].act"),
        (HEAD + PART + CLOCK.replace("clock", "act") + 'act = "kr-1"\n', "part[0].step[0].at"),
        (HEAD + PART + CLOCK + 'article = "weather"\n', "part[0].step[0].article"),
        (HEAD + PART + CLOCK + f'title = "{"x" * 34}"\n', "part[0].step[0].title"),
        (HEAD + PART + CLOCK + 'expect = { phase = { us = "ended" } }\n', "part[0].step[0].expect.phase.us"),
        (HEAD + PART + CLOCK + 'expect = { phase = { jp = "over" } }\n', "part[0].step[0].expect.phase.jp"),
        (HEAD + PART + CLOCK + 'expect = { refused = { memo = "LABEL" } }\n', "part[0].step[0].expect.refused.memo"),
        (HEAD + PART + CLOCK + 'expect = { outcome = "queued" }\n', "part[0].step[0].expect"),
        (HEAD + PART + CLOCK + CLOCK.replace("23T", "22T"), "part[0].step[1].at"),
        (HEAD + PART + CLOCK + 'id = "a"\n' + CLOCK + 'id = "a"\n', "part[0].step[1].id"),
        (HEAD + PART + 'replay = "none"\nuntil = "a"\n' + CLOCK, "part[0].replay"),
        (HEAD + PART + 'replay = "none"\n' + CLOCK, "part[0]"),
        (HEAD + PART + CLOCK + PART + CLOCK, "part[1].id"),
        (HEAD.replace("note.txt", "none.txt") + PART + CLOCK, "item.note.file"),
        (HEAD.replace("acts-2019", "acts-none") + PART + CLOCK, "acts"),
        (HEAD.replace("jp-kr-2016", "acts-2019") + PART + CLOCK, "agreement"),
        (HEAD.replace("Asia/Seoul", "Asia/Nowhere") + PART + CLOCK, "zone"),
        (HEAD.replace('reality = "exercise"', 'reality = "actual"') + PART + CLOCK, "item.note.reality"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_dotted_key(tmp_path: Path, text: str, where: str) -> None:
    assert [place for place, _ in problems(tmp_path, text)] == [where]


RELEASE = """
[[part.step]]
do = "release"
at = "2019-11-22T00:00:00+09:00"
party = "jp"
item = "note"
to = ["kr"]
"""


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (RELEASE, "part[0].step[0].expect"),
        (RELEASE + 'expect = { outcome = "refused" }\n', "part[0].step[0].expect"),
        (RELEASE + 'expect = { outcome = "received", code = "LABEL_MISSING" }\n', "part[0].step[0].expect"),
        (RELEASE.replace('"note"', '"letter"') + 'expect = { outcome = "received" }\n', "part[0].step[0].item"),
        (RELEASE.replace('["kr"]', '["us"]') + 'expect = { outcome = "received" }\n', "part[0].step[0].to[0]"),
        (RELEASE.replace('["kr"]', '["jp"]') + 'expect = { outcome = "received" }\n', "part[0].step[0].to"),
    ],
)
def test_a_release_says_what_must_come_of_it(tmp_path: Path, text: str, where: str) -> None:
    assert [place for place, _ in problems(tmp_path, HEAD + PART + text)] == [where]


def test_a_bundle_is_imported_by_whom_it_was_exported_for(tmp_path: Path) -> None:
    export = CLOCK.replace("clock", "export") + 'party = "kr"\nto = ["jp"]\nbundle = "bag"\n'
    imported = CLOCK.replace("clock", "import") + 'party = "jp"\nbundle = "bag"\n'
    assert read(tmp_path, HEAD + PART + export + imported)
    assert problems(tmp_path, HEAD + PART + imported)[0][0] == "part[0].step[0].bundle"
    assert problems(tmp_path, HEAD + PART + export + imported.replace('"jp"', '"kr"'))[0][0] == "part[0].step[1].bundle"
    assert problems(tmp_path, HEAD + PART + export + export)[0][0] == "part[0].step[1].bundle"


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = HEAD + PART + CLOCK + 'article = "weather"\nparty = "kr"\n' + '[[part.step]]\ndo = "act"\nact = "kr-9"\n'
    assert [place for place, _ in problems(tmp_path, text)] == [
        "part[0].step[0].party", "part[0].step[0].article", "part[0].step[1].act",
    ]  # fmt: skip


def test_a_replay_ends_at_a_step_that_exists(tmp_path: Path) -> None:
    again = '[[part]]\nid = "two"\ntitle = "Two"\nreplay = "one"\nuntil = "nothing"\n'
    assert [place for place, _ in problems(tmp_path, HEAD + PART + CLOCK + again + CLOCK)] == ["part[1].until"]
