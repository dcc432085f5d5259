"""列映射: a provider's own column names, looked at first, then saved; the operator may do it too ((五))."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, File, Form, Query, Router
from ninja.files import UploadedFile

from rongxin.entrypoints.api import authentication, batches, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.aggregation import mapping_preview, saved_mappings

router = Router(tags=["列映射 Column mappings"])
_EITHER = authentication.PROVIDER | authentication.DESK | authentication.SYSTEM


@router.get("", auth=_EITHER, summary="已保存的列映射 Saved mappings")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    item: str | None = None,
    provider: str | None = None,
) -> list[dict[str, Any]]:
    """Return every version, the newest first: a provider's own, or the operator's
    choice.
    """
    caller = authentication.caller(request)
    whose = (
        provider if caller.party_kind is PartyKind.OPERATOR and provider is None else _whose(caller, provider)
    )
    rows = [_card(card) for card in saved_mappings.listed(provider=whose, item=item, as_of=caller.at)]
    return paging.whole(request, answer, wanted, rows, "-saved_at", "provider", "item", "version")


@router.post("/preview", auth=_EITHER, summary="预览 Preview a file")
def preview(
    request: HttpRequest,
    item: Form[str],
    file: File[UploadedFile],
    mapping: Form[str | None] = None,
    provider: Form[str | None] = None,
    rows: Form[int] = mapping_preview.ROWS,
) -> dict[str, Any]:
    """Return a file's first rows as they would be filed, by `mapping` (JSON) or by the one in force; nothing
    is kept. `rows`: how many, at most 100.
    """
    caller = authentication.caller(request)
    document = _parsed(mapping) if mapping is not None else None
    with batches.on_disk(file) as path:
        return mapping_preview.of(
            path,
            item=item,
            provider=_whose(caller, provider),
            document=document,
            file_name=file.name,
            rows=rows,
            as_of=caller.at,
        )


@router.post("/suggestion", auth=_EITHER, summary="起草列映射 Draft a mapping")
def suggestion(
    request: HttpRequest, item: Form[str], file: File[UploadedFile], provider: Form[str | None] = None
) -> dict[str, Any]:
    """Return a mapping to begin with from a file's headers, and what it leaves open."""
    caller = authentication.caller(request)
    whose = _whose(caller, provider)
    with batches.on_disk(file) as path:
        return mapping_preview.suggestion(
            path, item=item, provider=whose, file_name=file.name, as_of=caller.at
        )


@router.put("/{item}", auth=_EITHER, summary="保存列映射 Save a mapping")
def save(
    request: HttpRequest, item: str, body: Body[dict[str, Any]], provider: str | None = None
) -> dict[str, Any]:
    """Save the next version; files that come later are read by it.

    `columns`: header → field, or an object of field, unit (元, 万元), date_order (dmy, mdy) and values
    (word → the catalogue's). `constants`: field → the text of every row.
    """
    caller = authentication.caller(request)
    return _card(
        saved_mappings.save(
            body, item=item, provider=_whose(caller, provider), actor=caller.actor, as_of=caller.at
        )
    )


@router.delete("/{item}", auth=_EITHER, summary="终止列映射 End a mapping")
def end(request: HttpRequest, item: str, provider: str | None = None) -> dict[str, Any]:
    """Have later files read by the catalogue's own names again; what was filed stays as it is."""
    caller = authentication.caller(request)
    whose = _whose(caller, provider)
    return _card(saved_mappings.end(item=item, provider=whose, actor=caller.actor, as_of=caller.at))


def _whose(caller: Caller, provider: str | None) -> str:
    """Return whose mapping it is: a provider's is its own, whatever it asks for."""
    if caller.party_kind is PartyKind.OPERATOR:
        if provider is None:
            raise Problem(422, "provider_missing", "列映射属于数据提供单位：请以 provider 指明单位")
        return provider
    if provider not in (None, caller.party):
        raise Problem(403, "not_permitted", "数据提供单位只能查看和保存本单位的列映射")
    return caller.party


def _parsed(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(
            422, "mapping_invalid", "mapping 不是有效的 JSON，请核对", where="mapping", detail=str(error)
        ) from error
    return {} if document is None else document


def _card(card: saved_mappings.Card) -> dict[str, Any]:
    return {
        "provider": card.provider,
        "item": card.item,
        "version": card.version,
        "in_force": card.in_force,
        "unchanged": card.unchanged,
        "mapping": card.document,
        "saved_at": card.saved_at.isoformat(),
        "saved_by": card.saved_by,
    }
