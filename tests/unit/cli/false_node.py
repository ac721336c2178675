"""A node that lies: a control socket in a real node's directory that answers whatever a test has prepared."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from entente.cli.main import main
from entente.node.setup import init

PASSPHRASE = b"four words for exercises"
Answer = Callable[[dict[str, Any]], Any]


class FalseNode:
    """Answers ``answers[command]``; ``asked`` is every request, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path / "control.sock"))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def commands(self) -> list[str]:
        """The names of the commands asked for."""
        return [name for name, _ in self.asked]

    def close(self) -> None:
        """Stop answering."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                request = json.loads(lines.readline())
                self.asked.append((request["command"], request["args"]))
                connection.sendall(json.dumps(self._answer(request)).encode() + b"\n")

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self.answers.get(request["command"])
        if answer is None:
            error = {"code": "UNKNOWN_COMMAND", "message": "no", "remedy": "none", "reasons": [], "exit": 2}
            return {"error": error}
        return {"ok": answer(request["args"])}


@contextmanager
def false_node(folder: Path, party: str = "kr") -> Iterator[FalseNode]:
    """A simulated node's directory with a liar behind its socket."""
    path = folder / party
    init(path, party, PASSPHRASE, simulated=True, listen="127.0.0.1:7433")
    node = FalseNode(path)
    try:
        yield node
    finally:
        node.close()


def run(*arguments: object, passphrase: bytes | None = PASSPHRASE) -> Result:
    """A command line in this process; the passphrase on a descriptor that stays open to be asked about."""
    line = [str(argument) for argument in arguments]
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, passphrase + b"\n")
        os.close(writing)
        line += ["--passphrase-fd", str(reading)]
    return CliRunner().invoke(main, line, prog_name="entente")
