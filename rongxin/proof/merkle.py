"""The Merkle tree of Certificate Transparency: hashes of RFC 6962 §2.1, proofs of RFC 9162 §2.1.

Everything works on 32-byte hashes. A proof is a list of ranges of leaves first and of hashes afterwards
(`inclusion_ranges`, `consistency_ranges`), so that a store that keeps some subtrees can answer for a range
without reading its leaves, while `root` answers from a plain list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

Range = tuple[int, int]

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, level by level; a lone last node rises unchanged."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


class CompactRange:
    """The right edge of a growing tree: one hash for each complete subtree, O(log n) of them."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []  # (height, hash), heights strictly falling

    def append(self, leaf: bytes) -> None:
        self.append_subtree(0, leaf)

    def append_subtree(self, height: int, hash_: bytes) -> None:
        """Append a complete subtree of 2^height leaves; the size must be a multiple of that."""
        if self.size % (1 << height):
            raise ValueError(f"a subtree of 2^{height} leaves can't stand at {self.size}")
        self.size += 1 << height
        while self._peaks and self._peaks[-1][0] == height:
            hash_ = node_hash(self._peaks.pop()[1], hash_)
            height += 1
        self._peaks.append((height, hash_))

    def root(self) -> bytes:
        return fold([hash_ for _, hash_ in self._peaks])


def fold(peaks: Sequence[bytes]) -> bytes:
    """Join complete subtrees, largest first, into one root."""
    if not peaks:
        return EMPTY_ROOT
    hash_ = peaks[-1]
    for left in reversed(peaks[:-1]):
        hash_ = node_hash(left, hash_)
    return hash_


def complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Split a range into its complete subtrees, left to right: (height, index at that height)."""
    parts = []
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        parts.append((height, start >> height))
        start += 1 << height
    return parts


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove leaf `index` in a tree of `size`, bottom first (§2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} isn't in a tree of {size}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Return the ranges whose roots prove that tree `first` begins tree `second` (§2.1.4.1)."""
    if not 0 < first <= second:
        raise ValueError(f"no consistency proof from {first} to {second}")
    ranges: list[Range] = []
    start, end = 0, second
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_path(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    return [root(leaf_hashes[start:end]) for start, end in inclusion_ranges(index, len(leaf_hashes))]


def consistency_path(leaf_hashes: Sequence[bytes], first: int) -> list[bytes]:
    return [root(leaf_hashes[start:end]) for start, end in consistency_ranges(first, len(leaf_hashes))]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Check an inclusion proof (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, expected, *path]):
        return False
    node, last, hash_ = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            hash_ = node_hash(sibling, hash_)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hash_ = node_hash(hash_, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and hash_ == expected


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Check that the tree of `first` is the beginning of the tree of `second` (RFC 9162 §2.1.4.2)."""
    if not 0 < first <= second or not _are_hashes([first_root, second_root, *path]):
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path) if first & (first - 1) else [first_root, *path]
    if not steps:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == 32 for value in values)
