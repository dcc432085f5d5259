"""What the sharing room keeps of moving: receipts on their way out, and which files were taken in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rongxin.catalogue import loader, redaction
from rongxin.sharing.models import Batch, MovedFile


def out_of() -> Iterator[dict[str, Any]]:
    """Yield every batch with its signed receipt or its refusal, oldest first."""
    for row in Batch.objects.order_by("received_at", "id").iterator(chunk_size=1_000):
        yield {
            "batch": str(row.id),
            "item": row.item,
            "provider": row.provider_id,
            "mode": row.mode,
            "sha256": row.sha256,
            "status": row.status,
            "received_at": row.received_at.isoformat(),
            "receipt": row.receipt,
            "refusal": row.refusal,
        }


def items_that_move(items: Iterable[str]) -> list[str]:
    """Return the items of which rows move: not those that a provider's agreement with one node lets that node
    keep. Its rows would have nobody who agreed to them, and nothing would say how fresh they are.
    """
    known = loader.load().items
    return [name for name in items if name not in known or known[name].aggregation is not None]


def alone() -> None:
    """Have files taken in one after the other: hold the lock of moving until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sharing.moving', 0))")


def report_of(sha256: str, kind: str, item: str, provider: str) -> dict[str, Any] | None:
    """Return what came of a file that was taken in before, or None."""
    known = MovedFile.objects.filter(sha256=sha256, kind=kind, item=item, provider=provider).first()
    report: dict[str, Any] | None = known.report if known else None
    return report


def note(
    sha256: str,
    kind: str,
    item: str,
    provider: str,
    *,
    name: str,
    report: dict[str, Any],
    entry: UUID,
    as_of: datetime,
) -> None:
    """Note, in the transaction of its content, that a file was taken in and what came of it."""
    MovedFile.objects.create(
        sha256=sha256,
        kind=kind,
        item=item,
        provider=provider,
        name=redaction.redact(name)[-255:],
        report=_masked(report),
        taken_at=as_of,
        entry=entry,
    )


_DIGEST = re.compile(r"[0-9a-f]{64}")


def _masked(value: Any) -> Any:
    """Take numbers of persons out of what a report quotes of a file; what is no text stays as it is."""
    match value:
        case dict():
            return {name: _masked(each) for name, each in value.items()}
        case list():
            return [_masked(each) for each in value]
        case str() if not _DIGEST.fullmatch(value) and redaction.holds_number(value):
            return redaction.redact(value)
    return value
