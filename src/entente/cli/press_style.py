"""How press pages look: by day and by night, wide and narrow, on paper."""

from collections.abc import Sequence

from entente.cli.timeline_style import COLOURS, FONTS, FONTS_BY_LANGUAGE

_USED = ("paper", "ink", "soft", "line", "grid", "party1")


def style(langs: Sequence[str]) -> str:
    """The style of a page with blocks in these languages (``[a-z]{2,3}``), of which the first is shown at first."""
    fonts = "".join(f":lang({lang}){{font-family:{names}}}" for lang, names in FONTS_BY_LANGUAGE.items())
    return (
        f":root{{color-scheme:light dark;{_colours(night=False)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_colours(night=True)}}}}}"
        f"body{{font-family:{FONTS}}}{fonts}:lang(ko){{word-break:keep-all}}{_PAGE}{_switch(langs)}{_PRINT}"
    )


def _colours(*, night: bool) -> str:
    return "".join(f"--{name}:{COLOURS[name].night if night else COLOURS[name].day};" for name in _USED)


def _switch(langs: Sequence[str]) -> str:
    """One block at a time: the one that the address names, else the first. All of them where a browser cannot tell."""
    if len(langs) < 2:
        return ""
    chosen = ",".join(f'body:has(#{lang}:target) nav a[href="#{lang}"]' for lang in langs)
    return (
        "@supports selector(:has(a)){main>article{display:none}"
        "main>article:target,main:not(:has(>article:target))>article:first-of-type{display:block}"
        f"{chosen},body:not(:has(article:target)) nav a:first-child"
        "{color:var(--paper);background:var(--ink);border-color:var(--ink)}}"
    )


_PAGE = (
    "html{background:var(--paper);color:var(--ink)}"
    "body{margin:0;font-size:1.0625rem;line-height:1.65;overflow-wrap:break-word}"
    "main,nav,.exercise p{max-width:46rem;margin:0 auto;padding:0 1.25rem}main{padding-bottom:4rem}"
    ".exercise{padding:.6rem 0;background:var(--party1);color:var(--paper);font-size:.9rem;font-weight:600;"
    "line-height:1.5}"
    "nav{display:flex;flex-wrap:wrap;gap:.5rem;justify-content:flex-end;padding-top:1.25rem}"
    "nav a{border:1px solid var(--line);border-radius:999px;padding:.1rem .9rem;font-size:.9rem;text-decoration:none}"
    "a{color:inherit;text-underline-offset:.2em;text-decoration-color:var(--soft)}"
    "a:focus-visible{outline:2px solid var(--ink);outline-offset:3px}"
    "article{padding-top:2.25rem;scroll-margin-top:100vh}"
    "header{border-bottom:1px solid var(--line);padding-bottom:1.1rem;margin-bottom:1.75rem}"
    ".who{font-weight:600;margin:0}.who span+span:before{content:'·';padding:0 .5em;font-weight:400}"
    ".who span span:before{content:none}"
    ".kind{color:var(--soft);margin:0;font-size:.95rem}"
    "h1{font-size:1.75rem;line-height:1.3;font-weight:600;margin:.5rem 0 1.1rem;text-wrap:balance}"
    "h2{font-size:1.15rem;line-height:1.4;font-weight:600;margin:0 0 .3rem}h3{font-size:1.05rem;margin:1rem 0 .3rem}"
    "p{margin:.8rem 0}.text p,blockquote p,.answer p{white-space:pre-line}"
    ".facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;margin:0;font-size:.9rem}"
    ".facts dt,.quiet,footer,.when{color:var(--soft)}.facts dd,.facts dd p{margin:0}.quiet,.when{font-size:.9rem}"
    ".facts,.when,time{font-variant-numeric:tabular-nums}"
    ".notice{border-left:3px solid var(--party1);padding:.1rem 0 .1rem 1rem;margin:0 0 1.75rem}"
    ".notice strong,.mark{color:var(--party1);font-weight:600}"
    "section{border-top:1px solid var(--line);margin-top:2.25rem;padding-top:1.25rem}"
    "section>.quiet{margin:.2rem 0 .8rem}blockquote{border-left:3px solid var(--line);margin:.8rem 0;padding-left:1rem}"
    "blockquote p{margin:.4rem 0}.earlier{color:var(--soft)}.earlier h3{margin-top:1.25rem}"
    "footer{border-top:1px solid var(--line);margin-top:3rem;padding-top:.9rem;font-size:.9rem}"
    "footer p{margin:.25rem 0}"
    ".list{list-style:none;margin:0;padding:0}.list li{border-bottom:1px solid var(--grid);padding:1rem 0}"
    ".list li:first-child{padding-top:0}.list li:last-child{border-bottom:0}.list p{margin:0}"
    ".list .title{font-size:1.15rem;line-height:1.45;font-weight:600;margin:.15rem 0}"
    "@media(max-width:30rem){h1{font-size:1.4rem}.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.4rem}}"
)
_PRINT = (
    "@page{margin:20mm}@media print{nav{display:none}body{font-size:11pt}main,.exercise p{max-width:none;padding:0}"
    ".exercise{margin:0;border:1px solid;color:var(--ink);background:none}section,footer{break-inside:avoid}}"
)
