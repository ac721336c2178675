"""Steps about matters as the logs tell them (docs/spec/relations.md, section 2).

A step's signatures and form are checked once, when its entry is fed; what it does to its matter is the domain's to say,
from all steps together, so that it does not depend on the order in which a holder came to know them.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from entente.domain.agreement.terms import Agreement
from entente.domain.relations.fields import UNSEEN, FormError
from entente.domain.relations.folding import Folding
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import KINDS, MATTER, Refusal, Said, Step, Text
from entente.domain.relations.table import Matter
from entente.record.bodies import SignedStep, StepStatement
from entente.record.envelope import Envelope
from entente.record.position import BIND, OfficeLookup, Position
from entente.sealing.canonical import decode

MAX_SIGNERS = 2
MAX_REFS = 16
MAX_AUDIENCE = 32
MAX_PERSON = 64
DIGEST = 32
NONCE = 16
MAX_STEPS = 10_000
"""Steps in one log that count: whoever writes more is refused, and nobody's memory grows."""
_REF = re.compile(r"[a-z0-9-]{1,64}")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]{1,64}")


class StepRecord(NamedTuple):
    """A step as recorded: where it stands, its exact words, and what the domain reads."""

    position: Position
    statement: StepStatement
    step: Step


class Steps:
    """The steps of one agreement in the order in which they were fed, and the matters that they make."""

    def __init__(self, agreement: bytes, offices: OfficeLookup, document: Callable[[], Agreement | None]) -> None:
        """``document`` gives the one first signed; None before it is held: no step counts then."""
        self.records: list[StepRecord] = []
        self._agreement = agreement
        self._offices = offices
        self._document = document
        self._counts: Counter[tuple[str, str]] = Counter()
        self._folding = Folding()
        self._of: dict[str, list[StepRecord]] = {}
        self._latest: list[int] = []
        """For each record, the latest instant up to it: to forget the last ones costs nothing."""

    def __len__(self) -> int:
        return len(self.records)

    def cut(self, size: int) -> None:
        """Forget the steps fed after the first ``size``: their transaction was rolled back."""
        while len(self.records) > size:
            record = self.records.pop()
            self._latest.pop()
            of = self._of[record.step.matter]
            of.pop()
            if not of:
                del self._of[record.step.matter]
            self._counts[record.position[:2]] -= 1
            self._folding.remove(record.step)
        self._counts = +self._counts  # of those that are left

    def take(self, position: Position, envelope: Envelope, bodies: Sequence[bytes | None]) -> str | None:
        """Take a ``step`` entry; returns the coarse code it is refused with, if any.

        Raises:
            NotCanonicalError, UnknownSuiteError, BadSignatureError, BadKeyError: its body is none, or not signed.
        """
        if bodies[0] is None:
            return None  # not shown here
        signed = decode(SignedStep, bodies[0])
        statement = decode(StepStatement, signed.statement)
        if statement.agreement != self._agreement or statement.by != envelope.writer:
            return "WRONG_AGREEMENT"
        try:
            step = read_step(signed.statement, statement, envelope.instant, position)
        except FormError:
            return "MALFORMED"
        document = self._document()
        if document is None:
            return "NO_DOCUMENT"
        if step.audience != tuple(each for each in document.parties if each in step.audience):
            return "MALFORMED"
        if len(signed.signatures) != len(statement.signers) or not _carried(statement, bodies[1:]):
            return "MALFORMED"
        if self.full(position[:2]):
            return "TOO_MANY"
        if document.notices.two_persons and is_note(statement) and not by_two(statement):
            return "SECOND_PERSON_MISSING"
        for signer, signature in zip(statement.signers, signed.signatures, strict=True):
            office = self._offices(position, signer.office, BIND)
            if office is None:
                return "BAD_SIGNATURE"
            office.verify("step", signed.statement, signature)
        record = StepRecord(position, statement, step)
        self._folding.add(step)
        self._counts[position[:2]] += 1
        self._of.setdefault(step.matter, []).append(record)
        self._latest.append(max(self.latest(), step.at))
        self.records.append(record)
        return None

    @property
    def matters(self) -> dict[str, Matter]:
        """Every matter by its id, as all steps known here make it, in the order in which they were opened."""
        return self._folding.matters

    def refusal(self, record: StepRecord) -> Refusal | None:
        """Why a recorded step has no effect; None where it has."""
        return self._folding.refused.get(record.step.order)

    def latest(self) -> int:
        """The instant of the latest step known, in ms; -1 where there is none: the next one is later."""
        return self._latest[-1] if self._latest else -1

    def full(self, log: tuple[str, str]) -> bool:
        """Whether a log (writer, incarnation) has all the steps that count: one more is refused by every party."""
        return self._counts[log] >= MAX_STEPS

    def named(self, matter: str) -> bool:
        """Whether a step names a matter of that id, be it refused."""
        return matter in self._of

    def judge(self, step: Step) -> Refusal | None:
        """Why a step that is about to be written would be refused; None where it is allowed. Nothing changes."""
        return self._folding.judge(step)

    def positions(self, matter: str) -> Iterator[StepRecord]:
        """The records of one matter, in the order in which its steps are taken."""
        return iter(sorted(self._of.get(matter, ()), key=lambda record: record.step.order))


def read_step(data: bytes, statement: StepStatement, at: int, position: Position) -> Step:
    """The step that a statement, ``data`` its bytes as they are signed, makes at an instant (ms) and place.

    Raises:
        FormError: it is not of the form that its kind and verb ask for.
    """
    if statement.kind not in KINDS:
        raise FormError("kind", f"there is no kind {statement.kind[:40]!r}", f"one of: {', '.join(KINDS)}")
    kind = statement.kind
    if MATTER.fullmatch(statement.matter) is None:
        raise FormError("matter", f"{statement.matter[:80]!r} is no id of a matter", "such as kr-measure-1")
    if not 1 <= len(statement.signers) <= MAX_SIGNERS or not all(
        person_named(each.person) for each in statement.signers
    ):
        raise FormError("signers", "one or two persons sign a step, each by a short id", "name who signs")
    audience = statement.audience
    if not (2 <= len(audience) <= MAX_AUDIENCE and len(set(audience)) == len(audience) and statement.by in audience):
        raise FormError("between", "a matter is between its writer and other parties, each named once", "name them")
    if any(_REF.fullmatch(party) is None for party in audience) or len(statement.opening) not in (0, DIGEST):
        raise FormError("between", "a party that is no id, or an opening that is no digest", "prepare it again")
    if len(statement.nonce) != NONCE:
        raise FormError("nonce", f"it is not of {NONCE} bytes", "prepare it again")
    if len(statement.refs) > MAX_REFS or any(_REF.fullmatch(each) is None for each in statement.refs):
        raise FormError("refs", "more than 16 references, or one that is no id", "name acts, matters or items by id")
    said = tuple(Said(each.name, each.lang, each.value) for each in statement.said)
    texts = tuple(Text(each.lang, each.media_type, each.digest.hex(), each.size) for each in statement.texts)
    for text in texts:
        if re.fullmatch(r"[a-z]{2,3}", text.lang) is None or _MEDIA.fullmatch(text.media_type) is None:
            raise FormError("texts", "a text without a language, or of no media type", "such as en, text/plain")
        if len(text.sha256) != 2 * DIGEST or text.size < 0:
            raise FormError("texts", "a text without a digest or a size", "prepare it again")
    return Step(
        matter=statement.matter,
        kind=kind,
        verb=statement.verb,
        by=statement.by,
        at=at,
        incarnation=position.incarnation,
        seq=position.seq,
        audience=statement.audience,
        refs=statement.refs,
        values=TABLES[kind].read(statement.verb, said, texts),
        texts=texts,
        offices=tuple(signer.office for signer in statement.signers),
        digest=hashlib.sha256(data).hexdigest(),
        opening=statement.opening.hex(),
    )


def is_note(statement: StepStatement) -> bool:
    """Whether a step sends a formal note, which ``[notices] two_persons`` is about."""
    return (statement.kind, statement.verb) == ("note", "send")


def by_two(statement: StepStatement) -> bool:
    """Whether two persons of two offices are named to sign: two ids and two keys."""
    offices = {signer.office for signer in statement.signers}
    return len(offices) == len({signer.person for signer in statement.signers}) == MAX_SIGNERS


def person_named(person: str) -> bool:
    """Whether a person is named as steps name one: by 1 to 64 characters, each with a shape."""
    return 0 < len(person) <= MAX_PERSON and UNSEEN.search(person) is None


def readable(media_type: str, data: bytes) -> bool:
    """Whether bytes are what their media type says as far as people must be able to read them: text in UTF-8."""
    if not media_type.startswith("text/"):
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _UNREADABLE.search(text) is None


def _carried(statement: StepStatement, bodies: Sequence[bytes | None]) -> bool:
    """Whether the texts beside a step are those that it names; one that is not shown may be any."""
    if len(bodies) != len(statement.texts):
        return False
    return all(
        body is None
        or ((len(body), hashlib.sha256(body).digest()) == (text.size, text.digest) and readable(text.media_type, body))
        for text, body in zip(statement.texts, bodies, strict=True)
    )
