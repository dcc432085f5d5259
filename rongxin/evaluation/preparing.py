"""Columns that the lake has not and indicators need (`prepared.yaml`): made when a run's facts are laid down.

What can't be told from what is held is null, and then counts as the indicator says; nothing is guessed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rongxin.catalogue.yaml_source import parse

_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "money_cny": "DECIMAL(18, 2)",
    "quantity": "DECIMAL(18, 2)",
}


@cache
def _prepared() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = parse((Path(__file__).parent / "prepared.yaml").read_text("utf-8"))
    return found


def column(item: str, name: str) -> str:
    """Write a column of an item as a program reads it."""
    if name not in _prepared():
        return f'"{name}"'
    return f'CAST(NULL AS {_TYPES[str(_prepared()[name]["type"])]}) AS "{name}"'
