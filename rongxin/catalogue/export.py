"""The catalogue as one JSON document, for whoever does not read YAML."""

from __future__ import annotations

from typing import Any

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Channel, Field, Item


def document(catalogue: loader.Catalogue | None = None) -> list[dict[str, Any]]:
    """Give every item with its fields and channels, JSON-ready."""
    return [_item(item) for item in (catalogue or loader.load()).items.values()]


def _item(item: Item) -> dict[str, Any]:
    return {
        "item": item.item,
        "label": item.label,
        "category": item.category,
        "category_label": item.category_label,
        "subject_key": list(item.subject_key),
        "record_key": list(item.record_key),
        "fields": [_field(field) for field in item.fields],
        "channels": [_channel(item, channel) for channel in item.channels],
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "annex": field.annex,
        "type": field.type,
        "whose": field.whose.value,
        "consent": field.consent,
        "openness": field.openness.value,
        "classification_level": field.classification_level,
    }


def _channel(item: Item, channel: Channel) -> dict[str, Any]:
    return {
        "mode": channel.mode.value,
        "levels": [level.value for level in channel.levels],
        "consent": channel.consent,
        "fields": list(item.fields_of(channel)),
        "where": channel.where and {"field": channel.where.field, "equals": channel.where.equals},
        "provider": channel.provider,
        "responsible": channel.responsible,
        "due": channel.due,
        "edition": channel.edition,
    }
