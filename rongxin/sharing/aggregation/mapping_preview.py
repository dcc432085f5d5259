"""The first rows of a file as they would be read: which column is what, what each row becomes, what is wrong.

Nothing is kept, not even that somebody looked. What tells of persons is shown masked; of a natural person's
row nothing is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from rongxin.catalogue import redaction
from rongxin.catalogue.schema import Item
from rongxin.records import filing
from rongxin.sharing.aggregation import (
    attempts,
    headers,
    mandates,
    mapping_suggestion,
    readers,
    saved_mappings,
    validation,
)
from rongxin.sharing.aggregation.own_columns import Saved

ROWS: Final = 10
ROWS_MAX: Final = 100


def of(
    path: Path,
    *,
    item: str,
    provider: str,
    as_of: datetime,
    document: object = None,
    file_name: str | None = None,
    rows: int = ROWS,
) -> dict[str, Any]:
    """Show a file by this mapping, or by the one in force; raises `Refused` for what refuses it whole."""
    known, _ = mandates.admitted(item, provider)
    if document is not None:
        saved = saved_mappings.checked(document, known, as_of=as_of)
    else:
        found = saved_mappings.in_force(known, provider, as_of=as_of)
        saved = found if found is not None else Saved()
    with _opened(path, file_name) as source:
        mapping = headers.match(source.headers, known, saved)
        chunk = _first(next(source.chunks(), None), max(1, min(rows, ROWS_MAX)))
        notes = [*source.warnings, *mapping.notes]
    if mapping.unknown:
        notes.append(f"这些列未识别，报送时将被忽略：{'、'.join(mapping.unknown)}")
    today = as_of.astimezone(filing.CHINA).date()
    required = [one.label for one in known.fields if one.required and one.name in mapping.absent_fields]
    return {
        "item": item,
        "provider": provider,
        "file_name": file_name or path.name,
        "mapping": "draft" if document is not None else saved.version or None,
        "columns": [_column(column, known, mapping) for column in mapping.columns],
        "unknown_columns": list(mapping.unknown),
        "not_aggregated_columns": list(mapping.not_aggregated),
        "absent_columns": list(mapping.absent),
        "absent_required": required,
        "notes": [redaction.redact(note) for note in notes],
        "rows": _rows(chunk, known, mapping, today) if chunk is not None else [],
    }


def suggestion(
    path: Path, *, item: str, provider: str, as_of: datetime, file_name: str | None = None
) -> dict[str, Any]:
    """Return a mapping to begin with, for the columns that nobody knows yet; raises `Refused`."""
    known, _ = mandates.admitted(item, provider)
    saved = saved_mappings.in_force(known, provider, as_of=as_of)
    with _opened(path, file_name) as source:
        return mapping_suggestion.of(source.headers, known, saved)


@contextmanager
def _opened(path: Path, file_name: str | None) -> Iterator[readers.Source]:
    name = file_name or path.name
    try:
        with readers.open_file(path, declared_name=name) as source:
            yield source
    except FileNotFoundError as error:
        raise attempts.refused(readers.Refusal("file_missing", where=name)) from error
    except readers.Refusal as refusal:
        raise attempts.refused(refusal) from refusal


def _first(chunk: readers.Chunk | None, rows: int) -> readers.Chunk | None:
    """The first rows of a chunk, in the order of the file, those that could not be parsed among them."""
    if chunk is None:
        return None
    lines = sorted([*chunk.lines.to_list(), *(fault.line for fault in chunk.broken)])[:rows]
    if not lines:
        return None
    wanted = chunk.lines <= lines[-1]
    return dataclasses.replace(
        chunk,
        frame=chunk.frame.filter(wanted),
        lines=chunk.lines.filter(wanted),
        broken=tuple(fault for fault in chunk.broken if fault.line <= lines[-1]),
        marked=tuple(fault for fault in chunk.marked if fault.line <= lines[-1]),
    )


def _column(column: headers.Column, item: Item, mapping: headers.Mapping) -> dict[str, Any]:
    constant = mapping.constants.get(column.header)
    return {
        "header": None if constant is not None else column.header,
        "fields": list(column.fields),
        "label": "、".join(item.column(name).label for name in column.fields),
        "times": f"{column.factor:f}" if column.factor != 1 else None,
        "constant": constant,
        "own": column.own is not None or constant is not None,
    }


def _rows(chunk: readers.Chunk, item: Item, mapping: headers.Mapping, today: date) -> list[dict[str, Any]]:
    checked = validation.validate(chunk, item, mapping, today=today)
    found: dict[int, dict[str, Any]] = {
        reject.line: {
            "line": reject.line,
            "taken": False,
            "rule": reject.rule,
            "message": redaction.redact(reject.message),
        }
        for reject in checked.rejects
    }
    for line, values in zip(checked.accepted["line"].to_list(), checked.values.to_dicts(), strict=True):
        read = {
            item.column(name).label: _shown(item, name, value)
            for name, value in values.items()
            if value is not None
        }
        found[line] = {"line": line, "taken": True, "values": read}
    return [found[line] for line in sorted(found)]


def _shown(item: Item, name: str, value: Any) -> str:
    kind = item.column(name).field_type
    if kind.sealed or kind.sensitive:
        return kind.mask(value)
    return redaction.redact(kind.format(value))
