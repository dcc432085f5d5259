"""Values as departments spell them: dates in seven ways, money in 元 or 万元, 是/否."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

#: What stands in a cell: a text, or what a spreadsheet or a data frame holds natively.
Cell = str | int | float | date | None
_SERIAL_EPOCH = date(1899, 12, 30)

_DATES: dict[str, Callable[[date], Cell]] = {
    "iso": date.isoformat,
    "slash": lambda day: f"{day.year}/{day.month}/{day.day}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "serial": lambda day: (day - _SERIAL_EPOCH).days,
    "cell": lambda day: day,
}
_MIXED = ("iso", "slash", "chinese", "compact")


def spell(value: Any, dates: str, *, row: int = 0, in_10k: bool = False) -> Cell:
    """One value as the department writes it; `row` chooses the spelling where several hands typed."""
    kind = type(value)
    if value is None or kind is str:
        text: str | None = value
        return text
    if kind is bool:
        return "是" if value else "否"
    if kind is date:
        return _DATES[_MIXED[row % len(_MIXED)] if dates == "mixed" else dates](value)
    if kind is list:
        return "；".join(value)
    if in_10k:
        return plain(Decimal(value) / 10_000)
    return plain(value) if kind is Decimal else int(value)


def plain(value: Decimal) -> str:
    """A number without exponent and without zeros at its end."""
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
