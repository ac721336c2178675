"""Steps in the record: what is well-formed is taken, everything else is refused by name and has no effect."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entente.domain.agreement.document import parse_computable
from entente.record.bodies import SaidValue, SignedStep, Signer, StepStatement, TextRef
from entente.record.envelope import BodyRef, Envelope
from entente.record.position import BIND, Position
from entente.record.steps import MAX_REFS, Steps
from entente.sealing.canonical import encode
from entente.sealing.errors import BadSignatureError
from entente.sealing.signing import HybridKey, HybridPublic
from entente.sealing.suites import SUITE

AGREEMENT = bytes(range(32))
SAMPLE = (Path(__file__).parents[3] / "examples" / "agreements" / "jp-kr-2016.toml").read_bytes()
DOCUMENT = parse_computable(SAMPLE)
TWO_PERSONS = parse_computable(SAMPLE + b"\n[notices]\ntwo_persons = true\n")
KEY, OTHER = HybridKey.generate(), HybridKey.generate()
WORDS = b"What is complained of."


def office(_at: Position, name: str, role: str) -> HybridPublic | None:
    return KEY.public if name in ("treaty", "minister") and role == BIND else None


def statement(**changes: Any) -> StepStatement:
    good = StepStatement(
        schema="entente/step/1",
        agreement=AGREEMENT,
        by="kr",
        matter="kr-measure-1",
        opening=b"",
        kind="measure",
        verb="announce",
        audience=("jp", "kr"),
        refs=(),
        said=(SaidValue("subject", "", "complaint"), SaidValue("title", "en", "Complaint")),
        texts=(),
        signers=(Signer("treaty", "t1"),),
        nonce=bytes(16),
    )
    return msgspec.structs.replace(good, **changes)


def feed(
    steps: Steps, step: StepStatement, *texts: bytes | None, seq: int = 5, key: HybridKey = KEY, at: int = 7
) -> str | None:
    data = encode(step)
    body = encode(SignedStep(data, tuple(key.sign("step", data) for _ in step.signers)))
    refs = tuple(BodyRef(1, bytes(32)) for _ in range(1 + len(texts)))
    envelope = Envelope(1, SUITE, AGREEMENT, "kr", "0" * 16, seq, "step", at, None, None, (), refs, 0)
    return steps.take(Position("kr", "0" * 16, seq), envelope, [body, *texts])


@pytest.fixture
def steps() -> Steps:
    return Steps(AGREEMENT, office, lambda: DOCUMENT)


def test_a_step_that_is_well_formed_makes_its_matter(steps: Steps) -> None:
    text = TextRef("en", "text/plain", hashlib.sha256(WORDS).digest(), len(WORDS))
    assert feed(steps, statement(texts=(text,)), WORDS) is None
    assert steps.matters["kr-measure-1"].state == "announced"


def test_a_text_that_is_not_shown_may_be_any(steps: Steps) -> None:
    text = TextRef("en", "text/plain", bytes(32), 9)
    assert feed(steps, statement(texts=(text,)), None) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"agreement": bytes(32)}, "WRONG_AGREEMENT"),
        ({"by": "jp"}, "WRONG_AGREEMENT"),
        ({"kind": "treaty"}, "MALFORMED"),
        ({"verb": "abolish"}, "MALFORMED"),
        ({"matter": "kr-measure-0"}, "MALFORMED"),
        ({"matter": "measure-1"}, "MALFORMED"),
        ({"said": ()}, "MALFORMED"),
        ({"said": (SaidValue("title", "en", "Complaint"), SaidValue("subject", "", "complaint"))}, "MALFORMED"),
        ({"said": (SaidValue("subject", "", "riot"), SaidValue("title", "en", "Complaint"))}, "MALFORMED"),
        ({"signers": ()}, "MALFORMED"),
        ({"signers": (Signer("treaty", "t1"),) * 3}, "MALFORMED"),
        ({"refs": ("kr-3",) * (MAX_REFS + 1)}, "MALFORMED"),
        ({"refs": ("No id",)}, "MALFORMED"),
        ({"texts": (TextRef("en", "text/plain", bytes(32), 9),)}, "MALFORMED"),
        ({"signers": (Signer("release", "r1"),)}, "BAD_SIGNATURE"),
    ],
    ids=str,
)
def test_a_step_that_is_not_is_refused_by_name(steps: Steps, changes: dict[str, Any], code: str) -> None:
    assert feed(steps, statement(**changes)) == code
    assert not steps.matters


@pytest.mark.parametrize(
    ("lang", "media_type", "size"), [("english", "text/plain", 22), ("en", "plain", 22), ("en", "text/plain", 21)]
)
def test_a_text_without_a_language_a_form_or_its_size_is_malformed(
    steps: Steps, lang: str, media_type: str, size: int
) -> None:
    text = TextRef(lang, media_type, hashlib.sha256(WORDS).digest(), size)
    assert feed(steps, statement(texts=(text,)), WORDS) == "MALFORMED"


def test_a_signature_by_another_key_is_none(steps: Steps) -> None:
    with pytest.raises(BadSignatureError):
        feed(steps, statement(), key=OTHER)
    assert not steps.matters


def test_a_step_whose_body_is_withheld_has_no_effect(steps: Steps) -> None:
    envelope = Envelope(1, SUITE, AGREEMENT, "kr", "0" * 16, 5, "step", 7, None, None, (), (BodyRef(1, bytes(32)),), 0)
    assert steps.take(Position("kr", "0" * 16, 5), envelope, [None]) is None
    assert not steps.matters


def test_more_steps_than_count_are_refused(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("entente.record.steps.MAX_STEPS", 1)
    assert feed(steps, statement()) is None
    assert feed(steps, statement(matter="kr-measure-2"), seq=6) == "TOO_MANY"


def test_steps_that_were_rolled_back_are_forgotten(steps: Steps) -> None:
    feed(steps, statement())
    before = len(steps)
    feed(steps, statement(matter="kr-measure-2"), seq=6, at=8)
    assert set(steps.matters) == {"kr-measure-1", "kr-measure-2"}
    steps.cut(before)
    assert set(steps.matters) == {"kr-measure-1"}
    assert steps.latest() == 7


def test_a_name_that_was_rolled_back_is_free(steps: Steps) -> None:
    feed(steps, statement())
    feed(steps, statement(), seq=6, at=8)
    feed(steps, statement(matter="kr-measure-2"), seq=7, at=9)
    assert steps.named("kr-measure-2")
    steps.cut(2)
    assert (steps.named("kr-measure-1"), steps.named("kr-measure-2"), steps.latest()) == (True, False, 8)
    assert [record.position.seq for record in steps.positions("kr-measure-1")] == [5, 6]


@pytest.mark.parametrize(
    "audience",
    [
        ("kr",),
        ("jp", "jp", "kr"),
        ("jp", "us"),
        ("jp", "kr", "<script>"),
        (*(f"p{each}" for each in range(40)), "kr"),
    ],
    ids=["alone", "twice", "not the writer", "no id", "too many"],
)
def test_whom_a_matter_is_between_is_bounded_and_named_once(steps: Steps, audience: tuple[str, ...]) -> None:
    assert feed(steps, statement(audience=audience)) == "MALFORMED"


@pytest.mark.parametrize("audience", [("kr", "jp"), ("jp", "kr", "us")], ids=["order", "no party"])
def test_whom_a_matter_is_between_are_parties_in_the_agreements_order(audience: tuple[str, ...]) -> None:
    document = parse_computable(SAMPLE)
    assert feed(Steps(AGREEMENT, office, lambda: document), statement(audience=audience)) == "MALFORMED"


def test_what_was_signed_once_counts_once_and_the_same_may_be_signed_anew(steps: Steps) -> None:
    """A node that keeps an office's signature could use it again, a year later, against the office's will."""
    assert feed(steps, statement()) is None
    opening = bytes.fromhex(steps.matters["kr-measure-1"].opened.digest)
    verbs = [("suspend", 1), ("resume", 2), ("suspend", 1), ("suspend", 3)]
    for at, (verb, nonce) in enumerate([("enforce", 0), *verbs], 8):
        said = statement(opening=opening, verb=verb, said=(), nonce=bytes([nonce]) * 16)
        assert feed(steps, said, seq=at, at=at) is None
    refusals = [event.refusal for event in steps.matters["kr-measure-1"].events]
    assert [each.code if each else None for each in refusals] == [None, None, None, None, "ALREADY_WRITTEN", None]
    assert feed(steps, statement(nonce=b"short"), seq=30, at=30) == "MALFORMED"


@pytest.mark.parametrize("person", ["", "x" * 65, "a\nb"])
def test_who_signs_has_a_short_id(steps: Steps, person: str) -> None:
    assert feed(steps, statement(signers=(Signer("treaty", person),))) == "MALFORMED"


@pytest.mark.parametrize("words", [b"\xff", b"a\x0bb", b"a\x00", "\uffff".encode()])
def test_a_text_that_cannot_be_read_is_malformed(steps: Steps, words: bytes) -> None:
    text = TextRef("en", "text/plain", hashlib.sha256(words).digest(), len(words))
    assert feed(steps, statement(texts=(text,)), words) == "MALFORMED"


def test_an_answer_is_to_the_matter_that_was_read_and_to_no_other_of_its_id(steps: Steps) -> None:
    """Whoever opens another one under the same id, dated earlier, does not take the answers over."""
    first = statement(kind="statement", matter="kr-statement-1", verb="issue", said=CLAIM, texts=TEXT)
    assert feed(steps, first, WORDS, at=10) is None
    opening = hashlib.sha256(encode(first)).digest()
    withdrawal = statement(kind="statement", matter="kr-statement-1", opening=opening, verb="withdraw", said=())
    assert feed(steps, withdrawal, seq=6, at=11) is None
    assert steps.matters["kr-statement-1"].state == "withdrawn"
    other = msgspec.structs.replace(first, said=(*CLAIM[:3], SaidValue("claim", "en", "Another.")))
    assert feed(steps, other, WORDS, seq=7, at=9) is None
    matter = steps.matters["kr-statement-1"]
    assert (matter.state, matter.view.claim) == ("issued", {"en": "Another."})
    assert [steps.refusal(record) and steps.refusal(record).code for record in steps.records] == [
        "ALREADY_OPEN", "OTHER_MATTER", None,
    ]  # fmt: skip


TITLED = (SaidValue("title", "en", "T"),)
CLAIM = (
    SaidValue("title", "en", "On it"),
    SaidValue("attribution", "", "on_record"),
    SaidValue("about", "", "jp"),
    SaidValue("claim", "en", "It expressed understanding."),
)
TEXT = (TextRef("en", "text/plain", hashlib.sha256(WORDS).digest(), len(WORDS)),)


def test_what_a_peer_wrote_never_makes_a_refusal_long(steps: Steps) -> None:
    opened = statement(kind="arrangement", matter="kr-arrangement-1", verb="open", said=TITLED)
    feed(steps, opened)
    opening = hashlib.sha256(encode(opened)).digest()
    about = {"kind": "arrangement", "matter": "kr-arrangement-1", "opening": opening}
    for number in range(30):
        said = (SaidValue("term", "", f"{number:064}"), SaidValue("summary", "en", "S"))
        assert feed(steps, statement(**about, verb="undertake", said=said), seq=10 + number, at=10 + number) is None
    assert feed(steps, statement(**about, verb="reverse", said=(SaidValue("term", "", "none"),)), seq=90, at=90) is None
    refusal = steps.refusal(steps.records[-1])
    assert refusal is not None
    assert refusal.code == "NO_SUCH_TERM"
    assert len(refusal.remedy) < 800
    assert "and 22 more" in refusal.remedy


@pytest.mark.parametrize(
    ("signers", "code"),
    [
        ((Signer("treaty", "t1"),), "SECOND_PERSON_MISSING"),
        ((Signer("treaty", "t1"), Signer("treaty", "t2")), "SECOND_PERSON_MISSING"),
        ((Signer("treaty", "t1"), Signer("minister", "t1")), "SECOND_PERSON_MISSING"),
        ((Signer("treaty", "t1"), Signer("minister", "m1")), None),
    ],
    ids=["one", "one key", "one person", "two"],
)
def test_a_note_is_signed_by_two_persons_with_two_keys_where_the_terms_ask(
    signers: tuple[Signer, ...], code: str | None
) -> None:
    text = TextRef("en", "text/plain", hashlib.sha256(WORDS).digest(), len(WORDS))
    said = (SaidValue("act", "", "kr-1"), SaidValue("to", "", "jp"), SaidValue("form", "", "record"))
    note = statement(matter="kr-note-1", kind="note", verb="send", said=said, texts=(text,), signers=signers)
    assert feed(Steps(AGREEMENT, office, lambda: TWO_PERSONS), note, WORDS) == code
    assert feed(Steps(AGREEMENT, office, lambda: DOCUMENT), note, WORDS) is None
    measure = statement(signers=signers[:1])
    assert feed(Steps(AGREEMENT, office, lambda: TWO_PERSONS), measure) is None
