"""Answer from a store that this process can read: the demo's and tests' providers, and a small city's.

It behaves as a gateway will: it decides by itself what may be answered, looks only then, and believes nothing
in its store that is not a value of the catalogue's type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rongxin.catalogue.errors import Unclean
from rongxin.proof.keys import VerifyingKey
from rongxin.sharing.connectors import mapping as mappings
from rongxin.sharing.connectors.connector import Row
from rongxin.sharing.connectors.query import Match, Query, Unavailable, permitted

SECONDS_MAX = 3.0
ROWS_MAX = 1000
_CHINA = ZoneInfo("Asia/Shanghai")
Keys = Callable[[], Mapping[str, VerifyingKey]]


class InProcess(ABC):
    """A provider's store beside its mapping file."""

    def __init__(self, directory: Path, mapping: mappings.Mapping, keys: Keys) -> None:
        self.provider = mapping.provider
        self._mapping = mapping
        self._path = directory / mapping.path
        self._keys = keys

    @abstractmethod
    def _find(self, table: mappings.Table, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield the store's rows in which these columns hold these values; raises `Unavailable`."""

    def serves(self, item: str) -> bool:
        return item in self._mapping.items

    def fetch(self, query: Query) -> Sequence[Row]:
        fields = permitted(query, self._keys())
        if not fields:
            return []
        return self._rows(query, fields)

    def check(self, query: Query, claims: Mapping[str, str]) -> Mapping[str, Match]:
        fields = permitted(query, self._keys())
        claimed = {name: _read(query, name, text) for name, text in claims.items() if name in fields}
        if not claimed:
            return {}
        rows = self._rows(query, tuple(claimed))
        if not rows:
            return dict.fromkeys(claimed, Match.NO_RECORD)
        # All claims are about one thing: compare with the record that fits them best, not with a mixture.
        best = max(rows, key=lambda row: sum(row.get(name) == value for name, value in claimed.items()))
        return {
            name: Match.MATCH if value is not None and best.get(name) == value else Match.MISMATCH
            for name, value in claimed.items()
        }

    def _rows(self, query: Query, fields: Sequence[str]) -> list[dict[str, Any]]:
        table = self._mapping.items[query.item.item]
        wanted = mappings.wanted(table, query.item, query.subject)
        if wanted is None:
            raise Unavailable(f"{self.provider}: the node knows no key by which {query.item.item} is found")
        # What isn't asked for isn't read, save the field on which the channel's filter rests.
        where = query.channel.where
        if where is not None and where.field not in table.columns:
            raise Unavailable(f"{self.provider}: no column says which rows of {query.item.item} it may share")
        read = {name: table.columns[name] for name in fields if name in table.columns}
        if where is not None:
            read[where.field] = table.columns[where.field]
        found_by = {name: wanted[column] for name, column in table.subject.items()}
        rows: list[dict[str, Any]] = []
        for found in self._find(table, wanted):
            if len(rows) == ROWS_MAX:
                raise Unavailable(f"{self.provider}: more than {ROWS_MAX} rows of one subject")
            if any(str(found[column]) != value for column, value in wanted.items()):
                raise Unavailable(f"{self.provider}: answered about another subject")
            row = found_by | self._row(query, read, found)
            if query.channel.carries(row):
                rows.append(row)
        return rows

    def _row(self, query: Query, columns: Mapping[str, str], found: Mapping[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, column in columns.items():
            text = found[column]
            if text is None or str(text).strip() == "":
                continue
            value = _read(query, name, str(text))
            if value is None:
                raise Unavailable(f"{self.provider}: {query.item.item}.{name} holds no value of its type")
            row[name] = value
        return row


def _read(query: Query, name: str, text: str) -> Any:
    """Return a text as the catalogue's JSON value, None for what is no value of the field."""
    field = query.item.column(name)
    try:
        value = field.clean(text, today=query.as_of.astimezone(_CHINA).date())
    except Unclean:
        return None
    return field.field_type.json(value)
