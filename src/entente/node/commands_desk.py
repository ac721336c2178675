"""Commands for the desk: what comes due, notes in words, series, and who is expected twice (docs/spec/control.md)."""

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.conflicts import Engagement, conflicts
from entente.domain.relations.deadlines import Deadline
from entente.domain.relations.indicators import series
from entente.domain.relations.notes_text import Language, render
from entente.domain.relations.table import Matter
from entente.formats.ical import calendar
from entente.node import deadlines, matters
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.registry import Args, command, the_ledger

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.node import Node


class DeadlineArgs(Args, kw_only=True):
    """An agreement."""

    agreement: str | None = None


@command("deadline.list")
async def deadline_list(daemon: "Daemon", args: DeadlineArgs) -> Any:
    """What comes due, the earliest first, and the alarms that have rung."""
    ledger = the_ledger(daemon, args.agreement)
    due = await daemon.do(lambda: daemon.node.ringing.due(ledger))
    return await asyncio.to_thread(deadlines.listed, due)


class AcknowledgeArgs(Args, kw_only=True):
    """An alarm that has rung, and who has seen it."""

    agreement: str | None = None
    alarm: str
    person: str


@command("deadline.acknowledge")
async def deadline_acknowledge(daemon: "Daemon", args: AcknowledgeArgs) -> Any:
    """Note that an officer has seen an alarm."""
    ledger = the_ledger(daemon, args.agreement)
    return await daemon.do(lambda: deadlines.acknowledge(daemon.node, ledger, args.alarm, args.person))


@command("deadline.calendar")
async def deadline_calendar(daemon: "Daemon", args: DeadlineArgs) -> Any:
    """Deadlines, meetings and rounds as an iCalendar file's text."""
    ledger = the_ledger(daemon, args.agreement)

    def needed() -> tuple[str, int, tuple[Deadline, ...], list[Matter]]:
        node, name = daemon.node, ledger.document.name if ledger.document else ""
        return (
            f"{node.party}: {name}",
            node.instant(),
            node.ringing.due(ledger).deadlines,
            deadlines.arranged(node, ledger),
        )

    def made() -> dict[str, Any]:
        entries = deadlines.entries(ledger.agreement.hex(), due, arranged)
        return {"calendar": calendar(title, entries, stamped=now).decode(), "entries": len(entries)}

    title, now, due, arranged = await daemon.do(needed)
    # Not on the writer's thread: it takes half a millisecond for each entry. What is given is never changed any more.
    return await asyncio.to_thread(made)


class NoteArgs(Args, kw_only=True):
    """A formal act; to whom the note is (all others where left out), and by which office and authority."""

    agreement: str | None = None
    act: str
    language: Language
    to: tuple[str, ...] = ()
    office: str = ""
    authority: str = ""


@command("note.text")
async def note_text(daemon: "Daemon", args: NoteArgs) -> Any:
    """The formal note that records an act, in words, from the template of its kind: to be read, kept and sent."""
    ledger = the_ledger(daemon, args.agreement)
    return await daemon.do(lambda: {"act": args.act, "text": _note(ledger, args)})


def _note(ledger: Ledger, args: NoteArgs) -> str:
    acts = {act.id: act for act in ledger.projection.domain_acts()}
    act, terms = acts.get(args.act), ledger.document
    if act is None or terms is None:
        text = f"there is no act {args.act[:80]!r}"
        raise UsageError("NO_SUCH_ACT", text, f"One of: {', '.join(acts) or 'none yet'}.")
    unknown = [party for party in args.to if party not in terms.parties or party == act.by]
    if unknown:
        others = ", ".join(party for party in terms.parties if party != act.by)
        raise UsageError("UNKNOWN_RECIPIENT", f"{', '.join(unknown)} is not who it can go to", f"Some of: {others}.")
    to = args.to or tuple(party for party in terms.parties if party != act.by)
    return render(args.language, act, terms, to=to, earlier=acts, office=args.office, authority=args.authority)


class SeriesArgs(Args, kw_only=True):
    """An indicator."""

    agreement: str | None = None
    matter: str


@command("indicator.series")
async def indicator_series(daemon: "Daemon", args: SeriesArgs) -> Any:
    """An indicator's figures as they stand, every value that a later file replaced, and what could not be read."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        matter = matters.shown(daemon.node, ledger).get(args.matter)
        if matter is None or matter.kind != "indicator":
            text = f"there is no indicator {args.matter[:80]!r}"
            raise UsageError("NO_SUCH_MATTER", text, "See: entente indicator list")
        return _series(daemon.node, ledger, matter)

    return await daemon.do(work)


def _series(node: "Node", ledger: Ledger, matter: Matter) -> dict[str, Any]:
    files = {
        hashlib.sha256(data).hexdigest(): data
        for record in ledger.projection.steps.positions(matter.id)
        for data in matters.texts_of(node, ledger, record)
        if data is not None
    }
    found = series(matter, files)
    return {
        "id": matter.id,
        "unit": matter.opened.get("unit"),
        "source": matter.opened.get("source"),
        "points": [{"period": period, "value": value} for period, value in found.points],
        "revisions": [
            {"period": each.period, "old": each.old, "new": each.new, "at": format_instant(each.at)}
            for each in found.revisions
        ],
        "missing": list(found.missing),
        "faults": dict(found.faults),
    }


@command("meeting.conflicts")
async def meeting_conflicts(daemon: "Daemon", args: DeadlineArgs) -> Any:
    """Meetings and rounds that overlap for somebody, the earliest first."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        return [
            {"first": _engaged(each.first), "second": _engaged(each.second), "who": list(each.who)}
            for each in conflicts(matters.shown(daemon.node, ledger))
        ]

    return await daemon.do(work)


def _engaged(engagement: Engagement) -> dict[str, Any]:
    begins, ends = map(format_instant, engagement.window)
    return {"matter": engagement.matter, "round": engagement.round or None, "begins": begins, "ends": ends}
