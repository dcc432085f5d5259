"""News re-scores those whom it touched, and nobody else; what was repaired is gone （（七）, 令36号)."""

from __future__ import annotations

import json

import pytest

from rongxin.evaluation import covering, explaining, facts, scores, touching
from rongxin.evaluation.models import Run, Touched
from rongxin.records.models import Record

from .stage import PENALTY, City, penalty


def _score(city: City, firm: int) -> tuple[int, int]:
    """The run that counts, and the points before any cap: a thin file's cap would hide the difference."""
    told = json.loads(explaining.recomputed(firm, "", day=city.now.date()))
    return scores.of(firm, day=city.now.date()).run, told["score_before_veto"]


def test_a_batch_scores_its_subjects_anew_and_a_repair_undoes_it(city: City) -> None:
    fined, other = city.firm(), city.firm()
    city.connects(PENALTY)
    city.hears()
    full = city.run().run
    run, clean = _score(city, fined.id)
    assert run == full
    city.files(PENALTY, (fined, "一号", penalty("2026-03-20")))
    city.hears()
    assert touching.follow(as_of=city.now) == 1
    run, worse = _score(city, fined.id)
    assert run != full
    assert worse < clean
    assert _score(city, other.id) == (full, clean)
    city.repairs(fined, Record.objects.get(subject_id=fined.id).id)
    city.hears()
    assert touching.follow(as_of=city.now) == 1
    assert _score(city, fined.id)[1] == clean
    assert touching.follow(as_of=city.now) == 0
    assert not Touched.objects.exists()
    assert covering.report(day=city.now.date())["scored_subjects"] == 2


def test_a_run_that_fails_leaves_the_touched_in_the_queue(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = city.firm()
    city.run()
    city.files(PENALTY, (firm, "一号", penalty("2026-03-20")))
    city.hears()

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(facts, "prepare", broken)
        with pytest.raises(OSError, match="disk full"):
            touching.follow(as_of=city.now)
    assert list(Touched.objects.values_list("subject_id", flat=True)) == [firm.id]
    assert Run.objects.count() == 1
    assert touching.follow(as_of=city.now) == 1


def test_before_the_first_full_run_nothing_is_queued(city: City) -> None:
    firm = city.firm()
    city.files(PENALTY, (firm, "一号", penalty()))
    city.hears()
    assert touching.follow(as_of=city.now) == 0
    assert not Touched.objects.exists()
