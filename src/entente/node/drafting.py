"""Drafting: a formal act or a step is filed, approved by each office that is to sign it, and sent (or dropped).

Between filing and sending days may pass, and the offices may sit in different buildings: each signs the same bytes,
where its key is. Nothing is in force or known to anybody else before it is sent; sending judges it anew.
"""

import hashlib
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from entente.domain.agreement.instants import parse_instant
from entente.node import agreements, drafts, matters, own_checks
from entente.node.commit import Work
from entente.node.drafts import Approved, Draft, DraftKind, Due
from entente.node.errors import NodeError, RefusedError, UsageError
from entente.node.ledger import Ledger
from entente.node.national import note
from entente.record.bodies import ActStatement, SecondSignature, StepStatement
from entente.record.steps import MAX_SIGNERS, person_named
from entente.sealing.canonical import NotCanonicalError, Wire, decode
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.node import Node

S = TypeVar("S", bound=Wire)
MAX_DRAFTS = 200
"""At one node: what nobody sends or drops must not fill it."""
AGAIN = "Drop it, and prepare it again."


class Paper(NamedTuple):
    """What somebody files: a statement's bytes, the texts beside it, and for an act the offices that are to sign."""

    kind: DraftKind
    statement: bytes
    texts: tuple[bytes, ...] = ()
    offices: tuple[str, ...] = ()


def file(node: "Node", ledger: Ledger, paper: Paper, person: str) -> Draft:
    """Keep a statement for its offices to approve. It is as it will be signed; to change it, drop it and file another.

    Raises:
        UsageError: the bytes are no statement, or there are too many drafts.
        RefusedError: it could not be written now either.
    """
    _check_person(person)
    signers = _act_signers(node, ledger, paper) if paper.kind == "act" else _step_signers(node, ledger, paper)
    known = drafts.held(node)
    if len(known) >= MAX_DRAFTS:
        raise UsageError("TOO_MANY", f"{MAX_DRAFTS} drafts are kept here", "Send or drop some: entente draft list")
    keys = agreements.binding(node, ledger)
    for office in (due.office for due in signers if keys(due.office) is None):
        raise RefusedError("OFFICE_MAY_NOT_BIND", f"{office} may not bind {node.party}", agreements.BINDS)

    def work(unit: Work) -> Draft:
        draft = Draft(
            id=drafts.new_id(unit.tx),
            agreement=ledger.agreement.hex(),
            kind=paper.kind,
            statement=paper.statement,
            signers=signers,
            filed_by=person,
            filed=unit.at,
        )
        drafts.keep(node, unit.tx, draft, paper.texts)
        _tell(node, unit, draft, "filed", person)
        return draft

    return node.committer.run(work)


def _act_signers(node: "Node", ledger: Ledger, paper: Paper) -> tuple[Due, ...]:
    statement = _decoded(ActStatement, paper.statement)
    _check_act(node, ledger, statement)
    if any(_decoded(ActStatement, draft.statement).id == statement.id for draft in _acts(node, ledger)):
        text = f"another draft is to be the act {statement.id}"
        raise RefusedError("ALREADY_DRAFTED", text, "Send it or drop it first: entente draft list")
    offices = paper.offices
    if paper.texts or not 1 <= len(offices) <= MAX_SIGNERS or len(set(offices)) < len(offices):
        raise UsageError("BAD_DRAFT", "an act has one or two offices that sign it, and no texts", "Name each once.")
    if agreements.two_persons(node, ledger) and len(offices) < MAX_SIGNERS:
        text = "the terms ask for two offices to sign an act"
        raise RefusedError("SECOND_PERSON_MISSING", text, agreements.SECOND_PERSON)
    return tuple(Due(office, "") for office in offices)


def _step_signers(node: "Node", ledger: Ledger, paper: Paper) -> tuple[Due, ...]:
    statement = _decoded(StepStatement, paper.statement)
    own_checks.check_texts(node, ledger, statement, paper.texts)
    matters.check(node, ledger, statement, node.instant(), planned=True)
    if paper.offices:
        raise UsageError("BAD_DRAFT", "a step's statement names who signs it", "Name no offices beside it.")
    return tuple(Due(signer.office, signer.person) for signer in statement.signers)


def _check_act(node: "Node", ledger: Ledger, statement: ActStatement) -> None:
    if (statement.agreement, statement.by) != (ledger.agreement, node.party):
        raise RefusedError("WRONG_ACT", "this is not an act of this party under this agreement", AGAIN)
    due = agreements.next_act_id(node, ledger)
    if statement.id != due:
        text = f"it was prepared as {statement.id}, and the next act of this party is {due}"
        raise RefusedError("WRONG_ACT", text, AGAIN)


def _acts(node: "Node", ledger: Ledger) -> list[Draft]:
    return [each for each in drafts.held(node) if (each.kind, each.agreement) == ("act", ledger.agreement.hex())]


def _decoded(kind: type[S], data: bytes) -> S:
    try:
        return decode(kind, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), "Prepare it again.") from error


def approve(node: "Node", draft: Draft, due: Due, signature: Signature) -> Draft:
    """Add an office's signature. It is taken back by dropping the draft.

    Raises:
        RefusedError: the office is not asked, has approved, or did not sign these bytes; or this person has approved.
    """
    _check_person(due.person)
    owed = [each for each in draft.missing if each.office == due.office and each.person in ("", due.person)]
    if not owed:
        waits = "; ".join(_named(each) for each in draft.missing) or "nobody"
        text = f"{draft.id} does not wait for {_named(due)}"
        raise RefusedError("NOT_ASKED", text, f"It waits for: {waits}.")
    if any(each.person == due.person for each in draft.approvals):
        raise RefusedError("SECOND_PERSON_MISSING", f"{due.person} has approved it", agreements.SECOND_PERSON)
    ledger = node.ledgers[bytes.fromhex(draft.agreement)]
    agreements.check_bound(node, ledger, draft.kind, draft.statement, [(due.office, signature)])

    def work(unit: Work) -> Draft:
        given = Approved(due.office, due.person, unit.at, signature)
        approved = msgspec.structs.replace(draft, approvals=(*draft.approvals, given))
        drafts.keep(node, unit.tx, approved)
        _tell(node, unit, draft, "approved", due.person, office=due.office)
        return approved

    return node.committer.run(work)


def _check_person(person: str) -> None:
    if not person_named(person):
        raise UsageError("BAD_PERSON", "who does it is named by a short id", "1 to 64 characters, none of control.")


def _named(due: Due) -> str:
    return f"{due.person} of office {due.office}" if due.person else f"office {due.office}"


class Sent(NamedTuple):
    """What came of a draft: the act's or the matter's id, and the number of its entry in this party's log."""

    name: str
    entry: int


def send(node: "Node", draft: Draft, person: str) -> Sent:
    """Write an approved draft into this party's log, at this instant. It cannot be undone.

    Raises:
        RefusedError: an approval is missing, or the record has changed so that it can no longer be written.
    """
    _check_person(person)
    ledger = node.ledgers[bytes.fromhex(draft.agreement)]
    if draft.missing:
        waits = "; ".join(_named(each) for each in draft.missing)
        raise RefusedError(
            "NOT_APPROVED",
            f"{draft.id} waits for {waits}",
            f"Have it approved: entente draft approve DIR {draft.id} --office ID --person ID",
        )

    def also(unit: Work) -> None:
        drafts.forget(unit.tx, draft.id)
        _tell(node, unit, draft, "sent", person)

    if draft.kind == "step":
        texts = drafts.texts(node, draft)
        record = matters.commit(node, ledger, draft.statement, draft.signatures, texts, also=also)
        return Sent(record.step.matter, record.position.seq)
    statement = _decoded(ActStatement, draft.statement)
    _check_act(node, ledger, statement)
    (first, signature), *more = [(due.office, each) for due, each in zip(draft.signers, draft.signatures, strict=True)]
    second = SecondSignature(*more[0]) if more else None
    position = agreements.commit_act(node, ledger, draft.statement, first, signature, second, also=also)
    return Sent(statement.id, position.seq)


def drop(node: "Node", name: str, person: str) -> None:
    """Remove a draft with its approvals, by its id, also one that cannot be read any more.

    It cannot be undone; the national log keeps that it was there.
    """
    _check_person(person)
    draft = next((each for each in drafts.held(node) if each.id == name), None)

    def work(unit: Work) -> None:
        drafts.forget(unit.tx, name)
        if draft is None:
            note(node, unit, "draft", {"draft": name, "event": "dropped", "person": person})
        else:
            _tell(node, unit, draft, "dropped", person)

    node.committer.run(work)


def hindrance(node: "Node", draft: Draft) -> NodeError | None:
    """Why a draft could not be sent now even if all had approved; None where it could."""
    ledger = node.ledgers[bytes.fromhex(draft.agreement)]
    try:
        given = ((each.office, each.signature) for each in draft.approvals)
        agreements.check_bound(node, ledger, draft.kind, draft.statement, given)  # keys may have been renewed since
        if draft.kind == "act":
            _check_act(node, ledger, _decoded(ActStatement, draft.statement))
        else:
            statement = _decoded(StepStatement, draft.statement)
            matters.check(node, ledger, statement, node.instant())
            own_checks.check_texts(node, ledger, statement, drafts.texts(node, draft))
    except NodeError as error:
        return error
    return None


def concealed(node: "Node", draft: Draft) -> bool:
    """Whether a draft is of what may not be seen yet: a statement under embargo, or whatever is about or names one."""
    ledger = node.ledgers[bytes.fromhex(draft.agreement)]
    veil = matters.veil_of(node, ledger)
    if any(veil.names(each.decode(errors="replace")) for each in (draft.statement, *_readable(node, draft))):
        return True
    if draft.kind == "act":
        return False
    embargoes = (each.value for each in _decoded(StepStatement, draft.statement).said if each.name == "embargo")
    return any(parse_instant(each) > node.instant() for each in embargoes)


def _readable(node: "Node", draft: Draft) -> tuple[bytes, ...]:
    """The texts beside a draft; none where they cannot be read any more, and so are shown to nobody."""
    try:
        return drafts.texts(node, draft)
    except UsageError:
        return ()


def _tell(node: "Node", unit: Work, draft: Draft, what: str, person: str, **more: str) -> None:
    """Note in the national log what was done with a draft, by whom, and of which bytes."""
    digest = hashlib.sha256(draft.statement).hexdigest()
    facts = {"draft": draft.id, "event": what, "person": person, "kind": draft.kind, "statement": digest, **more}
    note(node, unit, "draft", facts | {"agreement": draft.agreement})
