"""Messages: made from the journal's news, listed, replayed, forgotten in time; `attempts` brings them out.

One message stands for one endpoint and one entry; its id is made of the two.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from rongxin.delivery.webhooks import attempts, endpoints, rules
from rongxin.delivery.webhooks.errors import NotPossible, UnknownWebhook
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import MessageState, Result, State
from rongxin.journal import entries, news
from rongxin.journal.news import News
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor

_log = logging.getLogger(__name__)

CONSUMER = "webhooks"
_NEWS_AT_ONCE = 200
_ROUNDS_MAX = 100  # of one fan-out: a worker that is far behind sends in between


# ---------------------------------------------------------------------- from news to messages


def fan_out(*, as_of: datetime) -> int:
    """Make the messages of what is new in the journal; return how many."""
    made = 0
    for _ in range(_ROUNDS_MAX):
        if not news.lag(CONSUMER):
            break
        with news.read(CONSUMER, rules.KINDS, entries_max=_NEWS_AT_ONCE) as found:
            made += _write(found, as_of=as_of)
    return made


def _write(found: Sequence[News], *, as_of: datetime) -> int:
    concerned = [(one, what) for one in found if (what := rules.told(one.kind, one.refs)) is not None]
    parties = {_party(one, what) for one, what in concerned}
    listening: dict[str, list[Webhook]] = {}
    known = Webhook.objects.filter(party__in=parties, from_leaf__isnull=False)
    for row in known.exclude(state=State.REMOVED.value):
        listening.setdefault(row.party, []).append(row)
    rows = [
        _message(one, what, row, as_of=as_of)
        for one, what in concerned
        for row in listening.get(_party(one, what), ())
        if what.type in row.types and one.index >= (row.from_leaf or 0)
        if one.refs.get("webhook") != str(row.id)
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _party(one: News, what: rules.Told) -> str:
    return f"{what.party}:{one.refs[what.party]}"


def _message(one: News, what: rules.Told, row: Webhook, *, as_of: datetime) -> Message:
    # What happens while an endpoint is off is kept as a dead letter: once it is back, a replay brings it.
    off = row.state == State.DISABLED
    return Message(
        id=rules.message_id(row.id, one.id),
        webhook=row,
        type=what.type,
        entry=one.id,
        body=rules.body(what.type, at=one.at, data=rules.data(what, one.refs)),
        state=(MessageState.DEAD if off else MessageState.WAITING).value,
        created_at=as_of,
        next_at=None if off else as_of,
        ended_at=as_of if off else None,
        last_result=Result.ENDPOINT_OFF.value if off else "",
    )


# ---------------------------------------------------------------------- looking, replaying, forgetting


def listed(
    webhook: UUID,
    *,
    party: str,
    state: MessageState | None = None,
    before: int | None = None,
    messages_max: int = 100,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return a party's messages of one endpoint, the newest first, and where the next page begins."""
    endpoints.get(webhook, party=party)
    rows = Message.objects.filter(webhook=webhook)
    if state is not None:
        rows = rows.filter(state=state.value)
    return _page(rows, before, messages_max)


def dead(*, before: int | None = None, messages_max: int = 100) -> tuple[list[dict[str, Any]], int | None]:
    """Return the dead letters of all endpoints for the operator, the newest first."""
    rows = Message.objects.filter(state=MessageState.DEAD.value).exclude(
        last_result=Result.REPLACED.value, type=rules.VERIFICATION
    )
    return _page(rows, before, messages_max)


def replay(
    webhook: UUID,
    *,
    message: str | None = None,
    since: datetime | None = None,
    dead_only: bool = False,
    actor: Actor,
    as_of: datetime,
) -> int:
    """Send one message again, or all that came since a moment, under their own ids; return how many.

    The endpoint has to be active: one that is off proves itself first (`endpoints.verify`).
    """
    if (message is None) == (since is None):
        raise NotPossible("请指明一条消息（message）或起始时间（since），二者择一")
    with transaction.atomic():
        row = _listening(webhook, actor)
        rows = row.messages.exclude(type=rules.VERIFICATION)
        if message is not None:
            rows = rows.filter(id=_id(message))
            if not rows.exists():
                raise UnknownWebhook(f"没有编号为{message[:40]}的消息，或已过保存期")
        if since is not None:
            rows = rows.filter(created_at__gte=since)
        over = Q(state=MessageState.DEAD.value)
        over |= Q() if dead_only else Q(state=MessageState.DELIVERED.value)
        count = _revive(rows.filter(over), as_of=as_of)
        kind, _, party = row.party.partition(":")
        refs: dict[str, str | int] = {
            "webhook": str(row.id),
            kind: party,
            "change": "replayed",
            "count": count,
        }
        entries.append(Kind.WEBHOOK_CHANGED, actor=actor, refs=refs, as_of=as_of)
    return count


def prune(*, policy: Policy, as_of: datetime) -> int:
    """Delete messages whose term is over, and what waited as long for an endpoint that never came back
    or an institution that was not served.
    """
    delivered = as_of - timedelta(days=policy.delivered_days)
    dead_since = as_of - timedelta(days=policy.dead_days)
    over = Q(state=MessageState.DELIVERED.value, ended_at__lt=delivered)
    over |= Q(state=MessageState.DEAD.value, ended_at__lt=dead_since)
    over |= Q(state=MessageState.WAITING.value, created_at__lt=dead_since) & (
        ~Q(webhook__state=State.ACTIVE.value) | Q(webhook__party__in=attempts.unserved(as_of=as_of))
    )
    return int(Message.objects.filter(over).delete()[0])


def _listening(webhook: UUID, actor: Actor) -> Webhook:
    own = Q() if actor.is_operator else Q(party=actor.party)
    row = Webhook.objects.select_for_update(no_key=True).filter(own, pk=webhook).first()
    if row is None or row.state == State.REMOVED:
        raise UnknownWebhook(f"没有编号为{webhook}的接收地址")
    if row.state != State.ACTIVE:
        raise NotPossible(f"接收地址{State(row.state).label}，请先完成验证再重发")
    return row


def _revive(rows: QuerySet[Message], *, as_of: datetime) -> int:
    numbers = list(rows.order_by("number").values_list("number", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_message SET state = 'waiting', next_at = %s, ended_at = NULL, failures = 0,"
            " replays = replays + 1 WHERE number = ANY(%s) AND state <> 'waiting'",
            [as_of, numbers],
        )
        return int(cursor.rowcount)


def _id(text: str) -> UUID:
    try:
        return UUID(text.removeprefix("msg_"))
    except ValueError:
        raise UnknownWebhook(f"没有编号为{text[:40]}的消息") from None


def _page(
    rows: QuerySet[Message], before: int | None, messages_max: int
) -> tuple[list[dict[str, Any]], int | None]:
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.select_related("webhook").order_by("-number")[: messages_max + 1])
    shown = found[:messages_max]
    return list(_documents(shown)), shown[-1].number if len(found) > messages_max else None


def _documents(rows: Iterable[Message]) -> Iterable[dict[str, Any]]:
    for row in rows:
        yield {
            "message": rules.public_id(row.id),
            "webhook": str(row.webhook_id),
            "party": row.webhook.party,
            "type": row.type,
            "state": row.state,
            "state_label": MessageState(row.state).label,
            "created_at": row.created_at,
            "next_at": row.next_at,
            "failures": row.failures,
            "replays": row.replays,
            "last_at": row.last_at,
            "last_result": row.last_result,
            "last_result_label": Result(row.last_result).label if row.last_result else "",
            "last_status": row.last_status,
            "ended_at": row.ended_at,
        }
