"""What is alike on every screen of a node: whose it is, SIMULATED and EXERCISE in words, instants in two zones.

Loaded only when somebody reads: programs ask for JSON.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from entente.cli.client import Target
from entente.cli.output import console, plain
from entente.domain.agreement.calendar import zone as zone_of
from entente.domain.agreement.instants import EPOCH, parse_day, parse_instant
from entente.domain.agreement.terms import article_in_words
from entente.domain.relations.chronicle_words import day_in_words

REALITY: Mapping[str, tuple[str, str]] = {
    "actual": ("ACTUAL", "bold red"),
    "exercise": ("EXERCISE", "bold cyan"),
    "test": ("TEST", "bold cyan"),
}
PHASES: Mapping[str, str] = {
    "in_force": "green",
    "notice_running": "yellow",
    "notice_suspended": "yellow",
    "suspended": "red",
    "ended": "red",
    "unknown": "red",
}


def heading(target: Target, *more: str) -> None:
    """The first line of a screen: the party, and that its time is simulated where it is."""
    line = Text.assemble((target.party, "bold"))
    if target.simulated:
        line.append("  SIMULATED", "bold magenta")
    for part in more:
        line.append(f"  {part}")
    console().print(line)


def reality(value: str | None) -> Text:
    """Real or exercise, in words."""
    words, style = REALITY.get(value or "", ("REALITY NOT STATED", "bold red"))
    return Text(words, style)


def local(instant: str | None, zone: str, *, exact: bool = True) -> str:
    """An instant (RFC 3339) as local time, to the second, or to the millisecond where it has some; "-" for none.

    Where a list is narrow, ``exact`` leaves the milliseconds out.
    """
    if instant is None:
        return "-"
    at = parse_instant(instant)
    moment = (EPOCH + timedelta(milliseconds=at)).astimezone(zone_of(zone))
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{at % 1000:03d}" if exact and at % 1000 else "")


def short(instant: str | None, zone: str) -> str:
    """An instant as local time to the minute, for lists: what is exact stands where one looks at it alone."""
    return local(instant, zone, exact=False)[:16]


def moment(instant: str | None, zone: str) -> str:
    """An instant in the zone and in UTC; "-" for none."""
    if instant is None:
        return "-"
    return instant if zone == "UTC" else f"{local(instant, zone)} {zone} ({instant})"


def day(date_: str) -> str:
    """A local day (ISO 8601) by whose end something is due: ``24 August 2019 (until midnight)``."""
    return f"{day_in_words(parse_day(date_), 'en')} (until midnight)"


def words(texts: Mapping[str, str]) -> str:
    """A text in English, or in the first language there is."""
    return plain(texts.get("en") or next(iter(texts.values()), ""))


def facts(rows: Iterable[tuple[str, str | Text]]) -> None:
    """Names and what they are, one pair a line."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(name, value if isinstance(value, Text) else Text(plain(value, lines=True)))
    console().print(Padding(grid, (0, 0, 0, 2), expand=False))


class Plain(Table):
    """A table whose cells are what they are: what somebody wrote into the record is no markup here."""

    def add_row(self, *cells: Any, **how: Any) -> None:
        """Add a row; text is taken as text."""
        shown = (Text(plain(cell, lines=True)) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, **how)


def table(*columns: str, folds: Collection[str] = ()) -> Table:
    """An empty table with these headings; the columns ``folds``, or all, take more lines where the screen is narrow."""
    grid = Plain(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        free = not folds or column in folds
        grid.add_column(column, overflow="fold", no_wrap=not free, min_width=10 if free else None)
    return grid


def reasons(found: Sequence[Mapping[str, Any]]) -> None:
    """Why something is refused or marked: code, article, what would remedy it."""
    out = console()
    for reason in found:
        blocks = "blocks release" if reason.get("blocks", True) else "for information"
        article = article_in_words(reason["rests_on"])
        out.print(Text.assemble((reason["code"], "bold"), f"  {blocks}, rests on {article}"))
        out.print(Padding(Text(reason["text"]), (0, 0, 0, 2)))
        out.print(Padding(Text(f"Remedy: {reason['remedy']}", "dim"), (0, 0, 0, 2)))


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1024:
        return f"{count} bytes"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024 or unit == "GiB":
            return f"{amount:.1f} {unit}"
    raise AssertionError


def span(milliseconds: int) -> str:
    """A length of time in its two largest units."""
    seconds = milliseconds // 1000
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours or minutes else f"{seconds} s"


def banner(line: str, value: str | None) -> None:
    """A banner, in the colour of its reality."""
    style = REALITY.get(value or "", ("", "bold red"))[1]
    console().print(Text(line, style))
