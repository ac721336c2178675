"""Who is at the other end: mutual TLS 1.3 in which the key is the identity (docs/spec/link.md section 2).

The only trust anchors are the certificates of the paired parties. The handshake proves possession of a key; which party
that is, is decided afterwards by the SHA-256 of the certificate's SubjectPublicKeyInfo. Names in certificates decide
nothing. Certificate dates are checked against real time, on a simulated node too.
"""

import asyncio
import hmac
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from entente.link.errors import IdentityError, PeerFault
from entente.sealing.certificates import spki_digest
from entente.sealing.errors import BadCardError

log = logging.getLogger(__name__)

ALPN = "entente/1"
"""Named in the handshake, so that no other protocol's server or client can be made to speak to a node."""


class TlsIdentity(msgspec.Struct, frozen=True):
    """This node's certificate (PEM), its key (encrypted PKCS #8 PEM) and the key's password."""

    certificate: Path
    key: Path
    password: bytes

    def __repr__(self) -> str:
        return f"<TlsIdentity {self.certificate}>"


class Peer(msgspec.Struct, frozen=True):
    """A paired party, as far as the link needs to know it.

    ``spki`` holds the digests of every TLS key the party may use now (two while it changes keys); ``certificate_pem``
    one certificate for each, one after the other. ``dial`` says whether this node dials; :func:`dials` is the default.
    """

    party: str
    certificate_pem: str
    spki: frozenset[bytes]
    address: tuple[str, int] | None
    dial: bool


class Contexts(NamedTuple):
    """The TLS settings of the two ends of a connection."""

    accepting: ssl.SSLContext
    dialling: ssl.SSLContext


def dials(party: str, peer: str) -> bool:
    """Whether ``party`` dials ``peer`` when neither is configured: the smaller id does."""
    return party < peer


def make_contexts(identity: TlsIdentity, peers: Mapping[str, Peer]) -> Contexts:
    """TLS settings for this identity and exactly these peers.

    Raises:
        IdentityError: the certificate or key cannot be used, or the key is not encrypted.
    """
    return Contexts(
        _context(ssl.PROTOCOL_TLS_SERVER, identity, peers), _context(ssl.PROTOCOL_TLS_CLIENT, identity, peers)
    )


def _context(protocol: int, identity: TlsIdentity, peers: Mapping[str, Peer]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the key is the identity; an address may change hands
    context.verify_mode = ssl.CERT_REQUIRED
    # An anchor is the peer's own certificate, which issues nothing and need not be signed by itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols([ALPN])
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # every session proves its key anew: a resumed one would outlive an unpairing
    _load_identity(context, identity)
    for peer in peers.values():
        try:
            context.load_verify_locations(cadata=peer.certificate_pem)
        except (ssl.SSLError, ValueError):
            # That party alone stays outside: without its anchor no handshake with it ends well.
            log.error("the TLS certificate of %s cannot be read; pair with it again", peer.party)
    return context


def _load_identity(context: ssl.SSLContext, identity: TlsIdentity) -> None:
    asked = False

    def password() -> bytes:
        nonlocal asked
        asked = True
        return identity.password

    try:
        context.load_cert_chain(identity.certificate, identity.key, password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise IdentityError(f"the TLS identity in {identity.certificate.parent} cannot be used") from error
    if not asked:
        raise IdentityError(
            f"the TLS key {identity.key} lies in clear on the disk",
            code="KEY_IN_CLEAR",
            remedy="make a new TLS key: this one must be taken as known to others",
        )


def identify(transport: asyncio.BaseTransport, peers: Mapping[str, Peer]) -> tuple[str, bytes]:
    """The one paired party whose key the handshake proved, and that key's digest.

    Raises:
        PeerFault: no certificate, another protocol, a key of no paired party, or one claimed for two.
    """
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if tls is None or tls.version() != "TLSv1.3" or tls.selected_alpn_protocol() != ALPN:
        raise PeerFault("the connection does not speak entente/1 over TLS 1.3", code="protocol")
    der = tls.getpeercert(binary_form=True)
    if not der:
        raise PeerFault("the other end showed no certificate", code="unknown-key")
    try:
        digest = spki_digest(der)
    except BadCardError as error:
        raise PeerFault("the other end's certificate cannot be read", code="unknown-key") from error
    found = [
        peer.party
        for peer in peers.values()
        # A list, not any(): every digest is compared, in constant time, whichever matches.
        if sum([hmac.compare_digest(digest, trusted) for trusted in peer.spki])
    ]
    if len(found) != 1:
        raise PeerFault("the key is not that of one paired party", code="unknown-key")
    return found[0], digest
