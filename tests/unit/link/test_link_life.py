"""How sessions come, stay and go: dialling, duplicates, admission, stop (docs/spec/link.md sections 5, 7 and 8)."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linked import LAZY, PATIENCE, Card, Node, Stranger, hello, limits, live, stranger, want

from entente.link.admission import Door
from entente.link.errors import LinkDown
from entente.link.limits import Limits
from entente.link.session import Session
from entente.link.ways import JITTER, back_off
from entente.link.wire import FrameStream
from entente.record.frames import AnyFrame, Hello, Ping, Trouble, encode_frame, with_length


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- coming back


def test_a_peer_that_restarts_is_met_again_and_each_session_ends_before_the_next_begins(jp: Card, kr: Card) -> None:
    async def main() -> None:
        there = Node(kr, jp.peer())
        async with there:
            pass  # it has a port now, and is down
        async with Node(jp, kr.peer(there.port)) as here:
            for round_ in range(1, 4):
                async with there:
                    await here.handler.until("up", round_)
                    await there.handler.until("up", round_)
                await here.handler.until("down", round_)
            story = [kind for kind in here.handler.kinds() if kind in ("up", "down")]
            assert story == ["up", "down"] * 3

    live(main())


def test_a_dialler_that_restarts_is_met_again(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there:
            for round_ in range(1, 4):
                async with Node(jp, kr.peer(there.port)) as here:
                    await here.handler.until("up")
                    await there.handler.until("up", round_)

    live(main())


def test_a_kick_does_not_wait_for_the_back_off(jp: Card, kr: Card) -> None:
    async def main() -> None:
        port = free_port()
        never = limits(backoff_first=1000 * PATIENCE, backoff_cap=1000 * PATIENCE, backoff_urgent=1000 * PATIENCE)
        async with Node(jp, kr.peer(port), limits=never) as here:
            way = here.link._ways["kr"]
            while way.attempt is None:
                await asyncio.sleep(0)
            await asyncio.wait({way.attempt})  # nobody there; the next attempt is hours away
            there = Node(kr, jp.peer())
            there.port = port
            async with there:
                here.link.kick("kr")
                await here.handler.until("up")

    live(main())


def test_a_kick_cuts_short_a_connection_that_hangs(jp: Card, kr: Card) -> None:
    """A connection begun while the peer was away may hang on a lost packet although the peer is back."""

    async def main() -> None:
        async with Node(kr, jp.peer()) as there:
            here = Node(jp, limits=limits(connect=PATIENCE, backoff_first=PATIENCE, backoff_cap=PATIENCE))
            loop = asyncio.get_running_loop()
            connect, hung = loop.create_connection, asyncio.Event()

            async def hang(*args: object, **more: object) -> None:
                loop.create_connection = connect  # type: ignore[method-assign]
                hung.set()
                await asyncio.Event().wait()

            loop.create_connection = hang  # type: ignore[assignment,method-assign]
            async with here:
                here.peers["kr"] = kr.peer(there.port)
                here.link.reload()
                await hung.wait()
                here.link.kick("kr")
                await here.handler.until("up")

    live(main())


def test_a_kick_of_someone_unknown_connected_or_not_dialled_changes_nothing(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            await there.handler.until("up")
            here.link.kick("kr")
            here.link.kick("nobody")
            there.link.kick("jp")
            assert here.handler.count("up") == 1
            assert not here.link._ways["kr"].urgent

    live(main())


@given(failures=st.integers(1, 10_000), jitter=st.floats(*JITTER), urgent=st.booleans())
def test_the_back_off_grows_to_its_cap_and_never_beyond(failures: int, jitter: float, urgent: bool) -> None:
    step = back_off(failures, Limits(), urgent=urgent, jitter=jitter)
    assert 0.05 <= step <= (0.9 if urgent else 4.5)
    assert step <= back_off(failures + 1, Limits(), urgent=urgent, jitter=jitter)


def test_the_back_off_begins_at_a_tenth_of_a_second_and_doubles() -> None:
    steps = [back_off(failures, Limits(), urgent=False, jitter=1.0) for failures in range(1, 9)]
    assert steps == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_a_peer_that_hangs_up_at_once_is_not_dialled_in_a_busy_loop(jp: Card, kr: Card) -> None:
    """The back-off goes on growing until a session has lasted."""

    async def main() -> None:
        async def hang_up(session: Session, hello: Hello) -> None:
            await session.close("no")

        async with Node(kr, jp.peer()) as there:
            there.handler.when_up = hang_up
            bounds = limits(backoff_first=0.001, backoff_cap=1000 * PATIENCE, settled=PATIENCE)
            seen: list[int] = []
            here = Node(jp, kr.peer(there.port), limits=bounds)
            async with here:
                way = here.link._ways["kr"]
                wait = way._back_off

                async def note(failures: int, *rest: object) -> None:
                    seen.append(failures)
                    if len(seen) == 5:
                        enough.set()
                    await wait(failures, *rest)  # type: ignore[arg-type]

                enough = asyncio.Event()
                way._back_off = note  # type: ignore[method-assign,assignment]
                await enough.wait()
            assert seen == [1, 2, 3, 4, 5]

    live(main())


# -- two sessions with one party


def test_a_second_connection_is_refused_while_the_first_shows_life(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(probe=PATIENCE)) as node,
            stranger(node.port, jp.context(kr)) as first,
            stranger(node.port, jp.context(kr)) as second,
        ):
            first.say(hello("jp"))
            assert isinstance(await first.hear(), Hello)
            answering = asyncio.ensure_future(first.answer_pings())
            second.say(hello("jp"))
            (trouble,) = await second.hear_all()
            assert isinstance(trouble, Trouble)
            assert trouble.code == "duplicate"
            first.say(want(1))
            await node.handler.until("frame")
            assert node.handler.kinds() == ["hello", "up", "frame"]
            await first.gone()
            await answering

    live(main())


def test_a_first_connection_that_shows_no_life_gives_way_to_the_second(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with (
            Node(kr, jp.peer(), limits=limits(probe=0.05)) as node,
            stranger(node.port, jp.context(kr)) as first,
            stranger(node.port, jp.context(kr)) as second,
        ):
            first.say(hello("jp"))
            assert isinstance(await first.hear(), Hello)
            second.say(hello("jp"))
            assert isinstance(await second.hear(), Hello)
            assert isinstance(await first.hear(), Ping)
            await node.handler.until("up", 2)
            assert [kind for kind in node.handler.kinds() if kind != "hello"] == ["up", "down", "up"]

    live(main())


def test_a_session_whose_frame_is_being_handled_is_not_taken_for_dead(jp: Card, kr: Card) -> None:
    """While this end does not read, it cannot know that the other has fallen silent."""

    async def main() -> None:
        finish = asyncio.Event()

        async def long(session: Session, frame: AnyFrame) -> None:
            await finish.wait()

        async with (
            Node(kr, jp.peer(), limits=limits(probe=0.01)) as node,
            stranger(node.port, jp.context(kr)) as first,
            stranger(node.port, jp.context(kr)) as second,
        ):
            node.handler.on = long
            first.say(hello("jp"), want(1))
            await node.handler.until("frame")
            second.say(hello("jp"))
            (trouble,) = await second.hear_all()
            assert isinstance(trouble, Trouble)
            assert trouble.code == "duplicate"
            assert node.handler.count("down") == 0
            finish.set()

    live(main())


def test_the_next_session_waits_for_the_handler_of_the_last(jp: Card, kr: Card) -> None:
    async def main() -> None:
        finish = asyncio.Event()

        async def long(session: Session, frame: AnyFrame) -> None:
            await finish.wait()

        async with Node(kr, jp.peer()) as node:
            node.handler.on = long
            async with stranger(node.port, jp.context(kr)) as first:
                first.say(hello("jp"), want(1))
                await node.handler.until("frame")
                session = node.handler.session
                assert session is not None
            await session._stream.lost.wait()
            async with stranger(node.port, jp.context(kr)) as second:
                second.say(hello("jp"))
                while not node.link._ways["jp"].turn.locked():
                    await asyncio.sleep(0)
                assert node.handler.count("up") == 1
                finish.set()
                assert isinstance(await second.hear(), Hello)
            await node.handler.until("down", 2)
            assert [kind for kind in node.handler.kinds() if kind in ("up", "down")] == ["up", "down"] * 2

    live(main())


@pytest.mark.parametrize("round_", range(15))
def test_two_nodes_that_dial_each_other_at_once_settle_on_one_session(jp: Card, kr: Card, round_: int) -> None:
    async def main() -> None:
        ports = free_port(), free_port()
        here, there = Node(jp, kr.peer(ports[1], dial=True)), Node(kr, jp.peer(ports[0], dial=True))
        here.port, there.port = ports
        async with contextlib.AsyncExitStack() as stack:
            for node in (here, there) if round_ % 2 else (there, here):
                await stack.enter_async_context(node)
                for _ in range(round_):
                    await asyncio.sleep(0)
            await here.handler.until("up")
            await there.handler.until("up")
            for node, other in ((here, there), (there, here)):
                session = node.handler.session
                assert session is not None
                await session.send(want(round_))
                await other.handler.until("frame")
            assert here.handler.count("up") == there.handler.count("up") == 1
            assert here.handler.count("down") == there.handler.count("down") == 0

    live(main())


@contextlib.asynccontextmanager
async def dialled_by(card: Card, server_card: Card) -> AsyncIterator[tuple[Node, Stranger]]:
    """A node that has dialled ``server_card``'s party and said hello, and waits for the answer."""
    ours: asyncio.Future[Stranger] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        ours.set_result(Stranger(reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_card.identity.certificate, server_card.identity.key, server_card.identity.password)
    context.set_alpn_protocols(["entente/1"])
    once = limits(backoff_first=1000 * PATIENCE, backoff_cap=1000 * PATIENCE, settled=PATIENCE)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Node(card, server_card.peer(port), limits=once) as node:
            dialled = await ours
            assert isinstance(await dialled.hear(), Hello)
            yield node, dialled
        await dialled.gone()


def test_of_two_crossing_connections_the_smaller_id_keeps_its_own(jp: Card, kr: Card) -> None:
    """jp has said hello on its own connection: kr's is held until that is answered, and refused then."""

    async def main() -> None:
        async with dialled_by(jp, kr) as (node, dialled):
            way = node.link._ways["kr"]
            give_way, met = way.give_way, asyncio.Event()

            async def meet(*, to_inbound: bool) -> None:
                met.set()
                await give_way(to_inbound=to_inbound)

            way.give_way = meet  # type: ignore[method-assign]
            async with stranger(node.port, kr.context(jp)) as inbound:
                inbound.say(hello("kr"))
                await met.wait()
                assert node.handler.kinds() == ["hello"]
                dialled.say(hello("kr"))
                await node.handler.until("up")
                answering = asyncio.ensure_future(dialled.answer_pings())
                (trouble,) = await inbound.hear_all()
                assert isinstance(trouble, Trouble)
                assert trouble.code == "duplicate"
            assert node.handler.count("up") == 1
            assert node.handler.count("down") == 0
        await answering

    live(main())


def test_of_two_crossing_connections_the_larger_id_drops_its_own(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with dialled_by(kr, jp) as (node, dialled), stranger(node.port, jp.context(kr)) as inbound:
            inbound.say(hello("jp"))
            assert isinstance(await inbound.hear(), Hello)
            assert await dialled.hear_all() == []
            await node.handler.until("up")
            assert node.handler.count("down") == 0

    live(main())


def test_a_connection_held_is_answered_when_the_nodes_own_fails(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with dialled_by(jp, kr) as (node, dialled), stranger(node.port, kr.context(jp)) as inbound:
            inbound.say(hello("kr"))
            await dialled.gone()
            assert isinstance(await inbound.hear(), Hello)
            await node.handler.until("up")

    live(main())


# -- the door


def test_a_crowd_at_the_door_does_not_keep_a_peer_out(jp: Card, kr: Card) -> None:
    async def main() -> None:
        bounds = limits(pending=50, pending_per_address=4, handshake=PATIENCE)
        async with Node(kr, jp.peer(), limits=bounds) as node:
            crowd = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(12)]
            async with stranger(node.port, jp.context(kr)) as peer:
                peer.say(hello("jp"))
                assert isinstance(await peer.hear(), Hello)
                assert len(node.link._door) <= 4
            for reader, writer in crowd[:8]:
                with contextlib.suppress(OSError):
                    assert await reader.read() == b""  # the oldest were cut
                writer.close()
            for _, writer in crowd[8:]:
                writer.close()

    live(main())


def test_the_door_is_bounded_in_all_and_by_address() -> None:
    class Knocking(asyncio.Transport):
        cut = False

        def abort(self) -> None:
            self.cut = True

    knocks = [Knocking() for _ in range(6)]
    door = Door(Limits(pending=3, pending_per_address=2))
    for knock, address in zip(knocks, ["a", "a", "a", "b", "c", "d"], strict=True):
        door.enter(knock, address)
        assert len(door) <= 3
    # a's third cut a's first; c's cut a's second as the oldest of all; d's cut a's third.
    assert [knock.cut for knock in knocks] == [True, True, True, False, False, False]
    door.leave(knocks[3])
    door.leave(knocks[0])
    door.enter(Knocking(), "e")
    assert not any(knock.cut for knock in knocks[3:])


def test_a_session_no_longer_counts_at_the_door(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as peer:
            peer.say(hello("jp"))
            await node.handler.until("up")
            assert isinstance(await peer.hear(), Hello)
            await asyncio.sleep(0)
            assert len(node.link._door) == 0

    live(main())


# -- change and stop


def test_reload_ends_the_session_of_a_party_no_longer_paired(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            del here.peers["kr"]
            here.link.reload()
            await here.handler.until("down")
            assert here.handler.session is not None
            assert here.handler.session.reason == "no longer paired"
            await there.handler.until("down")

    live(main())


def test_a_party_unpaired_between_handshake_and_hello_gets_no_session(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            while not node.link._streams:
                await asyncio.sleep(0)
            node.peers.clear()
            other.say(hello("jp"))
            (trouble,) = await other.hear_all()
            assert isinstance(trouble, Trouble)
            assert trouble.code == "unpaired"
            assert node.handler.events == []

    live(main())


def test_reload_ends_the_session_of_a_key_no_longer_trusted(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            await node.handler.until("up")
            node.peers["jp"] = msgspec.structs.replace(jp.peer(), spki=frozenset({b"\1" * 32}))
            node.link.reload()
            await node.handler.until("down")

    live(main())


def test_reload_dials_a_party_newly_paired_and_keeps_the_sessions_that_stand(jp: Card, kr: Card, xx: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as one, Node(xx, jp.peer()) as two, Node(jp, kr.peer(one.port)) as here:
            await here.handler.until("up")
            here.peers["xx"] = xx.peer(two.port)
            here.link.reload()
            await here.handler.until("up", 2)
            assert {session.peer for session in here.link.sessions()} == {"kr", "xx"}
            assert here.handler.count("down") == 0

    live(main())


def test_stop_lets_the_handler_finish_takes_no_more_frames_and_says_down_once(jp: Card, kr: Card) -> None:
    async def main() -> None:
        finish, finished = asyncio.Event(), []

        async def long(session: Session, frame: AnyFrame) -> None:
            await finish.wait()
            finished.append(frame)

        node = Node(kr, jp.peer())
        async with node:
            node.handler.on = long
            async with stranger(node.port, jp.context(kr)) as other:
                other.say(hello("jp"), want(1), want(2))
                await node.handler.until("frame")
                stopping = asyncio.ensure_future(node.link.stop())
                while node.handler.session is None or node.handler.session.is_open:
                    await asyncio.sleep(0)
                assert not stopping.done()
                with pytest.raises(OSError):
                    await asyncio.open_connection("127.0.0.1", node.port)
                finish.set()
                await stopping
                assert finished == [want(1)]
                assert node.handler.kinds() == ["hello", "up", "frame", "down"]

    live(main())


def test_who_knocks_while_the_link_stops_is_not_let_in(jp: Card) -> None:
    class Knocking(asyncio.Transport):
        cut = False

        def abort(self) -> None:
            self.cut = True

        def pause_reading(self) -> None:
            pass

    async def main() -> None:
        async with Node(jp) as node:
            pass
        knock = Knocking()
        FrameStream(LAZY, node.link._knock).connection_made(knock)
        assert knock.cut
        assert len(node.link._door) == 0

    live(main())


def test_a_frame_that_arrives_with_the_close_is_not_handled(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            assert isinstance(await other.hear(), Hello)
            session = node.handler.session
            assert session is not None
            session._stream.data_received(with_length(encode_frame(want(1))))
            await session.close("enough")
            await node.handler.until("down")
            assert node.handler.frames() == []

    live(main())


def test_what_was_sent_before_a_close_still_leaves(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there:
            async with Node(jp, kr.peer(there.port)) as here:
                await here.handler.until("up")
                session = here.handler.session
                assert session is not None
                for index in range(500):
                    await session.send(want(index))
            assert session._stream.lost.is_set(), "stop returns when the last byte has left"
            await there.handler.until("down")
            assert there.handler.frames() == [want(index) for index in range(500)]

    live(main())


def test_a_handler_that_does_not_return_is_cancelled_after_its_grace(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async def forever(session: Session, frame: AnyFrame) -> None:
            await asyncio.Event().wait()

        node = Node(kr, jp.peer(), limits=limits(grace=0.05))
        async with node, stranger(node.port, jp.context(kr)) as other:
            node.handler.on = forever
            other.say(hello("jp"), want(1))
            await node.handler.until("frame")
            await node.link.stop()
            assert node.handler.kinds()[-1] == "down"

    live(main())


def test_a_stopped_link_can_be_started_again_and_a_node_may_dial_only(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there:
            here = Node(jp, kr.peer(there.port))
            for round_ in (1, 2):
                assert await here.link.start(None, 0) == 0
                await here.handler.until("up", round_)
                await here.link.stop()

    live(main())


def test_a_closed_session_sends_nothing(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            await node.handler.until("up")
            await other.gone()
            await node.handler.until("down")
            session = node.handler.session
            assert session is not None
            with pytest.raises(LinkDown):
                await session.send(want(1))

    live(main())
