"""A restored older copy of a node never contradicts its own signature.

The directory is copied at T0, the node goes on, is stopped, and the copy starts in its place. Every frame that either
version ever sent is kept; no two checkpoints of one origin and size may differ in their root.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support_pair import Forger, outcome, standing
from support_stop import OCTOBER, Pair, Party, open_pair

from entente.node import agreements, items, restart
from entente.node.clock import SimulatedClock
from entente.node.errors import NotReadyError, RefusedError
from entente.node.greeting import OLDEST
from entente.node.home import Home
from entente.node.node import MAX_EVIDENCE
from entente.node.outgoing import hello
from entente.record.bodies import NationalHead, Restart, RestartStatement, SignedKeys
from entente.record.checkpoint import Checkpoint, origin, parse_note, sign_checkpoint
from entente.record.frames import Cosigned, Entries, Head, Hello, decode_frame, encode_frame
from entente.record.merkle import Frontier
from entente.sealing.canonical import decode, encode
from entente.sealing.signing import NodeKey


@dataclass
class Recording(Pair):
    """A pair whose every frame is kept."""

    frames: list[bytes] = field(default_factory=list)

    def connect(self) -> None:
        greetings = {party.party: encode_frame(hello(party.node, party.peer)) for party in self}
        self.frames += greetings.values()
        asked = {party.party: party.greeted(greetings[party.peer]) for party in self}
        for party in self:
            self.exchange(party, asked[party.party])
        self.carry()

    def exchange(self, sender: Party, frames: list[bytes]) -> None:
        while frames:
            self.frames += frames
            receiver = self.other(sender)
            frames, sender = receiver.arriving(frames), receiver

    def signed(self) -> dict[tuple[str, int], set[bytes]]:
        """(origin, size) -> the roots that were ever signed for it."""
        found: dict[tuple[str, int], set[bytes]] = {}
        for frame in map(decode_frame, self.frames):
            notes = [head.checkpoint for head in frame.heads] if isinstance(frame, Hello) else []
            notes += [frame.checkpoint] if isinstance(frame, Entries | Cosigned) else []
            for note in filter(None, notes):
                checkpoint = parse_note(note).checkpoint
                found.setdefault((checkpoint.origin, checkpoint.size), set()).add(checkpoint.root)
        return found


def restored(pair: Recording, party: Party, copy: Path) -> None:
    """Stop the node and start the copy in its place."""
    party.node.close()
    shutil.rmtree(party.home.path)
    shutil.copytree(copy, party.home.path)
    party.home = Home(party.home.path)
    party.open()


def snapshot(party: Party, to: Path) -> Path:
    """A copy of the directory as a backup of a stopped node has it."""
    party.node.close()
    shutil.copytree(party.home.path, to)
    party.open()
    return to


@pytest.fixture
def world(base: Path, tmp_path: Path) -> Iterator[tuple[Recording, Path]]:
    """Both nodes in October, and a copy of jp's directory from before it released two items and wrote an act."""
    clocks = SimulatedClock(OCTOBER), SimulatedClock(OCTOBER)
    pair = Recording(Party(Home(base / "jp"), clocks[0]), Party(Home(base / "kr"), clocks[1]))
    copy = snapshot(pair.jp, tmp_path / "backup")
    pair.connect()
    for title in ("after the backup", "and another"):
        pair.jp.release(title=title)
        pair.carry()
    pair.jp.act("declare_reading", reading="spent")
    pair.carry()
    yield pair, copy
    pair.close()


def never_two_roots(pair: Recording) -> bool:
    return all(len(roots) == 1 for roots in pair.signed().values())


def test_a_restored_copy_takes_its_own_entries_back_before_it_writes(world: tuple[Recording, Path]) -> None:
    pair, copy = world
    size = pair.jp.size()
    restored(pair, pair.jp, copy)
    assert pair.jp.size() < size
    pair.connect()
    assert pair.jp.size() == size
    pair.jp.release(title="goes on")
    pair.carry()
    assert pair.kr.node.store.register("held")[-1].state == "held"
    assert [act.statement.id for act in pair.jp.ledger.projection.acts.values() if act.statement.by == "jp"][-1:] == [
        "jp-3"
    ]
    assert not pair.jp.node.store.evidence()
    assert never_two_roots(pair)


def test_what_was_given_after_the_backup_is_on_the_register_again(world: tuple[Recording, Path]) -> None:
    pair, copy = world
    given = [(row.seq, row.item) for row in pair.jp.node.store.register("given")]
    restored(pair, pair.jp, copy)
    pair.connect()
    assert [(row.seq, row.item) for row in pair.jp.node.store.register("given")] == given
    assert {row.state for row in pair.jp.node.store.register("given")} == {"received"}


def test_what_was_refused_after_the_backup_is_on_the_register_again(world: tuple[Recording, Path]) -> None:
    pair, copy = world
    draft = pair.jp.compose()
    pair.jp.release(draft)
    (sent,) = map(decode_frame, pair.jp.leaving())
    assert isinstance(sent, Entries)
    item = sent.deliveries[-1]
    broken = msgspec.structs.replace(item, bodies=(None,) * len(item.bodies))
    pair.exchange(pair.jp, [encode_frame(msgspec.structs.replace(sent, deliveries=(*sent.deliveries[:-1], broken)))])
    pair.carry()
    restored(pair, pair.jp, copy)
    pair.connect()
    line = pair.jp.line("given", draft.header.item)
    assert line is not None
    assert line.state == "refused: SEAL"


def test_what_was_received_or_refused_after_the_backup_is_on_the_register_again_as_lost(
    world: tuple[Recording, Path],
) -> None:
    pair, copy = world

    def lines() -> list[tuple[int, str, str]]:
        store = pair.jp.node.store
        return [(row.seq, row.direction, row.state) for kind in ("held", "refused") for row in store.register(kind)]

    already = lines()
    pair.kr.release(title="held, then lost")
    pair.carry()
    pair.kr.release(title="refused")
    (sent,) = map(decode_frame, pair.kr.leaving())
    assert isinstance(sent, Entries)
    *others, item = sent.deliveries
    broken = msgspec.structs.replace(item, bodies=(None,) * len(item.bodies))
    pair.exchange(pair.kr, [encode_frame(msgspec.structs.replace(sent, deliveries=(*others, broken)))])
    pair.carry()

    before = lines()
    assert [line[1:] for line in before[len(already) :]] == [("held", "held"), ("refused", "refused: SEAL")]
    restored(pair, pair.jp, copy)
    assert lines() == already
    pair.connect()
    assert lines() == [*already, (before[-2][0], "held", "held (lost in a restore)"), before[-1]]
    assert [line.opened for line in items.lines(pair.jp.node)[-2:]] == [None, None]
    restored_again = lines()
    pair.connect()
    assert lines() == restored_again


def test_what_was_acknowledged_after_the_backup_was_received_when_it_was(world: tuple[Recording, Path]) -> None:
    """Otherwise the parties would date one act's receipt differently for good, and with it what the act does."""
    pair, copy = world
    pair.kr.act("declare_reading", reading="asleep")
    pair.carry()

    def received(party: Party) -> list[tuple[str, str, int]]:
        projection = party.ledger.projection
        return sorted(
            (act.statement.id, by, answer.instant)
            for act in projection.acts.values()
            for by, answer in projection.answers.get(act.position, {}).items()
        )

    before = received(pair.kr)
    assert received(pair.jp) == before
    restored(pair, pair.jp, copy)
    for party in pair:
        party.node.clock.set(OCTOBER + 3_600_000, running=False)
    pair.connect()
    assert received(pair.jp) == before
    assert received(pair.kr) == before
    pair.jp.node.close()
    pair.jp.open()
    assert received(pair.jp) == before


@pytest.mark.parametrize("what", ["release", "act", "document"])
def test_without_a_peer_a_restored_copy_writes_nothing(world: tuple[Recording, Path], what: str) -> None:
    pair, copy = world
    restored(pair, pair.jp, copy)
    jp = pair.jp
    document = next(iter(jp.ledger.projection.document_bytes.values())) + b"# amended\n"
    before = standing(jp.node)
    writes = {
        "release": jp.release,
        "act": lambda: jp.act("declare_reading", reading="asleep"),
        "document": lambda: agreements.add_document(jp.node, jp.ledger, document),
    }
    assert outcome(writes[what]) == "START_UNCHECKED"
    assert standing(jp.node) == before
    assert jp.leaving() == []


@pytest.mark.parametrize("behind", [False, True])
def test_a_copy_that_wrote_while_another_did_signs_no_second_version(
    world: tuple[Recording, Path], behind: bool
) -> None:
    """Both are ready and one is cut off; when the peer sees it again, its log is as long as the other's, or shorter."""
    pair, copy = world
    first, alone = pair.jp, Recording(pair.jp, pair.kr, pair.frames)
    pair.jp = Party(Home(copy), SimulatedClock(OCTOBER))
    pair.connect()
    pair.jp.release(title="the one that kr knows")
    pair.carry()
    while first.size() < pair.jp.size():
        first.release(title="never shown")
    if behind:
        pair.jp.release(title="and one more")
        pair.carry()
    held = pair.kr.node.store.register("held")
    alone.frames = pair.frames
    greetings = {party.party: encode_frame(hello(party.node, party.peer)) for party in alone}
    pair.frames += greetings.values()
    first.greeted(greetings["kr"])
    pair.kr.greeted(greetings["jp"])
    if behind:
        with pytest.raises(RefusedError, match="came back wrong"):
            alone.exchange(pair.kr, pair.kr.leaving())
    else:
        alone.exchange(pair.kr, pair.kr.leaving())
    alone.exchange(first, first.leaving())
    assert outcome(first.release) == "START_UNCHECKED"
    assert any(name.startswith("copy/") for name in first.node.alarms)
    assert pair.kr.node.store.register("held") == held
    assert never_two_roots(pair)
    first.node.close()


def office_restart(jp: Party, /, office: str = "treaty", signer: str = "treaty", **changes: Any) -> None:
    statement = restart.prepare(jp.node, jp.ledger)
    if changes:
        statement = encode(msgspec.structs.replace(decode(RestartStatement, statement), **changes))
    restart.commit(jp.node, jp.ledger, statement, office, jp.office(signer).sign("restart", statement))


def test_an_office_opens_a_new_incarnation_and_the_peer_takes_it(world: tuple[Recording, Path]) -> None:
    pair, copy = world
    before = pair.jp.ledger.own
    assert before is not None
    restored(pair, pair.jp, copy)
    office_restart(pair.jp)
    draft = pair.jp.compose(title="from the new incarnation")
    pair.jp.release(draft)
    pair.connect()
    assert pair.jp.ledger.own is not None
    assert pair.jp.ledger.own.row.incarnation != before.row.incarnation
    assert pair.kr.line("held", draft.header.item) is not None
    assert pair.jp.ledger.logs[before.name].row.size == before.row.size  # both branches are kept, on both sides
    assert never_two_roots(pair)


def test_an_act_of_a_new_incarnation_never_bears_the_id_of_one_that_was_lost(
    world: tuple[Recording, Path],
) -> None:
    """Otherwise each side would hold another act under one id, and their status would differ for good."""
    pair, copy = world
    lost = pair.jp.act("notice_of_termination")
    pair.carry()
    restored(pair, pair.jp, copy)
    office_restart(pair.jp)
    pair.jp.act("declare_reading", reading="asleep")
    pair.connect()
    acts = [{name: act.position for name, act in party.ledger.projection.acts.items()} for party in pair]
    assert acts[0] == acts[1]
    assert lost in acts[0].values()
    at = pair.jp.node.instant()
    assert pair.jp.ledger.status(at).to_json() == pair.kr.ledger.status(at).to_json()


def test_a_restart_is_refused_while_nothing_is_in_doubt(october: Pair) -> None:
    assert outcome(lambda: restart.prepare(october.jp.node, october.jp.ledger)) == "NOTHING_TO_RESTART"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"office": "release", "signer": "release"}, "OFFICE_MAY_NOT_BIND"),
        ({"signer": "release"}, "BAD_SIGNATURE"),
        ({"previous": "0123456789abcdef"}, "STALE"),
        ({"size": 3}, "STALE"),
        ({"root": bytes(32)}, "OTHER_HISTORY"),
        ({"agreement": bytes(32)}, "UNKNOWN_PREVIOUS"),
        ({"party": "kr"}, "UNKNOWN_PREVIOUS"),
        ({"incarnation": "../../elsewhere"}, "UNKNOWN_PREVIOUS"),
    ],
)
def test_a_restart_that_does_not_hold_opens_nothing(world: tuple[Recording, Path], changes: Any, code: str) -> None:
    pair, copy = world
    restored(pair, pair.jp, copy)
    before = standing(pair.jp.node)
    assert outcome(lambda: office_restart(pair.jp, **changes)) == code
    assert standing(pair.jp.node) == before


def forged_restart(pair: Pair, *, office: str = "treaty", signer: str = "treaty", **changes: Any) -> Entries:
    """A second log of jp's with a restart entry that jp's office, or another, has signed."""
    jp = pair.jp
    assert jp.ledger.own is not None
    row = jp.ledger.own.row
    forger = Forger(jp, jp.ledger.agreement, "0123456789abcdef")
    fields = {
        "schema": "entente/restart/1", "agreement": jp.ledger.agreement, "party": "jp", "previous": row.incarnation,
        "size": row.size, "root": row.root, "incarnation": forger.incarnation,
    }  # fmt: skip
    data = encode(RestartStatement(**(fields | changes)))
    keys = forger.entry("keys", encode(SignedKeys(jp.node.card.statement, jp.node.card.signature)))
    signature = jp.office(signer).sign("restart", data)
    return forger.frame(keys, forger.entry("restart", encode(Restart(data, office, signature))))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "TAKEN"),
        ({"office": "release", "signer": "release"}, "OFFICE_MAY_NOT_BIND"),
        ({"signer": "release"}, "BAD_SIGNATURE"),
        ({"previous": "fedcba9876543210"}, "UNKNOWN_PREVIOUS"),
        ({"root": bytes(32)}, "OTHER_HISTORY"),
        ({"size": 0}, "OTHER_HISTORY"),
        ({"party": "kr"}, "SECOND_LOG"),
        ({"incarnation": "fedcba9876543210"}, "SECOND_LOG"),
        ({"agreement": bytes(32)}, "UNKNOWN_PREVIOUS"),
    ],
)
def test_a_peers_restart_is_judged_by_its_office_and_its_history(october: Pair, changes: Any, code: str) -> None:
    frame = forged_restart(october, **changes)
    before = standing(october.kr.node)
    assert outcome(lambda: october.kr.arriving([encode_frame(frame)])) == code
    assert (standing(october.kr.node) == before) == (code != "TAKEN")


# A peer that lies about this party's own log


def shown(pair: Pair, *heads: Head) -> bytes:
    """kr's greeting to jp with other heads than it has."""
    honest = hello(pair.kr.node, "jp")
    return encode_frame(msgspec.structs.replace(honest, heads=heads))


def own_head(pair: Pair, size: int, *, key: NodeKey | None = None, root: bytes | None = None) -> Head:
    ledger = pair.jp.ledger
    assert ledger.own is not None
    root = root if root is not None else pair.jp.node.root_at(ledger.own, size)
    name = origin(ledger.agreement, *ledger.own.name)
    note = sign_checkpoint(Checkpoint(name, size, root), key or pair.jp.node.keyring.checkpoint)
    return Head(ledger.agreement, *ledger.own.name, size, note)


def test_a_peer_that_invents_a_longer_log_stops_nobody(october: Pair) -> None:
    """Nothing of this party's log is believed that this party has not signed, or a peer could silence it."""
    jp = october.jp
    forged = own_head(october, jp.size() + 5, key=october.kr.node.keyring.checkpoint, root=bytes(32))
    jp.greeted(shown(october, forged))
    assert jp.ledger.ready
    assert "kr shows a head" in jp.node.alarms["heads/kr"]
    jp.release()


@pytest.mark.parametrize("lie", ["invented", "less", "nothing", "garbage"])
def test_a_peer_that_lies_confirms_nothing_after_a_start(base: Path, lie: str) -> None:
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER), connect=False)
    jp, size = pair.jp, pair.jp.size()
    genuine = own_head(pair, size)
    heads = {
        "invented": (own_head(pair, size, key=pair.kr.node.keyring.checkpoint),),
        "less": (own_head(pair, size - 2),),
        "nothing": (),
        "garbage": (msgspec.structs.replace(genuine, checkpoint="x"),),
    }[lie]
    jp.greeted(shown(pair, *heads))
    assert outcome(jp.release) == "START_UNCHECKED"
    assert not jp.node.store.evidence()  # what this party did not sign is no evidence against it
    assert "heads/kr" in jp.node.alarms
    jp.greeted(shown(pair, genuine))
    jp.release()
    assert "heads/kr" not in jp.node.alarms
    pair.close()


def test_a_head_that_this_node_signed_and_never_had_stops_it_and_is_kept(october: Pair) -> None:
    """Its keys are in other hands, or another copy of it has written: it must not write on as if it were alone."""
    jp = october.jp
    jp.greeted(shown(october, own_head(october, jp.size() - 1, root=bytes(32))))
    assert outcome(jp.release) == "START_UNCHECKED"
    assert [party for party, _, _ in jp.node.store.evidence()] == ["jp"]


def test_a_greeting_of_another_protocol_or_of_a_real_node_is_refused(october: Pair) -> None:
    honest = hello(october.kr.node, "jp")
    for changes, code in (({"protocol": OLDEST - 1}, "PROTOCOL"), ({"simulated": False}, "SIMULATED")):
        greeting = encode_frame(msgspec.structs.replace(honest, **changes))
        with pytest.raises(RefusedError) as refused:
            october.jp.greeted(greeting)
        assert refused.value.code == code
    bad = msgspec.structs.replace(honest, heads=(msgspec.structs.replace(honest.heads[0], size=-1),))
    assert outcome(lambda: october.jp.greeted(encode_frame(bad))) == "MALFORMED"


def test_a_peer_that_signed_two_histories_is_convicted_and_nothing_of_it_is_kept(october: Pair) -> None:
    forger = Forger(october.jp, october.jp.ledger.agreement)
    october.jp.release()
    october.carry()
    before = standing(october.kr.node)
    entries = [forger.entry("national", encode(NationalHead(bytes([n]) * 32))) for n in range(9)]
    assert outcome(lambda: october.kr.arriving([encode_frame(forger.frame(*entries))])) == "FORK"
    october.kr.node.save_evidence()
    assert [party for party, _, _ in october.kr.node.store.evidence()] == ["jp"]
    after = standing(october.kr.node)
    assert {name for name in before if before[name] != after[name]} == {"evidence"}


def test_a_peer_that_goes_on_signing_histories_does_not_fill_the_disk(october: Pair) -> None:
    october.jp.release()
    october.carry()
    for _ in range(MAX_EVIDENCE + 2):
        forger = Forger(october.jp, october.jp.ledger.agreement)
        forger.first, forger.frontier = 0, Frontier()
        entries = forger.beginning() + [forger.entry("national", encode(NationalHead(bytes(32)))) for _ in range(40)]
        assert outcome(partial(october.kr.arriving, [encode_frame(forger.frame(*entries))])) == "FORK"
        october.kr.node.save_evidence()
    assert len(october.kr.node.store.evidence()) == MAX_EVIDENCE


def test_a_node_that_is_not_sure_of_its_end_says_what_to_do(base: Path) -> None:
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER), connect=False)
    with pytest.raises(NotReadyError) as refused:
        pair.jp.release()
    assert "restart" in refused.value.remedy
    pair.close()
