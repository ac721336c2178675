"""Who may speak: the key is the identity (docs/spec/link.md section 2)."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from linked import PATIENCE, Card, Node, hello, imposter_pem, limits, live, stranger

from entente.link.errors import IdentityError
from entente.link.tls import Peer, TlsIdentity, dials
from entente.link.transport import Link
from entente.record.frames import Hello, Trouble


async def refused(node: Node, context: ssl.SSLContext) -> None:
    """A connection with ``context`` is closed with nothing said, whatever it says itself."""
    try:
        async with stranger(node.port, context) as other:
            with contextlib.suppress(OSError):
                other.say(hello("jp"))
            assert await other.hear_all() == []
    except OSError:
        pass  # refused as early as the handshake
    assert node.handler.events == []


def test_two_paired_nodes_meet(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as there, Node(jp, kr.peer(there.port)) as here:
            await here.handler.until("up")
            await there.handler.until("up")
            assert here.link.session("kr") is here.handler.session
            assert there.link.session("jp") is there.handler.session

    live(main())


def test_tls_1_2_is_refused(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            context = jp.context(kr)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises(OSError):
                async with stranger(node.port, context):
                    pass
            assert node.handler.events == []

    live(main())


def test_an_unknown_certificate_is_refused(jp: Card, kr: Card, xx: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            await refused(node, xx.context(kr))

    live(main())


def test_no_certificate_is_refused(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["entente/1"])
            await refused(node, context)

    live(main())


def test_the_same_names_over_another_key_are_refused(jp: Card, kr: Card, tmp_path: Path) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            context = jp.context(kr)
            false = imposter_pem(tmp_path, jp)
            context.load_cert_chain(false.certificate, false.key, false.password)
            await refused(node, context)

    live(main())


def test_an_anchored_certificate_whose_key_is_not_trusted_is_refused(jp: Card, kr: Card) -> None:
    """The anchors say which handshakes end well; the digests alone say who it was."""

    async def main() -> None:
        replaced = msgspec.structs.replace(jp.peer(), spki=frozenset({b"\0" * 32}))
        async with Node(kr, replaced) as node:
            await refused(node, jp.context(kr))

    live(main())


def test_a_key_claimed_for_two_parties_is_refused(jp: Card, kr: Card) -> None:
    async def main() -> None:
        twin = msgspec.structs.replace(jp.peer(), party="jp-two")
        async with Node(kr, jp.peer(), twin) as node:
            await refused(node, jp.context(kr))

    live(main())


def test_another_protocol_is_refused(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            await refused(node, jp.context(kr, alpn="http/1.1"))

    live(main())


def test_a_party_unpaired_is_refused_before_any_reload(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node:
            node.peers.clear()
            await refused(node, jp.context(kr))

    live(main())


def test_a_hello_in_another_name_is_refused(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("xx"))
            (trouble,) = await other.hear_all()
            assert isinstance(trouble, Trouble)
            assert trouble.code == "wrong-party"
            assert node.handler.events == []

    live(main())


async def heard_by(identity: TlsIdentity, jp: Card, *known: Peer) -> tuple[bytes, Node]:
    """What a server with ``identity`` hears from jp's node, which takes it for kr."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key, identity.password)
    context.set_alpn_protocols(["entente/1"])
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = b""
        with contextlib.suppress(OSError):
            await writer.start_tls(context)
            got = await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if not heard.done():
            heard.set_result(got)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        peers = [msgspec.structs.replace(peer, address=("127.0.0.1", port)) for peer in known]
        once = limits(backoff_first=1000 * PATIENCE, backoff_cap=1000 * PATIENCE)
        async with Node(jp, *peers, limits=once) as node:
            return await heard, node


def test_a_dialler_says_nothing_to_an_imposter(jp: Card, kr: Card, tmp_path: Path) -> None:
    async def main() -> None:
        got, node = await heard_by(imposter_pem(tmp_path, kr), jp, kr.peer(0))
        assert got == b""
        assert node.handler.events == []

    live(main())


def test_a_dialler_hangs_up_on_a_paired_party_that_is_not_the_one_dialled(jp: Card, kr: Card, xx: Card) -> None:
    async def main() -> None:
        got, node = await heard_by(xx.identity, jp, kr.peer(0), xx.peer(0, dial=False))
        assert b"hello" not in got
        assert b"wrong-party" in got
        assert node.handler.events == []

    live(main())


def test_both_keys_of_a_party_that_changes_keys_are_known(jp: Card, kr: Card, tmp_path: Path) -> None:
    async def main() -> None:
        new = Card(tmp_path, "jp")
        both = msgspec.structs.replace(jp.peer(), certificate_pem=jp.pem + new.pem, spki=frozenset({jp.spki, new.spki}))
        async with Node(kr, both) as node:
            for count, card in enumerate((jp, new), 1):
                async with stranger(node.port, card.context(kr)) as other:
                    other.say(hello("jp"))
                    assert isinstance(await other.hear(), Hello)
                await node.handler.until("down", count)

    live(main())


def test_one_unreadable_peer_certificate_does_not_keep_the_others_out(jp: Card, kr: Card, xx: Card) -> None:
    async def main() -> None:
        broken = msgspec.structs.replace(xx.peer(), certificate_pem="-----BEGIN CERTIFICATE-----\nno\n")
        async with Node(kr, broken, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            assert isinstance(await other.hear(), Hello)

    live(main())


def test_a_key_in_clear_on_the_disk_is_refused(jp: Card, tmp_path: Path) -> None:
    async def main() -> None:
        key = load_pem_private_key(jp.identity.key.read_bytes(), jp.identity.password)
        clear = tmp_path / "clear.key"
        clear.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        node = Node(jp)
        identity = msgspec.structs.replace(jp.identity, key=clear)
        with pytest.raises(IdentityError) as caught:
            await Link(identity, dict, node.handler, party="jp").start("127.0.0.1", 0)
        assert caught.value.code == "KEY_IN_CLEAR"

    live(main())


@pytest.mark.parametrize("change", [{"password": b"wrong"}, {"key": Path("/nonexistent")}])
def test_an_identity_that_cannot_be_used_is_named(jp: Card, change: dict[str, object]) -> None:
    async def main() -> None:
        identity = msgspec.structs.replace(jp.identity, **change)
        with pytest.raises(IdentityError, match="cannot be used"):
            await Link(identity, dict, Node(jp).handler, party="jp").start("127.0.0.1", 0)

    live(main())


def test_an_identity_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(TlsIdentity(Path("a"), Path("b"), b"hunter2"))


def test_no_session_can_be_resumed(jp: Card, kr: Card) -> None:
    """A resumed session would show no certificate, and so outlive an unpairing."""

    async def main() -> None:
        async with Node(kr, jp.peer()) as node, stranger(node.port, jp.context(kr)) as other:
            other.say(hello("jp"))
            assert isinstance(await other.hear(), Hello)
            assert not other.writer.get_extra_info("ssl_object").session.has_ticket

    live(main())


def test_the_smaller_id_dials() -> None:
    assert dials("jp", "kr")
    assert not dials("kr", "jp")


def test_a_stalled_handshake_is_cut(jp: Card, kr: Card) -> None:
    async def main() -> None:
        async with Node(kr, jp.peer(), limits=limits(handshake=0.05)) as node:
            reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
            writer.write(b"\x16\x03\x01")
            async with asyncio.timeout(5):
                with contextlib.suppress(OSError):
                    assert await reader.read() == b""
            writer.close()

    live(main())
