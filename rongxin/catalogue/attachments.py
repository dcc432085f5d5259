"""Files that people hand in: few, small, of known kinds, and nothing that acts when it is opened. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from rongxin.catalogue import redaction

_MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
# What makes a PDF do something when it is opened; a scan has none of it.
_ACTIVE = re.compile(rb"/(JS|JavaScript|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True)
class File:
    """A file as it is handed in."""

    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def fault(files: Sequence[File], *, files_max: int, file_bytes_max: int) -> str | None:
    """Say which file is one too many, too large, or not of the kind that it says; None where all are fit."""
    if len(files) > files_max:
        return f"附件最多{files_max}个，现有{len(files)}个；请合并或选取最要紧的"
    for place, file in enumerate(files, 1):
        where = f"第{place}个附件“{named(file)}”"
        if not file.content:
            return f"{where}是空文件，请重新选择"
        if len(file.content) > file_bytes_max:
            return f"{where}超过{file_bytes_max >> 20}兆，请降低分辨率后重新提交"
        magic = _MAGIC.get(file.media_type)
        if magic is None or not file.content.startswith(magic):
            return f"{where}须为 PDF、JPEG 或 PNG，且内容与格式相符"
        if file.media_type == "application/pdf" and _ACTIVE.search(file.content):
            return f"{where}含有脚本、附件或自动动作，请打印为不含这些的 PDF 后重新提交"
    return None


def named(file: File) -> str:
    """Return the sender's name for it, without paths, control characters and a person's number."""
    clean = redaction.redact(_UNPRINTABLE.sub("", file.name)).strip()[:120] or "附件"
    ending = _ENDINGS.get(file.media_type, "")
    return clean if clean.lower().endswith((ending, ".jpeg")) else f"{clean}{ending}"
