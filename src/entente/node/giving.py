"""Giving items that the gate has allowed: sealed, appended, wrapped for their recipients (docs/spec/transfer.md)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from entente.domain.precedence import PRECEDENCES, ROUTINE
from entente.node.agreements import epoch_for
from entente.node.commit import Fresh, SaltedBody, Work
from entente.node.lanes import Leaving
from entente.node.ledger import HeldLog, Ledger
from entente.node.shedding import keep_keys
from entente.node.streams import advance
from entente.record.bodies import (
    Transfer,
)
from entente.record.envelope import SALT, DeliveredBody, Wrap
from entente.record.projection import Position
from entente.sealing.canonical import encode
from entente.sealing.randomness import random_bytes
from entente.sealing.seal import (
    EpochSeal,
    ItemSeal,
    WrapBinding,
)

if TYPE_CHECKING:
    from entente.node.node import Node
    from entente.node.releases import Draft


def give(node: "Node", unit: Work, ledger: Ledger, log: HeldLog, drafts: "Sequence[Draft]") -> list[Position]:
    """Append items that the gate has allowed, all to the same recipients; returns where they stand."""
    recipients = drafts[0].header.recipients
    epochs = {party: epoch_for(node, unit, ledger, log, party) for party in recipients}
    sealed = [draft.bodies or _seal(node, ledger, draft) for draft in drafts]
    entries = [
        Fresh(
            "transfer",
            bodies,
            draft.header.precedence,
            draft.header.reality,
            draft.header.payload.size if draft.staged is not None else 0,
        )
        for draft, bodies in zip(drafts, sealed, strict=True)
    ]
    first, envelopes = unit.append_all(ledger, log, entries)
    keep_keys(node, unit, log.row.id, [(seq, draft.content_key) for seq, draft in enumerate(drafts, first)])
    number, leaving, wraps, lines = log.row.id, [], [], []
    for seq, (draft, bodies, envelope) in enumerate(zip(drafts, sealed, envelopes, strict=True), first):
        header, own = draft.header, {}
        rank = PRECEDENCES.index(header.precedence)
        for party, (epoch, seal) in epochs.items():
            own[party] = wrap = _wrap(node, ledger, draft, party, epoch, seal)
            wraps.append((number, seq, party, encode(wrap), rank))
            lines.append((number, seq, party, "given", header.item, "sent", unit.at))
        delivered = tuple([DeliveredBody(*body.stored) for body in bodies])
        size = len(envelope) + sum([len(body.data) for body in delivered])
        leaving.append(Leaving(envelope, delivered, own, draft, rank, size))
        if draft.staged is not None:
            _stage(node, unit, Position(*log.name, seq), draft.staged)
        if header.stream is not None:
            advance(unit.tx, number, header)
        if header.relation is not None:
            unit.tx.relate(number, seq, header.relation.kind, header.relation.item, header.item)
    unit.tx.put_wraps(wraps)
    unit.tx.enter(lines)
    unit.after.append(lambda: _let_go(node, ledger, log, first, leaving))
    return [Position(*log.name, seq) for seq in range(first, first + len(drafts))]


def _seal(node: "Node", ledger: Ledger, draft: "Draft") -> list[SaltedBody]:
    seal = ItemSeal(draft.content_key, ledger.agreement, node.party, draft.header.item)
    parts = [encode(Transfer(draft.header_bytes, draft.approvals))]
    if draft.inline is not None:
        parts.append(draft.inline)
    bodies = []
    for place, part in enumerate(parts):
        salt = random_bytes(SALT)
        bodies.append(SaltedBody(salt, part, seal.seal(place, salt + part)))
    draft.bodies = bodies  # a transaction that is done again seals nothing a second time under the same key
    return bodies


def _wrap(node: "Node", ledger: Ledger, draft: "Draft", party: str, epoch: bytes, seal: EpochSeal) -> Wrap:
    header = draft.header
    binding = WrapBinding(ledger.agreement, header.terms, node.party, party, header.item, draft.digest, epoch)
    nonce, key = seal.wrap(draft.content_key, binding)
    return Wrap(party, epoch, header.item, header.terms, draft.digest, nonce, key)


def _stage(node: "Node", unit: Work, position: Position, staged: Path) -> None:
    target = node.payload_path(position)
    target.unlink(missing_ok=True)
    target.hardlink_to(staged)  # not a rename: the transaction may be done again
    unit.undo.append(lambda: target.unlink(missing_ok=True))
    node.sync_payloads()


def _let_go(node: "Node", ledger: Ledger, log: HeldLog, first: int, leaving: list[Leaving]) -> None:
    """Once the release is durable: what the lanes need to know, and the items as they lie in memory."""
    node.fresh.keep(log.row.id, first, leaving)
    for seq, item in enumerate(leaving, first):
        item.draft.bodies.clear()  # nothing is sealed again
        if item.rank < ROUTINE:
            for party in item.wraps:
                node.urgency.note(log.row.id, party, item.rank, seq)
            node.urgent[ledger.agreement] = min(item.rank, node.urgent.get(ledger.agreement, item.rank))
