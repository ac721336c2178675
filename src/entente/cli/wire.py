"""A wire that can be cut: a relay on the loopback between two nodes, for the demo (docs/spec/scenario.md, "cut").

It carries bytes and reads none of them: the nodes speak mutual TLS through it as through any cable.
"""

import socket
import threading
from contextlib import suppress

_PIECE = 1 << 16


class Wire:
    """Listens on a free loopback port from the start; carries to ``target`` once that is known and nothing is cut."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.target: int | None = None
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="wire", daemon=True).start()

    @property
    def address(self) -> str:
        """Where a peer dials."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Cut every connection and let no new one through."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, set()
        for end in ends:
            _hang_up(end)

    def join(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        """Cut, and listen no more."""
        self.cut()
        _hang_up(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            far = self._connect()
            if far is None:
                _hang_up(near)
                continue
            with self._lock:
                through = self._whole
                if through:
                    self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                if through:
                    threading.Thread(target=_carry, args=(source, sink), name="wire", daemon=True).start()
                else:
                    _hang_up(source)

    def _connect(self) -> socket.socket | None:
        if not self._whole or self.target is None:
            return None
        try:
            return socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return None


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    _hang_up(source)
    _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
