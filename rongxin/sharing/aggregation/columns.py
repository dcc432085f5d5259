"""One column of a file against one field of the catalogue: every rule of a single cell.

`CellRule.read` states the rule, text by text, on the catalogue type's own `clean`. `ColumnRule.read` gives
the same for a whole column: texts in plain form go through vectorised expressions, every other distinct text
goes through `CellRule.read` once. A property test holds the two equal.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
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
_CACHE_SIZE: Final = 200_000

# Texts that every type of text leaves as they are: no blanks, nothing invisible, nothing that could begin a
# formula or stand for "nothing".
_UNSEEN: Final = r"\s\p{Cc}\x{feff}\x{200b}-\x{200d}\x{2060}"
_PLAIN_TEXT: Final = rf"^[^{_UNSEEN}=@+\-＝＠＋－#—/][^{_UNSEEN}]*$"
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
    """A column read: values ready for JSON, null where blank or faulty, and the faults by row."""

    values: pl.Series
    faults: dict[int, Unclean] = field(default_factory=dict)


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
        self._fast = cell.fast
        self._known: dict[str, Json | Unclean | None] = {}

    def read(self, texts: pl.Series) -> Read:
        """Read a String column."""
        if self._fast is None:
            good = pl.repeat(False, len(texts), eager=True)
        else:
            good = self._recognised(texts, self._fast)
        rest = texts.filter(~good).drop_nulls()
        if not len(rest):
            return Read(self._plain(texts))
        return self._merged(texts, good, self._looked_up(rest.unique()))

    def _recognised(self, texts: pl.Series, fast: Fast) -> pl.Series:
        good = texts.str.contains(fast.pattern).fill_null(False)
        if fast.kind == "text":
            short = (texts.str.len_bytes() <= self.cell.type.max_length).fill_null(False)
            return good & short & ~texts.is_in(_NULL_WORDS).fill_null(False)
        if fast.kind == "uscc":
            right = checkdigits.outer_right(checkdigits.octets_of(texts.filter(good)))
            if not right.all():
                wrong = good.arg_true().filter(pl.Series(~right))
                good = good.scatter(wrong, False)
        return good

    def _plain(self, texts: pl.Series) -> pl.Series:
        """What becomes of recognised texts."""
        if self._fast is not None and self._fast.kind == "number":
            cut = texts.str.strip_chars_end("0").str.strip_chars_end(".")
            frame = pl.DataFrame({"whole": texts, "cut": cut})
            has_point = pl.col("whole").str.contains(".", literal=True)
            return frame.select(pl.when(has_point).then("cut").otherwise("whole")).to_series()
        return texts if self.dtype == pl.String else texts.cast(self.dtype, strict=False)

    def _looked_up(self, distinct: pl.Series) -> dict[str, Json | Unclean | None]:
        if len(self._known) > _CACHE_SIZE:
            self._known.clear()
        known = self._known
        found: dict[str, Json | Unclean | None] = {}
        for text in distinct.to_list():
            if text in known:
                found[text] = known[text]
                continue
            outcome: Json | Unclean | None
            try:
                outcome = self.cell.read(text)
            except Unclean as unclean:
                outcome = unclean
            found[text] = known[text] = outcome
        return found

    def _merged(self, texts: pl.Series, good: pl.Series, found: dict[str, Json | Unclean | None]) -> Read:
        values = {
            text: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
            for text, value in found.items()
            if not isinstance(value, Unclean) and value is not None
        }
        slow = (
            texts.replace_strict(list(values), list(values.values()), default=None, return_dtype=self.dtype)
            if values
            else pl.repeat(None, len(texts), dtype=self.dtype, eager=True)
        )
        merged = slow
        if good.any():
            frame = pl.DataFrame({"good": good, "plain": self._plain(texts), "slow": slow})
            merged = frame.select(pl.when("good").then("plain").otherwise("slow")).to_series()
        bad = [text for text, value in found.items() if isinstance(value, Unclean)]
        faults: dict[int, Unclean] = {}
        if bad:
            rows = (texts.is_in(bad) & ~good).arg_true()
            for row, text in zip(rows.to_list(), texts.gather(rows).to_list(), strict=True):
                outcome = found[text]
                assert isinstance(outcome, Unclean)
                faults[row] = outcome
        return Read(merged, faults)


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
