"""``entente feed`` and ``entente follow`` between two nodes that are processes of their own."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from support_nodes import PASSPHRASE, CliNode, Nodes, done, entente, spawn, two_nodes

from entente.cli.stage import wait_for
from entente.node.control import ask
from entente.node.keyring import unlock_office

TRACK = (
    "--title", "Track", "--media-type", "application/json", "--level", "秘", "--purpose", "missile-warning",
    "--to", "kr", "--precedence", "FLASH", "--reality", "exercise",
)  # fmt: skip
MAX_SIZE = 40


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("n")) as both:
        both.in_force()
        yield both


@pytest.fixture(scope="module")
def standing(nodes: Nodes) -> str:
    """A standing release of jp for small tracks."""
    jp = nodes.jp
    prepared = jp.ask(
        "standing.prepare", media_types=["application/json"], level="秘", purposes=["missile-warning"], to=["kr"],
        precedences=["FLASH", "ROUTINE"], realities=["exercise"], max_size=MAX_SIZE,
        expires="2017-05-01T00:00:00+09:00", signers=[{"office": "release", "person": "p1"}],
    )  # fmt: skip
    key = unlock_office(jp.home.key_file("office-release"), PASSPHRASE)
    made = key.sign("standing", bytes.fromhex(prepared["statement"]))
    signature = {"suite": made.suite, "ed25519": made.ed25519.hex(), "mldsa65": made.mldsa65.hex()}
    agreement = prepared["agreement"]
    jp.ask("standing.commit", agreement=agreement, statement=prepared["statement"], signatures=[signature])
    nodes.settle()
    name: str = prepared["id"]
    return name


@contextmanager
def feeding(node: CliNode, standing: str, *more: str | Path) -> Iterator["subprocess.Popen[str]"]:
    line = ("feed", node.path, "--standing", standing, *TRACK, *more)
    with spawn(*line, passphrase=None, stdin=subprocess.PIPE) as process:
        yield process


@contextmanager
def following(node: CliNode, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """``entente follow --json``, once it has said that it follows."""
    with spawn("follow", node.path, "--json", *more, passphrase=None) as process:
        assert "following" in said(process)
        yield process


def said(process: "subprocess.Popen[str]") -> Any:
    """The next line on standard output, as JSON."""
    return json.loads(open_pipe(process.stdout).readline())


def open_pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def given(node: CliNode, stream: str) -> list[dict[str, Any]]:
    lines = node.ask("item.register", direction="given")
    return [line for line in lines if line.get("stream") and line["stream"]["stream"] == stream]


def test_each_line_is_an_item_that_the_follower_sees_in_its_place(nodes: Nodes, standing: str) -> None:
    with (
        following(nodes.kr, "--stream", "points", "--payload") as follower,
        feeding(nodes.jp, standing, "--stream", "points", "--json") as feed,
        feeding(nodes.jp, standing, "--stream", "others", "--json") as other,
    ):
        other.communicate('{"n": 0}\n', timeout=30)
        out, err = feed.communicate('{"n": 1}\n\n{"n": 2}\n{"n": 3}', timeout=30)
        assert feed.returncode == 0, err + out
        answer = json.loads(out)
        counts = {name: answer[name] for name in ("released", "received", "refused", "stopped")}
        assert counts == {"released": 3, "received": 3, "refused": 0, "stopped": False}
        assert (answer["party"], answer["simulated"], answer["stream"]) == ("jp", True, "points")
        seen = [said(follower) for _ in range(3)]
        assert [each["item"]["stream"]["number"] for each in seen] == [1, 2, 3]
        assert [each["text"] for each in seen] == ['{"n": 1}', '{"n": 2}', '{"n": 3}']
        assert all(each["party"] == "kr" and each["simulated"] for each in seen)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 0
    held = nodes.kr.ask("item.register", direction="held")
    opened = {line["stream"]["stream"] for line in held if line["opened"]}
    assert opened == {"points"}, "what was printed is noted as opened, and nothing else"


def test_what_a_person_follows_is_one_line_an_item_and_opens_nothing(nodes: Nodes, standing: str) -> None:
    with spawn("follow", nodes.kr.path, passphrase=None) as follower:
        screen = open_pipe(follower.stdout)
        assert "SIMULATED" in screen.readline()
        with feeding(nodes.jp, standing, "--stream", "read") as feed:
            out, err = feed.communicate("[1]\n", timeout=30)
        assert feed.returncode == 0, err
        assert "SIMULATED" in out
        assert "EXERCISE, FLASH, released 1, received 1, refused 0" in out
        (line,) = [
            each for each in nodes.kr.ask("item.register", direction="held") if each["stream"]["stream"] == "read"
        ]
        words = screen.readline()
        for part in (f"{line['number']}  FLASH  EXERCISE  秘 = ", "from jp", "read 1", "3 bytes", "Track"):
            assert part in words
        assert line["opened"] is None


def test_the_gate_refuses_one_item_and_those_before_it_are_said_to_be_released(nodes: Nodes, standing: str) -> None:
    with feeding(nodes.jp, standing, "--stream", "refused", "--json") as feed:
        # Nothing more is written and the input stays open: whoever is refused is told all the same.
        stdin = open_pipe(feed.stdin)
        stdin.write("[1]\n[2]\n" + "x" * (MAX_SIZE + 1) + "\n")
        stdin.flush()
        assert feed.wait(30) == 1
        error = json.loads(open_pipe(feed.stdout).read())["error"]
    assert error["code"] == "RELEASE_AUTHORITY_MISSING"
    assert error["released"] == 2
    assert "the first 2 of the items were released" in error["message"]
    assert error["remedy"]
    assert all(reason["rests_on"] for reason in error["reasons"])
    assert len(given(nodes.jp, "refused")) == 2


def test_a_refusal_is_told_to_a_person_with_article_and_remedy(nodes: Nodes, standing: str) -> None:
    with feeding(nodes.jp, standing) as feed:
        out, err = feed.communicate("x" * (MAX_SIZE + 1) + "\n", timeout=30)
    assert feed.returncode == 1
    assert "no item was released" in err
    assert "RELEASE_AUTHORITY_MISSING, resting on" in err
    assert "remedy:" in err
    assert "released 0" in out


def test_ctrl_c_keeps_what_was_released_and_says_so(nodes: Nodes, standing: str) -> None:
    with feeding(nodes.jp, standing, "--stream", "stopped", "--json") as feed:
        stdin = open_pipe(feed.stdin)
        stdin.write("[1]\n[2]\n[3")
        stdin.flush()
        wait_for("two items are released", lambda: len(given(nodes.jp, "stopped")) == 2)
        feed.send_signal(signal.SIGINT)
        assert feed.wait(30) == 1
        answer = json.loads(open_pipe(feed.stdout).read())
        assert "Traceback" not in open_pipe(feed.stderr).read()
    assert (answer["released"], answer["stopped"]) == (2, True)
    nodes.settle()
    assert [line["state"] for line in given(nodes.jp, "stopped")] == ["received", "received"]


def test_each_file_is_an_item_and_none_is_released_where_one_cannot_be(
    nodes: Nodes, standing: str, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.json" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(b"[%d]" % number)
    with feeding(nodes.jp, standing, "--stream", "files", "--json", *files) as feed:
        out, _ = feed.communicate(timeout=30)
    assert json.loads(out)["released"] == 3
    assert [line["size"] for line in given(nodes.jp, "files")] == [3, 3, 3]
    for wrong, code in ((b"", "EMPTY"), (b"x" * 65_537, "TOO_LARGE")):
        files[2].write_bytes(wrong)
        ran = entente("feed", nodes.jp.path, "--standing", standing, *TRACK, "--json", *files)
        assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert len(given(nodes.jp, "files")) == 3


def test_input_that_cannot_be_read_ends_the_feed_and_is_said(nodes: Nodes, standing: str, tmp_path: Path) -> None:
    unreadable = os.open(tmp_path / "w", os.O_WRONLY | os.O_CREAT)
    line = ("feed", nodes.jp.path, "--standing", standing, *TRACK, "--json")
    try:
        with spawn(*line, passphrase=None, stdin=unreadable) as feed:
            assert feed.wait(30) == 2
            assert json.loads(open_pipe(feed.stdout).read())["error"]["code"] == "CANNOT_READ"
        with feeding(nodes.jp, standing, "--framed", "--json") as feed:
            out, _ = feed.communicate("\0\0\0\3abc\0\0\0\3a", timeout=30)
        error = json.loads(out)["error"]
        assert (feed.returncode, error["code"], error["released"], error["received"]) == (2, "MALFORMED", 1, 1)
    finally:
        os.close(unreadable)


def test_framed_payloads_may_hold_any_bytes(nodes: Nodes, standing: str) -> None:
    line = ("feed", nodes.jp.path, "--standing", standing, *TRACK, "--stream", "framed", "--framed", "--json")
    with spawn(*line, passphrase=None, stdin=subprocess.PIPE) as feed:
        data = b"\0\0\0\3a\nb" + b"\0\0\0\1\n"
        out, _ = feed.communicate(data.decode(), timeout=30)
    assert json.loads(out)["released"] == 2
    assert [line["size"] for line in given(nodes.jp, "framed")] == [3, 1]


def test_a_payload_that_comes_in_segments_is_followed_when_it_is_whole(nodes: Nodes, tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_bytes(b"x" * 70_000)
    item = (*TRACK[:2], *TRACK[4:], "--media-type", "text/plain")
    with following(nodes.kr, "--payload") as follower:
        done(entente("release", nodes.jp.path, file, *item, "--office", "release", "--person", "r1", "--yes"))
        seen = said(follower)
    assert (seen["item"]["size"], seen["item"]["media_type"]) == (70_000, "text/plain")
    assert "text" not in seen, "only what lies beside its envelope is printed"
    assert seen["item"]["opened"] is None


def test_a_follower_is_told_that_the_node_has_closed(nodes: Nodes) -> None:
    with following(nodes.kr) as follower:
        done(entente("node", "stop", nodes.kr.path))
        assert follower.wait(20) == 1
        assert said(follower)["error"]["code"] == "ENDED"
    nodes.kr.stop()
    nodes.kr.start()
    nodes.kr.ready()
    nodes.linked()


def test_a_follower_is_refused_an_agreement_that_is_not_there(nodes: Nodes) -> None:
    with ask(nodes.kr.home.control, "item.follow", {"agreement": "no-such"}) as connection:
        answer = json.loads(connection.makefile("rb").readline())
    assert answer["error"]["code"] == "WHICH_AGREEMENT"
