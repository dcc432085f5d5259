"""kill -9 between intent and release leaves no disclosure without an entry (promise P3)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from rongxin.consent.rules import Frequency, FrequencyUnit
from rongxin.disclosure.models import Intent, Outcome
from rongxin.journal import verification
from rongxin.parties import institutions
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
CHILD = Path(__file__).with_name("disclosing_process.py")
RUN = "import django, runpy, sys; django.setup(); runpy.run_path(sys.argv[1], run_name='__main__')"


@pytest.fixture
def question(monkeypatch):
    """A consent that may be used often; the arguments of the asking process."""
    monkeypatch.setattr("rongxin.consent.issuing.check_draft", lambda draft, *, as_of: "test@1")
    firm, bank = stage.firm(), stage.bank()
    institutions.set_daily_quota(bank, 1_000_000, actor=SYSTEM, as_of=stage.NOW)
    case = stage.case(firm, bank)
    draft = replace(stage.draft("tax_payment"), frequency=Frequency(1_000_000, FrequencyUnit.TERM))
    consent = stage.consent(firm, case, draft=draft)
    asked_at = stage.NOW + timedelta(hours=1)
    return [firm.uscc, str(case), str(consent.id), asked_at.isoformat()]


def _process(question: list[str], death: str) -> subprocess.Popen[str]:
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}
    environment["RONGXIN_VAR"] = str(settings.RONGXIN_VAR)
    command = [sys.executable, "-c", RUN, str(CHILD), *question, death]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _read_until_dead(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    with process:
        lines = process.stdout.read().split()
    assert process.returncode == -9
    assert lines[0] == "ready"
    return lines[1:]


def test_a_death_in_the_providers_call_leaves_an_intent_and_nothing_else(question):
    assert _read_until_dead(_process(question, "call")) == []
    assert Intent.objects.count() == 1
    assert Outcome.objects.count() == 0


def test_a_death_before_the_outcome_is_committed_lets_nothing_out(question):
    assert _read_until_dead(_process(question, "outcome")) == []
    assert Intent.objects.count() == 1
    assert Outcome.objects.count() == 0


def _kill_at_random(question: list[str], kills: int) -> None:
    rng = random.Random(7)
    received = []
    for _ in range(kills):
        process = _process(question, "never")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        received.append(process.stdout.readline().strip())  # on a busy machine the first one takes a while
        time.sleep(rng.uniform(0.0, 0.4))
        process.kill()
        with process:
            # The last line may be cut off by the death; a whole digest has 64 digits.
            received += [line for line in process.stdout.read().split("\n") if len(line) == 64]
    assert received
    entered = set(Outcome.objects.filter(released=True).values_list("digest", flat=True))
    assert set(received) <= entered
    assert verification.verify().ok


def test_every_answer_that_was_received_stands_in_the_register(question):
    _kill_at_random(question, kills=4)


@pytest.mark.long
def test_every_answer_that_was_received_stands_in_the_register_after_200_kills(question):
    _kill_at_random(question, kills=200)
