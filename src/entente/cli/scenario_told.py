"""What the steps of a scenario's part have told so far, so that a step names only what there is by then."""

from collections.abc import Sequence
from typing import Any

from entente.cli.scenario_relate import Relating, kind_of
from entente.domain.agreement.schema import Findings
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import APART, numbered_apart, owner_of


class Told:
    """The acts written and the matters opened by the steps before; a step that must be refused opens none."""

    def __init__(self, parties: Sequence[str]) -> None:
        self._parties = parties
        self._acts: list[str] = []
        self._matters: list[str] = []

    def act(self, name: str) -> None:
        """An act was written."""
        self._acts.append(name)

    def relate(self, relating: Relating, *, refused: bool) -> None:
        """A step about a matter was taken."""
        if relating.opens and not refused:
            self._matters.append(relating.matter)

    def check(self, relating: Relating, party: str, findings: Findings, where: str, *, refused: bool) -> None:
        """Report what a step names that there is not by then; what must be refused may be of a matter that is not."""
        if not refused:
            self._check_matter(relating, party, findings, where)
        for index, name in enumerate(relating.between):
            _known(findings, f"{where}.between[{index}]", name, self._parties, "party to the agreement")
        for index, name in enumerate(relating.refs):
            there = [*self._acts, *self._matters]
            _known(findings, f"{where}.refs[{index}]", name, there, "act or matter that is there by then")
        for name, field in TABLES[relating.kind].verb(relating.verb).fields.items():
            if name in relating.say and field.metavar in ("PARTY", "MATTER"):
                known, what = (
                    (self._parties, "party to the agreement")
                    if field.metavar == "PARTY"
                    else (self._matters, "matter that is there by then")
                )
                for place, value in _each(relating.say[name]):
                    _known(findings, f"{where}.say.{name}{place}", value, known, what)
        if relating.kind == "note" and relating.opens:
            known, what = self._acts, "act that is written by then"
            _known(findings, f"{where}.say.act", relating.say["act"], known, what)

    def states(self, expected: dict[str, str], findings: Findings, where: str) -> None:
        """Report states that are expected of matters that are not there by then, or that have no such state."""
        for name, state in expected.items():
            if _known(findings, f"{where}.{name}", name, self._matters, "matter that is there by then"):
                states = TABLES[kind_of(name)].states
                _known(findings, f"{where}.{name}", state, states, f"state of a {kind_of(name)}")

    def _check_matter(self, relating: Relating, party: str, findings: Findings, where: str) -> None:
        """Opened by an earlier step, or opened now under the number that the node will give it."""
        if not relating.opens:
            _known(findings, f"{where}.matter", relating.matter, self._matters, "matter that is there by then")
            return
        prefix = f"{party}-{relating.kind}-"
        if relating.apart:
            self._check_apart(relating.matter, prefix, findings, where)
            return
        counted = [name for name in self._matters if not numbered_apart(name)]
        there = sum(owner_of(name) == party and kind_of(name) == relating.kind for name in counted)
        if relating.matter != f"{prefix}{there + 1}":
            text = f"{relating.verb} opens the next {relating.kind} of {party}, which is not {relating.matter}"
            findings.report(f"{where}.matter", text, f"write {prefix}{there + 1}")

    def _check_apart(self, name: str, prefix: str, findings: Findings, where: str) -> None:
        """A number that stands for the one which the node will draw, so that nobody can count it."""
        if not name.startswith(prefix) or not numbered_apart(name) or name in self._matters:
            text = f"{name} is no number apart of its own: the node draws one for what is not said at once"
            findings.report(f"{where}.matter", text, f"write {prefix} and a number from {APART[0]} to {APART[-1]}")


def _known(findings: Findings, where: str, name: str, known: Sequence[str], what: str) -> bool:
    if name not in known:
        findings.report(where, f"{name} is no {what}", f"one of: {', '.join(known) or 'none yet'}", tuple(known))
    return name in known


def _each(value: Any) -> list[tuple[str, str]]:
    return [(f"[{index}]", each) for index, each in enumerate(value)] if isinstance(value, list) else [("", value)]
