"""Transcripts of ``entente agreement``: what it answers to people and to programs, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entente.cli.main import main

EXAMPLES = Path(__file__).parents[3] / "examples" / "agreements"
DOCUMENT, ACTS = str(EXAMPLES / "jp-kr-2016.toml"), str(EXAMPLES / "acts-2019.toml")
VECTORS = Path(__file__).parents[3] / "conformance" / "lifecycle" / "documents"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["agreement", *arguments])


def answer(*arguments: str) -> object:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_check_of_a_good_document() -> None:
    result = run("check", DOCUMENT)
    assert result.exit_code == 0
    assert "The document is in order." in result.stdout
    assert "at the end of a term, P90D before its last day, from its receipt" in result.stdout
    said = answer("check", DOCUMENT)
    assert said["ok"] is True
    assert said["digest"] == "89ffb20fd3e9c83f0d73c87dfac04973be91fc5d19c0bdf194650be30c8861d4"


def test_check_of_a_document_with_problems_is_found_wanting(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(Path(DOCUMENT).read_text(encoding="utf-8").replace("Asia/Tokyo", "Asia/Edo"), encoding="utf-8")
    result = run("check", str(bad))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "party.jp.zone: 'Asia/Edo' is not a time zone" in result.stderr
    result = run("check", str(bad), "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["problems"][0]["where"]) == ("DOCUMENT_INVALID", "party.jp.zone")
    assert run("status", str(bad), "--acts", ACTS, "--at", "2019-01-01").exit_code == 2


def test_what_is_no_toml_is_unreadable_with_line_and_column(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('schema = "entente/agreement/1"\nname = \n', encoding="utf-8")
    for arguments in (["check", str(bad)], ["status", DOCUMENT, "--acts", str(bad), "--at", "2019-01-01"]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "line 2, column 8: not TOML 1.0" in result.stderr
        error = json.loads(run(*arguments, "--json").stdout)["error"]
        assert (error["code"], error["problems"][0]["line"], error["problems"][0]["column"]) == ("NOT_TOML", 2, 8)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check"], "USAGE"),
        (["check", "nowhere.toml"], "CANNOT_READ"),
        (["check", "."], "CANNOT_READ"),
        (["status", DOCUMENT, "--acts", ACTS], "USAGE"),
        (["status", DOCUMENT, "--acts", ACTS, "--at", "yesterday"], "USAGE"),
        (["status", DOCUMENT, "--acts", ACTS, "--at", "2019-13-01"], "USAGE"),
        (["status", DOCUMENT, "--acts", ACTS, "--at", "2019-11-22T15:00:00"], "USAGE"),
        (["status", DOCUMENT, "--acts", DOCUMENT, "--at", "2019-01-01"], "DOCUMENT_INVALID"),
        (["status", DOCUMENT, "--terms", ACTS, "--acts", ACTS, "--at", "2019-01-01"], "DOCUMENT_INVALID"),
        (["timeline", DOCUMENT, "--acts", ACTS, "--from", "2019-01-01", "--to", "2019-01-01"], "USAGE"),
        (["timeline", DOCUMENT, "--acts", ACTS, "--from", "2019-01-01T00:00:00Z", "--to", "2020-01-01"], "USAGE"),
    ],
)
def test_bad_usage_and_unreadable_input_have_one_shape_and_exit_2(arguments: list[str], code: str) -> None:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (2, "")
    error = json.loads(result.stdout)["error"]
    assert error["code"] == code
    assert {"code", "message", "remedy"} <= set(error) <= {"code", "message", "remedy", "problems"}
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: " in result.stderr
    assert "remedy: " in result.stderr


def test_status_answers_key_for_key() -> None:
    said = answer("status", DOCUMENT, "--acts", ACTS, "--at", "2020-09-01")
    version = "89ffb20fd3e9c83f0d73c87dfac04973be91fc5d19c0bdf194650be30c8861d4"
    view = {
        "phase": "in_force",
        "ends_at": None,
        "last_day": None,
        "notice_deadline": "2020-08-24",
        "next_boundary": "2020-11-23",
        "terms_version": version,
        "reading": "spent",
    }
    assert said == {
        "at": "2020-09-01T00:00:00.000Z",
        "views": {"jp": view, "kr": view | {"phase": "notice_suspended", "reading": None}},
        "left": {},
        "disputed": True,
        "release_allowed": True,
        "reasons": [],
        "refused": [],
    }


def test_status_of_a_refusal_exits_0_and_names_the_article() -> None:
    said = answer("status", DOCUMENT, "--acts", ACTS, "--at", "2016-11-23T10:30:00+09:00")
    assert said["release_allowed"] is False
    (reason,) = said["reasons"]
    assert (reason["code"], reason["blocks"], reason["rests_on"]) == ("AGREEMENT_NOT_IN_FORCE", True, "21(1)")


def test_status_for_people_fits_100_columns() -> None:
    result = run("status", DOCUMENT, "--acts", ACTS, "--at", "2019-11-22T14:59:59.5Z")
    assert result.exit_code == 0
    assert all(len(line) <= 100 for line in result.stdout.splitlines())
    assert "at 2019-11-22 23:59:59.500 Asia/Seoul, 2019-11-22T14:59:59.500Z" in result.stdout
    assert "RELEASE ALLOWED" in result.stdout
    assert "Next change  2019-11-23 00:00:00 Asia/Seoul, in 0.500 s: a new term begins" in result.stdout
    result = run("status", DOCUMENT, "--acts", ACTS, "--at", "2016-11-22")
    assert "RELEASE REFUSED" in result.stdout
    assert "AGREEMENT_NOT_IN_FORCE  blocks release, rests on Art. 21(1)" in result.stdout
    assert "Next change  2016-11-23 10:00:05 Asia/Seoul, in 1 d 1 h: jp signed, kr signed" in result.stdout


def test_timeline_is_one_status_per_change_from_local_day_to_local_day() -> None:
    said = answer("timeline", DOCUMENT, "--acts", ACTS, "--from", "2019-08-01", "--to", "2019-11-23")
    assert [(one["at"], one["views"]["kr"]["phase"]) for one in said] == [
        ("2019-07-31T15:00:00.000Z", "in_force"),
        ("2019-08-23T08:30:00.000Z", "notice_running"),
        ("2019-11-22T09:00:00.000Z", "notice_suspended"),
    ]
    said = answer("timeline", DOCUMENT, "--acts", ACTS, "--from", "2019-11-23", "--to", "2019-11-24")
    assert [one["at"] for one in said] == ["2019-11-22T15:00:00.000Z"]


def test_timeline_from_the_first_day_of_the_calendar() -> None:
    said = answer("timeline", DOCUMENT, "--acts", ACTS, "--from", "0001-01-01", "--to", "2016-11-24")
    assert [said[0]["at"], said[-1]["views"]["jp"]["phase"]] == ["0001-01-01T00:00:00.000Z", "in_force"]


def test_timeline_for_people() -> None:
    result = run("timeline", DOCUMENT, "--acts", ACTS, "--from", "2016-11-23", "--to", "2024-01-01")
    assert result.exit_code == 0
    assert "2019-08-23 17:30:00" in result.stdout
    assert "AGREEMENT_NOT_IN_FORCE" in result.stdout
    assert "views differ" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_terms_are_the_amended_documents(tmp_path: Path) -> None:
    first, second = VECTORS / "jk.toml", VECTORS / "jk-two-yearly.toml"
    version = answer("check", str(second))["digest"]
    acts = "".join(
        f'[[act]]\nid = "{party}-{kind[0]}"\nby = "{party}"\nkind = "{kind}"\n'
        f'dispatched = "2018-0{month}-01T00:00:00Z"\nreceived = {{ {other} = "2018-0{month}-01T00:00:00Z" }}\n{extra}'
        for party, other in (("jp", "kr"), ("kr", "jp"))
        for kind, month, extra in (
            ("sign", 1, ""),
            ("notify_completion", 2, ""),
            ("amend", 3, f'digest = "{version}"\neffective = "2018-04-01T00:00:00Z"\n'),
        )
    )
    path = tmp_path / "acts.toml"
    path.write_text(acts, encoding="utf-8")
    arguments = ["status", str(first), "--acts", str(path), "--at", "2018-04-01"]
    assert answer(*arguments)["views"]["jp"]["phase"] == "unknown"
    assert answer(*arguments, "--terms", str(second))["views"]["jp"] == {
        "phase": "in_force",
        "ends_at": None,
        "last_day": None,
        "notice_deadline": "2018-11-02",
        "next_boundary": "2019-02-01",
        "terms_version": version,
        "reading": "spent",
    }
    assert "TERMS_MISSING" in run(*arguments).stdout


def test_the_installed_command_needs_no_terminal_and_ignores_the_host_zone() -> None:
    code = "from entente.cli.main import main; main()"
    command = [sys.executable, "-c", code, "agreement", "status", DOCUMENT, "--acts", ACTS, "--at", "2019-10-02"]
    outputs = {
        subprocess.run(command, env={"TZ": zone, "PYTHONTZPATH": "/nowhere"}, capture_output=True, check=True).stdout
        for zone in ("UTC", "America/New_York", "Asia/Seoul")
    }
    assert len(outputs) == 1
    assert "notice running" in next(iter(outputs)).decode()


def test_a_document_that_is_in_order_and_not_computed_is_checked_and_has_no_status(tmp_path: Path) -> None:
    text = (EXAMPLES / "jp-kr-2016.toml").read_text().replace('resume = "immediate"', 'ends_for = "party"')
    document = tmp_path / "party.toml"
    document.write_text(text)
    checked = run("check", str(document), "--json")
    assert checked.exit_code == 0
    assert [problem["where"] for problem in json.loads(checked.stdout)["not_computed"]] == ["termination.ends_for"]
    acts = EXAMPLES / "acts-2019.toml"
    refused = run("status", str(document), "--acts", str(acts), "--at", "2019-11-22", "--json")
    assert refused.exit_code == 2
    assert "termination.ends_for" in refused.stdout
