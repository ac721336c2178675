"""From entries to facts: what the logs of one agreement say, replayed (docs/spec/record.md, "Replay").

A :class:`Projection` is fed the entries of every party's log, each log in its own order, interleaved as its holder came
to know them, and answers what the domain asks: which documents there are, which formal acts with what receipts, which
transfers, accepted or refused. A node keeps one up to date; offline verification replays one per writer. It judges
nothing by the clock and holds nothing that the logs do not say.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple, TypeAlias, cast

from entente.domain.agreement.acts import Act, ActKind
from entente.domain.agreement.document import digest, parse_computable
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.terms import Agreement, Reading
from entente.record.acts import check_signatures, malformed, roots_agree
from entente.record.bodies import (
    ActStatement,
    DeliveredClaim,
    EpochSetup,
    NationalHead,
    Received,
    ReceivedOf,
    SealingAnnouncement,
    SignedAct,
    SignedDelivery,
    Transfer,
    TransferHeader,
)
from entente.record.envelope import KNOWN_KINDS, Envelope
from entente.record.position import OfficeLookup, Position
from entente.record.standings import Standings
from entente.record.steps import Steps
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import BadKeyError, BadSignatureError, UnknownSuiteError
from entente.sealing.seal import SealingPublic
from entente.sealing.suites import check_suite

_CODE = re.compile(r"[A-Z_]{1,40}")
DIGEST = 32
"""Bytes of a SHA-256."""
MAX_ANSWERS = 1024
"""Ranges and refusals in one receipt: a node answers a frame at a time, which has far fewer."""

__all__ = ["ActRecord", "Answer", "OfficeLookup", "Position", "Projection", "TransferRecord"]

_Handler: TypeAlias = Callable[[Position, Envelope, Sequence[bytes | None]], str | None]


class ActRecord(NamedTuple):
    """A formal act as recorded: where, when (ms since the epoch), by which offices, and its exact bytes."""

    position: Position
    instant: int
    statement: ActStatement
    office: str
    second: str = ""
    """The second office that signed it, if any."""


class TransferRecord(NamedTuple):
    """An item as released; ``header`` is None where its body was withheld, sealed for another or destroyed."""

    position: Position
    instant: int
    envelope: Envelope
    transfer: Transfer | None
    header: TransferHeader | None


class Answer(NamedTuple):
    """A party's machine receipt for one entry: accepted, or refused with a coarse code."""

    party: str
    at: Position
    instant: int
    refused: str | None


class Projection:
    """The facts of one agreement as far as the entries fed so far tell them."""

    def __init__(
        self,
        agreement: bytes,
        offices: OfficeLookup,
        roots: Mapping[str, bytes],
        *,
        keep_items: bool = True,
        own: str = "",
    ) -> None:
        """``roots``: every known party's root-card digest, from pairing or from the verifier's arguments, never a log.

        With ``keep_items`` false, transfers and the answers to them are checked for form and not kept: a node has its
        register for them, and its memory must not grow with its history.

        ``own``: the party whose node this is. Its own receipts may come back, after a restore, before what they answer;
        anybody else's that do would acknowledge what is not yet written.
        """
        self.agreement = agreement
        self._keep_items = keep_items
        self._own = own
        self._early: list[tuple[Position, int, ReceivedOf]] = []
        self._replaying = False
        self.roots = roots
        self.documents: dict[str, Agreement] = {}
        self.document_bytes: dict[str, bytes] = {}
        self.acts: dict[str, ActRecord] = {}
        self.invalid: dict[Position, str] = {}
        self.claims: list[tuple[Position, int, DeliveredClaim]] = []
        self.transfers: dict[Position, TransferRecord] = {}
        self.items: dict[tuple[str, str], Position] = {}
        self.answers: dict[Position, dict[str, Answer]] = {}
        self.next_seq: dict[tuple[str, str], int] = {}
        self.standings = Standings(agreement, offices)
        self.steps = Steps(agreement, offices, self._document_first_signed)
        self._offices = offices
        self._handlers: dict[str, _Handler] = {
            "sealing": self._sealing,
            "epoch": self._epoch,
            "document": self._document,
            "act": self._act,
            "delivered": self._delivered,
            "transfer": self._transfer,
            "standing": self.standings.take,
            "revocation": self.standings.revoke,
            "step": self.steps.take,
            "received": self._received,
            "national": self._national,
        }

    def _document_first_signed(self) -> Agreement | None:
        return self.documents.get(self.first)

    @property
    def first(self) -> str:
        """The agreement's identity as lower-case hex."""
        return self.agreement.hex()

    def feed(self, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        """Take the next entry of a log; returns the coarse code it is to be refused with, None where it is well-formed.

        Entries of unknown kinds and ill-formed bodies are kept and refused, never dropped: ``UNKNOWN_KIND``,
        ``UNKNOWN_SUITE``, ``MALFORMED``, ``BAD_SIGNATURE``, ``BAD_KEY``, ``WRONG_AGREEMENT``, ``WRONG_ROOTS``,
        ``DUPLICATE``.
        """
        name = (envelope.writer, envelope.incarnation)
        expected = self.next_seq.get(name, 0)
        if envelope.seq != expected or envelope.agreement != self.agreement:
            raise ValueError(f"entry {envelope.seq} of {name} fed out of order; {expected} is next")
        self.next_seq[name] = expected + 1
        return self.learn(envelope, bodies)

    def know(self, document: bytes) -> None:
        """Hold the document first signed before its entry is fed: whoever checks evidence has it from the start.

        Raises:
            DocumentError: it cannot be used as an agreement.
        """
        self.documents[digest(document)] = parse_computable(document)
        self.document_bytes[digest(document)] = document

    def pass_over(self, name: tuple[str, str], seq: int) -> None:
        """Count an entry of a log as fed, without looking at it: an item, where items are not kept."""
        if self.next_seq.get(name, 0) != seq:
            raise ValueError(f"entry {seq} of {name} fed out of order; {self.next_seq.get(name, 0)} is next")
        self.next_seq[name] = seq + 1

    def learn(self, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        """What :meth:`feed` does with an entry whose place in its log is known to be right."""
        position = Position(envelope.writer, envelope.incarnation, envelope.seq)
        if envelope.kind not in KNOWN_KINDS:
            code: str | None = "UNKNOWN_KIND"
        else:
            handler = self._handlers.get(envelope.kind)
            try:
                code = handler(position, envelope, bodies) if handler else None
            except NotCanonicalError:
                code = "MALFORMED"
            except UnknownSuiteError:
                code = "UNKNOWN_SUITE"
            except BadSignatureError:
                code = "BAD_SIGNATURE"
            except BadKeyError:
                code = "BAD_KEY"
        if code is not None and self._keep_items:
            self.invalid[position] = code
        return code

    @contextmanager
    def replaying(self, sizes: Mapping[tuple[str, str], int]) -> Iterator[None]:
        """While facts of logs of these ``sizes`` are learnt anew, in the order in which they came.

        One's own receipts came before what they answer if that order is the one of a restored node.
        """
        self.next_seq, self._replaying = dict(sizes), True
        yield
        self._replaying = False
        self._early = [early for early in self._early if self._beyond(early[2])]

    def answers_act(self, body: bytes) -> bool:
        """Whether a receipt answers a formal act; not where it is none, or names what is not there yet."""
        try:
            receipt = decode(Received, body)
        except NotCanonicalError:
            return False
        for of in receipt.of:
            last = max([high for _, high in of.accepted] + [refused.seq for refused in of.refused], default=-1)
            if last >= self.next_seq.get((of.writer, of.incarnation), 0):
                return False  # it is refused, and stays refused when the log has grown over what it names
        return any(answer for of in receipt.of for answer in self._acts_of(of))

    def _sealing(self, _position: Position, _envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        announced = decode(SealingAnnouncement, bodies[0])
        key = SealingPublic(announced.mlkem768, announced.x25519)
        check_suite(announced.suite)
        key.check()
        return None if announced.key == key.id else "MALFORMED"

    @staticmethod
    def _national(_position: Position, _envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        blinded = decode(NationalHead, bodies[0]).blinded if bodies[0] is not None else b""
        return None if len(blinded) == DIGEST else "MALFORMED"

    def _epoch(self, _position: Position, _envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        check_suite(decode(EpochSetup, bodies[0]).suite)
        return None

    def _document(self, _position: Position, _envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        data = bodies[0]
        if data is None:
            return None
        try:
            agreement = parse_computable(data)
        except DocumentError:
            return "MALFORMED"
        self.documents[digest(data)] = agreement
        self.document_bytes[digest(data)] = data
        return None

    def _act(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        signed = decode(SignedAct, bodies[0])
        statement = decode(ActStatement, signed.act)
        if statement.agreement != self.agreement or statement.by != envelope.writer:
            return "WRONG_AGREEMENT"
        if malformed(statement):
            return "MALFORMED"
        if statement.id in self.acts:
            return "DUPLICATE"
        document = self.documents.get(self.first)
        if document is None:
            return "NO_DOCUMENT"  # who signs, and how many of them, is for it to say
        if statement.kind == "sign" and not roots_agree(statement, document, self.roots):
            return "WRONG_ROOTS"
        refused = check_signatures("act", signed.act, signed, position, self._offices, document)
        if refused is not None:
            return refused
        second = signed.second.office if signed.second is not None else ""
        self.acts[statement.id] = ActRecord(position, envelope.instant, statement, signed.office, second)
        for receipt, instant, of in self._early:
            if position[:2] == (of.writer, of.incarnation) and (found := _answer_in(of, position.seq)):
                self._answer(position, receipt, instant, found[0])
        return None

    def _delivered(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        signed = decode(SignedDelivery, bodies[0])
        claim, document = decode(DeliveredClaim, signed.claim), self.documents.get(self.first)
        if claim.agreement != self.agreement or claim.by != envelope.writer:
            return "WRONG_AGREEMENT"
        if document is None:
            return "NO_DOCUMENT"
        refused = check_signatures("delivered", signed.claim, signed, position, self._offices, document)
        if refused is not None:
            return refused
        act = self.acts.get(claim.act)
        if act is None or act.position.writer != envelope.writer:
            return "MALFORMED"
        if not act.instant <= claim.instant <= envelope.instant or len(claim.evidence) != DIGEST:
            return "MALFORMED"
        self.claims.append((position, envelope.instant, claim))
        return None

    def _transfer(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        body = bodies[0]
        transfer = decode(Transfer, body) if body is not None else None
        header = decode(TransferHeader, transfer.header) if transfer is not None else None
        if self._keep_items:
            self.transfers[position] = TransferRecord(position, envelope.instant, envelope, transfer, header)
        if header is None:
            return None
        if header.agreement != self.agreement or header.sender != envelope.writer:
            return "WRONG_AGREEMENT"
        if (header.precedence, header.reality) != (envelope.precedence, envelope.reality):
            return "MALFORMED"
        if self._keep_items and self.items.setdefault((header.sender, header.item), position) != position:
            return "DUPLICATE"
        return None

    def _received(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        receipt = decode(Received, bodies[0])
        if sum(len(of.accepted) + len(of.refused) for of in receipt.of) > MAX_ANSWERS:
            return "MALFORMED"
        for of in receipt.of:
            known, ends = self.next_seq.get((of.writer, of.incarnation), 0), _ends(of)
            early = envelope.writer == self._own and min(ends, default=0) >= 0
            if of.writer == envelope.writer or not (early or all(0 <= seq < known for seq in ends)):
                return "MALFORMED"
            if not _each_once(of):
                return "MALFORMED"
        if len({(of.writer, of.incarnation) for of in receipt.of}) != len(receipt.of):
            return "MALFORMED"
        for of in receipt.of:
            self._note(position, envelope.instant, of)
            if envelope.writer == self._own and (self._replaying or self._beyond(of)):
                self._early.append((position, envelope.instant, of))
        return None

    def _note(self, receipt: Position, instant: int, of: ReceivedOf) -> None:
        """Keep what a receipt answers, as far as it is here."""
        for seq, code in self._answered(of):
            self._answer(Position(of.writer, of.incarnation, seq), receipt, instant, code)

    def _answer(self, answered: Position, receipt: Position, instant: int, code: str | None) -> None:
        """Keep an answer to one entry; the first answer of a party stands."""
        answers = self.answers.get(answered, {})
        if receipt.writer not in answers:
            self.answers[answered] = {**answers, receipt.writer: Answer(receipt.writer, receipt, instant, code)}

    def _beyond(self, of: ReceivedOf) -> bool:
        """Whether a receipt answers an entry that is not here yet."""
        return max(_ends(of), default=-1) >= self.next_seq.get((of.writer, of.incarnation), 0)

    def _answered(self, of: ReceivedOf) -> Iterator[tuple[int, str | None]]:
        """(sequence number, refusal code or None) of what a receipt answers; of acts alone where items are not kept."""
        if self._keep_items:
            yield from ((seq, None) for low, high in of.accepted for seq in range(low, high + 1))
            yield from ((refused.seq, refused.code) for refused in of.refused)
        else:
            yield from self._acts_of(of)

    def _acts_of(self, of: ReceivedOf) -> Iterator[tuple[int, str | None]]:
        """(sequence number, refusal code or None) of the formal acts among what a receipt answers."""
        for act in self.acts.values():
            if act.position[:2] == (of.writer, of.incarnation) and (found := _answer_in(of, act.position.seq)):
                yield act.position.seq, found[0]

    def domain_acts(self) -> list[Act]:
        """The formal acts as lifecycle section 1 defines them, with what is known of their delivery."""
        return [self.domain_act(record) for record in self.acts.values()]

    def domain_act(self, record: ActRecord) -> Act:
        """One formal act, in the record or about to be."""
        statement = record.statement
        received = {
            party: answer.instant
            for party, answer in self.answers.get(record.position, {}).items()
            if answer.refused is None
        }
        delivered: dict[str, int] = {}
        for _, _, claim in self.claims:
            if claim.act == statement.id:
                delivered[claim.party] = min(claim.instant, delivered.get(claim.party, claim.instant))
        return Act(
            id=statement.id,
            by=statement.by,
            kind=cast("ActKind", statement.kind),
            refs=statement.refs,
            dispatched=record.instant,
            received=received,
            delivered=delivered,
            digest=statement.digest.hex() if statement.digest is not None else None,
            effective=statement.effective,
            instant=statement.instant,
            reading=cast("Reading | None", statement.reading),
        )


def _answer_in(of: ReceivedOf, seq: int) -> tuple[str | None] | None:
    """What a receipt answers to one entry: a refusal's code, None inside for accepted; None where it does not."""
    for refused in of.refused:
        if refused.seq == seq:
            return (refused.code,)
    return (None,) if any(low <= seq <= high for low, high in of.accepted) else None


def _ends(of: ReceivedOf) -> list[int]:
    """Every sequence number that a receipt names, of its ranges the first and the last."""
    return [seq for pair in of.accepted for seq in pair] + [refused.seq for refused in of.refused]


def _each_once(of: ReceivedOf) -> bool:
    """Whether ranges and refusals rise, name no entry twice and give codes: one receipt says nothing over and over."""
    refused = [(each.seq, each.seq) for each in of.refused]
    spans = sorted([*of.accepted, *refused])
    in_order = sorted(of.accepted) == list(of.accepted) and sorted(refused) == refused
    apart = all(before[1] < after[0] for before, after in pairwise(spans))
    coded = all(_CODE.fullmatch(each.code) for each in of.refused)
    return in_order and apart and coded and all(low <= high for low, high in spans)
