"""Commands about the node itself: status, clock, peers, its log, a new incarnation (docs/spec/control.md)."""

from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.node import restart, setup, views
from entente.node.clock import SimulatedClock
from entente.node.errors import RefusedError
from entente.node.home import write_durably
from entente.node.registry import Args, NoArgs, SignatureArgs, bytes_of, command, instant_of, the_ledger

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


@command("node.status")
async def node_status(daemon: "Daemon", args: NoArgs) -> Any:
    """The node, its peers, its agreements and its alarms."""
    return await daemon.do(
        lambda: views.node_view(daemon.node, set(daemon.conversations), daemon.last_heard, daemon.port)
    )


@command("node.stop")
async def node_stop(daemon: "Daemon", args: NoArgs) -> Any:
    """Stop the node."""
    daemon.stopping.set()
    return {}


class ClockArgs(Args, kw_only=True):
    """``instant`` as RFC 3339 text; ``running``: whether the clock goes on from there."""

    instant: str
    running: bool = False


@command("clock.set")
async def clock_set(daemon: "Daemon", args: ClockArgs) -> Any:
    """Set a simulated node's clock; a real node has no such door."""
    clock, instant = daemon.node.clock, instant_of(args.instant)
    if not isinstance(clock, SimulatedClock) or instant is None:
        raise RefusedError(
            "REAL_CLOCK", "only a simulated node accepts a clock", "Make one with: node init --simulated"
        )
    clock.set(instant, running=args.running)
    await daemon.do(daemon.node.keep_time)
    return {"now": format_instant(await daemon.do(daemon.node.instant))}


class PairArgs(Args, kw_only=True):
    """A pairing card's text and the words that were read out."""

    card: str
    words: str


@command("peer.pair")
async def peer_pair(daemon: "Daemon", args: PairArgs) -> Any:
    """Trust a peer's root key."""
    home, data = daemon.node.home, args.card.encode()

    def work() -> str:
        card = setup.read_card(data)
        setup.check_pairing(home, card, args.words)
        party = card.root_card.party
        write_durably(home.path / "peers" / f"{party}.json", data)
        daemon.node.add_peer(card)
        return party

    party = await daemon.do(work)
    daemon.link.reload()
    return {"party": party}


class LogArgs(Args, kw_only=True):
    """An agreement, and from which entry of this node's record on."""

    agreement: str | None = None


@command("log.show")
async def log_show(daemon: "Daemon", args: LogArgs) -> Any:
    """Every entry of every party's log, in the order in which this node committed them."""
    ledger = the_ledger(daemon, args.agreement)
    return await daemon.do(lambda: views.log_view(daemon.node, ledger))


class RestartArgs(Args, kw_only=True):
    """An agreement whose log is to go on in a new incarnation."""

    agreement: str | None = None


@command("restart.prepare")
async def restart_prepare(daemon: "Daemon", args: RestartArgs) -> Any:
    """The statement an office signs to open a new incarnation where no peer can be reached."""
    ledger = the_ledger(daemon, args.agreement)
    return {"statement": restart.prepare(daemon.node, ledger).hex(), "agreement": ledger.agreement.hex()}


class RestartCommitArgs(Args, kw_only=True):
    """A signed restart statement."""

    agreement: str
    statement: str
    office: str
    signature: SignatureArgs


@command("restart.commit")
async def restart_commit(daemon: "Daemon", args: RestartCommitArgs) -> Any:
    """Open a new incarnation."""
    ledger = the_ledger(daemon, args.agreement)
    signature = args.signature.signature()
    await daemon.do(lambda: restart.commit(daemon.node, ledger, bytes_of(args.statement), args.office, signature))
    return {}
