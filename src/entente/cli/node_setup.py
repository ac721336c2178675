"""``entente node init``, ``card``, ``words``, ``pair`` and ``passphrase``: making a node and trusting its peers."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entente.cli.client import Target, check_path, directory, private
from entente.cli.output import CommandError, InputError, as_json, read_input, show_json
from entente.cli.passphrase import Passphrases, passphrase_option

if TYPE_CHECKING:
    from entente.sealing.identity import PairingCard

MAX_CARD = 128 * 1024


@click.command("init")
@directory
@click.option("--party", required=True, metavar="ID", help="The party whose node this is, such as kr.")
@click.option("--simulated", is_flag=True, help="For exercises: its clock is set, and it never pairs with a real node.")
@click.option("--listen", default="127.0.0.1:7433", show_default=True, metavar="HOST:PORT", help="Where peers come in.")
@click.option("--advertise", default="", metavar="HOST:PORT", help="What the card tells peers, if not --listen.")
@click.option("--office", "offices", multiple=True, metavar="ID:ROLE[,ROLE]", help="An office: bind, release, restart.")
@passphrase_option
@as_json
def init(
    directory: Path,
    party: str,
    simulated: bool,
    listen: str,
    advertise: str,
    offices: Sequence[str],
    passphrases: Passphrases,
    as_json: bool,
) -> None:
    """Make a node's directory DIR with new keys, every one under a passphrase.

    Without --office two are made: treaty, which binds the party by formal acts, and release, which approves releases.
    Give each office its own passphrase afterwards: entente node passphrase DIR office-treaty.

    \b
    Example: entente node init /var/lib/entente --party kr --listen 0.0.0.0:7433 --advertise gw.mnd.example:7433
    """
    from entente.node.setup import init as make

    private()
    check_path(directory)
    if listen.endswith(":0") and not advertise:
        raise InputError(
            "NO_ADDRESS", f"{listen} has no fixed port, so peers could not find the node", "Add --advertise HOST:PORT."
        )
    named = dict(_office(text) for text in offices)
    secret = passphrases.get(f"the new node of {party}", new=True)
    make(directory, party, secret, simulated=simulated, listen=listen, advertise=advertise, offices=named or None)
    target = Target(directory)
    words = own_words(target)
    if as_json:
        show_json(target.answer(directory=str(target.path), offices=target.home.offices(), words=list(words)))
        return
    from entente.cli import screens

    screens.heading(target, "a new node")
    screens.facts([
        ("directory", str(target.path)),
        ("offices", ", ".join(target.home.offices())),
        ("root words", " ".join(words)),
        ("next", f"entente node run {directory}; give {directory}/card.json to your peers, read them the words"),
    ])  # fmt: skip


def _office(text: str) -> tuple[str, tuple[str, ...]]:
    office, _, roles = text.partition(":")
    if not office or not roles:
        raise click.BadParameter(f"{text!r} is not ID:ROLE[,ROLE], such as treaty:bind", param_hint="--office")
    return office, tuple(roles.split(","))


def own_words(target: Target) -> tuple[str, ...]:
    """The twelve words that stand for the party's own root card."""
    from entente.sealing.identity import fingerprint_words, root_digest

    return fingerprint_words(root_digest((target.path / "root.json").read_bytes()))


@click.command("card")
@directory
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the card to a new file.")
@as_json
def card(directory: Path, output: Path | None, as_json: bool) -> None:
    """Print the node's pairing card, and the words to read out to whoever gets it.

    Without -o the card goes to standard output and the words to standard error, so that it can be redirected.

    \b
    Example: entente node card /var/lib/entente -o kr.card.json
    """
    target = Target(directory)
    data, words = (target.path / "card.json").read_bytes(), own_words(target)
    if output is not None:
        try:
            with output.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise InputError("CANNOT_WRITE", f"{output}: {error.strerror}", "Name a new file.") from None
    if as_json:
        show_json(target.answer(card=data.decode(), words=list(words)))
        return
    if output is None:
        click.echo(data, nl=False)
    else:
        click.echo(f"The card of {_named(target.party, simulated=target.simulated)} is in {output}.")
    click.echo(f"Its words, to be read out by voice: {' '.join(words)}", err=output is None)


def _named(party: str, *, simulated: bool) -> str:
    return f"{party} (SIMULATED)" if simulated else party


@click.command("words")
@directory
@click.argument("party", required=False)
@as_json
def words_command(directory: Path, party: str | None, as_json: bool) -> None:
    """Print the words of this node's root, or of a paired PARTY's.

    \b
    Example: entente node words /var/lib/entente jp
    """
    from entente.sealing.identity import fingerprint_words, root_digest

    target = Target(directory)
    words, whose = own_words(target), target.party
    if party is not None and party != target.party:
        root = read_peer(target, party).root
        words, whose = fingerprint_words(root_digest(root)), party
    if as_json:
        show_json(target.answer(of=whose, words=list(words)))
        return
    click.echo(f"{_named(whose, simulated=target.simulated)}: {' '.join(words)}")


def read_peer(target: Target, party: str) -> "PairingCard":
    """A paired party's card.

    Raises:
        InputError: no such party is paired.
    """
    from entente.node.setup import read_card

    path = target.path / "peers" / f"{party}.json"
    if path not in target.home.peer_cards():
        known = ", ".join(each.stem for each in target.home.peer_cards()) or "none"
        raise InputError("NOT_PAIRED", f"{party} is not paired with this node", f"Paired: {known}.")
    return read_card(path.read_bytes())


@click.command("pair")
@directory
@click.argument("card_file", metavar="CARD", type=click.Path(path_type=Path))
@click.option("--words", metavar="WORDS", help="The twelve words as heard; otherwise they are asked for.")
@as_json
def pair(directory: Path, card_file: Path, words: str | None, as_json: bool) -> None:
    """Trust another party's root key, once its card's words have been heard by voice.

    The words are never shown here: hear them from the other party's administrator, over a line whose end you know.

    \b
    Example: entente node pair /var/lib/entente jp.card.json
    """
    from entente.node.errors import NotReadyError
    from entente.node.setup import read_card

    target = Target(directory)
    data = read_input(card_file, MAX_CARD)
    peer = read_card(data)
    root = peer.root_card
    if words is None:
        words = _ask_words(root.party, simulated=root.simulated, addresses=peer.addresses, as_json=as_json)
    try:
        target.call("peer.pair", card=data.decode(), words=words)
    except NotReadyError as error:
        if error.code != "NOT_RUNNING":
            raise
        _pair_stopped(target, peer, data, words)
    if as_json:
        show_json(target.answer(paired=root.party, addresses=list(peer.addresses)))
        return
    click.echo(f"{_named(target.party, simulated=target.simulated)} is paired with {root.party}.")


def _ask_words(party: str, *, simulated: bool, addresses: Sequence[str], as_json: bool) -> str:
    if as_json or not sys.stdin.isatty():
        raise CommandError(
            "NO_WORDS", "the card's words are needed, and there is nobody to ask", 'Give --words "...", as heard.'
        )
    click.echo(f"This card says that it is of {_named(party, simulated=simulated)}, at {', '.join(addresses)}.")
    click.echo("Have its administrator read out the twelve words, by voice, on a line whose end you know.")
    return str(click.prompt("The words as heard"))


def _pair_stopped(target: Target, peer: "PairingCard", data: bytes, words: str) -> None:
    """Pair while no node runs in the directory, which is then held so that none starts meanwhile."""
    from entente.cli.lock import alone
    from entente.node.home import write_durably
    from entente.node.setup import check_pairing

    with alone(target.path):
        check_pairing(target.home, peer, words)
        write_durably(target.path / "peers" / f"{peer.root_card.party}.json", data)


@click.command("passphrase")
@directory
@click.argument("key", metavar="KEY")
@passphrase_option
@as_json
def passphrase(directory: Path, key: str, passphrases: Passphrases, as_json: bool) -> None:
    """Change the passphrase of one key file: node, root, root-next, or office-ID.

    With --passphrase-fd the first line is the passphrase now, the second the new one.

    \b
    Example: entente node passphrase /var/lib/entente office-treaty
    """
    from entente.node.home import write_durably
    from entente.node.keyring import unlock
    from entente.sealing.keyfile import lock_keys

    target = Target(directory)
    path = target.home.key_file(key)
    if key not in _keys(target):
        raise InputError("NO_KEY", f"{key} is not the name of a key file", f"One of: {', '.join(_keys(target))}.")
    secrets = unlock(path, passphrases.get(key))
    new = passphrases.get(f"{key}, the new one", new=True)
    write_durably(path, lock_keys(secrets, new, cost="light" if target.simulated else "interactive"))
    if as_json:
        show_json(target.answer(key=key))
        return
    click.echo(f"The passphrase of {key} is changed. Copies of the old file still open with the old one.")


@click.command("renew")
@directory
@click.option("--office", "offices", multiple=True, metavar="ID", help="Also replace the keys of this office.")
@passphrase_option
@as_json
def renew(directory: Path, offices: Sequence[str], passphrases: Passphrases, as_json: bool) -> None:
    """Replace the node's signing keys by a new key statement under the same root, with the node stopped.

    The statement goes into each log when the node runs again and has met its peers; from there on the new keys alone
    are valid. What was signed before stays valid. It cannot be undone. With --passphrase-fd the lines are those of the
    root, of the node, and of the new office keys.

    \b
    Example: entente node renew /var/lib/entente --office treaty
    """
    from entente.cli.lock import alone
    from entente.node.keyring import unlock, unlock_office
    from entente.node.renewal import renew as make

    target = Target(directory)
    with alone(target.path):
        root = unlock_office(target.home.key_file("root"), passphrases.get("root"))
        secret = passphrases.get("node")
        secrets = unlock(target.home.key_file("node"), secret)
        new = passphrases.get("the new office keys", new=True) if offices else secret
        statement = make(target.home, root, secrets, secret, office_passphrase=new, offices=offices)
    if as_json:
        show_json(target.answer(number=statement.number, offices=list(offices)))
        return
    click.echo(f"Key statement {statement.number} is signed. It is in force from its entry into each log on.")
    click.echo(f"Next: entente node run {directory}; give peers that pair from now on the new {directory}/card.json")


def _keys(target: Target) -> list[str]:
    return sorted(path.stem for path in (target.path / "keys").glob("*.key"))
