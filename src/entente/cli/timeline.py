"""``entente timeline``: a record on one time axis, printed, and as a picture and a page that stand by themselves."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entente.cli.instants import instant as instant_of
from entente.cli.output import InputError, as_json, console, plain, show_json

if TYPE_CHECKING:
    from entente.cli.timeline_rows import Row
    from entente.domain.relations.chronicle import Chronicle


@click.command("timeline")
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("--agreement", metavar="A", help="Of a node: name or digest of the agreement, where there are several.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="For evidence: a party's root card, got from the party and not with the evidence. One for each party.",
)
@click.option(
    "--at",
    metavar="INSTANT",
    help="As it was known then. Left out: at the node's instant, or after the last step or entry.",
)
@click.option("--lang", default="en", type=click.Choice(["en", "ja", "ko"]), help="The language of words and picture.")
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path), help="Write the picture there.")
@click.option(
    "--html", metavar="FILE", type=click.Path(path_type=Path), help="Write a page in all three languages there."
)
@click.option(
    "--closer",
    "closer",
    multiple=True,
    metavar="WINDOW",
    help="A stretch to draw larger, as INSTANT/INSTANT; may be repeated. Left out: around the end of the agreement.",
)
@click.option("--width", default=1280, type=click.IntRange(800, 4000), metavar="PIXELS", help="Of the picture.")
@as_json
def timeline(
    source: Path,
    agreement: str | None,
    roots: tuple[Path, ...],
    at: str | None,
    lang: str,
    svg: Path | None,
    html: Path | None,
    closer: tuple[str, ...],
    width: int,
    as_json: bool,
) -> None:
    """Show a record on one time axis: status in each view, acts, measures, talks, meetings, statements, exchanges.

    SOURCE is the directory of a running node, or an evidence file, or a scenario's folder or file. Evidence is verified
    first, as entente verify does it with the same root cards; nothing is drawn of a file in which anything is found
    wanting. A scenario is read, not played. What is under embargo at the instant is left out, and of a node always what
    is under embargo now. Picture and page stand by themselves: no script, nothing fetched.

    \b
    Example: entente timeline /var/lib/entente --svg record.svg --html record.html
    """
    from entente.cli.timeline_source import tell
    from entente.domain.agreement.instants import format_instant

    told = tell(source, agreement, roots, None if at is None else instant_of(at, "--at"))
    chronicle = told.chronicle
    windows = tuple(_window(each) for each in closer) or None
    made: list[tuple[Path, str]] = []
    if svg is not None:
        from entente.cli.timeline_svg import Look, draw

        made.append((svg, draw(chronicle, lang, Look(width=width, closer=windows))))
    if html is not None:
        from entente.cli.timeline_html import page

        made.append((html, page(chronicle, lang, windows)))
    written = _write(made)
    if as_json:
        show_json({
            **told.facts, "title": dict(chronicle.title), "zone": chronicle.zone, "at": format_instant(chronicle.at),
            "source": dict(chronicle.source), "marks": marks(chronicle, lang), "files": written,
        })  # fmt: skip
        return
    _print(chronicle, lang)
    for path in written:
        click.echo(f"Written: {path}")


def _window(text: str) -> tuple[int, int]:
    begins, _, ends = text.partition("/")
    found = instant_of(begins, "--closer"), instant_of(ends, "--closer")
    if found[0] >= found[1]:
        raise InputError("BAD_INSTANT", f"--closer: {text} ends before it begins", "Write the earlier instant first.")
    return found


def marks(chronicle: "Chronicle", lang: str) -> list[dict[str, object]]:
    """Every mark in order of time, in one language; instants in UTC."""
    from entente.cli.timeline_words import became
    from entente.domain.agreement.instants import format_instant

    return [
        {
            "at": format_instant(mark.at),
            "lane": mark.lane,
            "who": list(mark.who),
            "title": mark.title[lang],
            "form": mark.form,
            "became": became(mark, lang),
            "rests": list(mark.rests),
        }
        for mark in chronicle.marks
    ]


def _print(chronicle: "Chronicle", lang: str) -> None:
    from entente.cli import screens
    from entente.cli.timeline_rows import rows
    from entente.cli.timeline_words import COLUMNS
    from entente.domain.agreement.instants import format_instant
    from entente.domain.relations.chronicle_words import said

    click.echo(plain(said(chronicle.source, lang)))
    click.echo(plain(said(chronicle.title, lang)))
    heads = [said(COLUMNS[column], lang).format(chronicle.zone) for column in ("local", "lane", "who", "what")]
    grid = screens.table(*heads, folds=heads[1:])
    for row in rows(chronicle, lang, single=None):
        when = screens.local(format_instant(row.at), chronicle.zone, exact=False)
        lane = "\n".join(filter(None, (row.group, row.matter)))
        grid.add_row(when, lane, row.who, plain(_what(chronicle, row, lang)))
    console().print(grid)


def _what(chronicle: "Chronicle", row: "Row", lang: str) -> str:
    """What a row says, until when; of an item also where it stands in the register of the node that was asked."""
    from entente.cli.timeline_rows import moment
    from entente.cli.timeline_words import UNTIL
    from entente.domain.relations.chronicle_words import bracketed, said

    ends = None if row.until is None else moment(row.until, chronicle.zone, after=row.at)
    what = row.what if ends is None else bracketed(row.what, said(UNTIL, lang).format(ends), lang)
    return bracketed(what, row.register, lang) if row.register else what


def _write(made: list[tuple[Path, str]]) -> list[str]:
    """Write every file or none: all are opened as new ones before the first is written."""
    opened: list[Path] = []
    try:
        with ExitStack() as files:
            handles = []
            for path, _ in made:
                handles.append(files.enter_context(path.open("x", encoding="utf-8")))
                opened.append(path)
            for handle, (_, text) in zip(handles, made, strict=True):
                handle.write(text)
    except OSError as error:
        for each in opened:
            each.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise InputError("EXISTS", f"{path} exists already", "Name a new file; nothing was written.") from None
        raise InputError("NO_FILE", f"{path} cannot be written: {error.strerror}", "Name another file.") from error
    return [str(path.absolute()) for path in opened]
