"""What may be said: whole frames, in order, bounded (docs/spec/link.md sections 3 to 6)."""

import asyncio
import itertools
import logging
import random
import struct
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linked import PATIENCE, Card, Node, hello, limits, live, stranger, want

from entente.link.errors import LinkDown, PeerFault, Refuse
from entente.link.limits import Limits
from entente.link.session import Session
from entente.link.wire import FrameStream
from entente.record.frames import MAX_FRAME, AnyFrame, Hello, Ping, Pong, Segment, Trouble, encode_frame, with_length

WANT = with_length(encode_frame(want(7)))
HELLO = with_length(encode_frame(hello("jp")))


def segment(index: int, size: int) -> Segment:
    return Segment(b"\0" * 32, "jp", "one", 0, index, b"x" * size)


class Feed(asyncio.Transport):
    """A transport that notes whether it is read, for streams fed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


def fed(bounds: Limits | None = None) -> tuple[FrameStream, Feed]:
    stream, feed = FrameStream(bounds or Limits()), Feed()
    stream.connection_made(feed)
    stream.attach(feed)
    return stream, feed


# -- first frames


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (WANT, "no-hello"),
        (with_length(encode_frame(Ping(1))), "no-hello"),
        (with_length(b"garbage"), "malformed"),
        (with_length(b""), "malformed"),
        (b"\xff\xff\xff\xff", "too-large"),
        (struct.pack(">I", MAX_FRAME + 1), "too-large"),
        (HELLO + HELLO, "unexpected"),
        (HELLO + with_length(b"\x00garbage"), "malformed"),
        (HELLO + with_length(encode_frame(want(7)) + b"\0"), "malformed"),
        (HELLO + struct.pack(">I", MAX_FRAME + 1), "too-large"),
    ],
)
def test_what_breaks_the_protocol_is_answered_with_a_coarse_code_and_a_close(
    jp: Card, kr: Card, said: bytes, code: str
) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.writer.write(said)
            heard = await other.hear_all()
            assert [frame.code for frame in heard if isinstance(frame, Trouble)] == [code]
            assert node.handler.frames() == []
            if said.startswith(HELLO):
                await node.handler.until("down")
            assert node.handler.count("up") == node.handler.count("down")

    live(main())


@pytest.mark.parametrize("said", [b"", HELLO[:1], HELLO[:-1]])
def test_a_hello_that_does_not_come_in_time_is_not_waited_for(jp: Card, kr: Card, said: bytes) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(hello=0.05)) as node,
            stranger(node.port, jp.context(kr)) as other,
        ):
            other.writer.write(said)
            (trouble,) = await other.hear_all()
            assert cast("Trouble", trouble).code == "slow"
            assert node.handler.events == []

    live(main())


def test_a_frame_begun_and_not_finished_is_not_waited_for(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(frame=0.05)) as node,
            stranger(node.port, jp.context(kr)) as other,
        ):
            other.writer.write(HELLO + WANT[:-1])
            assert isinstance(await other.hear(), Hello)
            assert cast("Trouble", await other.hear()).code == "slow"
            await node.handler.until("down")
            assert node.handler.frames() == []

    live(main())


def test_a_peer_that_declines_is_not_answered(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(Trouble("no", "not today"))
            assert await other.hear_all() == []

    live(main())


# -- framing


def test_a_length_too_large_is_refused_before_any_of_the_frame_is_kept() -> None:
    async def main() -> None:
        stream, feed = fed()
        stream.data_received(b"\xff\xff\xff\xff")
        with pytest.raises(PeerFault) as caught:
            await stream.next_frame()
        assert caught.value.code == "too-large"
        assert feed.paused or len(stream._buffer) == 4

    live(main())


def test_reading_pauses_ahead_of_a_slow_reader_and_goes_on_for_a_large_frame() -> None:
    async def main() -> None:
        stream, feed = fed(limits(read_buffer=1000))
        large = with_length(encode_frame(segment(0, 5000)))
        taking = asyncio.ensure_future(stream.next_frame())
        await asyncio.sleep(0)
        stream.data_received(large[:2000])
        await asyncio.sleep(0)
        assert not feed.paused, "the reader waits for the rest"
        stream.data_received(large[2000:])
        assert await taking == segment(0, 5000)
        stream.data_received(WANT * 20)
        assert feed.paused, "nobody reads"
        for _ in range(20):
            assert await stream.next_frame() == want(7)
        waiting = asyncio.ensure_future(stream.next_frame())
        await asyncio.sleep(0)
        assert not feed.paused
        stream.connection_lost(None)
        with pytest.raises(LinkDown):
            await waiting

    live(main())


@given(sizes=st.lists(st.integers(0, 300), max_size=6), cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_frames_do_not_depend_on_where_the_stream_is_cut_into_pieces(sizes: list[int], cuts: list[int]) -> None:
    async def main() -> None:
        frames = [segment(index, size) for index, size in enumerate(sizes)]
        data = b"".join(with_length(encode_frame(frame)) for frame in frames)
        places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
        stream, _ = fed()
        got: list[AnyFrame] = []

        async def take() -> None:
            while True:
                got.append(await stream.next_frame())

        taking = asyncio.ensure_future(take())
        for start, end in itertools.pairwise(places):
            stream.data_received(data[start:end])
            await asyncio.sleep(0)
        stream.connection_lost(None)
        with pytest.raises(LinkDown):
            await taking
        assert got == frames

    live(main())


@pytest.mark.parametrize("orderly", [True, False])
def test_a_connection_cut_at_any_byte_hands_over_whole_frames_only(jp: Card, kr: Card, orderly: bool) -> None:
    said = WANT + with_length(encode_frame(want(8)))

    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            for round_, end in enumerate(range(len(said) + 1), 1):
                node.handler.events.clear()
                async with stranger(node.port, jp.context(kr)) as other:
                    other.say(hello("jp"))
                    assert isinstance(await other.hear(), Hello), (round_, end)
                    other.writer.write(said[:end])
                    if not orderly:
                        await node.handler.until("up")
                        other.writer.transport.abort()
                await node.handler.until("down")
                whole = [want(7), want(8)][: end // len(WANT)]
                assert node.handler.frames() == whole if orderly else node.handler.frames() in (whole, whole[:1], [])

    live(main())


def test_frames_arrive_whole_once_and_in_order_both_ways_at_once(jp: Card, kr: Card) -> None:
    sizes = random.Random(4).choices([0, 10, 2000, 70_000, 1 << 20], weights=[9, 9, 9, 3, 1], k=200)  # noqa: S311
    frames = [segment(index, size) for index, size in enumerate(sizes)]

    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            await there.handler.until("up")

            async def say(session: Session | None) -> None:
                assert session is not None
                for frame in frames:
                    await session.send(frame)

            await asyncio.gather(say(here.handler.session), say(there.handler.session))
            for node in (here, there):
                await node.handler.until("frame", len(frames))
                assert node.handler.frames() == frames

    live(main())


def test_frames_of_many_senders_leave_in_the_order_of_the_calls(jp: Card, kr: Card) -> None:
    async def main() -> None:
        bounds = limits(write_buffer=4096)
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port), limits=bounds) as here:
            await here.handler.until("up")
            session = here.handler.session
            assert session is not None
            await asyncio.gather(*(session.send(segment(index, 3000)) for index in range(300)))
            await there.handler.until("frame", 300)
            assert [cast("Segment", frame).index for frame in there.handler.frames()] == list(range(300))

    live(main())


def test_a_late_sender_does_not_overtake_one_that_waits_for_room(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            session = here.handler.session
            assert session is not None
            session._stream.pause_writing()
            first = asyncio.ensure_future(session.send(want(1)))
            await asyncio.sleep(0)
            session._stream.resume_writing()
            await session.send(want(2))
            await first
            await there.handler.until("frame", 2)
            assert there.handler.frames() == [want(1), want(2)]

    live(main())


# -- back-pressure


def test_a_reader_that_does_not_read_stops_the_sender_within_bounded_memory(jp: Card, kr: Card) -> None:
    async def main() -> None:
        bounds = limits(write_buffer=64 * 1024, read_buffer=64 * 1024)
        async with (
            Node(kr, jp.peer(), limits=bounds) as there,
            Node(jp, kr.peer(there.port), limits=bounds) as here,
        ):
            go_on = asyncio.Event()

            async def slowly(session: Session, frame: AnyFrame) -> None:
                await go_on.wait()

            there.handler.on = slowly
            await here.handler.until("up")
            session = here.handler.session
            assert session is not None
            sent = 0

            async def say() -> None:
                nonlocal sent
                for index in range(2000):
                    await session.send(segment(index, 32 * 1024))
                    sent += 1

            saying = asyncio.ensure_future(say())
            await there.handler.until("frame")
            before = -1
            while before != sent or not session._stream.full:
                before = sent
                await asyncio.sleep(0.02)  # until the sockets' own buffers are full as well
            assert not saying.done()
            there_session = there.handler.session
            assert there_session is not None
            assert session._stream.unsent < 4 * 64 * 1024
            assert len(there_session._stream._buffer) < 8 * 64 * 1024
            go_on.set()
            await saying
            await there.handler.until("frame", 2000)

    live(main())


def test_a_send_given_up_while_it_waits_has_sent_nothing(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            session = here.handler.session
            assert session is not None
            session._stream.pause_writing()
            sending = asyncio.ensure_future(session.send(want(1)))
            await asyncio.sleep(0)
            sending.cancel()
            await asyncio.wait({sending})
            session._stream.resume_writing()
            await session.send(want(2))
            await there.handler.until("frame")
            assert there.handler.frames() == [want(2)]

    live(main())


def test_a_send_that_waits_for_room_learns_that_the_session_ended(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            session = here.handler.session
            assert session is not None
            session._stream.pause_writing()
            sending = asyncio.ensure_future(session.send(want(1)))
            await asyncio.sleep(0)
            await session.close("enough")
            with pytest.raises(LinkDown):
                await sending
            with pytest.raises(LinkDown):
                await session.send(want(2))

    live(main())


# -- the handler


def test_a_failing_handler_ends_its_session_alone_and_the_log_does_not_quote_the_frame(
    jp: Card, kr: Card, xx: Card, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def main() -> None:
        async def fail(session: Session, frame: AnyFrame) -> None:
            if session.peer == "jp":
                raise ValueError("the payload was ATTACK AT DAWN")

        async with (
            Node(kr, jp.peer(), xx.peer()) as node,
            stranger(node.port, jp.context(kr)) as bad,
            stranger(node.port, xx.context(kr)) as good,
        ):
            node.handler.on = fail
            good.say(hello("xx"))
            bad.say(hello("jp"), want(1))
            assert [type(frame) for frame in await bad.hear_all()] == [Hello, Trouble]
            good.say(want(2), Ping(5))
            assert isinstance(await good.hear(), Hello)
            assert await good.hear() == Pong(5)
            assert want(2) in node.handler.frames()
        assert "ValueError" in caplog.text
        assert "DAWN" not in caplog.text

    live(main())


@pytest.mark.parametrize("when", ["hello", "up", "frame", "down"])
def test_whatever_the_handler_raises_the_node_goes_on_and_every_up_has_its_down(jp: Card, kr: Card, when: str) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            raised = 0

            def note(kind: str, what: object) -> None:
                nonlocal raised
                recorded(kind, what)
                if kind == when and not raised:
                    raised = 1
                    raise RuntimeError(kind)

            recorded = node.handler._note
            node.handler._note = note  # type: ignore[method-assign]
            for _ in range(2):
                async with stranger(node.port, jp.context(kr)) as other:
                    other.say(hello("jp"), want(1))
                    await other.hear()
            await node.handler.until("down", 1 if when == "hello" else 2)
            assert raised
            assert node.handler.count("up") == node.handler.count("down")

    live(main())


def test_a_handler_that_declines_has_its_code_and_text_sent(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async def decline(session: Session, hello: Hello) -> None:
            raise Refuse("simulated", "an exercise node does not pair with a real one")

        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            node.handler.when_up = decline
            other.say(hello("jp"))
            assert isinstance(await other.hear(), Hello)
            assert await other.hear() == Trouble("simulated", "an exercise node does not pair with a real one")
            assert await other.hear() is None
            await node.handler.until("down")

    live(main())


def test_a_trouble_frame_is_for_the_node_to_read(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"), Trouble("paused", "a log is paused"))
            await node.handler.until("frame")
            assert node.handler.frames() == [Trouble("paused", "a log is paused")]

    live(main())


# -- liveness


def test_a_ping_is_answered_and_neither_it_nor_a_pong_reaches_the_node(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"), Ping(41), Pong(3), want(1))
            assert isinstance(await other.hear(), Hello)
            assert await other.hear() == Pong(41)
            await node.handler.until("frame")
            assert node.handler.frames() == [want(1)]

    live(main())


def test_an_idle_session_pings_and_a_silent_peer_is_noticed(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(ping=0.02, silence=0.1)) as node,
            stranger(node.port, jp.context(kr)) as other,
        ):
            other.say(hello("jp"))
            heard = await other.hear_all()
            assert isinstance(heard[1], Ping)
            await node.handler.until("down")
            assert node.handler.session is not None
            assert "silent" in node.handler.session.reason

    live(main())


def test_an_idle_session_lives_as_long_as_its_pings_are_answered(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(ping=0.01, silence=0.1)) as node,
            stranger(node.port, jp.context(kr)) as other,
        ):
            other.say(hello("jp"))
            assert isinstance(await other.hear(), Hello)
            for _ in range(20):  # well beyond the time after which a silent peer is dropped
                ping = await other.hear()
                assert isinstance(ping, Ping)
                other.say(Pong(ping.count))
            assert node.handler.kinds() == ["hello", "up"]

    live(main())


def test_a_busy_handler_does_not_make_its_peer_silent(jp: Card, kr: Card) -> None:
    async def main() -> None:
        done = asyncio.Event()

        async def long(session: Session, frame: AnyFrame) -> None:
            await done.wait()

        async with (
            Node(kr, jp.peer(), limits=limits(ping=0.01, silence=0.05)) as node,
            stranger(node.port, jp.context(kr)) as other,
        ):
            node.handler.on = long
            other.say(hello("jp"), want(1))
            await node.handler.until("frame")
            pings = 0
            while pings < 12:  # well beyond the time after which a silent peer is dropped
                pings += isinstance(await other.hear(), Ping)
            assert node.handler.session is not None
            assert node.handler.session.is_open
            done.set()
            after = node.handler.session._pings + 2  # nor is the time counted once the handler has returned
            while True:
                ping = await other.hear()
                assert isinstance(ping, Ping)
                if ping.count == after:
                    break

    live(main())


def test_a_peer_that_takes_nothing_is_given_up(jp: Card, kr: Card) -> None:
    async def main() -> None:
        bounds = limits(ping=0.02, silence=PATIENCE, stall=0.1, write_buffer=4096)
        async with Node(kr, jp.peer(), limits=bounds) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            await node.handler.until("up")
            other.writer.transport.pause_reading()  # type: ignore[attr-defined]
            session = node.handler.session
            assert session is not None
            with pytest.raises(LinkDown):
                while True:
                    await session.send(segment(0, 1 << 20))
            assert "stalled" in session.reason
            await node.handler.until("down")

    live(main())
