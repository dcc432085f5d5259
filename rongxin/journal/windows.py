"""A list in parts: each goes on behind the last row of the one before, by the columns that order the list.

However many rows come meanwhile, none that was there is shown twice or left out; new ones stand before the
first part of a list that begins with the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from rongxin.journal.errors import JournalError

Row = TypeVar("Row")
Shown = TypeVar("Shown")
M = TypeVar("M", bound=Model)


class BadPlace(JournalError):
    """该翻页位置不属于此列表；请从第一页开始。"""

    code = "invalid_cursor"


@dataclass(frozen=True)
class Window:
    """Which part of a list is wanted: so many rows behind a place, which is a row's ordering values."""

    rows_max: int
    after: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Part(Generic[Row]):
    """Rows of a list, and the place of the last of them where more follow."""

    rows: Sequence[Row]
    last: tuple[str, ...] | None

    def of(self, show: Callable[[Row], Shown]) -> Part[Shown]:
        """Return the same part with each row shown as something else."""
        return Part([show(row) for row in self.rows], self.last)


def part(rows: QuerySet[M], window: Window, *order: str) -> Part[M]:
    """Return a part of `rows` in an order that no two rows share ("-" = falling)."""
    if window.after is not None:
        rows = rows.filter(_behind(rows.model, window.after, order))
    found = list(rows.order_by(*order)[: window.rows_max + 1])
    names = [name.lstrip("-") for name in order]
    return cut(found, window, lambda row: tuple(_text(getattr(row, name)) for name in names))


def cut(found: Sequence[Row], window: Window, place: Callable[[Row], tuple[str, ...]]) -> Part[Row]:
    """Make a part of what was found behind the window's place, one row more than wanted if there is one."""
    shown = found[: window.rows_max]
    return Part(shown, place(shown[-1]) if len(found) > window.rows_max else None)


def _behind(model: type[Model], after: tuple[str, ...], order: Sequence[str]) -> Q:
    if len(after) != len(order):
        raise BadPlace(BadPlace.__doc__)
    columns: Any = model._meta
    behind, same = Q(), Q()
    for text, column in zip(after, order, strict=True):
        name = column.lstrip("-")
        try:
            value = columns.get_field(name).to_python(text)
        except ValidationError as error:
            raise BadPlace(BadPlace.__doc__) from error
        behind |= same & Q(**{f"{name}__{'lt' if column.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return behind


def _text(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
