"""``entente agreement``: check a document, and compute what the parties' acts have made of it.

These commands read files and nothing else: no node, no network, no clock. What they compute is docs/spec/lifecycle.md.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from entente.cli.output import CommandError, CommandGroup, InputError, as_json, read_input, show_json
from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.calendar import TZDATA_VERSION, first_instant
from entente.domain.agreement.document import digest, not_computed, parse_agreement, parse_computable
from entente.domain.agreement.instants import EPOCH, MILLISECOND, parse_day, parse_instant
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.schema import MAX_DOCUMENT
from entente.domain.agreement.status import interval, timeline
from entente.domain.agreement.terms import Agreement

_DOCUMENT = click.argument("document", metavar="AGREEMENT.toml", type=click.Path(path_type=Path))
_TERMS = click.option(
    "--terms", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="A document that amends it."
)
_ACTS = click.option(
    "--acts", "acts_file", required=True, metavar="ACTS.toml", type=click.Path(path_type=Path), help="The formal acts."
)


@click.group(cls=CommandGroup)
def agreement() -> None:
    """Check an agreement document, and compute its status from the parties' acts."""


@agreement.command("check")
@_DOCUMENT
@as_json
def check(document: Path, as_json: bool) -> None:
    """Check that a document says everything it must and nothing it may not."""
    data = read_input(document, MAX_DOCUMENT)
    try:
        terms = parse_agreement(data)
    except DocumentError as error:
        if error.unreadable:
            _unusable_document(document, error)
        count = len(error.problems)
        raise CommandError(
            "DOCUMENT_INVALID",
            f"{document} has {count} problem{'s' if count > 1 else ''}",
            "Correct the document; parties sign its bytes, so each change is another document.",
            problems=[msgspec.to_builtins(problem) for problem in error.problems],
        ) from None
    if as_json:
        missing = not_computed(terms)
        facts = {"ok": True, "digest": digest(data), "schema": terms.schema, "name": terms.name}
        facts["not_computed"] = [] if missing is None else [msgspec.to_builtins(missing)]
        show_json({**facts, "title": dict(terms.title), "parties": list(terms.parties), "tzdata": TZDATA_VERSION})
        return
    from entente.cli.agreement_text import show_check

    show_check(terms, digest(data))


@agreement.command("status")
@_DOCUMENT
@_TERMS
@_ACTS
@click.option("--at", required=True, metavar="INSTANT", help="An RFC 3339 instant; a bare date is 00:00 UTC.")
@as_json
def status_command(document: Path, terms: Sequence[Path], acts_file: Path, at: str, as_json: bool) -> None:
    """Compute the status at an instant: one view per party, whether they differ, and why release stops."""
    first, documents = _documents(document, terms)
    acts = _acts(acts_file)
    instant = _instant(at)
    answer, until = interval(documents, acts, instant, first=first)
    if as_json:
        show_json(answer.to_json())
        return
    from entente.cli.agreement_text import show_status

    after = None if until is None else interval(documents, acts, until, first=first)[0]
    show_status(documents[first], answer, after)


@agreement.command("timeline")
@_DOCUMENT
@_TERMS
@_ACTS
@click.option("--from", "start", required=True, metavar="DATE", help="The first local day, in termination.zone.")
@click.option("--to", "end", required=True, metavar="DATE", help="The local day before which it stops.")
@as_json
def timeline_command(
    document: Path, terms: Sequence[Path], acts_file: Path, start: str, end: str, as_json: bool
) -> None:
    """Compute the status at the first instant of a day and at each change up to another."""
    first, documents = _documents(document, terms)
    acts = _acts(acts_file)
    zone = documents[first].termination.zone
    begins, stops = _day(start, "--from"), _day(end, "--to")
    if begins >= stops:
        message = f"--to {end} is not later than --from {start}"
        raise InputError("USAGE", message, "Give a later day: --to is exclusive.")
    changes = timeline(documents, acts, first_instant(begins, zone), first_instant(stops, zone), first=first)
    if as_json:
        show_json([answer.to_json() for _, answer in changes])
        return
    from entente.cli.agreement_text import show_timeline

    show_timeline(documents[first], [answer for _, answer in changes])


def _documents(first: Path, others: Sequence[Path]) -> tuple[str, dict[str, Agreement]]:
    parsed = {}
    for path in (first, *others):
        data = read_input(path, MAX_DOCUMENT)
        try:
            parsed[digest(data)] = parse_computable(data)
        except DocumentError as error:
            _unusable_document(path, error)
    return next(iter(parsed)), parsed


def _acts(path: Path) -> tuple[Act, ...]:
    try:
        return parse_acts(read_input(path, MAX_DOCUMENT))
    except DocumentError as error:
        _unusable_document(path, error)


def _unusable_document(path: Path, error: DocumentError) -> NoReturn:
    problems = [msgspec.to_builtins(problem) for problem in error.problems]
    code, what = ("NOT_TOML", "cannot be read") if error.unreadable else ("DOCUMENT_INVALID", "cannot be used")
    raise InputError(code, f"{path} {what}", "Correct the file and try again.", problems=problems)


def _instant(text: str) -> int:
    try:
        return _midnight(parse_day(text)) if len(text) == 10 else parse_instant(text)
    except ValueError as error:
        remedy = "Write an instant such as 2019-11-22T14:59:59Z, or a date."
        raise InputError("USAGE", f"--at: {error}", remedy) from None


def _midnight(day: date) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // MILLISECOND


def _day(text: str, option: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise InputError("USAGE", f"{option}: {error}", "Write a date such as 2019-11-22.") from None
