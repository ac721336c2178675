"""Free ports, and waiting until something listens on one."""

import socket
import time
from collections.abc import Callable

PATIENCE = 60.0
POLL = 0.01


def free() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def listening(port: int, alive: Callable[[], None]) -> None:
    """Wait until something listens; ``alive`` raises if it never will.

    Raises:
        RuntimeError: nothing does.
    """
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        alive()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(POLL)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
