"""Sealing a stream of bytes to one party, from one party: what a bundle is made of (docs/spec/bundle.md).

A fresh stream key goes to the recipient's sealing key with hybrid HPKE; the bytes follow in 1 MiB segments under
the STREAM construction (:func:`entente.sealing.seal.seal_segment`). HPKE does not say who sealed: what is inside must
prove itself.
"""

import os
import re
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from entente.sealing.canonical import Wire, encode
from entente.sealing.errors import BadKeyError, NotOpenedError
from entente.sealing.seal import KEY, SealingKey, SealingPublic
from entente.sealing.suites import SUITE, prefixed

_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PARTY: Final = 64
_PARTY_ID = re.compile(r"[a-z0-9-]{1,64}\Z")


class _StreamContext(Wire, frozen=True):
    suite: str
    key: bytes


class StreamKey(NamedTuple):
    """The key of one stream, and who it is from and for as its writer says."""

    key: bytes
    writer: str
    recipient: str

    def __repr__(self) -> str:
        return f"<StreamKey {self.writer} to {self.recipient}>"


def new_stream(to: SealingPublic, *, writer: str, recipient: str) -> tuple[bytes, bytes]:
    """A fresh stream key and what to send of it: ``(key, sealed)``.

    What is sealed has the same length whoever the parties are: their ids travel inside, padded with zeros to 64 bytes.

    Raises:
        BadKeyError: ``to`` is not a public key.
        ValueError: an id is not a party id.
    """
    key = os.urandom(KEY)
    public = to.to_hpke()
    plain = key + _pad(writer) + _pad(recipient)
    try:
        return key, _HPKE.encrypt(plain, public, _info(to.id))
    except ValueError as error:
        raise BadKeyError("nothing can be sealed to this sealing key") from error


def open_stream(key: SealingKey, sealed: bytes) -> StreamKey:
    """The stream key and its parties, as :func:`new_stream` sealed them; the caller checks that it is the recipient.

    Raises:
        NotOpenedError: altered, or sealed to another key.
    """
    plain = key.open_hpke(sealed, _info(key.public.id))
    if len(plain) != KEY + 2 * _PARTY:
        raise NotOpenedError("the stream key is not of its length")
    return StreamKey(plain[:KEY], _unpad(plain[KEY : KEY + _PARTY]), _unpad(plain[KEY + _PARTY :]))


def _info(key: bytes) -> bytes:
    return prefixed("stream", encode(_StreamContext(SUITE, key)))


def _pad(party: str) -> bytes:
    if not _PARTY_ID.match(party):
        raise ValueError(f"{party!r} is not a party id")
    return party.encode().ljust(_PARTY, b"\0")


def _unpad(field: bytes) -> str:
    party = field.rstrip(b"\0").decode("latin-1")
    if not _PARTY_ID.match(party):
        raise NotOpenedError("the stream key names no party")
    return party
