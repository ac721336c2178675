"""Bundles: the frames of the link, carried by hand between networks that do not touch (docs/spec/bundle.md).

A bundle is sealed, so that the finder of the disk learns its size and an 8-byte key id that means nothing to him.
Reading is hostile-input safe: the file is judged before it is read, memory is bounded, and no frame is handed out
before every byte of the file has been authenticated and every frame in it parsed. HPKE does not say who wrote the
bundle; the frames inside prove themselves by their checkpoints, as on the link.
"""

import contextlib
import errno
import os
import secrets
import stat
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from entente.link.errors import LinkError
from entente.record.frames import MAX_FRAME, AnyFrame, Hello, Ping, Pong, decode_frame, encode_frame, with_length
from entente.sealing.canonical import NotCanonicalError, Wire, decode, encode
from entente.sealing.errors import NotOpenedError, UnknownSuiteError
from entente.sealing.seal import SEGMENT, TAG, SealingKey, SealingPublic, seal_segment, unseal_segment
from entente.sealing.stream import new_stream, open_stream
from entente.sealing.suites import SUITE, check_suite

MAGIC = b"entente/bundle/1\n"
MAX_BUNDLE = 16 * 1024**3
"""Bytes; more is carried in several bundles."""
_MAX_HEADER = 4096
_LENGTH = struct.Struct(">I")
_SEALED = SEGMENT + TAG


class BundleError(LinkError):
    """A bundle cannot be written or read; nothing of it was handed out.

    ::

        BundleError
        +-- BundleUnreadableError   no regular file that can be read
        +-- BundleNotWrittenError   the medium did not take it
        +-- NotABundleError         another kind of file, or another version
        +-- BundleTooLargeError     larger than this node reads
        +-- BundleKeyError          sealed to a key that this node does not hold
        +-- BundleRecipientError    sealed for another party
        +-- BundleTruncatedError    whole segments are missing from its end
        +-- BundleDamagedError      altered, or cut inside a segment
        +-- BundleMalformedError    sealed properly by someone who broke the format
    """

    code = "BUNDLE"


class BundleUnreadableError(BundleError):
    """Not a regular file that this node may read; links, pipes, devices and directories are never opened."""

    code = "BUNDLE_UNREADABLE"
    remedy = "Name the bundle's file itself, not a link or a directory, and check that this node may read it."


class BundleNotWrittenError(BundleError):
    """The medium did not take the bundle; no part of it was left behind under its name."""

    code = "BUNDLE_NOT_WRITTEN"
    remedy = "Check the medium's free space and that it is writable, then export again."


class NotABundleError(BundleError):
    """The file is something else, or of a version this node does not know."""

    code = "NOT_A_BUNDLE"
    remedy = "Check that it is the right file; if the other party's software is newer, upgrade this node."


class BundleTooLargeError(BundleError):
    """Larger than this node reads at once."""

    code = "BUNDLE_TOO_LARGE"
    remedy = "Ask the other party to export several smaller bundles."


class BundleKeyError(BundleError):
    """Sealed to a key that this node does not hold: for someone else, or the key was destroyed since."""

    code = "BUNDLE_KEY_NOT_HELD"
    remedy = (
        "If it was meant for this party, its key has been destroyed: send the newest sealing key, ask for a new bundle."
    )


class BundleRecipientError(BundleError):
    """Sealed to this node's key, for another party."""

    code = "BUNDLE_FOR_ANOTHER_PARTY"
    remedy = "Hand it to the party it is for, and tell its writer that it sealed it to the wrong key."


class BundleTruncatedError(BundleError):
    """Everything up to here is genuine, and the end is missing: the copy was cut short."""

    code = "BUNDLE_TRUNCATED"
    remedy = "Copy the bundle again from the medium it was written to, or ask for a new one."


class BundleDamagedError(BundleError):
    """Altered, with segments moved or repeated, or cut inside a segment; which of these cannot be told."""

    code = "BUNDLE_DAMAGED"
    remedy = "Copy the bundle again from the medium it was written to; if it recurs, treat it as tampered with."


class BundleMalformedError(BundleError):
    """Authentic to its seal, and not what a bundle holds."""

    code = "BUNDLE_MALFORMED"
    remedy = "Tell the other party's administrator; its software wrote a bundle that breaks the format."


class BundleHeader(Wire, frozen=True):
    """The part in clear: suite, id of the recipient's sealing key, and the stream key sealed to it."""

    suite: str
    key: bytes
    sealed: bytes


def write_bundle(
    path: Path, frames: Iterable[AnyFrame], *, writer: str, recipient: str, recipient_key: SealingPublic
) -> int:
    """Write ``frames``, the writer's hello first, sealed for ``recipient``; return the bundle's size in bytes.

    Durable and whole or absent: a temporary file beside ``path`` is flushed to the disk, renamed, and the directory
    flushed. A file of that name is replaced. The bundle is readable by its owner only.

    Raises:
        BundleNotWrittenError: the medium did not take it.
        BadKeyError: ``recipient_key`` is not a public key.
        ValueError: the frames are not those of a bundle.
    """
    key, sealed = new_stream(recipient_key, writer=writer, recipient=recipient)
    header = with_length(encode(BundleHeader(SUITE, recipient_key.id, sealed)))
    temporary = path.with_name(f".{path.name[:64]}.{secrets.token_hex(8)}.part")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(MAGIC + header)
                for segment in _segments(key, _plain(frames, writer)):
                    file.write(segment)
                size = file.tell()
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _flush_directory(path.parent)
    except OSError as error:
        raise BundleNotWrittenError(f"{path} was not written: {error.strerror}") from error
    return size


def read_bundle(path: Path, keys: Sequence[SealingKey], *, me: str, max_size: int = MAX_BUNDLE) -> Iterator[AnyFrame]:
    """The frames of a bundle for ``me``, sealed to any of ``keys``; the writer's hello comes first.

    The whole file is checked before this returns. The iterator reads and checks it again as it goes, so a file that
    changes meanwhile raises rather than yields.

    Raises:
        BundleError: one of its kinds, each with a code and a remedy.
    """
    for _ in _read(path, keys, me, max_size):
        pass
    return _read(path, keys, me, max_size)


def _plain(frames: Iterable[AnyFrame], writer: str) -> Iterator[bytes]:
    empty = True
    for frame in frames:
        problem = _misplaced(frame, writer, first=empty)
        if problem:
            raise ValueError(problem)
        empty = False
        yield with_length(encode_frame(frame))
    if empty:
        raise ValueError("a bundle begins with a hello")


def _misplaced(frame: AnyFrame, writer: str, *, first: bool) -> str:
    if isinstance(frame, Hello) != first:
        return "a bundle has one hello, which comes first"
    if isinstance(frame, Hello) and frame.party != writer:
        return "the hello names another party than the bundle's writer"
    if isinstance(frame, Ping | Pong):
        return "pings belong to a live link"
    return ""


def _segments(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    held, index = bytearray(), 0
    for piece in pieces:
        held += piece
        while len(held) > SEGMENT:  # not when just full: it may be the last
            yield seal_segment(key, index, False, bytes(held[:SEGMENT]))
            del held[:SEGMENT]
            index += 1
    yield seal_segment(key, index, True, bytes(held))


def _flush_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems of removable media flush no directories
            raise
    finally:
        os.close(fd)


def _read(path: Path, keys: Sequence[SealingKey], me: str, max_size: int) -> Iterator[AnyFrame]:
    try:
        with _open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > max_size:
                raise BundleTooLargeError(f"{path} is larger than {max_size} bytes")
            key, writer = _read_header(file, keys, me)
            yield from _frames(_opened(file, key, max_size), writer)
    except OSError as error:
        raise BundleUnreadableError(f"{path} cannot be read: {error.strerror}") from error


def _open_regular(path: Path) -> BinaryIO:
    # Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BundleUnreadableError(f"{path} is not a regular file")
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def _read_header(file: BinaryIO, keys: Sequence[SealingKey], me: str) -> tuple[bytes, str]:
    if file.read(len(MAGIC)) != MAGIC:
        raise NotABundleError("the file is not a bundle of version 1")
    prefix = file.read(_LENGTH.size)
    if len(prefix) < _LENGTH.size:
        raise BundleTruncatedError("the bundle ends inside its header")
    (length,) = _LENGTH.unpack(prefix)
    if length > _MAX_HEADER:
        raise BundleDamagedError(f"a header of {length} bytes; at most {_MAX_HEADER}")
    data = file.read(length)
    if len(data) < length:
        raise BundleTruncatedError("the bundle ends inside its header")
    try:
        header = decode(BundleHeader, data)
        check_suite(header.suite)
    except UnknownSuiteError as error:
        raise NotABundleError(str(error)) from error
    except NotCanonicalError as error:
        raise BundleDamagedError("the header is not canonical") from error
    held = [key for key in keys if key.public.id == header.key]
    if not held:
        raise BundleKeyError("the bundle is sealed to a key that this node does not hold")
    try:
        stream = open_stream(held[0], header.sealed)
    except NotOpenedError as error:
        raise BundleDamagedError("the stream key does not open") from error
    if stream.recipient != me:
        raise BundleRecipientError(f"the bundle is for {stream.recipient}")
    return stream.key, stream.writer


def _opened(file: BinaryIO, key: bytes, max_size: int) -> Iterator[bytes]:
    """The segments' plaintexts; the size is bounded again, as the file may grow while it is read."""
    index, following = 0, file.read(_SEALED)
    while following or index == 0:
        segment, following = following, file.read(_SEALED)
        if index * _SEALED > max_size:
            raise BundleTooLargeError(f"the bundle is larger than {max_size} bytes")
        try:
            yield unseal_segment(key, index, not following, segment)
        except NotOpenedError as error:
            if not following and _opens(key, index, segment):
                raise BundleTruncatedError(f"the bundle ends after segment {index}, which is not its last") from error
            if not segment:
                raise BundleTruncatedError("the bundle ends after its header") from error
            raise BundleDamagedError(f"segment {index} does not open") from error
        index += 1


def _opens(key: bytes, index: int, segment: bytes) -> bool:
    try:
        unseal_segment(key, index, False, segment)
    except NotOpenedError:
        return False
    return True


def _frames(pieces: Iterator[bytes], writer: str) -> Iterator[AnyFrame]:
    held, first = bytearray(), True
    for piece in pieces:
        held += piece
        while len(held) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(held)
            if length > MAX_FRAME:
                raise BundleMalformedError(f"a frame of {length} bytes; at most {MAX_FRAME}")
            end = _LENGTH.size + length
            if len(held) < end:
                break
            try:
                frame = decode_frame(bytes(held[_LENGTH.size : end]))
            except NotCanonicalError as error:
                raise BundleMalformedError("a frame is malformed") from error
            problem = _misplaced(frame, writer, first=first)
            if problem:
                raise BundleMalformedError(problem)
            first = False
            del held[:end]
            yield frame
    if held or first:
        raise BundleMalformedError("the bundle ends inside a frame, or holds none")
