"""Messages: made from the journal's news, claimed by a worker, settled, listed, replayed, forgotten in time.

One message stands for one endpoint and one entry; its id is made of the two. A claim only puts the due time
off: whoever dies with it loses nothing, and the message goes out again under the same id (promise P9).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks.errors import NotPossible, UnknownWebhook
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import MessageState, Outcome, Result, State
from rongxin.journal import entries, news
from rongxin.journal.news import News
from rongxin.journal.rules import Kind
from rongxin.proof.errors import ProofError
from rongxin.vocabulary.actor import Actor

_log = logging.getLogger(__name__)

CONSUMER = "webhooks"
_NEWS_AT_ONCE = 200
_ROUNDS_MAX = 100  # of one fan-out: a worker that is far behind sends in between


@dataclass(frozen=True)
class Claim:
    """One attempt to make. `lease` tells it from a later attempt at the same message."""

    number: int
    id: UUID
    webhook: UUID
    type: str
    body: str
    failures: int
    url: str
    secrets: tuple[str, ...]
    lease: datetime


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


# ---------------------------------------------------------------------- attempts

_CLAIM = """
WITH busy AS (
    SELECT * FROM unnest(%(busy)s::uuid[], %(counts)s::int[]) AS b (webhook, attempts)
), due AS (
    SELECT m.number, m.next_at, row_number() OVER (PARTITION BY w.id ORDER BY m.next_at, m.number) AS place,
           CASE WHEN w.failing_since IS NULL THEN %(most)s ELSE 1 END - coalesce(busy.attempts, 0) AS room
    FROM delivery_webhook w
    LEFT JOIN busy ON busy.webhook = w.id
    CROSS JOIN LATERAL (
        SELECT number, next_at FROM delivery_message
        WHERE webhook_id = w.id AND state = 'waiting' AND next_at <= %(now)s
          AND (w.state = 'active' OR type = %(verification)s)
        ORDER BY next_at LIMIT %(most)s
    ) m
    WHERE w.state IN ('active', 'pending')
), chosen AS (
    SELECT number FROM due WHERE place <= room ORDER BY next_at LIMIT %(free)s
)
UPDATE delivery_message SET next_at = %(lease)s
FROM chosen
WHERE delivery_message.number = chosen.number AND state = 'waiting' AND delivery_message.next_at <= %(now)s
RETURNING delivery_message.number, id, webhook_id, type, body, failures
"""


def claim(free: int, *, each: int, busy: Mapping[UUID, int], policy: Policy, as_of: datetime) -> list[Claim]:
    """Take up to `free` due messages for an attempt each; `busy` says how many an endpoint has already.

    No endpoint gets more than `each` of them, and one that fails a single one, so that a receiver that hangs
    keeps nobody else waiting.
    """
    lease = as_of + timedelta(seconds=policy.lease_seconds)
    given: dict[str, Any] = {
        "busy": list(busy),
        "counts": list(busy.values()),
        "most": each,
        "verification": rules.VERIFICATION,
        "now": as_of,
        "lease": lease,
        "free": free,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rongxin.webhooks.claim'))")
        cursor.execute(_CLAIM, given)
        taken = cursor.fetchall()
        rows = Webhook.objects.in_bulk({row[2] for row in taken})
    secrets = {each: _secrets(row, as_of) for each, row in rows.items()}
    return [
        Claim(number, id, webhook, type, body, failures, rows[webhook].url, secrets[webhook], lease)
        for number, id, webhook, type, body, failures in taken
        if secrets[webhook]
    ]


def _secrets(row: Webhook, as_of: datetime) -> tuple[str, ...]:
    """None where they can't be opened: that endpoint waits for its key, and keeps no other waiting."""
    if row.secret is None:  # removed at this moment
        return ()
    try:
        return tuple(endpoints.secrets_of(row, as_of=as_of))
    except ProofError as error:
        _log.error("webhook %s: its secret can't be opened: %s", row.id, error)
        return ()


def give_back(claims: Sequence[Claim], *, as_of: datetime) -> None:
    """Let messages come due at once that were claimed and not tried."""
    numbers, leases = [each.number for each in claims], [each.lease for each in claims]
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, {"now": as_of, "numbers": numbers, "leases": leases})


_GIVE_BACK = """
UPDATE delivery_message m SET next_at = %(now)s
FROM unnest(%(numbers)s::bigint[], %(leases)s::timestamptz[]) AS given (number, lease)
WHERE m.number = given.number AND m.state = 'waiting' AND m.next_at = given.lease
"""
_DELIVERED = """
UPDATE delivery_message m
SET state = 'delivered', next_at = NULL, ended_at = %(now)s, last_at = %(now)s, last_result = 'accepted',
    last_status = done.status
FROM unnest(%(numbers)s::bigint[], %(statuses)s::int[]) AS done (number, status)
WHERE m.number = done.number AND m.state = 'waiting'
"""
# Only who still holds the lease may say that it failed: a later attempt may be under way.
_FAILED = """
UPDATE delivery_message m
SET failures = failures + 1, last_at = %(now)s, last_result = failed.result, last_status = failed.status,
    next_at = failed.again, ended_at = CASE WHEN failed.again IS NULL THEN %(now)s END,
    state = CASE WHEN failed.again IS NULL THEN 'dead' ELSE 'waiting' END
FROM unnest(%(numbers)s::bigint[], %(leases)s::timestamptz[], %(results)s::text[], %(statuses)s::int[],
            %(again)s::timestamptz[]) AS failed (number, lease, result, status, again)
WHERE m.number = failed.number AND m.state = 'waiting' AND m.next_at = failed.lease
"""


def settle(done: Sequence[tuple[Claim, Outcome]], *, policy: Policy, as_of: datetime) -> None:
    """Write down what came of attempts, and what that means for their endpoints."""
    accepted = [(each, outcome) for each, outcome in done if outcome.delivered]
    failed = [(each, outcome) for each, outcome in done if not outcome.delivered]
    with transaction.atomic():
        with connection.cursor() as cursor:
            if accepted:
                numbers = [each.number for each, _ in accepted]
                statuses = [outcome.status for _, outcome in accepted]
                cursor.execute(_DELIVERED, {"now": as_of, "numbers": numbers, "statuses": statuses})
            if failed:
                cursor.execute(_FAILED, {"now": as_of, **_failures(failed, policy, as_of)})
        _draw_conclusions(accepted, failed, policy=policy, as_of=as_of)


def _failures(failed: Sequence[tuple[Claim, Outcome]], policy: Policy, as_of: datetime) -> dict[str, Any]:
    return {
        "numbers": [each.number for each, _ in failed],
        "leases": [each.lease for each, _ in failed],
        "results": [outcome.result.value for _, outcome in failed],
        "statuses": [outcome.status for _, outcome in failed],
        "again": [_again(each, outcome, policy, as_of) for each, outcome in failed],
    }


def _again(each: Claim, outcome: Outcome, policy: Policy, as_of: datetime) -> datetime | None:
    if outcome.result is Result.GONE:
        return None
    wait = rules.retry_after(
        policy.retry_seconds,
        policy.jitter_share,
        each.id,
        each.failures + 1,
        outcome.retry_after_seconds,
    )
    return None if wait is None else as_of + wait


def _draw_conclusions(
    accepted: Sequence[tuple[Claim, Outcome]],
    failed: Sequence[tuple[Claim, Outcome]],
    *,
    policy: Policy,
    as_of: datetime,
) -> None:
    """Activate who answered the challenge, remember since when an endpoint fails, switch off who is gone."""
    for webhook in sorted({each.webhook for each, _ in accepted if each.type == rules.VERIFICATION}):
        endpoints.activate(webhook, as_of=as_of)
    well = {each.webhook for each, _ in accepted}
    ill = {each.webhook for each, _ in failed} - well
    Webhook.objects.filter(pk__in=well, failing_since__isnull=False).update(failing_since=None)
    active = Webhook.objects.filter(pk__in=ill, state=State.ACTIVE.value)
    active.filter(failing_since__isnull=True).update(failing_since=as_of)
    too_long = as_of - timedelta(hours=policy.disable_after_hours)
    for webhook in active.filter(failing_since__lte=too_long).values_list("id", flat=True):
        endpoints.disable(webhook, "failing", as_of=as_of)
    for webhook in sorted({each.webhook for each, outcome in failed if outcome.result is Result.GONE}):
        endpoints.disable(webhook, "gone", as_of=as_of)


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
    """Delete messages whose term is over, and what waited as long for an endpoint that never came back."""
    delivered = as_of - timedelta(days=policy.delivered_days)
    dead_since = as_of - timedelta(days=policy.dead_days)
    over = Q(state=MessageState.DELIVERED.value, ended_at__lt=delivered)
    over |= Q(state=MessageState.DEAD.value, ended_at__lt=dead_since)
    over |= Q(state=MessageState.WAITING.value, created_at__lt=dead_since) & ~Q(
        webhook__state=State.ACTIVE.value
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
