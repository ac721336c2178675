"""Cosignatures and renewed keys: what this party cosigns with, and which of a peer's keys count for one.

A party's keys are stated in its logs, one log for each agreement, so a peer may know a newer key from another agreement
than the one that is cosigned, or may not know it yet at all (docs/decisions/0012-renewing-keys.md).
"""

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from entente.node.ledger import HeldLog, Ledger, damaged
from entente.record.checkpoint import (
    MAX_SIGNATURES,
    CheckpointError,
    cosign,
    cosigned_alone,
    cosigner_name,
    has_cosignature,
    parse_note,
    verify_checkpoint,
    verify_cosignature,
)
from entente.sealing.identity import KeyStatement
from entente.sealing.signing import NodeKey

if TYPE_CHECKING:
    from entente.node.node import Node

logger = logging.getLogger("entente.node.cosigning")


def cosign_for(node: "Node", ledger: Ledger, checkpoint: str, peer: str) -> str:
    """A peer's checkpoint with this party's cosignature; its time only informs (docs/spec/checkpoint.md).

    By the newest key that the peer is known to hold under this agreement. Where it is known to hold none there, by each
    that may be the newest it knows: which statement it has from another agreement or a card is not always known here.
    """
    own = ledger.own
    held = _cosigned(node, own, peer) if own is not None else 0
    statement = own.keys.at(held - 1) if own is not None else None
    if statement is not None:
        return _cosign(node, ledger, checkpoint, [node.keyring.signer(statement.cosign)])
    known = max(_known(node, peer), default=0)
    keys = {number: key for number, key in node.keyring.replaced if number >= known}
    current = node.card.key_statement
    keys[current.number] = node.keyring.signer(current.cosign)
    newest = sorted(keys)[1 - MAX_SIGNATURES :]
    return _cosign(node, ledger, checkpoint, [keys[number] for number in newest])


def cosign_for_all(node: "Node", ledger: Ledger, checkpoint: str) -> str:
    """The same for evidence: by the newest key that this party's own log of the agreement names."""
    own = ledger.own.keys.newest if ledger.own is not None else None
    statement = own if own is not None else node.card.key_statement
    return _cosign(node, ledger, checkpoint, [node.keyring.signer(statement.cosign)])


def _cosign(node: "Node", ledger: Ledger, checkpoint: str, keys: Iterable[NodeKey]) -> str:
    for key in keys:
        checkpoint = cosign(checkpoint, key, cosigner_name(ledger.agreement, node.party), node.instant() // 1000)
    return checkpoint


def _cosigned(node: "Node", log: HeldLog, peer: str) -> int:
    return node.store.cosigned(log.row.id).get(peer, (0, ""))[0]


def _known(node: "Node", peer: str) -> Iterator[int]:
    """Numbers of this party's statements that a peer holds for certain: it has cosigned them, under any agreement."""
    for ledger in node.ledgers.values():
        for log in ledger.logs.values():
            if log.row.writer == node.party and peer in ledger.parties:
                statement = log.keys.at(_cosigned(node, log, peer) - 1)
                if statement is not None:
                    yield statement.number


def check_arriving(node: "Node", ledger: Ledger, party: str, note: str, own: bytes) -> str:
    """A peer's cosignature as it is to be kept: the line of the log's key ``own``, and the one that was verified.

    By any key that the party's logs of this agreement name: a cosignature has no position in them. Of what it has
    stated elsewhere by the newest key alone: one that was replaced before the party wrote here never counts here.

    Raises:
        CheckpointError: by none of them.
    """
    name = cosigner_name(ledger.agreement, party)
    newest = max(_stated(node, party), key=lambda statement: statement.number, default=None)
    keys = [*_named_here(ledger, party), *([newest.cosign] if newest is not None else [])]
    return cosigned_alone(note, own, _verified(note, keys, name), name)


def check_kept(node: "Node", ledger: Ledger, log: HeldLog) -> None:
    """Check the signed notes kept with a log: its newest checkpoint, and the newest cosignature of each party.

    A key may have been replaced since it cosigned, so any that the party has stated counts; ask only once every ledger
    is loaded.

    Raises:
        NotReadyError: one of them is damaged.
    """
    kept = node.store.cosigned(log.row.id)
    notes = [log.row.checkpoint] if log.row.checkpoint else []
    notes += [note for _, note in kept.values()]
    try:
        for note in notes:
            size = parse_note(note).checkpoint.size
            statement = log.keys.at(size - 1)
            if statement is None or size > log.row.size:
                raise CheckpointError(f"a checkpoint of {size} entries")
            checkpoint = verify_checkpoint(note, statement.checkpoint, node.origin(ledger, log))
            if checkpoint.root != node.root_at(log, size):
                raise CheckpointError(f"the root of {size} entries is another")
        for party, (_, note) in kept.items():
            name = cosigner_name(ledger.agreement, party)
            keys = [*_named_here(ledger, party), *(statement.cosign for statement in _stated(node, party))]
            if any(has_cosignature(note, key, name) for key in keys):
                _verified(note, keys, name)
            else:  # its card was exchanged since, and it has stated the key nowhere: it will cosign again
                logger.warning("a cosignature of %s is by a key that it names nowhere any more", party)
    except CheckpointError as error:
        text = f"a checkpoint or cosignature of {log.row.writer}'s log is damaged in this node's store: {error}"
        raise damaged(text) from error


def provable(ledger: Ledger, party: str, note: str) -> bool:
    """Whether a reader with this agreement's logs alone finds nothing wrong with a cosignature that is kept.

    One by a key that the party stated elsewhere cannot be told from a wrong one by him once the party has written here.
    """
    keys = list(_named_here(ledger, party))
    try:
        return not keys or bool(_verified(note, keys, cosigner_name(ledger.agreement, party)))
    except CheckpointError:
        return False


def _verified(note: str, keys: Iterable[bytes], name: str) -> bytes:
    """The first of these keys that has cosigned the note."""
    found = CheckpointError(f"there is no key of {name}")
    for key in keys:
        try:
            verify_cosignature(note, key, name)
        except CheckpointError as error:
            found = error
        else:
            return key
    raise found


def _named_here(ledger: Ledger, party: str) -> Iterator[bytes]:
    """The cosigning keys that a party's logs of one agreement name, the newest of each log first."""
    for log in ledger.logs.values():
        if log.row.writer == party:
            yield from (statement.cosign for statement in reversed(log.keys.statements))


def _stated(node: "Node", party: str) -> Iterator[KeyStatement]:
    """Every key statement held of a party under the root that is trusted now: of its card, and under any agreement."""
    root = node.roots.get(party)
    if party in node.cards:
        yield node.cards[party].key_statement
    for ledger in node.ledgers.values():
        for log in ledger.logs.values():
            if log.row.writer == party:
                yield from (each for each in log.keys.statements if root is not None and each.root == root.digest)
