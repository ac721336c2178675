"""The ``entente`` command."""

from collections.abc import Mapping
from importlib import import_module

import click

from entente import __version__
from entente.cli.output import CommandGroup

COMMANDS: Mapping[str, str] = {
    "node": "node:node",
    "status": "overview:status",
    "agreement": "agreement:agreement",
    "act": "act:act",
    "release": "release:release",
    "cancel": "cancel:cancel",
    "standing": "standing:standing",
    "note": "matters:note",
    "measure": "matters:measure",
    "arrangement": "matters:arrangement",
    "dialogue": "matters:dialogue",
    "statement": "matters:statement",
    "meeting": "matters:meeting",
    "indicator": "matters:indicator",
    "draft": "drafts:draft",
    "deadlines": "deadlines:deadlines",
    "timeline": "timeline:timeline",
    "feed": "feed:feed",
    "follow": "follow:follow",
    "inbox": "items:inbox",
    "register": "items:register",
    "open": "items:open_command",
    "debts": "check:debts",
    "log": "records:log",
    "bundle": "records:bundle",
    "evidence": "records:evidence",
    "verify": "records:verify",
    "demo": "demo:demo",
}
"""Each command and where it is, in the order of the help; a module is loaded only when its command is used."""
AGREEMENT_COMMANDS: Mapping[str, str] = {"propose": "overview:propose", "show": "overview:show"}
"""What the ``agreement`` group has beside the commands that read files alone."""


def load(where: str) -> click.Command:
    """The command at ``module:name`` below this package."""
    module, _, name = where.partition(":")
    found = getattr(import_module(f"entente.cli.{module}"), name)
    if not isinstance(found, click.Command):
        raise TypeError(f"{where} is no command")
    return found


class Commands(CommandGroup):
    """The commands of :data:`COMMANDS`, loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = load(COMMANDS[cmd_name])
        if cmd_name == "agreement" and isinstance(command, click.Group):
            for name, where in AGREEMENT_COMMANDS.items():
                command.add_command(load(where), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="entente")
def main() -> None:
    """Information-sharing agreements: what they say, what is released under them, and the record of it.

    \b
    Every command takes --json. Exit codes: 0 done, 1 refused or found wanting, 2 bad usage or
    unreadable input. Secrets come from a prompt, --passphrase-fd or a systemd credential.
    """


if __name__ == "__main__":
    main(prog_name="entente")
