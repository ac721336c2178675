"""Scenarios: what the demo plays, as a file (docs/spec/scenario.md).

A scenario names an agreement document, an acts document and payload files, and says in order what each party does and
what must come of it. Acts are never typed twice: a step names an act of the acts document, which says who writes it,
when, and what it refers to. Parsing is strict; everything wrong is told at once, each by its dotted key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from entente.cli.scenario_relate import FIELDS, Relating, read
from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.calendar import zone as known_zone
from entente.domain.agreement.document import parse_agreement
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
    matching,
    optional,
    parsed,
    table,
    text,
)
from entente.domain.agreement.status import Phase
from entente.domain.agreement.terms import Agreement
from entente.domain.relations.steps import MATTER

SCHEMA = "entente/scenario/1"
Deed = Literal["propose", "act", "relate", "clock", "release", "open", "cut", "join", "export", "import"]
Outcome = Literal["received", "queued", "refused"]
PRECEDENCES = ("FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something to release: a real file beside the scenario, and what its header says of it."""

    file: str
    title: str
    media_type: str
    level: str
    purpose: str
    precedence: str
    reality: str
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None


class Expect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must hold after a step, at every node; a mismatch makes the demo fail.

    ``phase`` and ``reading`` are by party, ``ends_at`` an instant in ms. ``outcome`` and ``code`` are of a release;
    ``refused`` maps items to the coarse code with which their recipient refused them.
    """

    phase: Mapping[str, Phase] = {}
    reading: Mapping[str, str] = {}
    ends_at: int | None = None
    disputed: bool | None = None
    release_allowed: bool | None = None
    outcome: Outcome | None = None
    code: str | None = None
    matter: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step at one instant (ms). A step without a title is played and checked without a line of its own."""

    do: Deed
    at: int
    party: str = ""
    id: str = ""
    title: str = ""
    article: str = ""
    act: str = ""
    item: str = ""
    to: tuple[str, ...] = ()
    bundle: str = ""
    relating: Relating | None = None
    views: bool = False
    expect: Expect = Expect()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part, played on fresh nodes. Its ``steps`` begin with those of the part it replays, without their titles."""

    id: str
    title: str
    steps: tuple[Step, ...]
    replayed: int = 0


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scenario, with the documents it rests on read and the payloads' files found."""

    name: str
    title: Mapping[str, str]
    zone: str
    agreement: Agreement
    agreement_file: Path
    acts: Mapping[str, Act]
    items: Mapping[str, Item]
    parts: tuple[Part, ...]
    folder: Path

    def payload(self, item: str) -> Path:
        """The file of an item."""
        return self.folder / self.items[item].file


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
_WORDS = ("between", "refs", "say", "texts", "files")
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
        "matter": optional(mapping(matching(MATTER, "matter"), text, minimum=1)),
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
MAX_TITLE = 33
"""Characters of a step's title, so that its line fits 100 columns."""


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
    agreement = _named(findings, raw, folder, "agreement", parse_agreement)
    acts = _named(findings, raw, folder, "acts", parse_acts)
    for name, item in raw.get("item", {}).items():
        if not (folder / item["file"]).is_file():
            findings.report(f"item.{name}.file", f"there is no file {folder / item['file']}", "name an existing file")
    findings.settle()
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
        acts=by_id,
        items=msgspec.convert(raw.get("item", {}), dict[str, Item]),
        parts=tuple(part for part in parts if part is not None),
        folder=folder,
    )


def _named(findings: Findings, raw: Mapping[str, Any], folder: Path, key: str, parse: Any) -> Any:
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
        for index, step in enumerate(raw["step"]):
            place = f"{where}.step[{index}]"
            self._fields(step, place)
            if len(self._findings.problems) == before:
                steps.append(self._step(step, place, steps))
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

    def _step(self, raw: dict[str, Any], where: str, before: list[Step]) -> Step:
        if raw["do"] == "act":
            act = self._acts[raw["act"]]
            raw = {**raw, "at": act.dispatched, "party": act.by}
        relating = read(raw, self._folder, self._findings, where) if raw["do"] == "relate" else None
        given = {key: value for key, value in raw.items() if key not in FIELDS}
        step = msgspec.structs.replace(msgspec.convert(given, Step), relating=relating)
        if before and step.at < before[-1].at:
            self._findings.report(f"{where}.at", "earlier than the step before", "put the steps in order of time")
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
