"""The inbox and opening: what a user of this party may see of what it was given (docs/guide/duty-officer.md)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from entente.domain.marking.equivalence import compile_table
from entente.domain.marking.holding import on_receipt
from entente.domain.marking.marking import HeldMarking, Marking
from entente.node.commit import Work
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import DAMAGED_REMEDY, Ledger
from entente.node.national import note
from entente.node.transfers import SEALED_SEGMENT, Opened
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError
from entente.sealing.errors import SealingError
from entente.sealing.seal import payload_key, unseal_segment
from entente.store.rows import RegisterRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from entente.node.node import Node


@dataclass(frozen=True)
class Line:
    """A line of the register with what could be opened of it; ``opened`` is None where it was destroyed or withheld."""

    row: RegisterRow
    ledger: Ledger
    position: Position
    opened: Opened | None


def lines(node: "Node", direction: str | None = None, ledger: Ledger | None = None) -> list[Line]:
    """The register's lines, opened as far as their bytes are held."""
    wanted = None if ledger is None else {log.row.id for log in ledger.logs.values()}
    rows = node.store.register(direction)
    return [line_of(node, row) for row in rows if wanted is None or row.log in wanted]


def line_of(node: "Node", row: RegisterRow) -> Line:
    """One line of the register, opened as far as its bytes are held."""
    log = node.store.log(row.log)
    owner, position = node.ledgers[log.agreement], Position(log.writer, log.incarnation, row.seq)
    try:
        return Line(row, owner, position, node.open_held(owner, position))
    except (SealingError, NotCanonicalError):
        return Line(row, owner, position, None)


def held_marking(node: "Node", line: Line) -> HeldMarking | None:
    """How this party marks an item it holds: the native marking kept, its own corresponding level beside it."""
    if line.opened is None:
        return None
    carried = line.opened.header.marking
    marking = Marking(carried.level, carried.originator, carried.caveats, carried.rel_to)
    then, now = line.opened.header.terms.hex(), line.ledger.status(node.instant()).views[node.party].terms_version
    documents = line.ledger.projection.documents
    if now not in documents:
        now = then
    at_release = compile_table(documents[then], then) if then in documents else None
    return on_receipt(marking, node.party, at_release=at_release, now=compile_table(documents[now], now))


def open_item(node: "Node", number: int) -> tuple[Line, "Iterator[bytes]"]:
    """Open an item held: its payload, piece by piece. Noted in the national log; protection goes on in every phase.

    Raises:
        UsageError: no such line of the register.
        RefusedError: ``NOT_HELD``, the bytes were destroyed; ``DAMAGED``, they are here and do not open. For a large
            payload the latter may come while it is read: what was read of it until then is to be thrown away.
    """
    row = node.store.register_number(number)
    if row is None:
        raise UsageError("NO_SUCH_ITEM", f"the register has no line {number}", "See: entente inbox")
    line = line_of(node, row)
    if line.opened is None:
        if node.holds(line.row.log, line.row.seq):
            raise RefusedError("DAMAGED", f"item {number} lies here damaged: it does not open", DAMAGED_REMEDY)
        if node.store.bodies(line.row.log, line.row.seq):
            raise RefusedError(
                "NOT_HELD",
                f"item {number} has no key here: it was destroyed, or the node was restored without the keys of items",
                "Restore a backup made with: entente node backup --with-item-keys; or ask the originator for it again.",
            )
        raise RefusedError(
            "NOT_HELD",
            "the item's bytes are not held (any more)",
            "Ask the originator; the record shows what happened.",
        )
    note_opening(node, [line])
    return line, _payload(number, node.payload_path(line.position), line.opened)


def note_opening(node: "Node", read: "Sequence[Line]") -> None:
    """Note, in the register and in the national log, that items are opened; before anybody sees what is in them."""

    def work(unit: Work) -> None:
        for line in read:
            unit.tx.mark_opened(line.row.number, unit.at)
            note(node, unit, "opened", {"item": line.row.item, "register": line.row.number})

    node.committer.run(work)


def _payload(number: int, path: Path, opened: Opened) -> "Iterator[bytes]":
    if opened.inline is not None:
        yield opened.inline
        return
    key, segments, index = payload_key(opened.content_key), opened.header.payload.segments, 0
    try:
        with path.open("rb") as file:
            for index in range(segments):
                yield unseal_segment(key, index, index + 1 == segments, file.read(SEALED_SEGMENT))
    except (SealingError, OSError) as error:
        text = f"segment {index} of item {number}'s payload lies here damaged: {error}"
        raise RefusedError("DAMAGED", text, DAMAGED_REMEDY) from error
