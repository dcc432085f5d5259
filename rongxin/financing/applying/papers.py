"""申请材料: the firm's own papers, sealed; read by the firm and by the institutions that it applied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from rongxin.catalogue import attachments
from rongxin.catalogue.attachments import File
from rongxin.financing.errors import ApplicationRefused, UnknownPaper
from rongxin.financing.models import ApplicationPaper
from rongxin.financing.policy import Limits
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn
from rongxin.proof.errors import ProofError

SEALED = SealedColumn(
    "financing_applicationpaper",
    "content",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("financing_applicationpaper", "content", str(row[0])),
)


@dataclass(frozen=True)
class Card:
    """A paper as it is listed."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    handed_in_at: datetime

    def document(self) -> dict[str, str | int]:
        """What people see of it, JSON-ready."""
        return {
            "paper": str(self.id),
            "name": self.name,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "handed_in_at": self.handed_in_at.isoformat(),
        }


def keep(act: UUID, files: Sequence[File], limits: Limits, *, as_of: datetime) -> list[str]:
    """Check and seal files in the caller's transaction; return their SHA-256. Raises `ApplicationRefused`."""
    most = limits.files_max - ApplicationPaper.objects.filter(act=act).count()
    if found := attachments.fault(files, files_max=max(0, most), file_bytes_max=limits.file_bytes_max):
        raise ApplicationRefused(found)
    for file in files:
        id = uuid4()
        ApplicationPaper.objects.create(
            id=id,
            act=act,
            name=attachments.named(file),
            media_type=file.media_type,
            size_bytes=len(file.content),
            sha256=file.sha256,
            content=keyring.data_keys().seal(file.content, place=SEALED.place((id,))),
            handed_in_at=as_of,
        )
    return sorted(file.sha256 for file in files)


def carry(draft: UUID, to: UUID) -> None:
    """Let the papers of a draft go along to the one that takes its place."""
    ApplicationPaper.objects.filter(act=draft).update(act=to)


def of(*acts: UUID) -> list[Card]:
    """Return the papers of a form or an application, in the order in which they came."""
    rows = ApplicationPaper.objects.filter(act__in=acts).defer("content").order_by("handed_in_at", "id")
    return [_card(row) for row in rows]


def listed(paper: UUID, *acts: UUID) -> Card:
    """Return a paper as it is listed; raises `UnknownPaper`."""
    found = next((one for one in of(*acts) if one.id == paper), None)
    if found is None:
        raise UnknownPaper(f"没有编号为{paper}的材料")
    return found


def read(paper: UUID, *acts: UUID) -> tuple[Card, bytes]:
    """Return a paper with its content; raises `UnknownPaper`, also where the seal doesn't open."""
    row = ApplicationPaper.objects.filter(act__in=acts, pk=paper).first()
    if row is None:
        raise UnknownPaper(f"没有编号为{paper}的材料")
    try:
        content = keyring.data_keys().open(bytes(row.content), place=SEALED.place((row.id,)))
    except ProofError as error:
        raise UnknownPaper(f"材料{paper}打不开，请联系平台运行机构：{error}") from error
    if sha256(content).hexdigest() != row.sha256:
        raise UnknownPaper(f"材料{paper}与提交时的哈希值不符，请联系平台运行机构")
    return _card(row), content


def _card(row: ApplicationPaper) -> Card:
    return Card(row.id, row.name, row.media_type, row.size_bytes, row.sha256, row.handed_in_at)
