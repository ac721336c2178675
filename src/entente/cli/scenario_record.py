"""What a scenario leaves in the parties' logs, told from its file alone: no node, no clock, nothing read.

The timeline draws it, the tests ask it for the state at each date, and an offline copy of what nodes played must say
the same. Steps that must be refused are in no log, so they are not in it either.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from entente.cli.scenario import Part, Scenario
from entente.cli.scenario_relate import step_of
from entente.domain.agreement.acts import Act
from entente.domain.agreement.status import AgreementStatus, status
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.indicators import Series, series
from entente.domain.relations.lanes import Exchange
from entente.domain.relations.matters import fold
from entente.domain.relations.steps import Step
from entente.domain.relations.table import Matter


class Record(NamedTuple):
    """The record of one part of a scenario, in the file's order.

    ``agreements`` has the documents by their SHA-256, the one first signed first; ``acts`` are those that the part
    writes, ``exchanges`` the items that reached whom they were for, ``files`` the bytes of every text beside a step, by
    SHA-256. Digests are lower-case hex.
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


def record_of(scenario: Scenario, part: str = "") -> Record:
    """What a part of a scenario leaves in the record; the first part where none is named.

    Raises:
        KeyError: there is no such part.
    """
    found = {each.id: each for each in scenario.parts}[part] if part else scenario.parts[0]
    texts = [data for step in found.steps if step.relating for _, _, data in step.relating.texts]
    return Record(
        agreements={scenario.agreement_digest: scenario.agreement},
        acts=tuple(scenario.acts[step.act] for step in found.steps if step.do == "act"),
        steps=tuple(_steps(scenario.agreement.parties, found)),
        exchanges=tuple(_exchanges(scenario, found)),
        files={hashlib.sha256(data).hexdigest(): data for data in texts},
    )


def _steps(parties: Sequence[str], part: Part) -> Iterator[Step]:
    """The steps about matters, each between those its matter is between: its writer among them, as a node has it."""
    between: dict[str, tuple[str, ...]] = {}
    for seq, step in enumerate(part.steps):
        said = step.relating
        if said is None or step.expect.code is not None:
            continue
        named = (*said.between, step.party) if said.between else between.get(said.matter, parties)
        audience = tuple(party for party in parties if party in named)
        between.setdefault(said.matter, audience)
        yield step_of(said, by=step.party, at=step.at, seq=seq, audience=audience)


def _exchanges(scenario: Scenario, part: Part) -> Iterator[Exchange]:
    """The items that were given; neither what the sender's gate refused nor what the recipient did, later on."""
    refused = {item for step in part.steps for item in step.expect.refused}
    for step in part.steps:
        if step.do == "release" and step.expect.outcome != "refused" and step.item not in refused:
            yield Exchange(step.at, step.party, step.to, "", scenario.items[step.item].precedence)
