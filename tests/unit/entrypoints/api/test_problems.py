"""Errors below /api/v1 are problem documents in Chinese first, whoever found them; never a stack trace."""

from __future__ import annotations

import json
import unicodedata

import pytest
from django.test import Client

from rongxin.catalogue import loader
from rongxin.entrypoints.api import problems
from rongxin.entrypoints.api.urls import api
from rongxin.journal.models import Entry
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
CONTEXTS = tuple(
    f"rongxin.{room}."
    for room in ("catalogue", "journal", "parties", "consent", "records", "sharing", "disclosure")
)
# Codes that stand for a fault of the installation or a base class; nobody is told them through the API.
NOT_TOLD = {
    "catalogue",
    "invalid_catalogue",
    "journal_error",
    "unrecordable",
    "origin_missing",
    "parties_error",
    "consent_error",
    "records_error",
    "sharing_error",
    "disclosure_error",
    "unsafe_in_production",
    "invalid_size_class_standard",
}


@pytest.fixture
def bank():
    return keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank()))


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "body", "said"),
    [
        ("cases", {}, ("uscc", "必填 ")),
        ("cases", {"uscc": 7, "reference": "r"}, ("uscc", "应为文本 ")),
        ("cases", {"uscc": "x", "reference": "r", "kind": "y"}, ("kind", "应为下列之一：")),
        ("consent-requests", {"case": "1"}, ("case", "应为编号（UUID） ")),
        ("consent-requests", {"items": []}, ("items", "至少 1 项 ")),
        ("consent-requests", {"until": "1"}, ("until", "没有这一项，请删去或改正名称 ")),
    ],
)
def test_what_is_wrong_with_a_member_is_said_in_chinese_first(client, bank, address, body, said):
    answer = client.post(f"{API}/{address}", body, content_type="application/json", headers=bank)
    found = {one["where"]: one["what"] for one in problem(answer, 422)["errors"]}
    member, words = said
    what = next(text for where, text in found.items() if where.endswith(f".{member}"))
    assert what.startswith(words), found


def problem(answer, status):
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert unicodedata.name(body["title"][0]).startswith("CJK")
    assert "Traceback" not in answer.content.decode()
    return body


def ask(client, headers, body, content_type="application/json"):
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(f"{API}/reports", data, content_type=content_type, headers=headers)


@pytest.mark.parametrize("text", ["a\0b", "\0", "\x1b[31m", "a\ud800"])
def test_a_text_that_no_database_holds_is_refused_with_its_place(client, bank, text):
    question = {"uscc": stage.code(), "reference": "DK-1", "person": text}
    assert problem(ask(client, bank, question), 422)["where"] == "body.person"
    case = {"uscc": stage.code(), "reference": {"deep": [1, text]}}
    answer = client.post(f"{API}/cases", json.dumps(case), content_type="application/json", headers=bank)
    assert problem(answer, 422)["where"] == "body.reference.deep.1"


def test_a_written_backslash_is_no_control_character(client, bank):
    case = {"uscc": stage.code(), "reference": "\\u0000"}
    answer = client.post(f"{API}/cases", json.dumps(case), content_type="application/json", headers=bank)
    assert problem(answer, 404)["code"] == "unknown_subject"


def test_control_characters_in_form_query_and_address_are_refused(client, bank):
    provider = keys.header_of(_provider())
    form = client.post(f"{API}/batches", {"item": "cust\0oms", "file": ""}, headers=provider)
    assert problem(form, 422)["code"] == "control_character"
    assert problem(client.get(f"{API}/uses?limit=1%00", headers=_firm()), 422)["where"] == "limit"
    assert problem(client.get(f"{API}/catalogue/a%00b/schema"), 422)["code"] == "control_character"


@pytest.mark.parametrize("key", ["rxk_a\0b_c", "\0", "rxk_\x7f_c"])
def test_a_key_with_control_characters_is_no_key(client, key):
    answer = client.get(f"{API}/batches", headers={"authorization": f"Bearer {key}"})
    assert problem(answer, 401)["code"] == "unauthenticated"
    assert answer["WWW-Authenticate"] == 'Bearer, DPoP algs="Ed25519 EdDSA ES256"'


def test_a_body_beyond_the_limit_is_413(client, bank, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2048
    assert "2 KiB" in problem(ask(client, bank, {"person": "x" * 3000}), 413)["title"]
    form = client.post(f"{API}/batches", {"item": "x" * 3000}, headers=keys.header_of(_provider()))
    assert problem(form, 413)["code"] == "body_too_large"


def test_an_address_that_is_not_there_and_a_method_that_is_not_are_problems(client):
    assert "/api/v1/nowhere" in problem(client.get(f"{API}/nowhere"), 404)["title"]
    answer = client.delete(f"{API}/catalogue")
    assert problem(answer, 405)["code"] == "method_not_allowed"
    assert answer["Allow"] == "GET"
    assert client.get("/nowhere")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_json_routes_take_json_only(client, bank, kind):
    kind += "; boundary=x" if kind.startswith("multipart") else ""
    assert problem(ask(client, bank, '{"uscc": "x"}', kind), 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_a_broken_body_is_400(client, bank, body):
    assert problem(ask(client, bank, body), 400)["code"] == "malformed_json"


def test_a_broken_form_is_400(client):
    headers = keys.header_of(_provider())
    answer = client.post(f"{API}/batches", b"--", content_type="multipart/form-data", headers=headers)
    assert problem(answer, 400)["code"] == "malformed_form"


def test_a_subject_that_nobody_knows_is_named_in_both_languages(client, bank):
    code = stage.code()
    body = problem(ask(client, bank, {"uscc": code, "reference": "DK-1", "person": "x"}), 404)
    assert body["code"] == "unknown_subject"
    assert body["title"].startswith(f"本节点没有统一社会信用代码 {code}")
    assert f"no subject {code}" in body["detail"]


@pytest.mark.parametrize("wrong", ["9133", stage.code()[:-1] + "I", "０"])
def test_what_is_no_code_is_said_to_be_none_and_asks_nothing(client, bank, wrong):
    before = Entry.objects.count()
    body = problem(ask(client, bank, {"uscc": wrong, "reference": "DK-1", "person": "x"}), 400)
    assert (body["code"], body["where"]) == ("invalid_uscc", "body.uscc")
    assert "统一社会信用代码" in body["title"]
    assert Entry.objects.count() == before


def test_an_error_that_speaks_english_only_has_a_chinese_title():
    assert problems._title("unknown_case", "no such case") == problems.TITLES["unknown_case"]
    assert problems._title("never_heard_of", "no such thing") == problems.OTHERWISE


def test_an_error_that_speaks_chinese_is_not_called_otherwise(client):
    body = problem(client.get(f"{API}/catalogue/no_such_item/schema"), 404)
    assert body["code"] == "unknown_item"
    assert "no_such_item" in body["title"]


def test_every_code_of_a_context_has_a_title():
    codes = {error.code for error in _errors()} - NOT_TOLD
    assert codes <= set(problems.TITLES)


def test_an_unexpected_error_tells_nothing_of_itself(client, monkeypatch):
    def fails(*_arguments):
        raise RuntimeError("secret")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fails)
    assert "secret" not in str(problem(client.get(f"{API}/catalogue"), 500))


def test_the_description_of_the_interface_is_still_json(client):
    assert client.get(f"{API}/openapi.json").json()["info"]["title"] == api.title


def _provider():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return stage.staff(PartyKind.PROVIDER, "customs")


def _firm():
    return keys.header_of(stage.firm().owner)


def _errors():
    """Every error of the contexts; the API imports them all."""
    waiting = list(Exception.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith(CONTEXTS) and isinstance(getattr(kind, "code", None), str):
            yield kind
