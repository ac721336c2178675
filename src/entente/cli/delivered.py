"""``entente act delivered``: an act reached a party by another way than the link, signed by the offices that bind."""

import hashlib
from pathlib import Path
from typing import Any

import click

from entente.cli.client import Target, agreement_option, directory
from entente.cli.instants import instant as instant_of
from entente.cli.output import as_json, read_input, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

MAX_EVIDENCE = 64 * 1024 * 1024
WARNING = "In this party's view the act counts by it. It cannot be undone."


@click.command("delivered")
@directory
@click.argument("act_id", metavar="ACT")
@click.option("--to", "party", required=True, metavar="PARTY", help="The party that it was delivered to.")
@click.option("--instant", "instant_text", required=True, metavar="INSTANT", help="When, as on the stamped copy.")
@click.option("--channel", required=True, metavar="TEXT", help="By what way: note, courier, hand.")
@click.option(
    "--evidence",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The stamped copy or courier certificate; its digest goes into the record, the file stays here.",
)
@click.option("--office", required=True, metavar="ID", help="The office that signs; it has to bind the party.")
@click.option("--second-office", metavar="ID", help="A second one, where the terms ask for two persons.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@agreement_option
@passphrase_option
@as_json
def delivered(
    directory: Path, act_id: str, party: str, instant_text: str, channel: str, evidence: Path, office: str,
    second_office: str | None, yes: bool, agreement: str | None, passphrases: Passphrases, as_json: bool,
) -> None:  # fmt: skip
    """Claim that an act of this party was delivered by another way than the link, with evidence.

    It counts in this party's own view, so it is signed as the act is.

    \b
    Example: entente act delivered /var/lib/entente kr-4 --to jp --instant 2019-11-22T18:00:00+09:00
             --channel note --evidence stamped-copy.pdf --office treaty
    """
    from entente.cli import screens
    from entente.cli.signing import check_office, compare, confirm, fields, read_statement, sign
    from entente.domain.agreement.instants import format_instant
    from entente.record.bodies import DeliveredClaim

    target = Target(directory)
    offices = [each for each in (office, second_office) if each is not None]
    for each in offices:
        check_office(target, each)
    at, digest = instant_of(instant_text, "--instant"), hashlib.sha256(read_input(evidence, MAX_EVIDENCE))
    asked: dict[str, Any] = {"act": act_id, "party": party, "channel": channel}
    prepared = target.call(
        "delivery.prepare", agreement=agreement, instant=format_instant(at), evidence=digest.hexdigest(), **asked
    )
    data = bytes.fromhex(prepared["statement"])
    expected = {"agreement": bytes.fromhex(prepared["agreement"]), "by": target.party, "instant": at}
    compare("claim", fields(read_statement(DeliveredClaim, data)), asked | expected | {"evidence": digest.digest()})
    if not as_json:
        screens.heading(target, f"{act_id} was delivered to {party}")
        shown = [("at", format_instant(at)), ("by", channel), ("evidence", f"{evidence} {digest.hexdigest()}")]
        screens.facts([("agreement", prepared["agreement"]), *shown, ("signed by", ", ".join(offices))])
    confirm(WARNING, yes=yes, as_json=as_json)
    signed: list[dict[str, Any]] = [
        {"office": name, "signature": sign(target, name, "delivered", data, passphrases)} for name in offices
    ]
    answer = target.call("delivery.commit", second=signed[1] if signed[1:] else None, **prepared, **signed[0])
    if as_json:
        show_json(target.answer(act=act_id, to=party, instant=format_instant(at), **answer))
        return
    click.echo(f"Written as entry {answer['entry']}: {act_id} reached {party} at {format_instant(at)}.")
