"""Where a timeline comes from: a node that is asked, evidence that is verified, or a scenario that is read.

Which of them a path is shows on what lies there; whatever is none of them is refused, and nothing is guessed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from entente.cli.output import InputError
from entente.cli.timeline_record import Record
from entente.cli.timeline_words import OF_SCENARIO
from entente.domain.marking.banner import EXERCISE
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.chronicle_words import Words, each

Kind = Literal["node", "evidence", "scenario"]
LOOK = 64 * 1024
"""Bytes of a file in which a scenario has named its schema."""


class Told(NamedTuple):
    """A chronicle, and what a program is told beside it: of a node always whose it is."""

    chronicle: Chronicle
    facts: Mapping[str, Any]


def tell(path: Path, agreement: str | None, roots: Sequence[Path], at: int | None) -> Told:
    """The chronicle of what a path names, as it was known at ``at`` (ms), or as late as its source goes.

    Raises:
        CommandError: the node refuses, the evidence is found wanting.
        InputError: it is no source, or an option does not belong to what it is.
    """
    kind = kind_of(path)
    if roots and kind != "evidence":
        raise InputError("BAD_OPTION", f"--root belongs to evidence; {path} is a {kind}", "Leave --root out.")
    if agreement is not None and kind != "node":
        raise InputError("BAD_OPTION", f"--agreement belongs to a node; {path} is not one", "Leave --agreement out.")
    if kind == "node":
        from entente.cli.timeline_node import of_node

        return Told(*of_node(path, agreement, at))
    if kind == "evidence":
        from entente.cli.timeline_evidence import of_evidence

        return Told(*of_evidence(path, roots, at))
    return _of_scenario(path, at)


def kind_of(path: Path) -> Kind:
    """What lies at a path.

    Raises:
        InputError: nothing that a timeline could be made of.
    """
    from entente.record.evidence import MAGIC

    if path.is_dir():
        if (path / "scenario.toml").is_file():
            return "scenario"
        if (path / "node.toml").is_file():
            return "node"
        raise _no_source(path)
    try:
        with path.open("rb") as file:
            data = file.read(LOOK)
    except OSError as error:
        raise InputError("CANNOT_READ", f"{path}: {error.strerror}", _REMEDY) from None
    if data.startswith(MAGIC):
        return "evidence"
    if b"entente/scenario/" in data:
        return "scenario"
    raise _no_source(path)


_REMEDY = "Name a node's directory, a file of: entente evidence export, or a scenario's folder or file."


def _no_source(path: Path) -> InputError:
    text = f"{path} is neither a node's directory, nor an evidence file, nor a scenario"
    return InputError("NO_SOURCE", text, _REMEDY)


def _of_scenario(path: Path, at: int | None) -> Told:
    from entente.cli.scenario_parse import read_scenario
    from entente.cli.scenario_record import record_of

    scenario = read_scenario(path)
    now = scenario.parts[0].steps[-1].at if at is None else at
    return Told(record_of(scenario).chronicle(now, scenario_source()), {})


def scenario_source() -> Words:
    """What stands in the heading of a scenario's timeline: whatever is in it is an exercise."""
    return each(lambda lang: f"{EXERCISE} – {OF_SCENARIO[lang]}")


def chronicle_of(record: Record, at: int, source: Words, own: str = "") -> Chronicle:
    """:meth:`.Record.chronicle`, its refusal one of a command.

    Raises:
        InputError: the record cannot be computed.
    """
    try:
        return record.chronicle(at, source, own)
    except ValueError as error:
        raise InputError("CANNOT_COMPUTE", str(error), "Look at it with: entente agreement status.") from error
