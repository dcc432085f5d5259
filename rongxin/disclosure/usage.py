"""What use was made of a provider's information ((六): 反馈使用情况): counts, no subject and no name.

Days that are over are counted once and kept; the others are counted when they are asked for. An answer counts
for the provider that it came from, by the kind of recipient and the purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.disclosure import given_cases
from rongxin.disclosure.models import UsageDay
from rongxin.vocabulary.availability import Availability


@dataclass(frozen=True)
class Used:
    """How often an item was given to one kind of recipient for one purpose in a span of days.

    `recipient_kind` is an institution's kind (bank, insurer, …), `department` or `subject`; `records` of
    `requests` found something; `mismatches` of `checks` claimed values were not what the provider holds.
    """

    item: str
    recipient_kind: str
    purpose: str
    requests: int
    records: int
    no_record: int
    rows: int
    checks: int
    mismatches: int


def of_provider(provider: str, *, since: date, until: date, as_of: datetime) -> list[Used]:
    """Return the use of a provider's items from `since` through `until`, today as far as it has gone."""
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"provider": provider, "since": since, "until": until}
        cursor.execute(_KEPT, asked)
        rows = cursor.fetchall()
        for day in uncounted(since, min(until, as_of.astimezone(BUSINESS_ZONE).date())):
            cursor.execute(_COUNT, {**span(day), "provider": provider})
            rows += [row[1:] for row in cursor.fetchall()]
    return _summed(rows)


def answers() -> int:
    """Return how many answers ever left: the counted days' and, one by one, those since the last of them."""
    last = _last_counted() or date(2000, 1, 1)
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {**span(last), "day": last})
        (count,) = cursor.fetchone()
    return int(count)


def settle(*, as_of: datetime) -> int:
    """Count the days that are over and not yet counted; returns how many.

    A day is over an hour after its midnight: what was decided just before it is committed by then. None is
    left out, however long nobody counted.
    """
    last = (as_of.astimezone(BUSINESS_ZONE) - timedelta(hours=1)).date() - timedelta(days=1)
    return sum(map(_settle, uncounted(_last_counted() or date.min, last)))


def _last_counted() -> date | None:
    last: date | None = UsageDay.objects.filter(provider="").aggregate(last=Max("day"))["last"]
    return last


def uncounted(since: date, until: date) -> list[date]:
    """Return the days with answers, or after them, that have not been counted."""
    counted = UsageDay.objects.filter(provider="", day__lte=since).exists()
    first = since if counted else max(since, _first_day() or until + timedelta(days=1))
    done = set(UsageDay.objects.filter(item="", day__gte=first).values_list("day", flat=True))
    days = (first + timedelta(days=number) for number in range((until - first).days + 1))
    return [day for day in days if day not in done]


def _settle(day: date) -> bool:
    """Count one day; the row without an item says that it is done, once, whoever counts it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DONE, {**span(day), "day": day})
        if cursor.rowcount == 0:
            return False
        for keep in (_KEEP, given_cases.KEEP):
            cursor.execute(keep, {**span(day), "provider": None, "day": day})
    return True


def _first_day() -> date | None:
    """Return the day of the first answer that ever left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(decided_at) FROM disclosure_outcome WHERE released")
        (first,) = cursor.fetchone()
    return None if first is None else first.astimezone(BUSINESS_ZONE).date()


def span(day: date) -> dict[str, Any]:
    """Return from when until before when a day of Beijing's lasts."""
    start = datetime.combine(day, time(), BUSINESS_ZONE)
    return {"from": start, "to": start + timedelta(days=1)}


def _summed(rows: Sequence[Sequence[Any]]) -> list[Used]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for item, kind, purpose, *counts in rows:
        kept = sums.setdefault((item, kind, purpose), [0] * len(counts))
        sums[item, kind, purpose] = [a + b for a, b in zip(kept, counts, strict=True)]
    return [Used(*key, *counts) for key, counts in sorted(sums.items())]


# Of each item in an outcome's summary: how it ended, from whom, how many rows, and of a check how many values
# were compared and how many did not match.
_COUNT = f"""
    SELECT told.value->>1 AS provider, told.key AS item,
           COALESCE(party.kind, intent.recipient_kind) AS recipient_kind, intent.purpose, count(*),
           count(*) FILTER (WHERE told.value->>0 IN ('{Availability.RECORDS}', '{Availability.PARTIAL}')),
           count(*) FILTER (WHERE told.value->>0 = '{Availability.NO_RECORD}'),
           sum((told.value->>2)::int)::int, COALESCE(sum((told.value->>3)::int), 0)::int,
           COALESCE(sum((told.value->>4)::int), 0)::int
    FROM disclosure_outcome outcome JOIN disclosure_intent intent ON intent.id = outcome.intent_id
    LEFT JOIN parties_institution party
           ON intent.recipient_kind = 'institution' AND party.id = intent.recipient
    CROSS JOIN jsonb_each(outcome.summary) told
    WHERE outcome.released AND outcome.decided_at >= %(from)s AND outcome.decided_at < %(to)s
      AND (%(provider)s::text IS NULL OR told.value->>1 = %(provider)s)
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - words of our own
_COLUMNS = "item, recipient_kind, purpose, requests, records, no_record, rows, checks, mismatches"
_KEEP = f"""
    INSERT INTO disclosure_usageday (provider, {_COLUMNS}, day)
    SELECT counted.*, %(day)s FROM ({_COUNT}) counted
"""  # noqa: S608
_DONE = """
    INSERT INTO disclosure_usageday
        (provider, item, recipient_kind, purpose, day, requests, records, no_record, rows, checks, mismatches)
    SELECT '', '', '', '', %(day)s, count(*), 0, 0, 0, 0, 0 FROM disclosure_outcome
    WHERE released AND decided_at >= %(from)s AND decided_at < %(to)s
    ON CONFLICT DO NOTHING
"""
_ALL = """
    SELECT (SELECT COALESCE(sum(requests), 0) FROM disclosure_usageday WHERE provider = '' AND day <= %(day)s)
         + (SELECT count(*) FROM disclosure_outcome WHERE released AND decided_at >= %(to)s)
"""
_KEPT = f"""
    SELECT {_COLUMNS} FROM disclosure_usageday
    WHERE provider = %(provider)s AND day >= %(since)s AND day <= %(until)s
"""  # noqa: S608
