"""What every measurement is given: its size, a place for its files, and where to say what it is doing."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from rich.console import Console

from bench.profiling import Profiler
from bench.scale import MIB, Scale

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"


class Context:
    """One run of the bench; use as a context, which removes its files."""

    def __init__(self, scale: Scale, *, profile: bool = False) -> None:
        self.scale = scale
        self.profile = profile
        self.profiles: list[str] = []
        """What the profiler found, in words, where it was asked for."""
        self.console = Console(stderr=True, highlight=False)
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._made = 0
        self._profiler: Profiler | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_folder(self, name: str) -> Path:
        """A new folder; its path stays short enough for a node's control socket."""
        self._made += 1
        folder = self._folder / f"{name}{self._made}"
        folder.mkdir()
        return folder

    def payload_file(self, size: int) -> Path:
        """A file of random bytes, made once."""
        path = self._folder / f"payload-{size}"
        if not path.exists():
            block = os.urandom(min(size, MIB))
            with path.open("wb") as file:
                for _ in range(size // len(block)):
                    file.write(block)
        return path

    @contextmanager
    def profiled(self, folder: Path, processes: Mapping[str, int]) -> Iterator[None]:
        """Sample the processes meanwhile, if profiles are wanted."""
        if not self.profile:
            yield
            return
        self._profiler = Profiler(folder, processes)
        try:
            yield
        finally:
            self.end_profile()

    def end_profile(self) -> None:
        """Stop sampling and keep what was found; nothing where nothing is sampled."""
        profiler, self._profiler = self._profiler, None
        for name, lines in profiler.end().items() if profiler else ():
            self.profiles += [f"{name}: {line}" for line in lines]

    def say(self, text: str) -> None:
        """What is going on."""
        self.console.print(text, style="dim")
