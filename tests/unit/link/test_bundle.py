"""Bundles: what went in comes out, to its recipient alone, whole or not at all (docs/spec/bundle.md)."""

import io
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linked import hello, want

from entente.link.bundle import (
    MAGIC,
    BundleDamagedError,
    BundleError,
    BundleHeader,
    BundleKeyError,
    BundleMalformedError,
    BundleNotWrittenError,
    BundleRecipientError,
    BundleTooLargeError,
    BundleTruncatedError,
    BundleUnreadableError,
    NotABundleError,
    _frames,
    _opened,
    read_bundle,
    write_bundle,
)
from entente.record.frames import MAX_FRAME, AnyFrame, Ping, Pong, Segment, encode_frame, with_length
from entente.sealing.canonical import decode, encode
from entente.sealing.errors import NotOpenedError
from entente.sealing.seal import SEGMENT, TAG, SealingKey, seal_segment
from entente.sealing.stream import new_stream, open_stream

KEY = SealingKey.generate()
OTHER = SealingKey.generate()
FRAMES: tuple[AnyFrame, ...] = (hello("jp"), want(1), want(2))
SEALED = SEGMENT + TAG


def write(path: Path, frames: Sequence[AnyFrame] = FRAMES, *, key: SealingKey = KEY, recipient: str = "kr") -> bytes:
    size = write_bundle(path, frames, writer="jp", recipient=recipient, recipient_key=key.public)
    data = path.read_bytes()
    assert len(data) == size
    return data


def large(index: int, size: int = 900_000) -> Segment:
    return Segment(b"\0" * 32, "jp", "one", 0, index, index.to_bytes(4, "big") * (size // 4))


def header_end(data: bytes) -> int:
    start = len(MAGIC) + 4
    return start + int.from_bytes(data[len(MAGIC) : start], "big")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("small") / "b"
    return path, write(path)


@pytest.fixture(scope="module")
def three_segments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("large") / "b"
    data = write(path, [hello("jp"), large(1), large(2), large(3)])
    assert 2 * SEALED < len(data) - header_end(data) < 3 * SEALED
    return path, data


def refused(path: Path, data: bytes, error: type[BundleError], *, me: str = "kr", **more: int) -> BundleError:
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        read_bundle(path, [OTHER, KEY], me=me, **more)
    assert caught.type is error
    assert caught.value.code == error.code
    assert caught.value.code.isupper()
    assert caught.value.remedy
    return caught.value


# -- there and back


@pytest.mark.parametrize("frames", [FRAMES[:1], FRAMES, (hello("jp"), *(large(n, 3_000_000) for n in range(3)))])
def test_what_went_in_comes_out_in_order(tmp_path: Path, frames: Sequence[AnyFrame]) -> None:
    write(tmp_path / "b", frames)
    assert list(read_bundle(tmp_path / "b", [OTHER, KEY], me="kr")) == list(frames)


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_bundle_that_just_fills_its_segments_is_read(tmp_path: Path, over: int) -> None:
    start = len(with_length(encode_frame(hello("jp")))) + len(with_length(encode_frame(large(1, 0)))) + 3
    frames = [hello("jp"), Segment(b"\0" * 32, "jp", "one", 0, 1, bytes(SEGMENT - start + over))]
    data = write(tmp_path / "b", frames)
    assert len(data) - header_end(data) == SEGMENT + over + TAG + (TAG if over > 0 else 0)
    assert list(read_bundle(tmp_path / "b", [KEY], me="kr")) == frames


def test_the_part_in_clear_names_no_party_and_has_one_length(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    long = "a-party-with-a-long-name" * 2
    two = write(tmp_path / "two", recipient=long)
    assert header_end(one) == header_end(two)
    assert long.encode() not in two
    header = decode(BundleHeader, one[len(MAGIC) + 4 : header_end(one)])
    assert (header.suite, header.key) == ("E1", KEY.public.id)
    assert b"jp" not in one.replace(header.sealed, b"")[: len(MAGIC) + 40]


def test_the_owner_alone_may_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "b")
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["b"]  # noqa: PTH208


def test_a_bundle_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> object:
        yield hello("jp")
        raise OSError(28, "No space left on device")

    with pytest.raises(BundleNotWrittenError, match="No space left"):
        write_bundle(tmp_path / "b", failing(), writer="jp", recipient="kr", recipient_key=KEY.public)  # type: ignore[arg-type]
    with pytest.raises(BundleNotWrittenError):
        write(tmp_path / "missing" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_at_the_target_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"keep")
    (tmp_path / "b").symlink_to(victim)
    write(tmp_path / "b")
    assert victim.read_bytes() == b"keep"
    assert not (tmp_path / "b").is_symlink()


@pytest.mark.parametrize(
    "frames",
    [(), (want(1),), (hello("kr"),), (hello("jp"), hello("jp")), (hello("jp"), Ping(1)), (hello("jp"), Pong(1))],
)
def test_frames_that_are_no_bundle_are_not_written(tmp_path: Path, frames: Sequence[AnyFrame]) -> None:
    with pytest.raises(ValueError, match=r"hello|ping"):
        write(tmp_path / "b", frames)
    assert list(tmp_path.iterdir()) == []


# -- to its recipient alone


def test_a_key_that_is_not_held_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "b", write(tmp_path / "b", key=SealingKey.generate()), BundleKeyError)


def test_no_keys_open_nothing(small: tuple[Path, bytes]) -> None:
    with pytest.raises(BundleKeyError):
        read_bundle(small[0], [], me="kr")


def test_a_bundle_for_another_party_is_refused_though_its_key_is_held(tmp_path: Path) -> None:
    refused(tmp_path / "b", write(tmp_path / "b", recipient="xx"), BundleRecipientError)


# -- whole or not at all


@settings(max_examples=300)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_flipped_anywhere_is_found(small: tuple[Path, bytes], where: float, bit: int) -> None:
    path, data = small
    altered = bytearray(data)
    altered[int(where * len(data))] ^= 1 << bit
    copy = path.with_name("flipped")
    copy.write_bytes(altered)
    with pytest.raises(BundleError):
        read_bundle(copy, [KEY], me="kr")


def test_a_bit_flipped_in_any_byte_of_the_header_is_found(small: tuple[Path, bytes]) -> None:
    path, data = small
    copy = path.with_name("flipped")
    for place in range(header_end(data) + 2):
        copy.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(BundleError):
            read_bundle(copy, [KEY], me="kr")


@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_bundle_cut_anywhere_is_refused(small: tuple[Path, bytes], cut: float) -> None:
    path, data = small
    copy = path.with_name("cut")
    copy.write_bytes(data[: int(cut * len(data))])
    with pytest.raises(BundleError):
        read_bundle(copy, [KEY], me="kr")


@pytest.mark.parametrize("segments", [0, 1, 2])
def test_a_bundle_cut_at_a_segment_is_known_to_be_cut(
    three_segments: tuple[Path, bytes], tmp_path: Path, segments: int
) -> None:
    data = three_segments[1]
    refused(tmp_path / "b", data[: header_end(data) + segments * SEALED], BundleTruncatedError)


@pytest.mark.parametrize("end", [len(MAGIC), len(MAGIC) + 3, len(MAGIC) + 4, len(MAGIC) + 100])
def test_a_bundle_cut_in_its_header_is_known_to_be_cut(small: tuple[Path, bytes], tmp_path: Path, end: int) -> None:
    refused(tmp_path / "b", small[1][:end], BundleTruncatedError)


def test_segments_moved_repeated_left_out_or_added_are_found(
    three_segments: tuple[Path, bytes], tmp_path: Path
) -> None:
    data = three_segments[1]
    head, body = data[: header_end(data)], data[header_end(data) :]
    one, two, three = body[:SEALED], body[SEALED : 2 * SEALED], body[2 * SEALED :]
    for altered in (two + one + three, one + one + three, one + three, two + three, body + three, body + b"\0"):
        refused(tmp_path / "b", head + altered, BundleDamagedError)


def test_the_segments_of_another_bundle_are_found(small: tuple[Path, bytes], tmp_path: Path) -> None:
    data, other = small[1], write(tmp_path / "other")
    refused(tmp_path / "b", data[: header_end(data)] + other[header_end(other) :], BundleDamagedError)


def test_nothing_is_handed_out_of_a_bundle_that_is_damaged_at_its_end(
    three_segments: tuple[Path, bytes], tmp_path: Path
) -> None:
    data = three_segments[1]
    refused(tmp_path / "b", data[:-1] + bytes([data[-1] ^ 1]), BundleDamagedError)


def test_a_file_that_changes_after_it_was_checked_raises(three_segments: tuple[Path, bytes], tmp_path: Path) -> None:
    path = tmp_path / "b"
    path.write_bytes(three_segments[1])
    frames = read_bundle(path, [KEY], me="kr")
    path.write_bytes(three_segments[1][:-1])
    with pytest.raises(BundleDamagedError):
        list(frames)


# -- hostile files


def test_what_is_no_regular_file_is_refused_without_waiting(small: tuple[Path, bytes], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(small[0])
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))
        for name in ("link", "pipe", "directory", "socket", "missing", "/dev/zero", "/dev/tty"):
            with pytest.raises(BundleUnreadableError) as caught:
                read_bundle(tmp_path / name, [KEY], me="kr")
            assert caught.value.code == "BUNDLE_UNREADABLE"


@pytest.mark.parametrize("data", [b"", b"e", b"entente/bundle/2\n", b"entente/evidence/1\n", b"PK\x03\x04" * 9])
def test_another_kind_of_file_is_named(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path / "b", data, NotABundleError)


def test_an_unknown_suite_is_named(small: tuple[Path, bytes], tmp_path: Path) -> None:
    header = BundleHeader("E9", KEY.public.id, b"")
    error = refused(tmp_path / "b", MAGIC + with_length(encode(header)), NotABundleError)
    assert "E9" in str(error)


def test_a_header_too_large_is_not_read(tmp_path: Path) -> None:
    refused(tmp_path / "b", MAGIC + b"\xff\xff\xff\xff", BundleDamagedError)
    refused(tmp_path / "b", MAGIC + (4097).to_bytes(4, "big") + bytes(5000), BundleDamagedError)


def test_a_file_over_the_limit_is_not_read(small: tuple[Path, bytes], tmp_path: Path) -> None:
    data = small[1]
    refused(tmp_path / "b", data, BundleTooLargeError, max_size=len(data) - 1)
    (tmp_path / "b").write_bytes(data)
    assert list(read_bundle(tmp_path / "b", [KEY], me="kr", max_size=len(data))) == list(FRAMES)


def sealed_by_someone(plain: bytes) -> bytes:
    """A bundle with a sound seal and whatever inside: anyone who has the recipient's public key can make one."""
    key, sealed = new_stream(KEY.public, writer="jp", recipient="kr")
    return MAGIC + with_length(encode(BundleHeader("E1", KEY.public.id, sealed))) + seal_segment(key, 0, True, plain)


HELLO = with_length(encode_frame(hello("jp")))


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\0",
        HELLO[:-1],
        HELLO + b"\0\0\0",
        HELLO + (MAX_FRAME + 1).to_bytes(4, "big"),
        HELLO + with_length(b"garbage"),
        HELLO + with_length(b""),
        HELLO + HELLO,
        HELLO + with_length(encode_frame(Ping(1))),
        with_length(encode_frame(want(1))),
        with_length(encode_frame(hello("xx"))),
    ],
)
def test_a_sound_seal_around_no_bundle_is_named(tmp_path: Path, plain: bytes) -> None:
    refused(tmp_path / "b", sealed_by_someone(plain), BundleMalformedError)


# -- the stream key


def test_a_stream_key_names_its_parties_and_opens_with_its_key_alone() -> None:
    key, sealed = new_stream(KEY.public, writer="jp", recipient="k" * 64)
    opened = open_stream(KEY, sealed)
    assert opened == (key, "jp", "k" * 64)
    assert key.hex() not in repr(opened)
    with pytest.raises(NotOpenedError):
        open_stream(OTHER, sealed)


@pytest.mark.parametrize("party", ["", "JP", "jp\0", "j" * 65, "jp kr", "日本", "jp\n"])
def test_a_stream_is_for_party_ids_only(party: str) -> None:
    with pytest.raises(ValueError, match="not a party id"):
        new_stream(KEY.public, writer=party, recipient="kr")
    with pytest.raises(ValueError, match="not a party id"):
        new_stream(KEY.public, writer="jp", recipient=party)


# -- memory


def test_a_frame_too_large_is_refused_before_it_is_gathered() -> None:
    def pieces() -> Iterator[bytes]:
        yield HELLO + b"\xff\xff\xff\xff"
        raise AssertionError("went on gathering")

    with pytest.raises(BundleMalformedError, match="at most"):
        list(_frames(pieces(), "jp"))


def test_a_file_that_grows_while_it_is_read_is_given_up_at_the_limit() -> None:
    key = bytes(32)
    endless = io.BytesIO(b"".join(seal_segment(key, index, False, bytes(SEGMENT)) for index in range(4)))
    opened = 0
    with pytest.raises(BundleTooLargeError):
        for _ in _opened(endless, key, SEALED):
            opened += 1
    assert opened == 2
