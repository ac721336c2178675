"""Attacks on the doors for standing releases and their revocations: kr's statements, changed, and signed by others."""

from collections.abc import Callable
from typing import Any

import msgspec
from support_commands import World
from support_standing import CLASS, HOUR
from support_stop import MARKING

from entente.node import standing
from entente.record.bodies import RevocationStatement, Signer
from entente.sealing.canonical import encode
from entente.sealing.signing import Signature

Cell = Callable[[World], str]


def shown(signature: Signature) -> dict[str, str]:
    return {"suite": signature.suite, "ed25519": signature.ed25519.hex(), "mldsa65": signature.mldsa65.hex()}


def signed(world: World, kind: str, data: bytes, signer: str, suite: str, blank: bool) -> dict[str, str]:
    signature = world.pair.kr.office(signer).sign(kind, data)
    return shown(Signature(suite, b"", b"") if blank else msgspec.structs.replace(signature, suite=suite))


def approved(world: World, signer: str = "release", suite: str = "E1", blank: bool = False, **changes: Any) -> str:
    kr = world.pair.kr
    now = kr.node.instant()
    asked = standing.ItemClass(**CLASS, level=MARKING["kr"], recipients=("jp",), begins=now, expires=now + HOUR)
    good = standing.prepare(kr.node, kr.ledger, asked, (Signer("release", "p1"),))
    data = encode(msgspec.structs.replace(good, **changes))
    signatures = [signed(world, "standing", data, signer, suite, blank)]
    agreement = kr.ledger.agreement.hex()
    return world.code("standing.commit", agreement=agreement, statement=data.hex(), signatures=signatures)


def unknown_kind(world: World, command: str) -> str:
    """A statement of a schema that there is not."""
    agreement = world.pair.kr.ledger.agreement
    given = RevocationStatement("entente/revocation/1", agreement, "kr", "kr-s1", "release", "p1")
    data = encode(given).replace(b"revocation/1", b"revocation/2")
    signature = signed(world, "revocation", data, "release", "E1", False)
    rest = {"signatures": [signature]} if command == "standing.commit" else {"signature": signature}
    return world.code(command, agreement=agreement.hex(), statement=data.hex(), **rest)


def revoked(world: World, signer: str = "release", suite: str = "E1", blank: bool = False, **changes: Any) -> str:
    kr = world.pair.kr
    good = RevocationStatement("entente/revocation/1", kr.ledger.agreement, "kr", "kr-s1", "release", "p1")
    data = encode(msgspec.structs.replace(good, **changes))
    signature = signed(world, "revocation", data, signer, suite, blank)
    agreement = kr.ledger.agreement.hex()
    return world.code("standing.revoke", agreement=agreement, statement=data.hex(), signature=signature)


TABLE: dict[str, dict[str, tuple[Cell, str]]] = {
    "standing.commit": {
        "unsigned": (lambda w: approved(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: approved(w, signer="treaty"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: approved(w, agreement=w.other), "WRONG_STANDING"),
        "replayed": (lambda w: approved(w, id="kr-s1"), "WRONG_STANDING"),
        "out of sequence": (lambda w: approved(w, id="kr-s99"), "WRONG_STANDING"),
        "unknown kind": (lambda w: unknown_kind(w, "standing.commit"), "MALFORMED"),
        "unknown suite": (lambda w: approved(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: approved(w, note="x" * 100_000), "TOO_LARGE"),
    },
    "standing.revoke": {
        "unsigned": (lambda w: revoked(w, blank=True), "BAD_SIGNATURE"),
        "wrong signer": (lambda w: revoked(w, signer="treaty"), "BAD_SIGNATURE"),
        "another agreement": (lambda w: revoked(w, agreement=w.other), "WRONG_STANDING"),
        "replayed": (lambda w: revoked(w, id="kr-s2"), "ALREADY_REVOKED"),
        "out of sequence": (lambda w: revoked(w, id="kr-s99"), "NO_SUCH_STANDING"),
        "unknown kind": (lambda w: unknown_kind(w, "standing.revoke"), "MALFORMED"),
        "unknown suite": (lambda w: revoked(w, suite="E9"), "BAD_SIGNATURE"),
        "oversize": (lambda w: revoked(w, person="x" * 100_000), "TOO_LARGE"),
    },
}
NOT_APPLICABLE = {f"{command}: future-dated": "the node dates it itself" for command in TABLE}
