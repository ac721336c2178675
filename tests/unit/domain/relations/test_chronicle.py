"""The chronicle: which lanes, stretches and marks come of an agreement's acts and matters, and what it never shows."""

import random
from datetime import date

import pytest
from chronicle_case import (
    AFTERWARDS,
    EMBARGO,
    Hand,
    acts,
    case,
    embargoed,
    exchanges,
    kst,
    labels,
    lane,
    series,
    steps,
    terms,
    told,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from entente.domain.agreement.acts import Act
from entente.domain.relations.chronicle import build
from entente.domain.relations.chronicle_words import ACTS, LANGUAGES, PHASES, STATES, VERBS, day_in_words, said
from entente.domain.relations.lanes import GROUPS
from entente.domain.relations.lanes_matters import _GATHERED
from entente.domain.relations.matters import TABLES, fold

LAPSE = kst("2019-11-23 00:00")
CASE = case()


# Lanes


def test_lanes_stand_in_the_order_from_the_agreement_outwards() -> None:
    groups = [each.group for each in CASE.lanes]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)


def test_each_measure_has_a_lane_of_its_own_with_owner_forum_and_reference() -> None:
    complaint = lane(CASE, "kr-measure-1")
    assert (complaint.owner, complaint.note["ko"], complaint.title["en"]) == (
        "kr",
        "WTO DS590",
        "Complaint over export measures",
    )
    assert [each.id for each in CASE.lanes if each.group == "measures"] == [
        "jp-measure-1",
        "jp-measure-2",
        "kr-measure-2",
        "kr-measure-1",
    ]


def test_a_lane_with_nothing_in_it_is_left_out() -> None:
    alone = build(terms(), acts(), {}, at=AFTERWARDS)
    assert {each.group for each in alone.lanes} == {"status", "acts"}


def test_everything_is_said_in_every_language_and_falls_back_to_english() -> None:
    for each in CASE.lanes:
        for words in [each.title, *(mark.label for mark in each.marks), *(mark.title for mark in each.marks)]:
            assert set(words) == set(LANGUAGES)
            assert all(words.values())
    hand = Hand()
    hand("kr-measure-9", "announce", "2020-01-01 09:00", subject="other", title={"en": "Only English"})
    english = lane(told(hand.steps), "kr-measure-9")
    assert english.title == {"en": "Only English", "ja": "Only English", "ko": "Only English"}
    assert said({"fr": "Avis"}, "ja") == "Avis"
    assert said({"fr": "Avis", "en": "Notice"}, "ja") == "Notice"


def test_every_verb_phase_state_and_kind_of_act_has_words() -> None:
    for table in TABLES.values():
        for verb in table.verbs:
            if table.kind != "indicator" and (table.kind, verb) not in _GATHERED:
                assert set(VERBS[f"{table.kind} {verb}"]) == set(LANGUAGES)
    for words in (*PHASES.values(), *ACTS.values(), *STATES.values()):
        assert set(words) == set(LANGUAGES)


def test_days_are_written_as_people_of_each_language_write_them() -> None:
    day = date(2019, 11, 22)
    assert [day_in_words(day, lang) for lang in LANGUAGES] == ["22 November 2019", "2019年11月22日", "2019년 11월 22일"]
    assert day_in_words(day, "en", short=True, year=False) == "22 Nov"


# The agreement


def test_a_view_has_its_phases_one_after_the_other() -> None:
    japan = [(each.state, each.begins) for each in lane(CASE, "status:jp").stretches]
    korea = [(each.state, each.begins) for each in lane(CASE, "status:kr").stretches]
    notice = [("notice_running", kst("2019-08-23 17:30")), ("notice_suspended", kst("2019-11-22 18:00"))]
    assert japan[3:] == [*notice, ("in_force", kst("2020-08-24 12:00"))]
    assert korea[3:] == [*notice, ("in_force", kst("2023-03-21 10:00"))]
    for each in ("status:jp", "status:kr"):
        stretches = lane(CASE, each).stretches
        assert [one.ends for one in stretches[:-1]] == [one.begins for one in stretches[1:]]
        assert stretches[-1].ends == CASE.ends


def test_a_phase_rests_on_the_acts_that_count_where_it_begins() -> None:
    assert {one.state: one.rests for one in lane(CASE, "status:kr").stretches}["notice_suspended"] == ("kr-4",)


def test_where_the_views_differ_is_a_lane_of_its_own() -> None:
    (apart,) = lane(CASE, "status:differ").stretches
    assert (apart.begins, apart.ends) == (kst("2020-08-24 12:00"), kst("2023-03-21 10:00"))
    assert "status:differ" not in {each.id for each in case(at=kst("2020-01-01 00:00")).lanes}


def test_an_end_that_an_act_stopped_stays_as_one_that_did_not_come() -> None:
    (end,) = [mark for mark in lane(CASE, "status:kr").marks if mark.form != "limit"]
    assert (end.at, end.form, end.rests) == (LAPSE, "averted", ("kr-4", "Art. 21(3)"))


def test_an_end_that_nothing_stopped_came_about() -> None:
    without = [act for act in acts() if act.id in ("kr-1", "jp-1", "kr-2", "jp-2", "kr-3")]
    ended = lane(build(terms(), without, {}, at=AFTERWARDS), "status:jp")
    assert [(mark.at, mark.form) for mark in ended.marks if mark.form != "limit"] == [(LAPSE, "done")]
    assert ended.stretches[-1].state == "ended"


def test_an_end_still_to_come_is_expected() -> None:
    now = kst("2019-11-22 17:59")
    running = build(terms(), acts(), {}, at=now, span=(kst("2019-11-22 00:00"), kst("2019-11-23 06:00")))
    ends = [mark for mark in lane(running, "status:jp").marks if mark.form != "limit"]
    assert [(mark.at, mark.form) for mark in ends] == [(LAPSE, "expected")]


def test_the_last_day_for_notice_is_marked_at_its_end_once_a_term() -> None:
    found = [mark.at for mark in lane(CASE, "status:jp").marks if mark.form == "limit"]
    assert found == [kst(f"{year}-08-25 00:00") for year in range(2017, 2024)]
    assert all(mark.minor for mark in lane(CASE, "status:jp").marks if mark.form == "limit")
    assert "24 August 2019" in lane(CASE, "status:jp").marks[2].title["en"]


def test_an_act_is_a_mark_with_its_article_and_what_it_refers_to() -> None:
    withdrawal = lane(CASE, "acts").marks[-1]
    assert (withdrawal.at, withdrawal.who) == (kst("2023-03-21 10:00"), ("kr",))
    assert withdrawal.rests == ("kr-5", "kr-3", "kr-4", "Art. 21(3)")
    assert lane(CASE, "acts").marks[0].rests[-1] == "Art. 21(1)"


def test_a_refused_act_is_marked_with_its_code() -> None:
    late = Act(
        id="kr-9",
        by="kr",
        kind="suspend_notice",
        refs=("kr-3",),
        dispatched=kst("2023-05-01 10:00"),
        received={"jp": kst("2023-05-01 10:00")},
    )
    refused = lane(build(terms(), [*acts(), late], {}, at=AFTERWARDS), "acts").marks[-1]
    assert (refused.form, refused.code) == ("refused", "ALREADY_DONE")
    assert "ALREADY_DONE" in refused.title["ja"]


def test_a_declared_reading_says_which() -> None:
    assert "Reading: the notice is spent" in labels(lane(CASE, "acts").marks)


def test_what_is_not_known_yet_is_not_there() -> None:
    before = case(at=kst("2019-11-22 17:59"))
    assert lane(before, "acts").marks[-1].rests[0] == "kr-3"
    assert max(mark.at for mark in before.marks if mark.form == "done") <= before.at
    assert [one.state for one in lane(before, "status:jp").stretches[-2:]] == ["notice_running", "ended"]
    assert {mark.lane for mark in before.marks} & {"kr-arrangement-1", "meetings"} == {"kr-arrangement-1"}


def test_a_receipt_that_comes_later_is_not_foreseen() -> None:
    unreceived = [replace(act, received={"jp": kst("2019-11-22 19:00")}) if act.id == "kr-4" else act for act in acts()]
    span = (kst("2019-11-22 00:00"), kst("2019-11-23 06:00"))
    told_at = build(terms(), unreceived, {}, at=kst("2019-11-22 18:30"), span=span)
    assert lane(told_at, "status:jp").stretches[-1].state == "ended"


# What always holds


@settings(max_examples=60, deadline=None)
@given(st.integers(kst("2016-11-23 00:00"), kst("2024-06-01 00:00")), st.randoms(use_true_random=False))
def test_at_any_instant_the_chronicle_is_in_order_and_knows_nothing_later(at: int, dice: random.Random) -> None:
    written = [*steps(), *embargoed()]
    chosen = dice.sample(written, dice.randint(0, len(written)))
    given_acts = dice.sample(acts(), len(acts()))
    found = build(terms(), given_acts, fold(chosen), exchanges(), series(), at=at)
    assert found == build(terms(), acts(), fold(chosen), exchanges(), series(), at=at)
    assert found.begins <= found.ends
    for each in found.lanes:
        assert [mark.at for mark in each.marks] == sorted(mark.at for mark in each.marks)
        assert all(mark.lane == each.id for mark in each.marks)
        assert all(one.begins < one.ends for one in each.stretches)
        assert all(a.ends <= b.begins for a, b in zip(each.stretches, each.stretches[1:], strict=False))
    assert all(mark.at <= at for mark in found.marks if mark.form == "done" and mark.until is None)
    assert at >= EMBARGO or "kr-statement-9" not in repr(found)


def test_an_end_before_a_view_is_in_the_span_unless_it_is_far_off() -> None:
    assert case(at=kst("2019-11-22 17:59")).ends == kst("2019-11-24 00:00")
    without = [act for act in acts() if act.id in ("kr-1", "jp-1", "kr-2", "jp-2")]
    agreed = Act(
        id="kr-6",
        by="kr",
        kind="agree_termination",
        instant=kst("2030-01-01 00:00"),
        dispatched=kst("2017-01-02 00:00"),
        received={"jp": kst("2017-01-02 00:00")},
    )
    both = [*without, agreed, replace(agreed, id="jp-6", by="jp", received={"kr": kst("2017-01-02 00:00")})]
    assert build(terms(), both, {}, at=kst("2017-02-01 00:00")).ends == kst("2017-02-01 00:00")


@pytest.mark.parametrize(
    "span", [(kst("2019-11-22 00:00"), kst("2019-11-23 06:00")), (kst("2016-01-01 00:00"), AFTERWARDS)]
)
def test_a_given_span_is_kept(span: tuple[int, int]) -> None:
    found = case(span=span)
    assert (found.begins, found.ends) == span
    assert lane(found, "status:jp").stretches[0].begins == span[0]
