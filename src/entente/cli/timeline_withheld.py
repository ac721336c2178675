"""What the source of a timeline could not show, by name and count: nobody is to take a gap for nothing."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from entente.cli.timeline_record import Record
from entente.cli.timeline_words import WITHHELD, WITHHELD_KINDS


class Missing(NamedTuple):
    """So many things of one kind (:data:`.timeline_words.WITHHELD_KINDS`) are not shown, ``of`` a party or a matter."""

    kind: str
    of: str
    number: int

    @property
    def fact(self) -> dict[str, Any]:
        """As a program is told."""
        return {"what": self.kind, "of": self.of, "count": self.number}


def figures_missing(record: Record, at: int) -> list[Missing]:
    """The files of figures that the record names until ``at`` (ms) and does not hold."""
    found = ((name, len(series.missing)) for name, series in record.series(at).items())
    return [Missing("figures", name, count) for name, count in found if count]


def withheld(missing: Iterable[Missing], lang: str) -> str:
    """All of it in words; "" where there is nothing."""
    words = [
        WITHHELD_KINDS[each.kind][lang].format(each.of if each.kind == "figures" else each.of.upper(), each.number)
        for each in missing
    ]
    return WITHHELD[lang].format("; ".join(words)) if words else ""
