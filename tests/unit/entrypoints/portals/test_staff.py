"""The portals of institution, provider and operator: a clerk's day without a command line."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import cases, register, requests
from rongxin.entrypoints.portals import urls
from rongxin.journal.windows import Window
from rongxin.parties import memberships, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "企业中文名称,统一社会信用代码,海关注册编码（企业注册号）,经营类别,海关注册标志\n"


def enter(client, kind, party, role=Role.CLERK):
    """Sign in as somebody new of a party's staff."""
    someone = stage.staff(kind, party, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return someone


@pytest.fixture
def ground():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank("bank_a")
    stage.bank("bank_b")


def opened(client, firm, reference="DK-1"):
    answer = client.post(
        "/institution", {"uscc": firm.uscc, "reference": reference, "kind": "loan_application"}
    )
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def test_a_clerk_opens_a_case_asks_and_reads_the_report_by_the_consent(client, ground):
    firm = stage.firm()
    enter(client, PartyKind.INSTITUTION, "bank_a")
    case = opened(client, firm)
    assert "尚未申请授权" in client.get(case).content.decode()
    client.post(f"{case}/ask", {"items": ["tax_payment", "business_licence"]})
    (asked,) = requests.of_case(cases.of_institution("bank_a", Window(5)).rows[0].id)
    assert asked.draft.items == {"tax_payment", "business_licence"}
    stage.consent(firm, asked.case_id, as_of=timezone.now(), request_id=asked.id, draft=asked.draft)
    assert "已授权" in client.get(case).content.decode()
    report = client.post(f"{case}/report", {"form": "json"}).json()
    assert report["consent"] == str(register.of_subject(firm.id)[0].id)
    assert "贷前审批" in client.get("/institution/log").content.decode()


def test_a_case_without_a_consent_gives_the_public_report(client, ground):
    enter(client, PartyKind.INSTITUTION, "bank_a")
    firm = stage.firm()
    case = opened(client, firm)
    assert "查询公共报告" in client.get(case).content.decode()
    report = client.post(f"{case}/report", {"form": "json"}).json()
    assert (report["kind"], report["consent"]) == ("public", None)


def test_a_case_asks_for_nothing_without_items(client, ground):
    enter(client, PartyKind.INSTITUTION, "bank_a")
    case = opened(client, stage.firm())
    answer = client.post(f"{case}/ask", {})
    assert answer.status_code == 422
    assert "没有列出信息项" in answer.content.decode()


def test_a_public_report_needs_a_reference_of_the_institutions_own(client, ground):
    firm = stage.firm()
    enter(client, PartyKind.INSTITUTION, "bank_a")
    assert client.post("/institution/public", {"uscc": firm.uscc}).status_code == 422
    asked = {"uscc": firm.uscc, "reference": "CX-1", "form": "json"}
    assert client.post("/institution/public", asked).json()["kind"] == "public"


def test_another_institutions_case_is_as_good_as_unknown(client, ground):
    firm = stage.firm()
    enter(client, PartyKind.INSTITUTION, "bank_a")
    case = opened(client, firm)
    enter(client, PartyKind.INSTITUTION, "bank_b")
    assert client.get(case).status_code == 404
    for act in ("ask", "report", "close"):
        assert client.post(f"{case}/{act}").status_code == 404


def test_a_provider_hands_in_a_file_and_reads_its_receipt(client, ground):
    firm = stage.firm()
    enter(client, PartyKind.PROVIDER, "customs")
    row = f"云州蓝鲸物流有限公司,{firm.uscc},1101234567,一般经营,正常\n"
    file = SimpleUploadedFile("海关.csv", (HEAD + row).encode())
    answer = client.post("/provider", {"item": "customs_registration", "file": file})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get(answer.headers["Location"])
    assert "海关.csv" in page.content.decode()
    enter(client, PartyKind.PROVIDER, "tax_bureau")
    assert client.get(answer.headers["Location"]).status_code == 404


def test_a_file_that_cannot_be_used_is_refused_in_words(client, ground):
    enter(client, PartyKind.PROVIDER, "customs")
    assert client.post("/provider", {"item": "customs_registration"}).status_code == 422
    file = SimpleUploadedFile("税.csv", b"a\n1\n")
    refused = client.post("/provider", {"item": "tax_payment", "file": file})
    assert refused.status_code == 422
    assert "有一处需要更正" in refused.content.decode()


@pytest.mark.parametrize("page", ["/provider/use", "/provider/quality"])
def test_a_provider_reads_what_its_data_were_good_for(client, ground, page):
    enter(client, PartyKind.PROVIDER, "customs")
    assert client.get(page).status_code == 200


EVERYBODY = {
    "/operator",
    "/operator/glass",
    "/operator/models",
    "/operator/parameters",
    "/operator/mandates",
    "/operator/agreements",
    "/operator/schedules",
    "/operator/providers",
}
OWED = {"/operator/watch", "/operator/holds", "/operator/receipts", "/operator/corrections"}
PUSHES = {"/operator/subscriptions"}
ACCESS = {
    "/operator/institutions",
    "/operator/applications",
    "/operator/bureaus",
    "/operator/conditions",
}
CASES = {
    "/operator/objections",
    "/operator/repairs",
    "/operator/papers",
    "/operator/imports",
    "/operator/held",
}
BATCHES = {"/operator/batches", "/operator/batch-proposals"}
ROLES = {
    Role.SYSTEM_ADMINISTRATOR: EVERYBODY | PUSHES,
    Role.SECURITY_ADMINISTRATOR: EVERYBODY | PUSHES | ACCESS | OWED,
    Role.AUDIT_ADMINISTRATOR: EVERYBODY | PUSHES | ACCESS | CASES | BATCHES | OWED | {"/operator/record"},
    Role.CLERK: EVERYBODY | ACCESS | CASES | BATCHES | {"/operator/matching", "/operator/decisions"},
}


@pytest.mark.parametrize("role", ROLES)
def test_each_of_the_operators_roles_sees_its_own_work_and_no_other(client, ground, role):
    enter(client, PartyKind.OPERATOR, None, role)
    everything = {f"/{page.pattern}" for page in urls.urlpatterns if str(page.name).startswith("operator")}
    everything = {page for page in everything if "<" not in page} - {"/operator/quality"}
    seen = {page for page in everything if client.get(page).status_code == 200}
    assert seen == ROLES[role]


def test_the_auditor_changes_nothing(client, ground):
    enter(client, PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)
    number = "0f8fad5b-d9cb-469f-a165-70867728950e"
    for page in ("alarms", "incidents", "decisions", "objections", "repairs"):
        assert client.post(f"/operator/{page}/{number}", {"note": "x", "why": "x"}).status_code == 403
    assert client.post(f"/operator/held/{number}/release").status_code == 403
    for page in ("applications/{}/assess", "applications/{}/decide", "papers/{}/check", "repairs/{}/confirm"):
        assert client.post(f"/operator/{page.format(number)}").status_code == 403
    for page in ("institutions/bank_a/measures", "institutions/bank_a/enter", "models/enter"):
        assert client.post(f"/operator/{page}").status_code == 403


def test_two_of_the_operators_roles_cannot_be_one_persons(ground):
    someone = stage.staff(PartyKind.OPERATOR, None, Role.AUDIT_ADMINISTRATOR)
    for role in (Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.CHECKER):
        with pytest.raises(memberships.RolesExclude):
            memberships.appoint(
                someone.account, PartyKind.OPERATOR, None, role,
                valid_from=stage.TODAY, actor=SYSTEM, as_of=stage.NOW,
            )  # fmt: skip
