"""At the command line a person acts in the role of the key; the machine is no security administrator."""

from __future__ import annotations

import pytest

from rongxin.entrypoints.cli import answers
from rongxin.parties.errors import NotPermitted
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import ActorKind
from tests.unit.consent import stage
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db


def _as(monkeypatch, someone):
    secret = keys.header_of(someone)["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv(answers.KEY, secret)


def test_the_key_says_who_acts_and_in_which_role(monkeypatch):
    officer = stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR)
    _as(monkeypatch, officer)
    actor = answers.operator(permission.SECURITY)
    assert (actor.kind, actor.id, actor.is_operator) == (ActorKind.ACCOUNT, str(officer.account), True)
    with pytest.raises(NotPermitted, match="系统管理员"):
        answers.operator(permission.SYSTEM)


@pytest.mark.parametrize("secret", ["", "rxk_0_0"])
def test_another_partys_key_and_no_key_open_nothing(monkeypatch, secret):
    _as(monkeypatch, stage.staff(PartyKind.INSTITUTION, stage.bank()))
    if secret:
        monkeypatch.setenv(answers.KEY, secret)
    with pytest.raises(NotPermitted):
        answers.operator(permission.STAFF)


def test_in_production_the_machine_is_its_system_administrator_alone(monkeypatch, settings):
    monkeypatch.delenv(answers.KEY, raising=False)
    settings.RONGXIN_MODE = "production"
    assert answers.operator(permission.SYSTEM | permission.DESK).kind is ActorKind.SYSTEM
    for allowed in (permission.SECURITY, permission.AUDIT, permission.CHECKER):
        with pytest.raises(NotPermitted, match=answers.KEY):
            answers.operator(allowed)
