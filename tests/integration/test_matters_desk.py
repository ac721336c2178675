"""What a desk asks beside the steps: a note from its template, a series as it stands, who is expected twice."""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from support_matters import step
from support_stop import Pair, Party

from entente.cli.matter_screen import stands
from entente.domain.agreement.instants import parse_instant
from entente.domain.relations.conflicts import Conflicts, conflicts
from entente.domain.relations.table import Matter
from entente.node import commands_desk, commands_matters, matters
from entente.node.commands import COMMANDS
from entente.node.errors import RefusedError, UsageError

FIRST, LATER = "period,value\n2019-07,83.1\n2019-08,65.4\n", "period,value\n2019-08,66.0\n2019-09,62.0\n"


def asked(party: Party, command: str, turns: list[Any] | None = None, **args: Any) -> Any:
    """What a command answers; ``turns`` gets what each of its turns on the writer's thread gave."""

    async def do(work: Any, *_lane: Any) -> Any:
        found = work()
        if turns is not None:
            turns.append(found)
        return found

    daemon: Any = SimpleNamespace(node=party.node, do=do)
    known = COMMANDS[command]
    return asyncio.run(known.run(daemon, msgspec.convert(args, known.args)))


@pytest.mark.parametrize(
    ("language", "word", "article"), [("en", "notice", "21(3)"), ("ja", "通告", "21条3"), ("ko", "통보", "21조")]
)
def test_the_note_that_records_an_act_comes_from_its_template(
    pair: Pair, language: str, word: str, article: str
) -> None:
    """The agreement of the pair has Korea's notice, and terms by which an act records a note and is none."""
    text = asked(pair.kr, "note.text", act="kr-3", language=language, office="MOFA")["text"]
    assert word in text
    assert article in text
    assert "MOFA" in text


def test_there_is_no_note_of_an_act_that_there_is_not_and_none_to_its_writer(pair: Pair) -> None:
    for wrong in ({"act": "kr-99"}, {"act": "kr-3", "to": ["kr"]}, {"act": "kr-3", "to": ["us"]}):
        with pytest.raises(UsageError):
            asked(pair.kr, "note.text", language="en", **wrong)


def test_a_series_shows_the_newest_value_and_what_it_replaced(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    name = step(pair.kr, "indicator", "follow", title={"en": "Imports"}, unit="index", source="EXERCISE")
    plain = matters.Wording
    monkeypatch.setattr(matters, "Wording", lambda lang, _kind, data: plain(lang, "text/csv", data))
    for text in (FIRST, LATER):
        step(pair.kr, "indicator", "observe", name, texts={"en": text})
    pair.carry()
    found = asked(pair.jp, "indicator.series", matter=name)
    assert {point["period"]: point["value"] for point in found["points"]} == {
        "2019-07": "83.1", "2019-08": "66.0", "2019-09": "62.0",
    }  # fmt: skip
    assert [(each["period"], each["old"], each["new"]) for each in found["revisions"]] == [("2019-08", "65.4", "66.0")]
    with pytest.raises(UsageError):
        asked(pair.jp, "indicator.series", matter="kr-indicator-9")


def test_a_text_has_one_bound_and_the_refusal_names_it(pair: Pair) -> None:
    """64 KiB, as the help says; what the record could carry is no matter here."""
    name = step(pair.kr, "arrangement", "open", title={"en": "Talks"})
    step(pair.kr, "arrangement", "propose", name, texts={"en": "x" * 65_536})
    with pytest.raises(UsageError) as refused:
        step(pair.kr, "arrangement", "propose", name, texts={"en": "x" * 65_537})
    assert refused.value.code == "TOO_LARGE"
    assert "65,537" in str(refused.value)
    assert "65,536" in refused.value.remedy


def test_two_meetings_at_once_are_named_with_who_is_expected(pair: Pair) -> None:
    window = "2019-12-24T02:00:00.000Z/2019-12-24T04:00:00.000Z"
    names = [
        step(pair.jp, "meeting", "propose", title={"en": title}, level="minister", window=(window,), principal=(who,))
        for title, who in (("One", "jp: Minister of Defence"), ("Two", "jp: Minister of Defence"))
    ]
    pair.carry()
    (found,) = asked(pair.kr, "meeting.conflicts")["conflicts"]
    assert [found["first"]["matter"], found["second"]["matter"]] == names
    assert "jp: Minister of Defence" in found["who"]


def test_a_meeting_that_became_a_round_stands_among_the_rounds_of_its_dialogue(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    window = "2019-12-24T02:00:00.000Z/2019-12-24T04:00:00.000Z"
    talks = step(pair.jp, "dialogue", "propose", title={"en": "Export control policy"}, level="director_general")
    name = step(pair.jp, "meeting", "propose", title={"en": "Summit"}, level="leader", window=(window,),
                place="Chengdu", principal=("kr: President",))  # fmt: skip
    pair.carry()
    step(pair.kr, "dialogue", "accept", talks)
    step(pair.kr, "meeting", "agree", name, window=window)
    with pytest.raises(RefusedError) as refused:
        step(pair.kr, "meeting", "hold", name, dialogue=talks, round="8")
    assert refused.value.code == "NOT_YET"
    pair.turn(parse_instant("2019-12-24T02:00:00Z"))
    step(pair.kr, "meeting", "hold", name, dialogue=talks, round="8")
    pair.carry()
    (one,) = asked(pair.jp, "matter.list", kind="dialogue")
    shown = asked(pair.jp, "matter.show", matter=talks)
    met = {
        "number": 8,
        "meeting": name,
        "window": window.split("/"),
        "place": "Chengdu",
        "principals": ["kr: President"],
    }
    assert one["met"] == shown["met"] == [met]
    assert "met" not in asked(pair.jp, "matter.show", matter=name)
    target: Any = SimpleNamespace(party="jp", path=Path("/var/lib/entente"))
    now = "2020-01-01T00:00:00.000Z"
    stands(target, shown, now, "Asia/Seoul", (), embargoed=False)
    assert f"8 held as {name} 2019-12-24 11:00:00 Chengdu kr: President" in " ".join(capsys.readouterr().out.split())
    stands(
        target,
        asked(pair.jp, "matter.show", matter=name),
        "2020-01-01T00:00:00.000Z",
        "Asia/Seoul",
        (),
        embargoed=False,
    )
    assert f"became round 8 of {talks}" in " ".join(capsys.readouterr().out.split())


def test_conflicts_are_not_computed_on_the_writers_thread(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, the answer has a bounded part of them and the number of the others."""
    window = "2019-12-24T02:00:00.000Z/2019-12-24T04:00:00.000Z"
    for number in range(4):
        step(pair.jp, "meeting", "propose", title={"en": f"{number}"}, level="minister", window=(window,))
    threads: list[int] = []

    def computed(shown: Mapping[str, Matter]) -> Conflicts:
        threads.append(threading.get_ident())
        return conflicts(shown, most=2)

    monkeypatch.setattr(commands_desk, "conflicts", computed)
    turns: list[Any] = []
    found = asked(pair.jp, "meeting.conflicts", turns)
    assert (len(found["conflicts"]), found["more"], found["uncounted"]) == (2, 4, False)
    assert threads != [threading.get_ident()], "here the writer's turns are taken on the test's own thread"
    assert [set(turn) for turn in turns] == [{f"jp-meeting-{number}" for number in range(1, 5)}]


def test_a_matter_is_shown_page_by_page_and_in_few_steps_a_turn(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands_matters, "PAGE", 5)
    monkeypatch.setattr(commands_matters, "AT_ONCE", 2)
    name = step(pair.kr, "statement", "issue", title={"en": "T"}, attribution="on_record", texts={"en": "first"})
    whole = asked(pair.kr, "matter.show", matter=name)
    for number in range(11):
        step(pair.kr, "statement", "correct", name, texts={"en": f"text {number}"})
    with pytest.raises(UsageError) as refused:
        asked(pair.kr, "matter.show", matter=name)
    assert refused.value.code == "TOO_LARGE", "a caller that reads one page never takes it for all there is"
    pages, turns, after = [], list[Any](), ""
    while after is not None:
        pages.append(asked(pair.kr, "matter.show", turns, matter=name, after=after))
        after = pages[-1].pop("next")
    assert [len(page["steps"]) for page in pages] == [5, 5, 2]
    steps = [each for page in pages for each in page["steps"]]
    assert [each["texts"][0]["text"] for each in steps] == ["first", *(f"text {number}" for number in range(11))]
    assert steps[0] == whole["steps"][0]
    assert whole.keys() == pages[0].keys(), "an answer without pages is what it was"
    assert max(len(turn) for turn in turns if isinstance(turn, list)) == 2


def test_a_page_and_a_turn_are_bounded_by_the_bytes_of_the_texts_too(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = step(pair.kr, "statement", "issue", title={"en": "T"}, attribution="on_record", texts={"en": "x" * 100})
    for _ in range(3):
        step(pair.kr, "statement", "correct", name, texts={"en": "y" * 100})
    monkeypatch.setattr(commands_matters, "TEXTS_AT_ONCE", 100)
    turns: list[Any] = []
    assert len(asked(pair.kr, "matter.show", turns, matter=name)["steps"]) == 4
    assert [len(turn) for turn in turns if isinstance(turn, list)] == [1, 1, 1, 1]
    for bound, count in ((200, 2), (99, 1)):
        monkeypatch.setattr(commands_matters, "PAGE_TEXTS", bound)
        assert len(asked(pair.kr, "matter.show", matter=name, after="")["steps"]) == count


@pytest.mark.parametrize("after", ["x", "1/kr/0000000000000000", "1/kr/0000000000000000/1/", "١/kr/0000000000000000/1"])
def test_a_page_begins_only_where_a_page_ended(pair: Pair, after: str) -> None:
    name = step(pair.kr, "measure", "announce", subject="other", title={"en": "T"})
    with pytest.raises(UsageError) as refused:
        asked(pair.kr, "matter.show", matter=name, after=after)
    assert refused.value.code == "MALFORMED"


@pytest.mark.parametrize("command", ["deadline.calendar", "deadline.list", "matter.list"])
def test_answers_about_every_matter_are_not_made_on_the_writers_thread(pair: Pair, command: str) -> None:
    step(pair.kr, "measure", "announce", subject="other", title={"en": "T"}, review="2020-01-01")
    turns: list[Any] = []
    answer = asked(pair.kr, command, turns)
    assert len(turns) == 1
    assert all(part not in repr(turns) for part in ("BEGIN:VCALENDAR", "2020-01-01T", "'rests_on'", "'between'"))
    assert "kr-measure-1" in str(answer)


def test_a_file_of_figures_that_cannot_be_read_is_refused_before_it_stands_for_good(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = step(pair.kr, "indicator", "follow", title={"en": "Imports"}, unit="index", source="EXERCISE")
    plain, size = matters.Wording, pair.kr.size()
    monkeypatch.setattr(matters, "Wording", lambda lang, _kind, data: plain(lang, "text/csv", data))
    for text in ("a,b\nx,y\n", "2019-07,1\n", "period,value\n2019-13,1\n", 'period,value\n2019-07,"1,000"\n'):
        with pytest.raises(UsageError) as refused:
            step(pair.kr, "indicator", "observe", name, texts={"en": text})
        assert (refused.value.code, pair.kr.size()) == ("BAD_FILE", size)
    step(pair.kr, "indicator", "observe", name, texts={"en": FIRST})
