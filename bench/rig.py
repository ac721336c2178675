"""(c) Two real nodes: ``entente node run`` twice, paired, under the sample agreement in force, jp giving to kr.

They are simulated nodes whose clocks run from the present instant (docs/spec/clock.md); nothing else about them is
special, but that each process counts its syncs (bench/process.py).
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.context import ROOT, Context
from bench.feed import Feed
from bench.ports import free
from bench.process import Watched, counting
from bench.wire import Wire
from entente.cli.output import CommandError
from entente.cli.stage import ENTENTE, StageNode, keep_roots, new_passphrase, pair, wait_for
from entente.domain.agreement.instants import format_instant
from entente.node.errors import NodeError

AGREEMENT = ROOT / "examples" / "agreements" / "jp-kr-2016.toml"
ITEM = {
    "title": "bench", "media_type": "application/octet-stream", "level": "秘", "purpose": "exercise", "to": ["kr"],
    "reality": "exercise",
}  # fmt: skip
STANDING = {
    "media_types": [ITEM["media_type"]], "level": "秘", "purposes": ["exercise"], "to": ["kr"],
    "precedences": ["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"], "realities": ["exercise"],
}  # fmt: skip
OFFICE, PERSON = "release", "r1"
PATIENCE = 600.0
DAY = 86_400_000


class BenchNode(StageNode):
    """A node's process that counts its syncs."""

    def __init__(self, folder: Path, party: str, passphrase: str) -> None:
        super().__init__(folder, party, passphrase)
        self.counter = folder / f"{party}.syncs"

    @property
    def watched(self) -> Watched:
        """Its process, to be measured."""
        assert self.pid is not None
        return Watched(self.pid, self.counter)

    def stored(self) -> int:
        """Bytes of its directory."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def _spawn(self, *arguments: str, detached: bool = False) -> subprocess.Popen[bytes]:
        added = counting(self.counter)
        before = {name: os.environ.get(name) for name in added}
        os.environ.update(added)
        try:
            return super()._spawn(*arguments, detached=detached)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


class Released(NamedTuple):
    """An item approved by itself: seconds to seal it, to release it, and until it was received, each from the start."""

    sealed: float
    committed: float
    received: float


class Rig:
    """Both nodes and the wire between them; made by :func:`two_nodes`."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context, self.folder = context, folder
        self.passphrase = new_passphrase()
        self.jp, self.kr = (BenchNode(folder, party, self.passphrase) for party in ("jp", "kr"))
        self.nodes = (self.jp, self.kr)
        self.wire: Wire | None = None
        self.agreement = ""
        self._standing: dict[str, str] = {}

    @property
    def watched(self) -> dict[str, Watched]:
        """Both processes."""
        return {"sender": self.jp.watched, "receiver": self.kr.watched}

    def memory(self) -> dict[str, float]:
        """MiB of both processes, now and at most."""
        found = {name: process.memory() for name, process in self.watched.items()}
        return {f"{name} {kind}": value for name, kinds in found.items() for kind, value in kinds.items()}

    def in_force(self, document: Path = AGREEMENT) -> str:
        """Bring an agreement into force: proposed, signed twice, notified twice; its digest."""
        digest: str = self.jp.ask("agreement.propose", path=str(document))["agreement"]
        wait_for("the proposal arrives", partial(_knows, self.kr, digest))
        for kind in ("sign", "notify_completion"):
            for node in self.nodes:
                node.act(kind=kind, agreement=digest)
        wait_for(
            "it is in force",
            lambda: all(node.ask("agreement.status", agreement=digest)["release_allowed"] for node in self.nodes),
        )
        return digest

    def standing(self, agreement: str | None = None) -> str:
        """The standing release that the bench's items cite, committed and signed once for each agreement."""
        agreement = agreement or self.agreement
        if agreement not in self._standing:
            expires = format_instant(time.time_ns() // 1_000_000 + DAY)
            draft = self.jp.ask(
                "standing.prepare", agreement=agreement, signers=[{"office": OFFICE, "person": PERSON}], caveats=[],
                max_size=1 << 31, expires=expires, **STANDING,
            )  # fmt: skip
            signature = self.jp.sign(OFFICE, "standing", draft["statement"])
            self.jp.ask("standing.commit", agreement=agreement, statement=draft["statement"], signatures=[signature])
            self._standing[agreement] = draft["id"]
        return self._standing[agreement]

    def feed_args(self, precedence: str, agreement: str | None = None) -> dict[str, Any]:
        """What ``item.feed`` is asked."""
        agreement = agreement or self.agreement
        return {
            **ITEM,
            "agreement": agreement,
            "standing": self.standing(agreement),
            "precedence": precedence,
            "stream": None,
        }

    def feed(self, precedence: str = "FLASH", agreement: str | None = None) -> Feed:
        """A feed of the sending node.

        Raises:
            FeedError, NodeError: the node has none, or refuses.
        """
        return Feed(self.jp.home.control, self.feed_args(precedence, agreement))

    def release(self, path: Path, precedence: str = "FLASH", during: Callable[[], object] | None = None) -> Released:
        """Release a file that an office approves by itself, wait until it is received; meanwhile call ``during``."""
        begun = time.perf_counter()
        draft = self.jp.ask("item.compose", agreement=self.agreement, path=str(path), precedence=precedence, **ITEM)
        sealed = time.perf_counter() - begun
        statement = self.jp.ask("item.statement", item=draft["item"], office=OFFICE, person=PERSON)["statement"]
        approval = {"statement": statement, "signature": self.jp.sign(OFFICE, "approval", statement)}
        (line,) = self.jp.ask("item.release", agreement=self.agreement, item=draft["item"], approvals=[approval])
        committed = time.perf_counter() - begun
        if during is not None:
            during()
        wait_for("the item is received", partial(self._answered, line["item"]), PATIENCE)
        return Released(sealed, committed, time.perf_counter() - begun)

    def _answered(self, item: str) -> bool:
        lines = self.jp.ask("item.register", direction="given", agreement=self.agreement)
        found = next((line for line in lines if line["item"] == item), None)
        if found is not None and found["state"] == "refused":
            raise RuntimeError("the other side refused the item")
        return found is not None and found["answered"] is not None

    def cut(self) -> None:
        """Cut the wire and wait until both have seen it."""
        assert self.wire is not None
        self.wire.cut()
        self.await_link("down")

    def await_link(self, state: str) -> None:
        """Wait until both say so."""
        wait_for(f"the link is {state}", lambda: all(_link(node) == state for node in self.nodes))

    def reconnect(self) -> tuple[float, int]:
        """Cut, join, and wait until both are linked: seconds from the connection on, and the bytes that it took."""
        assert self.wire is not None
        self.cut()
        before = self.wire.carried + self.wire.returned
        joined = time.perf_counter()
        self.wire.join()
        self.await_link("up")
        return time.perf_counter() - max(joined, self.wire.connected), self.wire.carried + self.wire.returned - before

    def verified(self) -> str:
        """Check both nodes' records offline, as an inspector would; what came of it, in words."""
        said = []
        self.context.end_profile()  # the check is no part of what was measured
        for node in self.nodes:
            path, begun = self.folder / f"{node.party}.evidence", time.perf_counter()
            try:
                entries = node.ask("evidence.export", agreement=self.agreement, path=str(path))["entries"]
                said.append(
                    f"{node.party} {self._verify(path)}: {entries} entries in {time.perf_counter() - begun:.1f} s"
                )
            except (NodeError, subprocess.TimeoutExpired) as error:
                said.append(f"{node.party} NOT VERIFIED: {type(error).__name__} {getattr(error, 'code', '')}".strip())
            path.unlink(missing_ok=True)
        return "; ".join(said)

    def verification(self, path: Path) -> list[str]:
        """The command that checks a file of evidence against both parties' roots."""
        roots = [option for root in sorted((self.folder / "roots").iterdir()) for option in ("--root", str(root))]
        return [*ENTENTE, "verify", str(path), *roots, "--json"]

    def _verify(self, path: Path) -> str:
        done = subprocess.run(
            self.verification(path),
            capture_output=True,
            timeout=self.context.scale.verify_seconds,
            check=False,
        )
        if done.returncode == 0:
            return "verified" if not json.loads(done.stdout).get("differences") else "VERIFIED, REGISTERS DIFFER"
        return f"FOUND WANTING (exit {done.returncode})"


def _knows(node: StageNode, agreement: str) -> bool:
    return any(each["agreement"] == agreement for each in node.ask("node.status")["agreements"])


def _link(node: StageNode) -> str:
    (peer,) = node.ask("node.status")["peers"].values()
    return str(peer["link"])


@contextmanager
def two_nodes(context: Context, *, wire: bool = False) -> Iterator[Rig]:
    """Make, start and pair both nodes and bring the agreement into force; with ``wire`` jp reaches kr through it."""
    rig = Rig(context, context.new_folder("n"))
    try:
        if wire:
            rig.wire = Wire()
        _make(rig)
        rig.agreement = rig.in_force()
        with context.profiled(rig.folder, {node.party: node.pid for node in rig.nodes if node.pid}):
            yield rig
    except CommandError as error:
        raise RuntimeError(f"{error}") from error
    finally:
        for node in rig.nodes:
            node.stop()
        if rig.wire is not None:
            rig.wire.close()


def _make(rig: Rig) -> None:
    ports = {node.party: free() for node in rig.nodes}
    listens = {party: f"127.0.0.1:{port}" for party, port in ports.items()}
    advertised = {**listens, "kr": f"127.0.0.1:{rig.wire.port}"} if rig.wire else listens
    making = [(node, node.begin_init(advertised[node.party], listens[node.party])) for node in rig.nodes]
    for node, process in making:
        node.finish_init(process)
    keep_roots(rig.folder, rig.nodes)
    now = time.time_ns() // 1_000_000
    for node in rig.nodes:
        node.start(at=now)
    for node in rig.nodes:
        node.ready()
        node.ask("clock.set", instant=format_instant(time.time_ns() // 1_000_000), running=True)
    if rig.wire is not None:
        rig.wire.target = ports["kr"]
    pair(rig.nodes)
    rig.await_link("up")
