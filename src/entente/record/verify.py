"""Offline verification: a file and the root cards one was given separately, nothing else (docs/spec/evidence.md).

Steps, in this order:

1. The file and its frames are canonical, and of one agreement.
2. The agreement document is in it: its digest is the agreement's identity. Amending documents parse.
3. The roots given as arguments are those that every ``sign`` names; none is taken from the file.
4. Each log by itself: keys, envelopes, bodies, the tree recomputed, every checkpoint, every cosignature.
5. Every formal act is signed by an office that could bind the party at that position of its log.
6. Receipts refer to entries that exist and were seen; every head that a writer saw is the recomputed root.
7. The gate is asked again for every release and acceptance, as the party could know then; hindsight apart.
8. Both registers, and where they differ.

A step is not reached where an earlier one left it nothing to stand on. It shares no state with a node. What it cannot
show: that an instant is true (both parties together can backdate), and whether a cosigner lost its key.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from entente.domain.agreement.document import parse_computable
from entente.domain.agreement.problems import DocumentError
from entente.record.audit import CheckedLog, check_cosignatures, check_log, check_notes
from entente.record.bodies import ActStatement, SignedAct
from entente.record.envelope import open_body, parse_envelope
from entente.record.evidence import Evidence, EvidenceError, LogEvidence, read_evidence
from entente.record.frames import AnyFrame
from entente.record.parts import act_parts, log_part, matter_parts
from entente.record.places import check_places
from entente.record.projection import Projection
from entente.record.registers import registers
from entente.record.replay import Replay, View
from entente.record.report import Bad, Label, Report, Step, Withheld
from entente.record.trust import KeyHistory
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import SealingError
from entente.sealing.identity import RootCard, parse_root, root_digest
from entente.sealing.seal import payload_digest

NAMES = {
    1: "file and frames",
    2: "agreement documents",
    3: "roots",
    4: "logs, checkpoints, cosignatures",
    5: "office signatures",
    6: "receipts and heads seen",
    7: "releases and acceptances",
    8: "registers",
}
HARMLESS = frozenset({"UNKNOWN_KIND", "DUPLICATE"})
"""Codes of entries that are kept without effect: not understood, or said before. Noted, and not held against anyone."""
WITHOUT_EFFECT = frozenset({"BAD_DOCUMENT", "WRONG_ROOTS"})
"""Codes of steps 2 and 3 for entries to which the replay gives no effect, so that it can go on: nobody who appends one
afterwards keeps the rest from being verified."""


class Root(NamedTuple):
    """A root card given as an argument, and the digest of its bytes."""

    card: RootCard
    digest: bytes


class Examined(NamedTuple):
    """What was verified: the report, the logs as far as they were checked, and what all of them together say.

    ``complete`` is None where steps 5 to 8 were not reached. Nothing may be made of it unless ``report.ok``.
    """

    report: Report
    logs: Mapping[tuple[str, str], CheckedLog]
    complete: Projection | None


@dataclass
class _Findings:
    bad: list[Bad] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, number: int, label: Label, text: str) -> None:
        """Close a step; what was found bad in it decides over ``label``."""
        failed = sum(bad.step == number for bad in self.bad)
        if failed:
            label, text = "failed", f"{failed} found; {text}"
        self.steps.append(Step(number=number, name=NAMES[number], label=label, text=text))


def verify(evidence: bytes | Iterable[AnyFrame], roots: Sequence[bytes]) -> Report:
    """Verify an evidence file, or its frames, against root cards (their exact bytes) that came by another way.

    Never raises for what the file holds: everything that is wrong is in the report, the first bad entry named.
    """
    return examine(evidence, roots).report


def examine(evidence: bytes | Iterable[AnyFrame], roots: Sequence[bytes]) -> Examined:
    """What :func:`verify` does, and with it what the logs say, for whoever shows more of them than a report does."""
    findings = _Findings()
    try:
        parsed = read_evidence(evidence)
    except EvidenceError as error:
        findings.bad.append(Bad(step=1, log="", seq=None, last=None, code=error.code, text=str(error)))
        findings.step(1, "failed", "nothing else was looked at")
        return Examined(_report(findings, b"", {}), {}, None)
    findings.step(1, "recomputed", f"{len(parsed.logs)} logs of one agreement")
    return _verify(parsed, roots, findings)


def _verify(parsed: Evidence, roots: Sequence[bytes], findings: _Findings) -> Examined:
    trusted = _roots(roots, findings)
    findings.bad += _check_documents(parsed)
    findings.step(2, "recomputed", f"the agreement is {parsed.agreement.hex()}")
    findings.bad += _check_signs(parsed, trusted)
    findings.step(3, "recomputed", f"{', '.join(sorted(trusted)) or 'no party'} by root cards given as arguments")
    logs = _check_logs(parsed, trusted, findings)
    unchecked = "; not every cosignature, see below" if any(log.unchecked for log in logs.values()) else ""
    findings.step(4, "recomputed", f"{sum(len(log.entries) for log in logs.values())} entries{unchecked}")
    if any(bad.code not in WITHOUT_EFFECT for bad in findings.bad):
        for number in range(5, 9):
            findings.step(number, "not_reached", "what it would stand on was found wanting")
        return Examined(_report(findings, parsed.agreement, logs), logs, None)
    findings.bad += _check_seen(logs, findings)
    replay = Replay(parsed.agreement, logs, {party: root.digest for party, root in trusted.items()})
    findings.bad += _check_invalid(replay.complete, logs, findings)
    findings.bad += _check_payloads(replay.complete, logs)
    findings.step(5, "recomputed", f"{len(replay.complete.acts)} acts")
    views = [replay.view(party) for party in dict.fromkeys(writer for writer, _ in logs)]
    findings.bad += _check_receipts(views, replay.complete, logs)
    findings.step(6, "recomputed", "every receipt and every head seen")
    findings.bad += [bad for view in views for bad in view.bad]
    findings.bad += check_places(replay.complete, logs)
    judged = tuple(judgement for view in views for judgement in view.judgements)
    withheld = sum(judgement.label == "withheld" for judgement in judged)
    findings.step(7, "recomputed", f"{len(judged) - withheld} asked again, {withheld} withheld")
    found, differences = registers(views, logs)
    findings.step(8, "recomputed", f"{len(differences)} differences")
    report = _report(
        findings,
        parsed.agreement,
        logs,
        acts=tuple(act_parts(replay.complete, logs)),
        matters=tuple(matter_parts(replay.complete, logs)),
        transfers=judged,
        registers=found,
        differences=differences,
    )
    return Examined(report, logs, replay.complete)


def _roots(roots: Sequence[bytes], findings: _Findings) -> dict[str, Root]:
    trusted: dict[str, Root] = {}
    for data in roots:
        try:
            root = Root(parse_root(data), root_digest(data))
        except SealingError as error:
            text = f"a root card given cannot be read: {error}"
            findings.bad.append(Bad(step=3, log="", seq=None, last=None, code="BAD_ROOT_CARD", text=text))
            continue
        if trusted.setdefault(root.card.party, root) != root:
            text = f"two different root cards of {root.card.party} were given"
            findings.bad.append(Bad(step=3, log="", seq=None, last=None, code="TWO_ROOTS", text=text))
    return trusted


def _clear(parsed: Evidence, kind: str) -> Iterator[tuple[LogEvidence, int, bytes]]:
    """First bodies of one kind as far as they can be read; what cannot is named in step 4."""
    for log in parsed.logs.values():
        for frame in log.frames:
            for delivery in frame.deliveries:
                try:
                    envelope = parse_envelope(delivery.envelope)
                    body = delivery.bodies[0] if delivery.bodies else None
                    if envelope.kind == kind and body is not None and not body.sealed:
                        yield log, envelope.seq, open_body(envelope.bodies[0], body.data)
                except NotCanonicalError:
                    continue


def _check_documents(parsed: Evidence) -> Iterator[Bad]:
    """Step 2."""
    found = False
    for log, seq, body in _clear(parsed, "document"):
        found = found or hashlib.sha256(body).digest() == parsed.agreement
        try:
            parse_computable(body)
        except DocumentError as error:
            text = f"the document cannot be used: {error}"
            yield Bad(step=2, log=log.origin, seq=seq, last=seq, code="BAD_DOCUMENT", text=text)
    if not found:
        text = "the document with the agreement's digest is not in the file"
        yield Bad(step=2, log="", seq=None, last=None, code="DOCUMENT_MISSING", text=text)


def _check_signs(parsed: Evidence, trusted: Mapping[str, Root]) -> Iterator[Bad]:
    """Step 3."""
    for log in parsed.logs.values():
        if log.writer not in trusted:
            text = f"no root card of {log.writer} was given, so nothing it wrote can be trusted"
            yield Bad(step=3, log=log.origin, seq=None, last=None, code="ROOT_NOT_GIVEN", text=text)
    given = {party: root.digest for party, root in trusted.items()}
    for log, seq, body in _clear(parsed, "act"):
        try:
            statement = decode(ActStatement, decode(SignedAct, body).act)
        except NotCanonicalError:
            continue
        wrong = [party for party, digest in statement.roots if given.get(party) != digest]
        if statement.kind == "sign" and (wrong or not statement.roots):
            text = f"the signature of {log.writer} names a root of {', '.join(wrong) or 'nobody'} that was not given"
            yield Bad(step=3, log=log.origin, seq=seq, last=seq, code="WRONG_ROOTS", text=text)


def _check_logs(
    parsed: Evidence, trusted: Mapping[str, Root], findings: _Findings
) -> dict[tuple[str, str], CheckedLog]:
    """Step 4."""
    logs: dict[tuple[str, str], CheckedLog] = {}
    for name, evidence in parsed.logs.items():
        root = trusted.get(evidence.writer)
        if root is not None:
            logs[name] = check_log(evidence, KeyHistory.start(root.card, root.digest))
    histories: dict[str, list[KeyHistory]] = {party: [] for party in trusted}
    for log in logs.values():
        histories[log.evidence.writer].append(log.history)
    for name, log in logs.items():
        seen = [
            (each.size, each.root)
            for other in logs.values()
            for envelope in other.envelopes
            for each in envelope.seen
            if (each.party, each.incarnation) == name
        ]
        findings.bad += check_notes(log, seen)
        findings.bad += check_cosignatures(log, histories)
        findings.notes += [
            f"{log.evidence.origin}: {party}'s cosignature over {size} entries cannot be checked, so it counts for "
            f"nothing: no key statement of {party} is in the file"
            for party, size in log.unchecked.items()
        ]
        findings.withheld += _withheld(log)
    return logs


def _withheld(log: CheckedLog) -> Iterator[Withheld]:
    for entry in log.entries:
        for place, body in enumerate(entry.bodies):
            if body is None:
                what = f"body {place}, {entry.envelope.bodies[place].size} bytes"
                yield Withheld(log=log.evidence.origin, seq=entry.envelope.seq, what=what)
        if entry.envelope.payload and all(each.seq != entry.envelope.seq for each in log.evidence.segments):
            what = f"payload in segments, {entry.envelope.payload} bytes"
            yield Withheld(log=log.evidence.origin, seq=entry.envelope.seq, what=what)


def _check_seen(logs: Mapping[tuple[str, str], CheckedLog], findings: _Findings) -> Iterator[Bad]:
    """Step 6, the heads: what a writer says it saw of another log is what that log was."""
    absent: set[tuple[str, str]] = set()
    for log in logs.values():
        last: dict[tuple[str, str], int] = {}
        for envelope in log.envelopes:
            for seen in envelope.seen:
                name, seq = (seen.party, seen.incarnation), envelope.seq
                other = logs.get(name)
                if seen.party == log.evidence.writer or seen.size < last.get(name, 0):
                    yield log.bad("BAD_SEEN", "it names its own log, or less than it had seen before", seq, step=6)
                elif other is None:
                    absent.add(name)
                elif seen.size > other.head.size:
                    text = f"it had seen {seen.size} entries of {seen.party}; the file holds {other.head.size}"
                    yield log.bad("SEEN_MORE", text, seq, step=6)
                elif other.root_at(seen.size) != seen.root:
                    text = f"it saw another history of {seen.party} than the file holds"
                    yield log.bad("SEEN_OTHER", text, seq, step=6)
                last[name] = seen.size
    findings.withheld += [Withheld(log=f"{party}/{name}", seq=None, what="the whole log") for party, name in absent]


def _check_invalid(
    complete: Projection, logs: Mapping[tuple[str, str], CheckedLog], findings: _Findings
) -> Iterator[Bad]:
    """Step 5: entries that no party may give effect to, with the code that a recipient has to refuse them with."""
    for position, code in complete.invalid.items():
        log = logs[position[:2]]
        accepted = [answer.party for answer in complete.answers.get(position, {}).values() if answer.refused is None]
        if code in HARMLESS and not accepted:
            findings.notes.append(f"{log.evidence.origin} entry {position.seq} has no effect: {code}")
            continue
        text = f"it may have no effect; accepted by {', '.join(accepted) or 'nobody'}"
        step = 6 if log.entries[position.seq].envelope.kind == "received" else 5
        yield log.bad(code, text, position.seq, step=step)


def _check_payloads(complete: Projection, logs: Mapping[tuple[str, str], CheckedLog]) -> Iterator[Bad]:
    """Step 5: a payload that is shown is the one that the header, and so every approval, commits to."""
    for position, record in complete.transfers.items():
        log = logs[position[:2]]
        bodies = log.entries[position.seq].bodies
        if record.header is None or len(bodies) < 2 or bodies[1] is None:
            continue
        payload = record.header.payload
        try:
            same = payload_digest(payload.salt, [bodies[1]]) == payload.digest and len(bodies[1]) == payload.size
        except ValueError:
            same = False
        if not same:
            yield log.bad("PAYLOAD_MISMATCH", "the payload is not the one that was approved", position.seq, step=5)
    for log in logs.values():
        yield from _check_segments(complete, log)


def _check_segments(complete: Projection, log: CheckedLog) -> Iterator[Bad]:
    """Sealed segments that are in the file are all there, in order, and hash to what the header says."""
    sealed: dict[int, dict[int, bytes]] = {}
    for segment in log.evidence.segments:
        sealed.setdefault(segment.seq, {})[segment.index] = segment.data
    headers = {
        position.seq: record.header
        for position, record in complete.transfers.items()
        if position[:2] == log.evidence.name
    }
    for seq, segments in sorted(sealed.items()):
        header = headers.get(seq)
        if header is None:
            yield log.bad("SEGMENT_UNEXPECTED", "segments of an entry whose header is not shown", seq, step=5)
            continue
        digest = hashlib.sha256(b"".join(segments[index] for index in sorted(segments))).digest()
        if sorted(segments) != list(range(header.payload.segments)) or digest != header.payload.sealed:
            yield log.bad("SEGMENT_MISMATCH", "the sealed segments are not those of the header", seq, step=5)


def _check_receipts(
    views: Sequence[View], complete: Projection, logs: Mapping[tuple[str, str], CheckedLog]
) -> Iterator[Bad]:
    """Step 6: a party acknowledged only what it says it had seen."""
    for view in views:
        for position, code in view.projection.invalid.items():
            log = logs[position[:2]]
            if position.writer == view.party and position not in complete.invalid:
                kind = log.entries[position.seq].envelope.kind
                yield log.bad(code, f"this {kind} entry rests on what its writer had not seen", position.seq, step=6)


def _report(
    findings: _Findings,
    agreement: bytes,
    logs: Mapping[tuple[str, str], CheckedLog],
    **parts: object,
) -> Report:
    """The report; of what is bad, that which names an entry comes first."""
    bad = tuple(sorted(findings.bad, key=lambda each: each.seq is None))
    empty: dict[str, object] = {"acts": (), "matters": (), "transfers": (), "registers": (), "differences": ()}
    return Report(
        ok=not bad,
        agreement=agreement.hex(),
        parties=tuple(dict.fromkeys(writer for writer, _ in logs)),
        first_bad=bad[0] if bad else None,
        bad=bad,
        steps=tuple(findings.steps),
        logs=tuple(log_part(log) for log in logs.values()),
        withheld=tuple(findings.withheld),
        notes=tuple(findings.notes),
        **(empty | parts),  # type: ignore[arg-type]
    )
