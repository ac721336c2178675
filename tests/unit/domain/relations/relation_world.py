"""A small world of matters: steps said as people say them, read as the record reads them, taken one after the other."""

import copy
from typing import Any

from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.fields import say
from entente.domain.relations.matters import TABLES, take
from entente.domain.relations.steps import MATTER, Kind, Refusal, Step, Text
from entente.domain.relations.table import Matter

START = parse_instant("2019-11-22T00:00:00Z")
TWO, THREE = ("jp", "kr"), ("jp", "kr", "us")
FIRST = {"en": "one wording", "ko": "한 문안"}
SECOND = {"en": "another wording"}
ROUND = "2019-12-16T01:00:00Z/2019-12-16T10:00:00Z"
LATER = "2019-12-17T01:00:00Z/2019-12-17T10:00:00Z"
AFTER = parse_instant("2019-12-18T00:00:00Z")
"""When both have passed."""
EN = {"en": "in one line"}


def window(text: str) -> tuple[int, int]:
    """A window as the views hold it."""
    begins, _, ends = text.partition("/")
    return parse_instant(begins), parse_instant(ends)


def texts_of(words: dict[str, str], media_type: str = "text/plain") -> tuple[Text, ...]:
    """Texts beside a step, with a digest that is as good as any."""
    return tuple(Text(lang, media_type, f"{text.encode().hex():0<64}"[:64], len(text)) for lang, text in words.items())


def make(
    by: str,
    matter: str,
    verb: str,
    *,
    at: int,
    seq: int = 0,
    audience: tuple[str, ...] = TWO,
    texts: tuple[Text, ...] = (),
    refs: tuple[str, ...] = (),
    kind: Kind | None = None,
    **given: Any,
) -> Step:
    """One step, its form checked as on receipt."""
    found = MATTER.fullmatch(matter)
    assert found is not None
    kind = kind or found.group(2)  # type: ignore[assignment]
    table = TABLES[kind]
    return Step(
        matter=matter,
        kind=kind,
        verb=verb,
        by=by,
        at=at,
        incarnation="0" * 16,
        seq=seq,
        audience=audience,
        refs=refs,
        values=table.read(verb, say(table.verb(verb).fields, given), texts),
        texts=texts,
        offices=("treaty",),
    )


class World:
    """Matters, and a clock that goes on by a second with every step."""

    def __init__(self, audience: tuple[str, ...] = TWO) -> None:
        self.audience = audience
        self.matters: dict[str, Matter] = {}
        self.steps: list[Step] = []
        self.at = START

    def take(self, by: str, matter: str, verb: str, words: dict[str, str] | None = None, **more: Any) -> Refusal | None:
        """Take a step; what a refused one leaves behind is compared with what there was.

        That something was held is said once it can have been.
        """
        self.at = max(self.at + 1000, AFTER) if verb == "hold" and "at" not in more else self.at + 1000
        media_type = more.pop("media_type", "text/plain")
        named = {"at": self.at, "seq": len(self.steps), "audience": self.audience} | more
        step = make(by, matter, verb, texts=texts_of(words or {}, media_type), **named)
        self.steps.append(step)
        before = copy.deepcopy(self.matters)
        refusal = take(self.matters, step)
        if refusal is not None:
            assert refusal.code
            assert refusal.text
            assert refusal.remedy
            assert {name: (each.state, each.view) for name, each in self.matters.items()} == {
                name: (each.state, each.view) for name, each in before.items()
            }
        return refusal

    def do(self, by: str, matter: str, verb: str, words: dict[str, str] | None = None, **more: Any) -> Step:
        """Take a step that is allowed."""
        refusal = self.take(by, matter, verb, words, **more)
        assert refusal is None, refusal
        return self.steps[-1]

    def code(self, by: str, matter: str, verb: str, words: dict[str, str] | None = None, **more: Any) -> str:
        """Take a step that is refused, and say by which code; it has changed neither state nor view."""
        refusal = self.take(by, matter, verb, words, **more)
        assert refusal is not None
        return refusal.code

    def remedy(self, by: str, matter: str, verb: str, words: dict[str, str] | None = None, **more: Any) -> str:
        """Take a step that is refused, and say what would remedy it."""
        refusal = self.take(by, matter, verb, words, **more)
        assert refusal is not None
        return refusal.remedy

    def __getitem__(self, matter: str) -> Matter:
        return self.matters[matter]

    def state(self, matter: str) -> str:
        """The state of a matter."""
        return self.matters[matter].state

    def show(self, matter: str) -> dict[str, Any]:
        """A matter as commands answer it."""
        found = self.matters[matter]
        return TABLES[found.kind].show(found)
