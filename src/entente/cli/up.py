"""``make up``: leave two simulated nodes running on this machine, paired and under a signed agreement, and say where.

They live in ``.up/`` below the present directory; their clocks run from the present instant. What they hold is exercise
data. ``make down`` stops them; ``make up`` starts the same nodes again. Remove ``.up/`` for new ones.
"""

import socket
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from entente.cli.demo import shipped
from entente.cli.output import CommandGroup
from entente.cli.stage import StageNode, keep_passphrase, keep_roots, new_passphrase, pair, wait_for
from entente.domain.agreement.instants import format_instant
from entente.node.errors import NodeError

UP = Path(".up")
PARTIES = ("kr", "jp")
AGREEMENT = Path("examples/agreements/jp-kr-2016.toml")
_out = Console(highlight=False, soft_wrap=True)


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.option("--down", is_flag=True, help="Stop the nodes.")
def up(down: bool) -> None:
    """Start two simulated nodes and leave them running, or stop them."""
    if down:
        stop()
    else:
        start()


def stop() -> None:
    """Ask the nodes to stop; those that do not run are left alone."""
    for party in PARTIES:
        node = StageNode(UP, party, "")
        with suppress(NodeError):
            node.ask("node.stop")
            wait_for(f"the node of {party} stops", partial(_idle, node))
            _out.print(f"{party}: stopped")


def start() -> None:
    """Make the nodes where there are none, start those that do not run, and say where they are."""
    UP.mkdir(mode=0o700, exist_ok=True)
    kept = UP / "passphrase"
    passphrase = kept.read_text().strip() if kept.exists() else new_passphrase()
    nodes = [StageNode(UP, party, passphrase) for party in PARTIES]
    fresh = not all((node.path / "node.toml").exists() for node in nodes)
    if fresh:
        _make(nodes, passphrase)
    idle = [node for node in nodes if not _runs(node)]
    for node in idle:
        node.start(detached=True)
    for node in nodes:
        node.ready()
        node.ask("clock.set", instant=_present(), running=True)
    if fresh:
        pair(nodes)
    wait_for("the link is up", lambda: all(_linked(node) for node in nodes))
    if fresh:
        _agree(nodes)
    _tell(nodes)


def _runs(node: StageNode) -> bool:
    with suppress(NodeError):
        return bool(node.ask("node.status"))
    return False


def _idle(node: StageNode) -> bool:
    return not _runs(node)


def _knows(node: StageNode, agreement: str) -> bool:
    return any(each["agreement"] == agreement for each in node.ask("node.status")["agreements"])


def _linked(node: StageNode) -> bool:
    return all(peer["link"] == "up" for peer in node.ask("node.status")["peers"].values())


def _present() -> str:
    return format_instant(time.time_ns() // 1_000_000)


def _make(nodes: list[StageNode], passphrase: str) -> None:
    keep_passphrase(UP, passphrase)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [free.getsockname()[1] for free in (one, other)]
    addresses = [f"127.0.0.1:{port}" for port in ports]
    making = [(node, node.begin_init(address, address)) for node, address in zip(nodes, addresses, strict=True)]
    for node, process in making:
        node.finish_init(process)
    keep_roots(UP, nodes)


def _agree(nodes: list[StageNode]) -> None:
    """Bring the exercise agreement into force: a document proposed, two signatures, two notifications."""
    name = nodes[0].ask("agreement.propose", path=str(shipped(AGREEMENT)))["agreement"]
    for node in nodes:
        wait_for(
            "the agreement is proposed",
            partial(_knows, node, name),
        )
    for kind in ("sign", "notify_completion"):
        for node in nodes:
            node.act(kind=kind)
    wait_for(
        "the agreement is in force", lambda: all(node.ask("agreement.status")["release_allowed"] for node in nodes)
    )


def _tell(nodes: list[StageNode]) -> None:
    _out.print("SIMULATED CLOCK - EXERCISE DATA / 演習 / 연습", style="bold magenta")
    for node in nodes:
        status = node.ask("node.status")
        shown = status["agreements"][0]
        phase = shown["views"][node.party]["phase"].replace("_", " ")
        _out.print(
            f"{node.party}: running in {node.path}, listening on 127.0.0.1:{status['port']}; "
            f"{shown['name']}: {phase}; log {node.log}"
        )
    _out.print(f"the passphrase of all their keys is in {UP / 'passphrase'}")
    _out.print(
        f"try next: .venv/bin/entente status {nodes[0].path}; then docs/guide/first-steps.md; stop them: make down"
    )


if __name__ == "__main__":
    up()
