"""A backup written by somebody who knows its passphrase and breaks the format: refused, and nothing is left."""

import hashlib
import itertools
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support_backup_file import LARGE, SECRET, code, home_in

from entente.node import backup
from entente.node.backup_file import (
    AnyRecord,
    Closing,
    Digest,
    FileOf,
    HeadOf,
    Opening,
    Writer,
)
from entente.node.home import Home
from entente.sealing.canonical import encode
from entente.store.connection import newest
from entente.store.snapshot import facts

Part = AnyRecord | bytes


@pytest.fixture(scope="module")
def home(ending: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return home_in(ending, tmp_path_factory.mktemp("node"))


@contextmanager
def forged(path: Path) -> Iterator[Writer]:
    with path.open("wb") as file:
        yield Writer(file, SECRET, "light")


def parts(home: Home) -> tuple[Opening, list[Part]]:
    """The opening and the files of an honest backup, as a forger takes them apart."""
    folder = backup.snapshot(home, item_keys=False)
    found: list[Part] = []
    for name, path in backup.contents(home, folder, item_keys=False):
        if name != LARGE:
            data = path.read_bytes()
            found += [FileOf(name, len(data)), data, Digest(hashlib.sha256(data).digest())]
    backup.discard(folder)
    copied = facts(home.path / "store.db")
    return Opening("jp", True, "forger", copied.version, copied.instant, False, tuple(
        HeadOf(*head) for head in copied.heads
    )), found  # fmt: skip


def file_of(path: str, data: bytes = b"x") -> list[Part]:
    return [FileOf(path, len(data)), data, Digest(hashlib.sha256(data).digest())]


def lie(home: Home, path: Path, *, opening: dict[str, Any] | None = None, more: list[Part] | None = None,
        less: str = "", closing: tuple[int, int] | None = None, tail: bytes = b"") -> None:  # fmt: skip
    first, rest = parts(home)
    kept = list(itertools.chain.from_iterable(
        rest[at : at + 3] for at in range(0, len(rest), 3) if not less or rest[at].path != less  # type: ignore[union-attr]
    )) + (more or [])  # fmt: skip
    with forged(path) as writer:
        writer.record(msgspec.structs.replace(first, **(opening or {})))
        for part in kept:
            writer.data(part) if isinstance(part, bytes) else writer.record(part)
        sizes = [part.size for part in kept if isinstance(part, FileOf)]
        writer.data(tail)
        writer.close(*(closing or (len(sizes), sum(sizes))))


def test_the_forger_can_also_write_an_honest_backup(home: Home, tmp_path: Path) -> None:
    lie(home, tmp_path / "honest")
    assert code(tmp_path / "honest", tmp_path / "again") == "RESTORED"


@pytest.mark.parametrize("name", [
    "../outside", "/etc/outside", "keys/../../outside", "payloads//x", ".hidden", "a/b/c/d/e", "", "keys/\0", "keys/..",
    "node.toml",
])  # fmt: skip
def test_no_file_is_written_elsewhere_or_twice(home: Home, tmp_path: Path, name: str) -> None:
    lie(home, tmp_path / "forged", more=file_of(name))
    assert code(tmp_path / "forged", tmp_path / "again") == "BACKUP_DAMAGED"


@pytest.mark.parametrize(("change", "answer"), [
    ({"opening": {"party": "kr"}}, "BACKUP_DAMAGED"),
    ({"opening": {"simulated": False}}, "BACKUP_DAMAGED"),
    ({"opening": {"instant": 1}}, "BACKUP_DAMAGED"),
    ({"opening": {"heads": ()}}, "BACKUP_DAMAGED"),
    ({"opening": {"store": newest() + 1}}, "BACKUP_NEWER"),
    ({"opening": {"store": 0}}, "BACKUP_DAMAGED"),
    ({"less": "store.db"}, "BACKUP_DAMAGED"),
    ({"less": "keys/node.key"}, "BACKUP_DAMAGED"),
    ({"less": "card.json"}, "BACKUP_DAMAGED"),
    ({"closing": (3, 4)}, "BACKUP_DAMAGED"),
    ({"more": [FileOf("payloads/x", 1), b"x", Digest(bytes(32))]}, "BACKUP_DAMAGED"),
    ({"more": [FileOf("payloads/x", -1), Digest(hashlib.sha256().digest())]}, "BACKUP_DAMAGED"),
    ({"more": [Digest(bytes(32))]}, "BACKUP_DAMAGED"),
    ({"tail": b"\xff\xff\xff\xff"}, "BACKUP_DAMAGED"),
])  # fmt: skip
def test_a_backup_that_contradicts_itself_is_refused(
    home: Home, tmp_path: Path, change: dict[str, Any], answer: str
) -> None:
    lie(home, tmp_path / "forged", **change)
    assert code(tmp_path / "forged", tmp_path / "again") == answer


def test_item_keys_that_the_opening_does_not_name_are_refused(home: Home, tmp_path: Path) -> None:
    lie(home, tmp_path / "forged", more=file_of(home.item_keys.name))
    assert code(tmp_path / "forged", tmp_path / "again") == "BACKUP_DAMAGED"


def test_bytes_behind_the_closing_record_are_refused(home: Home, tmp_path: Path) -> None:
    first, rest = parts(home)
    with forged(tmp_path / "forged") as writer:
        writer.record(first)
        for part in rest:
            writer.data(part) if isinstance(part, bytes) else writer.record(part)
        sizes = [part.size for part in rest if isinstance(part, FileOf)]
        writer.record(Closing(len(sizes), sum(sizes), writer._records.digest()))
        writer.close(0, 0)
    assert code(tmp_path / "forged", tmp_path / "again") == "BACKUP_DAMAGED"


def test_a_closing_record_of_other_records_is_refused(home: Home, tmp_path: Path) -> None:
    first, rest = parts(home)
    with forged(tmp_path / "forged") as writer:
        writer.record(first)
        for part in rest:
            writer.data(part) if isinstance(part, bytes) else writer.record(part)
        sizes = [part.size for part in rest if isinstance(part, FileOf)]
        data = encode(Closing(len(sizes), sum(sizes), bytes(32)))
        writer.data(struct.pack(">I", len(data)) + data)
        writer._seal(last=True)
    assert code(tmp_path / "forged", tmp_path / "again") == "BACKUP_DAMAGED"
