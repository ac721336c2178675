"""Simulated nodes on this machine: made, started, paired, driven and stopped (``entente demo``, ``make up``).

Each is a process of its own, started with the commands that an administrator types; everything afterwards goes through
the control socket that the command line uses. The offices' keys are unlocked here, as they are where an office sits.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from entente.cli.output import CommandError
from entente.cli.wire import Wire
from entente.domain.agreement.instants import format_instant
from entente.node.control import call
from entente.node.errors import NodeError
from entente.node.home import Home
from entente.node.keyring import unlock_office
from entente.sealing.identity import fingerprint_words, parse_card, root_digest
from entente.sealing.signing import HybridKey

ENTENTE = (sys.executable, "-P", "-m", "entente")
"""The command, run by the same interpreter and from where that finds it, not from the present directory."""
PATIENCE = 30.0
"""Seconds until something that has to happen is given up; nothing depends on how long it really takes."""
POLL = 0.002


def wait_for(what: str, happened: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Ask again until the answer is true, and return it.

    Raises:
        CommandError: it did not come to pass in time.
    """
    ends = time.monotonic() + patience
    while not (answer := happened()):
        if time.monotonic() > ends:
            raise CommandError("GAVE_UP", f"{what}: not within {patience:.0f} s", "See the nodes' logs: --keep DIR.")
        time.sleep(POLL)
    return answer


class StageNode:
    """One node: its directory, its process, and its party's offices."""

    def __init__(self, folder: Path, party: str, passphrase: str) -> None:
        self.party = party
        self.path = folder / party
        self.log = folder / f"{party}.log"
        self._passphrase = passphrase
        self._process: subprocess.Popen[bytes] | None = None
        self._offices: dict[str, HybridKey] = {}

    @cached_property
    def home(self) -> Home:
        """The node's directory, once it is made."""
        return Home(self.path)

    @property
    def pid(self) -> int | None:
        """The node's process."""
        return self._process.pid if self._process is not None else None

    def begin_init(self, advertise: str, listen: str = "127.0.0.1:0") -> subprocess.Popen[bytes]:
        """``entente node init`` of a simulated node; wait for it with :meth:`finish_init`."""
        options = ("--party", self.party, "--simulated", "--listen", listen, "--advertise", advertise)
        return self._spawn("node", "init", str(self.path), *options)

    def finish_init(self, making: subprocess.Popen[bytes]) -> None:
        """Wait until the directory is made.

        Raises:
            CommandError: it was not.
        """
        if making.wait(PATIENCE) != 0:
            raise CommandError(
                "NODE_FAILED", f"the node of {self.party} was not made: {self._last_words()}", "See above."
            )

    def start(self, *, at: int | None = None, detached: bool = False) -> None:
        """``entente node run``, its clock at an instant (ms) or where it was; wait for it with :meth:`ready`."""
        clock = () if at is None else ("--at", format_instant(at))
        self._process = self._spawn("node", "run", str(self.path), *clock, detached=detached)

    def ready(self) -> dict[str, Any]:
        """Wait until the node answers; its status.

        Raises:
            CommandError: it ended instead.
        """

        def answers() -> Any:
            if self._process is not None and self._process.poll() is not None:
                raise CommandError(
                    "NODE_FAILED", f"the node of {self.party} ended: {self._last_words()}", f"See {self.log}."
                )
            with suppress(NodeError):
                return self.ask("node.status")
            return None

        status: dict[str, Any] = wait_for(f"the node of {self.party} starts", answers)
        return status

    def stop(self) -> None:
        """Stop the process in order, or else by force."""
        if self._process is None:
            return
        with suppress(NodeError, OSError):
            self.ask("node.stop")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def ask(self, command: str, **args: Any) -> Any:
        """Give the node a command (docs/spec/control.md).

        Raises:
            NodeError: its refusal.
        """
        return call(self.home.control, command, **args)

    def sign(self, office: str, kind: str, statement: str) -> dict[str, str]:
        """An office's signature over a statement in hex, as the node takes it."""
        if office not in self._offices:
            self._offices[office] = unlock_office(self.home.key_file(f"office-{office}"), self._passphrase.encode())
        signature = self._offices[office].sign(kind, bytes.fromhex(statement))
        return {"suite": signature.suite, "ed25519": signature.ed25519.hex(), "mldsa65": signature.mldsa65.hex()}

    def step(self, *, texts: list[dict[str, str]] | None = None, **args: Any) -> dict[str, Any]:
        """Prepare, sign and write a step about a matter; ``texts`` as the control socket takes them."""
        signers, given = [{"office": "treaty", "person": "exercise-1"}], texts or []
        draft = self.ask("step.prepare", signers=signers, texts=given, **args)
        written: dict[str, Any] = self.ask(
            "step.commit", agreement=draft["agreement"], statement=draft["statement"], texts=given,
            signatures=[self.sign("treaty", "step", draft["statement"])],
        )  # fmt: skip
        return written

    def act(self, **args: Any) -> dict[str, Any]:
        """Prepare, sign and commit a formal act."""
        draft = self.ask("act.prepare", **args)
        signature = self.sign("treaty", "act", draft["act"])
        committed: dict[str, Any] = self.ask(
            "act.commit", agreement=draft["agreement"], act=draft["act"], office="treaty", signature=signature
        )
        return committed

    def _spawn(self, *arguments: str, detached: bool = False) -> subprocess.Popen[bytes]:
        """Run the command with the passphrase on a descriptor of its own."""
        reading, writing = os.pipe()
        try:
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    [*ENTENTE, *arguments, "--passphrase-fd", str(reading)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(reading,),
                    start_new_session=detached,
                )
            os.write(writing, self._passphrase.encode() + b"\n")
        finally:
            os.close(reading)
            os.close(writing)
        return process

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return " ".join(lines[-2:]) if lines else "no output"


class Stage:
    """The nodes of some parties and the wires between them; use as a context, which stops what it started."""

    def __init__(self, folder: Path, parties: Iterable[str]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.passphrase = new_passphrase()
        self.nodes = {party: StageNode(folder, party, self.passphrase) for party in parties}
        self.wires = {party: Wire() for party in self.nodes}
        self.linked = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes.values():
            node.stop()
        for wire in self.wires.values():
            wire.close()

    def set_up(self, instant: int) -> None:
        """Make, start and pair every node, its clock at ``instant`` (ms), and wait until they are linked."""
        keep_passphrase(self.folder, self.passphrase)
        making = [(node, node.begin_init(self.wires[node.party].address)) for node in self.nodes.values()]
        for node, process in making:
            node.finish_init(process)
        keep_roots(self.folder, self.nodes.values())
        for node in self.nodes.values():
            node.start(at=instant)
        for node in self.nodes.values():
            self.wires[node.party].target = node.ready()["port"]
        pair(self.nodes.values())
        self.await_link(up=True)

    def set_clocks(self, instant: int) -> None:
        """Set every node's clock to the same instant and let it stand there."""
        for node in self.nodes.values():
            node.ask("clock.set", instant=format_instant(instant))

    def cut(self) -> None:
        """Cut the wires, and wait until every node has seen it."""
        for wire in self.wires.values():
            wire.cut()
        self.await_link(up=False)
        self.linked = False

    def join(self) -> None:
        """Join the wires, and wait until the nodes have found one another."""
        for wire in self.wires.values():
            wire.join()
        self.await_link(up=True)
        self.linked = True

    def await_link(self, *, up: bool) -> None:
        """Wait until every node says that every peer is linked, or none."""
        state = "up" if up else "down"

        def agreed() -> bool:
            peers = (node.ask("node.status")["peers"].values() for node in self.nodes.values())
            return all(peer["link"] == state for each in peers for peer in each)

        wait_for(f"the link is {state}", agreed)

    def settle(self) -> None:
        """Wait until every node holds every log as far as its writer has written it."""

        def sizes(node: StageNode) -> dict[str, int]:
            found = (node.ask("log.show", agreement=name) for name in self._agreements(node))
            return {
                f"{head['writer']}/{head['incarnation']}": head["size"] for shown in found for head in shown["heads"]
            }

        wait_for(
            "the nodes hold the same logs",
            lambda: len({str(sorted(sizes(node).items())) for node in self.nodes.values()}) == 1,
        )

    @staticmethod
    def _agreements(node: StageNode) -> list[str]:
        return [shown["agreement"] for shown in node.ask("node.status")["agreements"]]


def new_passphrase() -> str:
    """A passphrase for exercise nodes."""
    return secrets.token_urlsafe(18)


def keep_passphrase(folder: Path, passphrase: str) -> None:
    """Keep the passphrase beside the nodes, so that they can be run again: these are exercise nodes on one machine."""
    file = folder / "passphrase"
    file.touch(mode=0o600)
    file.write_text(f"{passphrase}\n")


def keep_roots(folder: Path, nodes: Iterable[StageNode]) -> None:
    """Put every party's root card where a verifier is given it, apart from any evidence."""
    roots = folder / "roots"
    roots.mkdir(exist_ok=True)
    for node in nodes:
        (roots / f"{node.party}.json").write_bytes((node.path / "root.json").read_bytes())


def pair(nodes: Iterable[StageNode]) -> None:
    """Pair every node with every other: the card, and the words that two administrators would read out.

    The party with the smaller id dials, so it comes last: its first attempt finds the others ready.
    """
    everybody = sorted(nodes, key=lambda node: node.party, reverse=True)
    for node in everybody:
        for peer in everybody:
            if peer is not node:
                card = (peer.path / "card.json").read_text()
                words = fingerprint_words(root_digest(parse_card(card.encode()).root))
                node.ask("peer.pair", card=card, words=" ".join(words))
