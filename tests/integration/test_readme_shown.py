"""The README's case, line by line: each command shows its fact, at a node that holds the case."""

import re
import shlex
from pathlib import Path

import pytest
from support_nodes import done, entente
from test_timeline_sources import played, running

__all__ = ["played", "running"]

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().partition("## The case, line by line")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^\| [^|]+ \| `entente ([^`]+)` \|", SECTION, re.MULTILINE)
FACTS = (
    ("notice running", "2019-11-23 00:00:00"),
    ("notice suspended", "RELEASE ALLOWED"),
    ("FLASH", "2019-10-0"),
    ("jp: link",),
    ("WTO DS590", "condition en: While the dialogue on export control goes on as usual"),
    ("Fluorinated polyimide, resist and hydrogen fluoride", "Licences required"),
    ("7       held", "8       held", "by video", "9       held"),
    ("kr's own", "jp's own", "Nothing was given in return"),
    ("background", "2019/11/22-7"),
    ("on the margins of en", "8th summit of China, Japan and the Republic of Korea", "Chengdu"),
    ("2019-07", "79.5"),
    ("asleep", "spent", "views differ"),
)


def test_every_line_has_its_fact() -> None:
    assert len(COMMANDS) == len(FACTS) == 12


@pytest.mark.parametrize(("command", "facts"), list(zip(COMMANDS, FACTS, strict=True)), ids=COMMANDS)
def test_each_command_shows_its_fact(running: Path, command: str, facts: tuple[str, ...]) -> None:
    words = shlex.split(command.replace("/var/lib/entente", str(running / "kr")))
    shown = done(entente(*words)).out
    assert [fact for fact in facts if fact not in shown] == []
