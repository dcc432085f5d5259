"""The operator's queues, journal, parameters and models through the pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import written
from rongxin.entrypoints import editions
from rongxin.entrypoints.portals.operator import parameters, record
from rongxin.evaluation.monitoring import register
from rongxin.journal import checkpoints, entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.rights import objections
from rongxin.rights.objections import Complaint
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)


def enter(role=Role.CLERK):
    client = Client()
    someone = stage.staff(PartyKind.OPERATOR, None, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    return client


@pytest.fixture
def firm():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return stage.firm()


def objected(firm, item="tax_payment", statement="缴税金额少记了一笔 13912345678"):
    said = Complaint(item, None, (), statement)
    return objections.lodge(firm.id, said, actor=firm.owner.actor, as_of=timezone.now())


def test_an_objection_stands_in_the_queue_with_its_numbers_taken_out(firm):
    card = objected(firm)
    client = enter()
    assert firm.uscc is not None
    assert "纳税信息" in client.get("/operator/objections").content.decode()
    assert "纳税信息" not in client.get("/operator/objections?provider=customs").content.decode()
    page = client.get(f"/operator/objections/{card.id}").content.decode()
    assert "缴税金额少记了一笔" in page
    assert "13912345678" not in page


def test_what_the_provider_has_to_answer_is_not_the_operators_to_answer(firm):
    card = objected(firm)
    answer = enter().post(f"/operator/objections/{card.id}", {"act": "upheld", "reason": "成立"})
    assert answer.status_code == 422


def test_the_auditor_sees_the_queue_and_no_case(firm):
    card = objected(firm)
    client = enter(Role.AUDIT_ADMINISTRATOR)
    assert client.get("/operator/objections").status_code == 200
    assert client.get(f"/operator/objections/{card.id}").status_code == 403


def paper(firm, bank="bank_a", *, as_of=stage.NOW):
    stage.bank(bank)
    clerk = stage.staff(PartyKind.INSTITUTION, bank)
    return written.propose_written(
        stage.case(firm, bank),
        stage.draft(),
        stage.paper(firm, scan=stage.SCAN + bank.encode()),
        actor=clerk.actor,
        as_of=as_of,
    )


def test_papers_are_found_by_firm_and_what_waits_longest_is_first(firm):
    later = stage.NOW + timedelta(hours=1)
    number, other = paper(firm), paper(stage.firm("云州青禾农业有限公司"), "bank_b", as_of=later)
    client = enter()

    def shown(query):
        page = client.get(f"/operator/papers?{query}").content.decode()
        return re.findall(r"/operator/papers/([0-9a-f-]{36})", page)

    assert shown("find=青禾") == [str(other)]
    assert shown(f"find={firm.uscc}") == [str(number)]
    assert shown("find=无此名") == []
    assert shown("") == shown("sort=newest")[::-1] == [str(number), str(other)]


def test_a_paper_is_compared_by_another_person_and_its_scan_goes_to_the_checker_alone(firm):
    number = paper(firm)
    clerk, checker = enter(), enter(Role.CHECKER)
    assert clerk.get(f"/operator/papers/{number}").status_code == 200
    assert clerk.get(f"/operator/papers/{number}/scan").status_code == 403
    assert checker.get(f"/operator/papers/{number}/scan").content == stage.SCAN + b"bank_a"
    at = f"/operator/papers/{number}/check"
    assert checker.post(at, {"act": "reject", "scan": written.get(number).scan_sha256}).status_code == 422
    assert checker.post(at, {"act": "confirm", "scan": "0" * 64}).status_code == 422
    done = checker.post(at, {"act": "reject", "scan": written.get(number).scan_sha256, "note": "字迹不清"})
    assert done.status_code == 302
    assert checker.get(f"/operator/papers/{number}/scan").status_code == 404


def test_the_auditor_verifies_the_journal_and_a_changed_entry_is_found(firm):
    client = enter(Role.AUDIT_ADMINISTRATOR)
    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    assert "核验通过" in client.post("/operator/record/check").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE journal_entry SET body = replace(body, 'subject.opened', 'subject.changed')"
            " WHERE kind = 'subject.opened'"
        )
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")
    assert "核验未通过" in client.post("/operator/record/check").content.decode()


def test_a_file_that_is_no_checkpoint_and_a_journal_too_long_are_said_to_be_so(firm, monkeypatch):
    client = enter(Role.AUDIT_ADMINISTRATOR)
    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    wrong = SimpleUploadedFile("x.bin", b"\xff\xfe\x00")
    assert client.post("/operator/record/check", {"witness": wrong}).status_code == 422
    monkeypatch.setattr(record, "CHECKED_MAX", 1)
    assert client.post("/operator/record/check").status_code == 422


def test_the_journal_is_filtered_by_firm_and_kind(firm):
    client, other = enter(Role.AUDIT_ADMINISTRATOR), stage.firm()
    page = client.get(f"/operator/record?uscc={other.uscc}&kind=subject.opened").content.decode()
    assert f"企业序号 {other.id}；" in page
    assert f"企业序号 {firm.id}；" not in page
    someone = Actor(ActorKind.ACCOUNT, "999999999", "institution:bank_a")
    entries.append(Kind.REPORT_TRACED, actor=someone, refs={"request": "r-1"}, as_of=timezone.now())
    assert "account:999999999" in client.get("/operator/record?kind=report.traced").content.decode()
    assert "没有符合条件的" in client.get("/operator/record?uscc=91990101MA1XXXXXXX").content.decode()


def test_every_parameter_file_has_a_citation_and_a_page(firm):
    client = enter(Role.SYSTEM_ADMINISTRATOR)
    page = client.get("/operator/parameters").content.decode()
    for family, every in editions.families().items():
        assert every[0].title in page
        assert all(one.citation for one in every)
        one = client.get(f"/operator/parameters/{family}").content.decode()
        assert all(said in one for said in (every[0].title, f"<dd>{every[-1].decided_by}</dd>"))
    assert client.get("/operator/parameters/nothing").status_code == 404


def test_an_edition_to_come_and_one_that_is_past_are_told_apart(firm, monkeypatch):
    (now,) = editions.families()["break_glass"]
    today = timezone.localdate()
    values = (("open_minutes", "10"), *now.values[1:])
    later = replace(now, edition="later", since=today + timedelta(days=9), values=values)
    past = replace(now, edition="past", since=date(2020, 1, 1))
    monkeypatch.setattr(parameters.editions, "families", lambda: {"break_glass": (past, now, later)})
    page = enter().get("/operator/parameters/break_glass").content.decode()
    assert page.index(f"将于<time>{later.since}</time>生效") < page.index("现行") < page.index("已被取代")
    assert page.count("有变化") == 1


def test_a_version_is_registered_and_nobody_promotes_what_they_proposed(firm):
    system, security = enter(Role.SYSTEM_ADMINISTRATOR), enter(Role.SECURITY_ADMINISTRATOR)
    given = {"version": "2026-01-01", "made_from": "专家判断", "document": "# 说明\n用途"}
    assert security.post("/operator/models/enter", given).status_code == 403
    assert system.post("/operator/models/enter", {**given, "version": "1999"}).status_code == 422
    assert system.post("/operator/models/enter", given).status_code == 302
    assert "<h1>说明</h1>" in security.get("/operator/models/2026-01-01").content.decode()
    at = "/operator/models/2026-01-01/act"
    assert system.post(at, {"act": "shadow"}).status_code == 302
    assert system.post(at, {"act": "propose", "why": ""}).status_code == 422
    assert system.post(at, {"act": "propose", "why": "首个版本"}).status_code == 302
    assert system.post("/operator/models/2026-01-01/promote").status_code == 422
    assert register.of("2026-01-01")["state"] == "shadow"
    assert security.post("/operator/models/2026-01-01/promote").status_code == 302
    assert register.champion() == "2026-01-01"
