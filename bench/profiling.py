"""Where a node's time goes: py-spy beside both processes, for a measurement that missed its target."""

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench.venvs import environment

VERSION = "py-spy==0.4.3"
RATE = 200
MOST = 8
_SAMPLES = re.compile(r"^(.*) (\d+)$")


class Profiler:
    """Samples processes from now on, until :meth:`end`."""

    def __init__(self, folder: Path, processes: Mapping[str, int]) -> None:
        tool = environment("tools", VERSION).with_name("py-spy")
        self._files = {name: folder / f"{name}.profile" for name in processes}
        self._samplers = [
            subprocess.Popen(
                [tool, "record", "--pid", str(pid), "--rate", str(RATE), "--format", "raw",
                 "--output", self._files[name],
                 "--duration", "86400", "--nonblocking"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name, pid in processes.items()
        ]  # fmt: skip

    def end(self) -> dict[str, list[str]]:
        """For each process the functions in which it was found most often, with their share of the samples."""
        for sampler in self._samplers:
            sampler.send_signal(signal.SIGINT)
        for sampler in self._samplers:
            sampler.wait(60)
        return {name: top(path.read_text()) for name, path in self._files.items() if path.exists()}


def top(stacks: str) -> list[str]:
    """The leaves of collapsed stacks, and the project's own functions with all that they call."""
    leaves: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for line in stacks.splitlines():
        found = _SAMPLES.match(line)
        if found is None:
            continue
        frames, count = found[1].split(";"), int(found[2])
        leaves[frames[-1]] += count
        for frame in {re.sub(r":\d+\)$", ")", each) for each in frames if "entente/" in each}:
            own[frame] += count
    total = sum(leaves.values()) or 1
    return [
        *(f"{count / total:4.0%} in {frame}" for frame, count in leaves.most_common(MOST)),
        *(f"{count / total:4.0%} below {frame}" for frame, count in own.most_common(MOST)),
    ]
