"""Where an entry stands, and how an office's keys are looked up there (docs/spec/record.md, "Keys")."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from entente.sealing.signing import HybridPublic

BIND = "bind"
"""The role of an office that may bind its party by formal acts, and speak for it about a matter."""


class Position(NamedTuple):
    """Where an entry stands: writer, incarnation of the writer's log, sequence number from 0."""

    writer: str
    incarnation: str
    seq: int


OfficeLookup: TypeAlias = Callable[[Position, str, str], HybridPublic | None]
"""(position, office id, role) -> the office's public keys as valid at that position, or None."""
