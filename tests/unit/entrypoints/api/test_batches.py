"""A provider hands in files over HTTP: taken at once, filed once, every row accounted for."""

from __future__ import annotations

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
URL = "/api/v1/batches"
PROVIDER = "customs"


@pytest.fixture
def headers():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return keys.header_of(stage.staff(PartyKind.PROVIDER, PROVIDER))


def _file(*codes: str, repeats: int = 0) -> SimpleUploadedFile:
    rows = [f"云州某厂（虚构）,{code},99010{n:05d},进出口货物收发货人,正常" for n, code in enumerate(codes)]
    head = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志"
    return SimpleUploadedFile("海关注册.csv", "\n".join([head, *rows, *rows[:repeats]]).encode("gb18030"))


def _hand_in(client, headers, file, item="customs_registration"):
    return client.post(URL, {"item": item, "file": file}, headers=headers)


def test_it_takes_a_file_and_files_it_in_the_background(client, headers):
    answer = _hand_in(client, headers, _file(stage.code(), "91990101MA00000000"))
    assert answer.status_code == 202
    batch = answer.json()["batch"]
    assert answer.json()["receipt"] is None
    batches.resume_unfinished(as_of=timezone.now())
    state = client.get(f"{URL}/{batch}", headers=headers).json()
    receipt = state["receipt"]
    assert state["status"] == "filed"
    assert (receipt["read"], receipt["accepted"], receipt["rejected"]) == (2, 1, 1)
    assert receipt["rejects"][0]["line"] == 3
    rejects = client.get(f"{URL}/{batch}/rejects.csv", headers=headers).content.decode("utf-8-sig")
    assert "91990101MA00000000" in rejects


def test_the_same_file_twice_is_one_batch(client, headers):
    code = stage.code()
    first = _hand_in(client, headers, _file(code))
    again = _hand_in(client, headers, _file(code))
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["repeated"] is True
    assert again.json()["batch"] == first.json()["batch"]


def test_it_refuses_an_item_that_may_not_be_aggregated_naming_the_article(client, headers):
    answer = _hand_in(client, headers, _file(stage.code()), item="tax_payment")
    assert answer.status_code == 422
    assert "（五）" in str(answer.json()) or "附件" in str(answer.json())
    assert answer.json()["what_to_do"]


def test_it_refuses_an_unknown_item_and_another_providers_item(client, headers):
    for item in ("customs_registrations", "administrative_permit"):
        answer = _hand_in(client, headers, _file(stage.code()), item=item)
        assert answer.status_code in (403, 404, 422)
        assert "Traceback" not in answer.content.decode()


def test_an_unknown_item_is_told_by_its_form_field_and_where_the_catalogue_is(client, headers):
    answer = _hand_in(client, headers, _file(stage.code()), item="customs_registrations").json()
    assert (answer["code"], answer["where"]) == ("unknown_item", "item")
    assert "/api/v1/catalogue" in answer["what_to_do"]
    assert client.get("/api/v1/catalogue").status_code == 200
    assert "customs_registration" in answer["title"]  # the closest name
    assert "rongxin catalogue" not in str(answer)


def test_nobody_sees_anothers_batch(client, headers):
    batch = _hand_in(client, headers, _file(stage.code())).json()["batch"]
    other = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    for path in ("", "/rejects.csv"):
        assert client.get(f"{URL}/{batch}{path}", headers=other).status_code == 404
    assert client.post(f"{URL}/{batch}/withdraw", headers=other).status_code == 404


def test_a_provider_takes_its_batch_back(client, headers):
    batch = _hand_in(client, headers, _file(stage.code())).json()["batch"]
    batches.resume_unfinished(as_of=timezone.now())
    answer = client.post(f"{URL}/{batch}/withdraw", headers=headers)
    assert answer.json()["ended"] == 1
    assert client.get(f"{URL}/{batch}", headers=headers).json()["status"] == "withdrawn"


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(client, headers, settings, monkeypatch):
    settings.RONGXIN_UPLOAD_MAX_BYTES = 2 << 20
    small = _hand_in(client, headers, _file(stage.code()))
    assert small.status_code == 202
    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", None)  # whoever reads, fails
    answer = _hand_in(client, headers, SimpleUploadedFile("a.csv", b"x" * (2 << 20)))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert "2 MiB" in answer.json()["title"]
    assert "分批" in answer.json()["what_to_do"]


def test_a_list_is_taken_for_an_item_that_is_one_and_refused_for_others(client, headers):
    answer = client.post(
        URL,
        {"item": "customs_registration", "file": _file(stage.code()), "mode": "snapshot"},
        headers=headers,
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "no_full_list")
    wrong = client.post(
        URL, {"item": "customs_registration", "file": _file(stage.code()), "mode": "all"}, headers=headers
    )
    assert wrong.status_code == 422


def test_only_the_operator_sees_releases_and_refuses_what_is_held(client, headers):
    """Fifty rows, and half of them once more: a second person looks at such a file."""
    code = stage.code()
    batch = _hand_in(client, headers, _file(*[code] * 50, repeats=25)).json()["batch"]
    batches.resume_unfinished(as_of=timezone.now())
    state = client.get(f"{URL}/{batch}", headers=headers).json()
    assert (state["status"], state["receipt"]) == ("held", None)
    assert [finding["rule"] for finding in state["held_for"]] == ["duplicates_in_file"]
    assert client.post(f"{URL}/{batch}/release", headers=headers).status_code == 403
    operator = keys.header_of(stage.staff(PartyKind.OPERATOR, "node", Role.CHECKER))
    assert [one["batch"] for one in client.get(f"{URL}/held", headers=operator).json()] == [batch]
    assert client.post(f"{URL}/{batch}/release", headers=operator).status_code == 202
    batches.resume_unfinished(as_of=timezone.now())
    receipt = client.get(f"{URL}/{batch}", headers=headers).json()["receipt"]
    assert (receipt["read"], receipt["accepted"], receipt["duplicate"]) == (75, 50, 25)
    again = client.post(
        f"{URL}/{batch}/refuse", {"reason": "晚了"}, content_type="application/json", headers=operator
    )
    assert again.json()["code"] == "batch_not_held"
