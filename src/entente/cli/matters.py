"""``entente measure``, ``dialogue``, ``statement`` and the like: one group per kind of matter, made from its table.

Verbs, options and help come from the state tables (``domain/relations``), so that the command says what the record
allows. Texts are files, or what stands after ``LANG=``; an office signs exactly what is shown.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli import desk
from entente.cli.approving import Approver, draft_option, signer_options
from entente.cli.client import Target, agreement_option, directory, waiting
from entente.cli.matter_words import done, example
from entente.cli.output import CommandGroup, InputError, as_json, plain, show_json
from entente.cli.passphrase import Passphrases, passphrase_option
from entente.cli.publish import publish
from entente.cli.terms import zones_of
from entente.domain.relations.fields import Field
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import MAX_TEXT, Kind, a_kind
from entente.domain.relations.table import Table, Verb, always

if TYPE_CHECKING:
    from entente.record.bodies import StepStatement

WARNING = "What is written stays in both parties' records. It cannot be undone; another step may follow it."


_embargoed = click.option(
    "--embargoed", is_flag=True, help="Also what is under embargo: for the desk that works on it."
)


def group_of(kind: Kind) -> click.Group:
    """The commands of one kind of matter."""
    table = TABLES[kind]
    group = CommandGroup(kind, help=table.help, no_args_is_help=True)
    for name, verb in table.verbs.items():
        group.add_command(_command(table, name, verb))
    group.add_command(_list(kind))
    group.add_command(_show(kind))
    return group


def _command(table: Table, name: str, verb: Verb) -> click.Command:
    """One verb as a command."""

    @signer_options
    @draft_option
    @agreement_option
    @passphrase_option
    @as_json
    def run(directory: Path, by: tuple[Approver, ...], yes: bool, agreement: str | None, passphrases: Passphrases,
            as_json: bool, **given: Any) -> None:  # fmt: skip
        _step(table.kind, name, verb, directory, by, yes, agreement, passphrases, as_json, given)

    for option in reversed(_options(table, verb)):
        run = option(run)
    if not verb.opens:
        run = click.argument("matter", metavar=table.kind.upper())(run)
    run = directory(run)
    help_text = f"{verb.help}\n\n\b\nExample: {example(table.kind, name, verb)}"
    return click.command(name.replace("_", "-"), help=help_text)(run)


def _options(table: Table, verb: Verb) -> list[Any]:
    options: list[Any] = [
        click.option(f"--{name.replace('_', '-')}", name, metavar=_metavar(name, field), required=field.required,
                     multiple=field.many or field.languages, help=field.help)
        for name, field in verb.fields.items()
    ]  # fmt: skip
    if verb.texts != "none":
        options.append(
            click.option("--text", "texts", metavar="LANG=FILE", multiple=True, required=verb.texts == "must",
                         help=f"A text in one language, UTF-8, at most {MAX_TEXT:,} bytes; several are one wording.")
        )  # fmt: skip
    options.append(
        click.option("--ref", "refs", metavar="ID", multiple=True, help="An act, matter, item or document it rests on.")
    )
    if verb.opens:
        options.append(
            click.option(
                "--with", "between", metavar="PARTY", multiple=True, help="With whom; with all where left out."
            )
        )
    elif table.visible is not always:
        options.append(_embargoed)
    return options


EVIDENCE = "evidence"
"""The field that names a file by its digest; the file itself stays where it is."""
WORDING = "wording"
"""The field that names proposed texts by their digest; its first digits will do."""


def _metavar(name: str, field: Field) -> str:
    return {EVIDENCE: "FILE|SHA256", WORDING: "SHA256|FIRST-DIGITS"}.get(name, field.metavar)


def _step(kind: Kind, name: str, verb: Verb, path: Path, by: tuple[Approver, ...], yes: bool, agreement: str | None,
          passphrases: Passphrases, as_json: bool, given: dict[str, Any]) -> None:  # fmt: skip
    """Prepare, compare, show, sign and write one step."""
    from entente.cli.drafts import filed
    from entente.cli.matter_read import preview, read_matter, whole_wording
    from entente.cli.signing import check_office, confirm, sign

    if not by:
        raise click.UsageError("Missing option '--office'.")
    target = Target(path)
    for approver in by if given["draft"] is None else ():
        check_office(target, approver.office)
    said = {field: _said(field, spec, given[field]) for field, spec in verb.fields.items() if given[field]}
    if WORDING in said:
        said[WORDING] = whole_wording(
            target, agreement, given["matter"], said[WORDING], embargoed=given.get("embargoed", False)
        )
    texts = [_text(each) for each in given.get("texts", ())]
    asked = {
        "kind": kind, "verb": name, "matter": given.get("matter", ""), "between": list(given.get("between", ())),
        "refs": list(given["refs"]), "embargoed": given.get("embargoed", False),
    }  # fmt: skip
    signers = [each._asdict() for each in by]
    prepared = target.call(
        "step.prepare", exact=True, agreement=agreement, say=said, texts=texts, signers=signers, **asked
    )
    data = bytes.fromhex(prepared["statement"])
    statement = _check(target, data, prepared, asked | {"say": said, "texts": texts}, by)
    about: list[str] = []
    if not verb.opens:
        digest, embargoed = said.get(WORDING), asked["embargoed"]
        about = list(read_matter(target, prepared["agreement"], asked["matter"], digest, embargoed=embargoed))
    if not as_json:
        preview(target, statement, texts, about)
    if given["draft"] is not None:
        paper = {"agreement": prepared["agreement"], "kind": "step", "statement": prepared["statement"], "texts": texts}
        filed(target, paper, given["draft"], as_json=as_json)
        return
    confirm(WARNING, yes=yes, as_json=as_json)
    signatures = [sign(target, each.office, "step", data, passphrases) for each in by]
    with waiting("The node writes the step"):
        written = target.call(
            "step.commit", agreement=prepared["agreement"], statement=prepared["statement"], signatures=signatures,
            texts=texts,
        )  # fmt: skip
    if as_json:
        show_json(target.answer(agreement=prepared["agreement"], **written))
        return
    click.echo(f"Written: {done(statement, written['state'])}; entry {written['entry']}.")


def _said(name: str, field: Field, value: Any) -> Any:
    if name == EVIDENCE:
        return [_digest(each) for each in value] if field.many else _digest(value)
    if not field.languages:
        return list(value) if field.many else value
    found: dict[str, str] = {}
    for each in value:
        lang, equals, text = each.partition("=")
        if not equals or lang in found:
            raise InputError(
                "BAD_OPTION", f"--{name} {each!r} is no LANG=TEXT, or its language stands twice", "Write: en=..."
            )
        found[lang] = text
    return found


def _digest(given: str) -> str:
    """The digest given, or that of the file given."""
    if re.fullmatch("[0-9a-f]{64}", given):
        return given
    try:
        with Path(given).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        text = f"--{EVIDENCE} {given!r} is no SHA-256 and no file that can be read: {error.strerror}"
        raise InputError("NO_FILE", text, "Name the file that shows it, or its digest.") from error


def _text(given: str) -> dict[str, str]:
    lang, equals, file = given.partition("=")
    if not equals:
        raise InputError("BAD_OPTION", f"--text {given!r} is no LANG=FILE", "Such as: --text en=statement.txt")
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError("NO_FILE", f"{path} cannot be read: {error.strerror}", "Name a readable file.") from error
    media_type = "text/csv" if path.suffix == ".csv" else "text/plain"
    return {"lang": lang, "media_type": media_type, "data": base64.b64encode(data).decode()}


def _check(
    target: Target, data: bytes, prepared: Mapping[str, Any], asked: Mapping[str, Any], by: tuple[Approver, ...]
) -> "StepStatement":
    """The statement in the bytes, compared with what was asked: the node that prepared it is not believed."""
    import hashlib

    from entente.cli.signing import compare, fields, read_statement
    from entente.domain.relations.fields import say
    from entente.record.bodies import SaidValue, Signer, StepStatement, TextRef

    statement = read_statement(StepStatement, data)
    verb = TABLES[asked["kind"]].verbs[asked["verb"]]
    texts = [(each["lang"], each["media_type"], base64.b64decode(each["data"])) for each in asked["texts"]]
    expected: dict[str, object] = {
        "schema": "entente/step/1",
        "agreement": bytes.fromhex(prepared["agreement"]),
        "by": target.party,
        "matter": asked["matter"] or prepared["matter"],
        "kind": asked["kind"],
        "verb": asked["verb"],
        **({"opening": b""} if verb.opens else {}),
        "refs": tuple(asked["refs"]),
        "said": tuple(SaidValue(*each) for each in say(verb.fields, asked["say"])),
        "texts": tuple(TextRef(lang, kind, hashlib.sha256(text).digest(), len(text)) for lang, kind, text in texts),
        "signers": tuple(Signer(each.office, each.person) for each in by),
    }
    compare("step", fields(statement), expected)
    between = set(asked["between"]) | {target.party}
    if asked["between"] and set(statement.audience) != between:
        compare("step", {"between": statement.audience}, {"between": tuple(sorted(between))})
    return statement


def _list(kind: Kind) -> click.Command:
    @click.command(
        "list", help=f"List every {kind}, with its state.\n\n\b\nExample: entente {kind} list /var/lib/entente"
    )
    @directory
    @_embargoed
    @agreement_option
    @as_json
    def command(directory: Path, embargoed: bool, agreement: str | None, as_json: bool) -> None:
        target = Target(directory)
        found = target.call("matter.list", agreement=agreement, kind=kind, embargoed=embargoed)
        if as_json:
            show_json(target.answer(matters=found))
            return
        from entente.cli import screens
        from entente.cli.output import console

        screens.heading(target, f"{kind}s")
        if not found:
            click.echo("None.")
            return
        _, zone, _ = zones_of(target, agreement)
        grid = screens.table("id", "title", "between", "state", f"since ({zone})", folds=["title"])
        for line in found:
            title = line.get("title") or {}
            words = title.get("en") or next(iter(title.values()), "")
            state = line["state"].replace("_", " ")
            between = ", ".join(sorted(line["between"], key=target.party.__ne__))
            grid.add_row(line["id"], words, between, state, screens.short(line["changed"], zone))
        console().print(grid)

    return command


def _show(kind: Kind) -> click.Command:
    @click.command(
        "show",
        help=f"Show {a_kind(kind)}: every step about it.\n\n\b\n"
        f"Example: entente {kind} show /var/lib/entente jp-{kind}-1",
    )
    @directory
    @click.argument("matter", metavar=kind.upper())
    @_embargoed
    @agreement_option
    @as_json
    def command(directory: Path, matter: str, embargoed: bool, agreement: str | None, as_json: bool) -> None:
        target = Target(directory)
        from entente.cli.matter_read import whole_matter

        found = whole_matter(target, agreement, matter, embargoed=embargoed)
        if as_json:
            show_json(target.answer(**found))
            return
        from entente.cli import screens
        from entente.cli.matter_screen import stands

        screens.heading(target, f"{found['id']}  {found['state'].replace('_', ' ')}")
        now, zone, zones = zones_of(target, agreement)
        stands(target, found, now, zone, zones, embargoed=embargoed)
        for step in found["steps"]:
            click.echo("")
            for line in _lines(step, zone):
                click.echo(plain(line))

    return command


def _lines(step: Mapping[str, Any], zone: str) -> Iterator[str]:
    """A step in the record, in lines; what a text says is set in, line by line."""
    from entente.cli import screens

    yield f"{screens.moment(step['at'], zone)}  {step['by']}  {step['verb'].replace('_', ' ')}  (entry {step['entry']})"
    if step["refused"]:
        yield f"  REFUSED {step['refused']['code']}: {step['refused']['text']}"
    for name, value in step["say"].items():
        for lang, text in value.items() if isinstance(value, dict) else [("", value)]:
            words = ", ".join(text) if isinstance(text, list) else text
            yield f"  {f'{name} {lang}'.strip().replace('_', ' ')}: {words}"
    for text in step["texts"]:
        yield f"  text {text['lang']}{':' if text['text'] is not None else ': not shown here'}"
        yield from (f"    {line}" for line in (text["text"] or "").splitlines())
    if step["verb"].startswith("propose") and step["wording"]:
        yield f"  wording, to be adopted: {step['wording']}"
    if step["refs"]:
        yield f"  rests on: {', '.join(step['refs'])}"
    signers = "; ".join(f"{each['person']} of office {each['office']}" for each in step["signers"])
    yield f"  signed by {signers}"


note = group_of("note")
measure = group_of("measure")
arrangement = group_of("arrangement")
dialogue = group_of("dialogue")
statement = group_of("statement")
meeting = group_of("meeting")
indicator = group_of("indicator")
statement.add_command(publish)
note.add_command(desk.text)
indicator.add_command(desk.series)
meeting.add_command(desk.conflicts)
