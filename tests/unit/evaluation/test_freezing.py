"""A full run's medians and cut-offs become another version, which counts once two people have promoted it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rongxin.evaluation import explaining, freezing, loading, rules, scores, tiers
from rongxin.evaluation.errors import NotFrozen, UnknownVersion
from rongxin.evaluation.freezing import Frozen, Shares
from rongxin.evaluation.models import Score

from .stage import PENALTY, VERSION, City, penalty, quiet

NEXT, DAY = "2027-01-01", date(2027, 1, 1)
DATED = {"edition": "t", "citation": "t", "effective_from": date(2026, 1, 1)}
SHARES = {"AAA": 100, "AA": 100, "A": 100, "BBB": 100, "BB": 100, "B": 100, "CCC": 100, "CC": 100, "C": 200}
PUBLIC = {"优": "AA", "良": "BBB", "中": "B", "差": "C"}


def freeze(version: str = NEXT, **more: Any) -> Frozen:
    return freezing.freeze(version, **{"effective_from": DAY, "progress": quiet} | more)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say how many files a median needs, and the shares."""

    def say(least: int, **wanted: int) -> None:
        made = Shares(
            **DATED, shares=wanted or SHARES, public_from=PUBLIC, coverage_min=200, segment_min=least
        )
        monkeypatch.setattr(freezing, "shares", lambda on: made)

    return say


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(loading.OWN, str(tmp_path / "versions"))
    return tmp_path / "versions"


@pytest.fixture
def scored(city: City) -> City:
    """Twelve firms, the first five of them micro, with more penalties from one to the next."""
    firms = [city.firm() for _ in range(12)]
    for firm in firms[:5]:
        firm.size_class = "micro"
        firm.save()
    rows = [
        (firm, f"{n}-{k}号", penalty(f"2026-03-{k + 1:02d}"))
        for n, firm in enumerate(firms)
        for k in range(n)
    ]
    city.files(PENALTY, *rows)
    read = loading.load(VERSION).indicators.values()
    city.connects(*sorted({item for one in read if tiers.is_public(one) for item in one.items}))
    city.run()
    return city


def raws(day: date) -> dict[int, tuple[str, int]]:
    """Of each subject its size and the share it wins, as the explanation tells it."""
    found = {}
    for subject in Score.objects.values_list("subject_id", flat=True):
        stored = scores.of(subject, day=day)
        seen = [
            one
            for one in json.loads(explaining.document(stored, "-"))["indicators"]
            if one["points"] is not None
        ]
        won = sum(one["points"] * one["weight"] for one in seen)
        size = explaining.opened(stored, "-").subject.size_class
        found[subject] = (size, won * 10 // sum(one["weight"] for one in seen))
    return found


def test_a_segments_median_is_that_of_its_files(scored: City, told: Callable[..., None]) -> None:
    told(3)
    everyone = raws(scored.now.date())
    made = freeze()
    (micro, rest) = made.medians[-2:]
    small = sorted(raw for size, raw in everyone.values() if size == "micro")
    assert (micro["size_class"], micro["median"]) == ("micro", small[2])
    assert rest == {"median": sorted(raw for _, raw in everyone.values())[5]}
    assert (made.subjects, made.taken, small[2] != rest["median"]) == (12, 12, True)


def test_a_segment_of_few_falls_to_everybody(scored: City, told: Callable[..., None]) -> None:
    told(7)
    assert [sorted(row) for row in freeze().medians] == [["median"]]


def test_the_version_is_scored_by_and_explained(scored: City, told: Callable[..., None], own: Path) -> None:
    told(3)
    made = freeze()
    with pytest.raises(UnknownVersion):
        loading.load(NEXT)
    made.write(own)
    assert (loading.load().version, loading.versions()) == (VERSION, (VERSION, NEXT))
    spec = loading.load(NEXT)
    assert spec.grades.grades == made.grades
    assert spec.segments.medians["authorised"] == loading.load(VERSION).segments.medians["authorised"]
    assert spec.segments.quantiles == loading.load(VERSION).segments.quantiles
    assert spec.weights.indicators == loading.load(VERSION).weights.indicators
    assert spec.weights.effective_from == DAY
    scored.run(version=NEXT)
    for subject in Score.objects.values_list("subject_id", flat=True):
        stored = scores.of(subject, day=scored.now.date())
        assert stored.version == NEXT
        assert json.loads(explaining.document(stored, "-"))["score"] == stored.score


def test_grades_have_their_shares(scored: City, told: Callable[..., None], own: Path) -> None:
    told(3, AAA=84, AA=84, A=84, BBB=84, BB=164, B=150, CCC=150, CC=100, C=100)
    made = freeze()
    made.write(own)
    spec, cuts = loading.load(NEXT), made.grades
    before = []
    for subject in Score.objects.values_list("subject_id", flat=True):
        found = explaining.opened(scores.of(subject, day=scored.now.date()), "-")
        before.append(rules.score(spec, scores.Tier.PUBLIC, found.told, found.subject).score_before_veto)
    given = Counter(spec.grades.grade_of(score or 0) for score in before)
    assert [given[grade] for grade in ("AAA", "AA", "A")] == [1, 1, 1]
    assert spec.grades.public_grades == {"优": cuts["AA"], "良": cuts["BBB"], "中": cuts["B"], "差": 0}


def test_the_same_run_gives_the_same_bytes(
    scored: City, told: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(3)
    first = freeze()
    assert freeze().files == first.files
    scored.run()
    assert freeze(run=first.run).files == first.files
    monkeypatch.setattr(freezing, "SAMPLE_MAX", 6)
    fewer = freeze(run=first.run)
    assert 3 <= fewer.taken < 12
    assert freeze(run=first.run).files == fewer.files


def test_what_can_not_be_frozen_is_said(city: City, told: Callable[..., None], own: Path) -> None:
    told(3)
    with pytest.raises(NotFrozen, match="没有已发布"):
        freeze()
    city.firm()
    city.run()
    with pytest.raises(NotFrozen, match="不足 3 户"):
        freeze()
    for version in (VERSION, "next", "../2027-01-01"):
        with pytest.raises(NotFrozen, match="新的日期"):
            freeze(version)


def test_no_file_is_ever_replaced(scored: City, told: Callable[..., None], own: Path) -> None:
    told(3)
    made = freeze()
    made.write(own)
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    assert set(before) == {
        f"{part}_{NEXT}.yaml" for part in ("card", "grades", "vetoes", "relief", "segments")
    }
    with pytest.raises(NotFrozen, match="未改动"):
        made.write(own)
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert "全覆盖评价" in yaml.safe_load((own / f"grades_{NEXT}.yaml").read_text())["citation"]


@given(made=st.lists(st.integers(0, 1000), min_size=1, max_size=80))
def test_cut_offs_descend_and_no_grade_gets_less_than_its_share_of_distinct_scores(made: list[int]) -> None:
    wanted = Shares(**DATED, shares=SHARES, public_from=PUBLIC, coverage_min=0, segment_min=1)
    try:
        cuts = freezing._cuts(loading.load(VERSION), made, wanted)
    except NotFrozen:
        assert min(made) < len(SHARES)
        return
    values = list(cuts.values())
    assert values == sorted(set(values), reverse=True)
    assert (values[-1], list(cuts)) == (0, list(SHARES))
    above = 0
    for grade, share in list(SHARES.items())[:-1]:
        above += share
        assert sum(score >= cuts[grade] for score in made) >= above * len(made) // 1000


def test_the_shipped_shares_fit_the_grades() -> None:
    shipped, grades = freezing.shares(DAY), loading.load(VERSION).grades
    assert set(shipped.shares) == set(grades.grades)
    assert sum(shipped.shares.values()) == 1000
    assert {
        label: grades.grades[grade] for label, grade in shipped.public_from.items()
    } == grades.public_grades
