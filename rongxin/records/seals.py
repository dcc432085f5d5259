"""What identifies a person or an account stands sealed beside a record, never in it (threat T11).

Which fields these are the catalogue's types say (`FieldType.sealed`); texts in which such a number hides are
sealed too. Only rows that hold any pay for it. The digest and the key of such a row are keyed hashes: there
are so few identity numbers that a plain hash could be tried out.
"""

from __future__ import annotations

import json
import re
import unicodedata
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
_SIGN = r'(?:\\.|[\s\p{Cf}\p{M}\p{P}\p{S}&&[^"\\]])'
_MANY_DIGITS = rf"(?:{_DIGIT}{_SIGN}*){{10}}{_DIGIT}"
_MANY = re.compile(rf"(?:[\d{_CHINESE}][\W_]*){{10}}[\d{_CHINESE}]")
_BEFORE = r'(?:[^"\\]|\\.)*?'


@lru_cache(maxsize=128)
def _rules(item: str) -> tuple[frozenset[str], frozenset[str], bool, str]:
    """Give of an item: the fields always sealed, those of plain form (codes), whether its key rests on the
    former, and the pattern by which rows are found that may have something to seal.
    """
    try:
        known = loader.load().item(item)
    except UnknownItem:
        return frozenset(), frozenset(), False, _MANY_DIGITS
    columns = {field.name: field.field_type for field in known.fields}
    columns |= {column.name: column.field_type for column in known.source_columns}
    always = frozenset(name for name, kind in columns.items() if kind.sealed)
    plain = frozenset(
        name
        for name, kind in columns.items()
        if kind.name == "uscc" or kind.column not in (Column.TEXT, Column.TEXT_LIST)
    )
    texts = sorted(columns.keys() - always - plain)
    lists = {name for name, kind in columns.items() if kind.column is Column.TEXT_LIST}
    found = [f'"{name}":' for name in sorted(always | lists)]
    if texts:
        found.append(rf'"(?:{"|".join(texts)})":"{_BEFORE}{_MANY_DIGITS}')
    keyed = bool(always.intersection((*known.record_key, *known.record_key_falls_back)))
    return always, plain, keyed, "|".join(found) or "$^"


def close(rows: pl.DataFrame, *, item: str, batch_id: UUID) -> pl.DataFrame:
    """Take out of staged rows what must be sealed; adds the column `sealed` (hexadecimal or null)."""
    always, plain, keyed, pattern = _rules(item)
    hits = rows.select(
        hit=pl.any_horizontal(pl.col("payload", "source").str.contains(pattern)),
        key=pl.col("record_key").str.contains(_MANY_DIGITS) | (pl.lit(keyed) & (pl.col("record_key") != "")),
    )
    rows = rows.with_columns(sealed=pl.lit(None, dtype=pl.String))
    if not (hits["hit"].any() or hits["key"].any()):
        return rows
    keys = keyring.data_keys()
    changed = {name: rows[name].to_list() for name in ("payload", "source", "digest", "record_key", "sealed")}
    subjects, lines = rows["subject_id"].to_list(), rows["line"].to_list()
    for place in hits["hit"].arg_true().to_list():
        whole, source = changed["payload"][place], changed["source"][place]
        kept, taken = _parted(whole, always, plain)
        kept_source, taken_source = _parted(source, always, plain)
        if not taken and not taken_source:
            continue
        text = json.dumps([taken, taken_source], ensure_ascii=False, separators=(",", ":")).encode()
        row = (subjects[place], item, str(batch_id), lines[place])
        changed["sealed"][place] = keys.seal(text, place=(*_TABLE, *row)).hex()
        changed["payload"][place], changed["source"][place] = kept, kept_source
        if taken:
            changed["digest"][place] = keys.index(whole, use="records.digest").hex()
    for place in hits["key"].arg_true().to_list():
        key = changed["record_key"][place]
        if keyed or _holds_number(key):
            changed["record_key"][place] = "$" + keys.index(key, use=f"records.key:{item}").hex()
    return rows.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in changed.items())


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


def _parted(text: str, always: frozenset[str], plain: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """Part canonical JSON into what stays (canonical still: its members keep their order) and what goes."""
    members = json.loads(text)
    taken = {
        name: value
        for name, value in members.items()
        if name in always or (name not in plain and _hides(value))
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
