"""征信机构参与运营 by pages: two give the mandate, one ends it, every request of theirs is shown ((六))."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.parties import accounts, memberships
from rongxin.parties.bureaus import mandates
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.consent import stage
from tests.unit.entrypoints.portals.test_lists import cells, enter

pytestmark = pytest.mark.django_db(transaction=True)
AT, API = "/operator/bureaus", "/api/v1"


def staff(role=Role.SECURITY_ADMINISTRATOR):
    return enter(PartyKind.OPERATOR, None, role)[0]


def wish(**changes):
    today = timezone.localdate()
    given = {"bureau": "bureau_a", "name": "云州征信有限公司", "uscc": stage.code(), "basis": "协议第1号"}
    return given | {"valid_from": str(today), "valid_until": str(today + timedelta(days=30))} | changes


def granted(one, other):
    assert one.post(AT, wish()).status_code == 302
    (card,) = mandates.every()
    at = f"{AT}/{card.id}"
    assert one.post(at, {"act": "grant"}).status_code == 422, "the proposer granted the mandate"
    assert other.post(at, {"act": "grant"}).status_code == 302
    return at


def test_a_mandate_takes_two_and_its_part_is_ended_by_one_with_a_reason():
    clerk, one = staff(Role.CLERK), staff()
    at = granted(clerk, one)
    assert clerk.post(at, {"act": "end", "reason": "x"}).status_code == 422
    assert [row[-1] for row in cells(clerk.get(f"{AT}?find=云州征信").content.decode())] == ["有效"]
    assert cells(clerk.get(f"{AT}?find=无此名").content.decode()) == []
    assert one.post(at, {"act": "end"}).status_code == 422
    assert one.post(at, {"act": "end", "reason": "协议期满"}).status_code == 302
    assert "协议期满" in one.get(at).content.decode()
    assert mandates.every()[0].ended_at is not None


def test_its_person_gets_a_key_once_and_each_request_is_listed():
    one = staff()
    at = granted(one, staff())
    someone = stage.person("钱四")
    name = accounts.get(someone.account).username
    assert one.post(f"{at}/people", {"username": "nobody", "role": "clerk"}).status_code == 422
    page = one.post(f"{at}/people", {"username": name, "role": "clerk"}).content.decode()
    found = re.search(r"<pre>(rxk\S+)</pre>", page)
    assert found is not None
    assert found[1] not in one.get(at).content.decode()
    key = {"authorization": f"Bearer {found[1]}"}
    assert Client().get(f"{API}/schedules", headers=key).status_code == 200
    ((_when, who, act, _entry),) = cells(one.get(at).content.decode())
    assert (who, act) == ("钱四", f"GET:{API}/schedules")
    (role,) = memberships.of_bureau("bureau_a")
    assert one.post(f"{at}/people/{role.id}").status_code == 302
    assert Client().get(f"{API}/schedules", headers=key).status_code == 401


def test_what_is_wrong_is_said_and_the_auditor_only_reads():
    clerk, auditor = staff(Role.CLERK), staff(Role.AUDIT_ADMINISTRATOR)
    for changes, says in (
        ({"bureau": "Bureau A"}, "标识"),
        ({"uscc": "123"}, "123"),
        ({"valid_until": "?"}, "日期"),
        ({"valid_until": "2099-12-31"}, "期限"),
    ):
        answer = clerk.post(AT, wish(**changes))
        assert (answer.status_code, says in answer.content.decode()) == (422, True), changes
    assert auditor.post(AT, wish()).status_code == 422
    assert mandates.every() == []
    at = granted(clerk, staff())
    assert auditor.get(at).status_code == 200
    assert auditor.post(f"{at}/people", {"username": "x", "role": "clerk"}).status_code == 403
    assert auditor.post(at, {"act": "end", "reason": "x"}).status_code == 422
