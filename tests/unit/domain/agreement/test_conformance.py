"""Every conformance vector holds, and the vectors are what their sources say."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from entente.domain.agreement.acts import Act, parse_acts
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import parse_instant
from entente.domain.agreement.lifecycle import Code
from entente.domain.agreement.status import AgreementStatus, interval, status
from entente.domain.agreement.terms import Agreement

VECTORS = Path(__file__).parents[4] / "conformance" / "lifecycle"
MISSING = "0" * 64


@cache
def _document(name: str) -> tuple[str, Agreement]:
    data = (VECTORS / "documents" / name).read_bytes()
    return digest(data), parse_agreement(data)


def _resolve(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _resolve(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner) for inner in value]
    if value == "missing":
        return MISSING
    if isinstance(value, str) and value.startswith("document:"):
        return _document(value.removeprefix("document:"))[0]
    return value


def _toml(acts: list[dict[str, Any]]) -> bytes:
    def literal(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {literal(inner)}" for key, inner in value.items()) + " }"
        return json.dumps(value)

    return "\n".join("[[act]]\n" + "\n".join(f"{k} = {literal(v)}" for k, v in act.items()) for act in acts).encode()


def _vectors() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            yield pytest.param(_resolve(vector), id=f"{path.stem}: {vector['name']}")


def load(vector: dict[str, Any]) -> tuple[dict[str, Agreement], tuple[Act, ...]]:
    return dict(_document(name) for name in vector["documents"]), parse_acts(_toml(vector["acts"]))


def compare(expected: dict[str, Any], answer: AgreementStatus) -> None:
    shown = answer.to_json()
    for party, view in shown["views"].items():
        wanted = expected["views"].get("*", {}) | expected["views"].get(party, {})
        assert {key: view[key] for key in wanted} == wanted, (party, expected["at"])
    for key in ("disputed", "release_allowed"):
        assert expected.get(key, shown[key]) == shown[key], (key, expected["at"])
    codes = [reason["code"] for reason in shown["reasons"]]
    assert expected.get("reasons", codes) == codes, expected["at"]
    refused = [[entry["act"], entry["code"]] for entry in shown["refused"]]
    assert expected.get("refused", refused) == refused, expected["at"]
    for words in expected.get("mentions", []):
        assert any(words in reason["text"] for reason in shown["reasons"]), words
    assert shown["release_allowed"] == (not any(reason["blocks"] for reason in shown["reasons"]))


@pytest.mark.parametrize("vector", list(_vectors()))
def test_vector_holds_in_any_order_of_arrival(vector: dict[str, Any]) -> None:
    documents, acts = load(vector)
    for expected in vector["expect"]:
        at = parse_instant(expected["at"])
        answer = status(documents, acts, at)
        compare(expected, answer)
        assert status(documents, acts[::-1], at) == answer
        assert interval(documents, acts, at)[0] == answer


def test_every_refusal_code_has_a_vector() -> None:
    vectors = [vector for path in VECTORS.glob("*.json") for vector in json.loads(path.read_text(encoding="utf-8"))]
    codes = {entry[1] for vector in vectors for then in vector["expect"] for entry in then.get("refused", [])}
    assert codes == set(get_args(Code))


def test_vectors_are_not_stale() -> None:
    code = "import generate\nfor p, t in generate.files().items(): assert p.read_text(encoding='utf-8') == t, p"
    subprocess.run([sys.executable, "-c", code], cwd=VECTORS, check=True)
