"""Checkpoints kept where this node's administrators can't reach: at the parent, the auditor, in receipts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rongxin.journal.findings import Code, Findings
from rongxin.proof import checkpoint as notes
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey


@dataclass(frozen=True)
class Witnessed:
    """A checkpoint and the file or table it comes from."""

    where: str
    checkpoint: Checkpoint


def read(text: str) -> list[str]:
    """Return the signed notes of a file: any number of them, one after the other."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.splitlines():
        if lines and lines[-1].startswith("— ") and not line.startswith("— "):
            found.append("\n".join(lines) + "\n")
            lines = []
        if line or lines:
            lines.append(line)
    if lines:
        found.append("\n".join(lines) + "\n")
    return found


def believe(
    texts: Iterable[str], keys: Iterable[VerifyingKey], origin: str, findings: Findings
) -> list[Witnessed]:
    """Return the witnessed checkpoints that this log did sign, by size; report the rest, and split views."""
    keys = list(keys)
    believed: list[Witnessed] = []
    for number, text in enumerate(texts, start=1):
        where = f"见证检查点 witnessed checkpoint {number}"
        try:
            believed.append(Witnessed(where, notes.verify(text, keys, origin=origin)))
        except Forged as error:
            findings.add(Code.WITNESS_UNKNOWN, where, str(error))
    believed.sort(key=lambda witnessed: witnessed.checkpoint.size)
    for one, other in pairwise(believed):
        same_size = one.checkpoint.size == other.checkpoint.size
        if same_size and one.checkpoint.root != other.checkpoint.root:
            findings.add(Code.SPLIT_VIEW, f"{one.where}; {other.where}", f"size {one.checkpoint.size}")
    return believed
