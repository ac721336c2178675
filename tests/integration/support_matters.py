"""Matters in tests that hold both nodes in one process: take a step, and look at what came of it."""

from typing import Any

from support_stop import Party

from entente.domain.relations.table import Matter
from entente.node import matters
from entente.record.bodies import Signer, StepStatement
from entente.record.steps import StepRecord
from entente.sealing.canonical import encode

DS590 = {"subject": "complaint", "title": {"en": "Complaint on export licensing"}, "forum": "WTO", "reference": "DS590"}


def prepare(party: Party, kind: Any, verb: str, matter: str = "", **given: Any) -> StepStatement:
    """The statement of a step; ``texts``, ``refs``, ``between``, ``office`` and ``embargoed`` beside the fields."""
    texts = tuple(matters.Wording(lang, "text/plain", text.encode()) for lang, text in given.pop("texts", {}).items())
    refs, between = given.pop("refs", ()), given.pop("between", ())
    embargoed = given.pop("embargoed", False)
    office = given.pop("office", "treaty")
    signers = given.pop("signers", (Signer(office, "p1"),))
    return matters.prepare(
        party.node, party.ledger, matters.Asked(kind, verb, matter, between, refs, given, texts, embargoed), signers
    )


def commit(party: Party, statement: StepStatement, texts: tuple[bytes, ...] = (), office: str = "treaty") -> StepRecord:
    """Sign a statement and write it."""
    data = encode(statement)
    signature = party.office(office).sign("step", data)
    return matters.commit(party.node, party.ledger, data, (signature,), texts)


def step(party: Party, kind: Any, verb: str, matter: str = "", **given: Any) -> str:
    """Take a step; returns the matter's id."""
    texts = tuple(text.encode() for text in given.get("texts", {}).values())
    return commit(party, prepare(party, kind, verb, matter, **given), texts).step.matter


def matter_at(party: Party, name: str) -> Matter:
    """A matter as a party's own record makes it."""
    return party.ledger.projection.steps.matters[name]
