"""Write docs/spec/relations-states.md from the tables: ``python docs/spec/make_relations_states.py``."""

from pathlib import Path

from entente.domain.relations.fields import Field
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import KINDS
from entente.domain.relations.table import Table, Verb

OUTPUT = Path(__file__).with_name("relations-states.md")

HEAD = """\
# Matters, drawn

Generated from the tables in `src/entente/domain/relations/`; do not edit. The rules are in
[relations.md](relations.md).

`*` marks a field that must be said, `…` one that may be said several times. Under "then", `…` marks a state that the
step leads to once all that must have signed, agreed, been reached or acknowledged; until then the state stays. "none",
"may" and "must" say whether texts go beside the step.
"""

WHO = {"owner": "the owner", "other": "another party", "party": "any party"}


def text() -> str:
    """The page: for each kind its states drawn, then its verbs."""
    return HEAD + "".join(_kind(TABLES[kind]) for kind in KINDS)


def _kind(table: Table) -> str:
    lines = ["", f"## {table.kind.capitalize()}", "", table.help, "", "```mermaid", "stateDiagram-v2"]
    lines += _opening(table)
    for state in table.states:
        lines += _moves(table, state)
    lines += [f"    {state} --> [*]" for state in table.states if _is_last(table, state)]
    lines += ["```", "", "| verb | who | in | then | texts | fields |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [_row(name, verb) for name, verb in table.verbs.items()]
    return "\n".join(lines) + "\n"


def _opening(table: Table) -> list[str]:
    return [f"    [*] --> {verb.to}: {name}" for name, verb in table.verbs.items() if verb.opens]


def _moves(table: Table, state: str) -> list[str]:
    """The arrows out of a state, then the one that stays, with every verb that changes no state there."""
    here = {name: verb for name, verb in table.verbs.items() if state in verb.states}
    moves = [
        f"    {state} --> {to}: {name}"
        for name, verb in here.items()
        for to in (verb.to, *verb.settles)
        if to is not None and to != state
    ]
    stays = [name for name, verb in here.items() if verb.to is None]
    return moves + ([f"    {state} --> {state}: {', '.join(stays)}"] if stays else [])


def _is_last(table: Table, state: str) -> bool:
    """Whether no verb leads out of a state, though some may be said in it."""
    return all(verb.to in (None, state) and not verb.settles for verb in table.verbs.values() if state in verb.states)


def _row(name: str, verb: Verb) -> str:
    then = verb.to or (" or ".join(f"{state}…" for state in verb.settles) if verb.settles else "the same")
    fields = ", ".join(_field(field, spec) for field, spec in verb.fields.items())
    cells = (f"`{name}`", WHO[verb.who], ", ".join(verb.states) or "–", then, verb.texts, fields or "–")
    return f"| {' | '.join(cells)} |"


def _field(name: str, field: Field) -> str:
    marks = ("*" if field.required else "") + ("…" if field.many else "")
    return f"`{name}`{marks} {field.metavar.replace('|', ' / ')}"


if __name__ == "__main__":
    OUTPUT.write_text(text(), encoding="utf-8", newline="\n")
