"""Checking one log of an evidence file by itself: entries, tree, checkpoints, keys (docs/spec/evidence.md, step 4).

Everything is recomputed from the bytes in the file and one root card. A fault is named by the first entry that it can
be narrowed down to: exactly where an entry contradicts itself or its neighbours; else by the range between two roots,
the last that agrees and the first that does not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from entente.domain.agreement.instants import MAX_INSTANT
from entente.record.checkpoint import CheckpointError, Note, cosigner_name, parse_note, verify_cosignature
from entente.record.envelope import Envelope
from entente.record.errors import BackdatedError, ForkError, GapError, LogError, MalformedError
from entente.record.evidence import LogEvidence
from entente.record.frames import Entries
from entente.record.log import CheckedEntry, LogHead, Walk, signed_checkpoint
from entente.record.merkle import Frontier, leaf_hash
from entente.record.report import Bad, Cosigner
from entente.record.trust import KeyHistory

ANY_TIME = MAX_INSTANT
"""Offline there is no clock: nothing is future-dated here that the calendar can name."""
STEP = 4


@dataclass
class CheckedLog:
    """A log up to ``stopped``, the first entry that did not pass (None: all did).

    ``history`` holds its keys by position, ``roots`` the root of every size once one was asked for.
    """

    evidence: LogEvidence
    head: LogHead
    history: KeyHistory
    entries: list[CheckedEntry]
    stopped: LogError | None = None
    roots: list[bytes] = field(default_factory=list)
    cosigners: list[Cosigner] = field(default_factory=list)
    unchecked: dict[str, int] = field(default_factory=dict)
    """Parties that have cosigned and of which the file holds no key, with the most entries that they cosigned."""

    @property
    def envelopes(self) -> Iterable[Envelope]:
        """The log's envelopes in order."""
        return (entry.envelope for entry in self.entries)

    def root_at(self, size: int) -> bytes:
        """The root over the first ``size`` entries; all are computed at the first question, in one pass."""
        if not self.roots:
            frontier = Frontier()
            self.roots = [frontier.root()]
            for entry in self.entries:
                frontier = frontier.append(entry.leaf)
                self.roots.append(frontier.root())
        return self.roots[size]

    def bad(self, code: str, text: str, seq: int | None, last: int | None = None, *, step: int = STEP) -> Bad:
        """A finding about this log."""
        return Bad(
            step=step, log=self.evidence.origin, seq=seq, last=seq if last is None else last, code=code, text=text
        )


def check_log(evidence: LogEvidence, history: KeyHistory) -> CheckedLog:
    """Every entry of one log, up to the first that does not pass."""
    walk = Walk(LogHead(evidence.agreement, evidence.writer, evidence.incarnation), history)
    entries: list[CheckedEntry] = []
    stopped: LogError | None = None
    try:
        for frame in evidence.frames:
            _take(walk, entries, frame)
    except LogError as error:
        stopped = error
    return CheckedLog(evidence, walk.head(), walk.history, entries, stopped)


def _take(walk: Walk, entries: list[CheckedEntry], frame: Entries) -> None:
    if not 0 <= frame.first <= walk.size:
        raise GapError(f"entries {walk.size} to {frame.first - 1} are missing", walk.size)
    for seq, delivery in enumerate(frame.deliveries, frame.first):
        if delivery.wrap is not None or any(body is not None and body.sealed for body in delivery.bodies):
            raise MalformedError(f"entry {seq} carries a wrap or a sealed body, which nothing here could check", seq)
        if seq == walk.size:
            entries.append(walk.take(delivery, now_max=ANY_TIME))
        elif leaf_hash(delivery.envelope) != entries[seq].leaf:
            raise ForkError(f"the file holds two different entries {seq} of this log", seq, "", frame.checkpoint)


def check_notes(log: CheckedLog, seen: Sequence[tuple[int, bytes]]) -> list[Bad]:
    """Every checkpoint of a log against the recomputed tree, smallest first, and that the newest covers all of it.

    ``seen`` are (size, root) of this log as the other parties' entries name them; they only help to name the entry.
    """
    bad = list(_malformed(log))
    covered = 0
    for text in sorted((text for text in log.evidence.notes if _claimed_size(text) >= 0), key=_claimed_size):
        try:
            checkpoint = signed_checkpoint(log.head, log.history, text, seq=covered)
        except LogError as error:
            if log.stopped is None:  # else the key that counts there may not be known
                bad.append(log.bad(error.code, str(error), error.seq, max(error.seq, _claimed_size(text) - 1)))
            continue
        if checkpoint.size > log.head.size:
            if log.stopped is None:
                missing = f"a checkpoint commits to {checkpoint.size} entries and the file holds {log.head.size}"
                bad.append(log.bad("TRUNCATED", missing, log.head.size, checkpoint.size - 1))
        elif log.root_at(checkpoint.size) == checkpoint.root:
            covered = max(covered, checkpoint.size)
        elif checkpoint.size <= covered:
            text = f"{log.evidence.writer} signed two different histories of {checkpoint.size} entries"
            bad.append(log.bad("FORK", text, 0, checkpoint.size - 1))
        else:
            first, last = _narrow(log, seen, covered, checkpoint.size)
            bad.append(log.bad("BAD_ROOT", "the checkpoint is not of the entries in the file", first, last))
    if log.stopped is not None:
        stopped = _where_stopped(log, log.stopped, seen, covered)
        bad.insert(0 if isinstance(log.stopped, ForkError) else len(bad), stopped)
    elif covered < log.head.size and not bad:
        bad.append(log.bad("UNCOVERED", "no checkpoint commits to these entries", covered, log.head.size - 1))
    return bad


def _where_stopped(log: CheckedLog, error: LogError, seen: Sequence[tuple[int, bytes]], covered: int) -> Bad:
    """The first entry that did not pass; where one before it may be the wrong one, the range to the last good root."""
    if not isinstance(error, BackdatedError):
        return log.bad(error.code, str(error), error.seq)
    first, last = _narrow(log, seen, covered, error.seq + 1)
    return log.bad(error.code, str(error), first, last)


def _malformed(log: CheckedLog) -> Iterator[Bad]:
    """Notes that cannot be read: one that stands with entries is named by them, a cosigned one by the log alone."""
    for frame in log.evidence.frames:
        if frame.checkpoint and _claimed_size(frame.checkpoint) < 0:
            last = max(frame.first, frame.first + len(frame.deliveries) - 1)
            yield log.bad("MALFORMED", "the checkpoint given with these entries is no checkpoint", frame.first, last)
    for text in log.evidence.cosigned:
        if _claimed_size(text) < 0:
            yield log.bad("MALFORMED", "a cosigned checkpoint is no checkpoint", None)


def _claimed_size(text: str) -> int:
    """The size a note claims, -1 where it is none."""
    try:
        return parse_note(text).checkpoint.size
    except CheckpointError:
        return -1


def _narrow(log: CheckedLog, seen: Sequence[tuple[int, bytes]], low: int, high: int) -> tuple[int, int]:
    """The first and last entry between which the fault must lie, from what the others saw of the log on the way."""
    for size, root in sorted(seen):
        if low < size < high:
            if log.root_at(size) != root:
                high = size
                break
            low = size
    return low, high - 1


def check_cosignatures(log: CheckedLog, histories: Mapping[str, Sequence[KeyHistory]]) -> list[Bad]:
    """Every line under every checkpoint but the log's own: a cosignature by a party, or something that is out of place.

    A cosignature has no position in the cosigner's log, so any of its cosigning keys counts, also one that a later
    entry names: who renewed its keys before it wrote anything here has cosigned with them first. ``histories`` has
    every party whose root was given. Of one that states no key in the file nothing can be checked; nothing is counted.
    """
    bad: list[Bad] = []
    held: dict[str, Cosigner] = {}
    agreement = log.evidence.agreement
    parties = {cosigner_name(agreement, party): party for party in histories if party != log.evidence.writer}
    for text in log.evidence.notes:
        try:
            note = parse_note(text)
        except CheckpointError:
            continue  # named by check_notes
        for line in note.signatures:
            if line.name == log.evidence.origin:
                continue
            party = parties.get(line.name)
            if party is None:
                bad.append(
                    log.bad("UNKNOWN_SIGNER", f"a line by {line.name}, which is no party's cosigning name", None)
                )
                continue
            if not any(history.statements for history in histories[party]):
                log.unchecked[party] = max(note.checkpoint.size, log.unchecked.get(party, 0))
                continue
            alone = Note(note.checkpoint, (line,)).text()  # a good line does not speak for another beside it
            cosigner = _cosigner(alone, note.checkpoint.size, line.name, party, histories[party])
            if cosigner is None:
                bad.append(log.bad("BAD_COSIGNATURE", f"a cosignature by {party} does not verify", None))
            elif party not in held or held[party].size < cosigner.size:
                held[party] = cosigner
    log.cosigners = list(held.values())
    return bad


def _cosigner(text: str, size: int, name: str, party: str, histories: Sequence[KeyHistory]) -> Cosigner | None:
    keys = {statement.cosign for history in histories for statement in history.statements}
    for key in keys:
        try:
            return Cosigner(party=party, size=size, time_s=verify_cosignature(text, key, name))
        except CheckpointError:
            continue
    return None
