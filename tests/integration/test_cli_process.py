"""Commands as processes of their own: signals, terminals, one to a directory, and secrets nowhere to be seen."""

import json
import os
import select
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support_nodes import (
    AGREEMENT,
    ENTENTE,
    PASSPHRASE,
    PLAIN,
    START,
    CliNode,
    Nodes,
    done,
    entente,
    free_ports,
    spawn,
    two_nodes,
)

from entente.cli.stage import wait_for
from entente.node.errors import NodeError
from entente.node.setup import init


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("n")) as both:
        both.in_force()
        yield both


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[CliNode]:
    """A node that was made and does not run."""
    node = CliNode("kr", tmp_path / "kr")
    init(node.path, "kr", PASSPHRASE, simulated=True, listen=f"127.0.0.1:{free_ports(1)[0]}")
    yield node
    node.stop()


# Running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_node_in_order(alone: CliNode, number: signal.Signals) -> None:
    alone.start("--at", START)
    assert alone.ready()["simulated"] is True
    assert alone.process is not None
    alone.process.send_signal(number)
    assert alone.process.wait(20) == 0
    assert not alone.home.control.exists()
    assert "Traceback" not in alone.logged()


def test_stop_returns_when_the_node_has_stopped(alone: CliNode) -> None:
    alone.start("--at", START)
    alone.ready()
    assert done(entente("node", "stop", alone.path, "--json")).json == {
        "party": "kr",
        "simulated": True,
        "running": False,
    }
    assert alone.process is not None
    assert alone.process.wait(20) == 0
    assert entente("node", "stop", alone.path).code == 1


def test_a_node_that_was_killed_leaves_no_lock_behind(alone: CliNode) -> None:
    alone.start("--at", START)
    alone.ready()
    alone.stop()
    alone.start()
    assert alone.ready()["party"] == "kr"


def test_a_second_process_is_refused(nodes: Nodes) -> None:
    with spawn("node", "run", nodes.kr.path, "--json") as second:
        out, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert json.loads(out)["error"]["code"] == "ALREADY_RUNNING"


def test_a_simulated_clock_goes_on_where_the_node_was(alone: CliNode) -> None:
    alone.start("--at", START)
    alone.ready()
    done(entente("node", "clock", alone.path, "2019-11-22T18:00:00+09:00"))
    done(entente("node", "stop", alone.path))
    alone.stop()
    alone.start()
    alone.ready()
    assert alone.ask("node.status")["now"] == "2019-11-22T09:00:00.000Z"


def test_a_simulated_clock_does_not_go_back(alone: CliNode) -> None:
    alone.start("--at", "2019-11-22T18:00:00+09:00")
    alone.ready()
    ran = entente("node", "clock", alone.path, "2019-11-22T17:59:59.999+09:00", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "CLOCK_BACK")
    assert "Name 2019-11-22T09:00:00.000Z or later" in ran.json["error"]["remedy"]
    done(entente("node", "clock", alone.path, "2019-11-22T18:00:00+09:00"))


def test_only_a_simulated_node_is_given_a_clock(tmp_path: Path) -> None:
    init(tmp_path / "kr", "kr", PASSPHRASE, simulated=False, listen="127.0.0.1:7433")
    ran = entente("node", "run", tmp_path / "kr", "--at", START, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "REAL_CLOCK")


@pytest.mark.parametrize("opened", ["", "keys", "keys/node.key"])
def test_a_directory_open_to_others_is_not_run(alone: CliNode, opened: str) -> None:
    path = alone.path / opened
    path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o040)
    ran = entente("node", "run", alone.path, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "DIRECTORY_OPEN")
    checked = entente("node", "check", alone.path, "--json")
    assert checked.code == 1
    assert checked.json["findings"][0] | {"what": "", "remedy": ""} == {
        "id": "directory", "state": "fail", "what": "", "remedy": "", "since": None, "seconds": None,
    }  # fmt: skip


def test_a_wrong_passphrase_does_not_start_a_node(alone: CliNode) -> None:
    ran = entente("node", "run", alone.path, "--json", passphrase=b"guess")
    assert (ran.code, ran.json["error"]["code"]) == (1, "WRONG_PASSPHRASE")


def test_an_address_in_use_is_named(alone: CliNode, nodes: Nodes) -> None:
    taken = nodes.kr.home.settings.listen
    settings = (alone.path / "node.toml").read_text()
    (alone.path / "node.toml").write_text(settings.replace(alone.home.settings.listen, taken))
    with spawn("node", "run", alone.path, "--json") as process:
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert json.loads(out)["error"]["code"] == "CANNOT_LISTEN"


@pytest.mark.parametrize("change", [("simulated = true", "simulated = false"), ('"kr"', '"jp"')])
def test_settings_that_are_not_the_root_cards_do_not_start_a_node(alone: CliNode, change: tuple[str, str]) -> None:
    settings = (alone.path / "node.toml").read_text()
    (alone.path / "node.toml").write_text(settings.replace(*change))
    ran = entente("node", "run", alone.path, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "BAD_SETTINGS")


def test_a_path_too_long_for_a_socket_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    long = tmp_path / ("n" * 100)
    ran = entente("node", "init", long, "--party", "kr", "--simulated", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "PATH_TOO_LONG")
    assert not long.exists()


@pytest.mark.parametrize("option", ["--listen", "--advertise"])
def test_an_address_that_is_none_is_refused_before_anything_is_made(tmp_path: Path, option: str) -> None:
    ran = entente("node", "init", tmp_path / "n", "--party", "kr", "--simulated", option, "nowhere", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "BAD_ADDRESS")
    assert not (tmp_path / "n").exists()


# Secrets


def test_the_passphrase_is_in_no_argument_environment_log_or_file(nodes: Nodes) -> None:
    process = nodes.kr.process
    assert process is not None
    folder = Path("/proc", str(process.pid))
    for name in ("cmdline", "environ"):
        assert PASSPHRASE not in (folder / name).read_bytes()
    assert PASSPHRASE.decode() not in nodes.kr.logged()
    for file in nodes.kr.path.rglob("*"):
        if file.is_file():
            assert PASSPHRASE not in file.read_bytes()


def test_a_running_node_leaves_no_core_dump(nodes: Nodes) -> None:
    assert nodes.kr.process is not None
    limits = Path("/proc", str(nodes.kr.process.pid), "limits").read_text()
    assert next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")) == ["0", "0"]


def test_what_a_node_makes_is_for_its_own_user_alone(nodes: Nodes) -> None:
    for path in (nodes.kr.path, *nodes.kr.path.rglob("*")):
        assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path


def test_without_a_terminal_and_without_a_passphrase_nothing_starts(alone: CliNode) -> None:
    with spawn("node", "run", alone.path, passphrase=None) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "--passphrase-fd" in err


def test_the_service_managers_credential_starts_a_node(alone: CliNode, tmp_path: Path) -> None:
    (tmp_path / "entente-passphrase").write_bytes(PASSPHRASE + b"\n")
    with spawn(
        "node", "run", alone.path, "--json", passphrase=None, env={"CREDENTIALS_DIRECTORY": str(tmp_path)}
    ) as process:
        wait_for("the node answers", lambda: answers(alone))
        process.terminate()
        assert process.wait(20) == 0


def answers(node: CliNode) -> bool:
    try:
        return bool(node.ask("node.status"))
    except NodeError:
        return False


def test_each_office_can_have_its_own_passphrase(alone: CliNode) -> None:
    changed = entente("node", "passphrase", alone.path, "office-treaty", passphrase=PASSPHRASE + b"\nits own words")
    assert changed.code == 0, changed.err
    again = entente("node", "passphrase", alone.path, "office-treaty", passphrase=PASSPHRASE + b"\nother words")
    assert again.code == 1
    done(entente("node", "passphrase", alone.path, "office-treaty", passphrase=b"its own words\nother words"))
    done(entente("node", "passphrase", alone.path, "office-release", passphrase=PASSPHRASE + b"\nits own words"))


# Terminals


class Terminal:
    """A command at a pseudo-terminal: what it shows, and what is typed."""

    def __init__(self, *arguments: object) -> None:
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(
            [*ENTENTE, *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave, env={**PLAIN, "TERM": "xterm"}
        )
        os.close(slave)
        self.shown = ""

    def until(self, text: str) -> None:
        """Read until ``text`` is shown."""
        while text not in self.shown:
            ready, _, _ = select.select([self.master], [], [], 20)
            assert ready, self.shown
            self.shown += os.read(self.master, 4096).decode(errors="replace")

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.master, line.encode() + b"\n")

    def ends(self) -> int:
        """The exit code; ``shown`` holds the rest."""
        while True:
            try:
                data = os.read(self.master, 4096)
            except OSError:  # the other end is closed: EIO
                break
            if not data:
                break
            self.shown += data.decode(errors="replace")
        os.close(self.master)
        return self.process.wait(20)


def test_a_new_passphrase_is_asked_for_twice_and_never_echoed(tmp_path: Path) -> None:
    terminal = Terminal("node", "init", tmp_path / "kr", "--party", "kr", "--simulated")
    terminal.until("Passphrase of the new node of kr")
    terminal.type("typed by hand")
    terminal.until("Repeat for confirmation")
    terminal.type("typed by hand")
    assert terminal.ends() == 0, terminal.shown
    assert "typed by hand" not in terminal.shown
    assert "SIMULATED" in terminal.shown


def test_the_words_are_asked_for_and_never_shown(nodes: Nodes, alone: CliNode) -> None:
    words = done(entente("node", "words", nodes.jp.path, "--json")).json["words"]
    terminal = Terminal("node", "pair", alone.path, nodes.jp.path / "card.json")
    terminal.until("The words as heard")
    assert "jp (SIMULATED)" in terminal.shown
    assert words[0] + " " + words[1] not in terminal.shown
    terminal.type(" ".join(words).upper())
    assert terminal.ends() == 0, terminal.shown
    assert (alone.path / "peers" / "jp.json").read_bytes() == (nodes.jp.path / "card.json").read_bytes()


def test_other_words_pair_nothing_while_the_node_stands_still(nodes: Nodes, alone: CliNode) -> None:
    own = done(entente("node", "words", nodes.kr.path, "--json")).json["words"]
    ran = entente("node", "pair", alone.path, nodes.jp.path / "card.json", "--words", " ".join(own), "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "WORDS_DIFFER")
    assert not list((alone.path / "peers").iterdir())


def test_an_act_is_not_written_when_the_person_says_no(nodes: Nodes) -> None:
    before = nodes.kr.ask("log.show")["heads"]
    terminal = Terminal("act", "notice-of-termination", nodes.kr.path, "--office", "treaty")
    terminal.until("Go on? [y/N]")
    assert "cannot be undone" in terminal.shown
    assert "SIMULATED" in terminal.shown
    terminal.type("n")
    assert terminal.ends() == 1
    assert "Passphrase" not in terminal.shown
    assert nodes.kr.ask("log.show")["heads"] == before


# Two nodes


def release(node: CliNode, file: Path, to: str, level: str, *options: str) -> Any:
    return entente(
        "release", node.path, file, "--title", file.name, "--level", level, "--purpose", "exercise", "--to", to,
        "--precedence", "ROUTINE", "--reality", "exercise", "--office", "release", "--person", "r1", "--json", *options,
    )  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 + 1, 3 * 1024 * 1024 + 5])
def test_a_file_of_any_size_arrives_as_it_was(nodes: Nodes, tmp_path: Path, size: int) -> None:
    file = tmp_path / f"{size}.bin"
    file.write_bytes(bytes(index % 251 for index in range(size)))
    given = release(nodes.kr, file, "jp", "군사Ⅲ급비밀")
    assert given.code == 0, given.out + given.err
    assert given.json["lines"][0]["media_type"] == "application/octet-stream"
    nodes.settle()
    inbox = done(entente("inbox", nodes.jp.path, "--json")).json["lines"]
    line = next(line for line in inbox if line["item"] == given.json["item"])
    opened = done(entente("open", nodes.jp.path, str(line["number"]), "-o", tmp_path / "got", "--json")).json
    assert (tmp_path / "got").read_bytes() == file.read_bytes()
    assert stat.S_IMODE((tmp_path / "got").stat().st_mode) == 0o600
    assert opened["line"]["corresponding"] == "秘"


def test_a_bundle_carried_by_hand_brings_what_the_link_could_not(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("carried")
    with two_nodes(tmp_path / "n", wires=True) as both:
        both.in_force()
        both.cut()
        done(release(both.kr, file, "jp", "군사Ⅲ급비밀"))
        done(entente("bundle", "export", both.kr.path, "jp", tmp_path / "to-jp"))
        ran = entente("bundle", "import", both.jp.path, tmp_path / "to-jp", "--json")
        assert (ran.code, ran.json["from"], ran.json["refused"]) == (0, "kr", [])
        (line,) = done(entente("inbox", both.jp.path, "--json")).json["lines"]
        done(entente("open", both.jp.path, str(line["number"]), "-o", tmp_path / "got"))
        assert (tmp_path / "got").read_text() == "carried"


@pytest.mark.parametrize("what", [("bundle", "export", "jp"), ("evidence", "export")])
def test_a_file_that_cannot_be_made_is_named(nodes: Nodes, tmp_path: Path, what: tuple[str, ...]) -> None:
    command, verb, *rest = what
    before = [*rest] if command == "bundle" else []
    ran = entente(command, verb, nodes.kr.path, *before, tmp_path / "none" / "file", "--json")
    assert ran.code in (1, 2)
    assert ran.json["error"]["code"] in ("CANNOT_WRITE", "BUNDLE_NOT_WRITTEN", "EVIDENCE_NOT_WRITTEN")
    assert str(tmp_path / "none" / "file") in ran.json["error"]["message"]


def test_a_node_without_any_peer_goes_on_by_an_offices_signature(tmp_path: Path) -> None:
    with two_nodes(tmp_path) as both:
        both.in_force()
        for node in both:
            done(entente("node", "stop", node.path))
            node.stop()
        both.kr.start()
        both.kr.ready()
        checked = entente("node", "check", both.kr.path, "--json")
        broken = [finding["id"] for finding in checked.json["findings"] if finding["state"] == "fail"]
        assert "record" in [each.partition("/")[0] for each in broken]
        assert checked.code == 1
        refused = entente("act", "suspend-operation", both.kr.path, "--office", "treaty", "--json")
        assert (refused.code, refused.json["error"]["code"]) == (1, "START_UNCHECKED")
        went_on = done(entente("node", "restart", both.kr.path, "--office", "treaty", "--json")).json
        incarnations = {head["incarnation"] for head in both.kr.ask("log.show")["heads"] if head["writer"] == "kr"}
        assert went_on["incarnation"] in incarnations
        assert len(incarnations) == 2


def test_an_amendment_is_put_into_the_record_and_adopted_by_both(nodes: Nodes, tmp_path: Path) -> None:
    amended = tmp_path / "amended.toml"
    amended.write_text(AGREEMENT.read_text().replace('"exercise"]', '"exercise", "search-and-rescue"]'))
    effective = "2017-01-01T00:00:00+09:00"
    for node in nodes:
        ran = entente(
            "act", "amend", node.path, "--document", amended, "--effective", effective, "--office", "treaty", "--json"
        )
        assert ran.code == 0, ran.out
        nodes.settle()
    shown = done(entente("agreement", "show", nodes.kr.path, "--at", effective, "--json")).json
    checked = done(entente("agreement", "check", amended, "--json")).json
    assert {view["terms_version"] for view in shown["views"].values()} == {checked["digest"]}


def test_damaged_evidence_is_found_wanting_and_no_evidence_is_unusable(nodes: Nodes, tmp_path: Path) -> None:
    file = tmp_path / "record"
    done(entente("evidence", "export", nodes.kr.path, "jp-kr-2016", file, "--disclose"))
    roots = ("--root", nodes.kr.path / "root.json", "--root", nodes.jp.path / "root.json", "--json")
    good = done(entente("verify", file, *roots)).json
    assert good["ok"] is True
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    bad = entente("verify", file, *roots)
    assert bad.code == 1
    assert bad.json["first_bad"]["code"]
    file.write_bytes(b"entente/bundle/1\n" + bytes(data))
    assert entente("verify", file, *roots).code == 2
    assert entente("verify", tmp_path / "none", *roots).code == 2


def test_every_answer_for_programs_says_whose_node_it_is_and_that_it_is_simulated(nodes: Nodes) -> None:
    for command in ("status", "inbox", "register", "log"):
        answer = done(entente(command, nodes.kr.path, "--json")).json
        assert (answer["party"], answer["simulated"]) == ("kr", True)
    for line in (("agreement", "show"), ("node", "status"), ("node", "check"), ("node", "card"), ("node", "words")):
        answer = done(entente(*line, nodes.kr.path, "--json")).json
        assert (answer["party"], answer["simulated"]) == ("kr", True)
    own_first = done(entente("agreement", "show", nodes.jp.path, "--json")).json["views"]
    assert list(own_first) == ["jp", "kr"]
