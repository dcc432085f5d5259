"""What identifies a person or an account stands sealed beside a record, never in it (threat T11).

Which fields these are the catalogue's types say (`FieldType.sealed`); texts in which such a number hides are
sealed too. Only rows that hold any pay for it. The digest and the key of such a row are keyed hashes: there
are so few identity numbers that a plain hash could be tried out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import polars as pl

from rongxin.catalogue import loader, redaction
from rongxin.catalogue.errors import UnknownItem
from rongxin.catalogue.field_type import Column
from rongxin.journal import keyring
from rongxin.journal.sealing import SealedColumn

_TABLE = ("records_record", "sealed")
SEALED = SealedColumn(
    *_TABLE,
    key=("subject_id", "id"),
    first=(0, 0),
    beside=("item", "batch_id", "line"),
    place=lambda row: (*_TABLE, row[0], row[2], str(row[3]), row[4]),
)
# Eleven digits with nothing but signs and blanks between them: less is neither phone, card nor identity
# number. A superset of what `redaction` finds, and quick, since it is asked of every row.
_CHINESE = "〇○零一二三四五六七八九壹贰叁肆伍陆柒捌玖"
_DIGIT = rf"[\p{{N}}{_CHINESE}]"
_MANY_DIGITS = rf"(?:{_DIGIT}[\s\p{{Cf}}\p{{M}}\p{{P}}\p{{S}}]*){{10}}{_DIGIT}"
_MANY = re.compile(rf"(?:[\d{_CHINESE}][\W_]*){{10}}[\d{_CHINESE}]")


@dataclass(frozen=True)
class _Rules:
    """Of an item: the fields always sealed, the lists, those of plain form (codes), and whether its key rests
    on the first.
    """

    always: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    keyed: bool = False


@lru_cache(maxsize=128)
def _rules(item: str) -> _Rules:
    try:
        known = loader.load().item(item)
    except UnknownItem:
        return _Rules()
    columns = {field.name: field.field_type for field in known.fields}
    columns |= {column.name: column.field_type for column in known.source_columns}
    always = frozenset(name for name, kind in columns.items() if kind.sealed)
    lists = frozenset(name for name, kind in columns.items() if kind.column is Column.TEXT_LIST)
    plain = frozenset(
        name
        for name, kind in columns.items()
        if kind.name == "uscc" or kind.column not in (Column.TEXT, Column.TEXT_LIST)
    )
    keyed = bool(always.intersection((*known.record_key, *known.record_key_falls_back)))
    return _Rules(always, lists, plain, keyed)


def close(
    rows: pl.DataFrame, *, item: str, batch_id: UUID, values: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Take out of staged rows what must be sealed; adds the column `sealed` (hexadecimal or null).

    `values`, the same rows with a column for every field and source column, tell which rows may have anything
    to seal; without them every one is looked at.
    """
    rules = _rules(item)
    key = pl.col("record_key").str.contains(_MANY_DIGITS) | (
        pl.lit(rules.keyed) & (pl.col("record_key") != "")
    )
    keys_hit = rows.select(key).to_series()
    hit = pl.repeat(True, rows.height, eager=True) if values is None else _suspect(values, rules)
    rows = rows.with_columns(sealed=pl.lit(None, dtype=pl.String))
    if not (hit.any() or keys_hit.any()):
        return rows
    keys = keyring.data_keys()
    changed = {name: rows[name].to_list() for name in ("payload", "source", "digest", "record_key", "sealed")}
    subjects, lines = rows["subject_id"].to_list(), rows["line"].to_list()
    for place in hit.arg_true().to_list():
        whole, source = changed["payload"][place], changed["source"][place]
        kept, taken = _parted(whole, rules)
        kept_source, taken_source = _parted(source, rules)
        if not taken and not taken_source:
            continue
        text = json.dumps([taken, taken_source], ensure_ascii=False, separators=(",", ":")).encode()
        row = (subjects[place], item, str(batch_id), lines[place])
        changed["sealed"][place] = keys.seal(text, place=(*_TABLE, *row)).hex()
        changed["payload"][place], changed["source"][place] = kept, kept_source
        if taken:
            changed["digest"][place] = keys.index(whole, use="records.digest").hex()
    for place in keys_hit.arg_true().to_list():
        text_of_key = changed["record_key"][place]
        if rules.keyed or _holds_number(text_of_key):
            changed["record_key"][place] = "$" + keys.index(text_of_key, use=f"records.key:{item}").hex()
    return rows.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in changed.items())


def _suspect(values: pl.DataFrame, rules: _Rules) -> pl.Series:
    """Tell which rows may have something to seal: a field that always is, a list, many digits in a text."""
    always = [name for name in values.columns if name in rules.always | rules.lists]
    texts = [
        name
        for name, kind in values.schema.items()
        if kind == pl.String and name not in rules.always | rules.lists | rules.plain
    ]
    found = [pl.col(name).is_not_null() for name in always]
    found += [pl.col(name).str.contains(_MANY_DIGITS).fill_null(False) for name in texts]
    return values.select(pl.any_horizontal(pl.lit(False), *found)).to_series()


def whole(
    subject_id: int, item: str, batch_id: UUID, line: int, payload: str, sealed: bytes | None
) -> dict[str, Any]:
    """Give the payload as it was handed in; raises `Forged` or `KeyMissing` where the seal doesn't open."""
    return both(subject_id, item, batch_id, line, payload, "{}", sealed)[0]


def both(
    subject_id: int, item: str, batch_id: UUID, line: int, payload: str, source: str, sealed: bytes | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give payload and source columns as they were handed in; raises `Forged` or `KeyMissing`, too."""
    kept, kept_source = json.loads(payload), json.loads(source)
    if sealed is None:
        return kept, kept_source
    row = (subject_id, item, str(batch_id), line)
    taken, taken_source = json.loads(keyring.data_keys().open(bytes(sealed), place=(*_TABLE, *row)))
    return {**kept, **taken}, {**kept_source, **taken_source}


def _parted(text: str, rules: _Rules) -> tuple[str, dict[str, Any]]:
    """Part canonical JSON into what stays (canonical still: its members keep their order) and what goes."""
    members = json.loads(text)
    taken = {
        name: value
        for name, value in members.items()
        if name in rules.always or (name not in rules.plain and _hides(value))
    }
    if not taken:
        return text, taken
    kept = {name: value for name, value in members.items() if name not in taken}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")), taken


def _hides(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and _holds_number(text) for text in texts)


def _holds_number(text: str) -> bool:
    """Ask `redaction` only where so many digits stand together that it could find anything."""
    if _MANY.search(unicodedata.normalize("NFKC", text)) is None:
        return False
    return redaction.redact(text) != text
