"""Which cosignatures count offline: the cosigner's key is in the file, before or after; else nothing is claimed."""

import pytest
from builder import AGREEMENT, DOCUMENT, NOON, Party, World, secret
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.record.bodies import SignedKeys
from entente.record.checkpoint import cosign, cosigner_name
from entente.record.frames import AnyFrame, Cosigned
from entente.record.report import Report, render
from entente.record.verify import verify
from entente.sealing.canonical import encode
from entente.sealing.signing import NodeKey

KEYS = tuple(NodeKey.from_secret(secret(f"kr's cosigning key {number}", 32)) for number in range(5))
STRANGER = NodeKey.from_secret(secret("nobody's", 32))


def proposed() -> World:
    """jp has put an agreement before kr; kr has written nothing."""
    world = World()
    world.keys("jp")
    world.write("jp", "document", [DOCUMENT])
    return world


def states(world: World, *numbers: int) -> None:
    """kr's statements of these numbers, each with its own cosigning key."""
    for number in numbers:
        world.write("kr", "keys", [world.kr.signed_keys(number, cosign=KEYS[number])])


def checked(world: World, key: NodeKey, *roots: bytes) -> Report:
    """The report on the world's logs with kr's cosignature by that key over jp's."""
    log = world.logs["jp"]
    frames: list[AnyFrame] = [each.frame() for each in world.logs.values() if each.size]
    return verify([*frames, log.cosigned(world.kr, key=key)], roots or world.roots)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 4)), st.integers(0, 4))
def test_a_cosignature_counts_if_its_key_is_named_anywhere_in_the_file(named: set[int], by: int) -> None:
    world = proposed()
    states(world, *sorted(named))
    report = checked(world, KEYS[by])
    counted = [(each.party, each.size) for each in report.logs[0].cosigners]
    assert counted == ([("kr", 2)] if by in named else [])
    assert [bad.code for bad in report.bad] == (["BAD_COSIGNATURE"] if named and by not in named else [])
    assert report.ok is (by in named or not named)
    assert bool(report.notes) is (not named)


def test_a_cosigner_that_has_written_nothing_is_noted_and_not_counted() -> None:
    world = proposed()
    report = checked(world, KEYS[1])
    assert report.ok
    assert report.logs[0].cosigners == ()
    [note] = report.notes
    assert note.startswith(f"{world.logs['jp'].origin}: kr's cosignature over 2 entries cannot be checked")
    lines = list(render(report))
    assert any("kr's cosignature over 2 entries cannot be checked" in line for line in lines)
    assert any("not every cosignature" in line for line in lines)


def test_a_cosigner_whose_root_was_not_given_stays_unknown() -> None:
    world = proposed()
    report = checked(world, KEYS[1], world.jp.card)
    assert [bad.code for bad in report.bad] == ["UNKNOWN_SIGNER"]


@pytest.mark.parametrize("root", [Party("us"), Party("kr", simulated=False)])
def test_a_statement_that_another_root_signed_names_no_cosigning_key(root: Party) -> None:
    world = proposed()
    data, signature = root.statement(1, cosign=KEYS[1])
    world.write("kr", "keys", [encode(SignedKeys(data, signature))])
    report = checked(world, KEYS[1])
    assert not report.ok
    assert all(log.cosigners == () for log in report.logs)


def test_one_wrong_line_beside_a_good_one_is_still_named() -> None:
    world = proposed()
    states(world, 1)
    log = world.logs["jp"]
    good = log.cosigned(world.kr, key=KEYS[1]).checkpoint
    both = cosign(good, STRANGER, cosigner_name(AGREEMENT, "kr"), NOON // 1000)
    frames: list[AnyFrame] = [each.frame() for each in world.logs.values()]
    report = verify([*frames, Cosigned(AGREEMENT, "jp", log.incarnation, both)], world.roots)
    assert [bad.code for bad in report.bad] == ["BAD_COSIGNATURE"]
