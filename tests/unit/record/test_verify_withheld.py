"""What evidence may hold back, and what it then still shows: registers, payloads, refusals."""

import hashlib

import builder
import msgspec
import pytest
from builder import AGREEMENT, DOCUMENT
from test_verify import A_HEAD, FILE, FRAMES, KR, WORLD, found, in_force, kr_log, without

from entente.record.bodies import PayloadRef, Received, ReceivedOf, Refused
from entente.record.envelope import DeliveredBody, Wrap
from entente.record.frames import AnyFrame, Cosigned, Entries, Segment
from entente.record.report import render
from entente.record.verify import verify
from entente.sealing.canonical import encode
from entente.sealing.seal import payload_digest


def redacted(seqs: set[int]) -> list[AnyFrame]:
    """kr's log with the bodies of those entries withheld."""
    frames = without(FRAMES, Entries, "kr")
    whole = kr_log().frame()
    deliveries = tuple(
        msgspec.structs.replace(delivery, bodies=(None,) * len(delivery.bodies)) if seq in seqs else delivery
        for seq, delivery in enumerate(whole.deliveries)
    )
    return [*frames, msgspec.structs.replace(whole, deliveries=deliveries)]


def test_bodies_can_be_withheld_and_everything_else_still_verifies() -> None:
    report = verify(redacted({4}), WORLD.roots)
    assert report.ok
    assert [(each.seq, each.what.split(",")[0]) for each in report.withheld] == [(4, "body 0"), (4, "body 1")]
    shown = {(each.seq, each.direction): each.label for each in report.transfers if each.log == KR}
    assert shown == {
        (4, "release"): "withheld",
        (4, "accept"): "withheld",
        (5, "release"): "recomputed",
        (7, "release"): "recomputed",
    }
    assert [(line.seq, line.item, line.state) for line in report.registers[1].given if line.seq == 4] == [
        (4, None, "received")
    ]
    assert list(render(report))


@pytest.mark.parametrize(
    "changes", [{"bodies": (DeliveredBody(True, b"x"), None)}, {"wrap": Wrap("jp", b"", "", b"", b"", b"", b"")}]
)
def test_what_nothing_could_check_does_not_belong_in_the_file(changes: dict[str, object]) -> None:
    frame = kr_log().frame(4)
    first = msgspec.structs.replace(frame.deliveries[0], **changes)
    changed = msgspec.structs.replace(frame, deliveries=(first, *frame.deliveries[1:]))
    bad = verify([*without(FRAMES, Entries, "kr"), kr_log().frame(0, 4), changed], WORLD.roots).first_bad
    assert bad is not None
    assert (bad.code, bad.log, bad.seq, bad.last) == ("MALFORMED", KR, 4, 4)


def test_bodies_of_acts_cannot_be_withheld() -> None:
    bad = verify(redacted({1}), WORLD.roots).first_bad
    assert bad is not None
    assert (bad.code, bad.seq) == ("BODY_MISSING", 1)


def test_both_registers_are_printed_and_their_differences() -> None:
    report = verify(without(without(FRAMES, Cosigned, "kr"), Cosigned, "jp"), WORLD.roots)
    jp, kr = report.registers
    assert [(line.item, line.recipient, line.state, line.code) for line in kr.given] == [
        ("item-1", "jp", "received", None),
        ("item-2", "jp", "refused", "OTHER"),
        ("item-4", "jp", "outstanding", None),
    ]
    assert [(line.item, line.sender, line.state) for line in jp.held] == [
        ("item-1", "kr", "received"),
        ("item-2", "kr", "refused"),
    ]
    assert [(line.item, line.state) for line in jp.given] == [("item-3", "outstanding")]
    assert [(line.item, line.state) for line in kr.held] == [("item-3", "received")]
    assert [(each.item, each.sender_says, each.recipient_says) for each in report.differences] == [
        ("item-3", "outstanding", "received"),
        ("item-4", "outstanding", "unknown"),
    ]


def test_a_cosignature_proves_that_its_party_had_seen_the_answer() -> None:
    report = verify(FILE, WORLD.roots)
    jp = report.registers[0]
    assert [(line.item, line.state) for line in jp.given] == [("item-3", "received")]
    assert [(line.item, line.state) for line in jp.held if line.item == "item-4"] == [("item-4", "outstanding")]
    assert report.differences == ()


def test_registers_that_agree_show_no_difference() -> None:
    world = in_force()
    world.transfer("kr", "item-1")
    world.receive("jp")
    world.write("kr", "national", [A_HEAD])
    report = verify(world.evidence(), world.roots)
    assert report.ok
    assert report.differences == ()


def test_a_payload_other_than_the_approved_one_is_named() -> None:
    world = in_force()
    reference = PayloadRef(5, bytes(32), payload_digest(bytes(32), [b"other"]), b"", 0)
    seq = world.transfer("kr", "item-1", b"bytes", payload=reference)
    found(world, "PAYLOAD_MISMATCH", "kr", seq, step=5)


@pytest.mark.parametrize(
    ("code", "given"),
    [
        (None, []),
        (None, [(0, b"sealed 0"), (1, b"sealed 1")]),
        ("SEGMENT_MISMATCH", [(0, b"sealed 0"), (1, b"sealed ?")]),
        ("SEGMENT_MISMATCH", [(0, b"sealed 0sealed 1")]),
    ],
)
def test_sealed_segments_are_those_of_the_header(code: str | None, given: list[tuple[int, bytes]]) -> None:
    world = in_force()
    sealed = hashlib.sha256(b"sealed 0sealed 1").digest()
    seq = world.transfer("kr", "item-1", None, payload=PayloadRef(9, bytes(32), bytes(32), sealed, 2))
    name = ("kr", world.logs["kr"].incarnation)
    segments = [Segment(AGREEMENT, *name, seq, index, data) for index, data in given]
    report = verify([*world.frames(), *segments], world.roots)
    bad = report.first_bad
    assert [each.what for each in report.withheld] == ([] if given else ["payload in segments, 9 bytes"])
    assert (bad.code if bad else None) == code
    assert bad is None or bad.seq == seq


def test_segments_of_what_is_no_item_are_named() -> None:
    segment = Segment(AGREEMENT, "kr", kr_log().incarnation, 1, 0, b"sealed")
    bad = verify([*FRAMES, segment], WORLD.roots).first_bad
    assert bad is not None
    assert (bad.code, bad.log, bad.seq) == ("SEGMENT_UNEXPECTED", KR, 1)


def test_a_payload_may_be_shown_without_its_header() -> None:
    whole = kr_log().frame()
    shown = msgspec.structs.replace(whole.deliveries[4], bodies=(None, whole.deliveries[4].bodies[1]))
    frame = msgspec.structs.replace(whole, deliveries=(*whole.deliveries[:4], shown, *whole.deliveries[5:]))
    report = verify([*without(FRAMES, Entries, "kr"), frame], WORLD.roots)
    assert report.ok
    assert [(each.seq, each.what.split(",")[0]) for each in report.withheld] == [(4, "body 0")]


def test_a_receipt_for_more_than_any_log_can_hold_is_not_walked() -> None:
    world = in_force()
    log = world.logs["jp"]
    seq = world.write("kr", "received", [encode(Received((ReceivedOf("jp", log.incarnation, ((0, 2**62),), ()),)))])
    found(world, "MALFORMED", "kr", seq, step=6)


@pytest.mark.parametrize(("allow", "ok"), [('"bundle"', True), ('"link", "oral"', True), ("", False)])
def test_a_channel_that_the_terms_allow_is_assumed(monkeypatch: pytest.MonkeyPatch, allow: str, ok: bool) -> None:
    document = DOCUMENT + f'\n[[channel]]\nlevel = "SECRET"\nallow = [{allow}]\n'.encode()
    monkeypatch.setattr(builder, "DOCUMENT", document)
    monkeypatch.setattr(builder, "AGREEMENT", hashlib.sha256(document).digest())
    world = in_force()
    seq = world.transfer("jp", "item-1")
    if ok:
        assert verify(world.evidence(), world.roots).ok
    else:
        found(world, "CHANNEL_NOT_ALLOWED", "jp", seq, step=7)


def test_the_parts_of_a_report_that_name_refusals_are_there() -> None:
    world = in_force()
    world.transfer("kr", "item-1")
    log = world.logs["kr"]
    of = ReceivedOf("kr", log.incarnation, (), (Refused(log.size - 1, "LABEL"),))
    world.write("jp", "received", [encode(Received((of,)))])
    report = verify(world.evidence(), world.roots)
    assert report.ok
    assert [line.code for line in report.registers[0].held] == ["LABEL"]
