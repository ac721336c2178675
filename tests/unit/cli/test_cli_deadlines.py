"""Deadlines at the command line: what rings is on the first screen, and how to say that it was seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run

AGREEMENT = {
    "agreement": "ab" * 32, "name": "jp-kr-2016", "zone": "Asia/Seoul", "views": {}, "next_change": None, "ready": True,
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
        liar.answers["deadline.list"] = lambda _: [deadline(None), deadline({"person": "t1", "at": "x"}), later()]
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
    assert "seen by t1" in shown
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
    at = {"matter": "kr-meeting-1", "round": None, "begins": "x", "ends": "y"}
    found = {"conflicts": [{"first": at, "second": at, "who": ["w"]}], "more": more, "uncounted": uncounted}
    node.answers["meeting.conflicts"] = lambda _: found
    shown = run("meeting", "conflicts", node.path, passphrase=None).output
    assert shown.count("kr-meeting-1") == 2
    assert shown[shown.find("And") :] == said if said else "And" not in shown
    told = json.loads(run("meeting", "conflicts", node.path, "--json", passphrase=None).output)
    assert {name: told[name] for name in found} == found
