"""Update and cancel: what an item is to an earlier one of the same sender (docs/spec/transfer.md, section 7).

They come only from the originator of the item, at the original's precedence, to everyone who has it. A cancel destroys
nothing: what was given stays protected for as long as it is held.
"""

from typing import TYPE_CHECKING, Any

from entente.node.ledger import Ledger
from entente.record.bodies import TransferHeader
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError
from entente.sealing.errors import SealingError
from entente.store.reader import Reader
from entente.store.rows import RegisterRow, RelationRow

if TYPE_CHECKING:
    from entente.node.node import Node

RELATION = "RELATION"
"""The coarse code of an update or a cancel that has no place."""
REMEDY = "Release it as an item of its own, or name an item that this party gave and did not cancel."


def original(
    node: "Node", reader: Reader, ledger: Ledger, sender: str, item: str
) -> tuple[TransferHeader, list[RegisterRow]] | None:
    """The header of an item that ``sender`` gave, and the register's lines of it; None where it is not known here.

    One that is still on its way to this party has no line yet.
    """
    direction = "given" if sender == node.party else "held"
    lines = [line for line in reader.register_items(item) if line.direction == direction]
    places = [(line.log, line.seq) for line in lines] + reader.awaiting_item(item)
    for place in places:
        log = reader.log(place[0])
        if (log.agreement, log.writer) != (ledger.agreement, sender):
            continue
        try:
            opened = node.open_held(ledger, Position(log.writer, log.incarnation, place[1]), reader)
        except (SealingError, NotCanonicalError):
            continue  # destroyed: what can no longer be compared is not updated
        return opened.header, [line for line in lines if (line.log, line.seq) == place]
    return None


def relations_of(reader: Reader, agreement: bytes, sender: str, item: str) -> list[RelationRow]:
    """What ``sender`` said later of its item, oldest first."""
    found = []
    for row in reader.relations(item):
        log = reader.log(row.log)
        if (log.agreement, log.writer) == (agreement, sender):
            found.append(row)
    return found


def still_with(first: TransferHeader, lines: list[RegisterRow]) -> tuple[str, ...]:
    """Who has an item that this party gave: its recipients, but for those that refused it."""
    refused = {line.party for line in lines if line.state.startswith("refused: ")}
    return tuple(party for party in first.recipients if party not in refused)


def misrelated(node: "Node", reader: Reader, ledger: Ledger, header: TransferHeader) -> str | None:
    """Why an update or cancel has no place, in words; None where it has, or the item is neither.

    The sender has to name exactly those who have the original. A recipient cannot know who refused it: it checks that
    nobody is named who was not given it.
    """
    relation = header.relation
    if relation is None:
        return None
    found = original(node, reader, ledger, header.sender, relation.item)
    if found is None:
        return f"{header.sender} gave no item {relation.item} that is known here"
    first, lines = found
    have = still_with(first, lines) if header.sender == node.party else first.recipients
    named, exact = set(header.recipients), header.sender == node.party
    if first.relation is not None and first.relation.kind == "cancel":
        return f"{relation.item} is itself a cancel"
    if any(row.kind == "cancel" for row in relations_of(reader, ledger.agreement, header.sender, relation.item)):
        return f"{relation.item} was cancelled already"
    if header.precedence != first.precedence:
        return f"it is {header.precedence}, and {relation.item} was {first.precedence}"
    if named != set(have) if exact else not named <= set(have):
        return f"it goes to {', '.join(header.recipients)}; {relation.item} is with {', '.join(have) or 'nobody'}"
    if relation.kind == "cancel" and header.payload.size:
        return "a cancel has no payload"
    return None


def relations_view(node: "Node", ledger: Ledger, sender: str, item: str) -> dict[str, Any]:
    """What was said later of an item, by the ids of the items that said it."""
    rows = relations_of(node.store, ledger.agreement, sender, item)
    return {
        "updated_by": [row.by_item for row in rows if row.kind == "update"],
        "cancelled_by": next((row.by_item for row in rows if row.kind == "cancel"), None),
    }
