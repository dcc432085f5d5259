"""What a score was worth outlives the runs: it stays with the loan, and goes when the loan is old."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from rongxin.evaluation import pruning
from rongxin.evaluation.models import LoanScore, Run, Score, ShadowScore
from rongxin.evaluation.monitoring import parameters, vintages
from rongxin.parties.models import Subject
from tests.unit.consent import stage as people
from tests.unit.evaluation.stage import PENALTY, VERSION, City, penalty

from .stage import lent

UNTIL = date(2028, 1, 31)


def _told() -> dict[str, Any]:
    found = vintages.of(VERSION, until=UNTIL, limits=parameters.in_force(UNTIL))
    found["scored"] = sorted((one.loan.subject, one.loan.drawn_on, one.score) for one in found["scored"])
    return found


def _lent(city: City) -> list[Subject]:
    """Ten firms that drew in April by that month's score; fined in May, so later runs say less of them."""
    firms = [city.firm() for _ in range(10)]
    people.bank()
    city.connects(PENALTY)
    city.run()
    for n, firm in enumerate(firms):
        lent(firm, "bank_a", date(2026, 4, 2), bad=n % 2 == 0)
    city.now += timedelta(days=30)
    city.files(PENALTY, *((firm, "五月", penalty("2026-04-20", "9000000.00")) for firm in firms))
    city.run()
    return firms


def test_a_loan_keeps_the_score_of_its_day_when_that_days_runs_are_forgotten(city: City) -> None:
    _lent(city)
    told = _told()
    assert len(told["scored"]) == 10
    city.now = city.now.replace(year=2027)
    city.run()
    assert pruning.prune(as_of=city.now + timedelta(days=100)) == 2
    assert Run.objects.count() == 1
    assert _told() == told
    assert LoanScore.objects.count() == 10
    assert pruning.prune(as_of=city.now + timedelta(days=100)) == 0
    assert _told() == told


def test_what_challengers_said_is_forgotten_with_the_run_and_kept_with_the_loan(city: City) -> None:
    firms = _lent(city)
    first = Run.objects.order_by("id").first()
    assert first is not None
    for firm in firms:
        ShadowScore.objects.create(
            run_id=first.id, version="challenger", subject_id=firm.id, score=555, grade="BB", coverage=300
        )
    city.now = city.now.replace(year=2027)
    city.run()
    pruning.prune(as_of=city.now + timedelta(days=100))
    assert not ShadowScore.objects.exists()
    assert {row.score for row in LoanScore.objects.filter(version="challenger")} == {555}
    assert Score.objects.count() == 10


def test_what_was_kept_with_a_loan_goes_when_the_loan_is_old(city: City) -> None:
    _lent(city)
    city.now = city.now.replace(year=2027)
    city.run()
    pruning.prune(as_of=city.now + timedelta(days=100))
    months = pruning.keeping(city.now.date()).loan_months
    pruning.prune(as_of=city.now.replace(year=2026 + months // 12, month=4, day=2))
    assert LoanScore.objects.count() == 10
    pruning.prune(as_of=city.now.replace(year=2026 + months // 12, month=4, day=3))
    assert not LoanScore.objects.exists()
