"""The vectors of a step's form and bytes in conformance/relations hold for entries with real signatures."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entente.domain.agreement.document import parse_computable
from entente.record.bodies import SaidValue, SignedStep, Signer, StepStatement, TextRef
from entente.record.envelope import BodyRef, Envelope
from entente.record.position import BIND, Position
from entente.record.steps import Steps
from entente.sealing.canonical import NotCanonicalError, decode, encode
from entente.sealing.signing import HybridKey, HybridPublic
from entente.sealing.suites import SUITE

VECTORS = Path(__file__).parents[3] / "conformance" / "relations"
AGREEMENT = bytes(range(32))
SAMPLE = Path(__file__).parents[3] / "examples" / "agreements" / "jp-kr-2016.toml"
DOCUMENT = msgspec.structs.replace(parse_computable(SAMPLE.read_bytes()), parties=("jp", "kr", "us"))
KEY = HybridKey.generate()
Json = dict[str, Any]


def vectors(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def statement(given: Json) -> StepStatement:
    return StepStatement(
        schema=given["schema"],
        agreement=bytes.fromhex(given["agreement"]),
        by=given["by"],
        matter=given["matter"],
        opening=bytes.fromhex(given["opening"]),
        kind=given["kind"],
        verb=given["verb"],
        audience=tuple(given["audience"]),
        refs=tuple(given["refs"]),
        said=tuple(SaidValue(*each) for each in given["said"]),
        texts=tuple(TextRef(lang, media, bytes.fromhex(sha), size) for lang, media, sha, size in given["texts"]),
        signers=tuple(Signer(*each) for each in given["signers"]),
        nonce=bytes.fromhex(given["nonce"]),
    )


def office(_at: Position, name: str, role: str) -> HybridPublic | None:
    return KEY.public if (name, role) == ("treaty", BIND) else None


@pytest.mark.parametrize("vector", vectors("forms"))
def test_an_entry_of_this_form_is_taken_or_refused_so(vector: Json) -> None:
    data = encode(statement(vector["statement"]))
    signed = SignedStep(data, tuple(KEY.sign("step", data) for _ in vector["statement"]["signers"]))
    bodies = [encode(signed), *(each and bytes.fromhex(each) for each in vector["bodies"])]
    refs = tuple(BodyRef(1, bytes(32)) for _ in bodies)
    envelope = Envelope(1, SUITE, AGREEMENT, "kr", "0" * 16, 5, "step", 7, None, None, (), refs, 0)
    steps = Steps(AGREEMENT, office, lambda: DOCUMENT)
    assert steps.take(Position("kr", "0" * 16, 5), envelope, bodies) == vector["expect"]["refused"]
    assert len(steps) == (vector["expect"]["refused"] is None)


@pytest.mark.parametrize("vector", vectors("bytes"))
def test_these_bytes_are_this_statement_or_none(vector: Json) -> None:
    data, expect = bytes.fromhex(vector["bytes"]), vector["expect"]
    if "failure" in expect:
        with pytest.raises(NotCanonicalError):
            decode(StepStatement, data)
        return
    assert decode(StepStatement, data) == statement(expect["statement"])
    assert encode(statement(expect["statement"])) == data
    assert hashlib.sha256(data).hexdigest() == expect["digest"]


def test_no_two_vectors_of_bytes_are_the_same() -> None:
    found = [vector.values[0]["bytes"] for vector in vectors("bytes")]
    assert len(set(found)) == len(found)
