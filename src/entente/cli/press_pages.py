"""Press pages: one for each statement, with a block for each language, and an index (docs/spec/press.md).

They stand by themselves: no script, nothing fetched, which their own policy says too; every text escaped. The language
is switched by links to the blocks, and style alone; where a browser cannot, all blocks are shown.
"""

from collections.abc import Iterator, Sequence

from entente.cli import press_words as words
from entente.cli.press import Masthead, Release, Reply, Version, arranged, best, newest_first, paragraphs
from entente.cli.press_feed import FEED, feed
from entente.cli.press_style import style
from entente.cli.press_words import order
from entente.cli.timeline_axis import clock, local
from entente.cli.timeline_ink import clean
from entente.cli.timeline_words import LANGUAGE, LANGUAGE_NAMES
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.chronicle_words import LANGUAGES, Words, day_in_words, said

INDEX = "index.html"
NARROW = "\u00a0"
"""Between a time and its zone, which stay on one line."""


def render(releases: Sequence[Release], masthead: Masthead) -> dict[str, bytes]:
    """Every file by its name: a page for each statement, the index and the feed."""
    newest = newest_first(releases)
    files = {file_of(each): _statement_page(each, masthead) for each in newest}
    files[INDEX] = _index_page(newest, masthead)
    files[FEED] = feed(newest, masthead)
    return files


def file_of(release: Release) -> str:
    """The name of a statement's page."""
    return f"{release.id}.html"


def _page(title: tuple[str, str], blocks: dict[str, str], masthead: Masthead) -> bytes:
    """A page of a block for each language, the first one shown; ``title`` is (language, text)."""
    langs, first = list(blocks), next(iter(blocks))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    feed_title = clean(_heading(masthead, masthead.lang))
    links = "".join(
        f'<a href="#{each}" lang="{each}" hreflang="{each}">{LANGUAGE_NAMES.get(each, each)}</a>' for each in langs
    )
    nav = f'<nav aria-label="{said(LANGUAGE, first)}">{links}</nav>' if len(langs) > 1 else ""
    articles = "".join(f'<article id="{lang}" lang="{lang}">{block}</article>' for lang, block in blocks.items())
    return (
        f'<!doctype html>\n<html lang="{first}"><head><meta charset="utf-8">'
        f"<title{_lang(title[0], first)}>{clean(title[1])}</title>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'<link rel="alternate" type="application/atom+xml" href="{FEED}" title="{feed_title}">'
        f"<style>{style(langs)}</style></head><body>{_warning(masthead)}{nav}<main>{articles}</main></body></html>\n"
    ).encode()


def _warning(masthead: Masthead) -> str:
    """That it is an exercise, in every language and before anything else, where the node's time is simulated."""
    if not masthead.simulated:
        return ""
    lines = "".join(f'<p lang="{lang}">{said(words.SIMULATED, lang)}</p>' for lang in order(masthead.lang))
    return f'<div class="exercise" role="note">{lines}</div>'


def _index_page(newest: Sequence[Release], masthead: Masthead) -> bytes:
    blocks = {lang: "".join(_index(newest, masthead, lang)) for lang in order(masthead.lang)}
    return _page((masthead.lang, _heading(masthead, masthead.lang)), blocks, masthead)


def _heading(masthead: Masthead, lang: str) -> str:
    return f"{masthead.name(masthead.party, lang)[1]}{said(words.COLON, lang)}{said(words.STATEMENTS, lang)}"


def _index(newest: Sequence[Release], masthead: Masthead, lang: str) -> Iterator[str]:
    who = f'<p class="who">{_name(masthead, masthead.party, lang)}</p>'
    yield f"<header>{who}<h1>{_label(words.STATEMENTS, lang)}</h1></header>"
    if not newest:
        yield f"<p>{_label(words.NONE_YET, lang)}</p>"
    else:
        yield f'<ul class="list">{"".join(_listed(each, masthead, lang) for each in newest)}</ul>'
    yield f'<footer><p><a href="{FEED}">{_label(words.FEED, lang)}</a></p>{_zones(masthead, lang)}</footer>'


def _listed(each: Release, masthead: Masthead, lang: str) -> str:
    """A line of the index; its link leads to the block in this language, or to the one whose title stands for it."""
    of, title = _title(each, lang)
    block = lang if lang in each.languages else of
    kinds = [_label(_kind(each), lang)]
    kinds += [_label(words.CORRECTED, lang)] if len(each.versions) > 1 else []
    marks = " · ".join(kinds) + (
        f' · <strong class="mark">{_label(words.WITHDRAWN, lang)}</strong>' if each.withdrawn else ""
    )
    return (
        f'<li><p class="when">{moment(each.published, masthead.zone, lang)}</p>'
        f'<p class="title"><a href="{file_of(each)}#{block}"{_lang(of, lang)}>{clean(title)}</a></p>'
        f'<p class="kind">{marks}</p></li>'
    )


def _kind(each: Release) -> Words:
    return words.JOINT if each.joint else words.STATEMENT


def _title(each: Release, lang: str) -> tuple[str, str]:
    of, title = best(each.versions[0].title, lang)
    return (of, title) if title else (lang, each.id)


def _statement_page(each: Release, masthead: Masthead) -> bytes:
    langs = arranged(each.languages, masthead.lang)
    blocks = {lang: "".join(_statement(each, masthead, lang)) for lang in langs}
    of, title = _title(each, langs[0])
    name = masthead.name(masthead.party, of)[1]
    return _page((of, f"{title} – {name}"), blocks, masthead)


def _statement(each: Release, masthead: Masthead, lang: str) -> Iterator[str]:
    """The block of one language."""
    newest, *earlier = each.versions
    of, title = _title(each, lang)
    who = "".join(f"<span>{_name(masthead, party, lang)}</span>" for party in each.parties)
    yield f'<header><p class="who">{who}</p><p class="kind">{_label(_kind(each), lang)}</p>'
    yield f"<h1{_lang(of, lang)}>{clean(title)}</h1>{_facts(each, masthead, lang)}</header>"
    if each.withdrawn:
        told = f"<strong>{_label(words.WITHDRAWN, lang)}.</strong> {_label(words.STAYS, lang)}"
        yield f'<p class="notice">{told}</p>'
    yield _text(newest, lang)
    if each.claim:
        yield _claim(each, masthead, lang)
    for version, after in zip(earlier, each.versions, strict=False):
        yield _earlier(version, after, masthead, lang)
    index = f"{INDEX}#{lang if lang in LANGUAGES else masthead.lang}"
    yield (
        f"<footer><p>{_named(words.REFERENCE, lang, clean(each.id))} · "
        f"{_named(words.PUBLISHED_BY, lang, _name(masthead, masthead.party, lang))}</p>{_zones(masthead, lang)}"
        f'<p><a href="{index}">{_label(words.ALL, lang)}</a></p></footer>'
    )


def _facts(each: Release, masthead: Masthead, lang: str) -> str:
    """When it was published, corrected and withdrawn, with the reasons given, and how it may be quoted."""
    zone = masthead.zone
    rows = [(words.PUBLISHED, moment(each.published, zone, lang))]
    rows += [
        (words.CORRECTED, moment(version.at, zone, lang) + _words(version.summary, lang))
        for version in reversed(each.versions[:-1])
    ]
    if each.withdrawn:
        rows.append((words.WITHDRAWN, moment(each.withdrawn.at, zone, lang) + _words(each.withdrawn.summary, lang)))
    rows.append((words.ATTRIBUTION, _label(words.ATTRIBUTIONS[each.attribution], lang).format(clean(each.source))))
    return _pairs(rows, lang)


def _pairs(rows: Sequence[tuple[Words, str]], lang: str) -> str:
    return f'<dl class="facts">{"".join(f"<dt>{_label(name, lang)}</dt><dd>{what}</dd>" for name, what in rows)}</dl>'


def _text(version: Version, lang: str) -> str:
    """A version's text in this language, or, said so, the one that there is."""
    of, text = best(version.texts, lang)
    lacks = f'<p class="quiet">{_label(words.NOT_IN, lang)}</p>' if text and of != lang and lang in LANGUAGES else ""
    return f'{lacks}<div class="text"{_lang(of, lang)}>{_paragraphs(text)}</div>'


def _claim(each: Release, masthead: Masthead, lang: str) -> str:
    about = _name(masthead, each.about, lang)
    answers = "".join(_answer(reply, masthead, lang) for reply in each.replies) or (
        f"<p><strong>{_named(words.ANSWER, lang, _label(words.UNANSWERED, lang))}</strong></p>"
    )
    return (
        f'<section><h2>{_label(words.CLAIM, lang)}</h2><p class="quiet">{_named(words.CONCERNING, lang, about)}</p>'
        f'<blockquote>{_words(each.claim, lang)}</blockquote><div class="answer">{answers}</div></section>'
    )


def _answer(reply: Reply, masthead: Masthead, lang: str) -> str:
    answer = _named(words.ANSWER, lang, _label(words.ANSWERS[reply.verb], lang))
    by = f"{_name(masthead, reply.by, lang)} · {moment(reply.at, masthead.zone, lang)}"
    return (
        f'<p><strong>{answer}</strong><br><span class="quiet">{by}</span></p>'
        f"{_words(reply.summary, lang)}{_words(reply.texts, lang)}"
    )


def _earlier(version: Version, after: Version, masthead: Masthead, lang: str) -> str:
    """What it said before a correction, under the title that it had."""
    of, title = best(version.title, lang)
    heading = f"<h3{_lang(of, lang)}>{clean(title)}</h3>" if title else ""
    published, corrected = (moment(at, masthead.zone, lang) for at in (version.at, after.at))
    facts = _pairs([(words.PUBLISHED, published), (words.CORRECTED, corrected)], lang)
    head = f"<h2>{_label(words.EARLIER, lang)}</h2>{facts}{heading}"
    return f'<section class="earlier">{head}{_text(version, lang)}</section>'


def _zones(masthead: Masthead, lang: str) -> str:
    zones = dict.fromkeys((masthead.zone, "UTC"))
    return f"<p>{_named(words.TIMES, lang, clean(', '.join(zones)))}</p>"


def _label(label: Words, lang: str) -> str:
    """Furniture in a block's language; in English, and marked so, where there are no words in it."""
    return clean(said(label, lang)) if lang in LANGUAGES else f'<span lang="en">{clean(label["en"])}</span>'


def _named(label: Words, lang: str, what: str) -> str:
    """A label and what it is of; ``what`` is HTML."""
    return f"{_label(label, lang)}{said(words.COLON, lang)}{what}"


def _name(masthead: Masthead, party: str, lang: str) -> str:
    of, name = masthead.name(party, lang)
    return f"<span{_lang(of, lang)}>{clean(name)}</span>" if _lang(of, lang) else clean(name)


def _lang(of: str, lang: str) -> str:
    """The attribute of a text in another language than the block that it stands in."""
    return f' lang="{clean(of)}"' if of not in ("", lang) else ""


def _words(texts: Words, lang: str) -> str:
    """Short words in this language or the one that there is; nothing for none."""
    of, text = best(texts, lang)
    return f"<div{_lang(of, lang)}>{_paragraphs(text)}</div>" if text else ""


def _paragraphs(text: str) -> str:
    """A text's paragraphs: what blank lines part."""
    return "".join(f"<p>{clean(part)}</p>" for part in paragraphs(text))


def moment(instant: str, zone: str, lang: str) -> str:
    """An instant as people read it, in the agreement's zone and in UTC, for programs in the attribute."""
    return f'<time datetime="{instant}">{clean(when(instant, zone, lang))}</time>'


def when(instant: str, zone: str, lang: str) -> str:
    """``22 November 2019, 18:00 KST (09:00 UTC)``; the day in UTC too where it is another."""
    at = parse_instant(instant)
    here, there = local(at, zone), local(at, "UTC")
    if (here.utcoffset(), zone) == (there.utcoffset(), "UTC"):
        return f"{_day_and_time(at, 'UTC', lang)}{NARROW}UTC"
    short = here.strftime("%Z")
    name = short if short.isalpha() else here.strftime("UTC%z")
    utc = clock(at, "UTC") if here.date() == there.date() else _day_and_time(at, "UTC", lang)
    return f"{_day_and_time(at, zone, lang)}{NARROW}{name} ({utc}{NARROW}UTC)"


def _day_and_time(at: int, zone: str, lang: str) -> str:
    return f"{day_in_words(local(at, zone).date(), lang)}{said(words.BEFORE_TIME, lang)}{clock(at, zone)}"
