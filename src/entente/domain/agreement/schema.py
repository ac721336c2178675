"""Rules for TOML values, put together as data and checked all at once.

A rule takes the collecting :class:`Findings`, a value and where it stands, and returns the value as it is to be used,
or ``None`` after reporting what is wrong: TOML has no null, so nothing else is ``None``. Documents state their shape as
nested rules (:mod:`.document`, :mod:`.acts`).
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

import msgspec

from entente.domain.agreement.problems import DocumentError, Problem

ID = re.compile(r"[a-z0-9-]{1,64}")
MAX_DOCUMENT = 1 << 20
"""Documents are at most a mebibyte: they are written and read by people."""

_TOML_PLACE = re.compile(r"(?s)(.*) \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)")


class Findings:
    """The problems found so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, where: str, message: str, remedy: str, allowed: Collection[str] = ()) -> None:
        """Note a problem at a dotted key and go on."""
        self.problems.append(Problem(where=where, message=message, remedy=remedy, allowed=tuple(allowed)))

    def settle(self) -> None:
        """Raise what was found.

        Raises:
            DocumentError: there is at least one problem.
        """
        if self.problems:
            raise DocumentError(self.problems)


Rule = Callable[[Findings, Any, str], Any]


class Field(msgspec.Struct, frozen=True):
    """A key of a table: the rule of its value, and whether it must be there."""

    rule: Rule
    required: bool = True


def optional(rule: Rule) -> Field:
    """A key that may be left out."""
    return Field(rule, required=False)


def load_toml(data: bytes) -> dict[str, Any]:
    """Read TOML 1.0 in UTF-8 without a byte order mark.

    Raises:
        DocumentError: the bytes are no such document; the one problem has a line and a column.
    """
    if len(data) > MAX_DOCUMENT:
        _unreadable(f"the document has {len(data)} bytes", f"keep it within {MAX_DOCUMENT} bytes", 1, 1)
    if data.startswith(b"\xef\xbb\xbf"):
        _unreadable("the document begins with a byte order mark", "save it as UTF-8 without a byte order mark", 1, 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1
        _unreadable(f"byte 0x{data[error.start]:02x} is not UTF-8", "save the document as UTF-8", line, column)
    try:
        return tomllib.loads(text)
    except RecursionError:
        _unreadable("values are nested too deeply", "write at most a few levels of arrays and tables", 1, 1)
    except ValueError as error:
        match = _TOML_PLACE.fullmatch(str(error))
        message = match[1] if match else str(error)
        line, column = (int(match[2]), int(match[3])) if match and match[2] else _end_of(text)
        _unreadable(
            f"not TOML 1.0: {message}", "correct the line; https://toml.io/en/v1.0.0 has the rules", line, column
        )


def _end_of(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _unreadable(message: str, remedy: str, line: int, column: int) -> NoReturn:
    problem = Problem(where="", message=message, remedy=remedy, line=line, column=column)
    raise DocumentError([problem], unreadable=True) from None


def _kind(value: object) -> str:
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "a boolean"), (str, "a string"), (int, "an integer"), (float, "a float"), (dict, "a table"),
        (list, "an array"),
    )  # fmt: skip
    return next((name for kind, name in names if isinstance(value, kind)), "a date or time")


def text(findings: Findings, value: Any, where: str) -> str | None:
    """A string with something in it."""
    if not isinstance(value, str):
        findings.report(where, f"{_kind(value)} where a string belongs", "write a string in quotation marks")
    elif not value.strip():
        findings.report(where, "an empty string", "write the text, or leave the key out if it may be left out")
    else:
        return value
    return None


def boolean(findings: Findings, value: Any, where: str) -> bool | None:
    """``true`` or ``false``."""
    if isinstance(value, bool):
        return value
    findings.report(where, f"{_kind(value)} where a boolean belongs", "write true or false", ("true", "false"))
    return None


def integer(minimum: int) -> Rule:
    """An integer of at least ``minimum`` that fits in 64 bits."""

    def rule(findings: Findings, value: Any, where: str) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.report(where, f"{_kind(value)} where an integer belongs", "write a whole number")
        elif not minimum <= value < 1 << 63:
            findings.report(where, f"{value} is out of range", f"write a whole number of at least {minimum}")
        else:
            return value
        return None

    return rule


def choice(*allowed: str) -> Rule:
    """One of the words given."""

    def rule(findings: Findings, value: Any, where: str) -> str | None:
        if isinstance(value, str) and value in allowed:
            return value
        shown = repr(value) if isinstance(value, str) else _kind(value)
        findings.report(where, f"{shown} is not allowed here", f"write one of: {', '.join(allowed)}", allowed)
        return None

    return rule


def matching(pattern: re.Pattern[str], what: str) -> Rule:
    """A string of that pattern; ``what`` names it in messages."""

    def rule(findings: Findings, value: Any, where: str) -> str | None:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        shown = repr(value) if isinstance(value, str) else _kind(value)
        findings.report(where, f"{shown} is not {what}", f"write {what}")
        return None

    return rule


identifier = matching(ID, "an id: 1 to 64 of a-z, 0-9 and -")
sha256 = matching(re.compile(r"[0-9a-f]{64}"), "a SHA-256 in 64 lower-case hex digits")


def parsed(parse: Callable[[str], object], remedy: str, *, keep_text: bool = True) -> Rule:
    """A string that ``parse`` accepts; its :class:`ValueError` becomes the message."""

    def rule(findings: Findings, value: Any, where: str) -> object:
        if not isinstance(value, str):
            findings.report(where, f"{_kind(value)} where a string belongs", remedy)
            return None
        try:
            result = parse(value)
        except ValueError as error:
            findings.report(where, str(error), remedy)
            return None
        return value if keep_text else result

    return rule


def array(item: Rule, *, minimum: int = 0, unique: bool = True) -> Rule:
    """An array of such items; scalar items must differ from each other unless ``unique`` is false."""

    def rule(findings: Findings, value: Any, where: str) -> list[Any] | None:
        if not isinstance(value, list):
            findings.report(where, f"{_kind(value)} where an array belongs", "write an array: [ ... ]")
            return None
        if len(value) < minimum:
            findings.report(where, f"{len(value)} entries", f"give at least {minimum}")
        items = []
        for index, element in enumerate(value):
            result = item(findings, element, f"{where}[{index}]")
            if result is None:
                continue
            if unique and not isinstance(result, dict) and result in items:
                findings.report(f"{where}[{index}]", f"{result!r} appears twice", "leave one of the two out")
            items.append(result)
        return items

    return rule


def table(fields: Mapping[str, Field]) -> Rule:
    """A table with exactly these keys, those not required at most."""

    def rule(findings: Findings, value: Any, where: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            findings.report(where, f"{_kind(value)} where a table belongs", "write a table")
            return None
        result = {}
        for key, element in value.items():
            if key not in fields:
                unknown_key(findings, join(where, key), key, fields)
                continue
            checked = fields[key].rule(findings, element, join(where, key))
            if checked is not None:
                result[key] = checked
        for key, field in fields.items():
            if field.required and key not in value:
                findings.report(join(where, key), "missing", "add it")
        return result

    return rule


def mapping(key: Rule, value_rule: Rule, *, minimum: int = 0) -> Rule:
    """A table whose keys are data: each key and each value by its rule."""

    def rule(findings: Findings, value: Any, where: str) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            findings.report(where, f"{_kind(value)} where a table belongs", "write a table")
            return None
        if len(value) < minimum:
            findings.report(where, "an empty table", "write at least one entry, or leave the key out if it may be")
        result = {}
        for name, element in value.items():
            place = join(where, name)
            known = key(findings, name, place)
            checked = value_rule(findings, element, place)
            if known is not None and checked is not None:
                result[name] = checked
        return result

    return rule


language_map = mapping(
    matching(re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"), "a language tag such as en or ja"), text, minimum=1
)


def unknown_key(findings: Findings, where: str, key: str, allowed: Collection[str]) -> None:
    """Report a key that the format does not have, with the nearest one that it has."""
    near = difflib.get_close_matches(key, list(allowed), n=1)
    remedy = f"did you mean {near[0]}?" if near else "remove it"
    findings.report(where, "unknown key", remedy, allowed)


def join(where: str, key: str) -> str:
    """The dotted key of ``key`` below ``where``; keys that are not bare are quoted as TOML quotes them."""
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
    name = key if bare else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{where}.{name}" if where else name
