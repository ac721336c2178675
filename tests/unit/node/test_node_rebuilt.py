"""A node rebuilt at its start from facts alone is the one that took every entry, and notices what was changed since."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support_ledger import CACHES, picture
from support_matters import DS590, step
from support_pair import Forger, second_agreement
from support_standing import approve, revoke, under
from support_stop import AGREEMENT, OCTOBER, PASSPHRASE, Pair, Party, copy_template, open_pair, verified

from entente.node import agreements
from entente.node.agreements import DAY
from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.home import Home
from entente.node.keyring import unlock, unlock_office
from entente.node.national import commit_heads
from entente.node.renewal import enter_statement, renew
from entente.record.bodies import Received, ReceivedOf
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode

BIG = bytes(1_200_000)
OF_A_RUN = CACHES | {"ready", "confirmed", "_signed", "own_seen", "regained", "_early"}
"""What a node knows of this run of it, and of what it has to name to others again."""


def lived(party: Party) -> dict[str, Any]:
    """Everything that a node's ledgers say, and what follows from it at instants before and after the end."""
    return {
        name.hex(): {
            "ledger": picture(ledger, OF_A_RUN),
            "status": [ledger.status(OCTOBER + days * DAY).to_json() for days in (0, 30, 60, 400)],
            "pending": ledger.own_pending(),
        }
        for name, ledger in sorted(party.node.ledgers.items())
    }


def opened_again(party: Party) -> None:
    party.node.close()
    party.open()


@pytest.fixture
def long_lived(template: Path, tmp_path: Path) -> Pair:
    """Two nodes between which everything has happened that a ledger remembers."""
    base = copy_template(template, tmp_path / "nodes")
    before = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    second_agreement(before, AGREEMENT.read_bytes().replace(b'name = "jp-kr-2016"', b'name = "second"'))
    before.close()
    home = Home(base / "kr")
    root, secrets = unlock_office(home.key_file("root"), PASSPHRASE), unlock(home.key_file("node"), PASSPHRASE)
    renew(home, root, secrets, PASSPHRASE, office_passphrase=PASSPHRASE, offices=("treaty",))
    pair = open_pair(base, SimulatedClock(OCTOBER), SimulatedClock(OCTOBER))
    for party in pair:
        enter_statement(party.node)
    pair.carry()
    jp, kr = pair
    step(jp, "measure", "announce", **DS590)
    kept, ended = approve(jp, precedences=("FLASH", "ROUTINE")), approve(jp)
    for _ in range(3):
        under(jp, kept, precedence="ROUTINE")
    revoke(jp, ended)
    jp.release(jp.compose(BIG))
    kr.release(title="from kr")
    pair.carry()
    jp.act("declare_reading", reading="spent")
    jp.release(jp.compose(rel_to=None, title="with an act before it"))
    pair.carry()
    agreements.add_document(jp.node, jp.ledger, AGREEMENT.read_bytes() + b"\n# amended\n")
    pair.carry()
    for day in (1, 2):
        pair.turn(OCTOBER + day * DAY)
        for party in pair:
            party.release(title=f"day {day}")
            commit_heads(party.node)
        pair.carry()
    kr.act("declare_reading", reading="asleep")  # jp does not know it yet, and has not acknowledged it
    return pair


def test_a_node_rebuilt_from_facts_is_the_one_that_took_every_entry(long_lived: Pair, tmp_path: Path) -> None:
    for party in long_lived:
        before = lived(party)
        opened_again(party)
        assert lived(party) == before
    long_lived.connect()
    long_lived.jp.release(title="goes on")
    long_lived.carry()
    assert long_lived.kr.held()[-1].state == "held"
    assert [verified(tmp_path / "nodes", party).ok for party in long_lived] == [True, True]
    long_lived.close()


def test_a_rebuilt_node_goes_on_where_it_was_in_its_daily_work(long_lived: Pair) -> None:
    """No second head of the national log, no second epoch and no second sealing key on one day."""
    sizes = [party.size() for party in long_lived]
    for party in long_lived:
        opened_again(party)
    long_lived.connect()
    sizes = [party.size() for party in long_lived]
    for party in long_lived:
        commit_heads(party.node)
    assert [party.size() for party in long_lived] == sizes
    long_lived.close()


@pytest.mark.parametrize("beyond", [0, 5])
def test_a_receipt_of_what_is_not_there_yet_acknowledges_no_act_after_a_restart_either(pair: Pair, beyond: int) -> None:
    """It is refused by name; when this party's log has grown over what it names, it is still refused."""
    kr, own = pair.kr, pair.kr.ledger.own
    assert own is not None
    act = kr.act("declare_reading", reading="spent")
    ranges = ((act.seq, own.row.size - 1 + beyond),)
    forger = Forger(pair.jp, pair.jp.ledger.agreement)
    body = encode(Received((ReceivedOf(*own.name, ranges, ()),)))
    kr.arriving([encode_frame(forger.frame(forger.entry("received", body)))])
    for _ in range(beyond + 1):
        kr.release()
    answered = "jp" in kr.ledger.projection.answers.get(act, {})
    assert answered == (beyond == 0)
    before = lived(kr)
    opened_again(kr)
    assert lived(kr) == before


# A store that was changed under the node


def change(party: Party, sql: str) -> None:
    with sqlite3.connect(party.home.path / "store.db") as database:
        for each in sql.format(acts=ACTS).split(";"):
            assert database.execute(each).rowcount > 0
    database.close()


def noticed(party: Party) -> str:
    try:
        party.open()
    except NodeError as error:
        return error.code
    return "NOTHING"


ACTS = "log = (SELECT id FROM log WHERE writer = 'jp') AND kind = 'act'"
CHANGES: dict[str, str] = {
    "an entry is gone": "DELETE FROM entry WHERE {acts}",
    "an entry has another's bytes": "UPDATE entry SET envelope = (SELECT envelope FROM entry WHERE {acts} LIMIT 1)",
    "an act is no fact any more": "DELETE FROM fact WHERE at_order IN (SELECT at_order FROM entry WHERE {acts})",
    "an act passes for an item": "UPDATE entry SET kind = 'transfer' WHERE {acts}",
    "an act passes for an item, and is no fact": (
        "DELETE FROM fact WHERE at_order IN (SELECT at_order FROM entry WHERE {acts});"
        "UPDATE entry SET kind = 'transfer' WHERE {acts}"
    ),
    "no entry is a fact any more": "DELETE FROM fact",
    "the log is shorter": "UPDATE log SET size = size - 1 WHERE writer = 'jp'",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_store_that_was_changed_under_a_node_is_noticed_at_its_start(pair: Pair, what: str) -> None:
    pair.jp.act("declare_reading", reading="spent")
    pair.carry()
    before = lived(pair.kr)
    pair.kr.node.close()
    change(pair.kr, CHANGES[what])
    assert noticed(pair.kr) == "STORE_DAMAGED" or lived(pair.kr) == before
