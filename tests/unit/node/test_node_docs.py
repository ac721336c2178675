"""The pages of the node say what the code does, and the threat model names tests that exist."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from entente.node import (
    agreements,
    commit,
    conversation,
    feeding,
    greeting,
    intake,
    lanes,
    outgoing,
    payloads,
    releases,
    telling,
)
from entente.node.clock import SimulatedClock
from entente.node.commands import COMMANDS, STREAMS, Command, Streaming
from entente.node.control import MAX_LINE, Request
from entente.record.bodies import ApprovalStatement, MarkingBody, PayloadRef, TransferHeader
from entente.sealing.seal import SEGMENT, TAG
from entente.store import errors, itemkeys
from entente.store.itemkeys import ItemKeys
from entente.store.reader import FRONTIER_EVERY, body_id
from entente.store.sqlite import Store

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "docs" / "spec"
PAGES = {name: (SPEC / f"{name}.md").read_text() for name in ("clock", "control", "store", "transfer")}
THREATS = (ROOT / "docs" / "threat-model.md").read_text()


def rows(page: str, after: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    lines = page.split(after, 1)[1].split("\n| --- ", 1)[1].splitlines()[1:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return table


def found_in(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def named_tests() -> list[str]:
    threats = [line for line in THREATS.splitlines() if line.startswith("|") and "---" not in line]
    assert len(threats) > 30
    named = [re.findall(r"`(tests/[^`]+)`", line.split("|")[4]) for line in threats if "| threat |" not in line]
    assert all(len(found) == 1 for found in named), "one test a row"
    return sorted({found[0] for found in named})


@pytest.mark.parametrize("name", named_tests())
def test_every_test_that_the_threat_model_names_exists(name: str) -> None:
    file, _, test = name.partition("::")
    assert (ROOT / file).is_file()
    assert found_in(ROOT / file) >= ({test} if test else set())
    assert any(found.startswith("test_") for found in found_in(ROOT / file))


CITED = re.compile(r"docs/[a-z-]+/[a-z0-9-]+\.md")
CITES = {cited for file in (ROOT / "src").rglob("*.py") for cited in CITED.findall(file.read_text())}


@pytest.mark.parametrize("page", sorted(CITES))
def test_every_page_that_the_code_cites_exists(page: str) -> None:
    assert (ROOT / page).is_file()


def test_the_limits_of_the_threat_model_are_the_codes() -> None:
    assert f"at most {intake.MAX_PROPOSALS} lie unsigned" in THREATS
    assert f"{intake.DEFAULT_SKEW // 60_000} minutes" in THREATS
    assert agreements.KEEP_SECRETS == 7 * agreements.DAY


def test_the_page_of_the_control_socket_lists_every_command_with_its_arguments() -> None:
    check_arguments("## 4. Commands", COMMANDS)


def test_the_page_of_the_control_socket_lists_every_command_that_keeps_its_connection() -> None:
    check_arguments("## 5. Feeds", STREAMS)


def check_arguments(heading: str, registered: Mapping[str, Command | Streaming]) -> None:
    """The table after a heading names the commands and their arguments, with a star where one may be left out."""
    listed = {}
    for name, arguments, _ in rows(PAGES["control"], heading):
        listed[name] = re.findall(r"`?([a-z_]+)`?(\*?)", arguments)
    assert set(listed) == set(registered)
    for name, command in registered.items():
        optional = {field.name: not field.required for field in msgspec.structs.fields(command.args)}
        assert {field: bool(star) for field, star in listed[name]} == optional, name


def test_the_example_of_a_feed_is_its_bytes_and_the_bounds_are_the_codes() -> None:
    page = PAGES["control"]
    payloads = b"".join(len(each).to_bytes(4, "big") + each for each in (b"a", b"bc", b""))
    example = re.search(r"^    (00000001 [0-9a-f ]+)$", page, re.MULTILINE)
    assert example is not None
    assert bytes.fromhex(example[1]) == payloads
    assert f"1 to {releases.INLINE:,}" in page
    assert f"at most {feeding.WAITING_BYTES // 1024**2} MiB read and not taken" in page
    assert f"at most {feeding.MOST} of them are released together" in page


def test_the_page_of_the_control_socket_states_the_slices_of_a_timeline() -> None:
    page = " ".join(PAGES["control"].split())
    whole = telling.SLICES * telling.STEPS, telling.SLICES * telling.ENTRIES
    assert "at most {:,} steps, or {:,} entries".format(*whole) in page
    assert f"slices of at most {telling.STEPS} each" in page
    assert telling.STEPS == telling.ENTRIES


def test_the_page_of_the_control_socket_states_its_form() -> None:
    assert f"{MAX_LINE:,} bytes" in PAGES["control"]
    assert set(Request.__struct_fields__) == {"command", "args"}
    example = re.search(r'^    (\{"command".*\})$', PAGES["control"], re.MULTILINE)
    assert example is not None
    assert msgspec.json.decode(example[1], type=Request).command in COMMANDS


def test_the_page_of_the_store_lists_every_table_and_code(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        tables = {row[0] for row in store._rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        keys = {
            name: [
                row[1] for row in sorted(store._rows(f"PRAGMA table_info({name})"), key=lambda row: row[5]) if row[5]
            ]
            for name in tables
        }
    listed = {row[0]: row[2].replace("`", "").split(", ") for row in rows(PAGES["store"], "The tables:")}
    assert set(listed) == tables - {"sqlite_sequence"}
    assert listed == {name: keys[name] for name in listed}
    codes = {error.code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)}
    assert {row[0] for row in rows(PAGES["store"], "## 6. Failures")} == codes | {"STORE_DAMAGED"}
    assert f"every {FRONTIER_EVERY} entries" in PAGES["store"]


def test_the_page_of_the_store_states_the_bytes_of_ids_and_item_keys(tmp_path: Path) -> None:
    page = PAGES["store"]
    assert f"has {body_id(2, 3, 1)}." in page
    keys = ItemKeys(tmp_path / "itemkeys")
    locked = bytes(range(1, itemkeys.LOCKED + 1))
    keys.put(7, [(1, locked)])
    keys.close()
    data = (tmp_path / "itemkeys" / "7").read_bytes()
    assert f"slot of {itemkeys.SLOT} bytes at {itemkeys.SLOT} · *seq*" in page
    assert f"grows by {len(data):,} bytes" in page
    mark = re.search(r"`([0-9a-f]{8})` \(`key1`\)", page)
    assert mark is not None
    assert data[:128] == bytes(64) + locked + bytes.fromhex(mark[1])
    assert not any(data[128:])


def test_the_page_of_transfers_lists_every_field_in_its_order() -> None:
    header = [row[0] for row in rows(PAGES["transfer"], "`header` is the canonical bytes of")]
    assert tuple(header) == TransferHeader.__struct_fields__
    approval = [row[0] for row in rows(PAGES["transfer"], "`statement` is the canonical bytes of")]
    assert tuple(approval) == ApprovalStatement.__struct_fields__
    for kind in (MarkingBody, PayloadRef):
        assert f"`[{', '.join(kind.__struct_fields__)}]`" in PAGES["transfer"]


def test_the_page_of_transfers_states_the_bounds() -> None:
    page = PAGES["transfer"]
    assert f"at most {releases.INLINE:,} bytes" in page
    assert f"segments of {SEGMENT:,} bytes" in page
    assert f"each {TAG} bytes" in page
    assert f"up to {lanes.SEGMENTS} `segment` frames" in page
    assert all(f"`{precedence}`" in page for precedence in lanes.PRECEDENCES)


def test_the_page_of_time_states_the_bounds() -> None:
    page = PAGES["clock"]
    assert "(default `PT5M`)" in page
    assert intake.DEFAULT_SKEW == 5 * 60 * 1000
    assert f"{ {3: 'three'}[commit.ATTEMPTS] } times at most" in page
    assert SimulatedClock(100).uncertainty() == 0


def test_every_code_on_the_pages_stands_in_the_code() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    for name, page in PAGES.items():
        for code in set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", page)) - {"SO_PEERCRED"}:
            assert f'"{code}"' in sources, (name, code)


def test_the_pages_of_frames_and_of_the_link_state_the_bounds_of_the_lanes() -> None:
    link, frames = (" ".join((SPEC / f"{name}.md").read_text().split()) for name in ("link", "frames"))
    for said in (
        f"At most {lanes.WINDOW} `entries` and `bodies` frames are on their way",
        f"waits, {lanes.URGENT_WINDOW}.",
        f"at most {outgoing.CHUNK_ENTRIES} entries",
        f"exceeds {outgoing.CHUNK_BYTES // 1024} KiB",
        f"at most {outgoing.AHEAD_ENTRIES:,} a frame",
        f"At most {lanes.SEGMENTS} segments of a payload",
        f"{lanes.SEGMENTS * SEGMENT // 1024**2} MiB again",
        f"At most {conversation.MAX_WAITING} frames of one peer",
        ", ".join(lanes.PRECEDENCES),
    ):
        assert said in link, said
    assert f"this page is protocol {outgoing.PROTOCOL}" in frames
    assert f"a protocol below {greeting.OLDEST} MUST" in frames
    assert f"at most {payloads.MAX_RANGES:,} ranges a frame" in frames
