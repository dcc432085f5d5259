"""What a field adds to its type: closed lists, bounds, and whether a date may lie in the future."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

from rongxin.catalogue import codelists
from rongxin.catalogue.errors import Unclean
from rongxin.catalogue.field_type import Column, FieldType, Value


class Ruled(Protocol):
    """What a field and a source column have in common."""

    @property
    def codes(self) -> str | None: ...
    @property
    def values(self) -> tuple[str, ...] | None: ...
    @property
    def min(self) -> Decimal | None: ...
    @property
    def max(self) -> Decimal | None: ...
    @property
    def future_allowed(self) -> bool: ...
    @property
    def field_type(self) -> FieldType: ...


def clean(field: Ruled, text: str, *, today: date) -> Value:
    """Read a cell as a field: its type first, then the field's own rules."""
    value = field.field_type.clean(text)
    if isinstance(value, str):
        if field.codes is not None:
            value = _of_codes(field.codes, value)
        if field.values is not None and value not in field.values:
            raise Unclean("not_in_list", f"{text} 不在允许的取值内：{'、'.join(field.values)}")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        _within(field, text, Decimal(value))
    if not field.future_allowed and _is_future(field.field_type.column, value, today):
        raise Unclean("in_future", f"日期 {text} 晚于今日 {today.isoformat()}，请核对")
    return value


def _of_codes(name: str, value: str) -> str:
    codes = codelists.get(name)
    code = codes.resolve(value)
    if code is None:
        raise Unclean("not_in_list", f"{value} 不在代码表《{codes.title}》（{codes.standard}）内")
    return code


def _within(field: Ruled, text: str, number: Decimal) -> None:
    if field.min is not None and number < field.min:
        raise Unclean("below_min", f"{text} 小于下限 {field.min}，请核对")
    if field.max is not None and number > field.max:
        raise Unclean("above_max", f"{text} 大于上限 {field.max}，请核对")


def _is_future(column: Column, value: Value, today: date) -> bool:
    if column is Column.DATE and isinstance(value, date):
        return value > today
    if column is Column.MONTH:
        return str(value) > today.strftime("%Y-%m")
    return column is Column.YEAR and isinstance(value, int) and value > today.year
