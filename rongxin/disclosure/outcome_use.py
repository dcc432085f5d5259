"""贷款结果: what became of the cases for which a provider's information was given: counts alone ((六)(七)).

A bank's outcome is the bank's secret and the firm's. A provider learns that its item stood behind so many
granted and so many refused loans, and only where there are enough of them, of enough institutions; every
count is rounded, so that two readings can't be subtracted down to one case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from rongxin.consent.rules import BUSINESS_ZONE
from rongxin.disclosure import given_cases, usage
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


def of_provider(provider: str, *, since: date, until: date, as_of: datetime) -> list[Became]:
    """Return, for each item that was given for a case in these days, what became of the cases by now."""
    bound = aggregates.limits(until)
    asked: dict[str, Any] = {"provider": provider, "since": since, "until": until, "from": None, "to": None}
    live = usage.uncounted(since, min(until, as_of.astimezone(BUSINESS_ZONE).date()))
    if live:  # a day between them that is counted gives the same cases twice, which counts once
        asked |= {"from": usage.span(live[0])["from"], "to": usage.span(live[-1])["to"]}
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


# Each case once an item, however often it was asked; what it became, from the steps that stand.
_COUNT = f"""
    WITH given AS (
        SELECT DISTINCT unnest(items) AS item, "case" AS id
        FROM ({given_cases.KEPT} UNION ALL {given_cases.GIVEN}) day
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
