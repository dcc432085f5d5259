"""The least body that an operation's own document calls valid."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

_FORMATS = {"date": "2026-12-01", "date-time": datetime(2026, 12, 1, tzinfo=UTC).isoformat()}


def least(document: dict[str, Any], operation: dict[str, Any]) -> tuple[Any, str]:
    """Return a body and its media type; ({}, JSON) where the operation takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    for media, described in content.items():
        return _value(document, described["schema"]), media
    return {}, "application/json"


def _value(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _value(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for many in ("anyOf", "allOf", "oneOf"):
        if many in schema:
            return _value(document, schema[many][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", [])
        return {name: _value(document, schema["properties"][name]) for name in wanted}
    if kind == "array":
        return [_value(document, schema["items"])] * schema.get("minItems", 0)
    if kind == "string":
        return _text(schema)
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1, "boolean": False}.get(str(kind))


def _text(schema: dict[str, Any]) -> str:
    if schema.get("format") == "uuid":
        return str(uuid4())
    if "{64}" in schema.get("pattern", ""):
        return "a" * 64
    return _FORMATS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
