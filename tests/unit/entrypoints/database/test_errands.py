"""A web process has the worker do what its role may not: two processes, each under its own role."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.entrypoints.database.declared import Role
from rongxin.journal import keyring
from rongxin.parties import seed
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.membership import Role as Duty
from rongxin.sharing import errands
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.rules import Foreseen, State
from rongxin.sharing.errors import ErrandFailed
from rongxin.sharing.models import Errand
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.entrypoints.database.stage import Division
from tests.unit.sharing.conftest import Bureau, code
from tests.unit.sharing.desk_stage import Court, firm, old_code

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = """
import threading
import django
django.setup()
from rongxin.sharing import errands
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.rules import Foreseen, State
print("ready", flush=True)
errands.run(threading.Event())
"""
PHONE = "13912345678"
NAME = "云州蓝鲸物流有限公司"


@pytest.fixture
def court(tmp_path: Path, settings: Settings) -> Court:
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return Court(Bureau(tmp_path))


@contextmanager
def working(division: Division) -> Iterator[None]:
    """A worker beside us that does errands, under its role."""
    place, login = connection.settings_dict, division.logins[Role.WORKER]
    url = (
        f"postgresql://{login.name}:{quote(login.password)}@/{place['NAME']}"
        f"?host={quote(place['HOST'])}&port={place['PORT'] or 5432}"
    )
    environment = {**os.environ, "RONGXIN_DATABASE_ROLE": "worker", "RONGXIN_WORKER_DATABASE_URL": url}
    environment.pop("DATABASE_URL")
    environment |= {
        "DJANGO_SETTINGS_MODULE": "rongxin.site.settings",
        "RONGXIN_KEYS": str(keyring.directory_of_keys()),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def _post(
    client: Client, headers: dict[str, str], path: str, **body: object
) -> tuple[int, dict[str, object]]:
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_rows_and_batches_are_put_right_by_the_worker(
    client: Client, court: Court, division: Division
) -> None:
    batch = court.honours((NAME, code(1), "示范企业"), ("云州白鹭商贸有限公司", code(2), "优秀企业"))
    headers = keys.header_of(stage.staff(PartyKind.PROVIDER, "development_reform_commission"))
    values = {"荣誉名称": f"示范企业 电话{PHONE}"}
    with working(division), division.process(Role.WEB):
        status, receipt = _post(client, headers, f"rows/{batch}/2/correct", values=values, reason="更正")
        assert (status, receipt["mode"], receipt["accepted"]) == (201, "correction", 1)
        again = _post(client, headers, f"rows/{batch}/2/correct", values=values, reason="更正")
        assert (again[0], again[1]["code"]) == (409, "row_over")
        wrong = _post(client, headers, f"rows/{batch}/3/correct", values={"无此列": "1"}, reason="更正")
        assert (wrong[0], wrong[1]["code"]) == (422, "unknown_column")
        assert _post(client, headers, f"rows/{batch}/3/end", why="over", reason="期满")[0] == 200
        assert _post(client, headers, f"rows/{batch}/end", why="over", reason="期满")[1]["ended"] == 1
        status, done = _post(client, headers, f"batches/{batch}/withdraw")
        assert (status, done["ended"], done["reinstated"]) == (200, 1, 0)
        assert _post(client, headers, f"batches/{batch}/withdraw")[1]["code"] == "batch_not_filed"
        assert not Errand.objects.exists()


def test_a_whole_batch_is_proposed_and_confirmed_by_the_worker(court: Court, division: Division) -> None:
    batch = court.honours((NAME, code(1), "示范企业"))
    first, second = stage.operators(2, Duty.CHECKER)
    given = {"batch": batch, "measure": "withdraw", "why": "", "actor": first, "as_of": timezone.now()}
    with working(division), division.process(Role.WEB):
        seen = Foreseen(**errands.ask("batch.foresee", **given)).mark
        made = errands.ask("batch.propose", **given, ground="云函〔2026〕1号", seen=seen)
        asked = {"proposal": made["proposal"], "seen": seen, "as_of": timezone.now()}
        with pytest.raises(NotAllowed, match="另一人"):
            errands.ask("proposal.confirm", **asked, actor=first)
        assert errands.ask("proposal.confirm", **asked, actor=second)["state"] == State.CARRIED_OUT
        (card,) = proposals.of_batch(batch)
        assert (card.state, card.foreseen.mark) == (State.CARRIED_OUT, seen)


def test_the_desk_decides_by_the_worker(client: Client, court: Court, division: Division) -> None:
    firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)), ("（2026）云01执2号", NAME, old_code(2)))
    first, second = (keys.header_of(stage.staff(PartyKind.OPERATOR, None, Duty.CHECKER)) for _ in range(2))
    with working(division), division.process(Role.WEB):
        card = _post(client, first, f"matching/{batch}/2/match", uscc=code(1), reason="地址一致")[1]
        own = _post(client, first, f"matching/decisions/{card['decision']}/confirm")
        assert (own[0], own[1]["code"]) == (422, "second_person_needed")
        assert (
            _post(client, second, f"matching/decisions/{card['decision']}/confirm")[1]["outcome"] == "matched"
        )
        back = _post(client, second, f"matching/decisions/{card['decision']}/reverse", reason="看错了")
        assert back[1]["state"] == "reversed"
        dismissed = _post(client, first, f"matching/{batch}/3/dismiss", reason="并无此企业")
        assert dismissed[1]["state"] == "proposed"


def test_an_errand_that_no_worker_takes_is_taken_back(
    client: Client, court: Court, division: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0.2)
    batch = court.honours((NAME, code(1), "示范企业"))
    headers = keys.header_of(stage.staff(PartyKind.PROVIDER, "development_reform_commission"))
    with division.process(Role.WEB):
        status, told = _post(client, headers, f"batches/{batch}/withdraw")
        assert (status, told["code"]) == (503, "worker_silent")
        assert not Errand.objects.exists()


def test_an_errand_under_way_is_said_to_be(
    client: Client, court: Court, division: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errands, "PATIENCE_SECONDS", 0.2)
    batch = court.honours((NAME, code(1), "示范企业"))
    headers = keys.header_of(stage.staff(PartyKind.PROVIDER, "development_reform_commission"))
    with division.process(Role.WEB), division.connected(Role.WORKER) as other:
        create = Errand.objects.create

        def taken_at_once(**given: object) -> Errand:
            made = create(**given)
            other.execute("UPDATE sharing_errand SET taken_at = now()")
            return made

        monkeypatch.setattr(Errand.objects, "create", taken_at_once)
        status, told = _post(client, headers, f"batches/{batch}/withdraw")
    assert (status, told["code"]) == (503, "still_at_work")
    assert Errand.objects.count() == 1
    assert errands.sweep(as_of=timezone.now()) == 0
    assert errands.sweep(as_of=timezone.now() + timedelta(hours=2)) == 1


def test_a_fault_of_the_worker_tells_nothing_of_itself() -> None:
    answer = errands._carry_out(
        {"act": "batch.withdraw", "given": {"nonsense": 1}, "actor": ["system", "node", "operator"],
         "as_of": stage.NOW.isoformat()}
    )  # fmt: skip
    with pytest.raises(ErrandFailed):
        errands._result(answer)
