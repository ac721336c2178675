"""How much may be on its way to a peer at once: a window that its own word opens; a word that lies ends the session.

A running node over real TLS; its peer is a link with the other node's keys, which says what the test has it say.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support_standing import approve, under
from support_stop import OCTOBER, Pair, Party, open_pair

from entente.link.session import Session
from entente.link.tls import Peer, TlsIdentity
from entente.link.transport import Link
from entente.node.clock import SimulatedClock
from entente.node.daemon import Daemon
from entente.node.lanes import PRECEDENCES, URGENT_WINDOW, WINDOW
from entente.node.outgoing import CHUNK_ENTRIES, hello
from entente.node.writer import URGENT
from entente.record.frames import AnyFrame, Bodies, Entries, Hello, Segment, Taken, Trouble, Want
from entente.record.projection import Position
from entente.sealing.certificates import spki_digest

BIG = bytes(5 * 1024 * 1024)
"""Of five segments."""
PATIENCE = 20.0


class Listener:
    """A peer that hears everything and does nothing by itself."""

    def __init__(self, party: Party, large: Position) -> None:
        self.party = party
        self.large = large
        self.heard: list[AnyFrame] = []
        self.session: Session | None = None
        self.over = False
        self._asked = 0
        self._changed = asyncio.Event()

    async def hello(self, peer: str) -> Hello:
        return hello(self.party.node, peer)

    async def on_up(self, session: Session, _hello: Hello) -> None:
        self.session = session
        self._changed.set()

    async def on_frame(self, _session: Session, frame: AnyFrame) -> None:
        self.heard.append(frame)
        self._changed.set()

    async def on_down(self, _session: Session, _reason: str) -> None:
        self.over = True
        self._changed.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    async def say(self, *frames: AnyFrame) -> None:
        assert self.session is not None
        for frame in frames:
            await self.session.send(frame)

    async def carried(self) -> list[Entries | Bodies]:
        """The frames with entries or bodies so far: all that the node had to say before it answers a question."""
        await self.until(lambda: self.session is not None)
        await self.say(Want(self.party.ledger.agreement, *self.large, self._asked))
        self._asked += 1
        await self.until(lambda: sum(isinstance(frame, Segment) for frame in self.heard) > self._asked)
        return [frame for frame in self.heard if isinstance(frame, Entries | Bodies)]


@asynccontextmanager
async def met(pair: Pair, large: Position) -> AsyncIterator[tuple[Daemon, Listener]]:
    """jp's node runs, and meets a listener under kr's name."""
    daemon, listener, open_doors = Daemon(pair.jp.node), Listener(pair.kr, large), asyncio.Event()
    kr, card = pair.kr.node, pair.kr.node.cards["jp"]
    tls = kr.home.path / "tls"
    identity = TlsIdentity(tls / "cert.pem", tls / "key.pem", kr.keyring.tls_password)
    digest = spki_digest(card.tls_certificate.encode())
    peers = {"jp": Peer("jp", card.tls_certificate, frozenset({digest}), None, False)}
    link = Link(identity, lambda: peers, listener, party="kr")
    host, _, port = kr.home.settings.listen.rpartition(":")
    await link.start(host, int(port))
    running = asyncio.create_task(daemon.run(open_doors.set))
    try:
        async with asyncio.timeout(PATIENCE):
            await open_doors.wait()
        yield daemon, listener
    finally:
        daemon.stopping.set()
        await running
        await link.stop()


def waiting(base: Path, routine: int) -> tuple[Pair, Position, str]:
    """jp's large item and its ROUTINE ones, none of which has left; the standing release they are under."""
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    name = approve(pair.jp, precedences=PRECEDENCES)
    large = pair.jp.release(pair.jp.compose(BIG, precedence="ROUTINE"))
    for _ in range(routine):
        under(pair.jp, name, precedence="ROUTINE")
    return pair, large, name


def test_no_more_is_on_its_way_than_the_window_and_what_is_urgent_has_a_little_more(base: Path) -> None:
    pair, large, name = waiting(base, (WINDOW + 3) * CHUNK_ENTRIES)

    async def play() -> None:
        async with met(pair, large) as (daemon, kr):
            assert len(await kr.carried()) == WINDOW
            await kr.say(Taken(1))
            assert len(await kr.carried()) == WINDOW + 1
            flash = await daemon.do(lambda: under(pair.jp, name), URGENT)
            carried = await kr.carried()
            assert WINDOW + 1 < len(carried) <= URGENT_WINDOW + 1
            frame = carried[WINDOW + 1]
            assert isinstance(frame, Entries)
            assert frame.first + len(frame.deliveries) == flash.seq + 1
            assert frame.deliveries[-1].wrap is not None
            await kr.say(Taken(len(carried)))
            more = len(await kr.carried()) - len(carried)
            assert 0 < more <= URGENT_WINDOW
            assert not kr.over

    asyncio.run(play())
    pair.kr.node.close()


LIES: dict[str, Callable[[int], tuple[int, ...]]] = {
    "more than were sent": lambda sent: (sent + 1,),
    "ever so many": lambda _: (2**63,),
    "less than before": lambda _: (1, 0),
    "less than none": lambda _: (-1,),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_peer_that_lies_about_what_it_has_taken_is_refused(base: Path, lie: str) -> None:
    pair, large, _ = waiting(base, 1)

    async def play() -> None:
        async with met(pair, large) as (_daemon, kr):
            sent = len(await kr.carried())
            await kr.say(*map(Taken, LIES[lie](sent)))
            await kr.until(lambda: kr.over)
            troubles = [frame.code for frame in kr.heard if isinstance(frame, Trouble)]
            assert troubles == ["MALFORMED"]

    asyncio.run(play())
    pair.kr.node.close()
