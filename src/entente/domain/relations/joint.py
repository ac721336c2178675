"""Wordings: each party's own, and the one that all have signed (docs/spec/relations.md, section 4).

Two parties' versions stand side by side and are never merged. A joint text exists only where every party of the matter
has signed the digest of the same bytes; until then there are only proposals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.steps import Refusal, Step, some
from entente.domain.relations.table import refuse


@dataclass
class Wordings:
    """The wordings of one thing: by party its own newest, and the proposals for a common one by digest."""

    audience: tuple[str, ...]
    own: dict[str, Step] = field(default_factory=dict)
    proposals: dict[str, Step] = field(default_factory=dict)
    adopted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Digest -> the parties that have signed it, in the order in which they did."""
    agreed: str | None = None
    """The digest that every party has signed, once there is one; a later one takes its place, and both are kept."""

    def word(self, step: Step) -> None:
        """A party's own wording; its earlier one stays in the matter's events."""
        self.own[step.by] = step

    def propose(self, step: Step) -> Refusal | None:
        """A wording that all are to sign; who proposes it has signed it."""
        if step.wording in self.proposals:
            return refuse("ALREADY_PROPOSED", "this very wording is proposed already", "Adopt it.")
        self.proposals[step.wording] = step
        self._sign(step.wording, step.by)
        return None

    def adopt(self, step: Step, digest: str) -> Refusal | None:
        """A party signs the digest of a proposed wording."""
        if digest not in self.proposals:
            known = some(self.proposals) or "none yet"
            return refuse("NO_SUCH_WORDING", f"no wording {digest} is proposed here", f"One of: {known}.")
        if step.by in self.adopted.get(digest, ()):
            return refuse("ALREADY_SIGNED", f"{step.by} has signed this wording", "Nothing is to be done.")
        self._sign(digest, step.by)
        return None

    def _sign(self, digest: str, party: str) -> None:
        self.adopted[digest] = (*self.adopted.get(digest, ()), party)
        if set(self.adopted[digest]) == set(self.audience):
            self.agreed = digest

    @property
    def joint(self) -> Step | None:
        """The step that carries the agreed wording, if there is one."""
        return self.proposals[self.agreed] if self.agreed is not None else None

    def show(self) -> dict[str, Any]:
        """As commands answer it: each party's own words, every proposal with who has signed it, the agreed digest."""
        return {
            "own": versions(self.own),
            "proposed": [version(step) | {"signed": list(self.adopted[key])} for key, step in self.proposals.items()],
            "agreed": self.agreed,
        }


def version(step: Step) -> dict[str, Any]:
    """Words as commands answer them: whose, from when, and which; the texts themselves are the entry's bodies."""
    return {
        "by": step.by,
        "at": format_instant(step.at),
        "entry": step.seq,
        "summary": step.get("summary", {}),
        "wording": step.wording if step.texts else None,
        "texts": [text._asdict() for text in step.texts],
    }


def versions(own: Mapping[str, Step]) -> dict[str, Any]:
    """Each party's own words, side by side and never as one."""
    return {party: version(step) for party, step in own.items()}
