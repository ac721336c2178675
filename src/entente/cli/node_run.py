"""``entente node run``, ``stop``, ``clock`` and ``restart``: the process, its end, its time, its log's next branch."""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entente.cli.client import Target, agreement_argument, directory
from entente.cli.lock import alone
from entente.cli.output import CommandError, as_json, show_json
from entente.cli.passphrase import Passphrases, keep_out_of_dumps, passphrase_option

if TYPE_CHECKING:
    from entente.node.clock import Clock
    from entente.node.node import Node

GC_THRESHOLDS = (20_000, 20, 50)
"""Objects between two looks for cycles: a frame makes thousands of them, and none of those is in one."""
SWITCH_S = 0.0001
"""Seconds after which a thread that computes lets another run, so that a frame that is ready leaves."""
STOP_PATIENCE = 30.0
"""Seconds until a node that was told to stop is reported as not stopping."""


@click.command("run")
@directory
@click.option("--at", metavar="INSTANT", help="Simulated nodes only: what the clock shows at first.")
@click.option("--running", is_flag=True, help="Simulated nodes only: let the clock go on from there.")
@passphrase_option
@as_json
def run(directory: Path, at: str | None, running: bool, passphrases: Passphrases, as_json: bool) -> None:
    """Run the node in the foreground until SIGTERM, SIGINT or: entente node stop DIR.

    It logs to standard error. A simulated node's clock stands where the node last was, or at --at.

    \b
    Example: entente node run /var/lib/entente
    """
    keep_out_of_dumps()
    target = Target(directory)
    if at is not None and not target.simulated:
        raise CommandError("REAL_CLOCK", "only a simulated node accepts a clock", "Leave out --at.")
    check_closed(target.path)
    with alone(target.path):
        from entente.node.backup import sweep
        from entente.node.keyring import Keyring, unlock
        from entente.node.node import Node

        secrets = unlock(target.home.key_file("node"), passphrases.get(f"the node of {target.party}"))
        _log_to_stderr()
        sweep(target.home)
        node = Node(target.home, Keyring.from_secrets(secrets), _clock(target, at, running=running))
        try:
            if at is None:
                _begin_now(node)
            sys.setswitchinterval(SWITCH_S)
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            asyncio.run(_serve(node, target, as_json=as_json))
        finally:
            node.close()


def check_closed(path: Path) -> None:
    """Refuse a directory, or a key, that other users of the machine may open.

    Raises:
        CommandError: it is open.
    """
    from entente.node.outside import opened_to_others

    opened = opened_to_others(path)
    if opened is not None:
        raise CommandError("DIRECTORY_OPEN", f"others may open {opened}", f"Close it: chmod -R go= {path}")


def _clock(target: Target, at: str | None, *, running: bool) -> "Clock":
    from entente.cli.instants import instant
    from entente.node.clock import SimulatedClock, SystemClock

    if not target.simulated:
        return SystemClock()
    return SimulatedClock(instant(at, "--at") if at is not None else 0, running=running)


def _begin_now(node: "Node") -> None:
    """A new simulated node begins at the present; one that has been somewhere stays there, or an exercise would end."""
    from entente.node.clock import SimulatedClock

    if isinstance(node.clock, SimulatedClock) and node.instant() == 0:
        node.clock.set(time.time_ns() // 1_000_000)


async def _serve(node: "Node", target: Target, *, as_json: bool) -> None:
    from entente.node.daemon import Daemon

    daemon = Daemon(node)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stopping.set)

    def started() -> None:
        host = target.home.settings.listen.rpartition(":")[0]
        if as_json:
            show_json(target.answer(listens=f"{host}:{daemon.port}", pid=os.getpid()))
        else:
            kind = "SIMULATED node" if target.simulated else "node"
            click.echo(f"The {kind} of {target.party} listens on {host}:{daemon.port}, process {os.getpid()}.")
        sys.stdout.flush()

    try:
        await daemon.run(started)
    except OSError as error:
        raise CommandError(
            "CANNOT_LISTEN", f"{target.home.settings.listen}: {error.strerror or error}", "Change listen in node.toml."
        ) from error


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )


@click.command("stop")
@directory
@as_json
def stop(directory: Path, as_json: bool) -> None:
    """Stop the running node, and wait until it has.

    \b
    Example: entente node stop /var/lib/entente
    """
    target = Target(directory)
    target.call("node.stop")
    deadline = time.monotonic() + STOP_PATIENCE
    while True:
        try:
            with alone(target.path):
                break
        except CommandError:
            if time.monotonic() > deadline:
                raise CommandError(
                    "NOT_STOPPING", "the node was told to stop and still runs", "Look at its log."
                ) from None
            time.sleep(0.01)
    if as_json:
        show_json(target.answer(running=False))
        return
    click.echo(f"The {'SIMULATED node' if target.simulated else 'node'} of {target.party} has stopped.")


@click.command("clock")
@directory
@click.argument("instant_text", metavar="INSTANT")
@click.option("--running", is_flag=True, help="Let the clock go on from there; otherwise it stands still.")
@as_json
def clock(directory: Path, instant_text: str, running: bool, as_json: bool) -> None:
    """Set a simulated node's clock. A real node has no such door.

    \b
    Example: entente node clock exercise/kr 2019-11-22T23:59:00+09:00 --running
    """
    from entente.cli.instants import instant
    from entente.domain.agreement.instants import format_instant

    target = Target(directory)
    wanted = format_instant(instant(instant_text, "INSTANT"))
    now = target.call("node.status")["now"] if target.simulated else wanted
    if instant(wanted, "INSTANT") < instant(now, "now"):
        # A node's time never goes back (docs/spec/clock.md): it would only stand still until its clock is here again.
        text = f"the node of {target.party} is at {now}, and a node's time never goes back"
        raise CommandError("CLOCK_BACK", text, f"Name {now} or later; for an earlier time make new nodes.")
    answer = target.call("clock.set", instant=wanted, running=running)
    if as_json:
        show_json(target.answer(**answer, running=running))
        return
    goes = "goes on from" if running else "stands at"
    click.echo(f"The SIMULATED clock of {target.party} {goes} {answer['now']}.")


@click.command("restart")
@directory
@agreement_argument
@click.option("--office", required=True, metavar="ID", help="An office that binds the party.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@passphrase_option
@as_json
def restart(
    directory: Path, agreement: str | None, office: str, yes: bool, passphrases: Passphrases, as_json: bool
) -> None:
    """Go on in a new incarnation of this node's log, where no peer can say where the old one ends.

    Only when START_UNCHECKED stands and no peer can be reached. Both branches are kept; it cannot be undone.

    \b
    Example: entente node restart /var/lib/entente --office treaty
    """
    from entente.cli.signing import check_restart, confirm, sign

    target = Target(directory)
    prepared = target.call("restart.prepare", agreement=agreement)
    data = bytes.fromhex(prepared["statement"])
    statement = check_restart(target, data, prepared["agreement"])
    if not as_json:
        from entente.cli import screens

        screens.heading(target, f"a new incarnation under agreement {prepared['agreement'][:16]}")
        screens.facts([
            ("last entry known", f"{statement.size - 1} of incarnation {statement.previous}"),
            ("new incarnation", statement.incarnation),
            ("signed by", f"office {office}"),
        ])  # fmt: skip
    confirm("Both branches are kept; this cannot be undone.", yes=yes, as_json=as_json)
    signature = sign(target, office, "restart", data, passphrases)
    target.call(
        "restart.commit",
        agreement=prepared["agreement"],
        statement=prepared["statement"],
        office=office,
        signature=signature,
    )
    if as_json:
        show_json(target.answer(agreement=prepared["agreement"], incarnation=statement.incarnation))
        return
    click.echo(f"The log of {target.party} goes on as incarnation {statement.incarnation}.")
