"""The vectors in conformance/relations hold, in whatever order steps are given, and miss no code, verb or state."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from entente.domain.agreement.acts import parse_acts
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import format_instant, parse_instant
from entente.domain.agreement.status import status
from entente.domain.agreement.terms import Agreement
from entente.domain.relations import deadlines
from entente.domain.relations.conflicts import Engagement, conflicts
from entente.domain.relations.folding import Folding
from entente.domain.relations.indicators import SeriesError, parse_series, series
from entente.domain.relations.matters import TABLES, Course, run
from entente.domain.relations.rounds import by_dialogue
from entente.domain.relations.statements import published
from entente.domain.relations.steps import Said, Step, Text, wording
from entente.domain.relations.table import Matter

ROOT = Path(__file__).parents[4]
VECTORS = ROOT / "conformance" / "relations"
PAGE = (ROOT / "docs" / "spec" / "relations.md").read_text(encoding="utf-8")
HOURS = {"PT6H", "PT1H"}
Json = dict[str, Any]


def load(*groups: str) -> list[Json]:
    return [
        vector
        for group in groups
        for path in sorted(VECTORS.glob(f"{group}.json"))
        for vector in json.loads(path.read_text(encoding="utf-8"))
    ]


def params(*groups: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in load(*groups)]


def read(step: Json) -> Step:
    texts = tuple(Text(*each) for each in step["texts"])
    said = tuple(Said(*each) for each in step["said"])
    return Step(
        matter=step["matter"], kind=step["kind"], verb=step["verb"], by=step["by"], at=parse_instant(step["at"]),
        incarnation=step["incarnation"], seq=step["seq"], audience=tuple(step["audience"]), refs=tuple(step["refs"]),
        values=TABLES[step["kind"]].read(step["verb"], said, texts), texts=texts, offices=("treaty",),
        digest=step["digest"], opening=step["opening"],
    )  # fmt: skip


def holds(wanted: Any, found: Any, where: str) -> None:
    """Every key that is wanted is found with its value; an empty object is an empty one; lists are as long."""
    if isinstance(wanted, dict) and wanted:
        assert isinstance(found, Mapping), where
        for key, value in wanted.items():
            assert key in found, f"{where}.{key}"
            holds(value, found[key], f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), where
        for place, (value, other) in enumerate(zip(wanted, found, strict=True)):
            holds(value, other, f"{where}[{place}]")
    else:
        assert found == wanted, where


def are(wanted: Json, found: Mapping[str, Matter]) -> None:
    for name, expected in wanted.items():
        matter = found[name]
        assert matter.state == expected["state"], name
        holds(expected["view"] or None, TABLES[matter.kind].show(matter) if expected["view"] else None, name)


def fold(steps: list[Step]) -> Course:
    """The course of steps in whatever order they are given; kept step by step it is the same."""
    course = run(steps)
    for other in (steps[::-1], [*steps[1::2], *steps[::2]]):
        kept = Folding()
        for step in other:
            kept.add(step)
        assert run(other) == course == Course(kept.matters, kept.refused)
    return course


@pytest.mark.parametrize("vector", params("courses-*", "series"))
def test_a_course_of_steps_makes_these_matters_in_any_order(vector: Json) -> None:
    steps, expect = [read(step) for step in vector["steps"]], vector["expect"]
    if expect.get("cannot"):
        with pytest.raises(ValueError, match="two different steps"):
            run(steps)
        return
    course = fold(steps)
    assert set(course.matters) == set(expect["matters"])
    are(expect["matters"], course.matters)
    ordered = sorted(course.refused)
    found = [
        [by, incarnation, seq, course.refused[at, by, incarnation, seq].code] for at, by, incarnation, seq in ordered
    ]
    assert found == expect["refused"]
    for count, matters in expect.get("after", []):
        are(matters, fold(steps[:count]).matters)
    for name, codes in expect.get("events", {}).items():
        assert [event.refusal and event.refusal.code for event in course.matters[name].events] == codes
    for instant in expect.get("instants", []):
        public(course.matters, instant)
    if "met" in expect:
        shown = {
            dialogue: [[one.number, one.meeting, *map(format_instant, one.window)] for one in each]
            for dialogue, each in by_dialogue(course.matters).items()
        }
        assert shown == expect["met"]
    if "conflicts" in expect:
        assert [clash(each) for each in conflicts(course.matters).told] == [
            written(each) for each in expect["conflicts"]
        ]


def public(matters: Mapping[str, Matter], instant: Json) -> None:
    at = parse_instant(instant["at"])
    assert sorted(name for name, each in matters.items() if TABLES[each.kind].visible(each, at)) == instant["visible"]
    assert [matter.id for matter in published(matters, at)] == instant["published"]


def clash(found: tuple[Engagement, Engagement, tuple[str, ...]]) -> tuple[Any, ...]:
    first, second, who = found
    return engaged(first), engaged(second), set(who)


def engaged(each: Engagement) -> list[Any]:
    return [each.matter, each.round, *map(format_instant, each.window)]


def written(wanted: Json) -> tuple[Any, ...]:
    who = {
        each if isinstance(each, str) else f"{each['level'].replace('_', '-')} of {each['party']}"
        for each in wanted["who"]
    }
    return wanted["first"], wanted["second"], who


@cache
def document(name: str) -> tuple[str, Agreement]:
    data = (VECTORS.parent / "lifecycle" / "documents" / name).read_bytes()
    return digest(data), parse_agreement(data)


def acts(given: list[Json]) -> bytes:
    def literal(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {literal(inner)}" for key, inner in value.items()) + " }"
        return json.dumps(value)

    return "\n".join("[[act]]\n" + "\n".join(f"{k} = {literal(v)}" for k, v in act.items()) for act in given).encode()


@pytest.mark.parametrize("vector", params("deadlines"))
def test_what_comes_due_is_this_and_has_rung(vector: Json) -> None:
    documents = dict(document(name) for name in vector["documents"])
    course = fold([read(step) for step in vector["steps"]])
    assert not course.refused
    for instant in vector["expect"]["instants"]:
        at = parse_instant(instant["at"])
        views = status(documents, parse_acts(acts(vector["acts"])), at).views
        found = deadlines.deadlines(document(vector["documents"][0])[1], views, course.matters)
        of = [each.rests_on if each.rests_on in course.matters else None for each in found]
        shown = [[each.kind, format_instant(each.at), name] for each, name in zip(found, of, strict=True)]
        assert sorted(shown, key=str) == sorted(instant["deadlines"], key=str), instant["at"]
        rung = [
            [alarm.deadline.kind, format_instant(alarm.deadline.at), alarm.before] for alarm in deadlines.due(found, at)
        ]
        for alarm in instant.get("rings", []):
            assert alarm in rung, instant["at"]
            assert [each for each in rung if each[:2] == alarm[:2]] == [alarm]


@pytest.mark.parametrize("vector", params("files"))
def test_a_file_of_values_is_read_so_or_its_fault_is_on_this_line(vector: Json) -> None:
    data, expect = bytes.fromhex(vector["file"]), vector["expect"]
    if "points" in expect:
        assert [list(point) for point in parse_series(data)] == expect["points"]
        return
    with pytest.raises(SeriesError) as fault:
        parse_series(data)
    assert fault.value.line == expect["line"]


@pytest.mark.parametrize("vector", params("series"))
def test_the_files_of_an_indicator_make_this_series(vector: Json) -> None:
    matter = fold([read(step) for step in vector["steps"]]).matters[vector["matter"]]
    files = {digest(data): data for data in map(bytes.fromhex, vector["files"])}
    found, expect = series(matter, files), vector["series"]
    assert [list(point) for point in found.points] == expect["points"]
    assert [[*each[:3], format_instant(each.at)] for each in found.revisions] == expect["revisions"]
    assert list(found.missing) == expect["missing"]
    assert [[name, int(re.findall("[0-9]+", why)[0])] for name, why in found.faults.items()] == expect["faults"]


@pytest.mark.parametrize("vector", params("wordings"))
def test_a_wording_has_this_digest(vector: Json) -> None:
    assert wording(tuple(Text(*each) for each in vector["texts"])) == vector["expect"]


def test_every_code_of_the_page_is_refused_with_in_some_course() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)
    refused = {each[-1] for vector in load("courses-*") for each in vector["expect"]["refused"]}
    assert refused == {*rows, "NOT_ONE_CSV"}


def test_every_verb_is_allowed_and_every_state_reached_in_some_course() -> None:
    verbs, states = set(), set()
    for vector in load("courses-*"):
        if not vector["expect"].get("cannot"):
            for matter in run([read(step) for step in vector["steps"]]).matters.values():
                verbs |= {(matter.kind, step.verb) for step in matter.steps}
                states |= {(matter.kind, event.state) for event in matter.events}
    assert verbs == {(table.kind, verb) for table in TABLES.values() for verb in table.verbs}
    assert states == {(table.kind, state) for table in TABLES.values() for state in table.states}


def test_alarms_of_hours_alone_are_in_the_vectors() -> None:
    rings = [
        ring for vector in load("deadlines") for at in vector["expect"]["instants"] for ring in at.get("rings", [])
    ]
    assert {ring[2] for ring in rings} == HOURS


def test_the_vectors_are_not_stale() -> None:
    code = "import generate\nfor p, t in generate.files().items(): assert p.read_text(encoding='utf-8') == t, p"
    subprocess.run([sys.executable, "-c", code], cwd=VECTORS, check=True)
