"""What the record of an agreement says, for a timeline: acts, steps, items by number (docs/spec/timeline.md).

Facts alone: whoever asks draws them with the domain's own functions. Nothing of an item is opened, so that no title is
ever told. What is under embargo at this node's instant is left out here, before anything is made of it, and so is its
id. Each slice is a bounded piece of work for the writer's thread, however long the record is.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import format_instant
from entente.node.ledger import Ledger
from entente.node.matters import texts_of, veil_of
from entente.node.veil import Veil
from entente.record.envelope import Envelope
from entente.record.steps import StepRecord
from entente.store.rows import RegisterRow

if TYPE_CHECKING:
    from entente.node.node import Node

STEPS = 128
"""Steps of one slice."""
ENTRIES = 128
"""Entries of one slice that are looked through for items."""
TEXT_BYTES = 256 * 1024
"""Bytes of figures after which a slice of steps ends."""
SLICES = 16
"""Slices of one answer, between which others have their turn on the writer's thread."""


class Cursor(NamedTuple):
    """Where the next slice of items begins: the how-manieth of the agreement's logs, and the entry in it."""

    log: int
    first: int


def acts(node: "Node", ledger: Ledger) -> dict[str, Any]:
    """The formal acts, and the instant of this node."""
    projection = ledger.projection
    return {
        "agreement": projection.first,
        "now": format_instant(node.instant()),
        "acts": [_act(act) for act in projection.domain_acts()],
    }


def _act(act: Act) -> dict[str, Any]:
    """An act with the fields of an acts document, absent ones null."""

    def when(instant: int | None) -> str | None:
        return None if instant is None else format_instant(instant)

    return {
        "id": act.id,
        "by": act.by,
        "kind": act.kind,
        "refs": list(act.refs),
        "dispatched": format_instant(act.dispatched),
        "received": {party: format_instant(at) for party, at in act.received.items()},
        "delivered": {party: format_instant(at) for party, at in act.delivered.items()},
        "digest": act.digest,
        "effective": when(act.effective),
        "instant": when(act.instant),
        "reading": act.reading,
    }


def steps(node: "Node", ledger: Ledger, first: int) -> tuple[list[dict[str, Any]], int | None]:
    """A slice of the steps that may be shown now, from ``first`` on as they came here; and where the next one begins.

    Those of indicators bring their figures; no other text is told.
    """
    records, veil = ledger.projection.steps.records, veil_of(node, ledger)
    found: list[dict[str, Any]] = []
    size, place = 0, max(first, 0)
    for record in records[place : place + STEPS]:
        place += 1
        if record.step.matter in veil.hidden or _refused_for_it(ledger, record, veil):
            continue
        data = _figures(node, ledger, record, veil)
        found.append(_step(record, data, veil))
        size += sum(map(len, data.values()))
        if size > TEXT_BYTES:
            break
    return found, place if place < len(records) else None


def _refused_for_it(ledger: Ledger, record: StepRecord, veil: Veil) -> bool:
    """Whether a step was refused, and says something that is left out here: without that it might be allowed."""
    said = record.statement.said
    return len(veil.said(record)) < len(said) and ledger.projection.steps.refusal(record) is not None


def _figures(node: "Node", ledger: Ledger, record: StepRecord, veil: Veil) -> dict[str, bytes]:
    """The files of an indicator's step as far as they are held, by the SHA-256 of their bytes.

    One that names what may not be seen has something else than figures in it, and is not shown.
    """
    if record.step.kind != "indicator":
        return {}
    held = (data for data in texts_of(node, ledger, record) if data is not None)
    return {hashlib.sha256(data).hexdigest(): data for data in held if not veil.names(data.decode("utf-8", "replace"))}


def _step(record: StepRecord, data: Mapping[str, bytes], veil: Veil) -> dict[str, Any]:
    step = record.step
    return {
        "matter": step.matter,
        "kind": step.kind,
        "verb": step.verb,
        "by": step.by,
        "at": format_instant(step.at),
        "incarnation": step.incarnation,
        "entry": step.seq,
        "between": list(step.audience),
        "refs": veil.refs(step.refs),
        "said": [{"name": each.name, "lang": each.lang, "value": each.value} for each in veil.said(record)],
        "texts": [
            text._asdict() | {"data": base64.b64encode(data[text.sha256]).decode() if text.sha256 in data else None}
            for text in step.texts
        ],
        "offices": list(step.offices),
        "digest": step.digest,
        "opening": step.opening,
    }


def items(node: "Node", ledger: Ledger, at: Cursor) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A slice of the items of every party's log, in each log's order, and where the next one begins.

    All of them, so that they can be counted; ``lines`` are this node's register's, none where it has none of an item.
    """
    logs = list(ledger.logs.values())
    if not 0 <= at.log < len(logs):
        return [], None
    log = logs[at.log]
    rows = node.store.entries(log.row.id, max(at.first, 0), ENTRIES)
    lines = node.store.register_between(log.row.id, rows[0].seq, rows[-1].seq) if rows else {}
    found = [_item(node.envelope(row), lines.get(row.seq, [])) for row in rows if row.kind == "transfer"]
    if len(rows) == ENTRIES:
        return found, Cursor(at.log, rows[-1].seq + 1)
    return found, Cursor(at.log + 1, 0) if at.log + 1 < len(logs) else None


def _item(envelope: Envelope, lines: Sequence[RegisterRow]) -> dict[str, Any]:
    return {
        "by": envelope.writer,
        "incarnation": envelope.incarnation,
        "entry": envelope.seq,
        "at": format_instant(envelope.instant),
        "precedence": envelope.precedence,
        "reality": envelope.reality,
        "lines": [
            {"number": line.number, "direction": line.direction, "party": line.party, "state": line.state}
            for line in lines
        ],
    }
