"""A chronicle as one HTML page: the drawing, and a table of everything in it, in three languages.

Self-contained: no script, nothing fetched, which its own policy says too. The language is switched by radio buttons and
style alone; what is chosen is what prints, the drawing on pages of its own.
"""

from entente.cli.timeline_ink import clean
from entente.cli.timeline_rows import Row, moment, rows
from entente.cli.timeline_style import COLOURS, FONTS_BY_LANGUAGE, style
from entente.cli.timeline_svg import WIDE, WIDTHS, Look, Window, leaves
from entente.cli.timeline_words import COLUMNS, LANGUAGE, LANGUAGE_NAMES, TABLE
from entente.domain.agreement.instants import format_instant
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import LANGUAGES, said


def page(chronicle: Chronicle, lang: str = "en", closer: tuple[Window, ...] | None = None) -> str:
    """The page, shown in ``lang`` at first; ``closer`` as for :class:`.timeline_svg.Look`."""
    title = clean(" – ".join(filter(None, (said(chronicle.title, lang), said(chronicle.source, lang)))))
    radios = "".join(
        f'<input type="radio" name="language" id="l-{each}"{" checked" if each == lang else ""} '
        f'aria-label="{LANGUAGE_NAMES[each]}">'
        for each in LANGUAGES
    )
    labels = "".join(f'<label for="l-{each}" lang="{each}">{LANGUAGE_NAMES[each]}</label>' for each in LANGUAGES)
    sections = "".join(_section(chronicle, each, closer) for each in LANGUAGES)
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<style>{style()}{_style(chronicle.zone)}</style></head><body>"
        f'{radios}<nav aria-label="{said(LANGUAGE, lang)}">{labels}</nav><main>{sections}</main></body></html>\n'
    )


def _section(chronicle: Chronicle, lang: str, closer: tuple[Window, ...] | None) -> str:
    narrow, wide = (_figures(chronicle, lang, width, closer) for width in WIDTHS)
    figures = f'<div class="narrow">{narrow}</div><div class="wide">{wide}</div>'
    zone = chronicle.zone
    heads = "".join(f'<th scope="col">{clean(said(words, lang).format(zone))}</th>' for words in COLUMNS.values())
    body = "".join(_row(row, zone) for row in rows(chronicle, lang))
    return (
        f'<section class="of-{lang}" lang="{lang}"><h1>{clean(said(chronicle.title, lang))}</h1>{figures}'
        f"<h2>{clean(said(TABLE, lang))}</h2>{_source(chronicle, lang)}"
        f'<div class="sheet"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _source(chronicle: Chronicle, lang: str) -> str:
    """Again above the table, which may be printed on pages of its own."""
    source = said(chronicle.source, lang)
    return f'<p class="source">{clean(source)}</p>' if source else ""


def _figures(chronicle: Chronicle, lang: str, width: int, closer: tuple[Window, ...] | None) -> str:
    look = Look(width=width, closer=closer, prefix=f"{lang}-{width}", style=False)
    return "".join(f"<figure>{svg}</figure>" for svg in leaves(chronicle, lang, look))


def _row(row: Row, zone: str) -> str:
    ends = ""
    if row.until is not None:
        ends = f"<br>– {moment(row.until, zone, after=row.at)}"
    here = f'<time datetime="{format_instant(row.at)}">{moment(row.at, zone)}</time>{ends}'
    cells = (clean(row.group), clean(row.who), clean(row.what), clean(row.rests))
    return f"<tr><td>{here}</td><td>{moment(row.at, 'UTC')}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _colours(*, night: bool) -> str:
    return "".join(f"--{name}:{tone.night if night else tone.day};" for name, tone in COLOURS.items())


def _style(zone: str) -> str:
    chosen = ",".join(f"#l-{lang}:checked~main .of-{lang}" for lang in LANGUAGES)
    pressed = ",".join(f"#l-{lang}:checked~nav label[for=l-{lang}]" for lang in LANGUAGES)
    focused = ",".join(f"#l-{lang}:focus-visible~nav label[for=l-{lang}]" for lang in LANGUAGES)
    fonts = "".join(f":lang({lang}){{font-family:{names}}}" for lang, names in FONTS_BY_LANGUAGE.items())
    return (
        f":root{{color-scheme:light dark;{_colours(night=False)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_colours(night=True)}}}}}"
        f"{_PAGE}{fonts}main section{{display:none}}{chosen}{{display:block}}"
        f"{pressed}{{color:var(--paper);background:var(--ink);border-color:var(--ink)}}"
        f"{focused}{{outline:2px solid var(--party0);outline-offset:2px}}"
        f"{_stacked(zone)}{_PRINT}"
    )


def _stacked(zone: str) -> str:
    """On a phone each row of the table is a block, each cell a line that begins with its column's words."""
    heads = "".join(
        f".of-{lang} td:nth-child({place})::before{{content:{_quoted(said(words, lang).format(zone))}}}"
        for lang in LANGUAGES
        for place, words in enumerate(COLUMNS.values(), 1)
    )
    return f"@media screen and (max-width:{PHONE}px){{{_STACKED}{heads}}}"


def _quoted(text: str) -> str:
    """A string of a style sheet: every character that is no letter or digit as its code."""
    return '"' + "".join(each if each.isalnum() else f"\\{ord(each):06x}" for each in text) + '"'


_PAGE = (
    "html{background:var(--paper);color:var(--ink)}body{margin:0 auto;max-width:1920px;font-size:15px;line-height:1.5}"
    "input{position:absolute;opacity:0;pointer-events:none}"
    "nav{display:flex;gap:8px;justify-content:flex-end;padding:20px 32px 0}"
    "label{border:1px solid var(--line);border-radius:999px;padding:3px 14px;font-size:14px;cursor:pointer}"
    "h1{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}"
    ".source{margin:0 32px 12px;color:var(--accent)}"
    "h2{font-size:20px;line-height:1.3;margin:40px 32px 12px;font-weight:600}"
    "figure{margin:0;overflow-x:auto}figure svg{display:block;width:100%;height:auto}.wide{display:none}"
    f".narrow svg{{min-width:{WIDTHS[0]}px}}"
    f"@media(min-width:{WIDE}px){{.narrow{{display:none}}.wide{{display:block}}}}"
    ".sheet{padding:0 32px 64px;overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}"
    "th,td{text-align:left;vertical-align:top;padding:7px 20px 7px 0;border-bottom:1px solid var(--grid)}"
    "th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--soft);white-space:nowrap}"
    "td:nth-child(-n+3){white-space:nowrap;font-variant-numeric:tabular-nums}"
    "td:nth-child(2),td:nth-child(3),td:nth-child(6){color:var(--soft)}td:last-child,th:last-child{padding-right:0}"
)
PHONE = 700
"""A screen of at most so many pixels has no room for the table's columns beside each other."""
_STACKED = (
    ".source,h2{margin-left:16px;margin-right:16px}nav{padding:12px 16px 0}.sheet{padding:0 16px 48px}"
    "thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "table,tbody,tr,td{display:block}tr{padding:10px 0;border-bottom:1px solid var(--line)}"
    ".sheet td{padding:1px 0 1px 112px;border:0;white-space:normal;overflow-wrap:anywhere;position:relative}"
    ".sheet td:empty{display:none}"
    ".sheet td::before{position:absolute;left:0;width:104px;color:var(--soft);font-size:12px;line-height:21px}"
)
_PRINT = (
    "@page{size:A3;margin:12mm}@media print{html{font-size:10pt}nav{display:none}.wide{display:none}"
    ".narrow{display:block}.narrow svg{min-width:0}"
    "figure{overflow:visible;break-after:page;break-inside:avoid}figure svg{max-height:98vh}"
    "h2{margin:0 0 12px}.sheet{padding:0;overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}}"
)
