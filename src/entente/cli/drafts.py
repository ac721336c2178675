"""``entente draft``: acts and steps that wait for approval; read and signed where the office's key is, then sent."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from entente.cli.client import Target, directory, waiting
from entente.cli.output import CommandError, CommandGroup, as_json, console, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.record.bodies import ActStatement, StepStatement

SENT = "Once sent it stays in both parties' records. It cannot be undone, except by another act or step."
_REMEDY = "Nothing was signed. Treat the node as taken over until this is explained."

_draft = click.argument("draft", metavar="DRAFT")
_embargoed = click.option("--embargoed", is_flag=True, help="Also drafts of what is under embargo.")
_yes = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
_person = click.option("--person", required=True, metavar="ID", help="Who does it: an id known inside the party.")


@click.group("draft", cls=CommandGroup)
def draft() -> None:
    """Formal acts, notes and other steps that are filed and wait for the offices that are to sign them.

    File one by adding --draft PERSON to `entente act ...`, `entente note send` or any other step. Nobody outside this
    party knows of it before it is sent.
    """


@draft.command("list")
@directory
@_embargoed
@as_json
def list_command(directory: Path, embargoed: bool, as_json: bool) -> None:
    """List the drafts, whose approval each waits for, and what hinders it.

    \b
    Example: entente draft list /var/lib/entente
    """
    target = Target(directory)
    found = target.call("draft.list", embargoed=embargoed)
    if as_json:
        show_json(target.answer(drafts=found))
        return
    from entente.cli import screens

    screens.heading(target, "drafts")
    if not found:
        click.echo("None.")
        return
    grid = screens.table("draft", "what", "filed (UTC)", "by", "waits for", folds=["what", "waits for"])
    for line in found:
        grid.add_row(line["id"], _what(line), line["filed"] or "", line["filed_by"] or "", _waits(line))
    console().print(grid)


def _head(target: Target, text: str) -> None:
    from entente.cli import screens

    screens.heading(target, text)


def _what(line: Mapping[str, Any]) -> str:
    if line["does"] is None:
        return "not readable"
    return f"{line['does'].replace('_', ' ')}: {line['name']}"


def _waits(line: Mapping[str, Any]) -> str:
    missing = [_named(each) for each in line["signers"] if each["approved"] is None]
    if line["hindrance"] is not None:
        return f"{line['hindrance']['code']}: {line['hindrance']['text']}"
    return "; ".join(missing) or "nobody: it can be sent"


def _named(signer: Mapping[str, Any]) -> str:
    return f"{signer['person']} of office {signer['office']}" if signer["person"] else f"office {signer['office']}"


@draft.command("show")
@directory
@_draft
@_embargoed
@as_json
def show(directory: Path, draft: str, embargoed: bool, as_json: bool) -> None:
    """Show a draft as it would be signed, with its texts whole, and who has approved it.

    \b
    Example: entente draft show /var/lib/entente draft-3
    """
    target = Target(directory)
    found = target.call("draft.show", exact=True, draft=draft, embargoed=embargoed)
    if as_json:
        show_json(target.answer(**found))
        return
    _read(target, found, embargoed=embargoed).screen()
    _progress(target, found)


def _progress(target: Target, line: Mapping[str, Any]) -> None:
    """Who filed and approved a draft, and what is still to come."""
    from entente.cli.output import plain

    click.echo(plain(f"Filed by {line['filed_by']}, {line['filed']}."))
    for signer in line["signers"]:
        said = f"approved {signer['approved']}" if signer["approved"] else "has not approved it yet"
        click.echo(plain(f"  {_named(signer)}: {said}"))
    for name, words in (("refusal", "As the record stands the lifecycle would refuse it: {code}: {text}"),
                        ("hindrance", "As the record stands it cannot be sent: {code}: {text}")):  # fmt: skip
        if line[name] is not None:
            click.echo(plain(words.format_map(line[name])))
    if line["ready"]:
        click.echo(f"It can be sent: entente draft send {target.path} {line['id']} --person ID")


@draft.command("approve")
@directory
@_draft
@click.option("--office", required=True, metavar="ID", help="The office that signs, by its key here.")
@click.option("--person", required=True, metavar="ID", help="Who approves in it: an id known inside the office.")
@_yes
@_embargoed
@passphrase_option
@as_json
def approve(
    directory: Path, draft: str, office: str, person: str, yes: bool, embargoed: bool, passphrases: Passphrases,
    as_json: bool,
) -> None:  # fmt: skip
    """Read a draft and sign it for an office. To take an approval back, drop the draft before it is sent.

    \b
    Example: entente draft approve /var/lib/entente draft-3 --office treaty --person t1
    """
    from entente.cli.signing import check_office, confirm, sign

    target = Target(directory)
    check_office(target, office)
    found = target.call("draft.show", exact=True, draft=draft, embargoed=embargoed)
    read = _read(target, found, embargoed=embargoed)
    read.check_signer(office, person)
    if not as_json:
        read.screen()
        _progress(target, found)
    confirm("You approve exactly this, to be sent when the others have approved.", yes=yes, as_json=as_json)
    signature = sign(target, office, read.kind, bytes.fromhex(found["statement"]), passphrases)
    done = target.call(
        "draft.approve", draft=draft, office=office, person=person, signature=signature, embargoed=embargoed
    )
    if as_json:
        show_json(target.answer(**done))
        return
    click.echo("")
    _head(target, f"{done['id']} is approved by {person} of office {office}")
    _progress(target, done)


@draft.command("send")
@directory
@_draft
@_person
@_yes
@_embargoed
@as_json
def send(directory: Path, draft: str, person: str, yes: bool, embargoed: bool, as_json: bool) -> None:
    """Write an approved draft into the record, now.

    \b
    Example: entente draft send /var/lib/entente draft-3 --person t2
    """
    from entente.cli.signing import confirm

    target = Target(directory)
    found = target.call("draft.show", draft=draft, embargoed=embargoed)
    if not as_json:
        _head(target, _what(found))
        _progress(target, found)
    confirm(SENT, yes=yes, as_json=as_json)
    with waiting("The node writes it"):
        sent = target.call("draft.send", draft=draft, person=person, embargoed=embargoed)
    if as_json:
        show_json(target.answer(**sent))
        return
    _head(target, f"{draft} is sent: {sent['name']}, entry {sent['entry']}")


@draft.command("drop")
@directory
@_draft
@_person
@_yes
@_embargoed
@as_json
def drop(directory: Path, draft: str, person: str, yes: bool, embargoed: bool, as_json: bool) -> None:
    """Remove a draft with its approvals: nobody else ever knew of it.

    \b
    Example: entente draft drop /var/lib/entente draft-3 --person t1
    """
    from entente.cli.signing import confirm

    target = Target(directory)
    confirm(
        "The draft and its approvals are removed. This cannot be undone; it can be filed anew.",
        yes=yes,
        as_json=as_json,
    )
    dropped = target.call("draft.drop", draft=draft, person=person, embargoed=embargoed)
    if as_json:
        show_json(target.answer(**dropped))
        return
    _head(target, f"{dropped['draft']} is dropped")


def filed(target: Target, paper: Mapping[str, Any], person: str, *, as_json: bool) -> None:
    """File what was prepared as a draft, and say whose approval it waits for; ``paper`` as ``draft.file`` takes it."""
    done = target.call("draft.file", person=person, **paper)
    if as_json:
        show_json(target.answer(**done))
        return
    click.echo(f"Filed as {done['id']}. It waits for: {_waits(done)}.")
    click.echo(f"Next: entente draft approve {target.path} {done['id']} --office ID --person ID")


class Read(NamedTuple):
    """A draft as its bytes say it: what kind of statement, who signs it where it says so, and its screen."""

    kind: str
    signers: tuple[tuple[str, str], ...]
    screen: Callable[[], None]

    def check_signer(self, office: str, person: str) -> None:
        """Refuse to sign what names others as its signers.

        Raises:
            CommandError: it does.
        """
        if self.signers and (office, person) not in self.signers:
            named = "; ".join(f"{who} of office {where}" for where, who in self.signers)
            raise CommandError("NOT_ASKED", f"this draft is to be signed by {named}", "Approve as one of them.")


def _read(target: Target, found: Mapping[str, Any], *, embargoed: bool) -> Read:
    """A draft, read from the bytes that are signed: the node that keeps it is not believed.

    Raises:
        CommandError: it is not this party's under the agreement that the node names, or the texts are not those that
            the bytes name.
    """
    from entente.cli.signing import compare, fields, read_statement
    from entente.record.bodies import ActStatement, StepStatement

    data, kind = bytes.fromhex(found["statement"]), found["kind"]
    expected = {"by": target.party, "agreement": bytes.fromhex(found["agreement"])}
    if kind == "act":
        act = read_statement(ActStatement, data)
        compare("draft", fields(act), expected)
        return Read("act", (), _act(target, act, [each["office"] for each in found["signers"]]))
    if kind != "step":
        raise CommandError("OTHER_BYTES", f"the node shows a draft of kind {str(kind)[:40]!r}", _REMEDY)
    step = read_statement(StepStatement, data)
    compare("draft", fields(step), expected)
    signers = tuple((each.office, each.person) for each in step.signers)
    return Read("step", signers, _step(target, step, found["texts"], embargoed=embargoed))


def _act(target: Target, act: "ActStatement", offices: list[str]) -> Callable[[], None]:
    from entente.cli import act as acts
    from entente.cli.signing import compare

    if act.kind == "sign":
        trusted = acts.roots(target)
        roots = tuple((party, trusted.get(party, b"")) for party, _ in act.roots)
        said = {"roots": act.roots, "digest": act.digest, "names this party": target.party in dict(act.roots)}
        compare("draft", said, {"roots": roots, "digest": act.agreement, "names this party": True})
    return lambda: acts.show(target, act, offices, None)


def _step(target: Target, step: "StepStatement", given: Sequence[str], *, embargoed: bool) -> Callable[[], None]:
    from entente.cli.matter_read import preview, read_matter

    beside = [base64.b64decode(text) for text in given]
    if [(len(text), hashlib.sha256(text).digest()) for text in beside] != [(t.size, t.digest) for t in step.texts]:
        raise CommandError("OTHER_BYTES", "the texts that the node shows are not those of the draft", _REMEDY)
    texts = [{"lang": ref.lang, "data": data} for ref, data in zip(step.texts, given, strict=True)]
    digest = next((said.value for said in step.said if said.name == "wording"), None)
    about: list[str] = []
    if step.opening:
        about = list(read_matter(target, step.agreement.hex(), step.matter, digest, embargoed=embargoed))
    return lambda: preview(target, step, texts, about)
