"""What the node shows its own user, as plain values for JSON; one's own party first (the alternat)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.node.authority import own_prudence
from entente.node.items import Line, held_marking, line_of
from entente.node.ledger import Ledger
from entente.node.relations import relations_view
from entente.record.projection import Position

if TYPE_CHECKING:
    from entente.node.node import Node


def _when(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def own_first(node: "Node", parties: Iterable[str]) -> list[str]:
    """The parties, one's own first."""
    return sorted(parties, key=lambda party: (party != node.party, party))


def status_view(node: "Node", ledger: Ledger, at: int | None = None) -> dict[str, Any]:
    """An agreement's status at an instant (now if None), with what this party's own prudence adds."""
    at = node.instant() if at is None else at
    status, until = ledger.interval(at)
    shown = status.to_json()
    shown["views"] = {party: shown["views"][party] for party in own_first(node, shown["views"])}
    document = ledger.document
    return {
        "agreement": ledger.agreement.hex(),
        "name": document.name if document else None,
        "title": dict(document.title) if document else {},
        "zone": document.termination.zone if document else "UTC",
        "ready": ledger.ready,
        "own_pending": ledger.own_pending(),
        "own_prudence": own_prudence(node, ledger, at),
        "next_change": _when(until),
        **shown,
        "at": format_instant(at),  # the ledger answers for a whole interval, and names its beginning
    }


def node_view(node: "Node", open_sessions: set[str], last_heard: Mapping[str, int], port: int) -> dict[str, Any]:
    """The whole node at a glance."""
    peers = {
        party: {
            "link": "up" if party in open_sessions else "down",
            "last_heard": _when(last_heard.get(party)),
            "address": card.addresses[0] if card.addresses else None,
        }
        for party, card in node.cards.items()
    }
    return {
        "party": node.party,
        "simulated": node.clock.simulated,
        "now": format_instant(node.instant()),
        "uncertainty_ms": node.clock.uncertainty(),
        "software": node.software,
        "tzdata": node.tzdata,
        "port": port,
        "peers": peers,
        "alarms": dict(node.alarms),
        "evidence": [{"party": party, "at": format_instant(at)} for party, _, at in node.store.evidence()],
        "agreements": [status_view(node, ledger) for ledger in node.ledgers.values()],
    }


def act_view(ledger: Ledger, position: Position) -> dict[str, Any]:
    """An act as it stands in the record."""
    record = next(act for act in ledger.projection.acts.values() if act.position == position)
    answers = ledger.projection.answers.get(position, {})
    return {
        "id": record.statement.id,
        "by": record.statement.by,
        "kind": record.statement.kind,
        "refs": record.statement.refs,
        "dispatched": format_instant(record.instant),
        "received": {party: _when(answer.instant) for party, answer in answers.items() if answer.refused is None},
        "office": record.office,
        "second": record.second or None,
    }


def line_view(node: "Node", line: Line) -> dict[str, Any]:
    """A line of the register; title and marking only where the item's bytes are held."""
    row, opened = line.row, line.opened
    shown: dict[str, Any] = {
        "number": row.number,
        "direction": row.direction,
        "party": row.party,
        "agreement": line.ledger.agreement.hex(),
        "entry": row.seq,
        "item": row.item,
        "state": row.state,
        "instant": format_instant(row.instant),
        "answered": _when(row.answered),
        "opened": _when(row.opened),
        "held": opened is not None,
        **relations_view(node, line.ledger, line.position.writer, row.item),
    }
    if opened is not None:
        header, marking = opened.header, held_marking(node, line)
        shown |= {
            "title": header.title,
            "filename": header.filename,
            "media_type": header.media_type,
            "size": header.payload.size,
            "sender": header.sender,
            "recipients": header.recipients,
            "purpose": header.purpose,
            "precedence": header.precedence,
            "reality": header.reality,
            "level": header.marking.level,
            "originator": header.marking.originator,
            "caveats": header.marking.caveats,
            "rel_to": header.marking.rel_to,
            "corresponding": marking.corresponding if marking else None,
            "handling": marking.handling if marking else False,
            "ask_originator": marking.ask_originator if marking else False,
            "standing": header.standing,
            "relation": {"kind": header.relation.kind, "item": header.relation.item} if header.relation else None,
            "stream": {"stream": header.stream.stream, "number": header.stream.number} if header.stream else None,
        }
    return shown


def given_view(node: "Node", ledger: Ledger, position: Position) -> list[dict[str, Any]]:
    """The register's lines of an item just given."""
    log = ledger.logs[position.writer, position.incarnation].row.id
    return [line_view(node, line_of(node, row)) for row in node.store.register_of(log, position.seq, "given")]


def log_view(node: "Node", ledger: Ledger) -> dict[str, Any]:
    """Every entry of every party's log in the order in which this node committed them, and how far each is cosigned."""
    node.committer.settle()  # cosignatures that have just come
    entries = []
    for row in node.store.history(ledger.agreement):
        envelope = node.envelope(row)
        entries.append(
            {
                "writer": envelope.writer,
                "incarnation": envelope.incarnation,
                "seq": envelope.seq,
                "kind": envelope.kind,
                "instant": format_instant(envelope.instant),
                "precedence": envelope.precedence,
                "reality": envelope.reality,
                "bytes": sum(ref.size for ref in envelope.bodies) + envelope.payload,
                "act": _act_at(ledger, Position(envelope.writer, envelope.incarnation, envelope.seq)),
            }
        )
    heads = [
        {
            "writer": log.row.writer,
            "incarnation": log.row.incarnation,
            "size": log.row.size,
            "root": log.row.root.hex(),
            "cosigned": {party: size for party, (size, _) in node.store.cosigned(log.row.id).items()},
        }
        for log in ledger.logs.values()
    ]
    return {"agreement": ledger.agreement.hex(), "heads": heads, "entries": entries}


def _act_at(ledger: Ledger, position: Position) -> dict[str, Any] | None:
    if any(act.position == position for act in ledger.projection.acts.values()):
        return act_view(ledger, position)
    return None
