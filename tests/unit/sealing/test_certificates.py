"""docs/spec/keys.md, "TLS": the certificate serves both ends of a real TLS 1.3 link, for its key alone."""

import hashlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from entente.sealing.certificates import (
    TlsIdentity,
    check_certificate,
    ed25519_spki_digest,
    make_tls_identity,
    not_after,
    spki_digest,
)
from entente.sealing.errors import BadCardError

NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)


def context(protocol: int, own: TlsIdentity, peer: bytes, folder: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(protocol)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.load_verify_locations(cadata=peer.decode())
    chain = folder / f"{protocol}.pem"
    chain.write_bytes(own.key + own.certificate)
    made.load_cert_chain(chain, password=own.password)
    return made


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[bytes | None, bytes | None]:
    """Each end's certificate of the other, after a byte each way: TLS 1.3 tells a client late that it was refused."""
    left, right = socket.socketpair()
    seen: list[bytes | None] = [None]
    failed: list[Exception] = []

    def serve() -> None:
        try:
            with server.wrap_socket(left, server_side=True) as link:
                link.recv(1)
                seen[0] = link.getpeercert(binary_form=True)
                link.send(b".")
        except OSError as error:
            failed.append(error)
            left.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(right, server_hostname=name) as link:
            link.send(b".")
            if link.recv(1) != b".":
                raise ssl.SSLError("refused")
            return seen[0], link.getpeercert(binary_form=True)
    finally:
        right.close()
        thread.join()


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)  # TLS lives in real time


def test_two_nodes_meet_with_each_others_certificate_as_the_only_anchor(now: datetime, tmp_path: Path) -> None:
    jp, kr = make_tls_identity("jp", not_before=now), make_tls_identity("kr", not_before=now)
    server = context(ssl.PROTOCOL_TLS_SERVER, kr, jp.certificate, tmp_path)
    client = context(ssl.PROTOCOL_TLS_CLIENT, jp, kr.certificate, tmp_path)
    at_server, at_client = handshake(server, client, "kr")
    assert at_server is not None
    assert at_client is not None
    assert spki_digest(at_server) == jp.spki
    assert spki_digest(at_client) == kr.spki


def test_a_stranger_with_the_same_name_is_refused(now: datetime, tmp_path: Path) -> None:
    jp, kr, stranger = (make_tls_identity(party, not_before=now) for party in ("jp", "kr", "jp"))
    server = context(ssl.PROTOCOL_TLS_SERVER, kr, jp.certificate, tmp_path)
    client = context(ssl.PROTOCOL_TLS_CLIENT, stranger, kr.certificate, tmp_path)
    with pytest.raises(OSError, match=r"unknown ca|EOF|refused|reset|Broken pipe"):
        handshake(server, client, "kr")


def test_a_server_with_another_certificate_is_refused(now: datetime, tmp_path: Path) -> None:
    jp, kr, stranger = (make_tls_identity(party, not_before=now) for party in ("jp", "kr", "kr"))
    server = context(ssl.PROTOCOL_TLS_SERVER, stranger, jp.certificate, tmp_path)
    client = context(ssl.PROTOCOL_TLS_CLIENT, jp, kr.certificate, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, client, "kr")


def test_an_expired_certificate_is_refused(tmp_path: Path, now: datetime) -> None:
    old, jp = make_tls_identity("kr", not_before=now - timedelta(days=400)), make_tls_identity("jp", not_before=now)
    server = context(ssl.PROTOCOL_TLS_SERVER, old, jp.certificate, tmp_path)
    client = context(ssl.PROTOCOL_TLS_CLIENT, jp, old.certificate, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(server, client, "kr")


def test_a_certificate_is_valid_for_a_year_from_the_instant_given() -> None:
    made = make_tls_identity("kr", not_before=NOT_BEFORE)
    assert x509.load_pem_x509_certificate(made.certificate).not_valid_before_utc == NOT_BEFORE
    assert not_after(made.certificate) == NOT_BEFORE + timedelta(days=365)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_tls_identity("kr", not_before=NOT_BEFORE.replace(tzinfo=None))


def test_the_key_is_encrypted_under_its_password_alone() -> None:
    made = make_tls_identity("kr", not_before=NOT_BEFORE)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in made.key
    assert load_pem_private_key(made.key, made.password) is not None
    with pytest.raises(ValueError, match=r"(?i)password"):
        load_pem_private_key(made.key, b"another")
    assert made.password != make_tls_identity("kr", not_before=NOT_BEFORE).password


def test_the_digest_is_of_the_key_in_pem_and_der_alike() -> None:
    made = make_tls_identity("kr", not_before=NOT_BEFORE)
    certificate = x509.load_pem_x509_certificate(made.certificate)
    key = certificate.public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(der).digest()
    assert made.spki == digest == spki_digest(made.certificate) == spki_digest(certificate.public_bytes(Encoding.DER))
    assert ed25519_spki_digest(key.public_bytes(Encoding.Raw, PublicFormat.Raw)) == digest


@pytest.mark.parametrize("party", ["a", "-", "0", "1-1", "a" * 64])
def test_every_party_id_has_a_certificate(party: str) -> None:
    made = make_tls_identity(party, not_before=NOT_BEFORE)
    check_certificate(made.certificate.decode(), party, made.spki)


def test_a_certificate_is_for_its_party_alone() -> None:
    made = make_tls_identity("kr", not_before=NOT_BEFORE)
    with pytest.raises(BadCardError, match="not for 'jp'"):
        check_certificate(made.certificate.decode(), "jp", made.spki)
    with pytest.raises(BadCardError, match="key statement names"):
        check_certificate(made.certificate.decode(), "kr", bytes(32))


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(BadCardError):
        spki_digest(data)
    with pytest.raises(BadCardError):
        not_after(data)


def test_a_certificate_too_large_is_not_even_parsed() -> None:
    made = make_tls_identity("kr", not_before=NOT_BEFORE)
    with pytest.raises(BadCardError, match="at most"):
        spki_digest(made.certificate + b"\n" * 16 * 1024)
