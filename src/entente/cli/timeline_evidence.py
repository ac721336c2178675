"""An evidence file for a timeline: verified first, by the same code as ``entente verify``, and drawn only if all holds.

Roots are arguments. Where anything is found wanting nothing is drawn at all: a picture shows no difference between what
was proved and what was not, and goes where the report does not. What the file withholds is named.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from entente.cli.client import waiting
from entente.cli.output import CommandError, InputError
from entente.cli.records import evidence_bytes, root_card
from entente.cli.timeline_record import Given, Record, exchanges, with_first
from entente.cli.timeline_withheld import Missing, figures_missing, withheld
from entente.cli.timeline_words import OF_EVIDENCE, SIMULATED
from entente.domain.agreement.instants import format_instant
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import Words, each
from entente.record.projection import Projection, TransferRecord
from entente.record.report import Report, where
from entente.record.verify import Examined, examine
from entente.sealing.identity import parse_root


def of_evidence(path: Path, roots: Sequence[Path], at: int | None) -> tuple[Chronicle, Mapping[str, Any]]:
    """The chronicle of verified evidence, and what a program is told beside it; ``at`` in ms, the last entry's if None.

    Raises:
        CommandError: anything in the file was found wanting.
        InputError: no root card was given, or one cannot be read.
    """
    from entente.cli.timeline_source import chronicle_of

    if not roots:
        raise InputError(
            "NO_ROOT", f"{path} is evidence, and no root card was given", "Give --root FILE, one for each party."
        )
    cards = [root_card(file) for file in roots]
    with waiting("The evidence is verified"):
        examined = examine(evidence_bytes(path), cards)
    report, complete = examined.report, examined.complete
    if not report.ok or complete is None:
        raise _found_wanting(path, report)
    record = _record(examined, complete)
    last = max(log.last_instant for log in report.logs)
    at = last if at is None else at
    missing = [*_withheld(examined, complete), *figures_missing(record, at)]
    parsed = [parse_root(card) for card in cards]
    simulated = any(card.simulated for card in parsed)
    source = _source([card.party for card in parsed], last, missing, simulated=simulated)
    facts = {"agreement": report.agreement, "ok": True, "simulated": simulated, "last": format_instant(last)}
    return chronicle_of(record, at, source), facts | {"withheld": [one.fact for one in missing]}


def _found_wanting(path: Path, report: Report) -> CommandError:
    bad = report.first_bad
    why = "it was not verified" if bad is None else f"{where(bad)}: {bad.code}: {bad.text}"
    why = why.replace(f"entente/{report.agreement}/", "")  # as the report names logs
    return CommandError(
        "NOT_VERIFIED",
        f"nothing was drawn, since {path} was found wanting: {why}",
        "See all of it with: entente verify, and ask who gave it to you for a whole one.",
        facts={"first_bad": msgspec.to_builtins(bad), "found": len(report.bad)},
    )


def _record(examined: Examined, complete: Projection) -> Record:
    """What all the logs together say."""
    files: dict[str, bytes] = {}
    for record in complete.steps.records:
        bodies = examined.logs[record.position[:2]].entries[record.position.seq].bodies[1:]
        pairs = zip(record.step.texts, bodies, strict=True)
        files |= {text.sha256: body for text, body in pairs if body is not None}
    return Record(
        agreements=with_first(complete.documents, complete.first),
        acts=tuple(complete.domain_acts()),
        steps=tuple(record.step for record in complete.steps.records),
        exchanges=tuple(exchanges(_given(complete))),
        files=files,
    )


def _given(complete: Projection) -> Iterator[Given]:
    """Every item; those that were refused by whoever they were for, or had no effect, are only counted."""
    for position, record in complete.transfers.items():
        answers = complete.answers.get(position, {})
        refused = {party for party, answer in answers.items() if answer.refused is not None}
        named = _named(record, list(answers))
        to = tuple(party for party in named if party not in refused)
        shown = position not in complete.invalid and (bool(to) or not named)
        envelope = record.envelope
        yield Given(record.instant, position, to, envelope.precedence or "", envelope.reality or "", shown)


def _named(record: TransferRecord, answered: Sequence[str]) -> Sequence[str]:
    """Whom an item was for; where its header is withheld, who has answered for it."""
    return record.header.recipients if record.header is not None else answered


def _withheld(examined: Examined, complete: Projection) -> Iterator[Missing]:
    """What the file does not show of what a timeline is made of."""
    steps = Counter(
        writer
        for (writer, _), log in examined.logs.items()
        for entry in log.entries
        if entry.envelope.kind == "step" and entry.bodies[0] is None
    )
    items = Counter(position.writer for position, record in complete.transfers.items() if record.header is None)
    logs = Counter(gap.log.split("/")[0] for gap in examined.report.withheld if gap.seq is None)
    for kind, counted in (("steps", steps), ("items", items), ("log", logs)):
        for party, count in sorted(counted.items()):
            yield Missing(kind, party, count)


def _source(parties: Sequence[str], last: int, missing: list[Missing], *, simulated: bool) -> Words:
    """The heading: verified by whose roots, how far the file goes, that time is simulated, what is withheld."""
    names = ", ".join(party.upper() for party in parties)

    def source(lang: str) -> str:
        until = f"{format_instant(last)[:16].replace('T', ' ')} UTC"
        told = OF_EVIDENCE[lang].format(names, until)
        return " – ".join(filter(None, (SIMULATED if simulated else "", told, withheld(missing, lang))))

    return each(source)
