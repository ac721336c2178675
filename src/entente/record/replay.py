"""The gate, asked again: what each party could know, when it released and when it accepted (docs/spec/evidence.md, 7).

A party knew its own log up to an entry, and of the others' what its entries say it had seen by then. From that alone
its status and its gate are recomputed. What was known at home only (its clock's uncertainty, the channel, an open
incident, an assurance, a clearance, a consent) is no part of the record: those steps of the gate are attested.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, get_args

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.terms import Channel
from entente.domain.release import ApprovalFact, Decision, Direction, Gate, ItemFacts, compile_gate
from entente.domain.release_status import situation
from entente.record.audit import CheckedLog
from entente.record.bodies import Received
from entente.record.envelope import Envelope
from entente.record.facts import approval_facts, item_facts
from entente.record.log import CheckedEntry
from entente.record.projection import OfficeLookup, Position, Projection, TransferRecord
from entente.record.report import Bad, Judgement
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.signing import HybridPublic

ATTESTED: Final = ("CLOCK_UNCERTAIN", "CHANNEL_NOT_ALLOWED", "ON_HOLD")
"""Steps of the gate that rest on facts which every party keeps at home."""
ATTESTED_IF_ASKED: Final = (
    "FACILITY_NOT_CLEARED",
    "ASSURANCE_MISSING",
    "ORIGINATOR_CONSENT_MISSING",
    "CONSENT_EXPIRED",
)
"""Steps that rest on facts outside the record where the terms, or a third party's information, ask for them."""

ATTESTED_BY_STANDING: Final = ("RELEASE_AUTHORITY_MISSING", "SECOND_PERSON_MISSING")
"""Steps that rest on a standing release where its body, or what may be its revocation, is withheld."""

Logs = Mapping[tuple[str, str], CheckedLog]


def office_lookup(logs: Logs) -> OfficeLookup:
    """The offices of every party by position, from the key statements in its log."""

    def lookup(at: Position, office: str, role: str) -> HybridPublic | None:
        log = logs.get((at.writer, at.incarnation))
        return log.history.office(at.seq, office, role) if log is not None else None

    return lookup


class GateKeeper:
    """Gates compiled from one projection, kept as long as they hold and no entry has changed what they rest on."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._acts: list[Act] = []
        self._documents = 0
        self._stale = True
        self._gates: dict[tuple[str, str, str], Gate] = {}

    def doubt(self) -> None:
        """An entry other than a transfer was fed: an act, or what is known of one, may have changed."""
        self._stale = True

    def _refresh(self) -> None:
        """Most receipts are of items and change no act; then the gates stand."""
        acts, documents = self._projection.domain_acts(), len(self._projection.documents)
        if acts != self._acts or documents != self._documents:
            self._acts, self._documents = acts, documents
            self._gates.clear()
        self._stale = False

    def decide(self, sender: str, recipient: str, direction: Direction, item: ItemFacts, at: int) -> Decision:
        """The gate's answer at ``at`` (ms).

        Raises:
            ValueError: the document first signed is not known yet, or the party is none of it.
        """
        if self._stale:
            self._refresh()
        key = (sender, recipient, direction)
        gate = self._gates.get(key)
        if gate is None or at < gate.since or (gate.until is not None and at >= gate.until):
            gate = self._gates[key] = self._compile(sender, recipient, direction, at)
        return gate.decide(item, at)

    def _compile(self, sender: str, recipient: str, direction: Direction, at: int) -> Gate:
        projection = self._projection
        party = sender if direction == "release" else recipient
        now = situation(projection.documents, self._acts, at, party, first=projection.first)
        return compile_gate(
            agreement=projection.documents.get(now.terms_version),
            terms_version=now.terms_version,
            status=now.status,
            interval=(now.since, now.until),
            sender=sender,
            recipient=recipient,
            direction=direction,
            own_pending=now.own_pending.text if now.own_pending is not None else None,
            steady=now.steady,
            earlier=projection.documents,
        )


@dataclass
class View:
    """What one party knew at the end of its own log and by its cosignatures, and every decision on the way."""

    party: str
    projection: Projection
    judgements: list[Judgement] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


class Replay:
    """The replay of one agreement's logs; ``roots`` maps every party to its root card's digest."""

    def __init__(self, agreement: bytes, logs: Logs, roots: Mapping[str, bytes]) -> None:
        self._agreement = agreement
        self._logs = logs
        self._roots = roots
        self._offices = office_lookup(logs)
        self._document = _first_signed(agreement, logs)
        self.complete = self._projection()
        for entry in in_order(logs):
            self.complete.feed(entry.envelope, entry.bodies)
        self._hindsight = GateKeeper(self.complete)
        self._approvals: dict[Position, tuple[ApprovalFact, ...]] = {}

    def _projection(self) -> Projection:
        """An empty one, which has the document first signed: what counts must not hang on the order of feeding."""
        projection = Projection(self._agreement, self._offices, self._roots)
        if self._document is not None:
            with suppress(DocumentError):  # step 2 says so
                projection.know(self._document)
        return projection

    def view(self, party: str) -> View:
        """Replay one party's own logs, oldest first, feeding what it had seen before each of its entries."""
        view = View(party, self._projection())
        keeper = GateKeeper(view.projection)
        own = [log for (writer, _), log in self._logs.items() if writer == party and log.entries]
        for log in sorted(own, key=lambda log: log.entries[0].envelope.instant):
            for entry in log.entries:
                self._catch_up(view, keeper, entry.envelope)
                self._judge(view, keeper, log, entry)
                _feed(view, keeper, entry)
        self._learn_cosigned(view, keeper)
        return view

    def _learn_cosigned(self, view: View, keeper: GateKeeper) -> None:
        """A cosignature proves that its party held those entries, whether or not it wrote anything after them."""
        for name, log in self._logs.items():
            size = max((cosigner.size for cosigner in log.cosigners if cosigner.party == view.party), default=0)
            if name[0] != view.party:
                for entry in log.entries[view.projection.next_seq.get(name, 0) : size]:
                    _feed(view, keeper, entry)

    def _catch_up(self, view: View, keeper: GateKeeper, envelope: Envelope) -> None:
        for seen in envelope.seen:
            log = self._logs.get((seen.party, seen.incarnation))
            fed = view.projection.next_seq.get((seen.party, seen.incarnation), 0)
            if log is not None:
                for entry in log.entries[fed : seen.size]:
                    _feed(view, keeper, entry)

    def _judge(self, view: View, keeper: GateKeeper, log: CheckedLog, entry: CheckedEntry) -> None:
        envelope = entry.envelope
        if envelope.kind == "transfer":
            record = self.complete.transfers.get(_position(envelope))
            if record is not None:
                for recipient in record.header.recipients if record.header is not None else ("",):
                    self._ask(view, keeper, log, entry, record, "release", recipient)
        elif envelope.kind == "received" and entry.bodies[0] is not None:
            for target in _accepted(view.projection, entry.bodies[0]):
                record = view.projection.transfers.get(target)
                if record is not None:
                    self._ask(view, keeper, log, entry, record, "accept", view.party)

    def _ask(
        self,
        view: View,
        keeper: GateKeeper,
        log: CheckedLog,
        entry: CheckedEntry,
        record: TransferRecord,
        direction: Direction,
        recipient: str,
    ) -> None:
        """One question to the gate, as the party stood and as all logs together stand; its answer is reported."""
        seq, at = entry.envelope.seq, entry.envelope.instant
        if record.header is None or record.transfer is None:
            origin = self._logs[record.position[:2]].evidence.origin
            view.judgements.append(_withheld(record, origin, direction, view.party, at))
            return
        facts = self._facts(record, recipient)
        sender = record.header.sender
        hidden = self._hidden(record.position, record.header.standing, facts)
        try:
            failed, rests_on = _split(_try_channels(keeper, sender, recipient, direction, facts, at), facts, hidden)
            later, _ = _split(_try_channels(self._hindsight, sender, recipient, direction, facts, at), facts, hidden)
        except ValueError as error:
            view.bad.append(log.bad("TERMS_MISSING", f"{direction} cannot be judged: {error}", seq, step=7))
            return
        view.judgements.append(
            Judgement(
                log=self._logs[record.position[:2]].evidence.origin,
                seq=record.position.seq,
                direction=direction,
                party=view.party,
                instant=at,
                label="recomputed",
                allowed=not failed,
                reasons=tuple(failed),
                rests_on=rests_on,
                hindsight=tuple(code for code in later if code not in failed),
            )
        )
        if failed:
            verb = "released" if direction == "release" else "accepted"
            text = f"{view.party} {verb} item {record.header.item} although the gate refused: {', '.join(failed)}"
            view.bad.append(log.bad(next(iter(failed)), text, seq, step=7))

    def _facts(self, record: TransferRecord, recipient: str) -> ItemFacts:
        """The item's facts; home facts are taken as attested, so that only what the record shows can refuse."""
        assert record.header is not None  # noqa: S101 - the caller has asked
        assert record.transfer is not None  # noqa: S101
        approvals = self._approvals.get(record.position)
        if approvals is None:
            approvals = self._approvals[record.position] = approval_facts(
                record.position, record.transfer.header, record.header, record.transfer.approvals, self._offices
            )
        sender_keys = self._logs[record.position[:2]].history.at(record.position.seq)
        standing = record.header.standing
        peer_keys = [log for (writer, _), log in self._logs.items() if writer == recipient and log.history.statements]
        return item_facts(
            record.header,
            approvals,
            channel="link",
            key_trusted=sender_keys is not None and bool(peer_keys),
            uncertainty=0,
            on_hold=False,
            standing=None if standing is None else self.complete.standings.at(record.position, standing),
        )

    def _hidden(self, position: Position, standing: str | None, facts: ItemFacts) -> bool:
        """Whether the item goes by a standing release of which something may be withheld."""
        if standing is None or facts.release_authority is not None:
            return False
        return self.complete.standings.not_shown(position, standing)


def _position(envelope: Envelope) -> Position:
    return Position(envelope.writer, envelope.incarnation, envelope.seq)


def _feed(view: View, keeper: GateKeeper, entry: CheckedEntry) -> None:
    view.projection.feed(entry.envelope, entry.bodies)
    if entry.envelope.kind != "transfer":
        keeper.doubt()


def _accepted(projection: Projection, body: bytes) -> Iterator[Position]:
    """What a receipt accepts of the entries fed so far; one that names others is refused when it is fed itself."""
    try:
        receipt = decode(Received, body)
    except NotCanonicalError:
        return
    for of in receipt.of:
        known = projection.next_seq.get((of.writer, of.incarnation), 0)
        for low, high in of.accepted:
            if low >= 0 and high < known:
                yield from (Position(of.writer, of.incarnation, seq) for seq in range(low, high + 1))


def _try_channels(
    keeper: GateKeeper, sender: str, recipient: str, direction: Direction, facts: ItemFacts, at: int
) -> Decision:
    """The answer for a channel that the terms allow at the item's level; the record does not say which it was."""
    decision = keeper.decide(sender, recipient, direction, facts, at)
    for channel in get_args(Channel):
        if decision.allowed or "CHANNEL_NOT_ALLOWED" not in (reason.code for reason in decision.reasons):
            break
        decision = keeper.decide(sender, recipient, direction, msgspec.structs.replace(facts, channel=channel), at)
    return decision


def _split(decision: Decision, facts: ItemFacts, hidden: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """(code -> text) of the steps that the record shows to fail, and the codes of those that it cannot show.

    Where a standing release is shown and only what may be its revocation is not, its class is judged all the same.
    """
    codes = {reason.code: reason.text for reason in decision.reasons}
    asked = tuple(code for code in ATTESTED_IF_ASKED if code in codes)
    unknown = ATTESTED_BY_STANDING if hidden and facts.standing is None else ()
    failed = {code: text for code, text in codes.items() if code not in asked and code not in unknown}
    resting = tuple(code for code in ATTESTED_BY_STANDING if hidden and code not in failed)
    return failed, ATTESTED + asked + resting


def _withheld(record: TransferRecord, origin: str, direction: Direction, party: str, at: int) -> Judgement:
    return Judgement(
        log=origin,
        seq=record.position.seq,
        direction=direction,
        party=party,
        instant=at,
        label="withheld",
        allowed=None,
        reasons=(),
        rests_on=(),
        hindsight=(),
    )


def _first_signed(agreement: bytes, logs: Logs) -> bytes | None:
    """The document whose digest is the agreement, wherever it stands in the logs."""
    entries = (entry for log in logs.values() for entry in log.entries if entry.envelope.kind == "document")
    bodies = (entry.bodies[0] for entry in entries)
    return next((each for each in bodies if each is not None and hashlib.sha256(each).digest() == agreement), None)


def in_order(logs: Logs) -> Iterator[CheckedEntry]:
    """All entries, each after those that its writer had seen, otherwise by instant and origin.

    Entries that say they saw what is not there have no place in any order, nor has what comes after them.
    """
    done = dict.fromkeys(logs, 0)
    while True:
        ready = [
            (log.entries[done[name]].envelope.instant, log.evidence.origin, name)
            for name, log in logs.items()
            if done[name] < len(log.entries) and _has_seen(log.entries[done[name]].envelope, done)
        ]
        if not ready:
            return
        _, _, name = min(ready)
        yield logs[name].entries[done[name]]
        done[name] += 1


def _has_seen(envelope: Envelope, done: Mapping[tuple[str, str], int]) -> bool:
    return all(
        done[seen.party, seen.incarnation] >= seen.size
        for seen in envelope.seen
        if (seen.party, seen.incarnation) in done
    )
