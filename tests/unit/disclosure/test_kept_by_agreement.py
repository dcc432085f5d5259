"""An item kept by agreement is read from the store with the day it is of, and called once that is too old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from rongxin.catalogue import loader
from rongxin.delivery import report, verification
from rongxin.delivery.rendering import html, presentation
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import seed
from rongxin.sharing import calls, gateways
from rongxin.sharing.bulk import agreements
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode
from tests.unit.consent import stage as people
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import FIRST, ITEM, PROVIDER, Town
from tests.unit.sharing.conftest import NOW, code

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Scene:
    town: Town

    def reports(self, firm: int = 1, **changes: Any) -> Any:
        """Ask for the item as a bank does for a public report, and return what is said of it."""
        bank = Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7")
        purpose = Purpose.FINANCING_SUPPORT
        request = Request(bank, code(firm), (ITEM,), purpose, "DK-1", **changes)
        answer = gate.release(request, actor=SYSTEM, as_of=self.town.now)
        assert isinstance(answer, Release)
        self.answer = answer
        return answer.items[0]

    @property
    def asked(self) -> int:
        return len(self.town.way.asked)


@pytest.fixture
def scene(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    settings.RONGXIN_VAR = tmp_path / "var"
    monkeypatch.setattr(calls, "_ways", {})
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOW)
    people.bank()
    town = stage.town(tmp_path / "office", [1, 2, 3])
    town.listed(1)
    yield Scene(town)
    gateways.disconnect(PROVIDER)
    town.office.close()


def test_a_fresh_answer_stands_for_a_call_and_says_of_which_day_it_is(scene: Scene) -> None:
    scene.town.turn(stage.agree().id)
    then, before = scene.town.now, scene.asked
    scene.town.passes(days=3)
    item = scene.reports()
    assert scene.asked == before
    assert (item.availability, item.as_of) == (Availability.RECORDS, then)
    (row,) = item.rows
    assert (row.mode, row.received_at, row.provider) == (SharingMode.INTERFACE_CALL, then, PROVIDER)
    none = scene.reports(2)
    assert (none.availability, none.as_of, scene.asked) == (Availability.NO_RECORD, then, before)


def test_the_report_shows_the_day_and_its_proof_still_holds(scene: Scene) -> None:
    scene.town.turn(stage.agree().id)
    scene.town.passes(days=3)
    scene.reports(2)
    document = report.build(scene.answer, loader.load(), node="云州")
    assert verification.holds(document)
    page = html.render(presentation.prepare(document, region_label="云州市", notice=None), ())
    assert "内容截至 2026-04-01" in page


def test_never_asked_or_too_long_ago_is_called_as_before(scene: Scene) -> None:
    assert (scene.reports().as_of, scene.asked) == (None, 1)  # no agreement
    card = stage.agree(calls_per_minute=1)
    scene.town.turn(card.id)
    before = scene.asked
    assert (scene.reports(2).as_of, scene.asked) == (None, before + 1)  # not asked about in bulk yet
    scene.town.passes(days=9)
    item = scene.reports()
    assert (item.availability, item.as_of, scene.asked) == (Availability.RECORDS, None, before + 2)


def test_rows_to_be_sealed_come_from_the_provider_and_an_ended_agreement_from_nowhere_else(
    scene: Scene,
) -> None:
    card = stage.agree()
    scene.town.turn(card.id)
    before = scene.asked
    scene.reports(seal_to="a key that nobody has pinned")
    assert scene.asked == before + 1
    agreements.end(card.id, reason="函告终止", actor=FIRST, as_of=scene.town.now)
    assert (scene.reports().as_of, scene.asked) == (None, before + 2)
