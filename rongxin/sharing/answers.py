"""What of a provider's answer is believed: rows about the subject asked for, of the channel asked through.

An answer about somebody else is not mended but refused whole: whoever mixes up one subject may have mixed up
all of them. A row that the annex doesn't share through the channel (附件注2) is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rongxin.catalogue.field_type import without_blanks
from rongxin.parties import naming
from rongxin.sharing.connectors import mapping as mappings
from rongxin.sharing.connectors.mapping import Key
from rongxin.sharing.connectors.query import Query, SubjectKeys, Unavailable
from rongxin.vocabulary import uscc

Row = Mapping[str, Any]


def believed(query: Query, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that may be used, with the fields asked for only; raises `Unavailable`."""
    for row in rows:
        _about_the_subject(query, row)
    asked = [name for name in query.fields if name in query.channel.fields]
    kept = [{name: row[name] for name in asked if name in row} for row in rows if _carried(query, row)]
    return [row for row in kept if row]


def _about_the_subject(query: Query, row: Row) -> None:
    """Compare the keys that the row shows with those asked by.

    A code decides by itself, as where batches are matched: a firm changes its name and keeps its code, and
    old records keep the old name. Without a code, name and place have to be those asked by, and the name one
    that nobody else bears.
    """
    shown = {
        name: (mappings.key_of(query.item.field(name)), str(row[name]))
        for name in query.item.subject_key
        if row.get(name) is not None
    }
    coded = any(key is Key.CODE for key, _value in shown.values())
    if shown and not coded and not query.subject.unique_name:
        raise Unavailable(f"{query.item.item}: found by a name that another subject may bear too")
    for name, (key, value) in shown.items():
        if (key is Key.CODE or not coded) and not _SAME[key](value, query.subject):
            raise Unavailable(f"{query.item.item}.{name}: answered about another subject")


_SAME: Mapping[Key, Callable[[str, SubjectKeys], bool]] = {
    Key.CODE: lambda value, subject: uscc.clean(value) == uscc.clean(subject.uscc),
    Key.NAME: lambda value, subject: naming.key(value) == naming.key(subject.name),
    Key.PLACE: lambda value, subject: without_blanks(value) == without_blanks(subject.place),
}


def _carried(query: Query, row: Row) -> bool:
    where = query.channel.where
    if where is not None and row.get(where.field) is None:
        raise Unavailable(f"{query.item.item}: a row without {where.field} may be one that is not shared")
    return query.channel.carries(row)
