"""What the file of the case of 2016 to 2023 says of itself: exercise data, in three languages, with its sources."""

import re

import pytest
from case_lines import CASE, LATER, day

from entente.cli.scenario import Scenario
from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import Record, record_of

MARKS = ("EXERCISE", "演習", "연습")


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
    assert [view.unit for view in views] == ["index, June 2019 = 100", "thousands a month"]
    assert all(view.source == f"{' '.join(MARKS)}: invented figures" for view in views)


def test_whatever_is_said_in_a_language_is_said_in_all_three(record: Record) -> None:
    said = [(step.matter, name, value) for step in record.steps for name, value in step.values.items()]
    worded = [(matter, name, set(value)) for matter, name, value in said if isinstance(value, dict)]
    assert len(worded) > 60
    assert [each for each in worded if each[2] != {"en", "ja", "ko"}] == []


def test_every_party_writes_in_its_own_language_too(record: Record) -> None:
    own = {"jp": "ja", "kr": "ko"}
    for step in record.steps:
        langs = {text.lang for text in step.texts if text.media_type == "text/plain"}
        assert not langs or {"en", own[step.by]} <= langs, (step.matter, step.verb)


@pytest.mark.parametrize(
    "name", ["jp-statement-1", "kr-statement-3", "kr-statement-5", "jp-statement-3", "kr-statement-6"]
)
def test_what_is_known_from_the_press_alone_says_so(record: Record, name: str) -> None:
    opened = record.matters(LATER)[name].opened
    texts = {text.lang: record.files[text.sha256].decode() for text in opened.texts}
    assert "as reported by the press" in texts["en"].lower()
    assert "報道による" in texts.get("ja", "報道による")
    assert "언론 보도에 따" in texts.get("ko", "언론 보도에 따")


@pytest.mark.parametrize(("reading", "statement"), [("kr-5", "kr-statement-5"), ("jp-3", "jp-statement-3")])
def test_each_reading_has_a_statement_beside_it_that_says_whence_it_is_known(
    record: Record, reading: str, statement: str
) -> None:
    (act,) = (act for act in record.acts if act.id == reading)
    opened = record.matters(LATER)[statement].opened
    assert (act.kind, opened.by, opened.refs) == ("declare_reading", act.by, (reading,))
    assert day(opened.at) == day(act.dispatched) == "2020-08-24"


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
