"""What ``entente follow`` and ``entente feed`` make of what they are told and given, without a node."""

import io

import pytest
from click.testing import CliRunner

from entente.cli.feed import MOST, of_frames, of_lines
from entente.cli.follow import line_of
from entente.cli.main import main
from entente.cli.output import InputError

ITEM = {
    "number": 7, "party": "jp", "held": True, "level": "秘", "corresponding": "군사Ⅲ급비밀", "caveats": ["ORCON"],
    "rel_to": ["kr", "jp"], "precedence": "FLASH", "reality": "actual", "title": "Track", "size": 2048,
    "stream": {"stream": "t", "number": 3},
}  # fmt: skip


def test_an_item_is_one_line_with_everything_that_limits_it() -> None:
    shown = line_of(ITEM).plain
    assert shown == "7  FLASH  ACTUAL  秘 = 군사Ⅲ급비밀 REL TO kr, jp ORCON  from jp  t 3  2.0 KiB  Track"


def test_what_others_wrote_cannot_steer_the_terminal_or_add_a_line() -> None:
    shown = line_of({**ITEM, "title": "a\x1b[2Jb\nc\u202ed", "level": "x\x07"}).plain
    assert all(each.isprintable() for each in shown)
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in shown


def test_an_item_that_does_not_open_is_said_to_be_not_held() -> None:
    assert line_of({"number": 7, "party": "jp", "held": False}).plain == "7  from jp  not held (any more)"


def test_lines_are_bytes_without_their_line_feed() -> None:
    assert list(of_lines(io.BytesIO(b"a\r\n\n\xff\nlast"))) == [b"a\r", b"\xff", b"last"]


@pytest.mark.parametrize(("length", "fits"), [(MOST, True), (MOST + 1, False), (MOST * 3, False)])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_as_long_as_a_payload_may_be(length: int, fits: bool, end: bytes) -> None:
    source = io.BytesIO(b"x" * length + end + b"y\n")
    if fits and end:
        assert [len(each) for each in of_lines(source)] == [MOST, 1]
    elif not fits:
        with pytest.raises(InputError) as refused:
            list(of_lines(source))
        assert refused.value.code == "TOO_LARGE"


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0", b"\0\0\0\0\0\0\0\1a"])
def test_frames_end_with_a_length_of_zero_or_with_the_input(data: bytes) -> None:
    assert list(of_frames(io.BytesIO(b"\0\0\0\2ab" + data))) == [b"ab"]


@pytest.mark.parametrize(
    ("data", "code"), [(b"\0\0", "MALFORMED"), (b"\0\0\0\2a", "MALFORMED"), (b"\xff\xff\xff\xff", "TOO_LARGE")]
)
def test_frames_that_are_none_are_refused_after_those_before(data: bytes, code: str) -> None:
    frames = of_frames(io.BytesIO(b"\0\0\0\1a" + data))
    assert next(frames) == b"a"
    with pytest.raises(InputError) as refused:
        next(frames)
    assert refused.value.code == code


def test_frames_and_files_do_not_go_together() -> None:
    line = (
        "feed", "x", "f", "--framed", "--standing", "s", "--title", "t", "--media-type", "m", "--level", "l",
        "--purpose", "p", "--to", "kr", "--precedence", "flash", "--reality", "test",
    )  # fmt: skip
    assert CliRunner().invoke(main, line, prog_name="entente").exit_code == 2
