"""What a node says of itself, each trouble brought about at a node in this process."""

import asyncio
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from support_health import Watched, measured
from support_nodes import entente
from support_pair import Forger
from support_stop import OCTOBER, Pair, Party, Scripted, open_pair

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
