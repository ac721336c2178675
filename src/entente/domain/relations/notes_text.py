"""Formal notes in words, from data: each act in English, Japanese and Korean (docs/spec/relations.md, section 10).

The same act, agreement and day give the same note on every node. Facts stand in lines of their own, so that no name has
to be bent to a sentence. Unless the terms make notices electronic, the page says that it records a note and is none.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from entente.domain.agreement.acts import Act
from entente.domain.agreement.calendar import local_day
from entente.domain.agreement.instants import format_instant
from entente.domain.agreement.terms import Agreement
from entente.domain.marking.banner import in_language
from entente.domain.relations.chronicle_words import COLON, COMMA, bracketed
from entente.domain.relations.notes_words import DAY, DOES, LINES, READINGS, RECORDS, SENTENCES, TITLE, UNKNOWN

Language = Literal["en", "ja", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
TOPICS: Mapping[str, str] = {
    "sign": "force",
    "notify_completion": "force",
    "notice_of_termination": "termination",
    "suspend_notice": "termination",
    "resume_notice": "termination",
    "withdraw": "termination",
    "agree_termination": "termination",
    "suspend_operation": "operation",
    "resume_operation": "operation",
    "amend": "amendment",
    "declare_reading": "reading",
}
"""The topic of ``articles`` under which the terms name what an act rests on."""
_ART = "Art. "
_ARTICLE = re.compile(r"([0-9]+)(?:\(([0-9]+)\))?((?:\([a-z]+\))?)")


def render(
    language: Language,
    act: Act,
    agreement: Agreement,
    *,
    to: Sequence[str],
    earlier: Mapping[str, Act] | None = None,
    office: str = "",
    signer: str = "",
    authority: str = "",
    evidence: str = "",
) -> str:
    """The note that records ``act``, ended by a line break; ``agreement`` are the terms in force when it was written.

    ``to`` are the parties that it is to, ``earlier`` the acts known by id, for what ``act`` refers to; ``office``,
    ``signer`` and ``authority`` say who signs it and by what right, as its party writes them, ``evidence`` where the
    act stands in the record. The day is the local one of the act's instant in the agreement's zone.
    """
    lines = [TITLE[language], ""]
    signed = (("office", office), ("signer", signer), ("authority", authority), ("evidence", evidence))
    facts = (*_facts(language, act, agreement, to), *signed)
    for name, value in facts:
        lines += [LINES[language][name] + COLON[language] + value] if value else []
    lines += ["", SENTENCES[language][act.kind]]
    lines += [f"- {_earlier(language, ref, earlier or {}, agreement)}" for ref in act.refs]
    if agreement.notices.form != "electronic":
        lines += ["", RECORDS[language]]
    return "\n".join(lines) + "\n"


def article_in(language: Language, article: str) -> str:
    """An article as a note of that language names it: ``Article 21(3)``, 第21条3, 제21조 제3항."""
    found = _ARTICLE.fullmatch(article)
    number, paragraph, letter = found.groups() if found is not None else ("", None, "")
    if language == "en" or not number:
        return f"Article {article}" if language == "en" else article
    if language == "ja":
        return f"第{number}条{paragraph or ''}{letter}"
    return f"제{number}조" + (f" 제{paragraph}항" if paragraph else "") + (f" {letter}" if letter else "")


def rest_in(lang: str, rest: str) -> str:
    """What something rests on in a language: ``Art. 21(3)`` is named as in its notes, an id stays as it is."""
    article = rest.removeprefix(_ART)
    if article == rest or lang not in ("ja", "ko"):
        return rest
    return article_in("ja" if lang == "ja" else "ko", article)


def _facts(language: Language, act: Act, agreement: Agreement, to: Sequence[str]) -> tuple[tuple[str, str], ...]:
    zone = agreement.termination.zone
    article = agreement.articles.get(TOPICS[act.kind])
    return (
        ("from", _party(language, act.by, agreement)),
        ("to", COMMA[language].join(_party(language, party, agreement) for party in to)),
        ("agreement", in_language(agreement.title, language)),
        ("act", bracketed(act.id, DOES[language][act.kind], language)),
        ("article", article_in(language, article) if article else ""),
        ("day", bracketed(_day(language, act.dispatched, zone), zone, language)),
        ("document", act.digest or ""),
        ("effective", _instant(language, act.effective, zone)),
        ("instant", _instant(language, act.instant, zone)),
        ("reading", READINGS[language][act.reading] if act.reading else ""),
    )


def _party(language: Language, party: str, agreement: Agreement) -> str:
    terms = agreement.party.get(party)
    return in_language(terms.name, language) if terms is not None else party


def _day(language: Language, instant: int, zone: str) -> str:
    day = local_day(instant, zone)
    month = _MONTHS[day.month - 1] if language == "en" else str(day.month)
    return DAY[language].format(year=day.year, month=month, day=day.day)


def _instant(language: Language, instant: int | None, zone: str) -> str:
    """An instant by its local day and exactly: the day is what people read, the instant is what holds."""
    if instant is None:
        return ""
    return bracketed(_day(language, instant, zone), zone, language) + COMMA[language] + format_instant(instant)


def _earlier(language: Language, ref: str, earlier: Mapping[str, Act], agreement: Agreement) -> str:
    act = earlier.get(ref)
    if act is None:
        return bracketed(ref, UNKNOWN[language], language)
    day = _day(language, act.dispatched, agreement.termination.zone)
    facts = COMMA[language].join((DOES[language][act.kind], _party(language, act.by, agreement), day))
    return ref + COLON[language] + facts


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
