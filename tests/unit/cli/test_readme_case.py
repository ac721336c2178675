"""The README's case, line by line: twelve facts, each with a command that is one and a test that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
from test_cli_docs import parse

SECTION = (ROOT / "README.md").read_text().partition("## The case, line by line")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", SECTION, re.M)][2:]
    2:
]


def test_there_are_twelve() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize(("fact", "command", "held"), ROWS)
def test_each_has_a_command_that_is_one_and_a_test_that_is_there(fact: str, command: str, held: str) -> None:
    assert fact
    parse(command.strip("`"))
    path, _, name = held.strip("`").partition("::")
    assert f"def {name}" in (ROOT / path).read_text()
