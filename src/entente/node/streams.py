"""Streams: ordered feeds of small items, a track say, under one standing release (docs/spec/transfer.md, section 8).

Numbers run from 1 without gaps within a sender's stream. Every item still passes the gate by itself.
"""

import re

from entente.node.errors import UsageError
from entente.node.ledger import HeldLog
from entente.record.bodies import StreamPlace, TransferHeader
from entente.store.reader import Reader
from entente.store.transaction import Transaction

STREAM_ORDER = "STREAM_ORDER"
"""The coarse code of an item that is not the next of its stream."""
STREAM = re.compile(r"[a-z0-9-]{1,64}")
REMEDY = "Begin another stream: choose a new id."


def next_place(reader: Reader, log: HeldLog, stream: str, standing: str | None) -> StreamPlace:
    """The place of the next item of this party's stream.

    Raises:
        UsageError: not an id, or no standing release to send it under.
    """
    if not STREAM.fullmatch(stream):
        raise UsageError("BAD_STREAM", f"{stream[:80]!r} is no id of a stream", "Use a-z, 0-9 and -, at most 64.")
    if standing is None:
        text = "a stream is released under a standing release"
        raise UsageError("STANDING_MISSING", text, "Name one; see: entente standing list")
    row = reader.stream(log.row.id, stream)
    return StreamPlace(stream, 1 if row is None else row.number + 1)


def misplaced(reader: Reader, log: int, header: TransferHeader) -> str | None:
    """Why an item is not the next of its stream, in words; None where it is, or is of none. ``log`` is its sender's."""
    place = header.stream
    if place is None:
        return None
    row = reader.stream(log, place.stream)
    due = 1 if row is None else row.number + 1
    if place.number != due:
        return f"item {place.number} of stream {place.stream}, where {due} is next"
    if row is not None and (row.standing, row.recipients) != bound_to(header):
        return f"stream {place.stream} is bound to {row.standing} and {row.recipients}"
    return None


def bound_to(header: TransferHeader) -> tuple[str, str]:
    """The standing release and the recipients that a stream keeps from its first item to its last."""
    return header.standing or "", ",".join(header.recipients)


def advance(tx: Transaction, log: int, header: TransferHeader) -> None:
    """Note that an item was the next of its stream."""
    if header.stream is not None:
        tx.put_stream(log, header.stream.stream, header.stream.number, *bound_to(header))


def of_one_form(header: TransferHeader) -> bool:
    """Whether the fields that a header may leave out can stand together.

    A stream's items are small, are released under a standing release, and are no update or cancel.
    """
    place, relation = header.stream, header.relation
    if header.standing is not None and len(header.standing) > 80:
        return False
    if relation is not None and not STREAM.fullmatch(relation.item):
        return False
    if place is None:
        return True
    alone = relation is None and header.standing is not None and header.payload.segments == 0
    return alone and place.number > 0 and STREAM.fullmatch(place.stream) is not None
