"""What the commands of a running node print, word for word: see support_transcripts."""

from pathlib import Path

import pytest
from support_transcripts import FOLDER, replay, world

TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_commands_answer_as_written(path: Path) -> None:
    script = path.read_text()
    with world() as here:
        assert replay(script, here) == script


def test_every_screen_of_a_simulated_node_says_so() -> None:
    """Help apart, whatever a command prints for people names a simulated node as one."""
    for path in TRANSCRIPTS:
        for block in path.read_text().split("\n$ ")[1:]:
            command, _, shown = block.partition("\n")
            printed = [line for line in shown.splitlines() if line and not line.startswith(("!", "=", "#", "@", "  "))]
            if (
                printed
                and " verify " not in command
                and "--json" not in command
                and not command.startswith("entente node card")
            ):
                assert "SIMULATED" in shown, command


def test_no_colour_codes_reach_a_pipe() -> None:
    assert TRANSCRIPTS
    assert not any("\x1b" in path.read_text() for path in TRANSCRIPTS)
