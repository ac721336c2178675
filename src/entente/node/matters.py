"""Matters around an agreement at a node: steps prepared here, signed where the office sits, written and shown.

A step is prepared as bytes, signed, and written in one transaction at an instant later than every step known here, so
that who has seen a step always comes after it (docs/spec/relations.md, section 2). The gate never reads any of it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from entente.domain.relations.fields import Field, FormError, say
from entente.domain.relations.matters import TABLES, no_such_matter
from entente.domain.relations.steps import Kind, Step
from entente.domain.relations.table import Matter, Verb
from entente.node.agreements import usable
from entente.node.commit import Work, salted
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.record.bodies import SaidValue, SignedStep, Signer, StepStatement, TextRef
from entente.record.envelope import MAX_BODY
from entente.record.position import BIND, Position
from entente.record.steps import MAX_STEPS, StepRecord, read_step, readable
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.errors import BadSignatureError
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.node import Node

AGAIN = "Prepare it again."
TWO_PERSONS = 2


class Wording(NamedTuple):
    """A text to go beside a step."""

    lang: str
    media_type: str
    data: bytes


class Asked(NamedTuple):
    """A step as somebody asks for it; ``matter`` "" opens one, between ``audience`` (empty: all parties).

    Without ``embargoed`` a matter that may not be seen yet is one that is not there.
    """

    kind: Kind
    verb: str
    matter: str
    audience: tuple[str, ...]
    refs: tuple[str, ...]
    say: Mapping[str, Any]
    texts: Sequence[Wording]
    embargoed: bool = False


def prepare(node: "Node", ledger: Ledger, asked: Asked, signers: tuple[Signer, ...]) -> StepStatement:
    """The statement of a step, for its signers to sign.

    Raises:
        UsageError: it is not of the form that its verb asks for.
        RefusedError: its matter does not allow it now.
        NotReadyError: this party may not write now.
    """
    log = usable(ledger)
    verb = _verb(asked)
    if not asked.embargoed and is_hidden(node, ledger, asked.matter):
        raise RefusedError(*no_such_matter(asked.kind, asked.matter))
    said = _said(verb.fields, asked.say)
    statement = StepStatement(
        schema="entente/step/1",
        agreement=ledger.agreement,
        by=node.party,
        matter=asked.matter or _next_id(node, ledger, log, asked.kind),
        opening=_opening(ledger, asked.matter),
        kind=asked.kind,
        verb=asked.verb,
        audience=_audience(ledger, asked, node.party),
        refs=asked.refs,
        said=said,
        texts=tuple(_ref(each) for each in asked.texts),
        signers=signers,
    )
    _judge(ledger, log, statement, node.instant())
    _check_signers(ledger, statement, node)
    return statement


def _verb(asked: Asked) -> Verb:
    try:
        verb = TABLES[asked.kind].verb(asked.verb)
    except FormError as error:
        raise UsageError("NO_SUCH_VERB", str(error), f"{error.remedy[:1].upper()}{error.remedy[1:]}.") from error
    if verb.opens == bool(asked.matter):
        text = f"{asked.verb} opens a {asked.kind}" if verb.opens else f"{asked.verb} is a step of a {asked.kind}"
        raise UsageError("BAD_STEP", text, "Name no matter." if verb.opens else "Name the matter.")
    return verb


def _said(fields: Mapping[str, Field], given: Mapping[str, Any]) -> tuple[SaidValue, ...]:
    try:
        return tuple(SaidValue(*each) for each in say(fields, given))
    except FormError as error:
        raise _usage(error) from error


def _usage(error: FormError) -> UsageError:
    return UsageError("BAD_STEP", str(error), f"{error.remedy[:1].upper()}{error.remedy[1:]}.")


def _audience(ledger: Ledger, asked: Asked, party: str) -> tuple[str, ...]:
    matter = ledger.projection.steps.matters.get(asked.matter)
    if matter is not None and not asked.audience:
        return matter.audience
    named = asked.audience or ledger.parties
    unknown = [each for each in named if each not in ledger.parties]
    if unknown:
        text = f"{', '.join(unknown)} is no party to the agreement"
        raise UsageError("UNKNOWN_RECIPIENT", text, f"Some of: {', '.join(ledger.parties)}.")
    return tuple(each for each in ledger.parties if each in named or each == party)


def _opening(ledger: Ledger, name: str) -> bytes:
    """What a step about a matter names of it, so that it is about no other of that id."""
    matter = ledger.projection.steps.matters.get(name)
    return bytes.fromhex(matter.opened.digest) if matter is not None else b""


def _ref(wording: Wording) -> TextRef:
    if not 0 < len(wording.data) <= MAX_BODY:
        text = f"a text of {len(wording.data)} bytes"
        raise UsageError("TOO_LARGE", text, f"Write 1 to {MAX_BODY} bytes; what is larger goes as an item.")
    if not readable(wording.media_type, wording.data):
        text = f"the text in {wording.lang} is not UTF-8, or holds control characters"
        raise UsageError("NOT_READABLE", text, "Save it as plain text in UTF-8.")
    digest = hashlib.sha256(wording.data).digest()
    return TextRef(wording.lang, wording.media_type, digest, len(wording.data))


def _next_id(node: "Node", ledger: Ledger, log: HeldLog, kind: Kind) -> str:
    """The next number; after a restart one that no matter of the branch left behind has (decision 0009)."""
    prefix = f"{node.party}-{kind}-"
    written = ledger.projection.steps.numbered(node.party, kind)
    if sum(held.row.writer == node.party for held in ledger.logs.values()) < 2:
        return f"{prefix}{written + 1}"
    return f"{prefix}{100 + int(log.row.incarnation, 16) % 900}{written + 1:06}"


def _judge(ledger: Ledger, log: HeldLog, statement: StepStatement, now: int) -> Step:
    """The step as it would stand if it were written now.

    Raises:
        UsageError: it is not of the form that its verb asks for.
        RefusedError: its matter does not allow it.
    """
    steps = ledger.projection.steps
    at, place = max(now, steps.latest() + 1), Position(*log.name, log.row.size)
    try:
        step = read_step(encode(statement), statement, at, place)
    except FormError as error:
        raise _usage(error) from error
    if steps.full(log.name):
        raise RefusedError("TOO_MANY", f"this log has {MAX_STEPS:,} steps", "No party takes more of them from one log.")
    refusal = steps.judge(step)
    if refusal is not None:
        raise RefusedError(*refusal)
    return step


def _check_signers(ledger: Ledger, statement: StepStatement, node: "Node") -> None:
    """A formal note is signed by two persons where the terms say so; everything else by one office or two."""
    version = ledger.status(node.instant()).views[node.party].terms_version
    terms = ledger.projection.documents.get(version) or ledger.document
    persons = {signer.person for signer in statement.signers}
    two = terms is not None and terms.notices.two_persons and (statement.kind, statement.verb) == ("note", "send")
    if two and len(persons) < TWO_PERSONS:
        text = "the terms ask for two persons to sign a formal note"
        raise UsageError("SECOND_PERSON_MISSING", text, "Have a second person of another office sign it too.")


def commit(
    node: "Node", ledger: Ledger, data: bytes, signatures: tuple[Signature, ...], texts: tuple[bytes, ...]
) -> StepRecord:
    """Write a signed step and the texts beside it into this party's log. Cannot be undone; another step may follow it.

    Raises:
        UsageError: the bytes are no statement, or the texts are not those that it names.
        RefusedError: not this party's, not signed by offices that may bind it, or its matter does not allow it now.
    """
    try:
        statement = decode(StepStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), AGAIN) from error
    named = [(text.size, text.digest) for text in statement.texts]
    if named != [(len(text), hashlib.sha256(text).digest()) for text in texts]:
        raise UsageError("OTHER_TEXTS", "the texts are not those that the statement names", "Give the same files.")

    def work(unit: Work) -> StepRecord:
        log, steps = usable(ledger), ledger.projection.steps
        if (statement.agreement, statement.by) != (ledger.agreement, node.party):
            raise RefusedError("WRONG_STEP", "this is not a step of this party under this agreement", AGAIN)
        unit.saw(steps.latest() + 1)
        _judge(ledger, log, statement, unit.at)
        _check_signers(ledger, statement, node)
        _check_signatures(log, statement, data, signatures)
        bodies = [salted(encode(SignedStep(data, signatures))), *(salted(text) for text in texts)]
        unit.append(ledger, log, "step", bodies)
        facts = {"matter": statement.matter, "verb": statement.verb, "signers": statement.signers}
        note(node, unit, "step", facts)
        return steps.records[-1]

    return node.committer.run(work)


def _check_signatures(log: HeldLog, statement: StepStatement, data: bytes, signatures: tuple[Signature, ...]) -> None:
    if len(signatures) != len(statement.signers):
        raise RefusedError("BAD_SIGNATURE", "not every signer has signed", "Sign it again.")
    for signer, signature in zip(statement.signers, signatures, strict=True):
        keys = log.keys.office(log.row.size, signer.office, BIND)
        if keys is None:
            text = f"{signer.office} may not speak for {log.row.writer}"
            raise RefusedError("OFFICE_MAY_NOT_BIND", text, "Let an office with the role 'bind' sign.")
        try:
            keys.verify("step", data, signature)
        except BadSignatureError as error:
            raise RefusedError("BAD_SIGNATURE", "the office's signature does not verify", "Sign it again.") from error


def texts_of(node: "Node", ledger: Ledger, record: StepRecord) -> list[bytes | None]:
    """The texts beside a step as held here; None for one that is not shown or was destroyed."""
    log = ledger.logs[record.position[:2]].row.id
    held = node.store.bodies(log, record.position.seq)
    return [held[place][1][32:] if place in held else None for place in range(1, len(record.statement.texts) + 1)]


def embargoed(node: "Node", ledger: Ledger) -> frozenset[Position]:
    """Where the steps stand that may not be seen yet, at this node's instant."""
    unseen = hidden(node, ledger)
    return frozenset(each.position for each in ledger.projection.steps.records if each.step.matter in unseen)


def shown(node: "Node", ledger: Ledger) -> dict[str, Matter]:
    """The matters that may be seen at this node's instant, by id, in the order in which they were opened.

    What is under embargo is kept out here, before anything is made of it.
    """
    at, matters = node.instant(), ledger.projection.steps.matters
    return {name: matter for name, matter in matters.items() if TABLES[matter.kind].visible(matter, at)}


def is_hidden(node: "Node", ledger: Ledger, name: str) -> bool:
    """Whether a matter is there and may not be seen yet."""
    matter = ledger.projection.steps.matters.get(name)
    return matter is not None and not TABLES[matter.kind].visible(matter, node.instant())


def hidden(node: "Node", ledger: Ledger) -> frozenset[str]:
    """Ids of the matters that may not be seen yet."""
    return frozenset(ledger.projection.steps.matters) - frozenset(shown(node, ledger))
