"""Reading the stored tree: any hash of it from O(log n) reads of at most 256 hashes each.

Level 0 is the leaves, level k the complete subtrees of 256^k leaves. A subtree of another size is folded
from at most 128 of the level below it.
"""

from __future__ import annotations

from django.db import connection

from rongxin.journal.errors import Damaged
from rongxin.proof import merkle

TILE_BITS = 8
TILE = 1 << TILE_BITS
_LEAVES = "SELECT hash FROM journal_leaf WHERE index >= %s AND index < %s ORDER BY index"
_SUBTREES = "SELECT hash FROM journal_subtree WHERE level = %s AND index >= %s AND index < %s ORDER BY index"


def size() -> int:
    """The number of entries in the tree."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM journal_leaf")
        return int(cursor.fetchone()[0])


def nodes(level: int, start: int, stop: int) -> list[bytes]:
    """Return the stored hashes of a level; raise `Damaged` when one of them is missing."""
    if start >= stop:
        return []
    with connection.cursor() as cursor:
        if level:
            cursor.execute(_SUBTREES, [level, start, stop])
        else:
            cursor.execute(_LEAVES, [start, stop])
        found = [bytes(row[0]) for row in cursor.fetchall()]
    if len(found) != stop - start:
        raise Damaged(
            f"level {level} of the tree holds {len(found)} of the hashes {start} to {stop - 1}; "
            "run `rongxin journal verify`"
        )
    return found


class Reader:
    """Answers for ranges of one tree, reading each tile of 256 hashes once."""

    def __init__(self, tree_size: int) -> None:
        self.size = tree_size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self, tree_size: int | None = None) -> bytes:
        return self.range_root(0, self.size if tree_size is None else tree_size)

    def range_root(self, start: int, end: int) -> bytes:
        return merkle.fold([self._subtree(*part) for part in merkle.complete_subtrees(start, end)])

    def path(self, ranges: list[merkle.Range]) -> list[bytes]:
        return [self.range_root(start, end) for start, end in ranges]

    def _subtree(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_BITS)
        first = index << rest
        tile = self._tile(level, first >> TILE_BITS)
        offset = first % TILE
        return merkle.root(tile[offset : offset + (1 << rest)])

    def _tile(self, level: int, number: int) -> list[bytes]:
        key = (level, number)
        if key not in self._tiles:
            stop = min((number + 1) << TILE_BITS, self.size >> (TILE_BITS * level))
            self._tiles[key] = nodes(level, number << TILE_BITS, stop)
        return self._tiles[key]
