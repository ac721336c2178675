"""The timeline of a node and of evidence is the scenario's that the nodes played; embargo and damage are held apart."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support_nodes import Nodes, Ran, done, entente, two_nodes

from entente.cli.stage import StageNode
from entente.cli.timeline_source import tell
from entente.domain.relations.chronicle import Chronicle
from entente.domain.relations.lanes import Lane
from entente.record.evidence import MAGIC

ROOT = Path(__file__).parents[2]
CASE = ROOT / "examples" / "scenarios" / "jp-kr-2016-2023"
PARTIES = ("jp", "kr")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole case as two nodes played it, their evidence beside them."""
    folder = tmp_path_factory.mktemp("t") / "k"
    command = [sys.executable, "-m", "entente", "demo", str(CASE), "--keep", str(folder), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / json.loads(ran.stdout)["parts"][0]["id"]


@pytest.fixture(scope="module")
def running(played: Path) -> Iterator[Path]:
    """The same folder, both nodes running again, their clocks where they stood."""
    passphrase = (played / "passphrase").read_text().strip()
    nodes = [StageNode(played, party, passphrase) for party in PARTIES]
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.ready()
        yield played
    finally:
        for node in nodes:
            node.stop()


@pytest.fixture(scope="module")
def scenario() -> Chronicle:
    return tell(CASE, None, (), None).chronicle


def roots(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / "roots" / f"{party}.json" for party in PARTIES)


def root_options(folder: Path) -> list[str]:
    return [option for root in roots(folder) for option in ("--root", str(root))]


def bare(chronicle: Chronicle) -> Chronicle:
    """All of it but whose it is: the heading, whose view stands first, and the numbers of one node's register."""

    def lane(each: Lane) -> Lane:
        marks = (msgspec.structs.replace(mark, rests=()) if each.id == "exchanges" else mark for mark in each.marks)
        return msgspec.structs.replace(each, marks=tuple(marks))

    lanes = sorted((lane(each) for each in chronicle.lanes), key=lambda each: each.id)
    return msgspec.structs.replace(chronicle, lanes=tuple(lanes), source={}, own="")


# The same picture from everywhere


@pytest.mark.parametrize("party", PARTIES)
def test_a_nodes_timeline_is_the_scenarios_that_it_played(running: Path, scenario: Chronicle, party: str) -> None:
    assert bare(tell(running / party, None, (), None).chronicle) == bare(scenario)


@pytest.mark.parametrize("party", PARTIES)
def test_the_timeline_of_either_partys_evidence_is_the_same_too(played: Path, scenario: Chronicle, party: str) -> None:
    assert bare(tell(played / f"{party}.evidence", None, roots(played), None).chronicle) == bare(scenario)


def test_what_was_known_earlier_is_the_same_from_everywhere(running: Path) -> None:
    """Two hours before the notice was suspended: the end is still to come, and so is every later figure."""
    sources = [(running / "kr", ()), (running / "jp.evidence", roots(running)), (CASE, ())]
    at = 1_574_406_000_000
    first, *others = (bare(tell(path, None, cards, at).chronicle) for path, cards in sources)
    assert [mark.form for lane in first.lanes for mark in lane.marks if mark.label["en"] == "Ends"] == ["expected"] * 2
    assert all(other == first for other in others)


def test_an_item_has_the_same_number_everywhere_and_on_a_node_its_registers_beside_it(running: Path) -> None:
    shown = {}
    for party in PARTIES:
        (lane,) = (each for each in tell(running / party, None, (), None).chronicle.lanes if each.id == "exchanges")
        shown[party] = [(mark.who, mark.label["en"]) for mark in lane.marks]
        register = done(entente("register", running / party, "--json")).json["lines"]
        assert [mark.rests for mark in lane.marks] == [(f"register {line['number']}",) for line in register]
        assert not any(line["title"] in mark.title["en"] for line in register for mark in lane.marks)
    assert shown["jp"] == shown["kr"] == [
        (("jp",), "EXERCISE → KR no. 1 · FLASH"),
        (("kr",), "EXERCISE → JP no. 1 · ROUTINE"),
        (("kr",), "EXERCISE → JP no. 2 · PRIORITY"),
    ]  # fmt: skip


def test_the_heading_says_where_it_comes_from_and_that_it_is_simulated(running: Path, tmp_path: Path) -> None:
    files = [tmp_path / "t.svg", tmp_path / "t.html"]
    ran = done(entente("timeline", running / "kr", "--svg", files[0], "--html", files[1]))
    said = ran.out.splitlines()[0]
    assert said.startswith("SIMULATED / 模擬 / 모의 – ")
    assert "Republic of Korea" in said
    for file in files:
        assert "SIMULATED / 模擬 / 모의" in file.read_text(encoding="utf-8")
    told = done(entente("timeline", running / "kr", "--json")).json
    assert (told["party"], told["simulated"], told["source"]["en"]) == ("kr", True, said)
    assert done(entente("timeline", CASE)).out.startswith("EXERCISE / 演習 / 연습 – ")


def test_a_party_stands_first_in_what_its_own_node_tells(running: Path) -> None:
    for party, other in (PARTIES, PARTIES[::-1]):
        told = tell(running / party, None, (), None).chronicle
        assert [lane.owner for lane in told.lanes if lane.id.startswith("status:")][:2] == [party, other]
        assert told.in_order == (party, other)


# Evidence


def test_what_evidence_withholds_is_named_and_what_its_envelopes_show_is_drawn(running: Path, tmp_path: Path) -> None:
    file = tmp_path / "withheld.evidence"
    done(entente("evidence", "export", running / "kr", file))
    told = done(entente("timeline", file, *root_options(running), "--json")).json
    assert {(each["what"], each["of"]) for each in told["withheld"]} == {
        (what, party) for what in ("steps", "items") for party in PARTIES
    }
    assert "steps of KR: 48" in told["source"]["en"]
    lanes = {mark["lane"] for mark in told["marks"] if not mark["lane"].startswith("status:")}
    assert lanes == {"acts", "exchanges"}
    exchanged = [mark["title"] for mark in told["marks"] if mark["lane"] == "exchanges"]
    assert exchanged[0] == "EXERCISE → Republic of Korea no. 1 · FLASH"


def damaged(data: bytes) -> Iterator[bytes]:
    """A byte changed at several places, and the end cut off."""
    for share in (0.1, 0.4, 0.7, 0.99):
        place = int(len(data) * share)
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield data[:-1]


def test_damaged_evidence_is_not_drawn(played: Path, tmp_path: Path) -> None:
    file, svg = tmp_path / "damaged.evidence", tmp_path / "t.svg"
    for data in damaged((played / "jp.evidence").read_bytes()):
        file.write_bytes(data)
        ran = entente("timeline", file, *root_options(played), "--svg", svg, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "NOT_VERIFIED")
        assert ran.json["error"]["first_bad"]["code"] in ran.json["error"]["message"]
        assert "marks" not in ran.out
        assert not svg.exists()


def test_evidence_is_drawn_by_the_roots_that_are_given_and_by_no_other(played: Path) -> None:
    file = played / "jp.evidence"
    one = entente("timeline", file, "--root", roots(played)[0], "--json")
    assert (one.code, one.json["error"]["code"], one.json["error"]["first_bad"]["code"]) == (
        1, "NOT_VERIFIED", "WRONG_ROOTS",
    )  # fmt: skip
    none = entente("timeline", file, "--json")
    assert (none.code, none.json["error"]["code"]) == (2, "NO_ROOT")


# What is no source


def refused(ran: Ran) -> str:
    assert ran.code == 2, ran.out
    assert ran.json["error"]["remedy"]
    return str(ran.json["error"]["code"])


def test_what_is_no_source_is_refused_with_what_would_be_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("nothing of the kind")
    (tmp_path / "old.evidence").write_bytes(MAGIC.replace(b"/1", b"/9"))
    for name in ("folder", "notes.txt", "old.evidence"):
        assert refused(entente("timeline", tmp_path / name, "--json")) == "NO_SOURCE"
    assert refused(entente("timeline", tmp_path / "nowhere", "--json")) == "CANNOT_READ"
    (tmp_path / "broken.toml").write_text('schema = "entente/scenario/1"\n')
    assert refused(entente("timeline", tmp_path / "broken.toml", "--json")) == "SCENARIO_INVALID"


def test_an_option_of_another_source_is_refused(played: Path) -> None:
    assert refused(entente("timeline", CASE, *root_options(played), "--json")) == "BAD_OPTION"
    assert refused(entente("timeline", played / "kr", *root_options(played), "--json")) == "BAD_OPTION"
    evidence = entente("timeline", played / "jp.evidence", *root_options(played), "--agreement", "a", "--json")
    assert refused(evidence) == "BAD_OPTION"


# Embargo


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Two nodes under the agreement, their clocks standing."""
    with two_nodes(tmp_path_factory.mktemp("e") / "n") as nodes:
        nodes.in_force()
        yield nodes


UNTIL, BEFORE, AFTER = "2016-11-24T09:00:00.000Z", "2016-11-24T08:59:59.999Z", "2016-11-24T09:00:00.001Z"


def test_what_is_under_embargo_is_in_no_nodes_timeline_before_its_instant_whatever_is_asked(
    fresh: Nodes, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Not before nine.")
    signed = ("--office", "treaty", "--person", "p1")
    issue = ("--title", "en=Held back", "--attribution", "on_record", "--text", f"en={text}", "--embargo", UNTIL)
    name = done(entente("statement", "issue", fresh.kr.path, *issue, *signed, "--json")).json["matter"]
    subject = ("--subject", "other", "--title", "en=Beside it", "--ref", name)
    done(entente("measure", "announce", fresh.kr.path, *subject, *signed))
    fresh.settle()
    for node in fresh:
        node.ask("clock.set", instant=BEFORE)
        for asked in ((), ("--at", BEFORE)):
            shown = done(entente("timeline", node.path, *asked, "--json")).out
            assert "Beside it" in shown
            assert name not in shown
            assert "Held back" not in shown
        for later in (UNTIL, AFTER, "2030-01-01T00:00:00Z"):
            ran = entente("timeline", node.path, "--at", later, "--json")
            assert refused(ran) == "NOT_YET"
            assert "Held back" not in ran.out + ran.err
    for node in fresh:
        node.ask("clock.set", instant=UNTIL)
        shown = done(entente("timeline", node.path, "--json")).json
        assert [mark["title"] for mark in shown["marks"] if mark["lane"] == "statements"] == ["Held back – Statement"]
        assert ["kr-measure-1", name] in [mark["rests"] for mark in shown["marks"]]
        assert "Held back" not in done(entente("timeline", node.path, "--at", BEFORE, "--json")).out
