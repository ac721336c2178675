"""``entente statement publish``: what is out, as static pages and a feed in a new directory."""

import os
import shutil
import tempfile
from pathlib import Path

import click

from entente.cli import press
from entente.cli.client import Target, agreement_option, directory
from entente.cli.output import InputError, as_json, show_json


@click.command("publish")
@directory
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--base-url", default="", metavar="URL", help="Where the pages will stand, for the feed's links.")
@agreement_option
@as_json
def publish(directory: Path, out: Path, base_url: str, agreement: str | None, as_json: bool) -> None:
    """Write this party's statements, and the joint ones, as press pages and an Atom feed.

    OUT is a directory that is not there yet: it is written whole or not at all, to be moved by the party's own guard.
    The node serves no public page. What is under embargo is not in it, nor is that it is.

    \b
    Example: entente statement publish /var/lib/entente /srv/press-2019-11-22
    """
    target = Target(directory)
    if out.exists():
        raise InputError("EXISTS", f"{out} exists already", "Name a new directory; nothing was overwritten.")
    listed = target.call("matter.list", exact=True, agreement=agreement, kind="statement")
    shown = [target.call("matter.show", exact=True, agreement=agreement, matter=each["id"]) for each in listed]
    read = [press.read(each) for each in shown]
    releases = [each for each in read if each is not None and (each.by == target.party or each.joint)]
    name = target.call("agreement.status", exact=True, agreement=agreement)["agreement"]
    base = base_url if not base_url or base_url.endswith("/") else f"{base_url}/"
    files = press.render(releases, party=target.party, agreement=name, simulated=target.simulated, base=base)
    _write(out, files)
    if as_json:
        show_json(
            target.answer(statements=[each.id for each in releases], files=sorted(files), path=str(out.absolute()))
        )
        return
    click.echo(f"{'SIMULATED ' if target.simulated else ''}{target.party}: {len(releases)} statements in {out}.")


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
