"""Attacks on the doors for drafts: what is filed, and what is said to be an approval of it."""

from collections.abc import Callable
from typing import Any

import msgspec
from support_commands import World
from support_doors_standing import signed
from support_matters import DS590, prepare

from entente.node import drafting, drafts
from entente.sealing.canonical import encode

Cell = Callable[[World], str]


def prepared(world: World, **changes: Any) -> bytes:
    return encode(msgspec.structs.replace(prepare(world.pair.kr, "measure", "announce", **DS590), **changes))


def file_one(world: World) -> None:
    """A draft for the attacks on its approval."""
    kr = world.pair.kr
    drafting.file(kr.node, kr.ledger, drafting.Paper("step", prepared(world)), "d1")


def filed(world: World, data: bytes) -> str:
    agreement = world.pair.kr.ledger.agreement.hex()
    return world.code("draft.file", agreement=agreement, kind="step", statement=data.hex(), person="d1")


def approved(world: World, data: bytes | None = None, signer: str = "treaty", suite: str = "E1", blank: bool = False,
             kind: str = "step", draft: str = "", person: str = "p1") -> str:  # fmt: skip
    (held,) = drafts.held(world.pair.kr.node)
    signature = signed(world, kind, data or held.statement, signer, suite, blank)
    return world.code("draft.approve", draft=draft or held.id, office="treaty", person=person, signature=signature)


TABLE: dict[str, dict[str, tuple[Cell, str]]] = {
    "draft.file": {
        "another agreement": (lambda w: filed(w, prepared(w, agreement=w.other)), "WRONG_STEP"),
        "replayed": (lambda w: filed(w, prepared(w, matter="jp-measure-1")), "NOT_YOURS"),
        "out of sequence": (lambda w: filed(w, prepared(w, verb="resume", said=())), "NO_SUCH_MATTER"),
        "unknown kind": (lambda w: filed(w, prepared(w).replace(b"step/1", b"step/2")), "MALFORMED"),
        "oversize": (lambda w: filed(w, prepared(w, refs=("a",) * 200_000)), "BAD_STEP"),
    },
    "draft.approve": {
        "unsigned": (lambda w: approved(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: approved(w, signer="release"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: approved(w, prepared(w, agreement=w.other)), "BAD_SIGNATURE"),
        "replayed": (lambda w: approved(w, prepared(w)), "BAD_SIGNATURE"),
        "out of sequence": (lambda w: approved(w, draft="draft-99"), "NO_SUCH_DRAFT"),
        "unknown kind": (lambda w: approved(w, kind="act"), "BAD_SIGNATURE"),
        "unknown suite": (lambda w: approved(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: approved(w, person="x" * 100_000), "BAD_PERSON"),
    },
}
NOT_APPLICABLE = {
    **{
        f"draft.file: {attack}": "it is signed once it is approved"
        for attack in ("unsigned", "wrong signer", "unknown suite")
    },
    **{f"{command}: future-dated": "the node dates it itself" for command in TABLE},
}
