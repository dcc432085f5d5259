"""Stale first, never faster than agreed, and what a killed process leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as slow
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.journal import verification
from rongxin.records.models import Record
from rongxin.sharing.bulk import queue, refresh, rules
from rongxin.sharing.bulk.models import BulkFreshness, BulkTurn
from rongxin.sharing.bulk.rules import Candidate
from rongxin.sharing.models import Batch
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import ITEM, Town
from tests.unit.sharing.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
CHILD = Path(__file__).with_name("dying_process.py")
RUN = "import django, runpy, sys; django.setup(); runpy.run_path(sys.argv[1], run_name='__main__')"
_HOURS = st.none() | st.integers(0, 24 * 12)


@given(st.lists(st.tuples(_HOURS, _HOURS), min_size=6, max_size=6), st.integers(1, 6))
@slow(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_queue_asks_the_stalest_first_as_the_rule_says(
    open_town: Callable[..., Town], ages: list[tuple[int | None, int | None]], limit: int
) -> None:
    firms = _firms()
    BulkFreshness.objects.all().delete()
    some = []
    for firm, (asked, observed) in zip(firms, ages, strict=True):
        asked_at = None if asked is None else NOW - timedelta(hours=asked)
        known = asked_at is not None and observed is not None
        observed_at = asked_at - timedelta(hours=observed or 0) if asked_at and known else None
        some.append(Candidate(firm, asked_at, observed_at))
        if asked_at:
            said = {"observed": "no_record", "observed_at": observed_at} if known else {}
            BulkFreshness.objects.create(
                item=ITEM, subject_id=firm, asked_at=asked_at, availability="no_record", **said
            )
    expected = rules.next_ones(some, stage.terms(), limit, as_of=NOW)
    found = queue.next_ones(loader.load().item(ITEM), stage.terms(), limit=limit, as_of=NOW)
    assert [one.id for one in found] == expected


def _firms() -> list[int]:
    known = _KNOWN.get("firms")
    if known is None or not queue.size(loader.load().item(ITEM)):
        known = _KNOWN["firms"] = sorted(stage.register(number) for number in range(101, 107))
    return known


_KNOWN: dict[str, list[int]] = {}


def test_everybody_is_asked_within_the_interval_and_nobody_twice_in_between(
    open_town: Callable[..., Town],
) -> None:
    town = open_town(10)
    stage.agree(calls_per_minute=3)
    for _ in range(4):
        refresh.once(as_of=town.now)
        town.passes(minutes=2)
    assert len(town.way.asked) == len(set(town.way.asked)) == 10
    town.passes(days=5)
    assert refresh.once(as_of=town.now) == []
    town.passes(days=1)  # six of eight days: the last quarter begins
    assert refresh.once(as_of=town.now)[0].asked == 3


def test_whose_answers_are_always_handed_back_takes_nobodys_turn(open_town: Callable[..., Town]) -> None:
    town = open_town(4)
    town.listed(1, on="不详")  # which the provider's gateway can't give as a date
    card = stage.agree(calls_per_minute=1)
    for _ in range(4):
        town.turn(card.id)
        town.passes(minutes=11)
    town.passes(days=7)
    town.way.asked.clear()
    for _ in range(4):
        town.turn(card.id)
        town.passes(minutes=11)
    assert len(set(town.way.asked)) == 4


def test_the_rate_holds_across_restarts_and_turns_that_died(open_town: Callable[..., Town]) -> None:
    town = open_town(40)
    card = stage.agree(calls_per_minute=5)
    taken: list[tuple[datetime, int]] = []
    for second in range(0, 420, 20):  # nothing but the register tells a new process of the ones before
        if (done := town.turn(card.id)) is not None:
            taken.append((town.now, done.asked))
            if second == 120:  # as if that one had died on its way
                BulkTurn.objects.filter(pk=done.id).update(finished_at=None, ended="")
        town.passes(seconds=20)
    assert [count for _, count in taken] == [5, 5, 5, 5, 5]  # minutes 0, 1, 2, and from 5 on
    for at, _ in taken:
        within = [count for other, count in taken if at <= other < at + timedelta(minutes=1)]
        assert sum(within) <= 5


def test_two_processes_do_not_take_the_same_turn(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    card = stage.agree()
    original, inner = town.way.ask, []

    def meanwhile(asked: Any) -> Any:
        inner.append(town.turn(card.id))
        connection.close()  # this is a thread of its own
        return original(asked)

    monkeypatch.setattr("rongxin.sharing.bulk.asking._SIDE_BY_SIDE", 1)
    monkeypatch.setattr(town.way, "ask", meanwhile)
    town.turn(card.id)
    assert inner == [None, None, None]
    assert len(town.way.asked) == 3


def _process(death: str, as_of: datetime, agreement: object) -> int:
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    url += f"&port={database['PORT']}" if database["PORT"] else ""
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}
    environment["RONGXIN_VAR"] = str(settings.RONGXIN_VAR)
    command = [sys.executable, "-c", RUN, str(CHILD), str(agreement), as_of.isoformat(), death]
    return subprocess.run(command, env=environment, timeout=120, check=False).returncode


@pytest.mark.parametrize("death", ["asking", "filing", "noting"])
def test_a_death_in_the_middle_leaves_rows_once_and_each_subject_to_be_asked_again(
    open_town: Callable[..., Town], death: str
) -> None:
    town = open_town(4)
    card = stage.agree()
    assert _process(death, town.now, card.id) == -signal.SIGKILL
    assert (Record.objects.count(), Batch.objects.count(), BulkFreshness.objects.count()) == (0, 0, 0)
    assert BulkTurn.objects.filter(finished_at=None).count() == 1
    assert _process("never", town.passes(minutes=2), card.id) == 0  # perhaps it still lives
    assert Record.objects.count() == 0
    assert _process("never", town.passes(minutes=2), card.id) == 0
    assert Record.objects.filter(item=ITEM, ended_at=None).count() == 4
    assert Record.objects.count() == BulkFreshness.objects.filter(observed="records").count() == 4
    assert verification.verify().ok
