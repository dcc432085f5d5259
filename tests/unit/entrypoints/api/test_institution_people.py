"""From the operator's invitation to a clerk's first call, by API; and back out again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"


@pytest.fixture
def two():
    bank, until = stage.bank(), timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return [
        keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)) for _ in range(2)
    ]


def _post(client, path, headers=None, **body):
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers or {})


def _accept(client, invitation, name, number, username):
    evidence = {"name": name, "id_number": number}
    path = f"/invitations/{invitation['invitation']}/accept"
    return _post(client, path, secret=invitation["secret"], username=username, evidence=evidence)


def _bearer(answer):
    assert answer.status_code == 201, answer.content
    return {"authorization": f"Bearer {answer.json()['key']}"}


def _administrator(client, two):
    made = _post(client, "/institutions/bank_a/administrators", two[0], name="王一").json()
    path = f"/institutions/bank_a/invitations/{made['invitation']}/release"
    alone = _post(client, path, two[0])
    assert (alone.status_code, alone.json()["code"]) == (403, "not_allowed")
    released = _post(client, path, two[1]).json()
    return _bearer(_accept(client, released, "王一", "110101198001010011", "wang.yi"))


def test_the_first_administrator_brings_a_clerk_who_asks_and_a_machine_and_ends_both(client, two):
    boss = _administrator(client, two)
    firm = stage.firm()
    question = {"uscc": firm.uscc, "reference": "DK-1", "person": "李二"}
    asked = _post(client, "/reports", boss, **question)
    assert (asked.status_code, asked.json()["code"]) == (403, "not_permitted")
    invited = _post(client, "/institutions/bank_a/invitations", boss, name="李二", role="clerk")
    assert invited.status_code == 201
    clerk = _bearer(_accept(client, invited.json(), "李二", "110101198001010022", "li.er"))
    machine = _post(client, "/institutions/bank_a/machines", boss, username="core.system", label="核心系统")
    assert _post(client, "/reports", clerk, **question).status_code == 200
    assert _post(client, "/reports", _bearer(machine), **question).status_code == 200
    people = client.get(f"{API}/institutions/bank_a/people", headers=boss).json()
    assert [one["role"] for one in people] == ["administrator", "clerk", "clerk"]
    for one in people[1:]:
        path = f"{API}/institutions/bank_a/people/{one['membership']}"
        assert client.delete(path, headers=boss).status_code == 204
    assert _post(client, "/reports", clerk, **question).status_code == 401
    listed = client.get(f"{API}/institutions/bank_a/invitations", headers=two[0]).json()
    assert [one["name"] for one in listed] == ["李二", "王一"]
    assert "secret" not in listed[0]


def test_a_wrong_secret_and_a_wrong_person_open_nothing(client, two):
    made = _post(client, "/institutions/bank_a/administrators", two[0], name="王一").json()
    path = f"/institutions/bank_a/invitations/{made['invitation']}/release"
    released = _post(client, path, two[1]).json()
    wrong = _accept(client, {**released, "secret": "x"}, "王一", "110101198001010011", "wang.yi")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "unknown_invitation")
    other = _accept(client, released, "王二", "110101198001010099", "wang.er")
    assert (other.status_code, other.json()["code"]) == (409, "invitation_refused")
    _bearer(_accept(client, released, "王一", "110101198001010011", "wang.yi"))
    again = _accept(client, released, "王一", "110101198001010011", "wang.yi")
    assert again.status_code == 404
