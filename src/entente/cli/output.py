"""What every command shares: how it answers a program, how it answers a person, and how it fails.

With ``--json`` the answer is one JSON value on standard output, errors included, in one shape::

    {"error": {"code": "...", "message": "...", "remedy": "...", "reasons": [...], "problems": [...]}}

(``reasons`` where the gate or the lifecycle gave some, ``problems`` where a document has some). Without it, answers go
to standard output and errors to standard error, in words. Exit codes: 0 done, 1 refused or found wanting, 2 bad usage
or unreadable input.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

REFUSED = 1
UNUSABLE = 2

as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON on standard output.")


class CommandError(click.ClickException):
    """A command refuses, or finds wanting, what it was asked about: a code, what happened, and what would remedy it.

    ``problems`` lists what is wrong with a document, ``reasons`` every step of a refusal, each as a mapping; ``facts``
    is what else a program is told, such as how much was done before.
    """

    exit_code = REFUSED

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str,
        *,
        problems: Iterable[Mapping[str, Any]] = (),
        reasons: Iterable[Mapping[str, Any]] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.facts = facts or {}
        self.code = code
        self.remedy = remedy
        self.problems = tuple(problems)
        self.reasons = tuple(reasons)


class InputError(CommandError):
    """What a command was given cannot be used."""

    exit_code = UNUSABLE


class CommandGroup(click.Group):
    """A group of commands whose errors all have the one shape."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; with ``standalone_mode`` leave the process with its exit code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        arguments = list(sys.argv[1:] if args is None else args)
        try:
            result = super().main(arguments, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            show_error(error, as_json="--json" in arguments)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("stopped", err=True)
            sys.exit(REFUSED)
        except BrokenPipeError:
            sys.stdout = None  # nobody reads any more; do not complain at exit
            sys.exit(REFUSED)
        except Exception as fault:
            explained = from_below(fault)
            if explained is None:
                raise
            show_error(explained, as_json="--json" in arguments)
            sys.exit(explained.exit_code)
        sys.exit(result if isinstance(result, int) else 0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does, its first sentence whole: click would cut it to one line."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(limit=1000)) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def from_below(error: Exception) -> CommandError | None:
    """A refusal of a lower layer as the command's own, None for what is no refusal but a fault of the program.

    Errors of the node, the link, the store and of sealing all have a code and a remedy.
    """
    code, remedy = getattr(error, "code", None), getattr(error, "remedy", None)
    if not type(error).__module__.startswith("entente.") or not isinstance(code, str) or not isinstance(remedy, str):
        return None
    kind = InputError if getattr(error, "exit_code", REFUSED) == UNUSABLE else CommandError
    reasons = getattr(error, "reasons", ())
    return kind(code, str(error), remedy, reasons=[reason for reason in reasons if isinstance(reason, Mapping)])


def plain(text: str, *, lines: bool = False) -> str:
    """Text that others wrote, as it may be shown: what would steer a terminal or reorder a line becomes U+FFFD."""
    return "".join(
        each if each.isprintable() or (lines and each == "\n") else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def show_json(value: object, *, line: bool = False) -> None:
    """Write one JSON value to standard output, in UTF-8 whatever the locale; on one line where more may follow."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=None if line else 2).encode() + b"\n", nl=False)


def show_error(error: click.ClickException, *, as_json: bool, line: bool = False) -> None:
    """Write an error in the shape that was asked for."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)  # a group named without a command: its help is the answer
        return
    message = error.format_message()
    code, remedy = "USAGE", "See --help for what the command takes."
    problems: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] = {}
    if isinstance(error, CommandError):
        code, remedy, problems, reasons, facts = error.code, error.remedy, error.problems, error.reasons, error.facts
    if as_json:
        body: dict[str, Any] = {"code": code, "message": message, "remedy": remedy, **facts}
        body |= {"reasons": list(reasons)} if reasons else {}
        show_json({"error": {**body, "problems": list(problems)} if problems else body}, line=line)
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
    click.echo(f"error: {plain(message, lines=True)}", err=True)
    for problem in problems:
        _show_problem(problem)
    for reason in reasons:
        from entente.domain.agreement.terms import article_in_words

        article = article_in_words(reason["rests_on"])
        click.echo(plain(f"  {reason['code']}, resting on {article}: {reason['text']}"), err=True)
        click.echo(plain(f"    remedy: {reason['remedy']}"), err=True)
    click.echo(f"remedy: {plain(remedy, lines=True)}", err=True)


def _show_problem(problem: Mapping[str, Any]) -> None:
    place = problem["where"] or f"line {problem['line']}, column {problem['column']}"
    click.echo(plain(f"  {place}: {problem['message']}"), err=True)
    allowed = problem.get("allowed", ())
    if allowed and not any(word in problem["remedy"] for word in allowed):
        click.echo(f"    allowed: {', '.join(allowed)}", err=True)
    click.echo(plain(f"    remedy: {problem['remedy']}"), err=True)


def read_input(path: Path, limit: int) -> bytes:
    """The bytes of an input file, one more than ``limit`` at most.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("CANNOT_READ", f"{path}: {reason}", "Name a file that exists and may be read.") from None


def console() -> "Console":
    """Where words for people go: as wide as the terminal, 100 columns without one."""
    from rich.console import Console

    probe = Console(highlight=False)
    return probe if probe.is_terminal else Console(highlight=False, width=100)
