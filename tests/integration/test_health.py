"""Each link of the chain is really broken once; ``node check``, ``/health`` and ``/metrics`` all name it.

Two nodes as processes, and where a process would only be slower a node in this one with its looks and its door's pages.
"""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from support_health import measured, weight
from support_nodes import ENTENTE, PLAIN, CliNode, Nodes, done, entente, two_nodes

from entente.cli import check as checking
from entente.cli.stage import wait_for

T = TypeVar("T")
MINUTE = 60_000


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with two_nodes(tmp_path_factory.mktemp("h"), wires=True, metrics=True) as both:
        both.in_force()
        yield both


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Nodes]:
    """Two nodes of their own, to be stopped and damaged."""
    with two_nodes(tmp_path / "n", metrics=True) as both:
        both.in_force()
        yield both


# What the three readers say


def asked(node: CliNode) -> tuple[int, dict[str, str]]:
    """The exit code of ``node check``, and the state of each finding."""
    ran = entente("node", "check", node.path, "--json")
    return ran.code, {each["id"]: each["state"] for each in ran.json["findings"]}


def scraped(node: CliNode, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(node.home.settings.metrics, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def all_show(node: CliNode, finding: str) -> bool:
    """Whether all three readers say that a link is broken; they never disagree for longer than a look takes."""
    code, states = asked(node)
    status, body = scraped(node, "/health")
    health = {each["id"]: each["state"] for each in json.loads(body)["findings"]}
    samples = measured(scraped(node, "/metrics")[1])
    return (
        (code, states.get(finding), status, health.get(finding)) == (1, "fail", 503, "fail")
        and weight(samples, finding) == 3
        and samples["entente_healthy"] == 0
    )


def green(node: CliNode) -> bool:
    code, states = asked(node)
    status, body = scraped(node, "/health")
    samples = measured(scraped(node, "/metrics")[1])
    return code == 0 and "fail" not in states.values() and status == 200 and json.loads(body)["ok"] and samples[
        "entente_healthy"
    ] == 1  # fmt: skip


def broken(node: CliNode, finding: str) -> None:
    wait_for(f"{finding} is named", lambda: all_show(node, finding))


def mended(node: CliNode) -> None:
    wait_for("everything is green", lambda: green(node))


# A pair of processes


def test_a_healthy_pair_is_green(nodes: Nodes) -> None:
    for node in nodes:
        mended(node)
        assert {"link/jp", "link/kr"} & set(asked(node)[1])
        peer = "jp" if node.party == "kr" else "kr"
        samples = measured(scraped(node, "/metrics")[1])
        assert samples[f'entente_session_up{{party="{peer}"}}'] == 1
        assert samples[f'entente_certificate_seconds{{party="{peer}"}}'] > 360 * 86_400
        assert samples["entente_disk_free_bytes"] > 0
        assert samples["entente_commits_total"] > 0
        assert samples[f'entente_sessions_total{{party="{peer}"}}'] >= 1


def test_health_shows_ids_and_states_and_nothing_else(nodes: Nodes) -> None:
    body = json.loads(scraped(nodes.kr, "/health")[1])
    assert set(body) == {"ok", "findings"}
    assert all(set(each) == {"id", "state"} for each in body["findings"])
    assert scraped(nodes.kr, "/")[0] == 404


def released(nodes: Nodes, folder: Path, title: str) -> Any:
    payload = folder / "note.txt"
    payload.write_text("launch detected")
    said = ("--title", title, "--level", "군사Ⅲ급비밀", "--purpose", "missile-warning", "--to", "jp")
    how = ("--precedence", "FLASH", "--reality", "exercise", "--office", "release", "--person", "r1")
    return done(entente("release", nodes.kr.path, payload, *said, *how, "--json")).json


def test_items_are_counted_and_no_label_carries_what_a_person_wrote(nodes: Nodes, tmp_path: Path) -> None:
    given = released(nodes, tmp_path, "A submarine off the coast")
    nodes.settle()
    item = json.dumps(given)
    for node, name, peer in ((nodes.kr, "released", "jp"), (nodes.jp, "received", "kr")):
        pattern = rf'entente_items_{name}_total{{agreement="[0-9a-f]{{16}}",party="{peer}",precedence="FLASH"}} [1-9]'
        text = wait_for("it is counted", lambda n=node, p=pattern: re.search(p, scraped(n, "/metrics")[1]))
        assert text
        page = scraped(node, "/metrics")[1]
        labels = set(re.findall(r'[a-z]+="([^"]*)"', page))
        known = {"kr", "jp", "FLASH", ""} | {each for each in labels if re.fullmatch(r"[0-9a-f]{16}", each)}
        kinds = {each.split("/")[0] for each in asked(node)[1]}
        assert labels <= known | kinds
        assert set(re.findall(r'([a-z]+)="', page)) <= {"party", "agreement", "code", "precedence"}
        assert "submarine" not in page.lower()
        assert not [word for word in re.findall(r"[0-9a-f]{32}", item) if word in page]


def test_an_overdue_answer_is_named_everywhere_and_ends_with_the_answer(nodes: Nodes, tmp_path: Path) -> None:
    mended(nodes.kr)
    nodes.cut()
    broken(nodes.kr, "link/jp")
    released(nodes, tmp_path, "Overdue")
    owed = done(entente("debts", nodes.kr.path)).out
    assert "waits   FLASH to jp" in owed
    for node in nodes:
        done(entente("node", "clock", node.path, "2016-11-23T11:00:00+09:00"))
    broken(nodes.kr, "tracer/jp")
    assert "ALARM tracer/jp: jp has not answered in time" in done(entente("status", nodes.kr.path)).out
    owed = done(entente("debts", nodes.kr.path)).out
    assert "OVERDUE FLASH to jp" in owed
    assert "jp has not shown that it holds it" in owed
    assert "the link to jp is down" in owed
    samples = measured(scraped(nodes.kr, "/metrics")[1])
    assert samples['entente_tracers_overdue{party="jp"}'] == 1
    assert samples['entente_unanswered_items{party="jp"}'] == 1
    for wire in nodes.wires:
        wire.join()
    nodes.linked()
    nodes.settle()
    for node in nodes:
        mended(node)
    assert done(entente("debts", nodes.kr.path, "--json")).json["items"] == []


def test_a_peer_that_is_stopped_is_named_while_its_session_is_up(nodes: Nodes) -> None:
    mended(nodes.kr)
    assert nodes.jp.process is not None
    nodes.jp.process.send_signal(signal.SIGSTOP)
    try:
        broken(nodes.kr, "link/jp")
        ran = entente("node", "check", nodes.kr.path)
        assert re.search(r"BROKEN +link/jp: .*silent for \d+ s", ran.out)
    finally:
        nodes.jp.process.send_signal(signal.SIGCONT)
    nodes.linked()
    mended(nodes.kr)


def test_a_node_whose_process_does_not_answer_is_named(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PATIENCE", 0.5)
    assert nodes.kr.process is not None
    nodes.kr.process.send_signal(signal.SIGSTOP)
    try:
        ran = entente("node", "check", nodes.kr.path, "--json")
    finally:
        nodes.kr.process.send_signal(signal.SIGCONT)
    assert ran.code == 1
    first = ran.json["findings"][0]
    assert (first["id"], first["state"], first["what"]) == ("node", "fail", "the process does not answer")
    nodes.linked()


def test_a_store_that_another_process_holds_is_named(nodes: Nodes) -> None:
    mended(nodes.jp)
    with sqlite3.connect(nodes.jp.path / "store.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        broken(nodes.jp, "store")
        assert "STORE_LOCKED" in entente("node", "check", nodes.jp.path).out
        other.execute("ROLLBACK")
    other.close()
    mended(nodes.jp)


def test_a_directory_that_others_may_open_is_named(nodes: Nodes) -> None:
    (nodes.jp.path / "keys").chmod(0o750)
    broken(nodes.jp, "directory")
    (nodes.jp.path / "keys").chmod(0o700)
    mended(nodes.jp)


def test_a_start_that_no_peer_has_checked_is_named_after_the_link_that_it_wants(stopped: Nodes) -> None:
    for node in stopped:
        done(entente("node", "stop", node.path))
        node.stop()
    stopped.kr.start()
    stopped.kr.ready()
    agreement = stopped.kr.ask("node.status")["agreements"][0]["agreement"][:16]
    broken(stopped.kr, f"record/{agreement}")
    named = [each["id"] for each in entente("node", "check", stopped.kr.path, "--json").json["findings"]]
    assert named[:2] == ["link/jp", f"record/{agreement}"]


# Nobody runs


def test_what_is_wrong_with_a_store_at_rest_is_named_without_its_keys(stopped: Nodes) -> None:
    kr = stopped.kr
    stopped.jp.stop()  # killed: its write-ahead log is still there
    assert asked(stopped.jp) == (1, {**asked(stopped.jp)[1], "node": "fail", "store": "ok"})
    done(entente("node", "stop", kr.path))
    kr.stop()
    states = asked(kr)[1]
    assert (states["node"], states["store"], states["link"]) == ("fail", "ok", "unknown")
    for change, back, said in (
        ("PRAGMA user_version=99", "PRAGMA user_version=4", "newer than this software's"),
        (
            "UPDATE entry SET envelope = CAST(envelope || x'00' AS BLOB) WHERE log = 1 AND seq = 1",
            None,
            "STORE_DAMAGED: ",
        ),
    ):
        altered(kr, change)
        ran = entente("node", "check", kr.path)
        assert ran.code == 1
        assert re.search(rf"BROKEN +store: .*{said}", ran.out), ran.out
        if back is not None:
            altered(kr, back)
            assert asked(kr)[1]["store"] == "ok"
    (kr.path / "store.db").write_bytes(b"not a database" * 1000)
    assert "BROKEN  store: STORE_BROKEN" in entente("node", "check", kr.path).out


def test_an_older_store_is_warned_of_and_left_as_it_is(stopped: Nodes) -> None:
    done(entente("node", "stop", stopped.kr.path))
    stopped.kr.stop()
    altered(stopped.kr, "PRAGMA user_version=1")
    assert asked(stopped.kr)[1]["store"] == "warn"
    with sqlite3.connect(stopped.kr.path / "store.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def altered(node: CliNode, sql: str) -> None:
    with sqlite3.connect(node.path / "store.db") as connection:
        connection.execute(sql)
    connection.close()


def test_a_node_that_waits_for_its_passphrase_is_named_as_locked(stopped: Nodes) -> None:
    kr = stopped.kr
    done(entente("node", "stop", kr.path))
    kr.stop()
    reading, writing = os.pipe()
    line = [*ENTENTE, "node", "run", str(kr.path), "--passphrase-fd", str(reading)]
    with subprocess.Popen(line, pass_fds=(reading,), env=PLAIN, stderr=subprocess.DEVNULL) as process:
        os.close(reading)

        def locked() -> bool:
            found = entente("node", "check", kr.path, "--json").json["findings"][0]
            return found["id"] == "node" and "its keys are locked, or it reads" in found["what"]

        wait_for("it is seen to wait", locked)
        process.kill()
    os.close(writing)


def test_a_node_that_ends_lets_its_door_go(nodes: Nodes) -> None:
    address = nodes.kr.home.settings.metrics.rpartition(":")
    done(entente("node", "stop", nodes.kr.path))
    nodes.kr.stop()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((address[0], int(address[2])), 5):
        pass
