"""A gateway that stops a guesser is heard: one entry and one alarm a day, not one for each try."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rongxin.disclosure.release import Release
from rongxin.governance import alarms
from rongxin.governance.rules import Kind as Alarm
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.disclosure.gateway_stage import LATER, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def tries(scene: Scene, value: str, *, item: str = "real_estate", **changes: Any) -> Reason | None:
    """Claim a value and say why the item was not answered."""
    answer = scene.asks(item, claims={item: {"area_sqm": value}}, **changes)
    assert isinstance(answer, Release)
    return answer.items[0].reason


def suspected() -> list[dict[str, Any]]:
    return [dict(entry.refs) for entry in entries.find(kinds=[Kind.PROBING_SUSPECTED])]


@pytest.fixture
def consented(scene: Scene) -> Scene:
    for _ in range(5):  # each consent carries three uses
        stage.consent(scene.firm, scene.case, draft=stage.draft("real_estate"))
    return scene


def test_a_spent_budget_is_told_once_a_day_and_names_who_whom_and_what(consented: Scene) -> None:
    said = [tries(consented, value) for value in ("512", "256", "128")]
    assert (said, suspected()) == ([None] * 3, [])
    consent = stage.consent(consented.firm, consented.case, draft=stage.draft("real_estate")).id
    for value in ("64", "32"):
        assert tries(consented, value, consent_id=consent) is Reason.VERIFICATION_BUDGET
    (told,) = suspected()
    named = {name: told[name] for name in ("institution", "subject", "item", "person", "provider")}
    assert named == {
        "institution": "bank_a",
        "subject": consented.firm.id,
        "item": "real_estate",
        "person": "1",
        "provider": "natural_resources_bureau",
    }
    assert not {"512", "64", "云"} & set(map(str, told.values())), "ids only"


def test_another_day_is_another_entry(consented: Scene) -> None:
    for value in ("512", "256", "128", "64"):
        tries(consented, value, consent_id=None)
    assert len(suspected()) == 1
    tomorrow = LATER + timedelta(days=1)
    consented.estate.clock = tomorrow
    consent = stage.consent(consented.firm, consented.case, draft=stage.draft("real_estate")).id
    for value in ("1", "2", "3", "4"):
        tries(consented, value, consent_id=consent, as_of=tomorrow)
    assert [told["day"] for told in suspected()] == ["2026-03-03", "2026-03-02"]


def test_the_alarm_follows_the_journal_once(consented: Scene) -> None:
    for value in ("512", "256", "128", "64"):
        tries(consented, value)
    sequencer.integrate()
    assert [alarms.follow(as_of=LATER), alarms.follow(as_of=LATER)] == [1, 0]
    (alarm,) = alarms.every(waiting_only=True)
    assert (alarm.kind, alarm.refs["item"]) == (Alarm.PROBING_SUSPECTED, "real_estate")
