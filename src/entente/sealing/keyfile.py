"""The key file: a node's secrets under a passphrase (docs/spec/keyfile.md).

Bytes to bytes; who calls this reads and writes the file. Canonical JSON, so that an administrator can see what it is;
the secrets are one AES-256-GCM box under a key that Argon2id (RFC 9106) derives from the passphrase.
"""

import os
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from entente.sealing.canonical import NotCanonicalError, Wire, decode, decode_json, encode, encode_json
from entente.sealing.errors import BadKeyfileError, WrongPassphraseError
from entente.sealing.suites import prefixed

SALT: Final = 16
NONCE: Final = 12
KEY: Final = 32
MAX_KEYFILE: Final = 1024 * 1024
MAX_MEMORY_KIB: Final = 256 * 1024
MAX_PASSES: Final = 10
MAX_LANES: Final = 8

Cost = Literal["interactive", "light"]


class Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of Argon2id: memory in KiB, passes over it, and lanes."""

    name: Literal["argon2id"]
    memory_kib: int
    passes: int
    lanes: int


COSTS: Final[Mapping[Cost, Kdf]] = {
    "interactive": Kdf("argon2id", 64 * 1024, 3, 4),  # RFC 9106 section 4, second recommended option
    "light": Kdf("argon2id", 1024, 1, 1),  # of no use against a guesser: simulated nodes and exercises only
}


class _Keyfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["entente/keyfile/1"]
    kdf: Kdf
    salt: bytes
    nonce: bytes
    ciphertext: bytes


class _Header(Wire, frozen=True):
    schema: str
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes


class _Secrets(Wire, frozen=True):
    entries: tuple[tuple[str, bytes], ...]


def lock_keys(secrets: Mapping[str, bytes], passphrase: bytes, *, cost: Cost = "interactive") -> bytes:
    """The bytes of a key file that holds ``secrets`` by name.

    ``cost`` is ``interactive`` (64 MiB, three passes) for every real node; ``light`` is for simulated ones alone.

    Raises:
        WrongPassphraseError: the passphrase is empty.
    """
    kdf = COSTS[cost]
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    key = _derive(passphrase, kdf, salt)
    plain = encode(_Secrets(tuple(sorted(secrets.items()))))
    ciphertext = AESGCM(key).encrypt(nonce, plain, _context(kdf, salt))
    return encode_json(_Keyfile("entente/keyfile/1", kdf, salt, nonce, ciphertext))


def unlock_keys(data: bytes, passphrase: bytes) -> dict[str, bytes]:
    """The secrets in a key file.

    Parameters are bounded before any work is done, so that a file cannot ask for all the memory of the machine.

    Raises:
        BadKeyfileError: not a key file, or its parameters are out of bounds.
        WrongPassphraseError: the passphrase is empty or wrong, or the file was altered.
    """
    if len(data) > MAX_KEYFILE:
        raise BadKeyfileError(f"a key file has at most {MAX_KEYFILE} bytes")
    try:
        file = decode_json(_Keyfile, data)
    except NotCanonicalError as error:
        raise BadKeyfileError(str(error)) from error
    if len(file.salt) != SALT or len(file.nonce) != NONCE or not _reasonable(file.kdf):
        raise BadKeyfileError("the key file's parameters are out of bounds")
    key = _derive(passphrase, file.kdf, file.salt)
    try:
        plain = AESGCM(key).decrypt(file.nonce, file.ciphertext, _context(file.kdf, file.salt))
    except (InvalidTag, ValueError) as error:
        raise WrongPassphraseError("the passphrase does not open this key file, or the file was altered") from error
    try:
        return dict(decode(_Secrets, plain).entries)
    except NotCanonicalError as error:
        raise BadKeyfileError("the key file opens and does not hold keys") from error


def _reasonable(kdf: Kdf) -> bool:
    return (
        1 <= kdf.lanes <= MAX_LANES
        and 1 <= kdf.passes <= MAX_PASSES
        and 8 * kdf.lanes <= kdf.memory_kib <= MAX_MEMORY_KIB
    )


def _derive(passphrase: bytes, kdf: Kdf, salt: bytes) -> bytes:
    if not passphrase:
        raise WrongPassphraseError("an empty passphrase protects nothing")
    argon2id = Argon2id(salt=salt, length=KEY, iterations=kdf.passes, lanes=kdf.lanes, memory_cost=kdf.memory_kib)
    return argon2id.derive(passphrase)


def _context(kdf: Kdf, salt: bytes) -> bytes:
    header = _Header("entente/keyfile/1", kdf.memory_kib, kdf.passes, kdf.lanes, salt)
    return prefixed("keyfile", encode(header))
