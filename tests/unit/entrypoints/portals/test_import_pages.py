"""迁入的授权 by pages: what lacks evidence says so; what has it becomes a consent by two clerks."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import pytest

from rongxin.consent import cases, moving, register, written
from rongxin.journal.windows import Window
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.moving import old_platform
from tests.unit.entrypoints.portals.test_lists import cells, enter

pytestmark = pytest.mark.django_db(transaction=True)
AT = "/operator/imports"


def staff(role=Role.CHECKER):
    return enter(PartyKind.OPERATOR, None, role)[0]


@pytest.fixture
def firm(monkeypatch):
    monkeypatch.setattr("rongxin.consent.issuing.check_draft", lambda draft, *, as_of: "test@1")
    monkeypatch.setattr("rongxin.consent.cases.check_served", lambda *given, **more: None)
    stage.bank()
    firm = stage.firm()
    row = old_platform.consent(firm.uscc, signed_by=firm.owner.name)
    row["draft"] |= {"valid_until": "2199-12-31"}
    lacking = old_platform.consent(firm.uscc, case_reference="DK-2", signed_by=None)
    moving.take([row, lacking], scan_of=lambda name: stage.SCAN, actor=SYSTEM, as_of=stage.NOW)
    return firm


def test_what_waits_is_searched_and_says_what_it_lacks(firm):
    client = staff(Role.CLERK)
    shown = cells(client.get(f"{AT}?find={firm.uscc}").content.decode())
    assert {row[2]: row[4] for row in shown} == {"DK-2026-0001": "可提交复核", "DK-2": "缺少签字人"}
    assert [row[2] for row in cells(client.get(f"{AT}?ready=1").content.decode())] == ["DK-2026-0001"]
    assert cells(client.get(f"{AT}?find=无此名").content.decode()) == []
    assert client.get(f"{AT}/{uuid4()}").status_code == 404
    (lacking,) = [card.id for card in moving.pending() if card.missing]
    assert client.post(f"{AT}/{lacking}", {"act": "propose"}).status_code == 422


def test_two_clerks_make_it_a_consent_by_pages(firm):
    one, other = staff(), staff()
    (ready,) = [card.id for card in moving.pending() if not card.missing]
    assert "纳税信息" in one.get(f"{AT}/{ready}").content.decode()
    assert one.post(f"{AT}/{ready}", {"act": "propose"}).status_code == 302
    assert "已提交复核" in one.get(f"{AT}/{ready}").content.decode()
    (paper,) = written.listed(Window(5)).rows
    given = {"act": "confirm", "scan": sha256(stage.SCAN).hexdigest()}
    assert one.post(f"/operator/papers/{paper.id}/check", given).status_code == 422
    assert register.of_subject(firm.id) == []
    assert other.post(f"/operator/papers/{paper.id}/check", given).status_code == 302
    (consent,) = register.of_subject(firm.id)
    assert cases.get(consent.case_id).reference == "DK-2026-0001"
    assert cells(one.get(f"{AT}?ready=1").content.decode()) == []


def test_the_auditor_sees_the_list_and_hands_nothing_in(firm):
    client = staff(Role.AUDIT_ADMINISTRATOR)
    assert client.get(AT).status_code == 200
    (ready,) = [card.id for card in moving.pending() if not card.missing]
    assert client.post(f"{AT}/{ready}", {"act": "propose"}).status_code == 403
