"""What a measurement found, what was asked of it, and how figures are set beside one another."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """What issue-level targets ask of a figure: at most, or at least, so much."""

    limit: float
    at_most: bool = True
    of: str = "value"
    """``value``, or one of the spread's names."""


@dataclass
class Figure:
    """One figure of one subject: a median latency (ms), a rate, a size; never without what stands beside it."""

    subject: str
    """``floor``, ``entente``, or a peer's name."""
    name: str
    what: str
    value: float
    unit: str
    spread: dict[str, float] = field(default_factory=dict)
    """For a latency: p50, p90, p99, max and n."""
    batch: float | None = None
    """Items per commit at the sender."""
    syncs: float | None = None
    """fsync and fdatasync calls per item, both processes together."""
    cpu_us: dict[str, float] = field(default_factory=dict)
    """Microseconds of processor (user and system) per item, of each process."""
    memory: dict[str, float] = field(default_factory=dict)
    """MiB, by process and kind."""
    verified: str = ""
    """What the offline check of the record said afterwards."""
    targets: list[Target] = field(default_factory=list)
    note: str = ""
    point: float | None = None
    """Where the figure stands on a growth curve."""
    measured_by: str = ""
    """The measurement that found it, as `--only` names it."""
    missing: str = ""
    """Why there is no figure."""

    @property
    def unsound(self) -> bool:
        """Whether a record did not hold, or could not be checked: the figure then shows nothing."""
        return bool(self.verified) and any(" verified: " not in each for each in self.verified.split("; "))

    @property
    def missed(self) -> list[Target]:
        """The targets it does not meet."""
        return [target for target in self.targets if not self.meets(target)]

    def meets(self, target: Target) -> bool:
        """Whether it meets a target; what could not be measured meets none."""
        found = self.value if target.of == "value" else self.spread.get(target.of, math.nan)
        return not self.missing and (found <= target.limit if target.at_most else found >= target.limit)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "value": None if self.missing else self.value, "met": not self.missed}


def missing(subject: str, name: str, what: str, why: str, targets: Sequence[Target] = ()) -> Figure:
    """The place of a figure that could not be had: it is shown, with the reason."""
    return Figure(subject, name, what, math.nan, "", targets=list(targets), missing=why)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles of latencies in milliseconds (nearest rank)."""
    ordered = sorted(seconds)

    def rank(share: float) -> float:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000

    return {"p50": rank(0.5), "p90": rank(0.9), "p99": rank(0.99), "max": ordered[-1] * 1000, "n": float(len(ordered))}


def latency(subject: str, name: str, what: str, seconds: Sequence[float], **beside: Any) -> Figure:
    """A latency, its median first."""
    found = spread(seconds)
    return Figure(subject, name, what, found["p50"], "ms", found, **beside)


def rate(
    subject: str, name: str, what: str, count: float, seconds: float, unit: str = "items/s", **beside: Any
) -> Figure:
    """So many in so long."""
    return Figure(subject, name, what, count / seconds, unit, **beside)
