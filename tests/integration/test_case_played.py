"""The whole case between two real nodes: every expectation of the file holds, and an offline copy says the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import Record, record_of
from entente.domain.relations.matters import fold
from entente.record.report import Report
from entente.record.verify import verify

ROOT = Path(__file__).parents[2]
CASE = ROOT / "examples" / "scenarios" / "jp-kr-2016-2023"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the part that was played, its evidence kept."""
    folder = tmp_path_factory.mktemp("c") / "k"
    command = [sys.executable, "-m", "entente", "demo", str(CASE), "--keep", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    (part,) = json.loads(done.stdout)["parts"]
    assert part["failures"] == []
    return folder / part["id"]


@pytest.fixture(scope="module")
def reports(played: Path) -> dict[str, Report]:
    roots = [path.read_bytes() for path in sorted((played / "roots").iterdir())]
    return {party: verify((played / f"{party}.evidence").read_bytes(), roots) for party in ("jp", "kr")}


@pytest.fixture(scope="module")
def record() -> Record:
    return record_of(load_scenario(CASE))


def test_an_offline_copy_of_either_party_says_what_the_file_says(reports: dict[str, Report], record: Record) -> None:
    said = {name: (matter.audience, matter.state) for name, matter in fold(record.steps).items()}
    for report in reports.values():
        assert report.ok
        assert {matter.id: (matter.between, matter.state) for matter in report.matters} == said


def test_both_copies_hold_the_same_steps_at_the_same_instants(reports: dict[str, Report]) -> None:
    steps = [
        sorted((step.instant, step.by, step.verb, step.refused) for matter in report.matters for step in matter.steps)
        for report in reports.values()
    ]
    assert steps[0] == steps[1]
    assert all(refused is None for *_, refused in steps[0])


def test_a_step_stands_at_the_instant_of_the_file(reports: dict[str, Report], record: Record) -> None:
    due = sorted((step.at, step.by, step.matter, step.verb) for step in record.steps)
    for report in reports.values():
        found = ((step.instant, step.by, matter.id, step.verb) for matter in report.matters for step in matter.steps)
        assert sorted(found) == due


def test_an_act_stands_at_the_instant_of_the_file(reports: dict[str, Report], record: Record) -> None:
    due = sorted((act.dispatched, act.by, act.id, act.kind) for act in record.acts)
    for report in reports.values():
        assert sorted((act.instant, act.by, act.id, act.kind) for act in report.acts) == due


def test_every_exchange_of_the_file_is_a_line_received_in_both_registers(
    reports: dict[str, Report], record: Record
) -> None:
    due = sorted((each.at, each.sender) for each in record.exchanges)
    for report in reports.values():
        for lines in ("given", "held"):
            found = [line for register in report.registers for line in getattr(register, lines)]
            assert {line.state for line in found} == {"received"}
            assert sorted((line.instant, line.sender) for line in found) == due
