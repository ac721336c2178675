"""Restoring a node from its backup, into a new directory (docs/spec/backup.md, section 4).

Everything is read, checked and durable before the directory appears under its name. What the restored node does next is
what every node does at its start (docs/decisions/0005-every-start-is-checked.md).
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from os import urandom
from pathlib import Path

from entente.node.backup import FOLDERS, STORE, WHOLE, sync_folder
from entente.node.backup_file import Closing, Digest, FileOf, Opening, Reader, damaged, newer, open_regular
from entente.node.errors import NotReadyError, UsageError
from entente.node.home import Home
from entente.node.releases import disk_room
from entente.sealing.seal import SEGMENT
from entente.store.connection import newest
from entente.store.snapshot import facts

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
"""One part of a path in a backup."""


def restore(source: Path, directory: Path, passphrase: bytes, *, progress: Callable[[int], None]) -> Opening:
    """Make the new directory of the node that the backup ``source`` is of; returns what the backup says of itself.

    ``progress`` is told of bytes as they are written.

    Raises:
        UsageError: ``EXISTS``, ``UNREADABLE`` or ``NOT_A_BACKUP``.
        RefusedError: the backup is of newer software, cut short or damaged.
        NotReadyError: the passphrase is wrong, or the disk does not take the files.

    In each of these cases nothing is left behind.
    """
    if os.path.lexists(directory):
        raise _exists(directory)
    part = directory.with_name(f".{directory.name[:64]}.{urandom(8).hex()}.part")
    try:
        with open_regular(source) as file, disk_room():
            reader = Reader(file, passphrase)
            opening = _opening(reader)
            part.mkdir(mode=0o700)
            try:
                _unpack(reader, part, progress)
                _check(part, opening)
                for folder in (*filter(Path.is_dir, part.rglob("*")), part):
                    sync_folder(folder)
                if os.path.lexists(directory):
                    raise _exists(directory)
                part.rename(directory)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
            sync_folder(directory.parent)
    except OSError as error:
        text = f"{error.filename or directory}: {error.strerror}; nothing was restored"
        raise NotReadyError("NOT_RESTORED", text, "Name a new directory where one can be made.") from error
    return opening


def _exists(directory: Path) -> UsageError:
    return UsageError("EXISTS", f"{directory} exists already", "Name a new directory; nothing was overwritten.")


def _opening(reader: Reader) -> Opening:
    """The first record, judged before a byte is written."""
    opening = reader.record()
    if not isinstance(opening, Opening):
        raise damaged("the first record is no opening")
    if opening.store > newest():
        raise newer(
            f"the backup's store is of version {opening.store}, written by {opening.software};"
            f" this software's is {newest()}"
        )
    return opening


def _unpack(reader: Reader, part: Path, progress: Callable[[int], None]) -> None:
    for folder in FOLDERS:
        (part / folder).mkdir(mode=0o700)
    files = size = 0
    while isinstance(record := reader.record(), FileOf):
        _file(reader, part, record, progress)
        files, size = files + 1, size + record.size
    if not isinstance(record, Closing) or (record.files, record.size) != (files, size):
        raise damaged("the closing record does not close this backup")
    reader.end()


def _file(reader: Reader, part: Path, record: FileOf, progress: Callable[[int], None]) -> None:
    if record.size < 0:
        raise damaged(f"{record.path} has a negative size")
    path, left, digest = part / _safe(record.path), record.size, hashlib.sha256()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise damaged(f"{record.path} stands twice") from error
    with os.fdopen(handle, "wb") as file:
        while left:
            data = reader.data(min(left, SEGMENT))
            digest.update(data)
            file.write(data)
            progress(len(data))
            left -= len(data)
        file.flush()
        os.fsync(file.fileno())
    if reader.record() != Digest(digest.digest()):
        raise damaged(f"{record.path} is not the file that was backed up")


def _safe(path: str) -> str:
    """A path below the directory, or a refusal: also who knows the passphrase writes nowhere else."""
    parts = path.split("/")
    if not 1 <= len(parts) <= 4 or not all(NAME.fullmatch(each) for each in parts):
        raise damaged("a file has a name that no backup gives")
    return path


def _check(part: Path, opening: Opening) -> None:
    """What was unpacked is what the opening says."""
    missing = [
        name for name in (*WHOLE, "keys/node.key", *([STORE] if opening.store else [])) if not (part / name).exists()
    ]
    if missing:
        raise damaged(f"{missing[0]} is missing")
    home, found = Home(part), facts(part / STORE)
    heads = tuple((head.agreement, head.writer, head.incarnation, head.size, head.root) for head in opening.heads)
    if (home.party, home.settings.simulated) != (opening.party, opening.simulated):
        raise damaged("the settings are not those of the node that the opening names")
    if (found.version, found.instant, found.heads) != (opening.store, opening.instant, heads):
        raise damaged("the store does not end where the opening says")
    if home.item_keys.exists() and not opening.item_keys:
        raise damaged("item keys are inside that the opening does not name")
