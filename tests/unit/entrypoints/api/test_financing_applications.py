"""From a product to a decided application by API, as a firm's and two banks' machines would."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rongxin.consent import notices
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.financing import shelf

pytestmark = pytest.mark.django_db
API = "/api/v1"
PDF = b"%PDF-1.7 statement"


@pytest.fixture
def firm():
    return stage.firm()


@pytest.fixture
def scene(firm: stage.Firm) -> dict[str, Any]:
    found: dict[str, Any] = {"firm": keys.header_of(firm.owner)}
    for bank in ("bank_a", "bank_b"):
        stage.bank(bank)
        found[bank] = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))
        found[f"{bank}_checker"] = keys.header_of(stage.staff(PartyKind.INSTITUTION, bank, Role.CHECKER))
    return found


def post(client: Client, who: dict[str, str], path: str, body: Any = None) -> Any:
    return client.post(f"{API}/{path}", body or {}, content_type="application/json", headers=who)


def offered(client: Client, scene: dict[str, Any], bank: str, **changes: Any) -> str:
    made = post(client, scene[bank], "products", {"terms": shelf.document(**changes)})
    assert made.status_code == 201, made.content
    product = made.json()["product"]
    assert post(client, scene[f"{bank}_checker"], f"products/{product}/publish").status_code == 200
    return str(product)


def accepted(firm: stage.Firm) -> dict[str, Any]:
    notice = notices.current(timezone.localdate())
    evidence = {"name": firm.owner.name, "id_number": firm.owner.id_number, "represents": firm.uscc}
    return {"notice_version": notice.version, "notice_sha256": notice.sha256, "evidence": evidence}


def form(*products: str, **changes: Any) -> dict[str, Any]:
    return {
        "products": products,
        "amount_cny": "200000",
        "term_months": 12,
        "purpose": "采购食材",
        **changes,
    }


def test_the_whole_way_from_a_product_to_the_decision_of_two_banks(
    client: Client, scene: dict[str, Any], firm: stage.Firm
) -> None:
    products = [offered(client, scene, "bank_a"), offered(client, scene, "bank_b", name="云商贷")]
    shown = client.get(f"{API}/products/published", headers=scene["firm"]).json()
    assert [(one["product"] in products, one["verdict"]) for one in shown["products"]] == [(True, "met")] * 2

    drafts = post(client, scene["firm"], "financing-applications/drafts", form(*products)).json()
    numbers = {one["institution"]: one["application"] for one in drafts}
    paper = {"file": SimpleUploadedFile("流水.pdf", PDF, "application/pdf")}
    path = f"{API}/financing-applications/{numbers['bank_a']}/papers"
    assert client.post(path, paper, headers=scene["firm"]).status_code == 200
    for number in numbers.values():
        yes = {"consent": accepted(firm)}
        sent = post(client, scene["firm"], f"financing-applications/{number}/submission", yes)
        assert (sent.status_code, sent.json()["state"]) == (200, "submitted"), sent.content

    (mine,) = client.get(f"{API}/financing-applications", headers=scene["bank_a"]).json()
    assert (mine["application"], mine["clock"]) == (numbers["bank_a"], "running")
    whole = client.get(f"{API}/financing-applications/{mine['application']}", headers=scene["bank_a"]).json()
    assert whole["said"]["purpose"] == "采购食材"
    number = whole["papers"][0]["paper"]
    for bank, application in numbers.items():
        file = client.get(f"{API}/financing-applications/{application}/papers/{number}", headers=scene[bank])
        assert (file.content, file["X-Content-Type-Options"]) == (PDF, "nosniff")

    _decided(client, scene, numbers)
    told = client.get(f"{API}/financing-applications", headers=scene["firm"]).json()
    assert {one["institution"]: one["state"] for one in told} == {"bank_a": "approved", "bank_b": "rejected"}
    outcomes = client.get(f"{API}/outcomes/about-me", headers=scene["firm"]).json()
    assert {one["stage"] for one in outcomes} == {"received", "approved", "rejected"}


def _decided(client: Client, scene: dict[str, Any], numbers: dict[str, str]) -> None:
    path = "financing-applications/{}/{}".format
    line = {"amount_cny": "150000", "rate_bp": 450, "term_months": 12, "security": "credit"}
    yes = post(client, scene["bank_a"], path(numbers["bank_a"], "decision"), {"stage": "approved", **line})
    assert (yes.status_code, yes.json()["state"]) == (200, "approved"), yes.content
    no = {"stage": "rejected", "rejection": "policy", "words": "成立时间较短"}
    assert post(client, scene["bank_b"], path(numbers["bank_b"], "decision"), no).status_code == 200
    said = post(client, scene["firm"], path(numbers["bank_a"], "feedback"), {"rating": 5})
    assert [one["side"] for one in said.json()["feedback"]] == ["subject"]


def test_what_is_wrong_is_said_in_words(client: Client, scene: dict[str, Any], firm: stage.Firm) -> None:
    product = offered(client, scene, "bank_a")
    bad = post(client, scene["firm"], "financing-applications/drafts", form(product, amount_cny="1"))
    assert (bad.status_code, bad.json()["code"]) == (422, "financing_application_refused")
    assert "10,000—500,000" in bad.json()["title"]
    (draft,) = post(client, scene["firm"], "financing-applications/drafts", form(product)).json()
    early = post(client, scene["bank_a"], f"financing-applications/{draft['application']}/taking-up")
    assert (early.status_code, early.json()["code"]) == (404, "unknown_financing_application")
    path = f"financing-applications/{draft['application']}/submission"
    assert post(client, scene["firm"], path).status_code == 200
    again = post(client, scene["firm"], path)
    assert (again.status_code, again.json()["code"]) == (409, "financing_application_not_possible")


def test_faulty_terms_are_refused_with_their_place(client: Client, scene: dict[str, Any]) -> None:
    bad = post(client, scene["bank_a"], "products", {"terms": shelf.document(rate_min_bp=900)})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_request")
    assert "年利率下限 900 大于上限 600" in bad.json()["errors"][0]["what"]


def test_a_clerk_does_not_publish_and_a_checker_not_what_was_its_own(
    client: Client, scene: dict[str, Any]
) -> None:
    made = post(client, scene["bank_a_checker"], "products", {"terms": shelf.document()}).json()
    path = f"products/{made['product']}/publish"
    assert post(client, scene["bank_a"], path).json()["code"] == "not_permitted"
    refused = post(client, scene["bank_a_checker"], path)
    assert (refused.status_code, "另一人" in refused.json()["title"]) == (403, True)
