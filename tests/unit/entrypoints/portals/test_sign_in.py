"""Signing in: who gets in, who doesn't, and what ends a session."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from django.test import Client
from django.utils import timezone

from rongxin.parties import accounts, memberships, sign_ins
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.sign_in_models import FailedSignIn
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    stage.bank()
    return stage.staff(PartyKind.INSTITUTION, "bank_a")


@pytest.fixture
def username(clerk):
    return doors.with_password(clerk, as_of=timezone.now())


def test_an_owner_finds_her_firm_without_knowing_its_code(client):
    firm = stage.firm()
    other = stage.firm("云州白鹭餐饮有限公司")
    doors.as_person(client, firm.owner)
    page = client.get("/enterprise/connect").content.decode()
    assert firm.uscc in page
    assert other.uscc not in page


def test_a_person_unknown_so_far_is_led_to_connect_a_firm(client):
    someone = stage.Person("李新来", "990101199505050055", 0)
    answer = client.post("/sign-in/person", {"name": someone.name, "id_number": someone.id_number})
    assert answer.headers["Location"].startswith("/sign-in/roles")
    assert "还没有连接任何企业" in client.get("/sign-in/roles").content.decode()


def test_nobody_connects_a_firm_that_is_another_persons(client):
    firm = stage.firm()
    doors.as_person(client, stage.Person("李新来", "990101199505050055", 0))
    answer = client.post("/enterprise/connect", {"code": firm.uscc})
    assert answer.status_code == 422
    assert firm.uscc not in answer.content.decode().replace(f'value="{firm.uscc}"', "")
    assert client.get("/enterprise").status_code == 302


def test_staff_get_in_only_with_a_second_factor(client, username):
    doors.as_staff(client, username)
    assert client.session["role"] is not None
    fresh = Client()
    fresh.post("/sign-in/staff", {"username": username, "password": doors.PASSWORD})
    assert "number" not in fresh.session
    assert fresh.get("/sign-in/enrol").status_code in (400, 403)


def test_a_code_serves_once(client, username):
    secret = doors.as_staff(client, username)
    fresh = Client()
    fresh.post("/sign-in/staff", {"username": username, "password": doors.PASSWORD})
    again = fresh.post("/sign-in/code", {"code": pyotp.TOTP(secret).now()})
    assert again.status_code == 422
    later = timezone.now() + timedelta(seconds=30)
    assert fresh.post("/sign-in/code", {"code": pyotp.TOTP(secret).at(later)}).status_code == 302


def test_a_wrong_name_and_a_wrong_password_read_the_same(client, username):
    answers = [
        client.post("/sign-in/staff", {"username": name, "password": "wrong"}).content.decode()
        for name in (username, "nobody-here")
    ]
    assert "用户名、密码或验证码不正确" in answers[0]
    assert answers[0].replace(username, "").split("</form>")[1] == answers[1].split("</form>")[1]


def test_five_failures_lock_the_account_here_and_nowhere_else(client, username):
    for _ in range(5):
        client.post("/sign-in/staff", {"username": username, "password": "wrong"})
    right = {"username": username, "password": doors.PASSWORD}
    assert client.post("/sign-in/staff", right).status_code == 429
    assert client.post("/sign-in/staff", right, REMOTE_ADDR="10.9.8.7").status_code == 302


def test_a_spray_from_one_place_locks_the_place_and_no_account(client, username):
    for number in range(50):
        client.post("/sign-in/staff", {"username": f"somebody{number}", "password": "wrong"})
    right = {"username": username, "password": doors.PASSWORD}
    assert client.post("/sign-in/staff", right).status_code == 429
    assert client.post("/sign-in/staff", right, REMOTE_ADDR="10.9.8.7").status_code == 302


def test_a_lock_ends_after_its_time(client, username):
    for _ in range(5):
        client.post("/sign-in/staff", {"username": username, "password": "wrong"})
    FailedSignIn.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    right = {"username": username, "password": doors.PASSWORD}
    assert client.post("/sign-in/staff", right).status_code == 302


def test_signing_in_elsewhere_ends_the_session_here(client):
    firm = stage.firm()
    doors.as_person(client, firm.owner)
    assert client.get("/enterprise").status_code == 200
    doors.as_person(Client(), firm.owner)
    assert client.get("/enterprise").status_code == 302


def test_a_closed_account_is_out_at_once(client):
    firm = stage.firm()
    doors.as_person(client, firm.owner)
    accounts.deactivate(firm.owner.account, actor=SYSTEM, as_of=timezone.now())
    assert client.get("/enterprise").status_code == 302


@pytest.mark.parametrize(("mark", "minutes"), [("seen", 31), ("began", 8 * 60 + 1)])
def test_a_session_ends_idle_and_in_any_case_after_its_hours(client, mark, minutes):
    doors.as_person(client, stage.firm().owner)
    session = client.session
    session[mark] -= minutes * 60
    session.save()
    assert client.get("/enterprise").status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://evil.example/x", "//evil.example/x", "javascript:alert(1)"])
def test_signing_in_leads_to_no_foreign_address(client, elsewhere):
    firm = stage.firm()
    answer = client.post(
        "/sign-in/person", {"name": firm.owner.name, "id_number": firm.owner.id_number, "next": elsewhere}
    )
    assert answer.headers["Location"] == "/enterprise"


def test_a_password_too_old_is_changed_before_anything_else(client, clerk):
    username = doors.with_password(clerk, as_of=timezone.now() - timedelta(days=91))
    doors.as_staff(client, username)
    assert client.get("/enterprise").headers["Location"] == "/sign-in/password"
    page = client.post(
        "/sign-in/password", {"password": doors.PASSWORD, "new": doors.PASSWORD, "again": doors.PASSWORD}
    )
    assert page.status_code == 422
    new = "Another-long-word-77"
    done = client.post("/sign-in/password", {"password": doors.PASSWORD, "new": new, "again": new})
    assert done.status_code == 302
    assert client.get("/enterprise").status_code == 403


def test_an_agent_of_the_system_administrator_can_free_a_lost_authenticator(client, username, clerk):
    doors.as_staff(client, username)
    sign_ins.release_second_factor(clerk.account, actor=SYSTEM, as_of=timezone.now())
    assert client.get("/enterprise").status_code == 302
    doors.as_staff(Client(), username)


def test_a_role_that_has_ended_shows_nothing_more(client):
    firm = stage.firm()
    doors.as_person(client, firm.owner)
    (role,) = memberships.of_account(firm.owner.account, on=timezone.localdate())
    assert role.role is Role.LEGAL_REPRESENTATIVE
    memberships.end(role.id, why="test", actor=SYSTEM, as_of=timezone.now())
    assert client.get("/enterprise").status_code == 302


def test_what_stands_on_the_licence_finds_the_firm_and_a_stranger_gets_one_answer(client):
    firm = stage.firm()
    doors.as_person(client, firm.owner)
    found = client.post("/enterprise/connect", {"sought": f"https://zhizhao.example/?uniscid={firm.uscc}"})
    assert "按您所填的找到" in found.content.decode()
    assert client.post("/enterprise/connect", {"code": firm.uscc}).headers["Location"] == "/enterprise"
    stranger = Client()
    doors.as_person(stranger, stage.Person("李新来", "990101199505050055", 0))
    answers = [
        stranger.post("/enterprise/connect", {"code": code}).content.decode()
        for code in (firm.uscc, stage.code())
    ]
    first, second = (re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", page) for page in answers)
    assert first == second
    for _ in range(3):
        stranger.post("/enterprise/connect", {"sought": firm.uscc})
    late = stranger.post("/enterprise/connect", {"sought": firm.uscc})
    assert late.status_code == 429
