"""结果反馈与评分: what scores were worth, by the quarter in which loans were drawn and by grade ((七)).

A loan is laid beside the score that counted on the day it was drawn. What is told are shares and measures,
where enough loans of enough institutions stand behind them; how one loan went is its institution's secret.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection

from rongxin.evaluation import loading
from rongxin.evaluation.fitting import measures
from rongxin.evaluation.monitoring import rules
from rongxin.evaluation.monitoring.parameters import Limits
from rongxin.financing import aggregates, performance
from rongxin.financing.aggregates import Limits as Tellable
from rongxin.financing.performance import Loan
from rongxin.financing.rules import Performance

_AT_ONCE = 5000
_SEED = 42


@dataclass(frozen=True)
class Scored:
    """A loan and the score of its firm on the day it was drawn."""

    loan: Loan
    score: int
    grade: str
    groups: tuple[str, ...]


def of(version: str, *, until: date, limits: Limits, groups: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the outcomes told by a day say of a version: by vintage, by grade, and in all.

    `groups` are SQL expressions over the subject `b`, whose words come with each loan (`Scored.groups`).
    """
    loans = list(_scored(version, until, limits, groups))
    tellable = aggregates.limits(until)
    by_quarter: dict[str, list[Scored]] = defaultdict(list)
    for one in loans:
        by_quarter[f"{one.loan.drawn_on.year}Q{(one.loan.drawn_on.month + 2) // 3}"].append(one)
    return {
        "loans": {
            "scored": rules.rounded(len(loans), tellable.round_to),
            "declined_cases": rules.rounded(performance.declined(until=until), tellable.round_to),
        },
        "all": discrimination(loans, limits, tellable),
        "vintages": [
            {"vintage": quarter, **discrimination(own, limits, tellable)}
            for quarter, own in sorted(by_quarter.items())
        ],
        "grades": _grades(version, loans, limits, tellable),
        "scored": loans,
    }


def discrimination(loans: Sequence[Scored], limits: Limits, tellable: Tellable) -> dict[str, Any]:
    """Return AUC and KS with their intervals, or what they lack: loans to be told of, or bad ones."""
    known = [one for one in loans if one.loan.performance is not Performance.OPEN]
    if not _tellable(known, tellable):
        return {"withheld": True, "reason": "too_few_to_tell"}
    bad = np.array([one.loan.performance is Performance.BAD for one in known], dtype=np.int8)
    bads, goods = int(bad.sum()), int(len(bad) - bad.sum())
    counted = {
        "known": rules.rounded(len(known), tellable.round_to),
        "open": rules.rounded(len(loans) - len(known), tellable.round_to),
        "bad_permille": rules.rounded(1000 * bads // len(bad), tellable.round_to),
    }
    if bads < limits.bads_min or goods < limits.goods_min:
        return {"withheld": False, "reason": "not_enough_outcomes", **counted}
    risk = -np.array([one.score for one in known], dtype=np.float64)
    found: dict[str, Any] = {"withheld": False, "reason": None, **counted}
    for name, measure in (("auc", measures.auc), ("ks", measures.ks)):
        low, high = measures.interval(
            bad,
            lambda rows, measure=measure: measure(bad[rows], risk[rows]),  # type: ignore[misc]
            rounds=limits.bootstrap_rounds,
            seed=_SEED,
        )
        value = measure(bad, risk)
        figures = {"value": value, "from": low, "to": high}
        found[name] = {word: round(10_000 * figure) for word, figure in figures.items()}
    return found


def _grades(version: str, loans: Sequence[Scored], limits: Limits, tellable: Tellable) -> dict[str, Any]:
    """Return of each grade the share of bad loans with its interval, and whether worse grades fail more."""
    lines, rates = [], []
    for grade in loading.load(version).grades.grades:
        own = [one for one in loans if one.grade == grade and one.loan.performance is not Performance.OPEN]
        if len(own) < limits.grade_loans_min or not _tellable(own, tellable):
            lines.append({"grade": grade, "withheld": bool(own)})
            continue
        bads = sum(one.loan.performance is Performance.BAD for one in own)
        low, high = rules.wilson(bads, len(own), limits.interval_z)
        rates.append(bads / len(own))
        lines.append(
            {
                "grade": grade,
                "withheld": False,
                "known": rules.rounded(len(own), tellable.round_to),
                "bad_permille": rules.rounded(1000 * bads // len(own), tellable.round_to),
                "from_permille": round(1000 * low),
                "to_permille": round(1000 * high),
            }
        )
    return {"lines": lines, "worse_grades_fail_more": rules.worse_grades_fail_more(rates)}


def _tellable(loans: Sequence[Scored], tellable: Tellable) -> bool:
    institutions = {one.loan.institution for one in loans}
    return len(loans) >= tellable.cases_min and len(institutions) >= tellable.institutions_min


def _scored(version: str, until: date, limits: Limits, groups: Sequence[str]) -> Iterator[Scored]:
    """Lay each loan beside the score of its day; one whose firm had none by this version is no evidence."""
    found = performance.of_loans(
        until=until, overdue_days=limits.bad_overdue_days, window_months=limits.window_months
    )
    loans = iter(found)
    while some := list(islice(loans, _AT_ONCE)):
        yield from _beside(version, some, groups)


def _beside(version: str, loans: Sequence[Loan], groups: Iterable[str]) -> Iterator[Scored]:
    words = "".join(f", {expression}" for expression in groups)
    with connection.cursor() as cursor:
        cursor.execute(
            _ON_ITS_DAY.format(words=words),
            {
                "subjects": [loan.subject for loan in loans],
                "days": [loan.drawn_on for loan in loans],
                "version": version,
            },
        )
        rows = cursor.fetchall()
    for place, score, grade, *own in rows:
        yield Scored(loans[place - 1], score, grade, tuple(own))


# The score that counted on the day the loan was drawn; of a challenger, what it said in shadow of that run.
_ON_ITS_DAY = """
SELECT DISTINCT ON (asked.place) asked.place, said.score, said.grade{words}
FROM unnest(%(subjects)s::bigint[], %(days)s::date[]) WITH ORDINALITY AS asked (subject, day, place)
JOIN parties_subject b ON b.id = asked.subject
JOIN (
    SELECT s.subject_id, s.run_id, s.score, s.grade FROM evaluation_score s
    JOIN evaluation_run own ON own.id = s.run_id AND own.version = %(version)s
    WHERE s.subject_id = ANY (%(subjects)s::bigint[])
    UNION ALL
    SELECT s.subject_id, s.run_id, s.score, s.grade FROM evaluation_shadowscore s
    WHERE s.version = %(version)s AND s.subject_id = ANY (%(subjects)s::bigint[])
) said ON said.subject_id = asked.subject AND said.score IS NOT NULL
JOIN evaluation_run r ON r.id = said.run_id AND r.state = 'published' AND r.tier = 'public'
    AND r.as_of <= asked.day
ORDER BY asked.place, r.as_of DESC, r.facts_at DESC, r.id DESC
"""
