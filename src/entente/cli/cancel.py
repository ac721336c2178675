"""``entente cancel``: tell everyone who has an item that it no longer holds."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.approving import Approved, approval_options, lines_of
from entente.cli.client import Target, agreement_option, directory, waiting
from entente.cli.output import as_json
from entente.cli.passphrase import Passphrases, passphrase_option
from entente.cli.release import decide

if TYPE_CHECKING:
    from entente.record.bodies import TransferHeader


@click.command("cancel")
@directory
@click.argument("item", metavar="ITEM")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is the title of the cancel.")
@approval_options
@agreement_option
@passphrase_option
@as_json
def cancel(
    directory: Path,
    item: str,
    reason: str,
    approved: Approved,
    agreement: str | None,
    passphrases: Passphrases,
    as_json: bool,
) -> None:
    """Cancel ITEM, which this party gave: its id, as in the register.

    The cancel goes to everyone who has the item, marked as the item was and at its precedence. It destroys nothing:
    what was given stays protected for as long as it is held.

    \b
    Example: entente cancel /var/lib/entente 2f6c... --reason "A false alarm" --office release --person r1
    """
    target = Target(directory)
    approved.check(target)
    first = lines_of(target, agreement, item)[0]
    with waiting("The node composes the cancel"):
        composed = target.call("item.cancel", agreement=agreement, item=item, reason=reason, standing=approved.standing)
    read = partial(_check, target, first=first, reason=reason, standing=approved.standing, composed=composed)
    decide(target, composed, read, approved, passphrases, file=None, as_json=as_json)


def _check(
    target: Target, data: bytes, *, first: dict[str, Any], reason: str, standing: str | None, composed: dict[str, Any]
) -> "TransferHeader":
    """The header in the bytes that the node prepared: a cancel of that item, marked and addressed as it was."""
    from entente.cli.signing import compare, fields, read_statement
    from entente.record.bodies import MarkingBody, Relation, TransferHeader

    header = read_statement(TransferHeader, data)
    rel_to = tuple(first["rel_to"]) if first["rel_to"] is not None else None
    expected = {
        "schema": "entente/transfer/2",
        "item": composed["item"],
        "agreement": bytes.fromhex(composed["agreement"]),
        "sender": target.party,
        "title": reason,
        "filename": "",
        "media_type": first["media_type"],
        "marking": MarkingBody(first["level"], target.party, tuple(first["caveats"]), rel_to),
        "purpose": first["purpose"],
        "precedence": first["precedence"],
        "reality": first["reality"],
        "standing": standing,
        "relation": Relation("cancel", first["item"]),
        "stream": None,
    }
    said = fields(header)
    compare("cancel", said, expected)
    strangers = sorted(set(header.recipients) - set(first["recipients"]))
    compare("cancel", {"recipients": strangers}, {"recipients": []})
    return header
