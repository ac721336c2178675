"""Help and documentation are checked: every command line in them parses against the real commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from entente.cli.main import main

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
FENCE = re.compile(r"^```sh[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROLES = ("administrator", "treaty-desk", "duty-officer", "release-authority", "registrar", "inspector")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, the groups included."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = list(commands(main))
NAMES = [" ".join(path) for path, _ in EVERY]


def parse(line: str) -> click.Context:
    """Parse a command line as the program would, without doing anything.

    Raises:
        click.UsageError: it is not one.
    """
    words = shlex.split(re.sub(r"\s+\d?[<>|].*$", "", line))
    assert words.pop(0) == "entente"
    command: click.Command = main
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            raise click.UsageError(f"no such command: {words[0]}")
        command = found
        words.pop(0)
    return command.make_context("entente", words)


def lines(text: str) -> Iterator[str]:
    """The entente command lines of a text, continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip().startswith("entente "):
            yield line.strip()


def documented() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in FENCE.findall(page.read_text()):
            for line in lines(block):
                yield page.name, line


@pytest.mark.parametrize(("page", "line"), list(documented()))
def test_every_documented_command_line_parses(page: str, line: str) -> None:
    parse(line)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_page_with_commands(role: str) -> None:
    assert any(page == f"{role}.md" for page, _ in documented())


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"], prog_name="entente")
    assert shown.exit_code == 0
    assert f"Usage: entente {name}" in shown.stdout
    assert "--json" in shown.stdout or "COMMAND" in shown.stdout
    assert "\\b" not in shown.stdout, "a raw docstring hides click's mark from it"


NODE_COMMANDS = [name for name in NAMES if name.split()[0] not in ("agreement", "demo")]


@pytest.mark.parametrize("name", [*NODE_COMMANDS, "agreement propose", "agreement show"])
def test_help_has_an_example_that_parses(name: str) -> None:
    command = dict(EVERY)[tuple(name.split())]
    if isinstance(command, click.Group) and name != "act":
        return
    text = click.unstyle(command.help or "").replace("\b", "")
    _, mark, example = text.partition("Example: ")
    assert mark, f"{name} shows no example"
    joined = re.sub(r"\s*\\?\n\s+", " ", example.strip()).split("\n")[0]
    parse(joined)


GROUPS = ["", *(" ".join(path) for path, command in EVERY if isinstance(command, click.Group))]


@pytest.mark.parametrize("name", GROUPS)
def test_help_says_whole_what_each_command_does(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"], prog_name="entente").stdout
    assert "..." not in shown.partition("Commands:")[2]


def test_a_line_that_does_not_parse_is_found() -> None:
    for line in ("entente nod run x", "entente node run", "entente inbox x --urgent", "entente open x one -o f"):
        with pytest.raises(click.UsageError):
            parse(line)


def test_no_command_takes_a_passphrase_from_an_argument() -> None:
    for path, command in EVERY:
        for parameter in command.params:
            if "passphrase" in (parameter.name or "") and path != ("node", "passphrase"):
                assert isinstance(parameter, click.Option)
                assert parameter.opts == ["--passphrase-fd"]
                assert parameter.envvar is None


@pytest.mark.parametrize(
    "line",
    ["", "nothing", "node", "node init", "act sign", "release x y", "open x 0 -o f", "verify x", "act suspend x"],
)
def test_bad_usage_exits_with_2_and_says_so_on_the_error_stream(line: str) -> None:
    ran = CliRunner().invoke(main, line.split(), prog_name="entente")
    assert ran.exit_code == 2
    assert "Usage:" in ran.stderr + ran.stdout


def test_bad_usage_has_the_one_error_shape() -> None:
    ran = CliRunner().invoke(main, ["node", "init", "x", "--json"], prog_name="entente")
    assert ran.exit_code == 2
    assert ran.stdout.startswith('{\n  "error": {\n    "code": "USAGE"')
    assert ran.stderr == ""
