"""What is checked of a step at one's own desk alone: what no peer may be judged by, since it knows other things.

References stay in the record for good; what this party itself refers to is to be there
(docs/spec/relations.md, section 2).
"""

from typing import TYPE_CHECKING

from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import MATTER, numbered_apart, some
from entente.node.errors import UsageError
from entente.node.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entente.node.node import Node


def check_refs(node: "Node", ledger: Ledger, refs: "Iterable[str]") -> None:
    """Check that what a step of this party refers to is known here: acts, matters, items and documents.

    Of a matter whose number was drawn nobody is told whether it is there: it may be under embargo.

    Raises:
        UsageError: something that is none of these.
    """
    projection, at = ledger.projection, node.instant()
    matters = projection.steps.matters
    known = {*projection.acts, *projection.documents}
    known |= {document.name for document in projection.documents.values()}
    known |= {name for name, matter in matters.items() if TABLES[matter.kind].visible(matter, at)}
    missing = [ref for ref in refs if ref not in known and not _apart(ref) and not _held(node, ledger, ref)]
    if missing:
        text = f"{some(missing)} is no act, matter, item or document that is known here"
        raise UsageError("NO_SUCH_REF", text, "Name it by its id as listed, such as kr-3 or kr-dialogue-1.")


def _apart(ref: str) -> bool:
    return MATTER.fullmatch(ref) is not None and numbered_apart(ref)


def _held(node: "Node", ledger: Ledger, item: str) -> bool:
    """Whether it is an item in this party's register, given or held under the agreement."""
    logs = {log.row.id for log in ledger.logs.values()}
    return any(row.log in logs and row.direction != "refused" for row in node.store.register_items(item))
