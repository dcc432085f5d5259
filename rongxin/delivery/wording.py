"""A field's value as people read it: amounts with their unit, codes with their names, dates, yes and no."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from rongxin.catalogue import codelists, types
from rongxin.catalogue.schema import Field

NOTHING = "—"
_MONEY = {"money_cny": "元", "money_10k_cny": "万元"}
# Masks of these types take out only what is a person's; where nothing had to go, the value stands as it is.
_MASKED_IN_PART = frozenset({"free_text", "party_name", "party_identifier", "registered_address", "address"})
_MARKS = ("*", "脱敏")


def say(field: Field, value: Any, *, masked: bool) -> str:
    """Write a value, unit included; a masked one is text already."""
    if value is None or value == "" or value == []:
        return NOTHING
    if masked:
        return str(value)
    text = _say(field, value)
    return text if field.unit is None or text.endswith(field.unit) else f"{text} {field.unit}"


def visibly_masked(field: Field, text: str) -> bool:
    """Whether a masked value has to be called so: an organisation's name that a mask left alone need not."""
    return field.type not in _MASKED_IN_PART or any(mark in text for mark in _MARKS)


def _say(field: Field, value: Any) -> str:
    if field.type in _MONEY:
        return _amount(value, _MONEY[field.type])
    if field.codes is not None or field.type == "id_type":
        return _code(field.codes or "id_types", str(value))
    return types.get(field.type).format(value)


def _amount(value: Any, unit: str) -> str:
    """`1,234,567.00 元`: two decimals, so that columns of figures stand in line; more only where there are
    more.
    """
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    decimals = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{decimals}f} {unit}"


def _code(name: str, code: str) -> str:
    """`农副食品加工业（13）`: the name says it, the code settles it."""
    label = codelists.get(name).label(code)
    return label if label == code else f"{label}（{code}）"
