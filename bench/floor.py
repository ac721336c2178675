"""(a) The floor: what the guarantees cost by themselves on this machine, in the same language."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from bench import certificates
from bench.context import ROOT, Context
from bench.ends import End
from bench.figures import Figure, latency, rate
from bench.process import Meter

BATCHES = (10, 100, 1000)


class Ran(NamedTuple):
    """What the sender reported, and what both ends spent."""

    items: int
    seconds: float
    latencies: list[float]
    meter: Meter


def measure(context: Context) -> Iterator[Figure]:
    """Lone items in turn and overlapped, batches, and a file."""
    scale = context.scale
    for overlap, name in ((False, "every step in turn"), (True, "sender's commit during the flight")):
        ran = _run(context, batch=1, seconds=60.0, limit=scale.lone, size=scale.item, overlap=overlap)
        yield latency(
            "floor", "lone" if overlap else "lone-in-turn", f"2 KiB item, {name}", ran.latencies, **_beside(ran, 1)
        )
    for batch in BATCHES:
        ran = _run(context, batch=batch, seconds=scale.burst_seconds, limit=10**9, size=scale.item, overlap=True)
        what = f"2 KiB items in batches of {batch}"
        yield rate("floor", f"rate-{batch}", what, ran.items, ran.seconds, **_beside(ran, batch))
    yield _file(context)


def _file(context: Context) -> Figure:
    path = context.payload_file(context.scale.file)
    ran = _run(context, path=str(path))
    mib = ran.items / 1e6
    what = f"{ran.items >> 20} MiB file, sealed in 1 MiB segments, synced at the other side"
    cpu = {name: cost.cpu / mib * 1e6 for name, cost in ran.meter.spent.items()}
    note = "processor is µs per MB"
    return rate("floor", "file", what, mib, ran.seconds, "MB/s", cpu_us=cpu, note=note)


def _beside(ran: Ran, batch: int) -> dict[str, Any]:
    return {"batch": float(batch), "syncs": ran.meter.syncs(ran.items), "cpu_us": ran.meter.per_item(ran.items)}


def _run(context: Context, **job: Any) -> Ran:
    folder = context.new_folder("floor")
    certificates.make(folder, "receive", "send")
    with ExitStack() as stack:
        receiver = stack.enter_context(_end(folder, "receive", job))
        port = int(receiver.line())
        sender = stack.enter_context(_end(folder, "send", {**job, "port": port}))
        meter = Meter({"sender": sender.watched, "receiver": receiver.watched})
        assert sender.line() == "ready"
        with meter:
            sender.go()
            found = json.loads(sender.line())
    shutil.rmtree(folder)
    return Ran(found["items"], found["seconds"], found["latencies"], meter)


def _end(folder: Path, role: str, job: dict[str, Any]) -> End:
    command = [sys.executable, "-m", "bench.floor_ends", role, str(folder), json.dumps(job)]
    return End(command, counter=folder / f"{role}.syncs", cwd=ROOT)
