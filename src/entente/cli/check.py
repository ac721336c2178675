"""``entente node status`` and ``node check``: the links of the chain, in order, and which of them is broken."""

import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import click

from entente.cli.client import Target, directory
from entente.cli.output import REFUSED, as_json, show_json

EXPIRY_WARNING = timedelta(days=30)
DISK_FREE = 256 * 1024 * 1024
"""Bytes below which the disk counts as full: the log, its write-ahead log and one large payload."""
MAX_UNCERTAINTY = 1000
"""Milliseconds: the default of the terms' ``limits.max_uncertainty``."""


class Link(NamedTuple):
    """One link of the chain: whether it holds, what was found, and what would mend it."""

    name: str
    holds: bool
    text: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "ok": self.holds, "text": self.text, "remedy": self.remedy}


@click.command("status")
@directory
@as_json
def node_status(directory: Path, as_json: bool) -> None:
    """Show whether the node runs, its time, its peers and its alarms.

    \b
    Example: entente node status /var/lib/entente
    """
    target = Target(directory)
    node = target.call("node.status")
    if as_json:
        show_json(target.answer(**node))
        return
    from entente.cli import screens

    uncertainty = node["uncertainty_ms"]
    screens.heading(target, "running")
    screens.facts([
        ("now", node["now"]),
        ("clock", f"±{uncertainty} ms" if uncertainty is not None else "uncertainty unknown"),
        ("port", str(node["port"])),
        ("software", f"{node['software']}, time-zone data {node['tzdata']}"),
        ("agreements", ", ".join(each["name"] or each["agreement"][:16] for each in node["agreements"]) or "none"),
        *(
            (f"peer {party}", f"link {peer['link']}, {peer['address'] or 'no address'}")
            for party, peer in node["peers"].items()
        ),
        *((f"alarm {name}", text) for name, text in node["alarms"].items()),
    ])  # fmt: skip


@click.command("check")
@directory
@as_json
def check(directory: Path, as_json: bool) -> None:
    """Check every link of the chain and name the broken ones. Exit code 1 when something is wrong.

    \b
    Example: entente node check /var/lib/entente
    """
    target = Target(directory)
    links = list(chain(target))
    broken = [link for link in links if not link.holds]
    if as_json:
        show_json(target.answer(ok=not broken, links=[link.to_json() for link in links]))
    else:
        _show(target, links)
    if broken:
        raise click.exceptions.Exit(REFUSED)


def _show(target: Target, links: list[Link]) -> None:
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console

    broken = [link.name for link in links if not link.holds]
    screens.heading(target, f"broken: {', '.join(broken)}" if broken else "everything holds")
    for link in links:
        mark = Text("ok     ", "green") if link.holds else Text("BROKEN ", "bold red")
        console().print(mark + Text(f"{link.name}: {link.text}"), soft_wrap=True)
        if not link.holds:
            click.echo(f"       remedy: {link.remedy}")


def chain(target: Target) -> Iterator[Link]:
    """Every link, from the directory outwards; what needs a running node is left out where there is none."""
    from entente.node.errors import NodeError

    yield _closed(target)
    yield _disk(target)
    yield from _certificates(target)
    try:
        node = target.call("node.status")
    except NodeError as error:
        yield Link("running", False, str(error), error.remedy)
        return
    yield Link("running", True, f"{node['software']}, port {node['port']}")
    yield _clock(node)
    yield from _peers(target, node)
    yield from _agreements(target, node)
    yield from _alarms(node)


def _closed(target: Target) -> Link:
    for path in (target.path, target.path / "keys", *(target.path / "keys").glob("*.key")):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return Link("directory", False, f"others may open {path} (mode {mode:04o})", f"chmod -R go= {target.path}")
    return Link("directory", True, f"{target.path} is closed to others")


def _disk(target: Target) -> Link:
    free = shutil.disk_usage(target.path).free
    text = f"{free // (1024 * 1024)} MiB free"
    return Link("disk", free >= DISK_FREE, text, "Free space on the disk that holds the node's directory.")


def _certificates(target: Target) -> Iterator[Link]:
    """Certificates live in real time, on a simulated node too."""
    from entente.node.setup import read_card
    from entente.sealing.certificates import not_after

    now = datetime.now(UTC)
    cards = {path.stem: read_card(path.read_bytes()) for path in target.home.peer_cards()}
    certificates = {target.party: (target.path / "tls" / "cert.pem").read_bytes()}
    certificates |= {party: card.tls_certificate.encode() for party, card in cards.items()}
    for party, certificate in certificates.items():
        until = not_after(certificate)
        days = (until - now).days
        yield Link(
            f"certificate of {party}",
            until - now > EXPIRY_WARNING,
            f"valid to {until:%Y-%m-%d} in real time, {days} days",
            "Renew it, and give the peers the new card before it ends.",
        )


def _clock(node: dict[str, Any]) -> Link:
    uncertainty = node["uncertainty_ms"]
    if uncertainty is None:
        return Link("clock", False, "its uncertainty is unknown", "Let chrony or ntpd discipline the clock.")
    return Link(
        "clock",
        uncertainty <= MAX_UNCERTAINTY,
        f"{node['now']} ±{uncertainty} ms",
        "Let chrony or ntpd discipline the clock; near a change of status release is refused meanwhile.",
    )


def _peers(target: Target, node: dict[str, Any]) -> Iterator[Link]:
    if not node["peers"]:
        yield Link("peers", False, "no party is paired", f"Pair one: entente node pair {target.path} CARD")
    for party, peer in node["peers"].items():
        heard = f"last heard {peer['last_heard']}" if peer["last_heard"] else "not heard since the start"
        yield Link(
            f"link to {party}",
            peer["link"] == "up",
            f"{peer['link']}, {peer['address'] or 'no address'}, {heard}",
            f"See that {peer['address']} can be reached and that the node of {party} runs; or carry bundles.",
        )


def _agreements(target: Target, node: dict[str, Any]) -> Iterator[Link]:
    for each in node["agreements"]:
        name = each["name"] or each["agreement"][:16]
        text = "its own log may be written" if each["ready"] else "START_UNCHECKED: no peer has confirmed its own log"
        remedy = f"Connect a peer; if none can be reached: entente node restart {target.path} {name} --office ID"
        yield Link(f"record of {name}", each["ready"], text, remedy)


def _alarms(node: dict[str, Any]) -> Iterator[Link]:
    for name, text in node["alarms"].items():
        yield Link(f"alarm {name}", False, text, "See the node's log; the alarm is cleared when the trouble is over.")
    for found in node["evidence"]:
        text = f"{found['party']} contradicted its own signature, kept since {found['at']}"
        yield Link("evidence", False, text, "Show it to the party: entente evidence export.")
