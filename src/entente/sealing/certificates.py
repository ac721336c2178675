"""The node's TLS certificate: self-signed, believed for its key alone (docs/spec/keys.md, "TLS").

No authority issues it. A peer holds the SHA-256 of its SubjectPublicKeyInfo from a key statement, makes the
certificate its only trust anchor, and compares the digest after the handshake. TLS certificates live in real time,
simulated node or not; this module is told the time and reads no clock.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from entente.sealing.errors import BadCardError

VALIDITY: Final = timedelta(days=365)
MAX_CERTIFICATE: Final = 16 * 1024
_PEM = b"-----BEGIN CERTIFICATE-----"


class TlsIdentity(NamedTuple):
    """A TLS key (PKCS #8 PEM, encrypted under ``password``), its certificate (PEM) and its SPKI digest."""

    key: bytes
    certificate: bytes
    password: bytes
    spki: bytes

    def __repr__(self) -> str:
        return f"<TlsIdentity {self.spki.hex()[:16]}>"


def make_tls_identity(party: str, *, not_before: datetime) -> TlsIdentity:
    """A new Ed25519 key and a certificate for it, valid for 365 days from ``not_before``.

    The certificate serves both ends of a link; its one subjectAltName is the party's id as a DNS name. The key is
    encrypted because :meth:`ssl.SSLContext.load_cert_chain` reads files only; keep the password in the key file.

    Args:
        party: the party's id.
        not_before: an aware datetime; a little in the past, as peers' clocks differ.

    Raises:
        ValueError: ``not_before`` is naive.
    """
    if not_before.tzinfo is None:
        raise ValueError("not_before needs a time zone")
    key = Ed25519PrivateKey.generate()
    password = secrets.token_hex(32).encode()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_before + VALIDITY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(party)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS_ONLY, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    return TlsIdentity(pem, certificate.public_bytes(Encoding.PEM), password, _spki(certificate))


_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def spki_digest(certificate: bytes) -> bytes:
    """SHA-256 of the certificate's SubjectPublicKeyInfo (DER), from PEM or DER: what a key statement names.

    Raises:
        BadCardError: not a certificate.
    """
    return _spki(_load(certificate))


def ed25519_spki_digest(public: bytes) -> bytes:
    """What :func:`spki_digest` would give for a certificate over this raw Ed25519 key (RFC 8410)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def not_after(certificate: bytes) -> datetime:
    """The last instant of the certificate's validity, UTC, from PEM or DER.

    Raises:
        BadCardError: not a certificate.
    """
    return _load(certificate).not_valid_after_utc


def check_certificate(pem: str, party: str, spki: bytes) -> None:
    """Return if ``pem`` is exactly one certificate, for ``party``, over the key that ``spki`` names.

    Its signature and dates are not looked at: the key is believed for the statement that names it, and the dates are
    for the link to check when it connects.

    Raises:
        BadCardError: it is not.
    """
    certificate = _load(pem.encode())
    if certificate.public_bytes(Encoding.PEM).decode() != pem:
        raise BadCardError("the TLS certificate is not one PEM block and nothing else")
    if _spki(certificate) != spki:
        raise BadCardError("the TLS certificate is not over the key that the key statement names")
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise BadCardError("the TLS certificate has no readable subjectAltName") from error
    if list(names) != [x509.DNSName(party)]:
        raise BadCardError(f"the TLS certificate is not for {party!r} alone")


def _load(certificate: bytes) -> x509.Certificate:
    if len(certificate) > MAX_CERTIFICATE:
        raise BadCardError(f"a certificate has at most {MAX_CERTIFICATE} bytes")
    try:
        if certificate.startswith(_PEM):
            return x509.load_pem_x509_certificate(certificate)
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCardError("not an X.509 certificate") from error


def _spki(certificate: x509.Certificate) -> bytes:
    try:
        der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCardError("the certificate's key is of no known kind") from error
    return hashlib.sha256(der).digest()
