"""An institution's standing and its renewal through the pages."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.governance.onboarding import documents, door, parameters
from rongxin.governance.onboarding.rules import State
from rongxin.parties import institutions, seed
from rongxin.parties.models import Institution
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_institution_desk import enter

pytestmark = pytest.mark.django_db(transaction=True)
AT, PAPER = "/institution/standing", b"%PDF-1.7 of the bank"


@pytest.fixture(autouse=True)
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank("bank_a")
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess("bank_a", until=until, actor=SYSTEM, as_of=timezone.now())


def files(**more):
    asked = parameters.in_force(timezone.localdate()).documents
    return {key: SimpleUploadedFile(f"{key}.pdf", PAPER, "application/pdf") for key in asked} | more


def test_an_administrator_renews_with_its_documents_and_sees_how_it_stands():
    client, _ = enter()
    assert "还有30天" in client.get(AT).content.decode()
    assert client.post(f"{AT}/renew", files()).status_code == 302
    (card,) = door.renewals("bank_a")
    assert set(card.wish.documents.values()) == {sha256(PAPER).hexdigest()}
    assert documents.read(card.id, sha256(PAPER).hexdigest())[1] == PAPER
    page = client.get(AT).content.decode()
    assert "待评估" in page
    assert 'type="file"' not in page
    assert client.post(f"{AT}/renew", files()).status_code == 422


def test_a_document_that_is_missing_is_named_and_nothing_is_handed_in():
    client, _ = enter()
    given = files()
    given.pop("access_agreement")
    answer = client.post(f"{AT}/renew", given)
    assert answer.status_code == 422
    assert "接入协议" in answer.content.decode()
    assert door.renewals("bank_a") == []


def test_a_document_of_another_kind_is_refused_and_nothing_is_handed_in():
    client, _ = enter()
    answer = client.post(f"{AT}/renew", files(business_licence=SimpleUploadedFile("a.exe", b"MZ")))
    assert answer.status_code == 422
    assert "PDF、JPEG 或 PNG" in answer.content.decode()
    assert door.renewals("bank_a") == []


def test_a_clerk_sees_the_standing_and_renews_nothing():
    client, _ = enter(Role.CLERK)
    page = client.get(AT).content.decode()
    assert "管理员登录后申请" in page
    assert client.post(f"{AT}/renew", files()).status_code == 403


def test_a_lapsed_institution_gets_back_by_its_own_renewal():
    client, _ = enter()
    Institution.objects.filter(pk="bank_a").update(assessed_until=timezone.localdate() - timedelta(days=1))
    assert "已到期" in client.get(AT).content.decode()
    assert client.post(f"{AT}/renew", files()).status_code == 302
    assert [one.state for one in door.renewals("bank_a")] == [State.SUBMITTED]
