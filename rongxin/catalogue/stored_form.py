"""Whether a value is what its field's type stores: by shape, so that it can be shown, masked and counted.

What a department writes is read by the type itself (`Field.clean`). What comes as a stored value from another
machine has been read there, perhaps by another edition of these rules: here only its form is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from rongxin.catalogue import numerals
from rongxin.catalogue.field_type import Column, FieldType, is_printable
from rongxin.catalogue.schema import Field

_LIST_MAX = 500
_DAY, _MONTH = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def holds(field: Field, value: Any, *, masked: bool = False) -> bool:
    """Whether a value of JSON is the field's stored form, or any text where it may be `masked`."""
    kind = field.field_type
    return _FORMS[kind.column](kind, value) or (masked and _text(kind, value))


def _text(kind: FieldType, value: Any) -> bool:
    # Not exactly as long as its type: a code may come with blanks, and is compared without them.
    longest = max(kind.max_length, FieldType.max_length)
    return isinstance(value, str) and len(value) <= longest and is_printable(value)


def _texts(kind: FieldType, value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _LIST_MAX and all(_text(kind, part) for part in value)


def _day(_kind: FieldType, value: Any) -> bool:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _month(_kind: FieldType, value: Any) -> bool:
    return isinstance(value, str) and _MONTH.fullmatch(value) is not None


def _whole(_kind: FieldType, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= numerals.EXACT_MAX


def _decimal(_kind: FieldType, value: Any) -> bool:
    return isinstance(value, str) and numerals.stored(value) is not None


def _boolean(_kind: FieldType, value: Any) -> bool:
    return isinstance(value, bool)


_FORMS: Mapping[Column, Callable[[FieldType, Any], bool]] = {
    Column.TEXT: _text,
    Column.TEXT_LIST: _texts,
    Column.DATE: _day,
    Column.MONTH: _month,
    Column.YEAR: _whole,
    Column.INTEGER: _whole,
    Column.DECIMAL: _decimal,
    Column.BOOLEAN: _boolean,
}
