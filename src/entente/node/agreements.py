"""Agreements and formal acts: propose, sign, notify, and every act of lifecycle section 1 (docs/guide/treaty-desk.md).

A formal act is prepared by the node, signed by the office that may bind the party where its key is, and committed by
the node. The office never hands its key over, and what it signs is the statement's exact bytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import urandom
from typing import TYPE_CHECKING, get_args

import msgspec

from entente.domain.agreement.acts import ActKind
from entente.domain.agreement.document import digest, parse_computable
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.reasons import RefusedAct
from entente.domain.agreement.status import status
from entente.domain.agreement.terms import Agreement
from entente.node.commit import Work, salted
from entente.node.errors import NotReadyError, RefusedError, UsageError
from entente.node.ledger import HeldLog, Ledger
from entente.record.bodies import (
    ActStatement,
    EpochSetup,
    SealingAnnouncement,
    SecondSignature,
    SignedAct,
    SignedKeys,
)
from entente.record.merkle import EMPTY_ROOT, Frontier
from entente.record.position import BIND, Position
from entente.record.projection import ActRecord
from entente.record.steps import MAX_SIGNERS
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import BadSignatureError
from entente.sealing.identity import KeyStatement
from entente.sealing.seal import EpochSeal, SealingKey, set_up_epoch
from entente.sealing.signing import HybridPublic, Signature
from entente.sealing.suites import SUITE

if TYPE_CHECKING:
    from entente.node.node import Node

DAY = 24 * 3600 * 1000
BINDS = "Let an office with the role 'bind' sign."
SECOND_PERSON = "Have a second person of another office sign it too."
KEEP_SECRETS = 7 * DAY
"""How long a sealing or epoch key outlives its replacement: the longest a bundle may be in a courier's bag."""


@dataclass(frozen=True)
class ActDraft:
    """An act ready to be signed: its exact bytes and what they mean."""

    data: bytes
    statement: ActStatement


def usable(ledger: Ledger) -> HeldLog:
    """This party's own log of an agreement, if it may be written now.

    Raises:
        NotReadyError: after a start no peer has yet confirmed where this party's own log ends.
    """
    if ledger.own is None:
        raise NotReadyError("NO_LOG", "this party has no log under this agreement yet", "Propose or sign it first.")
    if not ledger.ready:
        raise NotReadyError(
            "START_UNCHECKED",
            "no peer has confirmed yet where this node's own log ends, so nothing may be written",
            "Connect a peer; if none can be reached, an office may open a new incarnation: entente node restart.",
        )
    return ledger.own


def open_log(node: "Node", work: Work, ledger: Ledger) -> HeldLog:
    """This party's own log, begun if need be: its key statement first, then its sealing key of the day."""
    if ledger.own is not None:
        return usable(ledger)
    incarnation = urandom(8).hex()  # random, so that an older copy of this node can never begin the same log again
    row = work.tx.create_log(ledger.agreement, node.party, incarnation, root=EMPTY_ROOT, frontier=Frontier().to_bytes())
    work.touch(ledger)
    log = ledger.add_log(row)
    ledger.ready = True
    signed = SignedKeys(node.card.statement, node.card.signature)
    work.append(ledger, log, "keys", [salted(encode(signed))])
    announce_sealing(node, work, ledger, log)
    return log


def announce_sealing(node: "Node", work: Work, ledger: Ledger, log: HeldLog) -> None:
    """Publish a fresh sealing key; destroy those that nothing on its way can still need."""
    key = SealingKey.generate()
    public = key.public
    work.tx.put_secret("sealing", public.id, work.at, node.lock(f"sealing/{public.id.hex()}", key.secret()))
    body = SealingAnnouncement(SUITE, public.id, public.mlkem768, public.x25519)
    work.append(ledger, log, "sealing", [salted(encode(body))])
    replaced: dict[bytes, int | None] = {}
    for held in node.ledgers.values():  # a key that is still announced under some agreement is needed there
        replaced |= held.replaced
    for kind in ("sealing", "epoch"):
        for key_id, created, _ in work.tx.secrets(kind):
            ended = replaced.get(key_id, created + DAY)
            if ended is not None and ended + KEEP_SECRETS < work.at:
                work.tx.drop_secret(kind, key_id)
                node.forget_epochs()


def replace_sealing(node: "Node", work: Work, ledger: Ledger, log: HeldLog) -> None:
    """Replace this party's sealing key where it is a day old."""
    if ledger.sealing_since.get(node.party, 0) + DAY <= work.at:
        announce_sealing(node, work, ledger, log)


def epoch_for(node: "Node", work: Work, ledger: Ledger, log: HeldLog, recipient: str) -> tuple[bytes, EpochSeal]:
    """(id, seal) of the link epoch to a recipient; a new one where its sealing key changed or a day has passed.

    Raises:
        NotReadyError: the recipient has published no sealing key yet.
    """
    target = ledger.sealing.get(recipient)
    if target is None:
        raise NotReadyError("NO_SEALING_KEY", f"{recipient} has published no sealing key yet", "Connect to it first.")
    replace_sealing(node, work, ledger, log)
    setup = ledger.epochs.get((node.party, recipient))
    if setup is not None and setup.key == target.id and work.at < ledger.epoch_since[node.party, recipient] + DAY:
        seal = node.own_epoch(setup.epoch)
        if seal is not None:
            return setup.epoch, seal
    new = set_up_epoch(target, agreement=ledger.agreement, writer=node.party, recipient_party=recipient)
    work.tx.put_secret("epoch", new.epoch, work.at, node.lock(f"epoch/{new.epoch.hex()}", new.secret))
    body = EpochSetup(SUITE, recipient, new.epoch, target.id, new.sealed)
    work.append(ledger, log, "epoch", [salted(encode(body))])
    return new.epoch, EpochSeal(new.secret)


def read_document(node: "Node", data: bytes) -> tuple[bytes, Agreement]:
    """(digest, agreement) of a document that this node can be party to.

    Raises:
        UsageError: not a valid document, or this party or an unpaired one is among its parties.
    """
    try:
        agreement = parse_computable(data)
    except DocumentError as error:
        raise UsageError("BAD_DOCUMENT", str(error), "Check it with: entente agreement check FILE") from error
    if node.party not in agreement.parties:
        raise UsageError("NOT_A_PARTY", f"{node.party} is not a party to this document", "Use this party's document.")
    for party in agreement.parties:
        if party not in node.roots:
            raise UsageError(
                "NOT_PAIRED",
                f"{party} is not paired with this node",
                f"Pair first: entente node pair DIR {party}.card.json",
            )
    return bytes.fromhex(digest(data)), agreement


def propose(node: "Node", data: bytes) -> Ledger:
    """Put an agreement document before the other parties; it binds nobody until all have signed."""
    identity, _ = read_document(node, data)
    if identity in node.ledgers:
        raise UsageError("ALREADY_KNOWN", "this document is known here already", "See: entente status")

    def work(unit: Work) -> Ledger:
        ledger = node.ledgers[identity] = Ledger(identity, node.party, node.roots)
        unit.touch(ledger, new=True)
        log = open_log(node, unit, ledger)
        unit.append(ledger, log, "document", [salted(data)])
        return ledger

    return node.committer.run(work)


def add_document(node: "Node", ledger: Ledger, data: bytes) -> str:
    """Put an amending document into the record, for ``amend`` to adopt; returns its digest."""
    identity, _ = read_document(node, data)
    if identity.hex() in ledger.projection.documents:
        return identity.hex()
    node.committer.run(lambda unit: unit.append(ledger, usable(ledger), "document", [salted(data)]))
    return identity.hex()


def prepare_act(
    node: "Node",
    ledger: Ledger,
    kind: str,
    *,
    refs: tuple[str, ...] = (),
    document: str | None = None,
    effective: int | None = None,
    instant: int | None = None,
    reading: str | None = None,
    note: str = "",
) -> ActDraft:
    """The statement of an act, for an office to sign.

    Raises:
        UsageError: an unknown kind, a field that the kind needs is missing, or an act it refers to is not known here.
    """
    if kind not in get_args(ActKind):
        raise UsageError("UNKNOWN_KIND", f"{kind!r} is not a formal act", f"One of: {', '.join(get_args(ActKind))}")
    needed = {
        "amend": (document, "--document"),
        "agree_termination": (instant, "--instant"),
        "declare_reading": (reading, "--reading"),
    }
    if kind in needed and needed[kind][0] is None:
        raise UsageError("FIELD_MISSING", f"{kind} needs {needed[kind][1]}", f"Add {needed[kind][1]}.")
    if kind == "amend" and effective is None:
        raise UsageError("FIELD_MISSING", "amend needs --effective", "Add --effective INSTANT.")
    unknown = [ref for ref in refs if ref not in ledger.projection.acts]
    if unknown:
        known = ", ".join(ledger.projection.acts) or "none"
        raise UsageError(
            "UNKNOWN_REF", f"no act {', '.join(unknown)} is in the record", f"Acts in the record: {known}."
        )
    roots = tuple((party, node.roots[party].digest) for party in ledger.parties) if kind == "sign" else ()
    statement = ActStatement(
        schema="entente/act/1",
        agreement=ledger.agreement,
        by=node.party,
        id=next_act_id(node, ledger),
        kind=kind,
        refs=refs,
        digest=bytes.fromhex(document) if document else (ledger.agreement if kind == "sign" else None),
        effective=effective,
        instant=instant,
        reading=reading,
        roots=roots,
        note=note,
    )
    return ActDraft(encode(statement), statement)


def foreseen_refusal(node: "Node", ledger: Ledger, statement: ActStatement) -> RefusedAct | None:
    """How the lifecycle would refuse an act if it, and every act before it, were received everywhere at this instant.

    Said before an office signs what cannot be undone. It promises nothing: other acts may count first.
    """
    at, projection = node.instant(), ledger.projection
    written = [*projection.acts.values(), ActRecord(Position(node.party, "", 0), at, statement, "")]
    acts = []
    for record in written:
        act = projection.domain_act(record)
        received = {party: act.received.get(party, at) for party in ledger.parties if party != act.by}
        acts.append(msgspec.structs.replace(act, received=received))
    foreseen = status(projection.documents, acts, at, first=projection.first)
    return next((refused for refused in foreseen.refused if refused.act == statement.id), None)


def next_act_id(node: "Node", ledger: Ledger) -> str:
    """The id of this party's next act: the next number.

    After a restart one that no act of the branch left behind has, although it is not here.
    """
    written = sum(act.statement.by == node.party for act in ledger.projection.acts.values())
    own = [log for log in ledger.logs.values() if log.row.writer == node.party]
    if len(own) < 2 or ledger.own is None:
        return f"{node.party}-{written + 1}"
    branch = 100 + int(ledger.own.row.incarnation, 16) % 900
    return f"{node.party}-{branch}{written + 1:06}"


def commit_act(
    node: "Node",
    ledger: Ledger,
    data: bytes,
    office: str,
    signature: Signature,
    second: SecondSignature | None = None,
    *,
    also: Callable[[Work], object] = lambda _: None,
) -> Position:
    """Write a signed act into this party's log. Not to be undone, but by another act where terms allow.

    ``also`` is done in the same transaction.

    Raises:
        RefusedError: not this party's act under this agreement, or not signed by the offices that may bind the party.
    """
    try:
        statement = decode(ActStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), "Prepare the act again.") from error
    due = (ledger.agreement, node.party, next_act_id(node, ledger))
    if (statement.agreement, statement.by, statement.id) != due:
        raise RefusedError("WRONG_ACT", "this is not a new act of this party under this agreement", "Prepare it again.")

    def work(unit: Work) -> Position:
        log = open_log(node, unit, ledger)
        check_signed(node, ledger, "act", data, office, signature, second)
        also(unit)
        return unit.append(ledger, log, "act", [salted(encode(SignedAct(data, office, signature, second)))])

    return node.committer.run(work)


def binding(node: "Node", ledger: Ledger) -> Callable[[str], HybridPublic | None]:
    """The keys of the offices that may bind this party, by name: as its log stands, else as it will begin."""
    log = ledger.own
    if log is not None:
        return lambda office: log.keys.office(log.row.size, office, BIND)
    statement = decode(KeyStatement, node.card.statement)
    return lambda office: statement.office(office, BIND)


def check_bound(node: "Node", ledger: Ledger, kind: str, data: bytes, signed: Iterable[tuple[str, Signature]]) -> None:
    """Check that offices which may bind this party have signed exactly these bytes.

    Raises:
        RefusedError: one may not, or its signature does not verify.
    """
    for office, signature in signed:
        keys = binding(node, ledger)(office)
        if keys is None:
            raise RefusedError("OFFICE_MAY_NOT_BIND", f"{office} may not bind {node.party}", BINDS)
        try:
            keys.verify(kind, data, signature)
        except BadSignatureError as error:
            raise RefusedError("BAD_SIGNATURE", "the office's signature does not verify", "Sign it again.") from error


def check_signed(
    node: "Node",
    ledger: Ledger,
    kind: str,
    data: bytes,
    office: str,
    signature: Signature,
    second: SecondSignature | None,
) -> None:
    """Check that a formal act, or the claim of its delivery, is signed by an office that binds, or two if they must be.

    Raises:
        RefusedError: the second is missing, one may not bind this party, or did not sign these bytes.
    """
    signed = [(office, signature)] + ([(second.office, second.signature)] if second is not None else [])
    if len({name for name, _ in signed}) < (MAX_SIGNERS if two_persons(node, ledger) else len(signed)):
        raise RefusedError("SECOND_PERSON_MISSING", "the terms ask for two offices to sign it", SECOND_PERSON)
    check_bound(node, ledger, kind, data, signed)


def two_persons(node: "Node", ledger: Ledger) -> bool:
    """Whether two persons sign a formal act or note: so say the document first signed, or the terms now in force."""
    terms = (ledger.document, in_force(node, ledger))
    return any(each is not None and each.notices.two_persons for each in terms)


def in_force(node: "Node", ledger: Ledger) -> Agreement | None:
    """The terms in force in this party's own view; None where that document is not held."""
    views = ledger.status(node.instant()).views if ledger.document is not None else {}
    version = views[node.party].terms_version if node.party in views else None
    return ledger.projection.documents.get(version) if version is not None else None
