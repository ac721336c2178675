"""Reading a scenario (docs/spec/scenario.md): strictly, and everything wrong told at once, each by its dotted key.

Acts are never typed twice: a step names an act of the acts document, which says who writes it, when, and what it refers
to. A step may name only what there is by then.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from entente.cli.output import InputError
from entente.cli.scenario import MAX_TITLE, Deed, Item, Outcome, Part, Scenario, Step
from entente.cli.scenario_relate import FIELDS, STATES, Relating, read
from entente.cli.scenario_told import Told
from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.calendar import zone as known_zone
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.schema import (
    Field,
    Findings,
    Rule,
    array,
    boolean,
    choice,
    identifier,
    language_map,
    load_toml,
    mapping,
    optional,
    parsed,
    table,
    text,
)
from entente.domain.agreement.status import Phase
from entente.domain.agreement.terms import Agreement

SCHEMA = "entente/scenario/1"
PRECEDENCES = ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE")
_FIELDS: Mapping[Deed, tuple[str, ...]] = {
    "propose": ("at", "party"),
    "act": ("act",),
    "relate": ("at", "party", "matter", "verb"),
    "clock": ("at",),
    "release": ("at", "party", "item", "to"),
    "open": ("at", "party", "item"),
    "cut": ("at",),
    "join": ("at",),
    "export": ("at", "party", "to", "bundle"),
    "import": ("at", "party", "bundle"),
}
"""What a step of each kind must say, beside ``id``, ``title``, ``article``, ``views`` and ``expect``."""
_SAID = ("at", "party", "act", "item", "to", "bundle", "matter", "verb")
_WORDS = ("between", "refs", "say", "texts")
"""What only a step that relates may say, and need not."""

_INSTANT: Rule = parsed(
    parse_instant, 'write a string with an offset, such as "2019-11-23T00:00:00+09:00"', keep_text=False
)
_ZONE: Rule = parsed(known_zone, 'write a time zone by name, such as "Asia/Seoul"')
_ITEM: Rule = table(
    {
        "file": Field(text),
        "title": Field(text),
        "media_type": Field(text),
        "level": Field(text),
        "purpose": Field(identifier),
        "precedence": Field(choice(*PRECEDENCES)),
        "reality": Field(choice("exercise", "test")),
        "caveats": optional(array(text)),
        "rel_to": optional(array(identifier)),
    }
)
_EXPECT: Rule = table(
    {
        "phase": optional(mapping(identifier, choice(*get_args(Phase)), minimum=1)),
        "reading": optional(mapping(identifier, choice("asleep", "spent", "undeclared"), minimum=1)),
        "ends_at": optional(_INSTANT),
        "disputed": optional(boolean),
        "release_allowed": optional(boolean),
        "outcome": optional(choice(*get_args(Outcome))),
        "code": optional(text),
        "matter": optional(STATES),
        "refused": optional(mapping(identifier, text, minimum=1)),
    }
)
_STEP: Rule = table(
    {
        "do": Field(choice(*get_args(Deed))),
        "id": optional(identifier),
        "title": optional(text),
        "article": optional(text),
        "at": optional(_INSTANT),
        "party": optional(identifier),
        "act": optional(identifier),
        "item": optional(identifier),
        "to": optional(array(identifier, minimum=1)),
        "bundle": optional(identifier),
        "views": optional(boolean),
        "expect": optional(_EXPECT),
    }
    | FIELDS
)
_PART: Rule = table(
    {
        "id": Field(identifier),
        "title": Field(text),
        "replay": optional(identifier),
        "until": optional(identifier),
        "step": Field(array(_STEP, minimum=1, unique=False)),
    }
)
_SCENARIO: Rule = table(
    {
        "schema": Field(choice(SCHEMA)),
        "name": Field(identifier),
        "title": Field(language_map),
        "agreement": Field(text),
        "acts": Field(text),
        "zone": Field(_ZONE),
        "item": optional(mapping(identifier, _ITEM)),
        "part": Field(array(_PART, minimum=1, unique=False)),
    }
)


def read_scenario(path: Path) -> Scenario:
    """:func:`load_scenario` for a command.

    Raises:
        InputError: it cannot be read, or everything that is wrong with it.
    """
    try:
        return load_scenario(path)
    except OSError as error:
        remedy = "Name a scenario: its folder, or its file."
        raise InputError("CANNOT_READ", f"{path}: {error.strerror}", remedy) from None
    except DocumentError as error:
        problems = [msgspec.to_builtins(problem) for problem in error.problems]
        remedy = "Correct it: docs/spec/scenario.md."
        raise InputError("SCENARIO_INVALID", f"{path} cannot be played", remedy, problems=problems) from None


def load_scenario(path: Path) -> Scenario:
    """Read a scenario, given as its file or as the folder of its ``scenario.toml``, and all that it names.

    Raises:
        DocumentError: everything that is wrong with it, each by its dotted key; a file that it names and that cannot be
            read or used is a problem of the key that names it.
        OSError: the scenario's own file cannot be read.
    """
    file = path / "scenario.toml" if path.is_dir() else path
    findings = Findings()
    raw = _SCENARIO(findings, load_toml(file.read_bytes()), "")
    findings.settle()
    folder = file.parent
    document = _named(findings, raw, folder, "agreement", lambda data: (parse_agreement(data), digest(data)))
    acts = _named(findings, raw, folder, "acts", parse_acts)
    for name, item in raw.get("item", {}).items():
        if not (folder / item["file"]).is_file():
            findings.report(f"item.{name}.file", f"there is no file {folder / item['file']}", "name an existing file")
    findings.settle()
    agreement, agreement_digest = document
    by_id = {act.id: act for act in acts}
    checker = _Checker(findings, agreement, by_id, raw.get("item", {}), folder)
    parts = [checker.part(part, f"part[{index}]") for index, part in enumerate(raw["part"])]
    findings.settle()
    return Scenario(
        name=raw["name"],
        title=raw["title"],
        zone=raw["zone"],
        agreement=agreement,
        agreement_file=folder / raw["agreement"],
        agreement_digest=agreement_digest,
        acts=by_id,
        items=msgspec.convert(raw.get("item", {}), dict[str, Item]),
        parts=tuple(part for part in parts if part is not None),
        folder=folder,
    )


def _named(findings: Findings, raw: Mapping[str, Any], folder: Path, key: str, parse: Callable[[bytes], Any]) -> Any:
    try:
        return parse((folder / raw[key]).read_bytes())
    except OSError as error:
        findings.report(key, f"{folder / raw[key]} cannot be read: {error.strerror}", "name a readable file")
    except DocumentError as error:
        findings.report(key, f"{folder / raw[key]} cannot be used: {error}", "check it: entente agreement check FILE")
    return None


class _Checker:
    """What steps must fit: the agreement's parties, the acts, the items, and one another."""

    def __init__(
        self, findings: Findings, agreement: Agreement, acts: Mapping[str, Act], items: Mapping[str, Any], folder: Path
    ) -> None:
        self._folder = folder
        self._findings = findings
        self._agreement = agreement
        self._acts = acts
        self._items = items
        self._parts: dict[str, Part] = {}

    def part(self, raw: dict[str, Any], where: str) -> Part | None:
        before = len(self._findings.problems)
        replayed = self._replayed(raw, where)
        steps = list(replayed)
        told = self._told(replayed)
        for index, step in enumerate(raw["step"]):
            place = f"{where}.step[{index}]"
            self._fields(step, place)
            relating = self._relating(step, told, place)
            if len(self._findings.problems) == before:
                steps.append(self._step(step, relating, place, steps))
        if raw["id"] in self._parts:
            self._findings.report(f"{where}.id", f"{raw['id']} appears twice", "give each part its own id")
        if len(self._findings.problems) > before:
            return None
        part = Part(id=raw["id"], title=raw["title"], steps=tuple(steps), replayed=len(replayed))
        self._parts[part.id] = part
        return part

    def _replayed(self, raw: dict[str, Any], where: str) -> tuple[Step, ...]:
        if ("replay" in raw) != ("until" in raw):
            self._findings.report(where, "replay and until belong together", "write both, or neither")
            return ()
        if "replay" not in raw:
            return ()
        source = self._parts.get(raw["replay"])
        if source is None:
            self._findings.report(f"{where}.replay", f"no part {raw['replay']} before this one", "name an earlier part")
            return ()
        for index, step in enumerate(source.steps):
            if step.id == raw["until"]:
                return tuple(msgspec.structs.replace(each, title="", views=False) for each in source.steps[: index + 1])
        self._findings.report(f"{where}.until", f"{source.id} has no step {raw['until']}", "name the id of a step")
        return ()

    def _told(self, steps: tuple[Step, ...]) -> Told:
        """What the steps that are replayed have told."""
        told = Told(self._agreement.parties)
        for step in steps:
            if step.do == "act":
                told.act(step.act)
            elif step.relating is not None:
                told.relate(step.relating, refused=step.expect.code is not None)
        return told

    def _relating(self, raw: dict[str, Any], told: Told, where: str) -> Relating | None:
        """What a step about a matter says, None in any other; and whether all that a step names is there by then."""
        expect = raw.get("expect", {})
        relating = None
        if raw["do"] == "act" and "act" in raw:
            told.act(raw["act"])
        elif raw["do"] == "relate":
            relating = read(raw, self._folder, self._findings, where)
        if relating is not None:
            refused = "code" in expect
            told.check(relating, raw.get("party", ""), self._findings, where, refused=refused)
            told.relate(relating, refused=refused)
        told.states(expect.get("matter", {}), self._findings, f"{where}.expect.matter")
        return relating

    def _fields(self, raw: dict[str, Any], where: str) -> None:
        """Exactly the fields of its kind, each naming something that exists."""
        fields = _FIELDS[raw["do"]]
        for field in _SAID:
            if field in fields and field not in raw:
                self._findings.report(f"{where}.{field}", f"missing in a step that does {raw['do']}", "add it")
            elif field not in fields and field in raw:
                self._findings.report(
                    f"{where}.{field}", f"a step that does {raw['do']} has no such field", "remove it"
                )
        for field in _WORDS if raw["do"] != "relate" else ():
            if field in raw:
                self._findings.report(f"{where}.{field}", "only a step that does relate has this field", "remove it")
        expect = raw.get("expect", {})
        parties = self._agreement.parties
        self._known(f"{where}.act", raw.get("act"), self._acts, "act of the acts document")
        self._known(f"{where}.item", raw.get("item"), self._items, "item of this scenario")
        self._known(f"{where}.party", raw.get("party"), parties, "party to the agreement")
        self._known(f"{where}.article", raw.get("article"), self._agreement.articles, "topic of [articles]")
        for index, party in enumerate(raw.get("to", ())):
            self._known(f"{where}.to[{index}]", party, parties, "party to the agreement")
        for field, known in (("phase", parties), ("reading", parties), ("refused", self._items)):
            for name in expect.get(field, {}):
                self._known(f"{where}.expect.{field}.{name}", name, known, "party or item")
        if len(raw.get("title", "")) > MAX_TITLE:
            self._findings.report(f"{where}.title", "too long for its line", f"write at most {MAX_TITLE} characters")
        refused = expect.get("outcome") == "refused" or (raw["do"] == "relate" and "code" in expect)
        if (raw["do"] == "release") != ("outcome" in expect) or refused != ("code" in expect):
            self._findings.report(
                f"{where}.expect", "outcome belongs to a release, and code to what is refused", "write them there"
            )

    def _known(self, where: str, name: str | None, known: Any, what: str) -> None:
        if name is not None and name not in known:
            self._findings.report(where, f"{name} is no {what}", f"one of: {', '.join(known)}", tuple(known))

    def _step(self, raw: dict[str, Any], relating: Relating | None, where: str, before: list[Step]) -> Step:
        if raw["do"] == "act":
            act = self._acts[raw["act"]]
            raw = {**raw, "at": act.dispatched, "party": act.by}
        given = {key: value for key, value in raw.items() if key not in FIELDS}
        step = msgspec.structs.replace(msgspec.convert(given, Step), relating=relating)
        if before and step.at < before[-1].at:
            self._findings.report(f"{where}.at", "earlier than the step before", "put the steps in order of time")
        elif relating and any(step.at == each.at and each.do in ("act", "relate") for each in before):
            self._findings.report(f"{where}.at", "a step before is of this instant", "give it an instant of its own")
        if step.id and any(step.id == each.id for each in before):
            self._findings.report(f"{where}.id", f"{step.id} appears twice", "give each step its own id")
        if step.party in step.to:
            self._findings.report(f"{where}.to", f"{step.party} addresses itself", "name other parties")
        exported = {each.bundle: each.to for each in before if each.do == "export"}
        if step.do == "import" and step.party not in exported.get(step.bundle, ()):
            self._findings.report(
                f"{where}.bundle", f"no bundle {step.bundle} for {step.party} was exported", "export it first"
            )
        if step.do == "export" and (step.bundle in exported or len(step.to) != 1):
            self._findings.report(f"{where}.bundle", "a bundle has a name of its own and one recipient", "correct it")
        return step
