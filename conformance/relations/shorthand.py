"""Shorthand for steps, bytes and expectations, so that a vector reads like a sentence.

Nothing here is the software's: digests and bytes are made after the pages.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2019, 11, 22, tzinfo=UTC)
TWO, THREE = ("jp", "kr"), ("jp", "kr", "us")
Json = dict[str, Any]


def written(moment: datetime) -> str:
    """An instant as it is written: UTC with three fractional digits."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def sha256(data: bytes | str) -> str:
    """Lower-case hex."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def text(lang: str, words: bytes | str, media_type: str = "text/plain") -> list[Any]:
    """A text beside a step: language, media type, SHA-256, size."""
    data = words.encode() if isinstance(words, str) else words
    return [lang, media_type, sha256(data), len(data)]


def wording(*texts: list[Any]) -> str:
    """The digest of a wording, after section 4."""
    lines = [f"{lang}\n{media}\n{size}\n{digest}\n" for lang, media, digest, size in sorted(texts)]
    return sha256("".join(lines))


def said(*values: str) -> list[list[str]]:
    """``name=value`` or ``name.lang=value`` as *(name, lang, value)*."""
    found = []
    for value in values:
        name, _, meant = value.partition("=")
        field, _, lang = name.partition(".")
        found.append([field, lang, meant])
    return found


class Course:
    """Steps as they are written, each a minute after the one before, and what is to be refused of them."""

    def __init__(self, *audience: str) -> None:
        self.audience = audience or TWO
        self.steps: list[Json] = []
        self._later = timedelta()
        self.refused: list[list[Any]] = []
        self._opened: dict[str, str] = {}
        self._written: dict[str, int] = {}

    def __call__(
        self,
        by: str,
        matter: str,
        verb: str,
        *values: str,
        texts: tuple[list[Any], ...] = (),
        no: str = "",
        at: str = "",
        kind: str = "",
        **other: Any,
    ) -> Json:
        """Write a step; ``no`` is the code that it is refused with."""
        seq = self._written[by] = self._written.get(by, 0) + 1
        step: Json = {
            "matter": matter,
            "kind": kind or matter.split("-")[1],
            "verb": verb,
            "by": by,
            "at": at or written(START + self._later + timedelta(minutes=len(self.steps) + 1)),
            "incarnation": "0" * 16,
            "seq": seq,
            "audience": list(self.audience),
            "refs": [],
            "said": said(*values),
            "texts": list(texts),
            "digest": sha256(f"the statement of step {seq} by {by} about {matter}"),
            "opening": self._opened.get(matter, ""),
        } | other
        if matter not in self._opened and not no:
            self._opened[matter] = step["digest"]
        self.steps.append(step)
        if no:
            self.refused.append([by, step["incarnation"], step["seq"], no])
        return step

    def wait(self, days: int) -> None:
        """So many days go by before the next step."""
        self._later += timedelta(days=days)

    def vector(self, name: str, section: str, **expect: Any) -> Json:
        """One vector of this course: ``matters`` are ``id=state`` and their views, the rest is as it is given."""
        return {"name": name, "rests_on": f"relations {section}", "steps": self.steps,
                "expect": expect | {"refused": self.refused}}  # fmt: skip


def then(state: str, **view: Any) -> Json:
    """What a matter is: its state, and the keys of its view that matter."""
    return {"state": state, "view": view}


def pack(value: Any) -> bytes:
    """The canonical MessagePack of integers from 0, text, bytes, None and lists, after docs/spec/encoding.md."""
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        for limit, head, size in ((1 << 8, 0xCC, 1), (1 << 16, 0xCD, 2), (1 << 32, 0xCE, 4), (1 << 64, 0xCF, 8)):
            if value < 0x80:
                return bytes([value])
            if value < limit:
                return bytes([head]) + value.to_bytes(size, "big")
    if isinstance(value, str):
        data = value.encode()
        short = bytes([0xA0 | len(data)]) if len(data) < 32 else _header(len(data), 0xD9, 0xDA)
        return short + data
    if isinstance(value, bytes):
        return _header(len(value), 0xC4, 0xC5) + value
    items = b"".join(map(pack, value))
    return (bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + len(value).to_bytes(2, "big")) + items


def _header(length: int, one: int, two: int) -> bytes:
    return bytes([one, length]) if length < 1 << 8 else bytes([two]) + length.to_bytes(2, "big")
