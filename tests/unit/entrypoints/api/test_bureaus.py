"""企业征信机构参与运营: a mandate by two with dates, a narrow part, every act on record, ended by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.entrypoints.api.urls import api
from rongxin.entrypoints.portals import visitors
from rongxin.journal.models import Entry
from rongxin.parties import memberships
from rongxin.parties.bureaus.models import BureauAct, BureauMandate
from rongxin.parties.models import Membership
from rongxin.parties.rules.membership import PartyKind, Role
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db
API = "/api/v1"
DAY = timedelta(days=1)
# All that it may do; whoever widens this says why here.
ITS_PART = {
    ("GET", "/bulk/status"),
    ("GET", "/quality"),
    ("GET", "/quality/report.pdf"),
    ("GET", "/schedules"),
    ("GET", "/schedules/reminders"),
    ("GET", "/usage-feedback"),
}


@pytest.fixture
def two():
    return [
        keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)) for _ in range(2)
    ]


def _post(client, path, headers, **body):
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def _propose(client, headers, **changes):
    today = timezone.localdate()
    given = {"bureau": "bureau_a", "name": "云州征信有限公司", "uscc": stage.code(), "basis": "协议第1号"}
    given |= {"valid_from": str(today), "valid_until": str(today + 30 * DAY)} | changes
    return _post(client, "/bureaus", headers, **given)


def _taking_part(client, two):
    made = _propose(client, two[0])
    assert made.status_code == 201, made.content
    assert _post(client, f"/bureaus/mandates/{made.json()['mandate']}/grant", two[1]).status_code == 200
    someone = stage.person("钱四")
    appointed = _post(client, "/bureaus/bureau_a/people", two[0], account=someone.account, role="clerk")
    assert appointed.status_code == 201, appointed.content
    return {"authorization": f"Bearer {appointed.json()['key']}"}


def test_it_reads_figures_of_the_running_and_each_act_is_on_record(client, two):
    theirs = _taking_part(client, two)
    assert client.get(f"{API}/quality", headers=theirs).status_code == 200
    assert client.get(f"{API}/schedules", headers=theirs).status_code == 200
    refused = _post(client, "/reports", theirs, uscc=stage.firm().uscc, reference="x", person="x")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    listed = client.get(f"{API}/bureaus/bureau_a/acts", headers=two[0]).json()
    assert [one["act"] for one in listed] == [
        f"POST:{API}/reports",
        f"GET:{API}/schedules",
        f"GET:{API}/quality",
    ]
    written = Entry.objects.filter(kind="bureau.acted")
    assert {str(one.id) for one in written} == {one["entry"] for one in listed}
    page = client.get(f"{API}/bureaus/bureau_a/acts?limit=2", headers=two[0])
    assert (len(page.json()), 'rel="next"' in page["Link"]) == (2, True)


def test_its_part_is_exactly_what_is_named_here():
    open_to_it = {
        (method, f"{prefix}{path}")
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
        if "bureau" in (operation.openapi_extra or {}).get("x-callers", {})
    }
    assert open_to_it == ITS_PART


def test_one_act_ends_it_at_once(client, two):
    theirs = _taking_part(client, two)
    assert _post(client, "/bureaus/bureau_a/end", two[1], why="协议终止").status_code == 200
    assert client.get(f"{API}/quality", headers=theirs).status_code == 401
    again = _post(client, "/bureaus/bureau_a/end", two[1], why="协议终止")
    assert again.status_code == 404
    someone = stage.person("孙五")
    late = _post(client, "/bureaus/bureau_a/people", two[0], account=someone.account, role="clerk")
    assert (late.status_code, late.json()["code"]) == (403, "bureau_mandate_over")


def test_a_mandate_that_is_over_opens_nothing_and_the_attempt_is_on_record(client, two):
    theirs = _taking_part(client, two)
    BureauMandate.objects.update(
        valid_from=timezone.localdate() - 9 * DAY, valid_until=timezone.localdate() - DAY
    )
    answer = client.get(f"{API}/quality", headers=theirs)
    assert (answer.status_code, answer.json()["code"]) == (403, "bureau_mandate_over")
    assert BureauAct.objects.get().act == f"GET:{API}/quality"


def test_two_persons_give_it_with_a_basis_and_for_a_year_at_most(client, two):
    made = _propose(client, two[0]).json()
    alone = _post(client, f"/bureaus/mandates/{made['mandate']}/grant", two[0])
    assert (alone.status_code, alone.json()["code"]) == (403, "not_allowed")
    today = timezone.localdate()
    for wrong in (
        {"valid_until": str(today - DAY)},
        {"valid_until": str(today + 366 * DAY)},
        {"basis": " "},
        {"uscc": stage.code(), "bureau": "bureau_a"},
    ):
        assert _propose(client, two[0], **wrong).status_code == 403, wrong
    assert _propose(client, two[0], uscc="91", bureau="bureau_b").status_code == 400
    early = _post(
        client, "/bureaus/bureau_a/people", two[0], account=stage.person("孙五").account, role="clerk"
    )
    assert early.json()["code"] == "bureau_mandate_over"


def test_the_operators_list_is_the_operators(client, two):
    theirs = _taking_part(client, two)
    for path in ("/bureaus", "/bureaus/bureau_a/acts"):
        assert client.get(f"{API}{path}", headers=theirs).status_code == 403
    assert len(client.get(f"{API}/bureaus", headers=two[0]).json()) == 1


def test_pages_offer_no_role_of_a_bureau(client, two):
    _taking_part(client, two)
    card = Membership.objects.get(party_kind=PartyKind.BUREAU.value)
    assert memberships.of_account(card.account_id, on=timezone.localdate())
    assert visitors.roles_with_pages(card.account_id, on=timezone.localdate()) == []
