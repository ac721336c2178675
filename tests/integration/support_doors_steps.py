"""Attacks on the door for steps about matters: kr's statements, changed, and signed by others."""

from collections.abc import Callable
from typing import Any

import msgspec
from support_commands import World
from support_doors_standing import signed
from support_matters import DS590, prepare

from entente.sealing.canonical import encode

Cell = Callable[[World], str]


def taken(world: World, signer: str = "treaty", suite: str = "E1", blank: bool = False, **changes: Any) -> str:
    data = encode(msgspec.structs.replace(prepare(world.pair.kr, "measure", "announce", **DS590), **changes))
    return _written(world, data, signer, suite, blank)


def _written(world: World, data: bytes, signer: str = "treaty", suite: str = "E1", blank: bool = False) -> str:
    signatures = [signed(world, "step", data, signer, suite, blank)]
    agreement = world.pair.kr.ledger.agreement.hex()
    return world.code("step.commit", agreement=agreement, statement=data.hex(), signatures=signatures)


def another_schema(world: World) -> str:
    """A statement of a schema that there is not."""
    data = encode(prepare(world.pair.kr, "measure", "announce", **DS590)).replace(b"step/1", b"step/2")
    return _written(world, data)


TABLE: dict[str, dict[str, tuple[Cell, str]]] = {
    "step.commit": {
        "unsigned": (lambda w: taken(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: taken(w, signer="release"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: taken(w, agreement=w.other), "WRONG_STEP"),
        "replayed": (lambda w: taken(w, matter="jp-measure-1"), "NOT_YOURS"),
        "out of sequence": (lambda w: taken(w, verb="resume", said=()), "NO_SUCH_MATTER"),
        "unknown kind": (another_schema, "MALFORMED"),
        "unknown suite": (lambda w: taken(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: taken(w, refs=("a",) * 200_000), "BAD_STEP"),
    },
}
NOT_APPLICABLE = {f"{command}: future-dated": "the node dates it itself" for command in TABLE}
