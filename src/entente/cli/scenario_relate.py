"""Steps about matters in a scenario: what they say, read by the same tables as the record.

A ``relate`` step is written as a person would say it: fields by name, texts by language. All that is wrong with its
form is told when the scenario is loaded, each by its dotted key; what its matter says of it is for the player, or for
:mod:`.scenario_record`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from entente.domain.agreement.schema import (
    Field,
    Findings,
    Rule,
    array,
    identifier,
    join,
    mapping,
    matching,
    optional,
    table,
    text,
    unknown_key,
)
from entente.domain.relations import fields as relation_fields
from entente.domain.relations.fields import LANG, FormError, say
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import MATTER, Kind, Step, Text
from entente.domain.relations.table import Verb

MEDIA_TYPES = {".txt": "text/plain", ".csv": "text/csv"}
"""What a text that is a file of its own may be, by the end of its name."""
_LANGUAGE: Rule = matching(LANG, "a language such as en or ja")
_WORD: Rule = matching(re.compile(r"[a-z_]{1,32}"), "a word of small letters and _")
_MATTER: Rule = matching(MATTER, "a matter such as kr-measure-1")
_FILE: Rule = table({"file": Field(text)})


def _words(findings: Findings, value: Any, where: str) -> Any:
    """A text as it is, or the file that it is in."""
    return _FILE(findings, value, where) if isinstance(value, dict) else text(findings, value, where)


def _value(findings: Findings, value: Any, where: str) -> Any:
    """A text, a number, a file, a list of these, or one text per language."""
    if isinstance(value, list):
        return array(_value, minimum=1, unique=False)(findings, value, where)
    if isinstance(value, dict) and "file" not in value:
        return mapping(_LANGUAGE, text, minimum=1)(findings, value, where)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _words(findings, value, where)


FIELDS = {
    "matter": optional(_MATTER),
    "verb": optional(_WORD),
    "between": optional(array(identifier, minimum=2)),
    "refs": optional(array(identifier)),
    "say": optional(mapping(_WORD, _value)),
    "texts": optional(mapping(_LANGUAGE, _words, minimum=1)),
}
"""The keys of a step that does ``relate``, beside ``at`` and ``party``."""
STATES: Rule = mapping(_MATTER, text, minimum=1)
"""The rule of matters and their states, in ``expect``."""


class Relating(NamedTuple):
    """What a ``relate`` step says; ``between`` is empty where it is between all, or those it is between already."""

    matter: str
    verb: str
    between: tuple[str, ...]
    refs: tuple[str, ...]
    say: Mapping[str, Any]
    texts: tuple[tuple[str, str, bytes], ...]
    """(language, media type, bytes) of each text beside it, by language."""

    @property
    def kind(self) -> Kind:
        """The kind of its matter."""
        return kind_of(self.matter)

    @property
    def opens(self) -> bool:
        """Whether it begins its matter."""
        return TABLES[self.kind].verb(self.verb).opens

    @property
    def apart(self) -> bool:
        """Whether the matter that it begins is numbered apart: the node draws the number."""
        return TABLES[self.kind].apart(self.verb, self.say)

    def under(self, given: Mapping[str, str]) -> "Relating":
        """The same, with every matter under the id that it was given; those not in ``given`` under their own."""

        def named(value: Any) -> Any:
            if isinstance(value, list):
                return [named(each) for each in value]
            return given.get(value, value) if isinstance(value, str) else value

        fields = TABLES[self.kind].verb(self.verb).fields
        say = {name: named(value) if fields[name].metavar == "MATTER" else value for name, value in self.say.items()}
        matter, refs = given.get(self.matter, self.matter), tuple(given.get(ref, ref) for ref in self.refs)
        return self._replace(matter=matter, refs=refs, say=say)


def kind_of(matter: str) -> Kind:
    """The kind of a matter, by its id.

    Raises:
        ValueError: it is no id of a matter.
    """
    found = MATTER.fullmatch(matter)
    if found is None:
        raise ValueError(f"{matter!r} is no matter")
    return cast("Kind", found.group(2))


def read(raw: Mapping[str, Any], folder: Path, findings: Findings, where: str) -> Relating | None:
    """What a step says, by the shape of :data:`FIELDS`; None after reporting everything that is wrong with its form."""
    before = len(findings.problems)
    if "matter" not in raw or "verb" not in raw:
        return None  # whoever checks the keys of steps has told it
    kinds = TABLES[kind_of(raw["matter"])]
    verb = kinds.verbs.get(raw["verb"])
    files = _Files(folder, findings)
    said = {name: files.digested(value, f"{where}.say.{name}") for name, value in raw.get("say", {}).items()}
    texts = [files.text(lang, value, f"{where}.texts") for lang, value in sorted(raw.get("texts", {}).items())]
    if verb is None:
        allowed = tuple(kinds.verbs)
        message = f"a {kinds.kind} has no {raw['verb']!r}"
        findings.report(f"{where}.verb", message, f"one of: {', '.join(allowed)}", allowed)
        return None
    _check_said(findings, verb, said, f"{where}.say")
    if len(findings.problems) > before:
        return None
    relating = Relating(
        raw["matter"],
        raw["verb"],
        tuple(raw.get("between", ())),
        tuple(raw.get("refs", ())),
        said,
        tuple(each for each in texts if each is not None),
    )
    try:
        step_of(relating, by="", at=0, seq=0, audience=())
    except FormError as error:
        place = error.where if error.where == "texts" else f"say.{error.where}"
        findings.report(f"{where}.{place}", error.text, error.remedy)
        return None
    return relating


class _Files:
    """The files that a step names, by paths relative to the scenario."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self._folder = folder
        self._findings = findings

    def digested(self, value: Any, where: str) -> Any:
        """A value with the SHA-256 of a file where it names one."""
        if isinstance(value, list):
            return [self.digested(each, f"{where}[{index}]") for index, each in enumerate(value)]
        if isinstance(value, dict) and "file" in value:
            data = self._bytes(value["file"], f"{where}.file")
            return hashlib.sha256(data or b"").hexdigest()
        return value

    def text(self, lang: str, value: Any, where: str) -> tuple[str, str, bytes] | None:
        """A text as it is carried: what is written here is plain text, a file is what its name says."""
        if not isinstance(value, dict):
            return lang, "text/plain", value.encode()
        place, name = f"{where}.{lang}.file", value["file"]
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        if media_type is None:
            self._findings.report(place, f"{name} is no text", f"name a file ending in {' or '.join(MEDIA_TYPES)}")
            return None
        data = self._bytes(name, place)
        return None if data is None else (lang, media_type, data)

    def _bytes(self, name: str, where: str) -> bytes | None:
        path = self._folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            self._findings.report(where, f"{path} cannot be read: {error.strerror}", "name a readable file")
            return None


def _check_said(findings: Findings, verb: Verb, given: Mapping[str, Any], where: str) -> None:
    """Each value by its field, so that every mistake is told and not the first alone."""
    for name in given:
        if name not in verb.fields:
            unknown_key(findings, join(where, name), name, verb.fields)
    for name, field in verb.fields.items():
        for place, value in _single(field, given.get(name)):
            try:
                if isinstance(value, list) or (isinstance(value, dict) and not field.languages):
                    raise FormError(name, "several values where one belongs", f"write it as {field.metavar}")
                say({name: field}, {name: value})
            except FormError as error:
                findings.report(f"{where}.{name}{place}", error.text, error.remedy)


def _single(field: relation_fields.Field, value: Any) -> Iterator[tuple[str, Any]]:
    """A field's values one by one, each with where it stands within the field."""
    if field.languages and isinstance(value, dict):
        yield from ((f".{lang}", {lang: words}) for lang, words in value.items())
    elif field.many and isinstance(value, list):
        yield from ((f"[{index}]", each) for index, each in enumerate(value))
    else:
        yield "", value


def step_of(relating: Relating, *, by: str, at: int, seq: int, audience: Sequence[str]) -> Step:
    """The step as the record would hold it; ``at`` in ms, ``seq`` stands for its place in its writer's log.

    Raises:
        FormError: it is not of the form that its verb asks for.
    """
    kinds = TABLES[relating.kind]
    texts = tuple(Text(lang, kind, hashlib.sha256(data).hexdigest(), len(data)) for lang, kind, data in relating.texts)
    said = say(kinds.verb(relating.verb).fields, relating.say)
    return Step(
        matter=relating.matter,
        kind=relating.kind,
        verb=relating.verb,
        by=by,
        at=at,
        incarnation="",
        seq=seq,
        audience=tuple(audience),
        refs=relating.refs,
        values=kinds.read(relating.verb, said, texts),
        texts=texts,
        offices=("treaty",),
    )
