"""Evidence is drawn only where all of it holds, each item by its number, refused ones left out."""

from pathlib import Path

import msgspec
import pytest
from builder import DOCUMENT, MAGIC, World, lived_world

from entente.cli.output import CommandError
from entente.cli.timeline_evidence import of_evidence
from entente.domain.agreement.instants import format_instant
from entente.domain.relations.lanes import Mark
from entente.record.envelope import DeliveredBody
from entente.record.frames import AnyFrame, Entries, write_frames


def written(folder: Path, evidence: bytes, world: World) -> tuple[Path, list[Path]]:
    """An evidence file and both root cards."""
    file, roots = folder / "record.evidence", [folder / f"{party}.json" for party in ("jp", "kr")]
    file.write_bytes(evidence)
    for path, card in zip(roots, world.roots, strict=True):
        path.write_bytes(card)
    return file, roots


def items(folder: Path, evidence: bytes, world: World) -> list[Mark]:
    chronicle, _ = of_evidence(*written(folder, evidence, world), None)
    return [mark for mark in chronicle.marks if mark.lane == "exchanges"]


def test_an_item_has_its_number_among_all_and_one_that_was_refused_is_only_counted(tmp_path: Path) -> None:
    """Of Korea's three the second was refused; the third is not answered yet."""
    world = lived_world()
    shown = [mark.title["en"] for mark in items(tmp_path, world.evidence(), world)]
    assert sorted(shown) == [
        "EXERCISE → Japan no. 1 · FLASH",
        "EXERCISE → Japan no. 3 · FLASH",
        "EXERCISE → Republic of Korea no. 1 · FLASH",
    ]  # fmt: skip


def withheld(world: World) -> list[AnyFrame]:
    """The evidence without the bodies of any item."""

    def without(frame: AnyFrame) -> AnyFrame:
        if not isinstance(frame, Entries):
            return frame
        kinds = [each.kind for each in world.logs[frame.writer].envelopes[frame.first :]]
        hidden: tuple[DeliveredBody | None, ...] = (None, None)
        deliveries = tuple(
            msgspec.structs.replace(each, bodies=hidden) if kind == "transfer" else each
            for each, kind in zip(frame.deliveries, kinds, strict=False)
        )
        return msgspec.structs.replace(frame, deliveries=deliveries)

    return [without(frame) for frame in world.frames()]


def test_of_a_withheld_item_what_its_envelope_and_its_answer_show_is_drawn(tmp_path: Path) -> None:
    world = lived_world()
    evidence = b"".join(write_frames(MAGIC, withheld(world)))
    shown = [mark.title["en"] for mark in items(tmp_path, evidence, world)]
    assert sorted(shown) == [
        "EXERCISE → ? no. 3 · FLASH", "EXERCISE → Japan no. 1 · FLASH", "EXERCISE → Republic of Korea no. 1 · FLASH",
    ]  # fmt: skip
    chronicle, facts = of_evidence(*written(tmp_path, evidence, world), None)
    assert facts["withheld"] == [
        {"what": "items", "of": "jp", "count": 1}, {"what": "items", "of": "kr", "count": 3},
    ]  # fmt: skip
    assert "withheld: contents of items of JP: 1; contents of items of KR: 3" in chronicle.source["en"]


def test_nothing_is_drawn_of_evidence_in_which_anything_is_found_wanting(tmp_path: Path) -> None:
    """Every signature and every tree holds: a party released what its gate should have refused."""
    world = World()
    world.keys("jp")
    world.keys("kr")
    world.write("jp", "document", [DOCUMENT])
    world.act("jp", "sign")
    world.act("kr", "sign")
    world.receive("jp")
    world.transfer("jp", "item-1")
    with pytest.raises(CommandError) as refused:
        of_evidence(*written(tmp_path, world.evidence(), world), None)
    assert (refused.value.code, refused.value.exit_code) == ("NOT_VERIFIED", 1)
    assert "AGREEMENT_NOT_IN_FORCE" in str(refused.value)
    assert refused.value.facts["first_bad"]["code"] == "AGREEMENT_NOT_IN_FORCE"


def test_it_is_drawn_as_it_was_known_at_its_last_entry_unless_another_instant_is_asked_for(tmp_path: Path) -> None:
    world = lived_world()
    last = max(log.envelopes[-1].instant for log in world.logs.values())
    file, roots = written(tmp_path, world.evidence(), world)
    chronicle, facts = of_evidence(file, roots, None)
    assert (chronicle.at, facts["last"]) == (last, format_instant(last))
    assert of_evidence(file, roots, last - 1000)[0].at == last - 1000
