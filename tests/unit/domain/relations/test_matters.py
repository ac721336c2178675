"""What holds for every kind: who takes which step in which state, and that refused ones leave things as they were."""

import itertools
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from relation_world import EN, FIRST, ROUND, SECOND, START, THREE, TWO, World, make, texts_of

from entente.domain.relations.matters import TABLES, fold, take
from entente.domain.relations.steps import KINDS, Kind, owner_of, wording
from entente.domain.relations.table import Matter, nothing

DIGEST = wording(texts_of(FIRST))
CSV = {"media_type": "text/csv"}
OTHER, OWNER = "jp", "kr"
NOTHING = "nothing any more"
BY_STATE: dict[Kind, dict[str, list[tuple[str, str]]]] = {
    "measure": {
        "announced": [],
        "in_force": [(OWNER, "enforce")],
        "suspended": [(OWNER, "suspend")],
        "eased": [(OWNER, "enforce"), (OWNER, "ease")],
        "withdrawn": [(OWNER, "withdraw")],
        "ended": [(OWNER, "enforce"), (OWNER, "end")],
    },
    "arrangement": {"standing": [], "ended": [(OTHER, "end")]},
    "dialogue": {
        "proposed": [],
        "open": [(OTHER, "accept")],
        "adjourned": [(OTHER, "accept"), (OTHER, "adjourn")],
        "closed": [(OTHER, "accept"), (OTHER, "close")],
    },
    "statement": {"issued": [], "withdrawn": [(OWNER, "withdraw")]},
    "meeting": {
        "proposed": [],
        "agreed": [(OTHER, "agree")],
        "cancelled": [(OTHER, "cancel")],
        "held": [(OTHER, "agree"), (OTHER, "hold")],
    },
    "note": {
        "sent": [],
        "delivered": [(OWNER, "deliver")],
        "acknowledged": [(OTHER, "acknowledge")],
    },
    "indicator": {"followed": [], "closed": [(OWNER, "close")]},
}
"""For each kind and state, the steps after the first that lead to it."""
FIRST_VERB: dict[Kind, str] = {
    "measure": "announce", "arrangement": "open", "dialogue": "propose", "statement": "issue", "meeting": "propose",
    "note": "send", "indicator": "follow",
}  # fmt: skip
SAID: dict[tuple[str, str], tuple[dict[str, str] | None, dict[str, Any]]] = {
    ("measure", "announce"): (None, {"subject": "complaint", "title": EN}),
    ("measure", "record"): (None, {"summary": EN}),
    ("arrangement", "open"): (None, {"title": EN}),
    ("arrangement", "undertake"): (None, {"term": "a", "summary": EN}),
    ("arrangement", "reverse"): (None, {"term": "a"}),
    ("arrangement", "report"): (None, {"term": "a", "of": "kr", "kept": "kept"}),
    ("arrangement", "propose"): (FIRST, {}),
    ("arrangement", "adopt"): (None, {"wording": DIGEST}),
    ("arrangement", "review"): (None, {"on": "2020-01-01"}),
    ("dialogue", "propose"): (None, {"title": EN, "level": "working"}),
    ("dialogue", "convene"): (None, {"round": 1, "window": ROUND}),
    ("dialogue", "postpone"): (None, {"round": 1, "window": ROUND}),
    ("dialogue", "cancel"): (None, {"round": 1}),
    ("dialogue", "hold"): (None, {"round": 1}),
    ("dialogue", "minute"): (FIRST, {"round": 1}),
    ("dialogue", "propose_minutes"): (FIRST, {"round": 1}),
    ("dialogue", "adopt_minutes"): (None, {"round": 1, "wording": DIGEST}),
    ("dialogue", "assign"): (None, {"action": "a", "to": "jp", "summary": EN}),
    ("dialogue", "done"): (None, {"action": "a"}),
    ("statement", "issue"): (FIRST, {"title": EN, "attribution": "on_record", "about": "jp", "claim": EN}),
    ("statement", "propose"): (FIRST, {"title": EN}),
    ("statement", "adopt"): (None, {"wording": DIGEST}),
    ("statement", "correct"): (SECOND, {}),
    ("meeting", "propose"): (None, {"title": EN, "level": "leader", "window": [ROUND]}),
    ("meeting", "counter"): (None, {"window": [ROUND]}),
    ("meeting", "agree"): (None, {"window": ROUND}),
    ("meeting", "record"): (FIRST, {}),
    ("meeting", "propose_record"): (FIRST, {}),
    ("meeting", "adopt_record"): (None, {"wording": DIGEST}),
    ("note", "send"): (FIRST, {"act": "kr-3", "to": ["jp"], "form": "record"}),
    ("note", "deliver"): (None, {"to": "jp", "channel": "link", "on": "2019-11-22T00:00:00Z"}),
    ("indicator", "follow"): (None, {"title": EN, "unit": "t", "source": "Customs"}),
    ("indicator", "observe"): ({"en": "period,value"}, CSV),
}
"""What each verb is told at least."""
EXPECTED: dict[tuple[str, str], tuple[str, str]] = {
    ("measure", "enforce"): ("owner", "announced"),
    ("measure", "suspend"): ("owner", "announced in_force eased"),
    ("measure", "ease"): ("owner", "in_force eased"),
    ("measure", "resume"): ("owner", "suspended eased"),
    ("measure", "withdraw"): ("owner", "announced in_force eased suspended"),
    ("measure", "end"): ("owner", "in_force eased suspended"),
    ("measure", "record"): ("owner", "announced in_force eased suspended"),
    ("arrangement", "undertake"): ("party", "standing"),
    ("arrangement", "reverse"): ("party", "standing"),
    ("arrangement", "report"): ("party", "standing"),
    ("arrangement", "propose"): ("party", "standing"),
    ("arrangement", "adopt"): ("party", "standing"),
    ("arrangement", "review"): ("party", "standing"),
    ("arrangement", "end"): ("party", "standing"),
    ("dialogue", "accept"): ("other", "proposed"),
    ("dialogue", "convene"): ("party", "open"),
    ("dialogue", "postpone"): ("party", "open adjourned"),
    ("dialogue", "cancel"): ("party", "open adjourned"),
    ("dialogue", "hold"): ("party", "open"),
    ("dialogue", "minute"): ("party", "open adjourned closed"),
    ("dialogue", "propose_minutes"): ("party", "open adjourned closed"),
    ("dialogue", "adopt_minutes"): ("party", "open adjourned closed"),
    ("dialogue", "assign"): ("party", "open adjourned closed"),
    ("dialogue", "done"): ("party", "open adjourned closed"),
    ("dialogue", "adjourn"): ("party", "open"),
    ("dialogue", "reopen"): ("party", "adjourned"),
    ("dialogue", "close"): ("party", "open adjourned"),
    ("statement", "adopt"): ("other", "proposed"),
    ("statement", "confirm"): ("other", "issued"),
    ("statement", "contest"): ("other", "issued"),
    ("statement", "correct"): ("owner", "issued"),
    ("statement", "withdraw"): ("owner", "issued proposed"),
    ("meeting", "counter"): ("party", "proposed"),
    ("meeting", "agree"): ("party", "proposed"),
    ("meeting", "cancel"): ("party", "proposed agreed"),
    ("meeting", "hold"): ("party", "agreed"),
    ("meeting", "record"): ("party", "held"),
    ("meeting", "propose_record"): ("party", "held"),
    ("meeting", "adopt_record"): ("party", "held"),
    ("note", "deliver"): ("owner", "sent delivered"),
    ("note", "acknowledge"): ("other", "sent delivered"),
    ("indicator", "observe"): ("owner", "followed"),
    ("indicator", "close"): ("owner", "followed"),
}
"""Who may take a step, and in which states, as the specification has it."""
CASES = [(kind, state, verb) for (kind, verb) in EXPECTED for state in BY_STATE[kind]]  # type: ignore[index]


def said(kind: str, verb: str) -> tuple[dict[str, str] | None, dict[str, Any]]:
    return SAID.get((kind, verb), (None, {}))


def world_at(kind: Kind, state: str) -> tuple[World, str]:
    world, name = World(), f"kr-{kind}-1"
    for by, verb in [(OWNER, FIRST_VERB[kind]), *BY_STATE[kind][state]]:
        words, more = said(kind, verb)
        world.do(by, name, verb, words, **more)
    assert world.state(name) == state
    return world, name


def test_every_kind_has_a_table_and_every_table_a_way_in() -> None:
    assert set(TABLES) == set(KINDS) == set(BY_STATE)
    opening = {(kind, name) for kind, table in TABLES.items() for name, verb in table.verbs.items() if verb.opens}
    assert opening == {*FIRST_VERB.items(), ("statement", "propose")}


def test_every_verb_is_for_whom_and_when_the_specification_says() -> None:
    found = {
        (kind, name): (verb.who, set(verb.states))
        for kind, table in TABLES.items()
        for name, verb in table.verbs.items()
        if not verb.opens
    }
    assert found == {key: (who, set(states.split())) for key, (who, states) in EXPECTED.items()}


@pytest.mark.parametrize(("kind", "state", "verb"), CASES)
def test_a_step_in_a_state_that_does_not_allow_it_is_refused_and_names_what_is_allowed(
    kind: Kind, state: str, verb: str
) -> None:
    world, name = world_at(kind, state)
    who, states = EXPECTED[kind, verb]
    words, more = said(kind, verb)
    by = OTHER if who == "other" else OWNER
    refusal = world.take(by, name, verb, words, **more)
    if state in states.split():
        assert refusal is None or refusal.code != "NOT_NOW"
        return
    assert refusal is not None
    assert refusal.code == "NOT_NOW"
    mine = {"party", "other" if by == OTHER else "owner"}
    now = [(to, each) for (one, each), (to, when) in EXPECTED.items() if one == kind and state in when.split()]
    own, theirs = ({each for to, each in now if (to in mine) is is_own} for is_own in (True, False))
    whose = ", by kr" if by == OTHER else ", by another party"
    told = [part for part in refusal.remedy.removeprefix("Now: ").removesuffix(".").split("; ") if part != NOTHING]
    assert {name for part in told if not part.endswith(whose) for name in part.split(", ")} == own
    assert {name for part in told if part.endswith(whose) for name in part.removesuffix(whose).split(", ")} == theirs
    assert (refusal.remedy == f"Now: {NOTHING}.") == (not now)


def test_who_can_do_nothing_now_is_told_what_the_other_party_can() -> None:
    world, name = World(), "kr-dialogue-1"
    world.do("kr", name, "propose", title=EN, level="working")
    assert world.remedy("kr", name, "convene", round="1", window=ROUND) == "Now: accept, by another party."


@pytest.mark.parametrize(("kind", "verb"), [key for key, (who, _) in EXPECTED.items() if who != "party"])
def test_a_step_is_for_its_owner_or_for_the_others_as_its_table_says(kind: Kind, verb: str) -> None:
    who, states = EXPECTED[kind, verb]
    world, name = world_at(kind, next(state for state in BY_STATE[kind] if state in states or state == "issued"))
    words, more = said(kind, verb)
    assert world.code(OTHER if who == "owner" else OWNER, name, verb, words, **more) == "NOT_YOURS"


def test_who_may_not_take_a_step_is_told_who_may_and_what_to_do_instead() -> None:
    world, name = World(THREE), "kr-dialogue-1"
    world.do("kr", name, "propose", title=EN, level="working")
    assert world.take("kr", name, "accept") == ("NOT_YOURS", f"{name} is your own", "This is for jp, us to say.")
    world.do("kr", "kr-indicator-1", "follow", title=EN, unit="t", source="Customs")
    assert world.take("jp", "kr-indicator-1", "close") == (
        "NOT_YOURS", "kr-indicator-1 is kr's", "Say your own view by a statement.",
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_matter_is_opened_once(kind: Kind) -> None:
    world, name = world_at(kind, next(iter(BY_STATE[kind])))
    words, more = said(kind, FIRST_VERB[kind])
    for by in (OWNER, OTHER):
        assert world.code(by, name, FIRST_VERB[kind], words, **more) == "ALREADY_OPEN"
    assert [event.refusal is None for event in world[name].events] == [True, False, False]


@pytest.mark.parametrize("kind", KINDS)
def test_only_its_own_party_opens_a_matter_with_an_id_of_its_kind(kind: Kind) -> None:
    world = World()
    words, more = said(kind, FIRST_VERB[kind])
    assert world.code(OTHER, f"kr-{kind}-1", FIRST_VERB[kind], words, **more) == "NOT_YOURS"
    other: Kind = "measure" if kind != "measure" else "note"
    assert world.code(OWNER, f"kr-{other}-1", FIRST_VERB[kind], words, **more, kind=kind) == "NOT_YOURS"
    assert world.matters == {}


@pytest.mark.parametrize("audience", [("kr",), ("jp", "us"), ("kr", "kr"), ("jp", "kr", "jp"), ()])
def test_a_matter_is_between_its_owner_and_at_least_one_other_each_once(audience: tuple[str, ...]) -> None:
    world = World()
    assert world.code("kr", "kr-arrangement-1", "open", title=EN, audience=audience) == "NOT_BETWEEN_THEM"
    assert world.matters == {}


def test_a_step_is_between_those_that_its_matter_is_between() -> None:
    world = World(TWO)
    world.do("kr", "kr-arrangement-1", "open", title=EN)
    for by, audience in (("us", TWO), ("us", THREE), ("jp", THREE), ("jp", ("kr", "jp"))):
        assert world.code(by, "kr-arrangement-1", "end", audience=audience) == "NOT_BETWEEN_THEM"


@pytest.mark.parametrize(("kind", "verb"), list(EXPECTED))
def test_a_step_of_a_matter_that_there_is_not_leaves_no_trace(kind: Kind, verb: str) -> None:
    words, more = said(kind, verb)
    world = World()
    assert world.code("kr", f"kr-{kind}-1", verb, words, **more) == "NO_SUCH_MATTER"
    assert world.matters == {}


def test_a_step_of_one_kind_leaves_no_trace_in_a_matter_of_another() -> None:
    world = World()
    world.do("kr", "kr-arrangement-1", "open", title=EN)
    assert world.code("kr", "kr-arrangement-1", "end", kind="measure") == "NO_SUCH_MATTER"
    assert len(world["kr-arrangement-1"].events) == 1


def test_an_opening_step_that_its_kind_refuses_opens_nothing_and_the_next_may() -> None:
    world = World()
    refused = {"title": EN, "attribution": "background"}
    assert world.code("kr", "kr-statement-1", "issue", FIRST, **refused) == "BAD_SOURCE"
    assert world.code("kr", "kr-statement-1", "correct", FIRST) == "NO_SUCH_MATTER"
    world.do("kr", "kr-statement-1", "issue", FIRST, title=EN, attribution="none")
    assert [event.refusal for event in world["kr-statement-1"].events] == [None]


def test_a_refused_step_stays_in_its_matter_with_its_refusal_and_the_state_as_it_was() -> None:
    world, name = world_at("measure", "announced")
    world.code("kr", name, "resume")
    event = world[name].events[-1]
    assert event.refusal is not None
    assert (event.step, event.refusal.code, event.state) == (world.steps[-1], "NOT_NOW", "announced")
    assert event.step not in list(world[name].steps)


def test_steps_are_taken_by_instant_then_by_writer_and_place() -> None:
    opened = make("kr", "kr-dialogue-1", "propose", at=START, title=EN, level="working")
    accepted = make("jp", "kr-dialogue-1", "accept", at=START + 1)
    first = make("jp", "kr-dialogue-1", "adjourn", at=START + 2, seq=5)
    second = make("jp", "kr-dialogue-1", "close", at=START + 2, seq=6)
    third = make("kr", "kr-dialogue-1", "reopen", at=START + 2, seq=1)
    for order in itertools.permutations((opened, accepted, first, second, third)):
        matter = fold(order)["kr-dialogue-1"]
        assert [event.step for event in matter.events] == [opened, accepted, first, second, third]
        assert [event.refusal is None for event in matter.events] == [True, True, True, True, False]


def test_a_step_given_twice_is_taken_once() -> None:
    opened = make("kr", "kr-arrangement-1", "open", at=START, title=EN)
    assert fold([opened, opened]) == fold([opened])


def test_two_different_steps_at_one_place_of_one_log_cannot_be_folded() -> None:
    steps = [make("kr", "kr-arrangement-1", "open", at=START, title=each) for each in (EN, {"en": "other"})]
    with pytest.raises(ValueError, match="kr 0000000000000000 entry 0"):
        fold(steps)


def test_the_owner_of_a_matter_is_in_its_id() -> None:
    assert [owner_of(name) for name in ("kr-measure-1", "a-b-note-12", "kr-measure-01", "measure-1", "")] == [
        "kr", "a-b", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_matter_shows_is_plain_and_only_a_statement_is_ever_hidden(kind: Kind) -> None:
    for state in BY_STATE[kind]:
        world, name = world_at(kind, state)
        assert msgspec.json.decode(msgspec.json.encode(world.show(name)))
        assert TABLES[kind].visible(world[name], START)


def test_a_verb_that_does_nothing_of_its_own_allows_everything() -> None:
    world, name = world_at("arrangement", "standing")
    assert nothing(world[name], world.steps[0]) is None


def test_taking_a_step_says_why_it_is_refused() -> None:
    matters: dict[str, Matter] = {}
    assert take(matters, make("kr", "kr-arrangement-1", "open", at=START, title=EN)) is None
    refusal = take(matters, make("kr", "kr-arrangement-1", "review", at=START + 1, on="2020-01-01", audience=THREE))
    assert refusal == ("NOT_BETWEEN_THEM", "kr-arrangement-1 is between jp, kr", "Name the same parties.")
    assert replace(matters["kr-arrangement-1"]).state == "standing"
