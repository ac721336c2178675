"""``entente inbox``, ``register``, ``open``: what this party holds and gave, and reading it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target, directory, output_path, waiting
from entente.cli.output import as_json, show_json

if TYPE_CHECKING:
    from rich.text import Text

_AGREEMENT = click.option("--agreement", metavar="A", help="Of one agreement only.")


@click.command("inbox")
@directory
@_AGREEMENT
@click.option("--all", "everything", is_flag=True, help="Also what was opened already.")
@as_json
def inbox(directory: Path, agreement: str | None, everything: bool, as_json: bool) -> None:
    """List what was received and not opened yet, the most urgent first.

    \b
    Example: entente inbox /var/lib/entente
    """
    target = Target(directory)
    held = target.call("item.register", direction="held", agreement=agreement)
    urgency = ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE")
    lines = [line for line in held if everything or line["opened"] is None]
    lines.sort(key=lambda line: urgency.index(line.get("precedence", "ROUTINE")))
    if as_json:
        show_json(target.answer(lines=lines))
        return
    _show(target, "inbox", lines, "Nothing is waiting to be opened." if not everything else "Nothing is held.")
    if lines:
        click.echo(f"Open one: entente open {directory} {lines[0]['number']} -o FILE")


@click.command("register")
@directory
@click.option("--given", "direction", flag_value="given", help="What this party gave.")
@click.option("--held", "direction", flag_value="held", help="What this party holds.")
@click.option("--refused", "direction", flag_value="refused", help="What came and was refused.")
@_AGREEMENT
@as_json
def register(directory: Path, direction: str | None, agreement: str | None, as_json: bool) -> None:
    """List the register: every item given, held, and refused on arrival, with its state.

    \b
    Example: entente register /var/lib/entente --given
    """
    target = Target(directory)
    lines = target.call("item.register", direction=direction, agreement=agreement)
    if as_json:
        show_json(target.answer(lines=lines))
        return
    for way, title in (
        ("given", "register, given"),
        ("held", "register, held"),
        ("refused", "register, refused on arrival"),
    ):
        if direction in (None, way):
            _show(target, title, [line for line in lines if line["direction"] == way], "No items.")


@click.command("open")
@directory
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The new file to write."
)
@as_json
def open_command(directory: Path, number: int, output: Path, as_json: bool) -> None:
    """Open the item with this register number into a new file. That it was opened is noted.

    \b
    Example: entente open /var/lib/entente 1 -o track.json
    """
    target = Target(directory)
    with waiting("The node opens the item"):
        line = target.call("item.open", number=number, path=output_path(output))
    if as_json:
        show_json(target.answer(path=str(output), line=line))
        return
    from entente.cli import screens

    screens.heading(target, f"item {line['item']}")
    screens.banner(marked(line), line["reality"])
    screens.facts([
        ("title", line["title"]),
        ("from", line["sender"]),
        ("purpose", line["purpose"]),
        ("released" if line["direction"] == "given" else "received", line["instant"]),
        ("written to", f"{output}, {screens.size(line['size'])}, {line['media_type']}"),
    ])  # fmt: skip
    click.echo("It stays protected under the terms it was released under, whatever the agreement's status.")


def marked(line: dict[str, Any]) -> str:
    """The banner of an item in the register."""
    from entente.domain.marking.banner import banner
    from entente.domain.marking.marking import HeldMarking, Marking

    rel_to = tuple(line["rel_to"]) if line["rel_to"] is not None else None
    marking = Marking(line["level"], line["originator"], tuple(line["caveats"]), rel_to)
    if line["corresponding"] is None or line["direction"] == "given":
        return banner(marking, line["reality"], language="en")
    held = HeldMarking(
        native=marking,
        holder="",
        corresponding=line["corresponding"],
        handling=line.get("handling", False),
        released_under=None,
        table="",
        ask_originator=line["ask_originator"],
    )
    return banner(held, line["reality"], language="en")


def _show(target: Target, title: str, lines: list[dict[str, Any]], nothing: str) -> None:
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console

    screens.heading(target, title)
    if not lines:
        click.echo(nothing)
        return
    zones = {each["agreement"]: each["zone"] for each in target.call("node.status")["agreements"]}
    other = "to" if lines[0]["direction"] == "given" else "from"
    grid = screens.table("no.", "urgency", "marking", other, "title", "local time", "state", folds=["title", "state"])
    for line in lines:
        when = screens.local(line["instant"], zones[line["agreement"]], exact=False).replace(" ", "\n")
        if line["held"]:
            cells = _urgency(line), _marks(line), Text(line["party"]), Text(line["title"])
        else:
            cells = Text(), Text(), Text(line["party"]), Text("not held (any more)", "dim")
        grid.add_row(str(line["number"]), *cells, when, _state(line))
    console().print(grid)
    named = ", ".join(sorted(set(zones.values())))
    console().print(Text(f"local time of {named}; the same in UTC with --json", "dim"))


def _urgency(line: dict[str, Any]) -> "Text":
    from rich.text import Text

    from entente.cli import screens

    style = "bold red" if line["precedence"] == "FLASH" else ""
    return Text.assemble((line["precedence"], style), "\n", screens.reality(line["reality"]))


def _marks(line: dict[str, Any]) -> "Text":
    """The native marking, this party's own beside it, and on a second line what limits it."""
    from rich.text import Text

    level = line["level"]
    if line["corresponding"] not in (None, level):
        level += f" = {line['corresponding']}"
    limits = list(line["caveats"])
    if line["rel_to"] is not None:
        limits.insert(0, f"REL TO {', '.join(line['rel_to'])}")
    return Text(f"{level}\n{' '.join(limits)}".rstrip())


def _state(line: dict[str, Any]) -> str:
    """How an item stands, and first of all what was said of it later."""
    state = str(line["state"])
    if line["direction"] == "held":
        state = "opened" if line["opened"] else "not opened"
    said = [f"CANCELLED by {line['cancelled_by']}"] if line["cancelled_by"] else []
    said += [f"updated by {item}" for item in line["updated_by"]]
    relation = line.get("relation")
    if relation is not None:
        said.append(f"{relation['kind']}s {relation['item']}")
    return "\n".join([*said, state])
