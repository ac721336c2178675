"""The per-item key store: files of its own, left out of ordinary backups (docs/spec/store.md).

One flat file per log; the key of entry ``seq`` lies in slot ``seq``, so that writing a batch of items is one write and
one sync, reading is one read, and shredding overwrites the only copy in place. There is no journal, no index and no
write-ahead log in which a destroyed key could linger. The bytes are locked by the caller before they come here.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from entente.store.errors import FullError, StoreError

LOCKED = 60
"""Bytes of a locked key: a 12-byte nonce, 32 bytes of key, a 16-byte tag."""
SLOT = 64
"""Bytes of a slot: a locked key and a mark that tells it from a slot never written."""
_MARK = b"key1"
_EMPTY = bytes(SLOT)
GROW = 16 * 1024 * SLOT
"""Bytes a file is made longer at once, so that a batch's sync need not make a new length durable."""


class ItemKeys:
    """Locked content keys by (log, seq), durable when :meth:`put` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in folder.iterdir():
            if path.name.isdecimal():
                self._open(int(path.name))

    def _open(self, log: int) -> int:
        handle = self._files.get(log)
        if handle is None:
            path = self._folder / str(log)
            new = not path.exists()
            handle = self._files[log] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._sizes[log] = os.fstat(handle).st_size
            if new:
                folder = os.open(self._folder, os.O_RDONLY)
                try:
                    os.fsync(folder)  # the file's name is durable only with its directory
                finally:
                    os.close(folder)
        return handle

    def put(self, log: int, keys: Sequence[tuple[int, bytes]]) -> None:
        """Keep keys of a log, ``(seq, locked)`` in rising order; they are durable when it returns.

        A key without an item is harmless; an item without its key is lost.

        Raises:
            FullError: the disk is full.
            StoreError: the file cannot be written.
        """
        try:
            handle = self._open(log)
            self._grow(log, handle, (keys[-1][0] + 1) * SLOT)
            for _, run in groupby(enumerate(keys), lambda pair: pair[1][0] - pair[0]):
                slots = [pair[1] for pair in run]
                write_at(handle, b"".join(locked + _MARK for _, locked in slots), slots[0][0] * SLOT)
            os.fdatasync(handle)
        except OSError as error:
            raise _translate(error) from error

    def _grow(self, log: int, handle: int, needed: int) -> None:
        if needed > self._sizes[log]:
            size = -(-needed // GROW) * GROW
            os.posix_fallocate(handle, self._sizes[log], size - self._sizes[log])
            os.fsync(handle)
            self._sizes[log] = size

    def get(self, log: int, seq: int) -> bytes | None:
        """The locked key of an item, None where there is none or it was destroyed; a torn one opens nothing."""
        if log not in self._files:
            return None
        slot = os.pread(self._files[log], SLOT, seq * SLOT)
        return slot[:LOCKED] if any(slot) else None

    def all(self) -> Iterator[tuple[int, int]]:
        """(log, seq) of every key held, whole or torn."""
        for log, handle in sorted(self._files.items()):
            at = 0
            while chunk := os.pread(handle, GROW, at):
                for offset in range(0, len(chunk), SLOT) if chunk.count(0) != len(chunk) else ():
                    if any(chunk[offset : offset + SLOT]):
                        yield log, (at + offset) // SLOT
                at += len(chunk)

    def destroy(self, log: int, seq: int) -> None:
        """Shred an item: overwrite the only copy of its key, durably.

        Raises:
            StoreError: the file cannot be written.
        """
        if self.get(log, seq) is None:
            return
        try:
            write_at(self._files[log], _EMPTY, seq * SLOT)
            os.fdatasync(self._files[log])
        except OSError as error:
            raise _translate(error) from error

    def close(self) -> None:
        """Close the files."""
        for handle in self._files.values():
            os.close(handle)
        self._files.clear()


def write_at(handle: int, data: bytes, at: int) -> None:
    """Write all of it, or raise OSError: a disk that is nearly full takes a part and says so by its count alone."""
    while data:
        written = os.pwrite(handle, data, at)
        data, at = data[written:], at + written


def _translate(error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return FullError("the disk is full")
    return StoreError(f"the item keys cannot be written: {os.strerror(error.errno or 0)}")
