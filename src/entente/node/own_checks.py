"""What a node asks of its own desk's steps beyond what the record asks of anybody's (docs/spec/control.md, section 4).

Before anything is signed, and again before it is written; no other party judges by these.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from entente.domain.agreement.calendar import local_day
from entente.domain.agreement.terms import Agreement
from entente.domain.marking.found import marked
from entente.domain.relations.indicators import faults
from entente.domain.relations.steps import Step, some
from entente.node import drafts
from entente.node.agreements import SECOND_PERSON, in_force, two_persons
from entente.node.errors import RefusedError, UsageError
from entente.node.ledger import Ledger
from entente.record.bodies import ActStatement, StepStatement
from entente.record.steps import by_two
from entente.sealing.canonical import decode

if TYPE_CHECKING:
    from entente.node.node import Node

AHEAD = ("propose", "counter", "convene", "postpone")
"""Verbs whose windows are still to come."""
DAYS = ("review", "due")
"""Fields that name a day to come."""


def check_note(node: "Node", ledger: Ledger, statement: StepStatement, step: Step, *, planned: bool) -> None:
    """A note records an act of its writer, in the form that the terms give notices, by two persons if they ask.

    With ``planned`` also one that is only drafted.

    Raises:
        UsageError: it does not.
    """
    if two_persons(node, ledger) and not by_two(statement):
        raise UsageError("SECOND_PERSON_MISSING", "the terms ask for two persons to sign a formal note", SECOND_PERSON)
    acts = [name for name, record in ledger.projection.acts.items() if record.statement.by == node.party]
    acts += _drafted(node, ledger) if planned else []
    if step.get("act") not in acts:
        text = f"{step.get('act')} is not an act of this party in the record"
        raise UsageError("NO_SUCH_ACT", text, f"One of: {some(acts) or 'none yet'}.")
    terms = in_force(node, ledger) or ledger.document
    form = terms.notices.form if terms is not None else "record"
    if step.get("form") != form:
        text = f"by the terms in force a note here is of the form {form}"
        raise UsageError("WRONG_FORM", text, f"Write --form {form}.")


def _drafted(node: "Node", ledger: Ledger) -> list[str]:
    """Ids of the acts that drafts are to be."""
    found = (each for each in drafts.held(node) if (each.kind, each.agreement) == ("act", ledger.agreement.hex()))
    return [decode(ActStatement, each.statement).id for each in found]


def check_times(node: "Node", ledger: Ledger, step: Step) -> None:
    """A day or a window that somebody sets lies ahead; a delivery was not made before its act.

    Raises:
        RefusedError: it is past, or before the act.
    """
    now = node.instant()
    terms = in_force(node, ledger) or ledger.document
    today = local_day(now, terms.termination.zone) if terms is not None else None
    for name in DAYS:
        day = step.get(name)
        if isinstance(day, date) and today is not None and day < today:
            raise RefusedError("PAST", f"{name}: {day} is past", "Name a day to come.")
    if step.verb in AHEAD and any(ends <= now for _, ends in _windows(step)):
        raise RefusedError("PAST", "a window that has ended already", "Name one to come.")
    if (step.kind, step.verb) == ("note", "deliver"):
        _check_delivery(ledger, step)


def _windows(step: Step) -> tuple[tuple[int, int], ...]:
    """The windows that a step names, (begins, ends) in ms: several for a meeting, one for a round."""
    given = step.get("window", ())
    return (given,) if given and not isinstance(given[0], tuple) else given


def _check_delivery(ledger: Ledger, step: Step) -> None:
    matter = ledger.projection.steps.matters.get(step.matter)
    record = ledger.projection.acts.get(matter.view.act) if matter is not None else None
    if record is not None and step.get("on") < record.instant:
        text = f"the delivery lies before {record.statement.id}, which the note records"
        raise RefusedError("WRONG_INSTANT", text, "Give the instant on the stamped copy.")


def check_texts(node: "Node", ledger: Ledger, statement: StepStatement, texts: Sequence[bytes]) -> None:
    """Check that the texts are those that a statement names, and that none is marked as classified.

    A step is not gated (decision 0023): what is classified goes as an item, and the step refers to it.

    Raises:
        UsageError: they are others, or one is marked.
    """
    named = [(text.size, text.digest) for text in statement.texts]
    if named != [(len(text), hashlib.sha256(text).digest()) for text in texts]:
        raise UsageError("OTHER_TEXTS", "the texts are not those that the statement names", "Give the same files.")
    _check_figures(statement, texts)
    told = [(f"the text in {ref.lang}", data) for ref, data in zip(statement.texts, texts, strict=True)]
    told += [(f"{said.name} {said.lang}".strip(), said.value.encode()) for said in statement.said]
    for what, data in told:
        words = data.decode("utf-8", errors="replace")
        found = next(filter(None, (marked(words, terms) for terms in _in_use(node, ledger))), None)
        if found is not None:
            text = f"{what} is marked {found}: what is classified passes the gate, and a step does not"
            raise UsageError("MARKED", text, "Release it as an item, and refer to it: --ref ITEM.")


def _check_figures(statement: StepStatement, texts: Sequence[bytes]) -> None:
    """An indicator's file can be read: what is wrong with it is found before it stands in both records for good."""
    if (statement.kind, statement.verb) == ("indicator", "observe"):
        fault = next(filter(None, map(faults, texts)), None)
        if fault is not None:
            raise UsageError("BAD_FILE", f"the file of figures cannot be read: {fault}", "Mend it; see --help.")


def _in_use(node: "Node", ledger: Ledger) -> list[Agreement]:
    """The terms first signed, and those in force in any view: a document that nobody adopted decides nothing here."""
    documents = ledger.projection.documents
    versions = {view.terms_version for view in ledger.status(node.instant()).views.values()}
    return [terms for digest, terms in documents.items() if digest == ledger.projection.first or digest in versions]
