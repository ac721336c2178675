"""Deadlines at a node: they ring until an officer has seen them, and stand in a calendar that others can read."""

from datetime import date
from typing import Any

import pytest
from icalendar import Calendar
from support_matters import step
from support_stop import END, Pair, Party
from test_matters_desk import asked

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.domain.relations.deadlines import Deadline, alarms
from entente.formats.ical import Entry, calendar
from entente.node import deadlines
from entente.node.errors import UsageError
from entente.node.veil import Veil

HOUR = 3_600_000
SUMMIT = "2019-12-24T06:00:00.000Z/2019-12-24T07:00:00.000Z"


def entries(party: Party) -> list[Entry]:
    due = party.node.ringing.due(party.ledger).deadlines
    about = deadlines.about(party.node, party.ledger)
    return deadlines.entries(about, due, deadlines.arranged(party.node, party.ledger), Veil(()))


def listed(party: Party) -> list[dict[str, Any]]:
    return deadlines.listed(party.node.ringing.due(party.ledger), party.node.instant())


def events(party: Party) -> dict[str, Any]:
    """What a calendar program reads, by the UIDs."""
    data = calendar("jp", entries(party), stamped=0, simulated=True)
    return {str(event["UID"]): event for event in Calendar.from_ical(data).walk("VEVENT")}


def ringing(pair: Pair) -> list[str]:
    found = [line["alarm"] for line in listed(pair.jp)]
    return [alarm["id"] for alarm in found if alarm is not None and alarm["acknowledged"] is None]


def test_the_end_rings_at_each_of_its_hours_until_an_officer_has_seen_it(october: Pair) -> None:
    pair = october
    name = f"end-{format_instant(END)}"
    pair.turn(END - 6 * HOUR)
    assert f"{name}/PT6H" in ringing(pair)
    deadlines.acknowledge(pair.jp.node, pair.jp.ledger, f"{name}/PT6H", "t1")
    assert not [each for each in ringing(pair) if each.startswith(name)]
    pair.turn(END - HOUR)
    assert f"{name}/PT1H" in ringing(pair)


def test_what_nobody_has_seen_rings_on_after_it_has_passed(pair: Pair) -> None:
    pair.turn(END + HOUR)
    assert f"end-{format_instant(END)}/PT1H" in ringing(pair)


def test_who_has_seen_it_is_there_after_a_start_and_in_no_other_partys_hands(pair: Pair) -> None:
    pair.turn(END - HOUR)
    name = f"end-{format_instant(END)}/PT1H"
    deadlines.acknowledge(pair.jp.node, pair.jp.ledger, name, "t1")
    before = pair.jp.size()
    pair.jp.node.close()
    pair.jp.open()
    assert name not in ringing(pair)
    assert pair.jp.size() == before
    (seen,) = [
        line["alarm"]["acknowledged"] for line in listed(pair.jp) if line["alarm"] and line["alarm"]["id"] == name
    ]
    assert seen["person"] == "t1"


@pytest.mark.parametrize(("alarm", "code"), [("end-1970/PT1H", "NO_SUCH_ALARM"), (None, "ACKNOWLEDGED")])
def test_only_an_alarm_that_rings_is_acknowledged(pair: Pair, alarm: str | None, code: str) -> None:
    pair.turn(END - HOUR)
    name = f"end-{format_instant(END)}/PT1H"
    deadlines.acknowledge(pair.jp.node, pair.jp.ledger, name, "t1")
    with pytest.raises(UsageError) as refused:
        deadlines.acknowledge(pair.jp.node, pair.jp.ledger, alarm or name, "t2")
    assert refused.value.code == code


def test_a_calendar_program_reads_deadlines_meetings_and_rounds(pair: Pair) -> None:
    window = "2019-12-24T02:00:00.000Z/2019-12-24T04:00:00.000Z"
    step(pair.jp, "meeting", "propose", title={"en": "Summit, on the margins"}, level="leader", window=(window,),
         place="Chengdu", zone="Asia/Shanghai")  # fmt: skip
    talks = step(pair.jp, "dialogue", "propose", title={"en": "Export control policy"}, level="director_general")
    pair.carry()
    step(pair.kr, "dialogue", "accept", talks)
    step(pair.kr, "dialogue", "convene", talks, round="7", window=window, place="Tokyo")
    data = calendar("jp", entries(pair.kr), stamped=0, simulated=False)
    events = {str(event["SUMMARY"]): event for event in Calendar.from_ical(data).walk("VEVENT")}
    summit, talk = events["Summit, on the margins"], events["Export control policy: round 7"]
    assert (str(summit["STATUS"]), str(summit["LOCATION"])) == ("TENTATIVE", "Chengdu")
    assert talk["DTSTART"].dt.isoformat() == "2019-12-24T02:00:00+00:00"
    (end,) = [event for name, event in events.items() if name.startswith("The agreement ends")]
    assert len(end.walk("VALARM")) == 5


def test_everything_in_the_calendar_of_a_simulated_node_says_first_that_it_is_an_exercise(pair: Pair) -> None:
    """Asked of the command: what is written into the file, to be read into the calendars of real offices."""
    title = {"en": "Summit, on the margins"}
    step(pair.jp, "meeting", "propose", title=title, level="leader", window=(SUMMIT,))
    read = Calendar.from_ical(asked(pair.jp, "deadline.calendar")["calendar"])
    words = [str(each[name]) for each in read.walk("VEVENT") for name in ("SUMMARY", "DESCRIPTION")]
    words += [str(alarm["DESCRIPTION"]) for alarm in read.walk("VALARM")]
    assert len(words) > 4
    assert {text[:20] for text in (*words, str(read["X-WR-CALNAME"]))} == {"SIMULATED EXERCISE: "}
    document = pair.jp.ledger.document
    assert document is not None
    assert str(read["X-WR-CALNAME"]).endswith(f"jp: {document.name}, {document.title['en']}")


def test_who_meets_and_on_whose_margins_and_when_on_every_clock_stands_in_the_entry(pair: Pair) -> None:
    step(pair.jp, "meeting", "propose", title={"en": "Summit"}, level="leader", window=(SUMMIT,), place="Chengdu",
         zone="Asia/Shanghai", host_event={"en": "Trilateral"}, host_place="Chengdu", attendee=("China: Premier",),
         principal=("jp: Prime Minister", "kr: President"))  # fmt: skip
    (event,) = [each for name, each in events(pair.jp).items() if "meeting" in name]
    told = str(event["DESCRIPTION"])
    for part in (
        "Principals: jp: Prime Minister; kr: President", "Also there: China: Premier",
        "On the margins of: Trilateral; Chengdu", "Asia/Shanghai: 2019-12-24 14:00 to 2019-12-24 15:00",
        "Asia/Tokyo: 2019-12-24 15:00", "Asia/Seoul: 2019-12-24 15:00", "UTC: 2019-12-24 06:00",
    ):  # fmt: skip
        assert part in told
    assert "ATTENDEE" not in event


def test_an_import_of_a_newer_file_updates_what_has_changed_and_cancels_what_is_no_more_to_come(pair: Pair) -> None:
    other = "2019-12-24T09:00:00.000Z/2019-12-24T10:00:00.000Z"
    name = step(pair.jp, "meeting", "propose", title={"en": "Summit"}, level="leader", window=(SUMMIT, other))
    talks = step(pair.jp, "dialogue", "propose", title={"en": "Talks"}, level="director_general")
    pair.carry()
    step(pair.kr, "dialogue", "accept", talks)
    step(pair.kr, "dialogue", "convene", talks, round="7", window=SUMMIT)
    before = events(pair.kr)
    pair.turn(END + HOUR)
    step(pair.kr, "meeting", "agree", name, window=other)
    step(pair.kr, "dialogue", "cancel", talks, round="7")
    after = events(pair.kr)
    assert set(before) == set(after)
    changed = {uid for uid in before if "meeting" in uid or "round" in uid}
    assert len(changed) == 3
    for uid in changed:
        assert after[uid]["SEQUENCE"] > before[uid]["SEQUENCE"]
        assert after[uid]["LAST-MODIFIED"].dt > before[uid]["LAST-MODIFIED"].dt
    assert {str(before[uid]["STATUS"]) for uid in changed if "meeting" in uid} == {"TENTATIVE"}
    states = {after[uid]["DTSTART"].dt.hour: str(after[uid]["STATUS"]) for uid in changed if "meeting" in uid}
    assert states == {6: "CANCELLED", 9: "CONFIRMED"}
    assert {str(after[uid]["STATUS"]) for uid in changed if "round" in uid} == {"CANCELLED"}


def test_a_cancelled_meeting_is_cancelled_in_the_calendar(pair: Pair) -> None:
    name = step(pair.jp, "meeting", "propose", title={"en": "Summit"}, level="leader", window=(SUMMIT,))
    step(pair.jp, "meeting", "cancel", name)
    assert [str(each["STATUS"]) for uid, each in events(pair.jp).items() if "meeting" in uid] == ["CANCELLED"]


def test_a_calendar_program_rings_at_the_very_instants_at_which_the_node_does() -> None:
    """The clocks go forward in Vienna, and back in New York, within the days before."""
    for zone, at in (("Europe/Vienna", "2019-04-01T00:00:00+02:00"), ("America/New_York", "2019-11-04T00:00:00-05:00")):
        deadline = Deadline("end-x", parse_instant(at), "end", "The end", "21(3)", zone)
        found = deadlines.entries(deadlines.About("ab" * 32, ""), [deadline], [], Veil(()))
        data = calendar("jp", found, stamped=0, simulated=False)
        (event,) = Calendar.from_ical(data).walk("VEVENT")
        assert event["DTSTART"].to_ical().endswith(b"Z")
        rings = [event["DTSTART"].dt + alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
        assert [round(each.timestamp() * 1000) for each in rings] == [alarm.at for alarm in alarms(deadline)]


def test_what_is_due_by_a_day_stands_on_that_day_and_rings_at_the_very_instants() -> None:
    """A reader's calendar is in any zone: its midnights are others than those of the agreement."""
    at, day = parse_instant("2019-08-25T00:00:00+09:00"), date(2019, 8, 24)
    deadline = Deadline("notice-2019-08-24", at, "notice", "The last day", "21(3)", "Asia/Seoul", "Passed", day)
    found = deadlines.entries(deadlines.About("ab" * 32, ""), [deadline], [], Veil(()))
    data = calendar("jp", found, stamped=0, simulated=False)
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert b"DTSTART;VALUE=DATE:20190824\r\n" in data
    assert event["DTSTART"].dt == day
    assert b"TRIGGER;VALUE=DATE-TIME:20190824T140000Z\r\n" in data
    rings = [round(alarm["TRIGGER"].dt.timestamp() * 1000) for alarm in event.walk("VALARM")]
    assert rings == [alarm.at for alarm in alarms(deadline)]


def test_a_listed_deadline_has_its_day_and_says_once_it_has_passed(october: Pair) -> None:
    pair = october
    step(pair.jp, "measure", "announce", subject="other", title={"en": "T"}, review="2019-11-21")
    ends = parse_instant("2019-11-22T00:00:00+09:00")
    for now, words in ((ends - 1, "The measure is to be looked at again: T"), (ends, "The measure was to be")):
        pair.turn(now)
        lines = {line["id"]: line for line in listed(pair.jp)}
        assert lines["jp-measure-1-review-2019-11-21"]["what"].startswith(words)
        assert lines["jp-measure-1-review-2019-11-21"]["day"] == "2019-11-21"
        assert lines["jp-measure-1-review-2019-11-21"]["at"] == format_instant(ends)
        assert lines[f"end-{format_instant(END)}"]["day"] is None
    pair.turn(END)
    (end,) = [line for line in listed(pair.jp) if line["kind"] == "end"]
    assert end["what"].startswith("The agreement has ended, in the view of")
