"""Every dated line of the case is in its file: on that day in both capitals, by that party, saying what happened.

The table is that of public dates, line by line; its two lines before 2016 are older than the agreement.
"""

import pytest
from case_lines import CASE, LATER, day

from entente.cli.scenario_parse import load_scenario
from entente.cli.scenario_record import Record, record_of
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.steps import Step

ACTS = [
    ("2016-11-23", "jp", "sign", ()),
    ("2016-11-23", "kr", "sign", ()),
    ("2016-11-23", "jp", "notify_completion", ()),
    ("2016-11-23", "kr", "notify_completion", ()),
    ("2019-08-23", "kr", "notice_of_termination", ()),
    ("2019-11-22", "kr", "suspend_notice", ("kr-3",)),
    ("2020-08-24", "jp", "declare_reading", ()),
    ("2020-08-24", "kr", "declare_reading", ()),
    ("2023-03-21", "kr", "withdraw", ("kr-3", "kr-4")),
]
STEPS = [
    # three materials, and the lists
    ("2019-07-01", "jp", "jp-measure-1", "announce", "polyimide, resist and hydrogen fluoride"),
    ("2019-07-04", "jp", "jp-measure-1", "enforce", "licences required"),
    ("2019-12-20", "jp", "jp-measure-1", "ease", "longer licences for fixed pairs"),
    ("2023-03-23", "jp", "jp-measure-1", "withdraw", "all three materials"),
    ("2019-08-02", "jp", "jp-measure-2", "announce", "group a to b"),
    ("2019-08-28", "jp", "jp-measure-2", "enforce", "takes effect"),
    ("2023-06-27", "jp", "jp-measure-2", "record", "cabinet"),
    ("2023-07-21", "jp", "jp-measure-2", "withdraw", "back in group a"),
    ("2019-09-18", "kr", "kr-measure-2", "enforce", "takes effect"),
    ("2023-04-24", "kr", "kr-measure-2", "withdraw", "back on the white list"),
    # DS590
    ("2019-09-11", "kr", "kr-measure-1", "announce", "consultations requested"),
    ("2019-09-16", "kr", "kr-measure-1", "enforce", "circulated"),
    ("2019-10-11", "kr", "kr-measure-1", "record", "first consultations, geneva"),
    ("2019-11-19", "kr", "kr-measure-1", "record", "second consultations, geneva"),
    ("2019-11-22", "kr", "kr-measure-1", "suspend", "while the dialogue"),
    ("2020-06-02", "kr", "kr-measure-1", "resume", "taken up again"),
    ("2020-06-18", "kr", "kr-measure-1", "record", "panel is requested"),
    ("2020-06-29", "kr", "kr-measure-1", "record", "first request is blocked"),
    ("2020-07-29", "kr", "kr-measure-1", "record", "panel is established"),
    ("2023-03-23", "kr", "kr-measure-1", "withdraw", "withdrawn"),
    # what was said
    ("2019-08-22", "kr", "kr-statement-1", "issue", "national security council has decided"),
    ("2019-10-03", "jp", "jp-statement-1", "issue", "in force until late november"),
    ("2019-11-22", "kr", "kr-statement-2", "issue", "expressed understanding"),
    ("2019-11-22", "jp", "jp-statement-2", "issue", "stay as they are"),
    ("2020-01-09", "kr", "kr-statement-4", "issue", "given effect again"),
    ("2020-08-24", "kr", "kr-statement-5", "issue", "does not apply"),
    ("2020-08-24", "jp", "jp-statement-3", "issue", "a year was added"),
    ("2023-03-17", "kr", "kr-statement-6", "issue", "asked the foreign ministry to withdraw both"),
    ("2023-12-19", "kr", "kr-statement-7", "issue", "three states"),
    ("2023-12-19", "jp", "jp-statement-4", "issue", "works in full"),
    # the note of August by hand, that of March 2023 in the morning
    ("2019-08-23", "kr", "kr-note-1", "deliver", ""),
    ("2023-03-21", "kr", "kr-note-3", "deliver", ""),
    # talks and meetings
    ("2019-11-22", "jp", "jp-dialogue-1", "propose", "export control policy dialogue"),
    ("2019-12-04", "jp", "jp-meeting-2", "hold", "round 7 was prepared"),
    ("2019-12-16", "jp", "jp-dialogue-1", "hold", "ten hours"),
    ("2019-12-24", "kr", "kr-meeting-1", "hold", "first in fifteen months"),
    ("2020-03-10", "kr", "jp-dialogue-1", "hold", "entry was limited"),
    ("2023-03-16", "jp", "jp-dialogue-1", "hold", "to be lifted"),
    ("2023-03-16", "jp", "jp-meeting-3", "hold", "full normalisation"),
]


@pytest.fixture(scope="module")
def record() -> Record:
    return record_of(load_scenario(CASE))


def _words(record: Record, step: Step) -> str:
    """All that a step says in English, in small letters."""
    said = [value.get("en", "") for value in step.values.values() if isinstance(value, dict)]
    said += [record.files[text.sha256].decode() for text in step.texts if text.lang == "en"]
    return " ".join(said).lower()


def test_the_acts_are_these_on_these_days(record: Record) -> None:
    assert sorted((day(act.dispatched), act.by, act.kind, act.refs) for act in record.acts) == sorted(ACTS)


@pytest.mark.parametrize(("on", "by", "matter", "verb", "words"), STEPS)
def test_each_dated_line_is_there_by_whose_doing_it_was(
    record: Record, on: str, by: str, matter: str, verb: str, words: str
) -> None:
    found = [step for step in record.steps if (day(step.at), step.by, step.matter, step.verb) == (on, by, matter, verb)]
    assert [step for step in found if words in _words(record, step)], [_words(record, step) for step in found]


def test_nothing_in_it_is_older_than_the_agreement(record: Record) -> None:
    instants = [act.dispatched for act in record.acts] + [step.at for step in record.steps]
    assert day(min(instants)) == "2016-11-23"


def test_what_holds_from_a_later_day_says_so_when_it_is_announced(record: Record) -> None:
    found = record.matters(LATER)
    effective = {name: day(found[name].opened.get("effective")) for name in ("jp-measure-1", "jp-measure-2")}
    assert effective == {"jp-measure-1": "2019-07-04", "jp-measure-2": "2019-08-28"}


def test_nothing_says_more_than_that_japan_had_the_note_of_the_night(record: Record) -> None:
    """The claim that it expressed understanding stands in the other party's statement and is answered nowhere."""
    night = [step for step in record.steps if step.by == "jp" and day(step.at) == "2019-11-22"]
    assert not [step for step in night if "understanding" in _words(record, step)]
    assert record.matters(LATER)["kr-statement-2"].view.answer == "unanswered"


def test_the_suspension_was_told_six_hours_before_the_end(record: Record) -> None:
    (suspension,) = (act for act in record.acts if act.kind == "suspend_notice")
    assert parse_instant("2019-11-23T00:00:00+09:00") - suspension.dispatched == 6 * 3_600_000


def test_the_summit_in_chengdu_is_on_the_margins_of_the_trilateral_and_not_of_it(record: Record) -> None:
    opened = record.matters(LATER)["kr-meeting-1"].opened
    assert opened.get("title")["en"] == "Summit on the margins of the trilateral"
    assert (opened.get("host_place"), opened.get("attendee"), opened.audience) == (
        "Chengdu", ("China: Premier",), ("jp", "kr"),
    )  # fmt: skip
