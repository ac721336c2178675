"""The command by which a running node takes part in its backup (docs/spec/control.md, docs/spec/backup.md)."""

import asyncio
from typing import TYPE_CHECKING, Any

from entente.node import backup
from entente.node.registry import Args, command

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class BackupArgs(Args, kw_only=True):
    """Whether the per-item keys are wanted too."""

    item_keys: bool = False


@command("node.backup")
async def node_backup(daemon: "Daemon", args: BackupArgs) -> Any:
    """Copy the store, on a thread and connection of its own, into a folder that the caller seals and removes.

    No path and no passphrase comes in here; nothing but the folder's name goes out.
    """
    await daemon.do(daemon.node.keep_time)  # the copy knows how late it was taken
    folder = await asyncio.to_thread(backup.snapshot, daemon.node.home, item_keys=args.item_keys)
    return {"folder": folder.name}
