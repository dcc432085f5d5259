"""A data type: how a field's value is read, shown, masked, exemplified and stored.

Values are Python's own (`str`, `int`, `bool`, `Decimal`, `date`, a list of `str`); `json` gives the form
that is stored and hashed. `mask` and `format` also take that stored form, since reports are made from it.
"""

from __future__ import annotations

import random
import unicodedata
from abc import ABC, abstractmethod
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from rongxin.catalogue import masking
from rongxin.catalogue.errors import Unclean

Value = str | int | bool | Decimal | date | list[str]
Json = str | int | bool | list[str]


class Column(StrEnum):
    """What a typed column of the values is, in a data frame or a Parquet file."""

    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    YEAR = "year"
    DECIMAL = "decimal"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT_LIST = "text_list"


#: What departments write for "nothing"; such a cell is null, whatever its type.
BLANKS = frozenset({"", "-", "--", "—", "——", "/", "NULL", "null"})
#: What a spreadsheet shows where a formula failed.
SPREADSHEET_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
#: Characters nobody sees, which part two equal words.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_INVISIBLE = dict.fromkeys(map(ord, INVISIBLE))


def is_blank(text: str) -> bool:
    """Say whether a cell holds nothing."""
    return text.translate(_INVISIBLE).strip() in BLANKS


class FieldType(ABC):
    """Base of the types; a type is one file of `catalogue/types` that ends in `TYPE = …()`."""

    name: ClassVar[str]
    label: ClassVar[str]
    label_en: ClassVar[str]
    column: ClassVar[Column] = Column.TEXT
    max_length: ClassVar[int] = 500
    #: Identifies, or leads to, a natural person: never in the lake.
    sensitive: ClassVar[bool] = False
    #: A number by which a person or an account is found: encrypted at rest (docs/decisions/0008-sealing.md).
    sealed: ClassVar[bool] = False
    widget: ClassVar[str] = "text"
    #: Whether line breaks belong to the value.
    multiline: ClassVar[bool] = False

    def clean(self, text: str) -> Value:
        """Read what a department wrote, or raise `Unclean` with rule and advice."""
        return self._read(self._prepare(text))

    @abstractmethod
    def _read(self, text: str) -> Value:
        """Read a text that is not blank and has no control characters."""

    def mask(self, value: Any) -> str:
        """Show what anybody may see who may see the row (level A); total, idempotent."""
        return masking.STARS

    def mask_for_operator(self, value: Any) -> str:
        """Show what an operator with a duty may see (level B)."""
        return self.mask(value)

    @abstractmethod
    def example(self, rng: random.Random) -> Value:
        """Invent a value."""

    def json_schema(self) -> dict[str, Any]:
        """Describe the stored form (JSON Schema 2020-12)."""
        return {"type": "string", "maxLength": self.max_length}

    def format(self, value: Any) -> str:
        """Write a value, or its stored form, for people."""
        return str(value)

    def json(self, value: Any) -> Json:
        """Give the form that is stored, hashed and sent."""
        return str(value)

    def _prepare(self, text: str) -> str:
        text = text.translate(_INVISIBLE).strip()
        if text in BLANKS:
            raise Unclean("blank", "单元格为空 (the cell is empty)")
        if text in SPREADSHEET_ERRORS:
            raise Unclean("spreadsheet_error", f"单元格为公式错误值 {text}，请改为实际内容")
        if text[0] in "=@":
            raise Unclean("formula", "单元格为公式，请粘贴为数值后重新报送 (a formula, not a value)")
        if not self.multiline:
            text = " ".join(text.split())
        if not is_printable(text):
            raise Unclean("control_character", "含有不可见的控制字符，请清除后重新报送")
        if len(text) > self.max_length:
            raise Unclean("too_long", f"长度{len(text)}超过上限{self.max_length}，请核对列是否对应")
        return text


def is_printable(text: str) -> bool:
    """Say whether a text is without control characters, but for line breaks and tabs."""
    return not any(
        character not in "\n\t\r" and unicodedata.category(character) in ("Cc", "Cs") for character in text
    )


def half_width(text: str) -> str:
    """Bring full-width letters, digits and signs to their plain form (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def without_blanks(text: str) -> str:
    """Take out all white space and write the rest half width."""
    # Once more at the end: taking out a blank may bring together what NFKC composes.
    return half_width("".join(half_width(text).split()))
