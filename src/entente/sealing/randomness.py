"""Random bytes for salts, nonces and ids, ten thousand items a second: fetched from the system in kilobytes.

Each fetch lets other threads run, which costs far more than the bytes. Keys are not made here: they are fetched one by
one when they are needed, and do not lie about before.
"""

import os
import threading

_FETCH = 8192


class _Held:
    """Bytes fetched, and how many of them are given away."""

    __slots__ = ("at", "data")

    def __init__(self) -> None:
        self.data = b""
        self.at = 0


class _Pool(threading.local):
    """Per thread, so that no two threads are ever given the same bytes."""

    def __init__(self) -> None:
        self.held = _Held()


_pool = _Pool()


def random_bytes(count: int) -> bytes:
    """``count`` random bytes, at most 8 KiB; given to nobody else, in no other thread and in no forked process."""
    held = _pool.held
    at = held.at
    if at + count > len(held.data):
        held.data, at = os.urandom(_FETCH), 0
    held.at = at + count
    return held.data[at : at + count]


def _forget() -> None:
    _pool.held = _Held()


os.register_at_fork(after_in_child=_forget)
