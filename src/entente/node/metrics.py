"""The node's counters and gauges in Prometheus' text format (docs/spec/health.md).

Labels are ids of parties, beginnings of agreements' digests, codes and precedences: never a title, an item's id or
anything that a person wrote, since whoever may read the metrics need not be cleared for what flows.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from entente.node.findings import RANK, Facts, Finding, RunningFacts, State, sound
from entente.node.health import Health
from entente.node.ringing import DIGEST
from entente.node.tracers import DEFAULT, envelope_of
from entente.node.transfers import REFUSED

if TYPE_CHECKING:
    from entente.node.node import Node

MAX_COUNTED: Final = 1_000
"""Lines of the register counted at a time, some 6 ms of the writer's."""
WEIGHT: Final[Mapping[State, int]] = {"ok": 0, "warn": 1, "unknown": 2, "fail": 3}
_CODE = re.compile(r"[A-Z][A-Z_]{1,39}")
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGEST}}}")
Labels = tuple[str, ...]


class Counted:
    """Counters that no look gives: what was entered into the register since the process started."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._after = node.store.newest_line()
        self._items: dict[str, Counter[Labels]] = {"given": Counter(), "held": Counter(), "refused": Counter()}
        self._bytes: dict[str, Counter[Labels]] = {"given": Counter(), "held": Counter()}
        self.items: Mapping[str, Mapping[Labels, int]] = {name: {} for name in self._items}
        self.bytes: Mapping[str, Mapping[Labels, int]] = {name: {} for name in self._bytes}
        self.entries: Mapping[Labels, int] = {}

    def count(self) -> bool:
        """Count what is new, on the writer's thread; whether there may be more of it.

        Raises:
            StoreError: the store cannot be read.
        """
        rows = self._node.store.entered(self._after, MAX_COUNTED)
        for row in rows:
            envelope = envelope_of(row.envelope)
            precedence = envelope.precedence if envelope.precedence in DEFAULT else "other"
            labels = (row.party, envelope.agreement.hex()[:DIGEST], str(precedence))
            if row.direction == "refused":
                code = row.state.removeprefix(REFUSED)
                self._items["refused"][*labels, code if _CODE.fullmatch(code) else "other"] += 1
            else:
                self._items[row.direction][labels] += 1
                size = sum(ref.size for ref in envelope.bodies) + envelope.payload
                self._bytes[row.direction][labels] += size
            self._after = row.number
        # What the event loop reads is made anew and never changed.
        self.items = {name: dict(counter) for name, counter in self._items.items()}
        self.bytes = {name: dict(counter) for name, counter in self._bytes.items()}
        sizes: Counter[Labels] = Counter()
        for ledger in list(self._node.ledgers.values()):
            for log in list(ledger.logs.values()):
                sizes[log.row.writer, ledger.agreement.hex()[:DIGEST]] += log.row.size
        self.entries = dict(sizes)
        return len(rows) == MAX_COUNTED


class Metrics(Collector):
    """Everything in a registry of its own; nothing of the process or of Python is added."""

    def __init__(self, health: Health, counted: Counted) -> None:
        self._health = health
        self._counted = counted
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """The text that is scraped."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry asks what there is before a look was made."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every metric, from the newest look."""
        verdict = self._health.verdict()
        yield gauge("healthy", "Whether nothing fails (1) or something does (0).", int(sound(verdict)))
        yield self._findings(verdict)
        yield from self._counters()
        look = self._health.newest
        if look is not None:
            yield from _of_node(look.facts, look.running)
            yield from _of_peers(look.running)
            yield from _of_deadlines(look.running)
            yield by_party("unanswered_items", "Items given and not answered.", look.waiting)
            yield by_party("frames_waiting", "Answers waiting to leave on the link.", look.frames)
            yield gauge("look_instant_seconds", "When the newest look was made, on the machine's own clock.", look.at)

    def _findings(self, verdict: list[Finding]) -> Metric:
        """The worst of each kind of finding; what else stands in a finding's id is left out."""
        worst: dict[Labels, State] = {}
        parties = set(self._health.parties())
        for finding in verdict:
            kind, *about = finding.id.split("/")
            party = next((part for part in about if part in parties), "")
            agreement = next((part for part in about if _DIGEST.fullmatch(part)), "")
            key = (kind, party, agreement)
            worst[key] = min(worst.get(key, "ok"), finding.state, key=lambda state: RANK[state])
        text = "State of a link of the chain: 0 ok, 1 warn, 2 unknown, 3 fail."
        return gauge(
            "finding", text, {key: WEIGHT[state] for key, state in worst.items()}, ("code", "party", "agreement")
        )

    def _counters(self) -> Iterator[Metric]:
        labels = ("party", "agreement", "precedence")
        counted = self._counted
        yield counter("entries", "Entries of each party's log held.", counted.entries, ("party", "agreement"))
        yield counter("items_released", "Items released to a party.", counted.items["given"], labels)
        yield counter("items_received", "Items accepted from a party.", counted.items["held"], labels)
        refused = "Items of a party refused on arrival."
        yield counter("items_refused", refused, counted.items["refused"], (*labels, "code"))
        yield counter("bytes_released", "Bytes of items released.", counted.bytes["given"], labels)
        yield counter("bytes_received", "Bytes of items accepted.", counted.bytes["held"], labels)
        yield counter("commits", "Transactions that added to a log.", {(): self._health.commits}, ())
        began: dict[Labels, int] = {(party,): count for party, count in dict(self._health.sessions).items()}
        yield counter("sessions", "Sessions begun with a party; all but the first are reconnects.", began, ("party",))


def _of_node(facts: Facts, running: RunningFacts) -> Iterator[Metric]:
    unsure = math.nan if running.uncertainty is None else running.uncertainty / 1000
    yield gauge("clock_uncertainty_seconds", "How far the clock may be off; NaN where unknown.", unsure)
    yield gauge("disk_free_bytes", "Free bytes of the node's disk.", facts.disk[0] if facts.disk else math.nan)
    yield gauge("alarms", "Alarms raised.", len(running.alarms))
    yield gauge("payloads_awaited", "Payloads on their way here.", running.awaited)


def _of_peers(running: RunningFacts) -> Iterator[Metric]:
    peers = running.peers
    yield by_party("session_up", "Whether a session is up.", {peer.party: int(peer.up) for peer in peers})
    silent = {peer.party: peer.silent for peer in peers}
    yield by_party("peer_silence_seconds", "Real time since a party was heard, or since the start.", silent)
    ends = {peer.party: math.nan if peer.certificate is None else peer.certificate for peer in peers}
    yield by_party("certificate_seconds", "Real time to the end of each certificate.", ends)
    late = {peer.party: 0 for peer in peers} | {each.party: each.number for each in running.overdue}
    yield by_party("tracers_overdue", "Items overdue for an answer.", late)
    lacking: dict[Labels, float] = {
        (lacks.peer, each.digest): lacks.last - lacks.first + 1
        for each in running.agreements
        for lacks in each.uncosigned
    }
    text = "Entries of this party's own log that a party has not cosigned."
    yield gauge("uncosigned_entries", text, lacking, ("party", "agreement"))


def _of_deadlines(running: RunningFacts) -> Iterator[Metric]:
    """How many alarms ring, and how far off the next end and the next last day for a notice are: no word of what."""
    agreements, labels = running.agreements, ("agreement",)
    ringing: dict[Labels, float] = {(each.digest,): each.rings for each in agreements}
    yield gauge("deadlines_ringing", "Alarms of deadlines that nobody has acknowledged.", ringing, labels)
    for name, of, ats in (
        ("end_seconds", "the next end of the agreement, in any view", [each.end for each in agreements]),
        ("notice_seconds", "the next last day for a notice, in any view", [each.notice for each in agreements]),
    ):
        left: dict[Labels, float] = {
            (each.digest,): math.nan if at is None else (at - running.now) / 1000
            for each, at in zip(agreements, ats, strict=True)
        }
        yield gauge(name, f"Time of the node's clock to {of}; NaN where there is none.", left, labels)


def gauge(name: str, text: str, value: float | Mapping[Labels, float], labels: Labels = ()) -> Metric:
    """A gauge of the node's, with one value or one for each combination of labels."""
    metric = GaugeMetricFamily(f"entente_{name}", text, labels=labels)
    for key, number in ({(): value} if isinstance(value, int | float) else value).items():
        metric.add_metric(key, number)
    return metric


def by_party(name: str, text: str, values: Mapping[str, float]) -> Metric:
    """A gauge with one value for each party."""
    return gauge(name, text, {(party,): value for party, value in values.items()}, ("party",))


def counter(name: str, text: str, values: Mapping[Labels, int], labels: Labels) -> Metric:
    """A counter since the process started."""
    metric = CounterMetricFamily(f"entente_{name}", text, labels=labels)
    for key, number in values.items():
        metric.add_metric(key, number)
    return metric
