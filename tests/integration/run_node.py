"""One simulated node in a process of its own, as `support_kill` starts it."""

import asyncio
import contextlib
import ctypes
import os
from multiprocessing.connection import Connection
from pathlib import Path

from entente.node import commands as _commands  # noqa: F401 - registers what the control socket answers
from entente.node.clock import SimulatedClock
from entente.node.daemon import Daemon
from entente.node.home import Home
from entente.node.keyring import Keyring, unlock
from entente.node.node import Node

PR_SET_PTRACER, ANY = 0x59616D61, -1


def run(path: Path, passphrase: bytes, instant: int, log: Path, started: Connection) -> None:
    """Run the node in ``path`` from the simulated ``instant`` until it is stopped or killed."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_long(ANY), 0, 0, 0)  # strace is not this process's parent
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    home = Home(path)
    keyring = Keyring.from_secrets(unlock(home.key_file("node"), passphrase))
    node = Node(home, keyring, SimulatedClock(instant))
    asyncio.run(Daemon(node).run(lambda: started.send(True)))
    node.close()
