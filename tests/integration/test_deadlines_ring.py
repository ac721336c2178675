"""A deadline's alarm is heard: in check, health and metrics, by who follows, in the log; until an officer saw it."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from support_health import Watched, measured
from support_kill import PATIENCE, NodeProcess, until
from support_matters import matter_at, step
from support_nodes import done, entente, spawn
from support_stop import END, OCTOBER, Pair, Party, copy_template

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.node import deadlines, ringing
from entente.node.findings import Finding

HOUR = 3_600_000
NOTICE = "notice-2019-08-24/PT1H"
NAME = f"end-{format_instant(END)}"
RINGS = {
    "P30D": parse_instant("2019-10-24T00:00:00+09:00"),
    "P7D": parse_instant("2019-11-16T00:00:00+09:00"),
    "P1D": parse_instant("2019-11-22T00:00:00+09:00"),
    "PT6H": parse_instant("2019-11-22T18:00:00+09:00"),
    "PT1H": parse_instant("2019-11-22T23:00:00+09:00"),
}
"""When each alarm of the end rings: Korea's clocks never change, and the end is a midnight there."""
SECRET = "A matter of state"


def due(watched: Watched) -> dict[str, Finding]:
    """The findings about deadlines, without the agreement in their ids, by a look made now."""
    watched.look()
    states = watched.states()
    found = {each.id: each for each in watched.health.verdict() if each.id.startswith("deadline/")}
    assert all(states[name] == "warn" for name in found)
    return {name.split("/", 2)[2]: each for name, each in found.items()}


def listed(party: Party) -> list[dict[str, Any]]:
    return deadlines.listed(party.node.ringing.due(party.ledger), party.node.instant())


def samples(watched: Watched) -> dict[str, float]:
    found = measured(watched.metrics.text().decode())
    return {name.partition("{")[0]: value for name, value in found.items() if "{agreement=" in name}


@pytest.fixture
def jp(october: Pair) -> Watched:
    """Japan's node in October; the last day for a notice has passed, and an officer has seen that."""
    deadlines.acknowledge(october.jp.node, october.jp.ledger, NOTICE, "t1")
    watched = Watched(october.jp)
    assert due(watched) == {}
    return watched


@pytest.mark.parametrize("before", RINGS)
def test_each_alarm_is_in_check_health_and_metrics_from_its_millisecond_on(
    october: Pair, jp: Watched, before: str
) -> None:
    earlier = f"{NAME}/{dict(zip([*RINGS][1:], RINGS, strict=False)).get(before)}"
    october.turn(RINGS[before] - 1)
    assert [*due(jp)] == ([] if before == "P30D" else [earlier])
    october.turn(RINGS[before])
    (found,) = due(jp).values()
    assert found.id.endswith(f"/{NAME}/{before}")
    assert found.since == RINGS[before]
    assert "The agreement ends, in the view of jp, kr" in found.what
    assert found.remedy == f"entente deadlines acknowledge {jp.node.home.path} {NAME}/{before} --person ID"
    assert samples(jp)["entente_deadlines_ringing"] == 1
    assert samples(jp)["entente_end_seconds"] == (END - RINGS[before]) / 1000


def test_what_an_officer_has_seen_rings_no_more_until_the_next_alarm(october: Pair, jp: Watched) -> None:
    october.turn(RINGS["PT6H"])
    assert [*due(jp)] == [f"{NAME}/PT6H"]
    deadlines.acknowledge(jp.node, october.jp.ledger, f"{NAME}/PT6H", "t1")
    assert due(jp) == {}
    assert samples(jp)["entente_deadlines_ringing"] == 0
    october.turn(RINGS["PT1H"])
    assert [*due(jp)] == [f"{NAME}/PT1H"]


def test_a_deadline_that_passed_unseen_stays_and_no_end_is_to_come(october: Pair, jp: Watched) -> None:
    october.turn(END + 400 * 24 * HOUR)
    (found,) = due(jp).values()
    assert "since 400 d 0 h; nobody has acknowledged it" in found.what
    assert samples(jp)["entente_end_seconds"] != samples(jp)["entente_end_seconds"], "not a number"


def test_nothing_is_broken_by_what_comes_due(october: Pair, jp: Watched) -> None:
    october.turn(END)
    assert jp.fails() == []


def test_neither_metrics_nor_health_say_a_word_that_a_person_wrote(october: Pair, jp: Watched) -> None:
    step(october.kr, "measure", "announce", subject="other", title={"en": SECRET}, review="2019-10-02")
    talks = step(october.kr, "dialogue", "propose", title={"en": SECRET}, level="working")
    october.carry()
    step(october.jp, "dialogue", "accept", talks)
    for action in ("raid-at-dawn", "raid-at-dusk"):
        step(october.jp, "dialogue", "assign", talks, action=action, to="kr", due="2019-10-02", summary={"en": SECRET})
    found = due(jp)
    assert set(found) == {
        "kr-measure-1-review-2019-10-02/P1D", f"{talks}-due-2019-10-02/P1D", f"{talks}-due-2019-10-02/P1D/2",
    }  # fmt: skip
    assert all(SECRET in each.what for each in found.values()), "whoever may command the node reads what it is"
    remedies = " ".join(each.remedy for each in found.values())
    dawn = matter_at(october.jp, talks).view.actions["raid-at-dawn"].step.digest[:16]
    assert f"{talks}-due-{dawn}-2019-10-02/P1D" in remedies
    page = jp.metrics.text().decode()
    assert "kr-measure-1" not in page
    for text in (page, *(each.id for each in found.values())):
        assert "raid" not in text
        assert SECRET not in text
    assert samples(jp)["entente_deadlines_ringing"] == 3


def test_the_last_day_for_a_notice_is_counted_down_until_it_has_come(october: Pair, jp: Watched) -> None:
    (notice,) = [
        act.statement.id for act in october.kr.ledger.projection.acts.values() if "notice" in act.statement.kind
    ]
    october.kr.act("withdraw", refs=(notice,))
    october.carry()
    assert due(jp) == {}
    assert samples(jp)["entente_notice_seconds"] != samples(jp)["entente_notice_seconds"], "this term's has passed"
    october.turn(END)
    assert due(jp) == {}
    assert samples(jp)["entente_notice_seconds"] == (parse_instant("2020-08-25T00:00:00+09:00") - END) / 1000


def test_nothing_is_computed_while_nothing_has_changed_and_no_alarm_has_come(october: Pair) -> None:
    party, rings = october.jp, october.jp.node.ringing
    first = rings.due(party.ledger)
    october.turn(RINGS["P30D"] - 1)
    party.release()
    october.carry()
    assert rings.due(party.ledger) is first
    october.turn(RINGS["P30D"])
    rung = rings.due(party.ledger)
    assert rung is not first
    assert rung.deadlines is first.deadlines, "only what rings was looked for"
    assert rings.due(party.ledger) is rung
    step(party, "measure", "announce", subject="other", title={"en": "T"}, review="2020-01-01")
    assert len(rings.due(party.ledger).deadlines) == len(first.deadlines) + 1


def test_after_a_long_look_the_next_ones_are_left_out(
    october: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    look = october.jp.node.ringing.look
    monkeypatch.setattr(ringing, "WORK", 1e-5)
    look()
    monkeypatch.setattr(ringing, "WORK", 1e9)
    october.turn(RINGS["P30D"])
    look()
    assert NAME not in caplog.text
    for _ in range(october.jp.node.ringing._rest):
        look()
    look()
    assert f"{NAME}/P30D: its alarm rings" in caplog.text


def test_many_alarms_at_once_are_told_a_few_a_look_and_each_once(
    october: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ringing, "MAX_TOLD", 2)
    for day in range(3, 8):
        step(october.jp, "measure", "announce", subject="other", title={"en": "T"}, review=f"2019-10-{day:02}")
    october.turn(parse_instant("2019-10-07T12:00:00+09:00"))
    told: list[str] = []
    october.jp.node.ringing.rang = lambda _ledger, alarm: told.append(alarm.id)
    counts = []
    for _ in range(5):
        october.jp.node.ringing.look()
        counts.append(len(told))
    assert counts == [2, 4, 6, 6, 6]
    assert len(set(told)) == 6


def test_every_metric_of_a_deadline_is_in_the_specification(jp: Watched) -> None:
    assert {"entente_deadlines_ringing", "entente_end_seconds", "entente_notice_seconds"} <= samples(jp).keys()
    page = (Path(__file__).parents[2] / "docs" / "spec" / "health.md").read_text()
    assert all(f"`{name}`" in page for name in samples(jp))


def test_a_listed_deadline_says_who_saw_it_and_when_also_after_a_start(october: Pair) -> None:
    party = october.jp
    october.turn(RINGS["PT6H"])
    deadlines.acknowledge(party.node, party.ledger, f"{NAME}/PT6H", "t1")
    for _ in range(2):
        (line,) = [each for each in listed(party) if each["id"] == NAME]
        assert line["alarm"]["acknowledged"] == {"person": "t1", "at": format_instant(RINGS["PT6H"])}
        party.node.close()
        party.open()


# A node as a process


@pytest.fixture
def process(ending: Path) -> Iterator[NodeProcess]:
    with TemporaryDirectory(prefix="entente-") as name:
        copy_template(ending, Path(name))
        node = NodeProcess(Path(name) / "jp")
        try:
            node.start(OCTOBER)
            yield node
        finally:
            node.stop()


def rings_in(node: NodeProcess) -> tuple[list[str], list[str]]:
    """What rings by ``node check``, and by the first screen."""
    found = entente("node", "check", node.home.path, "--json").json["findings"]
    first = done(entente("status", node.home.path, "--json")).json["ringing"]
    names = [each["id"].split("/", 2)[2] for each in found if each["id"].startswith("deadline/")]
    return names, [line["alarm"]["id"] for line in first]


def told(follower: Any) -> dict[str, Any]:
    """The next line; a follower that says nothing is ended after a while, and the line is none."""
    patience = threading.Timer(PATIENCE, follower.kill)
    patience.start()
    try:
        line: dict[str, Any] = json.loads(follower.stdout.readline())
    finally:
        patience.cancel()
    return line


def logged(node: NodeProcess, name: str) -> int:
    return len(re.findall(rf"deadline/[0-9a-f]{{16}}/{re.escape(name)}: its alarm rings", node.log.read_text()))


def test_each_alarm_is_pushed_as_it_rings_and_rings_through_a_crash_until_it_is_seen(process: NodeProcess) -> None:
    path = process.home.path
    with spawn("follow", path, "--json", passphrase=None) as follower:
        assert "following" in told(follower)
        assert told(follower)["deadline"]["alarm"]["id"] == NOTICE, "what rings already is said at the beginning"
        done(entente("deadlines", "acknowledge", path, NOTICE, "--person", "t1"))
        for before, instant in RINGS.items():
            process.turn(instant)
            said = told(follower)
            assert (said["deadline"]["id"], said["deadline"]["alarm"]["before"]) == (NAME, before)
            assert said["zone"] == "Asia/Seoul"
            assert logged(process, f"{NAME}/{before}") == 1
            assert rings_in(process) == ([f"{NAME}/{before}"], [f"{NAME}/{before}"])
    process.kill()
    process.start(RINGS["PT1H"])
    last = f"{NAME}/PT1H"
    assert rings_in(process) == ([last], [last])
    until(lambda: logged(process, last) == 2, "it is logged after the start too")
    with (
        spawn("follow", path, passphrase=None) as follower,
        spawn("follow", path, "--json", "--stream", "track", passphrase=None) as streamed,
    ):
        assert follower.stdout is not None
        follower.stdout.readline()
        assert "DUE The agreement ends" in follower.stdout.readline()
        assert f"entente deadlines acknowledge {path} {last} --person ID" in follower.stdout.readline()
        assert "following" in told(streamed)
    process.turn(END + HOUR)
    assert rings_in(process) == ([last], [last]), "it has passed, and nobody has seen it"
    done(entente("deadlines", "acknowledge", path, last, "--person", "t1"))
    assert rings_in(process) == ([], [])
    assert "seen by t1, 2019-11-23 01:00" in " ".join(done(entente("deadlines", "list", path)).out.split())


def test_an_end_that_was_stopped_and_comes_back_rings_again_whoever_had_seen_it(october: Pair) -> None:
    """The night of 2019 the other way round: the notice is suspended, and minutes before midnight it runs again."""
    kr = october.kr
    acts = kr.ledger.projection.acts.items()
    notice = next(name for name, act in acts if act.statement.kind == "notice_of_termination")
    october.turn(END - 50 * 60_000)
    alarm = next(each for each in kr.node.ringing.due(kr.ledger).unseen if each.id == f"{NAME}/PT1H")
    deadlines.acknowledge(kr.node, kr.ledger, alarm.id, "t1")
    assert alarm.id not in {each.id for each in kr.node.ringing.due(kr.ledger).unseen}
    october.turn(END - 40 * 60_000)
    kr.act("suspend_notice", refs=(notice,))
    october.carry()
    assert alarm.id not in {each.id for each in kr.node.ringing.due(kr.ledger).rung}
    suspension = list(kr.ledger.projection.acts)[-1]
    october.turn(END - 10 * 60_000)
    kr.act("withdraw", refs=(suspension,))
    october.carry()
    assert alarm.id in {each.id for each in kr.node.ringing.due(kr.ledger).unseen}
