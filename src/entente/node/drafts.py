"""Drafts of formal acts and steps at a node, kept until the offices that are to sign them have approved.

A draft is a statement's exact bytes, the texts beside it and the signatures so far, locked under the node's storage
key. It stands in no log that anybody else holds; the national log says who filed, approved, sent or dropped it
(docs/spec/drafts.md).
"""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from entente.node.errors import UsageError
from entente.record.bodies import StepStatement
from entente.sealing.canonical import decode
from entente.sealing.errors import NotOpenedError
from entente.sealing.signing import Signature
from entente.store.transaction import Transaction

if TYPE_CHECKING:
    from entente.node.node import Node

DraftKind = Literal["act", "step"]
_KEY: Final = "draft/"
_TEXTS: Final = "draft-texts/"
NUMBERS: Final = range(100_000, 1_000_000)
"""Numbers of drafts, drawn at random: what is filed under embargo is not counted by what is not (decision 0023)."""
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
    """A draft; ``agreement`` in hex, ``filed`` in ms. Its texts are kept beside it (:func:`texts`)."""

    id: str
    agreement: str
    kind: DraftKind
    statement: bytes
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
_texts = msgspec.json.Decoder(tuple[bytes, ...])
_DAMAGED = (NotOpenedError, msgspec.DecodeError)


def held(node: "Node") -> list[Draft]:
    """Every draft kept here that can be read, the oldest first."""
    found = [_read(node, key, data) for key, data in node.store.named(_KEY).items()]
    return sorted((draft for draft in found if draft is not None), key=lambda draft: (draft.filed, draft.id))


def damaged(node: "Node") -> Iterator[str]:
    """Ids of the drafts that cannot be read any more: they can be dropped."""
    rows = node.store.named(_KEY).items()
    return (key.removeprefix(_KEY) for key, data in rows if _read(node, key, data) is None)


def _read(node: "Node", key: str, data: bytes) -> Draft | None:
    try:
        return _decoder.decode(node.unlock(key, data))
    except _DAMAGED:
        return None


def one(node: "Node", name: str) -> Draft:
    """The draft of that id.

    Raises:
        UsageError: there is none, ``NO_SUCH_DRAFT``; or it cannot be read any more, ``DAMAGED``.
    """
    data = node.store.get(_KEY + name)
    if data is None:
        raise no_such_draft(name)
    draft = _read(node, _KEY + name, data)
    if draft is None:
        raise UsageError("DAMAGED", f"{name} cannot be read any more", "Drop it, and file it again.")
    return draft


def texts(node: "Node", draft: Draft) -> tuple[bytes, ...]:
    """The texts beside a draft's statement, in its order.

    Raises:
        UsageError: they cannot be read any more, ``DAMAGED``.
    """
    key = _TEXTS + draft.id
    try:
        return _texts.decode(node.unlock(key, node.store.get(key) or b""))
    except _DAMAGED as error:
        text = f"the texts of {draft.id} cannot be read any more"
        raise UsageError("DAMAGED", text, "Drop it, and file it again.") from error


def no_such_draft(name: str) -> UsageError:
    """What is said of a draft that is not here, or that may not be shown."""
    return UsageError("NO_SUCH_DRAFT", f"there is no draft {name[:80]!r}", "See: entente draft list")


def keep(node: "Node", tx: Transaction, draft: Draft, beside: tuple[bytes, ...] | None = None) -> None:
    """Keep a draft in place of what was kept of it before, and the texts ``beside`` it if they are new."""
    tx.put(_KEY + draft.id, node.lock(_KEY + draft.id, msgspec.json.encode(draft)))
    if beside is not None:
        tx.put(_TEXTS + draft.id, node.lock(_TEXTS + draft.id, msgspec.json.encode(beside)))


def forget(tx: Transaction, name: str) -> None:
    """Remove a draft that was sent or dropped, by its id."""
    tx.drop(_KEY + name)
    tx.drop(_TEXTS + name)


def new_id(tx: Transaction) -> str:
    """An id that no draft has."""
    while True:
        name = f"draft-{NUMBERS[secrets.randbelow(len(NUMBERS))]}"
        if tx.get(_KEY + name) is None:
            return name


def reserved(node: "Node", agreement: bytes) -> set[str]:
    """Ids of the matters that drafts are to open under an agreement: nobody else here is given them meanwhile."""
    steps = [
        decode(StepStatement, draft.statement)
        for draft in held(node)
        if draft.kind == "step" and draft.agreement == agreement.hex()
    ]
    return {step.matter for step in steps if step.opening == _OPENS}
