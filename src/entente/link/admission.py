"""How many strangers may stand at the door: connections that have not said hello (docs/spec/link.md section 5)."""

import asyncio

from entente.link.limits import Limits


class Door:
    """Bounds connections that are not sessions yet, in all and by address.

    When full the oldest is cut, not the newest refused: one that has stood here longest is the least likely to be a
    peer, whose handshake and hello take milliseconds, so a crowd that only stands there cannot keep a peer out.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[asyncio.Transport, str] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, transport: asyncio.Transport, address: str) -> None:
        """Let a new connection in, cutting the oldest where there are too many."""
        here = [other for other, from_ in self._waiting.items() if from_ == address]
        if len(here) >= self._limits.pending_per_address:
            self._cut(here[0])
        elif len(self._waiting) >= self._limits.pending:
            self._cut(next(iter(self._waiting)))
        self._waiting[transport] = address

    def leave(self, transport: asyncio.Transport) -> None:
        """The connection became a session, or ended."""
        self._waiting.pop(transport, None)

    def cut_all(self) -> None:
        """Cut every connection that stands here."""
        for transport in list(self._waiting):
            self._cut(transport)

    def _cut(self, transport: asyncio.Transport) -> None:
        del self._waiting[transport]
        transport.abort()
