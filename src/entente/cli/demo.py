"""``entente demo``: play a scenario with real nodes on this machine, and check all that comes of it."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
import msgspec

from entente.cli.output import CommandError, InputError, as_json, show_json

if TYPE_CHECKING:
    from entente.cli.demo_text import DemoText
    from entente.cli.play import PartPlayed
    from entente.cli.scenario import Scenario

SCENARIOS = Path("examples/scenarios")
DEFAULT = "2019-11-22"


@click.command()
@click.argument("scenario", metavar="[SCENARIO]", default=DEFAULT)
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Keep the nodes and their evidence there.")
@as_json
def demo(scenario: str, keep: Path | None, as_json: bool) -> None:
    """Play a scenario with two real nodes on a simulated clock; by default the case of 22 November 2019.

    SCENARIO is the name of one that comes with Entente, its folder, or its file.
    """
    played = _load(scenario)
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise InputError("NOT_EMPTY", f"{keep} exists and is not empty", "Name a new directory; nothing was changed.")
    from entente.cli.demo_text import DemoText

    shown = None if as_json else DemoText(played)
    began = time.perf_counter()
    with _folder(keep) as folder:
        parts = _play(played, folder, shown)
        took = round(time.perf_counter() - began, 1)
        failures = [failure for part in parts for failure in part.failures]
        if as_json:
            facts = {"ok": not failures, "simulated": True, "scenario": played.name, "took_s": took}
            show_json({**facts, "failures": failures, "parts": msgspec.to_builtins(parts)})
    if shown is not None:
        shown.say("")
        shown.say(f"measured: everything above in {took:.1f} s")
    if failures and as_json:
        sys.exit(1)
    if failures:
        raise CommandError(
            "NOT_AS_EXPECTED",
            f"{len(failures)} things did not come as the scenario expects",
            "Play it again with --keep DIR and look into the nodes' logs there.",
        )
    if shown is not None:
        shown.say(_what_next(scenario, keep, parts))


def _load(name: str) -> "Scenario":
    """A scenario by its path, or by its name among those that come with Entente."""
    from entente.cli.scenario_parse import read_scenario

    path = Path(name)
    if not path.exists():
        path = shipped(SCENARIOS / name)
    return read_scenario(path)


def shipped(path: Path) -> Path:
    """A path that comes with Entente, from here or from the checkout that this code is in."""
    beside = Path(__file__).resolve().parents[3] / path
    return beside if not path.exists() and beside.exists() else path


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where the nodes live: kept, or removed in the end however it comes."""
    if keep is not None:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield keep.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="entente-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(scenario: "Scenario", folder: Path, shown: "DemoText | None") -> "list[PartPlayed]":
    """Play every part on nodes of its own."""
    from entente.cli.play import Player
    from entente.cli.stage import Stage

    signal.signal(signal.SIGTERM, _stop)  # so that the nodes are stopped too
    parts = []
    if shown is not None:
        shown.opening()
    for part in scenario.parts:
        began = time.perf_counter()
        with Stage(folder / part.id, scenario.agreement.parties) as stage:
            stage.set_up(part.steps[0].at)
            player = Player(scenario, part, stage)
            if shown is not None:
                shown.part(part.title, part.replayed, time.perf_counter() - began)
            for line in player.play():
                if shown is not None:
                    shown.line(line)
            player.verify_all()
        player.played.took_ms = round((time.perf_counter() - began) * 1000)
        if shown is not None:
            shown.closing(player.played)
        parts.append(player.played)
    return parts


def _stop(_signal: int, _frame: FrameType | None) -> Any:
    sys.exit(1)


def _what_next(scenario: str, keep: Path | None, parts: "list[PartPlayed]") -> str:
    command = _command()
    if keep is None:
        given = "" if scenario == DEFAULT else f" {scenario}"
        return f"try next: {command} demo{given} --keep demo-output, then check its evidence yourself"
    file = Path(parts[-1].evidence[0].file)
    roots = " ".join(f"--root {keep / parts[-1].id / 'roots' / f'{each.party}.json'}" for each in parts[-1].evidence)
    return f"try next: {command} verify {keep / parts[-1].id / file.name} {roots}"


def _command() -> str:
    """How this command can be called again from here."""
    called = Path(sys.argv[0])
    if called.name != "entente":
        return f"{sys.executable} -m entente"
    found = shutil.which("entente")
    return "entente" if found is not None and Path(found).samefile(called) else os.path.relpath(called)
