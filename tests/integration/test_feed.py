"""item.feed through the control socket: what it takes, what it refuses and with which words, and how it counts."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support_kill import NodeProcess, running, until
from support_standing import approve
from support_stop import MARKING, OCTOBER
from test_secrecy import Table, table  # noqa: F401 - the fixture of three parties

from entente.domain.agreement.instants import format_instant
from entente.node.commands import STREAMS
from entente.node.control import MAX_LINE
from entente.node.daemon import Daemon
from entente.node.feeding import Feeding
from entente.node.lanes import PRECEDENCES
from entente.node.releases import INLINE, Request

CLASS: dict[str, Any] = {
    "title": "Track", "media_type": "text/plain", "level": MARKING["jp"], "purpose": "missile-warning", "to": ["kr"],
    "precedence": "ROUTINE", "reality": "exercise",
}  # fmt: skip
HOUR = 3_600_000


def framed(*payloads: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(payload)) + payload for payload in payloads)


LAST = struct.pack(">I", 0)


class Feed:
    """One connection on which items are fed; ``says`` are the lines that came back."""

    def __init__(self, node: NodeProcess, **args: Any) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(30)
        self.connection.connect(str(node.home.control))
        self.connection.sendall(msgspec.json.encode({"command": "item.feed", "args": CLASS | args}) + b"\n")
        self._lines = self.connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def line(self) -> Any:
        line = self._lines.readline()
        return msgspec.json.decode(line) if line else None

    def rest(self) -> list[Any]:
        """Every line until the node closes."""
        found = []
        while (line := self.line()) is not None:
            found.append(line)
        return found

    def end(self) -> Any:
        """The last line."""
        return self.rest()[-1]

    def close(self) -> None:
        self._lines.close()
        self.connection.close()


@contextmanager
def feeding(node: NodeProcess, **args: Any) -> Iterator[Feed]:
    feed = Feed(node, **args)
    try:
        yield feed
    finally:
        feed.close()


@pytest.fixture(scope="module")
def nodes(ending: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, NodeProcess]]:
    with running(ending, OCTOBER) as found:
        yield found


@pytest.fixture(scope="module")
def standing(nodes: dict[str, NodeProcess]) -> str:
    return approved(nodes["jp"], OCTOBER + HOUR)


def approved(node: NodeProcess, expires: int) -> str:
    """A standing release of jp's for everything that these feeds hold."""
    prepared = node.call(
        "standing.prepare", media_types=["text/plain"], level=MARKING["jp"], purposes=["missile-warning"], to=["kr"],
        precedences=list(PRECEDENCES), realities=["exercise"], max_size=INLINE, expires=format_instant(expires),
        signers=[{"office": "release", "person": "p1"}],
    )  # fmt: skip
    made = node.office("release").sign("standing", bytes.fromhex(prepared["statement"]))
    signature = {"suite": made.suite, "ed25519": made.ed25519.hex(), "mldsa65": made.mldsa65.hex()}
    agreement, statement = prepared["agreement"], prepared["statement"]
    node.call("standing.commit", agreement=agreement, statement=statement, signatures=[signature])
    return str(prepared["id"])


def given(node: NodeProcess, stream: str) -> list[int]:
    """The numbers in a stream, as the register has them."""
    lines = node.call("item.register", direction="given")
    return [line["stream"]["number"] for line in lines if (line.get("stream") or {}).get("stream") == stream]


def test_every_command_that_keeps_its_connection_is_known_to_these_tests() -> None:
    assert "item.feed" in STREAMS
    assert set(STREAMS) <= {"item.feed", "item.follow"}


def test_items_are_counted_as_they_are_released_and_received(nodes: dict[str, NodeProcess], standing: str) -> None:
    with feeding(nodes["jp"], standing=standing) as feed:
        assert feed.line()["ok"]["standing"] == standing
        feed.send(framed(b"one", b"two", b"three") + LAST)
        lines = feed.rest()
    assert lines[-1]["done"] == {"released": 3, "received": 3, "refused": 0}
    for name in ("released", "received", "refused"):
        counts = [line[name] for line in lines[:-1]]
        assert counts == sorted(counts)


def test_a_payload_may_come_in_any_pieces(nodes: dict[str, NodeProcess], standing: str) -> None:
    with feeding(nodes["jp"], standing=standing, stream="pieces") as feed:
        feed.line()
        data = framed(b"a" * 300, b"b", b"c" * INLINE) + LAST
        for at in range(0, 322, 7):
            feed.send(data[at : at + 7])
        feed.send(data[322:])
        assert feed.end()["done"]["received"] == 3
    assert given(nodes["jp"], "pieces") == [1, 2, 3]


def test_a_stream_goes_on_without_a_gap_over_feeds_one_after_the_other_and_at_once(
    nodes: dict[str, NodeProcess], standing: str
) -> None:
    for _ in range(2):
        with feeding(nodes["jp"], standing=standing, stream="track") as feed:
            feed.send(framed(*[b"x"] * 40) + LAST)
            assert feed.end()["done"]["received"] == 40
    with (
        feeding(nodes["jp"], standing=standing, stream="track") as one,
        feeding(nodes["jp"], standing=standing, stream="track", precedence="FLASH") as other,
    ):
        for _ in range(20):
            one.send(framed(b"one"))
            other.send(framed(b"other"))
        one.send(LAST)
        other.send(LAST)
        assert [feed.end()["done"]["released"] for feed in (one, other)] == [20, 20]
    assert given(nodes["jp"], "track") == list(range(1, 121))
    held = nodes["kr"].call("item.register", direction="held")
    numbers = [line["stream"]["number"] for line in held if (line.get("stream") or {}).get("stream") == "track"]
    assert sorted(numbers)[:80] == list(range(1, 81))


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        (struct.pack(">I", INLINE + 1), "TOO_LARGE"),
        (struct.pack(">I", 2**32 - 1), "TOO_LARGE"),
        (struct.pack(">I", 10) + b"half", "MALFORMED"),
        (b"\0\0", "MALFORMED"),
    ],
    ids=["a byte too many", "no size at all", "cut inside a payload", "cut inside a length"],
)
def test_what_came_before_a_payload_that_cannot_be_taken_is_released_and_the_rest_is_not(
    nodes: dict[str, NodeProcess], standing: str, tail: bytes, code: str
) -> None:
    stream = f"tail-{code.lower().replace('_', '-')}-{len(tail)}-{tail[3:4].hex()}"
    with feeding(nodes["jp"], standing=standing, stream=stream) as feed:
        feed.line()
        feed.send(framed(b"one", b"two") + tail)
        feed.connection.shutdown(socket.SHUT_WR)
        error = feed.end()["error"]
    assert (error["code"], error["exit"]) == (code, 2)
    assert error["remedy"]
    until(lambda: given(nodes["jp"], stream) == [1, 2], "both are released")


def test_a_feed_whose_caller_goes_away_keeps_what_was_released_and_the_node_goes_on(
    nodes: dict[str, NodeProcess], standing: str
) -> None:
    with feeding(nodes["jp"], standing=standing, stream="gone") as feed:
        feed.line()
        feed.send(framed(b"one", b"two"))
        until(lambda: given(nodes["jp"], "gone") == [1, 2], "both are released")
    with feeding(nodes["jp"], standing=standing, stream="gone") as feed:
        feed.send(framed(b"three") + LAST)
        assert feed.end()["done"]["released"] == 1
    assert given(nodes["jp"], "gone") == [1, 2, 3]


def test_a_caller_that_writes_faster_than_the_node_releases_is_not_read_ahead_of(
    nodes: dict[str, NodeProcess], standing: str
) -> None:
    """Megabytes more than may wait: they all go, in their order, and nothing is lost or doubled."""
    payloads = [b"%05d" % number + bytes(60_000) for number in range(100)]
    with feeding(nodes["jp"], standing=standing, stream="large") as feed:
        feed.send(framed(*payloads) + LAST)
        assert feed.end()["done"] == {"released": 100, "received": 100, "refused": 0}
    assert given(nodes["jp"], "large") == list(range(1, 101))


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"standing": "jp-s99"}, "RELEASE_AUTHORITY_MISSING"),
        ({"media_type": "image/png"}, "RELEASE_AUTHORITY_MISSING"),
        ({"purpose": "trade"}, "PURPOSE_NOT_ALLOWED"),
        ({"reality": ""}, "REALITY_MISSING"),
        ({"level": "取扱注意"}, "NO_EQUIVALENT_LEVEL"),
    ],
)
def test_what_the_gate_refuses_is_told_with_its_reasons_and_nothing_is_released(
    nodes: dict[str, NodeProcess], standing: str, args: dict[str, Any], code: str
) -> None:
    before = len(nodes["jp"].call("item.register"))
    with feeding(nodes["jp"], **({"standing": standing} | args)) as feed:
        feed.send(framed(b"one", b"two"))
        error = feed.end()["error"]  # told although nothing more is sent
    assert code in {reason["code"] for reason in error["reasons"]}
    assert all(reason["rests_on"] and reason["remedy"] for reason in error["reasons"])
    assert len(nodes["jp"].call("item.register")) == before


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"to": []}, "UNKNOWN_RECIPIENT"),
        ({"to": ["us"]}, "UNKNOWN_RECIPIENT"),
        ({"precedence": "URGENT"}, "UNKNOWN_PRECEDENCE"),
        ({"title": ""}, "TITLE_MISSING"),
        ({"agreement": "nowhere"}, "WHICH_AGREEMENT"),
        ({"surprise": 1}, "BAD_ARGUMENTS"),
        ({"to": "kr"}, "BAD_ARGUMENTS"),
    ],
)
def test_a_feed_of_what_could_never_be_released_is_not_begun(
    nodes: dict[str, NodeProcess], standing: str, args: dict[str, Any], code: str
) -> None:
    with feeding(nodes["jp"], **({"standing": standing} | args)) as feed:
        (line,) = feed.rest()
    assert line["error"]["code"] == code


def test_a_request_that_is_too_long_or_none_begins_no_feed(nodes: dict[str, NodeProcess]) -> None:
    for data, code in ((b"x" * (MAX_LINE + 2), "TOO_LARGE"), (b'{"command": "item.feed"} \n', "BAD_ARGUMENTS")):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(nodes["jp"].home.control))
            connection.sendall(data)
            answer = b"".join(iter(lambda connection=connection: connection.recv(1 << 16), b""))  # type: ignore[misc]
        assert msgspec.json.decode(answer)["error"]["code"] == code


# Two recipients


def test_an_item_is_received_once_for_each_recipient(table: Table) -> None:  # noqa: F811
    """kr takes all of them, us refuses one: six answers to three items, none of them counted twice."""
    jp = table.parties["jp"]
    name = approve(jp, recipients=("kr", "us"))
    table.carry()
    request = Request("Track", "item", "text/plain", MARKING["jp"], "missile-warning", ("kr", "us"), "FLASH",
                      "exercise", standing=name)  # fmt: skip

    async def play() -> None:
        daemon, told = Daemon(jp.node), []
        feeding_ = Feeding(daemon, jp.ledger, request, told.append)
        daemon.feeds.add(feeding_)
        jp.node.answered = lambda log, low, high, accepted: feeding_.answered(log, low, high, accepted=accepted)
        reader = asyncio.StreamReader()
        reader.feed_data(framed(b"one", b"two", b"three") + LAST)
        await feeding_.read(reader)
        await daemon.do(lambda: None)
        assert (feeding_.released, feeding_.received, feeding_.refused) == (3, 0, 0)
        away = {way: table.feeds.pop(way) for way in (("jp", "us"), ("us", "jp"))}
        await daemon.do(table.carry)
        assert (feeding_.received, feeding_.refused) == (3, 0)
        table.feeds |= away
        own = jp.ledger.own
        assert own is not None
        with jp.node.store.write() as tx:  # its body is lost at jp: us cannot open it
            tx.drop_bodies(own.row.id, own.row.size - 2)
        jp.node.fresh.drop(own.row.id, 0, own.row.size)
        await daemon.do(table.carry)
        assert (feeding_.released, feeding_.received, feeding_.refused) == (3, 5, 1)
        await feeding_.finish()
        await daemon.aside(lambda: None)
        daemon.writer.stop()

    asyncio.run(asyncio.wait_for(play(), 30))
