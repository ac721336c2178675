"""Composing and releasing: what is missing refuses, and an approval holds for exactly these bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from support_pair import nothing_kept, outcome, pair_under, standing
from support_stop import AGREEMENT, Pair, Party

from entente.node import releases
from entente.node.agreements import DAY, KEEP_SECRETS
from entente.node.items import open_item
from entente.record.bodies import Approval
from entente.record.frames import Entries, decode_frame, encode_frame

BIG = b"0123456789abcdef" * 200_000
"""Four segments."""


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"recipients": ()}, "UNKNOWN_RECIPIENT"),
        ({"recipients": ("us",)}, "UNKNOWN_RECIPIENT"),
        ({"recipients": ("kr", "us")}, "UNKNOWN_RECIPIENT"),
        ({"recipients": ("jp",)}, "UNKNOWN_RECIPIENT"),
        ({"precedence": "URGENT"}, "UNKNOWN_PRECEDENCE"),
        ({"precedence": ""}, "UNKNOWN_PRECEDENCE"),
        ({"title": ""}, "TITLE_MISSING"),
    ],
)
def test_an_item_without_what_every_item_has_is_not_composed(pair: Pair, fields: dict, code: str) -> None:
    before = standing(pair.jp.node)
    assert outcome(lambda: pair.jp.compose(**fields)) == code
    assert standing(pair.jp.node) == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reality": ""}, "REALITY_MISSING"),
        ({"reality": "drill"}, "REALITY_MISSING"),
        ({"level": ""}, "LABEL_MISSING"),
        ({"level": "取扱注意"}, "NO_EQUIVALENT_LEVEL"),
        ({"purpose": ""}, "PURPOSE_MISSING"),
        ({"purpose": "trade"}, "PURPOSE_NOT_ALLOWED"),
        ({"rel_to": ("us",)}, "CAVEAT_EXCLUDES_RECIPIENT"),
    ],
)
def test_what_is_missing_or_not_allowed_refuses_and_only_the_national_log_knows(
    pair: Pair, fields: dict, code: str
) -> None:
    jp = pair.jp
    size = jp.size()
    assert code in jp.refused(lambda: jp.release(**fields))
    assert jp.size() == size
    assert jp.leaving() == []


def approved(party: Party, draft: releases.Draft, office: str, person: str) -> Approval:
    statement = releases.approval_statement(party.node, draft, office, person)
    return Approval(statement, party.office(office).sign("approval", statement))


def give(party: Party, draft: releases.Draft, *approvals: Approval) -> None:
    draft.approvals = approvals
    releases.release(party.node, party.ledger, draft)


def test_an_approval_holds_for_exactly_one_header(pair: Pair) -> None:
    jp = pair.jp
    one, other = jp.compose(b"these bytes"), jp.compose(b"those bytes")
    refused = jp.refused(lambda: give(jp, other, *jp.approve(one)))
    assert refused == {"RELEASE_AUTHORITY_MISSING"}
    give(jp, one, *jp.approve(one))


def test_an_office_without_the_role_approves_nothing(pair: Pair) -> None:
    jp = pair.jp
    draft = jp.compose()
    for approval in (approved(jp, draft, "treaty", "p1"),):
        refused = jp.refused(lambda approval=approval: give(jp, draft, approval))  # type: ignore[misc]
        assert refused == {"RELEASE_AUTHORITY_MISSING"}


def test_two_persons_are_two_persons_with_two_keys(tmp_path: Path) -> None:
    document = AGREEMENT.read_bytes() + b"\n[release]\ntwo_persons = true\n"
    offices = {"treaty": ("bind",), "release": ("release",), "deputy": ("release",)}
    pair = pair_under(tmp_path, document, offices)
    jp = pair.jp

    def release(*approvals: tuple[str, str]) -> str:
        draft = jp.compose()
        given = tuple(approved(jp, draft, office, person) for office, person in approvals)
        return outcome(lambda: give(jp, draft, *given))

    assert release(("release", "p1")) == "SECOND_PERSON_MISSING"
    assert release(("release", "p1"), ("release", "p1")) == "SECOND_PERSON_MISSING"
    assert release(("release", "p1"), ("release", "p2")) == "SECOND_PERSON_MISSING"
    assert release(("release", "p1"), ("deputy", "p1")) == "SECOND_PERSON_MISSING"
    assert release(("release", "p1"), ("treaty", "p2")) == "SECOND_PERSON_MISSING"
    assert release(("release", "p1"), ("deputy", "p2")) == "TAKEN"
    pair.carry()
    assert pair.kr.node.store.register("held")[-1].state == "held"
    pair.close()


# Payloads beside the log


def in_flight(pair: Pair, payload: bytes = BIG) -> list[bytes]:
    """kr has the entry; returns the segments that jp would send."""
    pair.jp.release(pair.jp.compose(payload))
    return pair.segments(pair.jp)


def held_payload(pair: Pair) -> bytes:
    line = pair.kr.node.store.register("held")[-1]
    return b"".join(open_item(pair.kr.node, line.number)[1])


def test_a_payload_goes_on_where_the_cut_left_it(pair: Pair) -> None:
    segments = in_flight(pair)
    pair.kr.arriving(segments[:2])
    asked = [decode_frame(data) for data in pair.kr.greeted(pair_hello(pair))]
    assert [want.index for want in asked] == [2]
    pair.connect()
    assert held_payload(pair) == BIG


def pair_hello(pair: Pair) -> bytes:
    from entente.node.outgoing import hello

    return encode_frame(hello(pair.jp.node, "kr"))


def test_segments_in_the_wrong_order_are_not_taken_and_harm_nothing(pair: Pair) -> None:
    segments = in_flight(pair)
    for index in (3, 1, 2, 0, 0, 3, 2, 1, 1, 3):
        pair.kr.arriving([segments[index]])
    assert pair.kr.node.store.awaiting()
    pair.kr.arriving(segments[2:3])
    pair.kr.arriving(segments[3:])
    assert not pair.kr.node.store.awaiting()
    assert held_payload(pair) == BIG


def test_a_torn_segment_is_written_again(pair: Pair) -> None:
    segments = in_flight(pair)
    pair.kr.arriving(segments[:1])
    (path,) = [file for file in (pair.kr.home.path / "payloads").iterdir() if file.stat().st_size]
    with path.open("ab") as file:
        file.write(b"half of the next one, when the power went")
    pair.kr.arriving(segments[1:])
    assert held_payload(pair) == BIG


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 1024 * 1024, 1024 * 1024 + 1, 2 * 1024 * 1024])
def test_payloads_at_the_edges_of_their_forms_arrive_whole(pair: Pair, size: int) -> None:
    payload = (b"edge" * size)[:size]
    pair.jp.release(pair.jp.compose(payload))
    pair.carry()
    assert held_payload(pair) == payload


def test_of_two_payloads_of_one_item_on_their_way_at_once_one_is_taken(pair: Pair) -> None:
    draft = pair.jp.compose(BIG)
    assert draft.staged is not None
    again = replace(draft, staged=draft.staged.with_name("staged-again"))
    assert again.staged is not None
    again.staged.hardlink_to(draft.staged)
    for one in (draft, again):
        give(pair.jp, one, *pair.jp.approve(one))
    pair.carry()
    states = [row.state for row in pair.jp.node.store.register("given") if row.item == draft.header.item]
    assert sorted(states) == ["received", "refused: DUPLICATE"]
    assert "held" in [row.state for row in pair.kr.node.store.register_items(draft.header.item)]


# Keys of the day


def keys(party: Party, kind: str) -> list[int]:
    return [created for _, created, _ in party.node.store.secrets(kind)]


def entries(party: Party, kind: str) -> int:
    assert party.ledger.own is not None
    return sum(row.kind == kind for row in party.node.store.entries(party.ledger.own.row.id, 0, 10_000))


def test_epoch_and_sealing_key_are_kept_for_a_day_and_then_replaced(pair: Pair) -> None:
    pair.jp.release()
    pair.carry()
    before = entries(pair.jp, "epoch"), entries(pair.jp, "sealing")
    start = pair.jp.ledger.epoch_since["jp", "kr"]
    pair.turn(start + DAY - 1)
    pair.jp.release()
    assert (entries(pair.jp, "epoch"), entries(pair.jp, "sealing")) == before
    pair.turn(start + DAY)
    pair.jp.release()
    pair.carry()
    assert entries(pair.jp, "epoch") == before[0] + 1
    assert entries(pair.jp, "sealing") == before[1] + 1
    assert pair.kr.node.store.register("held")[-1].state == "held"


def late_bundle(pair: Pair, days: int) -> str:
    """An item sealed to kr's key of today that arrives after kr has replaced its keys for ``days``."""
    pair.kr.release()
    pair.carry()  # kr has announced a key of today, and jp knows it
    pair.jp.release(title="in the courier's bag")
    frames = pair.jp.leaving()
    for day in range(1, days + 1):
        pair.kr.turn(pair.jp.node.instant() + day * DAY)
        pair.kr.release(title=f"day {day}")
    pair.kr.arriving(frames)
    pair.jp.turn(pair.kr.node.instant())
    pair.carry()
    line = next(row for row in reversed(pair.jp.node.store.register("given")))
    return line.state


def test_a_key_that_was_replaced_still_opens_what_is_on_its_way(pair: Pair) -> None:
    assert late_bundle(pair, 7) == "received"


def test_a_key_is_destroyed_when_nothing_can_still_be_on_its_way(pair: Pair) -> None:
    assert late_bundle(pair, 10) == "refused: SEAL"
    oldest = pair.kr.node.instant() - DAY - KEEP_SECRETS
    assert min(keys(pair.kr, "sealing")) >= oldest
    assert min(keys(pair.kr, "epoch")) >= oldest


# After the end


@pytest.mark.parametrize("payload", [b"small", BIG])
def test_what_is_withheld_after_the_end_is_answered_on_both_registers(pair: Pair, payload: bytes) -> None:
    from support_stop import END

    draft = pair.jp.compose(payload)
    position = pair.jp.release(draft)
    pair.turn(END)
    (frame,) = [decode_frame(data) for data in pair.jp.leaving()]
    assert isinstance(frame, Entries)
    item = frame.deliveries[-1]
    assert item.wrap is not None
    assert (item.wrap.key, item.wrap.nonce, set(item.bodies)) == (b"", b"", {None})
    pair.kr.arriving([encode_frame(frame)])
    pair.carry()
    assert nothing_kept(pair.kr, position)
    given = pair.jp.line("given", draft.header.item)
    assert given is not None
    assert given.state == "refused: AGREEMENT"
    lines = pair.kr.node.store.register_items(draft.header.item)
    assert [line.state for line in lines] == ["refused: AGREEMENT"]
