"""谁查过我, page by page: nobody's list is too long to be read to its end."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.portals import lists
from rongxin.parties import seed
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm(client):
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank()
    firm = stage.firm()
    doors.as_person(client, firm.owner)
    return firm


def asked(firm, reference):
    """A clerk of the bank asks what is public of the firm."""
    question = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州bank_a银行", "云小谷"),
        uscc=firm.uscc,
        items=("business_licence",),
        purpose=Purpose.FINANCING_SUPPORT,
        reference=reference,
    )
    return gate.release(question, actor=SYSTEM, as_of=timezone.now()).id


def listed(client, path):
    text = client.get(path).content.decode()
    onward = re.search(r'href="(\?[^"]*)" rel="next"', text)
    return re.findall(r"/enterprise/uses/([0-9a-f-]{36})", text), onward and html.unescape(onward[1])


def test_every_use_stands_on_one_page_of_the_list_and_on_no_other(client, firm, monkeypatch):
    monkeypatch.setattr(lists, "_AT_ONCE", 2)
    made = [str(asked(firm, f"CX-{number}")) for number in range(5)]
    seen, path = [], "/enterprise/uses"
    while path:
        found, onward = listed(client, path)
        assert len(found) <= 2
        seen += found
        path = onward and f"/enterprise/uses{onward}"
    assert seen == made[::-1]


def test_a_longer_list_asks_the_database_no_more(client, firm, django_assert_num_queries):
    asked(firm, "CX-1")
    with CaptureQueriesContext(connection) as short:
        client.get("/enterprise/uses")
    for number in range(3):
        asked(firm, f"CX-2{number}")
    with django_assert_num_queries(len(short)):
        client.get("/enterprise/uses")


def test_a_use_behind_the_first_page_is_shown_by_its_address_and_anothers_is_not(client, firm, monkeypatch):
    monkeypatch.setattr(lists, "_AT_ONCE", 1)
    first, _ = asked(firm, "CX-1"), asked(firm, "CX-2")
    assert "CX-1" in client.get(f"/enterprise/uses/{first}").content.decode()
    others = asked(stage.firm("云州青禾农业有限公司"), "CX-3")
    assert client.get(f"/enterprise/uses/{others}").status_code == 404


@pytest.mark.parametrize("place", ["after=x", "after=2026-01-01&after=y", "after=1&after=2&after=3"])
def test_a_place_that_is_none_is_told_in_words(client, firm, place):
    answer = client.get(f"/enterprise/uses?{place}")
    assert answer.status_code == 422
    assert "第一页" in answer.content.decode()
