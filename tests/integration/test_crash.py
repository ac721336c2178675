"""Kill -9 at every step of an item's way: nothing lost, nothing doubled, nothing at or after the end.

Each round kills one of two real nodes, linked over loopback TLS, at one of the system calls by which an item passes
through it: a write to a database, a sync, a name given to a payload, bytes on the link. The kernel does the killing,
before it does the call, at a place drawn by the round's seed from the steps of a round without a kill. The node is then
started again, some rounds before the end, some after it, some with a clock stepped back; the two reconcile by
themselves, and what stands is checked entry by entry.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from support_kill import Call, NodeProcess, calls, running, until
from support_stop import END, LAST, PARTIES, Pair, Party, open_pair, verified

from entente.node.clock import SimulatedClock
from entente.node.errors import NodeError
from entente.node.items import open_item
from entente.node.payloads import sweep
from entente.record.projection import Position
from entente.store.rows import RegisterRow

STEPS = "pwrite64,fsync,fdatasync,sendto,link,unlink"
DAY = 24 * 3600 * 1000
ROUNDS = 20
MANY = 100
"""Rounds of the long run."""


@dataclass
class Trade:
    """What was asked of the nodes, and what they said."""

    nodes: dict[str, NodeProcess]
    folder: Path
    composed: dict[str, bytes] = field(default_factory=dict)
    committed: set[str] = field(default_factory=set)
    """Items whose release was answered: they are never lost."""

    def release(self, party: str, payload: bytes, precedence: str = "FLASH") -> str:
        path = self.folder / hashlib.sha256(payload).hexdigest()
        path.write_bytes(payload)
        item = self.nodes[party].compose(path, precedence)
        self.composed[item] = payload
        self.nodes[party].release(item)
        self.committed.add(item)
        return item

    def play(self) -> None:
        """An item each way and a large one, each answered before the next, or until a node dies."""
        for party, payload, precedence in (
            ("jp", b"from jp", "FLASH"),
            ("kr", b"from kr", "FLASH"),
            ("jp", b"large " * 200_000, "ROUTINE"),
        ):
            item, node = self.release(party, payload, precedence), self.nodes[party]
            until(lambda item=item, node=node: self.one_is_dead or answered(node, item), "it is answered")  # type: ignore[misc]

    @property
    def one_is_dead(self) -> bool:
        return not all(node.alive for node in self.nodes.values())

    def turn(self, instant: int) -> None:
        for node in self.nodes.values():
            node.turn(instant)

    def settle(self) -> None:
        """Wait until both nodes have met, hold the same logs, and every item has been answered."""
        until(lambda: all(self.ready(party) and self.quiet(party) for party in PARTIES) and self.same(), "they agree")

    def same(self) -> bool:
        return self.heads("jp") == self.heads("kr")

    def ready(self, party: str) -> bool:
        return bool(self.nodes[party].call("agreement.status")["ready"])

    def heads(self, party: str) -> set[tuple[str, str, int, str]]:
        heads = self.nodes[party].call("log.show")["heads"]
        return {(head["writer"], head["incarnation"], head["size"], head["root"]) for head in heads}

    def quiet(self, party: str) -> bool:
        return all(line["answered"] for line in self.nodes[party].call("item.register", direction="given"))

    def refuse_after_the_end(self) -> None:
        """At the end each node refuses a release, whatever it has been through."""
        for party in PARTIES:
            with pytest.raises(NodeError, match="ended"):
                self.release(party, b"too late")


def answered(node: NodeProcess, item: str) -> bool:
    line = node.line(item)
    return line is not None and line["answered"] is not None


def is_step(one: Call, before: Call) -> bool:
    """What an item passes through: no thread waking another, no look at the register; of many writes the first."""
    if one.name == "sendto":
        return one.on.startswith("TCP:")
    return not (one.name == "pwrite64" and (before.name, before.on) == (one.name, one.on))


@pytest.fixture(scope="module")
def steps(ending: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Call]]:
    """Every step of each node in a round without a kill, in its order."""
    found = {}
    with running(ending, LAST) as nodes:
        with nodes["jp"].traced(names=STEPS) as jp, nodes["kr"].traced(names=STEPS) as kr:
            Trade(nodes, tmp_path_factory.mktemp("steps")).play()
        for party, trace in (("jp", jp), ("kr", kr)):
            seen = calls(trace)
            found[party] = [one for before, one in pairwise(seen) if is_step(one, before)]
    return found


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_node_killed_at_any_step_loses_doubles_and_releases_nothing_too_late(
    ending: Path, steps: dict[str, list[Call]], tmp_path: Path, seed: int
) -> None:
    victim = PARTIES[seed % 2]
    stratum = len(steps[victim]) / (ROUNDS / 2)
    first = int(seed // 2 * stratum)
    kill_and_recover(ending, tmp_path, seed, victim, Random(seed).choice(steps[victim][first : int(first + stratum)]))  # noqa: S311


@pytest.mark.long
@pytest.mark.parametrize("seed", range(ROUNDS, ROUNDS + MANY))
def test_a_node_killed_at_many_more_steps_loses_doubles_and_releases_nothing_too_late(
    ending: Path, steps: dict[str, list[Call]], tmp_path: Path, seed: int
) -> None:
    victim = PARTIES[seed % 2]
    kill_and_recover(ending, tmp_path, seed, victim, Random(seed).choice(steps[victim]))  # noqa: S311


def kill_and_recover(ending: Path, folder: Path, seed: int, victim: str, step: Call) -> None:
    """One round."""
    kill = f"inject={step.name}:signal=KILL:when={step.ordinal}"
    with running(ending, LAST) as nodes:
        trade = Trade(nodes, folder)
        with nodes[victim].traced("-e", kill, names=step.name):
            while not trade.one_is_dead:
                try:
                    trade.play()
                except (NodeError, OSError):
                    assert trade.one_is_dead or nodes[victim].dying()
        nodes[victim].died()
        AFTER[seed // 2 % len(AFTER)](trade, victim)
        trade.turn(END)
        trade.settle()
        trade.refuse_after_the_end()
        for node in nodes.values():
            node.stop()
        pair = open_pair(nodes[victim].home.path.parent, SimulatedClock(END), SimulatedClock(END))
        check(pair, nodes[victim].home.path.parent, trade)
        pair.close()


def before_the_end(trade: Trade, victim: str) -> None:
    """Back before the end: what was on its way arrives, and the next item goes as if nothing had been."""
    trade.nodes[victim].start(LAST)
    trade.settle()
    for party in PARTIES:
        item = trade.release(party, b"after the crash")
        assert trade.nodes[party].answered(item)["state"] == "received"


def after_the_end(trade: Trade, victim: str) -> None:
    """Back after the end, which the other has lived through."""
    trade.nodes["kr" if victim == "jp" else "jp"].turn(END)
    trade.nodes[victim].start(END)


def stepped_back(trade: Trade, victim: str) -> None:
    """Back with a clock that shows the day before, then the right one."""
    trade.nodes[victim].start(LAST - DAY)


AFTER: tuple[Callable[[Trade, str], None], ...] = (before_the_end, after_the_end, stepped_back)


def check(pair: Pair, base: Path, trade: Trade) -> None:
    """Entry by entry and line by line, on both nodes."""
    for party in pair:
        party.act("declare_reading", reading="spent")  # an entry of each that says what it has seen
        pair.carry()
    for party in pair:
        sweep(party.node)  # as at the next start: what lay beyond the log's end at the last one can be told now
    assert entries(pair.jp) == entries(pair.kr)
    for party in pair:
        assert max(party.transfers()) < END
        given = party.node.store.register("given")
        assert len({row.item for row in given}) == len(given)
        assert len(given) == len(party.transfers())
        for row in given:
            check_line(pair.other(party), row)
        for row in party.held():
            assert row.instant < END
            if row.item in trade.composed:
                assert b"".join(open_item(party.node, row.number)[1]) == trade.composed[row.item]
        report = verified(base, party)
        assert (report.ok, report.differences) == (True, ())
        leftovers = {path.name for path in (party.home.path / "payloads").iterdir()} - payload_names(party)
        assert leftovers == set()
    known = {row.item for party in pair for row in party.node.store.register("given")}
    assert trade.committed <= known


def entries(party: Party) -> dict[tuple[str, str], list[bytes]]:
    """Every log that a node holds, whole: a gap would be seen."""
    found = {}
    for log in party.ledger.logs.values():
        rows = party.node.store.entries(log.row.id, 0, 1_000_000)
        assert [row.seq for row in rows] == list(range(log.row.size))
        found[log.name] = [row.envelope for row in rows]
    return found


def check_line(recipient: Party, given: RegisterRow) -> None:
    """Both registers say the same of an item: accepted and held once, or refused and not kept."""
    held = [row for row in recipient.held() if row.item == given.item]
    assert given.answered is not None
    if given.state == "received":
        assert [row.instant for row in held] == [given.answered]
        return
    assert given.state.startswith("refused: ")
    assert held == []
    log = next(name for name in recipient.ledger.logs if name[0] == recipient.peer)
    assert recipient.keeps(Position(*log, given.seq)) == {}


def payload_names(party: Party) -> set[str]:
    """Names of the payloads of the items that a node has given or holds."""
    node, lines = party.node, party.node.store.register("given") + party.held()
    return {node.payload_path(node.position_of(node.store.log(row.log), row.seq)).name for row in lines}
