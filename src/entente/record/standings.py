"""Standing releases as the logs tell them: whose, from which position on, until which (docs/spec/bodies.md, section 5).

A standing release counts for entries after its own, in the same incarnation of its writer's log, up to the entry that
revokes it. Signatures are checked once, when the entry is fed; never for an item.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT
from entente.domain.release_facts import RELEASE_ROLE, ApprovalFact, StandingRelease
from entente.record.bodies import RevocationStatement, SignedRevocation, SignedStanding, StandingStatement
from entente.record.envelope import Envelope
from entente.record.position import OfficeLookup, Position
from entente.sealing.canonical import decode

MAX_SIGNERS = 2


class StandingRecord(NamedTuple):
    """A standing release as recorded: where, when (ms since the epoch), its exact words, and what the gate reads."""

    position: Position
    instant: int
    statement: StandingStatement
    release: StandingRelease


class Standings:
    """The standing releases of one agreement and their revocations, by (writer, id)."""

    def __init__(self, agreement: bytes, offices: OfficeLookup) -> None:
        self.records: dict[tuple[str, str], StandingRecord] = {}
        self.revoked: dict[tuple[str, str], tuple[Position, int]] = {}
        """(writer, id) -> where, and when (ms), the revocation stands."""
        self.withheld: dict[tuple[str, str], tuple[tuple[int, str], ...]] = {}
        """(writer, incarnation) -> (sequence number, kind) of entries whose bodies are not shown here."""
        self._agreement = agreement
        self._offices = offices

    def take(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        """Take a ``standing`` entry; returns the coarse code it is refused with, if any.

        Raises:
            NotCanonicalError, UnknownSuiteError, BadSignatureError, BadKeyError: its body is none, or not signed.
        """
        if bodies[0] is None:
            self._withhold(position, "standing")
            return None
        signed = decode(SignedStanding, bodies[0])
        statement = decode(StandingStatement, signed.statement)
        if statement.agreement != self._agreement or statement.by != envelope.writer:
            return "WRONG_AGREEMENT"
        if not well_formed(statement) or len(signed.signatures) != len(statement.signers):
            return "MALFORMED"
        if (statement.by, statement.id) in self.records:
            return "DUPLICATE"
        approvals = []
        for signer, signature in zip(statement.signers, signed.signatures, strict=True):
            office = self._offices(position, signer.office, RELEASE_ROLE)
            if office is None:
                return "BAD_SIGNATURE"
            office.verify("standing", signed.statement, signature)
            approvals.append(approval_of(statement, signer.office, signer.person, office.ed25519.hex()))
        record = StandingRecord(position, envelope.instant, statement, release_of(statement, tuple(approvals)))
        self.records[statement.by, statement.id] = record
        return None

    def revoke(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        """Take a ``revocation`` entry; like :meth:`take`.

        One of a standing release that is not known here is kept: its body may have been withheld.
        """
        if bodies[0] is None:
            self._withhold(position, "revocation")
            return None
        signed = decode(SignedRevocation, bodies[0])
        statement = decode(RevocationStatement, signed.statement)
        if statement.agreement != self._agreement or statement.by != envelope.writer:
            return "WRONG_AGREEMENT"
        if not _named(statement.by, statement.id):
            return "MALFORMED"
        if (statement.by, statement.id) in self.revoked:
            return "DUPLICATE"
        office = self._offices(position, statement.office, RELEASE_ROLE)
        if office is None:
            return "BAD_SIGNATURE"
        office.verify("revocation", signed.statement, signed.signature)
        self.revoked[statement.by, statement.id] = (position, envelope.instant)
        return None

    def _withhold(self, position: Position, kind: str) -> None:
        log = position.writer, position.incarnation
        self.withheld[log] = (*self.withheld.get(log, ()), (position.seq, kind))

    def at(self, position: Position, standing: str, revoked_by: int | None = None) -> StandingRelease | str:
        """The standing release that an item at ``position`` cites, or why it cannot be relied on there, in words.

        A revocation counts where it stands before the item, or before entry ``revoked_by`` where that is given: what
        has not left yet is stopped by a later one too.
        """
        name = position.writer, standing
        record = self.records.get(name)
        if record is None or not _before(record.position, position, position.seq):
            return f"The standing release {standing} is not known here."
        revoked = self.revoked.get(name)
        if revoked is not None and _before(revoked[0], position, position.seq if revoked_by is None else revoked_by):
            return f"The standing release {standing} was revoked."
        return record.release

    def not_shown(self, position: Position, standing: str) -> bool:
        """Whether what decides on the standing release that an item cites may be in entries that are not shown here."""
        withheld = self.withheld.get(position[:2])
        if withheld is None:
            return False
        record = self.records.get((position.writer, standing))
        kind, since = ("standing", -1) if record is None else ("revocation", record.position.seq)
        return any(since < seq < position.seq and each == kind for seq, each in withheld)


def _before(which: Position, item: Position, seq: int) -> bool:
    return which.seq < seq and which[:2] == item[:2]


def _named(party: str, standing: str) -> bool:
    """Ids are numbered per party, so that nobody can take another's (docs/decisions/0009)."""
    return re.fullmatch(re.escape(party) + r"-s[1-9][0-9]{0,8}", standing) is not None


def well_formed(statement: StandingStatement) -> bool:
    """Whether a statement can mean anything: its id, one or two signers, bounds that a calendar has."""
    instants = statement.begins, statement.expires
    return (
        _named(statement.by, statement.id)
        and 1 <= len(statement.signers) <= MAX_SIGNERS
        and all(MIN_INSTANT <= instant <= MAX_INSTANT for instant in instants)
        and statement.begins < statement.expires
        and statement.max_size >= 0
    )


def approval_of(statement: StandingStatement, office: str, person: str, key: str) -> ApprovalFact:
    """One signer's approval of everything in the class, which lapses with it."""
    return ApprovalFact(
        party=statement.by, office=office, role=RELEASE_ROLE, person=person, key=key, expires=statement.expires
    )


def release_of(statement: StandingStatement, approvals: tuple[ApprovalFact, ...]) -> StandingRelease:
    """What the gate reads of a statement whose signatures are verified."""
    return StandingRelease(
        id=statement.id,
        party=statement.by,
        approvals=approvals,
        media_types=frozenset(statement.media_types),
        level=statement.level,
        purposes=frozenset(statement.purposes),
        recipients=frozenset(statement.recipients),
        precedences=frozenset(statement.precedences),
        realities=frozenset(statement.realities),
        caveats=frozenset(statement.caveats),
        max_size=statement.max_size,
        begins=statement.begins,
        expires=statement.expires,
    )
