"""批量推送 over HTTP: subscribe, fetch in parts, take up a broken download, acknowledge; the firm sees it."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from django.utils import timezone

from rongxin.delivery.push import upkeep
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/push"
PENALTY = "administrative_penalty"
WANTED = {"items": [PENALTY], "reference": "TS-1", "basis": "接入协议第3条", "regions": ["990100"]}


@pytest.fixture
def firm(settings, tmp_path):
    settings.RONGXIN_VAR = tmp_path / "var"
    made = stage.firm()
    Bureau().files(Row(2, made.id, "一号", {"uscc": made.uscc, "fine_cny": "9.00"}, date(2026, 1, 9)))
    return made


@pytest.fixture
def bank(firm):
    return _staff_of("bank_a")


def _staff_of(bank):
    stage.bank(bank)
    institutions.assess(bank, until=timezone.localdate() + timedelta(days=9), actor=SYSTEM, as_of=stage.NOW)
    return keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _post(client, path, headers, **body):
    return client.post(f"{URL}/{path}", body, content_type="application/json", headers=headers)


def _get(client, path, headers, **more):
    return client.get(f"{URL}/{path}", headers=headers | more)


def _ready(client, bank):
    _post(client, "subscriptions", bank, **WANTED)
    upkeep.make_due(as_of=timezone.now())
    (run,) = _get(client, "runs", bank).json()
    manifest = _get(client, f"runs/{run['run']}/files/manifest.json", bank)
    return run, b"".join(manifest.streaming_content), manifest.status_code


def test_an_institution_subscribes_fetches_and_acknowledges(client, firm, bank):
    run, manifest, status = _ready(client, bank)
    assert (status, run["state"], run["rows"], run["kind"]) == (200, "ready", 1, "full")
    digest = hashlib.sha256(manifest).hexdigest()
    assert digest == run["manifest_sha256"]
    path = f"runs/{run['run']}/acknowledge"
    assert _post(client, path, bank, manifest_sha256="0" * 64).json()["code"] == "wrong_manifest"
    assert _post(client, path, bank, manifest_sha256=digest).json()["state"] == "acknowledged"
    owner = keys.header_of(firm.owner)
    (use,) = client.get("/api/v1/uses", headers=owner).json()
    assert (use["request"], use["recipient"], use["reference"]) == (run["run"], "bank_a", "TS-1")
    assert use["items"] == {PENALTY: ["records", "development_reform_commission", 1]}


def test_a_broken_download_is_taken_up_where_it_broke(client, bank):
    run, _, _ = _ready(client, bank)
    path = f"runs/{run['run']}/files/{PENALTY}-0000.parquet"
    whole = _get(client, path, bank)
    content, etag = b"".join(whole.streaming_content), whole["ETag"]
    assert (whole.status_code, whole["Accept-Ranges"]) == (200, "bytes")
    for asked, part in [
        ("bytes=100-", content[100:]),
        ("bytes=0-99", content[:100]),
        ("bytes=-7", content[-7:]),
        (f"bytes=5-{len(content) + 9}", content[5:]),
    ]:
        answer = _get(client, path, bank, Range=asked)
        assert (answer.status_code, b"".join(answer.streaming_content)) == (206, part)
    assert _get(client, path, bank, Range=f"bytes={len(content)}-").status_code == 416
    assert _get(client, path, bank, **{"Range": "bytes=1-", "If-Range": '"other"'}).status_code == 200
    assert _get(client, path, bank, **{"Range": "bytes=1-", "If-Range": etag}).status_code == 206


def test_it_is_the_banks_own_and_the_operator_may_stop_but_not_fetch(client, bank):
    run, _, _ = _ready(client, bank)
    other, clerk = (
        _staff_of("bank_b"),
        keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.SECURITY_ADMINISTRATOR)),
    )
    file = f"runs/{run['run']}/files/manifest.json"
    assert [_get(client, file, who).status_code for who in (other, clerk, {})] == [404, 403, 401]
    assert _get(client, "runs", other).json() == []
    assert _get(client, "runs", clerk).json() == [run]
    subscription = f"subscriptions/{run['subscription']}"
    assert _post(client, f"{subscription}/end", other).json()["code"] == "unknown_subscription"
    assert _post(client, f"{subscription}/stop", bank, reason="x").status_code == 403
    assert _post(client, f"{subscription}/stop", clerk, reason="依据不足").json()["status"] == "stopped"
    assert _get(client, file, bank).json()["code"] == "push_not_served"
    assert _post(client, f"{subscription}/run", bank, full=True).status_code == 403


def test_what_is_not_public_or_nobodys_right_is_refused(client, bank):
    for changes, code in [
        ({"items": ["tax_payment"]}, "unfit_terms"),
        ({"items": ["nothing"]}, "unknown_item"),
        ({"kinds": ["individual_business"]}, "unfit_terms"),
        ({"basis": "张三 11010119900307123X"}, "number_given"),
    ]:
        answer = _post(client, "subscriptions", bank, **WANTED | changes)
        assert answer.json()["code"] == code
    assert _get(client, "subscriptions", bank).json() == []


def test_terms_change_by_version(client, bank):
    made = _post(client, "subscriptions", bank, **WANTED).json()
    path = f"{URL}/subscriptions/{made['subscription']}"
    changed = client.put(path, WANTED | {"form": "csv"}, content_type="application/json", headers=bank).json()
    assert (changed["version"], changed["terms"]["form"]) == (2, "csv")
