"""What may not be seen yet is named in no answer (docs/spec/relations.md, section 8).

Whoever writes a step chooses words, and may put the id of a statement under embargo into any of them. Lists of
references, and fields that name a matter, leave such an id out; anywhere else a placeholder takes its place, so that
everything else is answered as it stands and nothing that a reader needs is missing.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import owner_of
from entente.domain.relations.table import always
from entente.record.bodies import SaidValue
from entente.record.steps import StepRecord

V = TypeVar("V")
KINDS: Final = tuple(kind for kind, table in TABLES.items() if table.visible is not always)
"""Kinds of matters that may be hidden."""
NAMED: Final = re.compile(rf"-({'|'.join(KINDS)})-([1-9][0-9]*)", re.ASCII | re.IGNORECASE)
"""What every id of one ends with; a party's id stands before it."""
MAX_PARTY: Final = 32
MAX_DIGITS: Final = 9
KEY: Final = secrets.token_bytes(32)
"""Of this process: nobody computes from a placeholder which id it stands for, nor another that is the same."""


def placeholder(name: str) -> str:
    """What stands for a hidden id: the same one for as long as the node runs, so that what belongs together still does.

    Its 13 characters are letters, a hyphen and digits, and no id is shorter: it fits wherever the id did.
    """
    digest = hmac.digest(KEY, name.encode(), "sha256")
    return f"hidden-{base64.b32encode(digest)[:6].decode().lower()}"


class _Found(NamedTuple):
    begin: int
    end: int
    name: str


class Veil:
    """Over the ids that may not be seen now. ``known`` are ids of all matters; one of them is not taken for another."""

    def __init__(self, hidden: Iterable[str], known: Container[str] = (), parties: Iterable[str] = ()) -> None:
        self.hidden = frozenset(hidden)
        self._known = known
        self._parties = sorted({*parties, *map(owner_of, self.hidden)}, key=len, reverse=True)

    def lifted(self, words: str) -> "Veil":
        """The same, but for the ids that ``words`` name."""
        said = {each.name for each in self._found(words)}
        return Veil(self.hidden - said, self._known, self._parties) if said else self

    def text(self, words: str) -> str:
        """Words with a placeholder for every hidden id, also where it is a part of a longer name."""
        parts: list[str] = []
        last = 0
        for found in self._found(words):
            parts += words[last : found.begin], placeholder(found.name)
            last = found.end
        return "".join((*parts, words[last:])) if parts else words

    def names(self, words: str) -> bool:
        """Whether words name a hidden id."""
        return next(self._found(words), None) is not None

    def refs(self, refs: Iterable[str]) -> list[str]:
        """References without those that name a hidden id."""
        return [ref for ref in refs if not self.names(ref)]

    def said(self, record: StepRecord) -> list[SaidValue]:
        """What a step says: without the values of fields that name a matter, where they name a hidden one."""
        fields = TABLES[record.step.kind].verb(record.step.verb).fields
        return [
            SaidValue(each.name, each.lang, self.text(each.value))
            for each in record.statement.said
            if not (fields[each.name].names_matter and self.names(each.value))
        ]

    def view(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A matter's view without the hidden ids in its fields that name matters; every key stays."""
        return {key: self._left(key, each) for key, each in value.items()}

    def _left(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return self.view(value)
        if isinstance(value, list):
            kept = self.refs(value) if key in MATTER_FIELDS else value
            return [self.view(each) if isinstance(each, dict) else each for each in kept]
        return "" if key in MATTER_FIELDS and isinstance(value, str) and self.names(value) else value

    def _found(self, words: str) -> Iterator[_Found]:
        """Where words name a hidden id, from left to right."""
        last = 0
        for match in NAMED.finditer(words) if self.hidden else ():
            found = self._at(words[max(last, match.start() - MAX_PARTY) : match.start()].lower(), match)
            if found is not None:
                last = found.end
                yield found

    def _at(self, before: str, match: re.Match[str]) -> _Found | None:
        """The hidden id that ends in a match, ``before`` being what stands before it."""
        kind, digits = match[1].lower(), match[2]
        for party in self._parties:
            if not before.endswith(party):
                continue
            name, begin = f"{party}-{kind}-{digits}", match.start() - len(party)
            if name in self._known and name not in self.hidden:
                return None
            for size in range(min(len(digits), MAX_DIGITS), 0, -1):
                shorter = f"{party}-{kind}-{digits[:size]}"
                if shorter in self.hidden:
                    return _Found(begin, match.start(2) + size, shorter)
        return None


MATTER_FIELDS: Final = frozenset(
    name for table in TABLES.values() for verb in table.verbs.values() for name, field in verb.fields.items()
    if field.names_matter
)  # fmt: skip
"""Fields that name other matters, by which views show them too."""
