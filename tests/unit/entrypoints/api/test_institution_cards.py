"""机构评分卡 over HTTP: uploaded, listed, applied to a consenting firm, retired; nobody else's business."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof import canonical
from rongxin.sharing import gateways
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.evaluation import cards
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/institution-cards"
PAID = "sum(tax_payment.vat_paid_cny_12m)"


class TaxBureau(fakes.Provider):
    def serves(self, item):
        return item == "tax_payment"

    def fetch(self, question):
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "123456.78"}]


@pytest.fixture
def firm():
    return stage.firm()


def _bank(name):
    stage.bank(name)
    until = timezone.localdate() + timedelta(days=9)
    institutions.assess(name, until=until, actor=SYSTEM, as_of=timezone.now())
    return keys.header_of(stage.staff(PartyKind.INSTITUTION, name))


@pytest.fixture
def bank():
    sources.forget()
    return _bank("bank_a")


def _upload(client, headers, data):
    body = {"file": SimpleUploadedFile("card.json", data), "name": "小微卡"}
    return client.post(URL, body, headers=headers)


def _score(client, headers, card, firm, case):
    body = {"uscc": firm.uscc, "case": str(case), "reference": "DK-1", "person": "张三"}
    return client.post(f"{URL}/{card}/scores", body, content_type="application/json", headers=headers)


def test_a_bank_uploads_a_card_and_gets_the_score_of_a_consenting_firm(client, firm, bank):
    now = timezone.now()
    case = stage.case(firm, "bank_a", "DK-1", as_of=now)
    card = _upload(client, bank, cards.data(PAID)).json()["card"]
    assert _score(client, bank, card, firm, case).json()["reason"] == "consent_missing"
    stage.consent(firm, case, as_of=now)
    gateways.connect("tax_bureau", TaxBureau())
    try:
        answer = _score(client, bank, card, firm, case)
    finally:
        gateways.disconnect("tax_bureau")
    told = answer.json()
    assert (answer.status_code, told["score"], told["observed"]) == (200, 550, 1)
    assert "123456" not in answer.content.decode()
    assert canonical.digest(told["released"]) == told["proof"]["digest"]


def test_another_bank_finds_nothing_and_a_retired_card_scores_nobody(client, firm, bank):
    case = stage.case(firm, "bank_a", "DK-1", as_of=timezone.now())
    card = _upload(client, bank, cards.data(PAID)).json()["card"]
    other = _bank("bank_b")
    assert client.get(URL, headers=other).json() == []
    assert client.get(f"{URL}/{card}", headers=other).status_code == 404
    assert _score(client, other, card, firm, case).json()["code"] == "unknown_institution_card"
    assert client.get(f"{URL}/{card}", headers=bank).json()["content"]["columns"][0]["name"] == PAID
    assert client.post(f"{URL}/{card}/retire", headers=bank).json()["retired_at"]
    assert _score(client, bank, card, firm, case).json()["code"] == "institution_card_retired"


@pytest.mark.parametrize("data", [b"{}", b"", cards.data("count(nothing)"), b"x" * (2 << 20)])
def test_what_is_no_card_is_422_and_says_why(client, bank, data):
    answer = _upload(client, bank, data)
    assert (answer.status_code, answer.json()["code"]) in (
        (422, "institution_card_refused"),
        (422, "invalid_request"),
    )
    assert client.get(URL, headers=bank).json() == []
