"""(c) Entente: a large file, whole and cut in the middle; payloads of every size; a release typed by a person."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial

from bench.context import Context
from bench.figures import Figure, Target, latency, rate
from bench.process import Meter
from bench.rig import ITEM, OFFICE, PERSON, Rig, two_nodes
from bench.scale import KIB, MIB
from entente.cli.stage import ENTENTE, wait_for

MEGABYTE = 1_000_000
FILE = [Target(250, at_most=False)]
AGAIN = [Target(2)]
INLINE = 64 * KIB
"""Largest payload that travels with its envelope; larger ones follow in segments."""
EACH_SIZE = 64 * MIB
"""Bytes sent of each size, between three items and fifty."""


def file(context: Context) -> Iterator[Figure]:
    """One file from plaintext on one disk to received on the other: all of it, and what is left after sealing."""
    size = context.scale.file
    with two_nodes(context) as rig:
        meter = Meter(rig.watched)
        with meter:
            took = rig.release(context.payload_file(size))
        megabytes, verified = size / MEGABYTE, rig.verified()
        cpu, memory = meter.per_item(size // MEGABYTE), rig.memory()
        syncs = meter.syncs(1)
        note = f"sealed in {took.sealed:.2f} s, released at {took.committed:.2f} s; processor per MB, syncs per file"
        what = f"{size >> 20} MiB file, from compose to received"
        beside = {"cpu_us": cpu, "syncs": syncs, "verified": verified, "memory": memory, "note": note}
        yield rate("entente", "file", what, megabytes, took.received, "MB/s", targets=FILE, **beside)
        what = f"{size >> 20} MiB file, from release to received, sealed before"
        yield rate("entente", "file-sent", what, megabytes, took.received - took.sealed, "MB/s", cpu_us=cpu, note=note)


def cut(context: Context) -> Iterator[Figure]:
    """What crosses the wire twice when it is cut in the middle of a file."""
    path, size = context.payload_file(context.scale.file), context.scale.file
    carried, said, took = [], "", 0.0
    for at in (None, size // 2):
        with two_nodes(context, wire=True) as rig:
            assert rig.wire is not None
            before = rig.wire.carried
            rig.wire.cut_at = None if at is None else before + at
            took = rig.release(path, during=None if at is None else partial(_mend, rig)).received
            carried.append(rig.wire.carried - before)
            said = rig.verified()
    again = (carried[1] - carried[0]) / MIB
    note = f"{carried[0] / MIB:.1f} MiB cross the whole wire; {took:.1f} s with the cut and the wait to dial again"
    what = f"sent again of a {size >> 20} MiB file cut at half"
    yield Figure("entente", "cut", what, again, "MiB", targets=AGAIN, verified=said, note=note)


def _mend(rig: Rig) -> None:
    """Join the wire as soon as both sides have seen the cut."""
    assert rig.wire is not None
    wait_for("the wire is cut", lambda: rig.wire is not None and rig.wire.cut_at is None, 600.0)
    rig.await_link("down")
    rig.wire.join()


def payloads(context: Context) -> Iterator[Figure]:
    """One item at a time of each size: its time, and so its rate."""
    with two_nodes(context) as rig:
        for size in context.scale.payloads:
            count = max(3, min(50, EACH_SIZE // size)) if size < 128 * MIB else 1
            seconds = _inline(rig, size, count) if size <= INLINE else _segmented(rig, size, count)
            name = f"{size // KIB} KiB" if size < MIB else f"{size // MIB} MiB"
            megabytes = size / MEGABYTE
            note = "" if size <= INLINE else "approved by itself, sealing included, the register is asked every 2 ms"
            yield latency("entente", "payload", f"{name} item, one at a time", seconds, point=size, note=note)
            per_second = f"{name} items one at a time"
            yield rate("entente", "payload-rate", per_second, megabytes * count, sum(seconds), "MB/s", point=size)
        yield Figure(
            "entente",
            "payload-memory",
            "memory of a node at most, after every size",
            _peak(rig),
            "MiB",
            verified=rig.verified(),
        )


def _inline(rig: Rig, size: int, count: int) -> list[float]:
    with rig.feed() as feed:
        payload = os.urandom(size)
        feed.lone(payload)
        seconds = [feed.lone(payload) for _ in range(count)]
        feed.finish()
    return seconds


def _segmented(rig: Rig, size: int, count: int) -> list[float]:
    path = rig.context.payload_file(size)
    return [rig.release(path).received for _ in range(count)]


def _peak(rig: Rig) -> float:
    return max(value for name, value in rig.memory().items() if name.endswith("peak"))


def command(context: Context) -> Iterator[Figure]:
    """``entente release`` as a process, until the other node's register has the item."""
    with two_nodes(context) as rig:
        path, seconds = context.payload_file(context.scale.item), []
        for _ in range(context.scale.command):
            held = len(rig.kr.ask("item.register", direction="held"))
            begun = time.perf_counter()
            typed = threading.Thread(target=_type, args=(rig, str(path)))
            typed.start()
            wait_for("the item is held", lambda held=held: len(rig.kr.ask("item.register", direction="held")) > held)  # type: ignore[misc]
            seconds.append(time.perf_counter() - begun)
            typed.join()
        what = "entente release, from starting the command until the other node holds it"
        yield latency(
            "entente",
            "command",
            what,
            seconds,
            verified=rig.verified(),
            note="unlocking the office's key included (Argon2id)",
        )


def _type(rig: Rig, path: str) -> None:
    """The command line, as a process; its passphrase comes on a descriptor."""
    reading, writing = os.pipe()
    os.write(writing, rig.passphrase.encode() + b"\n")
    os.close(writing)
    options = {
        "--title": "bench", "--level": ITEM["level"], "--purpose": ITEM["purpose"], "--to": "kr",
        "--precedence": "FLASH",
        "--reality": ITEM["reality"], "--office": OFFICE, "--person": PERSON, "--passphrase-fd": str(reading),
    }  # fmt: skip
    line = [
        *ENTENTE,
        "release",
        str(rig.jp.path),
        path,
        *(str(each) for pair in options.items() for each in pair),
        "--yes",
        "--json",
    ]
    try:
        subprocess.run(line, pass_fds=(reading,), check=True, capture_output=True)
    finally:
        os.close(reading)
