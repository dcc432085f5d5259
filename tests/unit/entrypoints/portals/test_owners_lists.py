"""A firm's lists can be searched, and a form that comes back says that its files are gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm(client):
    made, now = stage.firm("云州王记面馆有限公司"), timezone.now()
    until = timezone.localdate() + timedelta(days=30)
    for name, product in (("bank_a", "云店贷"), ("bank_b", "商户速贷")):
        institutions.assess(stage.bank(name), until=until, actor=SYSTEM, as_of=now)
        desk.submitted(made, name, as_of=now, name=product)
    doors.as_person(client, made.owner)
    return made


@pytest.mark.parametrize("at", ["/enterprise/applications", "/enterprise/products"])
@pytest.mark.parametrize(
    ("find", "there", "gone"), [("速贷", "商户速贷", "云店贷"), ("bank_a", "云店贷", "商户速贷")]
)
def test_a_list_is_searched_by_product_and_by_institution(client, firm, at, find, there, gone):
    whole = client.get(at).content.decode()
    assert there in whole
    assert gone in whole
    part = client.get(at, {"find": find}).content.decode()
    assert there in part
    assert gone not in part
    assert "没有符合条件的" in client.get(at, {"find": "没有的银行"}).content.decode()


def test_a_form_that_comes_back_names_the_files_that_are_gone(client, firm):
    product = shelf.published("bank_a", as_of=timezone.now(), name="云商贷").product
    paper = SimpleUploadedFile("近三月流水.pdf", b"%PDF-1.4", "application/pdf")
    given = {"product": product, "amount": "很多", "term": "12", "purpose": "进货", "files": paper}
    answer = client.post("/enterprise/apply", given)
    page = answer.content.decode()
    assert (answer.status_code, "近三月流水.pdf" in page, "重新选择" in page) == (422, True, True)
    paper.seek(0)
    answer = client.post("/enterprise/rights/object/honours", {"statement": "", "files": paper})
    page = answer.content.decode()
    assert (answer.status_code, "近三月流水.pdf" in page) == (422, True)
    without = client.post("/enterprise/rights/object/honours", {"statement": ""}).content.decode()
    assert "重新选择" not in without
