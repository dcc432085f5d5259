"""Signing in for the tests of pages, as people do it."""

from __future__ import annotations

import re
from datetime import datetime

import pyotp
from django.test import Client

from rongxin.parties import accounts, sign_ins
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

PASSWORD = "Qingshan-2026-river"


def as_person(client: Client, person: stage.Person, **more: str) -> None:
    answer = client.post("/sign-in/person", {"name": person.name, "id_number": person.id_number, **more})
    assert answer.status_code == 302, answer.content.decode()


def with_password(person: stage.Person, *, as_of: datetime) -> str:
    """Give somebody of the staff a password; return their user name."""
    sign_ins.change_password(person.account, PASSWORD, profile="mlps3", actor=SYSTEM, as_of=as_of)
    return accounts.get(person.account).username


def as_staff(client: Client, username: str) -> str:
    """Sign in with the first authenticator; return its secret."""
    answer = client.post("/sign-in/staff", {"username": username, "password": PASSWORD})
    assert answer.headers["Location"].startswith("/sign-in/enrol"), answer.content.decode()
    return enrolled(client)


def enrolled(client: Client) -> str:
    """Bind the first authenticator of somebody whose password was right; return its secret."""
    page = client.get("/sign-in/enrol").content.decode()
    found = re.search(r"密钥 <code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    secret = found[1].replace(" ", "")
    answer = client.post("/sign-in/enrol", {"code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 302, answer.content.decode()
    return secret
