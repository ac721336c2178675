"""What crosses the store's port: bytes, integers and these rows, whatever database lies behind (docs/spec/store.md)."""

from collections.abc import Sequence
from typing import NamedTuple


class LogRow(NamedTuple):
    """A log's head as stored. ``last_instant`` is in ms since the epoch; ``checkpoint`` the newest signed note held."""

    id: int
    agreement: bytes
    writer: str
    incarnation: str
    size: int
    root: bytes
    frontier: bytes
    last_instant: int
    checkpoint: str


class NewEntry(NamedTuple):
    """An entry to append: its envelope's bytes and, per body, ``(sealed, data)`` or None where it is withheld."""

    kind: str
    instant: int
    envelope: bytes
    bodies: Sequence[tuple[bool, bytes] | None]
    fact: bool = True
    """Whether a ledger is rebuilt from it when the node starts."""


class EntryRow(NamedTuple):
    """An entry as stored."""

    log: int
    seq: int
    kind: str
    instant: int
    envelope: bytes


class AwaitedRow(NamedTuple):
    """A transfer that is not complete: ``part`` is on its way, ``body`` or ``payload``; ``item`` "" if unknown."""

    log: int
    seq: int
    part: str
    item: str


class RelationRow(NamedTuple):
    """What an item (its entry, its id) is to an earlier one, ``item``: ``update`` or ``cancel``."""

    log: int
    seq: int
    kind: str
    item: str
    by_item: str


class StreamRow(NamedTuple):
    """How far a stream has come, and what its first item bound it to."""

    number: int
    standing: str
    recipients: str


class RegisterRow(NamedTuple):
    """A line of the register; instants in ms since the epoch, None where it has not happened."""

    number: int
    log: int
    seq: int
    party: str
    direction: str
    item: str
    state: str
    instant: int
    answered: int | None
    opened: int | None
