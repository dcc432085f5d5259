"""信用信息共享清单, as this node carries it; public."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from rongxin.catalogue import export, json_schema, loader
from rongxin.disclosure import bands
from rongxin.entrypoints.api import authentication
from rongxin.sharing import item_sources

router = Router(tags=["清单 Catalogue"])


@router.get("", auth=None, summary="共享清单 The catalogue")
def document(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every item with its fields and channels."""
    return export.document()


@router.get(
    "/{item}/sources",
    auth=authentication.PROVIDER | authentication.STAFF,
    summary="信息项的来源 Who shares an item already",
)
def sources(request: HttpRequest, item: str) -> list[dict[str, Any]]:
    """Return the item's sources by level, that whose version of a record counts first, with the last batch of
    each: to be looked at before anybody is asked to hand it in.
    """
    caller = authentication.caller(request)
    return [source.document() for source in item_sources.of(loader.load().item(item), as_of=caller.at)]


@router.get("/{item}/schema", auth=None, summary="信息项的 JSON Schema")
def schema(request: HttpRequest, item: str) -> dict[str, Any]:
    """Return the JSON Schema of one item's rows; a figure shared by band alone has its provider's bands."""
    described = json_schema.of(loader.load().item(item))
    for name, field in described["properties"].items():
        if published := bands.of(item, name, on=timezone.localdate()):
            field["examples"] = list(published)
    return described
