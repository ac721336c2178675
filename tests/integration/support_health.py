"""A node in this process with its looks and its door's pages: what is said of it, and by how many readers."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from support_stop import Party

from entente.node.findings import shown
from entente.node.health import Ear, Health
from entente.node.metrics import Counted, Metrics
from entente.node.node import Node
from entente.node.scrape import health_page

T = TypeVar("T")


def measured(text: str) -> dict[str, float]:
    """Every sample of a scrape by its name and labels."""
    samples = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def weight(samples: Mapping[str, float], finding: str) -> float:
    """The state of a finding in the metrics, by its kind and the party or agreement it is about."""
    kind, *about = finding.split("/")
    found = [
        value
        for name, value in samples.items()
        if name.startswith("entente_finding{")
        and f'code="{kind}"' in name
        and all(f'"{part}"' in name for part in about)
    ]
    return max(found, default=-1)


class Watched:
    """A node with its looks and the pages of its door; the link is what the test says."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.at = 1000.0
        self.heard: dict[str, Ear] = {party.peer: Ear(0.0, 0)}
        self.stuck = False
        self.health = Health(self, lambda: self.at)
        self.counted = Counted(party.node)
        self.health.more = self.counted.count
        self.metrics = Metrics(self.health, self.counted)

    @property
    def node(self) -> Node:
        return self.party.node

    def ears(self) -> Mapping[str, Ear]:
        return self.heard

    async def do(self, work: Callable[[], T]) -> T:
        return work()

    def look(self) -> "Watched":
        asyncio.run(self.health.look())
        return self

    def states(self) -> dict[str, str]:
        """What the three readers say, which has to be the same."""
        found = shown(self.health.verdict())
        status, _, page = health_page(self.health)
        samples = measured(self.metrics.text().decode())
        states = {each["id"]: each["state"] for each in found["findings"]}
        assert {each["id"]: each["state"] for each in json.loads(page)["findings"]} == states
        worst = {"ok": 0, "warn": 1, "unknown": 2, "fail": 3}
        assert all(weight(samples, name.split("/")[0]) >= worst[state] for name, state in states.items())
        assert (status, samples["entente_healthy"]) == ((200, 1) if found["ok"] else (503, 0))
        return states

    def fails(self) -> list[str]:
        return [name for name, state in self.look().states().items() if state == "fail"]
