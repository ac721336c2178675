"""``make bench``: floor, peers and Entente in one run on one machine; a table, a picture, what was missed and why."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from bench import entente, floor, growth, large, matters, report
from bench.context import RESULTS, Context
from bench.feed import FeedError
from bench.figures import Figure, Target, missing
from bench.peers import gpgdrop, jetstream, medallion, synapse
from bench.scale import SCALES
from bench.venvs import NotAvailableError
from entente.cli.output import CommandError
from entente.node.errors import NodeError

Measure = Callable[[Context], Iterator[Figure]]
PEERS: dict[str, Measure] = {
    "medallion": medallion.measure,
    "nats": jetstream.measure,
    "gpg": gpgdrop.measure,
    "synapse": synapse.measure,
}
OURS: dict[str, tuple[Measure, list[Target]]] = {
    "lone": (entente.lone, entente.LONE),
    "beside-bulk": (entente.beside_bulk, entente.BESIDE),
    "beside-file": (entente.beside_file, entente.BESIDE),
    "sustained": (entente.sustained, entente.SUSTAINED),
    "file": (large.file, large.FILE),
    "cut": (large.cut, large.AGAIN),
    "catch-up": (growth.catch_up, growth.CATCH_UP),
    "payloads": (large.payloads, []),
    "command": (large.command, []),
    "agreements": (growth.agreements, []),
    "history": (growth.history, growth.RECONNECT),
    "matters": (matters.matters, []),
}
NAMES = ["floor", *PEERS, *OURS]
SLOW = ("synapse",)
"""Only when asked for by name."""


@click.command()
@click.option("--only", "only", multiple=True, type=click.Choice(NAMES), help="Only this; may be given several times.")
@click.option("--quick", "scale", flag_value="quick", help="About a minute: that everything works, not how fast.")
@click.option("--tiny", "scale", flag_value="tiny", help="Seconds, for the tests.")
@click.option("--long", "scale", flag_value="long", help="With ten million items of history.")
@click.option(
    "--profile", is_flag=True, help="Run what missed a target again, shortly, with a profiler beside both nodes."
)
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the results as a page, with its picture beside it.",
)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, metavar="DIR", help="Where to keep them.")
@click.option(
    "--again",
    type=click.Path(path_type=Path, exists=True),
    metavar="JSON",
    help="Measure nothing; report these results.",
)
def main(
    only: tuple[str, ...], scale: str | None, profile: bool, write: Path | None, results: Path, again: Path | None
) -> None:
    """Measure, show, and keep what was found; exit code 1 where a record does not hold, whatever the figures."""
    if again is not None:
        run = report.load(again)
    else:
        chosen = only or tuple(name for name in NAMES if name not in SLOW)
        run = report.Run.begin(scale or "bench", sys.argv[1:])
        with Context(SCALES[scale or "bench"]) as context:
            for name in chosen:
                run.figures += _measured(context, name, run.seconds)
        if profile:
            _explain(run, scale or "bench")
        report.save(run, results)
    report.show(run)
    if write is not None:
        report.write(run, write)
    if any(figure.unsound for figure in run.figures):
        sys.exit(1)


def _measured(context: Context, name: str, seconds: dict[str, float]) -> list[Figure]:
    """Everything a measurement finds; if it cannot be had, that and why."""
    context.say(f"{name} ...")
    subject, begun = ("entente" if name in OURS else name), time.monotonic()
    measure, targets = OURS.get(name) or (PEERS.get(name, floor.measure), [])
    found: list[Figure] = []
    try:
        for figure in measure(context):
            found.append(figure)
            context.say(f"  {report.line(figure)}")
    except (NotAvailableError, FeedError, NodeError, CommandError, RuntimeError, OSError, AssertionError) as error:
        why = f"{type(error).__name__}: {error}" if not isinstance(error, NotAvailableError) else str(error)
        rest = [] if any(figure.targets for figure in found) else targets
        found.append(missing(subject, name, f"the rest of: {name}" if found else name, why.splitlines()[0][:300], rest))
        context.say(f"  not available: {why}")
    seconds[name] = time.monotonic() - begun
    for figure in found:
        figure.measured_by = name
    return found


def _explain(run: "report.Run", scale: str) -> None:
    """Profile what missed a target, at the size of a quick run."""
    for name in _missed(run.figures):
        with Context(SCALES["tiny" if scale == "tiny" else "quick"], profile=True) as context:
            _measured(context, name, {})
            run.profiles[name] = context.profiles


def _missed(figures: Iterable[Figure]) -> list[str]:
    return list(dict.fromkeys(figure.measured_by for figure in figures if figure.missed and figure.measured_by in OURS))


if __name__ == "__main__":
    main()
