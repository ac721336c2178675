"""Statements that are out, as they go to the press (docs/spec/press.md).

Pure: statements as ``matter.show`` answers them, in; what each said, when, and what was answered, out. Whatever is
under embargo never comes here: the node leaves it out of its answer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from entente.cli.press_words import order
from entente.domain.relations.chronicle_words import LANGUAGES, Words


class Version(NamedTuple):
    """What a statement said from an instant (RFC 3339, UTC) on, by language; ``summary`` is why it was corrected."""

    at: str
    title: Words
    texts: Words
    summary: Words


class Reply(NamedTuple):
    """What the party that a claim is about answers: ``confirm`` or ``contest``."""

    at: str
    by: str
    verb: str
    summary: Words
    texts: Words


class Withdrawal(NamedTuple):
    """That a statement was taken back, and why."""

    at: str
    summary: Words


class Release(NamedTuple):
    """A statement that is out; ``versions`` and ``replies`` newest first.

    ``joint`` is empty where one party says it.
    """

    id: str
    by: str
    joint: tuple[str, ...]
    attribution: str
    source: str
    about: str
    claim: Words
    versions: tuple[Version, ...]
    replies: tuple[Reply, ...]
    withdrawn: Withdrawal | None

    @property
    def parties(self) -> tuple[str, ...]:
        """Whose words it is."""
        return self.joint or (self.by,)

    @property
    def published(self) -> str:
        """The instant from which it is said to the public."""
        return self.versions[-1].at

    @property
    def updated(self) -> str:
        """The instant of the last thing that happened to it."""
        withdrawn = [self.withdrawn.at] if self.withdrawn else []
        return max([self.versions[0].at, *withdrawn, *(reply.at for reply in self.replies)])

    @property
    def languages(self) -> frozenset[str]:
        """Every language in which it was ever said."""
        return frozenset(lang for version in self.versions for lang in (*version.title, *version.texts))


class Masthead(NamedTuple):
    """Whose pages they are: ``names`` by party, the ``zone`` of the agreement's days, the language that comes first.

    ``base`` is where the pages will stand, "" or ending in "/"; ``agreement`` the digest in hex.
    """

    party: str
    names: Mapping[str, Words]
    zone: str
    agreement: str
    simulated: bool
    base: str
    lang: str = "en"

    def name(self, party: str, lang: str) -> tuple[str, str]:
        """(language, name) of a party; its id in capitals where no document names it."""
        return best(self.names.get(party, {}), lang) if self.names.get(party) else ("", party.upper())


def best(texts: Words, lang: str) -> tuple[str, str]:
    """(language, text): in the language asked for, else in English, else in the next there is; ("", "") for none."""
    for each in (lang, *LANGUAGES, *sorted(texts)):
        if texts.get(each):
            return each, texts[each]
    return "", ""


def arranged(languages: Collection[str], lang: str) -> list[str]:
    """Languages in the order in which they are shown: ``lang``, then those that there are words in, then the others."""
    known = [each for each in order(lang) if each in languages]
    return known + sorted(each for each in languages if each not in known)


def paragraphs(text: str) -> list[str]:
    """What blank lines part, without line ends of other systems and a byte order mark."""
    unified = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return [part.strip() for part in unified.split("\n\n") if part.strip()]


def newest_first(releases: Iterable[Release]) -> list[Release]:
    """Statements by when they were published."""
    return sorted(releases, key=lambda each: (each.published, each.id), reverse=True)


def read(shown: Mapping[str, Any]) -> Release | None:
    """A statement from the node's answer; None for one that is not said yet, or never was."""
    if shown["out"] is None:
        return None
    steps = [step for step in shown["steps"] if step["refused"] is None]
    opened = steps[0]["say"]
    return Release(
        id=shown["id"],
        by=shown["owner"],
        joint=tuple(shown["between"]) if shown["state"] == "joint" else (),
        attribution=opened.get("attribution", "on_record"),
        source=opened.get("source", ""),
        about=opened.get("about", ""),
        claim=opened.get("claim", {}),
        versions=_versions(steps, shown["out"]),
        replies=tuple(
            Reply(_at(step, shown["out"]), step["by"], step["verb"], step["say"].get("summary", {}), _texts(step))
            for step in reversed(steps)
            if step["verb"] in ("confirm", "contest")
        ),
        withdrawn=next(
            (
                Withdrawal(_at(step, shown["out"]), step["say"].get("summary", {}))
                for step in steps
                if step["verb"] == "withdraw"
            ),
            None,
        ),
    )


def _versions(steps: Sequence[Mapping[str, Any]], out: str) -> tuple[Version, ...]:
    found: list[Version] = []
    title: Words = {}
    for step in steps:
        if step["verb"] in ("issue", "propose", "correct"):
            title = step["say"].get("title", title)
            found.insert(0, Version(_at(step, out), title, _texts(step), step["say"].get("summary", {})))
    return tuple(found)


def _at(step: Mapping[str, Any], out: str) -> str:
    """The instant of a step as the public knows it: nothing is dated before it was out."""
    at: str = step["at"]
    return max(at, out)


def _texts(step: Mapping[str, Any]) -> dict[str, str]:
    """The texts beside a step that are text; what else was signed beside it is no page's."""
    return {
        text["lang"]: text["text"]
        for text in step["texts"]
        if text["text"] is not None and text["media_type"].startswith("text/")
    }
