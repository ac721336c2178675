"""Asking the gate: the agreement's status at an instant, what this party's own pending acts add, compiled per peer.

A gate is kept as long as the ledger's status interval stands and compiled anew when an act has come or gone.
"""

from typing import TYPE_CHECKING

from entente.domain.release import Direction, Gate, compile_gate
from entente.node.ledger import Ledger

if TYPE_CHECKING:
    from entente.node.node import Node


def gate_for(node: "Node", ledger: Ledger, at: int, *, sender: str, recipient: str, direction: Direction) -> Gate:
    """The gate for items from ``sender`` to ``recipient`` at ``at`` (ms), as this node's own party asks it."""
    key = (sender, recipient, direction)
    gate = ledger.gates.get(key)
    if gate is None or at < gate.since or (gate.until is not None and at >= gate.until):
        gate = ledger.gates[key] = _compile(node, ledger, at, sender, recipient, direction)
    return gate


def _compile(node: "Node", ledger: Ledger, at: int, sender: str, recipient: str, direction: Direction) -> Gate:
    status, until = ledger.interval(at)
    terms = status.views[node.party].terms_version
    return compile_gate(
        agreement=ledger.projection.documents.get(terms),
        terms_version=terms,
        status=status,
        interval=(status.at, until),
        sender=sender,
        recipient=recipient,
        direction=direction,
        earlier=ledger.projection.documents,
    )


def flowing(ledger: Ledger, at: int) -> bool:
    """Whether anything at all may flow under the agreement at ``at``: every view operating, no act of one's own pending."""
    return ledger.interval(at)[0].release_allowed
