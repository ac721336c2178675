"""Updates, cancels and streams, checked again from the logs (docs/spec/evidence.md, step 7).

Only what a party accepted is held against it: what it refused has no effect. An earlier item whose header is withheld
cannot be compared, and nothing is said of it.
"""

from collections.abc import Iterator, Mapping

from entente.record.audit import CheckedLog
from entente.record.bodies import TransferHeader
from entente.record.projection import Position, Projection
from entente.record.report import Bad


def check_places(complete: Projection, logs: Mapping[tuple[str, str], CheckedLog]) -> Iterator[Bad]:
    """Every accepted item that was not the next of its stream, or that updates or cancels what it may not."""
    streams: dict[tuple[str, str, str, str], int] = {}
    cancelled: set[tuple[str, str, str]] = set()
    hidden = {position.writer for position, record in complete.transfers.items() if record.header is None}
    for position, record in complete.transfers.items():
        header = record.header
        if header is None or position in complete.invalid:
            continue
        for party in _accepted_by(complete, position):
            place, relation = header.stream, header.relation
            if place is not None:
                stream = party, *position[:2], place.stream
                if place.number <= streams.get(stream, 0):
                    text = f"{party} accepted item {place.number} of stream {place.stream} after a later one"
                    yield logs[position[:2]].bad("STREAM_ORDER", text, position.seq, step=7)
                streams[stream] = max(place.number, streams.get(stream, 0))
            if relation is not None:
                wrong = _misrelated(complete, header, party, position.writer in hidden)
                if (party, header.sender, relation.item) in cancelled:
                    wrong = "it was cancelled before"
                if wrong is not None:
                    text = f"{party} accepted an item that would {relation.kind} {relation.item}: {wrong}"
                    yield logs[position[:2]].bad("RELATION", text, position.seq, step=7)
                if relation.kind == "cancel":
                    cancelled.add((party, header.sender, relation.item))


def _accepted_by(complete: Projection, position: Position) -> list[str]:
    return [party for party, answer in complete.answers.get(position, {}).items() if answer.refused is None]


def _misrelated(complete: Projection, header: TransferHeader, party: str, hidden: bool) -> str | None:
    """Why the item has no place beside the earlier one that it names, as far as both are shown."""
    assert header.relation is not None  # noqa: S101 - the caller has asked
    place = complete.items.get((header.sender, header.relation.item))
    first = complete.transfers[place].header if place is not None else None
    if place is None or first is None:
        return None if hidden else f"{header.sender} gave no such item"
    answer = complete.answers.get(place, {}).get(party)
    if answer is not None and answer.refused is not None:
        return f"{party} had refused it"
    if first.precedence != header.precedence:
        return f"it was {first.precedence}, not {header.precedence}"
    if not set(header.recipients) <= set(first.recipients):
        return "it had been given to others"
    if first.relation is not None and first.relation.kind == "cancel":
        return "it is itself a cancel"
    return None
