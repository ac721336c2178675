"""Standing releases in tests that hold both nodes in one process: approve one, release under it, revoke it."""

from typing import Any

from support_stop import MARKING, Party

from entente.node import releases, standing
from entente.record.bodies import Relation, Signer
from entente.record.projection import Position
from entente.sealing.canonical import encode

HOUR = 3_600_000
CLASS: dict[str, Any] = {
    "media_types": ("text/plain",),
    "purposes": ("missile-warning",),
    "precedences": ("FLASH",),
    "realities": ("exercise",),
    "caveats": (),
    "max_size": 4096,
}


def approve(party: Party, *, signers: tuple[str, ...] = ("release",), ledger: Any = None, **changes: Any) -> str:
    """A standing release of ``party`` signed by its offices; returns its id."""
    ledger = ledger or party.ledger
    now = party.node.instant()
    bounds = {"level": MARKING.get(party.party, ""), "recipients": (party.peer,), "begins": now, "expires": now + HOUR}
    asked = standing.ItemClass(**(CLASS | bounds | changes))
    names = tuple(Signer(office, f"p{number}") for number, office in enumerate(signers, 1))
    statement = standing.prepare(party.node, ledger, asked, names)
    data = encode(statement)
    signatures = tuple(party.office(office).sign("standing", data) for office in signers)
    return standing.commit(party.node, ledger, data, signatures).statement.id


def revoke(party: Party, name: str, office: str = "release") -> Position:
    """End a standing release."""
    data = encode(standing.prepare_revocation(party.node, party.ledger, name, office, "p9"))
    return standing.revoke(party.node, party.ledger, data, party.office(office).sign("revocation", data))


def under(party: Party, name: str | None, payload: bytes = b"launch detected", **fields: Any) -> Position:
    """An item released under a standing release, without an approval of its own."""
    return releases.release(party.node, party.ledger, party.compose(payload, standing=name, **fields))


def cancel(party: Party, item: str, **fields: Any) -> Position:
    """The cancel of an item, approved by itself."""
    asked = {"payload": b"", "title": "A false alarm", "relation": Relation("cancel", item)}
    return party.release(party.compose(**(asked | fields)))


def update(party: Party, item: str, **fields: Any) -> Position:
    """An update of an item, approved by itself."""
    asked = {"payload": b"two objects", "relation": Relation("update", item)}
    return party.release(party.compose(**(asked | fields)))


def item_at(party: Party, position: Position) -> str:
    """The id of an item that a party gave."""
    own = party.ledger.logs[position[:2]].row.id
    row = party.node.store.register_line(own, position.seq, "given")
    assert row is not None
    return row.item
