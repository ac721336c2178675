"""Both registers from the logs, and where they differ (docs/spec/evidence.md, step 8).

A party's register is what it knew at the end of its own log and by its cosignatures: what it gave and how each was
answered, as far as it had seen the answer; what it was given and how it answered itself.
"""

from collections.abc import Iterator, Mapping, Sequence

from entente.record.audit import CheckedLog
from entente.record.parts import item_numbers
from entente.record.position import Position
from entente.record.projection import Answer, Projection, TransferRecord
from entente.record.replay import Logs, View
from entente.record.report import Difference, Line, Register


def registers(views: Sequence[View], logs: Logs) -> tuple[tuple[Register, ...], tuple[Difference, ...]]:
    """The register of every party, and every item that the giver and the receiver show in different states."""
    by_party = {view.party: view.projection for view in views}
    numbers = item_numbers(logs)
    found = tuple(
        Register(
            party=view.party,
            given=tuple(_lines(view.projection, logs, numbers, giver=view.party)),
            held=tuple(_lines(view.projection, logs, numbers, holder=view.party)),
        )
        for view in views
    )
    return found, tuple(_differences(by_party, found))


def _recipients(record: TransferRecord, projection: Projection) -> tuple[str, ...]:
    """Whom an item was given to; where its header is withheld, whoever answered for it."""
    if record.header is not None:
        return record.header.recipients
    return tuple(projection.answers.get(record.position, {}))


def _lines(
    projection: Projection,
    logs: Logs,
    numbers: Mapping[Position, int],
    *,
    giver: str | None = None,
    holder: str | None = None,
) -> Iterator[Line]:
    for position, record in projection.transfers.items():
        if (giver is not None and position.writer != giver) or position in projection.invalid:
            continue
        recipients: tuple[str | None, ...] = _recipients(record, projection)
        if giver is not None and record.header is None and not recipients:
            recipients = (None,)
        for recipient in recipients:
            if holder is None or (recipient == holder and position.writer != holder):
                answer = projection.answers.get(position, {}).get(recipient or "")
                yield _line(record, logs[position[:2]], numbers[position], recipient, answer)


def _line(record: TransferRecord, log: CheckedLog, number: int, recipient: str | None, answer: Answer | None) -> Line:
    header = record.header
    return Line(
        log=log.evidence.origin,
        seq=record.position.seq,
        number=number,
        sender=record.position.writer,
        recipient=recipient,
        item=header.item if header is not None else None,
        title=header.title if header is not None else None,
        level=header.marking.level if header is not None else None,
        reality=record.envelope.reality,
        instant=record.instant,
        state="outstanding" if answer is None else "received" if answer.refused is None else "refused",
        answered=answer.instant if answer is not None else None,
        code=answer.refused if answer is not None else None,
    )


def _differences(by_party: dict[str, Projection], found: Sequence[Register]) -> Iterator[Difference]:
    held = {(line.log, line.seq, line.recipient): line for register in found for line in register.held}
    for register in found:
        for line in register.given:
            if line.recipient is None or line.recipient not in by_party:
                continue
            other = held.get((line.log, line.seq, line.recipient))
            theirs = other.state if other is not None else "unknown"
            if theirs != line.state:
                yield Difference(
                    log=line.log,
                    seq=line.seq,
                    item=line.item,
                    sender_says=line.state,
                    recipient_says=theirs,
                    text=_why(line, theirs),
                )


def _why(line: Line, theirs: str) -> str:
    what = f"item {line.item or '(withheld)'}: {line.sender} shows it {line.state}, {line.recipient} {theirs}"
    if theirs == "unknown":
        return f"{what}; at the end of its log {line.recipient} had not seen the entry"
    return f"{what}; at the end of its log {line.sender} had not seen the answer"
