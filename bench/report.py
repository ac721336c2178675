"""What a run found: kept as JSON, shown as a table, written as a page with its picture."""

import json
import os
import platform
import sqlite3
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.backends.openssl import backend
from rich.console import Console
from rich.table import Table

from bench import picture
from bench.figures import Figure, Target

HEADINGS = ("what", "figure", "spread", "batch", "syncs an item", "processor µs an item", "target")


@dataclass
class Run:
    """A run of the bench and the machine that it ran on."""

    scale: str
    arguments: list[str]
    began: str
    machine: dict[str, str]
    figures: list[Figure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    profiles: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def begin(cls, scale: str, arguments: list[str]) -> "Run":
        """A run that begins now."""
        return cls(scale, arguments, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", machine())


def machine() -> dict[str, str]:
    """What figures depend on, without a name of the machine."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "processor": f"{model[0] if model else platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{int(memory) // (1 << 20)} GiB",
        "system": f"Linux {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "OpenSSL": backend.openssl_version_text(),
        "load before": " ".join(f"{each:.1f}" for each in os.getloadavg()),
    }


def save(run: Run, folder: Path) -> Path:
    """Keep a run as JSON, and as a page the latest one; the JSON's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.began.replace(':', '')}-{run.scale}.json"
    plain = {**asdict(run), "figures": [figure.to_json() for figure in run.figures]}
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False, default=str) + "\n")
    (folder / "latest.json").write_text(path.read_text())
    write(run, folder / "latest.md")
    return path


def load(path: Path) -> Run:
    """A run that was kept."""
    plain = json.loads(path.read_text())
    figures = []
    for each in plain.pop("figures"):
        each.pop("met")
        each["value"] = float("nan") if each["value"] is None else each["value"]
        figures.append(Figure(**{**each, "targets": [Target(**target) for target in each["targets"]]}))
    return Run(**{**plain, "figures": figures})


def number(value: float) -> str:
    """Three figures that mean something, thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def line(figure: Figure) -> str:
    """A figure in one line."""
    if figure.missing:
        return f"{figure.subject} {figure.what}: not available: {figure.missing}"
    return f"{figure.subject} {figure.what}: {number(figure.value)} {figure.unit}"


def cells(figure: Figure) -> list[str]:
    """A figure as the cells under :data:`HEADINGS`."""
    if figure.missing:
        return [figure.what, f"not available: {figure.missing}", "", "", "", "", _target(figure)]
    spread = " / ".join(number(figure.spread[name]) for name in ("p50", "p90", "p99", "max")) if figure.spread else ""
    batch = "" if figure.batch is None else number(figure.batch)
    syncs = "" if figure.syncs is None else number(figure.syncs)
    cpu = ", ".join(f"{name} {value:,.0f}" for name, value in figure.cpu_us.items())
    return [figure.what, f"{number(figure.value)} {figure.unit}", spread, batch, syncs, cpu, _target(figure)]


def _target(figure: Figure) -> str:
    said = []
    for target in figure.targets:
        of = "" if target.of == "value" else f"{target.of} "
        sign = "≤" if target.at_most else "≥"
        said.append(f"{of}{sign} {number(target.limit)}: {'met' if figure.meets(target) else 'MISSED'}")
    return "; ".join(said)


def subjects(run: Run) -> dict[str, list[Figure]]:
    """Figures by subject, Entente last."""
    found: dict[str, list[Figure]] = {}
    for figure in sorted(run.figures, key=lambda figure: figure.subject == "entente"):
        found.setdefault(figure.subject, []).append(figure)
    return found


def ratios(run: Run) -> list[tuple[str, str, str, str]]:
    """Entente's figures beside each other subject's of the same run: ours, theirs, how many times as fast."""
    table = []
    for name, others in (("lone", ("lone",)), ("sustained", ("rate",)), ("file", ("file",))):
        ours = _find(run, "entente", name)
        for figure in run.figures if ours else ():
            if figure.subject == "entente" or figure.missing or not figure.name.startswith(others) or ours is None:
                continue
            faster = figure.value / ours.value if ours.unit == "ms" else ours.value / figure.value
            said = f"{number(faster)} times as fast" if faster >= 1 else f"{number(1 / faster)} times slower"
            theirs = f"{figure.subject}: {figure.what}, {number(figure.value)} {figure.unit}"
            table.append((ours.what, f"{number(ours.value)} {ours.unit}", theirs, said))
    return table


def _find(run: Run, subject: str, name: str) -> Figure | None:
    return next(
        (each for each in run.figures if (each.subject, each.name) == (subject, name) and not each.missing), None
    )


def show(run: Run, console: Console | None = None) -> None:
    """The table in the terminal."""
    console = console or Console(highlight=False)
    for subject, figures in subjects(run).items():
        table = Table(*HEADINGS, title=subject, title_justify="left", title_style="bold")
        for figure in figures:
            table.add_row(*cells(figure), style="red" if figure.missed else None)
        console.print(table)
    if ratios(run):
        table = Table(
            "Entente", "", "beside", "Entente is", title="ratios of this run", title_justify="left", title_style="bold"
        )
        for row in ratios(run):
            table.add_row(*row)
        console.print(table)
    for heading, lines in remarks(run):
        console.print(heading, style="bold")
        for text in lines:
            console.print(f"  {text}")


def remarks(run: Run) -> list[tuple[str, list[str]]]:
    """What stands below the tables: records checked, notes, targets missed and why."""
    checked = [f"{figure.name}: {figure.verified}" for figure in run.figures if figure.verified]
    notes = [f"{figure.subject} {figure.name}: {figure.note}" for figure in _first_notes(run) if figure.note]
    memory = [
        f"{figure.name}: " + ", ".join(f"{name} {number(value)} MiB" for name, value in figure.memory.items())
        for figure in run.figures
        if figure.memory
    ]
    missed = [f"{figure.name}: {line(figure)} ({_target(figure)})" for figure in run.figures if figure.missed]
    profiles = [text for name, lines in run.profiles.items() for text in (f"{name}:", *(f"  {each}" for each in lines))]
    unsound = [f"{figure.name}: {figure.verified}" for figure in run.figures if figure.unsound]
    parts = [
        ("RECORDS THAT DO NOT HOLD OR COULD NOT BE CHECKED", unsound),
        ("Both records checked offline after each measurement", checked),
        ("Notes", notes),
        ("Memory", memory),
        ("Targets missed", missed or ["none"]),
        ("Where the time went when they were run again, shortly, under a profiler", profiles),
    ]
    return [(heading, lines) for heading, lines in parts if lines]


def _first_notes(run: Run) -> list[Figure]:
    """One figure for each subject's note."""
    return list({(figure.subject, figure.note): figure for figure in reversed(run.figures)}.values())[::-1]


def write(run: Run, path: Path) -> None:
    """A page with everything, and its picture beside it."""
    drawn = path.with_suffix(".svg")
    drawn.write_text(picture.draw(run.figures))
    parts = [
        "# A run of the bench",
        "",
        f"Written by `python -m bench {' '.join(run.arguments)}`, which began {run.began}. What each figure shows and "
        "does not show: [README.md](README.md).",
        "",
        *(f"- {name}: {value}" for name, value in run.machine.items()),
        f"- measured for {sum(run.seconds.values()) / 60:.0f} minutes",
        "",
        f"![Latency and throughput beside floor and peers, and growth curves]({drawn.name})",
    ]
    if ratios(run):
        parts += ["", "## Ratios", "", *_table(("Entente", "", "beside", "Entente is"), ratios(run))]
    for subject, figures in subjects(run).items():
        parts += ["", f"## {subject.capitalize()}", "", *_table(HEADINGS, [cells(figure) for figure in figures])]
    for heading, lines in remarks(run):
        parts += [
            "",
            f"## {heading}",
            "",
            *(f"- {text}" if not text.startswith("  ") else f"  - `{text.strip()}`" for text in lines),
        ]
    path.write_text("\n".join(parts) + "\n")


def _table(headings: Any, rows: Any) -> list[str]:
    lines = [headings, ["---"] * len(headings), *rows]
    return ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in lines]
