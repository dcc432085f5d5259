"""Proofs that anyone can check without this node: that an entry is in the tree, that the tree only grew."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from uuid import UUID

from rongxin.journal import checkpoints, entries, models, tree
from rongxin.journal.errors import JournalError, NotYetCovered
from rongxin.proof import checkpoint as notes
from rongxin.proof import merkle


@dataclass(frozen=True)
class InclusionProof:
    """An entry, its place, the path to the root, and the signed note that holds the root."""

    entry: UUID
    body: str
    index: int
    path: tuple[bytes, ...]
    note: str

    def holds(self) -> bool:
        """Check the path against the note's root; whose note it is, `proof.checkpoint.verify` tells."""
        return notes.holds_entry(self.note, self.body, self.index, self.path)

    def document(self) -> dict[str, object]:
        """The proof as JSON: hashes in base64."""
        return {
            "entry": str(self.entry),
            "body": self.body,
            "index": self.index,
            "path": [base64.b64encode(hash_).decode() for hash_ in self.path],
            "checkpoint": self.note,
        }

    def steps(self) -> dict[str, object]:
        """The proof for a page that has nothing but SHA-256: which hash goes on which side, in hex."""
        note = notes.parse(self.note)
        ranges = merkle.inclusion_ranges(self.index, note.size)
        sides = ("left" if start < self.index else "right" for start, _ in ranges)
        return {
            "entry": str(self.entry),
            "body": self.body,
            "leaf": merkle.leaf_hash(self.body.encode()).hex(),
            "index": self.index,
            "size": note.size,
            "steps": [
                {"side": side, "hash": node.hex()} for side, node in zip(sides, self.path, strict=True)
            ],
            "root": note.root.hex(),
            "checkpoint": self.note,
        }


@dataclass(frozen=True)
class ConsistencyProof:
    """The path that shows the tree of `first` to be the beginning of the tree of `second`."""

    first: int
    second: int
    path: tuple[bytes, ...]


def inclusion(entry_id: UUID) -> InclusionProof:
    """Prove that an entry is in the tree of the latest checkpoint."""
    entry = entries.get(entry_id)
    index = models.Leaf.objects.filter(entry=entry_id).values_list("index", flat=True).first()
    note = checkpoints.latest_note()
    size = notes.parse(note).size if note else 0
    if note is None or index is None or index >= size:
        raise NotYetCovered(f"entry {entry_id}: no checkpoint covers it yet; ask again within ten seconds")
    path = tree.Reader(size).path(merkle.inclusion_ranges(index, size))
    return InclusionProof(entry_id, entry.body, index, tuple(path), note)


def consistency(first: int, second: int) -> ConsistencyProof:
    """Prove that the tree of `first` entries is the beginning of the tree of `second`."""
    if not 0 < first <= second:
        raise JournalError(f"no proof leads from {first} to {second}: give two sizes, the smaller first")
    if second > tree.size():
        raise NotYetCovered(f"the tree hasn't {second} entries yet")
    path = tree.Reader(second).path(merkle.consistency_ranges(first, second))
    return ConsistencyProof(first, second, tuple(path))
