"""What is owed: every answer, payload and cosignature that is awaited, in words (docs/spec/health.md)."""

from typing import TYPE_CHECKING, Any, Final

from entente.domain.agreement.instants import format_instant
from entente.node.findings import PendingAct
from entente.node.health import pending_acts, uncosigned
from entente.node.ledger import HeldLog, Ledger
from entente.node.tracers import Watched, envelope_of, objective, watched
from entente.record.projection import Position

if TYPE_CHECKING:
    from entente.node.node import Node

MAX_SHOWN: Final = 1000
"""Items listed of each party, the oldest first; how many there are is always said."""


def debts(node: "Node", sessions: set[str]) -> dict[str, Any]:
    """Every debt. ``sessions`` are the parties with an open session; nothing is shown of what an item says."""
    at = node.instant()
    marks = node.store.unanswered_marks()
    items = [
        _item(node, party, each, at, up=party in sessions)
        for party in marks
        for each in watched(node, party, 0, MAX_SHOWN)
    ]
    items.sort(key=lambda item: (not item["overdue"], item["due"]))
    ledgers = [ledger for ledger in node.ledgers.values() if ledger.document is not None]
    return {
        "now": format_instant(at),
        "unanswered": {party: count for party, (count, _) in marks.items()},
        "items": items,
        "acts": [_act(ledger, act) for ledger in ledgers for act in pending_acts(ledger)],
        "payloads": _payloads(node),
        "cosignatures": [
            _named(ledger) | {
                "party": each.peer, "first": each.first, "last": each.last, "since": format_instant(each.since),
            }
            for ledger in ledgers
            for each in uncosigned(node, ledger)
        ],
    }  # fmt: skip


def _named(ledger: Ledger) -> dict[str, Any]:
    return {"agreement": ledger.agreement.hex(), "name": ledger.document.name if ledger.document else None}


def _item(node: "Node", party: str, one: Watched, at: int, *, up: bool) -> dict[str, Any]:
    ledger = node.ledgers[one.agreement]
    log = ledger.logs[node.party, one.incarnation]
    size = node.store.cosigned(log.row.id).get(party, (0, ""))[0]
    due = one.since + objective(ledger, one.precedence, at)
    return _named(ledger) | {
        "party": party,
        "item": one.item,
        "register": one.number,
        "entry": one.seq,
        "precedence": one.precedence,
        "since": format_instant(one.since),
        "objective_ms": due - one.since,
        "due": format_instant(due),
        "overdue": due <= at,
        "held": one.seq < size,
        "link": "up" if up else "down",
        "text": in_words(party, log, one.seq, size, up=up),
    }


def in_words(party: str, log: HeldLog, seq: int, size: int, *, up: bool) -> str:
    """What is known of an unanswered item: whether the peer is there, and whether it holds the entry.

    ``size`` is how many entries of this log the peer has cosigned.
    """
    reach = "" if up else f"; the link to {party} is down"
    if seq < size:
        return f"{party} holds it, cosigned to entry {size - 1}, has not answered{reach}"
    cosigned = f"cosigned to entry {size - 1} of {log.row.size - 1}" if size else "has cosigned nothing"
    return f"{party} has not shown that it holds it: {cosigned}{reach}"


def _act(ledger: Ledger, act: PendingAct) -> dict[str, Any]:
    return _named(ledger) | {"act": act.id, "parties": list(act.peers), "since": format_instant(act.since)}


def _payloads(node: "Node") -> list[dict[str, Any]]:
    """Payloads on their way here, or still to come."""
    found = []
    for awaited in node.store.awaiting(limit=MAX_SHOWN):
        row, seq = node.store.log(awaited.log), awaited.seq
        envelope = envelope_of(node.store.entries(row.id, seq, 1)[0].envelope)
        path = node.payload_path(Position(row.writer, row.incarnation, seq))
        facts: dict[str, Any] = {
            "party": row.writer,
            "entry": seq,
            "precedence": envelope.precedence,
            "bytes": envelope.payload,
            "held": path.stat().st_size if path.exists() else 0,
            "since": format_instant(envelope.instant),
        }
        found.append(_named(node.ledgers[row.agreement]) | facts)
    return found
