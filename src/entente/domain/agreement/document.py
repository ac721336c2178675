"""Agreement documents: strict parsing of the bytes that the parties signed (docs/spec/agreement.md).

The shape of the document is the literal data below; what one table means for another is checked after it. Everything
that is wrong is reported at once. A combination that is merely unusual is no error: the document is the parties'.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from entente.domain.agreement.calendar import parse_duration, parse_period, zone
from entente.domain.agreement.problems import DocumentError, Problem
from entente.domain.agreement.schema import (
    Field,
    Findings,
    Rule,
    array,
    boolean,
    choice,
    identifier,
    integer,
    join,
    language_map,
    load_toml,
    mapping,
    optional,
    parsed,
    sha256,
    table,
    text,
    unknown_key,
)
from entente.domain.agreement.terms import Agreement, Channel, Precedence, Reading

SCHEMA = "entente/agreement/1"
RESERVED = frozenset({"common", "handling"})
"""Ids that no party may have: a row of ``[[levels]]`` uses them as keys beside the parties."""

_ZONE: Rule = parsed(zone, "write an IANA time zone such as Asia/Seoul")
_PERIOD: Rule = parsed(parse_period, "write a positive ISO 8601 period such as P90D, P6M or P1Y")
_DURATION: Rule = parsed(parse_duration, "write an ISO 8601 duration such as PT10M or P7D")
_ANY: Rule = lambda _findings, value, _where: value  # noqa: E731 - a rule like the others

_AUTHORITY: Rule = table({"id": Field(identifier), "name": Field(language_map)})
_PARTY: Rule = table({"name": Field(language_map), "zone": Field(_ZONE), "authorities": optional(array(_AUTHORITY))})
_TEXT: Rule = table({"lang": Field(text), "file": Field(text), "sha256": Field(sha256), "authentic": Field(boolean)})
_FORCE: Rule = table(
    {
        "rule": Field(choice("later_notification", "signature", "first_of_month")),
        "months": optional(integer(1)),
        "after": optional(choice("signature", "notification")),
    }
)
_TERM: Rule = table(
    {
        "length": optional(_PERIOD),
        "extension": optional(_PERIOD),
        "overflow": optional(choice("clamp", "next_day")),
    }
)
_TERMINATION: Rule = table(
    {
        "rule": Field(choice("end_of_term", "after_notice")),
        "lead": Field(_PERIOD),
        "clock_starts": Field(choice("receipt", "dispatch")),
        "zone": Field(_ZONE),
        "counting": optional(choice("last_day", "boundary_day")),
        "ends": optional(choice("end_of_day", "start_of_day")),
        "revocable": optional(boolean),
        "resume": optional(choice("remaining", "immediate")),
        "ends_for": optional(choice("all", "party")),
    }
)
_CHANNELS = get_args(Channel)
_DOCUMENT: Mapping[str, Field] = {
    "schema": Field(choice(SCHEMA)),
    "name": Field(text),
    "title": Field(language_map),
    "parties": Field(array(identifier, minimum=2)),
    "party": Field(mapping(identifier, _PARTY)),
    "text": optional(array(_TEXT)),
    "articles": optional(mapping(text, text)),
    "force": Field(_FORCE),
    "term": optional(_TERM),
    "termination": Field(_TERMINATION),
    "operation": optional(table({"unilateral": optional(boolean)})),
    "reading": optional(mapping(identifier, table({"suspended_notice": Field(choice(*get_args(Reading)))}))),
    "notices": optional(table({"form": optional(choice("record", "electronic")), "two_persons": optional(boolean)})),
    "levels": Field(array(_ANY, minimum=1, unique=False)),
    "caveats": optional(array(table({"code": Field(text), "meaning": Field(language_map)}))),
    "third_party": Field(table({"consent": Field(choice("prior_written")), "standing": optional(array(identifier))})),
    "purposes": Field(table({"allowed": Field(array(text))})),
    "precedence": optional(table({name: optional(_DURATION) for name in get_args(Precedence)})),
    "channel": optional(array(table({"level": Field(text), "allow": Field(array(choice(*_CHANNELS)))}))),
    "reproduction": optional(
        array(table({"level": Field(text), "copies": Field(integer(0)), "consent": Field(boolean)}))
    ),
    "disposition": optional(
        array(table({"level": Field(text), "destroy": Field(choice("certificate", "two_person", "consent", "never"))}))
    ),
    "incidents": optional(table({"notify": Field(_DURATION), "interim": Field(_DURATION), "final": Field(_DURATION)})),
    "inspection": optional(table({"titles": optional(boolean)})),
    "release": optional(
        table({"two_persons": optional(boolean), "assurance": optional(boolean), "facility": optional(boolean)})
    ),
    "limits": optional(
        table(
            {"max_item": optional(integer(1)), "max_skew": optional(_DURATION), "max_uncertainty": optional(_DURATION)}
        )
    ),
    "survival": Field(table({"rule": Field(choice("while_held", "return_on_end"))})),
}


def digest(data: bytes) -> str:
    """The identity of a document: SHA-256 of its bytes, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def parse_agreement(data: bytes) -> Agreement:
    """Parse an agreement document.

    Raises:
        DocumentError: the bytes are no TOML 1.0 document in UTF-8 (``unreadable``, with line and column), or the
            document says something that it may not; every problem is in it, with its dotted key.
    """
    findings = Findings()
    given = load_toml(data)
    raw = table(_DOCUMENT)(findings, given, "")
    parties = raw.get("parties", [])
    if any(problem.where.startswith("parties") for problem in findings.problems):
        parties = [*parties, *raw.get("party", {})]
    raw["levels"] = _levels(findings, raw.get("levels", []), parties)
    _check_parties(findings, raw, parties)
    _check_clauses(findings, raw, given)
    _check_levels(findings, raw, parties)
    _check_repeated(findings, raw)
    findings.settle()
    return msgspec.convert(raw, Agreement)


def parse_computable(data: bytes) -> Agreement:
    """Parse an agreement document whose status this software can compute; what a node works with is always one.

    Raises:
        DocumentError: as :func:`parse_agreement`, or the document is in order and provides for something that is not
            computed yet (lifecycle 8).
    """
    agreement = parse_agreement(data)
    missing = not_computed(agreement)
    if missing is not None:
        raise DocumentError([missing])
    return agreement


def not_computed(agreement: Agreement) -> Problem | None:
    """What a document in order provides for that the lifecycle does not compute yet; None for most."""
    if agreement.termination.ends_for == "all":
        return None
    return Problem(
        where="termination.ends_for",
        message="an end for the writer of a notice alone is not computed yet",
        remedy="use 'all', the default, or wait for a version that computes it",
        allowed=("all",),
    )


def _levels(findings: Findings, rows: list[Any], parties: list[str]) -> list[dict[str, Any]]:
    marking = array(text, minimum=1)
    fields = {"common": Field(text), "handling": optional(mapping(identifier, text))}
    fields |= {party: optional(marking) for party in parties if party not in RESERVED}
    rule = table(fields)
    result = []
    for index, row in enumerate(rows):
        checked = rule(findings, row, f"levels[{index}]")
        if checked is not None:
            native = {key: checked.pop(key) for key in list(checked) if key not in RESERVED}
            result.append({**checked, "native": native})
    return result


def _check_parties(findings: Findings, raw: dict[str, Any], parties: list[str]) -> None:
    tables = raw.get("party", {})
    for party in parties:
        if party in RESERVED:
            findings.report("parties", f"{party!r} is a key of [[levels]]", "choose another id for the party")
        elif party not in tables and "party" in raw:
            findings.report(join("party", party), "missing: every party has its table", f"add [party.{party}]")
    for key in ("party", "reading"):
        for party in raw.get(key, {}):
            if party not in parties:
                unknown_key(findings, join(key, party), party, parties)
    for party, terms in tables.items():
        ids = [authority.get("id") for authority in terms.get("authorities", [])]
        _report_twice(findings, ids, lambda index, party=party: f"party.{party}.authorities[{index}].id")


def _check_clauses(findings: Findings, raw: dict[str, Any], given: Mapping[str, Any]) -> None:
    force, termination = raw.get("force", {}), raw.get("termination", {})
    stated = {key: value if isinstance(value := given.get(key), dict) else {} for key in ("force", "term")}
    for key in ("months", "after"):
        if force.get("rule") == "first_of_month" and key not in stated["force"]:
            findings.report(f"force.{key}", "missing: first_of_month counts from it", "add it")
        elif force.get("rule") in ("later_notification", "signature") and key in force:
            findings.report(f"force.{key}", "belongs to the rule first_of_month only", "remove it")
    if "length" not in stated["term"]:
        if "extension" in stated["term"]:
            findings.report("term.extension", "there is no term.length to extend", "add term.length, or remove it")
        if termination.get("rule") == "end_of_term":
            findings.report(
                "termination.rule",
                "end_of_term needs a term, and term.length is missing",
                "add term.length, or use after_notice",
                ("after_notice",),
            )


def _check_levels(findings: Findings, raw: dict[str, Any], parties: list[str]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for index, row in enumerate(raw["levels"]):
        for party, markings in row["native"].items():
            for marking in markings:
                earlier = seen.setdefault((party, unicodedata.normalize("NFC", marking)), index)
                if earlier != index:
                    findings.report(
                        f"levels[{index}].{party}",
                        f"{marking!r} is in levels[{earlier}] already",
                        "give each marking of a party one row",
                    )
        for party in row.get("handling", {}):
            place = join(f"levels[{index}].handling", party)
            if party not in parties:
                unknown_key(findings, place, party, parties)
            elif party in row["native"]:
                findings.report(
                    place, "the party has a marking of its own in this row", "remove it here, or remove the marking"
                )
    names = [row["common"] for row in raw["levels"] if "common" in row]
    for key in ("channel", "reproduction", "disposition"):
        for index, row in enumerate(raw.get(key, [])):
            if "level" in row and row["level"] not in names:
                findings.report(
                    f"{key}[{index}].level",
                    f"no row of [[levels]] is named {row['level']!r}",
                    "name one that is",
                    names,
                )


def _check_repeated(findings: Findings, raw: dict[str, Any]) -> None:
    keys = {"levels": "common", "caveats": "code", "channel": "level", "reproduction": "level", "disposition": "level"}
    for key, name in keys.items():
        values = [row.get(name) for row in raw.get(key, [])]
        _report_twice(findings, values, lambda index, key=key, name=name: f"{key}[{index}].{name}")


def _report_twice(findings: Findings, values: list[Any], where: Any) -> None:
    for index, value in enumerate(values):
        if value is not None and value in values[:index]:
            findings.report(where(index), f"{value!r} appears twice", "leave one of the two out")
