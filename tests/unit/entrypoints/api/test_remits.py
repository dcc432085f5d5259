"""职责范围 over HTTP: the operator declares it, a provider sees its own."""

from __future__ import annotations

import pytest

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db
URL = "/api/v1/providers/customs/remit"
CITY = {"regions": ["990100"], "subject_kinds": ["company"]}


@pytest.fixture(autouse=True)
def _providers():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)


def _of(kind, party):
    return keys.header_of(stage.staff(kind, party))


def _put(client, headers, body):
    return client.put(URL, body, content_type="application/json", headers=headers)


def test_the_operator_declares_it_and_the_provider_sees_its_own(client):
    operator, customs = _of(PartyKind.OPERATOR, None), _of(PartyKind.PROVIDER, "customs")
    assert client.get(URL, headers=customs).json()["declared"] is False
    told = _put(client, operator, CITY).json()
    assert told == {"provider": "customs", "label": "海关", "declared": True, **CITY}
    assert client.get(URL, headers=customs).json() == told
    assert client.get(URL, headers=_of(PartyKind.PROVIDER, "tax_bureau")).status_code == 404
    assert _put(client, customs, CITY).status_code == 403


def test_what_no_list_knows_is_said(client):
    operator = _of(PartyKind.OPERATOR, None)
    refused = _put(client, operator, {"regions": ["123456"]})
    assert (refused.status_code, "123456" in refused.json()["detail"]) == (422, True)
    assert _put(client, operator, {"subject_kinds": ["person"]}).status_code == 422
    assert client.get(URL, headers=operator).json()["declared"] is False
