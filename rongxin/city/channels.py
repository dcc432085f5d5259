"""What the catalogue says about files: which fields a department sends and under which headers."""

from __future__ import annotations

from dataclasses import dataclass

from rongxin.catalogue.schema import Channel, Item
from rongxin.vocabulary.sharing_mode import SharingMode


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a department's file: its header, the field in it, whether it counts in 万元."""

    header: str
    field: str
    in_10k: bool = False


def of_channel(item: Item, channel: Channel) -> tuple[str, ...]:
    """The fields a channel carries, those first that say whose row it is."""
    return tuple(dict.fromkeys((*item.subject_key, *item.fields_of(channel))))


def called(item: Item) -> tuple[Channel, ...]:
    """The channels by which the item is called or checked at its provider."""
    return tuple(channel for channel in item.channels if channel.mode is not SharingMode.PHYSICAL_AGGREGATION)


def columns(item: Item, headers: str, fields: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of a file: headers by label, by our name, or by a prefix of the item's 双公示 layout."""
    if headers == "name":
        return tuple(Column(name, name) for name in fields)
    if headers == "label":
        return tuple(Column(item.column(name).label, name) for name in fields)
    layout, prefix = headers.split(":")
    found: dict[str, Column] = {}
    for header, target in item.layouts[layout].items():
        if header.startswith(prefix):
            found.setdefault(target.field, Column(header, target.field, target.unit == "10k_cny"))
    return tuple(found[name] for name in fields)
