"""Offline verification over real evidence: nothing false passes, and the first bad entry is named."""

import json
from collections.abc import Callable

import msgspec
import pytest
from builder import AGREEMENT, DOCUMENT, MAGIC, Log, Party, World, lived_world
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT
from entente.record.bodies import MarkingBody, NationalHead, Received, ReceivedOf
from entente.record.checkpoint import Checkpoint, cosign, sign_checkpoint
from entente.record.envelope import DeliveredBody, Seen
from entente.record.evidence import write_evidence
from entente.record.frames import AnyFrame, Cosigned, Entries, Hello, write_frames
from entente.record.report import Report, render
from entente.record.verify import verify
from entente.sealing.canonical import encode

A_HEAD = encode(NationalHead(bytes(32)))
WORLD = lived_world()
FRAMES = WORLD.frames()
FILE = WORLD.evidence()
JP, KR = (WORLD.logs[party].origin for party in ("jp", "kr"))


def found(world: World, code: str, party: str, seq: int, *, step: int) -> Report:
    """The world's evidence is wanting, and that entry is the first bad one."""
    report = verify(world.evidence(), world.roots)
    bad = report.first_bad
    assert bad is not None
    assert not report.ok
    assert (bad.code, bad.log, bad.seq, bad.step) == (code, world.logs[party].origin, seq, step)
    return report


def in_force() -> World:
    world = World()
    world.bring_into_force()
    return world


def test_what_really_happened_is_verified_throughout() -> None:
    report = verify(FILE, WORLD.roots)
    assert report.bad == ()
    assert report.ok
    assert [(step.number, step.label) for step in report.steps] == [(n, "recomputed") for n in range(1, 9)]
    assert report.agreement == AGREEMENT.hex()
    assert report.parties == ("jp", "kr")
    assert [log.size for log in report.logs] == [log.size for log in WORLD.logs.values()]
    assert [log.root for log in report.logs] == [log.frontiers[-1].root().hex() for log in WORLD.logs.values()]
    assert [[(each.party, each.size) for each in log.cosigners] for log in report.logs] == [[("kr", 7)], [("jp", 8)]]
    assert {(act.id, act.kind) for act in report.acts} == {
        (f"{party}-{number}", kind)
        for party in ("jp", "kr")
        for number, kind in ((1, "sign"), (2, "notify_completion"))
    }


def test_a_file_and_its_frames_are_the_same_evidence() -> None:
    assert verify(iter(FRAMES), WORLD.roots) == verify(FILE, WORLD.roots)
    assert b"".join(write_evidence(FRAMES)) == FILE  # type: ignore[arg-type]


def test_the_order_between_logs_and_of_roots_does_not_matter() -> None:
    assert verify([*FRAMES[4:], *FRAMES[:4]], WORLD.roots[::-1]).ok


def test_the_report_is_plain_values_and_plain_lines() -> None:
    report = verify(FILE, WORLD.roots)
    assert json.loads(json.dumps(report.to_json()))["ok"] is True
    lines = list(render(report))
    assert lines[0].startswith("OK")
    assert any("item-1" in line for line in lines)


def flipped_is_noticed(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    assert not verify(bytes(data), WORLD.roots).ok


bits = st.integers(0, len(FILE) * 8 - 1)
test_no_bit_of_the_file_can_be_flipped_unnoticed = settings(max_examples=80, deadline=None)(
    given(bits)(flipped_is_noticed)
)
test_of_many_more_bits_none_can_be_flipped_unnoticed = pytest.mark.long(
    settings(max_examples=5000, deadline=None)(given(bits)(flipped_is_noticed))
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_bit_flipped_in_an_entry_is_named_by_log_and_entry(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([place for place, frame in enumerate(FRAMES) if isinstance(frame, Entries)]))
    frame = FRAMES[place]
    assert isinstance(frame, Entries)
    offset = data.draw(st.integers(0, len(frame.deliveries) - 1))
    delivery = frame.deliveries[offset]
    body = data.draw(st.integers(-1, len(delivery.bodies) - 1))
    raw = bytearray(delivery.envelope if body < 0 else delivery.bodies[body].data)  # type: ignore[union-attr]
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    if body < 0:
        changed = msgspec.structs.replace(delivery, envelope=bytes(raw))
    else:
        bodies = list(delivery.bodies)
        bodies[body] = DeliveredBody(False, bytes(raw))
        changed = msgspec.structs.replace(delivery, bodies=tuple(bodies))
    deliveries = (*frame.deliveries[:offset], changed, *frame.deliveries[offset + 1 :])
    frames = [*FRAMES]
    frames[place] = msgspec.structs.replace(frame, deliveries=deliveries)
    bad = verify(frames, WORLD.roots).first_bad
    assert bad is not None
    assert bad.log == WORLD.logs[frame.writer].origin
    assert bad.seq is not None
    assert bad.last is not None
    assert bad.seq <= frame.first + offset <= bad.last
    if body >= 0:
        assert bad.seq == bad.last == frame.first + offset


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_character_changed_in_a_checkpoint_or_cosignature_is_named_by_log(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(FRAMES) - 1))
    frame = FRAMES[place]
    assert isinstance(frame, Entries | Cosigned)
    at = data.draw(st.integers(0, len(frame.checkpoint) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda each: each != frame.checkpoint[at]))
    frames = [*FRAMES]
    text = frame.checkpoint[:at] + character + frame.checkpoint[at + 1 :]
    frames[place] = msgspec.structs.replace(frame, checkpoint=text)
    report = verify(frames, WORLD.roots)
    assert report.first_bad is not None
    assert report.first_bad.log == WORLD.logs[frame.writer].origin


@pytest.mark.parametrize(
    ("code", "evidence"),
    [
        ("MALFORMED", b""),
        ("MALFORMED", b"entente/evidence/2\n"),
        ("MALFORMED", FILE[:-1]),
        ("EMPTY", MAGIC),
        ("WRONG_FRAME", b"".join(write_frames(MAGIC, [Hello(1, "jp", "x", "y", True, ())]))),
        ("WRONG_AGREEMENT", [*FRAMES, msgspec.structs.replace(FRAMES[0], agreement=bytes(32))]),
    ],
)
def test_what_is_no_evidence_is_said_to_be_none(code: str, evidence: bytes | list[AnyFrame]) -> None:
    report = verify(evidence, WORLD.roots)
    assert report.first_bad is not None
    assert (report.first_bad.code, report.first_bad.step) == (code, 1)
    assert next(iter(render(report))).startswith("NOT OK")


def test_roots_are_never_taken_from_the_file() -> None:
    report = verify(FILE, [WORLD.jp.card])
    assert {bad.code for bad in report.bad} == {"ROOT_NOT_GIVEN", "WRONG_ROOTS", "UNKNOWN_SIGNER"}
    assert {step.label for step in report.steps[4:]} == {"not_reached"}


@pytest.mark.parametrize("cards", [[b"no card"], [WORLD.jp.card, Party("jp", simulated=False).card]])
def test_root_cards_that_cannot_be_used_are_refused(cards: list[bytes]) -> None:
    report = verify(FILE, [*cards, *WORLD.roots])
    assert {bad.code for bad in report.bad} <= {"BAD_ROOT_CARD", "TWO_ROOTS"}
    assert not report.ok


def test_a_sign_that_names_another_root_is_named() -> None:
    world = World()
    world.keys("jp")
    world.write("jp", "document", [DOCUMENT])
    seq = world.act("jp", "sign", roots=(("jp", world.jp.digest), ("kr", bytes(32))))
    world.keys("kr")
    found(world, "WRONG_ROOTS", "jp", seq, step=3)


def test_the_agreement_document_must_be_there() -> None:
    world = World()
    world.keys("jp")
    world.keys("kr")
    report = verify(world.evidence(), world.roots)
    assert report.first_bad is not None
    assert report.first_bad.code == "DOCUMENT_MISSING"


def test_a_document_that_cannot_be_used_is_named() -> None:
    world = in_force()
    seq = world.write("jp", "document", [b"schema = 1"])
    found(world, "BAD_DOCUMENT", "jp", seq, step=2)


def test_an_act_not_signed_by_an_office_that_may_bind_is_named() -> None:
    world = in_force()
    seq = world.act("kr", "declare_reading", reading="spent", signer=world.jp.office)
    found(world, "BAD_SIGNATURE", "kr", seq, step=5)


def test_offices_count_by_position() -> None:
    world = in_force()
    world.write("kr", "keys", [world.kr.signed_keys(2, roles=("release",))])
    assert verify(world.evidence(), world.roots).ok
    seq = world.act("kr", "declare_reading", reading="spent")
    found(world, "BAD_SIGNATURE", "kr", seq, step=5)


def test_entries_that_are_not_understood_have_no_effect_and_are_noted() -> None:
    world = in_force()
    seq = world.write("kr", "something-new", [b"x"])
    report = verify(world.evidence(), world.roots)
    assert report.ok
    assert report.notes == (f"{KR} entry {seq} has no effect: UNKNOWN_KIND",)


def before_force(world: World) -> None:
    world.keys("jp")
    world.write("jp", "document", [DOCUMENT])
    world.act("jp", "sign")
    world.keys("kr")
    world.act("kr", "sign")
    world.receive("jp")


def test_a_release_before_entry_into_force_is_named() -> None:
    world = World()
    before_force(world)
    seq = world.transfer("jp", "item-1")
    found(world, "AGREEMENT_NOT_IN_FORCE", "jp", seq, step=7)


def test_a_release_after_the_end_is_named_and_its_acceptance_too() -> None:
    world = in_force()
    end = world.now + 10_000
    world.act("kr", "agree_termination", instant=end)
    world.act("jp", "agree_termination", instant=end)
    world.receive("kr")
    world.receive("jp")
    world.now = end - 2000
    world.transfer("jp", "item-1")
    assert verify(world.evidence(), world.roots).ok
    world.now = end - 1000
    seq = world.transfer("jp", "item-2")
    assert world.now == end
    found(world, "AGREEMENT_NOT_IN_FORCE", "jp", seq, step=7)
    receipt = world.receive("kr")
    report = found(world, "AGREEMENT_NOT_IN_FORCE", "jp", seq, step=7)
    assert [(bad.log, bad.seq) for bad in report.bad[1:]] == [(KR, receipt), (KR, receipt)]


def test_an_acceptance_that_the_gate_refused_is_named() -> None:
    world = in_force()
    world.transfer("jp", "item-1")
    world.act("kr", "suspend_operation")
    world.act("jp", "suspend_operation")
    log = world.logs["jp"]
    acts = tuple((seq, seq) for seq in (log.size - 1,))
    world.write("kr", "received", [encode(Received((ReceivedOf("jp", log.incarnation, acts, ()),)))])
    world.receive("jp")
    transfer = log.size - 3
    seq = world.write(
        "kr", "received", [encode(Received((ReceivedOf("jp", log.incarnation, ((transfer, transfer),), ()),)))]
    )
    found(world, "OPERATION_SUSPENDED", "kr", seq, step=7)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("NO_EQUIVALENT_LEVEL", {"level": "部外秘"}),
        ("PURPOSE_NOT_ALLOWED", {"purpose": "curiosity"}),
        ("REALITY_MISSING", {"reality": "rumour"}),
        ("RELEASE_AUTHORITY_MISSING", {"approver": Party("kr").office}),
    ],
)
def test_a_release_that_the_gate_refused_is_named(code: str, changes: dict[str, object]) -> None:
    world = in_force()
    seq = world.transfer("jp", "item-1", **changes)  # type: ignore[arg-type]
    found(world, code, "jp", seq, step=7)


def test_what_a_party_could_not_know_convicts_nobody_and_is_reported_as_hindsight() -> None:
    world = in_force()
    world.act("jp", "suspend_operation")
    world.receive("kr")
    world.act("kr", "suspend_operation")
    world.deliver("kr", "kr-3", "jp", world.now)  # on paper; jp's node has not heard of it
    world.logs["jp"].seen["kr", world.logs["kr"].incarnation] = 10**6
    seq = world.transfer("jp", "item-1")
    report = verify(world.evidence(), world.roots)
    assert report.ok
    [judgement] = report.transfers
    assert (judgement.seq, judgement.allowed, judgement.hindsight) == (seq, True, ("STATUS_DISPUTED",))
    assert any("in hindsight STATUS_DISPUTED" in line for line in render(report))


def test_what_a_party_keeps_at_home_is_attested_and_not_held_against_it() -> None:
    report = verify(FILE, WORLD.roots)
    assert {judgement.rests_on for judgement in report.transfers} == {
        ("CLOCK_UNCERTAIN", "CHANNEL_NOT_ALLOWED", "ON_HOLD")
    }
    world = in_force()
    marking = MarkingBody("極秘", "us", (), None)
    world.transfer("jp", "item-1", marking=marking)
    judgement = verify(world.evidence(), world.roots).transfers[0]
    assert "ORIGINATOR_CONSENT_MISSING" in judgement.rests_on


def test_a_receipt_for_what_was_not_there_is_named() -> None:
    world = in_force()
    log = world.logs["jp"]
    body = encode(Received((ReceivedOf("jp", log.incarnation, ((0, log.size),), ()),)))
    seq = world.write("kr", "received", [body])
    found(world, "MALFORMED", "kr", seq, step=6)


def test_a_receipt_for_what_was_not_seen_is_named() -> None:
    world = in_force()
    transfer = world.transfer("jp", "item-1")
    log = world.logs["jp"]
    body = encode(Received((ReceivedOf("jp", log.incarnation, ((transfer, transfer),), ()),)))
    world.now += 1000
    seq = world.logs["kr"].append("received", [body], world.now)
    found(world, "MALFORMED", "kr", seq, step=6)


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("SEEN_OTHER", lambda log: Seen("jp", log.incarnation, log.size, bytes(32))),
        ("SEEN_MORE", lambda log: Seen("jp", log.incarnation, 99, bytes(32))),
        ("BAD_SEEN", lambda log: Seen("jp", log.incarnation, 1, log.frontiers[1].root())),
        ("BAD_SEEN", lambda log: Seen("kr", log.incarnation, 1, bytes(32))),
    ],
)
def test_a_head_that_was_never_there_is_named(code: str, seen: Callable[[Log], Seen]) -> None:
    world = in_force()
    seq = world.logs["kr"].append("national", [A_HEAD], world.now + 1000, seen=(seen(world.logs["jp"]),))
    found(world, code, "kr", seq, step=6)


def test_a_log_that_was_seen_and_is_not_in_the_file_is_said_to_be_withheld() -> None:
    world = in_force()
    world.logs["kr"].append("national", [A_HEAD], world.now + 1000, seen=(Seen("us", "f" * 16, 3, bytes(32)),))
    report = verify(world.evidence(), world.roots)
    assert report.ok
    assert [(each.log, each.what) for each in report.withheld] == [("us/" + "f" * 16, "the whole log")]


def without(frames: list[AnyFrame], kind: type, log: str) -> list[AnyFrame]:
    return [frame for frame in frames if not (isinstance(frame, kind) and frame.writer == log)]  # type: ignore[attr-defined]


def kr_log() -> Log:
    return WORLD.logs["kr"]


def forged() -> str:
    """A checkpoint of the right tree by somebody else's key."""
    return sign_checkpoint(Checkpoint(KR, 8, kr_log().frontiers[8].root()), WORLD.jp.checkpoint)


@pytest.mark.parametrize(
    ("code", "seq", "last", "frames"),
    [
        ("TRUNCATED", 4, 7, [kr_log().frame(0, 4), kr_log().cosigned(WORLD.jp)]),
        ("GAP", 0, 0, [kr_log().frame(1)]),
        ("GAP", 3, 3, [kr_log().frame(0, 3), kr_log().frame(4)]),
        ("UNCOVERED", 4, 7, [kr_log().frame(0, 4), kr_log().frame(4, None, "")]),
        ("MALFORMED", 4, 7, [kr_log().frame(0, 4), kr_log().frame(4, None, "nonsense")]),
        ("BAD_SIGNATURE", 0, 7, [kr_log().frame(0, None, forged())]),
    ],
)
def test_a_log_that_is_not_whole_is_named(code: str, seq: int, last: int, frames: list[AnyFrame]) -> None:
    rest = without(without(FRAMES, Entries, "kr"), Cosigned, "kr")
    bad = verify([*rest, *frames], WORLD.roots).first_bad
    assert bad is not None
    assert (bad.code, bad.log, bad.seq, bad.last) == (code, KR, seq, last)


def test_entries_given_twice_are_the_same_or_a_fork() -> None:
    assert verify([*FRAMES, kr_log().frame()], WORLD.roots).ok
    other = Log(WORLD.kr)
    for envelope, delivery in zip(kr_log().envelopes, kr_log().deliveries, strict=True):
        if envelope.seq == 3:
            changed = msgspec.structs.replace(envelope, payload=1)
            other.carry(changed, msgspec.structs.replace(delivery, envelope=encode(changed)))
        else:
            other.carry(envelope, delivery)
    bad = verify([*FRAMES, other.frame()], WORLD.roots).bad
    assert [(each.code, each.log, each.seq, each.last) for each in bad] == [("FORK", KR, 3, 3), ("FORK", KR, 0, 7)]
    assert "signed two different histories" in bad[1].text


def altered(seq: int) -> list[AnyFrame]:
    """The evidence with one of kr's entries altered so that it contradicts nothing but the tree."""
    frames: list[AnyFrame] = []
    for frame in FRAMES:
        if (
            isinstance(frame, Entries)
            and frame.writer == "kr"
            and frame.first <= seq < frame.first + len(frame.deliveries)
        ):
            deliveries = list(frame.deliveries)
            envelope = encode(msgspec.structs.replace(kr_log().envelopes[seq], payload=1))
            deliveries[seq - frame.first] = msgspec.structs.replace(deliveries[seq - frame.first], envelope=envelope)
            frame = msgspec.structs.replace(frame, deliveries=tuple(deliveries))
        frames.append(frame)
    return frames


@pytest.mark.parametrize(
    ("seq", "first", "last"), [(0, 0, 3), (2, 0, 3), (3, 0, 3), (4, 4, 5), (5, 4, 5), (6, 6, 7), (7, 6, 7)]
)
def test_an_altered_entry_is_narrowed_down_between_two_roots(seq: int, first: int, last: int) -> None:
    sizes = [each.size for envelope in WORLD.logs["jp"].envelopes for each in envelope.seen]
    assert sizes == [4, 6], "the checkpoint at 4 and the heads that jp saw are what there is to go by"
    bad = verify(altered(seq), WORLD.roots).bad
    assert bad[0].code == "BAD_ROOT"
    assert (bad[0].log, bad[0].seq, bad[0].last) == (KR, first, last)


def test_an_instant_that_no_calendar_has_is_refused() -> None:
    world = in_force()
    seq = world.logs["kr"].append("national", [A_HEAD], 2**60)
    found(world, "FUTURE", "kr", seq, step=4)


@pytest.mark.parametrize("instant", [-(2**62), 2**62, MIN_INSTANT - 1, MAX_INSTANT + 1])
@pytest.mark.parametrize("field", ["instant", "effective"])
def test_an_act_with_an_instant_that_no_calendar_has_is_malformed(field: str, instant: int) -> None:
    world = in_force()
    seq = world.act("jp", "amend", digest=AGREEMENT, **{field: instant})
    found(world, "MALFORMED", "jp", seq, step=5)


@pytest.mark.parametrize("instant", [MIN_INSTANT, MAX_INSTANT])
@pytest.mark.parametrize("kind", ["agree_termination", "amend"])
def test_the_first_and_the_last_instant_break_nothing(kind: str, instant: int) -> None:
    world = in_force()
    for party in ("jp", "kr"):
        world.act(party, kind, digest=AGREEMENT, instant=instant, effective=instant)
    world.receive("jp")
    world.receive("kr")
    world.transfer("jp", "item-1")
    report = verify(world.evidence(), world.roots)
    assert [bad for bad in report.bad if bad.step != 7] == []
    assert list(render(report))


@pytest.mark.parametrize(("early", "late"), [(1, 0), (0, 1)])
def test_a_delivery_claimed_before_the_act_or_after_the_claim_is_malformed(early: int, late: int) -> None:
    world = in_force()
    world.act("kr", "declare_reading", reading="spent")
    act, world.now = world.now, world.now + 5000
    seq = world.deliver("kr", "kr-3", "jp", act - early if early else world.now + 1000 + late)
    found(world, "MALFORMED", "kr", seq, step=5)


def test_a_log_without_entries_is_none() -> None:
    world = World()
    world.keys("jp")
    world.write("jp", "document", [DOCUMENT])
    empty = Entries(AGREEMENT, "kr", world.logs["kr"].incarnation, 0, (), "", ())
    report = verify([world.logs["jp"].frame(), empty], world.roots)
    assert report.ok
    assert list(render(report))


def test_a_sign_that_names_no_root_is_named() -> None:
    world = World()
    world.keys("jp")
    world.write("jp", "document", [DOCUMENT])
    seq = world.act("jp", "sign", roots=())
    world.keys("kr")
    found(world, "WRONG_ROOTS", "jp", seq, step=3)


def test_a_line_under_a_checkpoint_by_nobody_known_is_named() -> None:
    text = cosign(kr_log().checkpoint(), WORLD.jp.cosign, "entente/witness", 1)
    frame = Cosigned(AGREEMENT, "kr", kr_log().incarnation, text)
    bad = verify([*FRAMES, frame], WORLD.roots).first_bad
    assert bad is not None
    assert (bad.code, bad.log) == ("UNKNOWN_SIGNER", KR)
