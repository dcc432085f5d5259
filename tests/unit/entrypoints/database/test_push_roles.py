"""Pushes in a divided database: the worker makes what the web gives out and never reads itself."""

from __future__ import annotations

import psycopg
import pytest

from rongxin.delivery.push import runs, subscriptions, upkeep, uses
from rongxin.delivery.push.rules import RunState
from rongxin.entrypoints.database.declared import Role
from tests.unit.consent import stage as people
from tests.unit.delivery.push import stage
from tests.unit.entrypoints.database.stage import Division
from tests.unit.records.conftest import Bureau

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_worker_makes_it_and_the_web_gives_it_out(division: Division, settings, tmp_path) -> None:
    settings.RONGXIN_VAR = tmp_path / "var"
    people.bank()
    firm = people.firm()
    stage.fine(Bureau(), firm)
    by = {"institution": "bank_a", "actor": stage.BANK, "as_of": stage.later()}
    with division.process(Role.WEB):
        subscription = stage.subscription()
    with division.process(Role.WORKER):
        assert upkeep.make_due(as_of=stage.later()) == 1
    with division.process(Role.WEB):
        (made,) = runs.of("bank_a")
        assert runs.fetch(made.id, "manifest.json", **by).exists()
        assert runs.acknowledge(made.id, made.manifest, **by).state is RunState.ACKNOWLEDGED
        assert [use.request for use in uses.of(firm.id, limit=9)] == [made.id]
        subscriptions.request(subscription, full=True, **by | {"as_of": stage.later()})
    with division.process(Role.WORKER):
        assert upkeep.make_due(as_of=stage.later(1)) == 1
    with division.process(Role.WEB):
        assert runs.of("bank_a")[0].based_on is None


def test_the_web_can_neither_make_a_run_nor_invent_one(division: Division) -> None:
    with division.connected(Role.WEB) as web:
        for act in (
            "INSERT INTO delivery_pushed (subject_id, run_id, items) VALUES (1, gen_random_uuid(), '{}')",
            "UPDATE delivery_pushrun SET manifest = ''",
            "DELETE FROM delivery_pushterms",
            "SELECT 1 FROM records_record",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(act)
