"""A department's columns, single rows and gateway through the pages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import objections
from rongxin.rights.objections import Complaint
from rongxin.sharing.aggregation import batches, row_changes, saved_mappings
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.entrypoints.portals.test_lists import cells

pytestmark = pytest.mark.django_db(transaction=True)
ITEM = "customs_registration"
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志"
OWN = "单位,统一社会信用代码,海关注册编码（企业注册号）,经营类别,注册标志栏"
FIELDS = [
    "name",
    "uscc",
    "customs_registration_code",
    "customs_business_category",
    "customs_registration_flag",
]


def enter(provider="customs"):
    client, someone = Client(), stage.staff(PartyKind.PROVIDER, provider)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client, someone


@pytest.fixture
def firm(tmp_path, settings):
    settings.RONGXIN_VAR = tmp_path / "var"
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return stage.firm()


def file(head, firm, sign="正常"):
    row = f"云州蓝鲸物流有限公司,{firm.uscc},1101234567,一般经营,{sign}"
    return SimpleUploadedFile("海关.csv", f"{head}\n{row}\n".encode())


def test_own_column_names_are_tried_saved_and_ended(firm):
    client, _ = enter()
    at = f"/provider/columns/{ITEM}"
    assert client.post(at, {"act": "preview"}).status_code == 422
    page = client.post(at, {"act": "preview", "file": file(OWN, firm)}).content.decode()
    assert 'name="header" value="单位"' in page, "the firm's own column can be named"
    assert saved_mappings.listed(provider="customs", item=ITEM, as_of=timezone.now()) == []
    chosen = {"header": OWN.split(","), "field": FIELDS, "unit": [""] * 5}
    tried = client.post(at, {"act": "preview", "file": file(OWN, firm), **chosen}).content.decode()
    assert "可入库" in tried
    assert client.post(at, {"act": "save", **chosen}).status_code == 302
    assert "第1版" in client.get("/provider/columns").content.decode()
    assert client.post(at, {"act": "end"}).status_code == 302
    assert client.post(at, {"act": "end"}).status_code == 422


def test_another_departments_item_is_none(firm):
    client, _ = enter()
    assert client.get("/provider/columns/tax_payment").status_code == 404


def filed(client, firm):
    answer = client.post("/provider", {"item": ITEM, "file": file(HEAD, firm)})
    number = answer.headers["Location"].rsplit("/", 1)[1]
    batches.file(number, as_of=timezone.now())
    return number


def test_a_row_is_corrected_with_a_reason_and_stands_in_the_list(firm):
    client, _ = enter()
    number = filed(client, firm)
    at = f"/provider/batches/{number}/rows"
    assert client.post(at, {"act": "correct", "line": "2"}).status_code == 422
    changed = {"field": [FIELDS[3], ""], "value": ["报关企业", ""]}
    given = {"act": "correct", "line": "2", "reason": "录入有误", **changed}
    answer = client.post(at, given)
    assert answer.status_code == 302, answer.content.decode()
    assert [one["line"] for one in row_changes.of_batch(number)] == [2]
    assert "录入有误" in client.get(at).content.decode()


def test_a_row_is_ended_and_one_that_is_not_there_is_said_to_be_none(firm):
    client, _ = enter()
    number = filed(client, firm)
    at = f"/provider/batches/{number}/rows"
    assert client.post(at, {"act": "end", "line": "99", "reason": "已了结"}).status_code == 422
    assert client.post(at, {"act": "end", "line": "2", "why": "over", "reason": "已了结"}).status_code == 302


def test_a_batch_is_withdrawn_only_when_its_name_is_typed(firm):
    client, _ = enter()
    number = filed(client, firm)
    at = f"/provider/batches/{number}/withdraw"
    assert "照样填写文件名" in client.post(at, {"name": "别的.csv"}).content.decode()
    assert batches.get(number).status.value == "filed"
    assert client.post(at, {"name": "海关.csv"}).status_code == 302
    assert batches.get(number).status.value == "withdrawn"
    page = client.get(f"/provider/batches/{number}").content.decode()
    assert ("整批撤回" in page, "逐行更正" in page) == (False, False)


def test_a_batch_is_ended_whole_with_its_reason_and_its_name(firm):
    client, _ = enter()
    number = filed(client, firm)
    at, given = f"/provider/batches/{number}/end", {"why": "over", "name": "海关.csv"}
    assert "整批终止" in client.get(f"/provider/batches/{number}").content.decode()
    for wrong in ({"name": "别的.csv", "reason": "期满"}, {"reason": " "}, {"why": "?", "reason": "期满"}):
        assert client.post(at, given | wrong).status_code == 422, wrong
    assert enter("tax_bureau")[0].post(at, given | {"reason": "期满"}).status_code == 404
    assert row_changes.of_batch(number) == []
    assert client.post(at, given | {"reason": "期满"}).status_code == 302
    assert [one["act"] for one in row_changes.of_batch(number)] == ["end"]
    again = client.post(at, given | {"reason": "期满"})
    assert (again.status_code, "都已终止" in again.content.decode()) == (422, True)


def test_rows_of_another_departments_batch_are_unknown(firm):
    client, _ = enter()
    number = filed(client, firm)
    other, _someone = enter("tax_bureau")
    assert other.get(f"/provider/batches/{number}/rows").status_code == 404
    assert other.post(f"/provider/batches/{number}/withdraw", {"name": "海关.csv"}).status_code == 404


def test_the_gateway_page_says_what_is_connected(firm):
    client, _ = enter("tax_bureau")
    page = client.get("/provider/gateway").content.decode()
    assert "纳税信息" in page
    assert "未接通" in page


def test_quality_tells_of_each_item_what_was_late_and_contested_and_is_handed_out_on_paper(firm):
    client, _ = enter()
    filed(client, firm)
    said = Complaint(ITEM, None, (), "注册标志有误")
    card = objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())
    page = client.get("/provider/quality").content.decode()
    assert "本月收到异议1件，其中0件成立" in page
    assert [row[3:6] for row in cells(page)] == [["—", "—", "1"]]
    answer = {"outcome": "upheld", "reason": "已在本单位更正"}
    assert client.post(f"/provider/objections/{card.id}", answer).status_code == 302
    page = client.get("/provider/quality").content.decode()
    assert (cells(page)[0][5], "其中1件成立" in page) == ("1 1件成立", True)
    paper = client.get("/provider/quality/report.pdf")
    assert (paper.headers["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
