"""``entente log``, ``bundle``, ``evidence`` and ``verify``: the record, carried by hand, shown, and checked offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from entente.cli.client import Target, agreement_argument, directory, output_path, waiting
from entente.cli.output import REFUSED, CommandGroup, InputError, as_json, plain, read_input, show_json

MAX_ROOT = 128 * 1024


@click.command("log")
@directory
@agreement_argument
@as_json
def log(directory: Path, agreement: str | None, as_json: bool) -> None:
    """Show every entry of every party's log, in the order in which this node came to hold them.

    \b
    Example: entente log /var/lib/entente
    """
    target = Target(directory)
    shown = target.call("log.show", agreement=agreement)
    if as_json:
        show_json(target.answer(**shown))
        return
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console

    zone = target.call("agreement.status", agreement=shown["agreement"])["zone"]
    screens.heading(target, f"record of agreement {shown['agreement']}")
    grid = screens.table("log", "entry", "kind", f"local time of {zone}", "bytes", "what", folds=["what"])
    for entry in shown["entries"]:
        act = entry["act"]
        what = Text(_act_words(act) if act else "")
        if entry["reality"]:
            what = Text.assemble(screens.reality(entry["reality"]), f" {entry['precedence']}")
        name = f"{entry['writer']}/{entry['incarnation'][:4]}"
        when = screens.local(entry["instant"], zone)
        grid.add_row(name, str(entry["seq"]), entry["kind"], when, str(entry["bytes"]), what)
    console().print(grid)
    for head in shown["heads"]:
        none = "cosigned by nobody" if head["writer"] == target.party else "cosigned by this node"
        held = ", ".join(f"{party} holds {size}" for party, size in head["cosigned"].items()) or none
        name = f"{head['writer']}/{head['incarnation']}"
        console().print(Text(f"{name}: {head['size']} entries, root {head['root'][:16]}; {held}"))


def _act_words(act: Mapping[str, Any]) -> str:
    offices = f"offices {act['office']} and {act['second']}" if act["second"] else f"office {act['office']}"
    return f"{act['id']} {act['kind'].replace('_', ' ')}, {offices}"


@click.group(cls=CommandGroup)
def bundle() -> None:
    """Carry what a peer lacks by hand, between networks that do not touch."""


@bundle.command("export")
@directory
@click.argument("peer", metavar="PEER")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@as_json
def bundle_export(directory: Path, peer: str, file: Path, as_json: bool) -> None:
    """Write everything PEER has not confirmed yet into a new FILE, sealed for PEER alone.

    \b
    Example: entente bundle export /var/lib/entente jp to-jp.bundle
    """
    target = Target(directory)
    with waiting("The node writes the bundle"):
        answer = target.call("bundle.export", peer=peer, path=output_path(file))
    if as_json:
        show_json(target.answer(**{**answer, "path": str(file)}))
        return
    kind = "SIMULATED " if target.simulated else ""
    click.echo(
        f"{kind}{target.party}: {file} is sealed for {peer}: {answer['frames']} frames, {answer['bytes']} bytes."
    )


@bundle.command("import")
@directory
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@as_json
def bundle_import(directory: Path, file: Path, as_json: bool) -> None:
    """Take in a bundle from a peer, through the same doors as the link.

    \b
    Example: entente bundle import /var/lib/entente from-kr.bundle
    """
    target = Target(directory)
    with waiting("The node takes in the bundle"):
        answer = target.call("bundle.import", path=output_path(file))
    if as_json:
        show_json(target.answer(**answer))
    else:
        kind = "SIMULATED " if target.simulated else ""
        click.echo(f"{kind}{target.party}: {answer['frames']} frames of {answer['from']} taken in.")
        for refused in answer["refused"]:
            click.echo(f"  not kept: {refused['code']}: {refused['message']}")
    if answer["refused"]:
        raise click.exceptions.Exit(REFUSED)


@click.group(cls=CommandGroup)
def evidence() -> None:
    """Write everything an offline check needs into one file."""


@evidence.command("export")
@directory
@click.argument("names", metavar="[AGREEMENT] FILE", nargs=-1, required=True)
@click.option("--disclose", is_flag=True, help="Show this party's items in clear; otherwise they are withheld.")
@as_json
def evidence_export(directory: Path, names: Sequence[str], disclose: bool, as_json: bool) -> None:
    """Write the record of an agreement into a new FILE, for: entente verify. Root keys are not in it.

    \b
    Example: entente evidence export /var/lib/entente record.evidence
    """
    if len(names) > 2:
        raise click.UsageError(f"Got unexpected extra argument ({names[2]})")
    target, file = Target(directory), Path(names[-1])
    agreement = names[0] if len(names) == 2 else None
    with waiting("The node writes the evidence"):
        answer = target.call("evidence.export", agreement=agreement, path=output_path(file), disclose=disclose)
    if as_json:
        show_json(target.answer(**{**answer, "path": str(file)}))
        return
    kind = "SIMULATED " if target.simulated else ""
    items = "items disclosed" if disclose else "items withheld"
    click.echo(f"{kind}{target.party}: {file}: {answer['entries']} entries of {answer['logs']} logs, {items}.")
    click.echo(f"Check it: entente verify {file} --root ROOT.json for each party, the root cards given separately.")


@click.command("verify")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "--root",
    "roots",
    multiple=True,
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A party's root card (or pairing card), got from the party and not with the evidence. One for each party.",
)
@as_json
def verify(path: Path, roots: Sequence[Path], as_json: bool) -> None:
    """Check an evidence file offline: every log, signature, receipt and release, and both registers.

    Needs no node and trusts neither party. Exit code 0: everything shown holds; 1: found wanting, or a damaged file; 2:
    no evidence file at all.

    \b
    Example: entente verify record.evidence --root jp.root.json --root kr.root.json
    """
    from entente.record.report import render
    from entente.record.verify import verify as check

    cards = [root_card(file) for file in roots]
    report = check(evidence_bytes(path), cards)
    if as_json:
        show_json(report.to_json())
    else:
        for line in render(report):
            click.echo(plain(line))
    if not report.ok:
        raise click.exceptions.Exit(REFUSED)


def evidence_bytes(path: Path) -> bytes:
    """The bytes of an evidence file, whatever is in it.

    Raises:
        InputError: it cannot be read, or is no evidence file.
    """
    from entente.record.evidence import MAGIC

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            "CANNOT_READ", f"{path}: {error.strerror}", "Name a file that exists and may be read."
        ) from None
    if not data.startswith(MAGIC):
        raise InputError("NOT_EVIDENCE", f"{path} is no evidence file", "Write one with: entente evidence export.")
    return data


def root_card(file: Path) -> bytes:
    """The bytes of a root card, also out of a pairing card.

    Raises:
        InputError: it is neither, or cannot be read.
    """
    from entente.sealing.errors import SealingError
    from entente.sealing.identity import parse_card, parse_root

    data = read_input(file, MAX_ROOT)
    try:
        if b'"entente/card/1"' in data[:64]:
            return parse_card(data).root
        parse_root(data)
    except SealingError as error:
        raise InputError(error.code, f"{file}: {error}", error.remedy) from None
    return data
