"""Sealing: one item's content key, carried under a link epoch, and what it protects (docs/spec/sealing.md).

1. Once an epoch: :func:`set_up_epoch` sends 32 random bytes to the recipient's sealing key of the day with hybrid HPKE.
   The entry that carries it is in the writer's log, so the checkpoint says who sent it; HPKE itself does not.
2. Once an item: a fresh content key, wrapped under the epoch by :func:`wrap`, bound to everything the item is.
3. Each body under the content key, each payload segment under a key derived from it. Both are fresh with the item, so
   a counter is a sound nonce.

AES-GCM does not commit to its key: what tells two recipients that they opened the same bytes is the salted digest in
the envelope and the header, which the opener checks. Verify signatures before opening anything.
"""

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from entente.sealing.canonical import Wire, encode
from entente.sealing.errors import BadKeyError, NotOpenedError
from entente.sealing.randomness import random_bytes
from entente.sealing.suites import SUITE, prefixed

KEY: Final = 32
NONCE: Final = 12
TAG: Final = 16
SALT: Final = 32
EPOCH_ID: Final = 8
SEALING_ID: Final = 8
SEALING_SECRET: Final = 96
SEGMENT: Final = 1024 * 1024
"""Bytes of plaintext in every segment but the last."""
MAX_BODY_INDEX: Final = 255

_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealingPublic(Wire, frozen=True):
    """A party's public sealing key of the day: X-Wing, as 1,184 bytes of ML-KEM-768 and 32 of X25519."""

    mlkem768: bytes
    x25519: bytes

    @property
    def id(self) -> bytes:
        """First 8 bytes of SHA-256 over ``mlkem768 || x25519``; names the key, proves nothing."""
        return hashlib.sha256(self.mlkem768 + self.x25519).digest()[:SEALING_ID]

    def check(self) -> None:
        """Return if something can be sealed to this key.

        Raises:
            BadKeyError: either half is not a public key, or is one to which no secret can be sent.
        """
        try:
            _HPKE.encrypt(b"", self.to_hpke(), b"")
        except ValueError as error:
            raise BadKeyError("nothing can be sealed to this sealing key") from error

    def to_hpke(self) -> MLKEM768X25519PublicKey:
        """The key as the HPKE library takes it.

        Raises:
            BadKeyError: either half is not a public key.
        """
        try:
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(self.mlkem768), X25519PublicKey.from_public_bytes(self.x25519)
            )
        except ValueError as error:
            raise BadKeyError("the sealing key is not an X-Wing public key") from error


class SealingKey:
    """A sealing key; it is replaced daily and destroyed, so that what it received cannot be opened later."""

    __slots__ = ("_key", "_mlkem768", "_x25519", "public")

    def __init__(self, mlkem768: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self._mlkem768 = mlkem768
        self._x25519 = x25519
        self._key = MLKEM768X25519PrivateKey(mlkem768, x25519)
        self.public: Final = SealingPublic(
            mlkem768.public_key().public_bytes_raw(), x25519.public_key().public_bytes_raw()
        )

    @classmethod
    def generate(cls) -> Self:
        """A new key; the two halves come from independent randomness."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """The key with these 96 bytes: the ML-KEM-768 seed (64) and the X25519 private key (32).

        Raises:
            ValueError: not 96 bytes.
        """
        if len(secret) != SEALING_SECRET:
            raise ValueError(f"a sealing key has {SEALING_SECRET} bytes of secret")
        return cls(MLKEM768PrivateKey.from_seed_bytes(secret[:64]), X25519PrivateKey.from_private_bytes(secret[64:]))

    def secret(self) -> bytes:
        """The 96 bytes that :meth:`from_secret` takes."""
        return self._mlkem768.private_bytes_raw() + self._x25519.private_bytes_raw()

    def open_hpke(self, sealed: bytes, info: bytes) -> bytes:
        """Open an HPKE message to this key.

        Raises:
            NotOpenedError: it was altered, or made for another key or another ``info``.
        """
        try:
            return _HPKE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise NotOpenedError("the epoch key was altered, or was made for another key or place") from error

    def __repr__(self) -> str:
        return f"<SealingKey {self.public.id.hex()}>"


class NewEpoch(NamedTuple):
    """A link epoch as its writer holds it: public id, the secret to keep, and what the recipient is sent."""

    epoch: bytes
    secret: bytes
    sealed: bytes

    def __repr__(self) -> str:
        return f"<NewEpoch {self.epoch.hex()}>"


class _EpochContext(Wire, frozen=True):
    suite: str
    agreement: bytes
    writer: str
    recipient: str
    epoch: bytes
    key: bytes


class WrapBinding(Wire, frozen=True):
    """What a wrapped content key is bound to: this item, to this recipient, under these terms, in this epoch.

    ``agreement`` and ``terms`` are document digests, ``header`` is the SHA-256 of the item's signed header.
    """

    agreement: bytes
    terms: bytes
    writer: str
    recipient: str
    item: str
    header: bytes
    epoch: bytes


class _BodyContext(Wire, frozen=True):
    suite: str
    agreement: bytes
    writer: str
    item: str
    index: int


def set_up_epoch(recipient: SealingPublic, *, agreement: bytes, writer: str, recipient_party: str) -> NewEpoch:
    """A new link epoch from ``writer`` to ``recipient_party``.

    At most 2**32 items may be wrapped under it (NIST SP 800-38D section 8.3: random nonces).

    Raises:
        BadKeyError: the recipient's sealing key is not a public key.
    """
    epoch, secret = os.urandom(EPOCH_ID), os.urandom(KEY)
    info = _epoch_info(recipient.id, epoch, agreement, writer, recipient_party)
    public = recipient.to_hpke()
    try:
        return NewEpoch(epoch, secret, _HPKE.encrypt(secret, public, info))
    except ValueError as error:
        raise BadKeyError("nothing can be sealed to this sealing key") from error


def accept_epoch(
    key: SealingKey, sealed: bytes, *, epoch: bytes, agreement: bytes, writer: str, recipient_party: str
) -> bytes:
    """The epoch's secret, as the recipient opens it.

    Raises:
        NotOpenedError: altered, or set up for another key, epoch, agreement, writer or recipient.
    """
    secret = key.open_hpke(sealed, _epoch_info(key.public.id, epoch, agreement, writer, recipient_party))
    if len(secret) != KEY:
        raise NotOpenedError(f"an epoch key has {KEY} bytes")
    return secret


def _epoch_info(key: bytes, epoch: bytes, agreement: bytes, writer: str, recipient: str) -> bytes:
    return prefixed("epoch", encode(_EpochContext(SUITE, agreement, writer, recipient, epoch, key)))


def new_content_key() -> bytes:
    """A fresh random key for one item; never used for another."""
    return os.urandom(KEY)


class EpochSeal:
    """What wraps content keys for one recipient under a link epoch, and unwraps them there."""

    __slots__ = ("_cipher",)

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def wrap(self, content_key: bytes, binding: WrapBinding) -> tuple[bytes, bytes]:
        """The content key for one recipient: ``(nonce, sealed)``, 12 and 48 bytes."""
        nonce = random_bytes(NONCE)
        return nonce, self._cipher.encrypt(nonce, content_key, prefixed("wrap", encode(binding)))

    def unwrap(self, nonce: bytes, sealed: bytes, binding: WrapBinding) -> bytes:
        """The content key that :meth:`wrap` sealed.

        Raises:
            NotOpenedError: altered, or wrapped for another item, recipient, header, terms or epoch.
        """
        content_key = _decrypt(self._cipher, nonce, sealed, prefixed("wrap", encode(binding)), "wrapped key")
        if len(content_key) != KEY:
            raise NotOpenedError(f"a content key has {KEY} bytes")
        return content_key


class ItemSeal:
    """What seals and opens the bodies of one item, each at its place among the entry's bodies (0 to 255).

    The content key is fresh with the item and each place is sealed once, so the place serves as the nonce. Sealing
    different bytes at the same place under the same key would give both away: make a new content key instead.
    """

    __slots__ = ("_cipher", "_stem")

    def __init__(self, content_key: bytes, agreement: bytes, writer: str, item: str) -> None:
        self._cipher = AESGCM(content_key)
        first = prefixed("body-seal", encode(_BodyContext(SUITE, agreement, writer, item, 0)))
        self._stem = first[:-1]  # all but the place, which comes last and of which 0 is one byte

    def seal(self, index: int, data: bytes) -> bytes:
        """A body, sealed; 16 bytes longer than ``data``."""
        nonce, place = _place(index)
        return self._cipher.encrypt(nonce, data, self._stem + place)

    def open(self, index: int, data: bytes) -> bytes:
        """The body that :meth:`seal` sealed.

        Raises:
            NotOpenedError: altered, or sealed for another item or another place.
        """
        nonce, place = _place(index)
        return _decrypt(self._cipher, nonce, data, self._stem + place, "body")


@cache
def _place(index: int) -> tuple[bytes, bytes]:
    """A place among an entry's bodies, as the nonce and as the end of the context there."""
    if not 0 <= index <= MAX_BODY_INDEX:
        raise ValueError(f"a body has a place from 0 to {MAX_BODY_INDEX}")
    return index.to_bytes(NONCE, "big"), encode(index)


def _open(key: bytes, nonce: bytes, sealed: bytes, context: bytes, what: str) -> bytes:
    return _decrypt(AESGCM(key), nonce, sealed, context, what)


def _decrypt(cipher: AESGCM, nonce: bytes, sealed: bytes, context: bytes, what: str) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, context)
    except (InvalidTag, ValueError) as error:
        raise NotOpenedError(f"the {what} was altered, or was sealed for another place or key") from error


def payload_key(content_key: bytes) -> bytes:
    """The key of an item's payload segments, derived so that bodies and segments never share a nonce."""
    return HKDF(SHA256(), KEY, None, prefixed("payload-key", SUITE.encode())).derive(content_key)


def seal_segment(payload_key: bytes, index: int, last: bool, data: bytes) -> bytes:
    """Segment ``index`` (from 0) of a payload, 16 bytes longer than ``data``; the STREAM construction.

    Hoang, Reyhanitabar, Rogaway, Vizár (CRYPTO 2015): the place and whether it is the last are in the nonce, so that a
    segment moved, repeated or missing at the end is found.

    Raises:
        ValueError: ``data`` is not 1 MiB, or, as the last, is longer, or is empty without being the only one.
    """
    if not _segment_fits(index, last, len(data)):
        raise ValueError(f"segment {index} of {len(data)} bytes; all but the last have {SEGMENT}")
    return AESGCM(payload_key).encrypt(_segment_nonce(index, last), data, prefixed("segment", SUITE.encode()))


def unseal_segment(payload_key: bytes, index: int, last: bool, data: bytes) -> bytes:
    """The plaintext of a segment; ``last`` follows from the number of segments in the signed header.

    Raises:
        NotOpenedError: altered, not of its length, or from another place, payload or end.
    """
    if not _segment_fits(index, last, len(data) - TAG):
        raise NotOpenedError(f"segment {index} is not of its length")
    return _open(payload_key, _segment_nonce(index, last), data, prefixed("segment", SUITE.encode()), "segment")


def _segment_fits(index: int, last: bool, size: int) -> bool:
    if index < 0:
        return False
    if not last:
        return size == SEGMENT
    return 0 < size <= SEGMENT or (size == 0 and index == 0)


def _segment_nonce(index: int, last: bool) -> bytes:
    return index.to_bytes(NONCE - 1, "big") + bytes([last])


def at_rest_seal(key: bytes, context: bytes, data: bytes) -> bytes:
    """``nonce || sealed`` for the node's own store; ``context`` says which row, so that rows cannot be swapped.

    At most 2**32 seals under one key (random nonces).
    """
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, prefixed("at-rest", context))


def at_rest_open(key: bytes, context: bytes, data: bytes) -> bytes:
    """What :func:`at_rest_seal` sealed.

    Raises:
        NotOpenedError: altered, of another row, or under another key.
    """
    return _open(key, data[:NONCE], data[NONCE:], prefixed("at-rest", context), "stored value")


class RestSeal:
    """What locks many short values of one kind at rest, under a key derived for that kind."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes, kind: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), KEY, None, prefixed("at-rest-key", kind)).derive(key))

    def seal(self, context: bytes, data: bytes) -> bytes:
        """``nonce || sealed``, 28 bytes longer than ``data``; at most 2**32 under one key (random nonces)."""
        nonce = random_bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, data, context)

    def open(self, context: bytes, data: bytes) -> bytes:
        """What :meth:`seal` sealed.

        Raises:
            NotOpenedError: altered, of another place, or under another key.
        """
        return _decrypt(self._cipher, data[:NONCE], data[NONCE:], context, "stored key")


class PayloadDigest:
    """The salted digest of a payload's plaintext, fed piece by piece after what it was ``begun`` with."""

    __slots__ = ("_hash",)

    def __init__(self, salt: bytes, begun: bytes = b"") -> None:
        if len(salt) != SALT:
            raise ValueError(f"the salt has {SALT} bytes")
        self._hash = hashlib.sha256(prefixed("payload", salt + begun))

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(chunk)

    def digest(self) -> bytes:
        """The 32 bytes of the digest of everything taken so far."""
        return self._hash.digest()


def payload_digest(salt: bytes, chunks: Iterable[bytes]) -> bytes:
    """SHA-256 over the registered prefix, 32 bytes of salt and the plaintext: what approvals sign, the opener checks.

    Salted, so that whoever may see the header but not the payload cannot try guesses against it.
    """
    return PayloadDigest(salt, b"".join(chunks)).digest()
