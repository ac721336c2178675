"""Press pages and an Atom feed (RFC 4287) from statements that are out: files to be moved by the party's own guard.

Pure: statements as ``matter.show`` answers them, in; names and bytes of files, out. Whatever is under embargo never
comes here: the node leaves it out of its answer. No script, nothing fetched from anywhere, every text escaped.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from entente.cli.timeline_ink import legal

ATOM = "http://www.w3.org/2005/Atom"
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#57606a;--line:#d0d7de;--paper:#fff;--mark:#8a1c1c}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--line:#3d444d;--paper:#0d1117;--mark:#ff9d9d}}
body{margin:0 auto;max-width:44rem;padding:2.5rem 1.25rem 4rem;
font:1.05rem/1.65 system-ui,"Noto Sans CJK JP",sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .6rem}h2{font-size:1.15rem;margin:2.4rem 0 .4rem}
p{white-space:pre-line;margin:.7rem 0}.quiet,footer{color:var(--quiet);font-size:.9rem}
.mark{color:var(--mark);font-weight:600}section{border-top:1px solid var(--line);margin-top:2rem;padding-top:.4rem}
li{margin:.9rem 0}a{color:inherit}ul{padding-left:1.1rem}
div[lang]+div[lang]{margin-top:2rem}
@media print{body{max-width:none;padding:0}}
"""


class Version(NamedTuple):
    """What a statement said from an instant on, by language."""

    at: str
    title: Mapping[str, str]
    texts: Mapping[str, str]


class Reply(NamedTuple):
    """What the party that a claim is about answers: ``confirm`` or ``contest``."""

    at: str
    by: str
    verb: str
    summary: Mapping[str, str]
    texts: Mapping[str, str]


class Release(NamedTuple):
    """A statement that is out, newest version first."""

    id: str
    by: str
    joint: tuple[str, ...]
    attribution: str
    source: str
    about: str
    claim: Mapping[str, str]
    versions: tuple[Version, ...]
    replies: tuple[Reply, ...]
    withdrawn: str | None

    @property
    def updated(self) -> str:
        """The instant of the last thing that happened to it."""
        return max([self.versions[0].at, self.withdrawn or "", *(reply.at for reply in self.replies)])


def read(shown: Mapping[str, Any]) -> Release | None:
    """A statement from the node's answer; None for one that is not said yet, or never was."""
    if shown["out"] is None:
        return None
    steps = [step for step in shown["steps"] if step["refused"] is None]
    said, title = steps[0]["say"], steps[0]["say"].get("title", {})
    versions: list[Version] = []
    for step in steps:
        if step["verb"] in ("issue", "propose", "correct"):
            title = step["say"].get("title", title)
            versions.insert(0, Version(max(step["at"], shown["out"]), title, _texts(step)))
    replies = [
        Reply(max(step["at"], shown["out"]), step["by"], step["verb"], step["say"].get("summary", {}), _texts(step))
        for step in steps
        if step["verb"] in ("confirm", "contest")
    ]
    withdrawn = next((max(step["at"], shown["out"]) for step in steps if step["verb"] == "withdraw"), None)
    return Release(
        id=shown["id"],
        by=shown["owner"],
        joint=tuple(shown["between"]) if shown["state"] == "joint" else (),
        attribution=said.get("attribution", "on_record"),
        source=said.get("source", ""),
        about=said.get("about", ""),
        claim=said.get("claim", {}),
        versions=tuple(versions),
        replies=tuple(replies),
        withdrawn=withdrawn,
    )


def _texts(step: Mapping[str, Any]) -> dict[str, str]:
    return {text["lang"]: text["text"] for text in step["texts"] if text["text"] is not None}


def render(releases: Sequence[Release], *, party: str, agreement: str, simulated: bool, base: str) -> dict[str, bytes]:
    """Every file by its name: one page for each statement, ``index.html`` and ``feed.xml``; newest first."""
    newest = sorted(releases, key=lambda each: (each.versions[0].at, each.id), reverse=True)
    warning = '<p class="mark">SIMULATED, an exercise. 模擬・演習. 모의·연습.</p>' if simulated else ""
    files = {
        f"{each.id}.html": _page(_words(each.versions[0].title), warning + "".join(_statement(each, party)))
        for each in newest
    }
    items = "".join(
        f'<li><a href="{each.id}.html">{escape(_words(each.versions[0].title))}</a><br>'
        f'<span class="quiet">{each.versions[0].at}</span></li>'
        for each in newest
    )
    feed = '<p class="quiet"><a href="feed.xml">Atom feed</a></p>'
    body = f"{warning}<h1>Statements of {escape(party)}</h1><ul>{items or '<li>None yet.</li>'}</ul>"
    files["index.html"] = _page(f"Statements of {party}", body + feed)
    files["feed.xml"] = _feed(newest, party, agreement, base)
    return files


def _words(texts: Mapping[str, str]) -> str:
    return texts.get("en") or next(iter(texts.values()), "")


def _page(title: str, body: str) -> bytes:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>\n'
    ).encode()


def _statement(each: Release, party: str) -> Iterator[str]:
    who = ", ".join(each.joint) if each.joint else each.by
    kind = "Joint statement of" if each.joint else "Statement of"
    corrected = f" · corrected <time>{each.versions[0].at}</time>" if len(each.versions) > 1 else ""
    when = f"<time>{each.versions[-1].at}</time>{corrected}"
    yield f'<p class="quiet">{kind} {escape(who)} · {when} · {_attributed(each)}</p>'
    if each.withdrawn:
        yield f'<p class="mark">Withdrawn on {each.withdrawn}. What was said stays below.</p>'
    newest, *earlier = each.versions
    yield from _wording(newest)
    if each.claim:
        yield f"<section><h2>Of {escape(each.about)} it says</h2>{_paragraphs(each.claim)}{_answer(each)}</section>"
    for version in earlier:
        words = "".join(_wording(version, 3))
        yield f"<section><h2>Before it was corrected: <time>{version.at}</time></h2>{words}</section>"
    index = '<a href="index.html">all statements</a>'
    yield f"<footer><p>{escape(each.id)} · published by {escape(party)} · {index}</p></footer>"


def _attributed(each: Release) -> str:
    if each.attribution == "background":
        return f"on background, source {escape(each.source)} in the registry"
    return {"on_record": "on the record", "none": "no attribution"}[each.attribution]


def _wording(version: Version, level: int = 1) -> Iterator[str]:
    for lang in sorted({*version.title, *version.texts}, key=lambda lang: (lang != "en", lang)):
        title, text = version.title.get(lang, ""), version.texts.get(lang, "")
        heading = f"<h{level}>{escape(title)}</h{level}>" if title else ""
        yield f'<div lang="{escape(lang)}">{heading}{_paragraphs({lang: text}) if text else ""}</div>'


def _paragraphs(texts: Mapping[str, str]) -> str:
    return "".join(
        f'<p lang="{escape(lang)}">{escape(part.strip())}</p>'
        for lang, text in texts.items()
        for part in text.split("\n\n")
        if part.strip()
    )


def _answer(each: Release) -> str:
    if not each.replies:
        return f'<p class="quiet">{escape(each.about)} has neither confirmed nor contested it.</p>'
    last = each.replies[-1]
    word = {"confirm": "confirmed", "contest": "contested"}[last.verb]
    words = _paragraphs(last.summary) + _paragraphs(last.texts)
    return f'<p class="mark">{escape(last.by)} {word} it on {last.at}.</p>{words}'


def _feed(releases: Sequence[Release], party: str, agreement: str, base: str) -> bytes:
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = legal(text) or None
        return element

    add(feed, "id", f"urn:entente:{agreement}:{party}:statements")
    add(feed, "title", f"Statements of {party}")
    add(feed, "updated", max((each.updated for each in releases), default="1970-01-01T00:00:00.000Z"))
    add(feed, "link", rel="self", href=f"{base}feed.xml")
    add(add(feed, "author"), "name", party)
    for each in releases:
        entry = add(feed, "entry")
        add(entry, "id", f"urn:entente:{agreement}:{each.id}")
        add(entry, "title", _words(each.versions[0].title))
        add(entry, "published", each.versions[-1].at)
        add(entry, "updated", each.updated)
        add(entry, "link", rel="alternate", href=f"{base}{each.id}.html")
        add(entry, "content", _words(each.versions[0].texts), type="text")
    data: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return data + b"\n"
