"""docs/guide/first-steps.md is played as it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(?ms)^```sh( fails)?\n(.*?)^```$")
UP = f"{shlex.quote(sys.executable)} -m entente.cli.up"


def script(page: str) -> str:
    """The page's commands as one script; those that are to fail end it with 99 where they do not."""
    steps = ["set -euo pipefail", "shopt -s expand_aliases"]
    for match in BLOCK.finditer(page):
        fails, commands = match.groups()
        steps.append(f"if ( {commands} ); then exit 99; fi" if fails else commands)
    whole = "\n".join(steps)
    whole = whole.replace("make up", UP).replace("make down", f"{UP} --down")
    return whole.replace(".venv/bin/entente", f"'{shlex.quote(sys.executable)} -m entente'")


def test_every_command_of_the_first_steps_does_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    try:
        done = subprocess.run(
            ["bash", "-c", script((ROOT / "docs" / "guide" / "first-steps.md").read_text())],
            cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        subprocess.run([*shlex.split(UP), "--down"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "NO_EQUIVALENT_LEVEL" in done.stdout + done.stderr
    assert "AGREEMENT_NOT_IN_FORCE" in done.stdout + done.stderr
    assert "OK: everything that the file shows was verified." in done.stdout
