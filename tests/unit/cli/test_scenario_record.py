"""What a scenario leaves in the record, told from its file alone (docs/spec/scenario.md, section 7)."""

import hashlib
from pathlib import Path

import pytest
from scenario_text import CLOCK, HEAD, PART, SHIPPED, read

from entente.cli.play import Player
from entente.cli.scenario import Part, Step
from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import record_of
from entente.cli.stage import Stage
from entente.domain.agreement.instants import parse_instant


def test_the_documents_are_named_by_their_digests() -> None:
    scenario = load_scenario(SHIPPED)
    digest = hashlib.sha256(scenario.agreement_file.read_bytes()).hexdigest()
    assert record_of(scenario).agreements == {digest: scenario.agreement}


def test_only_the_acts_that_a_part_writes_are_in_its_record() -> None:
    scenario = load_scenario(SHIPPED)
    happened, nobody = (record_of(scenario, part.id) for part in scenario.parts)
    assert {act.id for act in happened.acts} == set(scenario.acts)
    assert [act.id for act in nobody.acts] == ["kr-1", "jp-1", "kr-2", "jp-2", "kr-3"]
    midnight = parse_instant("2019-11-23T00:00:00+09:00")
    assert {view.phase for view in happened.status(midnight).views.values()} == {"notice_suspended"}
    assert {view.phase for view in nobody.status(midnight).views.values()} == {"ended"}


def test_an_act_counts_from_its_dispatch_and_not_before() -> None:
    record, at = record_of(load_scenario(SHIPPED)), parse_instant("2019-11-22T18:00:00+09:00")
    assert record.status(at - 1).views["kr"].phase == "notice_running"
    assert record.status(at).views["kr"].phase == "notice_suspended"


def test_what_was_refused_on_either_side_is_no_exchange() -> None:
    scenario = load_scenario(SHIPPED)
    happened, nobody = (record_of(scenario, part.id) for part in scenario.parts)
    assert [(each.sender, each.precedence) for each in happened.exchanges] == [("jp", "FLASH"), ("kr", "ROUTINE")]
    assert [(each.sender, each.at) for each in nobody.exchanges] == [("jp", parse_instant("2019-10-02T07:12:00+09:00"))]


def test_an_exchange_shows_no_title() -> None:
    scenario = load_scenario(SHIPPED)
    assert not any(item.title in str(record_of(scenario).exchanges) for item in scenario.items.values())


def test_a_part_that_there_is_not_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        record_of(read(tmp_path, HEAD + PART + CLOCK), "two")


class StoodStill(Stage):
    """A stage without nodes."""

    def __init__(self) -> None:
        self.nodes, self.linked = {}, False

    def set_clocks(self, at: int) -> None:
        """Nothing has a clock here."""


def test_a_deed_that_the_player_does_not_know_is_never_passed_over(tmp_path: Path) -> None:
    scenario = read(tmp_path, HEAD + PART + CLOCK)
    unknown = Part(id="p", title="P", steps=(Step(do="dance", at=0),))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="dance"):
        list(Player(scenario, unknown, StoodStill()).play())
    known = Part(id="p", title="P", steps=(Step(do="clock", at=0),))
    assert [line.step for line in Player(scenario, known, StoodStill()).play()] == ["clock"]
