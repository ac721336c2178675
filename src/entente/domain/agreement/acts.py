"""Formal acts and the acts document (docs/spec/acts.md, lifecycle 1).

An act is written by one party and never changed or removed. What is known of its delivery is part of what is read here:
``received`` by acknowledgement, ``delivered`` by the writer's evidenced claim. Whether an act is *allowed* is a
question for the lifecycle, never for this parser: a reference to an unknown act is a refused act, not a bad document.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.schema import (
    Field,
    Findings,
    Rule,
    array,
    choice,
    identifier,
    load_toml,
    mapping,
    optional,
    parsed,
    sha256,
    table,
)
from entente.domain.agreement.terms import Reading

ActKind = Literal[
    "sign",
    "notify_completion",
    "notice_of_termination",
    "suspend_notice",
    "resume_notice",
    "withdraw",
    "agree_termination",
    "suspend_operation",
    "resume_operation",
    "amend",
    "declare_reading",
]


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A formal act with what is known of its delivery; all instants in milliseconds (:mod:`.instants`).

    ``received`` maps each other party to its acknowledgement, ``delivered`` to the writer's evidenced claim. ``digest``
    belongs to ``sign`` and ``amend``, ``effective`` to ``amend``, ``instant`` to ``agree_termination``, ``reading`` to
    ``declare_reading``.
    """

    id: str
    by: str
    kind: ActKind
    dispatched: int
    refs: tuple[str, ...] = ()
    received: Mapping[str, int] = {}
    delivered: Mapping[str, int] = {}
    digest: str | None = None
    effective: int | None = None
    instant: int | None = None
    reading: Reading | None = None


_CONTENT: Mapping[ActKind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sign": ((), ("digest",)),
    "agree_termination": (("instant",), ()),
    "amend": (("digest", "effective"), ()),
    "declare_reading": (("reading",), ()),
}
"""The fields beside the common ones that a kind must have, and those that it may have."""

_INSTANT: Rule = parsed(
    parse_instant, 'write a string with an offset, such as "2019-11-23T00:00:00+09:00"', keep_text=False
)
_ACT: Rule = table(
    {
        "id": Field(identifier),
        "by": Field(identifier),
        "kind": Field(choice(*get_args(ActKind))),
        "dispatched": Field(_INSTANT),
        "refs": optional(array(identifier, unique=False)),
        "received": optional(mapping(identifier, _INSTANT)),
        "delivered": optional(mapping(identifier, _INSTANT)),
        "digest": optional(sha256),
        "effective": optional(_INSTANT),
        "instant": optional(_INSTANT),
        "reading": optional(choice(*get_args(Reading))),
    }
)
_ACTS: Rule = table({"act": optional(array(_ACT, unique=False))})


def parse_acts(data: bytes) -> tuple[Act, ...]:
    """Parse an acts document, in the order of the file (which means nothing: arrival is no evidence).

    Raises:
        DocumentError: no TOML 1.0 document in UTF-8, an unknown key, a field missing or of the wrong kind, an id used
            twice, or two acts of one writer dispatched at the same instant. Acts that the lifecycle does not allow are
            no error here.
    """
    findings = Findings()
    raw = _ACTS(findings, load_toml(data), "")
    rows: list[dict[str, Any]] = raw.get("act", [])
    if not findings.problems:
        for index, row in enumerate(rows):
            _check_content(findings, row, f"act[{index}]")
        _check_unique(findings, rows)
    findings.settle()
    return msgspec.convert(tuple(rows), tuple[Act, ...])


def _check_content(findings: Findings, row: Mapping[str, Any], where: str) -> None:
    required, allowed = _CONTENT.get(row["kind"], ((), ()))
    for field in required:
        if field not in row:
            findings.report(f"{where}.{field}", f"missing in an act of kind {row['kind']}", "add it")
    for field in ("digest", "effective", "instant", "reading"):
        if field in row and field not in required + allowed:
            findings.report(f"{where}.{field}", f"an act of kind {row['kind']} has no such field", "remove it")


def _check_unique(findings: Findings, rows: list[dict[str, Any]]) -> None:
    ids: dict[str, int] = {}
    dispatches: dict[tuple[str, int], int] = {}
    for index, row in enumerate(rows):
        earlier = ids.setdefault(row["id"], index)
        if earlier != index:
            findings.report(
                f"act[{index}].id", f"act[{earlier}] has the id {row['id']} too", "give each act its own id"
            )
        earlier = dispatches.setdefault((row["by"], row["dispatched"]), index)
        if earlier != index:
            findings.report(
                f"act[{index}].dispatched",
                f"act[{earlier}], also by {row['by']}, was dispatched at the same instant",
                "state the instants of the two entries; those of one writer strictly increase",
            )
