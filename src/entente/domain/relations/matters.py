"""All matters of an agreement, folded from their steps, and whether one more step is allowed now."""

from collections.abc import Iterable
from typing import NamedTuple

from entente.domain.relations.arrangements import ARRANGEMENTS
from entente.domain.relations.dialogues import DIALOGUES
from entente.domain.relations.indicators import INDICATORS
from entente.domain.relations.measures import MEASURES
from entente.domain.relations.meetings import MEETINGS
from entente.domain.relations.notes import NOTES
from entente.domain.relations.statements import STATEMENTS
from entente.domain.relations.steps import MATTER, Kind, Refusal, Step, owner_of
from entente.domain.relations.table import Event, Matter, Table, Verb, refuse

TABLES: dict[Kind, Table] = {
    table.kind: table for table in (NOTES, MEASURES, ARRANGEMENTS, DIALOGUES, STATEMENTS, MEETINGS, INDICATORS)
}


class Course(NamedTuple):
    """What steps made: every matter by its id, and by its place in the order each step that was refused, and why."""

    matters: dict[str, Matter]
    refused: dict[tuple[int, str, str, int], Refusal]


def fold(steps: Iterable[Step]) -> dict[str, Matter]:
    """Every matter by its id; see :func:`run`."""
    return run(steps).matters


def run(steps: Iterable[Step]) -> Course:
    """The course of all steps of an agreement, given in any order.

    The result is a function of the set of steps: they are taken by instant, then by writer and place in its log, and
    one that is given twice is taken once.

    Raises:
        ValueError: two different steps stand at one place of one log: there is no telling which was written.
    """
    matters: dict[str, Matter] = {}
    refused: dict[tuple[int, str, str, int], Refusal] = {}
    last: Step | None = None
    for step in sorted(steps, key=lambda step: step.order):
        if last is None or step.order != last.order:
            refusal = take(matters, step)
            if refusal is not None:
                refused[step.order] = refusal
        elif step != last:
            raise ValueError(f"two different steps stand at {step.by} {step.incarnation} entry {step.seq}")
        last = step
    return Course(matters, refused)


def take(matters: dict[str, Matter], step: Step) -> Refusal | None:
    """Apply the next step, or note it as refused; returns the refusal.

    A refused one that would have opened a matter, or of a matter that there is not, leaves no trace among the matters:
    it is found in :attr:`Course.refused` alone.
    """
    table = TABLES[step.kind]
    verb, matter = table.verb(step.verb), matters.get(step.matter)
    if matter is None:
        return _open(matters, table, verb, step)
    if matter.kind != step.kind:
        return no_such_matter(step.kind, step.matter)
    refusal = _judge(table, verb, matter, step) or verb.do(matter, step)
    if refusal is None:
        _settle(table, verb, matter)
    matter.written.add(step.digest)
    matter.events.append(Event(step, refusal, matter.state))
    return refusal


def _open(matters: dict[str, Matter], table: Table, verb: Verb, step: Step) -> Refusal | None:
    """The first step of a matter: it is there only once its kind has allowed it too."""
    refusal = _judge_opening(step) if verb.opens else no_such_matter(step.kind, step.matter)
    if refusal is not None:
        return refusal
    matter = Matter(step.matter, step.kind, step.by, step.audience, step, "", table.begin(step))
    refusal = verb.do(matter, step)
    if refusal is None:
        _settle(table, verb, matter)
        matter.events.append(Event(step, None, matter.state))
        matters[step.matter] = matter
    return refusal


def _settle(table: Table, verb: Verb, matter: Matter) -> None:
    if verb.to is not None:
        matter.state = verb.to
    elif table.settle is not None:
        matter.state = table.settle(matter)


def no_such_matter(kind: Kind, name: str) -> Refusal:
    """The refusal of a step about a matter that is not there, or of which nobody is to know that it is."""
    return refuse("NO_SUCH_MATTER", f"there is no {kind} {name}", f"See: entente {kind} list")


def _judge(table: Table, verb: Verb, matter: Matter, step: Step) -> Refusal | None:
    """What holds for every kind: between whom the matter is, who takes the step, and in which state."""
    if verb.opens:
        return refuse("ALREADY_OPEN", f"{step.matter} is there already", "Prepare it again: it gets a new number.")
    if step.opening != matter.opened.digest:
        text = f"this step is about another {step.kind} of the id {step.matter}"
        return refuse("OTHER_MATTER", text, "Look at the matter, and prepare it again.")
    if step.by not in matter.audience or step.audience != matter.audience:
        between = ", ".join(matter.audience)
        return refuse("NOT_BETWEEN_THEM", f"{step.matter} is between {between}", "Name the same parties.")
    if step.digest and step.digest in matter.written:
        text = "what was signed here stands in the record already, and counts once"
        return refuse("ALREADY_WRITTEN", text, "Prepare it again, and have it signed anew.")
    if not verb.is_for(step.by, matter.owner):
        if verb.who == "owner":
            return refuse("NOT_YOURS", f"{step.matter} is {matter.owner}'s", "Say your own view by a statement.")
        return refuse("NOT_YOURS", f"{step.matter} is your own", f"This is for {_others(matter)} to say.")
    if matter.state not in verb.states:
        text = f"{step.matter} is {matter.state.replace('_', ' ')}: {step.verb.replace('_', ' ')} is not possible now"
        return refuse("NOT_NOW", text, f"Now: {_now(table, matter, step.by)}.")
    return None


def _now(table: Table, matter: Matter, party: str) -> str:
    """What may be done in the state that a matter is in: by a party itself, and what by another."""
    verbs = [(name, each) for name, each in table.verbs.items() if matter.state in each.states]
    own = [name for name, each in verbs if each.is_for(party, matter.owner)]
    theirs = [name for name, each in verbs if not each.is_for(party, matter.owner)]
    by = "another party" if party == matter.owner else matter.owner
    said = [", ".join(own), f"{', '.join(theirs)}, by {by}" if theirs else ""]
    return "; ".join(filter(None, said)) or "nothing any more"


def _judge_opening(step: Step) -> Refusal | None:
    found = MATTER.fullmatch(step.matter)
    if found is None or found.group(2) != step.kind or owner_of(step.matter) != step.by:
        return refuse("NOT_YOURS", f"{step.matter} is no new {step.kind} of {step.by}", "Prepare it again.")
    if step.by not in step.audience or len(set(step.audience)) != len(step.audience) or len(step.audience) < 2:
        return refuse("NOT_BETWEEN_THEM", "a matter is between its owner and at least one other", "Name them.")
    return None


def _others(matter: Matter) -> str:
    return ", ".join(party for party in matter.audience if party != matter.owner)
