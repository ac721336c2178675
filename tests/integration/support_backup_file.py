"""A backup of a stopped node, made and restored in this process, and what is in the file.

The node is that of the template, with a payload of several segments put beside its items.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from entente.node import backup, restoring
from entente.node.backup_file import AnyRecord, Closing, FileOf, Reader, open_regular
from entente.node.errors import NodeError
from entente.node.home import Home

SECRET = b"words for the backup"
LARGE = "payloads/jp-0123456789abcdef-9"
MIB = 1024 * 1024


def home_in(ending: Path, folder: Path) -> Home:
    """The template's jp in a folder of its own."""
    shutil.copytree(ending / "jp", folder / "jp")
    (folder / "jp" / LARGE).write_bytes(Random(1).randbytes(3 * MIB + 5))  # noqa: S311 - filler
    return Home(folder / "jp")


def silent(_count: int) -> None:
    """Nobody watches."""


def back_up(home: Home, target: Path, *, item_keys: bool = False) -> backup.Made:
    """Back a stopped node up."""
    folder = backup.snapshot(home, item_keys=item_keys)
    try:
        return backup.write(home, folder, target, SECRET, software="entente/test", item_keys=item_keys, progress=silent)
    finally:
        backup.discard(folder)


def code(source: Path, directory: Path, secret: bytes = SECRET) -> str:
    """What a restore answers; nothing may be left of it where it refuses."""
    before = sorted(directory.parent.iterdir())
    try:
        restoring.restore(source, directory, secret, progress=silent)
    except NodeError as error:
        assert error.remedy
        assert sorted(directory.parent.iterdir()) == before
        return error.code
    return "RESTORED"


def records(path: Path) -> Iterator[AnyRecord]:
    """Every record of a backup, the files' bytes left out."""
    with open_regular(path) as file:
        reader = Reader(file, SECRET)
        while not isinstance(record := reader.record(), Closing):
            left = record.size if isinstance(record, FileOf) else 0
            while left:
                left -= len(reader.data(left))
            yield record
        yield record
        reader.end()
