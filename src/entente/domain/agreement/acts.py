"""Formal acts and the acts document (docs/spec/acts.md, lifecycle 1).

An act is written by one party and never changed or removed. What is known of its delivery is part of what is read here:
``received`` by acknowledgement, ``delivered`` by the writer's evidenced claim. Whether an act is *allowed* is a question
for the lifecycle, never for this parser: a reference to an unknown act is a refused act, not a bad document.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

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
