"""(c) Entente: signed steps about matters, one and many in a row; and reading as matters become more."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from bench.context import Context
from bench.entente import rig_memory
from bench.figures import Figure, latency, rate
from bench.process import Meter
from bench.rig import Rig, two_nodes
from entente.cli.stage import wait_for
from entente.node.errors import NodeError

SAMPLE = 20
"""Lone steps, and readings of each kind, at each point of the curve."""
PATIENCE = 120.0


def matters(context: Context) -> Iterator[Figure]:
    """One signed step at a time, many in a row, and what grows with the number of matters."""
    with two_nodes(context) as rig:
        desk = Desk(rig)
        count = context.scale.steps
        meter = Meter(rig.watched)
        with meter:
            seconds = [desk.lone() for _ in range(count)]
        what = "signed step about a matter, from commit until the other node shows it"
        costs: dict[str, Any] = {"syncs": meter.syncs(count), "cpu_us": meter.per_item(count)}
        yield latency("entente", "step", what, seconds, note="the other node is asked every 2 ms", **costs)
        begun = time.perf_counter()
        desk.write(count)
        desk.await_last()
        what = f"{count} signed steps in a row, each prepared, signed and written, until the other node shows the last"
        yield rate("entente", "steps", what, count, time.perf_counter() - begun, "steps/s")
    with two_nodes(context) as rig:
        yield from _growth(rig, context.scale.matters)


class Desk:
    """A treaty desk at jp that announces one measure after the other, each a matter of its own."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.last = ""
        self.written = 0

    def write(self, count: int) -> None:
        """So many steps, each opening a matter."""
        for _ in range(count):
            self._commit(self._draft())

    def lone(self) -> float:
        """Seconds from the commit of one step until the other node shows it."""
        draft = self._draft()
        begun = time.perf_counter()
        self._commit(draft)
        self.await_last()
        return time.perf_counter() - begun

    def await_last(self) -> None:
        """Wait until the other node shows the last step written."""
        wait_for("the step arrives", lambda: _shows(self.rig, self.last), PATIENCE)

    def _draft(self) -> dict[str, Any]:
        say = {"subject": "other", "title": {"en": f"A measure of the bench, number {self.written}"}}
        draft: dict[str, Any] = self.rig.jp.ask(
            "step.prepare", agreement=self.rig.agreement, kind="measure", verb="announce", say=say,
            signers=[{"office": "treaty", "person": "t1"}],
        )  # fmt: skip
        return draft | {"signatures": [self.rig.jp.sign("treaty", "step", draft["statement"])]}

    def _commit(self, draft: dict[str, Any]) -> None:
        self.last = self.rig.jp.ask(
            "step.commit", agreement=self.rig.agreement, statement=draft["statement"], signatures=draft["signatures"]
        )["matter"]
        self.written += 1


def _shows(rig: Rig, matter: str) -> bool:
    with suppress(NodeError):
        return bool(rig.kr.ask("matter.show", agreement=rig.agreement, matter=matter))
    return False


def _growth(rig: Rig, points: tuple[int, ...]) -> Iterator[Figure]:
    """At each point one more step, both ways of reading, memory, and the check offline; each beside the first."""
    desk, first = Desk(rig), dict[str, float]()
    for point in points:
        desk.write(point - desk.written)
        desk.await_last()
        for name, what, asked in (
            ("matters-list", "matter.list", {}),
            ("matters-show", "matter.show of one", {"matter": desk.last}),
        ):
            seconds = [_read(rig, what.split()[0], asked) for _ in range(SAMPLE)]
            yield _beside_first(first, latency("entente", name, f"{what} with {point:,} matters", seconds, point=point))
        yield _beside_first(first, _verify(rig, point))
        memory = rig_memory(rig)
        what = f"memory of a node with {point:,} matters"
        yield _beside_first(first, Figure("entente", "matters-memory", what, memory, "MiB", point=point))
        seconds = [desk.lone() for _ in range(min(SAMPLE, rig.context.scale.steps))]
        what = f"signed step with {point:,} matters, from commit until the other node shows it"
        yield _beside_first(first, latency("entente", "matters-step", what, seconds, point=point))
    yield Figure("entente", "matters-verified", "matters", float(desk.written), "matters", verified=rig.verified())


def _read(rig: Rig, command: str, asked: dict[str, str]) -> float:
    begun = time.perf_counter()
    rig.kr.ask(command, agreement=rig.agreement, **asked)
    return time.perf_counter() - begun


def _verify(rig: Rig, point: int) -> Figure:
    """``entente verify`` of the other node's evidence: every signature and proof, and every matter computed anew."""
    path = rig.folder / "matters.evidence"
    rig.kr.ask("evidence.export", agreement=rig.agreement, path=str(path))
    begun = time.perf_counter()
    done = subprocess.run(rig.verification(path), capture_output=True, check=False)
    seconds = time.perf_counter() - begun
    path.unlink()
    if done.returncode != 0:
        raise RuntimeError(f"the record does not hold (exit {done.returncode})")
    return Figure("entente", "matters-verify", f"entente verify with {point:,} matters", seconds, "s", point=point)


def _beside_first(first: dict[str, float], figure: Figure) -> Figure:
    """With its ratio to the same at the first point."""
    if figure.name in first:
        figure.note = f"{figure.what}: {figure.value / first[figure.name]:.2f} times that of the first point"
    first.setdefault(figure.name, figure.value)
    return figure
