"""物理归集: a provider hands in a file, follows it, reads its receipt, takes rejects home or the batch
back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.core.files import uploadedfile
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile

from rongxin.entrypoints.api import acts, authentication, paging
from rongxin.scratch import folders
from rongxin.sharing import jobs
from rongxin.sharing.aggregation import batches, holding, outcomes
from rongxin.sharing.rules import Mode, RowOutcome, Status

router = Router(tags=["报送 Batches"])


@router.post("", auth=authentication.PROVIDER, summary="报送文件 Hand in a file")
def submit(
    request: HttpRequest,
    item: Form[str],
    file: File[UploadedFile],
    mode: Form[Mode] = Mode.INCREMENT,
    listed_on: Form[date | None] = None,
) -> HttpResponse:
    """Take in a file and file it in the background: 202 with the batch, 200 when the same file is known
    already.
    """
    caller = authentication.caller(request)
    with on_disk(file) as path:
        batch_id, repeated = batches.receive(
            path,
            item=item,
            provider=caller.party,
            actor=caller.actor,
            as_of=caller.at,
            file_name=file.name,
            then=jobs.defer,
            mode=mode,
            listed_on=listed_on,
        )
    return _json(_state(batch_id) | {"repeated": repeated}, 200 if repeated else 202)


@router.get("", auth=authentication.PROVIDER, summary="我的批次 My batches")
def latest(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    find: paging.Find = "",
    item: str | None = None,
    status: Status | None = None,
) -> list[dict[str, Any]]:
    """List the batches that the provider handed in, the newest first: those with this in the file's name
    (`find`), of an item, in a status.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    part = batches.part_of(window, provider=caller.party, find=find, item=item, status=status)
    paging.link(request, answer, part)
    return [_card(card) for card in part.rows]


@router.get("/held", auth=authentication.DESK | authentication.AUDIT, summary="待复核的批次 Held batches")
def held(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """Return the batches that wait for a second person, with what was found."""
    return paging.whole(request, answer, wanted, holding.waiting(), "received_at", "batch")


@router.post("/{batch_id}/release", auth=authentication.CHECKER, summary="放行 Release a held batch")
def release(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Let a held batch in; a worker files it. Whoever handed it in may not."""
    caller = authentication.caller(request)
    holding.approve(batch_id, actor=caller.actor, as_of=caller.at, then=jobs.defer_released)
    return _json(_card(batches.get(batch_id)), 202)


class Refusal(Schema):
    reason: str


@router.post("/{batch_id}/refuse", auth=authentication.DESK, summary="退回 Refuse a held batch")
def refuse(request: HttpRequest, batch_id: UUID, body: Refusal) -> HttpResponse:
    """Hand a held batch back as a whole, with the reason."""
    caller = authentication.caller(request)
    holding.refuse(batch_id, reason=body.reason, actor=caller.actor, as_of=caller.at)
    return _json(_card(batches.get(batch_id)), 200)


@router.get("/{batch_id}", auth=authentication.PROVIDER, summary="批次与回执 A batch and its receipt")
def show(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    acts.own(request, batch_id)
    return _json(_state(batch_id), 200)


@router.get("/{batch_id}/rows", auth=authentication.PROVIDER, summary="未入库的行 Rows not simply filed")
def rows(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    batch_id: UUID,
    find: paging.Find = "",
    outcome: RowOutcome | None = None,
) -> list[dict[str, Any]]:
    """List the rows that came back, wait or were known already, in the order of lines, each with its reason
    and without what it held; `find`: those whose rule or reason says this.
    """
    acts.own(request, batch_id)
    part = outcomes.part_of(batch_id, paging.window(request, wanted), find=find, outcome=outcome)
    paging.link(request, answer, part)
    return [
        {
            "line": row.line,
            "outcome": row.outcome.value,
            "outcome_label": row.outcome.label,
            "rule": row.rule,
            "reason": row.message,
        }
        for row in part.rows
    ]


@router.get("/{batch_id}/rejects.csv", auth=authentication.PROVIDER, summary="退回的行 Rejected rows")
def rejects(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Return rejected rows with their own columns and the reason, to be corrected and handed in again."""
    acts.own(request, batch_id)
    answer = HttpResponse(outcomes.rejects_csv(batch_id), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rejects-{batch_id}.csv"'
    return answer


@router.get("/{batch_id}/known", auth=authentication.PROVIDER, summary="已由他方共享的行 Rows shared already")
def known(request: HttpRequest, batch_id: UUID, after: int = 0) -> list[dict[str, Any]]:
    """Return, a thousand at a time from the line behind `after` on, the rows that needn't be handed in: who
    shares them, by which batch, since when.
    """
    acts.own(request, batch_id)
    return outcomes.known_of(batch_id, after=after)


@router.post("/{batch_id}/withdraw", auth=authentication.PROVIDER, summary="撤回批次 Withdraw a batch")
def withdraw(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    return acts.ask_on_own(request, "batch.withdraw", batch_id)


@contextmanager
def on_disk(file: uploadedfile.UploadedFile[Any]) -> Iterator[Path]:
    """Give an upload a path: the readers work on files, however large."""
    with folders.own(Path(settings.RONGXIN_VAR), "upload") as folder:
        path = folder / "file"
        with path.open("xb") as copy:
            shutil.copyfileobj(file, copy)
        yield path


def _state(batch_id: UUID) -> dict[str, Any]:
    receipt = batches.receipt_of(batch_id)
    return _card(batches.get(batch_id)) | {"receipt": receipt.document() if receipt else None}


def _card(card: batches.Card) -> dict[str, Any]:
    return {
        "batch": card.id,
        "item": card.item,
        "file_name": card.file_name,
        "status": card.status.value,
        "status_label": card.status.label,
        "received_at": card.received_at,
        "refusal": card.refusal,
        "mode": card.mode.value,
        "mapping": card.mapping,
        "held_for": card.held_for,
    }


def _json(body: dict[str, Any], status: int) -> HttpResponse:

    return HttpResponse(
        orjson.dumps(body, default=str), status=status, content_type="application/json; charset=utf-8"
    )
