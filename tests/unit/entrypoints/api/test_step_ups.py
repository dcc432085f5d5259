"""再次确认身份: demanded of one person, answered by a new code, their own or an administrator's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.journal.models import Entry
from rongxin.parties import accounts, institutions, quotas, sign_ins, step_ups
from rongxin.parties.quotas import Asker
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.sign_in_models import SecondFactor
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db
API = "/api/v1/institutions/bank_a/step-ups"


@pytest.fixture(autouse=True)
def bank() -> None:
    quotas.forget_lately()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank(), until=until, actor=SYSTEM, as_of=timezone.now())


def _with_authenticator(someone: Any) -> Any:
    now, actor = timezone.now(), Actor(ActorKind.ACCOUNT, str(someone.account))
    sign_ins.enrol(someone.account, issuer="t", as_of=now)
    code = sign_ins.present_code(someone.account, as_of=now)
    sign_ins.confirm_enrolment(someone.account, code, actor=actor, as_of=now)
    SecondFactor.objects.filter(account=someone.account).update(last_step=0)  # time goes by
    return someone


def _staff(role: Role, institution: str = "bank_a") -> Any:
    return _with_authenticator(stage.staff(PartyKind.INSTITUTION, institution, role))


def _asks(person: str) -> Reason | None:
    return quotas.take(Asker("bank_a", "", person), None, as_of=timezone.now()).reason


def _demand(person: str) -> str:
    return str(step_ups.demand("bank_a", person, actor=SYSTEM, as_of=timezone.now()).id)


def _answer(client: Client, someone: Any, number: str, code: str | None = None) -> Any:
    shown = code or sign_ins.present_code(someone.account, as_of=timezone.now())
    return client.post(
        f"{API}/{number}/code",
        {"code": shown},
        content_type="application/json",
        headers=keys.header_of(someone),
    )


def test_an_administrators_new_code_answers_for_a_person_of_the_institutions(client: Client) -> None:
    administrator, number = _staff(Role.ADMINISTRATOR), _demand("王一")
    assert [_asks("王 一"), _asks(" 王一"), _asks("李二")] == [None, Reason.STEP_UP_REQUIRED, None]
    wrong = _answer(client, administrator, number, "000000")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "sign_in_refused")
    assert _asks("王一") is Reason.STEP_UP_REQUIRED
    answered = _answer(client, administrator, number)
    assert answered.json()["answered_by"] == administrator.account
    assert _asks("王一") is None
    written = Entry.objects.filter(kind="institution.changed").order_by("at").values_list("body", flat=True)
    changes = [json.loads(body)["refs"].get("change") for body in written]
    assert [one for one in changes if "step_up" in one] == ["step_up_demanded", "step_up_answered"]


def test_a_code_serves_once_and_a_clerk_answers_only_for_themselves(client: Client) -> None:
    clerk, number = _staff(Role.CLERK), _demand("王一")
    refused = _answer(client, clerk, number)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    mine = _demand(_name(clerk))
    code = sign_ins.present_code(clerk.account, as_of=timezone.now())
    assert _answer(client, clerk, mine, code).status_code == 200
    again = _demand(_name(clerk))
    assert _answer(client, clerk, again, code).json()["code"] == "sign_in_refused"
    assert _asks(_name(clerk)) is Reason.STEP_UP_REQUIRED


def test_signing_in_anew_with_the_second_factor_answers_it() -> None:
    clerk = _staff(Role.CLERK)
    _demand(_name(clerk))
    now = timezone.now()
    assert _asks(_name(clerk)) is Reason.STEP_UP_REQUIRED
    sign_ins.confirm_code(
        clerk.account, sign_ins.present_code(clerk.account, as_of=now), origin="here", as_of=now
    )
    assert _asks(_name(clerk)) is None


def test_a_namesake_at_another_bank_answers_nothing_here() -> None:
    stage.bank("bank_b")
    other = _staff(Role.CLERK, "bank_b")
    _demand(_name(other))
    now = timezone.now()
    code = sign_ins.present_code(other.account, as_of=now)
    sign_ins.confirm_code(other.account, code, origin="here", as_of=now)
    assert _asks(_name(other)) is Reason.STEP_UP_REQUIRED


def test_what_is_demanded_is_listed_to_the_institution_alone(client: Client) -> None:
    number, administrator = _demand("王一"), _staff(Role.ADMINISTRATOR)
    (listed,) = client.get(API, headers=keys.header_of(administrator)).json()
    assert (listed["step_up"], listed["over_at"]) == (number, None)
    assert _demand("王一") == number  # demanded twice is demanded once
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(stage.bank("bank_b"), until=until, actor=SYSTEM, as_of=timezone.now())
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b", Role.ADMINISTRATOR))
    assert client.get(API, headers=other).status_code == 404


def _name(someone: Any) -> str:
    return accounts.get(someone.account).display_name
