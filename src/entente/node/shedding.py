"""Content keys into their store, and wrapped ones out of the database once it has them (docs/spec/store.md).

No transaction waits for the key store: a wrapped key stays until the content key is durable, and a later transaction,
or the next start, destroys it.
"""

from typing import TYPE_CHECKING, NamedTuple

from entente.node.commit import Work
from entente.store.transaction import Transaction

if TYPE_CHECKING:
    from entente.node.node import Node


def keep_keys(node: "Node", unit: Work, log: int, keys: list[tuple[int, bytes]]) -> None:
    """Keep content keys in their own store; gone again if this transaction is rolled back.

    They may be durable a moment after it: until then the wraps kept with it hold them, and are not dropped.
    """
    node.vault.keep(log, keys)
    if len(keys) > 1:
        unit.after.append(node.vault.flush)  # a lone item is on its way first; under load nobody is ever idle

    def take_back() -> None:
        for seq, _ in keys:
            node.vault.destroy(log, seq)

    unit.undo.append(take_back)


def drop_wraps(node: "Node", unit: Work, log: int, seqs: tuple[int, int], party: str) -> None:
    """Destroy wrapped keys of entries ``seqs`` (first, last), once what they hold is durable in the key store.

    Nothing waits for that: a later transaction does it, or the next start (:func:`.payloads.sweep`).
    """

    def later() -> None:
        node.shedding.append(Shed(node.vault.mark(), log, seqs, party))
        shed(node)

    unit.after.append(later)


class Shed(NamedTuple):
    """Wrapped keys to destroy when the key store has reached a mark."""

    mark: int
    log: int
    seqs: tuple[int, int]
    party: str

    def drop(self, tx: Transaction) -> None:
        """Destroy them."""
        tx.drop_wraps(self.log, self.seqs, self.party)


def shed(node: "Node") -> None:
    """Have the next transaction destroy those wrapped keys of which the content keys have become durable."""
    while node.shedding and node.vault.reached(node.shedding[0].mark):
        node.committer.aside.append(node.shedding.popleft().drop)
    if node.vault.failed is not None:
        node.alarm("keys", f"item keys cannot be written: {node.vault.failed}")
    else:
        node.clear_alarm("keys")
