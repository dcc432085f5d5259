"""Whom a visitor of the demo can be: a person of every kind of party, each with something to see."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints.demo import cast, people
from rongxin.parties import accounts, memberships, seed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened():
    now = timezone.now()
    seed.seed(loader.load(), actor=SYSTEM, as_of=now)
    cast.admitted(cast.BANK, cast.BANK_NAME, "MA99BK01", now)
    return {door.username: door for door in people.staff(as_of=now)}


def enter(door):
    client = Client()
    answer = client.post("/sign-in/staff", {"username": door.username, "password": door.password})
    assert answer.status_code == 302, answer.content.decode()
    doors.enrolled(client)
    return client


def test_there_is_a_person_of_every_kind_of_staff(opened):
    on = timezone.localdate()
    held = {
        (role.party_kind, role.role)
        for username in opened
        for role in memberships.of_account(accounts.named(username).id, on=on)
    }
    assert {kind for kind, _role in held} == set(PartyKind) - {PartyKind.SUBJECT, PartyKind.BUREAU}
    assert (PartyKind.INSTITUTION, Role.ADMINISTRATOR) in held


def test_the_banks_administrator_sees_its_team_and_the_departments_clerk_may_ask(opened):
    team = enter(opened["bank-admin"]).get("/institution/team").content.decode()
    assert opened["bank-clerk"].name in team
    clerk, firm = enter(opened["duty-clerk"]), stage.firm()
    page = clerk.get("/department").content.decode()
    assert "危险化学品安全管理条例" in page
    mandate = page.partition('name="mandate">')[2].partition('value="')[2].partition('"')[0]
    asked = {"uscc": firm.uscc, "reference": "应急〔2026〕1号", "mandate": mandate}
    answer = clerk.post("/department", asked)
    assert (answer.status_code, "行政许可" in answer.content.decode()) == (200, True)
