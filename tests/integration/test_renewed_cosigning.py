"""A party with renewed keys cosigns agreements that came after: what it signs with, and which keys its peer accepts."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_nodes import PASSPHRASE as LINKED
from support_nodes import START, CliNode, done, entente, two_nodes
from support_pair import act
from support_stop import AGREEMENT, OCTOBER, PARTIES, PASSPHRASE, Pair, Party, free_port, open_pair, verified

from entente.cli.stage import wait_for
from entente.node import agreements, setup
from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.evidence import export
from entente.node.home import Home, write_durably
from entente.node.keyring import unlock, unlock_office
from entente.node.ledger import Ledger, Root
from entente.node.outgoing import hello
from entente.node.receipts import cosigned, owed_cosignatures
from entente.node.renewal import enter_statement, renew
from entente.record.checkpoint import cosign, cosigner_name, origin, parse_note, verify_cosignature
from entente.record.frames import Cosigned, encode_frame
from entente.record.report import Report
from entente.record.verify import verify
from entente.sealing.signing import NodeKey

SECOND = AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "jp-kr-second"')


def renewed(base: Path, *, passphrase: bytes = PASSPHRASE) -> None:
    """kr's node is stopped, and its keys are renewed."""
    home = Home(base / "kr")
    root, secrets = unlock_office(home.key_file("root"), passphrase), unlock(home.key_file("node"), passphrase)
    renew(home, root, secrets, passphrase)


def opened(base: Path) -> Pair:
    """Both nodes, met, and what was renewed entered and carried."""
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    for party in pair:
        enter_statement(party.node)
    pair.carry()
    return pair


def proposed(pair: Pair) -> Ledger:
    """A new agreement put before kr, which has written nothing under it; jp's ledger of it."""
    ledger = agreements.propose(pair.jp.node, SECOND)
    pair.carry()
    return ledger


def kept(pair: Pair, ledger: Ledger) -> int:
    """How many entries of jp's log kr has cosigned, as jp has kept it."""
    pair.jp.node.committer.settle()
    assert ledger.own is not None
    return pair.jp.node.store.cosigned(ledger.own.row.id).get("kr", (0, ""))[0]


@pytest.fixture
def pair(base: Path) -> Iterator[Pair]:
    """kr has renewed its keys under the agreement in force, and jp knows it."""
    renewed(base)
    both = opened(base)
    yield both
    both.close()


def test_a_new_agreement_is_cosigned_with_renewed_keys_and_the_session_goes_on(pair: Pair) -> None:
    ledger = proposed(pair)
    assert ledger.own is not None
    assert pair.kr.node.ledgers[ledger.agreement].own is None
    assert kept(pair, ledger) == ledger.own.row.size
    pair.connect()
    for party in pair:
        act(party, party.node.ledgers[ledger.agreement], "sign")
        pair.carry()
    assert kept(pair, ledger) == ledger.own.row.size


def lines(pair: Pair, agreement: bytes) -> int:
    """How many lines of kr's own its cosignature over jp's log has."""
    ledger = pair.kr.node.ledgers[agreement]
    log = ledger.current("jp")
    assert log is not None
    return len(parse_note(cosigned(pair.kr.node, ledger, log).checkpoint).signatures) - 1


def test_a_replaced_key_signs_no_more_once_the_peer_is_known_to_hold_the_newer_one(pair: Pair) -> None:
    agreement = proposed(pair).agreement
    assert lines(pair, agreement) == 1
    assert lines(pair, pair.kr.ledger.agreement) == 1
    assert pair.kr.ledger.own is not None
    with pair.kr.node.store.write() as tx:
        tx._run("DELETE FROM cosigned")  # what kr knows of jp is lost: it cannot tell which of its keys jp knows
    assert lines(pair, agreement) == 2
    many = tuple((number, NodeKey.generate()) for number in range(3, 30))
    pair.kr.node.keyring = dataclasses.replace(pair.kr.node.keyring, replaced=many)
    assert lines(pair, agreement) == 15


def test_what_was_kept_is_good_at_every_later_start(pair: Pair, base: Path) -> None:
    ledger = proposed(pair)
    size = kept(pair, ledger)
    assert size
    pair.close()
    renewed(base)  # the key that cosigned is replaced, and kr still has not written there
    both = opened(base)
    for party in both:
        party.node.close()
        party.open()
    again = both.jp.node.ledgers[ledger.agreement]
    assert kept(both, again) == size
    both.connect()
    assert kept(both, again) == size


def outcome(pair: Pair, ledger: Ledger, key: NodeKey) -> str:
    """What jp answers to a cosignature over its log of an agreement by some key of kr's; "" where it is kept."""
    name = cosigner_name(ledger.agreement, "kr")
    assert ledger.own is not None
    note = cosign(ledger.checkpoint(ledger.own, pair.jp.node.signer(ledger.own, ledger.own.row.size)), key, name, 0)
    try:
        pair.jp.arriving([encode_frame(Cosigned(ledger.agreement, *ledger.own.name, note))])
    except NodeError as error:
        return error.code
    return ""


def test_a_key_that_was_replaced_before_cosigns_no_later_agreement(pair: Pair, base: Path) -> None:
    pair.close()
    renewed(base)
    both = opened(base)
    ledger = agreements.propose(both.jp.node, SECOND)
    keys = dict(both.kr.node.keyring.replaced) | {3: both.kr.node.keyring.cosign}
    assert [outcome(both, ledger, keys[number]) for number in (1, 2)] == ["BAD_SIGNATURE"] * 2
    assert kept(both, ledger) == 0
    assert outcome(both, ledger, both.jp.node.keyring.cosign) == "BAD_SIGNATURE"
    assert outcome(both, ledger, NodeKey.generate()) == "BAD_SIGNATURE"
    assert kept(both, ledger) == 0
    assert outcome(both, ledger, keys[3]) == ""
    assert kept(both, ledger) > 0
    # Under the agreement whose log names them all, any counts: a cosignature has no position in that log.
    assert [outcome(both, both.jp.ledger, key) for key in keys.values()] == ["", "", ""]
    both.close()


def test_a_statement_under_another_root_than_the_trusted_one_names_no_key(pair: Pair) -> None:
    ledger = agreements.propose(pair.jp.node, SECOND)
    node = pair.jp.node
    node.roots["kr"] = Root(node.roots["kr"].card, bytes(32))
    assert outcome(pair, ledger, pair.kr.node.keyring.cosign) == "BAD_SIGNATURE"


def test_lines_beside_a_good_cosignature_are_not_kept(pair: Pair) -> None:
    ledger = proposed(pair)
    assert ledger.own is not None
    row, keyring = ledger.own.row, pair.kr.node.keyring
    name = cosigner_name(ledger.agreement, "kr")
    note = ledger.checkpoint(ledger.own, pair.jp.node.signer(ledger.own, row.size))
    for key, by in ((NodeKey.generate(), name), (NodeKey.generate(), "stranger"), (keyring.cosign, name)):
        note = cosign(note, key, by, 1)
    pair.jp.arriving([encode_frame(Cosigned(ledger.agreement, *ledger.own.name, note))])
    lines = parse_note(pair.jp.node.store.cosigned(row.id)["kr"][1]).signatures
    assert [line.name for line in lines] == [ledger_origin(ledger), name]
    assert verify_cosignature(pair.jp.node.store.cosigned(row.id)["kr"][1], keyring.cosign.public, name) == 1


def ledger_origin(ledger: Ledger) -> str:
    assert ledger.own is not None
    return origin(ledger.agreement, *ledger.own.name)


@pytest.fixture
def strangers(tmp_path: Path) -> Path:
    """Two nodes just paired, by cards from before a renewal of kr's: no agreement could tell jp of it."""
    base = tmp_path / "strangers"
    for name in PARTIES:
        setup.init(base / name, name, PASSPHRASE, simulated=True, listen=f"127.0.0.1:{free_port()}")
    for name, other in (PARTIES, PARTIES[::-1]):
        write_durably(base / name / "peers" / f"{other}.json", (base / other / "card.json").read_bytes())
    renewed(base)
    return base


@pytest.mark.parametrize("card", ["from before", "renewed"])
def test_the_first_agreement_is_cosigned_whichever_card_the_peer_was_paired_by(strangers: Path, card: str) -> None:
    if card == "renewed":
        write_durably(strangers / "jp" / "peers" / "kr.json", (strangers / "kr" / "card.json").read_bytes())
    pair = opened(strangers)
    ledger = proposed(pair)
    assert ledger.own is not None
    assert kept(pair, ledger) == ledger.own.row.size
    act(pair.kr, pair.kr.node.ledgers[ledger.agreement], "sign")  # jp does not know of it when they meet again
    assert second(strangers, pair.kr, ledger.agreement).ok
    for party in pair:
        party.node.close()
        party.open()
    pair.kr.node.owed.clear()
    pair.kr.greeted(encode_frame(hello(pair.jp.node, "kr")))
    for frame in owed_cosignatures(pair.kr.node, pair.kr.feed):
        pair.jp.greeted(encode_frame(hello(pair.kr.node, "jp")))
        pair.jp.arriving([encode_frame(frame)])
    pair.connect()
    act(pair.jp, pair.jp.node.ledgers[ledger.agreement], "sign")
    pair.carry()
    again = pair.jp.node.ledgers[ledger.agreement]
    assert again.own is not None
    assert kept(pair, again) == again.own.row.size
    for party in pair:
        assert verified(strangers, party).ok
        assert {each.party for log in verified(strangers, party).logs for each in log.cosigners} == set(PARTIES)
    pair.close()


def second(base: Path, party: Party, agreement: bytes) -> Report:
    """What an outsider finds in a party's evidence of the new agreement."""
    path = base / f"{party.party}.evidence"
    path.unlink(missing_ok=True)
    export(party.node, party.node.ledgers[agreement], path, disclose=True)
    return verify(path.read_bytes(), [(base / name / "root.json").read_bytes() for name in PARTIES])


def test_evidence_of_the_new_agreement_verifies_before_and_after_the_cosigner_writes(pair: Pair, base: Path) -> None:
    agreement = proposed(pair).agreement
    for party in pair:
        report = second(base, party, agreement)
        assert (report.ok, [log.cosigners for log in report.logs]) == (True, [()])
        assert ["cannot be checked" in note for note in report.notes] == [True]
    act(pair.kr, pair.kr.node.ledgers[agreement], "sign")
    pair.carry()
    for party in pair:
        report = second(base, party, agreement)
        assert report.ok, report.bad
        assert report.notes == ()
        assert {each.party for log in report.logs for each in log.cosigners} == set(PARTIES)


def test_a_cosignature_by_a_key_that_the_new_log_never_names_is_left_out_of_evidence(base: Path) -> None:
    pair = opened(base)
    ledger = proposed(pair)  # cosigned by kr's first key
    assert kept(pair, ledger)
    pair.close()
    renewed(base)
    pair = opened(base)
    node, agreement = pair.kr.node, ledger.agreement
    act(pair.kr, node.ledgers[agreement], "sign")
    frames = pair.kr.leaving()
    assert pair.jp.node.ledgers[agreement].own is not None
    pair.jp.arriving(frames)  # and kr's newer cosignature is lost on the way
    ledger = pair.jp.node.ledgers[agreement]
    assert [statement.number for log in ledger.logs.values() for statement in log.keys.statements] == [1, 2]
    report = second(base, pair.jp, agreement)
    assert report.ok, report.bad
    assert "kr" not in {each.party for log in report.logs for each in log.cosigners}
    pair.close()


def shown(node: CliNode) -> list[dict[str, Any]]:
    """What a running node shows of every agreement's logs."""
    return [
        node.ask("log.show", agreement=each["agreement"]) for each in node.ask("node.status")["agreements"]
    ]  # fmt: skip


def renewals(node: CliNode) -> int:
    """Key statements of kr's that a node holds."""
    return sum(entry["kind"] == "keys" and entry["writer"] == "kr" for log in shown(node) for entry in log["entries"])


def all_cosigned(node: CliNode) -> int:
    """Logs of jp's that kr has cosigned to their end."""
    own = [head for log in shown(node) for head in log["heads"] if head["writer"] == "jp"]
    return sum(head["cosigned"].get("kr") == head["size"] for head in own)


def test_two_running_nodes_stay_linked_when_one_is_sent_an_agreement_after_its_renewal(tmp_path: Path) -> None:
    with two_nodes(tmp_path / "linked") as nodes:
        nodes.in_force()
        nodes.kr.stop()
        renewed(tmp_path / "linked", passphrase=LINKED)
        nodes.kr.start("--at", START)
        nodes.kr.ready()
        nodes.linked()
        wait_for("the renewal reaches jp", lambda: renewals(nodes.jp) == 2)
        (tmp_path / "second.toml").write_bytes(SECOND)
        done(entente("agreement", "propose", nodes.jp.path, tmp_path / "second.toml", "--json"))
        wait_for("kr has cosigned the proposal", lambda: all_cosigned(nodes.jp) == 2)
        nodes.linked()
        assert "BAD_SIGNATURE" not in nodes.jp.logged()


def test_a_card_exchanged_after_a_cosignature_keeps_no_node_from_starting(strangers: Path) -> None:
    """Its key is named nowhere any more; the party cosigns again when it is met."""
    write_durably(strangers / "jp" / "peers" / "kr.json", (strangers / "kr" / "card.json").read_bytes())
    pair = opened(strangers)
    ledger = proposed(pair)
    assert kept(pair, ledger)
    pair.close()
    renewed(strangers)
    write_durably(strangers / "jp" / "peers" / "kr.json", (strangers / "kr" / "card.json").read_bytes())
    pair = opened(strangers)
    assert kept(pair, ledger)
    pair.close()
