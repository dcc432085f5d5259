"""The figures of the monthly report, each with an answer known beforehand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from rongxin.evaluation import loading, packing
from rongxin.evaluation.models import Baseline, Score, ShadowRun, ShadowScore
from rongxin.evaluation.monitoring import fairness, parameters, register, reports, rules, spread, vintages
from rongxin.evaluation.monitoring.vintages import Scored
from rongxin.financing import aggregates
from rongxin.financing.performance import Loan
from rongxin.financing.rules import Performance
from rongxin.parties.models import Subject
from rongxin.vocabulary.actor import SYSTEM, Actor
from tests.unit.consent import stage as people
from tests.unit.evaluation.stage import PENALTY, VERSION, City, penalty

from .stage import NEXT, another_version, lent, promoted, registered

DAY = date(2026, 6, 1)
LIMITS, TELLABLE = parameters.in_force(DAY), aggregates.limits(DAY)
BANKS = ("bank_a", "bank_b", "bank_c")


def test_missing_is_counted_among_those_to_whom_an_indicator_applies() -> None:
    assert spread.missing_permille([3, 1, 2, 94]) == 333
    assert spread.missing_permille([0, 0, 0, 9]) == 0


def test_a_score_on_an_edge_belongs_to_the_bin_above_it() -> None:
    found = spread.Spread()
    for score, count in ((499, 2), (500, 3), (1000, 1), (1001, 4)):
        found.scores[score] = count
    assert found.by_edges([500]) == [2, 4, 4]


@pytest.mark.parametrize("code", ["A05", "T02", "R01"])
def test_an_indicator_is_counted_in_the_bin_that_the_card_scores(code: str) -> None:
    bins = loading.load(VERSION).bins(code)
    values = [value for edge, _ in bins.steps for value in (edge - 1, edge, edge + 1)]
    for value in values:
        counts = spread._binned(bins, np.array([packing.OBSERVED], np.int8), np.array([float(value)]))
        assert counts.argmax() == bins.bin_of(value), value


def test_below_the_cut_is_who_has_less_and_not_who_has_just_that() -> None:
    found = spread.Spread(groups={"size": {}})
    page = [(1, 499, "B", "[]", "micro"), (2, 500, "BB", "[]", "micro"), (3, None, "", "[]", "micro")]
    spread._add_scores(found, page, ("size",), 500)
    assert found.groups["size"]["micro"].tolist() == [3, 2, 999, 1]


@pytest.mark.parametrize(
    ("was", "now", "signal"),
    [(300, 100, "act"), (100, 300, "act"), (300, 249, "watch"), (300, 260, "steady")],
)
def test_a_source_that_comes_back_moves_the_missing_as_one_that_falls_silent(
    was: int, now: int, signal: str
) -> None:
    spec = loading.load(VERSION)
    bins = len(spec.bins("A05").points)
    found = spread.Spread()
    found.indicators = {"A05": spread.Indicator(np.array([1000 - now, *[0] * (bins - 1), now, 0]))}
    content = {"indicators": {"A05": [1000 - was, *[0] * (bins - 1), was, 0]}}
    (line,) = reports._indicators(found, Baseline(content=content), spec, LIMITS)
    assert line["missing_permille"] == {"baseline": was, "now": now}
    assert line["missing_signal"]["code"] == signal


def test_psi_of_a_known_shift() -> None:
    assert rules.psi([50, 50], [80, 20]) == pytest.approx(0.4158883)


def scored(bank: str, score: int, groups: tuple[str, ...], how: Performance) -> Scored:
    return Scored(Loan(1, bank, DAY, how), score, "BB", groups)


def loans(words: tuple[str, ...], *, bad: int, good: int, bad_score: int, good_score: int) -> list[Scored]:
    """So many bad and good loans of a group, of three banks in turn."""
    made = [scored(BANKS[n % 3], bad_score, words, Performance.BAD) for n in range(bad)]
    return made + [scored(BANKS[n % 3], good_score, words, Performance.GOOD) for n in range(good)]


def sums(rated: int, total: int, below: int) -> Any:
    return np.array([rated, rated, total, below], dtype=np.int64)


def told(shares: dict[str, int], outcomes: list[Scored]) -> dict[str, dict[str, Any]]:
    """Sizes of which so many of a hundred are below the cut, with loans whose second group is the size."""
    groups = {
        "region": {"990101": sums(200, 200 * 600, 50)},
        "size": {word: sums(100, 100 * 640, below) for word, below in shares.items()},
    }
    (_, found) = fairness.of(groups, outcomes, LIMITS, TELLABLE)
    return {line["group"]: line for line in found["groups"]}


def test_a_group_that_passes_less_than_the_bound_of_the_best_is_watched() -> None:
    by = told({"micro": 36, "small": 20, "medium": 37}, [])
    assert {word: line["ratio_hundredths"] for word, line in by.items()} == {
        "micro": 80,
        "small": 100,
        "medium": 79,
    }
    assert {word for word, line in by.items() if line["watch"]} == {"medium"}
    assert by["micro"]["below_cut_permille"] == 360
    assert by["micro"]["mean_score"] == 640


def test_each_group_is_told_of_its_own_loans_alone() -> None:
    fair = loans(("990101", "micro"), bad=30, good=60, bad_score=300, good_score=700)
    unfair = loans(("990101", "small"), bad=60, good=30, bad_score=700, good_score=300)
    by = told({"micro": 20, "small": 20}, fair + unfair)
    assert (by["micro"]["outcomes"]["known"], by["small"]["outcomes"]["known"]) == (90, 90)
    assert (by["micro"]["outcomes"]["bad_permille"], by["small"]["outcomes"]["bad_permille"]) == (335, 665)
    assert by["micro"]["outcomes"]["auc"]["value"] == 10_000
    assert by["small"]["outcomes"]["auc"]["value"] == 0


def test_a_loan_not_known_yet_is_counted_apart_and_is_no_good_one() -> None:
    known = loans((), bad=30, good=30, bad_score=300, good_score=700)
    waiting = [scored("bank_a", 900, (), Performance.OPEN)] * 40
    found = vintages.discrimination(known + waiting, LIMITS, TELLABLE)
    assert (found["known"], found["open"], found["bad_permille"]) == (60, 40, 500)


@pytest.mark.parametrize(("bad", "enough"), [(29, False), (30, True)])
def test_too_few_bad_loans_give_no_measure(bad: int, enough: bool) -> None:
    found = vintages.discrimination(
        loans((), bad=bad, good=60, bad_score=300, good_score=700), LIMITS, TELLABLE
    )
    assert ("auc" in found) is enough
    assert (found["reason"] is None) is enough


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("since", "word"),
    [
        (None, "unknown"),
        (date(2025, 6, 2), "0"),
        (date(2025, 6, 1), "1"),
        (date(2021, 6, 1), "5"),
        (date(1990, 1, 1), "10"),
    ],
)
def test_an_age_falls_into_the_band_that_it_has_reached(since: date | None, word: str) -> None:
    expression = fairness.expressions(LIMITS, DAY)["age"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression} FROM (SELECT %s::date AS established_on) b", [since])
        assert cursor.fetchone()[0] == word


def _fined(city: City, count: int) -> list[Subject]:
    """Firms of which every other one is fined heavily; everybody is scored."""
    firms = [city.firm() for _ in range(count)]
    rows = [(firm, f"{n}", penalty("2026-03-01", "9000000.00")) for firm in firms[::2] for n in range(5)]
    city.files(PENALTY, *rows)
    city.run()
    for name in BANKS:
        people.bank(name)
    return firms


def test_the_baseline_is_the_first_run_also_where_nobody_looked_then(city: City) -> None:
    firms = _fined(city, 60)
    rows = [(firm, f"新{n}", penalty("2026-04-02", "9000000.00")) for firm in firms[1::2] for n in range(5)]
    city.files(PENALTY, *rows)
    city.now = city.now.replace(month=5, day=20)
    city.run()
    found = _until(city, date(2026, 6, 1))
    assert found["baseline"]["as_of"] == "2026-04-01"
    assert found["score"]["signal"]["code"] == "act"


def harsher(card: dict[str, Any]) -> None:
    """Clean firms gain nothing by it in four indicators."""
    for code in ("A04", "A05", "A06", "A07"):
        for step in card["indicators"][code]["steps"]:
            step[1] = card["indicators"][code]["rest"]


def test_a_challenger_is_compared_subject_by_subject(
    city: City, staff: list[Actor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_version(tmp_path / "versions", harsher)
    monkeypatch.setattr(loading, "PARAMETERS", tmp_path / "versions" / "parameters")
    for version in (VERSION, NEXT):
        registered(version, staff[0], as_of=city.now)
    promoted(VERSION, staff, as_of=city.now)
    register.to_shadow(NEXT, actor=staff[0], as_of=city.now)
    _fined(city, 6)
    (compared,) = ShadowRun.objects.values_list("comparison", flat=True)
    own = dict(Score.objects.values_list("subject_id", "score"))
    other = dict(ShadowScore.objects.values_list("subject_id", "score"))
    gained = sum(other[subject] - score for subject, score in own.items())
    assert gained < 0, (own, other)
    assert compared["mean_difference_hundredths"] == round(100 * gained / 6)
    grades = dict(Score.objects.values_list("subject_id", "grade"))
    others = dict(ShadowScore.objects.values_list("subject_id", "grade"))
    pairs = Counter((grade, others[subject]) for subject, grade in grades.items())
    told = {(one["champion"], one["challenger"]): one["subjects"] for one in compared["migration"]}
    assert told == dict(pairs)
    assert any(before != after for before, after in pairs)


def _until(city: City, day: date) -> dict[str, Any]:
    city.now = city.now.replace(year=day.year, month=day.month, day=day.day)
    return reports.of(f"{day - timedelta(days=1):%Y-%m}", actor=SYSTEM, as_of=city.now)


def test_each_quarter_is_told_of_its_own_loans_alone(city: City) -> None:
    firms = _fined(city, 160)
    for n, firm in enumerate(firms):
        first = n < 80
        day = date(2026, 4, 2) if first else date(2026, 7, 2)
        lent(firm, BANKS[n // 2 % 3], day, bad=(n % 2 == 0) is first)
    found = _until(city, date(2028, 2, 1))["outcomes"]
    assert [(one["vintage"], one["auc"]["value"]) for one in found["vintages"]] == [
        ("2026Q2", 10_000),
        ("2026Q3", 0),
    ]


@pytest.mark.parametrize(("expected", "within"), [(None, None), (0.0, False), (1.0, True)])
def test_a_grade_is_held_to_the_share_of_bad_loans_expected_of_it(
    city: City, expected: float | None, within: bool | None
) -> None:
    firms = _fined(city, 120)
    for n, firm in enumerate(firms):
        lent(firm, BANKS[n // 2 % 3], date(2026, 4, 2), bad=n % 2 == 0)
    grades = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C")
    more = {} if expected is None else {"expected_bad": dict.fromkeys(grades, expected)}
    registered(VERSION, people.operators(1)[0], as_of=city.now, **more)
    found = _until(city, date(2028, 2, 1))["calibration"]
    bad = [line for line in found["lines"] if line.get("bad_permille") == 1000]
    assert bad
    assert found["has_expected"] is (expected is not None)
    assert {line["within"] for line in bad} == {within}
    told = None if expected is None else round(1000 * expected)
    assert {line["expected_permille"] for line in bad} == {told}
    assert found["worse_grades_fail_more"] is True
