"""贷款表现: how loans went, for those who watch what a score was worth ((七)); only counts leave there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter

from django.db.models import Min

from rongxin.financing import outcomes, rules
from rongxin.financing.models import Outcome
from rongxin.financing.rules import Performance, Stage


@dataclass(frozen=True)
class Loan:
    """A loan that was drawn: whose, from whom, since when, and how it went within its window."""

    subject: int
    institution: str
    drawn_on: date
    performance: Performance


def of_loans(*, until: date, overdue_days: int, window_months: int) -> Iterator[Loan]:
    """Yield the loans first drawn through a day, as they were told by that day, one at a time."""
    drawn = Outcome.objects.filter(stage=Stage.DRAWN.value, corrected_by=None, on__lte=until)
    rows = (
        Outcome.objects.filter(corrected_by=None, on__lte=until, case__in=drawn.values("case"))
        .select_related("case")
        .order_by("case_id", "place")
    )
    for _, steps in groupby(rows.iterator(chunk_size=5000), key=attrgetter("case_id")):
        line = list(steps)
        found = rules.performance(
            [outcomes.step_of(row) for row in line], overdue_days=overdue_days, window_months=window_months
        )
        if found is not None:
            case = line[0].case
            yield Loan(case.subject_id, case.institution_id, *found)


def first_draws(*, before: date) -> Iterator[tuple[int, date]]:
    """Yield whose loans were first drawn before a day, and when."""
    drawn = Outcome.objects.filter(stage=Stage.DRAWN.value, corrected_by=None)
    first = drawn.values("case", "case__subject_id").annotate(first=Min("on")).filter(first__lt=before)
    yield from first.values_list("case__subject_id", "first").iterator(chunk_size=5000)


def declined(*, until: date) -> int:
    """Return how many cases were rejected: no outcome is known of them, and none is made up."""
    rejected = Outcome.objects.filter(stage=Stage.REJECTED.value, corrected_by=None, on__lte=until)
    return rejected.values("case").distinct().count()
