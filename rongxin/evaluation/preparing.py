"""Columns that records have not and indicators need (`prepared.yaml`): for a run and for one request.

What can't be told from what is held is null, and then counts as the indicator says; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from rongxin.evaluation import consistency, texts

_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "money_cny": "DECIMAL(18, 2)",
    "quantity": "DECIMAL(18, 2)",
}
#: Between the names of a field that holds several.
BETWEEN_NAMES = r"[、,，;；\s]+"
_CAPITAL = "注册资本"


def _decreased(what: str | None, before: str | None, after: str | None) -> bool | None:
    return texts.is_less(before, after) if what is not None and _CAPITAL in what else None


_READERS: Mapping[str, Callable[..., bool | Decimal | None]] = {
    "_lost": texts.lays_a_duty,
    "_awarded_cny": texts.greatest_sum_cny,
    "_capital_decreased": _decreased,
}


def sides(item: str, names: Sequence[str]) -> dict[str, str]:
    """Return of these columns those that say on which side the subject stands, with the field for it."""
    known = consistency.prepared()
    return {name: str(known[name]["side"]) for name in names if "side" in known.get(name, {})}


def register(duck: duckdb.DuckDBPyConnection) -> None:
    """Teach an engine to read texts, so that `column` can be written."""
    for name, read in _READERS.items():
        entry = consistency.prepared()[name]
        arguments = ["VARCHAR"] * len(entry["reads"])
        duck.create_function(  # type: ignore[call-overload] # its enumeration is not exported
            f"read{name}",
            read,
            arguments,
            _TYPES[entry["type"]],
            null_handling="special",
        )


def column(name: str) -> str:
    """Write a column of an item's rows as a program reads it, `side` being the view of sides."""
    entry = consistency.prepared().get(name)
    if entry is None:
        return f'"{name}"'
    if "side" in entry:
        return f'side."{name}"'
    if "reads" in entry:
        fields = ", ".join(f'"{field}"' for field in entry["reads"])
        return f'read{name}({fields}) AS "{name}"'
    return f'CAST(NULL AS {_TYPES[entry["type"]]}) AS "{name}"'


def row(item: str, given: Mapping[str, Any], *, subject: str, verified: bool | None = None) -> dict[str, Any]:
    """Return a row of one subject with its prepared columns; `subject` is its registered name."""
    made = dict(given)
    for name, entry in consistency.prepared().items():
        if item not in entry["items"]:
            continue
        if name == "_verified":
            made[name] = verified
        elif "side" in entry:
            made[name] = _stands_in(given.get(entry["side"]), str(given.get("name") or subject))
        elif "reads" in entry:
            made[name] = _READERS[name](*(given.get(field) for field in entry["reads"]))
        else:
            made[name] = None
    return made


def _stands_in(names: str | None, own: str) -> bool | None:
    return None if names is None else own in re.split(BETWEEN_NAMES, names)
