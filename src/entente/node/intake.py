"""The one way in: frames from a peer, by link or by bundle (docs/spec/record.md, "Checks on receipt").

Well-formed entries are kept whatever they mean, then accepted or refused; what is malformed, future-dated or forked is
not kept, not cosigned, and pauses that log by name. A receipt is written in the transaction that makes the entries
durable; the cosignature leaves after it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entente.domain.agreement.calendar import parse_duration
from entente.domain.precedence import RANKS, ROUTINE
from entente.node import restart
from entente.node.agreements import open_log, read_document, replace_sealing, usable
from entente.node.commit import Fresh, Work, salted
from entente.node.errors import NodeError, RefusedError, UsageError
from entente.node.lanes import ranges, rising
from entente.node.ledger import HeldLog, Ledger
from entente.node.payloads import incoming
from entente.node.receipts import note_answers
from entente.node.transfers import Arrivals, Outcome
from entente.record.bodies import Received, ReceivedOf, Refused, Restart, RestartStatement
from entente.record.envelope import DeliveredBody, Delivery, parse_envelope
from entente.record.errors import ForkError, LogError
from entente.record.frames import AnyFrame, Bodies, Entries, Trouble, Want
from entente.record.log import CheckedEntry, LogHead, check_entries
from entente.record.merkle import EMPTY_ROOT, Frontier, leaf_hash
from entente.record.projection import MAX_ANSWERS
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.store.rows import NewEntry

if TYPE_CHECKING:
    from entente.node.node import Node

logger = logging.getLogger("entente.node.intake")
DEFAULT_SKEW = 5 * 60 * 1000
MAX_PROPOSALS = 64
"""Agreements one peer may have put before this party under which this party has written nothing."""
MAX_UNSEEN_LOGS = 4
"""Logs of one party that no entry of this party's names yet: the next one names them all, and has to be an envelope."""


@dataclass(slots=True)
class Answers:
    """What is to be said in one machine receipt."""

    accepted: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    acts: bool = False
    rank: int = ROUTINE
    """The most urgent precedence among what is answered."""

    def add(self, outcome: Outcome | None, precedence: str | None) -> None:
        """What became of an item; one that is not complete is answered when it is."""
        if outcome is not None and not outcome.awaiting:
            rank = ROUTINE if precedence is None else RANKS.get(precedence, ROUTINE)
            if rank < self.rank:
                self.rank = rank
            if outcome.refused is None:
                self.accepted.append(outcome.seq)
            else:
                self.refused[outcome.seq] = outcome.refused

    def body(self, log: HeldLog) -> bytes:
        """The receipt's body."""
        refused = tuple(Refused(seq, code) for seq, code in sorted(self.refused.items()))
        return encode(Received((ReceivedOf(*log.name, tuple(ranges(sorted(self.accepted))), refused),)))

    @property
    def full(self) -> bool:
        """Whether one more might be too many for a receipt."""
        return len(self.accepted) + len(self.refused) >= MAX_ANSWERS

    def __bool__(self) -> bool:
        return bool(self.accepted or self.refused)


def take_entries(node: "Node", peer: str, frame: Entries, channel: str) -> list[AnyFrame]:
    """Take entries of a peer's log; returns what is wanted for payloads on their way.

    The cosignature over them is owed from then on (:func:`.receipts.owed_cosignature`).

    Raises:
        RefusedError: the frame was not kept; its code says whose fault it is.
    """
    if frame.writer != peer:
        raise RefusedError("WRONG_LOG", f"{peer} sent entries of {frame.writer}'s log", "Each party sends its own log.")
    replies: list[AnyFrame] = []

    def work(unit: Work) -> None:
        replies.clear()
        ledger = _ledger_for(node, unit, peer, frame)
        log = _log_for(unit, ledger, frame)
        checked = _check(node, unit, ledger, log, frame)
        if not checked:
            return
        answers, outcomes = _take(node, unit, ledger, log, checked, _deferred(frame), channel)
        if ledger.document is None:  # its bytes came, but not as a document: nobody could say who the parties are
            raise RefusedError("UNKNOWN_AGREEMENT", "the entries put no document before us", "Propose it first.")
        if answers:
            own = open_log(node, unit, ledger)
            answer(node, unit, ledger, own, answers, log)
            if outcomes:  # whoever only receives announces no key otherwise
                replace_sealing(node, unit, ledger, own)
        unit.after.append(lambda: replies.extend(_wants(node, ledger, log, outcomes)))
        unit.after.append(lambda: node.owed.add((ledger.agreement, *log.name)))

    node.committer.run(work)
    return replies


def _ledger_for(node: "Node", unit: Work, peer: str, frame: Entries) -> Ledger:
    """The ledger of the frame's agreement, begun where the frame opens a proposal by a paired party."""
    ledger = node.ledgers.get(frame.agreement)
    if ledger is not None:
        if ledger.parties and peer not in ledger.parties:
            raise RefusedError("NOT_A_PARTY", f"{peer} is not a party to this agreement", "Nothing was kept.")
        return ledger
    theirs = [held for held in node.ledgers.values() if held.current(peer) is not None and held.own is None]
    if len(theirs) >= MAX_PROPOSALS:
        raise RefusedError("TOO_MANY_PROPOSALS", "too many proposals lie unsigned", "Sign or remove some.")
    bodies = (body.data[32:] for delivery in frame.deliveries for body in delivery.bodies if body and not body.sealed)
    for body in bodies:
        try:
            identity, agreement = read_document(node, body)
        except UsageError:
            continue
        if identity == frame.agreement and peer in agreement.parties:
            ledger = node.ledgers[identity] = Ledger(identity, node.party, node.roots)
            ledger.ready = True
            unit.touch(ledger, new=True)
            return ledger
    raise RefusedError("UNKNOWN_AGREEMENT", "the entries belong to no agreement known here", "Propose it first.")


def _log_for(unit: Work, ledger: Ledger, frame: Entries) -> HeldLog:
    held = ledger.logs.get((frame.writer, frame.incarnation))
    if held is not None:
        return held
    if sum(seen.party == frame.writer for seen in ledger.seen()) >= MAX_UNSEEN_LOGS:
        text = f"{frame.writer} began one log after another, faster than this node writes"
        raise RefusedError("TOO_MANY_LOGS", text, "Wait until this node's next entry names those that are here.")
    row = unit.tx.create_log(
        ledger.agreement, frame.writer, frame.incarnation, root=EMPTY_ROOT, frontier=Frontier().to_bytes()
    )
    unit.touch(ledger)
    return ledger.add_log(row)


def _check_restart(node: "Node", ledger: Ledger, log: HeldLog, checked: tuple[CheckedEntry, ...]) -> None:
    """A second incarnation is a party's own only if its second entry is a restart that its office signed."""
    earlier = [name for name in ledger.logs if name[0] == log.row.writer and name != log.name]
    if not earlier or log.row.size != 0:
        return
    writer, entry = log.row.writer, checked[1] if len(checked) > 1 else None
    if entry is None or entry.envelope.kind != "restart" or entry.bodies[0] is None:
        raise RefusedError("SECOND_LOG", f"{writer} began a second log without a restart entry", "Ask its office.")
    try:
        body = decode(Restart, entry.bodies[0])
        statement = decode(RestartStatement, body.statement)
    except NotCanonicalError as error:
        raise RefusedError("MALFORMED", str(error), "Ask its office.") from error
    if (statement.party, statement.incarnation) != log.name:
        raise RefusedError("SECOND_LOG", f"the restart of {writer} is of another log", "Ask its office.")
    restart.verify(node, ledger, statement, body.statement, body.office, body.signature)


def skew(ledger: Ledger) -> int:
    """How far in the future a peer's entry may lie, in ms; a document that this party has not signed allows no more."""
    if ledger.document is None:
        return DEFAULT_SKEW
    agreed = parse_duration(ledger.document.limits.max_skew)
    return agreed if ledger.signed() else min(agreed, DEFAULT_SKEW)


def _check(node: "Node", unit: Work, ledger: Ledger, log: HeldLog, frame: Entries) -> tuple[CheckedEntry, ...]:
    row = log.row
    last = row.last_instant if row.size else -1
    head = LogHead(ledger.agreement, *log.name, log.frontier, last, log.last_act, row.checkpoint)

    def held_leaf(seq: int) -> bytes:
        return leaf_hash(unit.tx.entries(row.id, seq, 1)[0].envelope)

    try:
        extension = check_entries(head, frame, log.keys, now_max=node.own_time() + skew(ledger), held_leaf=held_leaf)
    except ForkError as error:
        node.keep_evidence(row.writer, f"{error}\n\n{error.held}\n{error.offered}")
        raise RefusedError(error.code, str(error), error.remedy) from error
    except LogError as error:
        node.alarm(f"log/{row.writer}", f"{row.writer}'s log is paused at entry {error.seq}: {error}")
        raise RefusedError(error.code, f"entry {error.seq} of {row.writer}'s log: {error}", error.remedy) from error
    node.clear_alarm(f"log/{row.writer}")
    if extension.parsed:
        _check_restart(node, ledger, log, extension.parsed)
        entries = [_new_entry(ledger, entry) for entry in extension.parsed]
        frontier = extension.head.frontier
        unit.touch(ledger)
        # Instants seen from peers count as time that has passed: nothing is judged or answered before it was written.
        unit.saw(extension.head.last_instant)
        log.row = unit.tx.append(
            row, entries, root=frontier.root(), frontier=frontier.to_bytes(), checkpoint=extension.head.checkpoint
        )
        log.frontier = frontier
    return extension.parsed


def _new_entry(ledger: Ledger, entry: CheckedEntry) -> NewEntry:
    """The entry for the store: bodies that were checked; a transfer's only when it has been accepted."""
    kind, instant, envelope = entry.envelope.kind, entry.envelope.instant, entry.delivery.envelope
    if kind == "transfer":
        return NewEntry(kind, instant, envelope, (), fact=False)
    bodies = [(False, body.data) if body and not body.sealed else None for body in entry.delivery.bodies]
    return NewEntry(kind, instant, envelope, bodies, ledger.is_fact(kind, entry.bodies[0]))


def _deferred(frame: Entries) -> set[int]:
    """The entries of a frame whose bodies come later.

    Raises:
        RefusedError: they are not ranges within the frame.
    """
    if not rising(frame.deferred, frame.first, frame.first + len(frame.deliveries)):
        raise RefusedError("MALFORMED", "a frame defers what it does not bring, or twice", "Nothing was kept.")
    return {seq for low, high in frame.deferred for seq in range(low, high + 1)}


def _take(
    node: "Node",
    unit: Work,
    ledger: Ledger,
    log: HeldLog,
    checked: tuple[CheckedEntry, ...],
    deferred: set[int],
    channel: str,
) -> tuple[Answers, list[Outcome]]:
    """Feed the entries in order and decide the answers; acts are acknowledged before a later transfer is judged."""
    answers, arrivals = Answers(), Arrivals(node, unit, ledger, log, channel)
    arrivals.expect(entry.delivery.wrap for entry in checked)
    for entry in checked:
        if answers.full:
            answer(node, unit, ledger, open_log(node, unit, ledger), answers, log)
            answers = Answers()
        envelope = entry.envelope
        seq, kind = envelope.seq, envelope.kind
        if kind == "transfer":
            ledger.pass_item(log, seq)  # its bodies are sealed: what they say is judged when they are opened
            if seq in deferred:
                arrivals.defer(seq)
                continue
            if answers.acts and any(ledger.unanswered_act(log, earlier) for earlier in answers.accepted):
                answer(node, unit, ledger, open_log(node, unit, ledger), answers, log)
                answers = Answers()
            answers.add(arrivals.take(envelope, entry.delivery), envelope.precedence)
            continue
        code = ledger.take(log, envelope, entry.bodies)
        if code is not None:
            answers.refused[seq] = code
        elif kind in ("act", "step"):
            # A step is receipted too: what its recipient writes from then on cannot be dated before it.
            answers.accepted.append(seq)
            answers.acts = answers.acts or kind == "act"
        elif kind == "received":
            note_answers(node, unit, ledger, entry)
    arrivals.write()
    return answers, arrivals.outcomes


def take_bodies(node: "Node", peer: str, frame: Bodies, channel: str) -> list[AnyFrame]:
    """Take deferred bodies of items whose envelopes are held; what is not awaited is passed over.

    Raises:
        RefusedError: not of a log of the peer's that is held here, or not as many bodies as an entry has.
    """
    ledger = node.ledgers.get(frame.agreement)
    log = ledger.logs.get((frame.writer, frame.incarnation)) if ledger else None
    if ledger is None or log is None or frame.writer != peer or peer not in ledger.parties:
        raise RefusedError("WRONG_LOG", "bodies came of a log that is not the peer's", "Nothing was kept.")
    replies: list[AnyFrame] = []

    def work(unit: Work) -> None:
        replies.clear()
        own = usable(ledger)
        answers, arrivals = Answers(), Arrivals(node, unit, ledger, log, channel)
        arrivals.expect(later.wrap for later in frame.items)
        ended: set[int] = set()
        for later in frame.items:
            if answers.full:
                answer(node, unit, ledger, own, answers, log)
                answers = Answers()
            if not 0 <= later.seq < log.row.size:
                raise RefusedError("MALFORMED", "bodies came of entries that there are not", "Nothing was kept.")
            awaited = unit.tx.awaited(log.row.id, later.seq)
            if awaited is None or awaited.part != "body" or later.seq in ended:
                continue
            data = unit.tx.entries(log.row.id, later.seq, 1)[0].envelope
            envelope = parse_envelope(data)
            if len(later.bodies) != len(envelope.bodies):
                text = f"entry {later.seq} has {len(envelope.bodies)} bodies and {len(later.bodies)} places"
                raise RefusedError("MALFORMED", text, "Nothing was kept.")
            ended.add(later.seq)
            outcome = arrivals.take(envelope, Delivery(data, later.bodies, later.wrap))
            answers.add(outcome, envelope.precedence)
        unit.tx.end_awaiting(log.row.id, sorted(ended))
        arrivals.write()
        unit.after.append(lambda: replies.extend(_wants(node, ledger, log, arrivals.outcomes)))
        if answers:
            answer(node, unit, ledger, own, answers, log)

    node.committer.run(work)
    return replies


def answer(node: "Node", unit: Work, ledger: Ledger, own: HeldLog, answers: Answers, log: HeldLog) -> None:
    """Write a machine receipt; what answers something urgent hurries back."""
    body = salted(answers.body(log))
    seq, envelopes = unit.append_all(ledger, own, [Fresh("received", [body])])
    said = Delivery(envelopes[0], (DeliveredBody(*body.stored),), None)
    unit.after.append(lambda: node.fresh.say(own.row.id, seq, said))
    if answers.rank < ROUTINE:
        unit.after.append(lambda: node.urgency.answered(own.row.id, answers.rank, seq))
        unit.after.append(lambda: node.urgent.setdefault(ledger.agreement, answers.rank))


def _wants(node: "Node", ledger: Ledger, log: HeldLog, outcomes: list[Outcome]) -> Iterator[Want]:
    """What is asked for of payloads that come beside the log."""
    for outcome in outcomes:
        payload = incoming(node, ledger, log, outcome.seq) if outcome.awaiting else None
        if payload is not None:
            yield Want(ledger.agreement, *log.name, outcome.seq, payload.have)


def trouble(error: NodeError) -> Trouble:
    """What the peer is told of a refused frame: a coarse code, nothing of what may not be known."""
    known = {
        "GAP",
        "FORK",
        "FUTURE",
        "MALFORMED",
        "BAD_ROOT",
        "BAD_SIGNATURE",
        "UNKNOWN_SUITE",
        "WRONG_LOG",
        "UNKNOWN_AGREEMENT",
    }
    code = error.code if error.code in known else "REFUSED"
    return Trouble(code, "the frame was not kept")
