"""``entente status``, ``agreement show`` and ``agreement propose``: what stands, what is next, why release stops."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target, agreement_argument, directory, output_path
from entente.cli.instants import instant
from entente.cli.output import as_json, show_json

if TYPE_CHECKING:
    from rich.text import Text


@click.command("status")
@directory
@as_json
def status(directory: Path, as_json: bool) -> None:
    """Show the node at a glance: its agreements, what comes due, its peers, the inbox, and its alarms.

    \b
    Example: entente status /var/lib/entente
    """
    target = Target(directory)
    node = target.call("node.status")
    items = _items(target.call("item.register"))
    ringing = [(each, line) for each in node["agreements"] for line in _ringing(target, each["agreement"])]
    drafts = target.call("draft.list")
    if as_json:
        show_json({**target.answer(**node), "drafts": drafts, "items": items, "ringing": [line for _, line in ringing]})
        return
    from entente.cli import screens
    from entente.cli.output import console

    zone = node["agreements"][0]["zone"] if node["agreements"] else "UTC"
    screens.heading(target, screens.moment(node["now"], zone))
    if not node["agreements"]:
        click.echo(f"No agreement yet. Put one forward: entente agreement propose {directory} FILE")
    for agreement in node["agreements"]:
        _line(agreement)
    for agreement, line in ringing:
        rings(directory, line, agreement["zone"], agreement["agreement"] if len(node["agreements"]) > 1 else None)
    for party, peer in node["peers"].items():
        heard = screens.local(peer["last_heard"], zone)
        console().print(f"{party}: link {peer['link']}, last heard {heard}, at {peer['address'] or 'no address'}")
    console().print(f"inbox: {items['unopened']} not opened" if items["unopened"] else "inbox: nothing waits")
    if drafts:
        ready = sum(draft["ready"] for draft in drafts)
        console().print(f"drafts: {len(drafts)}, of which {ready} can be sent; see: entente draft list {directory}")
    if items["unanswered"]:
        console().print(f"given: {items['unanswered']} not answered yet; see: entente register {directory} --given")
    if items["refused"]:
        console().print(f"refused on arrival: {items['refused']}; see: entente register {directory} --refused")
    _alarms(node)


def _ringing(target: Target, agreement: str) -> list[dict[str, Any]]:
    """The deadlines of an agreement whose alarm has rung and that no officer has acknowledged."""
    found = target.call("deadline.list", agreement=agreement)
    return [line for line in found if line["alarm"] is not None and line["alarm"]["acknowledged"] is None]


def rings(directory: Path, line: dict[str, Any], zone: str, agreement: str | None) -> None:
    """Show a deadline whose alarm rings, and what to type once it is seen; ``agreement`` where there are several."""
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console, plain

    day = line.get("day")
    text = plain(f"{line['what']}: {screens.day(day) if day else screens.local(line['at'], zone)}")
    which = f" --agreement {agreement[:16]}" if agreement is not None else ""
    console().print(Text.assemble(("DUE ", "bold yellow"), text), soft_wrap=True)
    seen = f"  seen? entente deadlines acknowledge {directory} {line['alarm']['id']} --person ID{which}"
    console().print(seen, soft_wrap=True)


def _items(lines: list[dict[str, Any]]) -> dict[str, int]:
    """How many items wait for a person or for an answer, and how many came that this party refused."""
    return {
        "unopened": sum(line["direction"] == "held" and line["opened"] is None for line in lines),
        "unanswered": sum(line["direction"] == "given" and line["answered"] is None for line in lines),
        "refused": sum(line["direction"] == "refused" for line in lines),
    }


def _line(agreement: dict[str, Any]) -> None:
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console

    name = agreement["name"] or agreement["agreement"][:16]
    line = Text.assemble((name, "bold"), "  ", headline(agreement))
    views = [f"{party}: {_phase(view, agreement['zone'])}" for party, view in agreement["views"].items()]
    console().print(line)
    console().print(f"  {'; '.join(views)}")
    if agreement["next_change"]:
        console().print(f"  next change {screens.moment(agreement['next_change'], agreement['zone'])}")
    if not agreement["ready"]:
        console().print(Text("  START_UNCHECKED: nothing may be written until a peer has confirmed this log", "red"))


def headline(shown: dict[str, Any]) -> "Text":
    """Whether release is allowed, by the status and by this party's own prudence."""
    from rich.text import Text

    allowed = shown["release_allowed"] and not shown.get("own_prudence")
    line = Text("RELEASE ALLOWED", "bold green") if allowed else Text("RELEASE REFUSED", "bold red")
    return line.append("  the parties' views differ", "yellow") if shown["disputed"] else line


def _phase(view: dict[str, Any], zone: str) -> str:
    from entente.cli import screens

    words = str(view["phase"]).replace("_", " ")
    if view["phase"] == "notice_running" and view["ends_at"]:
        words += f", ends {screens.local(view['ends_at'], zone)}"
    return words


def _alarms(node: dict[str, Any]) -> None:
    from rich.text import Text

    from entente.cli.output import console

    for name, text in node["alarms"].items():
        console().print(Text.assemble(("ALARM ", "bold red"), f"{name}: {text}"))
    for found in node["evidence"]:
        text = f"evidence against {found['party']} is kept since {found['at']}"
        console().print(Text.assemble(("ALARM ", "bold red"), text))


@click.command("propose")
@directory
@click.argument("document", metavar="FILE", type=click.Path(path_type=Path))
@as_json
def propose(directory: Path, document: Path, as_json: bool) -> None:
    """Put an agreement document before the other parties. It binds nobody until every party has signed.

    \b
    Example: entente agreement propose /var/lib/entente jp-kr-2016.toml
    """
    target = Target(directory)
    answer = target.call("agreement.propose", path=output_path(document))
    if as_json:
        show_json(target.answer(**answer))
        return
    kind = "SIMULATED " if target.simulated else ""
    click.echo(f"{kind}{target.party} has proposed the agreement {answer['agreement']}.")
    second = " --second-office ID" if _two_persons(document) else ""
    click.echo(f"Sign it: entente act sign {directory} --document {document} --office treaty{second}")


def _two_persons(document: Path) -> bool:
    """Whether the document asks for two offices to sign an act under it."""
    from entente.domain.agreement.document import parse_agreement

    return parse_agreement(document.read_bytes()).notices.two_persons


@click.command("show")
@directory
@agreement_argument
@click.option("--at", metavar="INSTANT", help="At another instant than now.")
@as_json
def show(directory: Path, agreement: str | None, at: str | None, as_json: bool) -> None:
    """Show an agreement's status as the node's record gives it, this party's own view first.

    \b
    Example: entente agreement show /var/lib/entente --at 2019-11-22T23:59:59+09:00
    """
    from entente.domain.agreement.instants import format_instant

    target = Target(directory)
    when = format_instant(instant(at, "--at")) if at is not None else None
    shown = target.call("agreement.status", agreement=agreement, at=when)
    if as_json:
        show_json(target.answer(**shown))
        return
    _show(target, shown)


def _show(target: Target, shown: dict[str, Any]) -> None:
    from rich.text import Text

    from entente.cli import screens
    from entente.cli.output import console
    from entente.cli.terms import documents_of, in_force, own_zone

    zone = own_zone(target, shown, in_force(target, shown, documents_of(target, shown["agreement"])))
    out = console()
    screens.heading(target, f"{shown['name'] or shown['agreement'][:16]}  {screens.words(shown['title'])}")
    out.print(Text(f"at {screens.moment(shown['at'], zone)}", "dim"))
    out.print()
    out.print(headline(shown))
    out.print(_side_by_side(shown, zone))
    if shown["next_change"]:
        out.print(f"Next change  {screens.moment(shown['next_change'], zone)}, in {_countdown(shown)}")
    else:
        out.print("No further change follows from the acts so far.")
    for text in (shown["own_prudence"],) if isinstance(shown["own_prudence"], str) else ():
        out.print(Text.assemble(("OWN_ACT_PENDING", "bold"), f"  {text}"))
    if shown["reasons"]:
        out.print()
        screens.reasons(shown["reasons"])
    for refused in shown["refused"]:
        out.print(Text(f"Refused act {refused['act']}  {refused['code']}  {refused['text']}"))
    out.print("\nWhat was provided stays protected, whatever the status.", style="dim")


def _countdown(shown: dict[str, Any]) -> str:
    from entente.cli import screens
    from entente.domain.agreement.instants import parse_instant

    return screens.span(parse_instant(shown["next_change"]) - parse_instant(shown["at"]))


def _side_by_side(shown: dict[str, Any], zone: str) -> Any:
    from rich.text import Text

    from entente.cli import screens

    views = shown["views"]
    grid = screens.table("", *views)
    rows: dict[str, list[str | Text]] = {
        "phase": [Text(str(v["phase"]).replace("_", " "), screens.PHASES.get(v["phase"], "")) for v in views.values()],
        "ends at": [screens.local(v["ends_at"], zone) for v in views.values()],
        "last day": [v["last_day"] or "-" for v in views.values()],
        "next boundary": [v["next_boundary"] or "-" for v in views.values()],
        "notice deadline": [v["notice_deadline"] or "-" for v in views.values()],
        "reading": [v["reading"] or "not declared (counted as asleep)" for v in views.values()],
        "terms": [v["terms_version"][:16] for v in views.values()],
    }
    for name, cells in rows.items():
        grid.add_row(Text(name, "dim"), *cells)
    return grid
