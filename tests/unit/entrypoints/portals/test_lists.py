"""Lists of every portal: searched, sorted, read in parts, kept searches, and taken away as a marked file."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent.rules import CaseKind
from rongxin.delivery import tracing
from rongxin.entrypoints.portals import lists
from rongxin.entrypoints.portals.lists import Cell
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import kept_searches, list_exports, quotas, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.quota import Scope
from rongxin.rights import objections
from rongxin.rights.objections import Complaint
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT = {"list": "export"}


@pytest.fixture(autouse=True)
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())


def enter(kind=PartyKind.OPERATOR, party=None, role=Role.CLERK):
    client, someone = Client(), stage.staff(kind, party, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client, someone


def bank():
    stage.bank("bank_a")
    return enter(PartyKind.INSTITUTION, "bank_a")


def objected(name="云州蓝鲸物流有限公司", item="tax_payment"):
    firm = stage.firm(name)
    said = Complaint(item, None, (), "缴税金额少记了一笔")
    objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())
    return firm


def limited(monkeypatch, **changes):
    edition = list_exports.limits(timezone.localdate()).model_copy(update=changes)
    monkeypatch.setattr(list_exports, "limits", lambda _on: edition)


def read(answer):
    """Return a file's head line, its column names and its rows."""
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Content-Type"].startswith("text/csv")
    head, names, *rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    return head, names, rows


def cells(page):
    """Return what a page's list shows, row by row, as text."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.S)
    rows = re.findall(r"<tr>(.*?)</tr>", body[1], re.S) if body else []
    return [
        [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
        for row in rows
    ]


def test_a_list_is_searched_by_name_and_by_code_and_found_again_by_its_address():
    whale, deer = objected("云州蓝鲸物流有限公司"), objected("云州白鹿茶业有限公司")
    client, _ = enter()
    for wanted in ("蓝鲸", whale.uscc):
        page = client.get(f"/operator/objections?find={wanted}").content.decode()
        assert ("蓝鲸物流" in page, "白鹿茶业" in page) == (True, False)
        assert f'value="{wanted}"' in page
    assert deer.uscc is not None
    assert "没有符合条件的" in client.get("/operator/objections?find=黑熊").content.decode()


def test_a_sign_of_the_database_is_only_a_sign():
    objected()
    client, _ = enter()
    for wanted in ("%", "_", "' OR 1=1 --", "\0"):
        page = client.get("/operator/objections", {"find": wanted}).content.decode()
        assert ("蓝鲸物流" in page) is (wanted == "\0"), wanted


def test_a_list_is_put_in_order_and_its_parts_keep_filter_and_order():
    names = [f"云州蓝鲸{n}号有限公司" for n in "甲乙丙"]
    for day, name in enumerate(names):
        firm = stage.firm(name)
        stage.case(firm, stage.bank(f"bank_{day}") if day == 0 else "bank_0", f"DK-{day}", as_of=_at(day))
    client, _ = enter(PartyKind.INSTITUTION, "bank_0")
    page = client.get("/institution?find=蓝鲸").content.decode()
    assert [row[0] for row in cells(page)] == ["DK-2", "DK-1", "DK-0"]
    oldest = client.get("/institution?find=蓝鲸&sort=oldest").content.decode()
    assert [row[0] for row in cells(oldest)] == ["DK-0", "DK-1", "DK-2"]
    assert "sort=newest" not in client.get("/institution?sort=rubbish").content.decode()


def _at(day):
    return stage.NOW + timedelta(days=day)


def test_parts_follow_each_other_without_a_gap_and_keep_what_was_asked(monkeypatch):
    monkeypatch.setattr(lists, "_AT_ONCE", 2)
    for _ in range(5):
        objected()
    objected("云州白鹿茶业有限公司")
    client, _ = enter()
    seen, at = [], "/operator/objections?find=蓝鲸&sort=newest"
    for _ in range(3):
        page = client.get(at).content.decode()
        seen += re.findall(r'href="(/operator/objections/[0-9a-f-]+)"', page)
        found = re.search(r'href="\?([^"]*)" rel="next"', page)
        at = "/operator/objections?" + found[1].replace("&amp;", "&") if found else ""
    assert at == ""
    assert len(seen) == len(set(seen)) == 5


def test_a_file_says_what_the_page_shows_and_each_of_its_rows_leads_back_to_who_took_it():
    objected("云州蓝鲸物流有限公司"), objected("云州白鹿茶业有限公司")
    client, someone = enter()
    answer = client.post("/operator/objections?find=蓝鲸", EXPORT)
    head, names, rows = read(answer)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert [row[:-1] for row in rows] == cells(client.get("/operator/objections?find=蓝鲸").content.decode())
    assert names[-1] == "导出标记"
    assert f"导出人：{someone.name}" in head
    numbers = {tracing.read(",".join(line).encode()).requests for line in (head, *rows)}
    ((number,),) = numbers
    taken = list_exports.trace(number, actor=SYSTEM, as_of=timezone.now())
    assert taken is not None
    assert (taken.whose.account, taken.whose.person, taken.rows) == (someone.account, someone.name, 1)
    assert taken.searched == "find=%E8%93%9D%E9%B2%B8"
    assert taken.sha256 == hashlib.sha256(answer.content).hexdigest()
    (entry,) = entries.find(kinds=[Kind.LIST_EXPORTED])
    assert entry.refs["export"] == str(number)
    assert entry.content["commitments"]["file"] == taken.sha256
    assert entry.content["actor"]["id"] == str(someone.account)


def test_no_cell_of_a_file_begins_like_a_formula():
    client, _ = bank()
    firm = stage.firm("=cmd|' /C calc'!A0有限公司")
    for number, reference in enumerate(('=HYPERLINK("http://x")', "+7", "@SUM(A1)", "＝A1")):
        stage.case(firm, "bank_a", reference, as_of=_at(number))
    _head, _names, rows = read(client.post("/institution", EXPORT))
    assert [row[0] for row in rows] == ["'＝A1", "'@SUM(A1)", "+7", '\'=HYPERLINK("http://x")']
    assert {row[1] for row in rows} == {"'=cmd|' /C calc'!A0有限公司"}


def test_a_file_holds_so_many_rows_and_says_that_there_are_more(monkeypatch):
    objected(), objected()
    limited(monkeypatch, rows_max=1)
    client, _ = enter()
    head, _names, rows = read(client.post("/operator/objections", EXPORT))
    assert len(rows) == 1
    assert "只含前1行，其余请缩小筛选范围后另行导出" in head


def test_a_banks_file_counts_with_its_reports_and_beyond_the_limit_nothing_leaves():
    client, someone = bank()
    stage.case(stage.firm(), "bank_a")
    quotas.set_limit("bank_a", Scope.EXPORTS, 2, actor=SYSTEM, as_of=timezone.now())
    for _ in range(2):
        read(client.post("/institution", EXPORT))
    day = timezone.localdate()
    assert quotas.used("bank_a", day)[Scope.EXPORTS, ""] == 2
    assert (Scope.INSTITUTION, "") not in quotas.used("bank_a", day), "a list is no query"
    refused = client.post("/institution", EXPORT)
    assert refused.status_code == 429
    assert "接入机构当日导出次数已达上限" in refused.content.decode()
    assert "DK-2026-0001" in refused.content.decode(), "the list is still there to be read"
    assert len(entries.find(kinds=[Kind.LIST_EXPORTED])) == 2
    assert someone.name


def test_others_files_are_limited_by_person_and_by_party(monkeypatch):
    objected()
    limited(monkeypatch, person_day=2, party_day=3)
    first, _ = enter()
    second, _ = enter()
    assert [first.post("/operator/objections", EXPORT).status_code for _ in range(3)] == [200, 200, 429]
    assert [second.post("/operator/objections", EXPORT).status_code for _ in range(2)] == [200, 429]


def test_a_search_is_kept_for_oneself_and_forgotten():
    client, _ = bank()
    colleague, _ = enter(PartyKind.INSTITUTION, "bank_a")
    stage.case(stage.firm(), "bank_a")
    assert client.post("/institution", {"list": "keep", "name": "空"}).status_code == 422
    at = f"/institution?find=蓝鲸&kind={CaseKind.LOAN_APPLICATION.value}"
    assert client.post(at, {"list": "keep", "name": " 蓝鲸的  贷款 "}).status_code == 302
    page = client.get("/institution").content.decode()
    kept = re.search(r'<a href="\?([^"]*)">蓝鲸的 贷款</a>', page)
    assert kept is not None
    assert "DK-2026-0001" in client.get("/institution?" + kept[1].replace("&amp;", "&")).content.decode()
    assert "蓝鲸的 贷款" not in colleague.get("/institution").content.decode()
    assert "蓝鲸的 贷款" not in client.get("/institution/applications").content.decode()
    colleague.post("/institution", {"list": "forget", "name": "蓝鲸的 贷款"})
    assert "蓝鲸的 贷款" in client.get("/institution").content.decode(), "another person can't forget it"
    client.post("/institution", {"list": "forget", "name": "蓝鲸的 贷款"})
    assert "蓝鲸的 贷款</a>" not in client.get("/institution").content.decode()


def test_so_many_searches_are_kept_and_one_of_the_same_name_is_replaced(monkeypatch):
    limited(monkeypatch, kept_searches=1)
    client, someone = bank()
    assert client.post("/institution?find=甲", {"list": "keep", "name": "一"}).status_code == 302
    assert client.post("/institution?find=乙", {"list": "keep", "name": "一"}).status_code == 302
    assert client.post("/institution?find=丙", {"list": "keep", "name": "二"}).status_code == 422
    whose = list_exports.Whose(someone.account, someone.name, PartyKind.INSTITUTION, "bank_a")
    assert kept_searches.of(whose, "institution") == (("一", "find=%E4%B9%99"),)


def test_the_journal_says_in_words_what_happened_and_is_filtered_by_them():
    client, _ = enter(PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)
    page = client.get("/operator/record?kind=account.created").content.decode()
    assert '<option value="account.created" selected>开立账号</option>' in page
    assert "开立账号" in re.sub(r"<select.*?</select>", "", page, flags=re.S)
    labels = [(kind.label, kind.label_en) for kind in Kind]
    assert len(set(labels)) == len(labels)
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) and english.isascii() for chinese, english in labels)


DESK = ("objections", "repairs", "institutions", "applications", "papers", "glass")


@pytest.mark.parametrize(
    ("kind", "party", "role", "pages"),
    [
        (PartyKind.OPERATOR, None, Role.CLERK, [f"/operator/{one}" for one in DESK]),
        (PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR, ["/operator/record"]),
        (
            PartyKind.PROVIDER,
            "customs",
            Role.CLERK,
            ["/provider", "/provider/quality", "/provider/objections"],
        ),
        (
            PartyKind.INSTITUTION,
            "bank_a",
            Role.CLERK,
            ["/institution", "/institution/applications", "/institution/log"],
        ),
    ],
)
def test_each_portals_lists_leave_as_files(kind, party, role, pages):
    stage.bank("bank_a")
    client, _ = enter(kind, party, role)
    for page in pages:
        head, names, _rows = read(client.post(page, EXPORT))
        assert len(names) > 3, page
        assert tracing.read(head[-1].encode()).requests, page
        assert client.get(f"{page}?find=x&from=2026-01-01&to=nonsense&sort=x&kind=x").status_code == 200


def test_an_owner_takes_uses_and_all_that_is_held_home_each_with_its_mark():
    firm = stage.firm()
    client = Client()
    doors.as_person(client, firm.owner)
    held = client.post("/enterprise/held", {"form": "csv"})
    head, names, rows = read(held)
    (request,) = tracing.read(head[-1].encode()).requests
    assert ("统一社会信用代码" in {row[3] for row in rows}) is bool(rows)
    assert names[3] == "名称"
    _head, _names, used = read(client.post("/enterprise/uses?own=1", EXPORT))
    assert [row[1] for row in used] == ["本企业"]
    assert str(request) in client.get("/enterprise/uses?own=1").content.decode()
    days = "from=2020-01-01&to=2020-01-02&own=1"
    assert "没有符合条件的" in client.get(f"/enterprise/uses?{days}").content.decode()


def test_a_cell_says_its_note_in_a_file_too():
    assert Cell("2026-12-01", note="已逾期").plain == "2026-12-01 已逾期"
