"""The inbox and the register as people and programs read them, from what a node answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run
from rich.console import Console

from entente.cli.output import from_below
from entente.node.errors import RefusedError, UsageError
from entente.store.errors import FullError


@pytest.fixture
def node(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as liar:
        liar.answers["node.status"] = lambda _: {"agreements": [{"agreement": "ab", "zone": "Asia/Seoul"}]}
        yield liar


def line(number: int, precedence: str = "ROUTINE", **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "direction": "held",
        "party": "jp",
        "agreement": "ab",
        "entry": number,
        "item": f"item-{number}",
        "state": "held",
        "instant": "2019-11-22T09:00:00.000Z",
        "answered": None,
        "opened": None,
        "held": True,
        "title": f"Title {number}",
        "precedence": precedence,
        "reality": "exercise",
        "level": "秘",
        "originator": "jp",
        "caveats": [],
        "rel_to": None,
        "corresponding": "군사Ⅲ급비밀",
        "ask_originator": False,
        "updated_by": [],
        "cancelled_by": None,
        **more,
    }


def test_the_most_urgent_comes_first_and_among_equals_the_oldest(node: FalseNode) -> None:
    urgency = ["ROUTINE", "FLASH", "PRIORITY", "IMMEDIATE", "FLASH"]
    node.answers["item.register"] = lambda _: [line(place, each) for place, each in enumerate(urgency, 1)]
    ran = run("inbox", node.path, "--json", passphrase=None)
    assert [each["number"] for each in json.loads(ran.stdout)["lines"]] == [2, 5, 4, 3, 1]


def test_what_was_opened_no_longer_waits(node: FalseNode) -> None:
    opened = line(1, opened="2019-11-22T09:00:01.000Z")
    node.answers["item.register"] = lambda _: [opened, line(2)]
    ran = run("inbox", node.path, "--json", passphrase=None)
    assert [each["number"] for each in json.loads(ran.stdout)["lines"]] == [2]


def test_an_item_no_longer_held_keeps_its_line_and_shows_nothing_of_what_it_was(node: FalseNode) -> None:
    gone = {key: value for key, value in line(1).items() if key not in ("title", "level", "precedence", "reality")}
    node.answers["item.register"] = lambda _: [{**gone, "held": False}]
    ran = run("register", node.path, "--held", passphrase=None)
    assert ran.exit_code == 0
    assert "not held (any more)" in ran.stdout


def test_a_title_cannot_give_the_terminal_commands(node: FalseNode) -> None:
    node.answers["item.register"] = lambda _: [line(1, title="\x1b[2J\x07[bold]x[/bold]")]
    ran = run("inbox", node.path, passphrase=None)
    assert "\x1b" not in ran.stdout
    assert "\x07" not in ran.stdout
    assert "[bold]x[/bold]" in ran.stdout


@pytest.mark.parametrize(
    ("error", "code", "exits"),
    [
        (UsageError("A", "what", "remedy"), "A", 2),
        (RefusedError("B", "what", "remedy", [{"code": "C"}]), "B", 1),
        (FullError("full"), "DISK_FULL", 1),
    ],
)
def test_refusals_of_lower_layers_keep_their_code_and_exit_code(error: Exception, code: str, exits: int) -> None:
    explained = from_below(error)
    assert explained is not None
    assert (explained.code, explained.exit_code) == (code, exits)


def test_a_fault_of_the_program_is_not_dressed_up_as_a_refusal() -> None:
    assert from_below(ValueError("a bug")) is None


def test_a_screen_of_80_columns_shows_every_state_in_full(node: FalseNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entente.cli.output.console", lambda: Console(width=80, highlight=False))
    code = "CAVEAT_EXCLUDES_RECIPIENT"
    node.answers["item.register"] = lambda _: [line(1, "IMMEDIATE", direction="given", state=f"refused: {code}")]
    shown = run("register", node.path, "--given", passphrase=None).stdout
    assert max(len(row) for row in shown.splitlines()) <= 80
    assert code in "".join(row.split()[-1] for row in shown.splitlines() if row.strip()), shown
