"""How much is measured: the same measurements in four sizes."""

from typing import NamedTuple

KIB = 1024
MIB = 1024 * KIB


class Scale(NamedTuple):
    """Counts and seconds of one run; what is left alone is the size of ``make bench``."""

    name: str = "bench"
    item: int = 2 * KIB
    """Bytes of an item's payload."""
    lone: int = 2000
    """Items sent one at a time."""
    beside: int = 500
    """FLASH items sent one at a time beside bulk."""
    burst_seconds: float = 5.0
    """For each rate that a peer or the floor is asked for."""
    sustained_seconds: float = 60.0
    file: int = 1024 * MIB
    queued: int = 100_000
    """Items that wait for the other side's return."""
    history: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    agreements: tuple[int, ...] = (1, 10, 100, 1_000)
    payloads: tuple[int, ...] = (KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 16 * MIB, 256 * MIB, 1024 * MIB)
    command: int = 10
    """Releases through the command line."""
    approved: int = 50
    """Releases that are each signed by an office."""
    steps: int = 200
    """Steps about matters, one at a time and in a row."""
    matters: tuple[int, ...] = (10, 100, 1_000, 5_000)
    reconnects: int = 5
    verify_seconds: float = 300.0
    """After which checking a record is given up, and said so."""


SCALES = {
    "bench": Scale(),
    "long": Scale(name="long", history=(1_000, 10_000, 100_000, 1_000_000, 10_000_000), verify_seconds=7200.0),
    "quick": Scale(
        name="quick",
        lone=200,
        beside=100,
        burst_seconds=1.0,
        sustained_seconds=4.0,
        file=64 * MIB,
        queued=5_000,
        history=(100, 1_000, 10_000),
        agreements=(1, 10),
        payloads=(KIB, 64 * KIB, MIB, 16 * MIB),
        command=2,
        approved=5,
        steps=50,
        matters=(10, 100, 500),
        reconnects=2,
        verify_seconds=60.0,
    ),
    "tiny": Scale(
        name="tiny",
        lone=5,
        beside=5,
        burst_seconds=0.1,
        sustained_seconds=0.2,
        file=2 * MIB,
        queued=50,
        history=(10, 20),
        agreements=(1, 2),
        payloads=(KIB, 128 * KIB),
        command=1,
        approved=2,
        steps=3,
        matters=(2, 8),
        reconnects=1,
        verify_seconds=60.0,
    ),
}
"""``bench`` and ``long`` are for figures; ``quick`` shows that all of it works; ``tiny`` is for the tests."""
