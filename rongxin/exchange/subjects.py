"""By which keys a subject is known, and whether a provider's row is about the one asked for.

A code decides by itself, as where batches are matched: a firm changes its name and keeps its code, and old
records keep the old name. Without a code, name and place have to be those asked by, and the name one that
nobody else bears.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any

from rongxin.catalogue.field_type import without_blanks
from rongxin.catalogue.schema import Field, Item, SourceColumn
from rongxin.exchange.question import SubjectKeys
from rongxin.parties import naming
from rongxin.vocabulary import uscc


class NotTheSubject(Exception):
    """A row is about another subject, or nobody can tell; the message names item and field."""


class Key(StrEnum):
    """By what a subject is known: its code tells it by itself; a name, a place, a number of its contract
    do not.
    """

    CODE = "uscc"
    NAME = "name"
    PLACE = "place"
    METER = "account_number"

    def of(self, subject: SubjectKeys) -> str:
        return {
            Key.CODE: subject.uscc,
            Key.NAME: subject.name,
            Key.PLACE: subject.place,
            Key.METER: subject.meter,
        }[self]


def key_of(field: Field | SourceColumn) -> Key | None:
    """Return by which key of a subject a field is sought, None where by none."""
    if field.type in ("uscc", "party_identifier"):
        return Key.CODE
    if field.type in ("organisation_name", "party_name"):
        return Key.NAME
    # 所在地 of an 经营主体 without a code is free text in the annex, so the field's name tells it.
    if field.type in ("registered_address", "address") or field.name == "location":
        return Key.PLACE
    return None


def may_find(keys: Collection[Key], subject: SubjectKeys) -> bool:
    """Whether rows found by these keys can be the subject's; by a meter's number, as far as each row shows
    it.

    A store that is asked by code or name takes the number where there is one, and does without.
    """
    known = set(keys) - {Key.METER}
    told = all(key.of(subject) for key in known)
    if not known:
        return bool(keys) and bool(subject.meter)
    return told and (Key.CODE in known or subject.unique_name)


def about(item: Item, subject: SubjectKeys, row: Mapping[str, Any], *, masked: Collection[str] = ()) -> None:
    """Compare the keys that a row shows with those asked by; raises `NotTheSubject`.

    What is masked can't be compared: the gateway did so before it masked.
    """
    shown = [
        (name, key, str(row[name]))
        for name in item.subject_key
        if row.get(name) is not None and name not in masked
        if (key := key_of(item.field(name))) is not None
    ]
    coded = any(key is Key.CODE for _, key, _ in shown)
    if shown and not coded and not subject.unique_name:
        raise NotTheSubject(
            f"“{item.label}”只凭名称查到，另有主体可能同名，不予采用 found by a name that another may bear"
        )
    for name, key, value in shown:
        if (key is Key.CODE or not coded) and not _SAME[key](value, key.of(subject)):
            raise NotTheSubject(
                f"“{item.label}”的{item.field(name).label}属于另一主体，不予采用 it is about another subject"
            )


_SAME: Mapping[Key, Callable[[str, str], bool]] = {
    Key.CODE: lambda value, asked: uscc.clean(value) == uscc.clean(asked),
    Key.NAME: lambda value, asked: naming.key(value) == naming.key(asked),
    Key.PLACE: lambda value, asked: without_blanks(value) == without_blanks(asked),
}
