"""``entente deadlines``: what comes due, who has seen the alarms, and a calendar of it."""

from pathlib import Path

import click

from entente.cli.client import Target, agreement_option, directory
from entente.cli.output import CommandGroup, InputError, as_json, console, show_json


@click.group("deadlines", cls=CommandGroup)
def deadlines() -> None:
    """What comes due around an agreement; nothing here ends or prolongs anything."""


@deadlines.command("list")
@directory
@agreement_option
@as_json
def list_command(directory: Path, agreement: str | None, as_json: bool) -> None:
    """List the ends, notice days, reviews and actions to come, and the alarms that nobody has acknowledged yet.

    Alarms ring 30, 7 and 1 days, 6 hours and 1 hour before; each until an officer acknowledges it.

    \b
    Example: entente deadlines list /var/lib/entente
    """
    target = Target(directory)
    found = target.call("deadline.list", agreement=agreement)
    if as_json:
        show_json(target.answer(deadlines=found))
        return
    from entente.cli import screens

    screens.heading(target, "deadlines")
    if not found:
        click.echo("None.")
        return
    from entente.cli.overview import rings

    status = target.call("agreement.status", agreement=agreement)
    zone, which = status["zone"], status["agreement"] if agreement is not None else None
    grid = screens.table(f"at ({zone}), or by", "what", "rests on", "alarm", folds=["what", "alarm"])
    for line in found:
        at = screens.day(line["day"]) if line.get("day") else screens.short(line["at"], zone)
        grid.add_row(at, line["what"], line["rests_on"], _alarm(line["alarm"], zone))
    console().print(grid)
    for line in found:
        if line["alarm"] is not None and line["alarm"]["acknowledged"] is None:
            rings(directory, line, zone, which)


def _alarm(alarm: dict[str, dict[str, str]] | None, zone: str) -> str:
    from entente.cli import screens

    if alarm is None:
        return "not yet"
    seen = alarm["acknowledged"]
    return f"seen by {seen['person']}, {screens.short(seen['at'], zone)}" if seen else "RINGS"


@deadlines.command("acknowledge")
@directory
@click.argument("alarm", metavar="ALARM")
@click.option("--person", required=True, metavar="ID", help="Who has seen it: an id known inside the party.")
@agreement_option
@as_json
def acknowledge(directory: Path, alarm: str, person: str, agreement: str | None, as_json: bool) -> None:
    """Note that an officer has seen an alarm: it rings no more, the next one does. Cannot be undone.

    \b
    Example: entente deadlines acknowledge /var/lib/entente end-2019-11-22T15:00:00.000Z/PT6H --person t1
    """
    target = Target(directory)
    done = target.call("deadline.acknowledge", agreement=agreement, alarm=alarm, person=person)
    if as_json:
        show_json(target.answer(**done))
        return
    click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: {alarm} was seen by {person}.")


@deadlines.command("calendar")
@directory
@click.argument("out", metavar="OUT.ics", type=click.Path(path_type=Path))
@agreement_option
@as_json
def calendar(directory: Path, out: Path, agreement: str | None, as_json: bool) -> None:
    """Write deadlines, meetings and rounds as an iCalendar file, alarms included.

    \b
    Example: entente deadlines calendar /var/lib/entente agreement.ics
    """
    target = Target(directory)
    made = target.call("deadline.calendar", exact=True, agreement=agreement)
    try:
        with out.open("x", encoding="utf-8", newline="") as file:
            file.write(made["calendar"])
    except FileExistsError:
        raise InputError("EXISTS", f"{out} exists already", "Name a new file; nothing was overwritten.") from None
    except OSError as error:
        raise InputError("NO_FILE", f"{out} cannot be written: {error.strerror}", "Name another file.") from error
    if as_json:
        show_json(target.answer(path=str(out.absolute()), entries=made["entries"]))
        return
    click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: {made['entries']} entries in {out}.")
