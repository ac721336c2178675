"""Two nodes in processes of their own with a hostile network between them, and what has to hold after every fault.

Nodes are asked through the control socket and their evidence is checked by ``entente verify``, so that nothing here
depends on how a node does it. Waiting is looking again until it is so; nothing sleeps for a time and hopes.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from support_kill import NodeProcess
from support_nodes import entente
from support_proxy import Proxy, between
from support_stop import AGREEMENT, MARKING, OCTOBER, PASSPHRASE, copy_template, free_port

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.node.errors import NodeError
from entente.node.setup import init
from entente.sealing.identity import fingerprint_words, parse_card, root_digest

T = TypeVar("T")
PATIENCE = 30.0
MARKINGS = MARKING | {"us": MARKING["jp"]}
START = parse_instant("2016-11-23T10:00:00+09:00")
NOTICE = parse_instant("2019-08-23T17:30:00+09:00")
SMALL, FILE = 2048, 1024 * 1024 + 4096
"""Bytes of a warning, and of a file that takes two segments."""


def until(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Look until it is so, and return what was seen; a node that does not answer has not been seen to be so."""
    deadline, pause = time.monotonic() + patience, 0.002
    while True:
        last: object = None
        with suppress(NodeError, OSError):
            if seen := look():
                return seen
            last = seen
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came to this: {what}; last seen: {last!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class FaultNode(NodeProcess):
    """A node's process, and one agreement that it has with one peer."""

    def __init__(self, path: Path, peer: str, agreement: str) -> None:
        super().__init__(path)
        self.peer, self.agreement = peer, agreement

    def beside(self, peer: str, agreement: str) -> "FaultNode":
        """The same process, seen from another of its agreements."""
        found = FaultNode(self.home.path, peer, agreement)
        found._process = self._process
        return found

    def shoot(self) -> None:
        """Kill -9 without waiting."""
        self._process.kill()

    def give(self, payload: bytes, precedence: str = "FLASH") -> str:
        """Compose an item, approve and release it; returns its id."""
        item = self.draft(payload, precedence)
        self.commit(item)
        return item

    def draft(self, payload: bytes, precedence: str = "FLASH") -> str:
        path = self.home.path.parent / f"payload-{os.urandom(4).hex()}"
        path.write_bytes(payload)
        try:
            composed = self.call(
                "item.compose", agreement=self.agreement, path=str(path), title="Launch", media_type="text/plain",
                level=MARKINGS[self.party], purpose="missile-warning", to=[self.peer], precedence=precedence,
                reality="exercise",
            )  # fmt: skip
        finally:
            path.unlink()
        return str(composed["item"])

    def commit(self, item: str) -> None:
        """Approve and release a draft."""
        statement = self.call("item.statement", item=item, office="release", person="the duty officer")["statement"]
        approvals = [{"statement": statement, "signature": self._signed("release", "approval", statement)}]
        self.call("item.release", agreement=self.agreement, item=item, approvals=approvals)

    def act(self, kind: str, **fields: Any) -> str:
        """A formal act; returns its id."""
        draft = self.call("act.prepare", agreement=self.agreement, kind=kind, **fields)
        signature = self._signed("treaty", "act", draft["act"])
        self.call("act.commit", agreement=self.agreement, act=draft["act"], office="treaty", signature=signature)
        return str(draft["id"])

    def _signed(self, name: str, kind: str, statement: str) -> dict[str, str]:
        signed = self.office(name).sign(kind, bytes.fromhex(statement))
        return {"suite": signed.suite, "ed25519": signed.ed25519.hex(), "mldsa65": signed.mldsa65.hex()}

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("node.status")
        return found

    @property
    def up(self) -> bool:
        return bool(self.status()["peers"][self.peer]["link"] == "up")

    @property
    def ready(self) -> bool:
        return bool(self.call("agreement.status", agreement=self.agreement)["ready"])

    def lines(self, *directions: str) -> list[dict[str, Any]]:
        """The register's lines under this agreement, of these directions."""
        return [
            line
            for direction in directions
            for line in self.call("item.register", agreement=self.agreement, direction=direction)
        ]

    def state(self, item: str) -> str | None:
        """What the register says of an item given: None where it has not been answered."""
        line = next((line for line in self.lines("given") if line["item"] == item), None)
        return None if line is None or line["answered"] is None else str(line["state"])

    def answer(self, item: str) -> str:
        """The answer to an item given, once it has come."""
        return str(until(lambda: self.state(item), f"{item} of {self.party} is answered"))

    def heads(self) -> set[tuple[str, str, int, str]]:
        """Every log under this agreement, as far as it is held here."""
        heads = self.call("log.show", agreement=self.agreement)["heads"]
        return {(head["writer"], head["incarnation"], head["size"], head["root"]) for head in heads if head["size"]}

    def pending(self) -> bool:
        """Whether an act or an item of this party has no answer yet."""
        acts = self.call("agreement.status", agreement=self.agreement)["own_pending"]
        return bool(acts) or any(line["answered"] is None for line in self.lines("given"))

    def lacking(self) -> bool:
        """Whether the peer has not shown yet that it holds all of this party's log."""
        lacking = self.call("debts.show")["cosignatures"]
        return any((each["agreement"], each["party"]) == (self.agreement, self.peer) for each in lacking)

    def opened(self, number: int) -> bytes:
        """The payload of an item held."""
        path = self.home.path.parent / f"opened-{os.urandom(4).hex()}"
        self.call("item.open", number=number, path=str(path))
        try:
            return path.read_bytes()
        finally:
            path.unlink()


@dataclass
class World:
    """Both nodes, the network between them, and what was asked of them."""

    base: Path
    jp: FaultNode
    kr: FaultNode
    proxy: Proxy
    payloads: dict[str, str] = field(default_factory=dict)
    """Digest of what was composed as an item."""
    released: set[str] = field(default_factory=set)
    """Items whose release was answered: they are never lost."""
    refusable: set[str] = field(default_factory=set)
    """Items that may be refused; any other that was released has to be received."""
    checked: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[FaultNode]:
        return iter((self.jp, self.kr))

    def other(self, node: FaultNode) -> FaultNode:
        return self.kr if node is self.jp else self.jp

    def give(self, node: FaultNode, payload: bytes, precedence: str = "FLASH") -> str:
        """Release an item; if the node fails on the way it may have been released, and is watched."""
        item = node.draft(payload, precedence)
        self.payloads[item] = hashlib.sha256(payload).hexdigest()
        node.commit(item)
        self.released.add(item)
        return item

    @property
    def up(self) -> bool:
        return all(node.up for node in self)

    def heal(self) -> None:
        """Nothing is between the nodes any more."""
        self.proxy.disarm()
        self.proxy.delay, self.proxy.rate = 0.0, None
        self.proxy.listen()

    def settle(self) -> None:
        """Wait until the link is back, both have said all and answered all, and hold the same logs.

        The dialler backs off by up to 5 s; a FLASH of its own does not wait for that, so one is sent where it is down.
        """
        nudged = 0.0

        def settled() -> bool:
            nonlocal nudged
            if not self.up:
                if time.monotonic() - nudged > 1.0 and self.jp.ready and not self.jp.up:
                    nudged = time.monotonic()
                    self.give(self.jp, b"are you there?")
                return False
            return (
                all(node.ready for node in self)
                and self.jp.heads() == self.kr.heads()
                and not any(node.pending() or node.lacking() for node in self)
            )

        until(settled, "both have answered all and hold the same")

    def settle_and_check(self, *, alarms: Collection[str] = (), bad: Collection[str] = ()) -> None:
        """What has to hold after every fault (issue 3, item 5): the link is back, nothing lost or doubled, both verify.

        ``alarms`` are the kinds of those that may stand; any other means that something is not well yet. ``bad`` are
        the codes of entries that a hostile peer has put into its log, which the check has to name, and nothing else.
        """
        self.settle()
        self.check_registers()
        for node in self:
            self.all_clear(node, alarms)
            self.verify(node, bad)

    @staticmethod
    def all_clear(node: FaultNode, allowed: Collection[str] = ()) -> None:
        """Wait until no alarm stands, but those whose kind may."""
        standing: dict[str, str] = {}

        def clear() -> bool:
            standing.clear()
            standing.update(node.status()["alarms"])
            return all(name.split("/")[0] in allowed for name in standing)

        try:
            until(clear, f"no alarm stands at {node.party}")
        except AssertionError:
            raise AssertionError(f"at {node.party} there still stand: {standing}") from None

    def check_registers(self, *, debts: Collection[str] = ()) -> None:
        """Each item once in each register and answered once, both registers the same; ``debts`` may lack an answer."""
        for sender in self:
            given = sender.lines("given")
            held, refused = self.other(sender).lines("held"), self.other(sender).lines("refused")
            items = [line["item"] for line in given]
            assert len(set(items)) == len(items), "an item stands twice"
            theirs = sorted((line["item"], line["state"]) for line in held + refused)
            assert len({item for item, _ in theirs}) == len(theirs), "an item was answered twice"
            ours = sorted((line["item"], line["state"]) for line in given if line["answered"] is not None)
            refused_here = {item for item, state in ours if state != "received"}
            assert not refused_here & self.released - self.refusable, "an item was refused that should have arrived"
            assert ours == [(item, "received" if state == "held" else state) for item, state in theirs]
            assert {line["item"] for line in given if line["answered"] is None} <= set(debts), "a debt nobody named"
            if not debts:
                self.check_payloads(self.other(sender), held)
        everything = {line["item"] for node in self for line in node.lines("given")}
        assert self.released <= everything, "an item was lost"

    def check_payloads(self, node: FaultNode, held: Sequence[dict[str, Any]]) -> None:
        """What is held opens to what was composed; each item is opened once."""
        for line in held:
            if line["item"] in self.payloads and line["item"] not in self.checked:
                assert hashlib.sha256(node.opened(line["number"])).hexdigest() == self.payloads[line["item"]]
                self.checked.add(line["item"])

    def verify(self, node: FaultNode, bad: Collection[str] = ()) -> None:
        """``entente verify`` says that a node's evidence holds, but for entries of ``bad``, and the registers agree."""
        path = self.base / f"{node.party}-{os.urandom(4).hex()}.evidence"
        node.call("evidence.export", agreement=node.agreement, path=str(path), disclose=True)
        roots = [each for party in (node.party, node.peer) for each in ("--root", self.base / party / "root.json")]
        ran = entente("verify", path, *roots, "--json")
        path.unlink()
        report: dict[str, Any] = ran.json
        assert {found["code"] for found in report["bad"]} <= set(bad), report["bad"]
        assert ran.code == (1 if report["bad"] else 0), report["first_bad"]
        assert report["differences"] == [], report["differences"]


@contextmanager
def world(
    template: Path,
    instant: int = OCTOBER,
    folder: Path | None = None,
    prepare: Callable[[Path], object] = lambda base: None,
) -> Iterator[World]:
    """Both nodes on a copy of the template, linked through the relay; the path is short enough for a Unix socket's.

    ``prepare`` is called with the directory before the nodes start.
    """
    with TemporaryDirectory(prefix="entente-") as name:
        base = Path(name) if folder is None else folder
        copy_template(template, base)
        prepare(base)
        made = json.loads((base / "made.json").read_text())
        jp, kr = (FaultNode(base / party, peer, made["jp-kr"]) for party, peer in (("jp", "kr"), ("kr", "jp")))
        with between(made["proxy"], made["kr"]) as proxy:
            both = World(base, jp, kr, proxy)
            try:
                for node in (kr, jp):
                    node.start(instant)
                both.settle()
                yield both
            finally:
                for node in both:
                    node.stop()


def introduce(node: FaultNode, other: FaultNode) -> None:
    """Give a node the other's card as it is now, and the words of its root."""
    card = (other.home.path / "card.json").read_text()
    words = fingerprint_words(root_digest(parse_card(card.encode()).root))
    node.call("peer.pair", card=card, words=words if isinstance(words, str) else " ".join(words))


# Templates


def _introduce(nodes: Sequence[FaultNode]) -> None:
    """Pair each of two nodes with the other."""
    for node, other in (nodes, nodes[::-1]):
        introduce(node, other)
    until(lambda: all(node.up for node in nodes), "they have met")


def _agree(nodes: Sequence[FaultNode], document: Path) -> str:
    """Bring an agreement into force between two nodes whose clocks stand at its beginning."""
    agreement = str(nodes[0].call("agreement.propose", path=str(document))["agreement"])
    for node in nodes:
        node.agreement = agreement

    def known() -> bool:
        return all(any(each["agreement"] == agreement for each in node.status()["agreements"]) for node in nodes)

    until(known, "the proposal has arrived")
    for kind in ("sign", "notify_completion"):
        for node in nodes:
            node.act(kind)
            _carried(nodes)
    return agreement


def _carried(nodes: Sequence[FaultNode]) -> None:
    def carried() -> bool:
        return nodes[0].heads() == nodes[1].heads() and not any(node.pending() for node in nodes)

    until(carried, "both hold the same")


def make_two(base: Path) -> None:
    """jp and kr under the agreement in force in October 2019, kr's notice of termination running; jp dials a relay."""
    ports = {name: free_port() for name in ("jp", "kr", "proxy")}
    init(base / "jp", "jp", PASSPHRASE, simulated=True, listen=f"127.0.0.1:{ports['jp']}")
    init(
        base / "kr", "kr", PASSPHRASE, simulated=True,
        listen=f"127.0.0.1:{ports['kr']}", advertise=f"127.0.0.1:{ports['proxy']}",
    )  # fmt: skip
    nodes = [FaultNode(base / "jp", "kr", ""), FaultNode(base / "kr", "jp", "")]
    with between(ports["proxy"], ports["kr"]):
        try:
            for node in nodes:
                node.start(START)
            _introduce(nodes)
            agreement = _agree(nodes, AGREEMENT)
            for node in nodes:
                node.turn(NOTICE)
            nodes[1].act("notice_of_termination")
            _carried(nodes)
            for node in nodes:
                node.turn(OCTOBER)
            _carried(nodes)
        finally:
            for node in nodes:
                node.stop()
    (base / "made.json").write_text(json.dumps({"jp-kr": agreement, **ports}))


def make_three(two: Path, base: Path) -> None:
    """The same, and a third party, us, that has an agreement of its own with kr."""
    copy_template(two, base)
    port = free_port()
    init(base / "us", "us", PASSPHRASE, simulated=True, listen=f"127.0.0.1:{port}")
    text = AGREEMENT.read_text().replace('"jp"', '"us"').replace("[party.jp]", "[party.us]").replace("\njp =", "\nus =")
    document = base / "kr-us.toml"
    document.write_text(text.replace('"jp-kr-2016"', '"kr-us"'))
    nodes = [FaultNode(base / "kr", "us", ""), FaultNode(base / "us", "kr", "")]
    try:
        for node in nodes:
            node.start(OCTOBER)
        _introduce(nodes)
        agreement = _agree(nodes, document)
    finally:
        for node in nodes:
            node.stop()
    made = json.loads((base / "made.json").read_text())
    (base / "made.json").write_text(json.dumps({**made, "kr-us": agreement, "us": port}))


def shown(instant: int) -> str:
    """An instant as the control socket takes it."""
    return format_instant(instant)
