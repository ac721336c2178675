"""What a step may say: fields by name, each with one way to write it (docs/spec/relations.md, section 3).

On the wire a value is text (:class:`.steps.Said`); here it is read strictly into what it means, and written back the
one way in which it may stand. One description serves the record, the commands' options, the scenario file and the help.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from entente.domain.agreement.calendar import zone as known_zone
from entente.domain.agreement.instants import format_instant, parse_day, parse_instant
from entente.domain.relations.steps import MATTER, Said

MAX_VALUE = 400
"""Characters of a value; what is longer is a text beside the step."""
FIRST_YEAR, LAST_YEAR = 1900, 2999
MAX_MANY = 32
"""Values of a field that may be given several times."""
LANG = re.compile(r"[a-z]{2,3}")
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that nobody sees or that reorder a line: controls, joiners, marks of direction, fillers, tags, surrogates.

Named one by one: what Python calls printable differs between its versions, and two nodes must read one form alike. The
ideographic space of Japanese and Korean text is none of them.
"""
_ID = re.compile(r"[a-z0-9-]{1,64}")
_HEX = re.compile(r"[0-9a-f]{64}")
_REFERENCE = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9/._-]{0,63}")


class FormError(ValueError):
    """A step says something that it may not, or not so; ``where`` names the field, ``remedy`` what to write."""

    def __init__(self, where: str, text: str, remedy: str) -> None:
        super().__init__(f"{where}: {text}")
        self.where = where
        self.text = text
        self.remedy = remedy


class UnfitError(ValueError):
    """Text that means nothing, where its form alone does not tell what to write instead: ``remedy`` does."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(frozen=True)
class Field:
    """One field: how its text is read, and what a reader and a writer are told of it.

    ``read`` raises ValueError for text that means nothing; ``write`` gives the one text of a value. ``many``: may be
    given several times, kept in the order given. ``languages``: one value per language, by its code. ``names_matter``:
    its value is the id of another matter, and who may not know of that one reads the step without it.
    """

    help: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    metavar: str = "TEXT"
    required: bool = False
    many: bool = False
    languages: bool = False
    names_matter: bool = False

    def must(self) -> "Field":
        """The same field where a step has to say it."""
        return replace(self, required=True)

    def parse(self, name: str, value: str) -> Any:
        """What a text means.

        Raises:
            FormError: nothing, or it is not the way to write it.
        """
        if len(value) > MAX_VALUE:
            raise FormError(
                name, f"a value of {len(value)} characters", f"write at most {MAX_VALUE}; put more in a text"
            )
        try:
            found = self.read(value)
        except ValueError as error:
            raise self.unfit(name, error) from error
        if self.write(found) != value:
            raise FormError(name, f"{value!r} is not the way to write it", f"write {self.write(found)!r}")
        return found

    def unfit(self, name: str, error: ValueError) -> FormError:
        """What somebody is told whose text :attr:`read` did not take."""
        return FormError(
            name, str(error), error.remedy if isinstance(error, UnfitError) else f"write it as {self.metavar}"
        )


def _text(value: str) -> str:
    if not value.strip() or value != value.strip():
        raise ValueError("empty, or with blanks at an end")
    if UNSEEN.search(value) is not None:
        raise ValueError("with a line break or a character in it that cannot be seen")
    return value


def text(says: str, metavar: str = "TEXT") -> Field:
    """A line of text."""
    return Field(says, _text, metavar=metavar)


def worded(says: str) -> Field:
    """A line of text in one or more languages."""
    return Field(says, _text, metavar="LANG=TEXT", languages=True)


def choice(says: str, *allowed: str) -> Field:
    """One of a few words."""

    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"{value[:40]!r} is none of {', '.join(allowed)}")
        return value

    return Field(says, read, metavar="|".join(allowed))


def _matching(pattern: re.Pattern[str], what: str, remedy: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if pattern.fullmatch(value) is None:
            raise UnfitError(f"{value[:80]!r} is no {what}", remedy)
        return value

    return read


def ident(says: str) -> Field:
    """A name of one's own, such as a round's or an action's."""
    return Field(says, _matching(_ID, "id of small letters, digits and hyphens", "such as wto or kr-3"), metavar="ID")


def party(says: str) -> Field:
    """A party by its id."""
    return Field(says, _matching(_ID, "party", "write its id, such as kr"), metavar="PARTY")


def matter(says: str) -> Field:
    """Another matter by its id."""
    return Field(says, _matching(MATTER, "matter", "such as kr-dialogue-1"), metavar="MATTER", names_matter=True)


def digest(says: str) -> Field:
    """The digest of a wording or a file: 64 hex digits."""
    return Field(says, _matching(_HEX, "SHA-256 in hex", "write its 64 digits, 0 to 9 and a to f"), metavar="SHA256")


def reference(says: str) -> Field:
    """A registry's reference: letters, digits and ``/ . _ -``, with a digit and no blank, as few people are called."""
    return Field(
        says,
        _matching(_REFERENCE, "reference of a registry", "such as 2019/11/22-7: with a digit, and no blank"),
        metavar="REFERENCE",
    )


def instant(says: str) -> Field:
    """An instant; carried in UTC with three fractional digits."""
    return Field(says, parse_instant, format_instant, metavar="INSTANT")


def _day(value: str) -> date:
    found = parse_day(value)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{value} is not within the years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def day(says: str) -> Field:
    """A local date, of a year in which there can be arithmetic around it."""
    return Field(says, _day, metavar="DATE")


def _zone(value: str) -> str:
    try:
        known_zone(value)
    except ValueError as error:
        raise UnfitError(str(error), "name a zone of the IANA data, such as Asia/Seoul") from error
    return value


def zone(says: str) -> Field:
    """A time zone by its name."""
    return Field(says, _zone, metavar="ZONE")


def _window(value: str) -> tuple[int, int]:
    begins, slash, ends = value.partition("/")
    if not slash:
        raise ValueError(f"{value!r} is no window: two instants with a slash between them")
    found = parse_instant(begins), parse_instant(ends)
    if found[0] >= found[1]:
        raise UnfitError(f"{value!r} ends before it begins", "write the earlier instant first")
    return found


def window(says: str) -> Field:
    """A stretch of time, ``INSTANT/INSTANT``, the second exclusive."""
    return Field(says, _window, lambda value: "/".join(map(format_instant, value)), metavar="INSTANT/INSTANT")


def _count(value: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,5}", value) is None:
        raise ValueError(f"{value[:20]!r} is no number from 1 on")
    return int(value)


def count(says: str) -> Field:
    """A number from 1 on."""
    return Field(says, _count, metavar="NUMBER")


def several(field: Field) -> Field:
    """The same field, where it may be given several times."""
    return replace(field, many=True)


def say(fields: Mapping[str, Field], given: Mapping[str, Any]) -> tuple[Said, ...]:
    """The values of a step as carried, from what somebody wrote: text, lists of it, or one text per language.

    Instants may be written with any offset; they are carried in UTC.

    Raises:
        FormError: a field that there is not, one missing, or one that means nothing.
    """
    for name in given:
        if name not in fields:
            raise FormError(name, "there is no such field here", f"one of: {', '.join(fields) or 'none'}")
    said: list[Said] = []
    for name, field in fields.items():
        for lang, value in _pairs(name, field, given.get(name)):
            try:
                written = field.write(field.read(value))
            except ValueError as error:
                raise field.unfit(name, error) from error
            said.append(Said(name, lang, written))
    hear(fields, said)
    return tuple(said)


def _pairs(name: str, field: Field, value: Any) -> list[tuple[str, str]]:
    if value is None:
        return []
    if field.languages:
        if not isinstance(value, Mapping):
            raise FormError(name, "it is said in no language", "write one text per language, such as en=...")
        return sorted((str(lang), str(each)) for lang, each in value.items())
    if field.many:
        return [("", str(each)) for each in ([value] if isinstance(value, str) else value)]
    return [("", str(value))]


def hear(fields: Mapping[str, Field], said: Sequence[Said]) -> dict[str, Any]:
    """What the values of a step mean: one value, a tuple where a field may be given several times, or by language.

    Raises:
        FormError: unknown, missing, twice, out of the fields' order, or not written the one way.
    """
    found: dict[str, Any] = {}
    places = {name: place for place, name in enumerate(fields)}
    last = (-1, "")
    for name, lang, value in said:
        field = fields.get(name)
        if field is None:
            raise FormError(name, "there is no such field here", f"one of: {', '.join(fields) or 'none'}")
        place = places[name], lang
        if place < last or (place == last and not field.many):
            raise FormError(name, "it stands twice, or out of order", "say each field once, in the table's order")
        last = place
        if (LANG.fullmatch(lang) is None) if field.languages else lang:
            raise FormError(name, f"{lang!r} is no language here", "write a code such as en, ja or ko")
        parsed = field.parse(name, value)
        if field.languages:
            found.setdefault(name, {})[lang] = parsed
        elif field.many:
            found[name] = (*found.get(name, ()), parsed)
            if len(found[name]) > MAX_MANY:
                raise FormError(name, f"more than {MAX_MANY} of them", "split it over several steps")
        else:
            found[name] = parsed
    for name, field in fields.items():
        if field.required and name not in found:
            raise FormError(name, "it is missing", f"say it: {field.help}")
    return found
