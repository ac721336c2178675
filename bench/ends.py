"""A process that is told what to do on standard input and says what it found on standard output, one line each."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bench.process import Watched, counting

PATIENCE = 60.0


class End:
    """Runs as a context, and stays until its costs are read; syncs are counted where ``counter`` is given."""

    def __init__(
        self, command: Sequence[str], *, counter: Path | None = None, cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if counter is None else None,
            text=True,
            env={**os.environ, **(env or {}), **(counting(counter) if counter else {})},
        )
        self.watched = Watched(self._process.pid, counter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def go(self, line: str = "") -> None:
        """Tell it something; at first, to begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def line(self) -> str:
        """What it says next.

        Raises:
            RuntimeError: it ended instead.
        """
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            _, error = self._process.communicate(timeout=PATIENCE)
            raise RuntimeError(f"a process ended early: {(error or '').strip()[-300:]}")
        return said.strip()


class Server:
    """A server that runs in the background, as a context; its output goes to a file."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **(env or {})}
            )
        self._log = log
        self.watched = Watched(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Wait for one that ends by itself.

        Raises:
            RuntimeError: it failed.
        """
        if self._process.wait(PATIENCE):
            raise RuntimeError(f"the server failed: {self._log.read_text(errors='replace').strip()[-300:]}")

    def alive(self) -> None:
        """Nothing, while it runs.

        Raises:
            RuntimeError: it has ended.
        """
        if self._process.poll() is not None:
            raise RuntimeError(f"the server ended: {self._log.read_text(errors='replace').strip()[-300:]}")
