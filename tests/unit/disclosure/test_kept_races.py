"""Closing a case against a release under way: nothing is kept for a case that is over."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from rongxin.consent import cases
from rongxin.disclosure import kept
from rongxin.disclosure.models import Kept
from rongxin.disclosure.release import Release
from rongxin.journal import sequencer
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import LATER, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_case_that_is_closed_while_an_answer_is_kept_takes_it_along(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    closers = list[threading.Thread]()

    def close_and_delete() -> None:
        cases.close_case(scene.case, actor=SYSTEM, as_of=LATER)
        sequencer.integrate()
        kept.follow_consents(as_of=LATER)
        connection.close()

    def closing_meanwhile(*given: Any, **more: Any) -> None:
        closers.append(threading.Thread(target=close_and_delete))
        closers[0].start()
        while closers[0].is_alive() and not _somebody_waits():
            pass
        keep(*given, **more)

    keep = kept.keep
    monkeypatch.setattr(kept, "keep", closing_meanwhile)
    stage.consent(scene.firm, scene.case, draft=stage.draft("tax_payment"))
    assert isinstance(scene.asks(), Release)
    closers[0].join(60)
    assert not Kept.objects.exists()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        (waiting,) = cursor.fetchone()
    return bool(waiting)
