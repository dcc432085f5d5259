"""How rows end that are not simply accepted: kept with the batch, handed back to be corrected."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from rongxin.catalogue import redaction
from rongxin.journal import keyring, windows
from rongxin.journal.sealing import SealedColumn
from rongxin.journal.windows import Part, Window
from rongxin.records.filing import CHINA, Finding
from rongxin.records.rules import Fate
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import NEVER_KEPT, RowOutcome, formula_safe

_COPY = "COPY sharing_outcome (batch_id, line, outcome, rule, message, raw, held_batch) FROM STDIN"
_TABLE = ("sharing_outcome", "raw")
SEALED = SealedColumn(
    *_TABLE,
    key=("batch_id", "line"),
    first=("00000000-0000-0000-0000-000000000000", -1),
    place=lambda row: (*_TABLE, str(row[0]), row[1]),
)
# Columns in front of the file's own; handing the file in again, they are unknown columns and ignored.
REASON_COLUMNS = ("退回行号", "退回结果", "退回规则", "退回原因")


@dataclass(frozen=True, slots=True)
class Pointer:
    """Who shares a record already: the provider, its batch, and the day on which that was received."""

    provider: str
    batch: UUID
    received_on: date


@dataclass(frozen=True, slots=True)
class RowEnd:
    """How one row ended; `raw` maps the file's headers to what stood there, `held` says who shares it."""

    line: int
    outcome: RowOutcome
    rule: str
    message: str
    raw: Mapping[str, str | None] | None = None
    held: Pointer | None = None


def keep(batch_id: UUID, ends: Iterable[RowEnd]) -> None:
    """Write rows' ends beside the batch, in the caller's transaction; what the rows held is sealed."""
    keys = keyring.data_keys()
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for end in ends:
            keeps_raw = end.raw is not None and end.rule not in NEVER_KEPT
            text = json.dumps(_storable(end.raw or {}), ensure_ascii=False).encode()
            raw = keys.seal(text, place=(*_TABLE, str(batch_id), end.line)) if keeps_raw else None
            held = end.held.batch if end.held else None
            copy.write_row((batch_id, end.line, end.outcome, end.rule, end.message, raw, held))


def of_finding(finding: Finding) -> RowEnd | None:
    """Put what the store found into words; None for a row that was stored all the same (history)."""
    match finding.fate:
        case Fate.DUPLICATE:
            message = f"平台已有内容相同的记录（批次 {finding.held_batch}）。"
            return RowEnd(finding.line, RowOutcome.DUPLICATE, "already_held", message)
        case Fate.DUPLICATE_IN_FILE:
            message = f"与第 {finding.other_line} 行内容相同。"
            return RowEnd(finding.line, RowOutcome.DUPLICATE, "duplicate_in_file", message)
        case Fate.CONFLICT_IN_FILE:
            message = (
                f"与第 {finding.other_line} 行是同一条记录而内容不同，"
                "无法判断以哪一行为准；请核对后只报送一行。"
            )
        case Fate.BARRED:
            assert finding.ended_why is not None
            message = (
                f"该记录已于 {finding.held_on} 因“{finding.ended_why.label}”终止"
                f"（批次 {finding.held_batch}），不得再次入库；如系新的认定，请以新的文号报送。"
            )
            return RowEnd(finding.line, RowOutcome.REJECTED, f"barred_{finding.ended_why}", message)
        case Fate.KNOWN:
            return _known(finding)
        case Fate.OTHER_AUTHORITY:
            message = (
                f"{finding.held_provider} 已提供同一文号的记录而行政机关不同（批次 {finding.held_batch}）；"
                "如为同一决定，请核对行政机关名称并填写其统一社会信用代码后再报送。"
            )
        case Fate.OLDER:
            message = (
                f"平台已有该记录日期更晚的版本（{finding.held_on}，批次 {finding.held_batch}）；"
                "如系更正日期，请先撤回该批次再报送。"
            )
        case _:
            return None
    return RowEnd(finding.line, RowOutcome.REJECTED, str(finding.fate), message)


def _known(finding: Finding) -> RowEnd:
    """Say who shares the record already: it needn't be handed in ((五): 不再要求…重复提供)."""
    assert finding.held_provider is not None
    assert finding.held_batch is not None
    assert finding.held_on is not None
    held = Pointer(finding.held_provider, finding.held_batch, finding.held_on)
    message = (
        f"该记录已由 {held.provider} 于 {held.received_on} 共享（批次 {held.batch}），无需重复提供；"
        "本行已留存备用，内容如有不同，请与其核对。"
    )
    return RowEnd(finding.line, RowOutcome.DUPLICATE, str(Fate.KNOWN), message, held=held)


def known_of(batch_id: UUID, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """Return the batch's rows that another source shares already, from the line behind `after` on, with who
    shares them, by which batch, since when; JSON-ready.
    """
    found = Outcome.objects.filter(batch_id=batch_id, rule=str(Fate.KNOWN), line__gt=after).order_by("line")
    rows = list(found[:limit])
    batches = Batch.objects.in_bulk({row.held_batch for row in rows})
    return [
        {
            "line": row.line,
            "held_batch": str(row.held_batch),
            # A record that was moved in has no batch here; the message says all the same who shares it.
            "held_provider": held.provider_id if (held := batches.get(row.held_batch)) else None,
            "held_on": held.received_at.astimezone(CHINA).date().isoformat() if held else None,
            "message": row.message,
        }
        for row in rows
    ]


def of_batch(batch_id: UUID, kinds: Sequence[RowOutcome], *, limit: int | None = None) -> Iterator[RowEnd]:
    """Yield the batch's rows that ended in one of these ways, in the order of lines."""
    rows = Outcome.objects.filter(batch_id=batch_id, outcome__in=kinds).order_by("line")
    for row in rows[:limit].iterator(chunk_size=2000) if limit is None else rows[:limit]:
        yield RowEnd(row.line, RowOutcome(row.outcome), row.rule, row.message, raw_of(row))


def part_of(
    batch_id: UUID, window: Window, *, find: str = "", outcome: RowOutcome | None = None
) -> Part[RowEnd]:
    """Return a part of the batch's rows that didn't simply end in the store, in the order of lines, without
    what they held; `find`: those whose rule or reason says this.
    """
    rows = Outcome.objects.filter(batch_id=batch_id).defer("raw")
    if find:
        rows = rows.filter(Q(message__icontains=find) | Q(rule__icontains=find))
    if outcome is not None:
        rows = rows.filter(outcome=outcome)
    return windows.part(rows, window, "line").of(
        lambda row: RowEnd(row.line, RowOutcome(row.outcome), row.rule, row.message)
    )


def without_numbers(end: RowEnd) -> RowEnd:
    """Take numbers of persons, phones and cards out of a message: receipts and outcomes keep it in clear."""
    message = redaction.redact(end.message)
    return end if message == end.message else replace(end, message=message)


def rejects_csv(batch_id: UUID) -> Iterator[str]:
    """Yield the rejected and pending rows as CSV (UTF-8 with BOM), the file's own columns after the reasons.

    Corrected, it can be handed in again as it is. No cell begins like a formula (threat T16).
    """
    headers = [*REASON_COLUMNS, *Batch.objects.values_list("headers", flat=True).get(pk=batch_id)]
    yield "\ufeff" + _csv_line(headers)
    for end in of_batch(batch_id, (RowOutcome.REJECTED, RowOutcome.PENDING)):
        raw = {redaction.redact(header): text for header, text in (end.raw or {}).items()}
        cells = [str(end.line), end.outcome.label, end.rule, end.message]
        yield _csv_line([*cells, *(raw.get(header) or "" for header in headers[len(REASON_COLUMNS) :])])


def _csv_line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([formula_safe(cell) for cell in cells])
    return text.getvalue()


def raw_of(row: Outcome) -> dict[str, str] | None:
    """Open what a kept row held, by the file's own headers; None where nothing of it was kept."""
    if row.raw is None:
        return None
    place = (*_TABLE, str(row.batch_id), row.line)
    opened: dict[str, str] = json.loads(keyring.data_keys().open(bytes(row.raw), place=place))
    return opened


def _storable(raw: Mapping[str, str | None]) -> dict[str, str]:
    """Drop empty cells, and the NUL that PostgreSQL's jsonb has no place for."""
    return {header: text.replace("\0", "") for header, text in raw.items() if text}
