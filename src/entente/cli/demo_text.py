"""How the demo shows what it played: a line for each event, the views where they matter, what was measured.

Plain text of at most 100 columns, the same with and without a terminal; colour where there is one. Loaded only when
somebody reads: programs ask for JSON.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from entente.cli.output import console
from entente.cli.play import Checked, Line, PartPlayed
from entente.cli.scenario import MAX_TITLE, Scenario
from entente.cli.screens import PHASES
from entente.domain.agreement.calendar import zone as zone_of
from entente.domain.agreement.instants import EPOCH, parse_instant

TIME, STATE = 23, 33
"""Columns of the instant and of the state; with the title and the article a line fits 100."""
BANNER = "SIMULATED CLOCK - EXERCISE DATA / 演習 / 연습"


class DemoText:
    """Prints a scenario as it is played."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._out: Console = console()
        self._last = ""

    def opening(self) -> None:
        """What is about to be played, and that nothing of it is real."""
        title = self._scenario.title
        self._print(Text(" / ".join(title.values()), "bold"))
        self._print(Text(BANNER, "bold magenta"))

    def part(self, title: str, replayed: int, set_up: float) -> None:
        """The heading of a part, its nodes ready after ``set_up`` seconds."""
        self._print(Text())
        self._print(Text(title, "bold"))
        nodes = f"{len(self._scenario.agreement.parties)} node processes over loopback TLS, ready in {set_up:.1f} s"
        again = f"; the {replayed} steps up to here played again" if replayed else ""
        self._print(Text(nodes + again, "dim"))
        self._row(self._zone_name(), "event", "state", "Art.", style="dim")

    def line(self, line: Line) -> None:
        """An event, where it has a title."""
        if line.title:
            article = line.reasons[0]["rests_on"] if line.reasons else line.article
            style = "red" if "refused" in line.outcome or _phases(line.status) == {"ended"} else ""
            self._row(self._local(line.at), line.title, self._state(line), article, style=style)
        if line.views:
            self._views(line.status)

    def closing(self, played: PartPlayed) -> None:
        """What was measured, and what an offline check of every party's evidence found."""
        self._print(Text())
        for line in played.lines:
            if line.title and "receipt_ms" in line.measured:
                figures = line.measured
                self._print(
                    f"measured: {line.title}: {figures['bytes']:,.0f} bytes, held in {figures['held_ms']:,.1f} ms, "
                    f"receipt in {figures['receipt_ms']:,.1f} ms"
                )
        for checked in played.evidence:
            self._checked(checked)
        for failure in played.failures:
            self._print(Text(f"NOT AS EXPECTED: {failure}", "bold red"))

    def say(self, words: str) -> None:
        """A line of words."""
        self._print(words)

    # Cells

    def _state(self, line: Line) -> str:
        figures = line.measured
        match line.outcome:
            case "received":
                return f"received, {figures['held_ms']:,.1f} ms measured"
            case "queued":
                return "released, queued: no link"
            case "refused":
                return f"refused: {line.reasons[0]['code']}" if line.reasons else "refused"
            case "as given":
                return f"{figures['bytes']:,.0f} bytes, as they were given"
            case "exported":
                return f"{figures['bytes']:,.0f} bytes, sealed"
        if line.step == "cut":
            return "no link between the nodes"
        if line.step == "relate":
            return line.outcome
        return line.outcome if " refused, " in line.outcome else self._status(line.status)

    def _status(self, status: Mapping[str, Any]) -> str:
        views = status.get("views", {})
        if len(_phases(status)) != 1:
            allowed = "allowed" if status.get("release_allowed") else "refused"
            return f"the views differ; release {allowed}"
        view = next(iter(views.values()))
        phase: str = view["phase"]
        if phase == "notice_running" and view["ends_at"]:
            return f"notice runs to {self._local(parse_instant(view['ends_at']))[:16]}"
        if phase == "ended" and view["ends_at"]:
            return f"ended at {self._local(parse_instant(view['ends_at']))[:16]}"
        if phase == "in_force" and view["next_boundary"]:
            return f"in force, term to {view['next_boundary']}"
        words = phase.replace("_", " ")
        return f"{words}, release allowed" if status["release_allowed"] else words

    def _views(self, status: Mapping[str, Any]) -> None:
        """The parties' views side by side."""
        indent, name, wide = " " * (TIME + 2), 15, 24
        views = status["views"]

        def row(*cells: str, style: str = "") -> None:
            padded = (_fit(cell, width) for cell, width in zip(cells, (name, *[wide] * len(views)), strict=True))
            self._print(Text(indent + "".join(padded).rstrip(), style))

        row("view of", *views, style="bold")
        row("phase", *(view["phase"].replace("_", " ") for view in views.values()))
        row("reading", *(view["reading"] or "not declared" for view in views.values()))
        row("ends at", *(self._ends(view) for view in views.values()))
        row("notice until", *(view["notice_deadline"] or "-" for view in views.values()))
        disputed = "the views differ" if status["disputed"] else "the views agree"
        self._print(f"{indent}{disputed}; release {'allowed' if status['release_allowed'] else 'refused'}")

    def _ends(self, view: Mapping[str, Any]) -> str:
        return self._local(parse_instant(view["ends_at"]))[:16] if view["ends_at"] else "extends by itself"

    def _checked(self, checked: Checked) -> None:
        words = (
            f"entente verify, {checked.party}'s file: {checked.entries:,} entries in {checked.logs} logs, "
            f"{checked.bytes:,} bytes, measured {checked.took_ms:,.0f} ms: "
        )
        verdict = Text("OK", "bold green") if checked.ok else Text(f"NOT OK: {checked.first_bad}", "bold red")
        self._print(Text(words).append(verdict))

    # Lines

    def _row(self, instant: str, title: str, state: str, article: str, *, style: str = "") -> None:
        cells = (_fit(instant, TIME), _fit(title, MAX_TITLE), _fit(state, STATE))
        self._print(Text("  ".join((*cells, article)).rstrip(), style))

    def _print(self, words: str | Text) -> None:
        self._out.print(words, soft_wrap=True, markup=False)

    def _local(self, at: int) -> str:
        moment = (EPOCH + timedelta(milliseconds=at)).astimezone(zone_of(self._scenario.zone))
        return moment.strftime("%Y-%m-%d %H:%M:%S") + f".{at % 1000:03d}"

    def _zone_name(self) -> str:
        at = self._scenario.parts[0].steps[-1].at
        return (EPOCH + timedelta(milliseconds=at)).astimezone(zone_of(self._scenario.zone)).tzname() or "time"


def _phases(status: Mapping[str, Any]) -> set[str]:
    return {view["phase"] for view in status.get("views", {}).values()}


def _fit(words: str, width: int) -> str:
    return words + " " * max(0, width - cell_len(words))


__all__ = ["BANNER", "PHASES", "DemoText"]
