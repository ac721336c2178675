"""Playing a part of a scenario on a stage, and checking at every node what must come of each step.

Everything reported was asked of the nodes or measured here; nothing is taken from the scenario but what was to be done.
"""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, assert_never

import msgspec

from entente.cli.scenario import Part, Scenario, Step
from entente.cli.stage import ENTENTE, Stage, StageNode, wait_for
from entente.domain.agreement.instants import format_instant
from entente.domain.relations.steps import numbered_apart
from entente.node.errors import NodeError

Status = Mapping[str, Any]


class Line(msgspec.Struct, kw_only=True):
    """What came of one step: shown as a line where the step has a title, in full with ``--json``.

    ``status`` is what the step's party's node said afterwards; ``measured`` holds figures and nothing else.
    """

    at: int
    step: str
    title: str
    article: str
    outcome: str = ""
    reasons: list[dict[str, Any]] = []
    measured: dict[str, float] = {}
    status: dict[str, Any] = {}
    views: bool = False


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One party's evidence, verified offline by a process of its own."""

    party: str
    file: str
    ok: bool
    first_bad: dict[str, Any] | None
    entries: int
    logs: int
    bytes: int
    took_ms: float
    registers: list[dict[str, Any]]


class PartPlayed(msgspec.Struct, kw_only=True):
    """A part that was played: its lines, what did not come as expected, and the evidence checked."""

    id: str
    title: str
    replayed: int
    lines: list[Line] = []
    failures: list[str] = []
    evidence: list[Checked] = []
    took_ms: float = 0.0


class Player:
    """Plays the steps of one part; expectations that do not hold are noted, not raised."""

    def __init__(self, scenario: Scenario, part: Part, stage: Stage) -> None:
        self._scenario = scenario
        self._part = part
        self._stage = stage
        self._given: dict[str, tuple[str, str, int]] = {}  # item -> (its sender, its id, its entry)
        self._drawn: dict[str, str] = {}  # matter numbered apart -> the id that the node drew for it
        self._checks = 0
        self.played = PartPlayed(id=part.id, title=part.title, replayed=part.replayed)

    def play(self) -> Iterator[Line]:
        """Play every step; a line for each, as it happens."""
        for step in self._part.steps:
            self._stage.set_clocks(step.at)
            line = Line(at=step.at, step=step.do, title=step.title, article=self._article(step), views=step.views)
            self._do(step, line)
            if self._stage.linked:
                self._stage.settle()
            line.status = self._check(step, line)
            self.played.lines.append(line)
            yield line

    def _article(self, step: Step) -> str:
        return self._scenario.agreement.article(step.article, "") if step.article else ""

    def _node(self, step: Step) -> StageNode:
        return self._stage.nodes[step.party]

    # What steps do

    def _do(self, step: Step, line: Line) -> None:
        match step.do:
            case "propose":
                self._propose(step, line)
            case "act":
                self._act(step, line)
            case "relate":
                self._relate(step, line)
            case "release":
                self._release(step, line)
            case "open":
                self._open(step, line)
            case "cut":
                self._stage.cut()
            case "join":
                began = time.perf_counter()
                self._stage.join()
                line.measured["link_ms"] = _since(began)
            case "export":
                self._export(step, line)
            case "import":
                self._import(step, line)
            case "clock":
                pass  # the clocks stand at the step's instant already
            case _:
                assert_never(step.do)

    def _propose(self, step: Step, line: Line) -> None:
        answer = self._node(step).ask("agreement.propose", path=str(self._scenario.agreement_file.absolute()))
        line.outcome = answer["agreement"]

    def _act(self, step: Step, line: Line) -> None:
        act = self._scenario.acts[step.act]
        written = self._node(step).act(
            kind=act.kind,
            refs=act.refs,
            document=act.digest,
            effective=None if act.effective is None else format_instant(act.effective),
            instant=None if act.instant is None else format_instant(act.instant),
            reading=act.reading,
        )
        line.outcome = written["id"]
        if written["id"] != step.act:
            self._fail(step, f"the node wrote the act {written['id']}, the acts document has {step.act}")

    def _relate(self, step: Step, line: Line) -> None:
        if step.relating is None:
            raise TypeError("a step that relates says nothing")
        said = step.relating.under(self._drawn)
        node = self._node(step)
        texts = [
            {"lang": lang, "media_type": kind, "data": base64.b64encode(data).decode()}
            for lang, kind, data in said.texts
        ]
        try:
            written = node.step(
                kind=said.kind, verb=said.verb, matter="" if said.opens else said.matter, between=said.between,
                embargoed=True, refs=said.refs, say=said.say, texts=texts,
            )  # fmt: skip
        except NodeError as error:
            line.outcome = f"refused: {error.code}"
            self._expected(step, "code", step.expect.code, error.code)
            return
        line.outcome = f"{written['matter']}: {written['state'].replace('_', ' ')}"
        self._expected(step, "code", step.expect.code, None)
        if said.opens and said.apart:
            self._drawn[said.matter] = written["matter"]
            self._expected(step, "the matter's number, drawn apart", True, numbered_apart(written["matter"]))
            return
        self._expected(step, "the matter's id", said.matter, written["matter"])

    def _release(self, step: Step, line: Line) -> None:
        node, item = self._node(step), self._scenario.items[step.item]
        options = {"caveats": item.caveats, "rel_to": item.rel_to}
        draft = node.ask(
            "item.compose", path=str(self._scenario.payload(step.item).absolute()), title=item.title,
            media_type=item.media_type, level=item.level, purpose=item.purpose, to=step.to, precedence=item.precedence,
            reality=item.reality, **options,
        )  # fmt: skip
        statement = node.ask("item.statement", item=draft["item"], office="release", person="exercise-1")["statement"]
        approval = {"statement": statement, "signature": node.sign("release", "approval", statement)}
        began = time.perf_counter()
        try:
            lines = node.ask("item.release", agreement=draft["agreement"], item=draft["item"], approvals=[approval])
        except NodeError as error:
            line.outcome, line.reasons = "refused", [dict(reason) for reason in error.reasons]
            self._expected(step, "code", step.expect.code, error.code)
        else:
            self._given[step.item] = (step.party, draft["item"], lines[0]["entry"])
            line.outcome = self._follow(step, line, draft["item"], began)
        self._expected(step, "outcome", step.expect.outcome, line.outcome)

    def _follow(self, step: Step, line: Line, item: str, began: float) -> str:
        """Follow an item to its recipients' registers, and their receipts back."""
        line.measured["bytes"] = self._scenario.payload(step.item).stat().st_size
        if not self._stage.linked:
            return "queued"
        for party in step.to:
            wait_for(f"{party} holds {step.item}", partial(_line_of, self._stage.nodes[party], "held", item))
        line.measured["held_ms"] = _since(began)
        wait_for("the receipt", lambda: all(each["answered"] for each in _lines_of(self._node(step), "given", item)))
        line.measured["receipt_ms"] = _since(began)
        states = {each["state"] for each in _lines_of(self._node(step), "given", item)}
        return "received" if states == {"received"} else ", ".join(sorted(states))

    def _open(self, step: Step, line: Line) -> None:
        node = self._node(step)
        held = _line_of(node, "held", self._given[step.item][1])
        if held is None:
            self._fail(step, f"{step.party} does not hold {step.item}")
            return
        name = Path(self._scenario.items[step.item].file).name
        target = self._stage.folder / "opened" / f"{len(self.played.lines)}-{name}"
        target.parent.mkdir(exist_ok=True)
        began = time.perf_counter()
        node.ask("item.open", number=held["number"], path=str(target.absolute()))
        line.measured |= {"open_ms": _since(began), "bytes": target.stat().st_size}
        same = _digest(target) == _digest(self._scenario.payload(step.item))
        line.outcome = "as given" if same else "other bytes"
        if not same:
            self._fail(step, f"{step.party} opened other bytes than were given")

    def _bundle(self, name: str) -> Path:
        return self._stage.folder.absolute() / f"{name}.bundle"

    def _export(self, step: Step, line: Line) -> None:
        answer = self._node(step).ask("bundle.export", peer=step.to[0], path=str(self._bundle(step.bundle)))
        line.measured |= {"bytes": answer["bytes"], "frames": answer["frames"]}
        line.outcome = "exported"

    def _import(self, step: Step, line: Line) -> None:
        answer = self._node(step).ask("bundle.import", path=str(self._bundle(step.bundle)))
        line.measured["frames"] = answer["frames"]
        line.outcome = "taken in"
        if answer["refused"]:
            self._fail(step, f"frames of the bundle were not kept: {answer['refused']}")

    # What must come of them

    def _fail(self, step: Step, text: str) -> None:
        index = self._part.steps.index(step) - self._part.replayed
        name = f"step[{index}]" if index >= 0 else f"replayed step[{index + self._part.replayed}]"
        self.played.failures.append(f"{self._part.id}.{name} ({step.do} at {format_instant(step.at)}): {text}")

    def _expected(self, step: Step, what: str, wanted: object, found: object) -> None:
        if wanted is not None and wanted != found:
            self._fail(step, f"{what} is {found}, expected {wanted}")

    def _check(self, step: Step, line: Line) -> dict[str, Any]:
        """Ask every node for the status and compare; the step's party's answer is shown."""
        answers = {party: node.ask("agreement.status") for party, node in self._stage.nodes.items() if _knows(node)}
        for party, status in answers.items():
            self._check_status(step, party, status)
        if step.expect.refused:
            self._check_refused(step, line)
        for party, node in self._stage.nodes.items() if step.expect.matter else ():
            states = {each["id"]: each["state"] for each in node.ask("matter.list", embargoed=True)}
            for name, state in step.expect.matter.items():
                self._expected(step, f"at {party}, {name}", state, states.get(self._drawn.get(name, name)))
        return dict(answers.get(step.party) or next(iter(answers.values()), {}))

    def _check_status(self, step: Step, node: str, status: Status) -> None:
        expect, views = step.expect, status["views"]
        for party, phase in expect.phase.items():
            self._expected(step, f"at {node}, the phase of {party}", phase, views[party]["phase"])
        for party, reading in expect.reading.items():
            self._expected(step, f"at {node}, the reading of {party}", reading, views[party]["reading"] or "undeclared")
        if expect.ends_at is not None:
            ends = {view["ends_at"] for view in views.values()}
            self._expected(step, f"at {node}, the end", {format_instant(expect.ends_at)}, ends)
        self._expected(step, f"at {node}, disputed", expect.disputed, status["disputed"])
        self._expected(step, f"at {node}, release_allowed", expect.release_allowed, status["release_allowed"])

    def _check_refused(self, step: Step, line: Line) -> None:
        """That items were refused: in the recipients' own records and, where linked, in the sender's register."""
        codes: dict[str, list[str]] = {}
        told = self._stage.linked
        for party in self._stage.nodes:
            held = self._held_by(party, step)
            for item, code in step.expect.refused.items():
                sender, name, entry = self._given[item]
                if party != sender:
                    found = held.get((sender, entry), ("nothing", ""))
                    self._expected(step, f"{party}'s record of {item}", ("refused", code), found)
                    codes.setdefault(party, []).extend([found[1]] if found[0] == "refused" else [])
                elif self._stage.linked:
                    shown = _line_of(self._stage.nodes[party], "given", name) or {"state": None}
                    self._expected(step, f"{party}'s line of {item}", f"refused: {code}", shown["state"])
                    told = told and shown["state"] == f"refused: {code}"
        found_codes = [code for each in codes.values() for code in each]
        who = "both sides" if told else ", ".join(codes)
        line.outcome = f"{who}: {len(found_codes)} refused, {', '.join(sorted(set(found_codes)))}"

    def _held_by(self, party: str, step: Step) -> dict[tuple[str, int], tuple[str, str]]:
        """What a recipient's own record says of each entry sent to it, by its evidence verified offline."""
        if all(self._given[item][0] == party for item in step.expect.refused):
            return {}
        self._checks += 1
        registers = self.verify(party, f"{party}-{self._checks}").registers
        held: list[dict[str, Any]] = next(
            (register["held"] for register in registers if register["party"] == party), []
        )
        return {(each["sender"], each["seq"]): (each["state"], each["code"]) for each in held}

    # Evidence

    def verify(self, party: str, name: str) -> Checked:
        """Export a party's evidence and verify it in a process that is given the file and the roots, nothing else."""
        path = self._stage.folder.absolute() / f"{name}.evidence"
        answer = self._stage.nodes[party].ask("evidence.export", path=str(path), disclose=True)
        roots = [
            option for each in sorted((self._stage.folder / "roots").iterdir()) for option in ("--root", str(each))
        ]
        began = time.perf_counter()
        done = subprocess.run([*ENTENTE, "verify", str(path), *roots, "--json"], capture_output=True, check=False)
        took = _since(began)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {"error": done.stderr.decode(errors="replace")[-500:]}
        ok = done.returncode == 0 and report.get("ok") is True
        return Checked(
            party=party, file=str(path), ok=ok, first_bad=report.get("first_bad") or report.get("error"),
            entries=answer["entries"], logs=answer["logs"], bytes=answer["bytes"], took_ms=took,
            registers=report.get("registers", []),
        )  # fmt: skip

    def verify_all(self) -> None:
        """Verify what every party holds in the end."""
        for party in self._stage.nodes:
            checked = self.verify(party, party)
            self.played.evidence.append(checked)
            if not checked.ok:
                self.played.failures.append(f"{self._part.id}: {party}'s evidence: {checked.first_bad}")


def _knows(node: StageNode) -> bool:
    return bool(node.ask("node.status")["agreements"])


def _lines_of(node: StageNode, direction: str, item: str) -> list[dict[str, Any]]:
    return [each for each in node.ask("item.register", direction=direction) if each["item"] == item]


def _line_of(node: StageNode, direction: str, item: str) -> dict[str, Any] | None:
    return next(iter(_lines_of(node, direction, item)), None)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
