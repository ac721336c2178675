"""From entries to facts: what the logs of one agreement say, replayed (docs/spec/record.md, "Replay").

A :class:`Projection` is fed the entries of every party's log, each log in its own order, interleaved as its holder came
to know them, and answers what the domain asks: which documents there are, which formal acts with what receipts, which
transfers, accepted or refused. A node keeps one up to date; offline verification replays one per writer. It judges
nothing by the clock and holds nothing that the logs do not say.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias, cast, get_args

from entente.domain.agreement.acts import Act, ActKind
from entente.domain.agreement.document import digest, parse_computable
from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.terms import Agreement, Reading
from entente.record.bodies import (
    ActStatement,
    DeliveredClaim,
    EpochSetup,
    Received,
    ReceivedOf,
    SealingAnnouncement,
    SignedAct,
    Transfer,
    TransferHeader,
)
from entente.record.envelope import KNOWN_KINDS, Envelope
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.errors import BadKeyError, BadSignatureError, UnknownSuiteError
from entente.sealing.seal import SealingPublic
from entente.sealing.signing import HybridPublic
from entente.sealing.suites import check_suite

_CODE = re.compile(r"[A-Z_]{1,40}")
BIND = "bind"
"""The role of an office that may bind its party by formal acts."""


class Position(NamedTuple):
    """Where an entry stands: writer, incarnation of the writer's log, sequence number from 0."""

    writer: str
    incarnation: str
    seq: int


OfficeLookup: TypeAlias = Callable[[Position, str, str], HybridPublic | None]
"""(position, office id, role) -> the office's public keys as valid at that position, or None."""


_Handler: TypeAlias = Callable[[Position, Envelope, Sequence[bytes | None]], str | None]


class ActRecord(NamedTuple):
    """A formal act as recorded: where, when (ms since the epoch), by which office, and its exact bytes."""

    position: Position
    instant: int
    statement: ActStatement
    office: str


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
        self, agreement: bytes, offices: OfficeLookup, roots: Mapping[str, bytes], *, keep_items: bool = True
    ) -> None:
        """``roots``: every known party's root-card digest, from pairing or from the verifier's arguments, never a log.

        With ``keep_items`` false, transfers and the answers to them are checked for form and not kept: a node has its
        register for them, and its memory must not grow with its history.
        """
        self.agreement = agreement
        self._keep_items = keep_items
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
        self._offices = offices
        self._handlers: dict[str, _Handler] = {
            "sealing": self._sealing,
            "epoch": self._epoch,
            "document": self._document,
            "act": self._act,
            "delivered": self._delivered,
            "transfer": self._transfer,
            "received": self._received,
        }

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
        position = Position(envelope.writer, envelope.incarnation, envelope.seq)
        expected = self.next_seq.get(position[:2], 0)
        if envelope.seq != expected or envelope.agreement != self.agreement:
            raise ValueError(f"entry {position} fed out of order; {expected} is next")
        self.next_seq[position[:2]] = expected + 1
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
        if code is not None:
            self.invalid[position] = code
        return code

    def _sealing(self, _position: Position, _envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        announced = decode(SealingAnnouncement, bodies[0])
        key = SealingPublic(announced.mlkem768, announced.x25519)
        check_suite(announced.suite)
        key.check()
        return None if announced.key == key.id else "MALFORMED"

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
        if not re.fullmatch(re.escape(envelope.writer) + r"-[1-9][0-9]{0,8}", statement.id):
            return "MALFORMED"  # ids are numbered per party, so that nobody can take another's
        if statement.kind not in get_args(ActKind) or statement.reading not in (None, *get_args(Reading)):
            return "MALFORMED"
        named = [instant for instant in (statement.instant, statement.effective) if instant is not None]
        if any(not MIN_INSTANT <= instant <= MAX_INSTANT for instant in named):
            return "MALFORMED"  # no calendar has it, and arithmetic on it would stop everybody who holds the act
        if statement.id in self.acts:
            return "DUPLICATE"
        if statement.kind == "sign" and not self._roots_agree(statement):
            return "WRONG_ROOTS"
        office = self._offices(position, signed.office, BIND)
        if office is None:
            return "BAD_SIGNATURE"
        office.verify("act", signed.act, signed.signature)
        self.acts[statement.id] = ActRecord(position, envelope.instant, statement, signed.office)
        return None

    def _roots_agree(self, statement: ActStatement) -> bool:
        """Whether a ``sign`` names every party's root, and exactly the roots this holder knows."""
        document = self.documents.get(self.first)
        if document is None or tuple(party for party, _ in statement.roots) != document.parties:
            return False
        return all(self.roots.get(party) == root for party, root in statement.roots)

    def _delivered(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        if bodies[0] is None:
            return "MALFORMED"
        claim = decode(DeliveredClaim, bodies[0])
        act = self.acts.get(claim.act)
        if act is None or act.position.writer != envelope.writer:
            return "MALFORMED"
        if not act.instant <= claim.instant <= envelope.instant:
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
        for of in receipt.of:
            known = self.next_seq.get((of.writer, of.incarnation), 0)
            ends = [seq for pair in of.accepted for seq in pair] + [refused.seq for refused in of.refused]
            if of.writer == envelope.writer or any(not 0 <= seq < known for seq in ends):
                return "MALFORMED"
            if not _each_once(of):
                return "MALFORMED"
        if len({(of.writer, of.incarnation) for of in receipt.of}) != len(receipt.of):
            return "MALFORMED"
        for of in receipt.of:
            for seq, code in self._answered(of):
                answer = Answer(envelope.writer, position, envelope.instant, code)
                self.answers.setdefault(Position(of.writer, of.incarnation, seq), {}).setdefault(
                    envelope.writer, answer
                )
        return None

    def _answered(self, of: ReceivedOf) -> Iterator[tuple[int, str | None]]:
        """(sequence number, refusal code or None) of what a receipt answers; of acts alone where items are not kept."""
        if self._keep_items:
            yield from ((seq, None) for low, high in of.accepted for seq in range(low, high + 1))
            yield from ((refused.seq, refused.code) for refused in of.refused)
            return
        refused_codes = {refused.seq: refused.code for refused in of.refused}
        for act in self.acts.values():
            if act.position[:2] == (of.writer, of.incarnation):
                seq = act.position.seq
                if seq in refused_codes:
                    yield seq, refused_codes[seq]
                elif any(low <= seq <= high for low, high in of.accepted):
                    yield seq, None

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


def _each_once(of: ReceivedOf) -> bool:
    """Whether ranges and refusals rise, name no entry twice and give codes: one receipt says nothing over and over."""
    refused = [(each.seq, each.seq) for each in of.refused]
    spans = sorted([*of.accepted, *refused])
    in_order = sorted(of.accepted) == list(of.accepted) and sorted(refused) == refused
    apart = all(before[1] < after[0] for before, after in pairwise(spans))
    coded = all(_CODE.fullmatch(each.code) for each in of.refused)
    return in_order and apart and coded and all(low <= high for low, high in spans)
