"""Feeds and followers at the control socket of a node in this process (docs/spec/control.md, "Feeds")."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from support_standing import approve, revoke
from support_stop import END, MARKING, OCTOBER, Pair, Party

from entente.node import feeding
from entente.node.commands import STREAMS
from entente.node.control import MAX_LINE, ControlServer
from entente.node.daemon import Daemon
from entente.node.feeding import WAITING_BYTES
from entente.node.writer import BULK, URGENT, Writer

FEED = {
    "title": "Track", "media_type": "text/plain", "level": MARKING["jp"], "purpose": "missile-warning", "to": ["kr"],
    "precedence": "FLASH", "reality": "exercise",
}  # fmt: skip


class Caller:
    """One connection to the control socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(await asyncio.wait_for(self.reader.readline(), 20))
        return said

    async def last(self) -> dict[str, Any]:
        """The last line before the node closes."""
        data = await asyncio.wait_for(self.reader.read(), 20)
        said: dict[str, Any] = json.loads(data.splitlines()[-1])
        return said

    def give(self, *payloads: bytes) -> None:
        self.writer.write(b"".join(len(each).to_bytes(4, "big") + each for each in payloads))


@asynccontextmanager
async def socket_of(party: Party) -> AsyncIterator[tuple[Daemon, Callable[..., Awaitable[Caller]]]]:
    """The control socket of a node, served; what it does not do is talk to a peer."""
    daemon = Daemon(party.node)
    party.node.arrived = daemon._arrived
    server, callers = ControlServer(daemon), []
    await server.start()

    async def ask(command: str, **args: Any) -> Caller:
        caller = Caller(*await asyncio.open_unix_connection(party.home.control, limit=MAX_LINE))
        callers.append(caller)
        caller.writer.write(json.dumps({"command": command, "args": args}).encode() + b"\n")
        return caller

    try:
        yield daemon, ask
    finally:
        for caller in callers:
            caller.writer.close()
        await server.stop()
        await daemon.do(lambda: None)  # what a feed that has ended left behind
        await asyncio.get_running_loop().run_in_executor(None, daemon.writer.stop)
        daemon.files.shutdown()


@contextmanager
def busy(writer: Writer) -> Iterator[None]:
    """The writer's thread is busy with something else."""
    let_go = threading.Event()
    writer.submit(let_go.wait, URGENT)
    try:
        yield
    finally:
        let_go.set()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_a_feed_that_outruns_the_node_is_not_read_further(pair: Pair) -> None:
    name = approve(pair.jp, max_size=65_536)

    async def feed() -> None:
        async with socket_of(pair.jp) as (daemon, ask):
            caller = await ask("item.feed", standing=name, **FEED)
            await caller.line()
            (fed,) = daemon.feeds
            with busy(daemon.writer):
                caller.give(*[b"x" * 60_000] * 100)
                seen, quiet = 0, 0
                while quiet < 100:  # both ends are on this loop: when nothing has moved for a while, nothing will
                    await asyncio.sleep(0)
                    held, seen = seen, fed._read - fed._released
                    quiet = quiet + 1 if held == seen else 0
                assert seen > WAITING_BYTES
                assert seen <= WAITING_BYTES + 256 * 1024 + 65_536
            caller.give(b"")
            while fed.released < 100:
                await caller.line()

    run(feed())
    assert len(pair.jp.transfers()) == 101


def test_a_feed_that_the_gate_stops_is_told_though_its_caller_is_silent(pair: Pair) -> None:
    name = approve(pair.jp)

    async def feed() -> None:
        async with socket_of(pair.jp) as (daemon, ask):
            caller = await ask("item.feed", standing=name, **FEED)
            await caller.line()
            caller.give(b"one")
            assert (await caller.line())["released"] == 1
            await daemon.do(lambda: revoke(pair.jp, name))
            caller.give(b"two")
            said = await caller.last()
            assert said["error"]["code"] == "RELEASE_AUTHORITY_MISSING"
            assert said["released"] == 1
            assert not daemon.feeds

    run(feed())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ((feeding.INLINE + 1).to_bytes(4, "big"), "TOO_LARGE"),
        (b"\xff" * 4, "TOO_LARGE"),
        (b"\0\0\0\5ab", "MALFORMED"),
        (b"\0\0", "MALFORMED"),
    ],
)
def test_what_is_no_payload_ends_the_feed_and_what_came_before_is_released(pair: Pair, data: bytes, code: str) -> None:
    name = approve(pair.jp)

    async def feed() -> None:
        async with socket_of(pair.jp) as (_, ask):
            caller = await ask("item.feed", standing=name, **FEED)
            await caller.line()
            caller.give(b"one")
            assert (await caller.line())["released"] == 1
            caller.writer.write(data)
            caller.writer.write_eof()
            said = await caller.last()
            assert (said["error"]["code"], said["released"]) == (code, 1)

    run(feed())


@pytest.mark.parametrize("changes", [{"standing": "jp-s9"}, {"level": "극비"}, {"reality": "actual"}, {"purpose": "x"}])
def test_no_item_of_a_feed_passes_that_the_gate_does_not_let_pass(pair: Pair, changes: dict[str, str]) -> None:
    name, before = approve(pair.jp), pair.jp.transfers()

    async def feed() -> None:
        async with socket_of(pair.jp) as (_, ask):
            caller = await ask("item.feed", **({"standing": name, **FEED} | changes))
            caller.give(b"one", b"two")
            said = await caller.last()
            assert said["error"]["remedy"]
            assert said["error"]["reasons"]
            assert said["released"] == 0

    run(feed())
    assert pair.jp.transfers() == before


def test_a_follower_that_does_not_read_is_cut_off(pair: Pair) -> None:
    async def follow() -> None:
        async with socket_of(pair.kr) as (daemon, ask):
            caller = await ask("item.follow", payload=True)
            assert "now" in (await caller.line())["ok"]
            text = b"x" * 60_000
            while daemon.follows:
                for _ in range(20):
                    pair.jp.release(pair.jp.compose(text))
                frames = pair.jp.leaving()
                await daemon.do(lambda frames=frames: pair.kr.arriving(frames))
                assert len(pair.kr.held()) < 600

    run(follow())


def test_a_follower_is_told_of_what_was_accepted_and_of_nothing_that_was_refused(pair: Pair) -> None:
    async def follow() -> None:
        async with socket_of(pair.kr) as (daemon, ask):
            caller = await ask("item.follow")
            await caller.line()
            for instant, title in ((OCTOBER, "Accepted"), (END, "Refused")):
                pair.jp.release(title=title)
                pair.kr.turn(instant)
                frames = pair.jp.leaving()
                await daemon.do(lambda frames=frames: pair.kr.arriving(frames))
            assert (await caller.line())["item"]["title"] == "Accepted"
            await daemon.do(lambda: None, BULK)
            caller.writer.write_eof()
            assert await caller.reader.read() == b""

    run(follow())
    assert [row.state for row in pair.kr.node.store.register("refused")] == ["refused: AGREEMENT"]


@pytest.mark.parametrize(("stream", "agreement", "told"), [("other", None, False), (None, "jp-kr-2016", True)])
def test_a_follower_is_told_of_what_it_follows_alone(
    pair: Pair, stream: str | None, agreement: str | None, told: bool
) -> None:
    async def follow() -> None:
        async with socket_of(pair.kr) as (daemon, ask):
            caller = await ask("item.follow", stream=stream, agreement=agreement, payload=True)
            await caller.line()
            pair.jp.release()
            frames = pair.jp.leaving()
            await daemon.do(lambda: pair.kr.arriving(frames))
            await daemon.do(lambda: None, BULK)
            caller.writer.write_eof()
            assert bool(await caller.reader.read()) is told

    run(follow())
    (_, line) = pair.kr.held()
    assert (line.opened is not None) is told, "what is not told is not opened"


@pytest.mark.parametrize(("asked", "agreement", "told"), [(True, None, 1), (True, "jp-kr-2016", 1), (False, None, 0)])
def test_a_follower_that_asks_is_told_of_each_alarm_once_whether_it_rang_before_or_after_it_began(
    pair: Pair, asked: bool, agreement: str | None, told: int
) -> None:
    pair.turn(END - 3_600_000)  # rung, and no tick has said so yet
    lines: list[dict[str, Any]] = []

    async def follow() -> None:
        async with socket_of(pair.kr) as (daemon, ask):
            pair.kr.node.ringing.rang = daemon._rang
            caller = await ask("item.follow", deadlines=asked, agreement=agreement)
            assert "ok" in await caller.line()
            for _ in range(3):
                await daemon.do(pair.kr.node.ringing.look)
            caller.writer.write_eof()
            lines.extend(json.loads(line) for line in (await caller.reader.read()).splitlines())

    run(follow())
    ids = [line["deadline"]["alarm"]["id"] for line in lines]
    assert sorted(ids) == ["end-2019-11-22T15:00:00.000Z/PT1H", "notice-2019-08-24/PT1H"] * told


EXAMPLES: dict[str, dict[str, Any]] = {"item.feed": {"standing": "jp-s1", **FEED}, "item.follow": {}}


def test_every_command_that_keeps_its_connection_is_tried_here() -> None:
    assert set(EXAMPLES) == set(STREAMS)


@pytest.mark.parametrize("command", sorted(EXAMPLES))
def test_a_command_that_keeps_its_connection_is_parsed_strictly(pair: Pair, command: str) -> None:
    args, before = EXAMPLES[command], pair.jp.size()
    wrong = [{**args, "surprise": 1}, {**args, "agreement": 1}, *({**args, name: {}} for name in args)]
    wrong += [{name: value for name, value in args.items() if name != left_out} for left_out in args]

    async def try_all() -> None:
        async with socket_of(pair.jp) as (daemon, ask):
            for each in wrong:
                assert (await (await ask(command, **each)).last())["error"]["code"] == "BAD_ARGUMENTS", each
            assert (await (await ask(command, **{**args, "agreement": "x"})).last())["error"][
                "code"
            ] == "WHICH_AGREEMENT"
            assert not daemon.feeds
            assert not daemon.follows

    run(try_all())
    assert pair.jp.size() == before
