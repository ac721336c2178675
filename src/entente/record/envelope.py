"""Envelopes and what travels beside them (docs/spec/record.md).

A log is a gap-free sequence of envelopes, hashed into an RFC 6962 Merkle tree. An envelope says who wrote what kind of
entry, when and how large, and commits to its bodies with one salted digest each; it says nothing of what they contain.
Bodies travel beside it, only to the parties entitled to them, and can be withheld or destroyed while tree,
checkpoints and verification go on working.
"""

import hashlib
import re
from functools import lru_cache
from typing import Literal

from entente.sealing.canonical import NotCanonicalError, Wire, decode
from entente.sealing.suites import SUITE, prefixed

MAX_ENVELOPE = 4096
"""Bytes; an envelope holds digests and sizes, so a larger one is malformed."""
MAX_BODY = 64 * 1024 + 8192
"""Bytes of one body: a payload carried inline (64 KiB) or a signed header."""
MAX_BODIES = 4
SALT = 32
PARTY_ID = re.compile(r"[a-z0-9-]{1,64}")
INCARNATION = re.compile(r"[0-9a-f]{16}")
"""Both become parts of file names and origins, so nothing else is let in."""
_KIND = re.compile(r"[a-z-]{1,32}")

KINDS_TO_ALL = frozenset(
    {"keys", "sealing", "epoch", "document", "act", "delivered", "received", "restart", "national"}
)
"""Kinds whose bodies go to every party (docs/spec/record.md): formal acts, receipts and key statements."""
KINDS_TO_NAMED = frozenset({"standing", "revocation", "step"})
"""Kinds whose bodies go in clear, and only to those whom the standing release, or the matter, names."""
KINDS_IN_CLEAR = KINDS_TO_ALL | KINDS_TO_NAMED
KNOWN_KINDS = KINDS_IN_CLEAR | {"transfer"}


class Seen(Wire, frozen=True):
    """A checkpoint of another party's log that the writer held when it wrote: proof of what it knew."""

    party: str
    incarnation: str
    size: int
    root: bytes


class BodyRef(Wire, frozen=True):
    """Size in bytes of a body and the salted commitment to it."""

    size: int
    commitment: bytes


class Envelope(Wire, frozen=True):
    """One entry of one party's log for one agreement.

    ``instant`` is in milliseconds since 1970-01-01T00:00Z, read once under the log's write lock and never smaller than
    the entry before it. ``seen`` names the heads of the other parties' logs that changed since the writer's entry
    before. ``precedence`` and ``reality`` are set on transfers only. ``payload`` is the size in bytes of a payload
    carried in segments outside the log, 0 when there is none.
    """

    version: Literal[1]
    suite: str
    agreement: bytes
    writer: str
    incarnation: str
    seq: int
    kind: str
    instant: int
    precedence: str | None
    reality: str | None
    seen: tuple[Seen, ...]
    bodies: tuple[BodyRef, ...]
    payload: int


class DeliveredBody(Wire, frozen=True):
    """A body beside its envelope: ``salt || body``, in clear or sealed under the item's content key."""

    sealed: bool
    data: bytes


class Wrap(Wire, frozen=True):
    """The item's content key, sealed for one recipient under a link-epoch key (docs/spec/sealing.md).

    The associated data of the wrap is every field here but ``nonce`` and ``key``, with agreement and writer.
    """

    recipient: str
    epoch: bytes
    item: str
    terms: bytes
    header: bytes
    nonce: bytes
    key: bytes


class Delivery(Wire, frozen=True):
    """An envelope as carried to one party: its bytes, each body or None where withheld, and the recipient's wrap."""

    envelope: bytes
    bodies: tuple[DeliveredBody | None, ...]
    wrap: Wrap | None


def commitment(salt: bytes, body: bytes) -> bytes:
    """SHA-256 over the registered prefix, 32 bytes of salt, and the body."""
    return hashlib.sha256(prefixed("body", salt + body)).digest()


def parse_envelope(data: bytes) -> Envelope:
    """Parse and check the form of an envelope; its meaning is judged later.

    Raises:
        NotCanonicalError: too large, not canonical, unknown suite, or a field out of its range.
    """
    if len(data) > MAX_ENVELOPE:
        raise NotCanonicalError(f"envelope of {len(data)} bytes; at most {MAX_ENVELOPE}")
    envelope = decode(Envelope, data)
    if envelope.suite != SUITE:
        raise NotCanonicalError(f"unknown suite {envelope.suite!r}")
    if len(envelope.agreement) != 32 or envelope.seq < 0 or envelope.instant < 0 or envelope.payload < 0:
        raise NotCanonicalError("a field of the envelope is out of its range")
    wrong = _misnamed(envelope.writer, envelope.incarnation, envelope.kind)
    if wrong is not None:
        raise NotCanonicalError(f"{wrong[:80]!r} is not a well-formed name")
    if not 1 <= len(envelope.bodies) <= MAX_BODIES:
        raise NotCanonicalError(f"an envelope has 1 to {MAX_BODIES} bodies")
    for ref in envelope.bodies:
        if len(ref.commitment) != 32 or not 0 <= ref.size <= MAX_BODY:
            raise NotCanonicalError("a body reference is out of its range")
    for seen in envelope.seen:
        if len(seen.root) != 32 or seen.size < 1:
            raise NotCanonicalError("a checkpoint seen is out of its range")
    return envelope


@lru_cache(maxsize=1024)
def _misnamed(writer: str, incarnation: str, kind: str) -> str | None:
    """The first of an envelope's names that is not well-formed; a log's are the same in every entry."""
    for name, pattern in ((writer, PARTY_ID), (incarnation, INCARNATION), (kind, _KIND)):
        if not pattern.fullmatch(name):
            return name
    return None


def open_body(ref: BodyRef, salted: bytes) -> bytes:
    """The body in ``salt || body`` after checking size and commitment.

    Raises:
        NotCanonicalError: the bytes are not those the envelope commits to.
    """
    if len(salted) != SALT + ref.size or hashlib.sha256(prefixed("body", salted)).digest() != ref.commitment:
        raise NotCanonicalError("the body is not the one its envelope commits to")
    return salted[SALT:]
