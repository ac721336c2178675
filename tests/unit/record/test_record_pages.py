"""The pages of the specification say what the code does: examples parse, every code and tag has its row."""

import re
from pathlib import Path
from typing import get_args

import pytest
from builder import AGREEMENT, Party

from entente.record import errors
from entente.record.bodies import Received, ReceivedOf, Refused
from entente.record.checkpoint import cosigner_name, origin, verify_checkpoint, verify_cosignature
from entente.record.envelope import KNOWN_KINDS, parse_envelope
from entente.record.frames import AnyFrame, Cosigned, Entries, Later, decode_frame, encode_frame
from entente.sealing.canonical import decode

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "spec"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text()


def block(text: str, start: str) -> str:
    """The indented block that begins with ``start``, without its indentation."""
    lines = text[text.index(f"    {start}") :].split("\n")
    taken = []
    for line in lines:
        if line and not line.startswith("    "):
            break
        taken.append(line[4:])
    return "\n".join(taken).strip("\n") + "\n"


def test_the_example_envelope_is_one() -> None:
    data = bytes.fromhex(block(page("record"), "9d01a245"))
    envelope = parse_envelope(data)
    assert (envelope.writer, envelope.seq, envelope.kind, envelope.bodies[0].size, len(data)) == (
        "kr",
        3,
        "received",
        31,
        119,
    )


def test_the_example_checkpoint_verifies() -> None:
    note = block(page("checkpoint"), f"entente/{AGREEMENT.hex()}")
    kr, jp = Party("kr"), Party("jp")
    assert verify_checkpoint(note, kr.checkpoint.public, origin(AGREEMENT, "kr", "0123456789abcdef")).size == 1
    assert verify_cosignature(note, jp.cosign.public, cosigner_name(AGREEMENT, "jp")) == 1574000000


def test_the_example_receipt_is_one() -> None:
    body = decode(Received, bytes.fromhex(block(page("bodies"), "919194a2")))
    assert body == Received((ReceivedOf("kr", "0123456789abcdef", ((4, 4),), (Refused(5, "OTHER"),)),))


def test_the_example_frame_is_one() -> None:
    data = bytes.fromhex(block(page("frames"), "00000044"))
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    assert isinstance(decode_frame(data[4:]), Cosigned)


def test_the_example_of_deferred_entries_is_the_end_of_a_frame() -> None:
    frame = Entries(bytes(32), "kr", "0123456789abcdef", 3, (), "", ((3, 9), (11, 11)))
    assert encode_frame(frame).endswith(bytes.fromhex(block(page("frames"), "92 92 03 09")))


def test_every_frame_lists_its_fields_in_their_order() -> None:
    text = page("frames")
    for frame in get_args(AnyFrame):
        tag, fields = frame.__struct_config__.tag, ", ".join(f"`{field}`" for field in frame.__struct_fields__)
        assert re.search(rf"^\| [^|]*`{tag}`[^|]* \| {fields} \| ", text, re.MULTILINE), tag
    assert f"`[{', '.join(Later.__struct_fields__)}]`" in text


def test_every_fault_of_a_log_is_in_the_specification() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LogError)]
    assert {kind.code for kind in kinds} - {"LOG"} <= set(re.findall(r"`([A-Z_]+)`", page("record")))


@pytest.mark.parametrize("module", ["verify", "audit", "evidence", "replay"])
def test_every_fault_of_an_evidence_file_is_in_the_specification(module: str) -> None:
    source = (ROOT / "src" / "entente" / "record" / f"{module}.py").read_text()
    codes = set(re.findall(r'(?:code=|bad\(|EvidenceError\()"([A-Z_]+)"', source))
    assert codes
    assert codes <= set(re.findall(r"`([A-Z_]+)`", page("evidence") + page("record")))


def test_every_kind_of_entry_has_its_row() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \| ", page("bodies"), re.MULTILINE)) - {"agreement"} == KNOWN_KINDS


def test_every_frame_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z]+)`(?:, `([a-z]+)`)? \| ", page("frames"), re.MULTILINE)
    tags = {frame.__struct_config__.tag for frame in get_args(AnyFrame)}
    assert {tag for row in rows for tag in row if tag} == tags
