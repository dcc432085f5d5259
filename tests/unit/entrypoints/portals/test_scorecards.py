"""An institution's own score cards through the pages: uploaded, applied to a consented case, retired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.evaluation import institution_cards
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, seed
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_institution_desk import enter
from tests.unit.evaluation import cards

pytestmark = pytest.mark.django_db(transaction=True)
AT, COLUMN = "/institution/cards", "sum(tax_payment.vat_paid_cny_12m)"


@pytest.fixture
def clerk():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    for bank in ("bank_a", "bank_b"):
        stage.bank(bank)
        until = timezone.localdate() + timedelta(days=30)
        institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return enter(Role.CLERK)[0]


def upload(client, data, name="小微卡"):
    return client.post(AT, {"name": name, "file": SimpleUploadedFile("card.json", data)})


def test_a_card_is_uploaded_shown_and_retired_by_its_own_institution(clerk):
    assert upload(clerk, cards.data(COLUMN)).status_code == 302
    (held,) = institution_cards.every("bank_a")
    page = clerk.get(f"{AT}/{held.id}").content.decode()
    assert COLUMN in page
    assert "增值税" in page or "纳税" in page
    other, _ = enter(Role.CLERK, "bank_b")
    assert "小微卡" not in other.get(AT).content.decode()
    asked = [other.get(f"{AT}/{held.id}"), other.post(f"{AT}/{held.id}/retire")]
    assert {answer.status_code for answer in asked} == {404}
    assert clerk.post(f"{AT}/{held.id}/retire").status_code == 302
    assert "已停用" in clerk.get(AT).content.decode()


@pytest.mark.parametrize("data", [b"{}", b"not json", cards.data("count(nothing)")])
def test_what_is_no_card_is_refused_with_what_is_wrong_and_the_name_stays(clerk, data):
    answer = upload(clerk, data)
    assert answer.status_code == 422
    assert 'value="小微卡"' in answer.content.decode()
    assert clerk.post(AT, {"name": "小微卡"}).status_code == 422
    assert institution_cards.every("bank_a") == []


def test_a_firm_that_consented_is_scored_on_its_case_and_another_is_not(clerk):
    upload(clerk, cards.data(COLUMN))
    (held,) = institution_cards.every("bank_a")
    firm, now = stage.firm(), timezone.now()
    case = stage.case(firm, "bank_a", as_of=now)
    assert f"/institution/cases/{case}/score" not in clerk.get(f"/institution/cases/{case}").content.decode()
    assert clerk.post(f"/institution/cases/{case}/score", {"card": str(held.id)}).status_code == 403
    stage.consent(firm, case, as_of=now)
    assert f"/institution/cases/{case}/score" in clerk.get(f"/institution/cases/{case}").content.decode()
    answer = clerk.post(f"/institution/cases/{case}/score", {"card": str(held.id)})
    page = answer.content.decode()
    assert answer.status_code == 200, page
    assert "没有可供评分的数据" in page  # no tax office is connected here
    released = entries.find(subject=firm.id, kinds=[Kind.DISCLOSURE_RELEASED], entries_max=10)
    assert len(released) == 1
    for wrong in ("", "x", "00000000-0000-4000-8000-000000000000"):
        assert clerk.post(f"/institution/cases/{case}/score", {"card": wrong}).status_code == 422
