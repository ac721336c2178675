"""Many matters between two nodes: one more step costs what it cost with few, and a log that is full takes none."""

from typing import Any

import pytest
from support_matters import DS590, commit, matter_at, prepare, step
from support_stop import Pair
from test_matters_desk import asked

from entente.domain.relations import folding
from entente.domain.relations.matters import take
from entente.node.errors import RefusedError, UsageError

SOME = 12


def test_one_more_step_judges_no_other_matter_at_either_node(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def counted(matters: Any, each: Any) -> Any:
        judged.append(each.matter)
        return take(matters, each)

    first = step(pair.kr, "measure", "announce", **DS590)
    for _ in range(SOME):
        step(pair.kr, "measure", "announce", **DS590)
    pair.carry()
    assert len(asked(pair.jp, "matter.list")) == len(asked(pair.kr, "matter.list")) == SOME + 1
    monkeypatch.setattr(folding, "take", counted)
    step(pair.kr, "measure", "enforce", first)
    pair.carry()
    assert matter_at(pair.jp, first).state == matter_at(pair.kr, first).state == "in_force"
    assert asked(pair.jp, "matter.show", matter=first)["state"] == "in_force"
    assert set(judged) == {first}


def test_a_log_that_has_all_the_steps_that_count_takes_none(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every party would refuse it, so that it is not written; the other party's log is its own."""
    name = step(pair.kr, "measure", "announce", **DS590)
    ready = prepare(pair.kr, "measure", "enforce", name)
    monkeypatch.setattr("entente.record.steps.MAX_STEPS", 1)
    assert pair.kr.ledger.own is not None
    before = pair.kr.ledger.own.row.size
    with pytest.raises(RefusedError) as refused:
        commit(pair.kr, ready)
    assert refused.value.code == "TOO_MANY"
    with pytest.raises(RefusedError):
        prepare(pair.kr, "measure", "announce", **DS590)
    assert pair.kr.ledger.own.row.size == before
    step(pair.jp, "measure", "announce", **DS590)


def test_the_refusal_of_a_matter_that_there_is_not_stays_short(pair: Pair) -> None:
    for _ in range(SOME):
        step(pair.kr, "measure", "announce", **DS590)
    with pytest.raises(UsageError) as refused:
        asked(pair.kr, "matter.show", matter="kr-measure-99")
    assert refused.value.remedy == "One of: " + ", ".join(f"kr-measure-{n}" for n in range(1, 9)) + " and 4 more."
