"""Asking the gate: the agreement's status at an instant, what this party's own pending acts add, compiled per peer.

A gate is kept as long as the situation it was compiled from stands, and compiled anew when an act has come or gone.
"""

from typing import TYPE_CHECKING

from entente.domain.release import Direction, Gate, compile_gate
from entente.domain.release_facts import ApprovalFact, ItemFacts, StandingRelease
from entente.domain.release_status import Situation, situation
from entente.node.ledger import HeldLog, Ledger
from entente.record.bodies import Approval, ApprovalStatement
from entente.record.facts import approval_facts, item_facts
from entente.record.projection import Position
from entente.sealing.canonical import NotCanonicalError, decode
from entente.sealing.signing import HybridPublic

if TYPE_CHECKING:
    from entente.node.node import Node
    from entente.node.transfers import Opened


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


def facts_at(
    node: "Node",
    ledger: Ledger,
    log: HeldLog,
    seq: int,
    opened: "Opened",
    *,
    channel: str,
    trusted: bool,
    revoked_by: int | None = None,
) -> ItemFacts:
    """An item's facts for the gate at this node: what its header and approvals prove, its channel, this node's clock.

    ``seq`` is where it stands, or will stand, in its sender's ``log``; ``trusted`` whether the other party's keys are
    known there; ``revoked_by`` the entry before which a revocation of its standing release counts, where that is not
    its own. Consent, assurance and facility come with custody; absent, they refuse where the terms ask for them.
    """
    header, position = opened.header, Position(log.row.writer, log.row.incarnation, seq)
    cited = header.standing
    return item_facts(
        header,
        _approvals(node, log, position, opened) if opened.transfer.approvals else (),
        standing=_standing(ledger, position, cited, revoked_by) if cited is not None else None,
        channel=channel,
        key_trusted=trusted,
        uncertainty=node.uncertainty(),
        on_hold=False,
    )


def _approvals(node: "Node", log: HeldLog, position: Position, opened: "Opened") -> tuple[ApprovalFact, ...]:
    """The approvals that travel with an item, as far as an office gave them and none is dated in the future."""

    def offices(_at: Position, office: str, role: str) -> HybridPublic | None:
        return log.keys.office(position.seq, office, role)

    latest = max(node.instant(), log.row.last_instant)  # the sender's clock may be ahead, as its entries then are
    given = [approval for approval in opened.transfer.approvals if _given_by(approval, latest)]
    return approval_facts(position, opened.transfer.header, opened.header, given, offices)


def _standing(ledger: Ledger, at: Position, name: str, revoked_by: int | None) -> StandingRelease | str:
    """The standing release that an item at ``at`` cites, or why it cannot be relied on.

    Every word of its own log is a party's to know, and between two parties every such word of the other's: what it does
    not hold was lost or withheld, and may have revoked it.
    """
    standings = ledger.projection.standings
    hidden = standings.not_shown(at if revoked_by is None else at._replace(seq=revoked_by), name)
    if hidden and (at.writer == ledger.party or len(ledger.parties) == 2):
        return f"Whether {name} was revoked stands in an entry of {at.writer}'s that is not held here; approve it anew."
    return standings.at(at, name, revoked_by)


def standing_until(item: ItemFacts, at: int) -> int | None:
    """The first instant (ms) after ``at`` at which the item's standing release has expired; None where none holds."""
    standing = item.standing
    return standing.expires if standing is not None and at < standing.expires else None


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
