"""The menu of each role: in groups, whole, and never more than two steps away."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import menus
from rongxin.parties import memberships, seed
from rongxin.parties.rules.membership import OPERATOR_ROLES, STAFF_ROLES, Mandate, PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)
CURRENT = re.compile(r'<a href="(/[^"]+)" aria-current="page">')


def enter(role):
    client, someone = Client(), stage.staff(PartyKind.OPERATOR, None, role)
    doors.as_staff(client, doors.with_password(someone, as_of=timezone.now()))
    (card,) = memberships.of_account(someone.account, on=timezone.localdate())
    return client, card


def links(page):
    head = page.partition("</header>")[0]
    return set(re.findall(r'<a href="(/operator[^"]*)"', head))


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES | STAFF_ROLES))
def test_each_entry_of_a_role_is_two_links_away_and_its_page_says_where_one_is(role):
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    client, card = enter(role)
    first = links(client.get("/operator").content.decode())
    assert len(first) <= 6, "few enough to be taken in at a glance"
    second = set().union(*(links(client.get(path).content.decode()) for path in first))
    assert second == {reverse(entry.name) for entry in menus.of(card)}
    for path in second:
        assert CURRENT.findall(client.get(path).content.decode()) == [path]


@pytest.mark.parametrize("role", sorted(OPERATOR_ROLES | STAFF_ROLES))
def test_no_entry_is_lost_among_the_groups_and_no_group_stands_twice(role):
    _client, card = enter(role)
    groups = menus.groups(card)
    assert [entry for group in groups for entry in group.entries] == list(menus.of(card))
    labels = [str(group.label) for group in groups]
    assert len(labels) == len(set(labels))


def test_whoever_is_signed_in_finds_from_an_open_page_to_their_own():
    client, card = enter(Role.CLERK)
    own = '<a href="/sign-in">我的页面</a>'
    for path in ("/", "/catalogue", "/products", "/journal"):
        assert own in client.get(path).content.decode(), path
    assert client.get("/sign-in").headers["Location"] == reverse(menus.home(card))
    assert own not in Client().get("/").content.decode()


def test_who_sees_one_entry_of_a_group_finds_it_by_its_own_name():
    _client, card = enter(Role.SYSTEM_ADMINISTRATOR)
    by_first = {group.first.name: str(group.label) for group in menus.groups(card)}
    assert by_first["operator_glass"] == "紧急查阅"
    assert by_first["operator_models"] == "规则"


@pytest.mark.parametrize("role", [Role.CLERK, Role.CHECKER, Role.ADMINISTRATOR])
def test_an_institution_has_few_headings_and_each_page_under_one(role):
    seen = memberships.Card(1, 1, PartyKind.INSTITUTION, "bank_a", role, Mandate(date(2026, 3, 1)))
    groups = menus.groups(seen)
    assert len(groups) <= 6, "few enough for one line"
    assert [entry for group in groups for entry in group.entries] == list(menus.of(seen))
