"""A run scores everybody, is published whole, and goes on where it was killed （（七） 全覆盖)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from rongxin.evaluation import explaining, pruning, runs, scores
from rongxin.evaluation.errors import NotReproduced, NotScored
from rongxin.evaluation.models import Run, Score
from rongxin.evaluation.states import RunState
from rongxin.parties.models import Subject

from .stage import PENALTY, VERSION, City, penalty


def test_every_registered_subject_is_scored_and_nobody_else(city: City) -> None:
    firms = [city.firm(), city.firm("individual_business"), city.firm("farmer_cooperative")]
    unseen = city.firm()
    unseen.registration_status = "unregistered"
    unseen.save()
    outcome = city.run(buckets=2)
    assert outcome.subjects == 3
    assert outcome.buckets == 2
    assert set(Score.objects.values_list("subject_id", flat=True)) == {firm.id for firm in firms}


def test_a_penalty_costs_points_and_the_explanation_names_it(city: City) -> None:
    clean, fined = city.firm(), city.firm()
    city.files(PENALTY, (fined, "一号", penalty()), (fined, "二号", penalty("2026-03-01")))
    city.run()
    day = city.now.date()
    good, bad = (scores.of(firm.id, day=day) for firm in (clean, fined))
    assert good.score is not None
    assert bad.score is not None
    assert bad.score < good.score
    told = json.loads(explaining.recomputed(fined.id, fined.uscc or "", day=day))
    assert told["score"] == bad.score
    assert {"A04", "A05"} & {reason["code"] for reason in told["reasons"]["lost"]}
    fines = [reason for reason in told["reasons"]["lost"] if reason["code"] in ("A04", "A05")]
    assert {reason["newest_on"] for reason in fines} == {"2026-03-01"}
    assert {one["state"] for one in told["indicators"]} >= {"observed", "missing"}


def test_the_explanation_is_the_same_to_the_byte_after_years_of_other_runs(city: City) -> None:
    firm = city.firm()
    city.files(PENALTY, (firm, "一号", penalty()))
    city.run()
    day = city.now.date()
    then = explaining.recomputed(firm.id, firm.uscc or "", day=day)
    city.now += timedelta(days=900)
    city.run()
    assert explaining.recomputed(firm.id, firm.uscc or "", day=day) == then
    assert explaining.recomputed(firm.id, firm.uscc or "", day=city.now.date()) != then


def test_runs_of_days_that_are_over_are_forgotten_and_the_kept_days_stay_whole(city: City) -> None:
    firm = city.firm()
    days = []
    for _ in range(4):
        city.run()
        days.append(city.now.date())
        city.now += timedelta(days=40)
    last = city.now
    keep = pruning.keeping(last.date()).keep_days
    assert pruning.prune(as_of=last) == 1
    assert Run.objects.count() == 3
    assert Score.objects.count() == 3
    with pytest.raises(NotScored):
        scores.of(firm.id, day=days[0])
    for day in (last.date() - timedelta(days=keep), *days[1:]):
        assert explaining.recomputed(firm.id, firm.uscc or "", day=day)
    assert pruning.prune(as_of=last) == 0
    # However old it is, the score that counts today stays.
    assert pruning.prune(as_of=last + timedelta(days=3650)) == 2
    assert scores.of(firm.id, day=last.date()).as_of == days[-1]


def test_changed_inputs_and_a_day_without_a_run_are_told(city: City) -> None:
    firm = city.firm()
    city.run()
    with pytest.raises(NotScored):
        scores.of(firm.id, day=city.now.date() - timedelta(days=2))
    row = Score.objects.get(subject=firm)
    Score.objects.filter(subject=firm).update(inputs=row.inputs.replace("company", "village_collective"))
    with pytest.raises(NotReproduced):
        explaining.recomputed(firm.id, firm.uscc or "", day=city.now.date())


def test_rows_and_buckets_in_any_order_give_the_same_scores(city: City) -> None:
    firms = [city.firm() for _ in range(7)]
    city.files(PENALTY, *((firm, f"{n}号", penalty()) for n, firm in enumerate(firms[::-2])))
    runs_made = [city.run(buckets=buckets).run for buckets in (1, 3)]
    first, second = (
        list(Score.objects.filter(run=run).order_by("subject").values_list("subject", "score", "inputs_hash"))
        for run in runs_made
    )
    assert first == second
    assert len(first) == len(firms)


def test_readers_see_one_whole_run_or_the_one_before(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    firms = [city.firm() for _ in range(4)]
    before = city.run(buckets=2).run
    seen: list[set[int]] = []
    publish, score = runs.publish, runs._score

    def looking(step):  # type: ignore[no-untyped-def]
        def looked(*given, **named):  # type: ignore[no-untyped-def]
            seen.append(_counting(city))
            done = step(*given, **named)
            seen.append(_counting(city))
            return done

        return looked

    monkeypatch.setattr(runs, "_score", looking(score))
    monkeypatch.setattr(runs, "publish", looking(publish))
    after = city.run(buckets=4).run
    assert seen == [{before}] * 9 + [{after}]
    assert {scores.of(firm.id, day=city.now.date()).run for firm in firms} == {after}


def _counting(city: City) -> set[int]:
    """The runs of all scores that count, as somebody else's connection sees them."""
    found: list[set[int]] = []

    def read() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT run_id FROM ({scores.ALL}) AS counting", {"day": city.now.date()})
                found.append({run for (run,) in cursor.fetchall()})
        finally:
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    return found[0]


# A process of its own, which dies once it has committed two buckets: none of its own cleaning can run.
RUNNER = """
import os, signal, sys
import django
django.setup()
from datetime import date, datetime
from rongxin.evaluation import runs
from rongxin.vocabulary.actor import SYSTEM

real, done = runs._score, []
def then_die(*given):
    real(*given)
    done.append(1)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
runs._score = then_die
at = datetime.fromisoformat(sys.argv[1])
runs.full(day=at.date(), version=sys.argv[2], buckets=4, progress=lambda *_: None, actor=SYSTEM, as_of=at)
"""


def test_a_killed_run_goes_on_where_it_was(city: City, tmp_path: Path) -> None:
    for _ in range(8):
        city.firm()
    city.files(PENALTY, *((firm, "一号", penalty()) for firm in list(Subject.objects.all())[:3]))
    _kill_a_run(city, tmp_path)
    (run,) = Run.objects.all()
    assert run.state == RunState.SCORING
    assert run.buckets.exclude(done_at=None).count() == 2
    with pytest.raises(NotScored):
        scores.of(Subject.objects.first().id, day=city.now.date())
    outcome = city.run()
    assert (outcome.run, outcome.resumed_buckets, outcome.buckets, outcome.subjects) == (run.id, 2, 4, 8)
    undisturbed = city.run(buckets=4).run
    kept = [
        list(Score.objects.filter(run=one).order_by("subject").values_list("subject", "inputs_hash"))
        for one in (run.id, undisturbed)
    ]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 8


def _kill_a_run(city: City, var: Path) -> None:
    settings = connection.settings_dict
    host, port = settings["HOST"], settings["PORT"]
    user, password = settings["USER"], settings["PASSWORD"]
    address = f"postgresql:///{settings['NAME']}?host={host}&port={port}&user={user}&password={password}"
    environment = os.environ | {"DATABASE_URL": address, "RONGXIN_VAR": str(var), "RONGXIN_MODE": "test"}
    environment["DJANGO_SETTINGS_MODULE"] = "rongxin.site.settings"
    command = [sys.executable, "-c", RUNNER, city.now.isoformat(), VERSION]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.long
@pytest.mark.usefixtures("spark")
def test_spark_gives_the_same_bytes(city: City) -> None:
    firms = [city.firm(), city.firm("individual_business"), city.firm()]
    city.files(PENALTY, (firms[0], "一号", penalty()))
    made = [city.run(engine=engine, buckets=2).run for engine in ("duckdb", "spark")]
    first, second = (
        list(Run.objects.get(pk=run).buckets.order_by("number").values_list("sha256")) for run in made
    )
    assert first == second
