"""How a report's item is laid out on a page: short records of one shape as a table, others as lists of facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()

_TABLE_FROM_ROWS = 3
_TABLE_UP_TO_FIELDS = 7


@register.filter
def tabular(item: Mapping[str, Any]) -> bool:
    """Whether the item's records are many and short enough for a table."""
    rows = item["rows"]
    return len(rows) >= _TABLE_FROM_ROWS and all(len(row["fields"]) <= _TABLE_UP_TO_FIELDS for row in rows)


@register.filter
def cells(row: Mapping[str, Any], item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the row's fields in the order of the table's head; a field the row lacks is an empty cell."""
    by_name = {field["name"]: field for field in row["fields"]}
    return [by_name.get(head["name"], {}) for head in item["rows"][0]["fields"]]
