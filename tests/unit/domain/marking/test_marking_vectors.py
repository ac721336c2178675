"""The vectors in conformance/marking, against which another implementation can be checked."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entente.domain.agreement.terms import Level
from entente.domain.marking.caveats import BUILT_IN, exclusion
from entente.domain.marking.equivalence import EquivalenceTable, NoEquivalentLevelError, UnknownMarkingError
from entente.domain.marking.holding import derive, on_receipt
from entente.domain.marking.marking import HeldMarking, Marking

FILES = sorted((Path(__file__).parents[4] / "conformance" / "marking").glob("*.json"))
CASES = [
    pytest.param(document["tables"], case, id=f"{path.stem}-{number}-{case['op']}")
    for path in FILES
    for document in [json.loads(path.read_text(encoding="utf-8"))]
    for number, case in enumerate(document["cases"])
]
Tables = dict[str, EquivalenceTable]


def correspond(tables: Tables, case: dict[str, Any]) -> Any:
    try:
        found = tables[case["table"]].correspond(case["native"], case["originator"], case["recipient"])
    except UnknownMarkingError:
        return {"refused": "UNKNOWN_MARKING"}
    except NoEquivalentLevelError:
        return {"refused": "NO_EQUIVALENT_LEVEL"}
    assert found.native == case["native"]
    return found


def receive(tables: Tables, case: dict[str, Any]) -> Any:
    marking = msgspec.convert(case["marking"], Marking)
    at_release = None if case["at_release"] is None else tables[case["at_release"]]
    found = on_receipt(marking, case["holder"], at_release=at_release, now=tables[case["now"]])
    assert (found.native, found.holder) == (marking, case["holder"])
    assert (found.released_under, found.table) == (case["at_release"], case["now"])
    return found


def make(tables: Tables, case: dict[str, Any]) -> Any:
    parts = [
        HeldMarking(
            native=msgspec.convert(native, Marking),
            holder=case["holder"],
            corresponding=own,
            handling=False,
            released_under=None,
            table=case["table"],
        )
        for native, own in case["parts"]
    ]
    found = derive(tables[case["table"]], case["holder"], parts)
    assert found.natives == tuple(part.native for part in parts)
    return found


def judge(_tables: Tables, case: dict[str, Any]) -> Any:
    known = BUILT_IN | set(case["declared"])
    why = exclusion(msgspec.convert(case["marking"], Marking), case["recipient"], frozenset(known))
    return {"excluded": why is not None}


OPERATIONS = {"correspond": correspond, "on_receipt": receive, "derive": make, "caveats": judge}


@pytest.mark.parametrize(("tables", "case"), CASES)
def test_vector(tables: dict[str, Any], case: dict[str, Any]) -> None:
    compiled = {name: EquivalenceTable(msgspec.convert(rows, list[Level]), name) for name, rows in tables.items()}
    found = json.loads(msgspec.json.encode(OPERATIONS[case["op"]](compiled, case)))
    wanted = case["gives"]
    assert {key: found.get(key) for key in wanted} == wanted
    assert ("refused" in found) == ("refused" in wanted)


def test_there_are_vectors_of_every_kind() -> None:
    assert {case.values[1]["op"] for case in CASES} == set(OPERATIONS)
