"""A mapping to begin with: columns nobody knows, laid beside the fields that the file lacks.

By an alias that departments use (`parameters/column_aliases.yaml`), or where a header is the end of exactly
one field's label, or the reverse (决定日期: 行政处罚决定日期). A person looks at it before it is saved;
filing itself matches nothing by likeness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from rongxin.catalogue.schema import Item
from rongxin.sharing.aggregation import headers, mapping_file
from rongxin.sharing.aggregation.own_columns import OwnColumn, Saved
from rongxin.sharing.aggregation.readers.refusals import Refusal

_ALIASES: Final = Path(__file__).parents[1] / "parameters" / "column_aliases.yaml"
_SHORTEST: Final = 2  # 日, 号 end too many labels


def of(names: Sequence[str], item: Item, saved: Saved | None) -> dict[str, Any]:
    """Return a document for `mapping_file`, with what it leaves open: unknown columns and absent fields."""
    known = {header: column for header in names if (column := _column(header, item, saved)) is not None}
    taken = {name for column in known.values() for name in column.fields}
    taken |= set(saved.constants) if saved else set()
    own = dict(saved.columns) if saved else {}
    unknown = []
    for header in names:
        if header in known:
            continue
        name = _suggested(header, item, taken)
        if name is None:
            unknown.append(header)
        else:
            own[header] = OwnColumn(name, headers.unit_in(header))
            taken.add(name)
    mapping = Saved(own, dict(saved.constants) if saved else {})
    return {
        "mapping": mapping_file.stored(mapping),
        "known_columns": [header for header in known if header not in own],
        "unknown_columns": unknown,
        "absent_fields": [
            {"field": one.name, "label": one.label, "required": one.required}
            for one in item.fields
            if one.name in mapping_file.fields(item) and one.name not in taken
        ],
    }


def _column(header: str, item: Item, saved: Saved | None) -> headers.Column | None:
    try:
        return headers.column_of(header, item, saved)
    except Refusal:  # a unit that the field doesn't take: nothing to begin with
        return None


def _suggested(header: str, item: Item, taken: set[str]) -> str | None:
    base = headers.folded(headers.without_unit(header))
    if len(base) < _SHORTEST:
        return None
    free = mapping_file.fields(item) - taken
    by_alias = [name for name in free if base in _aliases().get(name, frozenset())]
    if len(by_alias) == 1:
        return by_alias[0]
    labels = {name: headers.folded(item.column(name).label) for name in mapping_file.fields(item)}
    ends = {name for name, label in labels.items() if label.endswith(base) or base.endswith(label)}
    return next(iter(ends & free), None) if len(ends) == 1 else None


@cache
def _aliases() -> Mapping[str, frozenset[str]]:
    words: Mapping[str, Sequence[str]] = yaml.safe_load(_ALIASES.read_text(encoding="utf-8"))
    return {name: frozenset(map(headers.folded, some)) for name, some in words.items()}
