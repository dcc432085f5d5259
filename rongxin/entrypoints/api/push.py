"""批量推送: an institution subscribes, fetches, acknowledges; the operator may stop it ((六)(十))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from rongxin.delivery.push import runs, subscriptions
from rongxin.delivery.push.rules import INTERVAL_HOURS_MAX, KINDS_BY_DEFAULT, Act, Form, Terms
from rongxin.entrypoints.api import authentication, paging, problems
from rongxin.journal import keyring
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.subject_kind import SubjectKind

router = Router(tags=["批量推送 Batch push"])
_EITHER = authentication.INSTITUTION | authentication.SYSTEM | authentication.SECURITY | authentication.AUDIT
_Said = Annotated[str, Field(min_length=1, max_length=500)]
_BLOCK = 1 << 20
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_TYPES = {".parquet": "application/vnd.apache.parquet", ".csv": "text/csv; charset=utf-8"}
_TYPES |= {".json": "application/json", ".jws": "application/jose"}


class TermsIn(Schema):
    """What is subscribed to; empty regions, sizes and industries stand for all. Public information only."""

    items: list[str] = Field(min_length=1, max_length=100, description="信息项")
    reference: str = Field(min_length=1, max_length=128, description="本机构的业务编号")
    basis: _Said = Field(description="推送依据：接入协议或规定的条款")
    regions: list[str] = Field([], max_length=1000, description="行政区划代码，含其下级")
    sizes: list[str] = Field([], description="企业划型；unknown 为登记信息中未载明")
    industries: list[str] = Field([], max_length=500, description="国民经济行业代码；unknown 为未载明")
    kinds: list[SubjectKind] = Field(list(KINDS_BY_DEFAULT), description="主体类型，缺省不含个体工商户")
    individuals_basis: str = Field("", max_length=500, description="包含个体工商户的依据，须经平台确认")
    form: Form = Form.PARQUET
    interval_hours: int = Field(24, ge=1, le=INTERVAL_HOURS_MAX)

    def terms(self) -> Terms:
        said: dict[str, Any] = self.dict()
        given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in said.items()}
        return Terms(**given | {"items": tuple(dict.fromkeys(self.items))})


class PushReason(Schema):
    reason: _Said


class Confirmed(PushReason):
    version: int = Field(ge=1, description="所确认的条款版本")


class Again(Schema):
    full: bool = Field(False, description="从头推送 begin anew with a full file")


class Received(Schema):
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="已核验的 manifest.json 的 SHA-256")


@router.get("/subscriptions", auth=_EITHER, summary="推送订阅 Subscriptions")
def subscribed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]
) -> list[dict[str, Any]]:
    """List the caller's subscriptions, the operator all; the newest first."""
    part = subscriptions.part_of(paging.window(request, wanted), _own(request))
    paging.link(request, answer, part)
    return [card.document() for card in part.rows]


@router.post("/subscriptions", auth=authentication.INSTITUTION, summary="订阅 Subscribe")
def subscribe(request: HttpRequest, wanted: TermsIn) -> dict[str, Any]:
    """Subscribe; the worker makes the first, full push within a minute."""
    caller = authentication.caller(request)
    card = subscriptions.subscribe(caller.party, wanted.terms(), actor=caller.actor, as_of=caller.at)
    return card.document()


@router.put("/subscriptions/{subscription}", auth=authentication.INSTITUTION, summary="变更订阅 Change")
def change(request: HttpRequest, subscription: UUID, wanted: TermsIn) -> dict[str, Any]:
    """Set new terms as the next version; the next push takes back what no longer belongs to them."""
    caller = authentication.caller(request)
    card = subscriptions.change(
        subscription, wanted.terms(), institution=caller.party, actor=caller.actor, as_of=caller.at
    )
    return card.document()


@router.post("/subscriptions/{subscription}/end", auth=authentication.INSTITUTION, summary="终止订阅 End")
def end(request: HttpRequest, subscription: UUID) -> dict[str, Any]:
    """End the caller's subscription for good."""
    caller = authentication.caller(request)
    card = subscriptions.move(
        subscription, Act.END, institution=caller.party, actor=caller.actor, as_of=caller.at
    )
    return card.document()


@router.post(
    "/subscriptions/{subscription}/run", auth=authentication.INSTITUTION, summary="请求推送 Ask for a run"
)
def run(request: HttpRequest, subscription: UUID, again: Again) -> dict[str, Any]:
    """Ask for a push out of turn; it appears among the runs."""
    caller = authentication.caller(request)
    card = subscriptions.request(
        subscription, institution=caller.party, full=again.full, actor=caller.actor, as_of=caller.at
    )
    return card.document()


@router.post(
    "/subscriptions/{subscription}/confirm", auth=authentication.SECURITY, summary="确认订阅 Confirm"
)
def confirm(request: HttpRequest, subscription: UUID, body: Confirmed) -> dict[str, Any]:
    """Confirm that terms which include individual businesses have a basis; until then nothing is pushed."""
    caller = authentication.caller(request)
    card = subscriptions.confirm(
        subscription, body.version, why=body.reason, actor=caller.actor, as_of=caller.at
    )
    return card.document()


@router.post("/subscriptions/{subscription}/stop", auth=authentication.SECURITY, summary="停止推送 Stop")
def stop(request: HttpRequest, subscription: UUID, body: PushReason) -> dict[str, Any]:
    """Stop a subscription at once: no run is made, no file is given, of those that lie ready neither."""
    return _moved(request, subscription, Act.STOP, body.reason)


@router.post("/subscriptions/{subscription}/resume", auth=authentication.SECURITY, summary="恢复推送 Resume")
def resume(request: HttpRequest, subscription: UUID, body: PushReason) -> dict[str, Any]:
    """Let a stopped subscription go on."""
    return _moved(request, subscription, Act.RESUME, body.reason)


@router.get("/runs", auth=_EITHER, summary="推送列表 Runs")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    subscription: UUID | None = None,
) -> list[dict[str, Any]]:
    """List the caller's runs, the operator all; the newest first."""
    window = paging.window(request, wanted)
    part = runs.part_of(window, _own(request), subscription=subscription)
    paging.link(request, answer, part)
    return [card.document() for card in part.rows]


@router.get("/runs/{run}", auth=_EITHER, summary="一次推送 One run")
def one(request: HttpRequest, run: UUID) -> dict[str, Any]:
    """Return one run of the caller's; the operator may see any, but fetch none."""
    return runs.get(run, institution=_own(request)).document()


@router.get("/runs/{run}/files/{name}", auth=authentication.INSTITUTION, summary="下载文件 Fetch a file")
def fetch(request: HttpRequest, run: UUID, name: str) -> HttpResponseBase:
    """Give manifest.json, manifest.jws or a part of a ready run; `Range` takes up a broken download."""
    caller = authentication.caller(request)
    path = runs.fetch(run, name, institution=caller.party, actor=caller.actor, as_of=caller.at)
    return served(request, path, etag=f'"{run}/{name}"')


@router.post("/runs/{run}/acknowledge", auth=authentication.INSTITUTION, summary="确认收到 Acknowledge")
def acknowledge(request: HttpRequest, run: UUID, received: Received) -> dict[str, Any]:
    """Say that the run is here, whole and verified; take it in after that. The next one builds on it."""
    caller = authentication.caller(request)
    card = runs.acknowledge(
        run, received.manifest_sha256, institution=caller.party, actor=caller.actor, as_of=caller.at
    )
    return card.document()


@router.get("/key", auth=_EITHER, summary="推送签名的公钥 The public key of pushes")
def key(request: HttpRequest) -> dict[str, str]:
    """Return the node's key (PEM) that signs manifests."""
    signing = keyring.node_key()
    return {"id": signing.id, "pem": signing.public.pem()}


def _own(request: HttpRequest) -> str | None:
    """Whose things the caller may see: its own, or everybody's where it is the operator."""
    caller = authentication.caller(request)
    return None if caller.party_kind is PartyKind.OPERATOR else caller.party


def _moved(request: HttpRequest, subscription: UUID, act: Act, why: str) -> dict[str, Any]:
    caller = authentication.caller(request)
    card = subscriptions.move(
        subscription, act, institution=None, why=why, actor=caller.actor, as_of=caller.at
    )
    return card.document()


def served(request: HttpRequest, path: Path, *, etag: str) -> HttpResponseBase:
    """Give a file, or the one range of it that is asked for (RFC 9110 §14); a run's files never change."""
    size = path.stat().st_size
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = 0, size - 1
    if asked and asked.group(0) != "bytes=-" and request.headers.get("If-Range", etag) == etag:
        if asked.group(1):
            first, last = int(asked.group(1)), min(int(asked.group(2) or last), last)
        else:
            first = max(size - int(asked.group(2)), 0)
        if first > last:
            problem = problems.response(
                416, "range_not_satisfiable", f"文件只有 {size} 字节，没有所请求的部分"
            )
            problem["Content-Range"] = f"bytes */{size}"
            return problem
    else:
        asked = None
    answer = StreamingHttpResponse(
        _blocks(path, first, last - first + 1),
        status=206 if asked else 200,
        content_type=_TYPES.get(path.suffix, "application/octet-stream"),
    )
    answer["Accept-Ranges"], answer["ETag"], answer["Content-Length"] = "bytes", etag, str(last - first + 1)
    answer["Content-Disposition"], answer["Cache-Control"] = f'attachment; filename="{path.name}"', "no-store"
    if asked:
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _blocks(path: Path, first: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while length > 0 and (block := file.read(min(_BLOCK, length))):
            length -= len(block)
            yield block
