"""A provider puts one row of its own right over HTTP; nobody else's is even known."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.aggregation import batches
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/rows"
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志\n"


@pytest.fixture
def headers():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    return keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))


@pytest.fixture
def batch(client, headers):
    row = f"云州某厂（虚构）,{stage.code()},9901000001,进出口货物收发货人,正常\n"
    file = SimpleUploadedFile("海关注册.csv", (HEAD + row).encode())
    body = {"item": "customs_registration", "file": file}
    made = client.post("/api/v1/batches", body, headers=headers).json()["batch"]
    batches.resume_unfinished(as_of=timezone.now())
    return made


def _post(client, headers, path, **body):
    return client.post(f"{URL}/{path}", body, content_type="application/json", headers=headers)


def test_it_corrects_a_row_and_answers_with_the_signed_receipt(client, headers, batch):
    answer = _post(client, headers, f"{batch}/2/correct", values={"经营类别": "报关企业"}, reason="录入有误")
    receipt = answer.json()
    assert (answer.status_code, receipt["mode"], receipt["accepted"]) == (201, "correction", 1)
    assert receipt["signature"]
    again = _post(client, headers, f"{batch}/2/correct", values={"经营类别": "x"}, reason="再次")
    assert (again.status_code, again.json()["code"]) == (409, "row_over")
    (change,) = client.get(f"{URL}/{batch}", headers=headers).json()
    assert (change["act"], change["reason"], change["correction"]) == (
        "correct",
        "录入有误",
        receipt["batch"],
    )


def test_it_says_in_words_what_is_wrong_with_a_correction(client, headers, batch):
    answer = _post(client, headers, f"{batch}/2/correct", values={"无此列": "1"}, reason="x")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_column")
    assert "经营类别" in answer.json()["what_to_do"]
    nothing = _post(client, headers, f"{batch}/2/correct", values={}, reason="x").json()
    assert nothing["where"] == "values"
    assert (
        _post(client, headers, f"{batch}/7/correct", values={"经营类别": "x"}, reason="x").status_code == 404
    )


@pytest.mark.parametrize(
    ("act", "body", "ended"),
    [("end", {"why": "removed"}, "removed_by_authority"), ("withdraw", {}, "withdrawn")],
)
def test_it_ends_or_takes_back_a_row(client, headers, batch, act, body, ended):
    answer = _post(client, headers, f"{batch}/2/{act}", reason="误报", **body)
    assert (answer.status_code, answer.json()["ended"]) == (200, ended)


def test_anothers_row_is_unknown_whatever_is_asked_of_it(client, headers, batch):
    other = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    assert client.get(f"{URL}/{batch}", headers=other).status_code == 404
    for act, body in (
        ("correct", {"values": {"经营类别": "x"}}),
        ("end", {"why": "over"}),
        ("withdraw", {}),
    ):
        assert _post(client, other, f"{batch}/2/{act}", reason="x", **body).status_code == 404


def test_it_ends_a_batch_of_its_own_and_nobody_elses(client, headers, batch):
    other = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    assert _post(client, other, f"{batch}/end", why="over", reason="期满").status_code == 404
    answer = _post(client, headers, f"{batch}/end", why="over", reason="期满")
    assert (answer.status_code, answer.json()["ended"]) == (200, 1)
    again = _post(client, headers, f"{batch}/end", why="over", reason="期满")
    assert again.json()["code"] == "nothing_stands"
