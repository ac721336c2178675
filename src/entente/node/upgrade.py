"""Bringing a stopped node's store forward, with a backup taken first (docs/spec/backup.md, section 5)."""

from pathlib import Path

from entente.node.backup import STORE
from entente.node.clock import real_time
from entente.node.home import Home
from entente.store.errors import BrokenError
from entente.store.snapshot import bring_forward, versions_of


def versions(home: Home) -> tuple[int, int]:
    """(version of the store, 0 where there is none yet; version of this software).

    Raises:
        BrokenError: the store is newer than this software.
        StoreError: it cannot be read.
    """
    found, newest = versions_of(home.path / STORE)
    if found > newest:
        raise BrokenError(f"the store is of version {found}, newer than this software's {newest}")
    return found, newest


def backup_path(home: Home, version: int) -> Path:
    """Where the backup before an upgrade goes unless another place is named; the folder is made."""
    folder = home.path / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{home.party}-store-{version}-{real_time():%Y%m%dT%H%M%SZ}.backup"


def migrate(home: Home) -> None:
    """Migrate the store; the backup has been taken, and the caller holds the directory alone.

    Raises:
        StoreError: a migration failed and left the version before it.
    """
    bring_forward(home.path / STORE)
