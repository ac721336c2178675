"""Backing up a node, running or stopped (docs/spec/backup.md).

The running node copies its store beside its writer into a folder of its own, which is all that it does; whoever asked
for the backup, and knows its passphrase, seals that copy and the files of the directory, and removes the copy.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import urandom
from pathlib import Path
from typing import BinaryIO, NamedTuple

from entente.node.backup_file import Digest, FileOf, HeadOf, Opening, Writer
from entente.node.errors import NotReadyError, RefusedError, UsageError
from entente.node.home import Home
from entente.node.releases import disk_room
from entente.sealing.seal import SEGMENT
from entente.store.snapshot import copy, facts, forget_received

STORE = "store.db"
PREFIX, SUFFIX = "backup-", ".tmp"
"""How the name of a copy begins and ends while a backup is made of it."""
WHOLE = ("node.toml", "root.json", "card.json")
FOLDERS = {"keys": ".key", "tls": ".pem", "peers": ".json", "payloads": ""}
"""Folders of a node's directory that are backed up, and how the names of the files end."""
STAGED = "staged-"
"""How the names of payloads begin that belong to no item yet."""


class Made(NamedTuple):
    """A backup that was made."""

    opening: Opening
    files: int
    size: int


@contextmanager
def one_backup(home: Home) -> Iterator[None]:
    """Hold the right to back this node up; what a killed backup left is removed.

    Raises:
        RefusedError: another backup is being made.
    """
    handle = os.open(home.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            text = f"another backup of {home.path} is being made"
            raise RefusedError("BACKUP_RUNNING", text, "Wait until it is done.") from error
        for left in home.path.glob(f"{PREFIX}*{SUFFIX}"):
            discard(left)
        yield
    finally:
        os.close(handle)


def sweep(home: Home) -> None:
    """Remove what a killed backup left, unless one is being made."""
    with contextlib.suppress(RefusedError), one_backup(home):
        pass


def snapshot(home: Home, *, item_keys: bool) -> Path:
    """A folder in the node's directory with a consistent copy of the store.

    Of an item just received the key lies in the store too until the key store has it; it is taken out of the copy where
    the item keys are not asked for.

    It may be called beside the running node's writer: it opens connections of its own and holds up nobody.

    Raises:
        StoreError: the store cannot be read, or the disk is full.
        NotReadyError: the disk is full.
    """
    folder = home.path / f"{PREFIX}{urandom(8).hex()}{SUFFIX}"
    with disk_room():
        folder.mkdir(mode=0o700)
    try:
        if (home.path / STORE).exists():
            copy(home.path / STORE, folder / STORE)
            if not item_keys:
                forget_received(folder / STORE, home.party)
    except BaseException:
        discard(folder)
        raise
    return folder


def discard(folder: Path) -> None:
    """Remove a snapshot."""
    shutil.rmtree(folder, ignore_errors=True)


def write(
    home: Home,
    folder: Path,
    target: Path,
    passphrase: bytes,
    *,
    software: str,
    item_keys: bool,
    progress: Callable[[int], None],
) -> Made:
    """Seal a snapshot and the files beside it into the new file ``target``, durably and whole or not at all.

    ``progress`` is told of bytes as they are read.

    Raises:
        UsageError: ``EXISTS``; nothing is ever overwritten.
        NotReadyError: the disk is full, or does not take the file.
    """
    if os.path.lexists(target):
        raise _exists(target)
    copied = facts(folder / STORE)
    opening = Opening(
        home.party,
        home.settings.simulated,
        software,
        copied.version,
        copied.instant,
        item_keys,
        tuple(HeadOf(*head) for head in copied.heads),
    )
    part = target.with_name(f".{target.name[:64]}.{urandom(8).hex()}.part")
    try:
        with disk_room():
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    writer = Writer(file, passphrase, "light" if home.settings.simulated else "interactive")
                    writer.record(opening)
                    files, size = _files(writer, contents(home, folder, item_keys=item_keys), progress)
                    writer.close(files, size)
                    file.flush()
                    os.fsync(file.fileno())
                _name(part, target)
            finally:
                part.unlink(missing_ok=True)
            sync_folder(target.parent)
    except OSError as error:
        text = f"{error.filename or target}: {error.strerror}; no backup was made"
        raise NotReadyError("BACKUP_NOT_WRITTEN", text, "Name a file in a directory that can be written.") from error
    return Made(opening, files, size)


def contents(home: Home, folder: Path, *, item_keys: bool) -> Iterator[tuple[str, Path]]:
    """Everything that a backup holds: its name there, and the file; the store and the settings come first."""
    if (folder / STORE).exists():
        yield STORE, folder / STORE
    for name in WHOLE:
        yield name, home.path / name
    for name, suffix in FOLDERS.items():
        with os.scandir(home.path / name) as found:
            for each in found:
                if each.is_file(follow_symlinks=False) and each.name.endswith(suffix) and _settled(each.name):
                    yield f"{name}/{each.name}", Path(each.path)
    if item_keys and home.item_keys.is_dir():
        for path in sorted(home.item_keys.iterdir()):  # after the store: a key comes before the item that needs it
            if path.is_file():
                yield path.relative_to(home.path).as_posix(), path


def _settled(name: str) -> bool:
    return not name.startswith((STAGED, "."))


def _files(writer: Writer, found: Iterator[tuple[str, Path]], progress: Callable[[int], None]) -> tuple[int, int]:
    files = size = 0
    for name, path in found:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            if name.startswith("payloads/"):
                continue  # destroyed meanwhile: nothing of it is wanted any more
            raise
        with file:
            size += _file(writer, name, file, progress)
        files += 1
    return files, size


def _file(writer: Writer, name: str, file: BinaryIO, progress: Callable[[int], None]) -> int:
    """One file as it is now; what is appended to it meanwhile belongs to a later backup."""
    left = size = os.fstat(file.fileno()).st_size
    digest = hashlib.sha256()
    writer.record(FileOf(name, size))
    while left:
        data = file.read(min(left, SEGMENT))
        if not data:
            raise NotReadyError("CHANGED", f"{name} became shorter while it was read", "Back up again.")
        digest.update(data)
        writer.data(data)
        progress(len(data))
        left -= len(data)
    writer.record(Digest(digest.digest()))
    return size


def _name(part: Path, target: Path) -> None:
    """Give the file its name, unless there is one of that name by now."""
    try:
        target.hardlink_to(part)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:  # some file systems of removable media know no hard links
        if os.path.lexists(target):
            raise _exists(target) from None
        part.rename(target)


def _exists(target: Path) -> UsageError:
    return UsageError("EXISTS", f"{target} exists already", "Name a new file; nothing was overwritten.")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
