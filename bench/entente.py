"""(c) Entente: one warning, a warning beside bulk, and as many items as go."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from bench.context import ROOT, Context
from bench.ends import End
from bench.figures import Figure, Target, latency, rate
from bench.process import Meter
from bench.rig import Rig, two_nodes

WARM_UP = 20
ATTEMPTS = 10**9
HALF = 0.5
LONE = [Target(2.0, of="p50"), Target(8.0, of="p99")]
BESIDE = [Target(20.0, of="p99")]
SUSTAINED = [Target(10_000, at_most=False)]
PEAK, IDLE = [Target(300)], [Target(120)]


def lone(context: Context) -> Iterator[Figure]:
    """One 2 KiB FLASH item at a time on an idle link; and each approved by an office."""
    with two_nodes(context) as rig:
        payload = os.urandom(context.scale.item)
        path = context.payload_file(context.scale.item)
        seconds = [(each.received - each.sealed) for each in (rig.release(path) for _ in range(context.scale.approved))]
        what = "2 KiB FLASH item that an office signs, from sealed to received, asked of the register"
        yield latency("entente", "approved", what, seconds, note="the register is asked every 2 ms")
        with rig.feed() as feed:
            for _ in range(min(WARM_UP, context.scale.lone)):
                feed.lone(payload)
            meter, steps = Meter(rig.watched), len(feed.steps)
            with meter:
                seconds = [feed.lone(payload) for _ in range(context.scale.lone)]
            lines = len(feed.steps) - steps
            feed.finish()
        costs = _beside(
            meter, context.scale.lone, 1.0, note=f"{lines / context.scale.lone:.1f} lines of progress an item"
        )
        what = "2 KiB FLASH item, release to received"
        yield latency("entente", "lone", what, seconds, targets=LONE, verified=rig.verified(), **costs)


def beside_bulk(context: Context) -> Iterator[Figure]:
    """The same while ROUTINE items flow at half their maximum."""
    with two_nodes(context) as rig:
        payload = os.urandom(context.scale.item)
        with rig.feed("ROUTINE") as bulk:
            begun = time.perf_counter()
            bulk.watch()
            bulk.stream(payload, ATTEMPTS, seconds=context.scale.burst_seconds)
            most = bulk.sent / (bulk.until(received=bulk.sent) - begun)
        seconds = max(context.scale.burst_seconds, 2.0)
        job = {"args": rig.feed_args("ROUTINE"), "size": context.scale.item, "rate": most * HALF, "seconds": seconds}
        command = [sys.executable, "-m", "bench.feed", str(rig.jp.home.control), json.dumps(job)]
        with rig.feed("FLASH") as flash, End(command, cwd=ROOT) as feeder:
            assert feeder.line() == "ready"
            meter, latencies, until = Meter(rig.watched), [], time.perf_counter() + seconds
            with meter:
                while time.perf_counter() < until:
                    latencies.append(flash.lone(payload))
            fed = json.loads(feeder.line())
        items = fed["items"] + len(latencies)
        what = f"2 KiB FLASH item beside ROUTINE at {most * HALF:,.0f} items/s, half of its maximum"
        costs = _beside(
            meter, items, fed["batch"], note=f"bulk received at {fed['items'] / fed['seconds']:,.0f} items/s"
        )
        yield latency("entente", "beside-bulk", what, latencies, targets=BESIDE, verified=rig.verified(), **costs)


def beside_file(context: Context) -> Iterator[Figure]:
    """The same while a large file is sealed and transferred."""
    with two_nodes(context) as rig:
        payload, path = os.urandom(context.scale.item), context.payload_file(context.scale.file)
        done: list[Any] = []
        with rig.feed("FLASH") as flash:
            flash.lone(payload)
            file = threading.Thread(target=lambda: done.append(rig.release(path, "ROUTINE")))
            meter, latencies = Meter(rig.watched), []
            with meter:
                file.start()
                while file.is_alive():
                    latencies.append(flash.lone(payload))
            file.join()
        if not done:
            raise RuntimeError("the file was not received")
        what = f"2 KiB FLASH item beside a file of {context.scale.file >> 20} MiB, while it is sealed and sent"
        costs = _beside(
            meter, len(latencies), 1.0, note=f"the file took {done[0].received:.1f} s; its processor time is included"
        )
        yield latency("entente", "beside-file", what, latencies, targets=BESIDE, verified=rig.verified(), **costs)


def sustained(context: Context) -> Iterator[Figure]:
    """2 KiB items for a minute, all guarantees on; and what the nodes hold in memory."""
    with two_nodes(context) as rig:
        payload, seconds = os.urandom(context.scale.item), context.scale.sustained_seconds
        fresh = rig.memory()
        with rig.feed("ROUTINE") as feed:
            meter, begun = Meter(rig.watched), time.perf_counter()
            feed.watch()
            with meter:
                feed.stream(payload, ATTEMPTS, seconds=seconds)
                took = feed.until(received=feed.sent) - begun
            batch, items = feed.batch(), feed.sent
        loaded = rig.memory()
        verified = rig.verified()
        costs = _beside(meter, items, batch)
        what = f"2 KiB items under a standing release, {took:.0f} s"
        yield rate(
            "entente", "sustained", what, items, took, targets=SUSTAINED, verified=verified, memory=loaded, **costs
        )
        yield _memory("memory-load", f"memory of a node at most, {items} items", _most(loaded, "peak"), loaded, PEAK)
        yield _memory("memory-fresh", "memory of a node, idle, agreement in force", _most(fresh, "rss"), fresh, IDLE)
        yield _memory("memory-idle", f"memory of a node, idle after {items} items", _most(loaded, "rss"), loaded, IDLE)


def _memory(name: str, what: str, value: float, memory: dict[str, float], targets: list[Target]) -> Figure:
    return Figure("entente", name, what, value, "MiB", memory=memory, targets=targets)


def _most(memory: dict[str, float], kind: str) -> float:
    return max(value for name, value in memory.items() if name.endswith(kind))


def _beside(meter: Meter, items: int, batch: float | None, note: str = "") -> dict[str, Any]:
    return {"batch": batch, "syncs": meter.syncs(items), "cpu_us": meter.per_item(items), "note": note}


def rig_memory(rig: Rig) -> float:
    """MiB that the larger of both nodes holds."""
    return _most(rig.memory(), "rss")
