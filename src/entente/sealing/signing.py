r"""Signatures: formal ones by roots and offices, and the node's own on checkpoints (docs/spec/keys.md).

A formal signature is two signatures over identical bytes, Ed25519 and ML-DSA-65, and counts only if both verify: it
holds as long as either of the two algorithms does. What is signed is ``entente/<kind>/1\0`` and the statement's bytes
as carried. Node signatures are plain Ed25519 over a C2SP note, whose own form keeps it apart from everything else.
"""

from functools import lru_cache
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from entente.sealing.canonical import Wire
from entente.sealing.errors import BadSignatureError
from entente.sealing.suites import SIGNED, SUITE, check_suite, prefixed

ED25519_PUBLIC: Final = 32
MLDSA65_PUBLIC: Final = 1952
HYBRID_SECRET: Final = 64


class Signature(Wire, frozen=True):
    """A signature by a root or an office: Ed25519 and ML-DSA-65 over identical bytes (suite E1)."""

    suite: str
    ed25519: bytes
    mldsa65: bytes


class HybridPublic(Wire, frozen=True):
    """The public half of a root or office key: 32 bytes of Ed25519 and 1,952 bytes of ML-DSA-65."""

    ed25519: bytes
    mldsa65: bytes

    def verify(self, kind: str, data: bytes, signature: Signature) -> None:
        """Return if both halves of the signature are by this key over ``data`` as a statement of ``kind``.

        Raises:
            BadSignatureError: either half does not verify, or a key or signature is not of its length.
            UnknownSuiteError: the signature names a suite that this software does not have.
            ValueError: the kind is not one that is signed.
        """
        check_suite(signature.suite)
        message = _signed(kind, data)
        try:
            Ed25519PublicKey.from_public_bytes(self.ed25519).verify(signature.ed25519, message)
            MLDSA65PublicKey.from_public_bytes(self.mldsa65).verify(signature.mldsa65, message)
        except (InvalidSignature, ValueError) as error:
            raise BadSignatureError(f"the signature is not by this key over this {kind} statement") from error


class HybridKey:
    """The key of a root or an office. It shows only its public half; :meth:`secret` is for the key file."""

    __slots__ = ("_ed25519", "_mldsa65", "public")

    def __init__(self, ed25519: Ed25519PrivateKey, mldsa65: MLDSA65PrivateKey) -> None:
        self._ed25519 = ed25519
        self._mldsa65 = mldsa65
        self.public: Final = HybridPublic(
            ed25519.public_key().public_bytes_raw(), mldsa65.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> Self:
        """A new key; the two halves come from independent randomness."""
        return cls(Ed25519PrivateKey.generate(), MLDSA65PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """The key with these 64 bytes: the Ed25519 seed (32) and the ML-DSA-65 seed (32).

        Raises:
            ValueError: not 64 bytes.
        """
        if len(secret) != HYBRID_SECRET:
            raise ValueError(f"a hybrid key has {HYBRID_SECRET} bytes of secret")
        return cls(Ed25519PrivateKey.from_private_bytes(secret[:32]), MLDSA65PrivateKey.from_seed_bytes(secret[32:]))

    def secret(self) -> bytes:
        """The 64 bytes that :meth:`from_secret` takes."""
        return self._ed25519.private_bytes_raw() + self._mldsa65.private_bytes_raw()

    def sign(self, kind: str, data: bytes) -> Signature:
        """Sign ``data`` as a statement of ``kind``.

        Raises:
            ValueError: the kind is not one that is signed.
        """
        message = _signed(kind, data)
        return Signature(SUITE, self._ed25519.sign(message), self._mldsa65.sign(message))

    def __repr__(self) -> str:
        return f"<HybridKey {self.public.ed25519.hex()[:16]}>"


class NodeKey:
    """A node's own Ed25519 key: one for checkpoints, another for cosignatures."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: Final = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        """A new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """The key with this 32-byte seed (RFC 8032).

        Raises:
            ValueError: not 32 bytes.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(secret))

    def secret(self) -> bytes:
        """The 32 bytes that :meth:`from_secret` takes."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 over the message as it stands; C2SP notes carry their own context."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<NodeKey {self.public.hex()[:16]}>"


def verify_node(public: bytes, signature: bytes, message: bytes) -> None:
    """Return if ``signature`` is by the node key ``public`` (32 raw bytes) over ``message``.

    Raises:
        BadSignatureError: it is not, or a key or signature is not of its length.
    """
    try:
        _node_public(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignatureError("the signature is not by this node key over this message") from error


@lru_cache(maxsize=256)
def _node_public(public: bytes) -> Ed25519PublicKey:
    """The same few keys sign every checkpoint; one that is not valid is not remembered."""
    return Ed25519PublicKey.from_public_bytes(public)


def _signed(kind: str, data: bytes) -> bytes:
    if kind not in SIGNED:
        raise ValueError(f"{kind!r} is not a kind of statement that is signed")
    return prefixed(kind, data)
