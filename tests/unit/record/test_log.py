"""What extends a log and what does not: each check by its name, and a refused frame changes nothing."""

from collections.abc import Callable

import msgspec
import pytest
from builder import AGREEMENT, DOCUMENT, NOON, Log, Party, World, lived_world

from entente.record.checkpoint import Checkpoint, sign_checkpoint
from entente.record.envelope import DeliveredBody, Delivery
from entente.record.errors import (
    BackdatedError,
    BadKeysError,
    BadLogSignatureError,
    BadRootError,
    BodyMismatchError,
    BodyMissingError,
    ForkError,
    FutureError,
    GapError,
    LogError,
    MalformedError,
    OutOfOrderError,
    UnknownSuiteError,
    WrongLogError,
)
from entente.record.frames import Entries
from entente.record.log import Extension, LogHead, check_entries
from entente.record.merkle import leaf_hash
from entente.sealing.canonical import encode

FOREVER = 2**60


def held(log: Log, end: int | None = None) -> Extension:
    """The log's first entries as another party holds them."""
    start = LogHead(AGREEMENT, log.party.id, log.incarnation)
    return check_entries(start, log.frame(0, end), log.party.history(), now_max=FOREVER)


def offer(log: Log, frame: Entries, *, after: int = 0, now_max: int = FOREVER) -> Extension:
    """Offer a frame to somebody who holds the log's first ``after`` entries."""
    if after:
        _, head, history = held(log, after)
    else:
        head, history = LogHead(AGREEMENT, log.party.id, log.incarnation), log.party.history()
    leaves = [leaf_hash(delivery.envelope) for delivery in log.deliveries[:after]]
    return check_entries(head, frame, history, now_max=now_max, held_leaf=leaves.__getitem__)


def with_first(frame: Entries, **changes: object) -> Entries:
    """The frame with its first delivery changed."""
    return msgspec.structs.replace(
        frame, deliveries=(msgspec.structs.replace(frame.deliveries[0], **changes), *frame.deliveries[1:])
    )


@pytest.fixture
def log() -> Log:
    return lived_world().logs["kr"]


def rejected(kind: type[LogError], seq: int, frame: Entries, log: Log, *, after: int = 0, **options: int) -> LogError:
    """The frame is refused with that error at that entry."""
    with pytest.raises(kind) as caught:
        offer(log, frame, after=after, **options)
    assert type(caught.value) is kind
    assert caught.value.seq == seq
    assert caught.value.remedy
    return caught.value


def test_a_log_is_taken_whole_or_in_parts(log: Log) -> None:
    whole = held(log)
    assert whole.head.size == log.size
    assert whole.head.frontier == log.frontiers[-1]
    assert whole.head.checkpoint == log.checkpoint()
    assert whole.head.last_instant == log.envelopes[-1].instant
    parts = offer(log, log.frame(4), after=4)
    assert parts.head == whole.head
    assert [entry.envelope.seq for entry in parts.parsed] == list(range(4, log.size))


def test_what_was_checked_is_handed_on_parsed_and_opened(log: Log) -> None:
    entry = held(log).parsed[0]
    assert entry.envelope == log.envelopes[0]
    assert entry.leaf == leaf_hash(log.deliveries[0].envelope)
    assert entry.delivery is log.deliveries[0]
    assert entry.bodies == (log.party.signed_keys(),) or len(entry.bodies) == 1


def test_entries_held_already_are_skipped(log: Log) -> None:
    extension = offer(log, log.frame(2), after=5)
    assert [entry.envelope.seq for entry in extension.parsed] == list(range(5, log.size))
    assert extension.head == held(log).head


def test_an_older_frame_changes_nothing(log: Log) -> None:
    extension = offer(log, log.frame(0, 3), after=5)
    assert extension.parsed == ()
    assert extension.head == held(log, 5).head


def test_a_frame_that_brings_only_a_checkpoint_is_checked(log: Log) -> None:
    assert offer(log, log.frame(5, 5), after=5).parsed == ()
    rejected(BadLogSignatureError, 5, log.frame(5, 5, lived_forged(log, 5)), log, after=5)


def lived_forged(log: Log, size: int) -> str:
    """A checkpoint of the right tree by the wrong key."""
    return sign_checkpoint(Checkpoint(log.origin, size, log.frontiers[size].root()), log.party.cosign)


@pytest.mark.parametrize(
    "change", [{"agreement": bytes(32)}, {"writer": "jp"}, {"incarnation": "f" * 16}], ids=lambda change: str(*change)
)
def test_a_frame_of_another_log_is_refused(log: Log, change: dict[str, object]) -> None:
    rejected(WrongLogError, 0, msgspec.structs.replace(log.frame(), **change), log)


def test_a_gap_is_refused(log: Log) -> None:
    rejected(GapError, 2, log.frame(3), log, after=2)


def test_an_overlap_that_cannot_be_compared_is_a_gap(log: Log) -> None:
    _, head, history = held(log, 3)
    with pytest.raises(GapError):
        check_entries(head, log.frame(1), history, now_max=FOREVER)


def test_a_frame_before_the_first_entry_is_refused(log: Log) -> None:
    rejected(MalformedError, 0, msgspec.structs.replace(log.frame(), first=-1), log)


def rewritten(log: Log, seq: int) -> Log:
    """The same log with another entry in one place: what a writer that lies would offer."""
    other = Log(log.party)
    for envelope, delivery in zip(log.envelopes, log.deliveries, strict=True):
        if envelope.seq == seq:
            envelope = msgspec.structs.replace(envelope, payload=1)
            delivery = msgspec.structs.replace(delivery, envelope=encode(envelope))
        other.carry(envelope, delivery)
    return other


@pytest.mark.parametrize("end", [4, 5, None])
def test_another_entry_in_place_of_one_held_is_a_fork_and_both_checkpoints_are_kept(log: Log, end: int | None) -> None:
    frame = rewritten(log, 3).frame(2, end)
    error = rejected(ForkError, 3, frame, log, after=5)
    assert isinstance(error, ForkError)
    assert (error.held, error.offered) == (log.checkpoint(5), frame.checkpoint)


def test_another_entry_that_the_writer_did_not_sign_accuses_nobody(log: Log) -> None:
    other = rewritten(log, 3)
    rejected(BadRootError, 3, other.frame(2, None, log.checkpoint()), log, after=5)
    rejected(BadLogSignatureError, 3, other.frame(2, None, lived_forged(other, other.size)), log, after=5)


def test_a_second_root_for_the_size_held_is_a_fork(log: Log) -> None:
    lie = sign_checkpoint(Checkpoint(log.origin, 5, bytes(32)), log.party.checkpoint)
    error = rejected(ForkError, 4, log.frame(5, 5, lie), log, after=5)
    assert isinstance(error, ForkError)
    assert (error.held, error.offered) == (log.checkpoint(5), lie)


def test_an_envelope_that_is_not_canonical_is_refused(log: Log) -> None:
    frame = with_first(log.frame(4), envelope=log.deliveries[4].envelope + b"\0")
    rejected(MalformedError, 4, frame, log, after=4)


def written(change: Callable[[World], object]) -> tuple[Log, int]:
    """A world whose kr writes one more entry, and that entry's number."""
    world = lived_world()
    change(world)
    return world.logs["kr"], world.logs["kr"].size - 1


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (UnknownSuiteError, {"suite": "E2"}),
        (WrongLogError, {"writer": "jp"}),
        (WrongLogError, {"agreement": bytes(32)}),
        (WrongLogError, {"incarnation": "f" * 16}),
        (OutOfOrderError, {"seq": 99}),
        (BackdatedError, {"instant": 5}),
    ],
)
def test_an_envelope_out_of_its_place_is_refused(kind: type[LogError], changes: dict[str, object]) -> None:
    log, seq = written(lambda world: world.write("kr", "national", [b"x"], **changes))
    rejected(kind, seq, log.frame(seq), log, after=seq)


def test_equal_instants_are_in_order_except_for_acts() -> None:
    world = lived_world()
    log = world.logs["kr"]
    log.append("national", [b"x"], world.now)
    world.now -= 1000
    world.act("kr", "declare_reading", reading="spent")
    assert log.envelopes[-1].instant == log.envelopes[-2].instant
    held(log)
    world.now -= 1000
    world.act("kr", "declare_reading", reading="asleep")
    rejected(BackdatedError, log.size - 1, log.frame(log.size - 1), log, after=log.size - 1)


def test_an_entry_from_the_future_is_refused_until_its_instant_has_come(log: Log) -> None:
    last = log.size - 1
    instant = log.envelopes[last].instant
    rejected(FutureError, last, log.frame(last), log, after=last, now_max=instant - 1)
    assert offer(log, log.frame(last), after=last, now_max=instant).head.size == log.size


def test_a_body_other_than_the_one_committed_to_is_refused(log: Log) -> None:
    salted = bytearray(log.deliveries[1].bodies[0].data)  # type: ignore[union-attr]
    salted[-1] ^= 1
    rejected(
        BodyMismatchError, 1, with_first(log.frame(1), bodies=(DeliveredBody(False, bytes(salted)),)), log, after=1
    )


@pytest.mark.parametrize("body", [None, DeliveredBody(True, b"sealed")])
def test_a_body_that_goes_to_all_must_be_there_in_clear(log: Log, body: DeliveredBody | None) -> None:
    rejected(BodyMissingError, 1, with_first(log.frame(1), bodies=(body,)), log, after=1)


def test_a_transfers_bodies_may_be_sealed_or_withheld(log: Log) -> None:
    seq = next(envelope.seq for envelope in log.envelopes if envelope.kind == "transfer")
    frame = with_first(log.frame(seq), bodies=(DeliveredBody(True, b"sealed"), None))
    assert offer(log, frame, after=seq).parsed[0].bodies == (None, None)


def test_bodies_and_places_must_agree(log: Log) -> None:
    rejected(MalformedError, 1, with_first(log.frame(1), bodies=()), log, after=1)


def test_a_log_begins_with_a_key_statement() -> None:
    log = Log(Party("kr"))
    log.append("document", [DOCUMENT], NOON)
    rejected(BadKeysError, 0, log.frame(), log)


def test_key_statements_extend_the_keys() -> None:
    log, seq = written(lambda world: world.keys("kr", 2))
    history = held(log).history
    assert history.at(seq).number == 2  # type: ignore[union-attr]
    assert history.at(seq - 1).number == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (BadLogSignatureError, Party("jp").signed_keys(2)),
        (BadKeysError, Party("kr").signed_keys(1)),
        (MalformedError, b"\x90"),
    ],
)
def test_a_key_statement_that_may_not_be_used_is_refused(kind: type[LogError], body: bytes) -> None:
    log, seq = written(lambda world: world.write("kr", "keys", [body]))
    rejected(kind, seq, log.frame(seq), log, after=seq)


@pytest.mark.parametrize(
    ("kind", "checkpoint"),
    [
        (MalformedError, lambda log: ""),
        (MalformedError, lambda log: log.checkpoint() + "\n"),
        (WrongLogError, lambda log: lived_world().logs["jp"].checkpoint()),
        (BadLogSignatureError, lambda log: lived_forged(log, log.size)),
        (BadRootError, lambda log: log.checkpoint(log.size - 1)),
        (BadRootError, lambda log: sign_checkpoint(Checkpoint(log.origin, log.size, bytes(32)), log.party.checkpoint)),
        (
            BadRootError,
            lambda log: sign_checkpoint(Checkpoint(log.origin, 99, log.frontiers[-1].root()), log.party.checkpoint),
        ),
        (BadLogSignatureError, lambda log: sign_checkpoint(Checkpoint(log.origin, 0, bytes(32)), log.party.checkpoint)),
    ],
)
def test_the_checkpoint_must_commit_to_exactly_the_entries_given(
    log: Log, kind: type[LogError], checkpoint: Callable[[Log], str]
) -> None:
    rejected(kind, 4, log.frame(4, None, checkpoint(log)), log, after=4)


def test_an_empty_frame_for_an_empty_log_is_refused(log: Log) -> None:
    rejected(GapError, 0, log.frame(0, 0, ""), log)


def test_unknown_kinds_are_kept() -> None:
    log, _ = written(lambda world: world.write("kr", "something-new", [b"x"]))
    assert held(log).parsed[-1].envelope.kind == "something-new"


def test_an_entry_left_out_in_the_middle_is_noticed(log: Log) -> None:
    deliveries: tuple[Delivery, ...] = (*log.deliveries[:3], *log.deliveries[4:])
    frame = msgspec.structs.replace(log.frame(), deliveries=deliveries)
    rejected(OutOfOrderError, 3, frame, log)
