"""A disk that is really full: a small file system of its own, filled by a file beside the node's.

Where this machine lets the test mount one it is a tmpfs over the node's directory. Elsewhere the kernel says that the
disk is full, by strace, to every write of the node; ``strace`` is what the other tests of durability stand on too.
"""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from support_kill import NodeProcess

WRITES = "write,pwrite64,ftruncate,fallocate"


def can_mount(folder: Path) -> bool:
    """Whether file systems may be mounted here."""
    folder.mkdir()
    ran = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], capture_output=True, check=False)
    if ran.returncode == 0:
        subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()
    return ran.returncode == 0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of this size at ``folder``, which is made."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Disk:
    """The disk of a node that runs; full between :meth:`fill` and :meth:`free`."""

    def __init__(self, node: NodeProcess, *, mounted: bool) -> None:
        self._node = node
        self._ballast = node.home.path / "ballast"
        self._mounted = mounted
        self._refusing: ExitStack | None = None

    def fill(self, leave: int = 0) -> None:
        """Leave so many bytes free and no more; where nothing can be mounted, none."""
        if not self._mounted:
            self._refusing = ExitStack()
            self._refusing.enter_context(self._refuse())
            return
        with self._ballast.open("wb", buffering=0) as file:
            size = 1 << 16
            while size >= 4096:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    size //= 2
            if leave:
                file.truncate(max(0, file.tell() - leave))

    def free(self) -> None:
        """There is room again."""
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None
        self._ballast.unlink(missing_ok=True)

    def _refuse(self) -> AbstractContextManager[Path]:
        folder = os.path.realpath(self._node.home.path)
        keys = sorted(path.name for path in (self._node.home.path / "itemkeys").iterdir())
        files = [f"{folder}/{name}" for name in ("store.db-wal", *(f"itemkeys/{name}" for name in keys))]
        paths = [option for file in files for option in ("-P", file)]
        return self._node.traced(*paths, "-e", "inject=pwrite64,fallocate:error=ENOSPC", names=WRITES)
