"""Drafts of formal acts and steps at a node, kept until the offices that are to sign them have approved.

A draft is a statement's exact bytes, the texts beside it and the signatures so far, locked under the node's storage
key. It stands in no log that anybody else holds; the national log says who filed, approved, sent or dropped it
(docs/spec/node.md, "Drafts").
"""

from typing import TYPE_CHECKING, Literal

import msgspec

from entente.node.errors import UsageError
from entente.record.bodies import StepStatement
from entente.sealing.canonical import decode
from entente.sealing.signing import Signature
from entente.store.transaction import Transaction

if TYPE_CHECKING:
    from entente.node.node import Node

DraftKind = Literal["act", "step"]
_KEY = "draft/"
_LAST = "drafts"
_OPENS = b""
"""What a step names as its matter's opening statement where it is that statement."""


class Due(msgspec.Struct, frozen=True):
    """An office that is to sign, and the person in it whom a step names; ``person`` is empty for an act."""

    office: str
    person: str


class Approved(msgspec.Struct, frozen=True):
    """An office's signature over the draft's statement, by whom and when (ms)."""

    office: str
    person: str
    at: int
    signature: Signature


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft; ``agreement`` in hex, ``filed`` in ms, ``texts`` in the statement's order."""

    id: str
    agreement: str
    kind: DraftKind
    statement: bytes
    texts: tuple[bytes, ...]
    signers: tuple[Due, ...]
    filed_by: str
    filed: int
    approvals: tuple[Approved, ...] = ()

    def approval(self, due: Due) -> Approved | None:
        """The approval that an office owed, once it is there."""
        found = (each for each in self.approvals if each.office == due.office and due.person in ("", each.person))
        return next(found, None)

    @property
    def missing(self) -> tuple[Due, ...]:
        """Who has not approved it yet, in the order of the signers."""
        return tuple(due for due in self.signers if self.approval(due) is None)

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The signatures there are, in the order of the signers."""
        return tuple(each.signature for due in self.signers if (each := self.approval(due)) is not None)


_decoder = msgspec.json.Decoder(Draft)


def held(node: "Node") -> list[Draft]:
    """Every draft kept here, the oldest first."""
    found = [_decoder.decode(node.unlock(key, data)) for key, data in node.store.named(_KEY).items()]
    return sorted(found, key=lambda draft: int(draft.id.rpartition("-")[2]))


def one(node: "Node", name: str) -> Draft:
    """The draft of that id.

    Raises:
        UsageError: there is none; ``NO_SUCH_DRAFT``.
    """
    data = node.store.get(_KEY + name)
    if data is None:
        raise no_such_draft(name)
    return _decoder.decode(node.unlock(_KEY + name, data))


def no_such_draft(name: str) -> UsageError:
    """What is said of a draft that is not here, or that may not be shown."""
    return UsageError("NO_SUCH_DRAFT", f"there is no draft {name[:80]!r}", "See: entente draft list")


def keep(node: "Node", tx: Transaction, draft: Draft) -> None:
    """Keep a draft, in place of what was kept of it before."""
    tx.put(_KEY + draft.id, node.lock(_KEY + draft.id, msgspec.json.encode(draft)))


def forget(tx: Transaction, draft: Draft) -> None:
    """Remove a draft that was sent or dropped."""
    tx.drop(_KEY + draft.id)


def next_id(tx: Transaction) -> str:
    """A new draft's id; none is ever given twice."""
    number = int(tx.get(_LAST) or b"0") + 1
    tx.put(_LAST, str(number).encode())
    return f"draft-{number}"


def reserved(node: "Node", agreement: bytes) -> set[str]:
    """Ids of the matters that drafts are to open under an agreement: nobody else here is given them meanwhile."""
    steps = [
        decode(StepStatement, draft.statement)
        for draft in held(node)
        if draft.kind == "step" and draft.agreement == agreement.hex()
    ]
    return {step.matter for step in steps if step.opening == _OPENS}
