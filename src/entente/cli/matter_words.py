"""Words around the steps of matters: an example of each as one types it, and what was done once it is written."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Kind, Text, wording
from entente.domain.relations.table import Verb

if TYPE_CHECKING:
    from entente.record.bodies import StepStatement

MAX_EXAMPLE = 80
"""Characters of a line of an example."""
JOINT = "jp-statement-48211907"
"""A joint statement is numbered apart (decision 0023)."""
TITLES: Mapping[Kind, str] = {
    "note": "", "measure": "Complaint on export licensing", "arrangement": "The complaint rests while talks go on",
    "dialogue": "Export control policy dialogue", "statement": "On the talks", "meeting": "Summit in Chengdu",
    "indicator": "Exports of three chemicals",
}  # fmt: skip
SAMPLES: Mapping[str, str] = {
    "note act": "kr-4", "note to": "jp", "note on": "2019-11-22T18:00:00+09:00", "of": "jp", "term": "wto",
    "to": "jp", "action": "questions", "round": "7", "wording": "9060b1d79b33", "arrangement on": "2020-05-22",
    "window": "2019-12-16T10:00:00+09:00/2019-12-16T19:00:00+09:00", "dialogue summary": "en='Answer the questions'",
    "meeting window": "2019-12-24T15:00:00+09:00/2019-12-24T16:00:00+09:00", "unit": "tonnes",
    "measure summary": "en='The panel is established'", "arrangement summary": "en='We hold the procedure'",
    "source": "'Customs statistics'",
}  # fmt: skip
"""What an example says of a field, by kind and field or by the field; else its title, or the first word to choose."""
DEEDS: Mapping[str, str] = {
    "note deliver": "the delivery of {matter} to {to} is claimed",
    "note acknowledge": "{matter} is acknowledged by {by}",
    "measure record": "what happened is noted in {matter}",
    "arrangement undertake": "term {term} of {matter} is undertaken",
    "arrangement reverse": "term {term} of {matter} is taken back",
    "arrangement report": "this party's view of {of}'s term {term} of {matter} is {kept}",
    "arrangement propose": "a common wording of {matter} is proposed: {texts}",
    "arrangement adopt": "wording {wording} of {matter} is signed",
    "arrangement review": "{matter} is to be looked at again on {on}",
    "dialogue convene": "round {round} of {matter} is convened",
    "dialogue postpone": "round {round} of {matter} is put to another time",
    "dialogue cancel": "round {round} of {matter} is cancelled",
    "dialogue hold": "round {round} of {matter} is held",
    "dialogue minute": "this party's own record of round {round} of {matter} is there",
    "dialogue propose_minutes": "minutes of round {round} of {matter} are proposed: {texts}",
    "dialogue adopt_minutes": "minutes {wording} of round {round} of {matter} are signed",
    "dialogue assign": "action {action} of {matter} is {to}'s to do",
    "dialogue done": "action {action} of {matter} is done",
    "statement propose": "{matter} is proposed: {texts}",
    "statement adopt": "wording {wording} of {matter} is signed",
    "statement confirm": "what {matter} claims is confirmed",
    "statement contest": "what {matter} claims is contested",
    "statement correct": "{matter} is corrected",
    "meeting counter": "other windows are on the table of {matter}",
    "meeting agree": "{by} agrees to a window of {matter}",
    "meeting record": "this party's own record of {matter} is there",
    "meeting propose_record": "a joint record of {matter} is proposed: {texts}",
    "meeting adopt_record": "record {wording} of {matter} is signed",
    "indicator observe": "figures are taken into {matter}",
}
"""What a step did, by its kind and verb, where the state of its matter does not say it."""


def done(statement: "StepStatement", state: str) -> str:
    """What a written step did, made from its verb and fields; ``state`` is its matter's now."""
    table = next(table for kind, table in TABLES.items() if kind == statement.kind)
    verb = table.verb(statement.verb)
    stands = f"{statement.matter} is {state.replace('_', ' ')}"
    words = DEEDS.get(f"{statement.kind} {statement.verb}")
    if words is None:
        return stands
    texts = wording(tuple(Text(t.lang, t.media_type, t.digest.hex(), t.size) for t in statement.texts))
    said: dict[str, Any] = {each.name: each.value.replace("_", " ") for each in statement.said}
    deed = words.format(matter=statement.matter, by=statement.by, texts=texts, **said)
    return f"{deed}, and {stands}" if verb.settles and state in verb.settles and stands != deed else deed


def example(kind: Kind, name: str, verb: Verb) -> str:
    """A command line of kr's desk with everything that the verb must be told."""
    words = [f"entente {kind} {name.replace('_', '-')} /var/lib/entente"]
    if not verb.opens:
        words.append(JOINT if (kind, name) == ("statement", "adopt") else f"{_owner(verb)}-{kind}-1")
    for field, spec in verb.fields.items():
        if spec.required:
            words.append(f"--{field.replace('_', '-')} {_sample(kind, field, spec.metavar)}")
    words += [f"--text en={'figures.csv' if kind == 'indicator' else 'text.txt'}"] if verb.texts == "must" else []
    lines = [words[0]]
    for word in [*words[1:], "--office treaty --person t1"]:
        if len(lines[-1]) + len(word) > MAX_EXAMPLE:
            lines.append("        ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


def _owner(verb: Verb) -> str:
    return "kr" if verb.who == "owner" else "jp"


def _sample(kind: Kind, field: str, metavar: str) -> str:
    if field == "title":
        return f"en='{TITLES[kind]}'"
    return SAMPLES.get(f"{kind} {field}") or SAMPLES.get(field) or metavar.partition("|")[0]
