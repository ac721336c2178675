"""The Merkle tree against the reference vectors of Certificate Transparency and a tree built naively."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.record.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The eight entries, roots and proofs with which Certificate Transparency implementations are checked (RFC 6962).
ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}

sizes = st.integers(0, 70)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(2, "big")) for index in range(count)]


def naive_root(hashes: list[bytes]) -> bytes:
    """The recursive definition, word for word (RFC 6962 2.1)."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    assert tree_root(LEAVES[:size]).hex() == ROOTS[size]
    assert Frontier().extend(LEAVES[:size]).root().hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference_vectors(index: int, size: int) -> None:
    path = inclusion_proof(LEAVES[:size], index)
    assert tuple(each.hex() for each in path) == INCLUSION[index, size]
    assert verify_inclusion(LEAVES[index], index, size, path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference_vectors(first: int, second: int) -> None:
    path = consistency_proof(LEAVES, first, second)
    assert tuple(each.hex() for each in path) == CONSISTENCY[first, second]
    assert verify_consistency(first, second, bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second]), path)


@given(sizes, sizes)
def test_a_frontier_grown_in_any_steps_has_the_root_of_the_naive_tree(first: int, more: int) -> None:
    every = leaves(first + more)
    one_by_one = Frontier()
    for leaf in every:
        one_by_one = one_by_one.append(leaf)
    assert one_by_one.root() == naive_root(every)
    assert Frontier().extend(every[:first]).extend(every[first:]) == one_by_one
    assert one_by_one.size == first + more


def test_appending_leaves_the_frontier_before_as_it_was() -> None:
    before = Frontier().extend(leaves(3))
    before.append(leaf_hash(b"x"))
    assert before.root() == naive_root(leaves(3))


@given(sizes)
def test_a_frontier_survives_storage(size: int) -> None:
    frontier = Frontier().extend(leaves(size))
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(7),
        bytes(9),
        (3).to_bytes(8, "big") + bytes(32),  # 3 leaves are two subtrees
        (2**63).to_bytes(8, "big") + bytes(32),
        bytes(8) + bytes(32),
    ],
)
def test_stored_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(data)


@given(st.data(), st.integers(1, 40))
def test_every_leaf_is_proved_and_nothing_else_is(data: st.DataObject, size: int) -> None:
    every = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(every, index), tree_root(every)
    assert verify_inclusion(every[index], index, size, path, root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, path, root)
    assert not verify_inclusion(every[index], index, size, (*path, root), root)
    assert not path or not verify_inclusion(every[index], index, size, path[:-1], root)
    other = data.draw(st.integers(0, size - 1))
    assert other == index or not verify_inclusion(every[index], other, size, path, root)
    assert not verify_inclusion(every[index], size, size, path, root)


@given(st.data(), st.integers(1, 40))
def test_only_a_true_prefix_is_proved_consistent(data: st.DataObject, size: int) -> None:
    every = leaves(size)
    first = data.draw(st.integers(1, size))
    old, new = tree_root(every[:first]), tree_root(every)
    path = consistency_proof(every, first, size)
    assert verify_consistency(first, size, old, new, path)
    assert not verify_consistency(first, size, tree_root([*every[: first - 1], leaf_hash(b"other")]), new, path)
    assert not verify_consistency(first, size, old, tree_root([leaf_hash(b"other"), *every[1:]]), path)
    assert not verify_consistency(first, size, old, new, (*path, old))
    assert not path or not verify_consistency(first, size, old, new, path[:-1])


def test_an_empty_proof_proves_only_that_a_tree_is_itself() -> None:
    old, new = tree_root(leaves(3)), tree_root(leaves(5))
    assert not verify_consistency(3, 5, old, new, ())
    assert not verify_consistency(0, 5, EMPTY_ROOT, new, ())
    assert not verify_consistency(5, 3, new, old, ())
    assert not verify_consistency(3, 3, old, new, ())


def test_a_proof_of_what_does_not_exist_is_not_made() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="no proof"):
        consistency_proof(LEAVES, 0, 8)


def test_a_leaf_cannot_pose_as_a_node() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
