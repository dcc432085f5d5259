"""Rows of a chunk become records or rejects: what the annex demands of a row, and nothing guessed.

Counts hold always: rows of the chunk = accepted + rejects. A reject names every fault of its row. Of a
natural person's row only the fact is kept, not the content (`persons`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from rongxin.catalogue import schema as catalogue
from rongxin.catalogue.schema import Item
from rongxin.catalogue.types import party_identifier
from rongxin.sharing.aggregation import canonical_rows as records
from rongxin.sharing.aggregation import checkdigits, compounds, headers, persons
from rongxin.sharing.aggregation.columns import CellRule, ColumnRule, Columns, Read
from rongxin.sharing.aggregation.readers.source import Chunk, Fault

OUT_OF_SCOPE: Final = "out_of_scope"
_OUT_OF_SCOPE_MESSAGE: Final = "自然人的行不在涉企信用信息范围内，未保存其内容"
# The types of fields that say whose row it is by a code, and the code list in which a natural person stands.
_CODE_TYPES: Final = ("uscc", "party_identifier")
_CATEGORIES: Final = "subject_categories"
# 双公示: 相对人证件号码 and 相对人类别, as every item that has them calls them.
_PERSONS_NUMBER: Final = "counterpart_id_number"
_PERSONS_CATEGORY: Final = "counterpart_category"
_CODE: Final = "统一社会信用代码"
#: Under this key a reject keeps the text of a row that could not be parsed into columns.
RAW_TEXT: Final = "原文"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a row."""

    rule: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not taken: its line, its first rule, everything wrong with it, and what it held.

    `raw` maps headers to the texts handed in (mapped columns only); None where nothing of it may be kept.
    """

    line: int
    rule: str
    message: str
    raw: dict[str, str] | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at in a row that is taken all the same."""

    line: int
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Validated:
    """What a chunk became.

    `accepted` (one row a record, ready for COPY): `line` Int64, `uscc`, `name`, `observed_on` (ISO date or
    null), `record_key`, `digest` (hex), `payload` and `source` (canonical JSON texts). `values` has the same
    rows, one column a field or source column, in stored form.
    """

    accepted: pl.DataFrame
    values: pl.DataFrame
    rejects: list[Reject]
    warnings: list[Warned] = field(default_factory=list)
    rows: int = 0


class Validator:
    """An item's rules compiled for one file's columns. Use it for all its chunks: it remembers texts."""

    def __init__(self, item: Item, mapping: headers.Mapping, *, today: date) -> None:
        self._item = item
        self._mapping = mapping
        self._members = {name: item.column(name) for column in mapping.columns for name in column.fields}
        self._header_of = {name: column.header for column in mapping.columns for name in column.fields}
        self._compounds = [column for column in mapping.columns if len(column.fields) > 1]
        self._columns = Columns(
            [
                ColumnRule(CellRule(self._members[name], factor=column.factor, today=today))
                for column in mapping.columns
                for name in column.fields
            ]
        )
        self._required = [
            name
            for name, member in self._members.items()
            if isinstance(member, catalogue.Field) and member.required
        ]
        self._periods = [
            (name, last)
            for name in self._members
            if name.endswith("_from") and (last := name.removesuffix("_from") + "_until") in self._members
        ]
        self._records = records.Records(item, self._members, today=today)

    # ------------------------------------------------------------------ a chunk

    def validate(self, chunk: Chunk) -> Validated:
        """Split a chunk into records and rejects."""
        found: dict[int, list[Finding]] = {}
        frame = self._mapping.applied(chunk.frame)
        read = self._read(frame, found)
        outside = self._out_of_scope(frame, read)
        self._check_rows(read.values, found)
        self._add_marks(chunk, found)
        refused = sorted(found.keys() | outside)
        kept, lines = read.values, chunk.lines
        if refused:
            accepted = pl.repeat(True, chunk.frame.height, eager=True).scatter(refused, False)
            kept, lines = kept.filter(accepted), lines.filter(accepted)
        rejects = [self._rejected(chunk, row, found.get(row, []), row in outside) for row in refused]
        rejects += [_broken(fault) for fault in chunk.broken]
        rejects.sort(key=lambda reject: reject.line)
        return Validated(
            accepted=self._records.of(kept, lines, read.escaped),
            values=kept,
            rejects=rejects,
            warnings=self._warnings(kept, lines),
            rows=chunk.rows,
        )

    def _read(self, frame: pl.DataFrame, found: dict[int, list[Finding]]) -> Read:
        """Read every column as its field; a column of two fields is split first."""
        texts = frame.select(
            pl.col(column.header).alias(column.fields[0])
            for column in self._mapping.columns
            if len(column.fields) == 1
        )
        for column in self._compounds:
            kinds = [self._members[name].type for name in column.fields]
            parts, faults = compounds.split(frame[column.header], kinds)
            texts = texts.with_columns(
                part.alias(name) for part, name in zip(parts, column.fields, strict=True)
            )
            for row, message in faults.items():
                finding = Finding("compound", f"{column.header} {message}", column.fields[0])
                found.setdefault(row, []).append(finding)
        read = self._columns.read(texts)
        for name, by_row in read.faults.items():
            for row, unclean in by_row.items():
                message = _about(self._members[name].label, unclean.message)
                finding = Finding(unclean.rule, message, name)
                found.setdefault(row, []).append(finding)
        return read

    # ------------------------------------------------------------------ rules of the row

    def _check_rows(self, values: pl.DataFrame, found: dict[int, list[Finding]]) -> None:
        for name in self._required:
            if not values[name].null_count():
                continue
            for row in values[name].is_null().arg_true():
                if all(finding.field != name for finding in found.get(row, [])):
                    message = f"{self._members[name].label} 为空，此项必填"
                    found.setdefault(row, []).append(Finding("required", message, name))
        for first, last in self._periods:
            for row in (values[first] > values[last]).fill_null(False).arg_true():
                message = f"{self._members[first].label} 晚于 {self._members[last].label}"
                found.setdefault(row, []).append(Finding("date_order", message, first))
        self._check_channel(values, found)
        for row in self._records.without_key(values):
            if row not in found:
                message = f"没有可区分记录的内容：{self._records.key_labels()}"
                found.setdefault(row, []).append(Finding("record_key", message))

    def _check_channel(self, values: pl.DataFrame, found: dict[int, list[Finding]]) -> None:
        """Rows that the aggregation channel's filter does not name may not be stored (A级纳税人名单)."""
        channel = self._item.aggregation
        where = channel.where if channel is not None else None
        if where is None:
            return
        inside = pl.repeat(False, values.height, eager=True)
        if where.field in values.columns:
            inside = values.select(pl.col(where.field).eq_missing(pl.lit(where.equals))).to_series()
        label = self._item.column(where.field).label
        for row in (~inside).arg_true():
            message = f"{label} 不是 {where.equals}，不在物理归集范围内，不予保存"
            found.setdefault(row, []).append(Finding("not_aggregated", message, where.field))

    def _add_marks(self, chunk: Chunk, found: dict[int, list[Finding]]) -> None:
        if not chunk.marked:
            return
        rows = {line: row for row, line in enumerate(chunk.lines.to_list())}
        for fault in chunk.marked:
            found.setdefault(rows[fault.line], []).insert(0, Finding(fault.rule, fault.message))

    # ------------------------------------------------------------------ natural persons

    def _out_of_scope(self, frame: pl.DataFrame, read: Read) -> set[int]:
        outside: set[int] = set()
        for name, member in self._members.items():
            if name in self._item.subject_key and member.type in _CODE_TYPES:
                texts = frame[self._header_of[name]]
                outside |= _rows_where(texts, persons.SUSPECT, persons.is_identity_number)
            if name in self._item.subject_key and member.type == "party_identifier":
                outside |= _rows_where(read.values[name], "", _names_no_firm)
            if member.codes == _CATEGORIES:
                words = [text for text in read.found.get(name, {}) if persons.is_natural_person(text)]
                if words:
                    outside |= set(frame[self._header_of[name]].is_in(words).fill_null(False).arg_true())
        by_number = self._known_by_identity_number_alone(read.values)
        # A code that is there but wrong is a mistake to correct, no sign of a person.
        return outside | (by_number - read.faults.get("uscc", {}).keys())

    def _known_by_identity_number_alone(self, values: pl.DataFrame) -> set[int]:
        """No code, no category, but 相对人证件号码: nothing shows such a row to be a firm's."""
        if "uscc" not in values.columns or _PERSONS_NUMBER not in values.columns:
            return set()
        only = pl.col("uscc").is_null() & pl.col(_PERSONS_NUMBER).is_not_null()
        if _PERSONS_CATEGORY in values.columns:
            only &= pl.col(_PERSONS_CATEGORY).is_null()
        return set(values.select(only.alias("only"))["only"].arg_true())

    def _rejected(self, chunk: Chunk, row: int, findings: list[Finding], outside: bool) -> Reject:
        line = int(chunk.lines[row])
        if outside:
            finding = Finding(OUT_OF_SCOPE, _OUT_OF_SCOPE_MESSAGE)
            return Reject(line, OUT_OF_SCOPE, f"第{line}行 {_OUT_OF_SCOPE_MESSAGE}", None, (finding,))
        cells = chunk.frame.row(row, named=True)
        raw = {
            column.header: _storable(cells[column.header])
            for column in self._mapping.columns
            if cells.get(column.header) is not None
        }
        message = f"第{line}行 " + "；".join(finding.message for finding in findings)
        return Reject(line, findings[0].rule, message, raw, tuple(findings))

    def _warnings(self, values: pl.DataFrame, lines: pl.Series) -> list[Warned]:
        """A wrong inner check digit is a warning: registers hold such codes."""
        noted: list[Warned] = []
        for name, member in self._members.items():
            if member.type != "uscc":
                continue
            codes = values[name].drop_nulls()
            wrong = ~checkdigits.inner_right(checkdigits.octets_of(codes))
            if not wrong.any():
                continue
            rows = values[name].is_not_null().arg_true().filter(pl.Series(wrong))
            for row in rows:
                line = int(lines[row])
                message = f"第{line}行 {member.label} 的主体标识码（第9至17位）校验位不符，仍予接受，请核实"
                noted.append(Warned(line, "inner_check_digit", message))
        return noted


def validate(chunk: Chunk, item: Item, mapping: headers.Mapping, *, today: date) -> Validated:
    """Validate one chunk; for more than one, keep a `Validator`."""
    return Validator(item, mapping, today=today).validate(chunk)


def _about(label: str, message: str) -> str:
    """Say once of which column a message is: those about codes begin with the usual name of it."""
    return f"{label} {message.removeprefix(_CODE) if label.endswith(_CODE) else message}"


def _names_no_firm(text: str) -> bool:
    return not (party_identifier.is_code(text) or persons.is_old_code(text))


def _rows_where(texts: pl.Series, suspect: str, is_person: Callable[[str], bool]) -> set[int]:
    """Rows whose text fits; the pattern finds candidates by column, the function decides text by text."""
    rows = texts.str.contains(suspect).fill_null(False).arg_true()
    return {
        row for row, text in zip(rows.to_list(), texts.gather(rows).to_list(), strict=True) if is_person(text)
    }


def _broken(fault: Fault) -> Reject:
    """A row that could not be parsed; where it may be a natural person's its text is not kept."""
    message = f"第{fault.line}行 {fault.message}"
    keep = fault.text is not None and not persons.are_spoken_of(fault.text)
    raw = {RAW_TEXT: _storable(fault.text or "")} if keep else None
    return Reject(fault.line, fault.rule, message, raw, (Finding(fault.rule, fault.message),))


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL; its picture says that one was there."""
    return text.replace("\0", "␀")
