"""What the file of the case of 2016 to 2023 says of itself: exercise data, in three languages, with its sources."""

import re

import pytest
from case_lines import CASE, LATER, day
from korean import misfits

from entente.cli.scenario import Scenario
from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import Record, record_of
from entente.cli.timeline_source import scenario_source

MARKS = ("EXERCISE", "演習", "연습")
SCRIPTS = {"ja": r"[\u3040-\u30ff\u4e00-\u9fff]", "ko": r"[\uac00-\ud7a3]"}


@pytest.fixture(scope="module")
def case() -> Scenario:
    return load_scenario(CASE)


@pytest.fixture(scope="module")
def record(case: Scenario) -> Record:
    return record_of(case)


def test_every_text_and_item_is_marked_as_an_exercise_in_three_languages(case: Scenario, record: Record) -> None:
    for data in record.files.values():
        text = data.decode()
        assert text.startswith("period,value\n") or all(mark in text for mark in MARKS), text
    for file in CASE.glob("*.txt"):
        assert all(mark in file.read_text() for mark in MARKS), file
    for file in ("scenario.toml", "acts.toml"):
        assert all(mark in (CASE / file).read_text().partition("\n")[0] for mark in MARKS), file
    assert all(item.reality == "exercise" and all(mark in item.title for mark in MARKS) for item in case.items.values())


def test_every_series_says_that_it_is_invented_and_in_which_unit(record: Record) -> None:
    views = [matter.view for matter in record.matters(LATER).values() if matter.kind == "indicator"]
    assert [view.unit for view in views] == ["2019-06 = 100", "1,000/month 月 월"]
    assert all(view.source == f"{' '.join(MARKS)}: invented 架空 가상" for view in views)


def test_whatever_is_said_in_a_language_is_said_in_all_three(record: Record) -> None:
    said = [(step.matter, name, value) for step in record.steps for name, value in step.values.items()]
    worded = [(matter, name, set(value)) for matter, name, value in said if isinstance(value, dict)]
    assert len(worded) > 60
    assert [each for each in worded if each[2] != {"en", "ja", "ko"}] == []


def test_every_text_beside_a_step_is_there_in_all_three_languages(record: Record) -> None:
    beside = [(step.matter, step.verb, {text.lang for text in step.texts if text.media_type == "text/plain"})
              for step in record.steps]  # fmt: skip
    worded = [each for each in beside if each[2]]
    assert len(worded) > 20
    assert [each for each in worded if each[2] != {"en", "ja", "ko"}] == []


def test_each_language_is_written_in_its_own_script(case: Scenario, record: Record) -> None:
    """No text of one language was put in another's place: kana and Chinese characters, Hangul, or neither."""
    said = [("title", dict(case.title))]
    said += [(step.matter, value) for step in record.steps for value in step.values.values() if isinstance(value, dict)]
    for step in record.steps:
        texts = [text for text in step.texts if text.media_type == "text/plain"]
        said += [(step.matter, {text.lang: record.files[text.sha256].decode() for text in texts})] if texts else []
    for where, words in said:
        for lang, text in words.items():
            shown = "".join(character for character in text if character not in "演習연습" or "演習 연습" not in text)
            scripts = {bool(re.search(each, shown)) and name for name, each in SCRIPTS.items()} - {False}
            assert scripts == ({lang} if lang in SCRIPTS else set()), (where, lang, text)


@pytest.mark.parametrize("lang", ["ja", "ko"])
def test_nothing_in_the_drawn_case_falls_back_to_english(case: Scenario, lang: str) -> None:
    drawn = record_of(case).chronicle(case.parts[0].steps[-1].at, scenario_source())
    for lane in drawn.lanes:
        words = [lane.title, *(mark.title for mark in lane.marks), *(stretch.label for stretch in lane.stretches)]
        assert [each for each in words if not re.search(SCRIPTS[lang], each[lang])] == []
        assert [each for each in words if re.search(r"(Chengdu|Nagoya|Tokyo|Vienna|Geneva|JP|KR)", each[lang])] == []


def test_korean_particles_fit_what_stands_before_them(record: Record) -> None:
    said = [value["ko"] for step in record.steps for value in step.values.values() if isinstance(value, dict)]
    said += [record.files[text.sha256].decode() for step in record.steps for text in step.texts if text.lang == "ko"]
    assert misfits(" ".join(said)) == []


@pytest.mark.parametrize(
    "name", ["jp-statement-1", "kr-statement-3", "kr-statement-5", "jp-statement-3", "kr-statement-6"]
)
def test_what_is_known_from_the_press_alone_says_so(record: Record, name: str) -> None:
    opened = record.matters(LATER)[name].opened
    texts = {text.lang: record.files[text.sha256].decode() for text in opened.texts}
    assert "as reported by the press" in texts["en"].lower()
    assert "報道による" in texts["ja"]
    assert "언론 보도에 따" in texts["ko"]


@pytest.mark.parametrize(("reading", "statement"), [("kr-5", "kr-statement-5"), ("jp-3", "jp-statement-3")])
def test_each_reading_has_a_statement_beside_it_that_says_whence_it_is_known(
    record: Record, reading: str, statement: str
) -> None:
    (act,) = (act for act in record.acts if act.id == reading)
    opened = record.matters(LATER)[statement].opened
    assert (act.kind, opened.by, opened.refs) == ("declare_reading", act.by, (reading,))
    assert day(opened.at) == day(act.dispatched) == "2020-08-24"
    title = opened.get("title")
    assert [
        title[lang].partition(mark)[0] for lang, mark in (("en", "Press: "), ("ja", "報道："), ("ko", "보도: "))
    ] == [""] * 3


def test_every_source_is_listed_and_no_other() -> None:
    named: set[str] = set()
    for file in ("scenario.toml", "acts.toml"):
        for keys in re.findall(r"^# source: (.*)$", (CASE / file).read_text(), re.MULTILINE):
            named |= {key for key in keys.split(", ") if key != "as reported by the press"}
    listed = re.findall(r"^\| `([\w-]+)` \| <https?://[^>\s]+> \|$", (CASE / "SOURCES.md").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert named == set(listed)


def test_every_act_of_the_acts_document_is_written(case: Scenario) -> None:
    written = [step.act for step in case.parts[0].steps if step.do == "act"]
    assert sorted(written) == sorted(case.acts)


def test_the_acts_are_those_of_the_acts_document_that_the_first_scenario_plays(case: Scenario) -> None:
    first = load_scenario(CASE.parent / "2019-11-22")
    ours = {(act.kind, act.dispatched, act.by) for act in case.acts.values()}
    theirs = {(act.kind, act.dispatched, act.by) for act in first.acts.values()}
    assert theirs <= ours
    assert {kind for kind, _, _ in ours - theirs} == {"declare_reading"}
