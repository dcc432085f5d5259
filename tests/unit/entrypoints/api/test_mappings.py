"""列映射 over HTTP: a provider's own, by its key; the operator for one that it names; nobody else."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.aggregation import batches
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/mappings"
ITEM = "customs_registration"
MAPPING = {
    "columns": {"单位": "name", "信用代码": "uscc", "海关编码": "customs_registration_code"},
    "constants": {"海关注册标志": "正常"},
}


@pytest.fixture
def customs():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))


@pytest.fixture
def operator(customs):
    return keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR))


def _file():
    row = f"云州某厂（虚构）,{stage.code()},9901000001,三处\n"
    return SimpleUploadedFile("海关.csv", f"单位,信用代码,海关编码,处室\n{row}".encode())


def _put(client, headers, body=MAPPING, query=""):
    return client.put(
        f"{URL}/{ITEM}{query}", json.dumps(body), content_type="application/json", headers=headers
    )


def _preview(client, headers, **more):
    return client.post(f"{URL}/preview", {"item": ITEM, "file": _file(), **more}, headers=headers)


def test_a_provider_looks_saves_and_files(client, customs):
    drafted = client.post(f"{URL}/suggestion", {"item": ITEM, "file": _file()}, headers=customs).json()
    assert drafted["mapping"]["columns"]["信用代码"] == {"field": "uscc"}
    shown = _preview(client, customs, mapping=json.dumps(MAPPING)).json()
    assert (shown["mapping"], shown["unknown_columns"], shown["rows"][0]["taken"]) == (
        "draft",
        ["处室"],
        True,
    )
    assert client.get(URL, headers=customs).json() == []
    saved = _put(client, customs)
    assert (saved.status_code, saved.json()["version"]) == (200, 1)
    assert _preview(client, customs, rows=1).json()["mapping"] == 1
    answer = client.post("/api/v1/batches", {"item": ITEM, "file": _file()}, headers=customs)
    batches.resume_unfinished(as_of=timezone.now())
    state = client.get(f"/api/v1/batches/{answer.json()['batch']}", headers=customs).json()
    assert (state["mapping"], state["receipt"]["mapping"], state["receipt"]["accepted"]) == (1, 1, 1)
    assert client.delete(f"{URL}/{ITEM}", headers=customs).json()["in_force"] is False
    assert [one["version"] for one in client.get(URL, headers=customs).json()] == [2, 1]


def test_the_operator_does_it_for_a_provider_that_it_names(client, customs, operator):
    assert _put(client, operator).json()["code"] == "provider_missing"
    assert _put(client, operator, query="?provider=customs").json()["provider"] == "customs"
    assert [one["item"] for one in client.get(URL, headers=operator).json()] == [ITEM]
    assert client.get(f"{URL}?provider=tax_bureau", headers=operator).json() == []


def test_no_other_provider_or_party_reaches_it(client, customs, operator):
    _put(client, customs)
    tax = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank()))
    assert client.get(URL, headers=tax).json() == []
    for headers in (tax, bank):
        for answer in (
            client.get(f"{URL}?provider=customs", headers=headers),
            _put(client, headers, query="?provider=customs"),
            client.delete(f"{URL}/{ITEM}?provider=customs", headers=headers),
            _preview(client, headers, provider="customs"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert _put(client, tax).json()["code"] == "no_mandate"
    assert client.get(URL).status_code == 401
    assert [one["version"] for one in client.get(URL, headers=customs).json()] == [1]


@pytest.mark.parametrize(
    ("body", "said"),
    [({"columns": {"单位": "企业名字"}}, "columns.单位"), ({"column": {}}, "没有这个键"), ({}, "既没有")],
)
def test_a_fault_is_said_in_chinese(client, customs, body, said):
    answer = _put(client, customs, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "mapping_invalid")
    assert said in answer.json()["title"]


@pytest.mark.parametrize("text", ["{", "null", "[]", "[" * 100_000])
def test_a_draft_that_is_none_is_refused(client, customs, text):
    _put(client, customs)
    answer = _preview(client, customs, mapping=text)
    assert (answer.status_code, answer.json()["code"]) == (422, "mapping_invalid")
