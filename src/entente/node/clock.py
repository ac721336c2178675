"""The clock port: the only place where a node reads time (docs/spec/clock.md).

Instants are integers, milliseconds since 1970-01-01T00:00Z. A simulated clock belongs to a node that was simulated
from ``node init --simulated`` on; transport timers and certificates live in real time and do not ask this port.
"""

import ctypes
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of instants."""

    simulated: bool

    def now(self) -> int:
        """The present instant in ms since the epoch."""
        ...

    def uncertainty(self) -> int | None:
        """How far ``now`` may be off, in ms; None when nothing is known, which the gate refuses."""
        ...


def real_time() -> datetime:
    """The machine's own time, UTC, whatever a node's clock says: of certificates and of the names of backups."""
    return datetime.now(UTC)


class _Timex(ctypes.Structure):
    """``struct timex`` of adjtimex(2), as far as the fields that are read here; the rest is room for the kernel."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


class SystemClock:
    """The machine's clock, with the kernel's own bound on its error."""

    simulated = False

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._asked: tuple[int, int | None] = (-1, None)

    def now(self) -> int:
        """The present instant in ms since the epoch."""
        return time.time_ns() // 1_000_000

    def uncertainty(self) -> int | None:
        """The kernel's maximum error (adjtimex ``maxerror``), which grows while nothing disciplines the clock."""
        now = self.now()
        if self._asked[0] != now:  # once a millisecond, whatever the number of items
            timex = _Timex()
            known = self._libc.adjtimex(ctypes.byref(timex)) >= 0
            self._asked = (now, -(-int(timex.maxerror) // 1000) if known else None)
        return self._asked[1]


class SimulatedClock:
    """A clock that is set, and stands still or runs from there at the pace of the machine's monotonic clock."""

    simulated = True

    def __init__(self, instant: int, *, running: bool = False) -> None:
        self.set(instant, running=running)

    def set(self, instant: int, *, running: bool = False) -> None:
        """Set the clock, forwards or back: what protects the record from a step back is the high-water mark."""
        self._base = instant
        self._started = time.monotonic_ns() if running else None

    def now(self) -> int:
        """The simulated instant in ms since the epoch."""
        if self._started is None:
            return self._base
        return self._base + (time.monotonic_ns() - self._started) // 1_000_000

    def uncertainty(self) -> int | None:
        """A simulated clock is exact by definition."""
        return 0
