"""What of an item lies in the lake: typed columns, and nothing that identifies a natural person.

Left out are the catalogue's sensitive types (numbers, phones, cards, persons' names, homes) and all source
columns. So are the record key, which is made of such columns, and the digest of the payload: it covers the
numbers that are left out, and few enough of them are possible to try them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from rongxin.catalogue.field_type import Column
from rongxin.catalogue.redaction import redact
from rongxin.catalogue.schema import Field, Item

#: What every row has beside its fields; a field's name can't begin with an underscore.
OWN = ("_id", "_subject", "_observed_on", "_filed_on", "_provider")
_OWN_TYPES = ("BIGINT", "BIGINT", "DATE", "DATE", "VARCHAR")

_TYPES = {
    Column.TEXT: "VARCHAR",
    Column.DATE: "DATE",
    Column.MONTH: "VARCHAR",  # a month is no day; 2026-03 sorts as text does
    Column.YEAR: "SMALLINT",
    Column.DECIMAL: "DECIMAL(30,6)",  # 18 digits and 6 decimals are what intake lets in, ten thousandfold
    Column.INTEGER: "BIGINT",
    Column.BOOLEAN: "BOOLEAN",
    Column.TEXT_LIST: "VARCHAR[]",
}
# Forms with a check of their own, in which nobody can hide a number; all other texts are searched for one.
_CHECKED = frozenset({"band", "certificate_number", "code", "id_type", "uscc"})
# The least digits in what `redact` looks for: only texts with as many are read by it.
_DIGIT = r"[\p{N}〇○零一二三四五六七八九壹贰叁肆伍陆柒捌玖]"
_DIGITS_LEAST = 11


# How a text becomes a value of a type, and the value the same text again; what isn't here is only cast.
_CASTS = {"VARCHAR[]": ("from_json({}, '[\"VARCHAR\"]')", "CAST(to_json({}) AS VARCHAR)")}
_ONLY_CAST = ("CAST({} AS {type})", "CAST({} AS VARCHAR)")


@dataclass(frozen=True)
class LakeColumn:
    """One column of an item's files: its name, its type in SQL, whether it is words."""

    name: str
    sql_type: str
    words: bool = False

    def typed(self, text: str = "") -> str:
        """Return in SQL the value that a text is: the spool's column of the name, unless another is given."""
        return self._named(0, text)

    def as_text(self) -> str:
        """Return in SQL the text that the value was typed from."""
        return self._named(1)

    def _named(self, way: int, given: str = "") -> str:
        name = f'"{self.name}"'
        cast = _CASTS.get(self.sql_type, _ONLY_CAST)[way]
        return f"{cast.format(given or name, type=self.sql_type)} AS {name}"


def of(item: Item) -> tuple[LakeColumn, ...]:
    """Return the columns of an item's files, in order."""
    own = [LakeColumn(name, sql) for name, sql in zip(OWN, _OWN_TYPES, strict=True)]
    return (*own, *(_column(field) for field in item.fields if not field.field_type.sensitive))


def fields(columns: tuple[LakeColumn, ...]) -> list[str]:
    """Return the names of those columns that are fields of the item."""
    return [column.name for column in columns[len(OWN) :]]


def shape(item: Item) -> str:
    """Name the columns that a file has: one of another shape is written anew before it is read again."""
    text = ",".join(f"{column.name} {column.sql_type} {column.words}" for column in of(item))
    return sha256(text.encode()).hexdigest()[:16]


def without_numbers(rows: pl.DataFrame, columns: tuple[LakeColumn, ...]) -> pl.DataFrame:
    """Take out of all words the numbers of persons, phones and cards that somebody wrote into them."""
    for column in columns:
        if not column.words:
            continue
        digits = pl.col(column.name).str.normalize("NFKC").str.count_matches(_DIGIT)
        suspect = rows.select((digits >= _DIGITS_LEAST).fill_null(False)).to_series()
        if suspect.any():
            cleaned = _redacted(rows[column.name].filter(suspect))
            rows = rows.with_columns(
                pl.col(column.name).replace_strict(cleaned, default=pl.col(column.name), return_dtype=pl.Utf8)
            )
    return rows


def _redacted(texts: pl.Series) -> dict[str, str]:
    clean: Callable[[str], str] = redact
    return {text: clean(text) for text in texts.unique().to_list()}


def _column(field: Field) -> LakeColumn:
    column = field.field_type.column
    words = column in (Column.TEXT, Column.TEXT_LIST) and field.type not in _CHECKED
    return LakeColumn(field.name, _TYPES[column], words)
