"""Files handed in with an objection or a request for repair: few, small, of known kinds, sealed.

Their SHA-256 stands in the journal's entry of the act, so that nobody can say later that another file came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from rongxin.catalogue import attachments
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn
from rongxin.proof.errors import ProofError
from rongxin.rights.errors import PaperRefused, UnknownPaper
from rongxin.rights.models import Paper

EVIDENCE = "evidence"

SEALED = SealedColumn(
    "rights_paper",
    "content",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("rights_paper", "content", str(row[0])),
)


@dataclass(frozen=True)
class File(attachments.File):
    """A file as it is handed in, and what for."""

    purpose: str = EVIDENCE


@dataclass(frozen=True)
class Card:
    """A file as it is listed."""

    id: UUID
    purpose: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str

    def document(self) -> dict[str, str | int]:
        """What people see of it, JSON-ready."""
        return {
            "paper": str(self.id),
            "purpose": self.purpose,
            "name": self.name,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }


def check(files: Sequence[File], *, files_max: int, file_bytes_max: int) -> None:
    """Refuse too many files, too large ones, and what isn't the kind of file that it says it is."""
    if found := attachments.fault(files, files_max=files_max, file_bytes_max=file_bytes_max):
        raise PaperRefused(found)


def keep(act: UUID, files: Sequence[File], *, as_of: datetime) -> None:
    """Seal files that have been checked, in the caller's transaction."""
    for file in files:
        id = uuid4()
        Paper.objects.create(
            id=id,
            act=act,
            purpose=file.purpose,
            name=attachments.named(file),
            media_type=file.media_type,
            size_bytes=len(file.content),
            sha256=file.sha256,
            content=keyring.data_keys().seal(file.content, place=SEALED.place((id,))),
            handed_in_at=as_of,
        )


def digests(files: Sequence[File]) -> list[str]:
    """Return the files' SHA-256 (hex), sorted: what an entry of the journal commits to."""
    return sorted(file.sha256 for file in files)


def of(act: UUID) -> list[Card]:
    """Return the files of an act, in the order in which they came."""
    rows = Paper.objects.filter(act=act).defer("content").order_by("handed_in_at", "id")
    return [Card(row.id, row.purpose, row.name, row.media_type, row.size_bytes, row.sha256) for row in rows]


def card(act: UUID, paper: UUID) -> Card:
    """Return a file of an act as it is listed; raises `UnknownPaper`."""
    found = next((one for one in of(act) if one.id == paper), None)
    if found is None:
        raise UnknownPaper(f"没有编号为{paper}的附件")
    return found


def read(act: UUID, paper: UUID) -> tuple[Card, bytes]:
    """Return a file of an act with its content; raises `UnknownPaper`, also where the seal doesn't open."""
    row = Paper.objects.filter(act=act, pk=paper).first()
    if row is None:
        raise UnknownPaper(f"没有编号为{paper}的附件")
    try:
        content = keyring.data_keys().open(bytes(row.content), place=SEALED.place((row.id,)))
    except ProofError as error:
        raise UnknownPaper(f"附件{paper}打不开，请通知安全管理员：{error}") from error
    if sha256(content).hexdigest() != row.sha256:
        raise UnknownPaper(f"附件{paper}与提交时的哈希值不符，请通知安全管理员")
    return Card(row.id, row.purpose, row.name, row.media_type, row.size_bytes, row.sha256), content
