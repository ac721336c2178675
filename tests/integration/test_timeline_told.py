"""What a node tells for a timeline comes in bounded slices, opens nothing, and counts what it does not draw."""

import asyncio
import base64
import hashlib
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from support_matters import DS590, step
from support_stop import Pair, Party

from entente.cli.timeline_node import _given
from entente.cli.timeline_record import exchanges
from entente.node import matters, telling
from entente.node.commands import COMMANDS
from entente.node.writer import BULK

THERE = 2
"""Items that the pair has exchanged before it begins: one each way."""
FIGURES = "period,value\n2019-07,83.1\n"


def asked(party: Party, command: str, slices: list[int] | None = None, **args: Any) -> Any:
    """The answer to a command; the lane of each of its pieces of work on the writer's thread goes into ``slices``."""

    async def do(work: Any, lane: int = -1) -> Any:
        if slices is not None:
            slices.append(lane)
        return work()

    daemon: Any = SimpleNamespace(node=party.node, do=do)
    known = COMMANDS[command]
    return asyncio.run(known.run(daemon, msgspec.convert(args, known.args)))


def told(party: Party, command: str, what: str) -> list[dict[str, Any]]:
    """All answers of a command that has several."""
    found: list[dict[str, Any]] = []
    where: dict[str, int] | None = {}
    while where is not None:
        answer = asked(party, command, **where)
        found += answer[what]
        after = answer["next"]
        where = {"first": after} if isinstance(after, int) else after
    return found


def play(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three items of Korea's and two of Japan's, a measure with its steps, an indicator with figures."""
    for giver in (pair.kr, pair.jp, pair.kr, pair.jp, pair.kr):
        giver.release(title="Not on a wall")
        pair.carry()
    name = step(pair.kr, "measure", "announce", **DS590)
    step(pair.kr, "measure", "enforce", name)
    step(pair.kr, "measure", "suspend", name)
    followed = step(pair.kr, "indicator", "follow", title={"en": "Imports"}, unit="index", source="EXERCISE")
    wording = matters.Wording
    monkeypatch.setattr(matters, "Wording", lambda lang, _kind, data: wording(lang, "text/csv", data))
    step(pair.kr, "indicator", "observe", followed, texts={"en": FIGURES})
    pair.carry()


def test_a_long_record_is_told_in_slices_between_which_others_have_their_turn(
    october: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(october, monkeypatch)
    whole = {what: told(october.jp, f"timeline.{what}", what) for what in ("items", "steps")}
    assert [len(whole[what]) for what in ("items", "steps")] == [THERE + 5, 5]
    monkeypatch.setattr(telling, "ENTRIES", 3)
    monkeypatch.setattr(telling, "STEPS", 2)
    monkeypatch.setattr(telling, "SLICES", 2)
    looked: list[int] = []
    entries = october.jp.node.store.entries

    def counting(log: int, first: int, limit: int) -> Any:
        looked.append(limit)
        return entries(log, first, limit)

    monkeypatch.setattr(october.jp.node.store, "entries", counting)
    for what in ("items", "steps"):
        slices: list[int] = []
        asked(october.jp, f"timeline.{what}", slices)
        assert slices == [BULK, BULK]
        assert told(october.jp, f"timeline.{what}", what) == whole[what]
    assert set(looked) == {3}


def test_a_slice_of_steps_ends_where_its_figures_are_many_bytes(october: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    play(october, monkeypatch)
    monkeypatch.setattr(telling, "TEXT_BYTES", len(FIGURES) - 1)
    found, after = telling.steps(october.kr.node, october.kr.ledger, 0)
    assert (len(found), after) == (5, None)
    step(october.kr, "measure", "resume", found[0]["matter"])
    assert telling.steps(october.kr.node, october.kr.ledger, 0)[1] == 5


def test_figures_are_told_and_no_title_of_an_item_is(october: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    play(october, monkeypatch)
    for party in october:
        *_, observed = told(party, "timeline.steps", "steps")
        (text,) = observed["texts"]
        assert base64.b64decode(text["data"]).decode() == FIGURES
        assert text["sha256"] == hashlib.sha256(FIGURES.encode()).hexdigest()
        assert "Not on a wall" not in str(told(party, "timeline.items", "items"))


def test_an_item_that_was_refused_is_counted_and_not_drawn(pair: Pair) -> None:
    """Korea's second item from now on crosses the end of the agreement and is refused there."""
    pair.kr.release()
    pair.carry()
    pair.kr.release()
    pair.turn(pair.kr.node.instant() + 1)
    pair.carry()
    for party in pair:
        items = [each for each in told(party, "timeline.items", "items") if each["by"] == "kr"]
        states = [line["state"].split(":")[0] for item in items for line in item["lines"]]
        assert states[-1] == "refused"
        assert "refused" not in states[:-1]
        shown = [(each.recipients, each.number) for each in exchanges(_given(party.party, each) for each in items)]
        assert shown == [(("jp",), number) for number in range(1, len(items))]


def test_where_nothing_is_after_what_is_asked_nothing_is_told(october: Pair) -> None:
    for where in ({"log": 9, "first": 0}, {"log": -1, "first": 0}):
        assert asked(october.kr, "timeline.items", **where) == {"items": [], "next": None}
    assert asked(october.kr, "timeline.steps", first=10**9) == {"steps": [], "next": None}
