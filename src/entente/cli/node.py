"""``entente node``: the commands of the node administrator."""

import click

from entente.cli.backup import backup, restore, upgrade
from entente.cli.check import check, node_status
from entente.cli.node_run import clock, restart, run, stop
from entente.cli.node_setup import card, init, pair, passphrase, renew, words_command
from entente.cli.output import CommandGroup


@click.group(cls=CommandGroup)
def node() -> None:
    """Make, run, pair, watch, back up and stop a node.

    \b
    Example: entente node init /var/lib/entente --party kr
             entente node run /var/lib/entente
    """


for _command in (
    *(init, run, stop, node_status, check, card, pair, words_command, passphrase, renew, clock, restart),
    *(backup, restore, upgrade),
):
    node.add_command(_command)
