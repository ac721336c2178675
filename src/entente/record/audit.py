"""Checking one log of an evidence file by itself: entries, tree, checkpoints, keys (docs/spec/evidence.md, step 4).

Everything is recomputed from the bytes in the file and one root card. A fault is named by the first entry that it can
be narrowed down to: exactly where an entry contradicts itself or its neighbours; else by the range between two roots,
the last that agrees and the first that does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from entente.record.checkpoint import CheckpointError, cosigner_name, parse_note, verify_cosignature
from entente.record.envelope import Envelope
from entente.record.errors import LogError
from entente.record.evidence import LogEvidence
from entente.record.log import CheckedEntry, LogHead, check_entry, signed_checkpoint
from entente.record.merkle import Frontier, leaf_hash
from entente.record.report import Bad, Cosigner
from entente.record.trust import KeyHistory

ANY_TIME = 2**63
"""Offline there is no clock: nothing is future-dated here."""
STEP = 4


@dataclass
class CheckedLog:
    """A log of which every entry passed; ``history`` holds its keys by position, ``roots`` those asked for by size."""

    evidence: LogEvidence
    head: LogHead
    history: KeyHistory
    entries: list[CheckedEntry] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)
    cosigners: list[Cosigner] = field(default_factory=list)

    @property
    def envelopes(self) -> Iterable[Envelope]:
        """The log's envelopes in order."""
        return (entry.envelope for entry in self.entries)

    def root_at(self, size: int) -> bytes:
        """The root over the first ``size`` entries, recomputed once."""
        if size not in self.roots:
            self.roots[size] = Frontier().extend(entry.leaf for entry in self.entries[:size]).root()
        return self.roots[size]

    def bad(self, code: str, text: str, seq: int | None, last: int | None = None, *, step: int = STEP) -> Bad:
        """A finding about this log."""
        return Bad(
            step=step, log=self.evidence.origin, seq=seq, last=seq if last is None else last, code=code, text=text
        )


def check_log(evidence: LogEvidence, history: KeyHistory) -> tuple[CheckedLog, Bad | None]:
    """Every entry of one log, up to the first that does not pass."""
    head = LogHead(evidence.agreement, evidence.writer, evidence.incarnation)
    log = CheckedLog(evidence, head, history)
    for frame in evidence.frames:
        if frame.first > log.head.size or frame.first < 0:
            gap = f"entries {log.head.size} to {frame.first - 1} are missing"
            return log, log.bad("GAP", gap, log.head.size)
        for offset, delivery in enumerate(frame.deliveries):
            seq = frame.first + offset
            if seq < log.head.size:
                if leaf_hash(delivery.envelope) != log.entries[seq].leaf:
                    return log, log.bad("FORK", f"the file holds two different entries {seq} of this log", seq)
                continue
            try:
                entry, log.head, log.history = check_entry(log.head, log.history, delivery, now_max=ANY_TIME)
            except LogError as error:
                return log, log.bad(error.code, str(error), error.seq)
            log.entries.append(entry)
    return log, None


def check_notes(log: CheckedLog, seen: Sequence[tuple[int, bytes]]) -> list[Bad]:
    """Every checkpoint of a log against the recomputed tree, smallest first, and that the newest covers all of it.

    ``seen`` are (size, root) of this log as the other parties' entries name them; they only help to name the entry.
    """
    bad: list[Bad] = []
    covered = 0
    for text in sorted(log.evidence.notes, key=_claimed_size):
        try:
            checkpoint = signed_checkpoint(log.head, log.history, text, seq=covered)
        except LogError as error:
            bad.append(log.bad(error.code, str(error), error.seq, max(error.seq, _claimed_size(text) - 1)))
            continue
        if checkpoint.size > log.head.size:
            missing = f"a checkpoint commits to {checkpoint.size} entries and the file holds {log.head.size}"
            bad.append(log.bad("TRUNCATED", missing, log.head.size, checkpoint.size - 1))
        elif log.root_at(checkpoint.size) != checkpoint.root:
            first, last = _narrow(log, seen, covered, checkpoint.size)
            bad.append(log.bad("BAD_ROOT", "the checkpoint is not of the entries in the file", first, last))
        else:
            covered = max(covered, checkpoint.size)
    if covered < log.head.size and not bad:
        bad.append(log.bad("UNCOVERED", "no checkpoint commits to these entries", covered, log.head.size - 1))
    return bad


def _claimed_size(text: str) -> int:
    try:
        return parse_note(text).checkpoint.size
    except CheckpointError:
        return 0


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

    A cosignature has no position in the cosigner's log, so any of its cosigning keys counts.
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
            cosigner = _cosigner(text, note.checkpoint.size, line.name, party, histories[party])
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
