"""Lists of the API are narrowed as their pages are: by words, kind, state and days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import cases
from rongxin.consent.rules import CaseKind
from rongxin.parties import institutions, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.sharing.aggregation import batches
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys, rights_world
from tests.unit.entrypoints.api import test_written_consents as papers
from tests.unit.financing import desk

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志\n"


@pytest.fixture
def firms():
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    for bank in (stage.bank(), stage.bank("bank_b")):
        until = timezone.localdate() + timedelta(days=30)
        institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return stage.firm(), stage.firm("云州白鹭商贸有限公司")


def told(client, path, who, member, **asked):
    answer = client.get(f"{API}{path}", asked, headers=who)
    assert answer.status_code == 200, answer.content
    return [one[member] for one in answer.json()]


def test_cases_by_reference_name_code_kind_and_whether_they_are_closed(client, firms):
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    one, other = firms
    first = stage.case(one, "bank_a", "DK-7")
    cases.open_case("bank_a", other.id, "BH-9", CaseKind.GUARANTEE, actor=SYSTEM, as_of=stage.NOW)
    stage.case(other, "bank_b", "DK-8")
    cases.close_case(first, actor=SYSTEM, as_of=stage.NOW)

    def found(**asked):
        return told(client, "/cases", bank, "reference", **asked)

    assert found(find="DK") == found(find=one.uscc) == found(closed=True) == ["DK-7"]
    assert found(find="白鹭") == found(kind="guarantee") == found(closed=False) == ["BH-9"]
    assert found(find="无此") == found(find="DK-8") == []
    assert sorted(found(sort="oldest")) == sorted(found()) == ["BH-9", "DK-7"]
    assert client.get(f"{API}/cases", {"find": "x" * 101}, headers=bank).status_code == 422


def test_applications_by_the_firms_name(client, firms):
    bank, now = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a")), timezone.now()
    for firm in firms:
        desk.submitted(firm, as_of=now)
    assert len(told(client, "/financing-applications", bank, "uscc")) == 2
    assert told(client, "/financing-applications", bank, "uscc", find="白鹭") == [firms[1].uscc]


def test_objections_and_repairs_by_the_firms_name(client, firms):
    for number, firm in enumerate(firms):
        rights_world.build(firm.id, "customs", {"institution": "bank_a", "department": f"d{number}"})
    desk_, customs = (
        keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CLERK)),
        keys.header_of(stage.staff(PartyKind.PROVIDER, "customs")),
    )
    for path, who in (("/objections", desk_), ("/objections", customs), ("/repairs", desk_)):
        member = path[1:-1]
        assert len(told(client, path, who, member)) == 2
        (found,) = told(client, path, who, member, find="白鹭", sort="newest")
        assert found == told(client, path, who, member, find=firms[1].uscc)[0]


def test_batches_by_file_item_and_state(client, firms):
    customs = keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))
    for name in ("三月.csv", "四月.csv"):
        row = f"云州某厂（虚构）,{stage.code()},9901000001,进出口货物收发货人,正常\n"
        body = {"item": "customs_registration", "file": SimpleUploadedFile(name, (HEAD + row).encode())}
        assert client.post(f"{API}/batches", body, headers=customs).status_code == 202

    def found(**asked):
        return told(client, "/batches", customs, "file_name", **asked)

    assert found(find="三月") == ["三月.csv"]
    assert len(found(status="received")) == len(found(item="customs_registration")) == 2
    assert found(status="withdrawn") == found(item="tax_payment") == []


def test_uses_by_days_both_counted_in(client, firms):
    bank, owner = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a")), keys.header_of(firms[0].owner)
    body = {"uscc": firms[0].uscc, "reference": "DK-1", "person": "王一", "items": ["customs_registration"]}
    asked = client.post(f"{API}/reports", body, content_type="application/json", headers=bank).json()[
        "report"
    ]
    today = timezone.localdate()
    day = timedelta(days=1)
    assert told(client, "/uses", owner, "request", since=today, until=today) == [asked]
    assert told(client, "/uses", owner, "request", since=today + day) == []
    assert told(client, "/uses", owner, "request", until=today - day) == []
    for beyond in ("9999-12-31", "0001-01-01", "2026"):
        assert client.get(f"{API}/uses", {"until": beyond}, headers=owner).status_code == 422


def test_institutions_by_name_id_code_kind_and_standing(client, firms):
    institutions.suspend("bank_b", actor=SYSTEM, as_of=timezone.now())
    officer = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))

    def found(**asked):
        return told(client, "/institutions", officer, "institution", **asked)

    assert found() == ["bank_a", "bank_b"]
    assert found(find="bank_b") == found(standing="suspended") == ["bank_b"]
    assert found(find=institutions.get("bank_a").uscc) == found(standing="active") == ["bank_a"]
    assert found(kind="insurer") == found(find="无此") == []
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    assert client.get(f"{API}/institutions", headers=bank).status_code == 403


def test_the_journal_by_kind_firm_institution_and_days(client, firms):
    auditor = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR))
    one, other = firms
    now, day = timezone.now(), timedelta(days=1)
    mine = str(stage.case(one, "bank_a", "DK-1", as_of=now))
    theirs = str(stage.case(other, "bank_b", "DK-2", as_of=now))

    def found(**asked):
        answer = client.get(f"{API}/journal/entries", asked, headers=auditor)
        assert answer.status_code == 200, answer.content
        return [line["refs"]["case"] for line in answer.json() if line["kind"] == "case.opened"]

    assert found(kind="case.opened") == [theirs, mine]
    assert found(uscc=one.uscc) == found(institution="bank_a") == [mine]
    today = timezone.localdate()
    assert found(kind="case.opened", since=today, until=today) == [theirs, mine]
    assert found(since=today + day) == found(kind="case.opened", until=today - day) == []
    assert client.get(f"{API}/journal/entries", {"uscc": "nobody"}, headers=auditor).status_code == 404
    assert client.get(f"{API}/journal/entries", {"kind": "x"}, headers=auditor).status_code == 422
    first = client.get(f"{API}/journal/entries", {"limit": 1, "kind": "case.opened"}, headers=auditor)
    onward = first.headers["Link"].removeprefix("<").partition(">")[0].removeprefix("http://testserver")
    assert [line["refs"]["case"] for line in client.get(onward, headers=auditor).json()] == [mine]
    (line,) = first.json()
    assert line["kind_label"] == "业务立案"
    assert client.get(f"{API}/journal/entries/{line['entry']}/proof").status_code in (200, 409)
    system = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SYSTEM_ADMINISTRATOR))
    assert client.get(f"{API}/journal/entries", headers=system).status_code == 403


def test_returned_rows_by_reason_and_outcome_and_the_quality_by_item(client, firms):
    customs = keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))
    codes = (stage.code(), "91990101MA00000000")
    rows = [f"云州某厂（虚构）,{code},9901000001,进出口货物收发货人,正常\n" for code in codes]
    body = {
        "item": "customs_registration",
        "file": SimpleUploadedFile("a.csv", (HEAD + rows[0] + rows[1]).encode()),
    }
    batch = client.post(f"{API}/batches", body, headers=customs).json()["batch"]
    batches.resume_unfinished(as_of=timezone.now())
    page = f"/batches/{batch}/rows"

    def found(**asked):
        return told(client, page, customs, "line", **asked)

    assert found() == found(outcome="rejected") == found(find="统一社会信用代码") == [3]
    assert found(outcome="duplicate") == found(find="无此") == []
    other = keys.header_of(stage.staff(PartyKind.PROVIDER, "tax_bureau"))
    assert client.get(f"{API}{page}", headers=other).status_code == 404

    def sheet(**asked):
        return client.get(f"{API}/quality", asked, headers=customs).json()

    for find in ("海关", "customs_registration", "ustoms"):
        assert [line["item"]["id"] for line in sheet(find=find)["lines"]] == ["customs_registration"]
    assert sheet(find="无此")["lines"] == sheet(find="无此")["silent"] == []
    assert sheet(find="无此")["totals"] == sheet()["totals"]


def test_applications_to_be_connected_by_name_state_and_kind(client, firms):
    desk_ = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CLERK))
    documents = dict.fromkeys(client.get(f"{API}/applications/questionnaire").json()["documents"], "a" * 64)
    for number, (name, kind) in enumerate((("云州银行", "bank"), ("云岭保险", "insurer"))):
        wish = {"institution": f"party_{number}", "name": name, "uscc": stage.code(), "kind": kind}
        body = {**wish, "contact": "0990-1", "documents": documents}
        assert client.post(f"{API}/applications", body, content_type="application/json").status_code == 201

    def found(**asked):
        return told(client, "/applications/listed", desk_, "name", **asked)

    assert found(find="云岭") == found(kind="insurer") == found(find="party_1") == ["云岭保险"]
    assert found(sort="oldest") == ["云州银行", "云岭保险"]
    assert found() == found(state="submitted") == ["云岭保险", "云州银行"]
    assert found(state="approved") == []


def test_papers_by_the_firms_name(client, firms):
    desk_, now = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.CHECKER)), timezone.now()
    bank = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_a"))
    cases_ = [str(stage.case(firm, "bank_a", f"DK-{n}", as_of=now)) for n, firm in enumerate(firms)]
    for firm, case in zip(firms, cases_, strict=True):
        handed = papers.handed_in(client, firm, bank, case=case, scan=stage.SCAN + case.encode())
        assert handed.status_code == 201, handed.content.decode()
    for who in (desk_, bank):
        assert told(client, "/written-consents", who, "case", find="白鹭") == cases_[1:]
        assert told(client, "/written-consents", who, "case", sort="oldest") == cases_
        assert told(client, "/written-consents", who, "case", find=firms[0].uscc) == cases_[:1]
