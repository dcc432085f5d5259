"""事件通知: an institution or provider is told of its events at a URL of its own (Standard Webhooks)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from rongxin.delivery.webhooks import endpoints, messages, rules, signatures
from rongxin.delivery.webhooks.endpoints import Issued
from rongxin.delivery.webhooks.rules import MessageState
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.authentication import Caller
from rongxin.journal import keyring

router = Router(tags=["事件通知 Webhooks"])
_EITHER = authentication.INSTITUTION | authentication.PROVIDER


class Wish(Schema):
    url: str = Field(max_length=500, description="https 网址；平台先以 challenge 验证，应答须原样带回")
    events: list[str] = Field(max_length=50, description="事件类型，见 GET /webhooks/events")


class Changes(Schema):
    url: str | None = Field(None, max_length=500)
    events: list[str] | None = Field(None, max_length=50)


class Replay(Schema):
    """One message by its id, or all that were made since a moment."""

    message: str | None = Field(None, max_length=64)
    since: datetime | None = None
    dead_only: bool = False


@router.get("/events", auth=_EITHER, summary="可订阅的事件 Types of events")
def events(request: HttpRequest) -> list[dict[str, str]]:
    kind = authentication.caller(request).party_kind.value
    return [{"event": name, "label": label} for name, label in rules.types_for(kind).items()]


@router.get("/key", auth=_EITHER, summary="平台验签公钥 The key of v1a signatures")
def key(request: HttpRequest) -> dict[str, str]:
    """Return the node's Ed25519 key, by which `v1a` signatures are checked; `v1` goes by the secret."""
    return {"key": signatures.public_key(keyring.node_key().public)}


@router.post("", auth=_EITHER, response={201: dict[str, Any]}, summary="登记接收地址 Register")
def register(request: HttpRequest, wish: Wish) -> Status[dict[str, Any]]:
    """Register a URL. The secret is shown this once; events come once the challenge is answered."""
    caller = authentication.caller(request)
    made = endpoints.register(wish.url, wish.events, actor=caller.actor, as_of=caller.at)
    return Status(201, _with_secret(made))


@router.get("", auth=_EITHER, summary="接收地址 My webhooks")
def mine(request: HttpRequest) -> list[dict[str, Any]]:
    return [card.document() for card in endpoints.of_party(_party(authentication.caller(request)))]


@router.get("/{webhook}", auth=_EITHER, summary="一个接收地址 One webhook")
def show(request: HttpRequest, webhook: UUID) -> dict[str, Any]:
    return endpoints.get(webhook, party=_party(authentication.caller(request))).document()


@router.patch("/{webhook}", auth=_EITHER, summary="变更 Change")
def change(request: HttpRequest, webhook: UUID, changes: Changes) -> dict[str, Any]:
    """Change URL or events; a new URL is told of nothing until it has answered the challenge."""
    caller = authentication.caller(request)
    return endpoints.change(
        webhook, url=changes.url, types=changes.events, actor=caller.actor, as_of=caller.at
    ).document()


@router.delete("/{webhook}", auth=_EITHER, summary="移除 Remove")
def remove(request: HttpRequest, webhook: UUID) -> dict[str, Any]:
    caller = authentication.caller(request)
    return endpoints.remove(webhook, actor=caller.actor, as_of=caller.at).document()


@router.post("/{webhook}/verify", auth=_EITHER, summary="重新验证 Send the challenge again")
def verify(request: HttpRequest, webhook: UUID) -> dict[str, Any]:
    caller = authentication.caller(request)
    return endpoints.verify(webhook, actor=caller.actor, as_of=caller.at).document()


@router.post("/{webhook}/rotate", auth=_EITHER, summary="更换密钥 New secret")
def rotate(request: HttpRequest, webhook: UUID) -> dict[str, Any]:
    """Give it a new secret, shown this once; for a day both sign."""
    caller = authentication.caller(request)
    return _with_secret(endpoints.rotate(webhook, actor=caller.actor, as_of=caller.at))


@router.get("/{webhook}/deliveries", auth=_EITHER, summary="投递记录 Deliveries")
def deliveries(
    request: HttpRequest,
    webhook: UUID,
    state: MessageState | None = None,
    cursor: int | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """List messages, the newest first; `next` is the cursor of the page that follows, null on the last."""
    found, following = messages.listed(
        webhook,
        party=_party(authentication.caller(request)),
        state=state,
        before=None if cursor is None else max(0, min(cursor, 2**63 - 1)),
        messages_max=max(1, min(limit, 500)),
    )
    return {"deliveries": found, "next": following}


@router.post("/{webhook}/replay", auth=_EITHER, summary="重发 Replay")
def replay(request: HttpRequest, webhook: UUID, wish: Replay) -> dict[str, int]:
    """Send one message again, or all since a moment, under the same id; one that waits is left alone."""
    caller = authentication.caller(request)
    since = wish.since
    count = messages.replay(
        webhook,
        message=wish.message,
        since=timezone.make_aware(since) if since and timezone.is_naive(since) else since,
        dead_only=wish.dead_only,
        actor=caller.actor,
        as_of=caller.at,
    )
    return {"replayed": count}


def _with_secret(made: Issued) -> dict[str, Any]:
    return {**made.card.document(), "secret": made.secret}


def _party(caller: Caller) -> str:
    return caller.actor.party
