"""``entente follow``: items as they come (docs/spec/control.md, "Feeds")."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target, agreement_option, directory
from entente.cli.output import CommandError, as_json, console, from_below, plain, show_error, show_json

if TYPE_CHECKING:
    from rich.text import Text


@click.command("follow")
@directory
@click.option("--stream", metavar="NAME", help="Only the items of this stream.")
@click.option("--payload", is_flag=True, help="Print payloads that are text too. That each is opened is noted.")
@agreement_option
@as_json
def follow(directory: Path, stream: str | None, payload: bool, agreement: str | None, as_json: bool) -> None:
    """Print each item that comes in, in order, until Ctrl-C: one line each, or with --json one value a line.

    What came before is in the inbox. What was opened here is not waiting there any more. Unless only a stream is asked
    for, what comes due is said too, as soon as its alarm rings.

    \b
    Example: entente follow /var/lib/entente --stream track-4711 --payload
    """
    target = Target(directory)
    try:
        asked = {"agreement": agreement, "stream": stream, "payload": payload, "deadlines": stream is None}
        _listen(target, asked, as_json=as_json)
    except Exception as fault:
        error = fault if isinstance(fault, CommandError) else from_below(fault)
        if error is None or not as_json:
            raise
        show_error(error, as_json=True, line=True)
        click.get_current_context().exit(error.exit_code)


def _listen(target: Target, args: dict[str, Any], *, as_json: bool) -> None:
    """Show what the node says until Ctrl-C.

    Raises:
        CommandError: the node closed.
        NodeError: it refused.
    """
    from entente.node.control import ask, told

    with ask(target.home.control, "item.follow", args) as connection, contextlib.suppress(ConnectionError):
        try:
            for line in connection.makefile("rb"):
                answer = told(json.loads(line))
                if "ok" in answer:
                    _begin(target, args["stream"], as_json=as_json)
                elif as_json:
                    show_json(target.answer(**answer), line=True)
                elif "deadline" in answer:
                    _due(target, answer)
                else:
                    _show(answer)
        except KeyboardInterrupt:
            return
    text = "the node closed: it was stopped, or what it told was not read"
    raise CommandError("ENDED", text, "Items may have come since: entente inbox")


def _begin(target: Target, stream: str | None, *, as_json: bool) -> None:
    """Say that it has begun: from here on nothing is missed."""
    if as_json:
        show_json(target.answer(following=stream), line=True)
        return
    from entente.cli import screens

    screens.heading(target, f"following stream {stream}" if stream else "following")


def _show(said: dict[str, Any]) -> None:
    console().print(line_of(said["item"]), soft_wrap=True)
    if "text" in said:
        text = plain(said["text"], lines=True)
        click.echo("".join(f"    {each}\n" for each in text.splitlines()), nl=False)


def _due(target: Target, said: dict[str, Any]) -> None:
    from entente.cli.overview import rings

    several = len(target.call("node.status")["agreements"]) > 1
    rings(target.path, said["deadline"], said["zone"], said["agreement"] if several else None)


def line_of(item: dict[str, Any]) -> "Text":
    """An item in one line; what others wrote in it cannot steer the terminal."""
    from rich.text import Text

    from entente.cli import screens

    number, sender = str(item["number"]), plain(item["party"])
    if not item["held"]:
        return Text(f"{number}  from {sender}  not held (any more)")
    level = item["level"]
    if item["corresponding"] not in (None, level):
        level += f" = {item['corresponding']}"
    limits = [*([f"REL TO {', '.join(item['rel_to'])}"] if item["rel_to"] is not None else []), *item["caveats"]]
    stream = item["stream"]
    return Text("  ").join([
        Text(number),
        Text(item["precedence"], "bold red" if item["precedence"] == "FLASH" else ""),
        screens.reality(item["reality"]),
        Text(plain(" ".join([level, *limits]))),
        Text(f"from {sender}"),
        *([Text(f"{stream['stream']} {stream['number']}")] if stream else []),
        Text(screens.size(item["size"])),
        Text(plain(item["title"])),
    ])  # fmt: skip
