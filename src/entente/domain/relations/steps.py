"""A step: one thing that an office of a party states about a matter, signed, at an instant (docs/spec/relations.md).

A matter is a linked measure, an arrangement, a dialogue, a statement, a meeting, a formal note or an indicator. It has
no row that could be edited: it *is* the steps that the parties wrote about it, each in its own log, in order of their
instants. A step that its matter's table does not allow stays in the record and is shown as refused, with a code.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import msgspec

T = TypeVar("T")
Kind = Literal["note", "measure", "arrangement", "dialogue", "statement", "meeting", "indicator"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MATTER = re.compile(rf"([a-z0-9-]{{1,32}})-({'|'.join(KINDS)})-([1-9][0-9]{{0,8}})")
"""Ids are numbered per party and kind, so that nobody can take another's (docs/decisions/0009): ``kr-measure-1``."""
APART = range(10_000_000, 100_000_000)
"""Numbers of matters that must not be counted, drawn at random: none is ever reached by counting (decision 0023)."""
MAX_TEXTS = 8
"""Texts that one step may carry beside it: the languages of one wording, each once."""
MAX_TEXT = 64 * 1024
"""Bytes of such a text; what is larger goes as an item."""


class Said(NamedTuple):
    """One value of a step as carried, as text; ``lang`` is "" where the value is of no language."""

    name: str
    lang: str
    value: str


class Text(NamedTuple):
    """A text that travels beside a step, by the SHA-256 of its bytes (lower-case hex) and its size in bytes."""

    lang: str
    media_type: str
    sha256: str
    size: int


class Refusal(NamedTuple):
    """Why a step is not allowed: a code for programs, a sentence, and what would remedy it."""

    code: str
    text: str
    remedy: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step whose form was checked. ``at`` is its entry's instant in ms; ``values`` are its fields, parsed.

    ``audience`` names the parties that the matter is between, its owner among them, in the agreement's order.
    ``incarnation`` and ``seq`` say where in its writer's log it stands. ``offices`` bound the party by it;
    ``digest`` is that of the statement that they signed (lower-case hex), ``opening`` that of the one which opened the
    matter, "" on that one itself.
    """

    matter: str
    kind: Kind
    verb: str
    by: str
    at: int
    incarnation: str
    seq: int
    audience: tuple[str, ...]
    refs: tuple[str, ...]
    values: Mapping[str, Any]
    texts: tuple[Text, ...]
    offices: tuple[str, ...]
    digest: str = ""
    opening: str = ""

    @property
    def order(self) -> tuple[int, str, str, int]:
        """Where it comes among all steps: whoever has seen a step writes the next at a later instant."""
        return self.at, self.by, self.incarnation, self.seq

    @property
    def wording(self) -> str:
        """The digest of its texts together: two parties said the same exactly where this is the same."""
        return wording(self.texts)

    def get(self, name: str, default: Any = None) -> Any:
        """A field's value, or ``default`` where the step does not say it."""
        return self.values.get(name, default)


MOST_NAMED = 8


def some(names: Collection[T], show: Callable[[T], str] = str) -> str:
    """The first few names for a sentence, and how many more there are: what a peer wrote never makes a refusal long.

    Nor a dear one: it costs the same however many there are.
    """
    more = len(names) - MOST_NAMED
    return ", ".join(map(show, islice(names, MOST_NAMED))) + (f" and {more} more" if more > 0 else "")


def wording(texts: tuple[Text, ...]) -> str:
    """SHA-256, in lower-case hex, over every text's language, media type, size and digest, by language.

    In which order somebody gave the languages changes nothing of what is said.
    """
    lines = [f"{text.lang}\n{text.media_type}\n{text.size}\n{text.sha256}\n" for text in sorted(texts)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def numbered_apart(matter: str) -> bool:
    """Whether a matter's number was drawn at random instead of counted; ``matter`` is an id of one."""
    return int(matter.rpartition("-")[2]) in APART


def a_kind(kind: str) -> str:
    """A kind of matter with its article, as it stands in a sentence."""
    return f"an {kind}" if kind[:1] in "aeiou" else f"a {kind}"


def owner_of(matter: str) -> str:
    """The party that opened a matter, by its id; "" where it is no id of one."""
    found = MATTER.fullmatch(matter)
    return found.group(1) if found else ""
