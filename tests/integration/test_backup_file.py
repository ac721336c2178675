"""A backup's file: whole, sealed, and refused when it is anything else (docs/spec/backup.md).

What who knows the passphrase can still not do is in test_backup_forged.
"""

import hashlib
import os
import shutil
import stat
import struct
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from support_backup_file import LARGE, MIB, SECRET, back_up, code, home_in, records, silent

from entente.node import backup, restoring
from entente.node.backup_file import (
    MAGIC,
    MAX_HEADER,
    MAX_RECORD,
    STREAM,
    Closing,
    Digest,
    FileOf,
    HeadOf,
    Opening,
    Reader,
    open_regular,
)
from entente.node.errors import NodeError
from entente.node.home import Home
from entente.node.setup import init
from entente.sealing.keyfile import COSTS
from entente.store.connection import newest
from entente.store.snapshot import facts
from entente.store.sqlite import Store


@pytest.fixture(scope="module")
def home(ending: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return home_in(ending, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def made(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("backups") / "jp.backup"
    back_up(home, target)
    return target


def digests(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def test_what_is_restored_is_what_was_backed_up(home: Home, made: Path, tmp_path: Path) -> None:
    assert code(made, tmp_path / "again") == "RESTORED"
    ours, theirs = digests(home.path), digests(tmp_path / "again")
    same = {name for name in ours if not name.startswith(("store.db", home.item_keys.name, "node.lock"))}
    assert LARGE in same
    assert {name: theirs.get(name) for name in same} == {name: ours[name] for name in same}
    assert set(theirs) == same | {"store.db"}
    with Store(home.path / "store.db") as one, Store(tmp_path / "again" / "store.db") as other:
        assert one.logs() == other.logs()


def test_everything_restored_is_closed_to_others(made: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert code(made, tmp_path / "again") == "RESTORED"
    finally:
        os.umask(before)
    for path in (tmp_path / "again", *(tmp_path / "again").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_opening_says_what_the_backup_is_of(home: Home, made: Path) -> None:
    opening, *_, closing = records(made)
    with Store(home.path / "store.db") as store:
        heads = [(row.agreement, row.writer, row.incarnation, row.size, row.root) for row in store.logs()]
    assert isinstance(opening, Opening)
    assert (opening.party, opening.simulated, opening.software) == ("jp", True, "entente/test")
    assert (opening.store, opening.item_keys) == (newest(), False)
    assert [tuple(getattr(head, name) for name in head.__struct_fields__) for head in opening.heads] == heads
    assert opening.instant == facts(home.path / "store.db").instant > 0
    assert isinstance(closing, Closing)
    assert closing.files == sum(isinstance(record, FileOf) for record in records(made))


def test_item_keys_are_inside_only_where_they_are_asked_for(home: Home, made: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "keys.backup", item_keys=True)
    names = [
        {record.path.split("/")[0] for record in records(path) if isinstance(record, FileOf)}
        for path in (made, tmp_path / "keys.backup")
    ]
    assert names[1] - names[0] == {home.item_keys.name}
    assert code(tmp_path / "keys.backup", tmp_path / "again") == "RESTORED"
    assert Home(tmp_path / "again").item_keys.exists()


def test_nothing_of_it_is_in_clear(home: Home, made: Path) -> None:
    data = made.read_bytes()
    with Store(home.path / "store.db") as store:
        roots = [row.root for row in store.logs()]
    for word in (b"store.db", b"node.toml", b"SQLite format", b"ROUTINE", b"jp-kr-2016", *roots):
        assert word not in data


def test_two_backups_share_no_byte_but_the_header(home: Home, made: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "second")
    one, other = made.read_bytes()[1024:], (tmp_path / "second").read_bytes()[1024:]
    assert one[:MIB] != other[:MIB]
    assert sum(a == b for a, b in zip(one[:10_000], other[:10_000], strict=True)) < 200


def test_a_wrong_passphrase_opens_nothing(made: Path, tmp_path: Path) -> None:
    assert code(made, tmp_path / "again", b"other words") == "WRONG_PASSPHRASE"
    assert code(made, tmp_path / "again", b"") == "WRONG_PASSPHRASE"


def test_no_byte_of_the_header_may_change(made: Path) -> None:
    data = made.read_bytes()
    end = len(MAGIC) + 4 + struct.unpack_from(">I", data, len(MAGIC))[0]
    path = made.with_name("flipped")
    for place in range(end):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 : end + MIB + 16])
        with open_regular(path) as file, pytest.raises(NodeError) as refused:
            Reader(file, SECRET).record()
        assert refused.value.code in (
            "NOT_A_BACKUP", "BACKUP_NEWER", "BACKUP_DAMAGED", "BACKUP_TRUNCATED", "WRONG_PASSPHRASE",
        )  # fmt: skip


def places(size: int) -> list[int]:
    """Bytes of every segment: the first, the last, those beside the borders, and some drawn."""
    drawn = Random(2)  # noqa: S311 - a choice of places
    borders = {start + step for start in range(0, size, MIB + 16) for step in (600, MIB + 15, MIB + 16, MIB + 17)}
    return sorted(
        {place for place in borders | {size - 1, size - 17} if place < size} | set(drawn.sample(range(600, size), 8))
    )


def test_a_byte_flipped_anywhere_is_found_and_nothing_is_left(made: Path, tmp_path: Path) -> None:
    data = made.read_bytes()
    for place in places(len(data)):
        path = tmp_path / "flipped.backup"
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
        assert code(path, tmp_path / "again") == "BACKUP_DAMAGED", place


def test_a_backup_cut_anywhere_is_found_and_nothing_is_left(made: Path, tmp_path: Path) -> None:
    data = made.read_bytes()
    header = len(MAGIC) + 4 + struct.unpack_from(">I", data, len(MAGIC))[0]
    segment = MIB + 16
    for end, answer in (
        (0, "NOT_A_BACKUP"),
        (len(MAGIC) - 1, "BACKUP_NEWER"),
        (len(MAGIC) + 2, "BACKUP_TRUNCATED"),
        (header - 1, "BACKUP_TRUNCATED"),
        (header, "BACKUP_TRUNCATED"),
        (header + 100, "BACKUP_DAMAGED"),
        (header + segment, "BACKUP_TRUNCATED"),
        (header + 2 * segment, "BACKUP_TRUNCATED"),
        (len(data) - 1, "BACKUP_DAMAGED"),
    ):
        path = tmp_path / "cut.backup"
        path.write_bytes(data[:end])
        assert code(path, tmp_path / "again") == answer, end


def test_segments_moved_repeated_or_added_are_found(made: Path, tmp_path: Path) -> None:
    data = made.read_bytes()
    header = len(MAGIC) + 4 + struct.unpack_from(">I", data, len(MAGIC))[0]
    parts = [data[at : at + MIB + 16] for at in range(header, len(data), MIB + 16)]
    assert len(parts) > 3
    for changed in ([parts[1], parts[0], *parts[2:]], [parts[0], *parts], [*parts, b"x" * 40], [*parts, parts[-1]]):
        path = tmp_path / "moved.backup"
        path.write_bytes(data[:header] + b"".join(changed))
        assert code(path, tmp_path / "again") == "BACKUP_DAMAGED"


def test_what_is_no_backup_or_no_file_is_named(made: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a letter, and no backup")
    os.mkfifo(tmp_path / "pipe")
    assert code(tmp_path / "text", tmp_path / "again") == "NOT_A_BACKUP"
    assert code(tmp_path / "pipe", tmp_path / "again") == "UNREADABLE"
    assert code(tmp_path / "absent", tmp_path / "again") == "UNREADABLE"
    assert code(tmp_path, tmp_path / "again") == "UNREADABLE"
    (tmp_path / "second").write_bytes(made.read_bytes().replace(b"backup/1", b"backup/2", 1))
    assert code(tmp_path / "second", tmp_path / "again") == "BACKUP_NEWER"


def test_nothing_is_ever_overwritten(home: Home, made: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "link"):
        assert code(made, tmp_path / name) == "EXISTS"
        with pytest.raises(NodeError, match="exists already"):
            back_up(home, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "link"]
    with pytest.raises(NodeError) as refused:
        back_up(home, tmp_path / "nowhere" / "file")
    assert refused.value.code == "BACKUP_NOT_WRITTEN"


# Whatever the size


def test_memory_stays_bounded_whatever_the_size(home: Home, tmp_path: Path) -> None:
    big = home.path / "payloads" / "jp-0123456789abcdef-10"
    with big.open("wb") as file:
        file.truncate(64 * MIB)
    try:
        tracemalloc.start()
        back_up(home, tmp_path / "big.backup")
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        restoring.restore(tmp_path / "big.backup", tmp_path / "again", SECRET, progress=silent)
        read = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        big.unlink()
    assert max(written, read) < 12 * MIB
    assert (tmp_path / "again" / "payloads" / big.name).stat().st_size == 64 * MIB


# Left-overs


def test_what_a_killed_backup_left_is_removed_by_the_next_or_by_the_next_start(home: Home) -> None:
    left = backup.snapshot(home, item_keys=False)
    with backup.one_backup(home):
        assert not left.exists()
        kept = backup.snapshot(home, item_keys=False)
        backup.sweep(home)  # a node that starts meanwhile lets it alone
        assert kept.exists()
        with pytest.raises(NodeError) as refused, backup.one_backup(home):
            pass
        assert refused.value.code == "BACKUP_RUNNING"
    backup.sweep(home)
    assert not kept.exists()


def test_the_key_store_is_taken_whole_and_only_where_it_is_asked_for(home: Home, tmp_path: Path) -> None:
    shutil.copytree(home.path, tmp_path / "jp")
    keys = {"itemkeys/7": b"first", "itemkeys/11": b"second"}
    for name, data in keys.items():
        (tmp_path / "jp" / name).write_bytes(data)
    other = Home(tmp_path / "jp")
    back_up(other, tmp_path / "without")
    back_up(other, tmp_path / "with", item_keys=True)
    assert not [record for record in records(tmp_path / "without") if "itemkeys" in getattr(record, "path", "")]
    assert code(tmp_path / "with", tmp_path / "again") == "RESTORED"
    assert {name: (tmp_path / "again" / name).read_bytes() for name in keys} == keys


# The page


PAGE = (Path(__file__).parents[2] / "docs" / "spec" / "backup.md").read_text()


def test_the_page_states_the_format(made: Path) -> None:
    for kind in (Opening, FileOf, Digest, Closing):
        fields = ", ".join(f"`{field}`" for field in kind.__struct_fields__)
        assert f"| `{kind.__struct_config__.tag}` | {fields} |" in PAGE
    assert f"[{', '.join(HeadOf.__struct_fields__)}]" in PAGE.replace("\n", " ")
    assert f"at most {MAX_HEADER}" in PAGE
    assert f"at most {MAX_RECORD:,}" in PAGE
    assert f"{MIB + 16:,} bytes" in PAGE
    assert f"`{STREAM}`" in PAGE
    data = made.read_bytes()
    start = len(MAGIC) + 4
    assert f"    {MAGIC.hex()}   magic" in PAGE
    assert data[start : start + 5].hex(" ", -1) == "92 a2 45 31 c5"
    for line in ("92 a24531 c5", data[len(MAGIC) : start].hex()):
        assert line in PAGE, line


def test_the_page_lists_what_is_inside_and_every_refusal(made: Path) -> None:
    names = [record.path for record in records(made) if isinstance(record, FileOf)]
    for name in names:
        folder, _, rest = name.rpartition("/")
        assert f"`{name}`" in PAGE or f"`{folder}/*" in PAGE, (name, rest)
    sources = "".join(
        (Path(backup.__file__).with_name(name)).read_text() for name in ("backup.py", "backup_file.py", "restoring.py")
    )
    for refusal in ("UNREADABLE", "NOT_A_BACKUP", "BACKUP_NEWER", "WRONG_PASSPHRASE", "BACKUP_TRUNCATED",
                    "BACKUP_DAMAGED", "BACKUP_RUNNING", "EXISTS"):  # fmt: skip
        assert f"`{refusal}`" in PAGE
        assert f'"{refusal}"' in sources


def test_the_backup_of_a_real_node_costs_a_guesser_what_its_keys_do(home: Home, made: Path, tmp_path: Path) -> None:
    real = init(tmp_path / "us", "us", SECRET, simulated=False, listen="127.0.0.1:7433")
    back_up(real, tmp_path / "us.backup")  # of a node that never ran: it has no store yet
    for path, cost in ((tmp_path / "us.backup", COSTS["interactive"]), (made, COSTS["light"])):
        header = path.read_bytes()[len(MAGIC) + 4 :][:1024]
        assert b'"memory_kib": %d,' % cost.memory_kib in header
    assert code(tmp_path / "us.backup", tmp_path / "again") == "RESTORED"
