"""Rows of a chunk become records or rejects: what the annex demands of a row, and nothing guessed.

Counts hold always: rows of the chunk = accepted + rejects. A reject names every fault of its row. Of a
natural person's row only the fact is kept, not the content (`persons`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import polars as pl

from rongxin.catalogue.schema import Item
from rongxin.catalogue.types import party_identifier
from rongxin.sharing.aggregation import checkdigits, compounds, headers, persons
from rongxin.sharing.aggregation.columns import CellRule, ColumnRule, Member, Read, is_list
from rongxin.sharing.aggregation.readers.source import Chunk, Fault

OUT_OF_SCOPE: Final = "out_of_scope"
_OUT_OF_SCOPE_MESSAGE: Final = "自然人的行不在涉企信用信息范围内，未保存其内容"
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
        self._today = today
        self._mapping = mapping
        members: dict[str, Member] = {
            **{column.name: column for column in item.source_columns},
            **{member.name: member for member in item.fields},
        }
        self._fields = {member.name for member in item.fields}
        self._columns: list[tuple[headers.Column, list[ColumnRule]]] = []
        for column in mapping.columns:
            rules = [
                ColumnRule(CellRule(members[name], factor=column.factor, today=today))
                for name in column.fields
            ]
            self._columns.append((column, rules))
        self._header_of = {name: column.header for column in mapping.columns for name in column.fields}
        self._labels = {name: member.label for name, member in members.items()}
        self._required = [
            name
            for name in self._header_of
            if name in self._fields and getattr(members[name], "required", False)
        ]
        self._lists = {rule.name for _, rules in self._columns for rule in rules if is_list(rule.cell.type)}
        self._kinds = {name: member.type for name, member in members.items()}
        self._key = _Key(item, set(self._header_of))

    # ------------------------------------------------------------------ a chunk

    def validate(self, chunk: Chunk) -> Validated:
        """Split a chunk into records and rejects."""
        found: dict[int, list[Finding]] = {}
        values = self._read_columns(chunk.frame, found)
        outside = self._out_of_scope(chunk.frame, values)
        self._check_rows(values, found)
        self._add_marks(chunk, found)
        accepted = pl.Series("kept", [True], dtype=pl.Boolean).new_from_index(0, chunk.frame.height)
        refused = sorted(found.keys() | outside)
        if refused:
            accepted = accepted.scatter(refused, False)
        rejects = [self._rejected(chunk, row, found.get(row, []), row in outside) for row in refused]
        rejects += [_broken(fault) for fault in chunk.broken]
        rejects.sort(key=lambda reject: reject.line)
        kept = values.filter(accepted)
        lines = chunk.lines.filter(accepted)
        return Validated(
            accepted=self._records(kept, lines),
            values=kept,
            rejects=rejects,
            warnings=self._warnings(kept, lines),
            rows=chunk.rows,
        )

    def _read_columns(self, frame: pl.DataFrame, found: dict[int, list[Finding]]) -> pl.DataFrame:
        values: dict[str, pl.Series] = {}
        for column, rules in self._columns:
            texts = frame[column.header]
            if len(rules) == 1:
                parts: Sequence[pl.Series] = [texts]
            else:
                parts, faults = compounds.split(texts, [rule.cell.type.name for rule in rules])
                for row, message in faults.items():
                    found.setdefault(row, []).append(
                        Finding("compound", f"{column.header} {message}", rules[0].name)
                    )
            for rule, part in zip(rules, parts, strict=True):
                read = rule.read(part)
                values[rule.name] = read.values.alias(rule.name)
                self._note(rule, read, found)
        return pl.DataFrame(values)

    def _note(self, rule: ColumnRule, read: Read, found: dict[int, list[Finding]]) -> None:
        for row, unclean in read.faults.items():
            message = f"{rule.label} {unclean.message}"
            found.setdefault(row, []).append(Finding(unclean.rule, message, rule.name))

    # ------------------------------------------------------------------ rules of the row

    def _check_rows(self, values: pl.DataFrame, found: dict[int, list[Finding]]) -> None:
        for name in self._required:
            faulty = {row for row, findings in found.items() if any(f.field == name for f in findings)}
            for row in values[name].is_null().arg_true():
                if row not in faulty:
                    message = f"{self._labels[name]} 为空，此项必填"
                    found.setdefault(row, []).append(Finding("required", message, name))
        for first, last in self._periods():
            for row in (values[first] > values[last]).fill_null(False).arg_true():
                message = f"{self._labels[first]} 晚于 {self._labels[last]}"
                found.setdefault(row, []).append(Finding("date_order", message, first))
        self._check_channel(values, found)
        for row in self._key.absent(values):
            if row not in found:
                message = f"没有可区分记录的内容：{'、'.join(self._labels[name] for name in self._key.names)}"
                found.setdefault(row, []).append(Finding("record_key", message))

    def _periods(self) -> Iterable[tuple[str, str]]:
        for name in self._header_of:
            last = name.removesuffix("_from") + "_until"
            if name.endswith("_from") and last in self._header_of:
                yield name, last

    def _check_channel(self, values: pl.DataFrame, found: dict[int, list[Finding]]) -> None:
        """Rows that the aggregation channel's filter does not name may not be stored (A级纳税人名单)."""
        channel = self._item.aggregation
        where = channel.where if channel is not None else None
        if where is None:
            return
        inside = pl.repeat(False, values.height, eager=True)
        if where.field in values.columns:
            inside = values.select(pl.col(where.field).eq_missing(pl.lit(where.equals))).to_series()
        for row in (~inside).arg_true():
            message = f"{self._labels[where.field]} 不是 {where.equals}，不在物理归集范围内，不予保存"
            found.setdefault(row, []).append(Finding("not_aggregated", message, where.field))

    def _add_marks(self, chunk: Chunk, found: dict[int, list[Finding]]) -> None:
        if not chunk.marked:
            return
        rows = {line: row for row, line in enumerate(chunk.lines.to_list())}
        for fault in chunk.marked:
            found.setdefault(rows[fault.line], []).insert(0, Finding(fault.rule, fault.message))

    # ------------------------------------------------------------------ natural persons

    def _out_of_scope(self, frame: pl.DataFrame, values: pl.DataFrame) -> set[int]:
        outside: set[int] = set()
        for name, header in self._header_of.items():
            kind = self._kinds[name]
            if name in self._item.subject_key and kind in ("uscc", "party_identifier"):
                outside |= _rows_where(frame[header], persons.SUSPECT, persons.is_identity_number)
                if kind == "party_identifier":
                    outside |= _rows_where(values[name], "", lambda text: not party_identifier.is_code(text))
            elif name == "counterpart_category":
                outside |= _rows_where(frame[header], "自然人|个人|公民", persons.is_natural_person)
        return outside

    def _rejected(self, chunk: Chunk, row: int, findings: list[Finding], outside: bool) -> Reject:
        line = int(chunk.lines[row])
        if outside:
            finding = Finding(OUT_OF_SCOPE, _OUT_OF_SCOPE_MESSAGE)
            return Reject(line, OUT_OF_SCOPE, f"第{line}行 {_OUT_OF_SCOPE_MESSAGE}", None, (finding,))
        cells = chunk.frame.row(row, named=True)
        raw = {
            column.header: _storable(cells[column.header])
            for column in self._mapping.columns
            if cells[column.header] is not None
        }
        message = f"第{line}行 " + "；".join(finding.message for finding in findings)
        return Reject(line, findings[0].rule, message, raw, tuple(findings))

    # ------------------------------------------------------------------ records

    def _records(self, values: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        payload = self._canonical(values, sorted(self._fields & set(values.columns)))
        source = self._canonical(values, sorted(set(values.columns) - self._fields))
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in payload.to_list()]
        return pl.DataFrame(
            {
                "line": lines,
                "uscc": self._code(values),
                "name": self._name(values),
                "observed_on": self._observed(values),
                "record_key": self._key.text(values),
                "digest": pl.Series(digests, dtype=pl.String),
                "payload": payload,
                "source": source,
            }
        )

    def _canonical(self, values: pl.DataFrame, names: list[str]) -> pl.Series:
        """Canonical JSON (RFC 8785) of each row's non-null members: equal to `proof.canonical.dumps`."""
        if not names:
            return pl.repeat("{}", values.height, dtype=pl.String, eager=True)
        literals = values.select(_literal(values[name], listed=name in self._lists) for name in names)
        members = [
            pl.concat_str(pl.lit(f",{json.dumps(name)}:"), pl.col(name), ignore_nulls=False) for name in names
        ]
        joined = pl.concat_str(members, ignore_nulls=True).str.slice(1)
        return literals.select(pl.concat_str(pl.lit("{"), joined, pl.lit("}"))).to_series()

    def _code(self, values: pl.DataFrame) -> pl.Series:
        for name in self._item.subject_key:
            if self._kinds[name] in ("uscc", "party_identifier"):
                return values[name]
        return pl.repeat(None, values.height, dtype=pl.String, eager=True)

    def _name(self, values: pl.DataFrame) -> pl.Series:
        for name in self._item.subject_key:
            if self._kinds[name] in ("organisation_name", "party_name"):
                return values[name]
        return pl.repeat(None, values.height, dtype=pl.String, eager=True)

    def _observed(self, values: pl.DataFrame) -> pl.Series:
        """The date of the fact; a year or month counts from its last day, but not from the future."""
        name = self._item.observed_on
        if name is None or name not in values.columns:
            return pl.repeat(None, values.height, dtype=pl.String, eager=True)
        dates = values.select(pl.col(name).cast(pl.String)).to_series()
        frame = pl.DataFrame({"text": dates})
        text = pl.col("text")
        month_end = (text + "-01").str.to_date("%Y-%m-%d", strict=False).dt.month_end().cast(pl.String)
        last_day = (
            pl.when(text.str.len_bytes() == 4).then(text + "-12-31")
            .when(text.str.len_bytes() == 7).then(month_end)
            .otherwise(text)
        )  # fmt: skip
        whole = pl.lit(self._today.isoformat())
        shorter = text.str.len_bytes() < 10
        return frame.select(pl.when(shorter & (last_day > whole)).then(whole).otherwise(last_day)).to_series()

    def _warnings(self, values: pl.DataFrame, lines: pl.Series) -> list[Warned]:
        """A wrong inner check digit is a warning: registers hold such codes."""
        found: list[Warned] = []
        for name in values.columns:
            if self._kinds[name] != "uscc":
                continue
            rows = values[name].is_not_null().arg_true()
            codes = checkdigits.octets_of(values[name].drop_nulls())
            for row in rows.filter(pl.Series(~checkdigits.inner_right(codes), dtype=pl.Boolean)):
                line = int(lines[row])
                message = (
                    f"第{line}行 {self._labels[name]} 的主体标识码（第9至17位）校验位不符，仍予接受，请核实"
                )
                found.append(Warned(line, "inner_check_digit", message))
        return found


class _Key:
    """The text that tells a subject's records of one item apart."""

    def __init__(self, item: Item, present: set[str]) -> None:
        self._own = [name for name in item.record_key if name in present]
        self._whole = len(self._own) == len(item.record_key)
        self._falls_back = [name for name in item.record_key_falls_back if name in present]
        self._single = not item.record_key
        self.names = list(item.record_key) + [
            n for n in item.record_key_falls_back if n not in item.record_key
        ]

    def absent(self, values: pl.DataFrame) -> list[int]:
        """Rows that have neither the key nor anything to fall back on."""
        if self._single:
            return []
        return self.text(values).is_null().arg_true().to_list()

    def text(self, values: pl.DataFrame) -> pl.Series:
        """One member: its text. More: a JSON array, so that no two keys run together. None: empty text."""
        if self._single:
            return pl.repeat("", values.height, dtype=pl.String, eager=True)
        own = self._joined(values, self._own, complete=True) if self._whole else None
        back = self._joined(values, self._falls_back, complete=False) if self._falls_back else None
        empty = pl.repeat(None, values.height, dtype=pl.String, eager=True)
        frame = pl.DataFrame({"own": empty if own is None else own, "back": empty if back is None else back})
        return frame.select(pl.coalesce("own", "back")).to_series()

    def _joined(self, values: pl.DataFrame, names: list[str], *, complete: bool) -> pl.Series:
        if complete and len(names) == 1:
            return values[names[0]].cast(pl.String)
        literals = values.select(
            _literal(values[name].cast(pl.String), listed=False).alias(str(number))
            for number, name in enumerate(names)
        )
        nulls = (
            pl.all_horizontal(pl.all().is_null()) if not complete else pl.any_horizontal(pl.all().is_null())
        )
        joined = pl.concat_str(pl.all().fill_null("null"), separator=",")
        array = pl.concat_str(pl.lit("["), joined, pl.lit("]"))
        return literals.select(pl.when(nulls).then(None).otherwise(array)).to_series()


def validate(chunk: Chunk, item: Item, mapping: headers.Mapping, *, today: date) -> Validated:
    """Validate one chunk; for more than one, keep a `Validator`."""
    return Validator(item, mapping, today=today).validate(chunk)


def _literal(values: pl.Series, *, listed: bool) -> pl.Series:
    """Each value as canonical JSON; lists are held as their JSON already."""
    name = values.name
    if values.dtype == pl.Boolean or values.dtype.is_integer() or listed:
        return values.cast(pl.String)
    frame = pl.DataFrame({name: values})
    quoted = pl.concat_str(pl.lit('"'), pl.col(name), pl.lit('"'))
    special = values.str.contains(r'["\\\x00-\x1f]').fill_null(False)
    if not special.any():
        return frame.select(quoted.alias(name)).to_series()
    escaped = [
        json.dumps(text, ensure_ascii=False) if hit else None
        for text, hit in zip(values.to_list(), special.to_list(), strict=True)
    ]
    frame = frame.with_columns(pl.Series("escaped", escaped, dtype=pl.String))
    return frame.select(pl.coalesce("escaped", quoted).alias(name)).to_series()


def _rows_where(texts: pl.Series, suspect: str, is_person: Callable[[str], bool]) -> set[int]:
    """Rows whose text fits; the pattern finds candidates by column, the function decides text by text."""
    rows = texts.str.contains(suspect).fill_null(False).arg_true()
    return {
        row for row, text in zip(rows.to_list(), texts.gather(rows).to_list(), strict=True) if is_person(text)
    }


def _broken(fault: Fault) -> Reject:
    """A row that could not be parsed; where it speaks of a natural person its text is not kept."""
    message = f"第{fault.line}行 {fault.message}"
    keep = fault.text is not None and "自然人" not in fault.text
    raw = {RAW_TEXT: _storable(fault.text or "")} if keep else None
    return Reject(fault.line, fault.rule, message, raw, (Finding(fault.rule, fault.message),))


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL; its picture says that one was there."""
    return text.replace("\0", "␀")
