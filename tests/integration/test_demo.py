"""The demo plays with real processes, without a terminal, and the README shows what it prints."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "examples" / "scenarios" / "2019-11-22"
README = runpy.run_path(str(ROOT / "tools" / "readme_demo.py"))


def demo(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """``entente demo`` as a process without a terminal."""
    command = [sys.executable, "-m", "entente", "demo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=cwd)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "k"


@pytest.fixture(scope="module")
def printed(kept: Path) -> str:
    """What the demo prints for people, its nodes and evidence kept."""
    done = demo("--keep", str(kept))
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def answered() -> dict[str, Any]:
    """What the demo answers a program."""
    done = demo("--json")
    assert done.returncode == 0, done.stderr + done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def lines(answer: dict[str, Any], part: int) -> dict[str, dict[str, Any]]:
    return {line["title"]: line for line in answer["parts"][part]["lines"] if line["title"]}


def test_the_readme_shows_what_the_demo_prints(printed: str) -> None:
    masked = README["masked"]
    assert masked(README["block"]((ROOT / "README.md").read_text())) == masked(printed)


def test_no_line_is_wider_than_a_hundred_columns(printed: str) -> None:
    from rich.cells import cell_len

    shown = [line for line in printed.splitlines() if not line.startswith("try next")]
    assert max(cell_len(line) for line in shown) <= 100


def test_everything_came_as_the_scenario_expects(answered: dict[str, Any]) -> None:
    assert answered["ok"] is True
    assert answered["failures"] == []
    assert answered["simulated"] is True


def test_allowed_at_the_last_millisecond_and_refused_at_midnight(answered: dict[str, Any]) -> None:
    nobody_acted = lines(answered, 1)
    last, after = nobody_acted["ROK: warning at the last instant"], nobody_acted["Japan: missile warning, FLASH"]
    assert (last["status"]["at"], last["outcome"]) == ("2019-11-22T14:59:59.999Z", "queued")
    assert (after["status"]["at"], after["outcome"]) == ("2019-11-22T15:00:00.000Z", "refused")
    assert [(reason["code"], reason["rests_on"]) for reason in after["reasons"]] == [
        ("AGREEMENT_NOT_IN_FORCE", "21(3)")
    ]


def test_what_was_under_way_at_midnight_is_refused_on_both_sides_and_what_was_given_is_still_read(
    answered: dict[str, Any],
) -> None:
    nobody_acted = lines(answered, 1)
    assert nobody_acted["Japan: the courier's bag arrives"]["outcome"] == "jp: 1 refused, AGREEMENT"
    assert nobody_acted["the line is back: what was queued"]["outcome"] == "both sides: 2 refused, AGREEMENT"
    assert nobody_acted["ROK opens what it had been given"]["outcome"] == "as given"
    for checked in answered["parts"][1]["evidence"]:
        register = {each["party"]: each for each in checked["registers"]}
        assert [(each["state"], each["code"]) for each in register["jp"]["held"]] == [("refused", "AGREEMENT")] * 2


def test_the_views_of_the_suspended_notice_differ_and_release_goes_on(answered: dict[str, Any]) -> None:
    status = lines(answered, 0)["Japan's reading: spent (press)"]["status"]
    assert {party: view["phase"] for party, view in status["views"].items()} == {
        "jp": "in_force", "kr": "notice_suspended",
    }  # fmt: skip
    assert (status["disputed"], status["release_allowed"]) == (True, True)


def test_the_acts_are_received_at_the_instants_of_the_acts_document(answered: dict[str, Any]) -> None:
    assert lines(answered, 0)["ROK suspends its notice"]["status"]["at"] == "2019-11-22T09:00:00.000Z"


@pytest.mark.usefixtures("printed")
def test_a_refusing_recipient_keeps_no_payload(kept: Path) -> None:
    assert list((kept / "as-it-happened" / "jp" / "payloads").iterdir())
    assert not list((kept / "nobody-acted" / "jp" / "payloads").iterdir())


def test_what_to_try_next_works(printed: str, kept: Path) -> None:
    words = printed.strip().splitlines()[-1].removeprefix("try next: ").split()
    assert "verify" in words
    done = subprocess.run(words, capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr.decode()


def test_a_node_left_no_process_behind(printed: str, kept: Path) -> None:
    assert not list(kept.glob("*/*/control.sock"))


def test_what_does_not_come_as_expected_is_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    text = (SCENARIO / "scenario.toml").read_text().split('[[part]]\nid = "nobody-acted"')[0]
    text = text.split('[[part.step]]\nid = "notice"')[0].replace("../../agreements", str(ROOT / "examples/agreements"))
    for item in ("warning.cap.xml", "report.pdf", "second-warning.cap.xml"):
        text = text.replace(f'"{item}"', f'"{SCENARIO / item}"')
    acts = (ROOT / "examples" / "agreements" / "acts-2019.toml").read_text()
    (tmp_path / "acts.toml").write_text(acts.replace('"kr-1"', '"kr-7"'))
    text = text.replace(str(ROOT / "examples/agreements/acts-2019.toml"), "acts.toml").replace('"kr-1"', '"kr-7"')
    wrong = text.replace('phase = { jp = "in_force", kr = "in_force" }', 'phase = { jp = "ended", kr = "in_force" }')
    (tmp_path / "scenario.toml").write_text(wrong)
    done = demo(str(tmp_path / "scenario.toml"), "--json")
    assert done.returncode == 1
    assert [failure.split(": ", 1)[1] for failure in json.loads(done.stdout)["failures"]] == [
        "the node wrote the act kr-1, the acts document has kr-7",
        "at jp, the phase of jp is in_force, expected ended",
        "at kr, the phase of jp is in_force, expected ended",  # each node computes it for itself
    ]


def test_a_scenario_with_an_unknown_key_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text('schema = "entente/scenario/1"\ncolour = "red"\n')
    done = demo(str(tmp_path))
    assert done.returncode == 2
    assert "colour: unknown key" in done.stderr


def test_a_directory_that_holds_something_is_not_kept_in(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    done = demo("--keep", str(tmp_path))
    assert done.returncode == 2
    assert "NOT_EMPTY" in done.stderr or "is not empty" in done.stderr


def test_the_sample_payloads_say_that_they_are_an_exercise() -> None:
    for name in ("warning.cap.xml", "second-warning.cap.xml"):
        alert = (SCENARIO / name).read_text()
        assert "<status>Exercise</status>" in alert
        assert all(word in alert for word in ("EXERCISE", "演習", "연습"))
    report = (SCENARIO / "report.pdf").read_bytes()
    assert report.startswith(b"%PDF")
    assert 64 * 1024 < len(report) < 200 * 1024


def test_make_alone_prints_help() -> None:
    done = subprocess.run(["make"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert all(f"make {target}" in done.stdout for target in ("demo", "test", "up"))
