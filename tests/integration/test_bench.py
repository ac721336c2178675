"""The bench still runs: the floor and two real nodes, with counts so small that no figure means anything."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 300


def bench(folder: Path, *only: str) -> dict[str, Any]:
    chosen = [option for name in only for option in ("--only", name)]
    page = folder / "page.md"
    line = [sys.executable, "-m", "bench", "--tiny", "--results", str(folder), "--write", str(page), *chosen]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "latest.json").read_text())
    assert page.with_suffix(".svg").read_text().startswith("<svg")
    for figure in found["figures"]:
        assert figure["missing"] == "", figure["missing"]
        assert figure["what"].replace("|", "/") in page.read_text()
    return found


def test_the_floor_is_measured(tmp_path: Path) -> None:
    found = bench(tmp_path, "floor")
    assert {figure["name"] for figure in found["figures"]} >= {"lone", "lone-in-turn", "rate-1000", "file"}
    lone = next(figure for figure in found["figures"] if figure["name"] == "lone")
    assert lone["syncs"] >= 2  # durable on both sides: no floor without them


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("lone", "sustained", "beside-bulk"), {"lone", "approved", "sustained", "memory-load", "beside-bulk"}),
        (("file", "cut", "catch-up"), {"file", "cut", "catch-up", "catch-up-flash"}),
        (("history", "agreements"), {"history-lone", "history-reconnect", "history-disk", "agreements-lone"}),
        (("matters",), {"step", "steps", "matters-step", "matters-list", "matters-show", "matters-verify"}),
        (("payloads", "command", "beside-file"), {"payload", "payload-rate", "command", "beside-file"}),
    ],
)
def test_two_nodes_are_measured_and_their_records_hold(
    tmp_path: Path, names: tuple[str, ...], expected: set[str]
) -> None:
    found = bench(tmp_path, *names)
    assert {figure["name"] for figure in found["figures"]} >= expected
    checked = [figure["verified"] for figure in found["figures"] if figure["verified"]]
    assert len(checked) >= len(names)
    for said in checked:
        assert said.startswith("jp verified") and "; kr verified" in said
