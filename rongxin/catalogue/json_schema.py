"""JSON Schema (2020-12) of a stored record of an item."""

from __future__ import annotations

from typing import Any

from rongxin.catalogue import codelists
from rongxin.catalogue.field_type import Column
from rongxin.catalogue.schema import Field, Item

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def of(item: Item) -> dict[str, Any]:
    """Describe the payload of one record: catalogue field name → stored form."""
    return {
        "$schema": _DIALECT,
        "$id": f"urn:rongxin:item:{item.item}:{item.version}",
        "title": item.label,
        "description": item.label_en,
        "type": "object",
        "properties": {field.name: of_field(field) for field in item.fields},
        "required": [field.name for field in item.fields if field.required],
        "additionalProperties": False,
    }


def of_field(field: Field) -> dict[str, Any]:
    """Describe the stored form of one field."""
    schema = {"title": field.label, **field.field_type.json_schema()}
    if field.description:
        schema["description"] = field.description
    if field.values is not None:
        schema["enum"] = list(field.values)
    if field.codes is not None:
        codes = codelists.get(field.codes)
        if codes.finer is None:
            schema["enum"] = [entry.code for entry in codes.codes]
        else:  # a finer code of the standard is a value too, so the list cannot be closed
            schema["examples"] = [entry.code for entry in codes.codes[:3]]
    if field.field_type.column in (Column.INTEGER, Column.YEAR):
        if field.min is not None:
            schema["minimum"] = int(field.min)
        if field.max is not None:
            schema["maximum"] = int(field.max)
    return schema
