"""``entente timeline``: a case on one time axis, printed, and as a picture and a page that stand by themselves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from entente.cli.instants import instant as instant_of
from entente.cli.output import InputError, as_json, console, show_json

if TYPE_CHECKING:
    from entente.cli.scenario import Scenario
    from entente.domain.relations.chronicle import Chronicle


@click.command("timeline")
@click.argument("case", metavar="SCENARIO", type=click.Path(path_type=Path))
@click.option("--at", metavar="INSTANT", help="As it was known then; after the last step where it is left out.")
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
    case: Path,
    at: str | None,
    lang: str,
    svg: Path | None,
    html: Path | None,
    closer: tuple[str, ...],
    width: int,
    as_json: bool,
) -> None:
    """Show a case on one time axis: status in each view, acts, measures, talks, meetings, statements, exchanges.

    SCENARIO is a scenario's folder or file; it is read, not played, and no node is needed. What is under embargo at the
    instant is left out. Picture and page stand by themselves: no script, nothing fetched.

    \b
    Example: entente timeline examples/scenarios/jp-kr-2016-2023 --svg case.svg --html case.html
    """
    from entente.cli.scenario_parse import load_scenario

    found = load_scenario(case)
    chronicle = chronicle_of(found, None if at is None else instant_of(at, "--at"))
    windows = tuple(_window(each) for each in closer) or None
    written = []
    if svg is not None:
        from entente.cli.timeline_svg import Look, draw

        written.append(_write(svg, draw(chronicle, lang, Look(width=width, closer=windows))))
    if html is not None:
        from entente.cli.timeline_html import page

        written.append(_write(html, page(chronicle, lang, windows)))
    if as_json:
        show_json(
            {"title": dict(chronicle.title), "zone": chronicle.zone, "marks": marks(chronicle, lang), "files": written}
        )
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


def chronicle_of(case: "Scenario", at: int | None) -> "Chronicle":
    """The chronicle of a scenario's first part, as its file tells it; ``at`` in ms."""
    from entente.cli.scenario_record import record_of
    from entente.domain.relations.chronicle import build

    record = record_of(case)
    now = case.parts[0].steps[-1].at if at is None else at
    return build(record.agreements, record.acts, record.matters(now), record.exchanges, record.series(now), at=now)


def marks(chronicle: "Chronicle", lang: str) -> list[dict[str, object]]:
    """Every mark in order of time, in one language; instants in UTC."""
    from entente.domain.agreement.instants import format_instant

    return [
        {
            "at": format_instant(mark.at),
            "lane": mark.lane,
            "who": list(mark.who),
            "title": mark.title[lang],
            "form": mark.form,
        }
        for mark in chronicle.marks
    ]


def _print(chronicle: "Chronicle", lang: str) -> None:
    from entente.cli import screens
    from entente.domain.agreement.instants import format_instant

    click.echo(chronicle.title[lang])
    grid = screens.table(chronicle.zone, "lane", "who", "what", folds=["what"])
    for mark in chronicle.marks:
        when = screens.local(format_instant(mark.at), chronicle.zone, exact=False)
        grid.add_row(when, mark.lane, ", ".join(mark.who), mark.title[lang])
    console().print(grid)


def _write(path: Path, text: str) -> str:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError("EXISTS", f"{path} exists already", "Name a new file; nothing was overwritten.") from None
    except OSError as error:
        raise InputError("NO_FILE", f"{path} cannot be written: {error.strerror}", "Name another file.") from error
    return str(path.absolute())
