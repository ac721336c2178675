"""Checkpoints and cosignatures (docs/spec/checkpoint.md): C2SP tlog-checkpoint, signed-note and cosignature/v1.

A checkpoint commits a party to the first n entries of one of its logs. A cosignature on it is another party's proof
that it holds them. Both are lines of text that any transparency-log tool can check. Nothing here is trusted before
:func:`verify_checkpoint` or :func:`verify_cosignature` has returned; a note is read only if writing it again gives the
same characters.
"""

import base64
import hashlib
from functools import lru_cache
from typing import NamedTuple

from entente.record.merkle import HASH, MAX_SIZE
from entente.sealing.errors import BadSignatureError
from entente.sealing.signing import NodeKey, verify_node

MAX_NOTE = 16 * 1024
"""Characters of a note; sixteen Ed25519 lines with the longest names take less than half of it."""
MAX_SIGNATURES = 16
"""Signature lines that signed-note asks every verifier to accept."""

_DASH = "\u2014 "
_ED25519 = b"\x01"
_COSIGNATURE_V1 = b"\x04"
_KEY_ID = 4
_TIMESTAMP = 8


class CheckpointError(ValueError):
    """A note that is not well-formed, is of another log, or is not signed by the key expected."""


class Checkpoint(NamedTuple):
    """What a note commits to: the log's origin, its number of entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The note's text: three lines, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


class SignatureLine(NamedTuple):
    """One line under a note: the key's name, its id, and the signature's bytes (after a timestamp in a cosignature)."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """The line as written, with its newline."""
        return f"{_DASH}{self.name} {_base64(self.key_id + self.blob)}\n"


class Note(NamedTuple):
    """A parsed note. None of its signatures has been verified."""

    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]

    def text(self) -> str:
        """The note's only spelling."""
        return self.checkpoint.body() + "\n" + "".join(signature.line() for signature in self.signatures)


def origin(agreement: bytes, party: str, incarnation: str) -> str:
    """The identity of one log: ``entente/<agreement digest>/<party>/<incarnation>``."""
    return f"entente/{agreement.hex()}/{party}/{incarnation}"


def cosigner_name(agreement: bytes, party: str) -> str:
    """The key name under which a party cosigns the others' logs of an agreement; no origin has this form."""
    return f"entente/{agreement.hex()}/{party}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise CheckpointError(f"the {what} is not base64") from error


@lru_cache(maxsize=4096)
def _check_name(name: str, what: str) -> None:
    if not name or "+" in name or any(character.isspace() or not character.isprintable() for character in name):
        raise CheckpointError(f"the {what} is empty or holds a space, a plus sign or a control character")


@lru_cache(maxsize=256)
def parse_note(text: str) -> Note:
    """Parse a signed checkpoint, verifying no signature; one that was parsed a moment ago is not parsed again.

    Raises:
        CheckpointError: too long; not three lines of text, a blank line and 1 to 16 signature lines; a line in another
            spelling than the canonical one; two lines by one key.
    """
    if len(text) > MAX_NOTE:
        raise CheckpointError(f"a note of {len(text)} characters; at most {MAX_NOTE}")
    lines = text.split("\n")
    if len(lines) < 6 or lines[3] or lines[-1]:
        raise CheckpointError(
            "not a checkpoint: three lines, a blank line and signature lines, each ended by a newline"
        )
    checkpoint = _parse_body(lines[0], lines[1], lines[2])
    if len(lines) - 5 > MAX_SIGNATURES:
        raise CheckpointError(f"{len(lines) - 5} signature lines; at most {MAX_SIGNATURES}")
    note = Note(checkpoint, tuple(_parse_signature(line) for line in lines[4:-1]))
    if len({(signature.name, signature.key_id) for signature in note.signatures}) != len(note.signatures):
        raise CheckpointError("two signature lines are by one key")
    if note.text() != text:
        raise CheckpointError("the note is not in its canonical spelling")
    return note


def _parse_body(name: str, digits: str, root: str) -> Checkpoint:
    _check_name(name, "origin")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(MAX_SIZE)) or int(digits) > MAX_SIZE:
        raise CheckpointError("the tree size is not a decimal number in range")
    decoded = _unbase64(root, "root hash")
    if len(decoded) != HASH:
        raise CheckpointError(f"a root hash of {len(decoded)} bytes; it has {HASH}")
    return Checkpoint(name, int(digits), decoded)


def _parse_signature(line: str) -> SignatureLine:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    _check_name(name, "key name")
    blob = _unbase64(encoded, "signature")
    if len(blob) <= _KEY_ID:
        raise CheckpointError("a signature line holds no signature")
    return SignatureLine(name, blob[:_KEY_ID], blob[_KEY_ID:])


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The short id of a key: SHA-256 over name, newline, type byte and public key, cut to 4 bytes (signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:_KEY_ID]


def _signature_by(note: Note, name: str, kind: bytes, public: bytes) -> bytes:
    wanted = (name, key_id(name, kind, public))
    for signature in note.signatures:
        if (signature.name, signature.key_id) == wanted:
            return signature.blob
    raise CheckpointError(f"no signature by the key {name} that is valid here")


def _verify(public: bytes, signature: bytes, message: str, name: str) -> None:
    try:
        verify_node(public, signature, message.encode())
    except BadSignatureError as error:
        raise CheckpointError(f"the signature by {name} does not verify") from error


def sign_checkpoint(checkpoint: Checkpoint, key: NodeKey) -> str:
    """The signed note of a checkpoint, by the log's own key; the key's name is the origin."""
    name = checkpoint.origin
    signature = SignatureLine(name, key_id(name, _ED25519, key.public), key.sign(checkpoint.body().encode()))
    return Note(checkpoint, (signature,)).text()


def verify_checkpoint(text: str, public: bytes, expected_origin: str) -> Checkpoint:
    """The checkpoint, once the note is of that log and signed by that Ed25519 key.

    Lines by other keys are ignored here (signed-note); they are cosignatures, or nothing.

    Raises:
        CheckpointError: malformed, of another log, or not signed by the key.
    """
    note = parse_note(text)
    if note.checkpoint.origin != expected_origin:
        raise CheckpointError(f"the checkpoint is of {note.checkpoint.origin}, not of {expected_origin}")
    signature = _signature_by(note, expected_origin, _ED25519, public)
    _verify(public, signature, note.checkpoint.body(), expected_origin)
    return note.checkpoint


def signed_alone(text: str, public: bytes) -> str:
    """A checkpoint that was verified, with the line of its log's key and no other.

    Nobody vouches for the other lines, and a holder that kept them would hand them on as if it did.
    """
    return cosigned_alone(text, public, None, "")


def cosigned_alone(text: str, public: bytes, cosigner: bytes | None, name: str) -> str:
    """The same with the line of one cosigner beside it, which was verified too: ``name`` by the key ``cosigner``."""
    note = parse_note(text)
    wanted = {(note.checkpoint.origin, key_id(note.checkpoint.origin, _ED25519, public))}
    if cosigner is not None:
        wanted.add((name, key_id(name, _COSIGNATURE_V1, cosigner)))
    return Note(note.checkpoint, tuple(line for line in note.signatures if line[:2] in wanted)).text()


def _cosigned_message(checkpoint: Checkpoint, time_s: int) -> str:
    return f"cosignature/v1\ntime {time_s}\n{checkpoint.body()}"


def cosign(text: str, key: NodeKey, name: str, time_s: int) -> str:
    """The note with one more line: a cosignature/v1 at ``time_s`` (seconds since 1970-01-01T00:00Z).

    The caller has verified the checkpoint and made its entries durable: that is what the line states.

    Raises:
        CheckpointError: the note is malformed, full, or has a line by this key already; the time is out of range.
    """
    note = parse_note(text)
    if not 0 <= time_s < 2**63:
        raise CheckpointError(f"{time_s} is no time that a cosignature can state")
    blob = time_s.to_bytes(_TIMESTAMP, "big") + key.sign(_cosigned_message(note.checkpoint, time_s).encode())
    line = SignatureLine(name, key_id(name, _COSIGNATURE_V1, key.public), blob)
    cosigned = Note(note.checkpoint, (*note.signatures, line)).text()
    parse_note(cosigned)
    return cosigned


def verify_cosignature(text: str, public: bytes, name: str) -> int:
    """The time, in seconds since the epoch, that the cosignature by that key states.

    It proves that the cosigner held the entries, not when: instants come from entries.

    Raises:
        CheckpointError: malformed, or not cosigned by the key under that name.
    """
    note = parse_note(text)
    blob = _signature_by(note, name, _COSIGNATURE_V1, public)
    time_s = int.from_bytes(blob[:_TIMESTAMP], "big")
    if len(blob) <= _TIMESTAMP or time_s >= 2**63:
        raise CheckpointError(f"the cosignature by {name} is malformed")
    _verify(public, blob[_TIMESTAMP:], _cosigned_message(note.checkpoint, time_s), name)
    return time_s


def has_cosignature(text: str, public: bytes, name: str) -> bool:
    """Whether a note has a line under that name and key, whatever it is worth.

    Raises:
        CheckpointError: the note is malformed.
    """
    wanted = (name, key_id(name, _COSIGNATURE_V1, public))
    return any((line.name, line.key_id) == wanted for line in parse_note(text).signatures)


def convicts(a: str, b: str, public: bytes, public_b: bytes | None = None) -> tuple[Checkpoint, Checkpoint] | None:
    """Two checkpoints by which a party contradicts its own signature: one log, one size, two roots. Else None.

    ``public_b`` is the key valid for ``b`` where it is another than ``a``'s. A note that is malformed or not signed by
    the log's key proves nothing against anyone.
    """
    try:
        first = verify_checkpoint(a, public, parse_note(a).checkpoint.origin)
        second = verify_checkpoint(b, public if public_b is None else public_b, first.origin)
    except CheckpointError:
        return None
    return (first, second) if first.size == second.size and first.root != second.root else None
