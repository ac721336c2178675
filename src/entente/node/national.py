"""The national log: the record's machinery, never replicated (docs/spec/store.md).

Gate decisions, refusals, openings and approvals of this party, as entries under no agreement; bodies lie locked under
the node's storage key. Nothing of it is ever put into a frame.
"""

import hashlib
from functools import partial
from os import urandom
from typing import TYPE_CHECKING, Any

import msgspec

from entente.node.commit import Work, salted
from entente.node.ledger import Ledger
from entente.record.bodies import NationalHead
from entente.record.envelope import SALT, BodyRef, Envelope, commitment
from entente.record.merkle import EMPTY_ROOT, Frontier, leaf_hash
from entente.sealing.canonical import encode
from entente.sealing.suites import SUITE, prefixed
from entente.store.reader import Reader
from entente.store.rows import LogRow, NewEntry

if TYPE_CHECKING:
    from entente.node.node import Node

NATIONAL = bytes(32)
"""The national log stands under no agreement."""
_INCARNATION = "0" * 16
DAY = 24 * 3600 * 1000


def commit_heads(node: "Node") -> None:
    """Commit the national log's head, blinded, into each shared log daily: it cannot be cut short unseen."""
    for ledger in list(node.ledgers.values()):
        due = ledger.national_since + DAY <= node.instant()
        if ledger.ready and ledger.own is not None and ledger.own.row.size and due:
            node.committer.run(partial(_commit_head, node, ledger))


def _commit_head(node: "Node", ledger: Ledger, unit: Work) -> None:
    row, own = head_of(node, unit), ledger.own
    if row is None or own is None:
        return
    blind = urandom(SALT)
    head = hashlib.sha256(prefixed("national", blind + row.size.to_bytes(8, "big") + row.root)).digest()
    note(node, unit, "head", {"size": row.size, "root": row.root.hex(), "blind": blind.hex()})
    unit.append(ledger, own, "national", [salted(encode(NationalHead(head)))])


def national_log(reader: Reader) -> LogRow | None:
    """The national log's row, None before its first entry."""
    return next((row for row in reader.logs() if row.agreement == NATIONAL), None)


def head_of(node: "Node", unit: Work) -> LogRow | None:
    """The national log's head in a transaction: as left there, else as remembered, else as stored."""
    return unit.national or node.national or national_log(unit.tx)


def note(node: "Node", unit: Work, kind: str, facts: dict[str, Any]) -> None:
    """Note something of one's own: ``gate``, ``opened``, ``refused``, in the transaction that decides it."""
    row = head_of(node, unit)
    if row is None:
        row = unit.tx.create_log(NATIONAL, node.party, _INCARNATION, root=EMPTY_ROOT, frontier=Frontier().to_bytes())
    body, salt = msgspec.json.encode(facts, order="sorted"), urandom(SALT)
    envelope = Envelope(
        version=1,
        suite=SUITE,
        agreement=NATIONAL,
        writer=node.party,
        incarnation=_INCARNATION,
        seq=row.size,
        kind=kind,
        instant=max(unit.at, row.last_instant),
        precedence=None,
        reality=None,
        seen=(),
        bodies=(BodyRef(len(body), commitment(salt, body)),),
        payload=0,
    )
    data = encode(envelope)
    frontier = Frontier.from_bytes(row.frontier).append(leaf_hash(data))
    locked = node.lock(f"national/{row.size}", salt + body)
    entry = NewEntry(kind, envelope.instant, data, [(True, locked)], fact=False)
    head = unit.tx.append(row, [entry], root=frontier.root(), frontier=frontier.to_bytes(), checkpoint="")
    unit.national = head
    unit.after.append(partial(setattr, node, "national", head))
