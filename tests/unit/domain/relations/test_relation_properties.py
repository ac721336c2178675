"""Rules that hold for every course of steps, tried on many: allowed ones, refused ones, from anybody, in any order."""

import copy
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from relation_world import FIRST, SECOND, START, TWO, make, texts_of

from entente.domain.relations.conflicts import conflicts, engagements
from entente.domain.relations.fields import Field
from entente.domain.relations.joint import Wordings
from entente.domain.relations.matters import TABLES, fold, take
from entente.domain.relations.statements import out, published, visible
from entente.domain.relations.steps import KINDS, Kind, Step, wording
from entente.domain.relations.table import Matter

WORDS = [texts_of(FIRST), texts_of(SECOND)]
FILES = [texts_of({"en": "period,value"}, "text/csv"), texts_of(FIRST)]
CALM = settings(max_examples=60, deadline=None)
VALUES: dict[str, list[Any]] = {
    "REFERENCE": ["REG-7", "2019/11/22-7"],
    "TEXT": ["REG-7", "jp: Prime Minister"],
    "INSTANT": ["2019-11-21T00:00:00Z", "2019-11-22T00:00:05Z", "2019-11-22T00:00:20Z"],
    "DATE": ["2019-11-22", "2020-03-10"],
    "ID": ["a", "b"],
    "PARTY": ["jp", "kr", "us"],
    "MATTER": ["kr-dialogue-1", "jp-measure-1"],
    "SHA256": [wording(texts) for texts in WORDS],
    "ZONE": ["Asia/Seoul"],
    "INSTANT/INSTANT": ["2019-11-22T00:00:05Z/2019-11-22T00:00:10Z", "2019-11-22T00:00:08Z/2019-11-22T01:00:00Z"],
    "NUMBER": ["1", "2"],
}
"""Few values, so that steps meet each other."""


def _value(draw: st.DrawFn, field: Field) -> Any:
    if field.languages:
        return {"en": draw(st.sampled_from(["one", "another"]))}
    one = st.sampled_from(VALUES.get(field.metavar) or field.metavar.split("|"))
    return draw(st.lists(one, min_size=1, max_size=2, unique=True)) if field.many else draw(one)


@st.composite
def courses(draw: st.DrawFn, kinds: tuple[Kind, ...] = KINDS, size: int = 25) -> list[Step]:
    """Steps of up to three matters, most of them such as somebody would take then."""
    names = [f"{by}-{kind}-1" for kind in kinds for by in TWO]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
    matters: dict[str, Matter] = {}
    steps: list[Step] = []
    for index in range(draw(st.integers(len(chosen), size))):
        matter = chosen[index] if index < len(chosen) else draw(st.sampled_from(chosen))
        steps.append(_step(draw, index, matter, matters))
        take(matters, steps[-1])
    return steps


def _step(draw: st.DrawFn, index: int, matter: str, matters: dict[str, Matter]) -> Step:
    sensible = draw(st.integers(0, 9)) < 9
    owner, kind = matter.split("-")[:2]
    table, known = TABLES[kind], matters.get(matter)  # type: ignore[index]
    state = known.state if known is not None else None
    likely = [name for name, each in table.verbs.items() if state in each.states or (state is None and each.opens)]
    name = draw(st.sampled_from(likely if sensible and likely else list(table.verbs)))
    verb = table.verbs[name]
    mine = [party for party in TWO if verb.is_for(party, owner) and (state is not None or party == owner)]
    said = {each: _value(draw, field) for each, field in verb.fields.items() if field.required or draw(st.booleans())}
    carries = verb.texts == "must" or (verb.texts == "may" and draw(st.booleans()))
    return make(
        draw(st.sampled_from(mine if sensible and mine else ["jp", "kr", "us"])),
        matter,
        name,
        at=START + (index if sensible else draw(st.integers(0, index))) * 1000,
        seq=index,
        audience=TWO if sensible else draw(st.sampled_from([TWO, ("jp", "kr", "us")])),
        texts=draw(st.sampled_from(FILES if kind == "indicator" else WORDS)) if carries else (),
        **said,
    )


def _wordings(matter: Matter) -> Iterator[tuple[Wordings, str, str, dict[str, Any]]]:
    """Every place for a joint text in a matter: the verbs that propose and sign it, and the fields that say which."""
    if matter.kind in ("arrangement", "statement"):
        yield matter.view.wordings, "propose", "adopt", {}
    elif matter.kind == "meeting":
        yield matter.view.record, "propose_record", "adopt_record", {}
    elif matter.kind == "dialogue":
        for number, each in matter.view.rounds.items():
            yield each.minutes, "propose_minutes", "adopt_minutes", {"round": number}


class Signed(NamedTuple):
    """Who signed which wording, told from the steps alone."""

    proposed: set[str]
    by: dict[str, set[str]]


def _signed(matter: Matter, propose: str, adopt: str, which: dict[str, Any]) -> Signed:
    found = Signed(set(), {})
    for step in matter.steps:
        if which.items() <= step.values.items():
            if step.verb == propose:
                found.proposed.add(step.wording)
                found.by.setdefault(step.wording, set()).add(step.by)
            elif step.verb == adopt:
                found.by.setdefault(step.get("wording"), set()).add(step.by)
    return found


@CALM
@given(courses(), st.randoms(use_true_random=False))
def test_the_matters_are_the_same_in_whatever_order_the_steps_are_given(steps: list[Step], chance: Any) -> None:
    shuffled = [*steps, *steps[:3]]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(steps)


@CALM
@given(courses())
def test_a_refused_step_changes_neither_state_nor_view_and_opens_nothing(steps: list[Step]) -> None:
    matters: dict[str, Matter] = {}
    for step in sorted(steps, key=lambda step: step.order):
        before = copy.deepcopy(matters)
        refusal = take(matters, step)
        if refusal is None:
            assert matters[step.matter].events[-1].step is step
            continue
        assert all(refusal)
        assert {name: (each.state, each.view) for name, each in matters.items()} == {
            name: (each.state, each.view) for name, each in before.items()
        }


@CALM
@given(courses(("arrangement", "statement", "meeting", "dialogue")))
def test_a_joint_text_is_one_exactly_where_every_party_signed_the_same_bytes(steps: list[Step]) -> None:
    for matter in fold(steps).values():
        for wordings, propose, adopt, which in _wordings(matter):
            signed = _signed(matter, propose, adopt, which)
            whole = {digest for digest, parties in signed.by.items() if parties == set(matter.audience)}
            assert (wordings.agreed is not None) == bool(whole)
            assert wordings.agreed is None or wordings.agreed in whole
            assert set(signed.by) == signed.proposed == set(wordings.proposals)
            joint = wordings.joint
            assert joint is None or joint.wording == wordings.agreed
    assert all(
        (matter.state == "joint") <= (matter.view.wordings.agreed is not None)
        for matter in fold(steps).values()
        if matter.kind == "statement"
    )


@CALM
@given(courses(("arrangement", "meeting", "dialogue", "statement")))
def test_two_parties_words_are_never_merged(steps: list[Step]) -> None:
    """Whatever stands under a party's name is one whole step of that party, as it was written."""
    for matter in fold(steps).values():
        allowed = list(matter.steps)
        for wordings, *_ in _wordings(matter):
            assert all(step in allowed and step.by == party for party, step in wordings.own.items())
            assert all(step in allowed and step.wording == digest for digest, step in wordings.proposals.items())
        if matter.kind == "arrangement":
            for party, terms in matter.view.terms.items():
                assert all(each.step in allowed and each.step.by == party for each in terms.values())
                assert all(by == each.by for term in terms.values() for by, each in term.reports.items())
        if matter.kind == "statement":
            assert all(step.by == matter.owner for step in matter.view.versions)
            assert matter.view.reply is None or matter.view.reply.by == matter.view.about


@CALM
@given(courses(("statement",)))
def test_an_embargo_hides_all_until_its_instant_and_nothing_from_then_on(steps: list[Step]) -> None:
    matters = fold(steps)
    for matter in matters.values():
        embargo = matter.opened.get("embargo")
        if embargo is not None:
            assert not visible(matter, embargo - 1)
            assert matter not in published(matters, embargo - 1)
        assert visible(matter, embargo if embargo is not None else 0)
        said = out(matter)
        if said is not None:
            assert visible(matter, said)
            assert matter in published(matters, said)
            assert matter not in published(matters, said - 1)
            assert matter.state != "proposed"


@CALM
@given(courses())
def test_what_any_course_shows_is_plain_and_its_states_are_those_of_its_table(steps: list[Step]) -> None:
    matters = fold(steps)
    for matter in matters.values():
        table = TABLES[matter.kind]
        msgspec.json.encode(table.show(matter))
        assert all(event.state in table.states for event in matter.events)
        for before, event in pairwise(matter.events):
            verb = table.verbs[event.step.verb]
            assert event.state in (before.state, verb.to, *verb.settles)
    every = sorted((each for matter in matters.values() for each in engagements(matter)), key=lambda each: each[:3])
    pairs = [
        (first, second, tuple(sorted(first.who & second.who)))
        for first, second in combinations(every, 2)
        if second.window[0] < first.window[1] and first.who & second.who and first[1:3] != second[1:3]
    ]
    for most in (0, 1, 3, len(pairs)):
        found = conflicts(matters, most=most)
        assert (list(map(tuple, found.told)), found.more) == (pairs[:most], max(0, len(pairs) - most))
        assert not found.uncounted
