"""A store damaged under a node that was killed: recovered to a prefix that the peer completes, or refused by name.

Never a second version of a signed log: both nodes hold the same envelopes afterwards, and the peer, which kept what it
had cosigned, would convict whoever signed another.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from support_faults import SMALL, FaultNode, World, until, world
from support_stop import OCTOBER, PASSPHRASE

from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.home import Home
from entente.node.keyring import Keyring, unlock
from entente.node.node import Node
from entente.store.errors import StoreError

PAGE = 8192
FRAME = PAGE + 24
"""A frame of the write-ahead log: a page behind its header (sqlite.org/fileformat2.html section 4.1)."""
HEADER = 32
PLACES = 24
"""Pages damaged, of those that the database has, drawn by a seed."""


def busy(both: World) -> None:
    """Traffic both ways and an act, all of it answered."""
    for node in both:
        for _ in range(3):
            both.give(node, bytes(SMALL))
    both.jp.act("declare_reading", reading="asleep")
    both.settle()


def opening(node: FaultNode) -> str:
    """The code with which a node's directory is refused by the software, or "" where it opens."""
    try:
        keyring = Keyring.from_secrets(unlock(node.home.key_file("node"), PASSPHRASE))
        Node(Home(node.home.path), keyring, SimulatedClock(OCTOBER)).close()
    except (NodeError, StoreError) as error:
        assert error.remedy
        return error.code
    return ""


def leave_frames(log: Path, part: float) -> None:
    """Cut the write-ahead log inside a frame."""
    size = log.stat().st_size
    with log.open("r+b") as file:
        file.truncate(HEADER + int((size - HEADER) // FRAME * part) * FRAME + FRAME // 2)


def garble_tail(log: Path, part: float) -> None:
    """Garble the write-ahead log from a place on."""
    data = bytearray(log.read_bytes())
    at = HEADER + int((len(data) - HEADER) * part)
    data[at:] = bytes(byte ^ 0xA5 for byte in data[at:])
    log.write_bytes(data)


@pytest.mark.parametrize("victim", ["jp", "kr"])
def test_what_was_never_committed_is_cut_off_and_nothing_else(two: Path, victim: str) -> None:
    """Garbage behind the last commit, as a transaction leaves that was being written when the node died."""
    with world(two) as both:
        busy(both)
        node = both.jp if victim == "jp" else both.kr
        node.kill()
        with node.home.path.joinpath("store.db-wal").open("ab") as log:
            log.write(Random(victim).randbytes(2 * FRAME + FRAME // 3))  # noqa: S311 - garbage
        node.start(OCTOBER)
        both.settle_and_check()
        busy(both)
        both.settle_and_check()


def lose(both: World, node: FaultNode, damage: Callable[[Path, float], None], part: float) -> str:
    """Kill a node, damage its tail, start it again; the code where it is refused, else "" once all is given back."""
    node.kill()
    damage(node.home.path / "store.db-wal", part)
    code = opening(node)
    if not code:
        node.start(OCTOBER)
        until(lambda: node.ready and both.jp.heads() == both.kr.heads(), "the peer has given back what was lost")
    return code


@pytest.mark.parametrize(("damage", "part"), [(leave_frames, 0.25), (leave_frames, 0.95), (garble_tail, 0.75)])
@pytest.mark.parametrize("victim", ["jp", "kr"])
def test_a_torn_tail_is_recovered_from_the_peer_or_refused_by_name_and_never_signed_anew(
    two: Path, victim: str, damage: Callable[[Path, float], None], part: float
) -> None:
    """Commits that were answered are gone: the disk lied. The peer has them, and gives back what this party signed."""
    with world(two) as both:
        busy(both)
        node = both.jp if victim == "jp" else both.kr
        signed = entries(both.other(node), victim)
        code = lose(both, node, damage, part)
        if code:
            assert code in ("STORE_DAMAGED", "STORE_BROKEN")
            return
        busy(both)
        for each in both:
            assert entries(each, victim)[: len(signed)] == signed
            assert each.status()["evidence"] == []
            both.verify(each)
        given = {line["item"] for each in both for line in each.lines("given")}
        assert both.released <= given


def test_the_register_of_a_node_that_lost_what_it_had_receipted_still_names_it(two: Path) -> None:
    """Its receipt is in its log again: an item of which nobody holds the bytes any more is not one that never came."""
    for _ in range(5):
        with world(two) as both:
            busy(both)
            received = {line["item"] for line in both.jp.lines("given")}
            if lose(both, both.kr, leave_frames, 0.25):
                continue  # a checkpoint had moved later pages out of the log: refused by name, and another case
            assert received <= {line["item"] for line in both.kr.lines("held", "refused")}
            return
    raise AssertionError("the store was never left as the test needs it")


def entries(node: FaultNode, writer: str) -> list[bytes]:
    """A party's log as a node holds it."""
    with closing(sqlite3.connect(f"file:{node.home.path / 'store.db'}?mode=ro", uri=True)) as store:
        sql = (
            "SELECT envelope FROM entry JOIN log ON log.id = entry.log WHERE writer = ? AND agreement = ? ORDER BY seq"
        )
        return [row[0] for row in store.execute(sql, (writer, bytes.fromhex(node.agreement)))]


def test_a_garbled_page_is_refused_by_name_or_was_of_nothing(two: Path) -> None:
    """One page of the database at a time; a node that opens after all goes on as if nothing had been."""
    with world(two) as both:
        busy(both)
        kr = both.kr
        kr.kill()
        store = kr.home.path / "store.db"
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = store.read_bytes()
        choose, codes = Random(5), set()  # noqa: S311 - places, not secrets
        for page in choose.sample(range(len(whole) // PAGE), min(PLACES, len(whole) // PAGE)):
            damaged = bytearray(whole)
            at = page * PAGE + choose.randrange(PAGE // 2)
            damaged[at : at + 64] = choose.randbytes(64)
            store.write_bytes(damaged)
            codes.add(opening(kr))
            for name in ("store.db-wal", "store.db-shm"):
                (kr.home.path / name).unlink(missing_ok=True)
        assert codes - {""} <= {"STORE_DAMAGED", "STORE_BROKEN"}
        assert codes - {""}, "no damage was found at all"
        store.write_bytes(whole)
        kr.start(OCTOBER)
        both.settle_and_check()
