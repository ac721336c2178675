"""What a desk asks beside the steps: a note in words, a series as it stands, and who is expected twice."""

from pathlib import Path
from typing import Any

import click

from entente.cli.client import Target, agreement_option, directory
from entente.cli.output import InputError, as_json, console, show_json
from entente.cli.terms import zones_of


@click.command("text")
@directory
@click.argument("act", metavar="ACT")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--lang", "language", default="en", type=click.Choice(["en", "ja", "ko"]), help="The note's language.")
@click.option("--to", multiple=True, metavar="PARTY", help="To whom it is; all others where left out.")
@click.option("--office", default="", metavar="TEXT", help="The office as it is to stand there; else its id.")
@click.option("--signer", default="", metavar="TEXT", help="Who signs in it, by office or rank.")
@click.option("--authority", default="", metavar="TEXT", help="By what right the office signs.")
@agreement_option
@as_json
def text(
    directory: Path, act: str, out: Path, language: str, to: tuple[str, ...], office: str, signer: str, authority: str,
    agreement: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Write the formal note that records an act, in words, into a new file.

    From the template of its kind, with the article it rests on, who signed it and where it stands in the record.
    ACT may be a draft: `draft-3`. Read it, have it approved (`entente note send --draft`), and send it. Unless the
    terms make notices electronic it says that it records a note and is none.

    \b
    Example: entente note text /var/lib/entente kr-3 note-en.txt --lang en
    """
    target = Target(directory)
    made = target.call(
        "note.text", exact=True, agreement=agreement, act=act, language=language, to=list(to), office=office,
        signer=signer, authority=authority,
    )  # fmt: skip
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(made["text"])
    except FileExistsError:
        raise InputError("EXISTS", f"{out} exists already", "Name a new file; nothing was overwritten.") from None
    except OSError as error:
        raise InputError("NO_FILE", f"{out} cannot be written: {error.strerror}", "Name another file.") from error
    if as_json:
        show_json(target.answer(path=str(out.absolute()), **made))
        return
    click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: the note that records {act} is in {out}.")


@click.command("series")
@directory
@click.argument("matter", metavar="INDICATOR")
@agreement_option
@as_json
def series(directory: Path, matter: str, agreement: str | None, as_json: bool) -> None:
    """Show an indicator's figures as they stand, and every value that was revised.

    \b
    Example: entente indicator series /var/lib/entente kr-indicator-1
    """
    target = Target(directory)
    found = target.call("indicator.series", agreement=agreement, matter=matter)
    if as_json:
        show_json(target.answer(**found))
        return
    from entente.cli import screens

    screens.heading(target, f"{found['id']}  {found['unit']}, {found['source']}")
    grid = screens.table("period", "value", "revised")
    revised: dict[str, list[str]] = {}
    for each in found["revisions"]:
        revised.setdefault(each["period"], []).append(f"{each['old']} until {each['at']}")
    for point in found["points"]:
        grid.add_row(point["period"], point["value"], "; ".join(revised.get(point["period"], [])))
    console().print(grid)
    for name, fault in found["faults"].items():
        click.echo(f"Not counted: file {name[:16]}..., {fault}")


@click.command("conflicts")
@directory
@agreement_option
@as_json
def conflicts(directory: Path, agreement: str | None, as_json: bool) -> None:
    """List meetings and rounds that overlap for somebody; nothing is moved by it.

    \b
    Example: entente meeting conflicts /var/lib/entente
    """
    target = Target(directory)
    found = target.call("meeting.conflicts", agreement=agreement)
    if as_json:
        show_json(target.answer(**found))
        return
    from entente.cli import screens

    screens.heading(target, "conflicts")
    if not found["conflicts"]:
        click.echo("Some may not have been counted." if found["uncounted"] else "None.")
        return
    _, zone, _ = zones_of(target, agreement)
    for each in found["conflicts"]:
        console().print("Expected twice: " + "; ".join(each["who"]), markup=False)
        screens.facts(_engaged(each[which], zone) for which in ("first", "second"))
    if found["more"] or found["uncounted"]:
        click.echo(f"And {found['more']:,} more{', or still more: there are too many to count' * found['uncounted']}.")


def _engaged(engagement: dict[str, Any], zone: str) -> tuple[str, str]:
    from entente.cli import screens

    begins, ends = (screens.short(engagement[name], zone) for name in ("begins", "ends"))
    number = f" round {engagement['round']}" if engagement["round"] else ""
    return f"{engagement['matter']}{number}", f"{begins} to {ends} {zone}"
