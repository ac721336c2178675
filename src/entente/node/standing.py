"""Standing releases at a node: prepared here, signed where the office sits, written and revoked (docs/spec/gate.md, 6).

They are the party's own words to those they name: no other party of the agreement ever holds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entente.domain.agreement.instants import MAX_INSTANT, format_instant
from entente.domain.agreement.terms import Agreement
from entente.domain.marking.caveats import known_caveats
from entente.domain.marking.equivalence import UnknownMarkingError, compile_table
from entente.domain.precedence import PRECEDENCES
from entente.domain.release_facts import RELEASE_ROLE
from entente.domain.release_steps import REALITIES
from entente.node.agreements import usable
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.record.bodies import (
    RevocationStatement,
    SignedRevocation,
    SignedStanding,
    SignedStep,
    Signer,
    StandingStatement,
    StepStatement,
)
from entente.record.envelope import KINDS_TO_NAMED, SALT
from entente.record.position import Position
from entente.record.standings import MAX_SIGNERS, StandingRecord
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import BadSignatureError
from entente.sealing.signing import Signature
from entente.store.rows import EntryRow

if TYPE_CHECKING:
    from entente.node.node import Node

AGAIN = "Prepare it again."


@dataclass(frozen=True)
class ItemClass:
    """What a release authority is asked to approve in advance; instants in ms, ``max_size`` in bytes."""

    media_types: tuple[str, ...]
    level: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    precedences: tuple[str, ...]
    realities: tuple[str, ...]
    caveats: tuple[str, ...]
    max_size: int
    begins: int
    expires: int
    note: str = ""


def prepare(node: "Node", ledger: Ledger, asked: ItemClass, signers: tuple[Signer, ...]) -> StandingStatement:
    """The statement of a standing release, for its signers to sign.

    Raises:
        UsageError: the class could cover nothing under the terms in force, or needs another signer.
        NotReadyError: this party may not write now.
    """
    log, terms, at = usable(ledger), _terms(node, ledger), node.instant()
    for name, given, known in (
        ("recipients", asked.recipients, ledger.peers),
        ("precedences", asked.precedences, PRECEDENCES),
        ("realities", asked.realities, tuple(sorted(REALITIES))),
        ("purposes", asked.purposes, terms.purposes.allowed),
        ("media types", asked.media_types, asked.media_types),
    ):
        _among(name, given, known)
    if asked.caveats:
        _among("caveats", asked.caveats, tuple(sorted(known_caveats(terms))))
    try:
        compile_table(terms, "").rank(asked.level, node.party)
    except UnknownMarkingError as error:
        raise UsageError(
            "UNKNOWN_LEVEL", str(error), f"Use one of {node.party}'s own markings in the terms."
        ) from error
    if not asked.begins < asked.expires <= MAX_INSTANT or asked.expires <= at:
        text = f"it would hold from {format_instant(asked.begins)} and end before that, or is over"
        raise UsageError("BAD_INSTANT", text, "Let it end after it begins, and after now.")
    if asked.max_size < 1:
        raise UsageError("TOO_SMALL", "it would cover no item of any size", "Give a size in bytes.")
    _check_signers(terms, signers)
    return StandingStatement(
        schema="entente/standing/1",
        agreement=ledger.agreement,
        by=node.party,
        id=_next_id(node, ledger, log),
        signers=signers,
        media_types=asked.media_types,
        level=asked.level,
        purposes=asked.purposes,
        recipients=asked.recipients,
        precedences=asked.precedences,
        realities=asked.realities,
        caveats=asked.caveats,
        max_size=asked.max_size,
        begins=asked.begins,
        expires=asked.expires,
        note=asked.note,
    )


def _terms(node: "Node", ledger: Ledger) -> Agreement:
    version = ledger.status(node.instant()).views[node.party].terms_version
    terms = ledger.projection.documents.get(version)
    if terms is None:
        raise UsageError("TERMS_MISSING", "the terms in force are missing here", "Obtain the document first.")
    return terms


def _among(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    wrong = [value for value in given if value not in known]
    if wrong or not given or len(set(given)) < len(given):
        text = f"the {name} {', '.join(wrong)} are not known" if wrong else f"no {name} are named, or one of them twice"
        raise UsageError("BAD_CLASS", text, f"Name some of: {', '.join(known) or 'at least one'}.")


def _check_signers(terms: Agreement, signers: tuple[Signer, ...]) -> None:
    if not 1 <= len(signers) <= MAX_SIGNERS:
        raise UsageError("SIGNER_MISSING", "one or two persons sign a standing release", "Name who signs.")
    two = len(signers) == MAX_SIGNERS and signers[0].person != signers[1].person
    if terms.release.two_persons and not two:
        text = "the terms ask for two persons with two keys"
        raise UsageError("SECOND_PERSON_MISSING", text, "Have a second person of another office sign it too.")


def _next_id(node: "Node", ledger: Ledger, log: HeldLog) -> str:
    """The next number; after a restart one that no standing release of the branch left behind has (decision 0009)."""
    standings = ledger.projection.standings
    written = sum(writer == node.party for writer, _ in standings.records)
    own = [held for held in ledger.logs.values() if held.row.writer == node.party]
    for held in own:
        written += sum(kind == "standing" for _, kind in standings.withheld.get(held.name, ()))
    if len(own) < 2:
        return f"{node.party}-s{written + 1}"
    return f"{node.party}-s{100 + int(log.row.incarnation, 16) % 900}{written + 1:06}"


def commit(node: "Node", ledger: Ledger, data: bytes, signatures: tuple[Signature, ...]) -> StandingRecord:
    """Write a signed standing release into this party's log; from then on items may cite it.

    Raises:
        UsageError: the bytes are no statement.
        RefusedError: not a new one of this party, or not signed by offices that may release.
    """
    try:
        statement = decode(StandingStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), AGAIN) from error

    def work(unit: Work) -> StandingRecord:
        log = usable(ledger)
        due = ledger.agreement, node.party, _next_id(node, ledger, log)
        if (statement.agreement, statement.by, statement.id) != due or len(signatures) != len(statement.signers):
            raise RefusedError("WRONG_STANDING", "this is not a new standing release of this party", AGAIN)
        for signer, signature in zip(statement.signers, signatures, strict=True):
            _check_signature(log, "standing", data, signer.office, signature)
        unit.append(ledger, log, "standing", [salted(encode(SignedStanding(data, signatures)))])
        note(
            node,
            unit,
            "standing",
            {"id": statement.id, "signers": statement.signers, "recipients": statement.recipients},
        )
        return ledger.projection.standings.records[node.party, statement.id]

    return node.committer.run(work)


def prepare_revocation(node: "Node", ledger: Ledger, standing: str, office: str, person: str) -> RevocationStatement:
    """The statement that ends one of this party's standing releases, for an office to sign.

    Raises:
        UsageError: there is none of that id, or it is revoked already.
    """
    standings = ledger.projection.standings
    if (node.party, standing) not in standings.records:
        own = ", ".join(name for writer, name in standings.records if writer == node.party)
        text = f"{node.party} has no standing release {standing[:80]!r}"
        raise UsageError("NO_SUCH_STANDING", text, f"One of: {own or 'none yet'}.")
    if (node.party, standing) in standings.revoked:
        raise UsageError("ALREADY_REVOKED", f"{standing} is revoked already", "See: entente standing list")
    return RevocationStatement("entente/revocation/1", ledger.agreement, node.party, standing, office, person)


def revoke(node: "Node", ledger: Ledger, data: bytes, signature: Signature) -> Position:
    """Write a signed revocation: it binds this party's gate from its commitment on.

    Raises:
        UsageError: the bytes are no statement, or there is nothing to revoke.
        RefusedError: not this party's, or not signed by an office that may release.
    """
    try:
        statement = decode(RevocationStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), AGAIN) from error

    def work(unit: Work) -> Position:
        log = usable(ledger)
        due = prepare_revocation(node, ledger, statement.id, statement.office, statement.person)
        if statement != due:
            raise RefusedError("WRONG_STANDING", "this is not a revocation by this party under this agreement", AGAIN)
        _check_signature(log, "revocation", data, statement.office, signature)
        note(node, unit, "revocation", {"id": statement.id, "office": statement.office, "person": statement.person})
        return unit.append(ledger, log, "revocation", [salted(encode(SignedRevocation(data, signature)))])

    return node.committer.run(work)


def _check_signature(log: HeldLog, kind: str, data: bytes, office: str, signature: Signature) -> None:
    keys = log.keys.office(log.row.size, office, RELEASE_ROLE)
    if keys is None:
        text = f"{office} may not release for {log.row.writer}"
        raise RefusedError("OFFICE_MAY_NOT_RELEASE", text, "Let an office with the role 'release' sign.")
    try:
        keys.verify(kind, data, signature)
    except BadSignatureError as error:
        raise RefusedError("BAD_SIGNATURE", "the office's signature does not verify", "Sign it again.") from error


def state_of(ledger: Ledger, record: StandingRecord, at: int) -> str:
    """``revoked``, ``expired``, ``lapsed`` (another incarnation is written now), ``not begun`` or ``holds``."""
    statement = record.statement
    if (statement.by, statement.id) in ledger.projection.standings.revoked:
        return "revoked"
    if at >= statement.expires:
        return "expired"
    current = ledger.current(statement.by)
    if current is None or current.name != record.position[:2]:
        return "lapsed"
    return "not begun" if at < statement.begins else "holds"


def may_have(ledger: Ledger, row: EntryRow, writer: str, held: Mapping[int, tuple[bool, bytes]], peer: str) -> bool:
    """Whether a peer may have the bodies ``held`` of an entry of ``writer`` that goes in clear.

    A standing release and its revocation go to the recipients that it names, a step to those whom its matter is
    between; every other such kind goes to all.
    """
    if row.kind not in KINDS_TO_NAMED or peer == writer:
        return True
    if 0 not in held:
        return False
    body = held[0][1][SALT:]
    try:
        if row.kind == "step":
            return peer in decode(StepStatement, decode(SignedStep, body).statement).audience
        if row.kind == "standing":
            return peer in decode(StandingStatement, decode(SignedStanding, body).statement).recipients
        ended = decode(RevocationStatement, decode(SignedRevocation, body).statement).id
    except NotCanonicalError:
        return False
    record = ledger.projection.standings.records.get((writer, ended))
    return record is not None and peer in record.statement.recipients
