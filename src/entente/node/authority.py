"""Asking the gate: the agreement's status at an instant, what this party's own pending acts add, compiled per peer.

A gate is kept as long as the situation it was compiled from stands, and compiled anew when an act has come or gone.
"""

from typing import TYPE_CHECKING

from entente.domain.release import Direction, Gate, compile_gate
from entente.domain.release_facts import ItemFacts
from entente.domain.release_status import Situation, situation
from entente.node.ledger import HeldLog, Ledger
from entente.record.bodies import Approval, ApprovalStatement, Transfer, TransferHeader
from entente.record.facts import approval_facts, item_facts
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.signing import HybridPublic

if TYPE_CHECKING:
    from entente.node.node import Node


def situation_at(ledger: Ledger, at: int) -> Situation:
    """What gates are compiled from at ``at`` (ms): status, interval, this party's own acts that bind it already."""
    held = ledger.situation
    if held is None or at < held.since or (held.until is not None and at >= held.until):
        projection = ledger.projection
        acts = projection.domain_acts()
        held = ledger.situation = situation(projection.documents, acts, at, ledger.party, first=projection.first)
    return held


def gate_for(ledger: Ledger, at: int, *, sender: str, recipient: str, direction: Direction) -> Gate:
    """The gate for items from ``sender`` to ``recipient`` at ``at`` (ms), as this node's own party asks it."""
    key = (sender, recipient, direction)
    gate = ledger.gates.get(key)
    if gate is None or at < gate.since or (gate.until is not None and at >= gate.until):
        gate = ledger.gates[key] = _compile(ledger, at, sender, recipient, direction)
    return gate


def _compile(ledger: Ledger, at: int, sender: str, recipient: str, direction: Direction) -> Gate:
    held = situation_at(ledger, at)
    documents = ledger.projection.documents
    return compile_gate(
        agreement=documents.get(held.terms_version),
        terms_version=held.terms_version,
        status=held.status,
        interval=(held.since, held.until),
        sender=sender,
        recipient=recipient,
        direction=direction,
        own_pending=held.own_pending.text if held.own_pending else None,
        steady=held.steady,
        earlier=documents,
    )


def facts_at(node: "Node", log: HeldLog, seq: int, transfer: Transfer, *, channel: str, trusted: bool) -> ItemFacts:
    """An item's facts for the gate at this node: what its header and approvals prove, its channel, this node's clock.

    ``seq`` is where it stands, or will stand, in its sender's ``log``; ``trusted`` whether the other party's keys are
    known there. Consent, assurance and facility come with custody; absent, they refuse where the terms ask for them.

    Raises:
        NotCanonicalError: the header is not one.
    """
    header = decode(TransferHeader, transfer.header)

    def offices(_at: Position, office: str, role: str) -> HybridPublic | None:
        return log.keys.office(seq, office, role)

    latest = max(node.instant(), log.row.last_instant)  # the sender's clock may be ahead, as its entries then are
    given = [approval for approval in transfer.approvals if _given_by(approval, latest)]
    approvals = approval_facts(Position(*log.name, seq), transfer.header, header, given, offices)
    uncertainty = node.clock.uncertainty()
    return item_facts(header, approvals, channel=channel, key_trusted=trusted, uncertainty=uncertainty, on_hold=False)


def _given_by(approval: Approval, latest: int) -> bool:
    """Whether an approval is dated no later than ``latest`` (ms): nobody has approved in the future."""
    try:
        return decode(ApprovalStatement, approval.statement).at <= latest
    except NotCanonicalError:
        return False


def flowing(ledger: Ledger, at: int) -> bool:
    """Whether anything at all may flow at ``at``: every view operating, and no act of this party's own binding it."""
    held = situation_at(ledger, at)
    return held.status.release_allowed and held.own_pending is None


def own_prudence(node: "Node", ledger: Ledger, at: int) -> str | None:
    """Why this party's own pending acts stop it although the status would not; for its own screens."""
    held = situation_at(ledger, at) if ledger.document and node.party in ledger.parties else None
    return held.own_pending.text if held is not None and held.own_pending is not None else None
