"""贷款结果: what became of the cases for which a provider's information was given: counts alone ((六)(七)).

A bank's outcome is the bank's secret and the firm's. A provider learns that its item stood behind so many
granted and so many refused loans, and only where there are enough of them, of enough institutions; every
count is rounded, so that two readings can't be subtracted down to one case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.financing import aggregates
from rongxin.financing.aggregates import Limits
from rongxin.financing.rules import Stage

#: So late is a loan that counts as overdue, and as in default (逾期, 不良): the usual 30 and 90 days.
OVERDUE_DAYS, DEFAULT_DAYS = 30, 90


@dataclass(frozen=True)
class Became:
    """Of the cases for which an item was given: how many were decided how, and went how; rounded.

    `overdue` and `defaulted` count the drawn ones that ever were; None throughout where there are too few.
    """

    item: str
    cases: int | None = None
    approved: int | None = None
    rejected: int | None = None
    drawn: int | None = None
    settled: int | None = None
    overdue: int | None = None
    defaulted: int | None = None


def of_provider(provider: str, *, since: date, until: date) -> list[Became]:
    """Return, for each item that was given for a case in these days, what became of the cases by now."""
    bound = aggregates.limits(until)
    asked: dict[str, Any] = {
        "provider": provider,
        "from": datetime.combine(since, time(), BUSINESS_ZONE),
        "to": datetime.combine(until + timedelta(days=1), time(), BUSINESS_ZONE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, asked)
        rows = cursor.fetchall()
    return [_told(bound, item, institutions, counts) for item, institutions, *counts in rows]


def _told(bound: Limits, item: str, institutions: int, counts: list[int]) -> Became:
    if counts[0] < bound.cases_min or institutions < bound.institutions_min:
        return Became(item)
    return Became(item, *(_rounded(count, bound.round_to) for count in counts))


def _rounded(count: int, step: int) -> int:
    return (2 * count + step) // (2 * step) * step


# Each case once an item, however often it was asked; what it became, from the steps that stand. A request for
# public information names no case; where its reference is one's number, it was asked for that. The two ways
# to the case are no single condition with OR, which would be tried answer by answer.
_COUNT = f"""
    WITH given AS (
        SELECT DISTINCT told.key AS item, matter.id
        FROM disclosure_outcome outcome JOIN disclosure_intent intent ON intent.id = outcome.intent_id
        LEFT JOIN consent_case asked
          ON intent."case" IS NULL AND intent.recipient_kind = 'institution'
             AND asked.institution_id = intent.recipient AND asked.reference = intent.reference
        CROSS JOIN LATERAL (SELECT COALESCE(intent."case", asked.id) AS id) matter
        CROSS JOIN jsonb_each(outcome.summary) told
        WHERE outcome.released AND outcome.decided_at >= %(from)s AND outcome.decided_at < %(to)s
          AND matter.id IS NOT NULL AND told.value->>1 = %(provider)s
    ), became AS (
        SELECT step.case_id AS id,
               bool_or(step.stage = '{Stage.APPROVED}' OR step.stage = '{Stage.DRAWN}') AS approved,
               bool_or(step.stage = '{Stage.REJECTED}') AS rejected,
               bool_or(step.stage = '{Stage.DRAWN}') AS drawn,
               bool_or(step.stage = '{Stage.SETTLED}') AS settled,
               COALESCE(max(step.overdue_days), 0) AS overdue_days,
               bool_or(step.stage = '{Stage.WRITTEN_OFF}') AS written_off
        FROM financing_outcome step
        WHERE step.corrected_by_id IS NULL AND step.case_id IN (SELECT id FROM given)
        GROUP BY step.case_id
    )
    SELECT given.item, count(DISTINCT matter.institution_id), count(*),
           count(*) FILTER (WHERE became.approved), count(*) FILTER (WHERE became.rejected),
           count(*) FILTER (WHERE became.drawn), count(*) FILTER (WHERE became.settled),
           count(*) FILTER (WHERE became.overdue_days > {OVERDUE_DAYS}),
           count(*) FILTER (WHERE became.overdue_days > {DEFAULT_DAYS} OR became.written_off)
    FROM given JOIN became ON became.id = given.id JOIN consent_case matter ON matter.id = given.id
    GROUP BY given.item ORDER BY given.item
"""  # noqa: S608 - words of our own
