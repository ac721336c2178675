"""A real, short-lived TLS certificate that ends while a session stands (docs/spec/link.md section 2).

What holds: TLS looks at a certificate when it connects, so the session that stands goes on; the next handshake with it
fails, nothing is lost, and ``entente node check`` says why. A new certificate over the same key, brought by pairing
again, ends it. No command makes one: until there is, the test makes it as that command would.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from support_faults import SMALL, World, introduce, until, world
from support_nodes import entente
from support_stop import OCTOBER, PASSPHRASE

from entente.node.home import Home, write_durably
from entente.node.keyring import Keyring, unlock
from entente.sealing.identity import make_card, parse_card

LIFE = timedelta(seconds=8)
"""Long enough for two nodes to start and meet."""


def certify(home: Home, life: timedelta) -> datetime:
    """A certificate over the link's key as it is, and a card that carries it; when it ends."""
    keyring = Keyring.from_secrets(unlock(home.key_file("node"), PASSPHRASE))
    key = load_pem_private_key((home.path / "tls" / "key.pem").read_bytes(), keyring.tls_password)
    assert isinstance(key, Ed25519PrivateKey)
    old = x509.load_pem_x509_certificate((home.path / "tls" / "cert.pem").read_bytes())
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + life)
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(key, None)
    card = parse_card((home.path / "card.json").read_bytes())
    pem = made.public_bytes(Encoding.PEM)
    write_durably(home.path / "tls" / "cert.pem", pem)
    data = make_card(
        keyring.checkpoint, root=card.root, statement=card.statement, signature=card.signature, sealing=card.sealing,
        tls_certificate=pem.decode(), addresses=card.addresses,
    )  # fmt: skip
    write_durably(home.path / "card.json", data)
    return made.not_valid_after_utc


@contextmanager
def expired(two: Path) -> Iterator[World]:
    """Both nodes in a session; the certificate of ``jp`` has ended since it was begun."""
    ends: list[datetime] = []

    def prepare(base: Path) -> None:
        ends.append(certify(Home(base / "jp"), LIFE))
        write_durably(base / "kr" / "peers" / "jp.json", (base / "jp" / "card.json").read_bytes())

    with world(two, prepare=prepare) as both:
        assert datetime.now(UTC) < ends[0], "the nodes took too long to meet"
        until(lambda: datetime.now(UTC) > ends[0] + timedelta(seconds=1), "the certificate has ended")
        yield both


def test_a_certificate_that_ends_leaves_its_session_and_lets_no_other_begin_until_it_is_renewed(two: Path) -> None:
    with expired(two) as both:
        for node in both:
            both.give(node, bytes(SMALL))
        assert both.up
        both.settle_and_check()
        before = both.proxy.attempts
        both.proxy.cut()
        until(lambda: both.proxy.attempts >= before + 3, "it is dialled again")
        assert not any(node.up for node in both)
        for node in both:
            both.give(node, bytes(SMALL))  # it waits
        both.check_registers(debts=both.released)
        checks = [entente("node", "check", node.home.path, "--json") for node in both]
        both.jp.stop()
        certify(both.jp.home, timedelta(days=365))
        introduce(both.kr, both.jp)
        both.jp.start(OCTOBER)
        both.settle_and_check()
    for ran in checks:  # its own certificate at the one, the peer's at the other
        assert ran.code == 1
        assert "certificate/jp" in ran.out
