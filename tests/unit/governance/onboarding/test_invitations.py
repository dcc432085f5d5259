"""After approval: the operator's two invite the first administrator, who brings the others on board."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from rongxin.governance.errors import InvitationRefused, NotTheirInstitution, UnknownInvitation
from rongxin.governance.models import Invitation
from rongxin.governance.onboarding import invitations
from rongxin.journal import entries
from rongxin.parties import accounts, api_keys, memberships
from rongxin.parties.errors import NotAllowed
from rongxin.parties.models import Institution
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def two():
    stage.bank()
    return stage.operators()


def attest(name="王一", number="110101198001010011", at=stage.NOW):
    return stage.identity.DemoIdentityProvider().attest({"name": name, "id_number": number}, as_of=at)


def released(two, name="王一"):
    card, secret = invitations.invite("bank_a", name, Role.ADMINISTRATOR, actor=two[0], as_of=stage.NOW)
    assert secret is None
    return invitations.release("bank_a", card.id, actor=two[1], as_of=stage.NOW)


def administrator(two) -> tuple[invitations.Accepted, Actor]:
    card, secret = released(two)
    done = invitations.accept(card.id, secret, attest(), username="wang.yi", as_of=stage.NOW)
    return done, Actor(ActorKind.ACCOUNT, str(done.account.id), "institution:bank_a")


def accept(card, secret, **changes):
    given = {"username": "somebody", "as_of": stage.NOW, **changes}
    assertion = given.pop("assertion", None) or attest(at=given["as_of"])
    return invitations.accept(card.id, secret, assertion, **given)


def test_the_first_administrator_comes_on_board_and_its_key_stands_for_that_role(two):
    done, _ = administrator(two)
    assert (done.role.party, done.role.role) == ("bank_a", Role.ADMINISTRATOR)
    found = api_keys.authenticate(done.key.secret, as_of=stage.NOW)
    assert found.role
    assert found.role.role is Role.ADMINISTRATOR
    assert accounts.get(done.account.id).real_name == "王一"
    changes = [one.refs.get("change") for one in entries.find(institution="bank_a")]
    for change in ("invited", "invitation_released", "invitation_accepted"):
        assert change in changes


def test_one_person_alone_invites_no_administrator(two):
    card, _ = invitations.invite("bank_a", "王一", Role.ADMINISTRATOR, actor=two[0], as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="另一人"):
        invitations.release("bank_a", card.id, actor=two[0], as_of=stage.NOW)
    with pytest.raises(UnknownInvitation):
        accept(card, "")
    for nobody in (SYSTEM, Actor(ActorKind.SYSTEM, "cli-1", "operator")):
        with pytest.raises(NotAllowed):
            invitations.invite("bank_a", "王一", Role.ADMINISTRATOR, actor=nobody, as_of=stage.NOW)


def test_it_is_good_once_for_a_week_with_its_secret_and_for_whom_it_names(two):
    card, secret = released(two)
    last = stage.NOW + 7 * DAY
    with pytest.raises(UnknownInvitation):
        accept(card, secret + "x")
    with pytest.raises(UnknownInvitation):
        accept(card, secret, as_of=last + timedelta(seconds=1))
    with pytest.raises(InvitationRefused, match="姓名"):
        accept(card, secret, assertion=attest("王二"))
    assert accept(card, secret, as_of=last).account.username == "somebody"
    with pytest.raises(UnknownInvitation):
        accept(card, secret)
    with pytest.raises(UnknownInvitation):
        invitations.accept(uuid4(), secret, attest(), username="x", as_of=stage.NOW)
    assert secret not in str(vars(Invitation.objects.get()))


def test_a_revoked_one_is_worth_nothing(two):
    card, secret = released(two)
    invitations.revoke("bank_a", card.id, actor=two[0], as_of=stage.NOW)
    with pytest.raises(UnknownInvitation):
        accept(card, secret)
    with pytest.raises(UnknownInvitation):
        invitations.revoke("bank_a", card.id, actor=two[0], as_of=stage.NOW)


def test_the_administrator_brings_clerks_and_machines_and_ends_them(two):
    _, boss = administrator(two)
    card, secret = invitations.invite("bank_a", "李二", Role.CLERK, actor=boss, as_of=stage.NOW)
    clerk = accept(card, secret, assertion=attest("李二", "110101198001010022"), username="li.er")
    machine = invitations.open_machine("bank_a", "core.system", "核心系统", actor=boss, as_of=stage.NOW)
    assert (clerk.role.role, machine.role.role) == (Role.CLERK, Role.CLERK)
    assert len(memberships.of_institution("bank_a")) == 3
    for one in (clerk, machine):
        invitations.end_role("bank_a", one.role.id, actor=boss, as_of=stage.NOW)
        assert not api_keys.authenticate(one.key.secret, as_of=stage.NOW).accepted


def test_its_reach_ends_at_its_own_institution_and_at_administrators(two):
    done, boss = administrator(two)
    stage.bank("bank_b")
    other = stage.staff(PartyKind.INSTITUTION, "bank_b", Role.CLERK)
    with pytest.raises(NotTheirInstitution):
        invitations.invite("bank_b", "李二", Role.CLERK, actor=boss, as_of=stage.NOW)
    with pytest.raises(NotTheirInstitution):
        invitations.open_machine("bank_b", "core.system", "核心系统", actor=boss, as_of=stage.NOW)
    with pytest.raises(NotAllowed):
        invitations.invite("bank_a", "李二", Role.ADMINISTRATOR, actor=boss, as_of=stage.NOW)
    theirs = next(one.id for one in memberships.of_institution("bank_b") if one.account == other.account)
    for membership in (theirs, done.role.id):
        with pytest.raises(UnknownInvitation):
            invitations.end_role("bank_a", membership, actor=boss, as_of=stage.NOW)
    invitations.end_role("bank_a", done.role.id, actor=two[0], as_of=stage.NOW)


def test_who_administers_does_not_query(two):
    _, boss = administrator(two)
    card, secret = invitations.invite("bank_a", "王一", Role.CLERK, actor=boss, as_of=stage.NOW)
    with pytest.raises(InvitationRefused, match="兼任"):
        accept(card, secret)
    clerk = stage.staff(PartyKind.INSTITUTION, "bank_a", Role.CLERK)
    card, secret = released(two, clerk.name)
    with pytest.raises(InvitationRefused, match="兼任"):
        accept(card, secret, assertion=clerk.attest())


@pytest.mark.parametrize("standing", ["probation", "closed"])
def test_nobody_is_invited_where_the_institution_is_not_approved(two, standing):
    Institution.objects.filter(pk="bank_a").update(standing=standing)
    with pytest.raises(InvitationRefused):
        invitations.invite("bank_a", "王一", Role.ADMINISTRATOR, actor=two[0], as_of=stage.NOW)


def test_open_ones_are_limited_and_a_name_is_no_number(two, monkeypatch):
    held = invitations.policy(stage.TODAY).model_copy(update={"open_max": 1})
    monkeypatch.setattr(invitations, "policy", lambda on: held)
    with pytest.raises(InvitationRefused):
        invitations.invite("bank_a", "110101198001010011", Role.ADMINISTRATOR, actor=two[0], as_of=stage.NOW)
    released(two)
    with pytest.raises(InvitationRefused, match="过多"):
        invitations.invite("bank_a", "李二", Role.ADMINISTRATOR, actor=two[0], as_of=stage.NOW)
