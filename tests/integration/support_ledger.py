"""A ledger as it is now, to be compared with what it is later, or with another made of the same entries."""

from typing import Any

from entente.domain.relations.folding import Folding
from entente.node.ledger import HeldLog, Ledger
from entente.record.projection import Projection
from entente.record.standings import Standings
from entente.record.steps import Steps
from entente.record.trust import KeyHistory

CACHES = frozenset({"_status", "situation", "gates", "_handlers", "_offices", "_document"})
"""What is computed anew from the rest."""


def picture(value: Any, without: frozenset[str] = CACHES) -> Any:
    """A value through every container and every object that lives on; what never changes as itself."""
    if isinstance(value, dict):
        return [(key, picture(each, without)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [picture(each, without) for each in value]
    if isinstance(value, set):
        return set(value)
    if isinstance(value, Ledger | Projection | Standings | Steps | HeldLog):
        return {name: picture(each, without) for name, each in vars(value).items() if name not in without}
    if isinstance(value, Folding):
        return [list(value.matters.items()), value.refused]
    if isinstance(value, KeyHistory):
        return [value._at, value.statements]
    return value
