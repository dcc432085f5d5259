"""信用信息共享清单, as this node carries it; public."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from rongxin.catalogue import export, json_schema, loader

router = Router(tags=["清单 Catalogue"])


@router.get("", auth=None, summary="共享清单 The catalogue")
def document(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every item with its fields and channels."""
    return export.document()


@router.get("/{item}/schema", auth=None, summary="信息项的 JSON Schema")
def schema(request: HttpRequest, item: str) -> dict[str, Any]:
    """Return the JSON Schema of one item's rows."""
    return json_schema.of(loader.load().item(item))
