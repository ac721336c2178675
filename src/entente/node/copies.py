"""Two copies of one node: how each finds out, and what its administrator is told (docs/spec/backup.md, section 6).

A copy that is turned away by its peers writes nothing (docs/decisions/0005-every-start-is-checked.md). One that wrote
while it was cut off finds at the next greeting that its peers know another log under its own key, and stops.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entente.node.ledger import Ledger
    from entente.node.node import Node

REMEDY = "another copy of this node runs, or ran; keep the one that the peers know, and stop the other for good"


def note_turned_away(node: "Node", parties: set[str]) -> None:
    """Raise or clear the alarm that peers talk to this party already, on another connection than this node's."""
    for party in node.cards:
        if party in parties:
            node.alarm(f"copy/{party}", f"{party} talks to {node.party} already, elsewhere: {REMEDY}")
        else:
            node.clear_alarm(f"copy/{party}")


def note_other_history(node: "Node", ledger: "Ledger", peer: str) -> None:
    """Raise the alarm that a peer holds another log under this node's own key than this node has written."""
    text = f"{peer} holds entries that this node signed and does not have, beside others of its own: {REMEDY}"
    node.alarm(f"copy/{ledger.agreement.hex()}", text)
