"""Matters around an agreement at a node: steps prepared here, signed where the office sits, written and shown.

A step is prepared as bytes, signed, and written in one transaction at an instant later than every step known here, so
that who has seen a step always comes after it (docs/spec/relations.md, section 2). The gate never reads any of it.
"""

import hashlib
import secrets
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from entente.domain.relations.fields import Field, FormError, say
from entente.domain.relations.matters import TABLES, no_such_matter
from entente.domain.relations.steps import APART, MAX_TEXT, Kind, Step, a_kind, numbered_apart
from entente.domain.relations.table import Matter, Verb
from entente.node import own_checks
from entente.node.agreements import check_bound, usable
from entente.node.commit import Work, salted
from entente.node.desk import check_refs
from entente.node.drafts import reserved
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import HeldLog, Ledger
from entente.node.national import note
from entente.node.veil import Veil
from entente.record.bodies import SaidValue, SignedStep, Signer, StepStatement, TextRef
from entente.record.position import Position
from entente.record.steps import MAX_STEPS, NONCE, StepRecord, is_note, read_step, readable
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.randomness import random_bytes
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.node import Node

AGAIN = "Prepare it again."
RESTARTED = 9
"""Digits of a number after a restart."""


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
        matter=asked.matter or _next_id(node, ledger, log, asked),
        opening=_opening(ledger, asked.matter),
        kind=asked.kind,
        verb=asked.verb,
        audience=_audience(ledger, asked, node.party),
        refs=asked.refs,
        said=said,
        texts=tuple(_ref(each) for each in asked.texts),
        signers=signers,
        nonce=random_bytes(NONCE),
    )
    check(node, ledger, statement, node.instant(), planned=True)
    own_checks.check_texts(node, ledger, statement, [text.data for text in asked.texts])
    return statement


def _verb(asked: Asked) -> Verb:
    try:
        verb = TABLES[asked.kind].verb(asked.verb)
    except FormError as error:
        raise UsageError("NO_SUCH_VERB", str(error), f"{error.remedy[:1].upper()}{error.remedy[1:]}.") from error
    if verb.opens == bool(asked.matter):
        text = f"{asked.verb} {'opens' if verb.opens else 'is a step of'} {a_kind(asked.kind)}"
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
    if not 0 < len(wording.data) <= MAX_TEXT:
        text = f"a text of {len(wording.data):,} bytes"
        raise UsageError("TOO_LARGE", text, f"Write 1 to {MAX_TEXT:,} bytes; what is larger goes as an item.")
    if not readable(wording.media_type, wording.data):
        text = f"the text in {wording.lang} is not UTF-8, or holds control characters"
        raise UsageError("NOT_READABLE", text, "Save it as plain text in UTF-8.")
    digest = hashlib.sha256(wording.data).digest()
    return TextRef(wording.lang, wording.media_type, digest, len(wording.data))


def _next_id(node: "Node", ledger: Ledger, log: HeldLog, asked: Asked) -> str:
    """The first number that neither a step names nor a draft is to open.

    After a restart it is one that no matter of the branch left behind has (decision 0009). What may not be counted
    has a number drawn at random (decision 0023).
    """
    prefix = f"{node.party}-{asked.kind}-"
    branch = _branch(node, ledger, log)
    counted = (f"{prefix}{branch}{number:06}" if branch else f"{prefix}{number}" for number in count(1))
    drawn = (f"{prefix}{APART[secrets.randbelow(len(APART))]}" for _ in repeat(None))
    names = drawn if TABLES[asked.kind].apart(asked.verb, asked.say) else counted
    kept = reserved(node, ledger.agreement)
    return next(name for name in names if name not in kept and not ledger.projection.steps.named(name))


def check(node: "Node", ledger: Ledger, statement: StepStatement, now: int, *, planned: bool = False) -> None:
    """Check that a step of this party could be written at ``now`` (ms), but for its signatures.

    With ``planned`` a note may record an act that is only drafted: it is prepared beside it, and sent after it.

    Raises:
        UsageError: it is not of the form that its verb asks for, or lacks the second person whom the terms ask for.
        RefusedError: it is not this party's under this agreement, or its matter does not allow it.
        NotReadyError: this party may not write now.
    """
    log, steps = usable(ledger), ledger.projection.steps
    if (statement.agreement, statement.by) != (ledger.agreement, node.party):
        raise RefusedError("WRONG_STEP", "this is not a step of this party under this agreement", AGAIN)
    data, at, place = encode(statement), max(now, steps.latest() + 1), Position(*log.name, log.row.size)
    try:
        step = read_step(data, statement, at, place)
    except FormError as error:
        raise _usage(error) from error
    if steps.full(log.name):
        raise RefusedError("TOO_MANY", f"this log has {MAX_STEPS:,} steps", "No party takes more of them from one log.")
    refusal = no_such_matter(step.kind, step.matter) if _guessed(node, ledger, step) else steps.judge(step)
    if refusal is not None:
        raise RefusedError(*refusal)
    if TABLES[step.kind].verb(step.verb).opens:
        _check_number(node, ledger, log, step.matter)
    if is_note(statement):
        own_checks.check_note(node, ledger, statement, step, planned=planned)
    own_checks.check_times(node, ledger, step)
    check_refs(node, ledger, statement.refs)


def _check_number(node: "Node", ledger: Ledger, log: HeldLog, name: str) -> None:
    """A matter that is opened after a restart has a number that the branch left behind cannot have (decision 0009)."""
    branch, number = _branch(node, ledger, log), name.rpartition("-")[2]
    if branch and not numbered_apart(name) and not (len(number) == RESTARTED and number.startswith(branch)):
        text = f"{name} may be another matter in the branch that a restart left behind"
        raise RefusedError("OLD_NUMBER", text, "Prepare it again: it gets a new number.")


def _branch(node: "Node", ledger: Ledger, log: HeldLog) -> str:
    """What the numbers of a log that a restart began start with; empty for a party's first log."""
    restarted = sum(held.row.writer == node.party for held in ledger.logs.values()) > 1
    return f"{100 + int(log.row.incarnation, 16) % 900}" if restarted else ""


def _guessed(node: "Node", ledger: Ledger, step: Step) -> bool:
    """Whether a step is about a matter under embargo that whoever wrote it has not seen.

    What shows that somebody has is the digest of the statement that opened it, which only that statement's bytes give.
    """
    opens = TABLES[step.kind].verb(step.verb).opens
    named = opens or bytes.fromhex(step.opening) == _opening(ledger, step.matter)
    return not named and step.matter in hidden(node, ledger)


def commit(
    node: "Node",
    ledger: Ledger,
    data: bytes,
    signatures: tuple[Signature, ...],
    texts: tuple[bytes, ...],
    *,
    also: Callable[[Work], object] = lambda _: None,
) -> StepRecord:
    """Write a signed step and the texts beside it into this party's log. Cannot be undone; another step may follow it.

    ``also`` is done in the same transaction.

    Raises:
        UsageError: the bytes are no statement, or the texts are not those that it names.
        RefusedError: not this party's, not signed by offices that may bind it, or its matter does not allow it now.
    """
    try:
        statement = decode(StepStatement, data)
    except NotCanonicalError as error:
        raise UsageError("MALFORMED", str(error), AGAIN) from error
    own_checks.check_texts(node, ledger, statement, texts)

    def work(unit: Work) -> StepRecord:
        log, steps = usable(ledger), ledger.projection.steps
        unit.saw(steps.latest() + 1)
        check(node, ledger, statement, unit.at)
        if len(signatures) != len(statement.signers):
            raise RefusedError("BAD_SIGNATURE", "not every signer has signed", "Sign it again.")
        offices = (signer.office for signer in statement.signers)
        check_bound(node, ledger, "step", data, zip(offices, signatures, strict=True))
        also(unit)
        bodies = [salted(encode(SignedStep(data, signatures))), *(salted(text) for text in texts)]
        unit.append(ledger, log, "step", bodies)
        facts = {"matter": statement.matter, "verb": statement.verb, "signers": statement.signers}
        note(node, unit, "step", facts)
        return steps.records[-1]

    return node.committer.run(work)


def texts_of(node: "Node", ledger: Ledger, record: StepRecord) -> list[bytes | None]:
    """The texts beside a step as held here; None for one that is not shown or was destroyed."""
    log = ledger.logs[record.position[:2]].row.id
    held = node.store.bodies(log, record.position.seq)
    return [held[place][1][32:] if place in held else None for place in range(1, len(record.statement.texts) + 1)]


def embargoed(node: "Node", ledger: Ledger) -> frozenset[Position]:
    """Where the steps stand that may not be seen yet, at this node's instant, or name a matter that may not."""
    veil = veil_of(node, ledger)
    if not veil.hidden:
        return frozenset()
    return frozenset(each.position for each in ledger.projection.steps.records if _names(node, ledger, each, veil))


def _names(node: "Node", ledger: Ledger, record: StepRecord, veil: Veil) -> bool:
    """Whether a step is about a hidden matter, or names one anywhere in its statement or the texts beside it."""
    signed, texts = encode(record.statement), texts_of(node, ledger, record) if record.step.texts else []
    return any(veil.names(data.decode("utf-8", errors="replace")) for data in (signed, *texts) if data is not None)


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


def veil_of(node: "Node", *ledgers: Ledger) -> Veil:
    """Over the ids of all matters under these agreements that may not be seen yet.

    An id that stands for another matter, which may be seen, under one of them tells nothing.
    """
    known = ChainMap(*(ledger.projection.steps.matters for ledger in ledgers))
    unseen = {name for ledger in ledgers for name in hidden(node, ledger)}
    if len(ledgers) > 1:
        unseen -= {name for ledger in ledgers for name in shown(node, ledger)}
    return Veil(unseen, known, (party for ledger in ledgers for party in ledger.parties))
