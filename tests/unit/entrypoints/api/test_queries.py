"""An institution's own log and what it may still ask today, by API: narrowed as its page is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"


@pytest.fixture
def scene(client):
    """Two banks that asked for a firm's public record; the first was also refused: no consent."""
    firm = stage.firm()
    headers = {}
    for bank in (stage.bank(), stage.bank("bank_b")):
        until = timezone.localdate() + timedelta(days=30)
        institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
        headers[bank] = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))
    asked = {
        "DK-1": ask(client, headers["bank_a"], firm, "DK-1", "王一"),
        "DK-2": ask(
            client, headers["bank_a"], firm, "DK-2", "李二", purpose="pre_loan_review", case=uncovered(firm)
        ),
        "BH-3": ask(client, headers["bank_b"], firm, "BH-3", "张三"),
    }
    return headers, asked


def uncovered(firm):
    return str(stage.case(firm, "bank_a", "DK-2"))


def ask(client, headers, firm, reference, person, **more):
    body = {"uscc": firm.uscc, "reference": reference, "person": person, "items": ["tax_payment"]}
    return client.post(f"{API}/reports", body | more, content_type="application/json", headers=headers).json()


def told(client, headers, **narrowed):
    answer = client.get(f"{API}/queries", narrowed, headers=headers)
    assert answer.status_code == 200, answer.content
    return [one["reference"] for one in answer.json()]


def test_it_lists_what_the_institution_asked_and_nobody_elses(client, scene):
    headers, asked = scene
    lines = client.get(f"{API}/queries", headers=headers["bank_a"]).json()
    assert [one["reference"] for one in lines] == ["DK-2", "DK-1"]
    assert lines[1]["request"] == asked["DK-1"]["report"]
    assert (lines[0]["outcome"], lines[0]["reason"]) == ("refused", asked["DK-2"]["reason"])
    assert lines[0]["reason_label"]
    assert told(client, headers["bank_b"]) == ["BH-3"]


def test_it_is_narrowed_by_number_person_purpose_outcome_and_days(client, scene):
    bank, today, day = scene[0]["bank_a"], timezone.localdate(), timedelta(days=1)
    assert told(client, bank, find="DK-1") == told(client, bank, person="王一") == ["DK-1"]
    assert (
        told(client, bank, outcome="released") == told(client, bank, purpose="financing_support") == ["DK-1"]
    )
    assert told(client, bank, outcome="refused") == ["DK-2"]
    assert told(client, bank, find="BH-3") == told(client, bank, outcome="open") == []
    assert len(told(client, bank, since=today, until=today)) == 2
    assert told(client, bank, since=today + day) == told(client, bank, until=today - day) == []
    assert client.get(f"{API}/queries", {"outcome": "x"}, headers=bank).status_code == 422


def test_each_count_of_the_day_stands_beside_its_limit(client, scene):
    headers, _ = scene
    told = client.get(f"{API}/queries/quota", headers=headers["bank_a"]).json()
    assert told["institution"] == "bank_a"
    whole = next(one for one in told["counts"] if one["scope"] == "institution" and one["whose"] is None)
    assert (whole["used"] + whole["left"], whole["allowed"]) == (told["daily_quota"], told["daily_quota"])
    assert whole["used"] >= 1
    people = {one["whose"] for one in told["counts"] if one["scope"] == "person"}
    assert people == {"王一", "李二"}
    administrator = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a", Role.ADMINISTRATOR))
    assert client.get(f"{API}/queries/quota", headers=administrator).json() == told
