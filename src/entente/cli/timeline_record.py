"""A record as a timeline is made of it, wherever it was told: by a scenario's file, by a node, by verified evidence.

One structure and one way to a chronicle for all three, so that none of them can show what another would not.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from entente.domain.agreement.acts import Act
from entente.domain.agreement.status import AgreementStatus, status
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.chronicle import Chronicle, build, told_by
from entente.domain.relations.chronicle_words import Words
from entente.domain.relations.indicators import Series, series
from entente.domain.relations.lanes import Exchange
from entente.domain.relations.matters import fold
from entente.domain.relations.steps import Step
from entente.domain.relations.table import Matter
from entente.record.parts import numbered
from entente.record.position import Position


class Record(NamedTuple):
    """What the parties' logs hold of one agreement, as far as somebody tells of it.

    ``agreements`` has the documents by their SHA-256, the one first signed first; ``acts`` are the formal ones,
    ``exchanges`` the items that reached whom they were for, ``files`` the bytes of texts beside steps, by SHA-256.
    Digests are lower-case hex.
    """

    agreements: Mapping[str, Agreement]
    acts: tuple[Act, ...]
    steps: tuple[Step, ...]
    exchanges: tuple[Exchange, ...]
    files: Mapping[str, bytes]

    def status(self, at: int) -> AgreementStatus:
        """The status of the agreement at ``at`` (ms); what is dispatched later changes nothing of it."""
        return status(self.agreements, self.acts, at)

    def matters(self, at: int) -> dict[str, Matter]:
        """Every matter by its id, from the steps until ``at`` (ms)."""
        return fold(step for step in self.steps if step.at <= at)

    def series(self, at: int) -> dict[str, Series]:
        """The figures of each indicator by its matter's id, as they were known at ``at`` (ms)."""
        followed = (matter for matter in self.matters(at).values() if matter.kind == "indicator")
        return {matter.id: series(matter, self.files) for matter in followed}

    def chronicle(self, at: int, source: Words, own: str = "") -> Chronicle:
        """The chronicle as it was known at ``at`` (ms); ``source`` says in its heading who tells it.

        ``own`` is the party whose node tells it, if one does: that one's own view stands first.

        Raises:
            ValueError: as :func:`~entente.domain.agreement.status.status` does.
        """
        found = build(self.agreements, self.acts, self.matters(at), self.exchanges, self.series(at), at=at)
        return told_by(found, source, own)


class Given(NamedTuple):
    """An item by its entry: everybody's envelope, and to whom it went as far as whoever tells of it knows.

    ``shown`` is whether it is an exchange to be drawn: not one that was refused, nor one that is only to be counted.
    """

    at: int
    position: Position
    recipients: tuple[str, ...]
    precedence: str
    reality: str
    shown: bool
    lines: tuple[int, ...] = ()


def exchanges(given: Iterable[Given]) -> Iterator[Exchange]:
    """The items to be drawn, each with the number that it has among all that its sender gave."""
    every = list(given)
    numbers = numbered((each.at, each.position) for each in every)
    for each in every:
        if each.shown:
            number, sender = numbers[each.position], each.position.writer
            yield Exchange(each.at, sender, each.recipients, number, each.precedence, each.reality, each.lines)


def with_first(documents: Mapping[str, Agreement], first: str) -> dict[str, Agreement]:
    """The documents with the one first signed first.

    Raises:
        KeyError: it is not among them.
    """
    return {first: documents[first], **documents}
