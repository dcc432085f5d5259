"""数据质量 over HTTP: the operator sees all, a provider its own, nobody else anything; the page likewise."""

from __future__ import annotations

import base64
import io

import pypdf
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
URL = "/api/v1/quality"
PAGE = "/operator/quality"
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志"
REST = "9901000001,进出口货物收发货人,正常"


@pytest.fixture
def provider():
    """Customs, which has handed in one good row and one with a wrong code."""
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    headers = keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))
    rows = [f"云州某厂（虚构）,{code},{REST}" for code in (stage.code(), "91990101MA00000000")]
    return headers, SimpleUploadedFile("海关注册.csv", "\n".join([HEAD, *rows]).encode())


@pytest.fixture
def customs(client, provider):
    headers, file = provider
    answer = client.post("/api/v1/batches", {"item": "customs_registration", "file": file}, headers=headers)
    assert answer.status_code == 202
    batches.resume_unfinished(as_of=timezone.now())
    return headers


@pytest.fixture
def operator():
    return keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR))


def _basic(headers):
    key = headers["authorization"].removeprefix("Bearer ")
    return {"authorization": "Basic " + base64.b64encode(f"operator:{key}".encode()).decode()}


def test_a_provider_sees_its_own_figures_and_no_others(client, customs):
    sheet = client.get(URL, headers=customs).json()
    assert sheet["provider"]["id"] == "customs"
    [line] = sheet["lines"]
    assert (line["rows"]["read"], line["rows"]["accepted"], line["rows"]["rejected"]) == (2, 1, 1)
    assert line["acceptance"]["text"] == "50.0%"
    assert {one["provider"]["id"] for one in sheet["silent"]} <= {"customs"}
    assert client.get(f"{URL}?provider=customs", headers=customs).status_code == 200
    for path in (f"{URL}?provider=tax_bureau", f"{URL}/report.pdf?provider=tax_bureau"):
        answer = client.get(path, headers=customs)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_the_operator_sees_all_or_one(client, customs, operator):
    everything = client.get(URL, headers=operator).json()
    assert everything["provider"] is None
    assert {one["provider"]["id"] for one in everything["silent"]} > {"tax_bureau", "peoples_court"}
    other = client.get(f"{URL}?provider=tax_bureau", headers=operator).json()
    assert other["lines"] == []


def test_nobody_else_sees_anything(client, customs):
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank()))
    assert client.get(URL, headers=bank).status_code == 403
    assert client.get(URL).status_code == 401
    assert client.get(f"{URL}/report.pdf").status_code == 401


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?month=2026-13", 400, "bad_month"),
        ("?provider=nobody", 404, "unknown_party"),
        ("/report.pdf", 422, "provider_missing"),
    ],
)
def test_a_wrong_question_is_said_in_words(client, customs, operator, query, status, code):
    answer = client.get(f"{URL}{query}", headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "\u4e00" <= answer.json()["title"][0] <= "\u9fff"


def test_the_monthly_report_prints_the_receipts_figures_and_carries_them(client, customs):
    answer = client.get(f"{URL}/report.pdf", headers=customs)
    assert answer["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    assert "数据质量月报" in text
    assert "海关注册信息" in text
    assert "统一社会信用代码校验位不符" in text
    assert "50.0%" in text
    assert "quality.json" in reader.attachments


def test_the_page_asks_for_the_operators_key(client, customs, operator):
    for headers in ({}, _basic(customs), {"authorization": "Basic ***"}, {"authorization": "Basic Og=="}):
        answer = client.get(PAGE, headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")
        assert "海关" not in answer.content.decode()
    page = client.get(PAGE, headers=_basic(operator)).content.decode()
    assert "海关注册信息" in page
    assert "50.0%" in page


def test_a_page_of_a_wrong_month_or_provider_is_not_found(client, customs, operator):
    for query in ("?month=2026-99", "?provider=nobody"):
        assert client.get(f"{PAGE}{query}", headers=_basic(operator)).status_code == 404
    assert client.get(f"{PAGE}?month=2020-01&provider=", headers=_basic(operator)).status_code == 200


def test_in_a_demo_the_page_is_open_and_holds_no_script_or_style(client, customs, settings):
    settings.RONGXIN_MODE = "demo"
    page = client.get(PAGE).content.decode()
    assert "海关注册信息" in page
    assert "<script" not in page
    assert "style=" not in page
    assert client.post(PAGE).status_code == 405
