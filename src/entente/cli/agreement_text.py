"""How ``entente agreement`` answers people: views side by side, instants with their zone, why, and what comes next.

Loaded only when somebody reads: programs ask for JSON.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entente.cli.output import console, plain
from entente.domain.agreement.calendar import TZDATA_VERSION, zone
from entente.domain.agreement.document import not_computed
from entente.domain.agreement.instants import EPOCH, format_instant
from entente.domain.agreement.status import AgreementStatus, ViewStatus
from entente.domain.agreement.terms import Agreement, article_in_words

_COLOURS: Mapping[str, str] = {
    "in_force": "green",
    "notice_running": "yellow",
    "notice_suspended": "yellow",
    "suspended": "red",
    "ended": "red",
    "unknown": "red",
}


def show_check(terms: Agreement, identity: str) -> None:
    """Say that a document is in order, and what it provides, in a few lines."""
    clause, force = terms.termination, terms.force
    term = "indefinite"
    if terms.term is not None and terms.term.length is not None:
        extension = terms.term.extension
        term = f"{terms.term.length}, " + (f"then extended by {extension}" if extension else "without extension")
    starts = {"receipt": "its receipt", "dispatch": "its dispatch"}[clause.clock_starts]
    notice = f"{clause.lead} from {starts}"
    if clause.rule == "end_of_term":
        notice = f"at the end of a term, {clause.lead} before its {clause.counting.replace('_', ' ')}, from {starts}"
    rows = {
        "parties": "; ".join(f"{party} ({_worded(terms.party[party].name)})" for party in terms.parties),
        "in force": force.rule.replace("_", " ") + (f", {force.months} after {force.after}" if force.months else ""),
        "term": term,
        "notice": notice,
        "notes": ("electronic" if terms.notices.form == "electronic" else "recorded here, and given elsewhere")
        + (", by two persons" if terms.notices.two_persons else ""),
        "zone": f"{clause.zone} (time-zone data {TZDATA_VERSION})",
        "levels": plain(", ".join(level.common for level in terms.levels)),
        "sha-256": identity,
    }
    out = console()
    out.print(Text.assemble((terms.name, "bold"), "  ", _worded(terms.title)))
    out.print(Text("The document is in order.", "green"))
    missing = not_computed(terms)
    if missing is not None:
        out.print(Text(f"Not with this version of the software: {missing}; {missing.remedy}.", "yellow"))
    grid = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        grid.add_row(Text(name, "dim"), value)
    out.print(Padding(grid, (1, 0, 0, 2)))


def show_status(terms: Agreement, answer: AgreementStatus, after: AgreementStatus | None) -> None:
    """Show a status, and ``after``: the status at the next instant at which something changes, if there is one."""
    out = console()
    out.print(Text.assemble((terms.name, "bold"), "  ", _worded(terms.title)))
    out.print(Text(f"at {_moment(answer.at, terms)}, {format_instant(answer.at)}", "dim"))
    out.print()
    out.print(_headline(answer))
    out.print(_side_by_side(terms, answer))
    if after is not None:
        out.print(
            f"Next change  {_moment(after.at, terms)}, in {_countdown(after.at - answer.at)}: {_news(answer, after)}"
        )
    else:
        out.print("No further change follows from these acts.")
    for reason in answer.reasons:
        out.print()
        blocks = "blocks release" if reason.blocks else "for information"
        out.print(Text.assemble((reason.code, "bold"), f"  {blocks}, rests on {article_in_words(reason.rests_on)}"))
        out.print(Padding(Text(plain(reason.text)), (0, 0, 0, 2)))
        out.print(Padding(Text(f"Remedy: {reason.remedy}", "dim"), (0, 0, 0, 2)))
    if answer.refused:
        out.print("\nRefused acts", style="bold")
    for refused in answer.refused:
        out.print(Padding(Text(f"{refused.act}  {refused.code}  {refused.text}"), (0, 0, 0, 2)))
    out.print("\nWhat was provided stays protected, whatever the status.", style="dim")


def show_timeline(terms: Agreement, answers: Sequence[AgreementStatus]) -> None:
    """Show one row for each change, in the local time of ``termination.zone``."""
    out = console()
    out.print(Text.assemble((terms.name, "bold"), "  ", _worded(terms.title)))
    out.print(Text(f"local time of {terms.termination.zone}, time-zone data {TZDATA_VERSION}", "dim"))
    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("from", no_wrap=True)
    for party in terms.parties:
        grid.add_column(party)
    grid.add_column("release")
    for answer in answers:
        cells = [_phase(view, terms) for view in answer.views.values()]
        grid.add_row(_local(answer.at, terms), *cells, _release(answer))
    out.print(grid)


def _headline(answer: AgreementStatus) -> Text:
    line = Text("RELEASE ALLOWED", "bold green") if answer.release_allowed else Text("RELEASE REFUSED", "bold red")
    return line.append("  the parties' views differ", "yellow") if answer.disputed else line


def _side_by_side(terms: Agreement, answer: AgreementStatus) -> Table:
    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("", style="dim", no_wrap=True)
    for party in answer.views:
        grid.add_column(f"{party}  {_worded(terms.party[party].name)}")
    views = list(answer.views.values())
    grid.add_row("phase", *(Text(view.phase.replace("_", " "), _COLOURS.get(view.phase, "")) for view in views))
    grid.add_row("ends at", *(_ends_at(view, terms) for view in views))
    grid.add_row("last day", *(_day(view.last_day) for view in views))
    grid.add_row("next boundary", *(_day(view.next_boundary) for view in views))
    grid.add_row("notice deadline", *(_day(view.notice_deadline) for view in views))
    grid.add_row("reading", *(view.reading or "not declared (counted as asleep)" for view in views))
    grid.add_row("terms", *(view.terms_version[:16] for view in views))
    return grid


def _ends_at(view: ViewStatus, terms: Agreement) -> str:
    if view.ends_at is not None:
        return _local(view.ends_at, terms)
    running = view.phase in ("in_force", "notice_suspended", "suspended")
    return ("extends by itself" if view.next_boundary else "no end set") if running else "-"


def _day(day: object) -> str:
    return "-" if day is None else str(day)


def _phase(view: ViewStatus, terms: Agreement) -> Text:
    words = view.phase.replace("_", " ")
    if view.phase == "notice_running" and view.ends_at is not None:
        words += f", ends {_local(view.ends_at, terms)}"
    elif view.phase != "ended" and view.next_boundary is not None:
        words += f", term to {view.last_day or view.next_boundary}"
    return Text(words, _COLOURS.get(view.phase, ""))


def _release(answer: AgreementStatus) -> Text:
    words = "allowed" if answer.release_allowed else "refused\n" + answer.reasons[0].code
    return Text(words + ("\nviews differ" if answer.disputed else ""), "" if answer.release_allowed else "red")


def _news(before: AgreementStatus, after: AgreementStatus) -> str:
    changes = [
        f"{party} {view.phase.replace('_', ' ')}"
        for party, view in after.views.items()
        if view.phase != before.views[party].phase
    ]
    if changes:
        return ", ".join(changes)
    boundaries = any(view.next_boundary != before.views[party].next_boundary for party, view in after.views.items())
    return "a new term begins" if boundaries else "a further act counts"


def _worded(texts: Mapping[str, str]) -> str:
    return plain(texts.get("en") or next(iter(texts.values())))


def _local(instant: int, terms: Agreement) -> str:
    moment = (EPOCH + timedelta(milliseconds=instant)).astimezone(zone(terms.termination.zone))
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{instant % 1000:03d}" if instant % 1000 else "")


def _moment(instant: int, terms: Agreement) -> str:
    return f"{_local(instant, terms)} {terms.termination.zone}"


def _countdown(span: int) -> str:
    seconds, milliseconds = divmod(span, 1000)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours or minutes:
        return f"{hours} h {minutes} min"
    return f"{seconds}.{milliseconds:03d} s"
