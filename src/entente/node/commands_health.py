"""Commands about what is broken and what is owed (docs/spec/control.md, docs/spec/health.md)."""

from typing import TYPE_CHECKING, Any

from entente.node.debts import debts
from entente.node.findings import shown
from entente.node.registry import NoArgs, command

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


@command("node.health", veiled=False)
async def node_health(daemon: "Daemon", args: NoArgs) -> Any:
    """Every link of the chain, by a look made now."""
    return shown(await daemon.health.fresh())


@command("debts.show")
async def debts_show(daemon: "Daemon", args: NoArgs) -> Any:
    """Every answer, payload and cosignature that is awaited."""
    return await daemon.do(lambda: debts(daemon.node, set(daemon.conversations)))
