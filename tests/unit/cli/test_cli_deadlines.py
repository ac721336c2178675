"""Deadlines at the command line: what rings is on the first screen, and how to say that it was seen."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run

AGREEMENT = {
    "agreement": "ab" * 32, "name": "jp-kr-2016", "zone": "Asia/Seoul",
    "views": {"kr": {"terms_version": "", "phase": "in_force"}}, "next_change": None, "ready": True,
    "at": "2019-11-22T09:00:00.000Z",
    "release_allowed": True, "disputed": False,
}  # fmt: skip
END = "end-2019-11-22T15:00:00.000Z"


def deadline(acknowledged: dict[str, str] | None) -> dict[str, Any]:
    alarm = {"id": f"{END}/PT6H", "at": "2019-11-22T09:00:00.000Z", "before": "PT6H", "acknowledged": acknowledged}
    what = {
        "id": END,
        "at": "2019-11-22T15:00:00.000Z",
        "day": None,
        "kind": "end",
        "what": "The agreement ends",
        "rests_on": "21(3)",
    }
    return {**what, "alarm": alarm}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as liar:
        status = {
            "now": "2019-11-22T09:00:00.000Z",
            "agreements": [AGREEMENT],
            "peers": {},
            "alarms": {},
            "evidence": [],
        }
        liar.answers["node.status"] = lambda _: status
        liar.answers["item.register"] = lambda _: []
        liar.answers["draft.list"] = lambda _: []
        liar.answers["agreement.status"] = lambda _: AGREEMENT
        liar.answers["deadline.list"] = lambda _: [
            deadline(None),
            deadline({"person": "t1", "at": "2019-11-22T09:00:00.000Z"}),
            later(),
        ]
        yield liar


def later() -> dict[str, Any]:
    return {**deadline(None), "alarm": None}


def test_the_first_screen_names_what_rings_and_what_to_type_once_it_is_seen(node: FalseNode) -> None:
    shown = run("status", node.path, passphrase=None).output
    assert shown.count("DUE") == 1
    assert "DUE The agreement ends: 2019-11-23 00:00" in shown
    assert f"entente deadlines acknowledge {node.path} {END}/PT6H" in shown.replace("\n", "")


def test_what_is_due_by_a_day_is_shown_with_that_day_and_not_with_the_next_ones_midnight(node: FalseNode) -> None:
    notice = deadline(None) | {"at": "2019-08-24T15:00:00.000Z", "day": "2019-08-24", "what": "The last day"}
    node.answers["deadline.list"] = lambda _: [notice]
    assert "DUE The last day: 24 August 2019 (until midnight)\n" in run("status", node.path, passphrase=None).output
    listed = " ".join(run("deadlines", "list", node.path, passphrase=None).output.split())
    assert "24 August 2019 (until midnight)" in listed
    assert "2019-08-25" not in listed


def test_a_program_is_told_the_same(node: FalseNode) -> None:
    told = json.loads(run("status", node.path, "--json", passphrase=None).output)
    assert [line["alarm"]["acknowledged"] for line in told["ringing"]] == [None]


def test_the_list_says_what_rings_what_was_seen_and_what_is_to_come(node: FalseNode) -> None:
    shown = " ".join(run("deadlines", "list", node.path, passphrase=None).output.split())
    assert "seen by t1, 2019-11-22 18:00" in shown
    assert "not yet" in shown
    assert "RINGS" in shown


@pytest.mark.parametrize(("options", "told"), [((), True), (("--stream", "track"), False)])
def test_who_follows_is_told_of_deadlines_but_for_one_who_asked_for_a_stream(
    node: FalseNode, options: tuple[str, ...], told: bool
) -> None:
    asked: list[Any] = []
    node.answers["item.follow"] = lambda args: asked.append(args) or {"now": "2019-11-22T09:00:00.000Z"}
    run("follow", node.path, *options, passphrase=None)
    assert [args["deadlines"] for args in asked] == [told]


@pytest.mark.parametrize(
    ("more", "uncounted", "said"),
    [
        (0, False, ""),
        (1998000, False, "And 1,998,000 more.\n"),
        (12, True, "And 12 more, or still more: there are too many to count.\n"),
    ],
)
def test_of_many_conflicts_it_says_how_many_are_not_listed(
    node: FalseNode, more: int, uncounted: bool, said: str
) -> None:
    begins, ends = "2019-12-24T06:00:00.000Z", "2019-12-24T07:00:00.000Z"
    at = {"matter": "kr-meeting-1", "round": None, "begins": begins, "ends": ends}
    found = {"conflicts": [{"first": at, "second": at, "who": ["w"]}], "more": more, "uncounted": uncounted}
    node.answers["meeting.conflicts"] = lambda _: found
    shown = run("meeting", "conflicts", node.path, passphrase=None).output
    assert shown.count("kr-meeting-1") == 2
    assert shown[shown.find("And") :] == said if said else "And" not in shown
    told = json.loads(run("meeting", "conflicts", node.path, "--json", passphrase=None).output)
    assert {name: told[name] for name in found} == found


REVIEW = "kr-arrangement-1-review-2019-11-22"


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("agreement", [(), ("--agreement", "jp-kr-2016")])
def test_an_alarm_to_acknowledge_is_whole_on_a_line_of_its_own(
    node: FalseNode, columns: int, agreement: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch, columns)
    alarm = {"id": f"{REVIEW}/P30D", "at": "2019-10-23T15:00:00.000Z", "before": "P30D", "acknowledged": None}
    what = {"id": REVIEW, "at": "2019-11-21T15:00:00.000Z", "kind": "review", "rests_on": "kr-arrangement-1"}
    what |= {"what": "The arrangement is to be looked at again: The complaint rests while the talks go on"}
    node.answers["deadline.list"] = lambda _: [what | {"alarm": alarm}]
    lines = without_colour(run("deadlines", "list", node.path, *agreement, passphrase=None).output).splitlines()
    which = f" --agreement {'ab' * 8}" if agreement else ""
    assert f"  seen? entente deadlines acknowledge {node.path} {REVIEW}/P30D --person ID{which}" in lines
    row = next(line for line in lines if "2019-11-22 00:00" in line)
    assert "kr-arrangement-1 " in row
    assert "RINGS" in row
    words = " ".join(lines).split()
    assert all(word in words for word in what["what"].split())


@pytest.mark.parametrize("columns", [80, 100])
def test_who_is_expected_twice_and_when_is_whole(
    node: FalseNode, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch, columns)
    who = ["director-general of jp", "director-general of kr", "jp: Director-General [/x], Trade Control Department"]
    first, second = (
        {"matter": f"kr-dialogue-{number}", "round": number, "begins": "2019-12-24T06:00:00.000Z",
         "ends": f"2019-12-24T0{6 + number}:00:00.000Z"}
        for number in (1, 2)
    )  # fmt: skip
    found = [{"first": first, "second": second, "who": who}]
    node.answers["meeting.conflicts"] = lambda _: {"conflicts": found, "more": 0, "uncounted": False}
    shown = without_colour(run("meeting", "conflicts", node.path, passphrase=None).output)
    assert "; ".join(who) in " ".join(shown.split())
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "kr-dialogue-1 round 1 2019-12-24 15:00 to 2019-12-24 16:00 Asia/Seoul" in lines
    assert "kr-dialogue-2 round 2 2019-12-24 15:00 to 2019-12-24 17:00 Asia/Seoul" in lines


@pytest.mark.parametrize("columns", [80, 100])
def test_a_list_of_matters_cuts_neither_an_id_nor_a_state(
    node: FalseNode, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide(monkeypatch, columns)
    title = {"en": "The parties go on with the talks on export control policy"}
    line = {"id": "kr-statement-48211907", "title": title, "between": ["jp", "kr"], "state": "in_force"}
    node.answers["matter.list"] = lambda _: [line | {"changed": "2019-11-22T09:00:00.000Z"}]
    shown = without_colour(run("statement", "list", node.path, passphrase=None).output)
    for part in ("kr-statement-48211907", "kr, jp", "in force", "2019-11-22 18:00"):
        assert part in shown
    assert all(word in shown.split() for word in title["en"].split())


def wide(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """A terminal of so many columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
