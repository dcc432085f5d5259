"""Lists in pages: joined they are the whole list, whatever comes meanwhile; a cursor is the node's alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.consent.models import Case
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"


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


@pytest.mark.parametrize(
    "path",
    [
        "/cases",
        "/consents",
        "/consent-requests",
        "/deletion-duties",
        "/incidents",
        "/push/runs",
        "/push/subscriptions",
    ],
)
def test_every_list_of_an_institution_takes_a_limit_and_a_cursor(client, scene, path):
    headers = scene[1]
    assert client.get(f"{API}{path}?limit=1", headers=headers).json() == []
    assert client.get(f"{API}{path}?limit=501", headers=headers).status_code == 422
    assert client.get(f"{API}{path}?cursor=x", headers=headers).json()["code"] == "invalid_cursor"


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
