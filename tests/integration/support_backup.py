"""Nodes that are backed up and restored: what the command line is asked, and what a log was made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from support_nodes import CliNode, Nodes, Ran, done, entente, free_ports, spawn, two_nodes

from entente.cli.stage import wait_for
from entente.node.home import Home
from entente.node.setup import settings_toml
from entente.record.merkle import Frontier, leaf_hash
from entente.store.sqlite import Store

SECRET = b"words for the backup"


@contextmanager
def in_force(folder: Path) -> Iterator[Nodes]:
    """Two running nodes under an agreement in force, linked through wires."""
    with two_nodes(folder, wires=True) as nodes:
        nodes.in_force()
        yield nodes


def release(node: CliNode, title: str) -> Ran:
    """Release a small file from jp to kr, or from kr to jp; whatever comes of it."""
    file = node.path.parent / f"{node.party}-item"
    file.write_text(title)
    to, level = ("kr", "秘") if node.party == "jp" else ("jp", "군사Ⅲ급비밀")
    return entente(
        "release", node.path, file, "--title", title, "--level", level, "--purpose", "missile-warning", "--to", to,
        "--precedence", "FLASH", "--reality", "exercise", "--office", "release", "--person", "p1", "--json",
    )  # fmt: skip


def back_up(node: CliNode, *options: str, name: str = "node.backup") -> Path:
    """Back a node up, running or not."""
    file = node.path.parent / name
    done(entente("node", "backup", node.path, file, *options, passphrase=SECRET))
    return file


def restored(node: CliNode, file: Path, name: str) -> CliNode:
    """Restore a backup beside the node it is of, to listen elsewhere; started by the caller."""
    path = node.path.parent / name
    done(entente("node", "restore", file, path, passphrase=SECRET))
    home = Home(path)
    settings = msgspec.structs.replace(home.settings, listen=f"127.0.0.1:{free_ports(1)[0]}")
    (path / "node.toml").write_bytes(settings_toml(settings))
    return CliNode(node.party, path)


def stop(node: CliNode) -> None:
    """Stop a node in order."""
    done(entente("node", "stop", node.path))
    node.stop()


def status(node: CliNode) -> dict[str, Any]:
    """The node's own word."""
    found: dict[str, Any] = node.ask("node.status")
    return found


def ready(node: CliNode) -> bool:
    """Whether the node may write under its one agreement."""
    return bool(status(node)["agreements"][0]["ready"])


def recorded(node: CliNode) -> int:
    """How many entries of every party's log a running node holds."""
    return len(node.ask("log.show")["entries"])


def wait_ready(node: CliNode) -> None:
    """Wait until the node may write."""
    wait_for(f"{node.path.name} may write", lambda: ready(node))


def own_log(node: CliNode) -> tuple[int, bytes]:
    """(size, root) of a stopped node's own log, the root recomputed from the entries."""
    with Store(node.path / "store.db") as store:
        log = next(row for row in store.logs() if row.writer == node.party and any(row.agreement))
    return log.size, root_of(node.path, log.id, log.size)


def root_of(path: Path, log: int, size: int) -> bytes:
    """The root of the first entries of a stopped node's log."""
    frontier = Frontier()
    with Store(path / "store.db") as store:
        for row in store.entries(log, 0, size):
            frontier = frontier.append(leaf_hash(row.envelope))
    return frontier.root()


def spawned_backup(node: CliNode, number: int) -> Path:
    """A backup made by a process of its own, as other threads of this one use the command line meanwhile."""
    file = node.path.parent / f"busy-{number}.backup"
    with spawn("node", "backup", node.path, file, passphrase=SECRET) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    return file
