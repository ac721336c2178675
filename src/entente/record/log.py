"""Extending a party's log as held (docs/spec/record.md, "Checks on receipt"). Sans I/O: bytes in, a decision out.

What may be kept of a log is decided here, entry by entry, and says nothing about what an entry *means*: well-formed
envelopes are kept whatever they say, then accepted or refused. A fault here is the writer's or the carrier's: nothing
of the frame is kept, nothing is cosigned, and the log pauses under the error's code.

Checks, in this order:

1. the frame is of the agreement, writer and incarnation of the log (``WRONG_LOG``);
2. it begins where the log ends (``GAP``), or the entries that are held already are the same bytes (``FORK`` where
   the writer signed other ones, else as for 7);
3. each envelope is canonical (``MALFORMED``, ``UNKNOWN_SUITE``), of this log (``WRONG_LOG``) and in sequence
   (``OUT_OF_ORDER``);
4. instants never decrease, those of formal acts increase (``OUT_OF_ORDER``), none lies in the future (``FUTURE``);
5. bodies given in clear are those the envelope commits to (``BODY_MISMATCH``), and of kinds that go to all each is
   given in clear (``BODY_MISSING``);
6. the first entry is a key statement, and every key statement is by the party's root (``BAD_KEYS``, ``BAD_SIGNATURE``);
7. the checkpoint is of this log (``WRONG_LOG``), canonical (``MALFORMED``), by the key valid at its last entry
   (``BAD_SIGNATURE``), of the size and root recomputed here (``BAD_ROOT``; ``FORK`` with the one held).

The caller still owes: making the entries durable before it cosigns, and asking what each entry means.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from entente.record.bodies import SignedKeys
from entente.record.checkpoint import (
    Checkpoint,
    CheckpointError,
    origin,
    parse_note,
    signed_alone,
    verify_checkpoint,
)
from entente.record.envelope import KINDS_TO_ALL, Delivery, Envelope, open_body, parse_envelope
from entente.record.errors import (
    BackdatedError,
    BadKeysError,
    BadLogSignatureError,
    BadRootError,
    BodyMismatchError,
    BodyMissingError,
    ForkError,
    FutureError,
    GapError,
    LogError,
    MalformedError,
    OutOfOrderError,
    UnknownSuiteError,
    WrongLogError,
)
from entente.record.frames import Entries
from entente.record.merkle import Frontier, leaf_hash
from entente.record.trust import KeyHistory
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import BadSignatureError, SealingError
from entente.sealing.suites import SUITE

__all__ = [
    "CheckedEntry",
    "Extension",
    "LogError",
    "LogHead",
    "check_entries",
    "signed_checkpoint",
]


class LogHead(NamedTuple):
    """One log as held. Instants in ms since the epoch, -1 before the first; ``checkpoint`` the newest signed note."""

    agreement: bytes
    writer: str
    incarnation: str
    frontier: Frontier = Frontier()
    last_instant: int = -1
    last_act_instant: int = -1
    checkpoint: str = ""

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.frontier.size

    @property
    def origin(self) -> str:
        """The log's identity in its checkpoints."""
        return origin(self.agreement, self.writer, self.incarnation)


class CheckedEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry that passed: parsed once, its leaf hash, as carried, and its bodies (None: sealed or withheld)."""

    envelope: Envelope
    leaf: bytes
    delivery: Delivery
    bodies: tuple[bytes | None, ...]


class Extension(NamedTuple):
    """What a frame adds to a log: the new entries, the head and the keys after them. Nothing is kept until stored."""

    parsed: tuple[CheckedEntry, ...]
    head: LogHead
    history: KeyHistory


HeldLeaf = Callable[[int], bytes]
"""sequence number of an entry held -> its leaf hash"""


def _nothing_held(seq: int) -> bytes:
    raise LookupError(seq)


def check_entries(
    head: LogHead, frame: Entries, history: KeyHistory, *, now_max: int, held_leaf: HeldLeaf = _nothing_held
) -> Extension:
    """Check that a frame extends the log at ``head`` (steps 1 to 7 above).

    ``now_max`` is the latest instant, in ms since the epoch, that is not future-dated here: the clock plus the skew
    that the terms allow. ``held_leaf`` is asked for entries that the frame repeats; without it an overlap is a gap. A
    frame that repeats entries and ends before the log does changes nothing, and its checkpoint is not looked at.

    Raises:
        LogError: one of its subclasses; the log stays as it was.
    """
    _check_frame(head, frame)
    known = _check_overlap(head, history, frame, held_leaf)
    if frame.first + len(frame.deliveries) < head.size:
        return Extension((), head, history)
    fresh = frame.deliveries[known:]
    walk = Walk(head, history)
    parsed = tuple([walk.take(delivery, now_max=now_max) for delivery in fresh])
    after = walk.head()
    note = _check_note(head, after, walk.history, frame.checkpoint)
    return Extension(parsed, after._replace(checkpoint=note), walk.history)


def _check_frame(head: LogHead, frame: Entries) -> None:
    """Step 1, and that the frame holds something to check (an empty one is a bare checkpoint)."""
    if (frame.agreement, frame.writer, frame.incarnation) != (head.agreement, head.writer, head.incarnation):
        raise WrongLogError(f"a frame of {frame.writer}/{frame.incarnation}, not of {head.origin}", head.size)
    if frame.first < 0:
        raise MalformedError("a frame begins before the first entry", 0)


def _check_overlap(head: LogHead, history: KeyHistory, frame: Entries, held_leaf: HeldLeaf) -> int:
    """Step 2; returns how many of the frame's entries are held already."""
    if frame.first > head.size:
        raise GapError(f"entries {head.size} to {frame.first - 1} are missing", head.size)
    known = min(head.size - frame.first, len(frame.deliveries))
    for offset, delivery in enumerate(frame.deliveries[:known]):
        seq = frame.first + offset
        try:
            leaf = held_leaf(seq)
        except LookupError:
            raise GapError(f"entry {seq} is repeated and cannot be compared; entry {head.size} is next", seq) from None
        if leaf != leaf_hash(delivery.envelope):
            _check_offered(head, history, frame, held_leaf, seq)
            raise _fork(head, frame.checkpoint, seq, f"entry {seq} is another than the one held")
    return known


def _check_offered(head: LogHead, history: KeyHistory, frame: Entries, held_leaf: HeldLeaf, seq: int) -> None:
    """Return if the writer itself signed the other history; bytes that a carrier altered accuse nobody."""
    checkpoint = signed_checkpoint(head, history, frame.checkpoint, seq=seq)
    offered = Frontier().extend(held_leaf(before) for before in range(frame.first))
    offered = offered.extend(leaf_hash(delivery.envelope) for delivery in frame.deliveries)
    if (checkpoint.size, checkpoint.root) != (offered.size, offered.root()):
        raise BadRootError(f"entry {seq} is another than the one held, and the writer did not sign it", seq)


def _fork(head: LogHead, offered: str, seq: int, text: str) -> ForkError:
    return ForkError(f"{head.writer} shows two histories: {text}", seq, head.checkpoint, offered)


class Walk:
    """A log being checked entry by entry: steps 3 to 6. Also what offline verification walks with.

    ``history`` are the keys after the entries taken so far, ``size`` is the number of the next entry.
    """

    __slots__ = ("_last_act", "_last_instant", "_leaves", "_name", "_start", "history", "size")

    def __init__(self, head: LogHead, history: KeyHistory) -> None:
        self._start = head
        self._name = (head.agreement, head.writer, head.incarnation)
        self._leaves: list[bytes] = []
        self._last_instant = head.last_instant
        self._last_act = head.last_act_instant
        self.history = history
        self.size = head.size

    def take(self, delivery: Delivery, *, now_max: int) -> CheckedEntry:
        """Check the next entry and take it.

        Raises:
            LogError: the entry is not to be kept; the walk stands where it stood.
        """
        seq = self.size
        envelope = _parse(delivery.envelope, seq)
        if (envelope.agreement, envelope.writer, envelope.incarnation) != self._name:
            raise WrongLogError(f"entry {seq} is of {envelope.writer}/{envelope.incarnation}", seq)
        if envelope.seq != seq:
            raise OutOfOrderError(f"entry {envelope.seq} stands where entry {seq} is due", seq)
        self._check_instant(envelope, now_max)
        bodies = _open_bodies(envelope, delivery)
        leaf = leaf_hash(delivery.envelope)
        if envelope.kind == "keys" or seq == 0:
            self.history = _check_keys(self.history, envelope, bodies)
        self._last_instant = envelope.instant
        if envelope.kind == "act":
            self._last_act = envelope.instant
        self._leaves.append(leaf)
        self.size += 1
        return CheckedEntry(envelope, leaf, delivery, bodies)

    def _check_instant(self, envelope: Envelope, now_max: int) -> None:
        """Step 4; that a writer's acts have strictly increasing instants is lifecycle 1."""
        seq = envelope.seq
        if envelope.instant < self._last_instant:
            raise BackdatedError(f"entry {seq} is dated before entry {seq - 1}", seq)
        if envelope.kind == "act" and envelope.instant <= self._last_act:
            raise BackdatedError(f"the act in entry {seq} is not dated after the writer's act before it", seq)
        if envelope.instant > now_max:
            late = envelope.instant - now_max
            raise FutureError(f"entry {seq} is dated {late} ms after the latest instant allowed", seq)

    def head(self) -> LogHead:
        """The log after the entries taken so far, not yet covered by a checkpoint."""
        return self._start._replace(
            frontier=self._start.frontier.extend(self._leaves),
            last_instant=self._last_instant,
            last_act_instant=self._last_act,
        )


def _parse(data: bytes, seq: int) -> Envelope:
    """Step 3; a suite that is unknown is told apart, since its remedy is another."""
    try:
        return parse_envelope(data)
    except NotCanonicalError as error:
        try:
            suite = decode(Envelope, data).suite
        except NotCanonicalError:
            suite = SUITE
        kind = MalformedError if suite == SUITE else UnknownSuiteError
        raise kind(f"entry {seq}: {error}", seq) from error


def _open_bodies(envelope: Envelope, delivery: Delivery) -> tuple[bytes | None, ...]:
    """Step 5."""
    seq = envelope.seq
    opened: list[bytes | None] = []
    if len(delivery.bodies) != len(envelope.bodies):
        raise MalformedError(f"entry {seq} has {len(envelope.bodies)} bodies and {len(delivery.bodies)} places", seq)
    for ref, body in zip(envelope.bodies, delivery.bodies, strict=True):
        if body is None or body.sealed:
            if envelope.kind in KINDS_TO_ALL:
                text = f"entry {seq} is of kind {envelope.kind} and came without its body in clear"
                raise BodyMissingError(text, seq)
            opened.append(None)
            continue
        try:
            opened.append(open_body(ref, body.data))
        except NotCanonicalError as error:
            raise BodyMismatchError(f"entry {seq}: {error}", seq) from error
    return tuple(opened)


def _check_keys(history: KeyHistory, envelope: Envelope, bodies: tuple[bytes | None, ...]) -> KeyHistory:
    """Step 6."""
    seq = envelope.seq
    if envelope.kind != "keys":
        raise BadKeysError(f"the log begins with an entry of kind {envelope.kind}, not with a key statement", seq)
    try:
        signed = decode(SignedKeys, bodies[0] or b"")
        return history.apply(seq, signed.statement, signed.signature)
    except NotCanonicalError as error:
        raise MalformedError(f"entry {seq}: {error}", seq) from error
    except BadSignatureError as error:
        raise BadLogSignatureError(f"entry {seq}: {error}", seq) from error
    except SealingError as error:
        raise BadKeysError(f"entry {seq}: {error}", seq) from error


def _check_note(before: LogHead, after: LogHead, history: KeyHistory, text: str) -> str:
    """Step 7; returns the checkpoint under its writer's line alone, which is what the checks were about."""
    if after.size == 0:
        raise GapError("the log is empty and the frame brings nothing", 0)
    checkpoint = signed_checkpoint(after, history, text, seq=before.size)
    if checkpoint.size != after.size:
        raise BadRootError(f"a checkpoint of {checkpoint.size} entries over {after.size}", before.size)
    if checkpoint.root == after.frontier.root():
        return signed_alone(text, history.checkpoint_key(after.size) or b"")
    if before.size == after.size:
        raise _fork(before, text, before.size - 1, f"two roots of {before.size} entries")
    raise BadRootError(f"the checkpoint of {after.size} entries has another root than they give", before.size)


def signed_checkpoint(head: LogHead, history: KeyHistory, text: str, *, seq: int) -> Checkpoint:
    """What a checkpoint of this log says, once it is signed by the key valid at its last entry.

    ``seq`` is the first entry that the checkpoint would newly vouch for, named in errors.

    Raises:
        LogError: malformed, of another log, or not signed by that key.
    """
    try:
        claimed = parse_note(text).checkpoint
    except CheckpointError as error:
        raise MalformedError(f"the checkpoint: {error}", seq) from error
    if claimed.origin != head.origin:
        raise WrongLogError(f"the checkpoint is of {claimed.origin}, not of {head.origin}", seq)
    key = history.checkpoint_key(claimed.size)
    if key is None:
        raise BadLogSignatureError("no key is valid for the checkpoint", seq)
    try:
        return verify_checkpoint(text, key, head.origin)
    except CheckpointError as error:
        raise BadLogSignatureError(f"the checkpoint: {error}", seq) from error
