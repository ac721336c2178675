"""One process to one node's directory: an advisory lock that the kernel lets go when the process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entente.cli.output import CommandError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the directory ``path``; nothing is left behind but the empty file ``node.lock``.

    Raises:
        CommandError: another process holds it.
    """
    handle = os.open(path / "node.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                "ALREADY_RUNNING",
                f"another process has the node in {path}",
                f"Stop it first: entente node stop {path}",
            ) from None
        yield
    finally:
        os.close(handle)
