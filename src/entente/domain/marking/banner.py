"""Banners: what stands at the top of every screen, print and receipt (docs/spec/marking.md, section 6).

A banner is one line, never empty. Reality comes first, in words: an exercise or a test says so in three languages, so
that nobody who reads one of them can take it for real. Codes (REL TO, ORCON) and native markings are never translated.
"""

from collections.abc import Mapping, Sequence

from entente.domain.agreement.terms import Agreement
from entente.domain.marking.marking import DerivedMarking, HeldMarking, Marking

SEPARATOR = " // "
FALLBACK = ("en", "ja", "ko")
"""The order in which other languages are tried where a text does not exist in the reader's."""

ACTUAL = {"en": "ACTUAL", "ja": "実際", "ko": "실제"}
EXERCISE = "EXERCISE / 演習 / 연습"
TEST = "TEST / 試験 / 시험"
REALITY_NOT_STATED = {
    "en": "ACTUAL OR EXERCISE NOT STATED",
    "ja": "実際・演習の別の記載なし",
    "ko": "실제·연습 구분 표시 없음",
}
NO_MARKING = {"en": "NO MARKING", "ja": "NO MARKING / 秘密区分の表示なし", "ko": "NO MARKING / 비밀 등급 표시 없음"}
FROM = {"en": "from {}", "ja": "{}提供", "ko": "{} 제공"}
HANDLE_AS = {"en": "HANDLE AS {}", "ja": "{}に準じて取り扱う", "ko": "{}에 준하여 취급"}
NOBODY = {"en": "NOBODY", "ja": "該当者なし", "ko": "해당자 없음"}
CONFIRM = {
    "en": "LEVEL TO BE CONFIRMED BY THE ORIGINATOR",
    "ja": "秘密区分は作成元に確認中",
    "ko": "등급은 제공국에 확인 중",
}


def in_language(texts: Mapping[str, str], language: str, order: Sequence[str] = FALLBACK) -> str:
    """The text in ``language``, else in the first language of ``order`` there is one in, else the first there is.

    Raises:
        ValueError: there is no text at all.
    """
    for candidate in (language, *order):
        if candidate in texts:
            return texts[candidate]
    if not texts:
        raise ValueError("a text in no language")
    return next(iter(texts.values()))


def banner(
    marking: Marking | HeldMarking | DerivedMarking | None,
    reality: str | None,
    *,
    language: str,
    agreement: Agreement | None = None,
    order: Sequence[str] = FALLBACK,
) -> str:
    """One line for a reader of ``language`` (``en``, ``ja``, ``ko``).

    Reality; the reader's own level where the item is held (``HeldMarking``); the native marking with its originator's
    name; REL TO; caveats. ``agreement`` gives the parties' names; a name it does not have is shown as it is written.
    Characters that would break or reorder the line are shown as U+FFFD.
    """

    def words(texts: Mapping[str, str]) -> str:
        return in_language(texts, language, order)

    def name(party: str) -> str:
        terms = None if agreement is None else agreement.party.get(party)
        return words(terms.name) if terms is not None else party or "?"

    segments = [_reality(reality, words(ACTUAL), words(REALITY_NOT_STATED))]
    if marking is None:
        return _line([*segments, words(NO_MARKING)])
    if isinstance(marking, HeldMarking):
        segments.append(words(HANDLE_AS).format(marking.corresponding) if marking.handling else marking.corresponding)
    if isinstance(marking, DerivedMarking):
        segments.append(marking.level or words(NO_MARKING))
    natives = _natives(marking)
    segments.extend(
        f"{native.level or words(NO_MARKING)} ({words(FROM).format(name(native.originator))})" for native in natives
    )
    limits = marking.native if isinstance(marking, HeldMarking) else marking
    if limits.rel_to is not None:
        segments.append(f"REL TO {', '.join(name(party) for party in limits.rel_to) or words(NOBODY)}")
    segments.extend(limits.caveats)
    if isinstance(marking, HeldMarking) and marking.ask_originator:
        segments.append(words(CONFIRM))
    return _line(segments)


def _natives(marking: Marking | HeldMarking | DerivedMarking) -> tuple[Marking, ...]:
    if isinstance(marking, DerivedMarking):
        return marking.natives
    return (marking.native,) if isinstance(marking, HeldMarking) else (marking,)


def _reality(reality: str | None, actual: str, not_stated: str) -> str:
    return {"actual": actual, "exercise": EXERCISE, "test": TEST}.get(reality or "", not_stated)


def _line(segments: Sequence[str]) -> str:
    line = SEPARATOR.join(segments)
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
