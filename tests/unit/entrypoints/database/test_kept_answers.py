"""Kept answers by role: the web keeps and reads them, the worker seals them anew and deletes them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection

from rongxin.consent import grants
from rongxin.disclosure import deferred, kept
from rongxin.disclosure.release import Release
from rongxin.entrypoints.database.declared import Role
from rongxin.journal import sealing, sequencer
from rongxin.sharing import calls
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.disclosure import gateway_stage
from tests.unit.disclosure.gateway_stage import LATER
from tests.unit.entrypoints.database.stage import Division

pytestmark = pytest.mark.django_db(transaction=True)
FORBIDDEN = {
    "lengthen": (Role.WORKER, "UPDATE disclosure_kept SET until = '2099-01-01'"),
    "rewrite": (Role.WEB, "UPDATE disclosure_kept SET answers = ''"),
    "put another's answer in the place": (Role.WEB, "UPDATE disclosure_deferred SET fetched = ''"),
    "delete": (Role.WEB, "DELETE FROM disclosure_kept"),
}


def test_the_web_keeps_and_repeats_and_the_worker_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, division: Division
) -> None:
    monkeypatch.setattr(calls, "_ways", {})
    with gateway_stage.opened(tmp_path) as scene:
        consent = stage.consent(scene.firm, scene.case)
        with division.process(Role.WEB):
            first = scene.asks()
            assert isinstance(first, Release)
            assert isinstance(scene.asks(repeats=first.id), Release)
        sealing.rotate(actor=SYSTEM, as_of=LATER)
        with division.process(Role.WORKER):
            assert sealing.renew(kept.SEALED, actor=SYSTEM, as_of=LATER) == 1
        grants.withdraw(consent.id, actor=scene.firm.owner.actor, as_of=LATER)
        sequencer.integrate()
        with division.process(Role.WORKER):
            assert kept.delete_due(as_of=LATER) == 0
            assert kept.follow_consents(as_of=LATER) == 1


def test_the_web_takes_in_the_worker_fetches_and_the_web_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, division: Division
) -> None:
    monkeypatch.setattr(calls, "_ways", {})
    with gateway_stage.opened(tmp_path) as scene:
        stage.consent(scene.firm, scene.case)
        with division.process(Role.WEB):
            first, lost = (
                deferred.defer(scene.request(), actor=gateway_stage.BANK, as_of=LATER + timedelta(seconds=n))
                for n in range(2)
            )
            assert isinstance(first, deferred.Progress)
            assert isinstance(lost, deferred.Progress)
        with division.process(Role.WORKER):
            assert deferred.fetch_next(as_of=LATER)
            assert sealing.renew(deferred.SEALED[1], actor=SYSTEM, as_of=LATER) == 0
            assert deferred.sweep(as_of=LATER + timedelta(hours=1)) == 1
        with division.process(Role.WEB):
            given = deferred.collect(first.request, institution="bank_a", as_of=LATER)
            assert isinstance(given, Release)
            assert given.items[0].rows


@pytest.mark.parametrize("what", FORBIDDEN)
def test_neither_may_do_more(division: Division, what: str) -> None:
    role, statement = FORBIDDEN[what]
    with division.process(role), pytest.raises(ProgrammingError, match="permission denied"):
        connection.cursor().execute(statement)
