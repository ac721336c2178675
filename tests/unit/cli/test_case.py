"""The case of 2016 to 2023 as its file tells it: the agreement and every matter around it at each dated line.

The dates and states are those of the case; nothing here is asked of a node (the integration tests do that).
"""

import hashlib
from typing import Any

import pytest
from case_lines import CASE, LATER, LINES, day

from entente.cli.scenario import Scenario
from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import Record, record_of
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.joint import Wordings


@pytest.fixture(scope="module")
def case() -> Scenario:
    return load_scenario(CASE)


@pytest.fixture(scope="module")
def record(case: Scenario) -> Record:
    return record_of(case)


@pytest.mark.parametrize("place", range(len(LINES)), ids=[line.at for line in LINES])
def test_the_state_at_each_dated_line(record: Record, place: int) -> None:
    line, due = LINES[place], {}
    for each in LINES[: place + 1]:
        due |= each.now
    at = parse_instant(line.at)
    views = record.status(at).views
    assert {party: views[party].phase for party in ("jp", "kr")} == {"jp": line.jp, "kr": line.kr}
    assert {name: matter.state for name, matter in record.matters(at).items()} == due


def test_every_expectation_of_the_file_follows_from_the_file(case: Scenario, record: Record) -> None:
    for step in case.parts[0].steps:
        status, matters = record.status(step.at), record.matters(step.at)
        states = {name: matters[name].state for name in step.expect.matter}
        assert states == step.expect.matter, step
        assert {party: status.views[party].phase for party in step.expect.phase} == step.expect.phase, step
        assert {party: status.views[party].reading or "undeclared" for party in step.expect.reading} == dict(
            step.expect.reading
        ), step
        assert step.expect.disputed in (None, status.disputed), step
        assert step.expect.release_allowed in (None, status.release_allowed), step
        assert step.expect.ends_at is None or {step.expect.ends_at} == {v.ends_at for v in status.views.values()}, step


def test_no_step_of_the_case_is_refused(record: Record) -> None:
    found = record.matters(LATER)
    refused = [(matter.id, event.step.verb, event.refusal) for matter in found.values() for event in matter.events
               if event.refusal is not None]  # fmt: skip
    assert refused == []
    assert sum(len(matter.events) for matter in found.values()) == len(record.steps)


def test_the_views_differ_from_the_second_reading_to_the_withdrawal_of_both_acts(record: Record) -> None:
    instants = [parse_instant(line.at) for line in LINES]
    begins, ends = parse_instant("2020-08-24T12:00:00+09:00"), parse_instant("2023-03-21T10:00:00+09:00")
    assert [record.status(at).disputed for at in instants] == [begins <= at < ends for at in instants]


def test_release_is_allowed_from_force_on_and_never_stops(record: Record) -> None:
    force = parse_instant("2016-11-23T11:30:00+09:00")
    instants = [parse_instant(line.at) for line in LINES]
    assert [record.status(at).release_allowed for at in instants] == [at >= force for at in instants]


def test_had_nobody_acted_it_would_have_ended_at_midnight(record: Record) -> None:
    ended = parse_instant("2019-11-23T00:00:00+09:00")
    before = record._replace(acts=tuple(act for act in record.acts if act.dispatched < ended - 6 * 3_600_000))
    assert {view.phase for view in before.status(ended - 1).views.values()} == {"notice_running"}
    assert {view.phase for view in before.status(ended).views.values()} == {"ended"}
    assert not before.status(ended).release_allowed


def test_the_exchange_went_on_while_the_notice_ran(record: Record) -> None:
    status = record.status(parse_instant("2019-10-02T07:12:00+09:00"))
    assert (status.release_allowed, status.views["jp"].phase) == (True, "notice_running")
    given = [(day(each.at), each.sender, each.recipients, each.precedence) for each in record.exchanges]
    assert given == [
        ("2019-10-02", "jp", ("kr",), "FLASH"),
        ("2019-11-25", "kr", ("jp",), "ROUTINE"),
        ("2022-10-05", "kr", ("jp",), "PRIORITY"),
    ]


def test_the_complaint_goes_its_way_before_the_wto(record: Record) -> None:
    matter = record.matters(LATER)["kr-measure-1"]
    assert (matter.view.forum, matter.view.reference) == ("WTO", "DS590")
    assert [(day(event.step.at), event.step.verb, event.state) for event in matter.events] == [
        ("2019-09-11", "announce", "announced"),
        ("2019-09-16", "enforce", "in_force"),
        ("2019-10-11", "record", "in_force"),
        ("2019-11-19", "record", "in_force"),
        ("2019-11-22", "suspend", "suspended"),
        ("2020-06-02", "resume", "in_force"),
        ("2020-06-18", "record", "in_force"),
        ("2020-06-29", "record", "in_force"),
        ("2020-07-29", "record", "in_force"),
        ("2023-03-23", "withdraw", "withdrawn"),
    ]


def test_the_condition_of_the_halt_is_words_and_nothing_follows_from_it(record: Record) -> None:
    view = record.matters(parse_instant("2019-11-22T20:00:00+09:00"))["kr-measure-1"].view
    assert set(view.condition) == {"en", "ja", "ko"}
    without = record._replace(steps=())
    instants = [parse_instant(line.at) for line in LINES]
    assert [without.status(at) for at in instants] == [record.status(at) for at in instants]


def test_the_parties_versions_of_the_night_stand_side_by_side(record: Record) -> None:
    found = record.matters(parse_instant("2019-11-23T00:00:00+09:00"))
    ours, theirs = found["kr-statement-2"], found["jp-statement-2"]
    assert (ours.view.about, ours.view.claim["en"]) == ("jp", "Japan expressed understanding.")
    assert ours.view.answer == "unanswered"
    assert (theirs.view.about, theirs.view.claim) == ("", {})
    assert ours.view.versions[-1].wording != theirs.view.versions[-1].wording
    terms = found["kr-arrangement-1"].view.terms
    assert {party: list(each) for party, each in terms.items()} == {"kr": ["wto"], "jp": ["talks"]}
    assert terms["kr"]["wto"].step.get("while") == ("kr-measure-1",)
    assert terms["jp"]["talks"].step.get("while") == ("jp-dialogue-1",)


def test_nobody_ever_answers_for_the_other_party(record: Record) -> None:
    found = record.matters(LATER)
    assert found["kr-statement-2"].view.answer == "unanswered"
    reports = found["kr-arrangement-1"].view.terms["jp"]["talks"].reports
    assert {party: step.get("kept") for party, step in reports.items()} == {"jp": "kept", "kr": "disputed"}
    assert found["kr-arrangement-1"].view.terms["kr"]["wto"].reversed.at == parse_instant("2020-06-02T14:05:00+09:00")


def test_there_is_no_joint_text_since_the_parties_signed_none(record: Record) -> None:
    found = record.matters(LATER)
    wordings = [found["kr-arrangement-1"].view.wordings]
    wordings += [each.minutes for each in found["jp-dialogue-1"].view.rounds.values()]
    wordings += [matter.view.record for matter in found.values() if matter.kind == "meeting"]
    assert all(isinstance(each, Wordings) and each.joint is None and not each.proposals for each in wordings)
    assert "joint" not in {matter.state for matter in found.values()}
    minutes = found["jp-dialogue-1"].view.rounds[7].minutes.own
    assert set(minutes) == {"jp", "kr"}
    assert minutes["jp"].wording != minutes["kr"].wording


def test_the_source_of_what_was_said_on_background_is_the_registrys_reference(record: Record) -> None:
    view: Any = record.matters(parse_instant("2019-11-23T00:00:00+09:00"))["kr-statement-3"].view
    assert (view.attribution, view.source) == ("background", "2019/11/22-7")


def test_rounds_seven_to_nine_were_held(record: Record) -> None:
    rounds: Any = record.matters(LATER)["jp-dialogue-1"].view.rounds
    assert {number: (held.state, held.place, held.video) for number, held in rounds.items()} == {
        7: ("held", "Tokyo", False), 8: ("held", "", True), 9: ("held", "Tokyo", False),
    }  # fmt: skip
    days = {number: (day(held.window[0]), day(held.window[1])) for number, held in rounds.items()}
    assert days == {
        7: ("2019-12-16", "2019-12-16"), 8: ("2020-03-10", "2020-03-10"), 9: ("2023-03-14", "2023-03-16"),
    }  # fmt: skip


def test_the_meetings_are_where_and_when_they_were_and_on_whose_margins(record: Record) -> None:
    found: Any = record.matters(LATER)
    meetings = {
        name: (day(found[name].view.agreed[0]), found[name].view.place, found[name].view.host_event.get("en", ""))
        for name in ("jp-meeting-1", "kr-meeting-1", "jp-meeting-2", "jp-meeting-3")
    }
    assert meetings == {
        "jp-meeting-1": ("2019-11-23", "Nagoya", "Foreign ministers of the G20"),
        "jp-meeting-2": ("2019-12-04", "Vienna", ""),
        "kr-meeting-1": ("2019-12-24", "Chengdu", "8th summit of China, Japan and the Republic of Korea"),
        "jp-meeting-3": ("2023-03-16", "Tokyo", ""),
    }
    assert found["kr-meeting-1"].view.attendees == ("China: Premier",)
    assert day(found["kr-meeting-1"].opened.at) == "2019-11-23"


def test_every_note_records_an_act_of_its_writer_and_reached_the_other_party(record: Record) -> None:
    notes = [matter for matter in record.matters(LATER).values() if matter.kind == "note"]
    acts = {act.id: act for act in record.acts}
    assert {matter.view.act: (matter.owner, matter.state) for matter in notes} == dict.fromkeys(
        ("kr-3", "kr-4", "kr-6"), ("kr", "acknowledged")
    )
    for matter in notes:
        act = acts[matter.view.act]
        assert (act.by, act.kind) in {("kr", "notice_of_termination"), ("kr", "suspend_notice"), ("kr", "withdraw")}
        (delivery,) = matter.view.deliveries["jp"]
        assert act.dispatched <= delivery.get("on") <= delivery.at
    assert acts["kr-6"].refs == ("kr-3", "kr-4")


def test_the_notice_was_given_by_hand_and_what_shows_it_is_a_file_here(record: Record) -> None:
    (delivery,) = record.matters(LATER)["kr-note-1"].view.deliveries["jp"]
    shown = hashlib.sha256((CASE / "receipt-2019-08-23.txt").read_bytes()).hexdigest()
    assert (delivery.get("channel"), delivery.get("evidence")) == ("hand", shown)
    given = next(act.dispatched for act in record.acts if act.id == "kr-3")
    assert given <= delivery.get("on") < given + 60_000


def test_the_series_can_be_read_and_keep_what_was_revised(record: Record) -> None:
    found = record.series(LATER)
    assert all(not (each.missing or each.faults) and len(each.points) == 55 for each in found.values())
    (revision,) = found["kr-indicator-1"].revisions
    assert (revision.period, revision.old, revision.new) == ("2019-12", "78.0", "79.5")
    assert found["jp-indicator-1"].revisions == ()
