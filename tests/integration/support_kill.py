"""Nodes as processes of their own over loopback TLS: started, traced, stalled and killed by the kernel's account.

strace counts a node's system calls and can kill it at the n-th one, before the kernel has done it, or hold it there:
every step of an item's way is reached without a hook in the product.
"""

import multiprocessing
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

import run_node
from support_stop import MARKING, PARTIES, PASSPHRASE, copy_template, office

from entente.domain.agreement.instants import format_instant
from entente.node.control import call
from entente.node.errors import NodeError
from entente.node.home import Home
from entente.sealing.signing import HybridKey

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds after which something that has not happened will not happen."""
_context = multiprocessing.get_context("forkserver")


def _warm_up() -> None:
    """Start the server that nodes are forked from, with their modules loaded; it looks for them in PYTHONPATH alone."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), before)))
    try:
        forkserver.set_forkserver_preload(["run_node"])
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def until(look: Callable[[], T], what: str) -> T:
    """Look until it is so, and return what was seen."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came to this: {what}")
        time.sleep(0.003)
    return seen


class Call(NamedTuple):
    """A system call as strace saw it.

    ``ordinal`` counts from 1 the calls of this name by this thread; ``began`` and ``ended`` are places in the listing.
    """

    name: str
    on: str
    ordinal: int
    began: int
    ended: int


class NodeProcess:
    """A node's process; ``call`` is the control socket."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.party = self.home.party
        self.log = path.parent / f"{self.party}.log"
        self._process: Any = None

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def start(self, instant: int) -> None:
        """Start, and return when both doors are open."""
        _warm_up()
        ours, theirs = _context.Pipe()
        arguments = (self.home.path, PASSPHRASE, instant, self.log, theirs)
        self._process = _context.Process(target=run_node.run, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        try:
            assert ours.poll(PATIENCE)
            assert ours.recv()
        except EOFError:
            said = self.log.read_text() if self.log.exists() else "nothing"
            raise AssertionError(f"the node did not start; it said: {said}") from None

    def call(self, command: str, **args: Any) -> Any:
        return call(self.home.control, command, **args)

    def turn(self, instant: int) -> None:
        self.call("clock.set", instant=format_instant(instant))

    def office(self, name: str) -> HybridKey:
        path = self.home.key_file(f"office-{name}")
        return office(path, path.stat().st_mtime_ns)

    def compose(self, path: Path, precedence: str = "FLASH") -> str:
        """Compose an item from a file; returns its id."""
        composed = self.call(
            "item.compose", path=str(path), title="Launch", media_type="text/plain", level=MARKING[self.party],
            purpose="missile-warning", to=[party for party in PARTIES if party != self.party], precedence=precedence,
            reality="exercise",
        )  # fmt: skip
        return str(composed["item"])

    def release(self, item: str) -> Any:
        """Approve and release a composed item."""
        agreement = self.call("agreement.status")["agreement"]
        statement = self.call("item.statement", item=item, office="release", person="the duty officer")["statement"]
        signed = self.office("release").sign("approval", bytes.fromhex(statement))
        signature = {"suite": signed.suite, "ed25519": signed.ed25519.hex(), "mldsa65": signed.mldsa65.hex()}
        approvals = [{"statement": statement, "signature": signature}]
        return self.call("item.release", agreement=agreement, item=item, approvals=approvals)

    def line(self, item: str) -> dict[str, Any] | None:
        return next((line for line in self.call("item.register") if line["item"] == item), None)

    def answered(self, item: str) -> dict[str, Any]:
        """The register's line of an item given, once the peer's receipt has come."""
        return until(lambda: (line := self.line(item)) and line["answered"] and line, f"{item} is answered")

    @property
    def alive(self) -> bool:
        return bool(self._process.is_alive())

    def dying(self) -> bool:
        """Whether the process ends within the time that anything takes."""
        self._process.join(PATIENCE)
        return not self.alive

    def died(self) -> None:
        """Wait until the process has been killed."""
        self._process.join(PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self.died()

    def stop(self) -> None:
        """Stop in order, if it still runs."""
        if self._process is None or not self.alive:
            return
        try:
            self.call("node.stop")
        except (NodeError, OSError):
            self._process.kill()
        self._process.join(PATIENCE)

    @contextmanager
    def traced(self, *options: str, names: str) -> Iterator[Path]:
        """strace this process; yields the file that it writes, complete when the block has been left."""
        output = self.home.path.parent / f"{self.party}-{os.urandom(4).hex()}.strace"
        command = ["strace", "-f", "-yy", "-s", "0", "-o", str(output), "-e", f"trace={names}", *options]
        tracer = subprocess.Popen([*command, "-p", str(self.pid)], stderr=subprocess.PIPE)
        assert tracer.stderr is not None
        try:
            line = tracer.stderr.readline().decode()
            assert "attached" in line, line
            yield output
        finally:
            tracer.send_signal(signal.SIGINT)  # detaches; a tracer whose node was killed has ended by itself
            tracer.stderr.read()
            tracer.wait()
            tracer.stderr.close()

    def held_in(self, name: str, path: str) -> bool:
        """Whether a thread is inside a sync of the file whose name ends like ``path``."""
        number = {"fdatasync": {"x86_64": 75, "aarch64": 83}, "fsync": {"x86_64": 74, "aarch64": 82}}[name]
        wanted = str(number[os.uname().machine])
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            fields = (task / "syscall").read_text().split()
            if fields[0] == wanted:
                target = Path(f"/proc/{self.pid}/fd/{int(fields[1], 16)}").readlink()
                return str(target).endswith(path)
        return False


def at_rest(node: NodeProcess, instant: int) -> bool:
    """Whether a node has done what it does by itself when it starts, and its peer holds all of it."""
    with closing(sqlite3.connect(f"file:{node.home.path / 'store.db'}?mode=ro", uri=True)) as store:
        (kept,) = store.execute("SELECT value FROM node WHERE key = 'own-time'").fetchone()
    if int(kept) != instant or not node.call("agreement.status")["ready"]:  # not begun, or not met
        return False
    heads = [node.call("log.show")["heads"] for _ in range(3)][-1]  # what that look began is done in the meantime
    own = [head for head in heads if head["writer"] == node.party]
    return all(head["cosigned"] and set(head["cosigned"].values()) == {head["size"]} for head in own)


@contextmanager
def running(template: Path, instant: int) -> Iterator[dict[str, NodeProcess]]:
    """Both nodes as processes on a copy of the template, linked; the path is short enough for a Unix socket's."""
    with TemporaryDirectory(prefix="entente-") as name:
        copy_template(template, Path(name))
        nodes = {party: NodeProcess(Path(name) / party) for party in PARTIES}
        try:
            for node in nodes.values():
                node.start(instant)
            until(lambda: all(at_rest(node, instant) for node in nodes.values()), "both have begun")
            yield nodes
        finally:
            for node in nodes.values():
                node.stop()


_LINE = re.compile(r"^(\d+) +(\w+)\((.*)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")


def calls(trace: Path) -> list[Call]:
    """The calls in the order in which they began; ``on`` is the file or the connection, as strace names it."""
    found: list[Call] = []
    counts: dict[tuple[str, str], int] = {}
    open_calls: dict[str, int] = {}
    for place, line in enumerate(trace.read_text().splitlines()):
        if match := _RESUMED.match(line):
            index = open_calls.pop(match[1])
            found[index] = found[index]._replace(ended=place)
        elif match := _LINE.match(line):
            thread, name, text = match.groups()
            counts[thread, name] = ordinal = counts.get((thread, name), 0) + 1
            on = re.search(r"<([^<>]*(?:->[^<>]*)?)>", text)
            found.append(Call(name, on[1] if on else text, ordinal, place, place))
            if text.endswith("<unfinished ...>"):
                open_calls[thread] = len(found) - 1
    return found
