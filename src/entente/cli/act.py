"""``entente act``: formal acts, each prepared by the node, read and signed here by an office, committed by the node."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from entente.cli.approving import draft_option
from entente.cli.client import Target, agreement_option, directory, output_path
from entente.cli.delivered import delivered
from entente.cli.instants import instant as instant_of
from entente.cli.output import CommandGroup, InputError, as_json, plain, read_input, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.domain.agreement.terms import Agreement
    from entente.record.bodies import ActStatement

MAX_DOCUMENT = 1024 * 1024
IRREVOCABLE = "Once written it cannot be undone, except by another act where the terms allow one."


class Form(NamedTuple):
    """A kind of act: what it does, the article and the section of docs/spec/lifecycle.md it rests on, what it takes."""

    does: str
    topic: str
    section: str
    takes: tuple[str, ...] = ()


FORMS: dict[str, Form] = {
    "sign": Form("Sign the agreement document.", "force", "2", ("signed",)),
    "notify_completion": Form(
        "Notify that this party's internal procedures for entry into force are complete.", "force", "2"
    ),
    "notice_of_termination": Form("Give notice under the termination clause.", "termination", "4"),
    "suspend_notice": Form("Suspend the effect of this party's own notice.", "termination", "5", ("refs",)),
    "resume_notice": Form("Wake a suspended notice.", "termination", "5", ("refs",)),
    "withdraw": Form("Take back this party's own notices or suspensions.", "termination", "5", ("refs",)),
    "agree_termination": Form(
        "Consent to end at a named instant; counts when every party names the same.", "termination", "4", ("instant",)
    ),
    "suspend_operation": Form("Suspend operation: release stops, every clock runs on.", "operation", "6"),
    "resume_operation": Form("Lift a suspension of operation.", "operation", "6"),
    "amend": Form(
        "Adopt a new document; counts when every party adopts it for the same instant.",
        "amendment",
        "6",
        ("document", "effective"),
    ),
    "declare_reading": Form("State how this party reads a suspended notice from now on.", "reading", "5", ("reading",)),
}
_TAKES = {
    "refs": click.option("--ref", "refs", multiple=True, required=True, metavar="ID", help="An earlier act's id."),
    "instant": click.option("--instant", required=True, metavar="INSTANT", help="When it is to end."),
    "document": click.option("--document", required=True, metavar="FILE|DIGEST", help="The document adopted."),
    "effective": click.option("--effective", required=True, metavar="INSTANT", help="From when it is to hold."),
    "signed": click.option(
        "--document", "signed", metavar="FILE", type=click.Path(path_type=Path), help="The file that you mean to sign."
    ),
    "reading": click.option("--reading", required=True, type=click.Choice(["asleep", "spent"]), help="The reading."),
}
_EXAMPLES = {
    "refs": "--ref kr-3",
    "instant": "--instant 2020-03-31T15:00:00Z",
    "document": "--document amended.toml",
    "effective": "--effective 2020-01-01T00:00:00+09:00",
    "signed": "--document jp-kr-2016.toml",
    "reading": "--reading spent",
}


class Acts(CommandGroup):
    """The kinds of acts as commands; ``suspend_notice`` and ``suspend-notice`` are the same."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a kind."""
        return super().get_command(ctx, cmd_name.replace("_", "-"))


@click.group(cls=Acts)
def act() -> None:
    """Write a formal act of this party, signed by an office that binds it.

    \b
    Example: entente act suspend-notice /var/lib/entente --ref kr-3 --office treaty
    """


def _add(kind: str, form: Form) -> None:
    name = kind.replace("_", "-")
    takes = " ".join(_EXAMPLES[field] for field in form.takes)
    example = " ".join(filter(None, (f"entente act {name} /var/lib/entente", takes, "--office treaty")))

    def run(directory: Path, passphrases: Passphrases, as_json: bool, **given: Any) -> None:
        write(Target(directory), kind, given, passphrases, as_json=as_json)

    command: Any = run
    for option in (
        as_json,
        passphrase_option,
        draft_option,
        click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option("--second-office", metavar="ID", help="A second one, where the terms ask for two persons."),
        click.option("--office", required=True, metavar="ID", help="The office that signs; it has to bind the party."),
        click.option("--note", default="", metavar="TEXT", help="A remark that every party will read."),
        *(_TAKES[field] for field in reversed(form.takes)),
        agreement_option,
        directory,
    ):
        command = option(command)
    text = f"{form.does}\n\n{IRREVOCABLE}\n\n\b\nExample: {example}"
    act.add_command(click.command(name, help=text, short_help=form.does)(command))


for _kind, _form in FORMS.items():
    _add(_kind, _form)


def write(target: Target, kind: str, given: dict[str, Any], passphrases: Passphrases, *, as_json: bool) -> None:
    """Prepare, read, show, confirm, sign and commit an act; ``given`` are the command's options.

    Raises:
        CommandError: the node prepared other bytes than were asked for; nothing was signed.
        NodeError: the node refused.
    """
    from entente.cli.drafts import filed
    from entente.cli.signing import check_office, confirm, sign

    offices = [each for each in (given["office"], given["second_office"]) if each is not None]
    for office in offices if given["draft"] is None else ():
        check_office(target, office)
    asked = _asked(target, kind, given)
    prepared = target.call("act.prepare", **asked)
    data = bytes.fromhex(prepared["act"])
    signed = _signed_document(given.get("signed"), prepared["agreement"])
    statement = _check(target, data, asked, prepared, signed)
    if not as_json:
        show(target, statement, offices, signed)
        if prepared["refusal"] is not None:
            click.echo("As the record stands this act would be refused by the lifecycle and change nothing:")
            click.echo(plain("  {code}: {text}".format_map(prepared["refusal"])))
    if given["draft"] is not None:
        paper = {"agreement": prepared["agreement"], "kind": "act", "statement": prepared["act"], "offices": offices}
        filed(target, paper, given["draft"], as_json=as_json)
        return
    confirm(IRREVOCABLE, yes=given["yes"], as_json=as_json)
    first, *more = [{"office": name, "signature": sign(target, name, "act", data, passphrases)} for name in offices]
    written = target.call(
        "act.commit", agreement=prepared["agreement"], act=prepared["act"], second=more[0] if more else None, **first
    )
    if as_json:
        show_json(target.answer(agreement=prepared["agreement"], **written))
        return
    show_written(target, prepared["agreement"], written)


def _asked(target: Target, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments for the node: instants in UTC, the document as a digest that is in the record."""
    from entente.domain.agreement.instants import format_instant

    asked: dict[str, Any] = {"agreement": given["agreement"], "kind": kind, "note": given["note"]}
    asked["refs"] = list(given.get("refs", ()))
    for field in ("effective", "instant"):
        if given.get(field) is not None:
            asked[field] = format_instant(instant_of(given[field], f"--{field}"))
    if given.get("reading") is not None:
        asked["reading"] = given["reading"]
    if given.get("document") is not None:
        asked["document"] = _document(target, given["agreement"], given["document"])
    return asked


def _document(target: Target, agreement: str | None, document: str) -> str:
    """The digest of the document adopted; a file is put into the record first."""
    from entente.domain.agreement.document import digest

    if re.fullmatch("[0-9a-f]{64}", document):
        return document
    path = Path(document)
    own = digest(read_input(path, MAX_DOCUMENT))
    kept = target.call("agreement.document", agreement=agreement, path=output_path(path))["digest"]
    if kept != own:
        raise InputError("CHANGED", f"{document} changed while it was read", "Try again with a file at rest.")
    return own


def _signed_document(path: Path | None, agreement: str) -> "Agreement | None":
    """The document that the person means to sign, if it is the one that the act is under.

    Raises:
        InputError: it is another, or none.
    """
    from entente.domain.agreement.document import digest, parse_agreement
    from entente.domain.agreement.problems import DocumentError

    if path is None:
        return None
    data = read_input(path, MAX_DOCUMENT)
    if digest(data) != agreement:
        raise InputError(
            "OTHER_DOCUMENT",
            f"{path} is not the agreement {agreement}",
            "Name another: --agreement.",
        )
    try:
        return parse_agreement(data)
    except DocumentError as error:
        raise InputError("DOCUMENT_INVALID", f"{path}: {error}", "See: entente agreement check.") from None


def _check(
    target: Target, data: bytes, asked: dict[str, Any], prepared: dict[str, Any], signed: "Agreement | None"
) -> "ActStatement":
    """The statement in the bytes, every field compared with what was asked."""
    from entente.cli.signing import compare, fields, read_statement
    from entente.domain.agreement.instants import parse_instant
    from entente.record.bodies import ActStatement

    statement = read_statement(ActStatement, data)
    agreement = bytes.fromhex(prepared["agreement"])
    digest = bytes.fromhex(asked["document"]) if "document" in asked else None
    expected = {
        "schema": "entente/act/1",
        "agreement": agreement,
        "by": target.party,
        "id": prepared["id"],
        "kind": asked["kind"],
        "refs": tuple(asked["refs"]),
        "digest": agreement if asked["kind"] == "sign" else digest,
        "effective": parse_instant(asked["effective"]) if "effective" in asked else None,
        "instant": parse_instant(asked["instant"]) if "instant" in asked else None,
        "reading": asked.get("reading"),
        "note": asked["note"],
    }
    said = fields(statement)
    expected["roots"] = ()
    if asked["kind"] == "sign":
        trusted = roots(target)
        parties = signed.parties if signed is not None else tuple(party for party, _ in statement.roots)
        expected["roots"] = tuple((party, trusted.get(party, b"")) for party in parties)
        said["by"] = target.party if target.party in parties and len(parties) > 1 else ""
    compare("act", said, expected)
    return statement


def roots(target: Target) -> dict[str, bytes]:
    """The root-card digests that this party compared by voice, and its own."""
    from entente.node.setup import read_card
    from entente.sealing.identity import root_digest

    cards = [read_card(path.read_bytes()) for path in target.home.peer_cards()]
    roots = {card.root_card.party: root_digest(card.root) for card in cards}
    return roots | {target.party: root_digest((target.path / "root.json").read_bytes())}


def show(target: Target, statement: "ActStatement", offices: Sequence[str], signed: "Agreement | None") -> None:
    """Show an act as it is about to be signed, read from its bytes, with the article it rests on."""
    from entente.cli import screens
    from entente.cli.terms import documents_of, in_force, own_zone
    from entente.domain.agreement.instants import format_instant
    from entente.domain.agreement.terms import article_in_words

    status = target.call("agreement.status", agreement=statement.agreement.hex())
    terms = signed or in_force(target, status, documents_of(target, statement.agreement.hex()))
    zone, form = own_zone(target, status, terms), FORMS[statement.kind]
    named = terms.articles.get(form.topic) if terms is not None else None
    article = article_in_words(named) if named is not None else None
    screens.heading(target, f"{status['name'] or statement.agreement.hex()[:16]}  {screens.words(status['title'])}")
    rows = [
        ("act", f"{statement.id}  {statement.kind.replace('_', ' ')}"),
        ("does", form.does),
        ("rests on", article or f"docs/spec/lifecycle.md, section {form.section}"),
        ("agreement", statement.agreement.hex()),
        ("refers to", ", ".join(statement.refs)),
        ("document", statement.digest.hex() if statement.digest and statement.kind != "sign" else ""),
        ("effective", screens.moment(format_instant(statement.effective), zone) if statement.effective else ""),
        ("instant", screens.moment(format_instant(statement.instant), zone) if statement.instant else ""),
        ("reading", statement.reading or ""),
        *((f"root of {party}", digest.hex()) for party, digest in statement.roots),
        ("note", statement.note),
        ("now", screens.moment(status["at"], zone)),
        *(("signed by", f"office {office} of {statement.by}") for office in offices),
    ]
    screens.facts((name, value) for name, value in rows if value)


def show_written(target: Target, agreement: str, written: dict[str, Any]) -> None:
    """Say when an act was written, and who has not acknowledged it yet."""
    from entente.cli import screens
    from entente.cli.terms import documents_of, in_force, own_zone

    status = target.call("agreement.status", agreement=agreement)
    zone = own_zone(target, status, in_force(target, status, documents_of(target, agreement)))
    waiting = [party for party in status["views"] if party != target.party and party not in written["received"]]
    click.echo(f"Written: {written['id']}, entry {written['entry']}, {screens.moment(written['dispatched'], zone)}.")
    if waiting:
        click.echo(f"It counts when received; not yet acknowledged by {', '.join(waiting)}.")


act.add_command(delivered)
