"""材料: files that people hand in, named by their SHA-256, sealed, and read whole or not at all ((五)(九)).

Each room keeps them in a table of its own, made of `SealedPaper`, by a `Cabinet` of its own; whose a paper
is, for what, and for how long, is the room's. A file's hash goes into the journal with the act that it comes
with, so that nobody can say later that another file came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import models

from rongxin.catalogue import attachments
from rongxin.catalogue.attachments import File
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn
from rongxin.proof.errors import ProofError

_COLUMN = "content"


class SealedPaper(models.Model):
    """A file, sealed under its own number: what a table of papers has, beside whose each is."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    handed_in_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} {self.sha256}"


Row = TypeVar("Row", bound=SealedPaper)


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
            "name": self.name,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }


Listed = TypeVar("Listed", bound=Card)


@dataclass(frozen=True)
class Cabinet(Generic[Row]):
    """A room's papers. `refused` and `unknown` are its errors; `whom` says who is told of a damaged one."""

    rows: type[Row]
    refused: type[Exception]
    unknown: type[Exception]
    whom: str

    @property
    def sealed(self) -> SealedColumn:
        """Return the column, for those who rotate keys and archive."""
        table = self._table
        return SealedColumn(
            table,
            _COLUMN,
            key=("id",),
            first=("00000000-0000-0000-0000-000000000000",),
            place=lambda row: (table, _COLUMN, str(row[0])),
        )

    def check(self, files: Sequence[File], *, files_max: int, file_bytes_max: int) -> None:
        """Refuse too many files, too large ones, and what isn't the kind of file that it says it is."""
        if found := attachments.fault(files, files_max=files_max, file_bytes_max=file_bytes_max):
            raise self.refused(found)

    def keep(self, file: File, *, as_of: datetime, **whose: Any) -> None:
        """Seal a file that has been checked, in the caller's transaction."""
        id = uuid4()
        self.rows._default_manager.create(
            id=id,
            name=attachments.named(file),
            media_type=file.media_type,
            size_bytes=len(file.content),
            sha256=file.sha256,
            content=keyring.data_keys().seal(file.content, place=self._place(id)),
            handed_in_at=as_of,
            **whose,
        )

    def listed(self, **whose: Any) -> list[Row]:
        """Return papers without their content, in the order in which they came."""
        rows = self.rows._default_manager.filter(**whose).defer(_COLUMN)
        return list(rows.order_by("handed_in_at", "id"))

    def one(self, missing: str, **which: Any) -> Row:
        """Return a paper without its content; raises `unknown` with what is `missing`."""
        row = self.rows._default_manager.filter(**which).defer(_COLUMN).first()
        if row is None:
            raise self.unknown(missing)
        return row

    def read(self, called: str, missing: str, **which: Any) -> tuple[Row, bytes]:
        """Return a paper with its content; raises `unknown`: `missing`, or that it is damaged."""
        row = self.rows._default_manager.filter(**which).first()
        if row is None:
            raise self.unknown(missing)
        try:
            content = keyring.data_keys().open(bytes(row.content), place=self._place(row.id))
        except ProofError as error:
            raise self.unknown(f"{called}打不开，{self.whom}：{error}") from error
        if sha256(content).hexdigest() != row.sha256:
            raise self.unknown(f"{called}与提交时的哈希值不符，{self.whom}")
        return row, content

    def erase(self, **over: Any) -> int:
        """Delete papers whose time is over; return how many. What names them by hash stays."""
        if not over:
            raise TypeError("name which papers are over")
        return self.rows._default_manager.filter(**over).delete()[0]

    @property
    def _table(self) -> str:
        return self.rows._meta.db_table

    def _place(self, id: UUID) -> tuple[str | int, ...]:
        return self.sealed.place((id,))


def digests(files: Sequence[File]) -> list[str]:
    """Return the files' SHA-256 (hex), sorted: what an entry of the journal commits to."""
    return sorted(file.sha256 for file in files)


def of_row(row: SealedPaper, kind: type[Listed], **more: Any) -> Listed:
    """Return a paper as its room lists it, without its content."""
    return kind(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        handed_in_at=row.handed_in_at,
        **more,
    )
