"""What offline verification found (docs/spec/evidence.md, "Report"): plain values, for people and for machines.

Three words label what stands behind a statement. *recomputed*: it follows from the file and the roots alone.
*attested*: somebody signed that it was so, and nothing in the file can show it again (a national fact). *withheld*: the
file was redacted there, or did not hold it. Instants are milliseconds since 1970-01-01T00:00Z.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from entente.domain.agreement.instants import format_instant

Label = Literal["recomputed", "attested", "withheld", "failed", "not_reached"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report: immutable."""


class Bad(_Part, frozen=True, kw_only=True):
    """Something that does not hold. ``seq`` is the first bad entry of ``log`` (its origin).

    Where a checkpoint over several entries is all there is to go by, the fault lies in ``seq`` to ``last``, inclusive.
    Both are None where no entry is at fault, and ``log`` is "" where no log is.
    """

    step: int
    log: str
    seq: int | None
    last: int | None
    code: str
    text: str


class Step(_Part, frozen=True, kw_only=True):
    """One numbered step of the verification and what stands behind its outcome."""

    number: int
    name: str
    label: Label
    text: str


class Cosigner(_Part, frozen=True, kw_only=True):
    """A party that proved to hold a log's first ``size`` entries; ``time_s`` is its own claim and dates nothing."""

    party: str
    size: int
    time_s: int


class LogPart(_Part, frozen=True, kw_only=True):
    """One log: its size, the root recomputed from its entries, and who else proved to hold how much of it."""

    log: str
    party: str
    incarnation: str
    size: int
    root: str
    first_instant: int
    last_instant: int
    cosigners: tuple[Cosigner, ...]


class ActPart(_Part, frozen=True, kw_only=True):
    """A formal act whose office signature was verified, with what the logs know of its receipt."""

    log: str
    seq: int
    id: str
    by: str
    kind: str
    instant: int
    office: str
    second: str
    """The second office that signed it; empty where one did."""
    received: dict[str, int]


class MatterStep(_Part, frozen=True, kw_only=True):
    """A step about a matter whose signatures were verified; ``refused`` is the code by which it has no effect."""

    log: str
    seq: int
    by: str
    verb: str
    instant: int
    refused: str | None


class MatterPart(_Part, frozen=True, kw_only=True):
    """A matter around the agreement, as the steps that the file shows make it, computed anew from its table."""

    id: str
    kind: str
    owner: str
    between: tuple[str, ...]
    state: str
    steps: tuple[MatterStep, ...]


class Judgement(_Part, frozen=True, kw_only=True):
    """The gate, asked again: for a release by its writer's knowledge, for an acceptance by the recipient's.

    ``label`` is *recomputed* where every fact was in the file, *attested* where the answer also rests on national facts
    (``rests_on``), *withheld* where the item's header was. ``hindsight`` says what all the logs together, known to
    nobody at the time, would have answered; it convicts nobody.
    """

    log: str
    seq: int
    direction: Literal["release", "accept"]
    party: str
    instant: int
    label: Label
    allowed: bool | None
    reasons: tuple[str, ...]
    rests_on: tuple[str, ...]
    hindsight: tuple[str, ...]


class Line(_Part, frozen=True, kw_only=True):
    """A line of a party's register, as the logs tell it: one item to one recipient.

    ``state`` is ``received``, ``refused`` (with the coarse ``code``) or ``outstanding``; None for what was withheld.
    ``number`` counts the items that ``sender`` gave under the agreement, from 1 on (section 3).
    """

    log: str
    seq: int
    number: int
    sender: str
    recipient: str | None
    item: str | None
    title: str | None
    level: str | None
    reality: str | None
    instant: int
    state: Literal["received", "refused", "outstanding"]
    answered: int | None
    code: str | None


class Register(_Part, frozen=True, kw_only=True):
    """What a party gave and what it holds, as far as it could know at the end of its own log."""

    party: str
    given: tuple[Line, ...]
    held: tuple[Line, ...]


class Difference(_Part, frozen=True, kw_only=True):
    """An item that two registers show in different states, and why that can be."""

    log: str
    seq: int
    item: str | None
    sender_says: str
    recipient_says: str
    text: str


class Withheld(_Part, frozen=True, kw_only=True):
    """A body, payload or log that the file does not show; everything else was verified without it."""

    log: str
    seq: int | None
    what: str


class Report(_Part, frozen=True, kw_only=True):
    """The whole outcome. ``ok`` is true where nothing was found wanting; what was withheld does not make it false."""

    schema: Literal["entente/report/1"] = "entente/report/1"
    ok: bool
    agreement: str
    parties: tuple[str, ...]
    first_bad: Bad | None
    bad: tuple[Bad, ...]
    steps: tuple[Step, ...]
    logs: tuple[LogPart, ...]
    acts: tuple[ActPart, ...]
    matters: tuple[MatterPart, ...]
    transfers: tuple[Judgement, ...]
    registers: tuple[Register, ...]
    differences: tuple[Difference, ...]
    withheld: tuple[Withheld, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``; instants stay milliseconds."""
        raw: dict[str, Any] = msgspec.to_builtins(self)
        return raw


_WORDS = {
    "CLOCK_UNCERTAIN": "its clock",
    "CHANNEL_NOT_ALLOWED": "the channel",
    "ON_HOLD": "no open incident",
    "FACILITY_NOT_CLEARED": "the facility's clearance",
    "ASSURANCE_MISSING": "the receiver's assurance",
    "ORIGINATOR_CONSENT_MISSING": "the originator's consent",
}
"""What a party alone attests, by the code of the gate's step that asks for it."""


def render(report: Report) -> Iterator[str]:
    """The report as plain lines, the verdict first; logs go by writer and incarnation, the agreement is named once."""
    agreement = f"entente/{report.agreement}/"
    yield from (line.replace(agreement, "") for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report.first_bad is None:
        yield f"OK: everything that the file shows was verified. Agreement {report.agreement}."
    else:
        yield f"NOT OK: {where(report.first_bad)}: {report.first_bad.code}: {report.first_bad.text}"
        yield f"  agreement {report.agreement or 'unknown'}"
        yield from (f"  also: {where(bad)}: {bad.code}: {bad.text}" for bad in report.bad[1:])
    yield ""
    yield from (
        f"({step.number}) {step.name}: {step.label.replace('_', ' ')}. {step.text}".rstrip() for step in report.steps
    )
    for log in report.logs:
        held = ", ".join(f"{each.party} holds {each.size}" for each in log.cosigners) or "cosigned by nobody"
        yield f"log {log.log}: {log.size} entries, root {log.root}; {held}"
    for matter in report.matters:
        refused = sum(step.refused is not None for step in matter.steps)
        more = f", {refused} of them refused" if refused else ""
        state = matter.state.replace("_", " ")
        yield f"{matter.kind} {matter.id} between {', '.join(matter.between)}: {state}, {len(matter.steps)} steps{more}"
    yield from (_judgement(judgement) for judgement in report.transfers)
    for register in report.registers:
        yield f"register of {register.party}: {len(register.given)} given, {len(register.held)} held"
        yield from (f"  gave to   {_line(line, line.recipient)}" for line in register.given)
        yield from (f"  held from {_line(line, line.sender)}" for line in register.held)
    for difference in report.differences:
        yield f"the registers differ: {difference.log} entry {difference.seq}: {difference.text}"
    for withheld in report.withheld:
        at = "" if withheld.seq is None else f" entry {withheld.seq}"
        yield f"withheld: {withheld.log}{at}: {withheld.what}"
    yield from report.notes


def where(bad: Bad) -> str:
    """The place of a fault in words."""
    if bad.seq is None:
        return bad.log or f"step {bad.step}"
    if bad.last is not None and bad.last != bad.seq:
        return f"{bad.log} entries {bad.seq} to {bad.last}"
    return f"{bad.log} entry {bad.seq}"


def _judgement(judgement: Judgement) -> str:
    answer = {True: "allowed", False: "not allowed", None: "not shown"}[judgement.allowed]
    text = f"{judgement.log} entry {judgement.seq}: {judgement.direction} by {judgement.party} at"
    text += f" {format_instant(judgement.instant)}: {answer}, {judgement.label}"
    text += f" ({', '.join(judgement.reasons)})" if judgement.reasons else ""
    text += (
        f"; attested, not in the file: {', '.join(_WORDS.get(c, c) for c in judgement.rests_on)}"
        if judgement.rests_on
        else ""
    )
    return text + (f"; in hindsight {', '.join(judgement.hindsight)}" if judgement.hindsight else "")


def _line(line: Line, other: str | None) -> str:
    what = f"{line.item} {line.title!r} {line.level}" if line.item is not None else "(withheld)"
    answered = "" if line.answered is None else f" {format_instant(line.answered)}"
    code = f" ({line.code})" if line.code else ""
    place = f"no. {line.number}, entry {line.seq} {format_instant(line.instant)}"
    return f"{other or '?'}: {place} {what}: {line.state}{answered}{code}"
