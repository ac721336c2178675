"""Transcripts of the command line: what was typed, what came back, on which stream, and the exit code.

A transcript is a text file. ``$`` begins a command, run by two running nodes; ``@`` something that happens meanwhile;
``#`` a remark. Below a command stand its standard output, its standard error behind ``! ``, and its exit code behind
``=`` where it is not 0. What differs from run to run is masked, letter for letter, so that columns stay columns.

``python tests/integration/support_transcripts.py`` writes what the commands answer now; read the difference.
"""

import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support_nodes import AGREEMENT, PASSPHRASE, Nodes, done, entente, two_nodes

FOLDER = Path(__file__).parent / "transcripts"
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-f]{16,}\b"), "x"),
    (re.compile(r"(?<=\b(?:kr|jp)/)[0-9a-f]{4}\b"), "x"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "9"),
    (re.compile(r"(?<=port )\d+|(?<=port {8})\d+"), "9"),
    (re.compile(r"\d+(?= MiB free)"), "9"),
    (re.compile(r"(?<=silent for )\d+|(?<=since the start )\d+"), "9"),
    (re.compile(r"(?<=entente/)\d[0-9.]*"), "9"),
    (re.compile(r"(?<=time-zone data )[0-9.]+"), "9"),
    (re.compile(r"\d+(?= bytes\.)"), "9"),
    (re.compile(r"(?<=store is of version )\d+"), "9"),
)
_ENTRIES = re.compile(r"(?<=[,:;.] )\d+(?= entries)|(?<=\bentry )\d+")
"""How many there are, and so their numbers, depends on whether the daily commitment to the national log stands yet."""

_DRAWN = {"$DRAWN": re.compile(r"\b[a-z]{2}-statement-\d{8}\b"), "$DRAFT": re.compile(r"\bdraft-\d{6}\b")}
"""Ids of statements that are numbered apart and of drafts, as they stand in what is typed and shown after them."""


class World:
    """Two nodes in a directory whose path is always as long, and what a transcript can do to them."""

    def __init__(self, folder: Path, nodes: Nodes) -> None:
        self.folder = folder
        self.nodes = nodes
        self.passphrase = PASSPHRASE
        self.names = {"$TMP": str(folder), "$SAMPLE": str(AGREEMENT)}
        for node in nodes:
            line = done(entente("node", "words", node.path)).out
            self.names[f"$WORDS_{node.party.upper()}"] = line.partition(": ")[2].strip()

    def happens(self, what: str) -> None:
        """Carry out an ``@`` line."""
        verb, _, rest = what.partition(" ")
        events: Mapping[str, Callable[[], object]] = {
            "settle": self.nodes.settle,
            "in-force": self.nodes.in_force,
            "passphrase": lambda: setattr(self, "passphrase", rest.encode()),
            "write": lambda: self._write(*rest.split(" ", 1)),
            "kill": lambda: getattr(self.nodes, rest).stop(),
        }
        events[verb]()

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text + "\n")

    def run(self, command: str) -> Iterator[str]:
        """The lines that a transcript shows below a command."""
        text = command
        for name, value in self.names.items():
            text = text.replace(name, shlex.quote(value) if " " in value else value)
        words = shlex.split(text)
        assert words[0] == "entente", command
        ran = entente(*words[1:], passphrase=self.passphrase)
        for name, pattern in _DRAWN.items():
            if drawn := pattern.search(ran.out):
                self.names[name] = drawn[0]
        yield from self._masked(ran.out)
        yield from (f"! {line}".rstrip() for line in self._masked(ran.err))
        if ran.code:
            yield f"= {ran.code}"

    def _masked(self, text: str) -> Iterator[str]:
        for name, value in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(value, name)
        for pattern, letter in _MASKS:
            text = pattern.sub(lambda match, letter=letter: letter * len(match[0]), text)  # type: ignore[misc]
        text = _ENTRIES.sub("#", text)
        yield from (line.rstrip() for line in text.splitlines())


@contextmanager
def world() -> Iterator[World]:
    """Two fresh nodes; the temporary directory's name has a length that no configuration changes."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="entente-") as name, two_nodes(Path(name)) as nodes:
        yield World(Path(name), nodes)


def replay(script: str, here: World) -> str:
    """The transcript with what the commands answer now."""
    lines: list[str] = []
    commands = script.splitlines()
    while commands:
        line = commands.pop(0)
        if line.startswith(("#", "@", "$ ")):
            lines += [line] if not lines or line.startswith("@") or lines[-1].startswith("#") else ["", line]
        if line.startswith("@"):
            here.happens(line[1:].strip())
        elif line.startswith("$ "):
            typed = line[2:]
            while typed.endswith("\\"):
                lines.append(commands.pop(0))
                typed = typed[:-1] + lines[-1]
            lines += list(here.run(typed))
    return "\n".join(lines) + "\n"


def write() -> None:
    """Write every transcript anew."""
    for path in sorted(FOLDER.glob("*.txt")) if len(sys.argv) == 1 else map(Path, sys.argv[1:]):
        with world() as here:
            path.write_text(replay(path.read_text(), here))


if __name__ == "__main__":
    write()
