"""What matters make of a chronicle: measures, talks, meetings, statements and their embargo, figures and items."""

from chronicle_case import (
    AFTERWARDS,
    EMBARGO,
    PARTIES,
    Hand,
    acts,
    case,
    embargoed,
    exchanges,
    kst,
    labels,
    lane,
    matters,
    terms,
    told,
    w,
    window,
)

from entente.domain.relations.chronicle import build
from entente.domain.relations.indicators import Point, Series

LAPSE = kst("2019-11-23 00:00")
CASE = case()


# Measures


def test_a_measures_band_has_its_states_until_it_is_withdrawn() -> None:
    states = [(one.state, one.begins, one.ends) for one in lane(CASE, "kr-measure-1").stretches]
    assert states == [
        ("announced", kst("2019-09-11 10:00"), kst("2019-11-22 18:00")),
        ("suspended", kst("2019-11-22 18:00"), kst("2020-06-02 14:00")),
        ("in_force", kst("2020-06-02 14:00"), kst("2023-03-23 15:00")),
    ]


def test_a_step_of_a_measure_is_a_mark_with_its_own_line_and_condition() -> None:
    halted = next(mark for mark in lane(CASE, "kr-measure-1").marks if mark.label["en"] == "Proceeding halted")
    assert halted.rests == ("kr-measure-1", "kr-4")
    assert "on condition: While the dialogue goes on normally" in halted.title["en"]
    assert labels(lane(CASE, "jp-measure-1").marks)[0] == "Announced"
    hand = Hand()
    hand("kr-measure-1", "record", "2023-03-23 10:00", summary={"en": "To be withdrawn.", "ja": "取下げへ。"})
    last = lane(told(hand.steps), "kr-measure-1").marks[-2]
    assert (last.label["en"], last.label["ja"]) == ("To be withdrawn", "取下げへ")


def test_a_measure_holds_from_the_instant_that_its_step_names() -> None:
    hand = Hand()
    title = w("Inspection", "検査", "검사")
    at = {"effective": "2020-02-01T00:00:00+09:00"}
    hand("kr-measure-9", "announce", "2020-01-10 09:00", subject="other", title=title, **at)
    hand("kr-measure-9", "enforce", "2020-01-20 09:00", **at)
    hand("kr-measure-9", "record", "2020-03-05 09:00", summary=title, on="2020-03-02")
    hand("kr-measure-9", "suspend", "2020-06-02 09:00", effective="2020-06-01T00:00:00+09:00")
    found = lane(told(hand.steps), "kr-measure-9")
    assert [(one.state, one.begins) for one in found.stretches] == [
        ("announced", kst("2020-01-10 09:00")),
        ("in_force", kst("2020-02-01 00:00")),
        ("suspended", kst("2020-06-01 00:00")),
    ]
    assert [mark.at for mark in found.marks] == [
        kst(f"2020-{day}") for day in ("01-10 09:00", "02-01 00:00", "03-02 00:00", "06-01 00:00")
    ]


def test_what_is_to_hold_later_is_expected_until_then() -> None:
    hand = Hand()
    hand("kr-measure-9", "announce", "2020-01-10 09:00", subject="other", title=w("Inspection", "検査", "검사"))
    hand("kr-measure-9", "enforce", "2020-01-20 09:00", effective="2020-02-01T00:00:00+09:00")
    span = (kst("2020-01-01 00:00"), kst("2020-03-01 00:00"))
    marks = lane(told(hand.steps, at=kst("2020-01-25 00:00"), span=span), "kr-measure-9").marks
    assert [mark.form for mark in marks] == ["done", "expected"]


def test_a_refused_step_stays_with_its_code() -> None:
    hand = Hand()
    hand("kr-measure-1", "resume", "2023-05-01 09:00")
    refused = lane(told(hand.steps), "kr-measure-1").marks[-1]
    assert (refused.form, refused.code, refused.minor) == ("refused", "NOT_NOW", True)


# Talks and meetings


def test_a_round_is_one_mark_at_its_own_time() -> None:
    rounds = [mark for mark in lane(CASE, "kr-dialogue-1").marks if mark.who == PARTIES]
    assert labels(tuple(rounds)) == ["Round 7, Tokyo", "Round 8, Seoul", "Round 9"]
    assert [(mark.at, mark.form) for mark in rounds] == [
        (kst("2019-12-16 10:00"), "done"),
        (kst("2020-03-10 10:00"), "done"),
        (kst("2023-03-14 10:00"), "done"),
    ]
    assert rounds[0].until == kst("2019-12-16 20:15")


def test_a_round_not_held_yet_is_expected_and_one_called_off_did_not_come() -> None:
    before = case(at=kst("2019-12-10 00:00"))
    assert [mark.form for mark in lane(before, "kr-dialogue-1").marks if mark.who == PARTIES] == ["expected"]
    assert before.ends == kst("2019-12-16 20:15")
    hand = Hand()
    hand(
        "kr-dialogue-1",
        "convene",
        "2023-05-01 09:00",
        round="10",
        window=window("2023-06-01 10:00", "2023-06-01 12:00"),
    )
    hand("kr-dialogue-1", "cancel", "2023-05-20 09:00", round="10")
    marks = lane(told(hand.steps), "kr-dialogue-1").marks
    assert [(mark.label["en"], mark.form) for mark in marks[-2:]] == [
        ("Round 10 called off", "done"),
        ("Round 10", "averted"),
    ]


def test_a_meeting_is_a_mark_at_the_time_agreed() -> None:
    held = [mark for mark in lane(CASE, "meetings").marks if mark.who == PARTIES]
    assert [(mark.label["en"], mark.at) for mark in held] == [
        ("Preparatory meeting, Vienna", kst("2019-12-04 17:00")),
        ("Summit meeting, Chengdu", kst("2019-12-24 15:00")),
        ("Summit meeting, Tokyo", kst("2023-03-16 16:50")),
    ]
    assert "Eighth trilateral summit" in held[1].title["en"]


def test_a_place_that_the_title_names_is_not_said_twice() -> None:
    hand = Hand()
    time = window("2023-06-01 10:00", "2023-06-01 12:00")
    title = {"en": "Summit, Busan", "ko": "부산 정상회담"}
    hand("kr-meeting-9", "propose", "2023-05-01 09:00", level="leader", window=[time], title=title, place="Busan")
    hand("kr-meeting-9", "agree", "2023-05-02 09:00", by="jp", window=time)
    label = lane(told(hand.steps), "meetings").marks[-1].label
    assert (label["en"], label["ko"]) == ("Summit, Busan", "부산 정상회담(Busan)")


def test_a_drawing_may_leave_out_that_a_meeting_was_agreed_since_the_meeting_stands_for_it() -> None:
    hand, time = Hand(), window("2023-06-01 10:00", "2023-06-01 12:00")
    hand(
        "kr-meeting-9", "propose", "2023-05-01 09:00", level="leader", window=[time], title=w("Summit", "会談", "회담")
    )
    hand("kr-meeting-9", "agree", "2023-05-02 09:00", by="jp", window=time)
    own = [mark for mark in lane(told(hand.steps), "meetings").marks if "kr-meeting-9" in mark.rests]
    assert [(mark.label["en"], mark.minor) for mark in own] == [
        ("Proposed: Summit", False), ("Agreed: Summit", True), ("Summit", False),
    ]  # fmt: skip


def test_a_meeting_without_a_time_is_only_its_steps() -> None:
    hand = Hand()
    earlier, later = window("2023-06-01 10:00", "2023-06-01 12:00"), window("2023-06-02 10:00", "2023-06-02 12:00")
    title = w("Ministers", "外相会談", "외교장관 회담")
    hand("kr-meeting-9", "propose", "2023-05-01 09:00", level="minister", window=[earlier], title=title, place="Seoul")
    hand("kr-meeting-9", "counter", "2023-05-02 09:00", by="jp", window=[later], place="Busan")
    own = [mark for mark in lane(told(hand.steps), "meetings").marks if "kr-meeting-9" in mark.rests]
    assert [mark.who for mark in own] == [("kr",), ("jp",)]
    hand("kr-meeting-9", "agree", "2023-05-03 09:00", window=later)
    hand("kr-meeting-9", "cancel", "2023-05-04 09:00", by="jp")
    off = lane(told(hand.steps), "meetings").marks[-1]
    assert (off.label["en"], off.form, off.at) == ("Ministers, Busan", "averted", kst("2023-06-02 10:00"))


def test_a_meeting_of_three_has_its_time_when_the_last_agrees() -> None:
    hand = Hand("jp", "kr", "us")
    asked = {"level": "minister", "title": w("Three", "三者会談", "3자 회담")}
    early, late = window("2023-06-01 10:00", "2023-06-01 12:00"), window("2023-06-02 10:00", "2023-06-02 12:00")
    hand("kr-meeting-9", "propose", "2023-05-01 09:00", window=[early, late], **asked)
    hand("kr-meeting-9", "agree", "2023-05-02 09:00", by="jp", window=early)
    assert "Three" not in labels(lane(told(hand.steps), "meetings").marks)
    hand("kr-meeting-9", "agree", "2023-05-03 09:00", by="us", window=late)
    hand("kr-meeting-9", "agree", "2023-05-04 09:00", by="jp", window=late)
    agreed = lane(told(hand.steps), "meetings").marks[-1]
    assert (agreed.label["en"], agreed.at, agreed.who) == ("Three", kst("2023-06-02 10:00"), ("jp", "kr", "us"))


def test_each_partys_words_in_an_arrangement_are_its_own_mark() -> None:
    found = lane(CASE, "kr-arrangement-1").marks
    assert [mark.who for mark in found] == [("kr",), ("kr",), ("jp",)]
    hand = Hand()
    hand("kr-arrangement-1", "report", "2020-06-01 09:00", term="talks", of="jp", kept="not_kept")
    assert labels(lane(told(hand.steps), "kr-arrangement-1").marks)[-1] == "Report on Japan: not kept"


def test_a_complaint_is_pending_and_halted_where_another_measure_is_in_force_and_suspended() -> None:
    hand = Hand()
    hand("jp-measure-9", "announce", "2018-07-01 10:00", subject="other", title=w("Other", "その他", "기타"))
    hand("jp-measure-9", "enforce", "2018-07-02 10:00")
    hand("jp-measure-9", "suspend", "2018-07-03 10:00")
    hand("kr-measure-9", "announce", "2018-07-01 10:00", subject="complaint", title=w("Case", "提訴", "제소"))
    hand("kr-measure-9", "enforce", "2018-07-02 10:00")
    hand("kr-measure-9", "suspend", "2018-07-03 10:00", summary=w("Procedure halted", "手続を停止", "절차 정지"))
    found = told(hand.steps)
    bands = {
        name: [each.label["en"] for each in lane(found, name).stretches] for name in ("jp-measure-9", "kr-measure-9")
    }
    assert bands == {
        "jp-measure-9": ["Announced", "In force", "Suspended"], "kr-measure-9": ["Brought", "Pending", "Halted"],
    }  # fmt: skip
    last = lane(found, "kr-measure-9").marks[-1]
    assert (last.title["en"], last.title["ja"]) == ("Case – Procedure halted", "提訴 – 手続を停止")


def test_a_round_and_a_meeting_are_named_with_their_place_in_each_language() -> None:
    round7 = next(mark for mark in lane(CASE, "kr-dialogue-1").marks if mark.who == PARTIES)
    assert round7.label == w("Round 7, Tokyo", "第7回、東京", "제7차, 도쿄")
    vienna = next(mark for mark in lane(CASE, "meetings").marks if mark.who == PARTIES)
    assert vienna.label == w("Preparatory meeting, Vienna", "準備会合（ウィーン）", "준비회의(빈)")


def test_notes_stand_with_the_acts_that_they_record() -> None:
    hand = Hand()
    hand("kr-note-1", "send", "2019-08-23 15:00", act="kr-3", to=["jp"], form="record")
    hand(
        "kr-note-1",
        "deliver",
        "2019-08-23 18:00",
        to="jp",
        channel="hand",
        on="2019-08-23T17:30:00+09:00",
        evidence="ab" * 32,
    )
    found = [mark for mark in lane(told(hand.steps), "acts").marks if mark.rests[0] == "kr-note-1"]
    assert [(mark.label["en"], mark.at) for mark in found] == [
        ("Note sent (kr-3)", kst("2019-08-23 15:00")),
        ("Note delivered (kr-3)", kst("2019-08-23 17:30")),
    ]
    assert [mark.title["ja"] for mark in found] == ["口上書の発出（kr-3）", "口上書の交付（kr-3）"]
    assert all(mark.minor for mark in found)
    assert not any(mark.minor for mark in lane(CASE, "acts").marks)


# Statements and their embargo


def test_a_millisecond_before_its_instant_nothing_of_a_statement_is_there() -> None:
    before = told(embargoed(), at=EMBARGO - 1)
    assert "kr-statement-9" not in repr(before)
    assert "Not before nine" not in repr(before)
    assert lane(before, "kr-measure-9").marks[0].rests == ("kr-measure-9", "kr-5")


def test_at_its_instant_all_of_a_statement_is_there_and_none_of_it_earlier() -> None:
    at = told(embargoed(), at=EMBARGO)
    found = [mark for mark in lane(at, "statements").marks if "kr-statement-9" in mark.rests]
    assert labels(tuple(found)) == ["Not before nine", "Contests: Not before nine", "Corrected: Not before nine"]
    assert {mark.at for mark in found} == {EMBARGO}
    assert lane(at, "kr-measure-9").marks[0].rests == ("kr-measure-9", "kr-statement-9", "kr-5")


def test_an_embargo_does_not_stretch_the_span() -> None:
    hand = Hand()
    until = "2030-01-01T00:00:00+09:00"
    hand("jp-statement-9", "issue", "2016-01-01 12:00", attribution="none", title={"en": "Old"}, embargo=until)
    assert told(hand.steps).begins == CASE.begins


def test_what_was_taken_back_before_it_was_out_was_never_said() -> None:
    hand = Hand()
    title = {"en": "Never said"}
    until = "2023-05-10T09:00:00+09:00"
    hand("kr-statement-9", "issue", "2023-05-09 12:00", attribution="none", title=title, embargo=until)
    hand("kr-statement-9", "withdraw", "2023-05-09 13:00")
    found = [mark for mark in lane(told(hand.steps), "statements").marks if "kr-statement-9" in mark.rests]
    assert [mark.form for mark in found] == ["averted", "done"]


def test_a_joint_statement_is_said_by_all_at_the_last_signature() -> None:
    proposed, joint = [mark for mark in lane(CASE, "statements").marks if "jp-statement-3" in mark.rests]
    assert (proposed.who, proposed.at) == (("jp",), kst("2023-03-16 16:30"))
    assert proposed.label["en"] == "Joint statement proposed: Relations set right"
    assert (joint.who, joint.label["en"], joint.at) == (PARTIES, "Relations set right", kst("2023-03-16 18:50"))


# Figures and items


def test_a_series_has_a_value_for_each_local_month_known_by_then() -> None:
    points = (Point("2019-07", "12.5"), Point("2019-08-02", "3"), Point("2024-01", "9"))
    found = build(terms(), acts(), matters(), series={"jp-indicator-1": Series(points, (), (), {})}, at=AFTERWARDS)
    curve = lane(found, "jp-indicator-1").curve
    assert curve is not None
    assert [(each.begins, each.ends, str(each.value)) for each in curve.values] == [
        (kst("2019-07-01 00:00"), kst("2019-08-01 00:00"), "12.5"),
        (kst("2019-08-02 00:00"), kst("2019-08-03 00:00"), "3"),
    ]
    assert (curve.unit, curve.source) == ("t", "Exercise figures")


def test_a_series_that_is_followed_only_later_is_not_there() -> None:
    before = case(at=kst("2019-07-01 10:30"))
    assert [each.id for each in before.lanes if each.group == "indicators"] == ["jp-indicator-1"]


def test_an_exchange_is_a_mark_of_its_sender_with_its_precedence() -> None:
    flash = lane(CASE, "exchanges").marks[0]
    assert (flash.who, flash.label["en"], flash.label["ko"]) == (
        ("jp",), "EXERCISE → KR no. 1 · FLASH", "연습 → KR 1호 · FLASH"
    )  # fmt: skip
    assert (flash.code, flash.reality, flash.minor) == ("FLASH", "exercise", True)


def test_an_item_says_whether_it_was_an_exercise_whatever_it_is() -> None:
    one = next(exchanges())
    for reality, words in (("actual", "ACTUAL"), ("test", "TEST"), ("", "ACTUAL OR EXERCISE NOT STATED")):
        told = build(terms(), acts(), matters(), [one._replace(reality=reality)], at=AFTERWARDS)
        shown = lane(told, "exchanges")
        assert shown.marks[0].title["en"] == f"{words} → Republic of Korea no. 1 · FLASH"
        assert shown.note["en"] == words


def test_an_item_whose_recipients_are_withheld_is_there_by_number_and_the_register_is_named_beside_it() -> None:
    one = next(exchanges())._replace(recipients=(), lines=(7, 8))
    (mark,) = lane(build(terms(), acts(), matters(), [one], at=AFTERWARDS), "exchanges").marks
    assert (mark.label["en"], mark.rests) == ("EXERCISE → ? no. 1 · FLASH", ("register 7", "register 8"))


def test_the_id_of_a_statement_that_is_not_here_is_not_named_either() -> None:
    hand = Hand()
    hand(
        "kr-measure-9",
        "announce",
        "2023-05-09 15:00",
        subject="other",
        title={"en": "X"},
        refs=("kr-5", "kr-statement-9"),
    )
    assert lane(told(hand.steps), "kr-measure-9").marks[0].rests == ("kr-measure-9", "kr-5")
