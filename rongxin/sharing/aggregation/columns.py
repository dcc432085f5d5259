"""The columns of a file against the fields of the catalogue: every rule of a single cell.

`CellRule.read` states the rule, text by text, on the catalogue's own `clean`. `Columns.read` gives the same
for whole columns: texts in plain form go through vectorised expressions, every other distinct text goes
through `CellRule.read` once. A property test holds the two equal. All columns share one query a step: two
dozen small queries a chunk cost more than the work in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from rongxin.catalogue import field_type, types
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import FieldType, Json
from rongxin.catalogue.schema import Field, SourceColumn
from rongxin.sharing.aggregation import checkdigits

Member = Field | SourceColumn

# A cell that a spreadsheet would take for a formula (threat T16); −5 and +8 are numbers, -SUM(…) is none.
FORMULA: Final = re.compile(r"\s*[=@＝＠]|[\t\r]|\s*[+\-＋－][A-Za-z(（]")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f]')
_GOOD: Final = "\x00good\x00"  # prefix of the mask of a field's plain texts; no field is called so
_CACHE_SIZE: Final = 200_000

# Texts that every type of text leaves as they are: no blanks, nothing invisible, nothing that could begin a
# formula or stand for "nothing", and nothing that JSON would escape.
_UNSEEN: Final = r"\s\p{Cc}\x{feff}\x{200b}-\x{200d}\x{2060}"
_PLAIN_TEXT: Final = rf"^[^{_UNSEEN}\"\\=@+\-＝＠＋－#—/][^{_UNSEEN}\"\\]*$"
# The same for types that also bring text to half width (NFKC): only what that leaves alone.
_PLAIN_NUMBER_TEXT: Final = (
    r"^[\x{4e00}-\x{9fff}A-Za-z0-9〔(][\x{4e00}-\x{9fff}A-Za-z0-9〔〕()《》\[\].\-/]*$"
)
_PLAIN_DECIMAL: Final = r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$"
_NULL_WORDS: Final = ("NULL", "null")


@dataclass(frozen=True, slots=True)
class Fast:
    """How a column's plain texts are recognised; `kind` says what becomes of them."""

    pattern: str
    kind: str = "text"  # text: kept as it is | number: trailing zeros cut | uscc: check digit by column


_TEXT: Final = Fast(_PLAIN_TEXT)
_FAST: Final[dict[str, Fast]] = {
    "text": _TEXT,
    "free_text": _TEXT,
    "organisation_name": _TEXT,
    "person_name": _TEXT,
    "party_name": _TEXT,
    "address": _TEXT,
    "registered_address": _TEXT,
    "document_number": Fast(_PLAIN_NUMBER_TEXT),
    "certificate_number": Fast(_PLAIN_NUMBER_TEXT),
    "uscc": Fast(checkdigits.WELL_FORMED, "uscc"),
    "money_cny": Fast(_PLAIN_DECIMAL, "number"),
    "quantity": Fast(_PLAIN_DECIMAL, "number"),
}
# What a column's unit says of the cells: 5万元 may stand in a column of 万元, 5元 may not.
_READ_AS: Final = {
    ("money_cny", Decimal(10_000)): "money_10k_cny",
    ("money_10k_cny", Decimal(1) / 10_000): "money_cny",
}


@dataclass(frozen=True, slots=True)
class Read:
    """Columns read: values ready for JSON (null where blank or faulty), and by field the faults by row.

    `escaped` names the columns in which some text needs escapes in JSON; `found` holds every distinct text
    that was not plain.
    """

    values: pl.DataFrame
    faults: dict[str, dict[int, Unclean]]
    escaped: frozenset[str]
    found: dict[str, dict[str, Json | Unclean | None]]


class CellRule:
    """What one cell of a field must be: the catalogue's rule, after the unit that the column says."""

    def __init__(self, member: Member, *, factor: Decimal = Decimal(1), today: date) -> None:
        self.member = member
        self.type: FieldType = member.field_type
        self.factor = factor
        self._read_as = types.get(_READ_AS.get((member.type, factor), member.type))
        self._today = today

    def read(self, text: str) -> Json | None:
        """Read one cell; None = blank. Raises `Unclean` with rule and message."""
        if FORMULA.match(text):
            raise Unclean("formula", "单元格像公式（以 = @ + - 或制表符开头），请改为文本或数值")
        if field_type.is_blank(text):
            return None
        if self.factor != 1:
            # Read again in its written form: the field's own limits hold for the converted amount too.
            number = self._read_as.clean(text)
            assert isinstance(number, int | Decimal)
            text = format(number * self.factor, "f")
        return self.type.json(self.member.clean(text, today=self._today))

    @property
    def fast(self) -> Fast | None:
        """The vectorised path, where this field has nothing beyond its type that only `read` knows."""
        fast = _FAST.get(self.type.name)
        member = self.member
        if fast is None or member.values or member.codes is not None or self.factor != 1:
            return None
        if fast.kind == "number" and (member.min not in (None, Decimal(0)) or member.max is not None):
            return None
        return fast


class ColumnRule:
    """A field's rule for a whole column; distinct texts are remembered from chunk to chunk."""

    def __init__(self, cell: CellRule) -> None:
        self.cell = cell
        self.name = cell.member.name
        self.label = cell.member.label
        self.dtype = dtype_of(cell.type)
        self.fast = cell.fast
        self._known: dict[str, Json | Unclean | None] = {}

    def recognised(self) -> pl.Expr:
        """Which texts are plain; of codes only the shape is told, the check digit comes after."""
        text = pl.col(self.name)
        if self.fast is None:
            return pl.lit(False)
        good = text.str.contains(self.fast.pattern)
        if self.fast.kind == "text":
            good &= (text.str.len_bytes() <= self.cell.type.max_length) & ~text.is_in(_NULL_WORDS)
        return good.fill_null(False)

    def plain(self) -> pl.Expr:
        """What becomes of plain texts: numbers lose their trailing zeros, as the catalogue has it."""
        text = pl.col(self.name)
        if self.fast is None:
            return pl.lit(None, dtype=self.dtype)
        if self.fast.kind == "number":
            cut = text.str.strip_chars_end("0").str.strip_chars_end(".")
            return pl.when(text.str.contains(".", literal=True)).then(cut).otherwise(text)
        return text

    def looked_up(self, distinct: list[str]) -> dict[str, Json | Unclean | None]:
        """Read each distinct text once."""
        if len(self._known) > _CACHE_SIZE:
            self._known.clear()
        known = self._known
        found: dict[str, Json | Unclean | None] = {}
        for text in distinct:
            if text not in known:
                known[text] = self._outcome(text)
            found[text] = known[text]
        return found

    def _outcome(self, text: str) -> Json | Unclean | None:
        try:
            return self.cell.read(text)
        except Unclean as unclean:
            return unclean


class Columns:
    """The rules of all columns that a file has; each reads the frame's column of its field's name."""

    def __init__(self, rules: Sequence[ColumnRule]) -> None:
        self.rules = tuple(rules)

    def read(self, texts: pl.DataFrame) -> Read:
        """Read String columns, named by fields."""
        good = self._recognised(texts)
        found = self._looked_up(texts, good)
        values = texts.hstack(good).select(
            self._value(rule, good, found.get(rule.name, {})).alias(rule.name) for rule in self.rules
        )
        faults = {name: faults for name, known in found.items() if (faults := _faults(texts[name], known))}
        escaped = frozenset(name for name, known in found.items() if any(map(_needs_escape, known.values())))
        return Read(values, faults, escaped, found)

    def _recognised(self, texts: pl.DataFrame) -> pl.DataFrame:
        good = texts.select(rule.recognised().alias(_GOOD + rule.name) for rule in self.rules)
        if good.height != texts.height:  # nothing but literals
            good = pl.DataFrame({name: pl.repeat(False, texts.height, eager=True) for name in good.columns})
        for rule in self.rules:
            if rule.fast is not None and rule.fast.kind == "uscc":
                shaped = good[_GOOD + rule.name]
                right = checkdigits.outer_right(checkdigits.octets_of(texts[rule.name].filter(shaped)))
                if not right.all():
                    wrong = shaped.arg_true().filter(pl.Series(~right))
                    good = good.with_columns(shaped.scatter(wrong, False))
        return good

    def _looked_up(
        self, texts: pl.DataFrame, good: pl.DataFrame
    ) -> dict[str, dict[str, Json | Unclean | None]]:
        """Read the distinct texts of the columns that are not plain throughout."""
        rest = [rule for rule in self.rules if not good[_GOOD + rule.name].all()]
        if not rest:
            return {}
        distinct = texts.hstack(good).select(
            pl.col(rule.name).filter(~pl.col(_GOOD + rule.name)).drop_nulls().unique().implode()
            for rule in rest
        )
        return {rule.name: rule.looked_up(distinct[rule.name][0].to_list()) for rule in rest}

    def _value(
        self, rule: ColumnRule, good: pl.DataFrame, found: dict[str, Json | Unclean | None]
    ) -> pl.Expr:
        values = {
            text: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            if isinstance(value, list)
            else value
            for text, value in found.items()
            if value is not None and not isinstance(value, Unclean)
        }
        if not values:
            return pl.when(pl.col(_GOOD + rule.name)).then(rule.plain()).otherwise(None).cast(rule.dtype)
        slow = pl.col(rule.name).replace_strict(
            list(values), list(values.values()), default=None, return_dtype=rule.dtype
        )
        if rule.fast is None:
            return slow
        return pl.when(pl.col(_GOOD + rule.name)).then(rule.plain()).otherwise(slow)


def _faults(texts: pl.Series, found: dict[str, Json | Unclean | None]) -> dict[int, Unclean]:
    bad = {text: value for text, value in found.items() if isinstance(value, Unclean)}
    if not bad:
        return {}
    rows = texts.is_in(list(bad)).fill_null(False).arg_true()
    return {row: bad[text] for row, text in zip(rows.to_list(), texts.gather(rows).to_list(), strict=True)}


def _needs_escape(value: object) -> bool:
    return isinstance(value, str) and _ESCAPED.search(value) is not None


def dtype_of(kind: FieldType) -> type[pl.DataType]:
    """The data frame's type of a field's stored form; a list is held as its JSON text."""
    stored = kind.json_schema().get("type")
    if stored == "integer":
        return pl.Int64
    if stored == "boolean":
        return pl.Boolean
    return pl.String


def is_list(kind: FieldType) -> bool:
    """Whether the stored form is a JSON array."""
    return bool(kind.json_schema().get("type") == "array")
