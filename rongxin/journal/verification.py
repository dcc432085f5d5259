"""Deriving the whole journal again from its entries, believing no stored hash (promise P5).

body → leaf hash → tree → root of every signed and every witnessed checkpoint, in one snapshot of the
database, block by block in the order of the leaves. Hashes and query columns are recomputed here, not by
the database, so that a changed function there hides nothing.

Honest limit: entries newer than the last checkpoint that a witness keeps (ten seconds) can be rewritten
unseen by whoever owns both database and keys, and such a person can let the node record nothing at all.
Institutions hold signed receipts with an entry's id; an entry that is missing for a receipt is found by
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from rongxin.journal import blocks, keyring, tree, witness
from rongxin.journal.findings import Code, Finding, Findings
from rongxin.proof import checkpoint as notes
from rongxin.proof import merkle
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

BLOCK_LEAVES = 1 << 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a verification saw. `counts` counts all findings, `findings` keeps the first of each kind."""

    size: int
    pending: int
    checkpoints: int
    witnessed: int
    root: bytes
    findings: tuple[Finding, ...]
    counts: Mapping[Code, int]

    @property
    def ok(self) -> bool:
        return not self.counts

    def document(self) -> dict[str, object]:
        return {
            "ok": self.ok,
            "entries": self.size,
            "pending": self.pending,
            "checkpoints": self.checkpoints,
            "witnessed": self.witnessed,
            "root": self.root.hex(),
            "counts": {code.value: count for code, count in self.counts.items()},
            "findings": [finding.document() for finding in self.findings],
        }


def verify(
    progress: Progress = lambda done, total: None,
    *,
    trusted_checkpoints: Iterable[str] = (),
    keys: Iterable[VerifyingKey] | None = None,
    origin: str | None = None,
) -> Outcome:
    """Verify everything; `trusted_checkpoints` are signed notes that someone outside this node has kept."""
    believed = list(keyring.verifying_keys().values() if keys is None else keys)
    name = origin or keyring.origin()
    findings = Findings()
    witnessed = witness.believe(trusted_checkpoints, believed, name, findings)
    with _snapshot():
        run = _Run(tree.size(), believed, name, findings, witnessed)
        for start in range(0, max(run.size, 1), BLOCK_LEAVES):
            run.check_block(start, min(start + BLOCK_LEAVES, run.size))
            progress(min(start + BLOCK_LEAVES, run.size), run.size)
        run.check_beyond()
        pending = blocks.check_queue(run.size, findings)
        blocks.check_guards(findings)
    return Outcome(
        size=run.size,
        pending=pending,
        checkpoints=run.number,
        witnessed=len(witnessed),
        root=run.root_at(0),
        findings=tuple(findings.kept),
        counts=dict(findings.counts),
    )


@contextmanager
def _snapshot() -> Iterator[None]:
    """See one state of all tables while others go on writing."""
    alone = not connection.in_atomic_block
    with transaction.atomic():
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


class _Run:
    """One walk along the leaves: the growing tree, and the checkpoints met on the way."""

    def __init__(
        self,
        size: int,
        keys: list[VerifyingKey],
        origin: str,
        findings: Findings,
        witnessed: list[witness.Witnessed],
    ) -> None:
        self.size = size
        self.number = 0
        self._keys, self._origin, self._findings = keys, origin, findings
        self._witnessed = witnessed
        self._open: dict[int, list[bytes]] = defaultdict(list)  # level → nodes of its last, open tile

    def check_block(self, start: int, stop: int) -> None:
        """Check leaves, subtrees and checkpoints of `start` to `stop`."""
        promised = self._checkpoints(start, stop)
        stored = _stored_subtrees(start, stop)
        hashes = blocks.read_leaves(start, stop, self._findings)
        self._compare(start, [], promised)  # a checkpoint of the empty tree
        for offset in range(0, len(hashes), tree.TILE):
            tile = hashes[offset : offset + tree.TILE]
            self._compare(start + offset, tile, promised)
            self._open[0] = tile
            if len(tile) == tree.TILE:
                self._close(0, (start + offset) // tree.TILE, stored)

    def root_at(self, extra: int, tile: list[bytes] | None = None) -> bytes:
        """The root of all closed tiles and `extra` leaves of `tile`; without one, of all leaves so far."""
        peaks: list[bytes] = []
        for level in sorted(self._open, reverse=True):
            nodes = self._open[level] if level or tile is None else []
            peaks += _peaks(nodes)
        return merkle.fold(peaks + _peaks((tile or [])[:extra]))

    def check_beyond(self) -> None:
        """Report what claims more than the tree holds: checkpoints, witnessed checkpoints, subtrees."""
        for where, head in self._checkpoints(self.size, None):
            self._findings.add(Code.TRUNCATED, where, f"signed {head.size}, found {self.size}")
        for level, index in _subtrees_beyond(self.size):
            self._findings.add(Code.SUBTREE_WRONG, f"子树 subtree {level}/{index}", "it has no leaves")

    def _compare(self, start: int, tile: list[bytes], promised: list[tuple[str, Checkpoint]]) -> None:
        while promised and promised[0][1].size <= start + len(tile):
            where, head = promised.pop(0)
            if self.root_at(head.size - start, tile) != head.root:
                self._findings.add(Code.CHECKPOINT_DENIED, where, f"size {head.size}")

    def _close(self, level: int, index: int, stored: dict[tuple[int, int], bytes]) -> None:
        """A tile is full: it becomes a node of the level above, which may be full in turn."""
        node = merkle.root(self._open[level])
        self._open[level] = []
        where = f"子树 subtree {level + 1}/{index}"
        kept = stored.get((level + 1, index))
        if kept != node:
            self._findings.add(Code.SUBTREE_WRONG, where, "missing" if kept is None else "")
        self._open[level + 1].append(node)
        if len(self._open[level + 1]) == tree.TILE:
            self._close(level + 1, index // tree.TILE, stored)

    def _checkpoints(self, start: int, stop: int | None) -> list[tuple[str, Checkpoint]]:
        """The checkpoints, stored and witnessed, of a size in (start, stop]; of 0 in the first block."""
        first = -1 if start == 0 and stop is not None else start
        promised = [
            (witnessed.where, witnessed.checkpoint)
            for witnessed in self._witnessed
            if first < witnessed.checkpoint.size and (stop is None or witnessed.checkpoint.size <= stop)
        ]
        for row in blocks.stored_checkpoints(first, stop):
            where = f"检查点 checkpoint {row.number}"
            self._check_number(row.number)
            try:
                head = notes.verify(row.note, self._keys, origin=self._origin)
            except Forged as error:
                self._findings.add(Code.CHECKPOINT_FORGED, where, str(error))
                continue
            if (head.number, head.size, head.root, head.at) != (row.number, row.size, row.root, row.at):
                self._findings.add(Code.COLUMN_ALTERED, where)
            promised.append((where, head))
        return sorted(promised, key=lambda item: item[1].size)

    def _check_number(self, number: int) -> None:
        if number != self.number + 1:
            self._findings.add(Code.CHECKPOINT_MISSING, f"检查点 checkpoint {self.number + 1}")
        self.number = number


def _peaks(nodes: list[bytes]) -> list[bytes]:
    """The roots of the complete subtrees of a row of nodes, largest first."""
    return [
        merkle.root(nodes[index << height : (index + 1) << height])
        for height, index in merkle.complete_subtrees(0, len(nodes))
    ]


def _stored_subtrees(start: int, stop: int) -> dict[tuple[int, int], bytes]:
    """The stored subtrees that end in (start, stop]."""
    found: dict[tuple[int, int], bytes] = {}
    level = 1
    while stop >> (tree.TILE_BITS * level):
        first, last = start >> (tree.TILE_BITS * level), stop >> (tree.TILE_BITS * level)
        found |= {
            (level, first + offset): hash_ for offset, hash_ in blocks.stored_subtrees(level, first, last)
        }
        level += 1
    return found


def _subtrees_beyond(size: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level, index FROM journal_subtree"
            " WHERE level > 7 OR index >= (%s::bigint >> (%s * least(level, 7))) ORDER BY 1, 2 LIMIT 100",
            [size, tree.TILE_BITS],
        )
        return [(int(level), int(index)) for level, index in cursor.fetchall()]
