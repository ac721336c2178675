"""Errors of the store; a driver's own exceptions never cross the port.

StoreError
 +-- ConflictError   somebody else appended first, or this is an older copy: nothing was written
 +-- BusyError       the database is locked by another process: nothing was written
 +-- FullError       the disk is full: nothing was written
 +-- BrokenError     the file is damaged, of a newer version, or not ours
 +-- OutdatedError   the file is of an older version: it is upgraded by a command, never silently
 +-- DoubtfulError   a commit failed, and only the next start will show whether it stands
"""


class StoreError(Exception):
    """Something the store could not do; nothing of the transaction was written."""

    code = "STORE"
    remedy = "Look at the node's own log; nothing was changed."


class ConflictError(StoreError):
    """The log is not at the size and root that the append was computed from."""

    code = "STORE_CONFLICT"
    remedy = "Try again; if it persists, another process writes to this node's directory."


class BusyError(StoreError):
    """Another process holds the database."""

    code = "STORE_LOCKED"
    remedy = "Find and stop the other process that has the node's database open, then try again."


class FullError(StoreError):
    """No space left for the transaction."""

    code = "DISK_FULL"
    remedy = "Free space on the disk that holds the node's directory, then try again."


class BrokenError(StoreError):
    """The file cannot be used as a node's store."""

    code = "STORE_BROKEN"
    remedy = "Restore the node from its backup; the peers hold copies of its logs."


class OutdatedError(StoreError):
    """The store is of an older version than this software, and was left as it is."""

    code = "UPGRADE_NEEDED"
    remedy = "Upgrade it, which takes a backup first: entente node upgrade DIR"


class DoubtfulError(StoreError):
    """COMMIT failed and what it left could not be overwritten; nothing more is written until it could."""

    code = "STORE_DOUBTFUL"
    remedy = "Mend the disk. If the node stops before that, look at the register before doing again what failed."
