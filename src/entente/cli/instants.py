"""Instants as people type them on a command line."""

from entente.cli.output import InputError
from entente.domain.agreement.instants import parse_instant


def instant(text: str, where: str) -> int:
    """The instant in ms; ``where`` names the option.

    Raises:
        InputError: it is none.
    """
    try:
        return parse_instant(text)
    except ValueError as error:
        raise InputError("BAD_INSTANT", f"{where}: {error}", "Write it as 2019-11-22T18:00:00+09:00.") from None
