"""评价模型 over HTTP: registered and proposed by one person, promoted by another; reports in three forms."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from rongxin.evaluation.models import ModelReport
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.evaluation.monitoring.sample import REPORT

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/evaluation-models"
MODEL = {"version": "2026-01-01", "made_from": "专家判断", "document": "# 模型说明"}


@pytest.fixture
def staff():
    role = Role.SYSTEM_ADMINISTRATOR
    return [keys.header_of(stage.staff(PartyKind.OPERATOR, None, role)) for _ in range(2)]


def _post(client, path, headers, body=None):
    return client.post(f"{URL}{path}", body or {}, content_type="application/json", headers=headers)


def test_a_version_takes_two_persons_to_be_put_to_use(client, staff):
    one, two = staff
    assert _post(client, "", one, MODEL).json()["state"] == "draft"
    assert _post(client, "/2026-01-01/shadow", one).json()["state"] == "shadow"
    assert _post(client, "/2026-01-01/promotion", two).json()["code"] == "evaluation_model_not_possible"
    assert _post(client, "/2026-01-01/proposal", one, {"why": "首个版本"}).status_code == 200
    refused = _post(client, "/2026-01-01/promotion", one)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert _post(client, "/2026-01-01/promotion", two).json()["state"] == "champion"
    held = client.get(f"{URL}/2026-01-01", headers=one).json()
    assert held["proposed_by"] != held["promoted_by"]
    assert held["model_card"] == MODEL["document"]
    assert _post(client, "/2026-01-01/retirement", one, {"why": "x"}).status_code == 409
    assert _post(client, "", one, MODEL | {"version": "1999-01-01"}).status_code == 404


def test_a_report_is_given_as_it_was_frozen_in_three_forms(client, staff):
    content = json.dumps(REPORT)
    ModelReport.objects.create(
        month="2026-04", version="2026-01-01", made_at=timezone.now(), content=content, sha256="0" * 64
    )
    assert client.get(f"{URL}/reports", headers=staff[0]).json()[0]["month"] == "2026-04"
    path, headers = f"{URL}/reports/2026-04", staff[0]
    assert client.get(path, headers=headers).content.decode() == content
    page = client.get(path, headers={**headers, "Accept": "text/html"}).content.decode()
    assert "信用评价模型月报" in page
    paper = client.get(path, headers={**headers, "Accept": "application/pdf"})
    assert paper.content.startswith(b"%PDF")
    assert client.get(f"{URL}/reports/2026-03", headers=headers).json()["code"] == "unknown_model_report"
    assert client.get(path, headers={**headers, "Accept": "image/png"}).status_code == 406
