"""What a scenario leaves in the parties' logs, told from its file alone: no node, no clock, nothing read.

The timeline draws it, the tests ask it for the state at each date, and an offline copy of what nodes played must say
the same. Steps that must be refused are in no log, so they are not in it either.
"""

import hashlib
from collections.abc import Iterator, Sequence

from entente.cli.scenario import Part, Scenario
from entente.cli.scenario_relate import step_of
from entente.cli.timeline_record import Given, Record, exchanges
from entente.domain.relations.steps import Step
from entente.record.position import Position

__all__ = ["Record", "record_of"]


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
        exchanges=tuple(exchanges(_given(scenario, found))),
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


def _given(scenario: Scenario, part: Part) -> Iterator[Given]:
    """The items that were given; what the sender's gate refused was not, what the recipient did later is counted."""
    refused = {item for step in part.steps for item in step.expect.refused}
    for seq, step in enumerate(part.steps):
        if step.do == "release" and step.expect.outcome != "refused":
            item, place = scenario.items[step.item], Position(step.party, "", seq)
            shown = step.item not in refused
            yield Given(step.at, place, step.to, item.precedence, item.reality, shown)
