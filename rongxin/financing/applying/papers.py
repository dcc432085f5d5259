"""申请材料: the firm's own papers, sealed; read by the firm and by the institutions that it applied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rongxin.catalogue.attachments import File
from rongxin.financing.errors import ApplicationRefused, UnknownPaper
from rongxin.financing.models import ApplicationPaper
from rongxin.financing.policy import Limits
from rongxin.journal import papers
from rongxin.journal.papers import Cabinet

_CABINET = Cabinet(ApplicationPaper, ApplicationRefused, UnknownPaper, whom="请联系平台运行机构")
SEALED = _CABINET.sealed
_MISSING = "没有编号为%s的材料"


@dataclass(frozen=True)
class Card(papers.Card):
    """A paper as it is listed."""

    def document(self) -> dict[str, str | int]:
        """What people see of it, JSON-ready."""
        handed_in = {"handed_in_at": self.handed_in_at.isoformat()}
        return {"paper": str(self.id), **super().document(), **handed_in}


def keep(act: UUID, files: Sequence[File], limits: Limits, *, as_of: datetime) -> list[str]:
    """Check and seal files in the caller's transaction; return their SHA-256. Raises `ApplicationRefused`."""
    most = max(0, limits.files_max - len(_CABINET.listed(act=act)))
    _CABINET.check(files, files_max=most, file_bytes_max=limits.file_bytes_max)
    for file in files:
        _CABINET.keep(file, act=act, as_of=as_of)
    return papers.digests(files)


def carry(draft: UUID, to: UUID) -> None:
    """Let the papers of a draft go along to the one that takes its place."""
    ApplicationPaper.objects.filter(act=draft).update(act=to)


def erase(*acts: UUID) -> None:
    """Delete the papers of forms and applications that are deleted."""
    _CABINET.erase(act__in=acts)


def of(*acts: UUID) -> list[Card]:
    """Return the papers of a form or an application, in the order in which they came."""
    return [_card(row) for row in _CABINET.listed(act__in=acts)]


def listed(paper: UUID, *acts: UUID) -> Card:
    """Return a paper as it is listed; raises `UnknownPaper`."""
    return _card(_CABINET.one(_MISSING % paper, act__in=acts, pk=paper))


def read(paper: UUID, *acts: UUID) -> tuple[Card, bytes]:
    """Return a paper with its content; raises `UnknownPaper`, also where the seal doesn't open."""
    row, content = _CABINET.read(f"材料{paper}", _MISSING % paper, act__in=acts, pk=paper)
    return _card(row), content


def _card(row: ApplicationPaper) -> Card:
    return papers.of_row(row, Card)
