"""逐行更正: a provider corrects, ends or takes back one row of its own batch ((五)(九))."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router, Schema
from pydantic import Field

from rongxin.entrypoints.api import acts, authentication, paging
from rongxin.sharing.aggregation import row_changes

router = Router(tags=["逐行更正 Rows"])
Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class Correction(Schema):
    """`values`: by the column's label or field name, the new text as a file would hold it; "" empties it."""

    values: dict[str, str]
    reason: Reason


class Ending(Schema):
    why: Literal["removed", "over"]
    reason: Reason


class TakingBack(Schema):
    reason: Reason


@router.get("/{batch_id}", auth=authentication.PROVIDER, summary="逐行更正记录 Changes of single rows")
def changes(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], batch_id: UUID
) -> list[dict[str, Any]]:
    acts.own(request, batch_id)
    rows = row_changes.of_batch(batch_id)
    return paging.whole(request, answer, wanted, rows, "-at", "line", "act")


@router.post("/{batch_id}/{line}/correct", auth=authentication.PROVIDER, summary="更正一行 Correct a row")
def correct(request: HttpRequest, batch_id: UUID, line: int, body: Correction) -> HttpResponse:
    """File the row anew with these values: the whole is checked like a file's; the answer is its receipt."""
    receipt = acts.ask_on_own(
        request, "row.correct", batch_id, line=line, values=body.values, reason=body.reason
    )
    return JsonResponse(receipt, status=201)


@router.post("/{batch_id}/{line}/end", auth=authentication.PROVIDER, summary="终止一行 End a row")
def end(request: HttpRequest, batch_id: UUID, line: int, body: Ending) -> HttpResponse:
    """Say that the record no longer stands; a later full export doesn't bring it back."""
    done = acts.ask_on_own(request, "row.end", batch_id, line=line, why=body.why, reason=body.reason)
    return JsonResponse(done)


@router.post("/{batch_id}/end", auth=authentication.PROVIDER, summary="终止一个批次 End a batch's rows")
def end_batch(request: HttpRequest, batch_id: UUID, body: Ending) -> HttpResponse:
    """Say that none of the batch's records that still count stands any longer, its corrections' included."""
    done = acts.ask_on_own(request, "batch.end", batch_id, why=body.why, reason=body.reason)
    return JsonResponse(done)


@router.post("/{batch_id}/{line}/withdraw", auth=authentication.PROVIDER, summary="撤回一行 Withdraw a row")
def withdraw(request: HttpRequest, batch_id: UUID, line: int, body: TakingBack) -> HttpResponse:
    """Take the row back as if it had never come; what it had replaced counts again."""
    done = acts.ask_on_own(request, "row.withdraw", batch_id, line=line, reason=body.reason)
    return JsonResponse(done)
