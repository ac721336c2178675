"""Each link of the chain is really broken once; ``node check``, ``/health`` and ``/metrics`` all name it.

Two nodes as processes, and where a process would only be slower a node in this one with its looks and its door's pages.
"""

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from support_health import Watched, measured, weight
from support_nodes import ENTENTE, PLAIN, CliNode, Nodes, done, entente, two_nodes
from support_pair import Forger
from support_stop import OCTOBER, Pair, Party, Scripted, open_pair

from entente.cli import check as checking
from entente.cli.stage import wait_for
from entente.node.greeting import greet
from entente.node.health import STALE
from entente.node.home import write_durably
from entente.node.outgoing import Feed, hello
from entente.record.bodies import NationalHead
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode
from entente.sealing.certificates import make_tls_identity
from entente.sealing.identity import make_card

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


# A node in this process


@pytest.fixture
def jp(october: Pair) -> Watched:
    watched = Watched(october.jp)
    assert watched.fails() == []
    return watched


def redated(path: Path, party: Party, not_before: datetime) -> str:
    """Put a certificate over the same TLS key, with other dates, in a node's directory."""
    old = x509.load_pem_x509_certificate((path / "tls" / "cert.pem").read_bytes())
    key = load_pem_private_key((path / "tls" / "key.pem").read_bytes(), party.node.keyring.tls_password)
    template = x509.load_pem_x509_certificate(make_tls_identity(party.party, not_before=not_before).certificate)
    builder = x509.CertificateBuilder(
        template.issuer,
        template.subject,
        old.public_key(),
        7,
        template.not_valid_before_utc,
        template.not_valid_after_utc,
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    pem = builder.sign(key, None).public_bytes(Encoding.PEM)  # type: ignore[arg-type]  # an Ed25519 key
    write_durably(path / "tls" / "cert.pem", pem)
    return pem.decode()


@pytest.mark.parametrize(("left", "state"), [(timedelta(days=29), "warn"), (timedelta(seconds=-1), "fail")])
def test_a_certificate_near_its_end_is_named_on_both_sides(
    october: Pair, base: Path, left: timedelta, state: str
) -> None:
    kr = october.kr
    pem = redated(base / "kr", kr, datetime.now(UTC) + left - timedelta(days=365))
    card = kr.node.card
    data = make_card(
        kr.node.keyring.checkpoint, root=card.root, statement=card.statement, signature=card.signature,
        sealing=card.sealing, tls_certificate=pem, addresses=card.addresses,
    )  # fmt: skip
    write_durably(base / "jp" / "peers" / "kr.json", data)
    october.close()
    pair = open_pair(base, october.jp.clock, october.kr.clock)
    for party in pair:
        assert Watched(party).look().states()["certificate/kr"] == state
    pair.close()
    ran = entente("node", "check", base / "jp", "--json")
    assert {each["id"]: each["state"] for each in ran.json["findings"]}["certificate/kr"] == state


@pytest.mark.parametrize("uncertainty", [1001, None])
def test_a_clock_more_uncertain_than_the_terms_allow_is_named(base: Path, uncertainty: int | None) -> None:
    pair = open_pair(base, Scripted(OCTOBER, uncertainty=uncertainty), Scripted(OCTOBER, uncertainty=1000))
    watched = Watched(pair.jp)
    assert watched.fails() == ["clock"]
    sample = measured(watched.metrics.text().decode())["entente_clock_uncertainty_seconds"]
    assert sample == 1.001 or (uncertainty is None and sample != sample)
    assert Watched(pair.kr).fails() == []
    pair.close()


def test_a_peer_with_other_time_zone_data_is_named(october: Pair, jp: Watched) -> None:
    greeting = msgspec.structs.replace(hello(october.kr.node, "jp"), tzdata="2019.3")
    greet(october.jp.node, Feed("kr"), greeting)
    assert jp.fails() == ["tzdata/kr"]
    greet(october.jp.node, Feed("kr"), hello(october.kr.node, "jp"))
    assert jp.fails() == []


def test_a_paused_log_is_named_with_since_when(october: Pair) -> None:
    kr = Watched(october.kr)
    forger = Forger(october.jp, october.jp.ledger.agreement)
    entry = forger.entry("national", encode(NationalHead(bytes(32))), instant=OCTOBER + 86_400_000)
    with pytest.raises(Exception, match="dated"):
        october.kr.arriving([encode_frame(forger.frame(entry))])
    assert kr.fails() == ["log/jp"]
    october.turn(OCTOBER + MINUTE)
    kr.look()
    assert next(each for each in kr.health.verdict() if each.id == "log/jp").since == OCTOBER


def test_evidence_of_a_contradiction_is_named(october: Pair) -> None:
    forger = Forger(october.jp, october.jp.ledger.agreement)
    october.jp.release()
    october.carry()
    entries = [forger.entry("national", encode(NationalHead(bytes([n]) * 32))) for n in range(9)]
    with pytest.raises(Exception, match="two histories"):
        october.kr.arriving([encode_frame(forger.frame(*entries))])
    october.kr.node.save_evidence()
    assert Watched(october.kr).fails() == ["evidence/jp"]


def test_an_own_act_that_nobody_acknowledged_is_named(october: Pair, jp: Watched) -> None:
    october.jp.act("declare_reading", reading="spent")
    states = jp.look().states()
    act = next(name for name in states if name.startswith("act/"))
    assert states[act] == "warn"
    october.turn(OCTOBER + 11 * MINUTE)
    assert act in jp.fails()
    october.carry()
    assert jp.fails() == []


def test_an_alarm_of_the_store_is_named(jp: Watched) -> None:
    jp.node.alarm("store", "the store is in trouble")
    assert jp.fails() == ["store"]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 60 MiB; where none may be mounted, the kernel's own, which has no byte free."""
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(folder)]
    if subprocess.run(line, capture_output=True, check=False).returncode:
        yield Path("/proc/self")
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_without_room_is_named(jp: Watched, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as folder:
        if folder.is_relative_to(tmp_path):
            shutil.copytree(jp.node.home.path, folder, dirs_exist_ok=True)
            folder.chmod(0o700)
        jp.node.home.path = folder
        assert "disk" in jp.fails()
        assert measured(jp.metrics.text().decode())["entente_disk_free_bytes"] < 100 * 1024 * 1024


def test_what_is_no_code_or_precedence_of_ours_is_counted_as_other(october: Pair, jp: Watched) -> None:
    row = october.jp.node.store.register("held")[0]
    with october.jp.node.store.write() as tx:
        for seq, state in ((row.seq, "refused: LEVEL_UNKNOWN"), (0, "refused: see the file on Mr X")):
            tx.enter([(row.log, seq, "kr", "refused", "x", state, OCTOBER)])
    jp.look()
    page = jp.metrics.text().decode()
    assert re.search(r'items_refused_total\{.*code="LEVEL_UNKNOWN".*precedence="FLASH"\} 1', page)
    assert re.search(r'items_refused_total\{.*code="other".*precedence="other"\} 1', page)
    assert "Mr X" not in page


def test_a_tracer_that_cannot_be_noted_breaks_the_store_and_is_noted_later(october: Pair, jp: Watched) -> None:
    october.jp.release()
    october.turn(OCTOBER + 11 * MINUTE)
    with sqlite3.connect(october.jp.home.path / "store.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert jp.fails() == ["store", "tracer/kr"]
        other.execute("ROLLBACK")
    other.close()
    assert jp.fails() == ["tracer/kr"]
    assert len(october.jp.node.store.noted_tracers([1, 2, 3, 4])) == 1


# Never green while nobody looks


def test_before_the_first_look_nothing_is_green(october: Pair) -> None:
    assert Watched(october.jp).states() == {"look": "fail"}


def test_a_look_too_old_is_not_green(jp: Watched) -> None:
    jp.at += STALE
    assert "fail" not in jp.states().values()
    jp.at += 0.001
    assert jp.states()["writer"] == "fail"
    assert jp.fails() == []


def test_a_look_that_fails_is_not_green_whatever_was_seen_before(jp: Watched) -> None:
    held, jp.node.cards = jp.node.cards, None  # type: ignore[assignment]  # an accident
    with pytest.raises(TypeError):
        list(jp.node.cards)  # type: ignore[call-overload]
    asyncio.run(jp.health.look())
    jp.node.cards = held
    assert jp.states()["look"] == "fail"
    assert jp.fails() == []


def test_a_store_that_cannot_be_read_is_not_green(october: Pair, jp: Watched) -> None:
    october.jp.node.store._db.close()
    assert jp.fails()[0] == "store"


def test_a_command_does_not_wait_for_a_writer_that_is_stuck(october: Pair, jp: Watched) -> None:
    class Stuck(Watched):
        async def do(self, work: Callable[[], T]) -> T:
            await asyncio.Event().wait()
            return work()

    found = asyncio.run(Stuck(october.jp).health.fresh())
    assert (found[0].id, found[0].state) == ("writer", "fail")


def test_a_node_that_ends_lets_its_door_go(nodes: Nodes) -> None:
    address = nodes.kr.home.settings.metrics.rpartition(":")
    done(entente("node", "stop", nodes.kr.path))
    nodes.kr.stop()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((address[0], int(address[2])), 5):
        pass
