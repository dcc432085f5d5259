"""Files handed in with an objection or a request for repair: few, small, of known kinds, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongxin.catalogue import attachments
from rongxin.journal import papers
from rongxin.journal.papers import Cabinet
from rongxin.rights.errors import PaperRefused, UnknownPaper
from rongxin.rights.models import Paper

EVIDENCE = "evidence"
_MISSING = "没有编号为%s的附件"

_CABINET = Cabinet(Paper, PaperRefused, UnknownPaper, whom="请通知安全管理员")
SEALED = _CABINET.sealed
check, digests = _CABINET.check, papers.digests


@dataclass(frozen=True)
class File(attachments.File):
    """A file as it is handed in, and what for."""

    purpose: str = EVIDENCE


@dataclass(frozen=True)
class Card(papers.Card):
    """A file as it is listed, and what it was handed in for."""

    purpose: str

    def document(self) -> dict[str, str | int]:
        """What people see of it, JSON-ready."""
        return {"paper": str(self.id), "purpose": self.purpose, **super().document()}


def keep(act: UUID, files: Sequence[File], *, as_of: datetime) -> None:
    """Seal files that have been checked, in the caller's transaction."""
    for file in files:
        _CABINET.keep(file, act=act, purpose=file.purpose, as_of=as_of)


def of(act: UUID) -> list[Card]:
    """Return the files of an act, in the order in which they came."""
    return [_card(row) for row in _CABINET.listed(act=act)]


def card(act: UUID, paper: UUID) -> Card:
    """Return a file of an act as it is listed; raises `UnknownPaper`."""
    return _card(_CABINET.one(_MISSING % paper, act=act, pk=paper))


def read(act: UUID, paper: UUID) -> tuple[Card, bytes]:
    """Return a file of an act with its content; raises `UnknownPaper`, also where the seal doesn't open."""
    row, content = _CABINET.read(f"附件{paper}", _MISSING % paper, act=act, pk=paper)
    return _card(row), content


def _card(row: Paper) -> Card:
    return papers.of_row(row, Card, purpose=row.purpose)
