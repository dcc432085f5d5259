"""Lists in pages: joined they are the whole list, whatever comes meanwhile; a cursor is the node's alone."""

from __future__ import annotations

import json
import re
import typing
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.consent.models import Case
from rongxin.delivery.push.models import Pushed, PushRun
from rongxin.entrypoints.api import paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.urls import api
from rongxin.governance import measures
from rongxin.governance.measures import Wanted
from rongxin.governance.onboarding import door, parameters
from rongxin.governance.onboarding.cards import Wish
from rongxin.governance.rules import Act
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.push import stage as pushes
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
DOCUMENT = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))


@pytest.fixture
def scene():
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return firm, keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _case(firm, reference, days_ago=0):
    opened_on = timezone.localdate() - timedelta(days=days_ago)
    kind = "loan"
    row = {"subject_id": firm.id, "institution_id": "bank_a", "reference": reference, "kind": kind}
    return str(Case.objects.create(opened_on=opened_on, **row).id)


def _pages(client, headers, *, limit, between=lambda: None, path="/cases"):
    """Follow the links to the end; `between` happens before each further page."""
    address, pages = f"{API}{path}?limit={limit}", []
    while address:
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200
        assert len(pages) < 500, "the pages come to no end"
        pages.append(answer.json())
        following = re.fullmatch(r'<http://testserver(.+)>; rel="next"', answer.get("Link", ""))
        address = following[1] if following else None
        between()
    return pages


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5), more=st.integers(0, 3))
def test_pages_joined_are_the_list_however_many_come_meanwhile(client, scene, days, limit, more):
    firm, headers = scene
    Case.objects.all().delete()
    before = {_case(firm, f"DK-{number}", day) for number, day in enumerate(days)}
    numbers = iter(range(1000, 2000))

    def comes():
        for _ in range(more if sum(1 for _ in before) < 100 else 0):
            _case(firm, f"DK-{next(numbers)}", days_ago=0)

    pages = _pages(client, headers, limit=limit, between=comes if more < limit else lambda: None)
    seen = [one["case"] for page in pages for one in page]
    assert len(seen) == len(set(seen)), "none twice"
    assert before <= set(seen), "none left out"
    assert all(len(page) == limit for page in pages[:-1])


def test_the_last_page_has_no_link_and_an_empty_list_is_one_page(client, scene):
    firm, headers = scene
    assert _pages(client, headers, limit=2) == [[]]
    for number in range(4):
        _case(firm, f"DK-{number}")
    assert [len(page) for page in _pages(client, headers, limit=2)] == [2, 2]


@pytest.mark.parametrize("limit", [0, 501, "x"])
def test_a_limit_beyond_the_limits_is_refused(client, scene, limit):
    answer = client.get(f"{API}/cases?limit={limit}", headers=scene[1])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def _second(client, headers, path="/cases"):
    return re.search(r"<http://testserver(.+)>", client.get(f"{API}{path}?limit=1", headers=headers)["Link"])[
        1
    ]


def test_a_cursor_is_of_one_list_and_one_caller_and_made_by_the_node(client, scene):
    firm, headers = scene
    for number in range(2):
        _case(firm, f"DK-{number}")
    address = _second(client, headers)
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank("bank_b"), until=until, actor=SYSTEM, as_of=timezone.now())
    stranger = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    wrong = [
        client.get(address, headers=stranger),
        client.get(address.replace("/cases", "/consents"), headers=headers),
        client.get(f"{API}/cases?cursor=WyJhIl0", headers=headers),
        client.get(address[:-1], headers=headers),
    ]
    assert [(one.status_code, one.json()["code"]) for one in wrong] == [(422, "invalid_cursor")] * 4


# Lists that come whole, and why they stay short.
WHOLE = {
    "/bulk/status": "one row an item that a provider agreed to",
    "/catalogue": "the items of the catalogue",
    "/catalogue/{item}/sources": "the sources of one item",
    "/consents/{consent_id}/receipts": "one row a recipient of one consent",
    "/institutions/{institution}/conditions": "the conditions of one institution's approval",
    "/institutions/{institution}/keys": "the keys of one institution, each entered by two persons",
    "/institutions/{institution}/redirect-uris": "the addresses of one institution, entered by two persons",
    "/outcomes": "the steps of one case, in their order",
    "/providers/health": "one row a provider",
    "/schedules": "one row a provider and item",
    "/webhooks": "a party may register a few",
    "/webhooks/events": "the kinds of events",
}
# Lists that go on behind a row that the caller names.
BEHIND = {"/batches/{batch_id}/known": {"after"}, "/matching": {"after_batch", "after_line"}}


def test_every_list_that_grows_comes_in_pages():
    """Told by the operations themselves: whoever adds a list gives it a cursor, or says here why not."""
    listing, paged = set(), set()
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in (one for one in view.operations if "GET" in one.methods):
                hints = typing.get_type_hints(operation.view_func)
                if typing.get_origin(hints["return"]) is list:
                    address = f"{prefix}{path}"
                    listing.add(address)
                    asked = DOCUMENT["paths"][f"{API}{address}"]["get"].get("parameters", [])
                    names = {one["name"] for one in asked}
                    if {"cursor", "limit"} <= names or BEHIND.get(address, {""}) <= names:
                        paged.add(address)
    assert listing - paged == set(WHOLE)
    assert len(paged) > 30


def test_a_list_that_its_room_gives_whole_is_parted_by_order_not_by_place(rf):
    """What goes meanwhile moves nothing: the row that the cursor names may be gone."""
    request, rows = _asking(rf), [{"at": f"2026-11-{day:02d}", "id": str(day)} for day in (3, 1, 5, 4, 2)]
    answer = HttpResponse()
    first = paging.whole(request, answer, paging.Wanted(limit=2), rows, "-at", "id")
    assert [row["id"] for row in first] == ["5", "4"]
    cursor = re.search(r"cursor=([^&>]+)", answer["Link"])[1]
    left = [row for row in rows if row["id"] != "4"] + [{"at": "2026-11-06", "id": "6"}]
    wanted = paging.Wanted(limit=2, cursor=unquote(cursor))
    second = paging.whole(_asking(rf), HttpResponse(), wanted, left, "-at", "id")
    assert [row["id"] for row in second] == ["3", "2"]
    rising = paging.whole(request, HttpResponse(), paging.Wanted(limit=9), rows, "at", "id")
    assert [row["id"] for row in rising] == ["1", "2", "3", "4", "5"]


def _asking(rf):
    request = rf.get(f"{API}/things")
    request.auth = Caller(1, PartyKind.PROVIDER, "tax_bureau", Role.CLERK, timezone.now())
    return request


@pytest.mark.parametrize(
    "path",
    [
        "/cases",
        "/consents",
        "/consent-requests",
        "/deletion-duties",
        "/incidents",
        "/measures",
        "/push/runs",
        "/push/subscriptions",
    ],
)
def test_every_list_of_an_institution_takes_a_limit_and_a_cursor(client, scene, path):
    headers = scene[1]
    assert client.get(f"{API}{path}?limit=1", headers=headers).json() == []
    assert client.get(f"{API}{path}?limit=501", headers=headers).status_code == 422
    assert client.get(f"{API}{path}?cursor=x", headers=headers).json()["code"] == "invalid_cursor"


def test_a_firm_goes_through_all_who_asked_pushes_among_them(client, scene):
    firm, headers = scene
    owner, asked = keys.header_of(firm.owner), []
    body = {"uscc": firm.uscc, "reference": "DK-1", "person": "王一", "items": ["customs_registration"]}
    for _ in range(3):
        given = client.post(f"{API}/reports", body, content_type="application/json", headers=headers)
        asked.append(given.json()["report"])
    subscription = pushes.subscription("bank_a")
    at = timezone.now()
    for released in (at, at):  # at the same moment: the number orders them
        run = PushRun.objects.create(
            subscription_id=subscription,
            version=1,
            intended_at=at,
            intent_entry=uuid4(),
            released_at=released,
        )
        Pushed.objects.create(run=run, subject_id=firm.id, items={"customs_registration": 1})
        asked.append(str(run.id))
    pages = _pages(client, owner, limit=2, path="/uses")
    assert [len(page) for page in pages] == [2, 2, 1]
    seen = [one["request"] for page in pages for one in page]
    assert seen[2:] == asked[2::-1]
    assert seen == [one["request"] for one in client.get(f"{API}/uses", headers=owner).json()]
    assert set(seen) == set(asked)


@pytest.mark.parametrize("path", ["/measures", "/applications/listed?waiting=false&"])
def test_what_the_operator_goes_through_comes_in_pages(client, scene, path):
    operator = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))
    (someone,) = stage.operators(1)
    for number in range(3):
        if path == "/measures":
            wanted = Wanted("bank_a", Act.REQUIRE_CASES)
            measures.propose(wanted, why=str(number), actor=someone, as_of=timezone.now())
        else:
            asked = parameters.in_force(timezone.localdate()).documents
            wish = Wish(f"bank_{number}", "云州某银行", stage.code(), InstitutionKind.BANK, "0990-1", asked)
            door.apply(
                replace(wish, documents=dict.fromkeys(asked, "a" * 64)), origin="", as_of=timezone.now()
            )
    address, seen = f"{API}{path}{'' if path.endswith('&') else '?'}limit=2", []
    while address:
        answer = client.get(address, headers=operator)
        seen.append(len(answer.json()))
        following = re.fullmatch(r'<http://testserver(.+)>; rel="next"', answer.get("Link", ""))
        address = following[1] if following else None
    assert seen == [2, 1]


def test_consents_and_requests_are_listed_page_by_page_to_their_institution(client, scene):
    firm, headers = scene
    given = []
    for number in range(3):
        case = stage.case(firm, "bank_a", f"DK-{number}", as_of=timezone.now())
        given.append(str(stage.consent(firm, case, as_of=timezone.now()).id))
    pages = _pages(client, headers, limit=1, path="/consents")
    assert [one["consent"] for page in pages for one in page] == given[::-1]
    owner = keys.header_of(firm.owner)
    assert [one["consent"] for one in client.get(f"{API}/consents", headers=owner).json()] == given[::-1]
    institutions.assess(
        stage.bank("bank_b"),
        until=timezone.localdate() + timedelta(days=9),
        actor=SYSTEM,
        as_of=timezone.now(),
    )
    stranger = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    assert client.get(f"{API}/consents", headers=stranger).json() == []
