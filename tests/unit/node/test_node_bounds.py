"""What a peer, a full disk or the clock can do to a node's parts, and what it cannot."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import msgspec
import pytest
from support_pair import Forger, refusals
from support_standing import approve, under
from support_stop import Pair, Party

from entente.cli.stage import wait_for
from entente.node import outgoing, payloads, releases, shedding
from entente.node.commit import Work
from entente.node.errors import NodeError
from entente.record.bodies import Received, ReceivedOf
from entente.record.frames import Bodies, Entries, Later, decode_frame, encode_frame
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.seal import ItemSeal
from entente.store import snapshot
from entente.store.errors import FullError
from entente.store.itemkeys import ItemKeys


def full(*_args: object, **_named: object) -> None:
    raise FullError("the disk is full")


def frame_of(party: Party, count: int) -> list[Position]:
    """So many items under one standing release, released and not sent yet."""
    name = approve(party, precedences=("ROUTINE",))
    return [under(party, name, precedence="ROUTINE") for _ in range(count)]


@pytest.mark.parametrize(("ranges", "codes"), [(3, []), (4, ["MALFORMED"])])
def test_a_receipt_of_more_answers_than_a_node_gives_at_once_is_malformed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, ranges: int, codes: list[str]
) -> None:
    """The work that a peer can ask for is bounded by what it sends, not by what it names."""
    monkeypatch.setattr("entente.record.projection.MAX_ANSWERS", 3)
    sent = frame_of(pair.jp, 8)
    pair.carry()
    named = tuple((position.seq, position.seq) for position in sent[::2][:ranges])
    forger = Forger(pair.kr, pair.jp.ledger.agreement)
    body = encode(Received((ReceivedOf("jp", sent[0].incarnation, named, ()),)))
    pair.jp.arriving([encode_frame(forger.frame(forger.entry("received", body)))])
    assert list(refusals(pair.jp).values()) == codes


def claiming(party: Party, segments: int) -> Position:
    """An item whose header, properly signed and sealed, claims so many segments."""
    draft = party.compose(b"y" * 200_000, precedence="ROUTINE")
    header = msgspec.structs.replace(
        draft.header, payload=msgspec.structs.replace(draft.header.payload, segments=segments)
    )
    return party.release(releases.Draft(encode(header), header, draft.content_key, None, draft.staged))


def test_many_answers_are_given_in_receipts_that_a_peer_accepts(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node writes is held to the bound that it holds its peers to."""
    monkeypatch.setattr("entente.node.intake.MAX_ANSWERS", 3)
    monkeypatch.setattr("entente.record.projection.MAX_ANSWERS", 3)
    for _ in range(8):
        claiming(pair.jp, 2)
    pair.carry()
    assert len(refusals(pair.kr)) == 8
    assert refusals(pair.jp) == {}


@pytest.mark.parametrize("segments", [2, 10**6])
def test_an_item_of_more_segments_than_its_size_has_is_refused(pair: Pair, segments: int) -> None:
    """Else a small item would make its recipient keep files of any size."""
    sent = claiming(pair.jp, segments)
    pair.kr.arriving(pair.jp.leaving())
    assert list(refusals(pair.kr).values()) == ["SEAL"]
    assert not pair.kr.node.payload_path(sent).exists()


def test_what_was_released_stays_released_where_its_key_cannot_be_written_at_once(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys' file is full after the commit: the key is tried again, and nothing is given twice."""
    jp = pair.jp
    name = approve(jp)
    under(jp, name)  # the log's epoch goes before it
    jp.node.vault.settle()
    before = jp.size()
    with monkeypatch.context() as patched:
        patched.setattr(ItemKeys, "put", full)
        first = under(jp, name)
        jp.node.vault.flush()
        second = under(jp, name)
    assert (jp.size(), jp.node.store.log(jp.ledger.own.row.id).size) == (before + 2, before + 2)
    jp.node.vault.settle()
    assert [jp.node.open_held(jp.ledger, position) is not None for position in (first, second)] == [True, True]


def test_a_key_of_a_release_that_failed_does_not_stand_in_for_the_next_ones(pair: Pair) -> None:
    """Its number is used again; at a start the wrapped key says which of the two is right."""
    jp = pair.jp
    name = approve(jp)
    under(jp, name)  # the log's epoch goes before it
    jp.node.vault.settle()
    log, seq = jp.ledger.own.row.id, jp.size()
    jp.node.vault.keep(log, [(seq, b"\x07" * 32)])
    jp.node.vault.settle()
    sent = under(jp, name)
    assert sent.seq == seq
    jp.node.vault._fresh.clear()  # the process died before it was written
    jp.node.vault._begun = None
    jp.node.store.close()
    jp.open()
    payloads.sweep(jp.node)
    assert jp.node.open_held(jp.ledger, sent) is not None


def test_a_release_that_is_done_again_seals_nothing_twice(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts under one key and place would be two under one nonce."""
    sealed: list[int] = []
    real = ItemSeal.seal

    def seal(self: ItemSeal, place: int, data: bytes) -> bytes:
        sealed.append(place)
        return real(self, place, data)

    monkeypatch.setattr(ItemSeal, "seal", seal)
    late = iter([True, False])
    monkeypatch.setattr(Work, "overtaken", lambda self, now: next(late, False))
    pair.jp.release()
    assert len(sealed) == len(set(sealed)) > 0
    assert next(late, None) is None


def test_what_runs_ahead_never_outgrows_a_frame(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of any size lie before what is urgent: each frame ends in time, and everything arrives."""
    monkeypatch.setattr(outgoing, "CHUNK_ENTRIES", 4)
    monkeypatch.setattr(outgoing, "AHEAD_BYTES", 3_000)
    name = approve(pair.jp, precedences=("FLASH", "ROUTINE"))
    pair.carry()
    before = len(pair.kr.held())
    for _ in range(40):
        under(pair.jp, name, precedence="ROUTINE")
    under(pair.jp, name)
    frames = pair.jp.leaving()
    ahead = [frame for frame in map(decode_frame, frames) if isinstance(frame, Entries) and frame.deferred]
    assert len(ahead) > 1
    for frame in ahead:
        assert sum(len(entry.envelope) for entry in frame.deliveries[:-1]) <= 3_000
    pair.kr.arriving(frames)
    assert (len(pair.kr.held()) - before, refusals(pair.kr)) == (41, {})


def test_wrapped_keys_go_once_the_content_keys_are_durable_and_not_before(pair: Pair) -> None:
    """Until then they are the only copy that a crash leaves; after it nobody needs them."""
    later = Event()
    for party in pair:
        party.node.vault._thread.submit(later.wait)  # no key is written before this test says so
    positions = frame_of(pair.jp, 2)
    pair.kr.arriving(pair.jp.leaving())
    pair.jp.arriving(pair.kr.leaving())
    for party in pair:
        log = party.ledger.logs[positions[0].writer, positions[0].incarnation].row.id
        kept = {(log, position.seq) for position in positions}
        assert kept <= wrapped(party)
    later.set()
    for party in pair:
        log = party.ledger.logs[positions[0].writer, positions[0].incarnation].row.id
        kept = {(log, position.seq) for position in positions}
        party.node.vault.settle()
        shedding.shed(party.node)
        party.node.committer.settle()
        assert not kept & wrapped(party)
        assert all(party.node.open_held(party.ledger, each) is not None for each in positions)


def wrapped(party: Party) -> set[tuple[int, int]]:
    """(log, seq) of the items of which a wrapped key is kept."""
    return {(log, seq) for log, seq, _, _ in party.node.store.all_wraps()}


def test_a_start_destroys_the_wrapped_keys_of_what_was_answered_before_a_crash(pair: Pair) -> None:
    positions = frame_of(pair.jp, 3)
    pair.kr.arriving(pair.jp.leaving())
    pair.jp.arriving(pair.kr.leaving())
    unanswered = pair.jp.release()
    for party in pair:
        assert len(wrapped(party)) > 1
        party.node.store.close()
        party.open()
        payloads.sweep(party.node)
    assert [seq for _, seq in wrapped(pair.jp)] == [unanswered.seq]
    assert not wrapped(pair.kr)
    for party in pair:
        assert all(party.node.open_held(party.ledger, each) is not None for each in positions)


def test_keys_that_cannot_be_written_are_alarming_until_they_can(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    (position,) = frame_of(pair.jp, 1)
    pair.kr.arriving(pair.jp.leaving())
    node = pair.kr.node
    with monkeypatch.context() as patched:
        patched.setattr(ItemKeys, "put", full)
        for _ in range(2):
            node.vault.flush()
            wait_for("the write has ended", lambda: node.vault._begun is None or node.vault._begun[0].done())
            node.vault.flush()  # as the daemon does, before it looks
            shedding.shed(node)
            assert "keys" in node.alarms
    node.vault.settle()
    shedding.shed(node)
    node.committer.settle()
    assert "keys" not in node.alarms
    assert position.seq not in {seq for _, seq in wrapped(pair.kr)}


def test_a_key_that_comes_between_others_is_not_taken_for_durable_with_them(pair: Pair) -> None:
    """A peer may give what lies between two items later: its wrapped key is the only copy until its key is durable."""
    positions = frame_of(pair.jp, 3)
    entries = [frame for frame in map(decode_frame, pair.jp.leaving()) if isinstance(frame, Entries)]
    (frame,) = [each for each in entries if any(delivery.wrap for delivery in each.deliveries)]
    place = positions[1].seq - frame.first
    whole = frame.deliveries[place]
    bare = msgspec.structs.replace(whole, bodies=(None,) * len(whole.bodies), wrap=None)
    deliveries = (*frame.deliveries[:place], bare, *frame.deliveries[place + 1 :])
    deferred = ((positions[1].seq, positions[1].seq),)
    early = msgspec.structs.replace(frame, deliveries=deliveries, deferred=deferred)
    pair.kr.arriving([encode_frame(each) for each in entries[: entries.index(frame)]] + [encode_frame(early)])
    node, log = pair.kr.node, log_of(pair.kr, positions[1])
    node.vault.settle()
    assert whole.wrap is not None
    later = Bodies(
        frame.agreement, frame.writer, frame.incarnation, (Later(positions[1].seq, whole.bodies, whole.wrap),)
    )
    pair.kr.arriving([encode_frame(later)])
    shedding.shed(node)
    node.committer.settle()
    assert (log, positions[1].seq) in wrapped(pair.kr)
    node.vault._fresh.clear()  # the process died before its key was written
    node.vault._begun = None
    node.store.close()
    pair.kr.open()
    payloads.sweep(pair.kr.node)
    assert pair.kr.node.open_held(pair.kr.ledger, positions[1]) is not None


def log_of(party: Party, position: Position) -> int:
    return party.ledger.logs[position.writer, position.incarnation].row.id


def test_a_backup_without_item_keys_holds_no_wrapped_key_of_what_is_answered(pair: Pair, tmp_path: Path) -> None:
    frame_of(pair.jp, 2)
    pair.kr.arriving(pair.jp.leaving())
    pair.jp.arriving(pair.kr.leaving())
    assert wrapped(pair.jp)
    copied = tmp_path / "copy.db"
    with closing(sqlite3.connect(copied)) as target, closing(sqlite3.connect(pair.jp.home.path / "store.db")) as source:
        source.backup(target)
    snapshot.forget_received(copied, "jp")
    with closing(sqlite3.connect(copied)) as target:
        assert target.execute("SELECT COUNT(*) FROM wrap").fetchone() == (0,)


def test_the_national_log_goes_on_after_its_head_was_moved_under_the_node(pair: Pair) -> None:
    """What is remembered of the store is read anew after a transaction that failed: nothing is refused for good."""
    node = pair.jp.node
    pair.jp.refused(lambda: pair.jp.release(purpose="none"))
    assert node.national is not None
    node.national = node.national._replace(size=node.national.size + 1)
    with pytest.raises(NodeError):
        pair.jp.release()
    assert pair.jp.release() is not None
