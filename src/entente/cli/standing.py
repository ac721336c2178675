"""``entente standing``: approve a class of items in advance, end it at once, list what holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.approving import Approver, signer_options
from entente.cli.client import Target, agreement_option, directory, waiting
from entente.cli.instants import instant as instant_of
from entente.cli.output import CommandGroup, as_json, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.record.bodies import StandingStatement

WARNING = "Every item of this class goes without another signature until it ends or is revoked."
ENDS = "Nothing more goes under it from then on. What was given stays protected for as long as it is held."


@click.group("standing", cls=CommandGroup)
def standing() -> None:
    """Standing releases: a class of items that is approved in advance."""


@standing.command("approve")
@directory
@click.option("--to", "recipients", required=True, multiple=True, metavar="PARTY", help="Who may be given it.")
@click.option("--level", required=True, metavar="MARKING", help="The highest of this party's own markings.")
@click.option("--purpose", "purposes", required=True, multiple=True, metavar="ID", help="For what.")
@click.option(
    "--precedence",
    "precedences",
    required=True,
    multiple=True,
    type=click.Choice(["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"], case_sensitive=False),
    metavar="FLASH|IMMEDIATE|PRIORITY|ROUTINE",
    help="At which precedence.",
)
@click.option(
    "--reality",
    "realities",
    required=True,
    multiple=True,
    type=click.Choice(["actual", "exercise", "test"]),
    help="An exercise's never lets an actual item out.",
)
@click.option("--media-type", "media_types", required=True, multiple=True, metavar="TYPE", help="Of what form.")
@click.option("--caveat", "caveats", multiple=True, metavar="CODE", help="A caveat that an item may bear.")
@click.option(
    "--max-size", required=True, type=click.IntRange(min=1), metavar="BYTES", help="The largest item, in bytes."
)
@click.option("--begins", metavar="INSTANT", help="When it begins; at once where it is left out.")
@click.option("--expires", required=True, metavar="INSTANT", help="The first instant at which it no longer holds.")
@click.option("--note", default="", metavar="TEXT", help="What it is for.")
@signer_options
@agreement_option
@passphrase_option
@as_json
def approve(
    directory: Path,
    by: tuple[Approver, ...],
    yes: bool,
    begins: str | None,
    expires: str,
    agreement: str | None,
    passphrases: Passphrases,
    as_json: bool,
    **given: Any,
) -> None:
    """Approve a class of items in advance; whatever is not named is not allowed.

    The gate still judges each item, at its own instant. Only the recipients named ever see this approval.

    \b
    Example: entente standing approve /var/lib/entente --to kr --level 秘 --purpose missile-warning \\
             --precedence FLASH --reality exercise --media-type application/json \\
             --max-size 4096 --expires 2019-11-22T18:00:00+09:00 --office release --person r1
    """
    from entente.cli.signing import check_office, confirm, sign
    from entente.domain.agreement.instants import format_instant

    if not by:
        raise click.UsageError("Missing option '--office'.")
    target = Target(directory)
    for approver in by:
        check_office(target, approver.office)
    asked: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    asked["to"] = asked.pop("recipients")
    asked["expires"] = format_instant(instant_of(expires, "--expires"))
    if begins is not None:
        asked["begins"] = format_instant(instant_of(begins, "--begins"))
    signers = [each._asdict() for each in by]
    prepared = target.call("standing.prepare", agreement=agreement, signers=signers, **asked)
    data = bytes.fromhex(prepared["statement"])
    statement = _check(target, data, asked, prepared, by)
    if not as_json:
        _show_class(target, prepared["agreement"], shown(statement))
    confirm(WARNING, yes=yes, as_json=as_json)
    signatures = [sign(target, each.office, "standing", data, passphrases) for each in by]
    with waiting("The node writes the standing release"):
        written = target.call(
            "standing.commit",
            agreement=prepared["agreement"],
            statement=prepared["statement"],
            signatures=signatures,
        )
    if as_json:
        show_json(target.answer(agreement=prepared["agreement"], standing=written))
        return
    click.echo(f"Approved: {written['id']}, entry {written['entry']}, until {written['expires']}.")
    click.echo(f"Release under it: entente release {directory} FILE --standing {written['id']} ...")


def _check(
    target: Target, data: bytes, asked: dict[str, Any], prepared: dict[str, Any], by: tuple[Approver, ...]
) -> "StandingStatement":
    """The statement in the bytes, every field compared with what was asked."""
    from entente.cli.signing import compare, fields, read_statement
    from entente.domain.agreement.instants import parse_instant
    from entente.record.bodies import Signer, StandingStatement

    statement = read_statement(StandingStatement, data)
    expected: dict[str, object] = {
        "schema": "entente/standing/1",
        "agreement": bytes.fromhex(prepared["agreement"]),
        "by": target.party,
        "id": prepared["id"],
        "signers": tuple(Signer(each.office, each.person) for each in by),
        "recipients": tuple(asked["to"]),
        "level": asked["level"],
        "max_size": asked["max_size"],
        "expires": parse_instant(asked["expires"]),
        "note": asked["note"],
    }
    for name in ("media_types", "purposes", "precedences", "realities", "caveats"):
        expected[name] = tuple(asked[name])
    if "begins" in asked:
        expected["begins"] = parse_instant(asked["begins"])
    compare("standing release", fields(statement), expected)
    return statement


def shown(statement: "StandingStatement") -> dict[str, Any]:
    """A statement as the node's list shows one, from the bytes that will be signed."""
    from entente.cli.signing import fields
    from entente.domain.agreement.instants import format_instant

    return fields(statement) | {
        "signers": [{"office": each.office, "person": each.person} for each in statement.signers],
        "begins": format_instant(statement.begins),
        "expires": format_instant(statement.expires),
    }


def _show_class(target: Target, agreement: str, line: dict[str, Any]) -> None:
    from entente.cli import screens
    from entente.cli.terms import documents_of, in_force, own_zone

    status = target.call("agreement.status", agreement=agreement)
    zone = own_zone(target, status, in_force(target, status, documents_of(target, agreement)))
    screens.heading(target, f"{status['name'] or agreement[:16]}  a standing release")
    screens.facts([
        ("standing release", f"{line['id']} of {line['by']}"),
        ("to", ", ".join(line["recipients"])),
        ("at most", f"{line['level']}, {screens.size(line['max_size'])}"),
        ("purpose", ", ".join(line["purposes"])),
        ("precedence", ", ".join(line["precedences"])),
        ("reality", ", ".join(each.upper() for each in line["realities"])),
        ("media type", ", ".join(line["media_types"])),
        ("caveats", ", ".join(line["caveats"]) or "none"),
        ("begins", screens.moment(line["begins"], zone)),
        ("expires", screens.moment(line["expires"], zone)),
        ("approved by", "; ".join(f"{each['person']} of office {each['office']}" for each in line["signers"])),
        *((("note", line["note"]),) if line["note"] else ()),
    ])  # fmt: skip


@standing.command("revoke")
@directory
@click.argument("standing_id", metavar="ID")
@click.option("--office", required=True, metavar="ID", help="Any office of this party that may release.")
@click.option("--person", required=True, metavar="ID", help="Who revokes: an id known inside the office.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@agreement_option
@passphrase_option
@as_json
def revoke(
    directory: Path,
    standing_id: str,
    office: str,
    person: str,
    yes: bool,
    agreement: str | None,
    passphrases: Passphrases,
    as_json: bool,
) -> None:
    """End one of this party's standing releases at once.

    What has not left yet does not leave any more.

    \b
    Example: entente standing revoke /var/lib/entente kr-s1 --office release --person r1
    """
    from entente.cli.signing import check_office, compare, confirm, fields, read_statement, sign
    from entente.record.bodies import RevocationStatement

    target = Target(directory)
    check_office(target, office)
    prepared = target.call(
        "standing.revocation", agreement=agreement, standing=standing_id, office=office, person=person
    )
    data = bytes.fromhex(prepared["statement"])
    expected = {
        "schema": "entente/revocation/1",
        "agreement": bytes.fromhex(prepared["agreement"]),
        "by": target.party,
        "id": standing_id,
        "office": office,
        "person": person,
    }
    compare("revocation", fields(read_statement(RevocationStatement, data)), expected)
    if not as_json:
        click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: {standing_id} ends now.")
    confirm(ENDS, yes=yes, as_json=as_json)
    written = target.call(
        "standing.revoke",
        agreement=prepared["agreement"],
        statement=prepared["statement"],
        signature=sign(target, office, "revocation", data, passphrases),
    )
    if as_json:
        show_json(target.answer(agreement=prepared["agreement"], standing=standing_id, **written))
        return
    click.echo(f"Revoked: {standing_id}, entry {written['entry']}.")


@standing.command("list")
@directory
@agreement_option
@as_json
def list_command(directory: Path, agreement: str | None, as_json: bool) -> None:
    """List this party's standing releases, and those of others that name it, with their state.

    \b
    Example: entente standing list /var/lib/entente
    """
    target = Target(directory)
    found = target.call("standing.list", agreement=agreement)
    if as_json:
        show_json(target.answer(standings=found))
        return
    from entente.cli import screens
    from entente.cli.output import console

    screens.heading(target, "standing releases")
    if not found:
        click.echo("None.")
        return
    grid = screens.table("id", "to", "at most", "for", "until (UTC)", "state", folds=["for"])
    for line in found:
        what = [*line["realities"], *line["precedences"], *line["purposes"], *line["media_types"]]
        limits = f"{line['level']}, {screens.size(line['max_size'])}"
        until = line["revoked"] or line["expires"]
        grid.add_row(line["id"], ", ".join(line["recipients"]), limits, " ".join(what), until, line["state"])
    console().print(grid)
