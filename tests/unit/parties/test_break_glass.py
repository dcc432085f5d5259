"""紧急查阅: two different persons, minutes, and a reason (threats T9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from rongxin.journal.models import Entry
from rongxin.parties import break_glass, memberships
from rongxin.parties.break_glass_models import BreakGlass
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.rules.break_glass import State
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
NOW = stage.NOW
WHY = "核对误并的行政处罚记录"


def someone(role: Role) -> Actor:
    return stage.operators(1, role)[0]


def asked(firm: stage.Firm, actor: Actor) -> break_glass.Card:
    return break_glass.ask(firm.uscc, reason=WHY, reference="GD-1", actor=actor, as_of=NOW)


def seen(card: break_glass.Card, actor: Actor, minutes: float) -> Reason | None:
    return break_glass.standing(card.id, account=actor.id, as_of=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("role", [Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR])
def test_it_opens_by_a_second_person_to_the_asker_alone_for_fifteen_minutes(role):
    clerk, second = someone(Role.CLERK), someone(role)
    card = asked(stage.firm(), clerk)
    assert seen(card, clerk, 1) is Reason.BREAK_GLASS_MISSING
    break_glass.approve(card.id, actor=second, as_of=NOW + timedelta(minutes=1))
    assert seen(card, clerk, 15.9) is None
    assert seen(card, second, 2) is Reason.BREAK_GLASS_MISSING
    assert seen(card, clerk, 16) is Reason.BREAK_GLASS_OVER


def test_nobody_approves_what_they_asked_for():
    security = someone(Role.SECURITY_ADMINISTRATOR)
    card = asked(stage.firm(), security)
    with pytest.raises(NotAllowed, match="另一人"):
        break_glass.approve(card.id, actor=security, as_of=NOW)
    assert seen(card, security, 1) is Reason.BREAK_GLASS_MISSING


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.CLERK, Role.CHECKER])
def test_only_a_security_or_audit_administrator_is_the_second_person(role):
    card = asked(stage.firm(), someone(Role.CLERK))
    for act in (break_glass.approve, break_glass.decline):
        with pytest.raises(NotAllowed, match="安全管理员或审计管理员"):
            act(card.id, actor=someone(role), as_of=NOW)


def test_an_approver_whose_role_ended_approves_nothing():
    second = someone(Role.SECURITY_ADMINISTRATOR)
    card = asked(stage.firm(), someone(Role.CLERK))
    (role,) = memberships.of_account(int(second.id), on=stage.TODAY)
    memberships.end(role.id, why="left", actor=SYSTEM, as_of=NOW)
    with pytest.raises(NotAllowed):
        break_glass.approve(card.id, actor=second, as_of=NOW)


def test_neither_a_machine_nor_another_party_asks():
    firm = stage.firm()
    for actor in (SYSTEM, firm.owner.actor, Actor(ActorKind.API_CLIENT, "7", "operator:")):
        with pytest.raises(NotAllowed):
            asked(firm, actor)


def test_the_database_itself_refuses_one_person_for_both():
    security = someone(Role.SECURITY_ADMINISTRATOR)
    card = asked(stage.firm(), security)
    with pytest.raises(IntegrityError, match="break_glass_takes_two"), transaction.atomic():
        BreakGlass.objects.filter(pk=card.id).update(
            state=State.APPROVED.value, decided_by=f"account:{security.id}"
        )


def test_what_is_closed_or_declined_or_waited_too_long_opens_nothing():
    firm, clerk, second = stage.firm(), someone(Role.CLERK), someone(Role.AUDIT_ADMINISTRATOR)
    closed, declined, late = (asked(firm, clerk) for _ in range(3))
    break_glass.approve(closed.id, actor=second, as_of=NOW)
    break_glass.close(closed.id, actor=clerk, as_of=NOW + timedelta(minutes=1))
    assert seen(closed, clerk, 2) is Reason.BREAK_GLASS_OVER
    break_glass.decline(declined.id, actor=second, as_of=NOW)
    assert seen(declined, clerk, 2) is Reason.BREAK_GLASS_MISSING
    for card in (declined, late):
        with pytest.raises(NotAllowed, match="请重新申请"):
            break_glass.approve(card.id, actor=second, as_of=NOW + timedelta(hours=24))


@pytest.mark.parametrize("reason", ["", "查看", "字" * 301, "核对 13912345678 的记录是否有误"])
def test_a_reason_that_says_nothing_or_too_much_is_refused(reason):
    with pytest.raises(NotAllowed):
        break_glass.ask(
            stage.firm().uscc, reason=reason, reference="GD-1", actor=someone(Role.CLERK), as_of=NOW
        )


def test_a_firm_that_is_not_there_is_said_to_be_none():
    with pytest.raises(UnknownParty):
        break_glass.ask(stage.code(), reason=WHY, reference="GD-1", actor=someone(Role.CLERK), as_of=NOW)


def test_every_step_stands_in_the_journal_without_the_reason():
    clerk = someone(Role.CLERK)
    card = asked(stage.firm(), clerk)
    break_glass.approve(card.id, actor=someone(Role.SECURITY_ADMINISTRATOR), as_of=NOW)
    break_glass.close(card.id, actor=clerk, as_of=NOW)
    bodies = [
        str(row) for row in Entry.objects.filter(kind="break_glass.changed").values_list("body", flat=True)
    ]
    assert len(bodies) == 3
    assert not any(WHY in body for body in bodies)
