"""The case of 2016 to 2023 as its file tells it: the state of the agreement and of every matter at each dated line."""

from pathlib import Path
from typing import Any

import pytest

from entente.cli.scenario import Scenario, load_scenario
from entente.cli.scenario_relate import steps_of
from entente.domain.agreement.document import digest
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.status import AgreementStatus, interval
from entente.domain.relations.matters import fold
from entente.domain.relations.table import Matter

CASE = Path(__file__).parents[3] / "examples" / "scenarios" / "jp-kr-2016-2023"


@pytest.fixture(scope="module")
def case() -> Scenario:
    return load_scenario(CASE)


def matters_at(case: Scenario, at: int) -> dict[str, Matter]:
    steps = steps_of(case.agreement.parties, case.parts[0].steps)
    return fold(step for step in steps if step.at <= at)


def status_at(case: Scenario, at: int) -> AgreementStatus:
    data = case.agreement_file.read_bytes()
    return interval({digest(data): case.agreement}, tuple(case.acts.values()), at, first=digest(data))[0]


LINES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("2016-11-23T12:00:00+09:00", {"jp": "in_force", "kr": "in_force"}, {}),
    ("2019-07-02T00:00:00+09:00", {"jp": "in_force"}, {"jp-measure-1": "announced"}),
    ("2019-07-04T00:00:00+09:00", {"jp": "in_force"}, {"jp-measure-1": "in_force"}),
    ("2019-08-22T20:00:00+09:00", {"jp": "in_force", "kr": "in_force"}, {"kr-statement-1": "issued"}),
    ("2019-08-23T20:00:00+09:00", {"jp": "notice_running", "kr": "notice_running"}, {"kr-note-1": "acknowledged"}),
    ("2019-08-28T12:00:00+09:00", {"kr": "notice_running"}, {"jp-measure-2": "in_force"}),
    ("2019-09-11T20:00:00+09:00", {"kr": "notice_running"}, {"kr-measure-1": "announced"}),
    ("2019-09-18T20:00:00+09:00", {"kr": "notice_running"}, {"kr-measure-1": "in_force", "kr-measure-2": "in_force"}),
    ("2019-11-22T17:59:59.999+09:00", {"jp": "notice_running", "kr": "notice_running"}, {"kr-measure-1": "in_force"}),
    ("2019-11-22T18:00:00+09:00", {"jp": "notice_suspended", "kr": "notice_suspended"}, {"kr-measure-1": "in_force"}),
    (
        "2019-11-22T20:00:00+09:00",
        {"jp": "notice_suspended", "kr": "notice_suspended"},
        {
            "kr-measure-1": "suspended",
            "jp-measure-1": "in_force",
            "jp-measure-2": "in_force",
            "kr-statement-2": "issued",
            "jp-statement-1": "issued",
            "kr-arrangement-1": "standing",
            "jp-dialogue-1": "open",
        },
    ),
    ("2019-11-23T00:00:00+09:00", {"jp": "notice_suspended", "kr": "notice_suspended"}, {}),
    ("2019-11-23T17:00:00+09:00", {"jp": "notice_suspended"}, {"kr-meeting-1": "proposed"}),
    ("2019-12-20T20:00:00+09:00", {"jp": "notice_suspended"}, {"jp-measure-1": "eased", "kr-meeting-1": "agreed"}),
    ("2019-12-24T20:00:00+09:00", {"jp": "notice_suspended"}, {"kr-meeting-1": "held"}),
    ("2020-06-02T20:00:00+09:00", {"kr": "notice_suspended"}, {"kr-measure-1": "in_force"}),
    ("2020-08-24T11:00:00+09:00", {"jp": "notice_suspended", "kr": "notice_suspended"}, {}),
    ("2020-08-24T13:00:00+09:00", {"jp": "in_force", "kr": "notice_suspended"}, {"kr-measure-1": "in_force"}),
    ("2023-03-16T20:00:00+09:00", {"jp": "in_force", "kr": "notice_suspended"}, {"kr-meeting-2": "held"}),
    ("2023-03-21T12:00:00+09:00", {"jp": "in_force", "kr": "in_force"}, {"kr-note-2": "sent"}),
    ("2023-03-23T12:00:00+09:00", {"jp": "in_force"}, {"jp-measure-1": "ended", "kr-measure-1": "withdrawn"}),
    ("2023-04-24T12:00:00+09:00", {"jp": "in_force"}, {"kr-measure-2": "ended", "jp-measure-2": "in_force"}),
    ("2023-07-21T12:00:00+09:00", {"jp": "in_force", "kr": "in_force"}, {"jp-measure-2": "ended"}),
]


@pytest.mark.parametrize(("at", "phases", "states"), LINES, ids=[line[0][:16] for line in LINES])
def test_the_state_at_each_dated_line(case: Scenario, at: str, phases: dict[str, str], states: dict[str, str]) -> None:
    instant = parse_instant(at)
    views, matters = status_at(case, instant).views, matters_at(case, instant)
    assert {party: views[party].phase for party in phases} == phases
    assert {name: matters[name].state for name in states} == states


def test_no_step_of_the_case_is_refused(case: Scenario) -> None:
    found = matters_at(case, parse_instant("2024-01-01T00:00:00Z"))
    refused = [(matter.id, event.step.verb, event.refusal) for matter in found.values() for event in matter.events
               if event.refusal is not None]  # fmt: skip
    assert refused == []


def test_the_exchange_went_on_while_the_notice_ran(case: Scenario) -> None:
    status = status_at(case, parse_instant("2019-10-02T07:12:00+09:00"))
    assert (status.release_allowed, status.views["jp"].phase) == (True, "notice_running")


def test_the_parties_versions_of_the_night_stand_side_by_side(case: Scenario) -> None:
    found = matters_at(case, parse_instant("2019-11-23T00:00:00+09:00"))
    ours, theirs = found["kr-statement-2"], found["jp-statement-1"]
    assert (ours.view.claim["en"], ours.view.answer) == ("Japan expressed understanding.", "unanswered")
    assert {ours.view.versions[-1].wording, theirs.view.versions[-1].wording} != {ours.view.versions[-1].wording}
    terms = found["kr-arrangement-1"].events
    assert {event.step.by for event in terms if event.step.verb == "undertake"} == {"jp", "kr"}


def test_the_source_of_what_was_said_on_background_is_the_registrys_reference(case: Scenario) -> None:
    view: Any = matters_at(case, parse_instant("2019-11-23T00:00:00+09:00"))["kr-statement-3"].view
    assert (view.attribution, view.source) == ("background", "registry 2019/11/22-7")


def test_rounds_seven_to_nine_were_held(case: Scenario) -> None:
    view: Any = matters_at(case, parse_instant("2024-01-01T00:00:00Z"))["jp-dialogue-1"].view
    assert {number: held.state for number, held in view.rounds.items()} == {7: "held", 8: "held", 9: "held"}
