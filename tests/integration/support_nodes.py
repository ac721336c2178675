"""Two simulated nodes as an administrator has them: processes started by ``entente node run``, linked by real TLS.

``two_nodes(folder)`` makes, starts and pairs them; everything else goes through the command line. The passphrase comes
on a descriptor. Commands run in this process, which is a tenth of the time; :func:`spawn` runs one as its own.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from click.testing import CliRunner
from support_stop import free_port

from entente.cli.main import main
from entente.cli.stage import pair, wait_for
from entente.cli.wire import Wire
from entente.domain.relations.steps import KINDS
from entente.node.control import call
from entente.node.home import Home
from entente.node.setup import init

ENTENTE = (sys.executable, "-m", "entente.cli.main")
PASSPHRASE = b"four words for exercises"
START = "2016-11-23T10:00:00+09:00"
AGREEMENT = Path(__file__).parents[2] / "examples" / "agreements" / "jp-kr-2016.toml"
PLAIN = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
"""An environment that says nothing of a terminal."""


class Ran(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


def entente(*arguments: str | Path, passphrase: bytes = PASSPHRASE, env: Mapping[str, str | None] | None = None) -> Ran:
    """Run a command line in this process, without a terminal; its passphrase, where it takes one, on a descriptor.

    ``node run`` is expected to refuse: it gets a process, which is killed if it runs after all.
    """
    line = [str(argument) for argument in arguments]
    if line[:2] == ["node", "run"]:
        with spawn(*line, passphrase=passphrase) as process:
            out, err = process.communicate(timeout=20)
        return Ran(process.returncode, out, err)
    before, reading, pipe = os.umask(0o022), -1, 0
    if needs_passphrase(line):
        reading, writing = os.pipe()
        os.write(writing, passphrase + b"\n")
        os.close(writing)
        pipe = os.fstat(reading).st_ino
        line += ["--passphrase-fd", str(reading)]
    try:
        ran = CliRunner(env=env).invoke(main, line, prog_name="entente", catch_exceptions=True)
    finally:
        os.umask(before)
        if reading >= 0 and _same(reading, pipe):
            os.close(reading)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def _same(handle: int, inode: int) -> bool:
    """Whether a descriptor is still the pipe: the command closes what it has read, and the number is used again."""
    try:
        return os.fstat(handle).st_ino == inode
    except OSError:
        return False


def needs_passphrase(line: Sequence[str]) -> bool:
    """Whether a command line is of a command that unlocks a key, and does not say whence the passphrase comes."""
    locked = ("init", "run", "restart", "passphrase", "backup", "restore", "upgrade")
    named = line[:1] == ["node"] and line[1:2] != [] and line[1] in locked
    signs = line[:1] in (["release"], ["cancel"]) or line[:1] == ["act"]
    signs = signs or line[:2] in (["standing", "approve"], ["standing", "revoke"])
    asks = ("list", "show", "publish", "text", "series", "conflicts")
    signs = signs or (len(line) > 1 and line[0] in KINDS and line[1] not in asks)
    signs = signs or line[:2] == ["draft", "approve"]
    return (named or signs) and "--passphrase-fd" not in line and "--help" not in line


@contextmanager
def spawn(
    *arguments: str | Path, passphrase: bytes | None = PASSPHRASE, env: Mapping[str, str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A command line as a process of its own, killed at the end if it still runs."""
    line, reading, writing = [str(argument) for argument in arguments], -1, -1
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, passphrase + b"\n")
        line += ["--passphrase-fd", str(reading)]
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    process = subprocess.Popen(
        [*ENTENTE, *line],
        text=True,
        pass_fds=() if reading < 0 else (reading,),
        env={**PLAIN, **(env or {})},
        **options,
    )
    try:
        for handle in (reading, writing):
            if handle >= 0:
                os.close(handle)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@dataclass
class CliNode:
    """One node: its directory, its process and what that logs."""

    party: str
    path: Path
    process: subprocess.Popen[str] | None = None

    @property
    def home(self) -> Home:
        """The directory."""
        return Home(self.path)

    def ask(self, command: str, **args: Any) -> Any:
        """Ask the control socket, past the command line."""
        return call(self.home.control, command, **args)

    def start(self, *options: str) -> None:
        """``entente node run``; wait for it with :meth:`ready`."""
        reading, writing = os.pipe()
        os.write(writing, PASSPHRASE + b"\n")
        with (self.path.parent / f"{self.party}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*ENTENTE, "node", "run", str(self.path), "--json", "--passphrase-fd", str(reading), *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                pass_fds=(reading,),
                env=PLAIN,
            )
        os.close(reading)
        os.close(writing)

    def ready(self) -> dict[str, Any]:
        """What the node said when it was open."""
        assert self.process is not None
        text = ""
        while not text.endswith("}\n"):
            line = _stdout(self.process).readline()
            assert line, f"the node of {self.party} ended: {self.logged()}"
            text += line
        said: dict[str, Any] = json.loads(text)
        return said

    def stop(self) -> None:
        """Kill what still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            _stdout(self.process).close()
            self.process = None

    def logged(self) -> str:
        """What the process has logged."""
        path = self.path.parent / f"{self.party}.log"
        return path.read_text() if path.exists() else ""


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


@dataclass
class Nodes:
    """Both nodes."""

    kr: CliNode
    jp: CliNode
    wires: tuple[Wire, ...] = ()

    def __iter__(self) -> Iterator[CliNode]:
        return iter((self.kr, self.jp))

    def linked(self) -> None:
        """Wait until both say that the link is up."""

        def up() -> bool:
            peers = [peer for node in self for peer in node.ask("node.status")["peers"].values()]
            return len(peers) == 2 and all(peer["link"] == "up" for peer in peers)

        wait_for("the link is up", up)

    def cut(self) -> None:
        """Cut the wires, and wait until both have seen it; for nodes made with ``wires``."""
        assert self.wires
        for wire in self.wires:
            wire.cut()

        def down() -> bool:
            peers = [peer for node in self for peer in node.ask("node.status")["peers"].values()]
            return all(peer["link"] == "down" for peer in peers)

        wait_for("the link is down", down)

    def settle(self) -> None:
        """Wait until both hold the same logs and no act or item waits for an answer."""

        def heads(node: CliNode) -> dict[str, int]:
            found = {}
            for shown in node.ask("node.status")["agreements"]:
                for head in node.ask("log.show", agreement=shown["agreement"])["heads"]:
                    found[f"{head['writer']}/{head['incarnation']}"] = head["size"]
            return found

        def cosigned() -> bool:
            """Cosignatures come when nothing hurries, one over all that came before."""
            shown = [
                head
                for node in self
                for each in node.ask("node.status")["agreements"]
                for head in node.ask("log.show", agreement=each["agreement"])["heads"]
                if head["writer"] == node.party
            ]
            sizes = [(head["size"], [*head["cosigned"].values()]) for head in shown]
            return all(held and set(held) == {size} for size, held in sizes)

        def settled() -> bool:
            ours = heads(self.kr)
            waiting = [each["own_pending"] for node in self for each in node.ask("node.status")["agreements"]]
            given = [line for node in self for line in node.ask("item.register", direction="given")]
            answered = all(line["answered"] for line in given)
            return bool(ours) and ours == heads(self.jp) and not any(waiting) and answered and cosigned()

        wait_for("the nodes hold the same logs", settled)

    def in_force(self) -> str:
        """Bring the sample agreement into force through the command line; its digest."""
        proposed = done(entente("agreement", "propose", self.kr.path, AGREEMENT, "--json")).json
        wait_for("the proposal arrives", lambda: self.jp.ask("node.status")["agreements"])
        for kind in ("sign", "notify_completion"):
            for node in self:
                done(entente("act", kind, node.path, "--office", "treaty"))
                self.settle()
        agreement: str = proposed["agreement"]
        return agreement


def done(ran: Ran) -> Ran:
    """The command, which has to have been done."""
    assert ran.code == 0, ran.err + ran.out
    return ran


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@contextmanager
def two_nodes(folder: Path, *, at: str = START, wires: bool = False, metrics: bool = False) -> Iterator[Nodes]:
    """Two simulated nodes, kr and jp, made, running and paired; their clocks stand at ``at``.

    With ``wires`` they find each other through wires that :meth:`Nodes.cut` cuts; with ``metrics`` they serve them.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    between = (Wire(), Wire()) if wires else ()
    nodes = Nodes(CliNode("kr", folder / "kr"), CliNode("jp", folder / "jp"), between)
    addresses = [wire.address for wire in between] or ["", ""]
    for node, port, address in zip(nodes, free_ports(2), addresses, strict=True):
        init(node.path, node.party, PASSPHRASE, simulated=True, listen=f"127.0.0.1:{port}", advertise=address)
        if metrics:
            with (node.path / "node.toml").open("a") as settings:
                settings.write(f'metrics = "127.0.0.1:{free_port()}"\n')
    try:
        for node in nodes:
            node.start("--at", at)
        for place, node in enumerate(nodes):
            address = node.ready()["listens"]
            if between:
                between[place].target = int(address.rpartition(":")[2])
        pair(nodes)  # type: ignore[arg-type]  # these have what it asks of a node
        nodes.linked()
        yield nodes
    finally:
        for node in nodes:
            node.stop()
        for wire in between:
            wire.close()
