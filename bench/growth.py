"""(c) Entente: what grows with the history and with the number of agreements, and the return after an outage."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.context import Context
from bench.entente import rig_memory
from bench.feed import Feed
from bench.figures import Figure, Target, latency, rate
from bench.process import Meter
from bench.rig import AGREEMENT, Rig, two_nodes

RECONNECT = [Target(1000, of="max")]
CATCH_UP = [Target(10_000, at_most=False)]
FIRST = [Target(5000)]
SAMPLE = 200
"""Lone items at each point of a curve."""


def history(context: Context) -> Iterator[Figure]:
    """Items sent until the history is so long; at each point a lone item, reconnections and memory."""
    with two_nodes(context, wire=True) as rig:
        sent = 0
        for point in context.scale.history:
            yield from _grow(rig, point, point - sent)
            sent = point
            yield from _at(
                rig, point, "history", f"after {point:,} items", RECONNECT if point == context.scale.history[-1] else []
            )
            sent += min(SAMPLE, context.scale.lone)
            stored = sum(node.stored() for node in rig.nodes) / 2 / sent
            yield Figure(
                "entente", "history-disk", f"bytes on disk for each item after {point:,}", stored, "B", point=point
            )
        yield Figure("entente", "history-verified", "entries checked", float(sent), "items", verified=rig.verified())


def _grow(rig: Rig, point: int, count: int) -> Iterator[Figure]:
    with rig.feed("ROUTINE") as feed:
        meter, begun = Meter(rig.watched), time.perf_counter()
        feed.watch()
        with meter:
            feed.stream(os.urandom(rig.context.scale.item), count)
            took = feed.until(received=count) - begun
        batch = feed.batch()
    beside: dict[str, Any] = {"batch": batch, "syncs": meter.syncs(count), "cpu_us": meter.per_item(count)}
    yield rate(
        "entente", "history-rate", f"2 KiB items, up to {point:,} of history", count, took, point=point, **beside
    )


def _at(rig: Rig, point: int, name: str, when: str, targets: list[Target]) -> Iterator[Figure]:
    """A lone item, reconnections and memory, at a point of a curve."""
    payload = os.urandom(rig.context.scale.item)
    with rig.feed() as feed:
        feed.lone(payload)
        seconds = [feed.lone(payload) for _ in range(min(SAMPLE, rig.context.scale.lone) - 1)]
        feed.finish()
    yield latency("entente", f"{name}-lone", f"2 KiB FLASH item {when}", seconds, point=point)
    found = [rig.reconnect() for _ in range(rig.context.scale.reconnects)]
    note = f"{max(size for _, size in found):,} bytes at most on the wire"
    what = f"reconnect with nothing new {when}"
    yield latency(
        "entente", f"{name}-reconnect", what, [each for each, _ in found], point=point, note=note, targets=targets
    )
    yield Figure("entente", f"{name}-memory", f"memory of a node {when}", rig_memory(rig), "MiB", point=point)


def agreements(context: Context) -> Iterator[Figure]:
    """The same with more and more agreements in force between the two parties."""
    with two_nodes(context, wire=True) as rig:
        made = 1
        for point in context.scale.agreements:
            begun = time.perf_counter()
            for number in range(made, point):
                rig.in_force(_another(rig.folder, number))
            added, seconds = point - made, time.perf_counter() - begun
            made = point
            yield from _at(rig, point, "agreements", f"with {point:,} agreements in force", [])
            if added:
                each = seconds / added * 1000
                yield Figure(
                    "entente", "agreements-made", f"bringing one into force, up to {point:,}", each, "ms", point=point
                )
        yield Figure(
            "entente", "agreements-verified", "agreements in force", float(made), "agreements", verified=rig.verified()
        )


def _another(folder: Path, number: int) -> Path:
    path = folder / "another.toml"
    path.write_text(AGREEMENT.read_text().replace('name = "jp-kr-2016"', f'name = "bench-{number}"'))
    return path


def catch_up(context: Context) -> Iterator[Figure]:
    """Items that wait for the other side's return, and a FLASH released after them all."""
    with two_nodes(context, wire=True) as rig:
        assert rig.wire is not None
        count, payload = context.scale.queued, os.urandom(context.scale.item)
        rig.standing()
        with rig.feed("FLASH") as flash, rig.feed("ROUTINE") as bulk:
            flash.lone(payload)  # the standing release itself has arrived
            rig.cut()
            bulk.watch()
            bulk.stream(payload, count)
            bulk.until(released=count)
            flash.watch()
            flash.stream(payload, 1)
            flash.until(released=2)
            meter, joined = Meter(rig.watched), time.perf_counter()
            with meter:
                rig.wire.join()
                warned = flash.until(received=2)
                ended = bulk.until(received=count)
            begun = max(joined, rig.wire.connected)
            before = _received_at(bulk, warned)
        beside: dict[str, Any] = {
            "syncs": meter.syncs(count),
            "cpu_us": meter.per_item(count),
            "verified": rig.verified(),
            "memory": rig.memory(),
        }
        what = f"{count:,} queued items after an outage, from the connection on"
        note = f"the node dialled {begun - joined:.2f} s after the wire was joined"
        yield rate("entente", "catch-up", what, count, ended - begun, targets=CATCH_UP, note=note, **beside)
        what = f"a FLASH behind {count:,} ROUTINE items, from the wire's return to received"
        note = f"{before:,} ROUTINE items were received before it"
        yield Figure("entente", "catch-up-flash", what, (warned - joined) * 1000, "ms", targets=FIRST, note=note)


def _received_at(feed: Feed, at: float) -> int:
    return max((step.received for step in feed.steps if step.at < at), default=0)
