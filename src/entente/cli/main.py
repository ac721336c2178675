"""The ``entente`` command."""

import click

from entente import __version__
from entente.cli.agreement import agreement
from entente.cli.demo import demo
from entente.cli.output import CommandGroup


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="entente")
def main() -> None:
    """Information-sharing agreements: what they say, what is released under them, and the record of it."""


main.add_command(agreement)
main.add_command(demo)
