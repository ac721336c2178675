"""The parts of a report that are read off a replay that went through: acts, matters, logs (docs/spec/evidence.md)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from entente.record.audit import CheckedLog
from entente.record.position import Position
from entente.record.projection import Projection
from entente.record.report import ActPart, LogPart, MatterPart, MatterStep

Logs: TypeAlias = Mapping[tuple[str, str], CheckedLog]


def act_parts(complete: Projection, logs: Logs) -> Iterator[ActPart]:
    """Every formal act whose signature was verified."""
    for act, record in zip(complete.domain_acts(), complete.acts.values(), strict=True):
        yield ActPart(
            log=logs[record.position[:2]].evidence.origin,
            seq=record.position.seq,
            id=act.id,
            by=act.by,
            kind=act.kind,
            instant=act.dispatched,
            office=record.office,
            second=record.second,
            received=dict(act.received),
        )


def matter_parts(complete: Projection, logs: Logs) -> Iterator[MatterPart]:
    """Every matter, as the steps that are shown make it."""
    for matter in complete.steps.matters.values():
        steps = [
            MatterStep(
                log=logs[event.step.by, event.step.incarnation].evidence.origin,
                seq=event.step.seq,
                by=event.step.by,
                verb=event.step.verb,
                instant=event.step.at,
                refused=event.refusal.code if event.refusal is not None else None,
            )
            for event in matter.events
        ]
        yield MatterPart(
            id=matter.id,
            kind=matter.kind,
            owner=matter.owner,
            between=matter.audience,
            state=matter.state,
            steps=tuple(steps),
        )


def log_part(log: CheckedLog) -> LogPart:
    """One log."""
    return LogPart(
        log=log.evidence.origin,
        party=log.evidence.writer,
        incarnation=log.evidence.incarnation,
        size=log.head.size,
        root=log.head.frontier.root().hex(),
        first_instant=log.entries[0].envelope.instant if log.entries else -1,
        last_instant=log.head.last_instant,
        cosigners=tuple(log.cosigners),
    )


def numbered(items: Iterable[tuple[int, Position]]) -> dict[Position, int]:
    """The number of each item, given as its instant (ms) and place: the how-manieth its writer gave, from 1 on.

    Counted over all entries of kind ``transfer`` in all of the writer's logs, whatever became of them: envelopes are
    enough for it, so that everybody who holds the logs counts alike.
    """
    found: dict[Position, int] = {}
    last: dict[str, int] = {}
    for _, position in sorted(items):
        last[position.writer] = found[position] = last.get(position.writer, 0) + 1
    return found


def item_numbers(logs: Logs) -> dict[Position, int]:
    """The numbers of all items in checked logs."""
    return numbered(
        (entry.envelope.instant, Position(*name, entry.envelope.seq))
        for name, log in logs.items()
        for entry in log.entries
        if entry.envelope.kind == "transfer"
    )
