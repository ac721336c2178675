"""Signing where the office sits: read the bytes, compare them with what was asked, show them, and only then sign.

The node prepares the bytes and is not believed: a statement is decoded here, in its one canonical form, and every field
compared. A node that was taken over can refuse to serve its offices; it cannot make them sign something else.
"""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from entente.cli.client import Target
from entente.cli.output import CommandError
from entente.cli.passphrase import Passphrases

if TYPE_CHECKING:
    from entente.record.bodies import RestartStatement
    from entente.sealing.canonical import Wire

W = TypeVar("W", bound="Wire")
_REMEDY = "Nothing was signed. Treat the node as taken over until this is explained."


def confirm(warning: str, *, yes: bool, as_json: bool) -> None:
    """Say what cannot be undone, and ask a person who is there.

    Without a terminal nobody is asked: the passphrase that the caller provides for this very command is the decision.

    Raises:
        click.Abort: the person said no.
    """
    if not as_json:
        click.echo(warning)
    if not yes and sys.stdin.isatty():
        click.confirm("Go on?", abort=True, err=True)


def check_office(target: Target, office: str) -> None:
    """Refuse, before anything is prepared, an office whose key is not here.

    Raises:
        CommandError: it is not.
    """
    if office not in target.home.offices():
        known = ", ".join(target.home.offices()) or "none"
        raise CommandError("NO_KEY", f"the key of office {office!r} is not kept here", f"Kept here: {known}.")


def read_statement(kind: type[W], data: bytes) -> W:
    """The statement in the bytes that the node prepared.

    Raises:
        CommandError: they are not the canonical encoding of one.
    """
    from entente.sealing.canonical import NotCanonicalError, decode

    try:
        return decode(kind, data)
    except NotCanonicalError as error:
        raise CommandError("OTHER_BYTES", f"the node prepared something else: {error}", _REMEDY) from error


def compare(what: str, said: Mapping[str, object], asked: Mapping[str, object]) -> None:
    """Refuse a statement that does not say what was asked for, field by field.

    Raises:
        CommandError: it says something else.
    """
    wrong = [name for name, value in asked.items() if said[name] != value]
    if wrong:
        raise CommandError(
            "OTHER_BYTES", f"the {what} that the node prepared differs from what was asked: {', '.join(wrong)}", _REMEDY
        )


def fields(statement: "Wire") -> dict[str, object]:
    """A statement's fields by name."""
    return {name: getattr(statement, name) for name in statement.__struct_fields__}


def check_restart(target: Target, data: bytes, agreement: str) -> "RestartStatement":
    """The restart statement that the node prepared, if it is this party's under that agreement.

    Raises:
        CommandError: it says something else.
    """
    from entente.record.bodies import RestartStatement

    statement = read_statement(RestartStatement, data)
    compare(
        "restart statement",
        fields(statement),
        {"schema": "entente/restart/1", "agreement": bytes.fromhex(agreement), "party": target.party},
    )
    return statement


def sign(target: Target, office: str, kind: str, data: bytes, passphrases: Passphrases) -> dict[str, str]:
    """The office's signature over bytes that were read, as the node takes it.

    Raises:
        NodeError: the office's key is not here, or the passphrase does not open it.
    """
    from entente.node.keyring import unlock_office

    check_office(target, office)
    key = unlock_office(target.home.key_file(f"office-{office}"), passphrases.get(f"office {office}"))
    signature = key.sign(kind, data)
    return {"suite": signature.suite, "ed25519": signature.ed25519.hex(), "mldsa65": signature.mldsa65.hex()}
