"""The suite of algorithms, and the prefixes that keep one use of a key from standing in for another.

Suite ``E1`` (docs/spec/sealing.md):

================ =====================================================================================
formal signature Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204) over identical bytes; both must verify
node signature   Ed25519, for checkpoints and cosignatures
key transport    HPKE (RFC 9180), KEM X-Wing (ML-KEM-768 with X25519), HKDF-SHA256, AES-256-GCM
content          AES-256-GCM (NIST SP 800-38D)
digest           SHA-256
================ =====================================================================================

Everything above this package names a suite and never an algorithm; another suite is added in this package alone.
"""

from entente.sealing.errors import UnknownSuiteError

SUITE = "E1"
"""The suite that this node writes."""
SUITES = frozenset({SUITE})
"""The suites that this node reads."""

SIGNED = frozenset({"keys", "act", "approval", "restart", "consent", "standing", "revocation", "step", "delivered"})
"""Kinds of statements that a root or an office signs."""
NODE_SIGNED = frozenset({"card"})
"""Kinds of statements that a node's checkpoint key signs; checkpoints themselves are C2SP notes."""
SEALED = frozenset(
    {"epoch", "wrap", "body-seal", "payload-key", "segment", "stream", "at-rest", "at-rest-key", "keyfile"}
)
"""Kinds of contexts that a seal or a derived key is bound to."""
DIGESTED = frozenset({"body", "payload", "national"})
"""Kinds of salted commitments."""
KINDS = SIGNED | NODE_SIGNED | SEALED | DIGESTED


_PREFIXES = {kind: b"entente/%s/1\0" % kind.encode() for kind in KINDS}


def prefixed(kind: str, data: bytes) -> bytes:
    r"""``data`` behind its registered prefix ``entente/<kind>/1\0``.

    No prefix is the beginning of another, so bytes of one kind are never bytes of a second kind.

    Raises:
        ValueError: the kind is not registered here.
    """
    try:
        return _PREFIXES[kind] + data
    except KeyError:
        text = f"{kind!r} is not a registered kind; register it in entente.sealing.suites"
        raise ValueError(text) from None


def check_suite(suite: str) -> None:
    """Refuse what this software has no algorithms for.

    Raises:
        UnknownSuiteError: the suite is unknown.
    """
    if suite not in SUITES:
        raise UnknownSuiteError(f"suite {suite[:16]!r} is unknown; this node has {', '.join(sorted(SUITES))}")
