"""紧急查阅 through the pages: two people at the operator's, and the owner who reads about it afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections, papers
from rongxin.rights.objections import Complaint
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import NUMBER, scene
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "核对误并的行政处罚记录"
FACTS = "未按规定操作"


def enter(role):
    client, someone = Client(), stage.staff(PartyKind.OPERATOR, None, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client


def asked(client, firm):
    answer = client.post("/operator/glass", {"uscc": firm.uscc, "reference": "GD-1", "reason": WHY})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def decide(client, at, act="approve"):
    return client.post(f"{at}/decide", {"act": act})


@pytest.fixture
def firm():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return scene().firm


def test_a_clerk_sees_by_an_administrators_approval_until_the_time_is_over(firm):
    clerk, auditor = enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR)
    at = asked(clerk, firm)
    assert clerk.post(f"{at}/look").status_code == 403
    assert "等您核准的" in auditor.get("/operator/glass").content.decode()
    assert decide(auditor, at).status_code == 302
    seen = clerk.post(f"{at}/look")
    page = seen.content.decode()
    assert FACTS in page
    assert NUMBER not in page
    left, back = seen.headers["Refresh"].split("; url=")
    assert (0 < int(left) <= 900, back) == (True, at)


def test_requests_are_found_by_number_and_state_and_a_clerk_finds_her_own_alone(firm):
    clerk, other, auditor = enter(Role.CLERK), enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR)
    at = asked(clerk, firm)

    def there(client, query):
        page = client.get(f"/operator/glass?{query}").content.decode()
        return f'href="{at}"' in page.partition('id="list"')[2]

    assert [there(auditor, f"find={text}") for text in ("GD-1", "GD-2")] == [True, False]
    assert [there(auditor, f"state={state}") for state in ("requested", "approved")] == [True, False]
    assert [there(clerk, ""), there(other, "")] == [True, False]


def test_after_fifteen_minutes_it_is_masked_again(firm, monkeypatch):
    clerk, security = enter(Role.CLERK), enter(Role.SECURITY_ADMINISTRATOR)
    at = asked(clerk, firm)
    decide(security, at)
    start = timezone.now()
    for minutes, status in ((8, 200), (14.5, 200), (15.5, 403)):
        monkeypatch.setattr(timezone, "now", lambda later=minutes: start + timedelta(minutes=later))
        assert clerk.post(f"{at}/look").status_code == status, minutes
    page = clerk.get(at).content.decode()
    assert "内容已遮蔽" in page
    assert FACTS not in page


def test_nobody_approves_their_own_request_nor_does_a_clerk(firm):
    security, clerk = enter(Role.SECURITY_ADMINISTRATOR), enter(Role.CLERK)
    at = asked(security, firm)
    refused = decide(security, at)
    assert refused.status_code == 422
    assert "不能核准本人" in refused.content.decode()
    assert decide(clerk, at).status_code == 403
    assert clerk.get(at).status_code == 404
    assert security.post(f"{at}/look").status_code == 403


def test_the_approver_sees_nothing_by_it(firm):
    clerk, auditor = enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR)
    at = asked(clerk, firm)
    decide(auditor, at)
    assert "查阅明文" not in auditor.get(at).content.decode()
    assert auditor.post(f"{at}/look").status_code == 403


def test_the_owner_reads_who_looked_and_why(firm):
    clerk, auditor, owner = enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR), Client()
    at = asked(clerk, firm)
    decide(auditor, at)
    clerk.post(f"{at}/look")
    doors.as_person(owner, firm.owner)
    page = owner.get("/enterprise/uses").content.decode()
    for told in ("平台运营机构", "紧急查阅", WHY):
        assert told in page


def test_a_request_without_a_reason_says_what_is_missing(firm):
    clerk = enter(Role.CLERK)
    answer = clerk.post("/operator/glass", {"uscc": firm.uscc, "reference": "GD-1", "reason": "查看"})
    assert answer.status_code == 422
    assert "请写明理由" in answer.content.decode()


def test_a_paper_of_the_firms_is_opened_while_the_glass_is_open_and_the_firm_reads_of_it(firm):
    file = papers.File("证明.pdf", "application/pdf", b"%PDF-1.7 proof")
    said = Complaint("tax_payment", None, (), "金额不符", (file,))
    objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())
    clerk, auditor = enter(Role.CLERK), enter(Role.AUDIT_ADMINISTRATOR)
    at = asked(clerk, firm)
    decide(auditor, at)
    page = clerk.post(f"{at}/look").content.decode()
    path = re.search(r'action="([^"]+)" class="row">', page)[1]
    kind = {"kind": "objection_evidence"}
    assert clerk.post(path, kind).content == file.content
    assert auditor.post(path, kind).status_code == 403, "whoever approves doesn't look"
    clerk.post(f"{at}/close")
    assert clerk.post(path, kind).status_code == 403
    owner = Client()
    doors.as_person(owner, firm.owner)
    uses = owner.get("/enterprise/uses").content.decode()
    assert uses.count("紧急查阅") >= 4, "the look, the paper, and both refused attempts"
    found = [owner.get(one).content.decode() for one in re.findall(r'href="(/enterprise/uses/[^"]+)"', uses)]
    (told,) = (one for one in found if "异议证据" in one)
    assert WHY in told
