"""The README's case, line by line: twelve facts, each with a command that is one and a test that is there."""

import re
from pathlib import Path

import pytest
from test_cli_docs import parse

from entente.cli.timeline_source import tell
from entente.cli.timeline_svg import draw

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "README.md").read_text().partition("## The case, line by line")[2].partition("\n## ")[0]
LINES = re.findall(r"^\|.*\|$", SECTION, re.MULTILINE)[2:]
ROWS = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in LINES]


def test_there_are_twelve() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize(("fact", "command", "held"), ROWS, ids=[row[0][:30] for row in ROWS])
def test_each_has_a_command_that_is_one_and_a_test_that_is_there(fact: str, command: str, held: str) -> None:
    assert fact
    parse(command)
    path, _, name = held.partition("::")
    assert f"def {name}" in (ROOT / path).read_text()


def test_the_readmes_picture_is_the_one_that_the_command_draws() -> None:
    assert "](docs/case.svg)" in SECTION
    told = tell(ROOT / "examples" / "scenarios" / "jp-kr-2016-2023", None, (), None)
    assert (ROOT / "docs" / "case.svg").read_text(encoding="utf-8") == draw(told.chronicle, "en")
