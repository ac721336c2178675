"""``entente node status``, ``node check`` and ``entente debts``: what is broken along the chain, and what is owed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target, directory
from entente.cli.output import REFUSED, CommandError, as_json, show_json

if TYPE_CHECKING:
    from rich.text import Text

    from entente.node.findings import Process

PATIENCE = 10.0
"""Seconds that a node is given to answer before it counts as silent: more than its own look may take."""
STATES = {
    "ok": ("ok      ", "green"),
    "warn": ("WARNING ", "yellow"),
    "unknown": ("unknown ", "yellow"),
    "fail": ("BROKEN  ", "bold red"),
}
"""How a finding's state is shown."""


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
    """Check every link of the chain and name the broken ones, the first of them first. Exit code 1 if any is broken.

    \b
    Example: entente node check /var/lib/entente
    """
    target = Target(directory)
    answer = looked_at(target)
    broken = [finding["id"] for finding in answer["findings"] if finding["state"] == "fail"]
    if as_json:
        show_json(target.answer(ok=not broken, findings=answer["findings"]))
    else:
        _show(target, answer["findings"], broken)
    if broken:
        raise click.exceptions.Exit(REFUSED)


def looked_at(target: Target) -> Any:
    """The findings of the running node; where none answers, what can be seen of its directory without a key."""
    from entente.node import outside
    from entente.node.clock import real_time
    from entente.node.errors import NotReadyError
    from entente.node.findings import findings, shown

    try:
        return target.call("node.health", patience=PATIENCE)
    except NotReadyError as error:
        process: Process = "silent" if error.code == "NO_ANSWER" else "locked" if _taken(target.path) else "stopped"
    return shown(findings(outside.facts(target.home, process, real_time())))


def _taken(path: Path) -> bool:
    """Whether a process has the directory although its doors are closed."""
    from entente.cli.lock import alone

    try:
        with alone(path):
            return False
    except CommandError:
        return True


def _show(target: Target, found: list[dict[str, Any]], broken: list[str]) -> None:
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console, plain

    warned = any(finding["state"] == "warn" for finding in found)
    holds = "nothing is broken; see the warnings" if warned else "everything holds"
    screens.heading(target, f"broken: {', '.join(broken)}" if broken else holds)
    for finding in found:
        word, style = STATES[finding["state"]]
        since = f", since {finding['since']}" if finding["since"] else ""
        console().print(Text(word, style) + Text(plain(f"{finding['id']}: {finding['what']}{since}")), soft_wrap=True)
        if finding["remedy"]:
            click.echo(plain(f"        remedy: {finding['remedy']}"))


@click.command("debts")
@directory
@as_json
def debts(directory: Path, as_json: bool) -> None:
    """List what is owed: items not answered, acts not acknowledged, payloads awaited, cosignatures missing.

    \b
    Example: entente debts /var/lib/entente
    """
    target = Target(directory)
    owed = target.call("debts.show")
    if as_json:
        show_json(target.answer(**owed))
        return
    from entente.cli import screens
    from entente.cli.output import console

    screens.heading(target, owed["now"])
    lines = [*map(_item, owed["items"]), *map(_act, owed["acts"]), *map(_payload, owed["payloads"])]
    lines += map(_cosignature, owed["cosignatures"])
    for line in lines:
        console().print(line, soft_wrap=True)
    listed = sum(owed["unanswered"].values()) - len(owed["items"])
    if listed:
        click.echo(f"and {listed} more items not answered; see: entente register {directory} --given")
    if not lines:
        click.echo("Nothing is owed.")


def _item(item: dict[str, Any]) -> "Text":
    from rich.text import Text

    mark = Text("OVERDUE ", "bold red") if item["overdue"] else Text("waits   ")
    due = f"due {item['due']}" if not item["overdue"] else f"was due {item['due']}"
    return mark + Text(
        f"{item['precedence']} to {item['party']}, line {item['register']} of the register, entry {item['entry']}, "
        f"given {item['since']}, {due}: {item['text']}"
    )


def _act(act: dict[str, Any]) -> str:
    return f"act     {act['act']} of {act['since']}: not acknowledged by {', '.join(act['parties'])}"


def _payload(payload: dict[str, Any]) -> str:
    come = f"{payload['held']} of {payload['bytes']} bytes are here"
    return f"payload of entry {payload['entry']} of {payload['party']}, {payload['precedence']}: {come}"


def _cosignature(lacks: dict[str, Any]) -> str:
    entries = (
        f"entries {lacks['first']} to {lacks['last']}" if lacks["first"] < lacks["last"] else f"entry {lacks['first']}"
    )
    return f"cosignature of {lacks['party']} over {entries}, since {lacks['since']}"
