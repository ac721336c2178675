"""Matters kept folded are those that all steps make at once, and one more step looks at its own matter alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_world import START, make
from test_relation_properties import CALM, courses

from entente.domain.relations import folding
from entente.domain.relations.folding import Folding
from entente.domain.relations.matters import fold, run, take
from entente.domain.relations.steps import Refusal, Step
from entente.domain.relations.table import Matter


def announce(number: int, at: int, seq: int | None = None, title: str = "A measure") -> Step:
    return make(
        "kr", f"kr-measure-{number}", "announce", at=at, seq=number if seq is None else seq, subject="other",
        title={"en": title},
    )  # fmt: skip


@CALM
@given(courses(), st.data())
def test_in_whatever_order_steps_come_and_are_forgotten_it_is_the_fold_of_those_that_stand(
    steps: list[Step], data: st.DataObject
) -> None:
    kept, standing = Folding(), list[Step]()
    for step in data.draw(st.permutations(steps)):
        kept.add(step)
        standing.append(step)
        if data.draw(st.integers(0, 3)) == 0:
            forgotten = data.draw(st.sampled_from(standing))
            kept.remove(forgotten)
            standing.remove(forgotten)
        if data.draw(st.booleans()):
            whole = run(standing)
            assert list(kept.matters.items()) == list(whole.matters.items())
            assert kept.refused == whole.refused
    assert list(kept.matters.items()) == list(run(standing).matters.items())


@CALM
@given(courses())
def test_a_step_is_judged_as_the_next_of_all_and_nothing_changes(steps: list[Step]) -> None:
    kept = Folding()
    for number, step in enumerate(steps):
        before = run(steps[:number])
        assert kept.judge(step) == take(fold(steps[:number]), step)
        assert (kept.matters, kept.refused) == before
        kept.add(step)


def test_a_step_that_comes_twice_is_taken_once_and_another_in_its_place_is_none() -> None:
    kept = Folding()
    kept.add(announce(1, START))
    kept.add(announce(1, START))
    assert len(kept.matters["kr-measure-1"].events) == 1
    with pytest.raises(ValueError, match="two different steps"):
        kept.add(announce(1, START, title="Another"))


def test_what_was_given_never_changes_any_more() -> None:
    """Screens and calendars are made of it on other threads while steps come in."""
    kept = Folding()
    kept.add(announce(1, START))
    given_, matter = kept.matters, kept.matters["kr-measure-1"]
    kept.add(make("kr", "kr-measure-1", "record", at=START + 1, seq=2, summary={"en": "Talks"}))
    kept.add(announce(2, START + 2, seq=3))
    assert set(kept.matters) == {"kr-measure-1", "kr-measure-2"}
    assert (list(given_), len(matter.events)) == (["kr-measure-1"], 1)
    assert kept.matters is kept.matters
    assert kept.matters is not given_


@pytest.mark.parametrize("matters", [10, 200])
def test_one_more_step_costs_the_same_whatever_the_number_of_matters(
    matters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Folding()
    for number in range(1, matters + 1):
        kept.add(announce(number, START + number))
    assert len(kept.matters) == matters
    taken: list[str] = []

    def counted(into: dict[str, Matter], step: Step) -> Refusal | None:
        taken.append(step.matter)
        return take(into, step)

    monkeypatch.setattr(folding, "take", counted)
    record = make("kr", "kr-measure-3", "record", at=START + 1000, seq=1000, summary={"en": "Talks"})
    assert kept.judge(record) is None
    kept.add(record)
    assert len(kept.matters["kr-measure-3"].events) == 2
    assert taken == ["kr-measure-3"] * 4
    late = make("kr", "kr-measure-5", "record", at=START + 2, seq=1001, summary={"en": "Before it was announced"})
    kept.add(late)
    assert kept.refused[late.order].code == "NO_SUCH_MATTER"
    assert taken[4:] == ["kr-measure-5"] * 2
