"""``entente release``: compose, read back, approve with one or two office keys, commit."""

import contextlib
import hashlib
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.approving import Approved, Approver, approval_options, as_original
from entente.cli.client import PATIENCE, Target, agreement_option, directory, output_path, waiting
from entente.cli.output import CommandError, InputError, as_json, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.record.bodies import PayloadRef, TransferHeader

CHUNK = 1024 * 1024
IRREVOCABLE = "A release cannot be undone. What was given stays protected for as long as it is held."


@click.command("release")
@directory
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--title", required=True, metavar="TEXT", help="What it is called in both registers.")
@click.option("--level", required=True, metavar="MARKING", help="The originator's own marking, such as 秘.")
@click.option("--purpose", required=True, metavar="ID", help="One of the purposes that the terms allow.")
@click.option("--to", "recipients", multiple=True, metavar="PARTY", help="Who is to have it.")
@click.option(
    "--precedence",
    type=click.Choice(["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"], case_sensitive=False),
    metavar="FLASH|IMMEDIATE|PRIORITY|ROUTINE",
    help="The order on the wire.",
)
@click.option(
    "--reality", required=True, type=click.Choice(["actual", "exercise", "test"]), help="Never left in doubt."
)
@click.option("--caveat", "caveats", multiple=True, metavar="CODE", help="A caveat, such as ORCON.")
@click.option("--rel-to", "rel_to", multiple=True, metavar="PARTY", help="REL TO: nobody but these may have it.")
@click.option("--media-type", metavar="TYPE", help="Of the file; guessed from its name otherwise.")
@click.option("--updates", metavar="ITEM", help="The earlier item that this one brings up to date.")
@click.option("--stream", metavar="ID", help="The ordered feed that it is the next item of; with --standing.")
@approval_options
@agreement_option
@passphrase_option
@as_json
def release(
    directory: Path, file: Path, approved: Approved, passphrases: Passphrases, as_json: bool, **item: Any
) -> None:
    """Release FILE to other parties under the agreement.

    What is approved is read back from the bytes that will be sent, and compared with FILE; the gate is asked before the
    approval and again when the release is committed. Under a standing release nobody signs: the gate asks whether it
    covers the item. An update goes to those who have the item, at its precedence.

    \b
    Example: entente release /var/lib/entente track.json --title "Track 4711" --level 秘 \\
             --purpose missile-warning --to kr --precedence FLASH --reality exercise \\
             --office release --person r1
    """
    if not file.is_file():
        raise InputError("CANNOT_READ", f"{file} is not a file that can be read", "Name the file to release.")
    target = Target(directory)
    approved.check(target)
    if item["updates"] is not None:
        item = as_original(target, item["agreement"], item["updates"], item)
    for name, given in (("--to", item["recipients"]), ("--precedence", item["precedence"])):
        if not given:
            raise click.UsageError(f"Missing option '{name}'.")
    asked = _asked(file, item) | {"standing": approved.standing}
    with waiting("The node reads and seals the file"):
        composed = target.call("item.compose", **asked)
    header = partial(_check, target, asked=asked, composed=composed)
    decide(target, composed, header, approved, passphrases, file=file, as_json=as_json)


def decide(
    target: Target,
    composed: dict[str, Any],
    read: "Callable[[bytes], TransferHeader]",
    approved: Approved,
    passphrases: Passphrases,
    *,
    file: Path | None,
    as_json: bool,
) -> None:
    """Have what the node composed read, shown, approved and released; refused, it is discarded.

    ``read`` checks the header against what was asked; ``file`` is None where there is no payload.

    Raises:
        CommandError: it says something else, or the gate refuses it.
    """
    from entente.node.errors import NodeError

    try:
        _decide(target, file, read, composed, approved, passphrases, as_json=as_json)
    except BaseException:
        with contextlib.suppress(CommandError, NodeError):  # what is told is why it was not released
            target.call("item.discard", item=composed["item"])
        raise


def _decide(
    target: Target,
    file: Path | None,
    read: "Callable[[bytes], TransferHeader]",
    composed: dict[str, Any],
    approved: Approved,
    passphrases: Passphrases,
    *,
    as_json: bool,
) -> None:
    """Read what the node prepared, show it, and have it approved and released, or refuse."""
    data = bytes.fromhex(composed["header"])
    header = read(data)
    _check_payload(file, header.payload, as_json=as_json)
    if not as_json:
        _show(target, header, composed, approved)
    if composed["reasons"]:
        first = composed["reasons"][0]
        reasons = composed["reasons"] if as_json else ()  # a person has just read them on the screen
        raise CommandError(first["code"], first["text"], first["remedy"], reasons=reasons)
    _release(target, header, data, composed, approved, passphrases, as_json=as_json)


def _asked(file: Path, item: dict[str, Any]) -> dict[str, Any]:
    from mimetypes import guess_type

    asked = {**item, "path": output_path(file), "to": list(item["recipients"]), "caveats": list(item["caveats"])}
    del asked["recipients"]
    asked["rel_to"] = list(item["rel_to"]) or None
    asked["media_type"] = item["media_type"] or guess_type(file.name)[0] or "application/octet-stream"
    return asked


def _check(target: Target, data: bytes, *, asked: dict[str, Any], composed: dict[str, Any]) -> "TransferHeader":
    """The header in the bytes that the node prepared, every field compared with what was asked."""
    from entente.cli.signing import compare, fields, read_statement
    from entente.record.bodies import MarkingBody, Relation, TransferHeader

    header = read_statement(TransferHeader, data)
    rel_to = tuple(asked["rel_to"]) if asked["rel_to"] is not None else None
    expected = {
        "schema": "entente/transfer/2",
        "item": composed["item"],
        "agreement": bytes.fromhex(composed["agreement"]),
        "sender": target.party,
        "recipients": tuple(asked["to"]),
        "title": asked["title"],
        "filename": Path(asked["path"]).name,
        "media_type": asked["media_type"],
        "marking": MarkingBody(asked["level"], target.party, tuple(asked["caveats"]), rel_to),
        "purpose": asked["purpose"],
        "precedence": asked["precedence"],
        "reality": asked["reality"],
        "standing": asked["standing"],
        "relation": Relation("update", asked["updates"]) if asked["updates"] is not None else None,
        "stream": asked["stream"],
    }
    stream = header.stream.stream if header.stream is not None else None  # its number is for the node to say
    compare("item", fields(header) | {"stream": stream}, expected)
    return header


def _check_payload(file: Path | None, payload: "PayloadRef", *, as_json: bool) -> None:
    """Refuse where the item does not commit to this file's bytes, or none: nothing is approved but what is sent.

    Raises:
        CommandError: it commits to others.
    """
    from rich.console import Console
    from rich.progress import Progress

    from entente.sealing.seal import PayloadDigest

    console = Console(stderr=True)
    bar = Progress(console=console, transient=True)
    shown = console.is_terminal and not as_json
    began, size = time.monotonic(), 0
    try:
        digest = PayloadDigest(payload.salt)
        total = file.stat().st_size if file is not None else 0
        task = bar.add_task("Comparing the item with the file", total=total)
        with file.open("rb") if file is not None else BytesIO() as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if shown and time.monotonic() - began > PATIENCE:
                    bar.start()
                    bar.update(task, completed=size)
    except (OSError, ValueError) as error:
        raise InputError("CANNOT_READ", f"{file} cannot be compared: {error}", "Name a readable file.") from None
    finally:
        if bar.live.is_started:
            bar.stop()
    if (size, digest.digest()) != (payload.size, payload.digest):
        raise CommandError(
            "OTHER_BYTES",
            f"the item that the node composed does not hold the bytes of {file or 'an empty payload'}",
            "Nothing was approved. If the file did not change meanwhile, treat the node as taken over.",
        )


def _show(target: Target, header: "TransferHeader", composed: dict[str, Any], approved: Approved) -> None:
    from entente.cli import screens
    from entente.cli.terms import documents_of, in_force, own_zone
    from entente.domain.agreement.instants import format_instant
    from entente.domain.agreement.terms import article_in_words
    from entente.domain.marking.banner import banner
    from entente.domain.marking.marking import Marking

    status = target.call("agreement.status", agreement=composed["agreement"])
    terms = in_force(target, status, documents_of(target, composed["agreement"]))
    zone, carried = own_zone(target, status, terms), header.marking
    marking = Marking(carried.level, carried.originator, carried.caveats, carried.rel_to)
    line = banner(marking, header.reality, language="en", agreement=terms)
    screens.heading(target, f"{status['name'] or composed['agreement'][:16]}  a release")
    screens.banner(line, header.reality)
    named = terms.articles.get("purpose") if terms is not None else None
    article = article_in_words(named) if named is not None else None
    screens.facts([
        ("title", header.title),
        ("file", f"{header.filename}, {header.media_type}, {screens.size(header.payload.size)}"),
        ("purpose", header.purpose + (f" ({article})" if article else "")),
        ("precedence", header.precedence),
        *((f"{party} will see", _seen_by(terms, header, party)) for party in header.recipients),
        ("nobody else", "it is released to these parties alone"),
        ("composed", screens.moment(format_instant(header.composed), zone)),
        ("item", header.item),
        *_place(header),
        ("approved by", approved.words()),
    ])  # fmt: skip
    if composed["reasons"]:
        screens.reasons(composed["reasons"])
    else:
        click.echo(f"The gate: nothing stands against it now{approved.still()}. It is asked again at the commit.")


def _place(header: "TransferHeader") -> list[tuple[str, str]]:
    """What the item is to an earlier one, and to a feed."""
    rows = []
    if header.relation is not None:
        rows.append(("updates" if header.relation.kind == "update" else "cancels", header.relation.item))
    if header.stream is not None:
        rows.append(("stream", f"{header.stream.stream}, number {header.stream.number}"))
    return rows


def _seen_by(terms: Any, header: "TransferHeader", party: str) -> str:
    """The file under which of the recipient's own markings, as far as the terms are known here."""
    from entente.domain.marking.equivalence import NoEquivalentLevelError, compile_table

    everything = f"the title and the file, marked {header.marking.level}"
    if terms is None:
        return everything
    try:
        found = compile_table(terms, header.terms.hex()).correspond(header.marking.level, header.sender, party)
    except NoEquivalentLevelError:
        return f"nothing: {header.marking.level} has no counterpart there"
    corresponds = "handled as" if found.handling else "which is"
    return f"{everything}, {corresponds} {found.marking} ({found.common})"


def _release(
    target: Target,
    header: "TransferHeader",
    data: bytes,
    composed: dict[str, Any],
    approved: Approved,
    passphrases: Passphrases,
    *,
    as_json: bool,
) -> None:
    from entente.cli.signing import confirm

    confirm(IRREVOCABLE, yes=approved.yes, as_json=as_json)
    approvals = [_approve(target, header, data, approver, passphrases) for approver in approved.by]
    with waiting("The node commits the release"):
        lines = target.call("item.release", agreement=composed["agreement"], item=composed["item"], approvals=approvals)
    if as_json:
        show_json(target.answer(agreement=composed["agreement"], item=composed["item"], lines=lines))
        return
    kind = f"{header.reality.upper()}, " if header.reality != "actual" else ""
    for line in lines:
        click.echo(f"Released to {line['party']}: {kind}register number {line['number']}, {line['instant']}.")


def _approve(
    target: Target, header: "TransferHeader", data: bytes, approver: Approver, passphrases: Passphrases
) -> dict[str, Any]:
    """One person's approval of exactly this header."""
    from entente.cli.signing import compare, fields, read_statement, sign
    from entente.record.bodies import ApprovalStatement

    prepared = target.call("item.statement", item=header.item, office=approver.office, person=approver.person)
    statement_data = bytes.fromhex(prepared["statement"])
    statement = read_statement(ApprovalStatement, statement_data)
    expected = {
        "schema": "entente/approval/1",
        "agreement": header.agreement,
        "item": header.item,
        "header": hashlib.sha256(data).digest(),
        "office": approver.office,
        "person": approver.person,
    }
    compare("approval", fields(statement), expected)
    signature = sign(target, approver.office, "approval", statement_data, passphrases)
    return {"statement": prepared["statement"], "signature": signature}
