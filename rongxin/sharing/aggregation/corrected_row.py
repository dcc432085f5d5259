"""A row as it was filed, with some columns anew: read and checked as a file's only row would be ((五)(九)).

What stays is written out as text and read again, so that the whole row, not only what was changed, passes
the rules of the item as they stand today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from rongxin.catalogue.schema import Item
from rongxin.parties import matching
from rongxin.records import filing
from rongxin.records.row_endings import Standing
from rongxin.sharing.aggregation import attempts, headers, readers, record_keys, validation
from rongxin.sharing.aggregation.columns import Member
from rongxin.sharing.errors import Refused
from rongxin.vocabulary.actor import Actor

LINE = 1


@dataclass(frozen=True)
class Corrected:
    """The one row, ready to be staged; `labels` name what was set, `notes` what is odd about it."""

    row: pl.DataFrame
    subject_id: int
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def of(row: Standing, item: Item, given: Mapping[str, str], *, actor: Actor, as_of: datetime) -> Corrected:
    """Set the given columns (by label, field name or known header) and check the whole; raises `Refused`."""
    columns = _columns(given, item)
    anew = {name for column in columns for name in column.fields}
    kept = {
        name: _text(item.column(name), value)
        for name, value in {**row.payload, **row.source}.items()
        if name not in anew
    }
    mapping = headers.Mapping((*columns, *(headers.Column(name, (name,)) for name in kept)))
    texts: dict[str, str | None] = {column.header: given[column.header] or None for column in columns}
    frame = pl.DataFrame([{**texts, **kept}], schema=dict.fromkeys((*texts, *kept), pl.String))
    today = as_of.astimezone(filing.CHINA).date()
    chunk = readers.Chunk(frame, pl.Series([LINE], dtype=pl.Int64))
    checked = validation.validate(chunk, item, mapping, today=today)
    if checked.rejects:
        raise _faulty(checked.rejects[0], item)
    rows = record_keys.keyed(checked.accepted)
    same = not anew.intersection(item.subject_key)
    subject = row.subject_id if same else _subject(rows, item, actor=actor, as_of=as_of)
    return Corrected(
        row=rows.with_columns(subject_id=pl.Series([subject], dtype=pl.Int64)),
        subject_id=subject,
        labels=tuple(
            item.column(name).label for name in (*item.field_names, *_sources(item)) if name in anew
        ),
        notes=tuple(note.message.removeprefix(f"第{LINE}行 ") for note in checked.warnings),
    )


def _columns(given: Mapping[str, str], item: Item) -> list[headers.Column]:
    found: list[headers.Column] = []
    for header in given:
        try:
            column = headers.column_of(header, item)
        except readers.Refusal as refusal:
            raise attempts.refused(refusal) from refusal
        if column is None:
            labels = "、".join(field.label for field in item.fields)
            raise Refused(
                "unknown_column",
                what=f"“{item.label}”没有可更正的列“{header[:80]}”",
                where=header[:80],
                what_to_do=f"可更正的列：{labels}。",
            )
        if any(set(column.fields) & set(other.fields) for other in found):
            raise Refused(
                "field_twice",
                what=f"“{header[:80]}”与另一列是同一字段",
                where=header[:80],
                what_to_do="每个字段只给一个值。",
            )
        found.append(column)
    if not found:
        raise Refused(
            "nothing_given", what="没有给出要更正的列", where="--set", what_to_do="请以 列名=新值 给出。"
        )
    return found


def _sources(item: Item) -> tuple[str, ...]:
    return tuple(column.name for column in item.source_columns)


def _text(member: Member, value: Any) -> str:
    """Write a stored value as a department would, so that reading it gives the same again."""
    return member.field_type.format(value) if isinstance(value, list) else str(value)


def _faulty(reject: validation.Reject, item: Item) -> Refused:
    """Say what is wrong with the row; of a natural person's, nothing that it held."""
    message = reject.message.removeprefix(f"第{reject.line}行 ")
    names = dict.fromkeys(finding.field for finding in reject.findings if finding.field)
    labels = "、".join(item.column(name).label for name in names)
    return Refused(
        reject.rule, what=message, where=labels or item.label, what_to_do="原记录未变；请改正后重新提交。"
    )


def _subject(rows: pl.DataFrame, item: Item, *, actor: Actor, as_of: datetime) -> int:
    """Whose row it is now; a row that would wait for a person to decide can't take the place of one."""
    matches = matching.match(
        rows["uscc"].to_list(),
        rows["name"].to_list(),
        "",
        rows["observed_on"].str.to_date("%Y-%m-%d").to_list(),
        negative=item.negative,
        actor=actor,
        as_of=as_of,
    )
    finding, subject = matches.findings[0], matches.subject_ids[0]
    if subject is None:
        assert finding.pending is not None
        labels = "、".join(item.column(name).label for name in item.subject_key)
        raise Refused(
            str(finding.pending),
            what=f"更正后的行不能归集到信息主体：{finding.pending.message}",
            where=labels,
            what_to_do="原记录未变；请给出该主体正确的统一社会信用代码。",
        )
    return subject
