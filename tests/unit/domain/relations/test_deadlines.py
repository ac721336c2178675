"""Deadlines: nothing ends silently, whatever was sent or acknowledged, in whosoever's view."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from relation_world import EN, FIRST, World

from entente.domain.agreement.acts import parse_acts
from entente.domain.agreement.calendar import first_instant
from entente.domain.agreement.document import digest, parse_agreement
from entente.domain.agreement.instants import format_instant, parse_instant
from entente.domain.agreement.status import ViewStatus, status
from entente.domain.relations.deadlines import Deadline, alarms, deadlines, due
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
    assert only.at == parse_instant("2019-08-24T00:00:00+09:00")
    assert only.what == "The last day for a notice that ends the running term, in the view of jp, kr"


def test_a_local_day_begins_in_the_agreements_zone() -> None:
    assert AGREEMENT.termination.zone == "Asia/Seoul"
    assert of({"jp": Say(None, date(2019, 8, 24))})["notice-2019-08-24"].at == first_instant(  # type: ignore[dict-item]
        date(2019, 8, 24), "Asia/Seoul"
    )


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


def test_review_days_and_what_is_to_be_done_are_deadlines() -> None:
    found = of({}, world_of_matters().matters)
    assert {name: (each.kind, each.what, each.rests_on) for name, each in found.items()} == {
        "kr-dialogue-1-lists-2020-01-31": ("due", "jp is to have done: The lists", "kr-dialogue-1"),
        "jp-measure-1-review-2020-03-10": ("review", "The measure is to be looked at again: 輸出管理", "jp-measure-1"),
        "kr-arrangement-1-review-2020-08-24": (
            "review", "The arrangement is to be looked at again: November", "kr-arrangement-1",
        ),
    }  # fmt: skip
    assert format_instant(found["kr-dialogue-1-lists-2020-01-31"].at) == "2020-01-30T15:00:00.000Z"


def test_what_is_over_or_done_is_no_deadline_and_what_is_owed_after_the_talks_is() -> None:
    world = world_of_matters()
    world.do("jp", "jp-measure-1", "withdraw", review="2020-03-10")
    world.do("kr", "kr-arrangement-1", "end")
    world.do("kr", "kr-dialogue-1", "close")
    assert list(of({}, world.matters)) == ["kr-dialogue-1-lists-2020-01-31"]
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
