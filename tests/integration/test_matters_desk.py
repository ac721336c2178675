"""What a desk asks beside the steps: a note from its template, a series as it stands, who is expected twice."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from support_matters import step
from support_stop import Pair, Party

from entente.node import matters
from entente.node.commands import COMMANDS
from entente.node.errors import UsageError

FIRST, LATER = "period,value\n2019-07,83.1\n2019-08,65.4\n", "period,value\n2019-08,66.0\n2019-09,62.0\n"


def asked(party: Party, command: str, **args: Any) -> Any:
    async def do(work: Any, *_lane: Any) -> Any:
        return work()

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


def test_two_meetings_at_once_are_named_with_who_is_expected(pair: Pair) -> None:
    window = "2019-12-24T02:00:00.000Z/2019-12-24T04:00:00.000Z"
    names = [
        step(pair.jp, "meeting", "propose", title={"en": title}, level="minister", window=(window,), principal=(who,))
        for title, who in (("One", "jp: Minister of Defence"), ("Two", "jp: Minister of Defence"))
    ]
    pair.carry()
    (found,) = asked(pair.kr, "meeting.conflicts")
    assert [found["first"]["matter"], found["second"]["matter"]] == names
    assert "jp: Minister of Defence" in found["who"]
