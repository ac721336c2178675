"""The feed of press pages (RFC 4287): an entry for each statement, with what it says in every language."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from entente.cli.press import Masthead, Release, arranged, best, paragraphs
from entente.cli.press_words import COLON, CORRECTED, EXERCISE, SIMULATED, STATEMENTS, WITHDRAWN
from entente.cli.timeline_ink import legal
from entente.domain.relations.chronicle_words import LANGUAGES, said

FEED = "feed.xml"
ATOM = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NEVER = "1970-01-01T00:00:00.000Z"
"""When a feed without entries was updated: RFC 4287 wants an instant."""


def feed(newest: Sequence[Release], masthead: Masthead) -> bytes:
    """The feed's bytes; entries in the order in which the statements are given."""
    ET.register_namespace("", ATOM)
    ET.register_namespace("xhtml", XHTML)
    lang, own = masthead.lang, f"urn:entente:{masthead.agreement}"
    root = ET.Element(f"{{{ATOM}}}feed", {_LANG: lang})
    _add(root, "id", f"{own}:{masthead.party}:statements")
    of, name = masthead.name(masthead.party, lang)
    _add(root, "title", _marked(masthead, lang, f"{name}{said(COLON, lang)}{said(STATEMENTS, lang)}"), lang=lang)
    if masthead.simulated:
        _add(root, "subtitle", said(SIMULATED, lang), lang=lang)
    _add(root, "updated", max((each.updated for each in newest), default=_NEVER))
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{masthead.base}{FEED}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{masthead.base}index.html")
    _author(root, name, of or lang)
    for each in newest:
        _entry(root, each, masthead, own)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _entry(root: ET.Element, each: Release, masthead: Masthead, own: str) -> None:
    langs = arranged(each.languages, masthead.lang)
    entry = _add(root, "entry")
    of, title = best(each.versions[0].title, langs[0])
    marks = said(WITHDRAWN, langs[0]) if each.withdrawn else said(CORRECTED, langs[0]) if len(each.versions) > 1 else ""
    told = f"{marks}{said(COLON, langs[0])}{title or each.id}" if marks else title or each.id
    _add(entry, "id", f"{own}:{each.id}")
    _add(entry, "title", _marked(masthead, langs[0], told), lang=of or langs[0])
    _add(entry, "published", each.published)
    _add(entry, "updated", each.updated)
    for lang in langs:
        href = f"{masthead.base}{each.id}.html#{lang}"
        _add(entry, "link", rel="alternate", type="text/html", hreflang=lang, href=href)
    for party in each.parties:
        named, name = masthead.name(party, masthead.lang)
        _author(entry, name, named or masthead.lang)
    content = _add(entry, "content", type="xhtml")
    div = ET.SubElement(content, f"{{{XHTML}}}div")
    for lang in langs:
        _block(div, each, masthead, lang)


def _block(div: ET.Element, each: Release, masthead: Masthead, lang: str) -> None:
    """What a statement says in one language; nothing of what it said before it was corrected."""
    newest = each.versions[0]
    if lang not in newest.texts:
        return
    block = _part(div, "div", lang)
    furniture = lang if lang in LANGUAGES else "en"
    if masthead.simulated:
        _part(block, "p", furniture, said(SIMULATED, lang))
    if each.withdrawn:
        _part(block, "p", furniture, said(WITHDRAWN, lang))
    of, title = best(newest.title, lang)
    _part(block, "h2", of or lang, title or each.id)
    for part in paragraphs(newest.texts[lang]):
        _part(block, "p", lang, part)


def _part(parent: ET.Element, tag: str, lang: str, text: str = "") -> ET.Element:
    element = ET.SubElement(parent, f"{{{XHTML}}}{tag}", {"lang": lang, _LANG: lang})
    element.text = legal(text) or None
    return element


def _marked(masthead: Masthead, lang: str, title: str) -> str:
    """A title, and before it in words that it is of an exercise, where it is."""
    return f"[{said(EXERCISE, lang)}] {title}" if masthead.simulated else title


def _author(parent: ET.Element, name: str, lang: str) -> None:
    _add(_add(parent, "author", lang=lang), "name", name)


def _add(parent: ET.Element, tag: str, text: str = "", lang: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{tag}", attributes | ({_LANG: lang} if lang else {}))
    element.text = legal(text) or None
    return element
