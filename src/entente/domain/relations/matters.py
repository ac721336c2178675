"""All matters of an agreement, folded from their steps, and whether one more step is allowed now."""

from collections.abc import Iterable

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


def fold(steps: Iterable[Step]) -> dict[str, Matter]:
    """Every matter by its id, from all steps of an agreement in any order.

    The result is a function of the set of steps: they are taken by instant, then by writer and place in its log.
    """
    matters: dict[str, Matter] = {}
    for step in sorted(steps, key=lambda step: step.order):
        take(matters, step)
    return matters


def take(matters: dict[str, Matter], step: Step) -> Refusal | None:
    """Apply the next step, or note it as refused; returns the refusal.

    A refused one that would have opened a matter, or of a matter that there is not, leaves no trace among the matters:
    it is found by its entry alone.
    """
    table = TABLES[step.kind]
    verb, matter = table.verb(step.verb), matters.get(step.matter)
    refusal = _judge(table, verb, matter, step)
    if matter is None:
        if refusal is None:
            matter = Matter(step.matter, step.kind, step.by, step.audience, step, verb.to or "", table.begin(step))
            matters[step.matter] = matter
            refusal = verb.do(matter, step)
            if refusal is not None:
                del matters[step.matter]
                return refusal
            _settle(table, verb, matter)
            matter.events.append(Event(step, None, matter.state))
        return refusal
    if refusal is None:
        refusal = verb.do(matter, step)
    if refusal is None:
        _settle(table, verb, matter)
    matter.events.append(Event(step, refusal, matter.state))
    return refusal


def _settle(table: Table, verb: Verb, matter: Matter) -> None:
    if verb.to is not None:
        matter.state = verb.to
    elif table.settle is not None:
        matter.state = table.settle(matter)


def _judge(table: Table, verb: Verb, matter: Matter | None, step: Step) -> Refusal | None:
    """What holds for every kind: the matter's existence, who takes the step, and in which state."""
    if verb.opens:
        if matter is not None:
            return refuse("ALREADY_OPEN", f"{step.matter} is there already", "Prepare it again: it gets a new number.")
        return _judge_opening(step)
    if matter is None or matter.kind != step.kind:
        return refuse("NO_SUCH_MATTER", f"there is no {table.kind} {step.matter}", f"See: entente {table.kind} list")
    if step.by not in matter.audience or step.audience != matter.audience:
        between = ", ".join(matter.audience)
        return refuse("NOT_BETWEEN_THEM", f"{step.matter} is between {between}", "Name the same parties.")
    if verb.who == "owner" and step.by != matter.owner:
        return refuse("NOT_YOURS", f"{step.matter} is {matter.owner}'s", "Say your own view by a statement.")
    if verb.who == "other" and step.by == matter.owner:
        return refuse("NOT_YOURS", f"{step.matter} is your own", f"This is for {_others(matter)} to say.")
    if matter.state not in verb.states:
        text = f"{step.matter} is {matter.state}, and cannot {step.verb.replace('_', ' ')} now"
        allowed = [name for name, each in table.verbs.items() if matter.state in each.states]
        return refuse("NOT_NOW", text, f"Now: {', '.join(allowed) or 'nothing any more'}.")
    return None


def _judge_opening(step: Step) -> Refusal | None:
    found = MATTER.fullmatch(step.matter)
    if found is None or found.group(2) != step.kind or owner_of(step.matter) != step.by:
        return refuse("NOT_YOURS", f"{step.matter} is no new {step.kind} of {step.by}", "Prepare it again.")
    if step.by not in step.audience or len(set(step.audience)) != len(step.audience) or len(step.audience) < 2:
        return refuse("NOT_BETWEEN_THEM", "a matter is between its owner and at least one other", "Name them.")
    return None


def _others(matter: Matter) -> str:
    return ", ".join(party for party in matter.audience if party != matter.owner)
