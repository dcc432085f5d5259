"""Where one record is and whose: what an objection, a repair or a correction notice has to know of it.

No content: who may read that asks the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rongxin.records.errors import UnknownRecord
from rongxin.records.rules import EndedWhy


@dataclass(frozen=True)
class Place:
    """A record's place in the store: from whom, by which line of which batch, and whether it still counts."""

    subject: int
    record: int
    item: str
    provider: str
    batch: UUID
    line: int
    observed_on: date | None
    filed_at: datetime
    ended_at: datetime | None
    ended_why: EndedWhy | None
    ended_by: str | None
    #: The numbers under which the same record stood, its own among them: whoever got one of them got it.
    versions: tuple[int, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as plain values, for the way through an errand (`read`)."""
        return {
            "subject": self.subject,
            "record": self.record,
            "item": self.item,
            "provider": self.provider,
            "batch": str(self.batch),
            "line": self.line,
            "observed_on": self.observed_on.isoformat() if self.observed_on else None,
            "filed_at": self.filed_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "ended_why": self.ended_why,
            "ended_by": self.ended_by,
        }


def read(document: Mapping[str, Any]) -> Place:
    """Return what `Place.document` gave."""
    why, ended, day = document["ended_why"], document["ended_at"], document["observed_on"]
    return Place(
        document["subject"],
        document["record"],
        document["item"],
        document["provider"],
        UUID(document["batch"]),
        document["line"],
        date.fromisoformat(day) if day else None,
        datetime.fromisoformat(document["filed_at"]),
        datetime.fromisoformat(ended) if ended else None,
        EndedWhy(why) if why else None,
        document["ended_by"],
    )


_COLUMNS = """subject_id, id, item, provider, batch_id, line, observed_on, filed_at,
       ended_at, ended_why, ended_by"""
_ONE = f"SELECT {_COLUMNS} FROM records_record WHERE subject_id = %s AND id = %s"  # noqa: S608
_VERSIONS = """
SELECT version.id, version.filed_at FROM records_record own JOIN records_record version
  ON version.subject_id = own.subject_id AND version.item = own.item AND version.record_key = own.record_key
WHERE own.subject_id = %(subject)s AND own.id = %(record)s AND version.id <= own.id
  AND (own.record_key <> '' OR version.id = own.id)
ORDER BY version.id
"""
_OF_BATCH = f"""
SELECT {_COLUMNS} FROM records_record
WHERE batch_id = %s AND item = %s AND ended_why = 'withdrawn' AND ended_by = 'batch:' || batch_id
"""  # noqa: S608


def of(subject_id: int, record_id: int) -> Place:
    """Return where a subject's record is; raises `UnknownRecord`, for another subject's record too."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE, [subject_id, record_id])
        row = cursor.fetchone()
    if row is None:
        raise UnknownRecord(subject_id, [record_id])
    return _place(row)


def with_versions(subject_id: int, record_id: int) -> Place:
    """Return where a record is, with its earlier versions (the rows of its key), filed when the first was.

    An item with one record a subject has no key of its records: there a row is its own only version.
    """
    place = of(subject_id, record_id)
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, {"subject": subject_id, "record": record_id})
        rows = cursor.fetchall()
    return replace(place, versions=tuple(row[0] for row in rows), filed_at=min(row[1] for row in rows))


def withdrawn_with(batch_id: UUID, item: str) -> list[Place]:
    """Return the records that ended when their batch was withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_BATCH, [batch_id, item])
        return [_place(row) for row in cursor.fetchall()]


def _place(row: Sequence[Any]) -> Place:
    subject, record, item, provider, batch, line, observed_on, filed_at, ended_at, why, by = row
    ended_why = EndedWhy(why) if why else None
    return Place(subject, record, item, provider, batch, line, observed_on, filed_at, ended_at, ended_why, by)
