"""Statements between two nodes: two versions side by side, one joint text, and an embargo to the millisecond."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from support_matters import commit, matter_at, prepare, step
from support_stop import Pair, Party, verified

from entente.cli import press, press_feed
from entente.cli.press_pages import render
from entente.domain.agreement.instants import format_instant
from entente.node import commands_matters as commands
from entente.node import evidence, matters
from entente.node.commands import COMMANDS
from entente.node.errors import NodeError, RefusedError

SECRET = "It is suspended on a condition."
TITLE = {"en": "Suspension of the notice", "ko": "통보의 효력 정지"}


def issue(party: Party, **more: Any) -> str:
    given = {"title": TITLE, "attribution": "on_record", "texts": {"en": SECRET, "ko": "조건부로 정지한다."}}
    return step(party, "statement", "issue", **given | more)


EVERYTHING: list[tuple[str, dict[str, Any]]] = [
    ("matter.list", {}),
    ("matter.show", {"matter": "kr-statement-77"}),
    ("meeting.conflicts", {}),
    ("deadline.list", {}),
    ("deadline.calendar", {}),
    ("agreement.status", {}),
    ("timeline.acts", {}),
    ("timeline.steps", {}),
    ("timeline.items", {}),
]
"""Whatever tells of matters, and some that do not."""


def asked(party: Party, command: str, **args: Any) -> str:
    """The whole answer of the party's node to a command, refusals included, as text."""

    async def do(work: Any, *_lane: Any) -> Any:
        return work()

    daemon: Any = SimpleNamespace(node=party.node, do=do)
    known = COMMANDS[command]
    try:
        answer = asyncio.run(known.run(daemon, msgspec.convert(args, known.args)))
    except NodeError as error:
        answer = [error.code, error.message, error.remedy]
    return json.dumps(msgspec.to_builtins(answer), ensure_ascii=False)


def under_embargo(pair: Pair, **more: Any) -> tuple[int, str]:
    """(its instant in ms, its id) of a statement of Korea's that may not be seen for another second."""
    at = max(party.node.instant() for party in pair) + 1000
    return at, issue(pair.kr, embargo=format_instant(at), **more)


def shown(party: Party) -> list[dict[str, Any]]:
    """What the party's node answers about statements at its present instant."""
    found = [commands.matter_view(matter) for matter in commands.seen(party.node, party.ledger, embargoed=False)]
    steps, veil = party.ledger.projection.steps, matters.veil_of(party.node, party.ledger)
    return [
        each
        | {
            "steps": [
                commands.step_view(party.node, party.ledger, record, veil) for record in steps.positions(each["id"])
            ]
        }
        for each in found
    ]


def pages(party: Party) -> bytes:
    releases = [each for each in map(press.read, shown(party)) if each is not None]
    return b"".join(render(releases, masthead(party)).values())


def masthead(party: Party) -> press.Masthead:
    terms = party.ledger.document
    assert terms is not None
    names = {each: terms.party[each].name for each in terms.parties}
    return press.Masthead(party.party, names, terms.termination.zone, "a" * 64, True, "https://example.org/")


def disclosed(party: Party, path: Path) -> bytes:
    evidence.export(party.node, party.ledger, path, disclose=True)
    data = path.read_bytes()
    path.unlink()
    return data


def test_under_embargo_nothing_is_shown_and_at_its_instant_all_of_it(pair: Pair, tmp_path: Path) -> None:
    at, name = under_embargo(pair)
    step(pair.kr, "statement", "correct", name, texts={"en": SECRET + " Corrected."}, embargoed=True)
    pair.carry()
    pair.turn(at - 1)
    for party in pair:
        assert shown(party) == []
        assert SECRET.encode() not in pages(party)
        assert name.encode() not in pages(party)
        assert SECRET.encode() not in disclosed(party, tmp_path / "before.evidence")
        for command, args in EVERYTHING:
            told = asked(party, command, **args)
            assert name not in told
            assert SECRET not in told
            assert "Suspension" not in told
        unknown = asked(party, "matter.show", matter="kr-statement-77").replace("kr-statement-77", name)
        assert asked(party, "matter.show", matter=name) == unknown
    pair.turn(at)
    for party in pair:
        assert [each["id"] for each in shown(party)] == [name]
        assert SECRET.encode() in pages(party)
        assert SECRET.encode() in disclosed(party, tmp_path / "after.evidence")


def test_what_refers_to_a_statement_under_embargo_does_not_name_it_before_its_instant(pair: Pair) -> None:
    at, name = under_embargo(pair)
    beside = step(pair.kr, "measure", "announce", subject="other", title={"en": "Beside it"}, refs=(name, "kr-3"))
    pair.carry()
    for instant, named in ((at - 1, False), (at, True)):
        pair.turn(instant)
        for party in pair:
            for told in (asked(party, "matter.show", matter=beside), asked(party, "timeline.steps")):
                assert "kr-3" in told
                assert (name in told) == named
        assert name in asked(pair.kr, "matter.show", matter=beside, embargoed=True)


def test_a_clock_that_steps_back_neither_hides_nor_reveals(pair: Pair) -> None:
    at, _ = under_embargo(pair)
    pair.turn(at)
    assert len(shown(pair.kr)) == 1
    pair.turn(at - 1)
    assert len(shown(pair.kr)) == 1


def test_two_versions_of_the_same_deal_stand_side_by_side(pair: Pair) -> None:
    ours = issue(pair.kr, about="jp", claim={"en": "Japan expressed understanding."})
    pair.carry()
    theirs = issue(pair.jp, title={"en": "Resumption of talks"}, texts={"en": "The licensing stays as it is."})
    pair.carry()
    for party in pair:
        assert {name: matter_at(party, name).view.versions[-1].by for name in (ours, theirs)} == {
            ours: "kr",
            theirs: "jp",
        }
    step(pair.jp, "statement", "contest", ours, summary={"en": "No such thing was said."})
    pair.carry()
    assert [matter_at(party, ours).view.answer for party in pair] == ["contested", "contested"]


def test_a_joint_text_exists_once_both_have_signed_the_same_bytes_and_not_before(pair: Pair) -> None:
    name = step(pair.kr, "statement", "propose", title={"en": "Joint"}, texts={"en": "We agree on this."})
    pair.carry()
    assert all(press.read(each) is None for each in shown(pair.jp))
    wording = shown(pair.jp)[0]["steps"][0]["wording"]
    with pytest.raises(RefusedError) as refused:
        step(pair.jp, "statement", "adopt", name, wording="0" * 64)
    assert refused.value.code == "NO_SUCH_WORDING"
    step(pair.jp, "statement", "adopt", name, wording=wording)
    pair.carry()
    for party in pair:
        assert matter_at(party, name).state == "joint"
        assert b"Joint statement</p>" in pages(party)


def test_a_correction_keeps_the_earlier_text(pair: Pair) -> None:
    name = issue(pair.kr)
    step(pair.kr, "statement", "correct", name, texts={"en": "It is suspended."})
    page = pages(pair.kr)
    assert SECRET.encode() in page
    assert b"It is suspended.</p>" in page


def test_what_a_statement_says_is_never_markup(pair: Pair) -> None:
    issue(pair.kr, title={"en": "<script>alert(1)</script>"}, texts={"en": '<b>bold</b> & "quoted"'})
    page = pages(pair.kr)
    assert b"<script" not in page
    assert b"<b>" not in page


def test_the_same_from_an_offline_copy(pair: Pair, base: Path) -> None:
    name = issue(pair.kr, about="jp", claim={"en": "Japan expressed understanding."})
    pair.carry()
    step(pair.jp, "statement", "confirm", name)
    pair.carry()
    states = []
    for party in pair:
        report = verified(base, party)
        assert report.ok
        states.append([(each.id, each.state, [one.verb for one in each.steps]) for each in report.matters])
    assert states == [[(name, "issued", ["issue", "confirm"])]] * 2


def test_a_step_under_embargo_can_still_be_prepared_by_the_desk_that_wrote_it(pair: Pair) -> None:
    _, name = under_embargo(pair)
    commit(pair.kr, prepare(pair.kr, "statement", "withdraw", name, embargoed=True))
    assert matter_at(pair.kr, name).state == "withdrawn"


def test_whoever_does_not_ask_for_what_is_under_embargo_learns_nothing_from_a_refusal(pair: Pair) -> None:
    at, name = under_embargo(pair)
    pair.carry()
    said = []
    for party, asked in ((pair.kr, name), (pair.jp, name), (pair.jp, "kr-statement-7")):
        with pytest.raises(RefusedError) as refused:
            step(party, "statement", "confirm", asked)
        said.append((refused.value.code, refused.value.message.replace(asked, "ID"), refused.value.remedy))
    assert said[0] == said[1] == said[2]
    pair.turn(at)
    with pytest.raises(RefusedError) as refused:
        step(pair.jp, "statement", "confirm", name)
    assert refused.value.code == "NO_CLAIM"


def test_a_feed_is_xml_whatever_a_title_holds(pair: Pair) -> None:
    issue(pair.kr, title={"en": "An \ufffe odd <title> & more"})
    feed = press_feed.feed([each for each in map(press.read, shown(pair.kr)) if each], masthead(pair.kr))
    titles = [element.text for element in ET.fromstring(feed).iter(f"{{{press_feed.ATOM}}}title")]  # noqa: S314 - our own
    assert titles[-1] == "[EXERCISE] An \ufffd odd <title> & more"


def test_a_page_has_the_words_of_an_answer_and_no_instant_before_it_was_published(pair: Pair) -> None:
    at, name = under_embargo(pair, about="jp", claim={"en": "Japan expressed understanding."})
    pair.carry()
    step(pair.jp, "statement", "contest", name, texts={"en": "Nothing of the kind was said."}, embargoed=True)
    pair.carry()
    pair.turn(at)
    page = pages(pair.kr).decode()
    assert "Nothing of the kind was said." in page
    contested = page[page.index("Answer: Contested") :]
    assert f'<time datetime="{format_instant(at)}">' in contested[: contested.index("</p>")]
