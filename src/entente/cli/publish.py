"""``entente statement publish``: what is out, as static pages and a feed in a new directory."""

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from entente.cli.client import Target, agreement_option, counting, directory
from entente.cli.output import InputError, as_json, show_json
from entente.domain.relations.chronicle_words import LANGUAGES

if TYPE_CHECKING:
    from entente.cli.press import Masthead, Release


@click.command("publish")
@directory
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--base-url", default="", metavar="URL", help="Where the pages will stand, for the feed's links.")
@click.option("--lang", default="en", type=click.Choice(LANGUAGES), help="The language that comes first.")
@agreement_option
@as_json
def publish(directory: Path, out: Path, base_url: str, lang: str, agreement: str | None, as_json: bool) -> None:
    """Write this party's statements, and the joint ones, as press pages and an Atom feed.

    OUT is a directory that is not there yet: it is written whole or not at all, to be moved by the party's own guard.
    The node serves no public page. What is under embargo is not in it, nor is that it is.

    \b
    Example: entente statement publish /var/lib/entente /srv/press-2019-11-22
    """
    from entente.cli.press_pages import render

    target = Target(directory)
    _check_base(base_url)
    if out.exists():
        raise InputError("EXISTS", f"{out} exists already", "Name a new directory; nothing was overwritten.")
    releases = _releases(target, agreement)
    base = base_url if not base_url or base_url.endswith("/") else f"{base_url}/"
    files = render(releases, _masthead(target, agreement, base, lang))
    _write(out, files)
    if as_json:
        show_json(
            target.answer(statements=[each.id for each in releases], files=sorted(files), path=str(out.absolute()))
        )
        return
    click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: {len(releases)} statements in {out}.")


def _check_base(url: str) -> None:
    """Refuse what is no absolute address of the web: it is written into the feed, and whoever reads it follows it.

    Raises:
        InputError: it is none.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        fits = False
    if url and (not fits or re.search(r"[\s\"<>\\]|[^!-~]", url)):
        text = f"--base-url {url!r} is no address of the web that pages can stand under"
        raise InputError("BAD_OPTION", text, "Write it whole, such as https://press.example.org/entente.")


def _releases(target: Target, agreement: str | None) -> "list[Release]":
    """What is out of this party's and of all: the node leaves out of each answer what is under embargo at its instant.

    What comes out while this asks is in the next publication.
    """
    from entente.cli.matter_read import whole_matter
    from entente.cli.press import read

    listed = target.call("matter.list", exact=True, agreement=agreement, kind="statement")
    wanted = [each["id"] for each in listed if each["owner"] == target.party or each["state"] == "joint"]
    found = []
    with counting("Reading the statements", lambda done: f"{done} of {len(wanted)}") as count:
        for name in wanted:
            found.append(read(whole_matter(target, agreement, name)))
            count(1)
    return [each for each in found if each is not None]


def _masthead(target: Target, agreement: str | None, base: str, lang: str) -> "Masthead":
    """Whose pages they are, by the names in the terms in force in this party's own view."""
    from entente.cli.press import Masthead
    from entente.cli.terms import documents_of, in_force

    status = target.call("agreement.status", exact=True, agreement=agreement)
    terms = in_force(target, status, documents_of(target, agreement))
    return Masthead(
        party=target.party,
        names={party: terms.party[party].name for party in terms.parties} if terms is not None else {},
        zone=status["zone"] if terms is None else terms.termination.zone,
        agreement=status["agreement"],
        simulated=target.simulated,
        base=base,
        lang=lang,
    )


def _write(out: Path, files: dict[str, bytes]) -> None:
    """All files, or nothing: they are written beside the directory and take its name in the end."""
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.absolute().parent))
    except OSError as error:
        raise InputError(
            "NO_FOLDER", f"{out} cannot be made: {error.strerror}", "Name one in a folder that exists."
        ) from error
    try:
        for name, data in files.items():
            with (made / name).open("xb") as file:
                file.write(data)
                os.fsync(file.fileno())
            (made / name).chmod(0o644)
        made.chmod(0o755)
        made.rename(out.absolute())
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise InputError(
            "NO_FOLDER", f"{out} cannot be written: {error.strerror}", "Make room, or name another."
        ) from error
