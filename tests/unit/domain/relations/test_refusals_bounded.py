"""A refusal costs the same however much a party has written: it never looks through all that there is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from relation_world import EN, ROUND, World, make

from entente.domain.relations.fields import Field
from entente.domain.relations.matters import TABLES, take
from entente.domain.relations.steps import MOST_NAMED, some

MANY = 40


class Watched(dict[Any, Any]):
    """A dictionary that is asked by key and for the first few keys, and by no other way."""

    looked = 0

    def __iter__(self) -> Iterator[Any]:
        for key in super().__iter__():
            self.looked += 1
            yield key

    def _all(self) -> Any:
        raise AssertionError("it was looked through")

    keys = values = items = copy = _all


def talks() -> World:
    world = World()
    world.do("kr", "kr-dialogue-1", "propose", title=EN, level="minister")
    world.do("jp", "kr-dialogue-1", "accept")
    for number in range(1, MANY + 1):
        world.do("kr", "kr-dialogue-1", "convene", round=number, window=ROUND)
        world.do("kr", "kr-dialogue-1", "assign", action=f"a-{number}", to="kr", summary=EN)
    return world


def terms() -> World:
    world = World()
    world.do("kr", "kr-arrangement-1", "open", title=EN)
    for number in range(MANY):
        world.do("kr", "kr-arrangement-1", "undertake", term=f"t-{number}", summary=EN)
        world.do("kr", "kr-arrangement-1", "propose", {"en": f"{number:03}"})
    return world


REFUSED: list[tuple[Callable[[], World], str, str, dict[str, Any], Callable[[Any], tuple[Any, str]]]] = [
    (talks, "kr-dialogue-1", "done", {"action": "b"}, lambda view: (view, "actions")),
    (talks, "kr-dialogue-1", "hold", {"round": "999"}, lambda view: (view, "rounds")),
    (terms, "kr-arrangement-1", "reverse", {"term": "u"}, lambda view: (view.standing, "kr")),
    (terms, "kr-arrangement-1", "reverse", {"term": "u"}, lambda view: (view.terms, "kr")),
    (terms, "kr-arrangement-1", "adopt", {"wording": "0" * 64}, lambda view: (view.wordings, "proposals")),
]


@pytest.mark.parametrize(("world", "matter", "verb", "said", "at"), REFUSED)
def test_no_refusal_looks_through_what_a_party_has_written(
    world: Callable[[], World], matter: str, verb: str, said: dict[str, Any], at: Callable[[Any], tuple[Any, str]]
) -> None:
    made = world()
    holder, name = at(made[matter].view)
    watched = Watched(holder[name] if isinstance(holder, dict) else getattr(holder, name))
    if isinstance(holder, dict):
        holder[name] = watched
    else:
        setattr(holder, name, watched)
    refusal = take(made.matters, make("kr", matter, verb, at=made.at + 1000, seq=999, **said))
    assert refusal is not None
    assert refusal.code.startswith("NO_SUCH_")
    assert watched.looked <= MOST_NAMED
    assert f"and {MANY - MOST_NAMED} more" in refusal.remedy


def test_a_round_that_is_put_off_again_and_again_is_not_copied_each_time() -> None:
    world = talks()
    world.do("kr", "kr-dialogue-1", "postpone", round=1, window=ROUND)
    held, earlier = world["kr-dialogue-1"].view.rounds[1], world["kr-dialogue-1"].view.rounds[1].earlier
    world.do("kr", "kr-dialogue-1", "postpone", round=1, window=ROUND)
    assert world["kr-dialogue-1"].view.rounds[1] is held
    assert held.earlier is earlier
    assert len(earlier) == 2


def test_the_first_few_are_named_and_the_others_counted() -> None:
    assert some([]) == ""
    assert some(range(MOST_NAMED)) == "0, 1, 2, 3, 4, 5, 6, 7"
    assert some(range(MOST_NAMED + 3)) == "0, 1, 2, 3, 4, 5, 6, 7 and 3 more"
    assert some(("ab", "cd"), lambda each: each[:1]) == "a, c"


def fields() -> Iterator[Field]:
    for table in TABLES.values():
        for verb in table.verbs.values():
            yield from verb.fields.values()


def test_no_step_has_to_name_a_matter() -> None:
    """What nobody may know of yet is left out of such a field, and the step must be readable without it (section 8)."""
    named = [each for each in fields() if each.names_matter]
    assert len(named) == 2
    assert not any(each.required for each in named)
    assert {each.metavar for each in fields() if each.names_matter} == {"MATTER"}
    assert all(each.names_matter for each in fields() if each.metavar == "MATTER")
