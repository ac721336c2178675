"""Commands that tell an agreement's record for a timeline, piece by piece (docs/spec/control.md)."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from entente.node import telling
from entente.node.registry import Args, command, the_ledger
from entente.node.writer import BULK

if TYPE_CHECKING:
    from entente.node.daemon import Daemon

C = TypeVar("C")


class ActsArgs(Args, kw_only=True):
    """An agreement."""

    agreement: str | None = None


@command("timeline.acts")
async def timeline_acts(daemon: "Daemon", args: ActsArgs) -> Any:
    """The formal acts with what is known of their delivery, and the node's instant."""
    ledger = the_ledger(daemon, args.agreement)
    return await daemon.do(lambda: telling.acts(daemon.node, ledger), BULK)


class StepsArgs(Args, kw_only=True):
    """From which step on, as they came here; as ``next`` said."""

    agreement: str | None = None
    first: int = 0


@command("timeline.steps")
async def timeline_steps(daemon: "Daemon", args: StepsArgs) -> Any:
    """Some of the steps about matters that may be shown now."""
    ledger = the_ledger(daemon, args.agreement)
    found, after = await _some(daemon, partial(telling.steps, daemon.node, ledger), args.first)
    return {"steps": found, "next": after}


class ItemsArgs(Args, kw_only=True):
    """From which log and entry on; as ``next`` said."""

    agreement: str | None = None
    log: int = 0
    first: int = 0


@command("timeline.items")
async def timeline_items(daemon: "Daemon", args: ItemsArgs) -> Any:
    """Some of the items in every party's log, by what their envelopes and this party's register say."""
    ledger = the_ledger(daemon, args.agreement)
    begins = telling.Cursor(args.log, args.first)
    found, after = await _some(daemon, partial(telling.items, daemon.node, ledger), begins)
    return {"items": found, "next": None if after is None else after._asdict()}


async def _some(
    daemon: "Daemon", one: Callable[[C], tuple[list[dict[str, Any]], C | None]], begins: C
) -> tuple[list[dict[str, Any]], C | None]:
    """Several slices as one answer; whatever else there is to do has its turn between two of them."""
    found: list[dict[str, Any]] = []
    at: C | None = begins
    for _ in range(telling.SLICES):
        if at is None:
            break
        more, at = await daemon.do(partial(one, at), BULK)
        found += more
    return found, at
