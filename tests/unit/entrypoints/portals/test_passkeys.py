"""Passkeys of staff: who holds the device and proves it gets in; what was made elsewhere does not."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.parties import accounts, passkeys, sign_ins, step_ups
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.portals import doors
from tests.unit.parties.passkey_stage import Device

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    stage.bank()
    return stage.staff(PartyKind.INSTITUTION, "bank_a")


@pytest.fixture
def username(clerk):
    return doors.with_password(clerk, as_of=timezone.now())


@pytest.fixture
def device(client, username):
    """A device whose passkey is registered; its owner is signed out."""
    doors.as_staff(client, username)
    found = Device()
    assert add(client, found).status_code == 302
    client.post("/sign-out")
    return found


def options(client, page):
    text = client.get(page).content.decode()
    return json.loads(re.search(r'id="passkey-options"[^>]*>(.*?)</script>', text)[1])


def add(client, device, **changes):
    credential = device.create(options(client, "/sign-in/passkeys"))
    given = {"name": "办公室电脑", "password": doors.PASSWORD, "credential": credential}
    return client.post("/sign-in/passkeys", {**given, **changes})


def after_password(client, username):
    client.post("/sign-in/staff", {"username": username, "password": doors.PASSWORD})
    return options(client, "/sign-in/code")


def hand_in(client, credential):
    return client.post("/sign-in/passkey", {"credential": credential})


def test_a_passkey_serves_instead_of_the_authenticators_code(client, clerk, username, device):
    answer = hand_in(client, device.get(after_password(client, username)))
    assert answer.headers["Location"] == "/institution"
    (card,) = passkeys.of_account(clerk.account)
    assert card.used_at is not None
    page = client.get("/sign-in/passkeys").content.decode()
    assert "办公室电脑" in page
    gone = {"remove": str(card.id), "password": doors.PASSWORD}
    assert client.post("/sign-in/passkeys", {**gone, "password": "wrong"}).status_code == 422
    client.get("/sign-in/passkeys")
    assert client.post("/sign-in/passkeys", gone).status_code == 302
    assert passkeys.of_account(clerk.account) == []


def test_a_passkey_answers_what_was_demanded_of_a_watched_person(client, clerk, username, device):
    name = accounts.get(clerk.account).display_name
    step_ups.demand("bank_a", name, actor=SYSTEM, as_of=timezone.now())
    device.verified = False
    hand_in(client, device.get(after_password(client, username)))
    assert step_ups.is_demanded("bank_a", name)
    device.verified = True
    hand_in(client, device.get(after_password(client, username)))
    assert not step_ups.is_demanded("bank_a", name)


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://testserver.example"},
        {"host": "example"},
        {"verified": False},
        {"counter": -1},
        {"id": b"another device's"},
        {"handle": b"rongxin:0"},
    ],
    ids=str,
)
def test_what_is_not_as_it_must_be_opens_nothing(client, username, device, lie):
    device.counter = 5
    assert hand_in(client, device.get(after_password(client, username))).status_code == 302
    client.post("/sign-out")
    for name, value in lie.items():
        setattr(device, name, value)
    assert hand_in(client, device.get(after_password(client, username))).status_code == 422
    assert "number" not in client.session


def test_an_answer_serves_once_and_in_its_own_session(client, username, device):
    credential = device.get(after_password(client, username))
    stranger = Client()
    after_password(stranger, username)
    assert hand_in(stranger, credential).status_code == 422
    assert hand_in(client, credential).status_code == 302
    client.post("/sign-out")
    after_password(client, username)
    assert hand_in(client, credential).status_code == 422
    fresh = after_password(client, username)
    assert hand_in(client, "{}").status_code == 422
    assert hand_in(client, device.get(fresh)).status_code == 422, "its challenge is spent"


def test_anothers_passkey_is_no_second_factor(client, username, device):
    other = doors.with_password(stage.staff(PartyKind.INSTITUTION, "bank_a"), as_of=timezone.now())
    doors.as_staff(client, other)
    own = Device()
    add(client, own)
    client.post("/sign-out")
    assert hand_in(client, device.get(after_password(client, other))).status_code == 422


def test_alone_it_opens_where_the_profile_allows_it(client, username, device, settings):
    assert "用通行密钥登录" not in client.get("/sign-in/staff").content.decode()
    settings.RONGXIN_PASSWORDS = "asvs"
    asked = options(client, "/sign-in/staff")
    assert asked["allowCredentials"] == []
    settings.RONGXIN_PASSWORDS = "mlps3"
    assert hand_in(client, device.get(asked)).status_code == 422
    settings.RONGXIN_PASSWORDS = "asvs"
    assert (
        hand_in(client, device.get(options(client, "/sign-in/staff"))).headers["Location"] == "/institution"
    )
    client.post("/sign-out")
    device.verified = False
    assert hand_in(client, device.get(options(client, "/sign-in/staff"))).status_code == 422


def test_failures_are_counted_and_lock(client, username, device):
    device.verified = False
    for _ in range(5):
        answer = hand_in(client, device.get(after_password(client, username)))
    assert answer.status_code == 422
    device.verified = True
    assert (
        client.post("/sign-in/staff", {"username": username, "password": doors.PASSWORD}).status_code == 429
    )


@pytest.mark.parametrize(
    ("lie", "changes"),
    [
        ({"origin": "https://elsewhere.example"}, {}),
        ({"host": "elsewhere.example"}, {}),
        ({"verified": False}, {}),
        ({}, {"password": "wrong"}),
        ({}, {"name": " "}),
        ({}, {"credential": "{}"}),
    ],
    ids=str,
)
def test_a_passkey_is_registered_only_as_it_must_be(client, clerk, username, lie, changes):
    doors.as_staff(client, username)
    assert add(client, Device(**lie), **changes).status_code == 422
    assert passkeys.of_account(clerk.account) == []


def test_one_device_is_registered_once_and_a_lost_authenticator_takes_all(client, clerk, username, device):
    hand_in(client, device.get(after_password(client, username)))
    assert add(client, device).status_code == 422
    sign_ins.release_second_factor(clerk.account, actor=SYSTEM, as_of=timezone.now())
    assert passkeys.of_account(clerk.account) == []


def test_a_closed_account_has_none(client, clerk, username, device):
    asked = after_password(client, username)
    accounts.deactivate(clerk.account, actor=SYSTEM, as_of=timezone.now())
    assert hand_in(client, device.get(asked)).status_code == 422


def test_the_list_is_for_staff_who_are_signed_in(client):
    assert client.get("/sign-in/passkeys").headers["Location"] == "/sign-in"
    doors.as_person(client, stage.firm().owner)
    assert client.get("/sign-in/passkeys").status_code == 302
