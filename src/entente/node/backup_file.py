"""The file of a backup: records and files in 1 MiB segments under a passphrase (docs/spec/backup.md, section 1).

Written and read as a stream: two segments and one record lie in memory, whatever the size. Nothing is handed out that
was not authenticated at its place.
"""

import hashlib
import os
import stat
import struct
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec

from entente.node.errors import NodeError, NotReadyError, RefusedError, UsageError
from entente.sealing.canonical import NotCanonicalError, Wire, decode, encode
from entente.sealing.errors import NotOpenedError, SealingError, UnknownSuiteError
from entente.sealing.keyfile import Cost, lock_keys, unlock_keys
from entente.sealing.seal import KEY, SEGMENT, TAG, seal_segment, unseal_segment
from entente.sealing.suites import SUITE, check_suite

FAMILY: Final = b"entente/backup/"
MAGIC: Final = FAMILY + b"1\n"
MAX_HEADER: Final = 8192
MAX_RECORD: Final = 16 * 1024 * 1024
STREAM: Final = "backup-stream"
"""Name of the stream key in the header's key file; no other key file has it."""
_LENGTH = struct.Struct(">I")
_SEALED = SEGMENT + TAG


class Header(Wire, frozen=True):
    """The part in clear: the suite, and a key file that holds the stream key under the backup's passphrase."""

    suite: str
    key: bytes


class HeadOf(Wire, frozen=True):
    """Where a log ends in the backup."""

    agreement: bytes
    writer: str
    incarnation: str
    size: int
    root: bytes


class Record(Wire, frozen=True, tag_field="record"):
    """What stands between the files; its kind comes first."""


class Opening(Record, frozen=True, tag="opening"):
    """What the backup is of: read, and judged, before anything else of it is. ``instant`` is in ms since 1970."""

    party: str
    simulated: bool
    software: str
    store: int
    instant: int
    item_keys: bool
    heads: tuple[HeadOf, ...]


class FileOf(Record, frozen=True, tag="file"):
    """A file of the node's directory; its ``size`` bytes follow, and a :class:`Digest` of them."""

    path: str
    size: int


class Digest(Record, frozen=True, tag="digest"):
    """The SHA-256 of the file before it."""

    sha256: bytes


class Closing(Record, frozen=True, tag="closing"):
    """How many files there were, their bytes, and the SHA-256 of all the records before this one."""

    files: int
    size: int
    sha256: bytes


AnyRecord: TypeAlias = Opening | FileOf | Digest | Closing
_decoder: msgspec.msgpack.Decoder[AnyRecord] = msgspec.msgpack.Decoder(AnyRecord)


class Writer:
    """Seals what it is given into ``file``."""

    def __init__(self, file: BinaryIO, passphrase: bytes, cost: Cost) -> None:
        self._file, self._key = file, os.urandom(KEY)
        self._held, self._index, self._records = bytearray(), 0, hashlib.sha256()
        header = encode(Header(SUITE, lock_keys({STREAM: self._key}, passphrase, cost=cost)))
        file.write(MAGIC + _LENGTH.pack(len(header)) + header)

    def record(self, record: AnyRecord) -> None:
        """Write a record behind its length."""
        data = encode(record)
        self._records.update(data)
        self.data(_LENGTH.pack(len(data)) + data)

    def data(self, data: bytes) -> None:
        """Write bytes of a file."""
        self._held += data
        while len(self._held) > SEGMENT:  # not when just full: it may be the last
            self._seal(last=False)

    def close(self, files: int, size: int) -> None:
        """Write the closing record and the last segment."""
        self.record(Closing(files, size, self._records.digest()))
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        self._file.write(seal_segment(self._key, self._index, last, bytes(self._held[:SEGMENT])))
        del self._held[:SEGMENT]
        self._index += 1


class Reader:
    """Opens what :class:`Writer` sealed.

    Raises:
        UsageError: ``NOT_A_BACKUP``, another kind of file.
        RefusedError: ``BACKUP_NEWER``, ``BACKUP_TRUNCATED`` or ``BACKUP_DAMAGED``; from every method.
        NotReadyError: ``WRONG_PASSPHRASE``.
    """

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        self._file, self._key = file, _stream_key(file, passphrase)
        self._following = file.read(_SEALED)
        self._held, self._index, self._records = bytearray(), 0, hashlib.sha256()
        self._open_segment()

    def record(self) -> AnyRecord:
        """The next record."""
        before = self._records.digest()
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size))
        if length > MAX_RECORD:
            raise damaged(f"a record of {length} bytes; at most {MAX_RECORD}")
        data = self._take(length)
        try:
            record = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged("a record is malformed") from error
        if encode(record) != data:
            raise damaged("a record is not canonical")
        if isinstance(record, Closing) and record.sha256 != before:
            raise damaged("the closing record is that of other records")
        self._records.update(data)
        return record

    def data(self, most: int) -> bytes:
        """Bytes of a file: one at least, ``most`` at most."""
        if not self._held:
            self._open_segment()
        found = bytes(self._held[:most])
        del self._held[:most]
        return found

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self._held or self._following:
            raise damaged("something stands behind the closing record")

    def _take(self, count: int) -> bytes:
        while len(self._held) < count:
            self._open_segment()
        found = bytes(self._held[:count])
        del self._held[:count]
        return found

    def _open_segment(self) -> None:
        segment, self._following = self._following, self._file.read(_SEALED) if self._following else b""
        if not segment:
            raise truncated("the backup ends too early")
        try:
            self._held += unseal_segment(self._key, self._index, not self._following, segment)
        except NotOpenedError as error:
            if not self._following and _opens(self._key, self._index, segment):
                raise truncated(f"the backup ends after segment {self._index}, which is not its last") from error
            raise damaged(f"segment {self._index} does not open") from error
        self._index += 1


def _opens(key: bytes, index: int, segment: bytes) -> bool:
    try:
        unseal_segment(key, index, False, segment)
    except NotOpenedError:
        return False
    return True


def _stream_key(file: BinaryIO, passphrase: bytes) -> bytes:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        if magic.startswith(FAMILY):
            raise newer("the backup is of another format than this software's, 1")
        raise UsageError("NOT_A_BACKUP", "the file is no backup of a node", "Name a file that node backup has written.")
    prefix = file.read(_LENGTH.size)
    length = _LENGTH.unpack(prefix)[0] if len(prefix) == _LENGTH.size else 0
    if length > MAX_HEADER:
        raise damaged(f"a header of {length} bytes; at most {MAX_HEADER}")
    data = file.read(length)
    if len(prefix) < _LENGTH.size or len(data) < length:
        raise truncated("the backup ends inside its header")
    try:
        header = decode(Header, data)
        check_suite(header.suite)
        secrets = unlock_keys(header.key, passphrase)
    except NotCanonicalError as error:
        raise damaged("the header is not canonical") from error
    except UnknownSuiteError as error:
        raise newer(str(error)) from error
    except SealingError as error:
        if error.code != "WRONG_PASSPHRASE":
            raise damaged(f"the header cannot be used: {error}") from error
        text = "the passphrase does not open this backup, or its header was altered"
        raise NotReadyError("WRONG_PASSPHRASE", text, "Give the passphrase that the backup was made with.") from error
    if secrets.keys() != {STREAM} or len(secrets[STREAM]) != KEY:
        raise damaged("the header holds no stream key")
    return secrets[STREAM]


def open_regular(path: Path) -> BinaryIO:
    """Open a backup for reading; a pipe is not waited for.

    Raises:
        UsageError: it is no regular file that can be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return os.fdopen(handle, "rb")
        os.close(handle)
        reason = "it is not a regular file"
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
    raise UsageError("UNREADABLE", f"{path} cannot be read: {reason}", "Name the file of the backup.")


def damaged(text: str) -> NodeError:
    """The refusal of a backup that was altered, or written by who broke the format."""
    return RefusedError("BACKUP_DAMAGED", text, "Use another copy of the backup; nothing was restored.")


def truncated(text: str) -> NodeError:
    """The refusal of a backup whose end is missing."""
    return RefusedError("BACKUP_TRUNCATED", text, "Copy it again from where it was written to; nothing was restored.")


def newer(text: str) -> NodeError:
    """The refusal of a backup that newer software wrote."""
    return RefusedError(
        "BACKUP_NEWER", text, "Restore it with the software that wrote it, or newer; nothing was restored."
    )
