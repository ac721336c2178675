"""What takes longer than a second says how far it is, at a terminal and nowhere else."""

import pytest

from entente.cli import client

MIB = 1024 * 1024


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_at_a_terminal_alone(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "PATIENCE", -1.0)
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    with client.counting("backing up") as count:
        count(3 * MIB)
        count(2 * MIB)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert ("backing up: 5 MiB" in shown.err) == terminal


def test_what_is_quick_says_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(client, "PATIENCE", 1e9)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with client.counting("backing up") as count:
        count(3 * MIB)
    assert capsys.readouterr().err == ""
