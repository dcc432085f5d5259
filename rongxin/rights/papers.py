"""Files handed in with an objection or a request for repair: few, small, of known kinds, sealed.

Their SHA-256 stands in the journal's entry of the act, so that nobody can say later that another file came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from rongxin.catalogue import redaction
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn
from rongxin.proof.errors import ProofError
from rongxin.rights.errors import PaperRefused, UnknownPaper
from rongxin.rights.models import Paper

_MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
# What makes a PDF do something when it is opened; a scan has none of it.
_ACTIVE = re.compile(rb"/(JS|JavaScript|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f/\\]")
EVIDENCE = "evidence"

SEALED = SealedColumn(
    "rights_paper",
    "content",
    key=("id",),
    first=("00000000-0000-0000-0000-000000000000",),
    place=lambda row: ("rights_paper", "content", str(row[0])),
)


@dataclass(frozen=True)
class File:
    """A file as it is handed in."""

    name: str
    media_type: str
    content: bytes
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
    if len(files) > files_max:
        raise PaperRefused(f"附件最多{files_max}个，现有{len(files)}个；请合并或选取最要紧的")
    for place, file in enumerate(files, 1):
        where = f"第{place}个附件“{_named(file)}”"
        if not file.content:
            raise PaperRefused(f"{where}是空文件，请重新选择")
        if len(file.content) > file_bytes_max:
            raise PaperRefused(f"{where}超过{file_bytes_max >> 20}兆，请降低分辨率后重新提交")
        magic = _MAGIC.get(file.media_type)
        if magic is None or not file.content.startswith(magic):
            raise PaperRefused(f"{where}须为 PDF、JPEG 或 PNG，且内容与格式相符")
        if file.media_type == "application/pdf" and _ACTIVE.search(file.content):
            raise PaperRefused(f"{where}含有脚本、附件或自动动作，请打印为不含这些的 PDF 后重新提交")


def keep(act: UUID, files: Sequence[File], *, as_of: datetime) -> None:
    """Seal files that have been checked, in the caller's transaction."""
    for file in files:
        id = uuid4()
        Paper.objects.create(
            id=id,
            act=act,
            purpose=file.purpose,
            name=_named(file),
            media_type=file.media_type,
            size_bytes=len(file.content),
            sha256=sha256(file.content).hexdigest(),
            content=keyring.data_keys().seal(file.content, place=SEALED.place((id,))),
            handed_in_at=as_of,
        )


def digests(files: Sequence[File]) -> list[str]:
    """Return the files' SHA-256 (hex), sorted: what an entry of the journal commits to."""
    return sorted(sha256(file.content).hexdigest() for file in files)


def of(act: UUID) -> list[Card]:
    """Return the files of an act, in the order in which they came."""
    rows = Paper.objects.filter(act=act).defer("content").order_by("handed_in_at", "id")
    return [Card(row.id, row.purpose, row.name, row.media_type, row.size_bytes, row.sha256) for row in rows]


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


def _named(file: File) -> str:
    """The sender's name for it, without paths and control characters, and without a person's number."""
    clean = redaction.redact(_UNPRINTABLE.sub("", file.name)).strip()[:120] or "附件"
    ending = _ENDINGS.get(file.media_type, "")
    return clean if clean.lower().endswith((ending, ".jpeg")) else f"{clean}{ending}"
