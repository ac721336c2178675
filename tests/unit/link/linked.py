"""Two real nodes' links over loopback, and a peer that behaves as badly as it is told to."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from entente.link.limits import Limits
from entente.link.session import Session
from entente.link.tls import ALPN, Peer, TlsIdentity
from entente.link.transport import Link
from entente.record.frames import AnyFrame, Hello, Pong, Want, decode_frame, encode_frame, with_length
from entente.sealing.certificates import make_tls_identity

PATIENCE = 20.0
"""Seconds after which a test that waits for something has failed; none waits so long when it passes."""
LAZY = Limits(hello=PATIENCE, frame=PATIENCE, backoff_first=0.01, backoff_cap=0.05, settled=0.0, shutdown=1.0)
Check = Callable[[], bool]


class Card:
    """A party's TLS identity on disk, and how another party knows it."""

    def __init__(self, directory: Path, party: str) -> None:
        made = make_tls_identity(party, not_before=datetime.now(UTC) - timedelta(hours=1))
        certificate, key = directory / f"{party}.crt", directory / f"{party}.key"
        certificate.write_bytes(made.certificate)
        key.write_bytes(made.key)
        self.party = party
        self.pem = made.certificate.decode()
        self.spki = made.spki
        self.identity = TlsIdentity(certificate, key, made.password)

    def peer(self, port: int | None = None, *, dial: bool | None = None) -> Peer:
        address = None if port is None else ("127.0.0.1", port)
        return Peer(self.party, self.pem, frozenset({self.spki}), address, port is not None if dial is None else dial)

    def context(self, *trusted: "Card", alpn: str = ALPN) -> ssl.SSLContext:
        """Settings of a client that trusts ``trusted`` and shows this card."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for card in trusted:
            context.load_verify_locations(cadata=card.pem)
        context.load_cert_chain(self.identity.certificate, self.identity.key, self.identity.password)
        context.set_alpn_protocols([alpn])
        return context


def hello(party: str) -> Hello:
    return Hello(1, party, "test", "2026a", True, ())


def want(index: int) -> Want:
    return Want(b"\0" * 32, "jp", "one", 0, index)


class Recorder:
    """A handler that writes down what happens to it, and does what a test tells it to."""

    def __init__(self, party: str) -> None:
        self.party = party
        self.events: list[tuple[str, Any]] = []
        self.session: Session | None = None
        self.when_up: Callable[[Session, Hello], Awaitable[None]] | None = None
        self.on: Callable[[Session, AnyFrame], Awaitable[None]] | None = None
        self._changed = asyncio.Event()

    async def hello(self, peer: str) -> Hello:
        self._note("hello", peer)
        return hello(self.party)

    async def on_up(self, session: Session, hello: Hello) -> None:
        self.session = session
        self._note("up", session)
        if self.when_up is not None:
            await self.when_up(session, hello)

    async def on_frame(self, session: Session, frame: AnyFrame) -> None:
        self._note("frame", frame)
        if self.on is not None:
            await self.on(session, frame)

    async def on_down(self, session: Session, reason: str) -> None:
        self._note("down", session)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]

    def count(self, kind: str) -> int:
        return self.kinds().count(kind)

    def frames(self) -> list[AnyFrame]:
        return [what for kind, what in self.events if kind == "frame"]

    async def until(self, kind: str, count: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.count(kind) < count:
                self._changed.clear()
                await self._changed.wait()

    def _note(self, kind: str, what: Any) -> None:
        self.events.append((kind, what))
        self._changed.set()


class Node:
    """A link with its handler and the peers it knows."""

    def __init__(self, card: Card, *peers: Peer, limits: Limits = LAZY) -> None:
        self.card = card
        self.peers = {peer.party: peer for peer in peers}
        self.handler = Recorder(card.party)
        self.link = Link(card.identity, lambda: self.peers, self.handler, party=card.party, limits=limits)
        self.port = 0

    async def __aenter__(self) -> Self:
        self.port = await self.link.start("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.link.stop()


class Stranger:
    """The other end, by hand: bytes in, bytes out, no manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, *frames: AnyFrame) -> None:
        for frame in frames:
            self.writer.write(with_length(encode_frame(frame)))

    async def hear(self) -> AnyFrame | None:
        """The next frame, or None once the connection is over, in whichever way."""
        try:
            async with asyncio.timeout(PATIENCE):
                (length,) = struct.unpack(">I", await self.reader.readexactly(4))
                return decode_frame(await self.reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            return None

    async def hear_all(self) -> list[AnyFrame]:
        heard = []
        while (frame := await self.hear()) is not None:
            heard.append(frame)
        return heard

    async def answer_pings(self) -> None:
        while (frame := await self.hear()) is not None:
            if frame.__class__.__name__ == "Ping":
                self.say(Pong(frame.count))  # type: ignore[union-attr]

    async def gone(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def stranger(port: int, context: ssl.SSLContext) -> AsyncIterator[Stranger]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    other = Stranger(reader, writer)
    try:
        yield other
    finally:
        await other.gone()


def limits(**changes: Any) -> Limits:
    return msgspec.structs.replace(LAZY, **changes)


def live(main: Coroutine[Any, Any, None]) -> None:
    """Run a test; what it leaves behind unfinished is a failure."""

    async def run() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(run())


def imposter_pem(directory: Path, card: Card) -> TlsIdentity:
    """A certificate with everything as in ``card``'s, names, serial and dates, over another key."""
    theirs = x509.load_pem_x509_certificate(card.pem.encode())
    made = make_tls_identity(card.party, not_before=datetime.now(UTC) - timedelta(hours=1))
    key = load_pem_private_key(made.key, made.password)
    assert isinstance(key, Ed25519PrivateKey)
    builder = x509.CertificateBuilder(
        theirs.issuer,
        theirs.subject,
        key.public_key(),
        theirs.serial_number,
        theirs.not_valid_before_utc,
        theirs.not_valid_after_utc,
        list(theirs.extensions),
    )
    certificate, key_file = directory / "imposter.crt", directory / "imposter.key"
    certificate.write_bytes(builder.sign(key, None).public_bytes(Encoding.PEM))
    key_file.write_bytes(made.key)
    return TlsIdentity(certificate, key_file, made.password)
