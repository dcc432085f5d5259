"""批量调用 over HTTP: two of the operator's agree on an entry, the provider sees its own and the load."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.sharing.bulk.stage import ITEM, PROVIDER

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/bulk"
BODY = {
    "provider": PROVIDER,
    "item": ITEM,
    "document_number": "云市监函〔2026〕7号",
    "document_sha256": "a" * 64,
    "signed_on": "2026-01-01",
    "from_on": "2026-01-01",
    "until_on": "2099-12-31",
    "calls_per_minute": 60,
    "refresh_days": 7,
}


@pytest.fixture
def staff():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    roles = (Role.CHECKER, Role.CHECKER)
    return [keys.header_of(stage.staff(PartyKind.OPERATOR, None, role)) for role in roles]


@pytest.fixture
def provider(staff):
    return keys.header_of(stage.staff(PartyKind.PROVIDER, PROVIDER))


def _post(client, path, headers, body=None):
    return client.post(f"{URL}{path}", body or {}, content_type="application/json", headers=headers)


def test_one_enters_another_confirms_and_the_provider_sees_it(client, staff, provider):
    made = _post(client, "/agreements", staff[0], BODY).json()
    assert (made["state"], made["version"], made["keep_days"]) == ("proposed", 1, 0)
    path = f"/agreements/{made['agreement']}"
    own = _post(client, f"{path}/confirm", staff[0])
    assert (own.status_code, own.json()["code"]) == (422, "second_person_needed")
    assert _post(client, f"{path}/confirm", staff[1]).json()["state_label"] == "已生效"
    (seen,) = client.get(f"{URL}/agreements", headers=provider).json()
    assert seen["decided_by"] != seen["proposed_by"]
    (load,) = client.get(f"{URL}/status", headers=provider).json()
    assert (load["asked_24h"], load["missing"], load["rate_suffices"]) == (0, load["subjects"], True)
    ended = _post(client, f"{path}/end", staff[0], {"reason": "函告终止"}).json()
    assert (ended["state"], ended["ended_on"]) == ("ended", timezone.localdate().isoformat())
    assert _post(client, f"{path}/end", staff[0], {"reason": "x"}).json()["code"] == "bulk_not_possible"
    assert client.get(f"{URL}/status", headers=provider).json() == []


def test_an_item_that_needs_consent_is_refused_in_chinese_and_nobody_else_enters(client, staff, provider):
    refused = _post(client, "/agreements", staff[0], {**BODY, "item": "annual_report"}).json()
    assert refused["code"] == "not_in_bulk"
    assert "企业授权" in refused["title"]
    assert _post(client, "/agreements", provider, BODY).status_code == 403
    tax = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    made = _post(client, "/agreements", staff[0], BODY).json()
    assert client.get(f"{URL}/agreements", headers=tax).json() == []
    assert client.get(f"{URL}/agreements?provider={PROVIDER}", headers=tax).status_code == 403
    declined = _post(client, f"/agreements/{made['agreement']}/decline", staff[1], {"reason": "文号不符"})
    assert declined.json()["state"] == "declined"
