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
from rongxin.evaluation.models import LoanScore
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


def keep(*, before: date) -> None:
    """Keep with each loan drawn before a day what every version said then; its runs are to be forgotten.

    What was kept already stays. A loan told of only later than its day's runs are kept has no score.
    """
    loans = iter(performance.first_draws(before=before))
    while some := list(islice(loans, _AT_ONCE)):
        subjects, days = zip(*some, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, {"subjects": list(subjects), "days": list(days)})


def forget(*, before: date) -> None:
    """Forget what was kept with loans drawn before a day."""
    LoanScore.objects.filter(drawn_on__lt=before).delete()


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


# What versions said of subjects, by their published runs; of a challenger, what it said in shadow of it.
_SAID = """
SELECT s.subject_id, r.version, r.as_of, r.facts_at, r.id AS run_id, s.score, s.grade
FROM evaluation_score s JOIN evaluation_run r ON r.id = s.run_id
WHERE r.state = 'published' AND r.tier = 'public' AND s.score IS NOT NULL
    AND s.subject_id = ANY (%(subjects)s::bigint[])
UNION ALL
SELECT s.subject_id, s.version, r.as_of, r.facts_at, r.id, s.score, s.grade
FROM evaluation_shadowscore s JOIN evaluation_run r ON r.id = s.run_id
WHERE r.state = 'published' AND r.tier = 'public' AND s.score IS NOT NULL
    AND s.subject_id = ANY (%(subjects)s::bigint[])
"""
# The score that counted on the day the loan was drawn; where that day's runs are forgotten, as it was kept.
_ON_ITS_DAY = f"""
SELECT DISTINCT ON (asked.place) asked.place, found.score, found.grade{{words}}
FROM unnest(%(subjects)s::bigint[], %(days)s::date[]) WITH ORDINALITY AS asked (subject, day, place)
JOIN parties_subject b ON b.id = asked.subject
JOIN (
    SELECT subject_id, NULL::date AS drawn_on, as_of, facts_at, run_id, score, grade FROM ({_SAID}) said
    WHERE version = %(version)s
    UNION ALL
    SELECT subject_id, drawn_on, drawn_on, NULL, NULL, score, grade FROM evaluation_loanscore
    WHERE version = %(version)s AND subject_id = ANY (%(subjects)s::bigint[])
) found ON found.subject_id = asked.subject
    AND (found.drawn_on = asked.day OR found.drawn_on IS NULL AND found.as_of <= asked.day)
ORDER BY asked.place, found.drawn_on, found.as_of DESC, found.facts_at DESC, found.run_id DESC
"""  # noqa: S608
_KEEP = f"""
INSERT INTO evaluation_loanscore (subject_id, drawn_on, version, score, grade)
SELECT DISTINCT ON (asked.subject, asked.day, said.version)
    asked.subject, asked.day, said.version, said.score, said.grade
FROM unnest(%(subjects)s::bigint[], %(days)s::date[]) AS asked (subject, day)
JOIN ({_SAID}) said ON said.subject_id = asked.subject AND said.as_of <= asked.day
ORDER BY asked.subject, asked.day, said.version, said.as_of DESC, said.facts_at DESC, said.run_id DESC
ON CONFLICT DO NOTHING
"""  # noqa: S608
