"""Deadlines: nothing ends silently, whatever was sent or acknowledged, in whosoever's view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from relation_world import EN, FIRST, World

from entente.domain.agreement.acts import parse_acts
from entente.domain.agreement.calendar import _zone_names, first_instant, local_day, zone
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import MIN_INSTANT, format_instant, parse_instant
from entente.domain.agreement.status import ViewStatus, status
from entente.domain.relations.deadlines import Deadline, alarms, deadlines, due, next_alarm
from entente.domain.relations.table import Matter

EXAMPLES = Path(__file__).parents[4] / "examples" / "agreements"
DOCUMENT = (EXAMPLES / "jp-kr-2016.toml").read_bytes()
AGREEMENT = parse_agreement(DOCUMENT)
ACTS = parse_acts((EXAMPLES / "acts-2019.toml").read_bytes())
ENDS = parse_instant("2019-11-23T00:00:00+09:00")
HOUR = 3_600_000
DAY = 24 * HOUR


def views_at(text: str) -> Mapping[str, ViewStatus]:
    return status({digest(DOCUMENT): AGREEMENT}, ACTS, parse_instant(text)).views


def of(views: Mapping[str, ViewStatus], matters: Mapping[str, Matter] | None = None) -> dict[str, Deadline]:
    found = deadlines(AGREEMENT, views, matters or {})
    assert list(found) == sorted(found, key=lambda deadline: deadline.at)
    return {deadline.id: deadline for deadline in found}


@dataclass
class Say:
    """A view that says when it ends and by when notice may be given, as ViewStatus does."""

    ends_at: int | None = None
    notice_deadline: date | None = None


def test_an_agreement_that_extends_by_itself_has_the_last_day_for_a_notice() -> None:
    found = of(views_at("2019-01-01T00:00:00Z"))
    assert list(found) == ["notice-2019-08-24"]
    only = found["notice-2019-08-24"]
    assert (only.kind, only.rests_on) == ("notice", "21(3)")
    assert (only.at, only.day) == (parse_instant("2019-08-25T00:00:00+09:00"), date(2019, 8, 24))
    assert only.what == "The last day for a notice that ends the running term, in the view of jp, kr"


def test_what_is_due_by_a_day_is_due_at_its_end_and_rings_on_the_day_itself() -> None:
    assert AGREEMENT.termination.zone == "Asia/Seoul"
    only = of({"jp": Say(None, date(2019, 8, 24))})["notice-2019-08-24"]  # type: ignore[dict-item]
    assert only.at == first_instant(date(2019, 8, 25), "Asia/Seoul")
    assert {alarm.id: alarm.at for alarm in alarms(only)} == {
        "notice-2019-08-24/P30D": parse_instant("2019-07-26T00:00:00+09:00"),
        "notice-2019-08-24/P7D": parse_instant("2019-08-18T00:00:00+09:00"),
        "notice-2019-08-24/P1D": parse_instant("2019-08-24T00:00:00+09:00"),
        "notice-2019-08-24/PT6H": parse_instant("2019-08-24T18:00:00+09:00"),
        "notice-2019-08-24/PT1H": parse_instant("2019-08-24T23:00:00+09:00"),
    }


def test_a_day_on_which_the_clocks_change_ends_when_its_last_hour_has() -> None:
    data = DOCUMENT.replace(b'zone = "Asia/Seoul"', b'zone = "Europe/Vienna"')
    (only,) = deadlines(parse_agreement(data), {"jp": Say(None, date(2019, 10, 27))}, {})  # type: ignore[dict-item]
    assert only.at == parse_instant("2019-10-28T00:00:00+01:00") == first_instant(only.day, "Europe/Vienna") + 25 * HOUR


def test_the_last_day_there_is_ends_within_the_calendar() -> None:
    (only,) = of({"jp": Say(None, date.max)}).values()  # type: ignore[dict-item]
    assert only.at == first_instant(date.max, "Asia/Seoul")


@pytest.mark.parametrize(
    ("name", "to_come", "passed"),
    [
        ("end-2019-11-22T15:00:00.000Z", "The agreement ends, in the view of jp",
         "The agreement has ended, in the view of jp"),
        ("notice-2019-08-24", "The last day for a notice that ends the running term, in the view of jp",
         "The last day for a notice that ends the running term has passed, in the view of jp"),
        ("jp-measure-1-review-2020-03-10", "The measure is to be looked at again: 輸出管理",
         "The measure was to be looked at again: 輸出管理"),
        ("kr-arrangement-1-review-2020-08-24", "The arrangement is to be looked at again: November",
         "The arrangement was to be looked at again: November"),
        ("LISTS", "jp is to have done: The lists", "jp was to have done: The lists"),
    ],
)  # fmt: skip
def test_from_its_instant_on_the_words_say_that_it_has_passed(name: str, to_come: str, passed: str) -> None:
    world = world_of_matters()
    name = lists(world) if name == "LISTS" else name
    found = of({"jp": Say(ENDS, date(2019, 8, 24))}, world.matters)[name]  # type: ignore[dict-item]
    assert (found.said(found.at - 1), found.said(found.at)) == (to_come, passed)


def test_a_running_notice_makes_an_end_and_its_acknowledgement_takes_it_not_away() -> None:
    world = World()
    world.do("kr", "kr-note-1", "send", FIRST, act="kr-3", to=["jp"], form="record")
    before = of(views_at("2019-10-02T00:00:00Z"), world.matters)
    world.do("jp", "kr-note-1", "acknowledge")
    after = of(views_at("2019-10-02T00:00:00Z"), world.matters)
    assert before == after
    end = after["end-2019-11-22T15:00:00.000Z"]
    assert (end.at, end.kind, end.what) == (ENDS, "end", "The agreement ends, in the view of jp, kr")


def test_views_that_differ_say_their_own() -> None:
    views = {"jp": Say(ENDS, date(2019, 8, 24)), "kr": Say(ENDS + DAY, date(2020, 8, 24)), "us": Say(ENDS)}
    found = of(views)  # type: ignore[arg-type]
    assert {each.what.partition(" view of ")[2] for each in found.values() if each.kind == "end"} == {"jp, us", "kr"}
    assert {each.what.partition(" view of ")[2] for each in found.values() if each.kind == "notice"} == {"jp", "kr"}


def test_an_end_that_has_come_is_a_deadline_still() -> None:
    views = {"jp": Say(ENDS)}
    (late,) = due(deadlines(AGREEMENT, views, {}), ENDS + 400 * DAY)  # type: ignore[arg-type]
    assert (late.before, late.deadline.at) == ("PT1H", ENDS)


def test_a_date_that_moves_is_another_deadline_with_alarms_of_its_own() -> None:
    first, second = (of({"jp": Say(at)}) for at in (ENDS, ENDS + 1))  # type: ignore[dict-item]
    assert not {alarm.id for each in first.values() for alarm in alarms(each)} & {
        alarm.id for each in second.values() for alarm in alarms(each)
    }


def test_alarms_come_thirty_seven_and_one_days_and_six_and_one_hours_before() -> None:
    (deadline,) = of({"jp": Say(ENDS)}).values()  # type: ignore[dict-item]
    assert [(alarm.before, ENDS - alarm.at) for alarm in alarms(deadline)] == [
        ("P30D", 30 * DAY), ("P7D", 7 * DAY), ("P1D", DAY), ("PT6H", 6 * HOUR), ("PT1H", HOUR),
    ]  # fmt: skip
    assert next(alarm.id for alarm in alarms(deadline)) == "end-2019-11-22T15:00:00.000Z/P30D"
    assert all(alarm.deadline is deadline for alarm in alarms(deadline))


@pytest.mark.parametrize(
    ("name", "deadline", "thirty", "seven", "one"),
    [
        # The clocks go forward within the thirty days, and within the last one.
        ("Europe/Vienna", "2019-04-15T00:00:00+02:00", "2019-03-16T00:00:00+01:00", "2019-04-08T00:00:00+02:00",
         "2019-04-14T00:00:00+02:00"),
        ("Europe/Vienna", "2019-04-01T00:00:00+02:00", "2019-03-02T00:00:00+01:00", "2019-03-25T00:00:00+01:00",
         "2019-03-31T00:00:00+01:00"),
        ("America/New_York", "2019-03-11T17:30:00-04:00", "2019-02-09T17:30:00-05:00", "2019-03-04T17:30:00-05:00",
         "2019-03-10T17:30:00-04:00"),
        # They go back.
        ("Europe/Vienna", "2019-11-23T00:00:00+01:00", "2019-10-24T00:00:00+02:00", "2019-11-16T00:00:00+01:00",
         "2019-11-22T00:00:00+01:00"),
        ("America/New_York", "2019-11-04T00:00:00-05:00", "2019-10-05T00:00:00-04:00", "2019-10-28T00:00:00-04:00",
         "2019-11-03T00:00:00-04:00"),
        # A time that the day lacks, and one that it has twice.
        ("Europe/Vienna", "2019-04-01T02:30:00+02:00", "2019-03-02T02:30:00+01:00", "2019-03-25T02:30:00+01:00",
         "2019-03-31T03:00:00+02:00"),
        ("America/New_York", "2019-11-04T01:30:00-05:00", "2019-10-05T01:30:00-04:00", "2019-10-28T01:30:00-04:00",
         "2019-11-03T01:30:00-04:00"),
        # A day without midnight, and one before which a whole day was left out.
        ("America/Sao_Paulo", "2018-11-04T01:00:00-02:00", "2018-10-05T00:00:00-03:00", "2018-10-28T00:00:00-03:00",
         "2018-11-03T00:00:00-03:00"),
        ("Pacific/Apia", "2011-12-31T00:00:00+14:00", "2011-12-01T00:00:00-10:00", "2011-12-24T00:00:00-10:00",
         "2011-12-29T00:00:00-10:00"),
    ],
)  # fmt: skip
def test_days_before_are_local_days_across_a_change_of_clocks_and_hours_are_hours(
    name: str, deadline: str, thirty: str, seven: str, one: str
) -> None:
    at = parse_instant(deadline)
    found = [alarm.at for alarm in alarms(Deadline("end-x", at, "end", "", "", name))]
    assert found == [*map(parse_instant, (thirty, seven, one)), at - 6 * HOUR, at - HOUR]


@given(
    st.integers(parse_instant("1970-01-01T00:00:00Z"), parse_instant("2100-01-01T00:00:00Z")),
    st.sampled_from(sorted(_zone_names())),
    st.booleans(),
)
@example(ENDS, "Asia/Seoul", True)
def test_every_deadline_has_its_five_alarms_in_order_those_of_days_at_its_time_of_day(
    at: int, name: str, midnight: bool
) -> None:
    if midnight:
        at = first_instant(local_day(at, name), name)
    found = alarms(Deadline("end-x", at, "end", "", "", name))
    assert [alarm.before for alarm in found] == ["P30D", "P7D", "P1D", "PT6H", "PT1H"]
    assert all(one.at < next_.at for one, next_ in pairwise(found))
    assert found[-1].at < at
    rules = zone(name)
    local = wall(at, rules)
    for alarm, days in zip(found, (30, 7, 1), strict=False):
        wanted = local - timedelta(days=days)
        got = wall(alarm.at, rules)
        if at == first_instant(local.date(), name):
            assert alarm.at == first_instant(got.date(), name)
        elif exists(wanted, rules):
            assert got == wanted
        if exists(datetime.combine(wanted.date(), NOON), rules):
            assert got.date() == wanted.date()
        assert [each.id for each in due([alarm.deadline], alarm.at)] == [alarm.id]
        assert next_alarm([alarm.deadline], alarm.at - 1) == alarm.at


NOON = datetime(2000, 1, 1, 12).time()  # noqa: DTZ001 - a time of any day


def wall(instant: int, rules: tzinfo) -> datetime:
    """What a clock on the wall showed."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(rules).replace(
        tzinfo=None, fold=0
    )  # fmt: skip


def exists(local: datetime, rules: tzinfo) -> bool:
    """Whether a clock on the wall ever showed it."""
    return local.replace(tzinfo=rules).astimezone(UTC).astimezone(rules).replace(tzinfo=None, fold=0) == local


def test_at_the_edges_of_the_calendar_there_are_alarms_all_the_same() -> None:
    for day in (date.min, date.max):
        found = alarms(Deadline("x", first_instant(day, "Pacific/Apia"), "review", "", "", "Asia/Seoul"))
        assert len(found) == 5
        assert all(alarm.at >= MIN_INSTANT for alarm in found)


def test_after_the_last_alarm_none_is_to_come() -> None:
    only = Deadline("end-x", ENDS, "end", "", "", "Asia/Seoul")
    assert next_alarm([only], ENDS - HOUR - 1) == ENDS - HOUR
    assert next_alarm([only], ENDS - HOUR) is None


def test_what_may_be_under_embargo_has_no_deadline() -> None:
    world = World()
    world.do("kr", "kr-statement-1", "issue", FIRST, title=EN, attribution="on_record",
             embargo="2019-11-22T09:00:00Z")  # fmt: skip
    assert of({}, world.matters) == {}


@pytest.mark.parametrize(
    ("before", "newest"),
    [
        (30 * DAY + 1, None), (30 * DAY, "P30D"), (7 * DAY + 1, "P30D"), (7 * DAY, "P7D"), (DAY, "P1D"),
        (6 * HOUR, "PT6H"), (HOUR + 1, "PT6H"), (HOUR, "PT1H"), (0, "PT1H"),
    ],
)  # fmt: skip
def test_the_newest_alarm_is_due_from_its_millisecond_on(before: int, newest: str | None) -> None:
    found = due([Deadline("end-x", ENDS, "end", "", "", "Asia/Seoul")], ENDS - before)
    assert [alarm.before for alarm in found] == ([newest] if newest else [])


def test_what_is_due_comes_nearest_first() -> None:
    far, near = Deadline("a", ENDS + DAY, "end", "", "", "Asia/Seoul"), Deadline("b", ENDS, "end", "", "", "Asia/Seoul")
    assert [alarm.deadline.id for alarm in due([far, near], ENDS)] == ["b", "a"]


def world_of_matters() -> World:
    world = World()
    world.do(
        "jp", "jp-measure-1", "announce", subject="export_licensing", title={"ja": "輸出管理"}, review="2020-03-10"
    )
    world.do("kr", "kr-arrangement-1", "open", title={"en": "November", "ko": "11월"}, review="2020-08-24")
    world.do("kr", "kr-dialogue-1", "propose", title=EN, level="working")
    world.do("jp", "kr-dialogue-1", "accept")
    world.do("kr", "kr-dialogue-1", "assign", action="lists", to="jp", due="2020-01-31", summary={"en": "The lists"})
    world.do("kr", "kr-dialogue-1", "assign", action="open-end", to="jp", summary=EN)
    return world


def lists(world: World) -> str:
    """The id of the deadline of the action of that name: made of the step that assigned it, and of no word of it."""
    return f"kr-dialogue-1-due-{world['kr-dialogue-1'].view.actions['lists'].step.digest[:16]}-2020-01-31"


def test_review_days_and_what_is_to_be_done_are_deadlines() -> None:
    world = world_of_matters()
    found = of({}, world.matters)
    assert {name: (each.kind, each.what, each.rests_on) for name, each in found.items()} == {
        lists(world): ("due", "jp is to have done: The lists", "kr-dialogue-1"),
        "jp-measure-1-review-2020-03-10": ("review", "The measure is to be looked at again: 輸出管理", "jp-measure-1"),
        "kr-arrangement-1-review-2020-08-24": (
            "review", "The arrangement is to be looked at again: November", "kr-arrangement-1",
        ),
    }  # fmt: skip
    assert format_instant(found[lists(world)].at) == "2020-01-31T15:00:00.000Z"


def test_what_is_over_or_done_is_no_deadline_and_what_is_owed_after_the_talks_is() -> None:
    world = world_of_matters()
    world.do("jp", "jp-measure-1", "withdraw", review="2020-03-10")
    world.do("kr", "kr-arrangement-1", "end")
    world.do("kr", "kr-dialogue-1", "close")
    assert list(of({}, world.matters)) == [lists(world)]
    world.do("jp", "kr-dialogue-1", "done", action="lists")
    assert of({}, world.matters) == {}


def test_a_measure_that_has_run_its_course_is_looked_at_no_more() -> None:
    world = World()
    world.do("jp", "jp-measure-1", "announce", subject="other", title=EN)
    world.do("jp", "jp-measure-1", "enforce")
    assert of({}, world.matters) == {}
    world.do("jp", "jp-measure-1", "end", review="2020-03-10")
    assert of({}, world.matters) == {}


def test_without_an_article_a_deadline_rests_on_our_specification() -> None:
    data = DOCUMENT.replace(b'termination = "21(3)"\n', b"")
    found = deadlines(parse_agreement(data), {"jp": Say(ENDS)}, {})  # type: ignore[dict-item]
    assert [each.rests_on for each in found] == ["lifecycle 4"]
