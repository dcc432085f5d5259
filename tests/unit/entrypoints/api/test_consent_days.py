"""A request for consent outlives midnight: asked on one Shanghai day, answered on another."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
LATE = datetime.fromisoformat("2026-03-10T23:59:00+08:00")


class Stage:
    """A firm and a bank whose clock the test sets."""

    def __init__(self, client, monkeypatch):
        self.client, self.monkeypatch = client, monkeypatch
        self.firm, self.bank = stage.firm(), stage.bank()
        self.clerk = stage.staff(PartyKind.INSTITUTION, self.bank)

    def clock(self, now):
        self.monkeypatch.setattr(timezone, "now", lambda: now)

    def post(self, path, body, person):
        return self.client.post(
            f"{API}{path}", body, content_type="application/json", headers=keys.header_of(person)
        )

    def asks(self, template="one_time_underwriting", purpose="pre_loan_review"):
        case = self.post("/cases", {"uscc": self.firm.uscc, "reference": "DK-1"}, self.clerk).json()["case"]
        wish = {"case": case, "items": ["tax_payment"], "template": template, "purpose": purpose}
        answer = self.post("/consent-requests", wish, self.clerk)
        assert answer.status_code == 201, answer.json()
        return answer.json()

    def waiting(self):
        return self.client.get(f"{API}/consent-requests", headers=keys.header_of(self.firm.owner)).json()

    def accepts(self, request):
        notice = self.client.get(f"{API}/risk-notices/current").json()
        owner = self.firm.owner
        body = {
            "notice_version": notice["version"],
            "notice_sha256": notice["sha256"],
            "evidence": {"name": owner.name, "id_number": owner.id_number, "represents": self.firm.uscc},
        }
        return self.post(f"/consent-requests/{request}/accept", body, owner)


@pytest.fixture
def scene(client, db, monkeypatch):
    return Stage(client, monkeypatch)


def test_a_request_of_the_last_minute_is_answered_the_next_day(scene):
    scene.clock(LATE)
    asked = scene.asks()
    assert asked["terms"]["valid_from"] == "2026-03-10"
    scene.clock(LATE + timedelta(hours=10))
    (shown,) = scene.waiting()
    assert shown["terms"]["valid_from"] == "2026-03-11"
    assert shown["terms"]["data_period"].startswith("2025-01-11")
    given = scene.accepts(asked["request"])
    assert given.status_code == 201, given.json()
    dates = (given.json()["valid_from"], given.json()["valid_until"])
    assert dates == ("2026-03-11", asked["terms"]["valid_until"])


def test_an_old_request_lapses_in_words(scene):
    institutions.assess(scene.bank, until=LATE.date() + timedelta(days=300), actor=SYSTEM, as_of=LATE)
    scene.clock(LATE)
    asked = scene.asks(template="loan_monitoring", purpose="post_loan_monitoring")
    assert asked["answer_by"] == "2026-04-09"
    scene.clock(LATE + timedelta(days=30))
    assert [one["request"] for one in scene.waiting()] == [asked["request"]]
    scene.clock(LATE + timedelta(days=31))
    assert scene.waiting() == []
    answer = scene.accepts(asked["request"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert "2026-04-09" in answer.json()["title"]
    assert "重新申请" in answer.json()["title"]


def test_a_request_lapses_with_the_term_it_asks_for(scene):
    scene.clock(LATE)
    asked = scene.asks(template="one_time_check")
    assert asked["answer_by"] == "2026-03-10"
    scene.clock(LATE + timedelta(minutes=2))
    answer = scene.accepts(asked["request"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
