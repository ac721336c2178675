"""Who approves: the options that ``release``, ``cancel`` and ``standing`` share, and what an earlier item was."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click

from entente.cli.client import Target
from entente.cli.output import InputError

draft_option = click.option(
    "--draft",
    metavar="PERSON",
    help="Sign nothing yet: keep it at the node as a draft of this person, for the offices named to approve.",
)


class Approver(NamedTuple):
    """An office, by its key, and a pseudonymous id of the person within it."""

    office: str
    person: str


class Approved(NamedTuple):
    """By whom an item is approved, or the standing release under which it goes without an approval of its own."""

    by: tuple[Approver, ...]
    standing: str | None
    yes: bool

    def check(self, target: Target) -> None:
        """Refuse, before anything is prepared, an office whose key is not here.

        Raises:
            CommandError: it is not.
        """
        from entente.cli.signing import check_office

        for approver in self.by:
            check_office(target, approver.office)

    def words(self) -> str:
        """What a screen says of it."""
        named = "; ".join(f"{each.person} of office {each.office}" for each in self.by)
        return named or f"the standing release {self.standing}"

    def still(self) -> str:
        """What the gate still lacks, as the end of a sentence."""
        return " but the approval" if self.by else ""


def signer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--office``, ``--person`` and those of a second person; the command is given ``by``, the approvers.

    Raises:
        click.UsageError: half of an approver is named.
    """

    @wraps(command)
    def named(*args: Any, office: str | None, person: str | None, second_office: str | None, second_person: str | None,
              **given: Any) -> Any:  # fmt: skip
        by = []
        for one, other, names in (
            (office, person, "--office and --person"),
            (second_office, second_person, "--second-office and --second-person"),
        ):
            if (one is None) != (other is None):
                raise click.UsageError(f"{names} go together")
            if one is not None and other is not None:
                by.append(Approver(one, other))
        return command(*args, by=tuple(by), **given)

    for option in (
        click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option("--second-person", metavar="ID", help="The second person."),
        click.option("--second-office", metavar="ID", help="The second person's office, where the terms ask for two."),
        click.option("--person", metavar="ID", help="Who approves in it: an id known inside the office."),
        click.option("--office", metavar="ID", help="The office that approves."),
    ):
        named = option(named)
    return named


def approval_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of :func:`signer_options` and ``--standing``; the command is given ``approved``.

    Raises:
        click.UsageError: neither an approver nor a standing release is named, or both.
    """

    def chosen(*args: Any, by: tuple[Approver, ...], standing: str | None, yes: bool, **given: Any) -> Any:
        if (standing is None) == (not by):
            raise click.UsageError("name --office and --person, or --standing: one of them lets an item go")
        return command(*args, approved=Approved(by, standing, yes), **given)

    wrapped = signer_options(wraps(command)(chosen))
    return click.option(
        "--standing", metavar="ID", help="The standing release under which it goes; nobody signs then."
    )(wrapped)


def lines_of(target: Target, agreement: str | None, item: str) -> list[dict[str, Any]]:
    """The register's lines of an item that this party gave.

    Raises:
        InputError: there are none.
    """
    given = target.call("item.register", direction="given", agreement=agreement)
    lines = [line for line in given if line["item"] == item and line["held"]]
    if not lines:
        raise InputError("NO_SUCH_ITEM", f"this party gave no item {item!r}", "See: entente register --given")
    return lines


def as_original(target: Target, agreement: str | None, item: str, given: dict[str, Any]) -> dict[str, Any]:
    """What an update leaves unsaid, taken from the item: to those who have it, at its precedence."""
    lines = lines_of(target, agreement, item)
    have = tuple(line["party"] for line in lines if not line["state"].startswith("refused: "))
    return given | {
        "recipients": given["recipients"] or have,
        "precedence": given["precedence"] or lines[0]["precedence"],
    }
