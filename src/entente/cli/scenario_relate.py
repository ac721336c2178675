"""Steps about matters in a scenario: checked by the same tables as the record, and read without any node.

A ``relate`` step is written as a person would say it: fields by name, texts by language. What it says is checked when
the scenario is loaded, by its dotted key; what its matter says of it is for the player, or for :func:`steps_of`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from entente.domain.agreement.schema import Findings, Rule, array, identifier, mapping, matching, optional, text
from entente.domain.relations.fields import LANG, FormError, say
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import MATTER, Step, Text

_LANGUAGE: Rule = matching(LANG, "language")
_WORD = re.compile(r"[a-z_]{1,32}")


def _value(findings: Findings, value: Any, where: str) -> Any:
    """Text, a list of texts, or one text per language."""
    if isinstance(value, list):
        return array(text, minimum=1, unique=False)(findings, value, where)
    if isinstance(value, dict):
        return mapping(_LANGUAGE, text, minimum=1)(findings, value, where)
    return text(findings, value, where)


FIELDS = {
    "matter": optional(matching(MATTER, "matter")),
    "verb": optional(matching(_WORD, "verb")),
    "between": optional(array(identifier, minimum=2)),
    "refs": optional(array(identifier)),
    "say": optional(mapping(matching(_WORD, "field"), _value)),
    "texts": optional(mapping(_LANGUAGE, text, minimum=1)),
    "files": optional(mapping(_LANGUAGE, text, minimum=1)),
}
"""The keys of a step that does ``relate``, beside ``at`` and ``party``."""


class Relating(NamedTuple):
    """What a ``relate`` step says."""

    matter: str
    verb: str
    between: tuple[str, ...]
    refs: tuple[str, ...]
    say: Mapping[str, Any]
    texts: tuple[tuple[str, str, bytes], ...]
    """(language, media type, bytes) of each text beside it."""

    @property
    def kind(self) -> Any:
        """The kind of its matter."""
        found = MATTER.fullmatch(self.matter)
        return found.group(2) if found is not None else ""


def read(raw: Mapping[str, Any], folder: Path, findings: Findings, where: str) -> Relating | None:
    """What a step says, or None after reporting what is wrong with it."""
    texts = [(lang, "text/plain", words.encode()) for lang, words in sorted(raw.get("texts", {}).items())]
    for lang, name in sorted(raw.get("files", {}).items()):
        path = folder / name
        if not path.is_file():
            findings.report(f"{where}.files.{lang}", f"there is no file {path}", "name an existing file")
            return None
        texts.append((lang, "text/csv" if path.suffix == ".csv" else "text/plain", path.read_bytes()))
    relating = Relating(
        raw["matter"],
        raw["verb"],
        tuple(raw.get("between", ())),
        tuple(raw.get("refs", ())),
        raw.get("say", {}),
        tuple(texts),
    )
    try:
        step_of(relating, by="", at=0, seq=0, audience=())
    except FormError as error:
        at = error.where if error.where in ("verb", "texts") else f"say.{error.where}"
        findings.report(f"{where}.{at}", error.text, error.remedy)
        return None
    return relating


def step_of(relating: Relating, *, by: str, at: int, seq: int, audience: Sequence[str]) -> Step:
    """The step as the record would hold it; ``seq`` orders steps of one instant.

    Raises:
        FormError: it is not of the form that its verb asks for.
    """
    table_of = TABLES[relating.kind]
    texts = tuple(Text(lang, kind, hashlib.sha256(data).hexdigest(), len(data)) for lang, kind, data in relating.texts)
    said = say(table_of.verb(relating.verb).fields, relating.say)
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
        values=table_of.read(relating.verb, said, texts),
        texts=texts,
        offices=("treaty",),
    )


def steps_of(parties: Sequence[str], steps: Sequence[Any]) -> Iterator[Step]:
    """The steps about matters of a scenario's part, without any node: each at its instant, in the file's order."""
    opened: dict[str, tuple[str, ...]] = {}
    for seq, step in enumerate(steps):
        if step.relating is not None:
            between = step.relating.between or opened.get(step.relating.matter, tuple(parties))
            audience = tuple(party for party in parties if party in between)
            opened.setdefault(step.relating.matter, audience)
            yield step_of(step.relating, by=step.party, at=step.at, seq=seq, audience=audience)
