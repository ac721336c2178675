"""Passphrases: from a person, from a file descriptor, or from the service manager, and from nowhere else.

Never from an argument or the value of an environment variable, which other processes of the machine can read. In order:

1. ``--passphrase-fd N``: one line for each key that the command unlocks; the last line stands for those after it.
2. the systemd credential ``entente-passphrase`` (``LoadCredential=`` or ``LoadCredentialEncrypted=``; systemd.exec(5)).
3. a prompt without echo, where standard input is a terminal.

Text is brought to Unicode NFC first (RFC 8265 section 4.2), so that one passphrase is the same bytes from any keyboard.
"""

import ctypes
import os
import resource
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from entente.cli.output import CommandError, InputError

F = TypeVar("F", bound=Callable[..., Any])
CREDENTIAL = "entente-passphrase"
MAX_PASSPHRASES = 64 * 1024
"""Bytes read from a descriptor or credential."""
_PR_SET_DUMPABLE = 4


def passphrase_option(command: F) -> F:
    """Give a command ``--passphrase-fd``; it is passed as ``passphrases``."""

    def opened(_context: click.Context, _parameter: click.Parameter, value: int | None) -> "Passphrases":
        return Passphrases(value)

    return click.option(
        "--passphrase-fd",
        "passphrases",
        type=click.IntRange(min=0),
        metavar="N",
        callback=opened,
        help="Read the passphrase from this file descriptor, one line for each key.",
    )(command)


class Passphrases:
    """Where a command's passphrases come from, decided when the first is asked for."""

    def __init__(self, fd: int | None = None) -> None:
        self._fd = fd
        self._lines: list[bytes] | None = None

    def get(self, what: str, *, new: bool = False) -> bytes:
        """The passphrase of ``what`` in UTF-8; a ``new`` one is typed twice.

        Raises:
            InputError: the descriptor or credential cannot be read or is empty.
            CommandError: there is none and nobody to ask.
        """
        keep_out_of_dumps()
        if self._lines is None:
            self._lines = self._read()
        if self._lines:
            line = self._lines[0] if len(self._lines) == 1 else self._lines.pop(0)
            return _normal(line)
        if not sys.stdin.isatty():
            raise CommandError(
                "NO_PASSPHRASE",
                f"the passphrase of {what} is needed, and there is no terminal to ask at",
                f"Give --passphrase-fd N, or the systemd credential {CREDENTIAL}.",
            )
        typed = click.prompt(f"Passphrase of {what}", hide_input=True, confirmation_prompt=new, err=True)
        return _normal(typed.encode())

    def _read(self) -> list[bytes]:
        source, data = self._source()
        if data is None:
            return []
        lines = data.splitlines()
        if not lines or not all(lines):
            raise InputError("NO_PASSPHRASE", f"{source} holds no passphrase, or an empty one", "Write it as a line.")
        return lines

    def _source(self) -> tuple[str, bytes | None]:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder, CREDENTIAL) if folder else None
        try:
            if self._fd is not None:
                with os.fdopen(self._fd, "rb") as file:
                    return f"descriptor {self._fd}", file.read(MAX_PASSPHRASES)
            if credential is not None and credential.exists():
                return f"the credential {CREDENTIAL}", credential.read_bytes()[:MAX_PASSPHRASES]
        except OSError as error:
            raise InputError(
                "CANNOT_READ", f"no passphrase can be read: {error.strerror}", "Open the descriptor for reading."
            ) from None
        return "", None


def _normal(passphrase: bytes) -> bytes:
    try:
        return unicodedata.normalize("NFC", passphrase.decode()).encode()
    except UnicodeDecodeError:
        return passphrase


def keep_out_of_dumps() -> None:
    """Let no key or passphrase of this process land in a core dump or be read by another process of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # the limit does not bind a core_pattern that is a pipe
