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
from entente.node import deadlines, drafts, matters
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.registry import Args, command, the_ledger
from entente.node.veil import Veil
from entente.record.bodies import ActStatement
from entente.record.checkpoint import origin
from entente.record.position import Position
from entente.record.projection import ActRecord
from entente.sealing.canonical import decode, encode

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
    due, now = await daemon.do(lambda: (daemon.node.ringing.due(ledger), daemon.node.instant()))
    return await asyncio.to_thread(deadlines.listed, due, now)


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

    def needed() -> tuple[deadlines.About, int, tuple[Deadline, ...], list[Matter], Veil]:
        node = daemon.node
        return (
            deadlines.about(node, ledger),
            node.instant(),
            node.ringing.due(ledger).deadlines,
            deadlines.arranged(node, ledger),
            matters.veil_of(node, ledger),
        )

    def made() -> dict[str, Any]:
        simulated = daemon.node.home.settings.simulated
        entries = deadlines.entries(about, due, arranged, veil)
        data = calendar(f"{daemon.node.party}: {about.name}", entries, stamped=now, simulated=simulated)
        return {"calendar": data.decode(), "entries": len(entries)}

    about, now, due, arranged, veil = await daemon.do(needed)
    # Not on the writer's thread: it takes half a millisecond for each entry. What is given is never changed any more.
    return await asyncio.to_thread(made)


class NoteArgs(Args, kw_only=True):
    """A formal act, or a draft of one; to whom the note is (all others where left out), and who signs by what right.

    ``office`` left out is the offices that signed the act.
    """

    agreement: str | None = None
    act: str
    language: Language
    to: tuple[str, ...] = ()
    office: str = ""
    signer: str = ""
    authority: str = ""


@command("note.text")
async def note_text(daemon: "Daemon", args: NoteArgs) -> Any:
    """The formal note that records an act, in words, from the template of its kind: to be read, kept and sent."""
    ledger = the_ledger(daemon, args.agreement)
    return await daemon.do(lambda: {"act": args.act, "text": _note(daemon.node, ledger, args)})


def _note(node: "Node", ledger: Ledger, args: NoteArgs) -> str:
    projection, terms = ledger.projection, ledger.document
    acts = {act.id: act for act in projection.domain_acts()}
    record = projection.acts.get(args.act) or _drafted(node, ledger, args.act)
    if record is None or terms is None:
        text = f"there is no act {args.act[:80]!r}"
        raise UsageError("NO_SUCH_ACT", text, f"One of: {', '.join(acts) or 'none yet'}.")
    act = projection.domain_act(record)
    unknown = [party for party in args.to if party not in terms.parties or party == act.by]
    if unknown:
        others = ", ".join(party for party in terms.parties if party != act.by)
        raise UsageError("UNKNOWN_RECIPIENT", f"{', '.join(unknown)} is not who it can go to", f"Some of: {others}.")
    to = args.to or tuple(party for party in terms.parties if party != act.by)
    return render(
        args.language,
        act,
        terms,
        to=to,
        earlier=acts,
        office=args.office or ", ".join(filter(None, (record.office, record.second))),
        signer=args.signer,
        authority=args.authority,
        evidence=_stands(ledger, record),
    )


def _drafted(node: "Node", ledger: Ledger, name: str) -> ActRecord | None:
    """The act of a draft as if it were written now; None where there is no such draft of one."""
    known = {draft.id: draft for draft in drafts.held(node)}
    draft = known.get(name)
    if draft is None or (draft.kind, draft.agreement) != ("act", ledger.agreement.hex()):
        return None
    offices = [due.office for due in draft.signers]
    return ActRecord(Position(node.party, "", 0), node.instant(), decode(ActStatement, draft.statement), *offices)


def _stands(ledger: Ledger, record: ActRecord) -> str:
    """Where an act stands, and the digest of what was signed; nothing for one that is not written yet."""
    if not record.position.incarnation:
        return ""
    digest = hashlib.sha256(encode(record.statement)).hexdigest()
    return f"{origin(ledger.agreement, *record.position[:2])}, {record.position.seq}, SHA-256 {digest}"


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
    """Meetings and rounds that overlap for somebody, the earliest first, and how many more there are."""
    ledger = the_ledger(daemon, args.agreement)
    shown = await daemon.do(lambda: matters.shown(daemon.node, ledger))

    def work() -> Any:
        found = conflicts(shown)
        told = [
            {"first": _engaged(each.first), "second": _engaged(each.second), "who": list(each.who)}
            for each in found.told
        ]
        return {"conflicts": told, "more": found.more, "uncounted": found.uncounted}

    # Not on the writer's thread: somebody's meetings may all overlap. Matters that are given never change any more.
    return await asyncio.to_thread(work)


def _engaged(engagement: Engagement) -> dict[str, Any]:
    begins, ends = map(format_instant, engagement.window)
    return {"matter": engagement.matter, "round": engagement.round or None, "begins": begins, "ends": ends}
