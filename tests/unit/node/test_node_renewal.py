"""Renewed keys are valid from their entry in each log on; what the old ones signed stays valid where it stands."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support_stop import OCTOBER, PASSPHRASE, Pair, copy_template, open_pair, verified

from entente.node.agreements import commit_act, prepare_act
from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError, UsageError
from entente.node.home import Home
from entente.node.keyring import unlock, unlock_office
from entente.node.renewal import enter_statement, renew
from entente.record.checkpoint import parse_note, sign_checkpoint
from entente.record.frames import Entries, decode_frame, encode_frame

NEW = b"exercise only, the treaty office's new one"


def renewed(home: Home, *, offices: tuple[str, ...] = ("treaty",)) -> int:
    root = unlock_office(home.key_file("root"), PASSPHRASE)
    secrets = unlock(home.key_file("node"), PASSPHRASE)
    return renew(home, root, secrets, PASSPHRASE, office_passphrase=NEW, offices=offices).number


@pytest.fixture
def base(template: Path, tmp_path: Path) -> Path:
    base = copy_template(template, tmp_path / "nodes")
    assert renewed(Home(base / "kr")) == 2
    return base


@pytest.fixture
def pair(base: Path) -> Iterator[Pair]:
    both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    for party in both:
        enter_statement(party.node)
    both.carry()
    yield both
    both.close()


def test_the_new_statement_is_entered_once_and_taken_by_the_peer(pair: Pair) -> None:
    for party in pair:
        enter_statement(party.node)
    own = pair.kr.ledger.own
    theirs = pair.jp.ledger.current("kr")
    assert own is not None
    assert theirs is not None
    assert [statement.number for statement in own.keys.statements] == [1, 2]
    assert theirs.keys.newest == own.keys.newest
    assert theirs.row.size == own.row.size


def test_both_nodes_go_on_under_renewed_keys_and_both_logs_verify(base: Path, pair: Pair) -> None:
    pair.kr.release(title="after the renewal")
    pair.jp.release(title="to the renewed node")
    pair.carry()
    assert {line.state for party in pair for line in party.node.store.register("given")} == {"received"}
    for party in pair:
        report = verified(base, party)
        assert (report.ok, report.differences) == (True, ())


def test_the_old_office_key_binds_nobody_from_the_renewal_on(template: Path, pair: Pair) -> None:
    node, ledger = pair.kr.node, pair.kr.ledger
    draft = prepare_act(node, ledger, "declare_reading", reading="asleep")
    old = unlock_office(Home(template / "kr").key_file("office-treaty"), PASSPHRASE)
    with pytest.raises(NodeError) as refused:
        commit_act(node, ledger, draft.data, "treaty", old.sign("act", draft.data))
    assert refused.value.code == "BAD_SIGNATURE"
    new = unlock_office(pair.kr.home.key_file("office-treaty"), NEW)
    commit_act(node, ledger, draft.data, "treaty", new.sign("act", draft.data))
    pair.carry()
    assert draft.statement.id in pair.jp.ledger.projection.acts


def test_a_checkpoint_by_the_replaced_key_is_refused_from_the_renewal_on(pair: Pair) -> None:
    pair.kr.release(title="under which key")
    frames = [decode_frame(data) for data in pair.kr.leaving()]
    entries = next(frame for frame in frames if isinstance(frame, Entries))
    own = pair.kr.ledger.own
    assert own is not None
    note = pair.kr.ledger.checkpoint(own, pair.kr.node.signer(own, own.row.size))
    forged = sign_checkpoint(parse_note(note).checkpoint, pair.kr.node.keyring.earlier[0])
    before = pair.jp.ledger.current("kr")
    assert before is not None
    size = before.row.size
    with pytest.raises(NodeError):
        pair.jp.arriving([encode_frame(msgspec.structs.replace(entries, checkpoint=forged))])
    after = pair.jp.ledger.current("kr")
    assert after is not None
    assert after.row.size == size


def test_entries_of_the_old_key_that_a_peer_lacks_are_still_signed_by_it(template: Path, tmp_path: Path) -> None:
    base = copy_template(template, tmp_path / "lagging")
    before = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    before.kr.release(title="written before, not carried")
    size = before.kr.size()
    before.close()
    renewed(Home(base / "kr"))
    both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER), connect=False)
    own = both.kr.ledger.own
    assert own is not None
    assert both.kr.node.signer(own, size).public == both.kr.node.keyring.earlier[0].public
    both.connect()
    both.carry()
    assert {line.state for line in both.kr.node.store.register("given")} == {"received"}
    both.close()


def test_a_renewal_cut_short_before_its_card_is_made_whole_by_another(template: Path, tmp_path: Path) -> None:
    base = copy_template(template, tmp_path / "cut")
    home = Home(base / "kr")
    card = (home.path / "card.json").read_bytes()
    renewed(home)
    (home.path / "card.json").write_bytes(card)
    assert renewed(home) == 2
    both = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    enter_statement(both.kr.node)
    both.carry()
    both.jp.release(title="after the second try")
    both.carry()
    assert {line.state for line in both.jp.node.store.register("given")} == {"received"}
    both.close()


def test_an_unknown_office_is_named_with_those_there_are_and_nothing_changes(template: Path, tmp_path: Path) -> None:
    home = Home(copy_template(template, tmp_path / "nodes") / "kr")
    before = {path.name: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError) as refused:
        renewed(home, offices=("navy",))
    assert refused.value.remedy == "One of: release, treaty."
    assert {path.name: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before
