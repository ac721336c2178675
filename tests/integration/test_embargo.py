"""An embargo and a hostile reader: what is counted, named, guessed or asked for tells nothing before the instant."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support_commands import EXAMPLES
from support_matters import DS590, commit, matter_at, prepare, step
from support_naming import NAMING, Named, name_it
from support_stop import Pair, Party, verified

from entente.cli.matter_read import whole_matter
from entente.cli.matter_screen import stands
from entente.cli.timeline_node import _pages, _step
from entente.domain.agreement.instants import format_instant
from entente.domain.relations.matters import TABLES, fold
from entente.domain.relations.steps import APART, numbered_apart
from entente.node import evidence
from entente.node.commands import COMMANDS
from entente.node.control import ControlServer
from entente.node.daemon import Daemon
from entente.node.errors import RefusedError
from entente.node.registry import STREAMS
from entente.node.veil import placeholder
from entente.record.report import render

TITLE, TEXT, CLAIM = "Suspension of the notice", "It is suspended on a condition.", "Japan expressed understanding."
NOT_ASKED = {"node.stop": "it ends the node", "clock.set": "it moves the instant that this is about"}


def issue(party: Party, **more: Any) -> str:
    return step(party, "statement", "issue", title={"en": TITLE}, attribution="on_record", texts={"en": TEXT}, **more)


@pytest.fixture
def held(pair: Pair) -> tuple[int, str]:
    """(its instant in ms, its id) of a statement of kr's that both hold and nobody may see for another second."""
    at = max(party.node.instant() for party in pair) + 1000
    name = issue(pair.kr, embargo=format_instant(at), about="jp", claim={"en": CLAIM})
    pair.carry()
    return at, name


@pytest.fixture
def everywhere(october: Pair) -> tuple[int, str, Named]:
    """(its instant in ms, its id, what names it) of a statement of kr's, where everything that can names it."""
    at = max(party.node.instant() for party in october) + 60_000
    name = issue(october.kr, embargo=format_instant(at), about="jp", claim={"en": CLAIM})
    october.carry()
    return at, name, name_it(october, name)


class Asked:
    """A node as the command line's screens ask it."""

    simulated = True
    path = Path("/var/lib/entente")

    def __init__(self, party: Party) -> None:
        self._party, self.party = party, party.party

    def call(self, command: str, *, exact: bool = False, **args: Any) -> Any:
        assert exact
        return ask(self._party, command, **args)["ok"]


def ask(party: Party, command: str, /, **args: Any) -> Any:
    """The node's answer on its control socket, as its caller gets it."""
    line = msgspec.json.encode({"command": command, "args": args})
    return json.loads(asyncio.run(ControlServer(Daemon(party.node)).answer(line)))


def disclosed(party: Party, path: Path) -> bytes:
    evidence.export(party.node, party.ledger, path, disclose=True)
    return path.read_bytes()


# Numbers


def test_what_is_under_embargo_or_only_proposed_leaves_no_gap_in_the_numbers(pair: Pair) -> None:
    at = format_instant(pair.kr.node.instant() + 1000)
    first = issue(pair.kr)
    apart = [issue(pair.kr, embargo=at), issue(pair.kr, embargo=at)]
    apart.append(step(pair.kr, "statement", "propose", title={"en": "Joint"}, texts={"en": "We agree."}))
    second = issue(pair.kr)
    assert (first, second) == ("kr-statement-1", "kr-statement-2")
    assert all(numbered_apart(name) for name in apart)
    assert len(set(apart)) == 3


def test_the_next_number_is_the_same_before_and_after_the_instant(pair: Pair, held: tuple[int, str]) -> None:
    at, _ = held
    assert prepare(pair.kr, "statement", "issue", title={"en": "T"}, attribution="none", texts={"en": "T"}).matter == (
        "kr-statement-1"
    )
    pair.turn(at)
    assert issue(pair.kr) == "kr-statement-1"
    assert issue(pair.kr) == "kr-statement-2"


def test_a_number_that_is_in_use_is_not_drawn_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Iterator[int] = iter([7, 7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    at = format_instant(pair.kr.node.instant() + 1000)
    assert [issue(pair.kr, embargo=at) for _ in range(2)] == [f"kr-statement-{APART[place]}" for place in (7, 8)]


# What names it


def test_a_step_that_names_what_is_under_embargo_is_seen_without_the_name(
    pair: Pair, held: tuple[int, str], tmp_path: Path
) -> None:
    at, name = held
    measure = step(pair.kr, "measure", "announce", refs=(name, "kr-1"), **DS590)
    terms = step(pair.jp, "arrangement", "open", title={"en": "T"})
    step(pair.jp, "arrangement", "undertake", terms, term="wto", summary={"en": "S"}, **{"while": (name, measure)})
    pair.carry()
    pair.turn(at - 1)
    for party in pair:
        told = [ask(party, "matter.list"), *(ask(party, "matter.show", matter=each) for each in (measure, terms))]
        assert name not in json.dumps(told)
        assert ask(party, "matter.show", matter=measure)["ok"]["steps"][0]["refs"] == ["kr-1"]
        assert ask(party, "matter.show", matter=terms)["ok"]["steps"][1]["say"]["while"] == [measure]
        assert name in json.dumps(ask(party, "matter.show", matter=measure, embargoed=True))
        assert name.encode() not in disclosed(party, tmp_path / f"{party.party}-before.evidence")
    pair.turn(at)
    for party in pair:
        assert ask(party, "matter.show", matter=measure)["ok"]["steps"][0]["refs"] == [name, "kr-1"]
        assert ask(party, "matter.show", matter=terms)["ok"]["steps"][1]["say"]["while"] == [name, measure]
        assert name.encode() in disclosed(party, tmp_path / f"{party.party}-after.evidence")


# What is asked


def words_in(party: Party, command: str, named: Named, words: tuple[str, ...]) -> set[str]:
    """Which of the words a party's answers to a command have in them, in any case and also where a line is folded."""
    answers = [ask(party, command, **args) for args in named.asks(command)]
    files = [base64.b64decode(data).decode() for data in re.findall(r'"data": "([^"]*)"', json.dumps(answers))]
    told = json.dumps([answers, files], ensure_ascii=False).replace(r"\r\n ", "").lower()
    return {word for word in words if word.lower() in told}


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - set(NOT_ASKED)))
def test_no_command_tells_a_word_of_it_a_millisecond_before(
    october: Pair, everywhere: tuple[int, str, Named], command: str
) -> None:
    """And those of which it is known that they name it, name it at the instant: they were asked what could tell."""
    at, name, named = everywhere
    october.turn(at - 1)
    before = [words_in(party, command, named, (name, TITLE, TEXT, CLAIM)) for party in october]
    assert before == [set(), set()]
    october.turn(at)
    assert any(name in words_in(party, command, named, (name,)) for party in october) == (command in NAMING)


def test_nothing_that_names_it_is_missing_from_what_people_are_shown(
    october: Pair, everywhere: tuple[int, str, Named], capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that somebody chose keeps nobody from a timeline or a matter: it is read strictly, and printed whole."""
    at, name, named = everywhere
    october.turn(at - 1)
    for party in october:
        node = Asked(party)
        told = [_step(each) for each in _pages(node, "timeline.steps", "steps", party.ledger.agreement.hex())]
        records = party.ledger.projection.steps.records
        refused = [record for record in records if record.step.get("dialogue") == name]
        assert bool(refused) == (party.party == "jp"), "without what is left out it would be allowed"
        kept = [record.step for record in records if record.step.matter != name and record not in refused]
        assert [(each.digest, each.verb) for each in told] == [(each.digest, each.verb) for each in kept]
        assert [set(each.values) | {"while", "dialogue"} for each in told] == [
            set(each.values) | {"while", "dialogue"} for each in kept
        ]
        again, first = fold(told), party.ledger.projection.steps.matters
        assert {each: again[each].state for each in again} == {each: first[each].state for each in again}
        assert len(again[named.talks].view.actions) == 3
        assert len(again[named.terms].view.terms["kr"]) == 2
        for matter in named.matters:
            found = whole_matter(node, None, matter)
            assert set(found) >= set(TABLES[found["kind"]].show(matter_at(party, matter)))
            stands(node, found, "2019-10-02T00:00:00.000Z", "Asia/Tokyo", ("Asia/Seoul",), embargoed=False)
        assert len(ask(party, "matter.show", matter=named.talks)["ok"]["actions"]) == 3
    printed = capsys.readouterr().out
    assert name not in printed
    assert f"{placeholder(name)}-a" in printed


def test_evidence_withholds_every_step_that_names_it_anywhere(
    october: Pair, everywhere: tuple[int, str, Named], tmp_path: Path
) -> None:
    at, name, _ = everywhere
    for instant, there in ((at - 1, False), (at, True)):
        october.turn(instant)
        for party in october:
            data = disclosed(party, tmp_path / f"{party.party}-{instant}.evidence")
            assert (name.encode() in data.replace(b"Beside " + name.encode(), b"")) == there


def test_whoever_follows_is_told_of_what_rings_without_its_name(
    october: Pair, everywhere: tuple[int, str, Named]
) -> None:
    at, name, _ = everywhere

    async def follow(party: Party) -> list[Any]:
        daemon, reader = Daemon(party.node), asyncio.StreamReader()
        said: list[Any] = []
        begun = len(party.node.ringing.due(party.ledger).unseen) + 1

        def say(line: Any) -> None:
            said.append(line)
            if len(said) == begun:
                reader.feed_eof()

        follows = STREAMS["item.follow"]
        await follows.run(daemon, follows.args(deadlines=True), reader, say)
        return said

    for instant, there in ((at - 1, False), (at, True)):
        october.turn(instant)
        for party in october:
            said = asyncio.run(follow(party))
            assert sum("deadline" in line for line in said) >= 4
            assert (name in json.dumps(said)) == there


def test_an_alarm_is_acknowledged_by_the_id_that_is_told_before_the_instant(
    october: Pair, everywhere: tuple[int, str, Named]
) -> None:
    at, _, _ = everywhere
    october.turn(at - 1)
    rings = [line["alarm"]["id"] for line in ask(october.jp, "deadline.list")["ok"] if line["alarm"] is not None]
    assert len(rings) >= 4
    for alarm in rings:
        assert ask(october.jp, "deadline.acknowledge", alarm=alarm, person="d1")["ok"]["alarm"] == alarm


@pytest.mark.parametrize("command", ["matter.show", "indicator.series", "step.prepare"])
def test_its_id_is_answered_like_one_that_is_not_there(pair: Pair, held: tuple[int, str], command: str) -> None:
    at, name = held
    pair.turn(at - 1)
    args = {"kind": "statement", "verb": "confirm", "say": {}} if command == "step.prepare" else {}
    for party in pair:
        answers = [
            json.dumps(ask(party, command, **EXAMPLES[command] | args | {"matter": each})).replace(each, "ID")
            for each in (name, f"kr-statement-{APART[0]}")
        ]
        assert answers[0] == answers[1]
        assert "NO_SUCH_MATTER" in answers[0]


def test_who_signs_about_a_guessed_id_learns_no_more_than_of_one_that_is_not_there(
    pair: Pair, held: tuple[int, str]
) -> None:
    at, name = held
    statement = prepare(pair.jp, "statement", "confirm", name, embargoed=True)

    def refused(**changes: Any) -> tuple[str, str, str]:
        with pytest.raises(RefusedError) as error:
            commit(pair.jp, msgspec.structs.replace(statement, **changes))
        return error.value.code, error.value.message.replace(name, "ID"), error.value.remedy

    other = f"kr-statement-{APART[0]}"
    unknown = refused(matter=other, opening=bytes(32))
    assert refused(opening=bytes(32)) == (unknown[0], unknown[1].replace(other, "ID"), unknown[2])
    assert refused(opening=b"") == refused(opening=bytes(32))
    pair.turn(at)
    assert refused(opening=bytes(32))[0] == "OTHER_MATTER"


def test_the_desk_that_has_read_it_can_sign_about_it_before_its_instant(pair: Pair, held: tuple[int, str]) -> None:
    _, name = held
    commit(pair.kr, prepare(pair.kr, "statement", "withdraw", name, embargoed=True))
    assert matter_at(pair.kr, name).state == "withdrawn"


def test_what_comes_out_between_two_questions_is_whole_and_was_not_listed(pair: Pair, held: tuple[int, str]) -> None:
    at, name = held
    out = issue(pair.kr)
    pair.turn(at - 1)
    assert [each["id"] for each in ask(pair.kr, "matter.list")["ok"]] == [out]
    pair.turn(at)
    assert ask(pair.kr, "matter.show", matter=out)["ok"]["id"] == out
    assert {each["id"] for each in ask(pair.kr, "matter.list")["ok"]} == {out, name}
    assert TEXT in json.dumps(ask(pair.kr, "matter.show", matter=name))


# What an offline check prints


def test_a_check_of_disclosed_evidence_prints_withheld_bodies_and_their_sizes_and_nothing_else(
    pair: Pair, held: tuple[int, str], base: Path
) -> None:
    at, name = held
    pair.turn(at - 1)
    for party in pair:
        report = verified(base, party)
        assert report.ok
        assert report.matters == ()
        printed = "\n".join(render(report))
        assert not [word for word in (name, TITLE, TEXT, CLAIM, "statement-") if word in printed]
        (seq,) = {each.seq for each in report.withheld if each.what.startswith("body")}
        assert seq == pair.kr.ledger.projection.steps.records[-1].position.seq
