"""Attempts: a worker claims due messages, tries them, and writes down what came of it.

A claim only puts the due time off: whoever dies with it loses nothing, and the message goes out again under
the same id (promise P9). Endpoints are locked before their messages, here as in `endpoints`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks.models import Webhook
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import Outcome, Result, State
from rongxin.delivery.webhooks.standing import Why
from rongxin.parties import institutions
from rongxin.proof.errors import ProofError

_log = logging.getLogger(__name__)
Done = tuple["Claim", Outcome]


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
          AND (w.party <> ALL(%(unserved)s) OR type = ANY(%(to_unserved)s))
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
    keeps nobody else waiting. What an institution may not be told now waits until it is served again.
    """
    lease = as_of + timedelta(seconds=policy.lease_seconds)
    given: dict[str, Any] = {
        "busy": list(busy),
        "counts": list(busy.values()),
        "most": each,
        "verification": rules.VERIFICATION,
        "unserved": unserved(as_of=as_of),
        "to_unserved": list(rules.TO_UNSERVED),
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


def unserved(*, as_of: datetime) -> list[str]:
    """Return the parties that are told nothing but `rules.TO_UNSERVED`."""
    return [f"institution:{one}" for one in institutions.unserved(as_of=as_of)]


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
RETURNING m.number
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
RETURNING m.number
"""


def settle(done: Sequence[Done], *, policy: Policy, as_of: datetime) -> None:
    """Write down what came of attempts, and what that means for their endpoints.

    What was replaced meanwhile, lost its lease or went to a URL that is the endpoint's no more says nothing
    about the endpoint: an old challenge proves no new URL.
    """
    with transaction.atomic():
        webhooks = Webhook.objects.select_for_update(no_key=True).filter(
            pk__in={each.webhook for each, _ in done}
        )
        urls = dict(webhooks.order_by("pk").values_list("id", "url"))
        written = _write_down(done, policy, as_of)
        telling = [one for one in done if one[0].number in written and one[0].url == urls[one[0].webhook]]
        accepted = [each for each, outcome in telling if outcome.delivered]
        failed = [(each, outcome) for each, outcome in telling if not outcome.delivered]
        _draw_conclusions(accepted, failed, policy=policy, as_of=as_of)


def _write_down(done: Sequence[Done], policy: Policy, as_of: datetime) -> set[int]:
    """Return the numbers of the messages of which it was still to be said."""
    accepted = [(each, outcome) for each, outcome in done if outcome.delivered]
    failed = [(each, outcome) for each, outcome in done if not outcome.delivered]
    written: set[int] = set()
    with connection.cursor() as cursor:
        if accepted:
            numbers = [each.number for each, _ in accepted]
            statuses = [outcome.status for _, outcome in accepted]
            cursor.execute(_DELIVERED, {"now": as_of, "numbers": numbers, "statuses": statuses})
            written |= {number for (number,) in cursor.fetchall()}
        if failed:
            cursor.execute(_FAILED, {"now": as_of, **_failures(failed, policy, as_of)})
            written |= {number for (number,) in cursor.fetchall()}
    return written


def _failures(failed: Sequence[Done], policy: Policy, as_of: datetime) -> dict[str, Any]:
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
    accepted: Sequence[Claim],
    failed: Sequence[Done],
    *,
    policy: Policy,
    as_of: datetime,
) -> None:
    """Activate who answered the challenge, remember since when an endpoint fails, switch off who is gone."""
    for webhook in sorted({each.webhook for each in accepted if each.type == rules.VERIFICATION}):
        endpoints.activate(webhook, as_of=as_of)
    well = {each.webhook for each in accepted}
    ill = {each.webhook for each, _ in failed} - well
    Webhook.objects.filter(pk__in=well, failing_since__isnull=False).update(failing_since=None)
    active = Webhook.objects.filter(pk__in=ill, state=State.ACTIVE.value)
    active.filter(failing_since__isnull=True).update(failing_since=as_of)
    too_long = as_of - timedelta(hours=policy.disable_after_hours)
    for webhook in active.filter(failing_since__lte=too_long).values_list("id", flat=True):
        endpoints.disable(webhook, Why.FAILING, as_of=as_of)
    for webhook in sorted({each.webhook for each, outcome in failed if outcome.result is Result.GONE}):
        endpoints.disable(webhook, Why.GONE, as_of=as_of)
