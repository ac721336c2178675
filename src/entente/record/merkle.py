"""The Merkle tree of RFC 6962 section 2.1: hashes, the growing frontier, inclusion and consistency proofs.

A log of n entries has one root. :class:`Frontier` is all that must be kept to go on appending: the roots of the perfect
subtrees of n, largest first, one per set bit of n. Proofs are small pure functions over the leaf hashes; the verifiers
are those of RFC 9162 section 2.1, and answer yes or no: what a bad proof means is the caller's to say.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

HASH = 32
"""Bytes of a hash."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962 2.1)."""
MAX_SIZE = 2**63 - 1
"""Most leaves a tree may have; what two's complement counters of 64 bits can hold."""

_SIZE = 8


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over 0x00 and the entry's bytes."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 over 0x01 and both children; the prefix keeps a leaf from posing as a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a tree: its size and the roots of its perfect subtrees, largest first. Immutable.

    Appending one leaf merges as many subtrees as the size has trailing one bits: one on average, log2(size) at most.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: tuple[bytes, ...] = ()) -> None:
        """``peaks``: one hash per set bit of ``size``.

        Raises:
            ValueError: the number or the length of the hashes does not fit the size.
        """
        if not 0 <= size <= MAX_SIZE or len(peaks) != size.bit_count() or any(len(peak) != HASH for peak in peaks):
            raise ValueError(f"{len(peaks)} subtree hashes are no frontier of a tree of {size} leaves")
        self._size = size
        self._peaks = peaks

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> Self:
        """The frontier after one more leaf, given by its leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """The frontier after more leaves, given by their leaf hashes in order."""
        size, peaks = self._size, list(self._peaks)
        for leaf in leaves:
            merged, bits = leaf, size
            while bits & 1:
                merged = node_hash(peaks.pop(), merged)
                bits >>= 1
            peaks.append(merged)
            size += 1
        return type(self)(size, tuple(peaks))

    def root(self) -> bytes:
        """The tree's root, from log2(size) hashes."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, big-endian, and the subtree hashes, largest first."""
        return self._size.to_bytes(_SIZE, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read back what :meth:`to_bytes` wrote.

        Raises:
            ValueError: the bytes are of no frontier.
        """
        if len(data) < _SIZE or (len(data) - _SIZE) % HASH:
            raise ValueError(f"{len(data)} bytes are no frontier")
        peaks = tuple(data[at : at + HASH] for at in range(_SIZE, len(data), HASH))
        return cls(int.from_bytes(data[:_SIZE], "big"), peaks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frontier) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        return f"Frontier(size={self._size}, root={self.root().hex()})"


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (the MTH of RFC 6962 2.1)."""
    return Frontier().extend(leaves).root()


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf ``index``, from the leaf upwards (PATH of RFC 6962 2.1.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        left, right = leaves[:split], leaves[split:]
        path.append(tree_root(right if index < split else left))
        index, leaves = (index, left) if index < split else (index - split, right)
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` proves that ``leaf`` (a leaf hash) stands at ``index`` under ``root`` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def consistency_proof(leaves: Sequence[bytes], first: int, second: int) -> tuple[bytes, ...]:
    """The proof that the tree of ``first`` leaves is a prefix of that of ``second`` (PROOF of RFC 6962 2.1.2).

    Raises:
        ValueError: not 1 <= first <= second <= the number of leaves.
    """
    if not 1 <= first <= second <= len(leaves):
        raise ValueError(f"no proof from {first} to {second} in a tree of {len(leaves)}")
    path: list[bytes] = []
    part, whole = leaves[:second], True
    while first < len(part):
        split = _split(len(part))
        if first <= split:
            path.append(tree_root(part[split:]))
            part = part[:split]
        else:
            path.append(tree_root(part[:split]))
            part, first, whole = part[split:], first - split, False
    if not whole:
        path.append(tree_root(part))
    return tuple(reversed(path))


def verify_consistency(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the tree ``old`` of ``first`` leaves grew into ``new`` (RFC 9162 2.1.4.2)."""
    if not 1 <= first <= second:
        return False
    if first == second:
        return not path and old == new
    hashes = [old, *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    was = now = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and was == old and now == new
