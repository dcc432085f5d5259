"""Quotas are exact over the whole way: two web processes, sixteen clients at once ((十))."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone

from rongxin.parties import institutions, quotas
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.quota import Scope
from rongxin.vocabulary.actor import SYSTEM
from tests.journeys import serving
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS, REQUESTS = 16, 48
#: What one run may have: of the institution, or of each of four persons.
OF_ALL, OF_EACH, PERSONS = 20, 3, 4


@pytest.fixture
def web(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A node of two web processes, without a worker: nobody is watched while we count."""
    settings.RONGXIN_VAR = tmp_path
    monkeypatch.setenv("RONGXIN_KEYS", str(tmp_path / "keys"))
    with serving.node(tmp_path, "--without-worker", "--workers", "2"):
        web = json.loads((tmp_path / "demo" / "addresses.json").read_text())["web"]
        serving.wait_until_it_answers(web)
        yield web


def _used() -> int:
    return quotas.used("bank_a", timezone.localdate()).get((Scope.INSTITUTION, ""), 0)


def _allow(of_all: int, of_each: int) -> None:
    now = timezone.now()
    institutions.set_daily_quota("bank_a", _used() + of_all, actor=SYSTEM, as_of=now)
    quotas.set_limit("bank_a", Scope.PERSON, of_each, actor=SYSTEM, as_of=now)


@pytest.mark.parametrize("runs", [4, pytest.param(100, marks=pytest.mark.long)])
def test_of_forty_eight_requests_at_once_exactly_the_quota_is_answered(web: str, runs: int) -> None:
    stage.bank()
    institutions.assess(
        "bank_a", until=timezone.localdate().replace(month=12, day=31), actor=SYSTEM, as_of=timezone.now()
    )
    firm, clerk = stage.firm(), stage.staff(PartyKind.INSTITUTION, "bank_a")
    with (
        httpx.Client(base_url=web, headers=keys.header_of(clerk), timeout=120, trust_env=False) as client,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):

        def ask(person: str) -> tuple[int, str]:
            body = {"uscc": firm.uscc, "reference": "DK-1", "person": person, "items": ["honours"]}
            answer = client.post("api/v1/reports", json=body)
            return answer.status_code, "" if answer.status_code == 200 else answer.json()["reason"]

        for run in range(runs):
            by_person = run % 2 == 1
            _allow(1000 if by_person else OF_ALL, OF_EACH if by_person else 1000)
            before = _used()
            persons = [f"{run}-{number % PERSONS}" for number in range(REQUESTS)]
            answers = Counter(clients.map(ask, persons))
            given = OF_EACH * PERSONS if by_person else OF_ALL
            reason = "person_quota_exhausted" if by_person else "quota_exhausted"
            assert answers == {(200, ""): given, (429, reason): REQUESTS - given}, run
            assert _used() - before == given
