"""What a process costs: processor, memory, syncs to the disk (Linux, /proc)."""

import mmap
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

_TICK = os.sysconf("SC_CLK_TCK")
_SOURCE = Path(__file__).with_name("syncs.c")
_LIBRARY = Path(__file__).parent / ".venvs" / "syncs.so"


class Cost(NamedTuple):
    """Since the process began: processor seconds, and syncs where they are counted."""

    cpu: float
    syncs: int | None
    at: float

    def since(self, before: Self) -> "Cost":
        """What was spent in between."""
        syncs = None if self.syncs is None or before.syncs is None else self.syncs - before.syncs
        return Cost(self.cpu - before.cpu, syncs, self.at - before.at)


class Watched:
    """A process that is being measured."""

    def __init__(self, pid: int, counter: Path | None = None) -> None:
        self.pid = pid
        self._counter = counter

    def cost(self) -> Cost:
        """What it has cost so far."""
        return Cost(cpu_seconds(self.pid), self._syncs(), time.monotonic())

    def memory(self) -> dict[str, float]:
        """MiB held now (``rss``) and at most so far (``peak``)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        values = {
            name: int(rest.split()[0]) / 1024
            for name, _, rest in (line.partition(":") for line in lines)
            if "kB" in rest
        }
        return {"rss": values["VmRSS"], "peak": values["VmHWM"]}

    def _syncs(self) -> int | None:
        if self._counter is None or not _LIBRARY.exists():
            return None
        if not self._counter.exists() or self._counter.stat().st_size < mmap.PAGESIZE:
            return 0
        return int(struct.unpack("<Q", self._counter.read_bytes()[:8])[0])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def counting(counter: Path) -> dict[str, str]:
    """What to add to a process's environment so that it counts its syncs in ``counter``; empty without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not _LIBRARY.exists() or _LIBRARY.stat().st_mtime < _SOURCE.stat().st_mtime:
        if compiler is None:
            return {}
        _LIBRARY.parent.mkdir(exist_ok=True)
        made = _LIBRARY.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(_SOURCE), "-ldl"], check=True)
        made.replace(_LIBRARY)
    return {"LD_PRELOAD": str(_LIBRARY), "BENCH_SYNCS": str(counter)}


class Meter:
    """What some processes spend while something is measured; use as a context."""

    def __init__(self, processes: Mapping[str, Watched]) -> None:
        self._processes = processes
        self._before: dict[str, Cost] = {}
        self.spent: dict[str, Cost] = {}

    def __enter__(self) -> Self:
        self._before = {name: process.cost() for name, process in self._processes.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self.spent = {name: process.cost().since(self._before[name]) for name, process in self._processes.items()}

    def per_item(self, items: int) -> dict[str, float]:
        """Microseconds of processor an item, by process."""
        return {name: cost.cpu / items * 1e6 for name, cost in self.spent.items()}

    def syncs(self, items: int) -> float | None:
        """Syncs an item, all processes together; None where they were not counted."""
        found = [cost.syncs for cost in self.spent.values()]
        return None if None in found else sum(each for each in found if each is not None) / items
