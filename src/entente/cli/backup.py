"""``entente node backup``, ``restore`` and ``upgrade``: a node's directory sealed, brought back, brought forward."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target, check_path, counting, directory, private, waiting
from entente.cli.lock import alone
from entente.cli.output import CommandError, InputError, as_json, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.node.backup import Made
    from entente.node.backup_file import Opening

with_item_keys = click.option(
    "--with-item-keys",
    "item_keys",
    is_flag=True,
    help="Also the keys of single items; shredding does not reach them there.",
)


@click.command("backup")
@directory
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@with_item_keys
@passphrase_option
@as_json
def backup(directory: Path, file: Path, item_keys: bool, passphrases: Passphrases, as_json: bool) -> None:
    """Back the node up into the new FILE, sealed under a passphrase of its own, while the node runs or stands.

    The per-item keys are left out: a node restored without them shows its register whole, and does not open what it
    gave or held before. With --with-item-keys they are inside, and what is shredded later can be read from the backup.

    \b
    Example: entente node backup /var/lib/entente /mnt/backup/kr-monday.backup
    """
    target = Target(directory)
    _check_new(file)
    secret = passphrases.get(f"the backup of {target.party}", new=True)
    made = _make(target, file.absolute(), secret, item_keys=item_keys)
    if as_json:
        show_json(target.answer(**_facts(made.opening), file=str(file), files=made.files, bytes=file.stat().st_size))
        return
    click.echo(f"{_named(made.opening)} is backed up in {file}, as it stood at {_instant(made.opening)}.")
    _show_inside(made.opening)
    click.echo("Keep its passphrase apart from it: who has both has every key file and the record of this node.")


def _check_new(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise InputError("EXISTS", f"{file} exists already", "Name a new file; nothing was overwritten.")


def _make(target: Target, file: Path, secret: bytes, *, item_keys: bool, held: bool = False) -> "Made":
    """Make the backup; ``held``: the caller holds the directory alone already."""
    from entente.node.backup import discard, one_backup, write
    from entente.node.node import Node

    with one_backup(target.home), _snapshot(target, item_keys=item_keys, held=held) as folder:
        try:
            with counting("backing up") as count:
                return write(
                    target.home, folder, file, secret, software=Node.software, item_keys=item_keys, progress=count
                )
        finally:
            discard(folder)


@contextmanager
def _snapshot(target: Target, *, item_keys: bool, held: bool) -> Iterator[Path]:
    """The copy that the running node makes, or where none runs one made here, the directory held meanwhile."""
    from entente.node.backup import snapshot
    from entente.node.errors import NotReadyError

    with ExitStack() as stack:
        with waiting("copying the store"):
            try:
                folder = None if held else target.path / target.call("node.backup", item_keys=item_keys)["folder"]
            except NotReadyError as error:
                if error.code != "NOT_RUNNING":
                    raise
                stack.enter_context(alone(target.path))
                folder = None
            folder = folder or snapshot(target.home, item_keys=item_keys)
        yield folder


def _instant(opening: "Opening") -> str:
    from entente.domain.agreement.instants import format_instant

    return format_instant(opening.instant)


def _name(party: str, *, simulated: bool) -> str:
    return f"The {'SIMULATED node' if simulated else 'node'} of {party}"


def _named(opening: "Opening") -> str:
    return _name(opening.party, simulated=opening.simulated)


def _facts(opening: "Opening") -> dict[str, Any]:
    heads = [
        {
            "agreement": head.agreement.hex(),
            "writer": head.writer,
            "incarnation": head.incarnation,
            "size": head.size,
            "root": head.root.hex(),
        }
        for head in opening.heads
    ]
    return {
        "instant": _instant(opening),
        "software": opening.software,
        "store": opening.store,
        "item_keys": opening.item_keys,
        "heads": heads,
    }


def _show_inside(opening: "Opening") -> None:
    entries = sum(head.size for head in opening.heads)
    keys = "with" if opening.item_keys else "without"
    click.echo(f"Inside: {len(opening.heads)} logs, {entries} entries, {keys} the keys of single items.")


@click.command("restore")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@directory
@passphrase_option
@as_json
def restore(file: Path, directory: Path, passphrases: Passphrases, as_json: bool) -> None:
    """Make the new directory DIR of the node that FILE is a backup of, once all of FILE has been checked.

    The node it is a copy of must never run again beside it. After its start the restored node writes nothing until each
    peer has shown where this party's own log ends; where none can be reached, an office decides: entente node restart.

    \b
    Example: entente node restore /mnt/backup/kr-monday.backup /var/lib/entente
    """
    from entente.node.restoring import restore as unpack

    private()
    check_path(directory)
    if directory.exists():
        raise InputError("EXISTS", f"{directory} exists already", "Name a new directory; nothing was overwritten.")
    secret = passphrases.get("the backup")
    with counting("restoring") as count:
        opening = unpack(file, directory.absolute(), secret, progress=count)
    if as_json:
        show_json({
            "party": opening.party, "simulated": opening.simulated, **_facts(opening), "directory": str(directory),
        })  # fmt: skip
        return
    click.echo(f"{_named(opening)} is restored in {directory}, as it stood at {_instant(opening)}.")
    _show_inside(opening)
    if not opening.item_keys:
        click.echo("Items given or held before are on the register and cannot be opened here; new ones can.")
    click.echo("Make sure that the node it was copied from never runs again: two copies must not write one log.")
    click.echo(f"Next: entente node run {directory}")
    click.echo("It writes nothing until each peer has shown where its own log ends; entente node check says so.")
    click.echo(f"Where no peer can be reached: entente node restart {directory} --office ID")


@click.command("upgrade")
@directory
@click.option(
    "--backup",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the backup goes, if not DIR/backups.",
)
@with_item_keys
@passphrase_option
@as_json
def upgrade(directory: Path, file: Path | None, item_keys: bool, passphrases: Passphrases, as_json: bool) -> None:
    """Bring the store of a stopped node forward to this software, after a backup has been taken.

    To go back, restore that backup with the software from before. Nothing is done where nothing is needed.

    \b
    Example: entente node upgrade /var/lib/entente
    """
    from entente.node import upgrade as forward
    from entente.store.errors import StoreError

    target = Target(directory)
    with alone(target.path):
        before, after = forward.versions(target.home)
        if before in (0, after):
            if as_json:
                show_json(target.answer(before=after, after=after, backup=None))
            else:
                named = _name(target.party, simulated=target.simulated)
                click.echo(f"{named} needs no upgrade: its store is of version {after}.")
            return
        file = file or forward.backup_path(target.home, before)
        _check_new(file)
        secret = passphrases.get(f"the backup of {target.party}", new=True)
        _make(target, file.absolute(), secret, item_keys=item_keys, held=True)
        try:
            with waiting("migrating the store"):
                forward.migrate(target.home)
        except StoreError as error:
            text = f"the store was not brought to version {after}: {error}; the backup is in {file}"
            raise CommandError(
                "UPGRADE_FAILED", text, f"Go on with the software from before; {error.remedy}"
            ) from error
    if as_json:
        show_json(target.answer(before=before, after=after, backup=str(file), item_keys=item_keys))
        return
    named = _name(target.party, simulated=target.simulated)
    click.echo(f"{named} is upgraded: its store was of version {before} and is of version {after} now.")
    click.echo(f"The backup from before is {file}; keep its passphrase apart from it.")
