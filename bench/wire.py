"""A wire between two nodes that can be cut, that counts what it carries, and says when it was last joined."""

import os
import socket
import threading
import time
from contextlib import suppress

PIECE = 1 << 18
BUFFER = 1 << 18
"""Bytes that may lie in each of the wire's own sockets when it is cut."""


class Wire:
    """Relays one loopback port to another without looking; the bytes stay in the kernel (splice)."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.port: int = self._listener.getsockname()[1]
        self.target: int | None = None
        self.carried = 0
        """Bytes towards the target, over all connections."""
        self.returned = 0
        """Bytes from it."""
        self.cut_at: int | None = None
        """Cut by itself once so many bytes are carried."""
        self.connected = 0.0
        """When the last connection came through (time.perf_counter)."""
        self._whole = True
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="wire", daemon=True).start()

    def cut(self) -> None:
        """Cut every connection and let no new one through."""
        with self._lock:
            self.cut_at, self._whole = None, False
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
            with self._lock:
                far = self._connect()
                if far is None:
                    _hang_up(near)
                    continue
                self._ends |= {near, far}
                self.connected = time.perf_counter()
            for source, sink, onward in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=(source, sink, onward), name="wire", daemon=True).start()

    def _connect(self) -> socket.socket | None:
        if not self._whole or self.target is None:
            return None
        with suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self.target))
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return far
        return None

    def _carry(self, source: socket.socket, sink: socket.socket, onward: bool) -> None:
        reading, writing = os.pipe()
        with suppress(OSError, ValueError):
            while count := os.splice(source.fileno(), writing, PIECE):
                if onward:
                    self.carried += count
                    if self.cut_at is not None and self.carried >= self.cut_at:
                        self.cut()
                        break
                else:
                    self.returned += count
                while count:
                    count -= os.splice(reading, sink.fileno(), count)
        for end in (source, sink):
            _hang_up(end)
        os.close(reading)
        os.close(writing)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
