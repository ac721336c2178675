"""The status of an agreement: ``status(documents, acts, at)`` (docs/spec/lifecycle.md, sections 1 and 7)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal

import msgspec

from entente.domain.agreement.acts import Act
from entente.domain.agreement.instants import format_instant
from entente.domain.agreement.terms import Agreement, Reading

Phase = Literal[
    "unknown", "draft", "signed", "ended", "suspended", "notice_running", "notice_suspended", "in_force"
]


class ViewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What one party's view says at an instant (lifecycle 7)."""

    phase: Phase
    ends_at: int | None
    last_day: date | None
    notice_deadline: date | None
    next_boundary: date | None
    terms_version: str
    reading: Reading | None


class StatusReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why release is refused, or what a reader should know; ``rests_on`` names an article or a section."""

    code: str
    blocks: bool
    rests_on: str
    text: str
    remedy: str


class RefusedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that counts in its writer's view and that no view has allowed (lifecycle 1)."""

    act: str
    code: str
    text: str


class AgreementStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole status at ``at``: one view per party, in the document's order of parties."""

    at: int
    views: Mapping[str, ViewStatus]
    left: Mapping[str, int]
    disputed: bool
    release_allowed: bool
    reasons: tuple[StatusReason, ...]
    refused: tuple[RefusedAct, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON form: instants as UTC text with three fractional digits, days as dates, absent values ``None``."""
        raw: dict[str, Any] = msgspec.to_builtins(self)
        raw["at"] = format_instant(self.at)
        raw["left"] = {party: format_instant(instant) for party, instant in self.left.items()}
        for party, view in self.views.items():
            raw["views"][party]["ends_at"] = None if view.ends_at is None else format_instant(view.ends_at)
        return raw


def status(
    documents: Mapping[str, Agreement], acts: Iterable[Act], at: int, *, first: str | None = None
) -> AgreementStatus:
    """The status of the agreement at ``at``.

    ``documents`` maps SHA-256 (lower-case hex) to documents; ``first`` names the one first signed (else: the first key).
    """
    raise NotImplementedError


def interval(
    documents: Mapping[str, Agreement], acts: Iterable[Act], at: int, *, first: str | None = None
) -> tuple[AgreementStatus, int | None]:
    """The status at ``at``, and the first instant after it at which it can change with the same acts (or ``None``)."""
    raise NotImplementedError


def timeline(
    documents: Mapping[str, Agreement], acts: Iterable[Act], start: int, end: int, *, first: str | None = None
) -> Iterator[tuple[int, AgreementStatus]]:
    """The status at ``start`` and at each change before ``end``."""
    raise NotImplementedError
